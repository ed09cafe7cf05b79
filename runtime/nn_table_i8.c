#include <stdint.h>

/* y[rows][n] = table[x + 128]: any function of one int8, worked out when the network was compiled.
 * Rows lie x_pitch and y_pitch elements apart; y may be x itself. */
static inline void
nn_table_i8(int8_t *y, const int8_t *x, const int8_t *table,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++)
			y[row * y_pitch + i] = table[x[row * x_pitch + i] + 128];
}
