#include <stdint.h>
#include "nn_pixel_f32.h"
#include "nn_reach.h"

/* Transposed convolution that goes on from sums: of x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c], bias[y_c] or NULL,
 * sum[y_h][y_w][y_c]: by each tap k, input cell i reaches output cell i * stride - pad + k; y[y_h][y_w][y_c] = limit(bias + sum +
 * sum of what reaches it).  Pixels lie x_pitch, y_pitch and sum_pitch elements apart; y may be sum itself. */
static inline void
nn_tconv2d_sum_f32(float *y, const float *x, const float *weight, const float *bias, const float *sum,
	float lo, float hi, int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch,
	int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t sum_pitch)
{
	const struct nn_output_f32 out = { bias, lo, hi };
	const int32_t filter = k_h * k_w * x_c;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_reach_of(oy + pad_t, k_h, stride_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_reach_of(ox + pad_l, k_w, stride_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, x_c,
				x_w * x_pitch, x_pitch, -stride_h * k_w * x_c, -stride_w * x_c);
			float *pixel = y + (oy * y_w + ox) * y_pitch;
			const float *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const float *tap = weight + (rows.tap * k_w + cols.tap) * x_c;
			nn_pixel_sum_f32(pixel, sum + (oy * y_w + ox) * sum_pitch, cell, tap, &win, &out, filter, 0, y_c);
		}
	}
}
