#include <stdint.h>
#include "nn_block.h"

/* A dense layer or a 1x1 convolution as loops around register blocks (nn_block.h), which read the windows where they lie: vectors
 * x_pitch elements apart.  Results may lie over vectors of earlier blocks, which is what backend/overlap.c goes by. */
NN_BLOCK_INLINE void
nn_block_dense_i8(int8_t *y, const int8_t *x, const void *weight, const void *narrow_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t windows, int32_t x_pitch, int32_t y_n, int32_t y_pitch, int32_t rows, int32_t channels, int32_t in, int32_t step, int32_t narrow_step,
	nn_block_fn *full, nn_block_fn *one, nn_block_fn *narrow, nn_block_fn *narrow_one)
{
	const struct nn_blocks blocks = { channels, in, step, narrow_step, (const char *)weight, (const char *)narrow_weight,
		bias, multiplier, shift, y_zero, lo, hi };

	for (int32_t i = 0; i < windows;) {
		const int32_t whole = i + rows <= windows && (narrow || y_n % channels == 0);
		if (whole)
			nn_block_windows(&blocks, full, narrow, y + i * y_pitch, y_pitch, x + i * x_pitch, x_pitch, 0, y_n);
		else
			nn_block_windows(&blocks, one, narrow_one, y + i * y_pitch, y_pitch, x + i * x_pitch, x_pitch, 0, y_n);
		i += whole ? rows : 1;
	}
}
