#include <stdint.h>
#include "nn_requant.h"

/* Sums of n channels become int8: y[rows][n] = limit(y_zero + requant(x, multiplier[n], shift[n])), the result of
 * requant rounded twice or, if ONCE, once.  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_rescale_i32_i8(int8_t *y, const int32_t *x, const int32_t *multiplier, const int8_t *shift,
	int32_t y_zero, int32_t lo, int32_t hi, int32_t once, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t c = 0; c < n; c++) {
			int32_t acc = x[row * x_pitch + c];
			int32_t v = once ? nn_requant_once(acc, multiplier[c], shift[c]) : nn_requant(acc, multiplier[c], shift[c]);
			y[row * y_pitch + c] = (int8_t)(y_zero + nn_limit_i32(v, lo - y_zero, hi - y_zero));
		}
}
