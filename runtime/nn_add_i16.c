#include <stdint.h>
#include "nn_requant.h"

/* y[rows][n] = a + b, saturated.  y may be a or b itself.
 * Row r starts at r * y_pitch, r * a_pitch and r * b_pitch; element i of a row of a lies at i * a_step: a pitch of 0
 * repeats one row, a step of 0 one element. */
static inline void
nn_add_i16(int16_t *y, const int16_t *a, const int16_t *b, int32_t rows, int32_t n, int32_t y_pitch,
	int32_t a_pitch, int32_t a_step, int32_t b_pitch, int32_t b_step)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = (int16_t)nn_limit_i32(a[row * a_pitch + i * a_step] + b[row * b_pitch + i * b_step], -32768, 32767);
}
