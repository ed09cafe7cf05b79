#include <stdint.h>
#include <string.h>

/* y[n] = x; the two may overlap. */
static inline void
nn_move_i8(int8_t *y, const int8_t *x, int32_t n)
{
	memmove(y, x, (size_t)n);
}
