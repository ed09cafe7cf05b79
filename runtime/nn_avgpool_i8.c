#include <stdint.h>
#include "nn_average.h"
#include "nn_requant.h"
#include "nn_span.h"

/* y[y_h][y_w][c_n]: the mean of each window of x[x_h][x_w][c_n], held to [lo, hi].  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, doesn't count: the mean is that of
 * the cells inside the input, of which every window has one. */
static inline void
nn_avgpool_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_pitch, int32_t c_n,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l)
{
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, 1, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, 1, x_w);
			int8_t *out = y + (oy * y_w + ox) * y_pitch;
			const int8_t *window = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int32_t n = rows.n * cols.n;
			for (int32_t c = 0; c < c_n; c++) {
				uint32_t sum = 0;
				for (int32_t row = 0; row < rows.n; row++)
					for (int32_t col = 0; col < cols.n; col++) {
						int32_t v = window[(row * x_w + col) * x_pitch + c];
						sum += (uint32_t)v;
					}
				out[c] = (int8_t)nn_limit_i32(nn_average((int32_t)sum, n), lo, hi);
			}
		}
	}
}
