#ifndef NN_PIXEL_I8_I16_H
#define NN_PIXEL_I8_I16_H
#include <stdint.h>
#include "nn_pixel_i8.h"
#include "nn_sums.h"

/* One pixel, or one group of its channels: the sums y[c] for c in [0, n) over the window WIN of x and of the filter at
 * w + c * filter.  y may be what they start from. */
static inline void
nn_pixel_i8_i16(int16_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_sums_i16 *from,
	int32_t x_zero, int32_t filter, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		uint32_t sum[4] = { 0, 0, 0, 0 };
		nn_sum4_i8(sum, x, w + c * filter, win, x_zero, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_sums_i16_of(from, c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_sums_i16_of(from, c, nn_sum1_i8(x, w + c * filter, win, x_zero));
}

#endif
