#include <stdint.h>
#include <math.h>

/* y[rows][n] = 1 / (1 + e^-x).
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_sigmoid_f32(float *y, const float *x, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = 1 / (1 + expf(-x[row * x_pitch + i]));
}
