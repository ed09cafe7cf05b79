#include <stdint.h>

/* y[k0][k1][k2] = the mean of x over its axes r0, r1, r2.  Axes are given by their lengths (_n) and the distance
 * of their elements in x (_step); those not needed have length 1. */
static inline void
nn_mean_f32(float *y, const float *x,
	int32_t k0_n, int32_t k1_n, int32_t k2_n, int32_t r0_n, int32_t r1_n, int32_t r2_n,
	int32_t k0_step, int32_t k1_step, int32_t k2_step, int32_t r0_step, int32_t r1_step, int32_t r2_step)
{
	const int32_t count = r0_n * r1_n * r2_n;
	for (int32_t k0 = 0; k0 < k0_n; k0++)
		for (int32_t k1 = 0; k1 < k1_n; k1++)
			for (int32_t k2 = 0; k2 < k2_n; k2++) {
				const float *from = x + (k0 * k0_step + k1 * k1_step + k2 * k2_step);
				float sum = 0;
				for (int32_t r0 = 0; r0 < r0_n; r0++)
					for (int32_t r1 = 0; r1 < r1_n; r1++)
						for (int32_t r2 = 0; r2 < r2_n; r2++)
							sum += from[r0 * r0_step + r1 * r1_step + r2 * r2_step];
				y[(k0 * k1_n + k1) * k2_n + k2] = sum / (float)count;
			}
}
