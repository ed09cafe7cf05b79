#ifndef NN_EVEN_H
#define NN_EVEN_H
#include <stdint.h>

/* acc * scale in float, rounded to the nearest integer (ties to even) and held to [lo, hi], which lie within
 * [-1000, 1000]. */
static inline int32_t
nn_even(int32_t acc, float scale, int32_t lo, int32_t hi)
{
	const float v = (float)acc * scale;
	if (!(v > -1000))
		return lo;
	if (v >= 1000)
		return hi;
	int32_t whole = (int32_t)v; /* towards zero */
	const float part = v - (float)whole;
	if (part > 0.5f || (part == 0.5f && (whole & 1)))
		whole++;
	if (part < -0.5f || (part == -0.5f && (whole & 1)))
		whole--;
	return whole < lo ? lo : whole > hi ? hi : whole;
}

#endif
