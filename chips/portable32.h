/* Register blocks for 32-bit processors in plain C: chips/portable32.chip says what each takes.
 *
 * Two channels share a product: x * (w0 + w1 * 2^24) = x * w0 + x * w1 * 2^24, and so do sums of them in 64 bits.  As long as the
 * first channel's sum stays within 24 bits, both can be told apart at the end. */
#ifndef PORTABLE32_H
#define PORTABLE32_H
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define PORTABLE32_INLINE static inline __attribute__((always_inline))
#define PORTABLE32_APART static __attribute__((noinline)) /* its registers are its own */
#define PORTABLE32_BOTH(a, b) __asm volatile("" : : "r"(a), "r"(b)) /* no instruction: both are read first, and so at once */
#else
#define PORTABLE32_INLINE static inline
#define PORTABLE32_APART static
#define PORTABLE32_BOTH(a, b)
#endif

/* The int8 value of a sum: sum * multiplier * 2^(shift - 31), rounded twice as the network is defined, and limited to [lo, hi].
 * With a shift of -2 or less both roundings are one: for n = -shift it is
 * (sum * multiplier + 2^30 + 2^(30 + n) - (sum < 0 ? 2^31 : 0)) >> (31 + n), of which only the upper half is looked at. */
PORTABLE32_INLINE int8_t
portable32_result(int32_t sum, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v;

	if (shift <= -2) {
		/* below the zero point a tie makes no difference when that is the limit */
		int64_t p = (int64_t)sum * multiplier + (lo >= zero || sum >= 0 ? 0x40000000 : -0x40000000);

		v = ((int32_t)(p >> 32) + ((int32_t)1 << (-shift - 2))) >> (-shift - 1);
	} else if (shift == -1) {
		v = (int32_t)(((int64_t)sum * multiplier + 0x40000000) >> 31);
		v -= v < 0;
		v = (v >> 1) + (v & 1);
	} else {
		v = (int32_t)(((int64_t)(int32_t)((uint32_t)sum << shift) * multiplier + 0x40000000) >> 31);
	}
	v += zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* ---- all channels of one window or two ---- */

/* Sums of four channels, two each, of one window or two. */
struct portable32_sums {
	int64_t a01, a23, b01, b23;
};

/* The sums of the two channels in S. */
PORTABLE32_INLINE int32_t
portable32_first(int64_t s)
{
	return (int32_t)((uint32_t)s << 8) >> 8;
}

PORTABLE32_INLINE int32_t
portable32_second(int64_t s)
{
	return (int32_t)((s + 0x800000) >> 24);
}

/* Four channels of the windows A and B, of N times eight values; compilers keep all sums in registers if weights are read first. */
PORTABLE32_APART void
portable32_two_windows(struct portable32_sums *sums, const int8_t *a, const int8_t *b, const int32_t *w, int32_t n)
{
	struct portable32_sums s = { 0, 0, 0, 0 };

#define PORTABLE32_VALUE(i) \
	do { \
		const int32_t w01 = w[2 * (i)], w23 = w[2 * (i) + 1]; \
		s.a01 += (int64_t)a[i] * w01; \
		s.a23 += (int64_t)a[i] * w23; \
		s.b01 += (int64_t)b[i] * w01; \
		s.b23 += (int64_t)b[i] * w23; \
	} while (0)
	for (const int32_t *end = w + 16 * n; w != end; a += 8, b += 8, w += 16) {
		PORTABLE32_VALUE(0);
		PORTABLE32_VALUE(1);
		PORTABLE32_VALUE(2);
		PORTABLE32_VALUE(3);
		PORTABLE32_VALUE(4);
		PORTABLE32_VALUE(5);
		PORTABLE32_VALUE(6);
		PORTABLE32_VALUE(7);
	}
#undef PORTABLE32_VALUE
	*sums = s;
}

/* Four channels of N times eight values of the window A, added to SUMS. */
PORTABLE32_APART void
portable32_one_window(struct portable32_sums *sums, const int8_t *a, const int32_t *w, int32_t n)
{
	int64_t a01 = sums->a01, a23 = sums->a23;

#define PORTABLE32_VALUE(i) \
	do { \
		const int32_t w01 = w[2 * (i)], w23 = w[2 * (i) + 1]; \
		PORTABLE32_BOTH(w01, w23); \
		a01 += (int64_t)a[i] * w01; \
		a23 += (int64_t)a[i] * w23; \
	} while (0)
	for (const int32_t *end = w + 16 * n; w != end; a += 8, w += 16) {
		PORTABLE32_VALUE(0);
		PORTABLE32_VALUE(1);
		PORTABLE32_VALUE(2);
		PORTABLE32_VALUE(3);
		PORTABLE32_VALUE(4);
		PORTABLE32_VALUE(5);
		PORTABLE32_VALUE(6);
		PORTABLE32_VALUE(7);
	}
#undef PORTABLE32_VALUE
	sums->a01 = a01;
	sums->a23 = a23;
}

/* How results are made. */
struct portable32_scaling {
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t zero, lo, hi;
};

/* The result of a sum, as portable32_result has it, for the shift -RIGHT - 1 below 0.  TIES: those of negative values matter. */
PORTABLE32_INLINE int8_t
portable32_scaled(int32_t sum, int32_t multiplier, int32_t right, const struct portable32_scaling *s, int ties)
{
	const int64_t half = ((int64_t)1 << (31 + right)) + (!ties || sum >= 0 ? 0x40000000 : -0x40000000);
	const int32_t v = ((int32_t)(((int64_t)sum * multiplier + half) >> 32) >> right) + s->zero;

	return (int8_t)(v < s->lo ? s->lo : v > s->hi ? s->hi : v);
}

/* Channel C of ROWS windows, the sums A and B. */
PORTABLE32_INLINE void
portable32_channel(int8_t *y, int32_t y_pitch, int32_t c, int32_t a, int32_t b, const struct portable32_scaling *s, int32_t rows, int ties)
{
	const int32_t bias = s->bias[c], multiplier = s->multiplier[c], right = -s->shift[c] - 1;

	y[c] = portable32_scaled((int32_t)((uint32_t)a + (uint32_t)bias), multiplier, right, s, ties);
	if (rows == 2)
		y[y_pitch + c] = portable32_scaled((int32_t)((uint32_t)b + (uint32_t)bias), multiplier, right, s, ties);
}

/* The first N of the four channels with the sums SUMS. */
PORTABLE32_INLINE void
portable32_channels(int8_t *y, int32_t y_pitch, const struct portable32_sums *sums, int32_t n, const struct portable32_scaling *s, int32_t rows, int ties)
{
	portable32_channel(y, y_pitch, 0, portable32_first(sums->a01), portable32_first(sums->b01), s, rows, ties);
	if (n > 1)
		portable32_channel(y, y_pitch, 1, portable32_second(sums->a01), portable32_second(sums->b01), s, rows, ties);
	if (n > 2)
		portable32_channel(y, y_pitch, 2, portable32_first(sums->a23), portable32_first(sums->b23), s, rows, ties);
	if (n > 3)
		portable32_channel(y, y_pitch, 3, portable32_second(sums->a23), portable32_second(sums->b23), s, rows, ties);
}

/* OUT channels of two windows of N times eight values at X and PITCH further on, or of one in RUNS runs of N times eight values. */
PORTABLE32_INLINE void
portable32_windows(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t pitch, int32_t runs, int32_t x_run, int32_t n, const int32_t *w, int32_t out,
	const struct portable32_scaling *scaling, int32_t rows)
{
	struct portable32_scaling s = *scaling;

	for (; out > 0; out -= 4, y += 4, w += 16 * n * runs, s.bias += 4, s.multiplier += 4, s.shift += 4) {
		struct portable32_sums sums;

		if (rows == 2) {
			portable32_two_windows(&sums, x, x + pitch, w, n);
		} else {
			sums.a01 = sums.a23 = sums.b01 = sums.b23 = 0;
			for (int32_t i = 0; i < runs; i++)
				portable32_one_window(&sums, x + i * x_run, w + i * 16 * n, n);
		}
		if (s.lo >= s.zero)
			portable32_channels(y, y_pitch, &sums, out, &s, rows, 0);
		else
			portable32_channels(y, y_pitch, &sums, out, &s, rows, 1);
	}
}

/* The results of ROWS windows, one or two, and OUT channels (nn_block_run_fn).  The windows are collected in SCRATCH, filled up to eights of values,
 * before results are written. */
static inline void
portable32_all(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, void *scratch, int32_t rows, int32_t out, int32_t zero, int32_t lo, int32_t hi)
{
	const struct portable32_scaling s = { b, multiplier, shift, zero, lo, hi };
	const int32_t n = (runs * in + 7) / 8;
	int8_t *to = (int8_t *)scratch;

	for (int32_t r = 0; r < rows; r++) {
		const int8_t *from = (const int8_t *)x + r * x_pitch;

		for (int32_t i = 0; i < runs; i++, from += x_run, to += in)
			memcpy(to, from, (size_t)in);
		for (const int8_t *end = (int8_t *)scratch + (r + 1) * 8 * n; to != end;)
			*to++ = 0;
	}
	if (rows == 2)
		portable32_windows(y, y_pitch, (const int8_t *)scratch, 8 * n, 1, 0, n, (const int32_t *)w, out, &s, 2);
	else
		portable32_windows(y, y_pitch, (const int8_t *)scratch, 8 * n, 1, 0, n, (const int32_t *)w, out, &s, 1);
}

/* The results of one window, ROWS is 1, whose values are read where they are, IN a multiple of 8. */
static inline void
portable32_one(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t in, const void *w, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, int32_t rows, int32_t out, int32_t zero, int32_t lo, int32_t hi)
{
	const struct portable32_scaling s = { b, multiplier, shift, zero, lo, hi };

	(void)rows;
	portable32_windows(y, y_pitch, (const int8_t *)x, x_pitch, runs, x_run, in / 8, (const int32_t *)w, out, &s, 1);
}

/* ---- one window, one channel ---- */

PORTABLE32_INLINE void
portable32_1x1(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int8_t *v = (const int8_t *)x, *weight = (const int8_t *)w;
	uint32_t sum = (uint32_t)b[0];

	(void)y_pitch;
	(void)x_pitch;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(v[i] * weight[i]);
	y[0] = portable32_result((int32_t)sum, multiplier[0], shift[0], zero, lo, hi);
}

#include "portable32-depthwise.h"

#endif
