#include <stddef.h>
#include <stdint.h>
#include "nn_dot.h"
#include "nn_output_f32.h"
#include "nn_span.h"

/* Convolution of an image x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c / groups] by a chip's dot products, bias[y_c] or
 * NULL: y[y_h][y_w][y_c] = limit(bias + sum of x * weight).  Pixels lie x_pitch and y_pitch elements apart; taps outside
 * of the image are left out.  ROW, TAP: see nn_dot_window_f32. */
static inline void
nn_dot_conv2d_f32(float *y, const float *x, const float *weight, const float *bias, float lo, float hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups, nn_dot_call_f32 *row, nn_dot_call_f32 *tap)
{
	const struct nn_output_f32 out = { bias, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups, filter = k_h * k_w * in;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = { rows.n, cols.n, in,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * in, in };
			float *pixel = y + (oy * y_w + ox) * y_pitch;
			const float *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const float *tap0 = weight + (rows.tap * k_w + cols.tap) * in;
			for (int32_t o = 0; o < y_c; o++) {
				float sum = nn_dot_window_f32(row, tap, cell + o / n * in, tap0 + o * filter, &win, k_w);
				pixel[o] = nn_output_f32_of(&out, o, sum);
			}
		}
	}
}
