#ifndef NN_REACH_H
#define NN_REACH_H
#include <stdint.h>
#include "nn_span.h"

/* The input cells of a transposed convolution that reach the output at POSITION (counted from the padding's edge), in
 * one direction: n cells from CELL on; the first meets it by tap TAP, each next one by a tap STRIDE lower. */
static inline struct nn_span
nn_reach_of(int32_t position, int32_t kernel, int32_t stride, int32_t size)
{
	struct nn_span s = { 0, 0, 0 };
	int32_t first = position >= kernel ? (position - kernel) / stride + 1 : 0;
	int32_t last = position / stride;
	if (last >= size)
		last = size - 1;
	if (first <= last) {
		s.tap = position - first * stride;
		s.cell = first;
		s.n = last - first + 1;
	}
	return s;
}

#endif
