/* Register blocks for x86-64 processors with AVX-512 and its VNNI (-march=x86-64-v4 -mavx512vnni): chips/x86-64-v4-vnni.chip says what each takes.
 * Without these the same sums are made in plain C, with the same results. */
#ifndef X86_64_V4_VNNI_H
#define X86_64_V4_VNNI_H
#include <stdint.h>
#include <string.h>
#include "block-plain.h"

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512VNNI__)
#include <immintrin.h>
#define X86_64_V4_VNNI_VECTORS 1
#else
#define X86_64_V4_VNNI_VECTORS 0
#endif

#if defined(__GNUC__)
#define X86_64_V4_VNNI_INLINE static inline __attribute__((always_inline))
#define X86_64_V4_VNNI_UNROLL _Pragma("GCC unroll 32")
#define X86_64_V4_VNNI_PREFETCH(p) __builtin_prefetch(p)
#else
#define X86_64_V4_VNNI_INLINE static inline
#define X86_64_V4_VNNI_UNROLL
#define X86_64_V4_VNNI_PREFETCH(p) (void)(p)
#endif

/* A block's operands: KH runs of N values of each window, PITCH apart, against weights in quads of values for 16 * VECTORS channels. */
struct x86_64_v4_vnni_windows {
	const int8_t *x;
	int32_t x_pitch, x_run;
	const int8_t *w;
	int32_t w_run, kh, n;
};

/* ---- plain C ---- */

#if !X86_64_V4_VNNI_VECTORS
/* A block of ROWS windows by CHANNELS channels; values are multiplied as x + 128. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_plain(int8_t *y, int32_t y_pitch, const struct x86_64_v4_vnni_windows *k, const struct block_scaling *s, int32_t rows, int32_t channels)
{
	const int32_t wide = (channels + 15) / 16 * 16;

	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++) {
			uint32_t sum = (uint32_t)s->bias[c];

			for (int32_t h = 0; h < k->kh; h++) {
				const int8_t *x = k->x + r * k->x_pitch + h * k->x_run, *w = k->w + h * k->w_run + 4 * c;

				for (int32_t i = 0; i < k->n; i++)
					sum += (uint32_t)((x[i] + 128) * w[i / 4 * 4 * wide + i % 4]);
			}
			y[r * y_pitch + c] = block_result((int32_t)sum, s, c);
		}
}
#else
/* ---- results of vectors ---- */

/* What sixteen channels' results are made with.  For n = -shift >= 1 both roundings are one:
 *   (sum * multiplier + 2^30 + 2^(30 + n) - (sum < 0 ? 2^31 : 0)) >> (31 + n)
 * of which the upper 32 bits of the 64 before the shift are enough. */
struct x86_64_v4_vnni_scale {
	__m512i even, odd;           /* multipliers of channels 0 2 4 ... and 1 3 5 ..., 64 bits each */
	__m512i even_half, odd_half; /* 2^30 + 2^(30 + n) */
	__m512i shift;               /* n - 1 */
};

X86_64_V4_VNNI_INLINE struct x86_64_v4_vnni_scale
x86_64_v4_vnni_scale_of(const int32_t *multiplier, const int8_t *shift, __mmask16 lanes)
{
	const __m512i n = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_cvtepi8_epi32(_mm_mask_loadu_epi8(_mm_set1_epi8(-1), lanes, shift)));
	const __m512i m = _mm512_maskz_loadu_epi32(lanes, multiplier), half = _mm512_set1_epi64(INT64_C(1) << 30);
	struct x86_64_v4_vnni_scale e;

	e.even = m;
	e.odd = _mm512_srli_epi64(m, 32);
	e.even_half = _mm512_add_epi64(half, _mm512_sllv_epi64(half, _mm512_and_si512(n, _mm512_set1_epi64(INT64_C(0xffffffff)))));
	e.odd_half = _mm512_add_epi64(half, _mm512_sllv_epi64(half, _mm512_srli_epi64(n, 32)));
	e.shift = _mm512_sub_epi32(n, _mm512_set1_epi32(1));
	return e;
}

/* Sixteen sums to results, still without zero point and limits.  Where no result is below the zero point, a tie of negative sums makes no
 * difference: NONNEGATIVE. */
X86_64_V4_VNNI_INLINE __m512i
x86_64_v4_vnni_rescale(__m512i sum, const struct x86_64_v4_vnni_scale *e, int nonnegative)
{
	const __m512i odd_sum = _mm512_srli_epi64(sum, 32);
	__m512i even = _mm512_add_epi64(_mm512_mul_epi32(sum, e->even), e->even_half);
	__m512i odd = _mm512_add_epi64(_mm512_mul_epi32(odd_sum, e->odd), e->odd_half);

	if (!nonnegative) {
		const __m512i sign = _mm512_set1_epi64(INT64_C(0x80000000));

		even = _mm512_sub_epi64(even, _mm512_and_si512(sum, sign));
		odd = _mm512_sub_epi64(odd, _mm512_and_si512(odd_sum, sign));
	}
	return _mm512_srav_epi32(_mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd), e->shift);
}

/* The same in floats, where that is proven: what is before the point of sum * high + (sum * low + half), rounded towards zero, half of
 * the sign of the sum. */
struct x86_64_v4_vnni_floats {
	__m512 high, low;
	__m512i half;
};

X86_64_V4_VNNI_INLINE struct x86_64_v4_vnni_floats
x86_64_v4_vnni_floats_of(const float *floats, int32_t pitch, __mmask16 lanes)
{
	const struct x86_64_v4_vnni_floats f = { _mm512_maskz_loadu_ps(lanes, floats), _mm512_maskz_loadu_ps(lanes, floats + pitch),
		_mm512_castps_si512(_mm512_maskz_loadu_ps(lanes, floats + 2 * pitch)) };

	return f;
}

/* Sixteen sums to results, still without zero point and limits. */
X86_64_V4_VNNI_INLINE __m512i
x86_64_v4_vnni_rescale_floats(__m512i sum, const struct x86_64_v4_vnni_floats *f)
{
	const __m512i half = _mm512_ternarylogic_epi32(sum, _mm512_set1_epi32(INT32_MIN), f->half, 0xea);
	const __m512 s = _mm512_cvtepi32_ps(sum), small = _mm512_fmadd_ps(s, f->low, _mm512_castsi512_ps(half));

	return _mm512_cvttps_epi32(_mm512_fmadd_round_ps(s, f->high, small, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
}

/* The lanes of vector V of a block of CHANNELS channels. */
X86_64_V4_VNNI_INLINE __mmask16
x86_64_v4_vnni_lanes(int32_t v, int32_t channels)
{
	return (__mmask16)(channels - 16 * v >= 16 ? 0xffff : (1u << (channels - 16 * v)) - 1);
}

/* Whether all shifts of a block are to the right. */
X86_64_V4_VNNI_INLINE int
x86_64_v4_vnni_all_right(const int8_t *shift, int32_t channels)
{
	__mmask16 left = 0;

	X86_64_V4_VNNI_UNROLL
	for (int32_t v = 0; v < (channels + 15) / 16; v++)
		left = (__mmask16)(left | (_mm_movepi8_mask(_mm_mask_loadu_epi8(_mm_set1_epi8(-1), x86_64_v4_vnni_lanes(v, channels), shift + 16 * v)) ^ 0xffff));
	return left == 0;
}

X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_store(int8_t *y, __m512i result, __mmask16 lanes, const struct block_scaling *s)
{
	__m128i v = _mm512_cvtsepi32_epi8(_mm512_add_epi32(result, _mm512_set1_epi32(s->zero)));

	v = _mm_min_epi8(_mm_max_epi8(v, _mm_set1_epi8((char)s->lo)), _mm_set1_epi8((char)s->hi));
	if (lanes == 0xffff)
		_mm_storeu_si128((__m128i *)(void *)y, v);
	else
		_mm_mask_storeu_epi8(y, lanes, v);
}

/* Sums whose shifts are not all to the right. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_store_any(int8_t *y, int32_t y_pitch, const __m512i *sum, const struct block_scaling *s, int32_t rows, int32_t channels)
{
	const int32_t vectors = (channels + 15) / 16;
	int32_t sums[32 * 16];

	X86_64_V4_VNNI_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++) /* no memcpy, which would keep the sums in memory all the time */
		_mm512_storeu_si512(sums + 16 * i, sum[i]);
	for (int32_t r = 0; r < rows; r++)
		for (int32_t c = 0; c < channels; c++)
			y[r * y_pitch + c] = block_result(sums[16 * vectors * r + c], s, c);
}

/* ---- sums ---- */

/* SUM += the products of quads, added: A without sign, B with.  In C, gcc keeps sums in memory. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_add(__m512i *sum, __m512i a, __m512i b)
{
#if defined(__GNUC__)
	__asm("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(a), "v"(b));
#else
	*sum = _mm512_dpbusd_epi32(*sum, a, b);
#endif
}

/* The sums of ROWS windows by 16 * VECTORS channels, of one run of one quad at least.  Four values of a window, made unsigned, meet the weights of sixteen
 * channels in one instruction.  (Loops that may have no round make gcc keep sums in memory.) */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_sums(__m512i *sum, const struct x86_64_v4_vnni_windows *k, int32_t rows, int32_t vectors)
{
	const __m512i top = _mm512_set1_epi32((int)0x80808080);

	const int8_t *x_next = k->x, *w_next = k->w;
	int32_t h = k->kh;

	do {
		const int8_t *x = x_next, *w = w_next;
		int32_t i = k->n;

		do {
			__m512i weight[5];

			X86_64_V4_VNNI_PREFETCH(w + 1024);
			X86_64_V4_VNNI_UNROLL
			for (int32_t v = 0; v < vectors; v++) {
				weight[v] = _mm512_loadu_si512(w + 64 * v);
#if defined(__GNUC__)
				__asm("" : "+v"(weight[v])); /* loaded once, not for every use */
#endif
			}
			X86_64_V4_VNNI_UNROLL
			for (int32_t r = 0; r < rows; r++) {
				int32_t four;
				__m512i quad;

				memcpy(&four, x + r * k->x_pitch, 4);
				quad = _mm512_xor_si512(top, _mm512_set1_epi32(four));
				X86_64_V4_VNNI_UNROLL
				for (int32_t v = 0; v < vectors; v++)
					x86_64_v4_vnni_add(&sum[r * vectors + v], quad, weight[v]);
			}
			x += 4;
			w += 64 * vectors;
		} while ((i -= 4) > 0);
		x_next += k->x_run;
		w_next += k->w_run;
	} while (--h > 0);
}

X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_tile(int8_t *y, int32_t y_pitch, const struct x86_64_v4_vnni_windows *k, const struct block_scaling *s, int32_t float_scaled,
	const float *floats, int32_t float_pitch, int32_t rows, int32_t channels)
{
	const int32_t vectors = (channels + 15) / 16;
	const int nonnegative = s->lo >= s->zero;
	__m512i sum[28];

	if (k->kh == 0 || k->n == 0) { /* all of the windows is outside of the image */
		for (int32_t i = 0; i < rows * channels; i++)
			y[i / channels * y_pitch + i % channels] = block_result(s->bias[i % channels], s, i % channels);
		return;
	}
	X86_64_V4_VNNI_UNROLL
	for (int32_t i = 0; i < rows * vectors; i++)
		sum[i] = _mm512_maskz_loadu_epi32(x86_64_v4_vnni_lanes(i % vectors, channels), s->bias + 16 * (i % vectors));
	x86_64_v4_vnni_sums(sum, k, rows, vectors);
	if (!float_scaled && !x86_64_v4_vnni_all_right(s->shift, channels)) {
		x86_64_v4_vnni_store_any(y, y_pitch, sum, s, rows, channels);
		return;
	}
	X86_64_V4_VNNI_UNROLL
	for (int32_t v = 0; v < vectors; v++) {
		const __mmask16 lanes = x86_64_v4_vnni_lanes(v, channels);

		if (float_scaled) {
			const struct x86_64_v4_vnni_floats f = x86_64_v4_vnni_floats_of(floats + 16 * v, float_pitch, lanes);

			X86_64_V4_VNNI_UNROLL
			for (int32_t r = 0; r < rows; r++)
				x86_64_v4_vnni_store(y + r * y_pitch + 16 * v, x86_64_v4_vnni_rescale_floats(sum[r * vectors + v], &f), lanes, s);
			continue;
		}
		const struct x86_64_v4_vnni_scale e = x86_64_v4_vnni_scale_of(s->multiplier + 16 * v, s->shift + 16 * v, lanes);

		X86_64_V4_VNNI_UNROLL
		for (int32_t r = 0; r < rows; r++)
			x86_64_v4_vnni_store(y + r * y_pitch + 16 * v, x86_64_v4_vnni_rescale(sum[r * vectors + v], &e, nonnegative), lanes, s);
	}
}
#endif

/* ---- blocks ---- */

X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_runs(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, int32_t x_run, const int8_t *w, int32_t w_run, const int32_t *b,
	int32_t kh, int32_t n, const int32_t *multiplier, const int8_t *shift, int32_t float_scaled, const float *floats, int32_t float_pitch,
	int32_t zero, int32_t lo, int32_t hi, int32_t rows, int32_t channels)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };
	const struct x86_64_v4_vnni_windows k = { x, x_pitch, x_run, w, w_run, kh, n };

#if X86_64_V4_VNNI_VECTORS
	x86_64_v4_vnni_tile(y, y_pitch, &k, &s, float_scaled, floats, float_pitch, rows, channels);
#else
	(void)float_scaled;
	(void)floats;
	(void)float_pitch;
	x86_64_v4_vnni_plain(y, y_pitch, &k, &s, rows, channels);
#endif
}

#endif
