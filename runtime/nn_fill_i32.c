#include <stdint.h>

/* y[n] = value. */
static inline void
nn_fill_i32(int32_t *y, int32_t value, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		y[i] = value;
}
