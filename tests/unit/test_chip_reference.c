/* What mocks and conformance suites embed (runtime/nn_chip_reference.h) against the compiler's own tables and arithmetic: they are
 * written apart, and must agree. */
#include <config.h>
#include "chips/chip.h"
#include "asserts.h"
#include "random_graph.h"
#include "unit.h"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "runtime/nn_chip_reference.h"

Suite *chip_reference_suite(void);

/* ---- ORDER ---- */

#define CHIP_VAR(id, text, help) _Static_assert((int)NN_##id == (int)VAR_##id, "order of " text);
#include "chips/vars.def"
#undef CHIP_VAR
_Static_assert((int)NN_VARS == (int)VAR_COUNT, "number of variables");
#define KIND(id, text, op, operands, help) _Static_assert((int)NN_##id == (int)KIND_##id, "order of " text);
#include "chips/kinds.def"
#undef KIND
_Static_assert((int)NN_DIM_H == (int)DIM_H && (int)NN_DIM_W == (int)DIM_W && (int)NN_DIM_IN == (int)DIM_IN
	&& (int)NN_DIM_OUT == (int)DIM_OUT && (int)NN_DIM_KH == (int)DIM_KH && (int)NN_DIM_KW == (int)DIM_KW
	&& (int)NN_DIM_ROWS == (int)DIM_ROWS && (int)NN_DIM_N == (int)DIM_N && (int)NN_DIMS == (int)DIM_COUNT, "order of dimensions");
_Static_assert((int)NN_F32 == (int)DT_F32 && (int)NN_I8 == (int)DT_I8 && (int)NN_I16 == (int)DT_I16 && (int)NN_I32 == (int)DT_I32,
	"order of types");
_Static_assert((int)NN_DOUBLE == (int)ROUNDING_DOUBLE && (int)NN_SINGLE == (int)ROUNDING_SINGLE && (int)NN_EVEN == (int)ROUNDING_EVEN
	&& (int)NN_SHIFT == (int)ROUNDING_SHIFT, "order of roundings");

/* ---- roundings ---- */

/* Sums near ties, near the ends and in between. */
static int32_t
some_sum(struct rng *r)
{
	static const int32_t ends[] = { 0, 1, -1, INT32_MAX, INT32_MIN, INT32_MIN + 1, 1 << 30, -(1 << 30) };

	if (rng_below(r, 4) == 0)
		return ends[rng_below(r, ROWS(ends))];
	return (int32_t)rng_next(r) >> rng_below(r, 31);
}

START_TEST(roundings)
{
	enum { SUMS = 20000 };
	struct rng r = { 7 + (uint64_t)_i };
	struct nn_unit u = { .rounding = _i };

	for (int k = 0; k < SUMS; k++) {
		double real = ldexp(1 + (double)(rng_next(&r) % 1000000) / 1000001, -rng_below(&r, 20) - 1);
		struct multiplier by = multiplier_of(_i == ROUNDING_SHIFT ? ldexp(1, -rng_below(&r, 20)) : real);
		float scale = (float)real;
		struct rescale s = { .rounding = (enum rounding)_i, .by = &by, .scale = &scale };
		int8_t shift = (int8_t)(_i == ROUNDING_SHIFT ? by.shift - 1 : by.shift);
		struct nn_call c = { .multiplier = &by.m, .shift = &shift, .scale = &scale };
		int32_t sum = some_sum(&r), want = rescale_at(&s, sum, 0);
		int64_t found = nn_rescaled(&u, &c, 0, sum);

		ck_assert_msg(clamp_i32(found, INT32_MIN, INT32_MAX) == want, "%s: %d by %d, %d: %lld, not %d", rounding_names[_i], sum, by.m,
			by.shift, (long long)found, want);
	}
}
END_TEST

Suite *
chip_reference_suite(void)
{
	Suite *s = suite_create("chip_reference");
	TCase *tc = tcase_create("chip_reference");

	tcase_add_loop_test(tc, roundings, 0, ROUNDING_COUNT);
	suite_add_tcase(s, tc);
	return s;
}
