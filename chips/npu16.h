/* npu16: the intrinsics of the chip that netc's documentation teaches with; npu16.chip states their limits.
 *
 * Images are [height][width][channels] of int8; pixels lie *_pitch elements apart, which may be more than the channels, so that
 * a slice of channels is read and written in place.  Sums are int32 in the same order.  `netc chip-mock npu16.chip` writes
 * a twin of each in C. */
#ifndef NPU16_H
#define NPU16_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* y = clamp(y_zero + requantize(sum + b + sum of (x - x_zero) * w)), or the sum itself as int32 when partial is 1.
 * w: [out/16][kh][kw][in][16], 16-byte aligned.  b: [out] or NULL.  sum: [ho][wo][out] to start from, or NULL.  multiplier, shift:
 * [out]; NULL when partial is 1.  Cells outside the image count as x_zero.  The stride is sh in both directions. */
void npu16_conv2d(void *y, int32_t y_pitch, int32_t partial, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b,
	const int32_t *sum, int32_t sum_pitch, int32_t hi, int32_t wi, int32_t in, int32_t ho, int32_t wo, int32_t out, int32_t kh,
	int32_t kw, int32_t sh, int32_t pt, int32_t pl, int32_t x_zero, int32_t y_zero, const int32_t *multiplier,
	const int8_t *shift, int32_t act_min, int32_t act_max);

/* Channel by channel.  w: [out/16][kh][kw][16]. */
void npu16_dwconv2d(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t hi,
	int32_t wi, int32_t ho, int32_t wo, int32_t out, int32_t kh, int32_t kw, int32_t sh, int32_t pt, int32_t pl,
	int32_t x_zero, int32_t y_zero, const int32_t *multiplier, const int8_t *shift, int32_t act_min, int32_t act_max);

/* *y = *b + sum of x[i] * w[i]; b may be NULL. */
void npu16_dot(int32_t *y, const int8_t *x, const int8_t *w, const int32_t *b, int32_t n);

/* y[i] = a[i] + b[i]. */
void npu16_add_i32(int32_t *y, const int32_t *a, const int32_t *b, int32_t n);

/* Both operands shifted left by left_shift, rescaled, added, rescaled. */
void npu16_add_i8(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t a_zero, int32_t b_zero, int32_t y_zero,
	int32_t left_shift, int32_t a_multiplier, int32_t a_shift, int32_t b_multiplier, int32_t b_shift, int32_t y_multiplier,
	int32_t y_shift, int32_t act_min, int32_t act_max);

/* y[i] = clamp(y_zero + requantize((a[i] - a_zero) * (b[i] - b_zero))). */
void npu16_mul_i8(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t a_zero, int32_t b_zero, int32_t y_zero,
	int32_t y_multiplier, int32_t y_shift, int32_t act_min, int32_t act_max);

/* rows vectors of out sums to int8; multiplier, shift: [out]. */
void npu16_requantize(int8_t *y, int32_t y_pitch, const int32_t *x, int32_t x_pitch, int32_t rows, int32_t out,
	const int32_t *multiplier, const int8_t *shift, int32_t y_zero, int32_t act_min, int32_t act_max);

#ifdef __cplusplus
}
#endif
#endif
