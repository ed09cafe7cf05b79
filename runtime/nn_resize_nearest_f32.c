#include <stdint.h>
#include <string.h>

/* y[y_h][y_w][c] = x[row[y]][col[x]] of the image x[..][x_w][c]: row and col name the source of each row and column. */
static inline void
nn_resize_nearest_f32(float *y, const float *x, const int32_t *row, const int32_t *col,
	int32_t x_w, int32_t y_h, int32_t y_w, int32_t c)
{
	for (int32_t oy = 0; oy < y_h; oy++)
		for (int32_t ox = 0; ox < y_w; ox++)
			memcpy(y + (oy * y_w + ox) * c, x + (row[oy] * x_w + col[ox]) * c, (size_t)c * sizeof *y);
}
