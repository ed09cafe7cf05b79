#ifndef NN_DOT_OUTSIDE_H
#define NN_DOT_OUTSIDE_H
#include <stddef.h>
#include <stdint.h>
#include "nn_span.h"

/* What the taps outside of the image add to a sum whose bias holds -x_zero times all weights: there x is x_zero.  TAPS[k_h * k_w]
 * is x_zero times each tap's weights, or NULL: x_zero is 0. */
static inline uint32_t
nn_dot_outside(const int32_t *taps, const struct nn_span *rows, const struct nn_span *cols, int32_t k_h, int32_t k_w)
{
	uint32_t sum = 0;
	if (taps == NULL || (rows->n == k_h && cols->n == k_w))
		return 0;
	for (int32_t r = 0; r < k_h; r++)
		for (int32_t c = 0; c < k_w; c++)
			if (r < rows->tap || r >= rows->tap + rows->n || c < cols->tap || c >= cols->tap + cols->n)
				sum += (uint32_t)taps[r * k_w + c];
	return sum;
}

#endif
