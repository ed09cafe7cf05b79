#include <stdint.h>

/* An image y[h][w][c], its pixels y_pitch elements apart, out of a chip's layout: element (i, j, k) is
 * x[row[i] + col[j] + channel[k]]. */
static inline void
nn_unpack_f32(float *y, const float *x, const int32_t *row, const int32_t *col, const int32_t *channel,
	int32_t h, int32_t w, int32_t c, int32_t y_pitch)
{
	for (int32_t i = 0; i < h; i++)
		for (int32_t j = 0; j < w; j++) {
			float *pixel = y + (i * w + j) * y_pitch;
			for (int32_t k = 0; k < c; k++)
				pixel[k] = x[row[i] + col[j] + channel[k]];
		}
}
