#include <stdint.h>
#include "nn_average.h"
#include "nn_requant.h"

/* The mean of an image of HEIGHT rows of x_w pixels, which comes some rows at a time: x_h of them, from row ROW on, are added to sum[c_n], and with
 * the last of them y[c_n] is the mean, held to [lo, hi]. */
static inline void
nn_avgpool_rows_i8(int8_t *y, int32_t *sum, const int8_t *x, int32_t row, int32_t lo, int32_t hi, int32_t height,
	int32_t x_h, int32_t x_w, int32_t x_pitch, int32_t c_n)
{
	for (int32_t c = 0; c < c_n; c++) {
		uint32_t s = row > 0 ? (uint32_t)sum[c] : 0;
		for (int32_t i = 0; i < x_h * x_w; i++) {
			int32_t v = x[i * x_pitch + c];
			s += (uint32_t)v;
		}
		sum[c] = (int32_t)s;
		if (row + x_h == height)
			y[c] = (int8_t)nn_limit_i32(nn_average(sum[c], height * x_w), lo, hi);
	}
}
