#ifndef NN_SUMS_H
#define NN_SUMS_H
#include <stddef.h>
#include <stdint.h>
#include "nn_requant.h"

/* What sums of 32 bits start from: arrays of one value per channel, each of which may be NULL. */
struct nn_sums_i32 {
	const int32_t *bias, *sum;
};

/* Channel C's sum, which wraps around. */
static inline int32_t
nn_sums_i32_of(const struct nn_sums_i32 *from, int32_t c, uint32_t acc)
{
	if (from->bias)
		acc += (uint32_t)from->bias[c];
	if (from->sum)
		acc += (uint32_t)from->sum[c];
	return (int32_t)acc;
}

/* The same for sums kept in 16 bits without their last SHIFT bits. */
struct nn_sums_i16 {
	const int32_t *bias;
	const int16_t *sum;
	int32_t shift;
};

static inline uint32_t
nn_sum_widen(int16_t sum, int32_t shift)
{
	return (uint32_t)(int32_t)sum << shift;
}

/* ACC without SHIFT bits, rounded to the nearest (ties up) and saturated. */
static inline int16_t
nn_sum_narrow(int32_t acc, int32_t shift)
{
	if (shift > 0)
		acc = (acc >> shift) + ((acc >> (shift - 1)) & 1);
	return (int16_t)nn_limit_i32(acc, -32768, 32767);
}

static inline int16_t
nn_sums_i16_of(const struct nn_sums_i16 *from, int32_t c, uint32_t acc)
{
	if (from->bias)
		acc += (uint32_t)from->bias[c];
	if (from->sum)
		acc += nn_sum_widen(from->sum[c], from->shift);
	return nn_sum_narrow((int32_t)acc, from->shift);
}

#endif
