#ifndef NN_DOT_COLLECT_I8_H
#define NN_DOT_COLLECT_I8_H
#include <stdint.h>
#include "nn_span.h"

/* window[k_h][k_w][n] = the cells under a filter, FILL where it leaves the image.  CELL is the first one inside; rows and
 * columns of them lie ROW and COL elements apart. */
static inline void
nn_dot_collect_i8(int8_t *window, const int8_t *cell, const struct nn_span *rows, const struct nn_span *cols,
	int32_t k_h, int32_t k_w, int32_t row, int32_t col, int32_t n, int8_t fill)
{
	for (int32_t r = 0; r < k_h; r++)
		for (int32_t c = 0; c < k_w; c++) {
			const int32_t i = r - rows->tap, j = c - cols->tap;
			const int inside = i >= 0 && i < rows->n && j >= 0 && j < cols->n;
			for (int32_t k = 0; k < n; k++)
				window[(r * k_w + c) * n + k] = inside ? cell[i * row + j * col + k] : fill;
		}
}

#endif
