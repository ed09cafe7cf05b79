#include <stdint.h>
#include <string.h>

/* y[rows][n] = x.  Rows lie x_pitch and y_pitch elements apart. */
static inline void
nn_copy_i32(int32_t *y, const int32_t *x, int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		memcpy(y + row * y_pitch, x + row * x_pitch, (size_t)n * sizeof *y);
}
