#ifndef NN_DOT_H
#define NN_DOT_H
#include <stddef.h>
#include <stdint.h>
#include "nn_window.h"

/* A chip's dot product over a number of values that it knows; sums wrap around. */
typedef uint32_t nn_dot_call_i8(const int8_t *x, const int8_t *w);

typedef float nn_dot_call_f32(const float *x, const float *w);

/* The sum over a window by dot products: ROW over the k_w taps of a row of the filter that lie side by side in the image (NULL:
 * they don't), TAP over one. */
static inline uint32_t
nn_dot_window_i8(nn_dot_call_i8 *row, nn_dot_call_i8 *tap, const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t k_w)
{
	uint32_t sum = 0;
	for (int32_t r = 0; r < win->rows; r++) {
		if (row != NULL && win->cols == k_w)
			sum += row(x + r * win->x_row, w + r * win->w_row);
		else
			for (int32_t c = 0; c < win->cols; c++)
				sum += tap(x + r * win->x_row + c * win->x_col, w + r * win->w_row + c * win->w_col);
	}
	return sum;
}

static inline float
nn_dot_window_f32(nn_dot_call_f32 *row, nn_dot_call_f32 *tap, const float *x, const float *w, const struct nn_window *win, int32_t k_w)
{
	float sum = 0.0f;
	for (int32_t r = 0; r < win->rows; r++) {
		if (row != NULL && win->cols == k_w)
			sum += row(x + r * win->x_row, w + r * win->w_row);
		else
			for (int32_t c = 0; c < win->cols; c++)
				sum += tap(x + r * win->x_row + c * win->x_col, w + r * win->w_row + c * win->w_col);
	}
	return sum;
}

#endif
