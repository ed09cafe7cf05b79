#include <stdint.h>
#include "nn_even.h"

/* Sums of n channels become int8 through float: y[rows][n] = limit(y_zero + x * scale[n]), the product
 * rounded to the nearest, ties to even.  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_rescale_i32_i8_even(int8_t *y, const int32_t *x, const float *scale,
	int32_t y_zero, int32_t lo, int32_t hi, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t c = 0; c < n; c++) {
			int32_t acc = x[row * x_pitch + c];
			y[row * y_pitch + c] = (int8_t)(y_zero + nn_even(acc, scale[c], lo - y_zero, hi - y_zero));
		}
}
