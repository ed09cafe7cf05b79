/* What only a whole unit shows: properties that contradict each other, relations that go round in circles, formulas without a value.
 *
 * Formulas are tried at calls that the limits allow: for every variable that enters, the first of its values and the last, with
 * all others at their least, at their largest, and at their largest over a small image. */
#include <config.h>
#include "chips/blocks.h"
#include "chips/runs.h"
#include "chips/reader.h"

/* ---- properties that need each other ---- */

static const struct chip_type *
type_of_result(const struct chip_op *op, enum dtype y)
{
	for (size_t i = 0; i < op->types.n; i++)
		if (op->types.v[i].y == y)
			return &op->types.v[i];
	return NULL;
}

static void
check_partial(struct reader *r)
{
	const struct chip_op *op = r->op;

	if (op->partial != PARTIAL_NONE && !type_of_result(op, op->partial_type))
		diag_error(r->diag, op->partial_loc, "partial sums are %s but no type has that result", dtype_info[op->partial_type].name);
}

static void
check_requant(struct reader *r)
{
	const struct chip_op *op = r->op;
	const struct chip_type *t = type_of_result(op, DT_I8);
	bool makes_scale = op->kind != KIND_RELU && op->kind != KIND_COPY && op->kind != KIND_MAXPOOL && op->kind != KIND_AVGPOOL
		&& op->kind != KIND_BLOCK && op->kind != KIND_RUNS;

	if (t && makes_scale && !op->requant.loc.start)
		diag_error(r->diag, t->loc, "the result is i8 but 'requant' does not say how it is made of a sum");
	if (!t && op->requant.loc.start)
		diag_error(r->diag, op->requant.loc, "'requant' is of i8 results but no type has one");
}

static void
check_zero(struct reader *r)
{
	const struct chip_op *op = r->op;
	bool pool = op->kind == KIND_MAXPOOL || op->kind == KIND_AVGPOOL;

	if (op->padding_loc.start && op->pads_zero_point && !pool && !op->x_zero)
		diag_error(r->diag, op->padding_loc, "cells outside cannot be zero points: the unit takes none of x");
}

/* A block of runs takes any number of windows up to its most. */
static void
check_runs(struct reader *r)
{
	const struct chip_op *op = r->op;
	const int32_t rows = chip_op_all(op, VAR_ROWS);

	if (!rows || rows > RUNS_ROWS || !block_most(op, VAR_OUT))
		diag_error(r->diag, op->loc, "a block of runs says how many windows and channels it takes: rows = 1..N (at most %d); out = SET;", RUNS_ROWS);
	if (op->types.n && (op->types.v[0].x != DT_I8 || op->types.v[0].y != DT_I8))
		diag_error(r->diag, op->types.v[0].loc, "runs are of i8, and so are their results");
	if (op->types.n > 1)
		diag_error(r->diag, op->types.v[1].loc, "a block has one type");
}

/* Windows of f32 are read where they lie, in runs, and their weights from any value on: those of all channels lie side by side
 * for each value.  Nothing is left over by a block that takes fewer rows and channels too. */
static void
check_block_f32(struct reader *r)
{
	static const char *const needed[] = { "runs", "x_run", "w_run", "in", "rows", "out" };
	const struct chip_op *op = r->op;
	const struct chip_layout *w = &op->layout[OPERAND_W];
	const int32_t out = block_size(op, VAR_OUT);

	if (op->types.v[0].x != DT_F32 || op->types.v[0].w != DT_F32 || op->types.v[0].b != DT_F32)
		diag_error(r->diag, op->types.v[0].loc, "a block that gives f32 has the type f32 * f32 + f32 -> f32");
	if (!block_size(op, VAR_ROWS) || !out)
		diag_error(r->diag, op->loc, "a block of f32 takes any number of rows and channels up to its most: rows = 1..N; out = 1..N;");
	else if (w->n != 3 || w->axis[0].dim != DIM_OUT || w->axis[0].div != out || w->axis[1].dim != DIM_IN || w->axis[1].div != 1
			|| w->axis[1].mod || w->axis[2].dim != DIM_OUT || w->axis[2].mod != out)
		diag_error(r->diag, w->loc.start ? w->loc : op->loc, "the weights of this block lie as w [out / %d, in, out %% %d]", out, out);
	if (!op->layout[OPERAND_X].pitch || !op->layout[OPERAND_Y].pitch)
		diag_error(r->diag, op->loc, "a block of f32 reads x [rows, in] pitch and writes y [rows, out] pitch");
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!chip_template_has(&op->call, needed[i]))
			diag_error(r->diag, op->call_loc, "the call is not given '{%s}'", needed[i]);
}

/* A block is of one size, and its results are the network's own. */
static void
check_block(struct reader *r)
{
	const struct chip_op *op = r->op;

	if (op->kind == KIND_RUNS)
		check_runs(r);
	if (op->kind != KIND_BLOCK || !op->types.n)
		return;
	static const char *const of_all[] = { "in", "runs", "x_run", "rows", "out" };

	for (size_t i = 0; block_takes_all(op) && i < sizeof of_all / sizeof *of_all; i++)
		if (!chip_template_has(&op->call, of_all[i]))
			diag_error(r->diag, op->call_loc, "the call is not given '{%s}'", of_all[i]);
	if (op->scratch && !chip_template_has(&op->call, "scratch"))
		diag_error(r->diag, op->call_loc, "the call is not given '{scratch}'");
	if (block_is_flexible(op))
		check_block_f32(r);
	else if (block_takes_all(op) && !block_rows(op))
		diag_error(r->diag, op->loc, "a block of a run of channels takes any rows up to its most: rows = 1..N;");
	else if (!block_takes_all(op) && (!block_size(op, VAR_ROWS) || !block_size(op, VAR_OUT)))
		diag_error(r->diag, op->loc, "a block has one size: rows = N; out = N;");
	if (op->types.n > 1)
		diag_error(r->diag, op->types.v[1].loc, "a block has one type");
}

/* ---- pairs against the sets of their variables ---- */

static bool
is_constant(const struct chip_limit *l)
{
	return !l || l->vars == 0;
}

/* Whether range I of SET and the constant set L (NULL: anything) have a value in common. */
static bool
meets(const struct chip_set *set, size_t i, const struct chip_limit *l)
{
	struct chip_set one = { .ranges = { &set->ranges.v[i], 1, 1 } };
	struct chip_vars none;
	int tries = 0;

	chip_vars_clear(&none);
	for (int64_t v = chip_set_at_least(&one, &none, 1); v >= 0 && tries < 4096; v = chip_set_at_least(&one, &none, v + 1), tries++)
		if (!l || chip_set_has(&l->set, &none, v))
			return true;
	return tries == 4096;
}

static void
check_pair(struct reader *r, const struct chip_limit *pair)
{
	const struct chip_limit *h = chip_op_limit(r->op, pair->var), *w = chip_op_limit(r->op, pair->var2);

	if (pair->vars || !is_constant(h) || !is_constant(w) || (!h && !w))
		return;
	for (size_t i = 0; i < pair->set.ranges.n; i++)
		if (meets(&pair->set, i, h) && meets(&pair->set2, i, w))
			return;
	diag_error(r->diag, pair->loc, "no value is left that meets the limits of '%s' and '%s' too", chip_var_info[pair->var].name,
		chip_var_info[pair->var2].name);
	diag_note(r->diag, h ? h->loc : w->loc, "the other limit is here");
}

/* ---- relations ---- */

/* Whether the values of V depend on those of GOAL; the way there is added to TEXT. */
static bool
leads_to(struct reader *r, enum chip_var v, enum chip_var goal, uint64_t *been, const char **text)
{
	const struct chip_limit *l = chip_op_limit(r->op, v);

	if (!l || *been >> v & 1)
		return false;
	*been |= UINT64_C(1) << v;
	for (int i = 0; i < VAR_COUNT; i++) {
		const char *before = *text;

		if (!(l->vars >> i & 1))
			continue;
		*text = arena_printf(r->arena, "%s, then of '%s'", before, chip_var_info[i].name);
		if (i == (int)goal || leads_to(r, (enum chip_var)i, goal, been, text))
			return true;
		*text = before;
	}
	return false;
}

static bool
check_relations(struct reader *r)
{
	uint64_t looped = 0;

	for (const struct chip_limit *l = r->op->limits; l; l = l->next) {
		const char *text = "";
		uint64_t been = 0;

		if (l->kind != LIMIT_SET || !l->vars || looped >> l->var & 1 || !leads_to(r, l->var, l->var, &been, &text))
			continue;
		looped |= been;
		diag_error(r->diag, l->loc, "the values of '%s' go round in a circle: they depend on those of%s", chip_var_info[l->var].name,
			text + sizeof ", then of" - 1);
	}
	return !looped;
}

/* ---- formulas at calls that are allowed ---- */

enum pick { PICK_LEAST, PICK_MOST, PICK_MOST_SMALL_IMAGE, PICKS };
enum { MOST_CHANNELS = 1024, MOST_OTHERS = 256, VALUES_FIRST = 8, VALUES_LAST = 4 };

static bool
is_image(enum chip_var v)
{
	return v == VAR_HI || v == VAR_WI || v == VAR_HO || v == VAR_WO;
}

static int64_t
least_of(enum chip_var v)
{
	return v == VAR_PT || v == VAR_PB || v == VAR_PL || v == VAR_PR || v == VAR_MACS ? 0 : 1;
}

static int64_t
most_of(enum chip_var v)
{
	return v == VAR_IN || v == VAR_OUT || v == VAR_N ? MOST_CHANNELS : v == VAR_HI || v == VAR_WI || v == VAR_ROWS ? MOST_OTHERS : least_of(v);
}

/* A member of SET (all values, if NULL) as PICK says. */
static int64_t
member(const struct chip_set *set, const struct chip_vars *vars, enum chip_var v, enum pick pick)
{
	bool least = pick == PICK_LEAST || (pick == PICK_MOST_SMALL_IMAGE && is_image(v));
	int64_t m = least ? least_of(v) : most_of(v);

	if (set) {
		m = least ? chip_set_at_least(set, vars, least_of(v)) : chip_set_at_most(set, vars, INT32_MAX);
		m = m < least_of(v) ? least_of(v) : m;
	}
	return m;
}

struct trial {
	struct reader *r;
	struct chip_vars vars;
	enum pick pick;
	enum chip_var fixed;         /* whose value stays; VAR_COUNT: none */
	int64_t value;
};

static void
settle_pair(struct trial *t, const struct chip_limit *l)
{
	size_t i = t->pick == PICK_LEAST || !l->set.ranges.n ? 0 : l->set.ranges.n - 1;

	for (size_t k = 0; k < l->set.ranges.n; k++) {
		struct chip_set h = { .ranges = { &l->set.ranges.v[k], 1, 1 } }, w = { .ranges = { &l->set2.ranges.v[k], 1, 1 } };

		if ((t->fixed == l->var && !chip_set_has(&h, &t->vars, t->value)) || (t->fixed == l->var2 && !chip_set_has(&w, &t->vars, t->value)))
			continue;
		if (k != i && t->fixed != l->var && t->fixed != l->var2)
			continue;
		t->vars.v[l->var] = member(&h, &t->vars, l->var, t->pick);
		t->vars.v[l->var2] = member(&w, &t->vars, l->var2, t->pick);
	}
}

/* The types of a call's operands: those that the unit states first. */
static void
set_types(const struct chip_op *op, struct chip_vars *vars)
{
	const struct chip_type *type = &op->types.v[0];
	bool pair = chip_kind_operands(op->kind) >> OPERAND_A & 1;

	vars->type[pair ? OPERAND_A : OPERAND_X] = type->x;
	vars->type[OPERAND_W] = type->w;
	vars->type[OPERAND_B] = type->b;
	vars->type[OPERAND_Y] = type->y;
}

/* A call with the variables as T says; relations settle in as many rounds as they are deep. */
static void
settle(struct trial *t)
{
	const struct chip_op *op = t->r->op;

	chip_vars_clear(&t->vars);
	for (int v = 0; v < VAR_COUNT; v++)
		if (t->r->vars >> v & 1 && v != VAR_MACS)
			t->vars.v[v] = member(NULL, &t->vars, (enum chip_var)v, t->pick);
	set_types(op, &t->vars);
	for (int round = 0; round < 3; round++) {
		for (const struct chip_limit *l = op->limits; l; l = l->next) {
			if (l->kind == LIMIT_SET)
				t->vars.v[l->var] = member(&l->set, &t->vars, l->var, t->pick);
			else if (l->kind == LIMIT_PAIR)
				settle_pair(t, l);
			if (t->fixed < VAR_COUNT)
				t->vars.v[t->fixed] = t->value;
		}
		chip_vars_complete(op, &t->vars);
	}
}

/* Whether the call is one that the limits allow, the conditions taken in order; *FAULTY: one of them has no value, which is reported. */
static bool
is_allowed(struct trial *t, bool *faulty)
{
	const int64_t *n = t->vars.v;
	double v;

	*faulty = false;
	if (n[VAR_HO] < 1 || n[VAR_WO] < 1 || n[VAR_GROUPS] < 1 || n[VAR_IN] % n[VAR_GROUPS])
		return false;
	for (const struct chip_limit *l = t->r->op->limits; l; l = l->next)
		if (l->kind != LIMIT_WHERE && !chip_limit_holds(l, &t->vars))
			return false;
	for (const struct chip_limit *l = t->r->op->limits; l; l = l->next) {
		if (l->kind != LIMIT_WHERE)
			continue;
		if (!chip_eval(l->cond, &t->vars, t->r->diag, &v)) {
			*faulty = true;
			diag_note(t->r->diag, l->cond->loc, "at %s", chip_vars_text(t->r->arena, l->vars, &t->vars));
			return false;
		}
		if (v == 0)
			return false;
	}
	return true;
}

/* Conditions and costs at a call.  False: something was reported. */
static bool
try_one(struct trial *t)
{
	const struct chip_op *op = t->r->op;
	bool faulty;
	double v;

	settle(t);
	if (!is_allowed(t, &faulty))
		return !faulty;
	return (!op->cycles || cost_eval(op->cycles, &t->vars, t->r->diag, &v))
		&& (!op->cost_bytes || cost_eval(op->cost_bytes, &t->vars, t->r->diag, &v))
		&& (!op->scratch || cost_eval(op->scratch, &t->vars, t->r->diag, &v));
}

/* The values of V, first and last of its set. */
static bool
try_values(struct reader *r, enum chip_var v, enum pick pick)
{
	struct trial t = { .r = r, .pick = pick, .fixed = VAR_COUNT };
	const struct chip_limit *l = chip_op_limit(r->op, v);

	settle(&t);
	struct chip_vars base = t.vars;
	t.fixed = v;
	int64_t next = l ? chip_set_at_least(&l->set, &base, least_of(v)) : least_of(v);
	for (int i = 0; i < VALUES_FIRST && next >= 0; i++) {
		t.value = next;
		if (!try_one(&t))
			return false;
		next = l ? chip_set_at_least(&l->set, &base, next + 1) : next + 1;
	}
	next = l ? chip_set_at_most(&l->set, &base, INT32_MAX) : most_of(v);
	for (int i = 0; i < VALUES_LAST && next >= least_of(v); i++) {
		t.value = next;
		if (!try_one(&t))
			return false;
		next = l ? chip_set_at_most(&l->set, &base, next - 1) : next - 1;
	}
	return true;
}

static void
check_formulas(struct reader *r)
{
	for (int pick = 0; pick < PICKS; pick++) {
		struct trial t = { .r = r, .pick = (enum pick)pick, .fixed = VAR_COUNT };

		if (!try_one(&t))
			return;
		for (int v = 0; v < VAR_COUNT; v++)
			if (r->vars >> v & 1 && v != VAR_MACS && v != VAR_HO && v != VAR_WO && !try_values(r, (enum chip_var)v, (enum pick)pick))
				return;
	}
}

void
check_op(struct reader *r)
{
	int errors = r->diag->errors;

	if (!r->op->types.n)
		diag_error(r->diag, r->op->loc, "'%s' has no type, such as %s", r->op->title, type_form(r->op->kind));
	if (!r->op->call_loc.start)
		diag_error(r->diag, r->op->loc, "'%s' has no call, such as call \"f({y}, {x});\"", r->op->title);
	check_partial(r);
	check_requant(r);
	check_zero(r);
	check_block(r);
	if (chip_template_has(&r->op->call, "float_scaling") && r->op->kind != KIND_RUNS
			&& !(r->op->requant.per_channel && r->op->requant.rounding == ROUNDING_DOUBLE))
		diag_error(r->diag, r->op->call_loc, "'{float_scaling}' is given to runs, and to units of the form multiplier_shift double per_channel");
	for (const struct chip_limit *l = r->op->limits; l; l = l->next)
		if (l->kind == LIMIT_PAIR)
			check_pair(r, l);
	if (r->op->call_loc.start)
		check_call(r);
	if (check_relations(r) && errors == r->diag->errors)
		check_formulas(r);
}
