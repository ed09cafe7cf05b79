#include <stdint.h>
#include "nn_fixed.h"
#include "nn_requant.h"

/* How far the leading one of x > 0 lies from bit 31. */
static inline int32_t
nn_headroom(uint32_t x)
{
	int32_t n = 0;
	for (; !(x >> 31); x <<= 1)
		n++;
	return n;
}

/* e^(x * multiplier * 2^(shift - 31)) in Q0, for x <= 0 and the product in Q5. */
static inline int32_t
nn_softmax_exp(int32_t x, int32_t multiplier, int32_t shift)
{
	return nn_exp_q5(nn_requant(x, multiplier, shift));
}

/* The sum of e^x over the row x[n] in Q12, saturated (as it can be from 4096 elements on). */
static inline uint32_t
nn_softmax_sum(const int8_t *x, int32_t n, int32_t max, int32_t multiplier, int32_t shift, int32_t diff_min)
{
	uint32_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		if (x[i] - max >= diff_min) {
			sum += (uint32_t)nn_div_pot(nn_softmax_exp(x[i] - max, multiplier, shift), 12);
			sum = sum > INT32_MAX ? INT32_MAX : sum;
		}
	return sum;
}

/* y[n] = e^x / the sum of these, for each of rows vectors x[n], x_pitch and y_pitch elements apart; y has scale 1
 * / 256 and zero point -128.  x less its row's largest is brought to Q5 by multiplier and shift, and counts 0
 * below diff_min. */
static inline void
nn_softmax_i8(int8_t *y, const int8_t *x, int32_t multiplier, int32_t shift, int32_t diff_min,
	int32_t rows, int32_t n, int32_t x_pitch, int32_t y_pitch)
{
	for (int32_t row = 0; row < rows; row++) {
		const int8_t *in = x + row * x_pitch;
		int8_t *out = y + row * y_pitch;
		int32_t max = -128;
		for (int32_t i = 0; i < n; i++)
			max = in[i] > max ? in[i] : max;
		const uint32_t sum = nn_softmax_sum(in, n, max, multiplier, shift, diff_min);
		/* sum = (1 + fraction) * 2^(12 - headroom), to which the 8 bits of a result below 1 are added */
		const int32_t headroom = nn_headroom(sum), down = 12 - headroom + 31 - 8;
		const int32_t inverse = nn_inverse_q0((int32_t)((sum << headroom) - ((uint32_t)1 << 31)));
		for (int32_t i = 0; i < n; i++) {
			int32_t v = 0;
			if (in[i] - max >= diff_min && down <= 31)
				v = nn_div_pot(nn_mul_fixed(inverse, nn_softmax_exp(in[i] - max, multiplier, shift)), down);
			out[i] = (int8_t)nn_limit_i32(v - 128, -128, 127);
		}
	}
}
