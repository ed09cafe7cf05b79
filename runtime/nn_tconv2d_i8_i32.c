#include <stdint.h>
#include "nn_pixel_i8_i32.h"
#include "nn_reach.h"

/* A part of a transposed convolution: its sums.  Of x[x_h][x_w][x_c] with
 * weight[y_c][k_h][k_w][x_c], bias[y_c] or NULL, sum[y_h][y_w][y_c] or NULL: by each tap k, input cell i reaches output cell
 * i * stride - pad + k with (x - x_zero) * weight; y[y_h][y_w][y_c] = bias + sum + what reaches it,
 * wrapping around.  Pixels lie x_pitch, y_pitch and sum_pitch elements apart; y may be sum itself. */
static inline void
nn_tconv2d_i8_i32(int32_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias, const int32_t *sum,
	int32_t x_zero, int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch,
	int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t sum_pitch)
{
	const int32_t filter = k_h * k_w * x_c;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_reach_of(oy + pad_t, k_h, stride_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_reach_of(ox + pad_l, k_w, stride_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, x_c,
				x_w * x_pitch, x_pitch, -stride_h * k_w * x_c, -stride_w * x_c);
			int32_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * x_c;
			struct nn_sums_i32 from = { bias, NULL };
			if (sum)
				from.sum = sum + (oy * y_w + ox) * sum_pitch;
			nn_pixel_i8_i32(pixel, cell, tap, &win, &from, x_zero, filter, y_c);
		}
	}
}
