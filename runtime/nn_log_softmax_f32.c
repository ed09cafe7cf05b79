#include <math.h>
#include <stdint.h>

/* y[n] = x - log(the sum of e^x), for each of rows vectors x[n], x_pitch and y_pitch elements apart. */
static inline void
nn_log_softmax_f32(float *y, const float *x, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++) {
		const float *in = x + row * x_pitch;
		float *out = y + row * y_pitch;
		float max = in[0], sum = 0;
		for (int32_t i = 1; i < n; i++)
			max = in[i] > max ? in[i] : max;
		for (int32_t i = 0; i < n; i++)
			sum += expf(in[i] - max);
		sum = logf(sum);
		for (int32_t i = 0; i < n; i++)
			out[i] = in[i] - max - sum;
	}
}
