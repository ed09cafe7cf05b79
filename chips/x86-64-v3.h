/* Register blocks for x86-64 processors with AVX2 and FMA (-march=x86-64-v3, or -mavx2 -mfma): chips/x86-64-v3.chip says what each takes.
 * Without these the same sums are made in plain C, with the same results. */
#ifndef X86_64_V3_H
#define X86_64_V3_H
#include <stdint.h>
#include <string.h>
#include "block-plain.h"

#if defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define X86_64_V3_VECTORS 1
#else
#define X86_64_V3_VECTORS 0
#endif

#if defined(__GNUC__)
#define X86_64_V3_INLINE static inline __attribute__((always_inline))
#define X86_64_V3_UNROLL _Pragma("GCC unroll 12")
#define X86_64_V3_PREFETCH(p) __builtin_prefetch(p)
#else
#define X86_64_V3_INLINE static inline
#define X86_64_V3_UNROLL
#define X86_64_V3_PREFETCH(p) (void)(p)
#endif

/* ---- plain C ---- */

/* The sum of N products; the weights lie in pairs, STEP bytes from one pair to the next. */
X86_64_V3_INLINE int32_t
x86_64_v3_sum(const int16_t *x, const int8_t *w, int32_t step, int32_t n)
{
	uint32_t sum = 0;

	for (int32_t i = 0; i < n; i += 2, w += step)
		sum += (uint32_t)(x[i] * w[0]) + (uint32_t)(x[i + 1] * w[1]);
	return (int32_t)sum;
}

/* A block of ROWS windows by CHANNELS channels. */
X86_64_V3_INLINE void
x86_64_v3_plain(int8_t *y, int32_t y_pitch, const int16_t *x, int32_t x_pitch, const int8_t *w, int32_t n,
	const struct block_scaling *s, int32_t rows, int32_t channels)
{
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			const int32_t sum = x86_64_v3_sum(x + r * x_pitch, w + 2 * c, 2 * channels, n);

			y[r * y_pitch + c] = block_result((int32_t)((uint32_t)sum + (uint32_t)s->bias[c]), s, c);
		}
}

#if X86_64_V3_VECTORS
/* ---- results of vectors ---- */

/* What eight channels' results are made with.  For n = -shift >= 1 both roundings are one:
 *   (sum * multiplier + 2^30 + 2^(30 + n) - (sum < 0 ? 2^31 : 0)) >> (31 + n)
 * of which the upper 32 bits of the 64 before the shift are enough. */
struct x86_64_v3_eight {
	__m256i even, odd;           /* multipliers of channels 0 2 4 6 and 1 3 5 7, 64 bits each */
	__m256i even_half, odd_half; /* 2^30 + 2^(30 + n) */
	__m256i shift;               /* n - 1 */
};

X86_64_V3_INLINE struct x86_64_v3_eight
x86_64_v3_eight_of(const int32_t *multiplier, const int8_t *shift)
{
	const __m256i n = _mm256_sub_epi32(_mm256_setzero_si256(), _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)shift)));
	const __m256i m = _mm256_loadu_si256((const __m256i *)(const void *)multiplier), low = _mm256_set1_epi64x(INT64_C(0xffffffff));
	const __m256i half = _mm256_set1_epi64x(INT64_C(1) << 30);
	struct x86_64_v3_eight e;

	e.even = m;
	e.odd = _mm256_srli_epi64(m, 32);
	e.even_half = _mm256_add_epi64(half, _mm256_sllv_epi64(half, _mm256_and_si256(n, low)));
	e.odd_half = _mm256_add_epi64(half, _mm256_sllv_epi64(half, _mm256_srli_epi64(n, 32)));
	e.shift = _mm256_sub_epi32(n, _mm256_set1_epi32(1));
	return e;
}

/* Eight sums to results, still without zero point and limits.  Where no result is below the zero point, a tie of negative sums makes no
 * difference: NONNEGATIVE. */
X86_64_V3_INLINE __m256i
x86_64_v3_rescale(__m256i sum, const struct x86_64_v3_eight *e, int nonnegative)
{
	const __m256i odd_sum = _mm256_srli_epi64(sum, 32);
	__m256i even = _mm256_add_epi64(_mm256_mul_epi32(sum, e->even), e->even_half);
	__m256i odd = _mm256_add_epi64(_mm256_mul_epi32(odd_sum, e->odd), e->odd_half);

	if (!nonnegative) {
		const __m256i sign = _mm256_set1_epi64x(INT64_C(0x80000000));

		even = _mm256_sub_epi64(even, _mm256_and_si256(sum, sign));
		odd = _mm256_sub_epi64(odd, _mm256_and_si256(odd_sum, sign));
	}
	return _mm256_srav_epi32(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa), e->shift);
}

/* ---- blocks of vectors ---- */

/* Whether all shifts of a block of 8 * VECTORS channels are to the right. */
X86_64_V3_INLINE int
x86_64_v3_all_right(const int8_t *shift, int32_t vectors)
{
	uint64_t all = UINT64_C(0x8080808080808080);

	for (int32_t v = 0; v < vectors; v++) {
		uint64_t eight;

		memcpy(&eight, shift + 8 * v, 8);
		all &= eight;
	}
	return all == UINT64_C(0x8080808080808080);
}

/* SUM += the products of pairs, added pairwise.  In C, gcc keeps sums in memory, for want of registers that it would not need. */
X86_64_V3_INLINE void
x86_64_v3_add(__m256i *sum, __m256i a, __m256i b)
{
#if defined(__GNUC__)
	__m256i product;

	__asm("vpmaddwd %3, %2, %1\n\tvpaddd %1, %0, %0" : "+x"(*sum), "=&x"(product) : "x"(a), "x"(b));
#else
	*sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(a, b));
#endif
}

/* The sums of ROWS windows by 8 * VECTORS channels.  Two values of a window meet the weights of eight channels in one instruction. */
X86_64_V3_INLINE void
x86_64_v3_sums(__m256i *sum, const int16_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const int32_t *bias, int32_t rows, int32_t vectors)
{
	X86_64_V3_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++)
		sum[i] = _mm256_loadu_si256((const __m256i *)(const void *)(bias + 8 * (i % vectors)));
	for (int32_t k = 0; k < n; k += 2, w += 16 * vectors) {
		__m256i weight[2];

		X86_64_V3_PREFETCH(w + 512); /* the weights of a large layer come from afar, each once for a few windows */

		X86_64_V3_UNROLL
		for (int32_t v = 0; v < vectors; v++)
			weight[v] = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(w + 16 * v)));
		X86_64_V3_UNROLL
		for (int32_t r = 0; r < rows; r++) {
			int32_t two;
			__m256i pair;

			memcpy(&two, x + r * x_pitch + k, 4);
			pair = _mm256_set1_epi32(two);
			X86_64_V3_UNROLL
			for (int32_t v = 0; v < vectors; v++)
				x86_64_v3_add(&sum[r * vectors + v], pair, weight[v]);
		}
	}
}

/* The zero point and the limits of 32 results, and saturation on the way: A and B hold 16 each. */
X86_64_V3_INLINE __m256i
x86_64_v3_finish(__m256i a, __m256i b, const struct block_scaling *s)
{
	const __m256i zero = _mm256_set1_epi16((short)s->zero);
	const __m256i v = _mm256_packs_epi16(_mm256_adds_epi16(a, zero), _mm256_adds_epi16(b, zero));

	return _mm256_min_epi8(_mm256_max_epi8(v, _mm256_set1_epi8((char)s->lo)), _mm256_set1_epi8((char)s->hi));
}

/* The results of the windows R and R + 1: sixteen channels, or eight. */
X86_64_V3_INLINE void
x86_64_v3_store2(int8_t *y, int32_t y_pitch, const __m256i *sum, const struct x86_64_v3_eight *e, const struct block_scaling *s, int32_t rows,
	int32_t vectors)
{
	const int nonnegative = s->lo >= s->zero;
	__m256i v[4], out;

	X86_64_V3_UNROLL
	for (int32_t i = 0; i < 4; i++) {
		const int32_t from = vectors == 2 ? i : i / 2;

		v[i] = from < rows * vectors && (vectors == 2 || i % 2 == 0) ? x86_64_v3_rescale(sum[from], &e[from % vectors], nonnegative) : v[0];
	}
	out = x86_64_v3_finish(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]), s);
	/* in each half of 16 bytes there are four channels of every V */
	out = _mm256_permutevar8x32_epi32(out, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
	if (vectors == 2) {
		_mm_storeu_si128((__m128i *)(void *)y, _mm256_castsi256_si128(out));
		if (rows > 1)
			_mm_storeu_si128((__m128i *)(void *)(y + y_pitch), _mm256_extracti128_si256(out, 1));
	} else {
		_mm_storel_epi64((__m128i *)(void *)y, _mm256_castsi256_si128(out));
		if (rows > 1)
			_mm_storel_epi64((__m128i *)(void *)(y + y_pitch), _mm256_extracti128_si256(out, 1));
	}
}

/* Sums whose shifts are not all to the right. */
X86_64_V3_INLINE void
x86_64_v3_store_any(int8_t *y, int32_t y_pitch, const __m256i *sum, const struct block_scaling *s, int32_t rows, int32_t vectors)
{
	int32_t sums[6 * 16];

	X86_64_V3_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++) /* no memcpy, which would keep the sums in memory all the time */
		_mm256_storeu_si256((__m256i *)(void *)(sums + 8 * i), sum[i]);
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < 8 * vectors; c++)
			y[r * y_pitch + c] = block_result(sums[8 * vectors * r + c], s, c);
}

X86_64_V3_INLINE void
x86_64_v3_tile(int8_t *y, int32_t y_pitch, const int16_t *x, int32_t x_pitch, const int8_t *w, int32_t n, const struct block_scaling *s,
	int32_t rows, int32_t vectors)
{
	__m256i sum[12];

	x86_64_v3_sums(sum, x, x_pitch, w, n, s->bias, rows, vectors);
	if (x86_64_v3_all_right(s->shift, vectors)) {
		struct x86_64_v3_eight e[2];

		X86_64_V3_UNROLL
		for (int32_t v = 0; v < vectors; v++)
			e[v] = x86_64_v3_eight_of(s->multiplier + 8 * v, s->shift + 8 * v);
		X86_64_V3_UNROLL
		for (int32_t r = 0; r < rows; r += 2)
			x86_64_v3_store2(y + r * y_pitch, y_pitch, sum + r * vectors, e, s, rows - r, vectors);
	} else {
		x86_64_v3_store_any(y, y_pitch, sum, s, rows, vectors);
	}
}
#endif

/* ---- blocks ---- */

X86_64_V3_INLINE void
x86_64_v3_block(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi, int32_t rows, int32_t channels)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };

#if X86_64_V3_VECTORS
	if (channels > 1) {
		x86_64_v3_tile(y, y_pitch, (const int16_t *)x, x_pitch, (const int8_t *)w, n, &s, rows, channels / 8);
		return;
	}
#endif
	x86_64_v3_plain(y, y_pitch, (const int16_t *)x, x_pitch, (const int8_t *)w, n, &s, rows, channels);
}

#endif
