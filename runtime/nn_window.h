#ifndef NN_WINDOW_H
#define NN_WINDOW_H
#include <stdint.h>

/* The cells under one window and the weights that meet them, both as rows x cols vectors of n consecutive elements;
 * the steps are in elements, from one row or column to the next. */
struct nn_window {
	int32_t rows, cols, n;
	int32_t x_row, x_col;
	int32_t w_row, w_col;
};

/* Columns that lie side by side become one long vector. */
static inline struct nn_window
nn_window_of(int32_t rows, int32_t cols, int32_t n, int32_t x_row, int32_t x_col, int32_t w_row, int32_t w_col)
{
	struct nn_window w = { rows, cols, n, x_row, x_col, w_row, w_col };
	if (x_col == n && w_col == n) {
		w.n = cols * n;
		w.cols = 1;
	}
	return w;
}

#endif
