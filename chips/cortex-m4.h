/* Register blocks for Arm processors with the DSP extension: chips/cortex-m4.chip says what each takes.  On others the instructions are
 * spelled out in C, with the same results, so that generated code can be tried on a PC. */
#ifndef CORTEX_M4_H
#define CORTEX_M4_H
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define CORTEX_M4_INLINE static inline __attribute__((always_inline))
#else
#define CORTEX_M4_INLINE static inline
#endif

/* ---- instructions ---- */

/* Bytes 0 and 2 of V, widened to halfwords. */
CORTEX_M4_INLINE uint32_t
cortex_m4_sxtb16(uint32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("sxtb16 %0, %1" : "=r"(r) : "r"(v));
	return r;
#else
	return ((uint32_t)(int32_t)(int8_t)v & 0xffffu) | (uint32_t)(int32_t)(int8_t)(v >> 16) << 16;
#endif
}

/* SUM + the products of the halfwords of A and B. */
CORTEX_M4_INLINE int32_t
cortex_m4_smlad(uint32_t a, uint32_t b, int32_t sum)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
	return r;
#else
	return (int32_t)((uint32_t)sum + (uint32_t)((int16_t)a * (int16_t)b) + (uint32_t)((int16_t)(a >> 16) * (int16_t)(b >> 16)));
#endif
}

/* C + the upper half of A * B, rounded. */
CORTEX_M4_INLINE int32_t
cortex_m4_smmlar(int32_t a, int32_t b, int32_t c)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
	return r;
#else
	return (int32_t)((uint32_t)c + (uint32_t)(((int64_t)a * b + 0x80000000LL) >> 32));
#endif
}

CORTEX_M4_INLINE uint32_t
cortex_m4_load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* ---- results ---- */

/* How the int8 values of a channel are made of its sums: sum * multiplier * 2^(shift - 31), rounded twice.  The second rounding's half is added
 * by the first multiplication; below zero ties go down, what TIE (-1, or 0 without a second rounding) is for. */
struct cortex_m4_scale {
	int32_t multiplier, left, right, half, tie;
};

/* Of a SHIFT below 0. */
CORTEX_M4_INLINE struct cortex_m4_scale
cortex_m4_scale_down(int32_t multiplier, int32_t shift)
{
	return (struct cortex_m4_scale){ multiplier, 1, -shift, (int32_t)1 << (-shift - 1), -1 };
}

CORTEX_M4_INLINE struct cortex_m4_scale
cortex_m4_scale(int32_t multiplier, int32_t shift)
{
	struct cortex_m4_scale s = { multiplier, shift > 0 ? shift + 1 : 1, shift < 0 ? -shift : 0, 0, -(shift < 0) };

	s.half = s.right ? (int32_t)1 << (s.right - 1) : 0;
	return s;
}

/* V limited to the range of int8. */
CORTEX_M4_INLINE int32_t
cortex_m4_ssat8(int32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("ssat %0, #8, %1" : "=r"(r) : "r"(v));
	return r;
#else
	return v < -128 ? -128 : v > 127 ? 127 : v;
#endif
}

/* Whether all values are allowed and the least of them is the zero point.  What ties below zero become makes no difference then. */
CORTEX_M4_INLINE int
cortex_m4_is_relu(int32_t zero, int32_t lo, int32_t hi)
{
	return zero == -128 && lo == -128 && hi == 127;
}

/* The value of a sum within 2^30, limited to [lo, hi].  RELU: cortex_m4_is_relu of the limits. */
CORTEX_M4_INLINE int8_t
cortex_m4_result(int32_t sum, const struct cortex_m4_scale *s, int relu, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v = (int32_t)((uint32_t)sum << (s->left));

	if (relu)
		return (int8_t)cortex_m4_ssat8((cortex_m4_smmlar(v, s->multiplier, s->half) >> s->right) - 128);
	v = cortex_m4_smmlar(v, s->multiplier, 0);
	v = ((v + s->half + ((v >> 31) & s->tie)) >> s->right) + zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* ---- blocks ---- */

/* Four values of two windows by two channels. */
#define CORTEX_M4_FOUR \
	"ldrd %[w0], %[w1], [%[w]], #8\n\t" \
	"ldrd %[u0], %[u1], [%[x0]], #8\n\t" \
	"sxtb16 %[l0], %[w0]\n\t" \
	"sxtb16 %[l1], %[w1]\n\t" \
	"smlad %[a0], %[u0], %[w0], %[a0]\n\t" \
	"smlad %[b0], %[u0], %[l0], %[b0]\n\t" \
	"smlad %[a0], %[u1], %[w1], %[a0]\n\t" \
	"smlad %[b0], %[u1], %[l1], %[b0]\n\t" \
	"ldrd %[u0], %[u1], [%[x1]], #8\n\t" \
	"smlad %[a1], %[u0], %[w0], %[a1]\n\t" \
	"smlad %[b1], %[u0], %[l0], %[b1]\n\t" \
	"smlad %[a1], %[u1], %[w1], %[a1]\n\t" \
	"smlad %[b1], %[u1], %[l1], %[b1]\n\t"

#define CORTEX_M4_FOUR_OF_ONE \
	"ldrd %[w0], %[w1], [%[w]], #8\n\t" \
	"ldrd %[u0], %[u1], [%[x]], #8\n\t" \
	"sxtb16 %[l], %[w0]\n\t" \
	"smlad %[a], %[u0], %[w0], %[a]\n\t" \
	"smlad %[b], %[u0], %[l], %[b]\n\t" \
	"sxtb16 %[l], %[w1]\n\t" \
	"smlad %[a], %[u1], %[w1], %[a]\n\t" \
	"smlad %[b], %[u1], %[l], %[b]\n\t"

/* Halfwords of weights are w0 + 256 * w1, so sums[0] gathers S0 + 256 * S1 of the first window; sums[1] gathers S0 from their lower bytes;
 * sums[2] and sums[3] do for the second window.  N is a multiple of 4, and not 0. */
CORTEX_M4_INLINE void
cortex_m4_sums(int32_t sums[4], const int16_t *x0, const int16_t *x1, const int16_t *w, int32_t n)
{
	int32_t a0 = 0, b0 = 0, a1 = 0, b1 = 0;
	const int16_t *end = w + n;
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) /* which needs all registers */
	const int16_t *whole = w + (n & ~15);
	uint32_t u0, u1, w0, w1, l0, l1;

	/* compilers run out of registers here, and spill sums in the loop: the ends of both loops lie in memory */
	__asm volatile(
		"b 2f\n"
		"1:\n\t"
		CORTEX_M4_FOUR CORTEX_M4_FOUR CORTEX_M4_FOUR CORTEX_M4_FOUR
		"2:\n\t"
		"ldr %[l0], %[whole]\n\t"
		"cmp %[w], %[l0]\n\t"
		"bne 1b\n\t"
		"b 4f\n"
		"3:\n\t"
		CORTEX_M4_FOUR
		"4:\n\t"
		"ldr %[l0], %[end]\n\t"
		"cmp %[w], %[l0]\n\t"
		"bne 3b"
		: [a0] "+r"(a0), [b0] "+r"(b0), [a1] "+r"(a1), [b1] "+r"(b1), [x0] "+r"(x0), [x1] "+r"(x1), [w] "+r"(w),
		  [u0] "=&r"(u0), [u1] "=&r"(u1), [w0] "=&r"(w0), [w1] "=&r"(w1), [l0] "=&r"(l0), [l1] "=&r"(l1)
		: [whole] "m"(whole), [end] "m"(end)
		: "cc", "memory");
#else
	for (; w < end; w += 2, x0 += 2, x1 += 2) {
		const uint32_t pairs = cortex_m4_load(w), low = cortex_m4_sxtb16(pairs);

		a0 = cortex_m4_smlad(cortex_m4_load(x0), pairs, a0);
		b0 = cortex_m4_smlad(cortex_m4_load(x0), low, b0);
		a1 = cortex_m4_smlad(cortex_m4_load(x1), pairs, a1);
		b1 = cortex_m4_smlad(cortex_m4_load(x1), low, b1);
	}
#endif
	sums[0] = a0;
	sums[1] = b0;
	sums[2] = a1;
	sums[3] = b1;
}

/* The results of two channels: SUMS are those of cortex_m4_sums. */
CORTEX_M4_INLINE void
cortex_m4_pair(int8_t *y, const int32_t *sums, const int32_t *b, const struct cortex_m4_scale *s, int relu, int32_t zero, int32_t lo,
	int32_t hi)
{
	const int32_t first = sums[1] + b[0], second = ((sums[0] - sums[1]) >> 8) + b[1];

	y[0] = cortex_m4_result(first, &s[0], relu, zero, lo, hi);
	y[1] = cortex_m4_result(second, &s[1], relu, zero, lo, hi);
}

CORTEX_M4_INLINE void
cortex_m4_2x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *x0 = (const int16_t *)x;
	int32_t sums[4];

	cortex_m4_sums(sums, x0, x0 + x_pitch, (const int16_t *)w, n);
	if (cortex_m4_is_relu(zero, lo, hi) && shift[0] < 0 && shift[1] < 0) { /* most layers */
		const struct cortex_m4_scale s[2] = { cortex_m4_scale_down(multiplier[0], shift[0]), cortex_m4_scale_down(multiplier[1], shift[1]) };

		cortex_m4_pair(y, sums, b, s, 1, zero, lo, hi);
		cortex_m4_pair(y + y_pitch, sums + 2, b, s, 1, zero, lo, hi);
	} else {
		const struct cortex_m4_scale s[2] = { cortex_m4_scale(multiplier[0], shift[0]), cortex_m4_scale(multiplier[1], shift[1]) };

		cortex_m4_pair(y, sums, b, s, 0, zero, lo, hi);
		cortex_m4_pair(y + y_pitch, sums + 2, b, s, 0, zero, lo, hi);
	}
}

/* The sums of one window, likewise. */
CORTEX_M4_INLINE void
cortex_m4_sums_of_one(int32_t sums[2], const int16_t *x, const int16_t *w, int32_t n)
{
	int32_t a = 0, b = 0;
	const int16_t *end = w + n;
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__)
	const int16_t *whole = w + (n & ~15);
	uint32_t u0, u1, w0, w1, l;

	__asm volatile(
		"b 2f\n"
		"1:\n\t"
		CORTEX_M4_FOUR_OF_ONE CORTEX_M4_FOUR_OF_ONE CORTEX_M4_FOUR_OF_ONE CORTEX_M4_FOUR_OF_ONE
		"2:\n\t"
		"cmp %[w], %[whole]\n\t"
		"bne 1b\n\t"
		"b 4f\n"
		"3:\n\t"
		CORTEX_M4_FOUR_OF_ONE
		"4:\n\t"
		"cmp %[w], %[end]\n\t"
		"bne 3b"
		: [a] "+r"(a), [b] "+r"(b), [x] "+r"(x), [w] "+r"(w),
		  [u0] "=&r"(u0), [u1] "=&r"(u1), [w0] "=&r"(w0), [w1] "=&r"(w1), [l] "=&r"(l)
		: [whole] "r"(whole), [end] "r"(end)
		: "cc", "memory");
#else
	for (; w < end; w += 2, x += 2) {
		a = cortex_m4_smlad(cortex_m4_load(x), cortex_m4_load(w), a);
		b = cortex_m4_smlad(cortex_m4_load(x), cortex_m4_sxtb16(cortex_m4_load(w)), b);
	}
#endif
	sums[0] = a;
	sums[1] = b;
}

CORTEX_M4_INLINE void
cortex_m4_1x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t sums[2];

	(void)y_pitch;
	(void)x_pitch;
	cortex_m4_sums_of_one(sums, (const int16_t *)x, (const int16_t *)w, n);
	const struct cortex_m4_scale s[2] = { cortex_m4_scale(multiplier[0], shift[0]), cortex_m4_scale(multiplier[1], shift[1]) };

	cortex_m4_pair(y, sums, b, s, 0, zero, lo, hi);
}

CORTEX_M4_INLINE void
cortex_m4_1x1(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *v = (const int16_t *)x;
	const int8_t *weight = (const int8_t *)w;
	const struct cortex_m4_scale s = cortex_m4_scale(multiplier[0], shift[0]);
	uint32_t sum = (uint32_t)b[0];

	(void)y_pitch;
	(void)x_pitch;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(v[i] * weight[i]);
	y[0] = cortex_m4_result((int32_t)sum, &s, 0, zero, lo, hi);
}

/* ---- depthwise convolution of 3x3 ---- */

/* A tile: the cells under some rows of results, of four channels, each a plane of its own; padding included and widened, so that two neighbours of a
 * row are one operand of SMLAD. */
enum { CORTEX_M4_PLANE = 256 };
struct cortex_m4_tile {
	int16_t x[4][CORTEX_M4_PLANE];
	int32_t width;              /* cells of a row, even */
};

/* A depthwise layer. */
struct cortex_m4_dw {
	int8_t *y;
	const int8_t *x, *w;        /* w[3][3][c] */
	const int32_t *b, *multiplier;
	const int8_t *shift;
	int32_t y_pitch, x_pitch, h, w_in, w_out, c, stride_h, stride_w, pad_t, pad_l;
	int32_t x_zero, y_zero, lo, hi;
};

/* N cells of four planes from P on. */
CORTEX_M4_INLINE void
cortex_m4_clear(int16_t *p, int32_t n, int16_t v)
{
	for (; n > 0; n--, p++)
		p[0] = p[CORTEX_M4_PLANE] = p[2 * CORTEX_M4_PLANE] = p[3 * CORTEX_M4_PLANE] = v;
}

/* Row R of the tile: cells of four channels from C on, of the image's row IY. */
static inline void
cortex_m4_tile_row(struct cortex_m4_tile *t, const struct cortex_m4_dw *k, int32_t r, int32_t iy, int32_t c)
{
	const int32_t room = t->width - k->pad_l, n = iy < 0 || iy >= k->h ? 0 : k->w_in < room ? k->w_in : room;
	const int32_t left = n > 0 ? k->pad_l : 0;
	int16_t *p = t->x[0] + r * t->width;

	cortex_m4_clear(p, left, (int16_t)k->x_zero);
	p += left;
	if (n > 0) {
		const int8_t *from = k->x + iy * k->w_in * k->x_pitch + c;

		for (const int16_t *end = p + n; p < end; p++, from += k->x_pitch) {
			p[0] = from[0];
			p[CORTEX_M4_PLANE] = from[1];
			p[2 * CORTEX_M4_PLANE] = from[2];
			p[3 * CORTEX_M4_PLANE] = from[3];
		}
	}
	cortex_m4_clear(p, t->width - left - n, (int16_t)k->x_zero);
}

/* The words at P and behind it; P moves on by STEP bytes, 4 or 8. */
#if defined(__ARM_FEATURE_DSP)
#define CORTEX_M4_NEXT(u, v, p, step) __asm volatile("ldrd %0, %1, [%2], #" #step : "=r"(u), "=r"(v), "+r"(p) : : "memory")
#else
#define CORTEX_M4_NEXT(u, v, p, step) ((u) = cortex_m4_load(p), (v) = cortex_m4_load((p) + 2), (void)((p) += (step) / 2))
#endif

/* SUM + the lower halfword of A times the upper one of B. */
CORTEX_M4_INLINE int32_t
cortex_m4_smlabt(uint32_t a, uint32_t b, int32_t sum)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smlabt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
	return r;
#else
	return (int32_t)((uint32_t)sum + (uint32_t)((int16_t)a * (int16_t)(b >> 16)));
#endif
}

CORTEX_M4_INLINE uint32_t
cortex_m4_halves(int32_t low, int32_t high)
{
	return ((uint32_t)low & 0xffffu) | (uint32_t)high << 16;
}

/* The sums of two neighbours in S, of one row of the kernel, FIRST = w0, w1 and LAST = w1, w2. */
#define CORTEX_M4_DW_ROW(p, first, last) \
	do { \
		uint32_t u, v; \
		if (stride == 1) { \
			CORTEX_M4_NEXT(u, v, p, 4); \
			s0 = cortex_m4_smlabt(v, last, cortex_m4_smlad(u, first, s0)); \
			s1 = cortex_m4_smlabt(first, u, cortex_m4_smlad(v, last, s1)); \
		} else { \
			CORTEX_M4_NEXT(u, v, p, 8); \
			s0 = cortex_m4_smlabt(v, last, cortex_m4_smlad(u, first, s0)); \
			s1 = cortex_m4_smlabt(cortex_m4_load(p), last, cortex_m4_smlad(v, first, s1)); \
		} \
	} while (0)

/* ROWS rows of results of channel C, from the plane X on; STRIDE and RELU are literal. */
CORTEX_M4_INLINE void
cortex_m4_dw_rows(const struct cortex_m4_dw *k, int8_t *y, const int16_t *x, int32_t width, int32_t c, int32_t rows, int32_t stride, int relu)
{
	const int8_t *w = k->w + c;
	const int32_t n = k->c, y_pitch = k->y_pitch, pairs = k->w_out >> 1;
	const uint32_t first0 = cortex_m4_halves(w[0], w[n]), last0 = cortex_m4_halves(w[n], w[2 * n]);
	const uint32_t first1 = cortex_m4_halves(w[3 * n], w[4 * n]), last1 = cortex_m4_halves(w[4 * n], w[5 * n]);
	const uint32_t first2 = cortex_m4_halves(w[6 * n], w[7 * n]), last2 = cortex_m4_halves(w[7 * n], w[8 * n]);
	const int32_t weights = w[0] + w[n] + w[2 * n] + w[3 * n] + w[4 * n] + w[5 * n] + w[6 * n] + w[7 * n] + w[8 * n];
	const int32_t bias = (int32_t)((uint32_t)k->b[c] - (uint32_t)(k->x_zero * weights));
	const struct cortex_m4_scale scale = cortex_m4_scale(k->multiplier[c], k->shift[c]);

	for (; rows > 0; rows--, x += k->stride_h * width) {
		const int16_t *p0 = x, *p1 = p0 + width, *p2 = p1 + width;
		int32_t s0, s1;

		for (int32_t i = pairs; i >= 0; i--) {
			s0 = s1 = bias;
			if (i == 0 && !(k->w_out & 1))
				break;
			CORTEX_M4_DW_ROW(p0, first0, last0);
			CORTEX_M4_DW_ROW(p1, first1, last1);
			CORTEX_M4_DW_ROW(p2, first2, last2);
			*y = cortex_m4_result(s0, &scale, relu, k->y_zero, k->lo, k->hi);
			y += y_pitch;
			if (i == 0)
				break;
			*y = cortex_m4_result(s1, &scale, relu, k->y_zero, k->lo, k->hi);
			y += y_pitch;
		}
	}
}

/* ROWS rows of results of the tile T, four channels from C on. */
static inline void
cortex_m4_dw_tile(const struct cortex_m4_dw *k, const struct cortex_m4_tile *t, int8_t *y, int32_t c, int32_t rows)
{
	const int relu = cortex_m4_is_relu(k->y_zero, k->lo, k->hi);

	for (int32_t i = 0; i < 4; i++, c++, y++)
		if (relu && k->stride_w == 1)
			cortex_m4_dw_rows(k, y, t->x[i], t->width, c, rows, 1, 1);
		else if (relu)
			cortex_m4_dw_rows(k, y, t->x[i], t->width, c, rows, 2, 1);
		else if (k->stride_w == 1)
			cortex_m4_dw_rows(k, y, t->x[i], t->width, c, rows, 1, 0);
		else
			cortex_m4_dw_rows(k, y, t->x[i], t->width, c, rows, 2, 0);
}

/* A depthwise convolution of 3x3 with a horizontal stride of 1 or 2, C a multiple of 4: two rows of results at a time if they fit in a tile, of these four
 * channels at a time, which takes 2 KB of stack. */
static inline void
cortex_m4_dw3x3(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t y_h, int32_t w_out, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct cortex_m4_dw k = { y, x, w, b, multiplier, shift, y_pitch, x_pitch, h, w_in, w_out, c, stride_h, stride_w, pad_t, pad_l,
		x_zero, y_zero, lo, hi };
	struct cortex_m4_tile t;
	int32_t rows;

	t.width = (w_out + 1) / 2 * 2 * stride_w + 2;
	rows = t.width * (stride_h + 3) <= CORTEX_M4_PLANE ? 2 : 1;
	for (int32_t oy = 0; oy < y_h; oy += rows) {
		const int32_t n = y_h - oy < rows ? y_h - oy : rows;

		for (int32_t first = 0; first < c; first += 4) {
			for (int32_t r = 0; r < (n - 1) * stride_h + 3; r++)
				cortex_m4_tile_row(&t, &k, r, oy * stride_h - pad_t + r, first);
			cortex_m4_dw_tile(&k, &t, y + oy * w_out * y_pitch + first, first, n);
		}
	}
}

/* ---- sums of two tensors ---- */

/* V * multiplier * 2^(shift - 31), rounded twice, of any shift. */
static inline int32_t
cortex_m4_requant(int32_t v, int32_t multiplier, int32_t shift)
{
	const int64_t half = (int64_t)1 << 30;

	if (shift >= 0)
		return (int32_t)(((int64_t)(int32_t)((uint32_t)v << shift) * multiplier + half) >> 31);
	v = (int32_t)(((int64_t)v * multiplier + half) >> 31);
	v -= v < 0; /* ties below zero go down */
	return (v >> -shift) + ((v >> (-shift - 1)) & 1);
}

/* What becomes of each int8 value V of an operand: TABLE[V + 128]. */
static inline void
cortex_m4_operand(int32_t table[256], int32_t left_shift, int32_t zero, int32_t multiplier, int32_t shift)
{
	for (int32_t v = -128; v < 128; v++)
		table[v + 128] = cortex_m4_requant((v - zero) * ((int32_t)1 << left_shift), multiplier, shift);
}

/* N sums of the values that A and B are in their tables, which lie within 2^29; RELU is literal. */
CORTEX_M4_INLINE void
cortex_m4_add_small(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, const int32_t *of_a, const int32_t *of_b,
	const struct cortex_m4_scale *s, int relu, int32_t zero, int32_t lo, int32_t hi)
{
	for (const int8_t *end = a + n; a < end;)
		*y++ = cortex_m4_result(of_a[*a++] + of_b[*b++], s, relu, zero, lo, hi);
}

/* y = a + b, N values; y may be a or b.  The two tables take 2 KB of stack. */
static inline void
cortex_m4_add(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t left_shift, int32_t a_zero, int32_t a_multiplier, int32_t a_shift,
	int32_t b_zero, int32_t b_multiplier, int32_t b_shift, int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t hi)
{
	int32_t tables[2][256];
	const int32_t *of_a = tables[0] + 128, *of_b = tables[1] + 128;

	cortex_m4_operand(tables[0], left_shift, a_zero, a_multiplier, a_shift);
	cortex_m4_operand(tables[1], left_shift, b_zero, b_multiplier, b_shift);
	if (left_shift <= 20 && a_shift <= 0 && b_shift <= 0 && y_shift < 0) { /* operands no larger than 255 << 20 */
		const struct cortex_m4_scale s = cortex_m4_scale_down(y_multiplier, y_shift);

		if (cortex_m4_is_relu(y_zero, lo, hi))
			cortex_m4_add_small(y, a, b, n, of_a, of_b, &s, 1, y_zero, lo, hi);
		else
			cortex_m4_add_small(y, a, b, n, of_a, of_b, &s, 0, y_zero, lo, hi);
		return;
	}
	for (int32_t i = 0; i < n; i++) {
		const int32_t sum = (int32_t)((uint32_t)of_a[a[i]] + (uint32_t)of_b[b[i]]);
		const int32_t v = cortex_m4_requant(sum, y_multiplier, y_shift);

		y[i] = (int8_t)(v < lo - y_zero ? lo : v > hi - y_zero ? hi : v + y_zero);
	}
}

#endif
