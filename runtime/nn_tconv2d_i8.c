#include <stdint.h>
#include "nn_pixel_i8.h"
#include "nn_reach.h"

/* Transposed convolution of x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c], bias[y_c] or NULL: by each tap k,
 * input cell i reaches output cell i * stride - pad + k; y[y_h][y_w][y_c] = limit(y_zero + requant(bias + sum of
 * what reaches it)).  Each output gathers its cells, so no sums are kept in memory.  Pixels lie x_pitch and
 * y_pitch elements apart. */
static inline void
nn_tconv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const int32_t filter = k_h * k_w * x_c;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_reach_of(oy + pad_t, k_h, stride_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_reach_of(ox + pad_l, k_w, stride_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, x_c,
				x_w * x_pitch, x_pitch, -stride_h * k_w * x_c, -stride_w * x_c);
			int8_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * x_c;
			nn_pixel_i8(pixel, cell, tap, &win, &out, x_zero, filter, 0, y_c);
		}
	}
}
