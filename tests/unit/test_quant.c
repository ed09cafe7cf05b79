/* The integer arithmetic: published values, definitions spelled out a second way, and dense samples. */
#include <config.h>

#include <math.h>
#include <string.h>

#include "ir/quant.h"
#include "asserts.h"

Suite *quant_suite(void);

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* A fixed sequence of 32-bit values (xorshift64). */
static uint32_t
next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

/* The integers at which rounding goes wrong first: around powers of two, their halves and the ends. */
static int
edge_values(int32_t *v)
{
	int n = 0;

	for (int k = 0; k < 31; k++)
		for (int d = -2; d <= 2; d++) {
			v[n++] = (int32_t)((INT64_C(1) << k) + d);
			v[n++] = (int32_t)(-(INT64_C(1) << k) + d);
		}
	for (int d = 0; d <= 3; d++) {
		v[n++] = INT32_MAX - d;
		v[n++] = INT32_MIN + d;
	}
	return n;
}
enum { EDGES = 31 * 10 + 8 };

/* tensorflow/lite/kernels/internal/quantization_util_test.cc: QuantizeMultiplier* */
static const struct { double real; int32_t m, shift; } multiplier_rows[] = {
	{ 0.25, 1073741824, -1 },
	{ 0.50 - 5e-9, 2147483627, -1 },
	{ 0.50 - 1e-10, 1073741824, 0 },
	{ 0.50, 1073741824, 0 },
	{ 0.75, 1610612736, 0 },
	{ 1 - 1e-9, 2147483646, 0 },
	{ 1 + 1e-11, 1073741824, 1 },
	{ 1.25, 1342177280, 1 },
	{ 1.75, 1879048192, 1 },
	{ 2 - 1e-9, 2147483647, 1 },
	{ 2 - 1e-11, 1073741824, 2 },
	{ 2, 1073741824, 2 },
	{ 0x1p-31, 1073741824, -30 },
	{ 0x1p-32, 1073741824, -31 },
	{ 0.99 * 0x1p-32, 0, 0 },
	{ 0x1p-33, 0, 0 },
	{ 0, 0, 0 },
	{ -4, -1073741824, 3 },
	{ -0.125, -1073741824, -2 },
	/* beyond the reference: kept instead of overflowing a shift */
	{ 0x1p31, INT32_MAX, 31 },
	{ 1e300, INT32_MAX, 31 },
	{ -1e300, -INT32_MAX, 31 },
	{ INFINITY, INT32_MAX, 31 },
	{ 5e-324, 0, 0 },
};

START_TEST(multiplier)
{
	struct multiplier m = multiplier_of(multiplier_rows[_i].real);

	ck_assert_int_eq(m.m, multiplier_rows[_i].m);
	ck_assert_int_eq(m.shift, multiplier_rows[_i].shift);
}
END_TEST

/* The same file: MultiplyByQuantizedMultiplierInt32 */
static const struct { int32_t x; double real; int32_t result; } multiply_rows[] = {
	{ 0, 0.1, 0 },
	{ 1, 0, 0 },
	{ 10000, 0.00097656, 10 },
	{ -10000, 0.00097656, -10 },
	{ INT32_MIN, 0.00001, -21475 },
	{ INT32_MAX, 0.00001, 21475 },
	{ 10000, -0.00097656, -10 },
	{ -10000, -0.00097656, 10 },
	{ INT32_MIN, -0.00001, 21475 },
	{ INT32_MAX, -0.00001, -21475 },
};

START_TEST(multiply)
{
	ck_assert_int_eq(multiply_by(multiply_rows[_i].x, multiplier_of(multiply_rows[_i].real)), multiply_rows[_i].result);
}
END_TEST

/* The definition: a nudge towards the sign and a truncating division. */
static int32_t
high_mul_by_division(int32_t a, int32_t b)
{
	int64_t ab = (int64_t)a * b;
	int64_t nudge = ab >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);

	return a == INT32_MIN && b == INT32_MIN ? INT32_MAX : (int32_t)((ab + nudge) / (INT64_C(1) << 31));
}

START_TEST(high_mul_is_its_definition)
{
	int32_t v[EDGES];
	uint64_t state = 1;
	int n = edge_values(v);

	for (int i = 0; i < n; i++)
		for (int k = 0; k < n; k++)
			if (high_mul(v[i], v[k]) != high_mul_by_division(v[i], v[k]))
				ck_abort_msg("high_mul(%d, %d)", v[i], v[k]);
	for (int i = 0; i < 1000000; i++) {
		int32_t a = (int32_t)next(&state), b = (int32_t)next(&state) >> (i % 31);

		if (high_mul(a, b) != high_mul_by_division(a, b))
			ck_abort_msg("high_mul(%d, %d)", a, b);
	}
}
END_TEST

/* Half away from zero, on magnitudes. */
static int32_t
divide_by_magnitude(int32_t x, int n)
{
	int64_t size = x < 0 ? -(int64_t)x : x;
	int64_t q = n ? (size + (INT64_C(1) << (n - 1))) >> n : size;

	return (int32_t)(x < 0 ? -q : q);
}

START_TEST(divide_rounds_half_away_from_zero)
{
	int32_t v[EDGES];
	uint64_t state = 2;
	int count = edge_values(v);

	for (int n = 0; n <= 31; n++) {
		for (int i = 0; i < count; i++)
			if (divide_pot(v[i], n) != divide_by_magnitude(v[i], n))
				ck_abort_msg("divide_pot(%d, %d)", v[i], n);
		for (int i = 0; i < 100000; i++) {
			int32_t x = (int32_t)next(&state) >> (i % 31);

			if (divide_pot(x, n) != divide_by_magnitude(x, n))
				ck_abort_msg("divide_pot(%d, %d)", x, n);
		}
	}
	ck_assert_int_eq(divide_pot(3, 1), 2);
	ck_assert_int_eq(divide_pot(-3, 1), -2);
	ck_assert_int_eq(divide_pot(-1, 1), -1);
}
END_TEST

/* docs/numerics.md: for shifts to the right of n >= 1 the two roundings are one addition and one shift. */
static int32_t
collapsed(int32_t x, int32_t m, int n)
{
	int64_t round = (INT64_C(1) << 30) + (INT64_C(1) << (30 + n)) - (x < 0 ? INT64_C(1) << 31 : 0);

	return (int32_t)(((int64_t)x * m + round) >> (31 + n));
}

START_TEST(two_roundings_collapse)
{
	int32_t v[EDGES];
	uint64_t state = 3;
	int n = _i, count = edge_values(v);

	for (int i = 0; i < count; i++)
		for (int k = 0; k < count; k++) {
			int32_t m = v[k] | 1 << 30;

			if (m > 0 && multiply_by(v[i], (struct multiplier){ m, -n }) != collapsed(v[i], m, n))
				ck_abort_msg("x %d m %d n %d", v[i], m, n);
		}
	for (int i = 0; i < 100000; i++) {
		int32_t x = (int32_t)next(&state) >> (i % 24);
		int32_t m = i % 5 ? (int32_t)(next(&state) >> 2 | 1u << 30) : (int32_t)(1u << 30 | next(&state) >> 2 << (i % 30)) & INT32_MAX;

		if (multiply_by(x, (struct multiplier){ m, -n }) != collapsed(x, m, n))
			ck_abort_msg("x %d m %d n %d", x, m, n);
	}
	/* exact halves: x * m / 2^31 = k + 1/2 with m = 2^30 */
	for (int32_t x = -20000; x < 20000; x++)
		if (multiply_by(x, (struct multiplier){ 1 << 30, -n }) != collapsed(x, 1 << 30, n))
			ck_abort_msg("tie at x %d n %d", x, n);
}
END_TEST

START_TEST(shift_to_the_left_wraps)
{
	ck_assert_int_eq(multiply_by(3, (struct multiplier){ 1 << 30, 31 }), -(1 << 30));
	ck_assert_int_eq(multiply_by(2, (struct multiplier){ 1 << 30, 31 }), 0);
	ck_assert_int_eq(multiply_by(-1, (struct multiplier){ INT32_MAX, 31 }), -INT32_MAX);
	ck_assert_int_eq(multiply_by(77, (struct multiplier){ 1 << 30, 1 }), 77);
	ck_assert_int_eq(multiply_by(INT32_MIN, (struct multiplier){ 0, 0 }), 0);
}
END_TEST

/* Raw results of the gemmlowp library (fixedpoint/fixedpoint.h, Debian's libgemmlowp-dev). */
enum fixed_fn { EXP5, SIGMOID4, TANH4 };
static const struct { enum fixed_fn fn; int32_t x, y; } fixed_rows[] = {
	{ EXP5, 0, INT32_MAX }, { EXP5, -1, 2147483124 }, { EXP5, -1000, 2147451157 },
	{ EXP5, -16777216, 1672462419 }, { EXP5, -16777217, 1672461539 }, { EXP5, -67108864, 790015308 },
	{ EXP5, -123456789, 341177383 }, { EXP5, -1000000000, 725 }, { EXP5, -INT32_MAX, 0 },
	{ SIGMOID4, 0, 1 << 30 }, { SIGMOID4, 1, 1073741948 }, { SIGMOID4, 16777217, 1140763450 },
	{ SIGMOID4, 123456789, 1535464548 }, { SIGMOID4, INT32_MAX, 2147483406 }, { SIGMOID4, -1, 1073741699 },
	{ SIGMOID4, -67108864, 810762557 }, { SIGMOID4, -1000000000, 1247187 }, { SIGMOID4, -INT32_MAX, 241 },
	{ TANH4, 0, 0 }, { TANH4, -1, -260 }, { TANH4, -1000, -16236 }, { TANH4, -16777217, -267046296 },
	{ TANH4, 67108864, 992388804 }, { TANH4, -1000000000, -2147482200 }, { TANH4, INT32_MAX, INT32_MAX },
};

static int32_t
fixed_result(enum fixed_fn fn, int32_t x)
{
	return fn == EXP5 ? fixed_exp(x, 5) : fn == SIGMOID4 ? fixed_sigmoid_q4(x) : fixed_tanh_q4(x);
}

START_TEST(fixed_point)
{
	ck_assert_int_eq(fixed_result(fixed_rows[_i].fn, fixed_rows[_i].x), fixed_rows[_i].y);
}
END_TEST

/* The errors that gemmlowp's own test allows (test/test_fixedpoint.cc). */
START_TEST(fixed_point_is_near_the_real_function)
{
	int32_t v[EDGES];
	int count = edge_values(v);

	for (int i = 0; i < count; i++) {
		int32_t x = v[i] == INT32_MIN ? -INT32_MAX : v[i], down = x > 0 ? -x : x;

		for (int bits = 1; bits <= 5; bits++)
			ck_assert_double_eq_tol(fixed_exp(down, bits) * 0x1p-31, exp(ldexp(down, bits - 31)), 3e-7);
		ck_assert_double_eq_tol(fixed_tanh_q4(x) * 0x1p-31, tanh(x * 0x1p-27), 1.5e-7);
		ck_assert_double_eq_tol(fixed_sigmoid_q4(x) * 0x1p-31, 1 / (1 + exp(-x * 0x1p-27)), 1.5e-7);
	}
	for (int32_t x = 1 << 19; x > 0 && x < INT32_MAX / 3; x += x / 7) {
		int shift;
		double r = fixed_reciprocal(x, 12, &shift) * 0x1p-31;

		ck_assert_double_eq_tol(r * ldexp(x * 0x1p-19, -shift), 1, 1e-8);
	}
}
END_TEST

static const struct { float lo, hi, scale; int32_t zero, q_lo, q_hi; } clamp_rows[] = {
	{ -INFINITY, INFINITY, 0.1f, 5, -128, 127 },
	{ 0, INFINITY, 0.1f, 5, 5, 127 },
	{ 0, 6, 0.1f, -10, -10, 50 },
	{ 0, 6, 0.023529f, -128, -128, 127 },
	{ 0, 6, 0.5f, 127, 127, 127 },
	{ -1, 1, 0.25f, 0, -4, 4 },
	{ -1.25f, 1.25f, 0.5f, 3, 0, 6 },   /* 2.5 rounds away from zero */
	{ 100, 200, 0.5f, 0, 127, 127 },    /* both beyond the type */
	{ -1e38f, 1e38f, 1e-30f, -128, -128, 127 },
};

START_TEST(clamp)
{
	float scale = clamp_rows[_i].scale;
	struct quant q = { .count = 1, .scale = &scale, .zero = clamp_rows[_i].zero };
	int32_t lo, hi;

	clamp_quantise((struct clamp){ clamp_rows[_i].lo, clamp_rows[_i].hi }, &q, DT_I8, &lo, &hi);
	ck_assert_int_eq(lo, clamp_rows[_i].q_lo);
	ck_assert_int_eq(hi, clamp_rows[_i].q_hi);
}
END_TEST

START_TEST(values)
{
	float half = 0.5f, tiny = 1e-45f;
	struct quant q = { .count = 1, .scale = &half, .zero = -1 }, t = { .count = 1, .scale = &tiny, .zero = 3 };

	ck_assert_int_eq(value_quantise(-63.5f, &q, DT_I8), -128);
	ck_assert_int_eq(value_quantise(64, &q, DT_I8), 127);
	ck_assert_int_eq(value_quantise(0.25f, &q, DT_I8), 0);
	ck_assert_int_eq(value_quantise(-0.25f, &q, DT_I8), -2);
	ck_assert_int_eq(value_quantise(0.2499f, &q, DT_I8), -1);
	ck_assert_int_eq(value_quantise(INFINITY, &q, DT_I8), 127);
	ck_assert_int_eq(value_quantise(-1e30f, &q, DT_I8), -128);
	ck_assert_int_eq(value_quantise(NAN, &q, DT_I8), -1);
	ck_assert_int_eq(value_quantise(1, &t, DT_I8), 127);
	ck_assert_int_eq(value_quantise(0, &t, DT_I8), 3);
}
END_TEST

/* The product of scales is rounded to float for a dense layer of one scale only.  Expected: worked out with
 * exact rationals. */
static const struct { enum op op; int scales; int32_t m, shift; } layer_rows[] = {
	{ OP_DENSE, 1, 1684181034, -5 },
	{ OP_DENSE, 2, 1684180972, -5 },
	{ OP_CONV2D, 1, 1684180972, -5 },
	{ OP_CONV2D, 2, 1684180972, -5 },
	{ OP_DWCONV2D, 1, 1684180972, -5 },
	{ OP_TCONV2D, 1, 1684180972, -5 },
};

START_TEST(layers)
{
	struct arena a = { 0 };
	float in = 0.39101523f, out = 0.04945913f, weight[2] = { 0.0031f, 0.0031f };
	struct tensor x = { .quant = { 1, &in, 0, 0 } };
	struct tensor w = { .quant = { layer_rows[_i].scales, weight, 0, 0 } };
	struct tensor y = { .quant = { 1, &out, 0, 0 }, .shape = { 1, { 2 } } };
	struct tensor *ins[] = { &x, &w };
	struct node n = { .op = layer_rows[_i].op, .in = ins, .nin = 2, .out = &y };
	const struct multiplier *m = layer_multipliers(&a, &n);

	for (int c = 0; c < 2; c++) {
		ck_assert_int_eq(m[c].m, layer_rows[_i].m);
		ck_assert_int_eq(m[c].shift, layer_rows[_i].shift);
	}
	arena_free(&a);
}
END_TEST

/* quantization_util_test.cc: PreprocessSoftmaxScaling and CalculateInputRadius */
START_TEST(radii)
{
	float scale = 16;
	struct tensor x = { .quant = { 1, &scale, 0, 0 } };
	struct tensor *in = &x;
	struct node n = { .in = &in, .nin = 1, .attr = { .beta = 2 } };
	struct softmax_params soft;
	struct sigmoid_params sig;

	softmax_params_of(&n, &soft);
	ck_assert_int_eq(soft.input.m, INT32_MAX);
	ck_assert_int_eq(soft.input.shift, 31);
	scale = 8;
	softmax_params_of(&n, &soft);
	ck_assert_int_eq(soft.input.m, 1 << 30);
	ck_assert_int_eq(soft.input.shift, 31);
	ck_assert_int_eq(soft.diff_min, 0);
	scale = 0.5f;
	sigmoid_params_of(&n, &sig);
	ck_assert_int_eq(sig.radius, 15);
	scale = 0x1p-26f;
	sigmoid_params_of(&n, &sig);
	ck_assert_int_eq(sig.radius, 503316480);
}
END_TEST

Suite *
quant_suite(void)
{
	Suite *s = suite_create("quant");
	TCase *t = tcase_create("multipliers");

	tcase_add_loop_test(t, multiplier, 0, COUNT(multiplier_rows));
	tcase_add_loop_test(t, multiply, 0, COUNT(multiply_rows));
	tcase_add_test(t, high_mul_is_its_definition);
	tcase_add_test(t, divide_rounds_half_away_from_zero);
	tcase_add_loop_test(t, two_roundings_collapse, 1, 32);
	tcase_add_test(t, shift_to_the_left_wraps);
	suite_add_tcase(s, t);
	t = tcase_create("fixed point");
	tcase_add_loop_test(t, fixed_point, 0, COUNT(fixed_rows));
	tcase_add_test(t, fixed_point_is_near_the_real_function);
	suite_add_tcase(s, t);
	t = tcase_create("derivations");
	tcase_add_loop_test(t, clamp, 0, COUNT(clamp_rows));
	tcase_add_test(t, values);
	tcase_add_loop_test(t, layers, 0, COUNT(layer_rows));
	tcase_add_test(t, radii);
	suite_add_tcase(s, t);
	return s;
}
