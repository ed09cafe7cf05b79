/* Register blocks for 32-bit processors in plain C: chips/portable32.chip says what each takes.
 *
 * Two channels share a product: x * (w0 + w1 * 2^24) = x * w0 + x * w1 * 2^24, and so do sums of them in 64 bits.  As long as the
 * first channel's sum stays within 24 bits, both can be told apart at the end. */
#ifndef PORTABLE32_H
#define PORTABLE32_H
#include <stdint.h>

#if defined(__GNUC__)
#define PORTABLE32_INLINE static inline __attribute__((always_inline))
#else
#define PORTABLE32_INLINE static inline
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

/* The sums of the two channels in S. */
PORTABLE32_INLINE int32_t
portable32_first(int64_t s)
{
	return (int32_t)((uint32_t)s << 8) >> 8;
}

PORTABLE32_INLINE int32_t
portable32_second(int64_t s)
{
	return (int32_t)((s - portable32_first(s)) >> 24);
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

PORTABLE32_INLINE void
portable32_2x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int8_t *x0 = (const int8_t *)x, *x1 = x0 + x_pitch;
	const int32_t *pair = (const int32_t *)w;
	int64_t s0 = 0, s1 = 0;

	for (int32_t i = n >> 2; i > 0; i--, x0 += 4, x1 += 4, pair += 4) {
		s0 += (int64_t)x0[0] * pair[0];
		s1 += (int64_t)x1[0] * pair[0];
		s0 += (int64_t)x0[1] * pair[1];
		s1 += (int64_t)x1[1] * pair[1];
		s0 += (int64_t)x0[2] * pair[2];
		s1 += (int64_t)x1[2] * pair[2];
		s0 += (int64_t)x0[3] * pair[3];
		s1 += (int64_t)x1[3] * pair[3];
	}
	for (int32_t i = n & 3; i > 0; i--, x0++, x1++, pair++) {
		s0 += (int64_t)x0[0] * pair[0];
		s1 += (int64_t)x1[0] * pair[0];
	}
	y[0] = portable32_result(portable32_first(s0) + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[1] = portable32_result(portable32_second(s0) + b[1], multiplier[1], shift[1], zero, lo, hi);
	y[y_pitch] = portable32_result(portable32_first(s1) + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[y_pitch + 1] = portable32_result(portable32_second(s1) + b[1], multiplier[1], shift[1], zero, lo, hi);
}

PORTABLE32_INLINE void
portable32_1x2(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int8_t *x0 = (const int8_t *)x;
	const int32_t *pair = (const int32_t *)w;
	int64_t s = 0;

	(void)y_pitch;
	(void)x_pitch;
	for (int32_t i = n >> 2; i > 0; i--, x0 += 4, pair += 4) {
		s += (int64_t)x0[0] * pair[0];
		s += (int64_t)x0[1] * pair[1];
		s += (int64_t)x0[2] * pair[2];
		s += (int64_t)x0[3] * pair[3];
	}
	for (int32_t i = n & 3; i > 0; i--, x0++, pair++)
		s += (int64_t)x0[0] * pair[0];
	y[0] = portable32_result(portable32_first(s) + b[0], multiplier[0], shift[0], zero, lo, hi);
	y[1] = portable32_result(portable32_second(s) + b[1], multiplier[1], shift[1], zero, lo, hi);
}

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
