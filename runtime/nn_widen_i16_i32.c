#include <stdint.h>
#include "nn_sums.h"

/* Sums of 16 bits that left out shift bits: y[rows][n] = x << shift.  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_widen_i16_i32(int32_t *y, const int16_t *x, int32_t shift, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = (int32_t)nn_sum_widen(x[row * x_pitch + i], shift);
}
