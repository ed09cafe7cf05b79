#include <stdint.h>
#include "nn_depth_f32.h"
#include "nn_span.h"

/* Depthwise convolution that goes on from sums: of x[x_h][x_w][x_c] with weight[k_h][k_w][y_c], bias[y_c] or NULL,
 * sum[y_h][y_w][y_c], y_c a multiple of x_c: output channel c reads input channel c / (y_c / x_c) only.
 * y[y_h][y_w][y_c] = limit(bias + sum + sum of x * weight).  Pixels lie x_pitch, y_pitch and sum_pitch elements apart;
 * y may be sum itself.  Padding counts as 0. */
static inline void
nn_dwconv2d_sum_f32(float *y, const float *x, const float *weight, const float *bias, const float *sum,
	float lo, float hi, int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch,
	int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t sum_pitch)
{
	const struct nn_output_f32 out = { bias, lo, hi };

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = { rows.n, cols.n, 1,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * y_c, y_c };
			float *pixel = y + (oy * y_w + ox) * y_pitch;
			const float *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const float *tap = weight + (rows.tap * k_w + cols.tap) * y_c;
			nn_depth_sum_f32(pixel, sum + (oy * y_w + ox) * sum_pitch, cell, tap, &win, &out, y_c, y_c / x_c);
		}
	}
}
