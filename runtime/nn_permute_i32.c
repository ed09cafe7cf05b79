#include <stdint.h>

/* y[n0][n1][n2][n3][n4][n5] = x with other distances: element (i0, ..., i5) of y lies at the sum of i_k * y_k,
 * and is that of x at the sum of i_k * x_k.  For transposed, strided, interleaved and repeated tensors. */
static inline void
nn_permute_i32(int32_t *y, const int32_t *x, int32_t n0, int32_t n1, int32_t n2, int32_t n3, int32_t n4, int32_t n5,
	int32_t y0, int32_t y1, int32_t y2, int32_t y3, int32_t y4, int32_t y5,
	int32_t x0, int32_t x1, int32_t x2, int32_t x3, int32_t x4, int32_t x5)
{
	for (int32_t i0 = 0; i0 < n0; i0++)
		for (int32_t i1 = 0; i1 < n1; i1++)
			for (int32_t i2 = 0; i2 < n2; i2++)
				for (int32_t i3 = 0; i3 < n3; i3++) {
					const int32_t *from = x + (i0 * x0 + i1 * x1 + i2 * x2 + i3 * x3);
					int32_t *to = y + (i0 * y0 + i1 * y1 + i2 * y2 + i3 * y3);
					for (int32_t i4 = 0; i4 < n4; i4++)
						for (int32_t i5 = 0; i5 < n5; i5++)
							to[i4 * y4 + i5 * y5] = from[i4 * x4 + i5 * x5];
				}
}
