#include <stdint.h>
#include "nn_limit_f32.h"

/* y[rows][n] = x * (x + 3 held to [0, 6]) / 6.
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_hard_swish_f32(float *y, const float *x, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = x[row * x_pitch + i] * nn_limit_f32(x[row * x_pitch + i] + 3, 0, 6) / 6;
}
