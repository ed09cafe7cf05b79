#include <stdint.h>
#include "nn_pixel_f32.h"

/* Fully connected layer that goes on from sums: over each of rows vectors x[x_n], with weight[y_n][x_n], bias[y_n] or NULL,
 * sum[y_n]: y[y_n] = limit(bias + sum + sum of x * weight).  Vectors lie x_pitch, y_pitch and sum_pitch elements apart; y may be
 * sum itself. */
static inline void
nn_dense_sum_f32(float *y, const float *x, const float *weight, const float *bias, const float *sum,
	float lo, float hi, int32_t rows, int32_t x_n, int32_t x_pitch, int32_t y_n, int32_t y_pitch, int32_t sum_pitch)
{
	const struct nn_output_f32 out = { bias, lo, hi };
	const struct nn_window vector = { 1, 1, x_n, 0, 0, 0, 0 };

	for (int32_t row = 0; row < rows; row++)
		nn_pixel_sum_f32(y + row * y_pitch, sum + row * sum_pitch, x + row * x_pitch, weight, &vector, &out, x_n, 0, y_n);
}
