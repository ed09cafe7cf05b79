#include <stdint.h>
#include "nn_requant.h"

/* y[rows][n] = limit(y_zero + requant((a - a_zero) * (b - b_zero))).  y may be a or b itself.
 * Row r starts at r * y_pitch, r * a_pitch and r * b_pitch; element i of a row of a lies at i * a_step: a pitch of 0
 * repeats one row, a step of 0 one element. */
static inline void
nn_mul_i8(int8_t *y, const int8_t *a, const int8_t *b, int32_t a_zero, int32_t b_zero,
	int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t hi, int32_t rows, int32_t n,
	int32_t y_pitch, int32_t a_pitch, int32_t a_step, int32_t b_pitch, int32_t b_step)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++) {
			int32_t product = (a[row * a_pitch + i * a_step] - a_zero) * (b[row * b_pitch + i * b_step] - b_zero);
			y[row * y_pitch + i] = nn_requant_i8(product, y_multiplier, y_shift, y_zero, lo, hi);
		}
}
