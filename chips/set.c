/* Sets of integers: alternatives, each a number or a range with a step, whose ends may depend on other variables. */
#include <config.h>
#include <math.h>
#include "chips/chip.h"

/* A range's ends as numbers. */
struct span { int64_t lo, hi, step; };

/* False: no integer, so nothing is in the range. */
static bool
integer(const struct ast_expr *e, const struct chip_vars *vars, int64_t *v)
{
	double d;

	if (e->kind == EXPR_INT) {
		*v = e->u.i;
		return true;
	}
	if (!chip_eval(e, vars, NULL, &d) || d != floor(d) || fabs(d) > 9007199254740992.0)
		return false;
	*v = (int64_t)d;
	return true;
}

static bool
span_of(const struct chip_range *r, const struct chip_vars *vars, struct span *s)
{
	s->step = 1;
	if (!integer(r->lo, vars, &s->lo))
		return false;
	s->hi = s->lo;
	if (r->hi && !integer(r->hi, vars, &s->hi))
		return false;
	if (r->step && !integer(r->step, vars, &s->step))
		return false;
	return s->lo <= s->hi && s->step > 0;
}

bool
chip_set_has(const struct chip_set *set, const struct chip_vars *vars, int64_t v)
{
	struct span s;

	for (size_t i = 0; i < set->ranges.n; i++)
		if (span_of(&set->ranges.v[i], vars, &s) && v >= s.lo && v <= s.hi && (v - s.lo) % s.step == 0)
			return true;
	return false;
}

int64_t
chip_set_at_most(const struct chip_set *set, const struct chip_vars *vars, int64_t v)
{
	int64_t best = -1;
	struct span s;

	for (size_t i = 0; i < set->ranges.n; i++) {
		if (!span_of(&set->ranges.v[i], vars, &s) || v < s.lo)
			continue;
		int64_t top = v < s.hi ? v : s.hi;
		int64_t member = top - (top - s.lo) % s.step;

		best = member > best ? member : best;
	}
	return best;
}

int64_t
chip_set_at_least(const struct chip_set *set, const struct chip_vars *vars, int64_t v)
{
	int64_t best = -1;
	struct span s;

	for (size_t i = 0; i < set->ranges.n; i++) {
		if (!span_of(&set->ranges.v[i], vars, &s) || v > s.hi)
			continue;
		int64_t over = v <= s.lo ? 0 : (v - s.lo) % s.step;
		int64_t member = v <= s.lo ? s.lo : over ? v + (s.step - over) : v;

		if (member <= s.hi && (best < 0 || member < best))
			best = member;
	}
	return best;
}

const struct chip_limit *
chip_op_limit(const struct chip_op *op, enum chip_var v)
{
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		if (l->kind == LIMIT_SET && l->var == v)
			return l;
	return NULL;
}

int32_t
chip_op_all(const struct chip_op *op, enum chip_var v)
{
	enum { MOST = 4096 };
	const struct chip_limit *l = chip_op_limit(op, v);
	struct chip_vars none;
	int64_t most;

	chip_vars_clear(&none);
	most = l ? chip_set_at_most(&l->set, &none, INT32_MAX) : 0;
	if (most > MOST)
		return 0;
	for (int64_t value = 1; value <= most; value++)
		if (!chip_set_has(&l->set, &none, value))
			return 0;
	return most > 0 ? (int32_t)most : 0;
}
