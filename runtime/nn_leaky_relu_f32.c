#include <stdint.h>

/* y[rows][n] = x, or alpha * x below zero.
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_leaky_relu_f32(float *y, const float *x, float alpha, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = x[row * x_pitch + i] < 0 ? alpha * x[row * x_pitch + i] : x[row * x_pitch + i];
}
