#include <stdint.h>
#include "nn_runs.h"

/* A convolution as loops around blocks of runs (nn_runs.h), which read the image where it lies.  Cells outside of it are left out: of windows that
 * miss the same cells, a rectangle of results, BIAS has a row of its own, in the order in which they come here.  Where it is narrow (DOWN), blocks
 * take columns of it.  BY_CHANNELS: all windows meet the weights of one panel of channels, then those of the next; otherwise the windows
 * of one block meet all weights.  CELL and REST_CELL are the bytes of weights of a cell of the filter. */
NN_RUNS_INLINE void
nn_runs_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int8_t *rest_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, const float *float_scaling, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w, int32_t pad_t, int32_t pad_l,
	int32_t groups, int32_t rows, int32_t channels, int32_t cell, int32_t rest_cell, int32_t by_channels, int32_t down,
	nn_runs_fn *full, nn_runs_fn *rest)
{
	const int32_t c = x_c / groups, n = y_c / groups, panels = n / channels, all = panels + (n % channels != 0);

	for (int32_t g = 0; g < groups; g++)
		for (int32_t some = 0, end = 0; some < all; some = end) {
			const int32_t *b = bias;

			end = by_channels ? some + 1 : all;
			for (int32_t oy = 0, oy_end = 0; oy < y_h; oy = oy_end) {
				int32_t ky = 0, ky_end = 0;

				oy_end = nn_runs_same(oy, y_h, x_h, k_h, stride_h, dilation_h, pad_t, &ky, &ky_end);
				for (int32_t ox = 0, ox_end = 0; ox < y_w; ox = ox_end, b += y_c) {
					int32_t kx = 0, kx_end = 0;

					ox_end = nn_runs_same(ox, y_w, x_w, k_w, stride_w, dilation_w, pad_l, &kx, &kx_end);
					const int32_t turned = down && ox_end - ox < rows && oy_end - oy > ox_end - ox;
					const int32_t lines = turned ? ox_end - ox : oy_end - oy, count = turned ? oy_end - oy : ox_end - ox;
					const int32_t line_x = (turned ? stride_w : stride_h * x_w) * x_pitch, line_y = (turned ? 1 : y_w) * y_pitch;
					const int32_t next_x = (turned ? stride_h * x_w : stride_w) * x_pitch, next_y = (turned ? y_w : 1) * y_pitch;
					const int8_t *from = x + g * c + ((oy * stride_h - pad_t + ky * dilation_h) * x_w + ox * stride_w - pad_l + kx * dilation_w) * x_pitch;
					int8_t *to = y + g * n + (oy * y_w + ox) * y_pitch;

					for (int32_t line = 0; line < lines; line++, from += line_x, to += line_y)
						for (int32_t at = 0, some_rows = 0; at < count; at += some_rows) {
							some_rows = nn_runs_rows(count - at, rows);
							for (int32_t p = some; p < end; p++) {
								const int32_t first = g * n + p * channels, skip = ky * k_w + kx;
								const float *scaling = float_scaling ? float_scaling + first : NULL;

								if (full && p < panels)
									full(to + at * next_y + p * channels, next_y, from + at * next_x, next_x, dilation_h * x_w * x_pitch,
										weight + ((g * panels + p) * k_h * k_w + skip) * cell, k_w * cell, b + first, multiplier + first, shift + first, scaling, y_c,
										ky_end - ky, (kx_end - kx) * c, y_zero, lo, hi, some_rows);
								else if (rest)
									rest(to + at * next_y + p * channels, next_y, from + at * next_x, next_x, dilation_h * x_w * x_pitch,
										rest_weight + (g * k_h * k_w + skip) * rest_cell, k_w * rest_cell, b + first, multiplier + first, shift + first, scaling, y_c,
										ky_end - ky, (kx_end - kx) * c, y_zero, lo, hi, some_rows);
							}
						}
				}
			}
		}
}
