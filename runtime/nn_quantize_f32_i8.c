#include <math.h>
#include <stdint.h>

/* y[rows][n] = zero + x / scale, rounded to the nearest (halves away from zero) and held to [-128, 127]; a NaN gives
 * zero.  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_quantize_f32_i8(int8_t *y, const float *x, float scale, int32_t zero,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++) {
			float q = roundf(x[row * x_pitch + i] / scale) + (float)zero;
			y[row * y_pitch + i] = (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q == q ? (int32_t)q : zero);
		}
}
