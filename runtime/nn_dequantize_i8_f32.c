#include <stdint.h>

/* y[rows][n] = scale * (x - zero).  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_dequantize_i8_f32(float *y, const int8_t *x, float scale, int32_t zero,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = scale * (float)(x[row * x_pitch + i] - zero);
}
