#ifndef NN_SPAN_H
#define NN_SPAN_H
#include <stdint.h>

/* The part of a window that lies inside the input, in one direction: N taps from TAP on, the first of which meets
 * the input's cell CELL. */
struct nn_span {
	int32_t tap, cell, n;
};

/* KERNEL taps, DILATION cells apart, the first at cell ORIGIN (negative in the padding) of an input of SIZE cells. */
static inline struct nn_span
nn_span_of(int32_t origin, int32_t kernel, int32_t dilation, int32_t size)
{
	struct nn_span s = { 0, 0, 0 };
	int32_t first = origin < 0 ? (-origin - 1) / dilation + 1 : 0;
	int32_t end = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
	if (end > kernel)
		end = kernel;
	if (first < end) {
		s.tap = first;
		s.cell = origin + first * dilation;
		s.n = end - first;
	}
	return s;
}

#endif
