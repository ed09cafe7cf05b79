#include <stdint.h>

/* y[rows][n] = x * scale[n] + offset[n]: batch normalisation with its constants worked out.
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_affine_f32(float *y, const float *x, const float *scale, const float *offset,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = x[row * x_pitch + i] * scale[i] + offset[i];
}
