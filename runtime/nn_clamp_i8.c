#include <stdint.h>
#include "nn_requant.h"

/* y[rows][n] = x held to [lo, hi].
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_clamp_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = (int8_t)nn_limit_i32(x[row * x_pitch + i], lo, hi);
}
