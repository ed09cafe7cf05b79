#include <stdint.h>
#include "nn_requant.h"

/* The sum of r0_n x r1_n x r2_n elements of x, of the given distances. */
static inline int32_t
nn_sum_i8(const int8_t *x, int32_t r0_n, int32_t r1_n, int32_t r2_n, int32_t r0_step, int32_t r1_step, int32_t r2_step)
{
	uint32_t sum = 0;
	for (int32_t r0 = 0; r0 < r0_n; r0++)
		for (int32_t r1 = 0; r1 < r1_n; r1++)
			for (int32_t r2 = 0; r2 < r2_n; r2++) {
				int32_t v = x[r0 * r0_step + r1 * r1_step + r2 * r2_step];
				sum += (uint32_t)v;
			}
	return (int32_t)sum;
}

/* y[k0][k1][k2] = the mean of x over its axes r0, r1, r2: limit(y_zero + requant(sum - count * x_zero)), 1 /
 * count being part of the multiplier; or, if divide is not 0 since x and y have one scale and zero point, sum /
 * count, truncated.  Axes are given by their lengths (_n) and the distance of their elements in x (_step); those
 * not needed have length 1. */
static inline void
nn_mean_i8(int8_t *y, const int8_t *x,
	int32_t x_zero, int32_t y_zero, int32_t multiplier, int32_t shift, int32_t divide,
	int32_t k0_n, int32_t k1_n, int32_t k2_n, int32_t r0_n, int32_t r1_n, int32_t r2_n,
	int32_t k0_step, int32_t k1_step, int32_t k2_step, int32_t r0_step, int32_t r1_step, int32_t r2_step)
{
	const int32_t count = r0_n * r1_n * r2_n;
	const uint32_t offset = (uint32_t)count * (uint32_t)x_zero;
	for (int32_t k0 = 0; k0 < k0_n; k0++)
		for (int32_t k1 = 0; k1 < k1_n; k1++)
			for (int32_t k2 = 0; k2 < k2_n; k2++) {
				int32_t sum = nn_sum_i8(x + (k0 * k0_step + k1 * k1_step + k2 * k2_step),
					r0_n, r1_n, r2_n, r0_step, r1_step, r2_step);
				y[(k0 * k1_n + k1) * k2_n + k2] = divide ? (int8_t)nn_limit_i32(sum / count, -128, 127)
					: nn_requant_i8((int32_t)((uint32_t)sum - offset), multiplier, shift, y_zero, -128, 127);
			}
}
