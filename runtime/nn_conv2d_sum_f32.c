#include <stdint.h>
#include "nn_pixel_f32.h"
#include "nn_span.h"

/* Convolution that goes on from sums: of an image x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c / groups], bias[y_c] or
 * NULL, sum[y_h][y_w][y_c]: y[y_h][y_w][y_c] = limit(bias + sum + sum of x * weight).  Pixels lie x_pitch, y_pitch and sum_pitch
 * elements apart; y may be sum itself.  Padding, pad_t rows above and pad_l columns to the left, counts as 0: its taps are
 * left out. */
static inline void
nn_conv2d_sum_f32(float *y, const float *x, const float *weight, const float *bias, const float *sum,
	float lo, float hi, int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch,
	int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, int32_t sum_pitch)
{
	const struct nn_output_f32 out = { bias, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups, filter = k_h * k_w * in;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, in,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * in, in);
			float *pixel = y + (oy * y_w + ox) * y_pitch;
			const float *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const float *tap = weight + (rows.tap * k_w + cols.tap) * in;
			const float *start = sum + (oy * y_w + ox) * sum_pitch;
			for (int32_t g = 0; g < groups; g++)
				nn_pixel_sum_f32(pixel + g * n, start + g * n, cell + g * in, tap + g * n * filter, &win, &out,
					filter, g * n, n);
		}
	}
}
