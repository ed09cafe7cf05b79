#ifndef NN_SPAN_H
#define NN_SPAN_H
#include <stdint.h>

/* The part of a window that lies inside the input, in one direction: N taps from TAP on, the first of which meets
 * the input's cell CELL. */
struct nn_span {
	int32_t tap, cell, n;
};

/* Window I of COUNT, STRIDE cells apart, the first PAD cells before the input of SIZE cells; each has KERNEL taps,
 * DILATION cells apart. */
static inline struct nn_span
nn_span_of(int32_t i, int32_t count, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size)
{
	const int32_t origin = i * stride - pad;
	struct nn_span s = { 0, origin, kernel };

	/* No window leaves the input: with literal arguments a compiler knows it, and all that depends on n. */
	if (pad == 0 && (count - 1) * stride + (kernel - 1) * dilation < size)
		return s;
	int32_t first = origin < 0 ? (-origin - 1) / dilation + 1 : 0;
	int32_t end = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
	if (end > kernel)
		end = kernel;
	s.tap = first < end ? first : 0;
	s.cell = first < end ? origin + first * dilation : 0;
	s.n = first < end ? end - first : 0;
	return s;
}

#endif
