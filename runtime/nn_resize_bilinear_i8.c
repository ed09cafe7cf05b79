#include <stdint.h>

/* y[y_h][y_w][c]: the image x[..][x_w][c] in another size.  Output row i lies between the rows row_lo[i] and
 * row_hi[i] of x, of which the second counts row_part[i] / 1024 and the first the rest; columns alike.  Rounded
 * to the nearest, halves away from zero. */
static inline void
nn_resize_bilinear_i8(int8_t *y, const int8_t *x, const int32_t *row_lo, const int32_t *row_hi, const int32_t *row_part,
	const int32_t *col_lo, const int32_t *col_hi, const int32_t *col_part,
	int32_t x_w, int32_t y_h, int32_t y_w, int32_t c)
{
	const int32_t one = 1024, unit = one * one;
	for (int32_t oy = 0; oy < y_h; oy++)
		for (int32_t ox = 0; ox < y_w; ox++) {
			const int8_t *lo = x + row_lo[oy] * x_w * c, *hi = x + row_hi[oy] * x_w * c;
			const int32_t left = col_lo[ox] * c, right = col_hi[ox] * c;
			const int32_t v = row_part[oy], h = col_part[ox];
			int8_t *out = y + (oy * y_w + ox) * c;
			for (int32_t i = 0; i < c; i++) {
				int32_t sum = (one - h) * ((one - v) * lo[left + i] + v * hi[left + i])
					+ h * ((one - v) * lo[right + i] + v * hi[right + i]);
				out[i] = (int8_t)((sum + (sum > 0 ? unit / 2 : -unit / 2)) / unit);
			}
		}
}
