#include <stdint.h>
#include "nn_pixel_i8_i16.h"

/* A part of a fully connected layer: its sums in 16 bits, without their last shift bits.  Over each of rows vectors
 * x[x_n], with weight[y_n][x_n], bias[y_n] or NULL, sum[y_n] or NULL:
 * y[y_n] = (bias + (sum << shift) + sum of (x - x_zero) * weight) >> shift, rounded (ties up) and saturated.
 * Vectors lie x_pitch, y_pitch and sum_pitch elements apart; y may be sum itself. */
static inline void
nn_dense_i8_i16(int16_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int16_t *sum,
	int32_t shift, int32_t x_zero, int32_t rows, int32_t x_n, int32_t x_pitch, int32_t y_n, int32_t y_pitch, int32_t sum_pitch)
{
	const struct nn_window vector = { 1, 1, x_n, 0, 0, 0, 0 };

	for (int32_t row = 0; row < rows; row++) {
		struct nn_sums_i16 from = { bias, NULL, shift };
		if (sum)
			from.sum = sum + row * sum_pitch;
		nn_pixel_i8_i16(y + row * y_pitch, x + row * x_pitch, weight, &vector, &from, x_zero, x_n, y_n);
	}
}
