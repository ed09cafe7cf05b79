#include <stdint.h>
#include "nn_limit_f32.h"
#include "nn_span.h"

/* y[y_h][y_w][c]: the largest of each window of x[x_h][x_w][c], held to [lo, hi].  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, doesn't count. */
static inline void
nn_maxpool_f32(float *y, const float *x, float lo, float hi,
	int32_t x_h, int32_t x_w, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_pitch, int32_t c_n,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l)
{
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, 1, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, 1, x_w);
			float *out = y + (oy * y_w + ox) * y_pitch;
			for (int32_t c = 0; c < c_n; c++)
				out[c] = lo;
			for (int32_t row = 0; row < rows.n; row++)
				for (int32_t col = 0; col < cols.n; col++) {
					const float *cell = x + ((rows.cell + row) * x_w + cols.cell + col) * x_pitch;
					for (int32_t c = 0; c < c_n; c++)
						out[c] = cell[c] > out[c] ? cell[c] : out[c];
				}
			for (int32_t c = 0; c < c_n; c++)
				out[c] = nn_limit_f32(out[c], lo, hi);
		}
	}
}
