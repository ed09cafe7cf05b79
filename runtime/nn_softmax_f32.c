#include <math.h>
#include <stdint.h>

/* y[n] = e^(beta * x) / the sum of these, for each of rows vectors x[n], x_pitch and y_pitch elements apart. */
static inline void
nn_softmax_f32(float *y, const float *x, float beta, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++) {
		const float *in = x + row * x_pitch;
		float *out = y + row * y_pitch;
		float max = in[0], sum = 0;
		for (int32_t i = 1; i < n; i++)
			max = in[i] > max ? in[i] : max;
		for (int32_t i = 0; i < n; i++) {
			out[i] = expf((in[i] - max) * beta);
			sum += out[i];
		}
		for (int32_t i = 0; i < n; i++)
			out[i] /= sum;
	}
}
