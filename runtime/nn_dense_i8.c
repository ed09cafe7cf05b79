#include <stdint.h>
#include "nn_pixel_i8.h"

/* Fully connected layer over each of rows vectors x[x_n], with weight[y_n][x_n], bias[y_n] or NULL:
 * y[y_n] = limit(y_zero + requant(bias + sum of (x - x_zero) * weight)).  Vectors lie x_pitch and y_pitch elements
 * apart. */
static inline void
nn_dense_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t rows, int32_t x_n, int32_t x_pitch, int32_t y_n, int32_t y_pitch)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const struct nn_window vector = { 1, 1, x_n, 0, 0, 0, 0 };

	for (int32_t row = 0; row < rows; row++)
		nn_pixel_i8(y + row * y_pitch, x + row * x_pitch, weight, &vector, &out, x_zero, x_n, 0, y_n);
}
