#include <stdint.h>

/* y[n] = value. */
static inline void
nn_fill_f32(float *y, float value, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		y[i] = value;
}
