#include <stdint.h>

/* y[y_h][y_w][c]: the image x[..][x_w][c] in another size.  Output row i lies between the rows row_lo[i] and
 * row_hi[i] of x, of which the second counts row_part[i] and the first the rest; columns alike. */
static inline void
nn_resize_bilinear_f32(float *y, const float *x, const int32_t *row_lo, const int32_t *row_hi, const float *row_part,
	const int32_t *col_lo, const int32_t *col_hi, const float *col_part,
	int32_t x_w, int32_t y_h, int32_t y_w, int32_t c)
{
	for (int32_t oy = 0; oy < y_h; oy++)
		for (int32_t ox = 0; ox < y_w; ox++) {
			const float *lo = x + row_lo[oy] * x_w * c, *hi = x + row_hi[oy] * x_w * c;
			const int32_t left = col_lo[ox] * c, right = col_hi[ox] * c;
			const float v = row_part[oy], h = col_part[ox];
			float *out = y + (oy * y_w + ox) * c;
			for (int32_t i = 0; i < c; i++)
				out[i] = lo[left + i] * (1 - v) * (1 - h) + hi[left + i] * v * (1 - h)
					+ lo[right + i] * (1 - v) * h + hi[right + i] * v * h;
		}
}
