#include <math.h>
#include <stdint.h>

/* y[n] = x / (offset + factor * the sum of squares of window channels)^beta, for each of rows vectors x[n], x_pitch and y_pitch
 * elements apart.  The window of channel c begins (window - 1) / 2 channels before it and ends with the channels. */
static inline void
nn_lrn_f32(float *y, const float *x, float factor, float offset, float beta, int32_t window, int32_t rows, int32_t n, int32_t x_pitch,
	int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++) {
		const float *in = x + row * x_pitch;
		float *out = y + row * y_pitch;
		for (int32_t c = 0; c < n; c++) {
			int32_t first = c - (window - 1) / 2;
			const int32_t last = window < n - first ? first + window : n;
			float sum = 0;
			for (first = first < 0 ? 0 : first; first < last; first++)
				sum += in[first] * in[first];
			out[c] = in[c] / powf(offset + factor * sum, beta);
		}
	}
}
