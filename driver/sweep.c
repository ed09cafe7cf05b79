/* netc check --sweep=UNIT.VARIABLE=LO..HI[:STEP]: what another limit of a unit would make of a network. */
#include <config.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "driver/plans.h"
#include "driver/progress.h"

struct sweep {
	const struct chip_op *unit;
	enum chip_var var;
	int64_t lo, hi, step;    /* step 0: doubling */
};

enum { VALUES_MAX = 200 };

/* ---- what is asked ---- */

static bool
sweep_error(struct compilation *c, const char *text, const char *why)
{
	progress_end();
	diag_error(&c->diag, LOC_NONE, "--sweep=%s: %s", text, why);
	return false;
}

/* The unit whose title or kind is the LEN bytes at S. */
static const struct chip_op *
find_unit(const struct chip *chip, const char *s, size_t len)
{
	for (size_t i = 0; i < chip->ops.n; i++) {
		const struct chip_op *u = &chip->ops.v[i];
		const char *kind = chip_kind_info[u->kind].name;

		if ((strlen(u->title) == len && memcmp(u->title, s, len) == 0) || (strlen(kind) == len && memcmp(kind, s, len) == 0))
			return u;
	}
	return NULL;
}

static bool
read_number(const char **s, int64_t *n)
{
	char *end;

	if (**s < '0' || **s > '9')
		return false;
	*n = strtoll(*s, &end, 10);
	*s = end;
	return *n >= 1 && *n <= INT32_MAX;
}

static bool
read_range(const char *s, struct sweep *w)
{
	if (!read_number(&s, &w->lo) || strncmp(s, "..", 2) != 0)
		return false;
	s += 2;
	if (!read_number(&s, &w->hi) || w->hi < w->lo)
		return false;
	if (*s == ':') {
		s++;
		if (!read_number(&s, &w->step))
			return false;
	}
	return !*s;
}

static bool
read_sweep(struct compilation *c, const char *text, struct sweep *w)
{
	const char *equals = strrchr(text, '='), *dot;
	char *word;

	if (!equals)
		return sweep_error(c, text, "write UNIT.VARIABLE=LO..HI, conv2d.in=16..2048");
	for (dot = equals; dot > text && *dot != '.'; dot--)
		;
	if (dot == text)
		return sweep_error(c, text, "write UNIT.VARIABLE=LO..HI, conv2d.in=16..2048");
	w->unit = find_unit(c->chip, text, (size_t)(dot - text));
	if (!w->unit)
		return sweep_error(c, text, arena_printf(&c->ir, "'%s' has no unit of that name", c->chip->file));
	word = arena_strndup(&c->ir, dot + 1, (size_t)(equals - dot - 1));
	if (!chip_var_lookup(word, &w->var) || !(chip_kind_vars(w->unit->kind) >> w->var & 1))
		return sweep_error(c, text, arena_printf(&c->ir, "'%s' is no number of a %s", word, chip_kind_info[w->unit->kind].name));
	if (!read_range(equals + 1, w))
		return sweep_error(c, text, "the values are LO..HI or LO..HI:STEP, from 1 up");
	if (w->step && (w->hi - w->lo) / w->step >= VALUES_MAX)
		return sweep_error(c, text, arena_printf(&c->ir, "that is more than %d values", VALUES_MAX));
	return true;
}

/* ---- the chip with another limit ---- */

static const struct ast_expr *
number(struct arena *a, int64_t v)
{
	struct ast_expr *e = ARENA_NEW(a, struct ast_expr);

	e->kind = EXPR_INT;
	e->depth = 1;
	e->u.i = v;
	e->text = arena_printf(a, "%" PRId64, v);
	return e;
}

/* SET with MAX as its largest member: alternatives above go, the highest one that is left ends there. */
static struct chip_set
set_up_to(struct arena *a, const struct chip_set *set, int64_t max)
{
	struct chip_set s = { 0 };
	struct chip_vars none;
	size_t top = 0;
	double lo, best = -1;

	chip_vars_clear(&none);
	for (size_t i = 0; i < set->ranges.n; i++) {
		if (!chip_eval(set->ranges.v[i].lo, &none, NULL, &lo) || lo > (double)max)
			continue;
		if (lo > best) {
			best = lo;
			top = s.ranges.n;
		}
		ARRAY_PUSH(a, s.ranges, set->ranges.v[i]);
	}
	if (s.ranges.n == 0) { /* nothing so small is in it: the value itself */
		struct chip_range only = { .loc = set->ranges.n ? set->ranges.v[0].loc : LOC_NONE, .lo = number(a, max) };

		ARRAY_PUSH(a, s.ranges, only);
	} else
		s.ranges.v[top].hi = number(a, max);
	return s;
}

static bool
sets(const struct chip_limit *l, enum chip_var var)
{
	return l->kind == LIMIT_SET && l->var == var;
}

/* The unit's limits with those of VAR ending at MAX; a new one when it has none. */
static struct chip_limit *
limits_up_to(struct arena *a, const struct chip_op *u, enum chip_var var, int64_t max)
{
	struct chip_limit *first = NULL, **last = &first;
	bool found = false;

	for (const struct chip_limit *l = u->limits; l; l = l->next) {
		*last = ARENA_NEW(a, struct chip_limit);
		**last = *l;
		if (sets(l, var)) {
			(*last)->set = set_up_to(a, &l->set, max);
			found = true;
		}
		last = &(*last)->next;
	}
	*last = NULL;
	if (!found) {
		struct chip_range range = { .loc = u->loc, .lo = number(a, 1), .hi = number(a, max) };

		*last = ARENA_NEW(a, struct chip_limit);
		**last = (struct chip_limit){ .kind = LIMIT_SET, .loc = u->loc, .source = "swept", .var = var };
		ARRAY_PUSH(a, (*last)->set.ranges, range);
	}
	return first;
}

static const struct chip *
chip_up_to(struct arena *a, const struct chip *from, const struct sweep *w, int64_t max)
{
	struct chip *chip = ARENA_NEW(a, struct chip);

	*chip = *from;
	chip->ops.v = ARENA_ARRAY(a, struct chip_op, from->ops.n);
	for (size_t i = 0; i < from->ops.n; i++) {
		chip->ops.v[i] = from->ops.v[i];
		chip->ops.v[i].chip = chip;
		if (chip->ops.v[i].kind == w->unit->kind && (&from->ops.v[i] == w->unit))
			chip->ops.v[i].limits = limits_up_to(a, w->unit, w->var, max);
	}
	return chip;
}

/* ---- the table ---- */

enum { COL_VALUE, COL_CALLS, COL_CYCLES, COL_BYTES, COL_FITS, COL_CUT, COL_DOT, COL_PORTABLE, COL_CLASS, COL_NOTE, COLUMNS };

static int64_t
next_value(const struct sweep *w, int64_t v)
{
	int64_t next = w->step ? v + w->step : 2 * v;

	return next > w->hi && v < w->hi ? w->hi : next;
}

/* The largest the chip itself takes, or -1. */
static int64_t
own_value(const struct sweep *w)
{
	struct chip_vars none;

	chip_vars_clear(&none);
	for (const struct chip_limit *l = w->unit->limits; l; l = l->next)
		if (sets(l, w->var))
			return chip_set_at_most(&l->set, &none, INT32_MAX);
	return -1;
}

static const char *
first_impossible(struct arena *a, const struct layer_plan *p)
{
	for (; p; p = p->next)
		if (p->plan.why)
			return arena_printf(a, "no plan for '%s'", p->layer);
	return NULL;
}

static void
add_value(struct compilation *c, struct table *t, struct pass_ctx *ctx, const struct sweep *w, int64_t v, bool own)
{
	const struct chip *chip = own ? c->chip : chip_up_to(&c->ir, c->chip, w, v);
	const struct layer_plan *plans = legalise_survey(c->graph, ctx, chip);
	struct plan_sums s = plan_sums(plans);
	const char **cell = table_row(t), *no = first_impossible(&c->ir, plans);

	cell[COL_VALUE] = table_count(&c->ir, v);
	cell[COL_CALLS] = table_count(&c->ir, s.calls);
	cell[COL_CYCLES] = plan_cycles(&c->ir, s.cycles);
	cell[COL_BYTES] = table_count(&c->ir, s.bytes);
	cell[COL_FITS] = table_count(&c->ir, s.layers[STATUS_FITS]);
	cell[COL_CUT] = table_count(&c->ir, s.layers[STATUS_DECOMPOSED]);
	cell[COL_DOT] = table_count(&c->ir, s.layers[STATUS_DOT]);
	cell[COL_PORTABLE] = table_count(&c->ir, s.layers[STATUS_PORTABLE]);
	cell[COL_CLASS] = plan_class_text(&c->ir, &s.worst);
	cell[COL_NOTE] = no ? no : own ? "as it is" : "";
	arena_free(ctx->scratch);
}

void
sweep_print(struct compilation *c, const struct options *o, struct pass_ctx *ctx)
{
	struct sweep w = { 0 };
	const char *titles[COLUMNS] = { NULL, "calls", "cycles", "bytes", "fit", "decomposed", "dot", "portable", "class", "" };
	struct table t;
	int64_t own;

	if (!read_sweep(c, o->sweep, &w))
		return;
	own = own_value(&w);
	titles[COL_VALUE] = chip_var_info[w.var].name;
	t = table_new(&c->ir, titles, COLUMNS, (1u << COL_CLASS) - 1);
	for (int64_t v = w.lo, before = 0; v <= w.hi; before = v, v = next_value(&w, v)) {
		if (own > before && own < v)
			add_value(c, &t, ctx, &w, own, true);
		add_value(c, &t, ctx, &w, v, v == own);
	}
	progress_end();
	if (c->diag.errors)
		return;
	printf("%s on %s, the most %s of %s\n\n", c->graph->name, c->chip->file, chip_var_info[w.var].name, w.unit->title);
	table_print(stdout, &t);
}
