/* Fixed-point exp, sigmoid, tanh and reciprocal on raw 32-bit integers.  The formats and the constants are
 * those of the gemmlowp library (fixedpoint/fixedpoint.h), which TensorFlow Lite's integer kernels use; bits
 * depend on the order of every rounding, so the steps are spelled out rather than simplified.
 *
 * Qi.f is a value with i integer bits, f = 31 - i fraction bits and a sign.  A product of Qa and Qb is Q(a+b):
 * high_mul of the raw values. */
#include <config.h>

#include "ir/quant.h"

enum {
	ONE_Q0 = INT32_MAX,              /* the largest below 1 stands for 1 */
	ONE_Q2 = 1 << 29,
	EXP_MINUS_EIGHTH_Q0 = 1895147668,
	THIRD_Q0 = 715827883,
	FORTY_EIGHT_17THS_Q2 = 1515870810,
	MINUS_THIRTY_TWO_17THS_Q2 = -1010580540,
};

/* x * 2^n, saturated as soon as |x| exceeds the largest value that can be shifted. */
static int32_t
shift_left_saturated(int32_t x, int n)
{
	int32_t most = (1 << (31 - n)) - 1;

	if (x > most)
		return INT32_MAX;
	if (x < -most)
		return INT32_MIN;
	return x * (1 << n);
}

/* exp(a) for a in [-1/4, 0): four terms of the Taylor series around -1/8. */
static int32_t
exp_last_quarter(int32_t a)
{
	int32_t x = a + (1 << 28);
	int32_t x2 = high_mul(x, x);
	int32_t x3 = high_mul(x2, x);
	int32_t x4 = high_mul(x2, x2);
	/* x^2/2 + x^3/6 + x^4/24 */
	int32_t tail = divide_pot(high_mul(divide_pot(x4, 2) + x3, THIRD_Q0) + x2, 1);

	return EXP_MINUS_EIGHTH_Q0 + high_mul(EXP_MINUS_EIGHTH_Q0, x + tail);
}

int32_t
fixed_exp(int32_t x, int int_bits)
{
	/* exp(-2^k) in Q0.31 for k = -2, -1, ... 4 */
	static const int32_t factor[] = {
		1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242
	};
	int frac_bits = 31 - int_bits;
	int32_t quarter = 1 << (frac_bits - 2);

	if (x == 0)
		return ONE_Q0;
	/* x = part - rest: part in [-1/4, 0), rest a multiple of 1/4 */
	int32_t part = (x & (quarter - 1)) - quarter;
	uint32_t rest = (uint32_t)part - (uint32_t)x;
	int32_t y = exp_last_quarter(shift_left_saturated(part, int_bits));

	for (int k = 0; k < int_bits + 2; k++)
		if (rest >> (frac_bits - 2 + k) & 1)
			y = high_mul(y, factor[k]);
	return y;
}

/* 1 / ((1 + a) / 2) in Q2.29 for a in [0, 1): three Newton-Raphson steps from 48/17 - 32/17 d. */
static int32_t
reciprocal_of_half_sum(int32_t a)
{
	int32_t d = (int32_t)(((int64_t)a + ONE_Q0 + 1) / 2);
	int32_t x = FORTY_EIGHT_17THS_Q2 + high_mul(d, MINUS_THIRTY_TWO_17THS_Q2);

	for (int i = 0; i < 3; i++) {
		int32_t error = ONE_Q2 - high_mul(d, x);

		x += shift_left_saturated(high_mul(x, error), 2);
	}
	return x;
}

/* 1 / (1 + a) for a in [0, 1), Q0.31. */
static int32_t
one_over_one_plus(int32_t a)
{
	return shift_left_saturated(reciprocal_of_half_sum(a), 1);
}

/* (1 - a) / (1 + a) for a in [0, 1), Q0.31. */
static int32_t
one_minus_over_one_plus(int32_t a)
{
	return shift_left_saturated(reciprocal_of_half_sum(a) - ONE_Q2, 2);
}

int32_t
fixed_sigmoid_q4(int32_t x)
{
	if (x == 0)
		return 1 << 30;
	int32_t y = one_over_one_plus(fixed_exp(x > 0 ? -x : x, 4));

	return x > 0 ? y : ONE_Q0 - y;
}

int32_t
fixed_tanh_q4(int32_t x)
{
	if (x == 0)
		return 0;
	/* the same raw value one format further is 2x */
	int32_t y = one_minus_over_one_plus(fixed_exp(x > 0 ? -x : x, 5));

	return x > 0 ? y : -y;
}

int32_t
fixed_reciprocal(int32_t x, int int_bits, int *shift)
{
	int headroom = __builtin_clz((unsigned)x);

	*shift = int_bits - headroom;
	/* the bits below the leading one are the fraction a of x = (1 + a) * 2^shift */
	return one_over_one_plus((int32_t)(((uint32_t)x << headroom) - ((uint32_t)1 << 31)));
}
