#ifndef NN_REQUANT_H
#define NN_REQUANT_H
#include <stdint.h>

#if (-1 >> 1) != -1
#error "the kernels need right shifts that keep the sign"
#endif

/* V held to [lo, hi]. */
static inline int32_t
nn_limit_i32(int32_t v, int32_t lo, int32_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* x * multiplier * 2^(shift - 31), rounded twice as the reference kernels of TensorFlow Lite do: to the nearest
 * after the multiplication (ties up), and after a shift to the right to the nearest again (ties away from zero).
 * multiplier >= 0, shift in [-31, 31]. */
static inline int32_t
nn_requant(int32_t x, int32_t multiplier, int32_t shift)
{
	const int64_t half = (int64_t)1 << 30;
	if (shift >= 0)
		return (int32_t)(((int64_t)(int32_t)((uint32_t)x << shift) * multiplier + half) >> 31);
	int32_t v = (int32_t)(((int64_t)x * multiplier + half) >> 31);
	v -= v < 0; /* ties of negative values go down now, and what is no tie stays on its side */
	return (v >> -shift) + ((v >> (-shift - 1)) & 1);
}

/* The same rounded once, to the nearest with ties up, and saturated. */
static inline int32_t
nn_requant_once(int32_t x, int32_t multiplier, int32_t shift)
{
	const int64_t product = (int64_t)x * multiplier;
	const int64_t v = shift < 31 ? (product + ((int64_t)1 << (30 - shift))) >> (31 - shift) : product;
	return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

/* The int8 value of an accumulator: rescaled, moved to the zero point, held to [lo, hi] (within [-128, 127]). */
static inline int8_t
nn_requant_i8(int32_t acc, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	return (int8_t)(zero + nn_limit_i32(nn_requant(acc, multiplier, shift), lo - zero, hi - zero));
}

#endif
