#ifndef NN_FIXED_H
#define NN_FIXED_H
#include <stdint.h>

/* Fixed-point functions of the gemmlowp library's definition.  A number in Qi has i integer bits, 31 - i fraction bits
 * and a sign; the product of Qa and Qb is Q(a + b).  Each rounding is part of the result's definition. */

/* a * b, rounded to the nearest. */
static inline int32_t
nn_mul_fixed(int32_t a, int32_t b)
{
	return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^n rounded to the nearest, halves away from zero; n in [0, 31]. */
static inline int32_t
nn_div_pot(int32_t x, int32_t n)
{
	const int32_t mask = (int32_t)(((int64_t)1 << n) - 1);
	return (x >> n) + ((x & mask) > (mask >> 1) + (x < 0));
}

/* x * 2^n, saturated. */
static inline int32_t
nn_mul_pot(int32_t x, int32_t n)
{
	const int32_t most = INT32_MAX >> n;
	return x > most ? INT32_MAX : x < -most ? INT32_MIN : x * ((int32_t)1 << n);
}

/* e^x for x <= 0 in Q5, as Q0. */
static inline int32_t
nn_exp_q5(int32_t x)
{
	static const int32_t power[] = { /* e^-(2^k) for k = -2 ... 4 */
		1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242
	};
	const int32_t quarter = (int32_t)1 << 24, eighth = (int32_t)1 << 28 /* in Q0 */;
	const int32_t exp_eighth = 1895147668, third = 715827883; /* e^(-1/8), 1/3 */

	if (x == 0)
		return INT32_MAX;
	/* x = part - rest, part in [-1/4, 0): a Taylor series around -1/8 for one, a product for the other. */
	const int32_t part = (x & (quarter - 1)) - quarter, rest = part - x;
	const int32_t d = part * 32 + eighth, d2 = nn_mul_fixed(d, d);
	const int32_t d3 = nn_mul_fixed(d2, d), d4 = nn_mul_fixed(d2, d2);
	const int32_t tail = nn_div_pot(nn_mul_fixed(nn_div_pot(d4, 2) + d3, third) + d2, 1);
	int32_t y = exp_eighth + nn_mul_fixed(exp_eighth, d + tail);
	for (int32_t k = 0; k < 7; k++)
		if (rest & (quarter << k))
			y = nn_mul_fixed(y, power[k]);
	return y;
}

/* 1 / (1 + x) for x in [0, 1), both in Q0: three steps of Newton's from 48/17 - 32/17 d, d = (1 + x) / 2. */
static inline int32_t
nn_inverse_q0(int32_t x)
{
	const int32_t one = (int32_t)1 << 29; /* in Q2, as y */
	const int32_t d = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
	int32_t y = 1515870810 + nn_mul_fixed(d, -1010580540);
	for (int32_t step = 0; step < 3; step++)
		y += nn_mul_pot(nn_mul_fixed(y, one - nn_mul_fixed(d, y)), 2);
	return nn_mul_pot(y, 1);
}

#endif
