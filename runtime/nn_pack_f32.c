#include <stdint.h>
#include <string.h>

/* An image x[h][w][c], its pixels x_pitch elements apart, in a chip's layout: element (i, j, k) becomes
 * y[row[i] + col[j] + channel[k]].  Where the layout has filling, y has FILL elements, and those that no element takes
 * are 0; else FILL is 0. */
static inline void
nn_pack_f32(float *y, const float *x, const int32_t *row, const int32_t *col, const int32_t *channel,
	int32_t h, int32_t w, int32_t c, int32_t x_pitch, int32_t fill)
{
	if (fill > 0)
		memset(y, 0, (size_t)fill * sizeof *y);
	for (int32_t i = 0; i < h; i++)
		for (int32_t j = 0; j < w; j++) {
			const float *pixel = x + (i * w + j) * x_pitch;
			for (int32_t k = 0; k < c; k++)
				y[row[i] + col[j] + channel[k]] = pixel[k];
		}
}
