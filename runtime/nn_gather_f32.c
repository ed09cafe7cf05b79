#include <stdint.h>

/* y[rows][n] = x[rows][index[n]].  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_gather_f32(float *y, const float *x, const int32_t *index, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = x[row * x_pitch + index[i]];
}
