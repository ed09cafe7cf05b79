#include <stdint.h>
#include "nn_block.h"

/* A dense layer or a 1x1 convolution as a loop around a block that computes a run of channels (nn_block.h): vectors x_pitch elements apart, ROWS of
 * them at a time, are read where they lie. */
NN_BLOCK_INLINE void
nn_block_all_dense_i8(int8_t *y, const int8_t *x, const void *weight, const int32_t *bias, const int32_t *multiplier, const int8_t *shift,
	int8_t *scratch, int32_t y_zero, int32_t lo, int32_t hi, int32_t windows, int32_t x_pitch, int32_t y_n, int32_t y_pitch,
	int32_t rows, int32_t in, nn_block_all_fn *full)
{
	for (int32_t i = 0; i < windows; i += rows)
		full(y + i * y_pitch, y_pitch, x + i * x_pitch, x_pitch, weight, bias, multiplier, shift, in, y_zero, lo, hi, 1, in, scratch,
			windows - i < rows ? windows - i : rows, y_n);
}
