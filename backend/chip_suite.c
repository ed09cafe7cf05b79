/* netc chip-test: C that probes each limit, rounding, padding and saturation corner on the real chip and says which line of the
 * .chip is untrue.  Here the probes are chosen; runtime/nn_chip_suite.h runs them. */
#include <config.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "backend/backend.h"
#include "backend/chip_c.h"

enum { SIDE_MAX = 64, ROOM_MAX = 1 << 20 };

struct probe {
	const struct chip_op *op;
	const char *line, *what;
	enum dtype y, sum;
	const char *flags;
	struct chip_vars vars;
	bool over;                 /* y lies over x */
	int64_t distance;          /* then: so many bytes before it */
};

struct suite {
	struct chip_c *g;
	ARRAY(struct probe) probes;
	int64_t x_bytes, w_bytes, b_bytes, y_bytes, over_bytes;
	int skipped;               /* values that no legal call reaches */
};

/* ---- legal calls ---- */

/* Room in bytes that the operand takes, whatever the result's type. */
static int64_t
operand_bytes(const struct chip_op *op, const struct chip_vars *v, enum chip_operand operand)
{
	bool result = operand == OPERAND_Y || operand == OPERAND_SUM;
	int32_t size[DIM_COUNT];

	if (op->layout[operand].n == 0)
		return 0;
	chip_operand_size(op->kind, operand, v, size);
	return chip_layout_count(&op->layout[operand], size) * (result || v->type[operand] == DT_COUNT ? 4 : dtype_info[v->type[operand]].bytes);
}

static enum dtype
usual_result(const struct chip_op *op)
{
	for (size_t i = 0; i < op->types.n; i++)
		if (op->types.v[i].y == DT_I8)
			return DT_I8;
	return op->types.v[0].y;
}

static void
fill_bytes(const struct chip_op *op, struct chip_vars *v)
{
	const struct chip_type *t = &op->types.v[0];
	bool two = chip_kind_info[op->kind].operands[0] == 'a';

	for (int k = 0; k < OPERAND_COUNT; k++)
		v->type[k] = DT_COUNT;
	v->type[two ? OPERAND_A : OPERAND_X] = t->x;
	v->type[OPERAND_W] = t->w;
	v->type[OPERAND_B] = t->b;
	v->type[OPERAND_Y] = usual_result(op);
	if (op->partial == PARTIAL_IN_OUT)
		v->type[OPERAND_SUM] = op->partial_type;
	chip_vars_complete(op, v);
	v->weight_max = 127;
	v->weight_sum = 127 * v->v[VAR_KH] * v->v[VAR_KW] * v->v[VAR_IN];
}

static const struct chip_limit *
limit_of(const struct chip_op *op, enum chip_var var)
{
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		if ((l->kind == LIMIT_SET && l->var == var) || (l->kind == LIMIT_PAIR && (l->var == var || l->var2 == var)))
			return l;
	return NULL;
}

/* The smallest value that VAR's limit allows, not below WISH where that can be. */
static int64_t
smallest(const struct chip_op *op, const struct chip_vars *v, enum chip_var var, int64_t wish)
{
	const struct chip_limit *l = limit_of(op, var);
	const struct chip_set *set;
	int64_t at;

	if (!l)
		return wish;
	set = l->kind == LIMIT_PAIR && l->var2 == var ? &l->set2 : &l->set;
	at = chip_set_at_least(set, v, wish);
	return at >= 0 ? at : chip_set_at_most(set, v, wish);
}

/* Sizes of the image that go with the kernel, and the derived numbers.  FIXED: bits of the variables that stay. */
static void
settle_side(const struct chip_op *op, struct chip_vars *v, const enum chip_var d[7], uint64_t fixed)
{
	enum { IN, OUT, BEFORE, AFTER, K, STEP, DIL };
	int64_t span = (v->v[d[K]] - 1) * v->v[d[DIL]] + 1, rest;

	if (op->kind == KIND_TCONV2D) {
		if (!(fixed >> d[IN] & 1))
			v->v[d[IN]] = smallest(op, v, d[IN], 3);
		v->v[d[OUT]] = (v->v[d[IN]] - 1) * v->v[d[STEP]] + span - v->v[d[BEFORE]] - v->v[d[AFTER]];
		return;
	}
	if (fixed >> d[OUT] & 1) {
		rest = (v->v[d[OUT]] - 1) * v->v[d[STEP]] + span - v->v[d[BEFORE]] - v->v[d[AFTER]];
		if (!(fixed >> d[IN] & 1))
			v->v[d[IN]] = rest > 0 ? rest : 1;
		return;
	}
	if (!(fixed >> d[IN] & 1))
		v->v[d[IN]] = smallest(op, v, d[IN], span + 2 * v->v[d[STEP]]);
	rest = v->v[d[IN]] + v->v[d[BEFORE]] + v->v[d[AFTER]] - span;
	v->v[d[OUT]] = rest >= 0 ? rest / v->v[d[STEP]] + 1 : 0;
	if (v->v[d[OUT]] > 0 && rest % v->v[d[STEP]]) { /* what the steps leave over is no padding */
		int64_t less = rest % v->v[d[STEP]];

		if (v->v[d[AFTER]] >= less && !(fixed >> d[AFTER] & 1))
			v->v[d[AFTER]] -= less;
		else if (!(fixed >> d[IN] & 1))
			v->v[d[IN]] -= less;
	}
}

static void
settle(const struct chip_op *op, struct chip_vars *v, uint64_t fixed)
{
	static const enum chip_var vertical[] = { VAR_HI, VAR_HO, VAR_PT, VAR_PB, VAR_KH, VAR_SH, VAR_DH };
	static const enum chip_var horizontal[] = { VAR_WI, VAR_WO, VAR_PL, VAR_PR, VAR_KW, VAR_SW, VAR_DW };
	uint64_t all = chip_c_vars(op->kind);

	for (int pass = 0; pass < 3; pass++)
		for (int var = 0; var < VAR_COUNT; var++) {
			bool side = var >= VAR_HI && var <= VAR_WO;

			if (!(all >> var & 1) || (fixed >> var & 1) || side || var == VAR_MACS)
				continue;
			v->v[var] = smallest(op, v, (enum chip_var)var, v->v[var]);
		}
	if (op->kind == KIND_DWCONV2D) {
		v->v[VAR_OUT] = v->v[VAR_IN] * v->v[VAR_DEPTH_MULTIPLIER];
		v->v[VAR_GROUPS] = v->v[VAR_IN];
	}
	if (op->kind == KIND_MAXPOOL || op->kind == KIND_AVGPOOL)
		v->v[VAR_OUT] = v->v[VAR_IN];
	if (op->kind == KIND_REQUANTIZE)
		v->v[VAR_IN] = v->v[VAR_OUT];
	if (all >> VAR_HO & 1) {
		settle_side(op, v, vertical, fixed);
		settle_side(op, v, horizontal, fixed);
	}
	fill_bytes(op, v);
}

static bool
legal(const struct chip_op *op, const struct chip_vars *v)
{
	const struct chip_limit *broken;
	uint64_t all = chip_c_vars(op->kind);

	for (int var = 0; var < VAR_COUNT; var++)
		if ((all >> var & 1) && v->v[var] < (var >= VAR_PT && var <= VAR_PR ? 0 : 1))
			return false;
	return chip_breaks(op, v, &broken, 1) == 0;
}

/* A legal call with few of everything, the variables of FIXED (bits) as they are in V.  Where a condition refuses the smallest
 * image, larger ones are tried. */
static bool
find_call(const struct chip_op *op, struct chip_vars *v, uint64_t fixed)
{
	uint64_t sides = fixed | 1u << VAR_HI | 1u << VAR_WI;

	settle(op, v, fixed);
	if (legal(op, v))
		return true;
	for (int64_t side = 1; side <= SIDE_MAX; side++) {
		struct chip_vars try = *v;

		if (!(fixed >> VAR_HI & 1))
			try.v[VAR_HI] = side;
		if (!(fixed >> VAR_WI & 1))
			try.v[VAR_WI] = side;
		settle(op, &try, sides);
		if (legal(op, &try)) {
			*v = try;
			return true;
		}
	}
	return false;
}

static void
start(const struct chip_op *op, struct chip_vars *v)
{
	memset(v, 0, sizeof *v);
	for (int var = 0; var < VAR_COUNT; var++)
		v->v[var] = var >= VAR_PT && var <= VAR_PR ? 0 : 1;
	if (!limit_of(op, VAR_IN))
		v->v[VAR_IN] = 8;
	if (!limit_of(op, VAR_OUT))
		v->v[VAR_OUT] = 8;
	if (!limit_of(op, VAR_N))
		v->v[VAR_N] = 16;
	if (op->kind == KIND_DWCONV2D)
		v->v[VAR_GROUPS] = v->v[VAR_IN];
}

/* ---- probes ---- */

static enum chip_operand
first_operand(const struct chip_op *op)
{
	return chip_kind_info[op->kind].operands[0] == 'a' ? OPERAND_A : OPERAND_X;
}

static void
room_for(struct suite *s, const struct chip_op *op, const struct chip_vars *v, bool pitch)
{
	int64_t x = operand_bytes(op, v, first_operand(op)), w = operand_bytes(op, v, OPERAND_W), y = operand_bytes(op, v, OPERAND_Y);
	bool two = chip_kind_info[op->kind].operands[0] == 'a';

	if (two)
		w = x;
	x *= pitch ? 2 : 1;
	w *= pitch && two ? 2 : 1;
	y *= pitch ? 2 : 1;
	s->x_bytes = x > s->x_bytes ? x : s->x_bytes;
	s->w_bytes = w > s->w_bytes ? w : s->w_bytes;
	s->y_bytes = y + 64 > s->y_bytes ? y + 64 : s->y_bytes;
	s->b_bytes = v->v[VAR_OUT] * 4 > s->b_bytes ? v->v[VAR_OUT] * 4 : s->b_bytes;
}

static void
add_probe(struct suite *s, const struct chip_op *op, const struct chip_vars *v, struct loc loc, const char *source, const char *what,
	enum dtype y, const char *flags)
{
	struct probe p = { .op = op, .what = what, .y = y, .sum = op->partial == PARTIAL_NONE ? DT_I32 : op->partial_type, .flags = flags, .vars = *v };

	if (operand_bytes(op, v, first_operand(op)) > ROOM_MAX || operand_bytes(op, v, OPERAND_W) > ROOM_MAX
	    || operand_bytes(op, v, OPERAND_Y) > ROOM_MAX || v->v[VAR_OUT] > 4096) {
		s->skipped++;
		return;
	}
	p.line = chip_c_line(s->g, loc, source);
	room_for(s, op, v, strstr(flags, "PITCH") != NULL);
	ARRAY_PUSH(s->g->arena, s->probes, p);
}

static const char *
usual_flags(const struct chip_op *op)
{
	return op->has_bias ? "NN_WITH_BIAS" : "0";
}

/* The result over what it is computed from, no further apart than the unit states. */
static void
probe_order(struct suite *s, const struct chip_op *op, const struct chip_vars *v, const char *what)
{
	enum dtype y = usual_result(op);
	int64_t align = op->layout[OPERAND_Y].align, bytes;

	if (op->order == ORDER_CHANNELS && v->v[VAR_IN] != v->v[VAR_OUT])
		return; /* they lie apart */
	if (op->layout[first_operand(op)].align > align)
		align = op->layout[first_operand(op)].align;
	add_probe(s, op, v, op->order_loc, chip_source_text(s->g->arena, s->g->chip, op->order_loc), what, y, usual_flags(op));
	if (s->probes.n == 0 || s->probes.v[s->probes.n - 1].what != what)
		return;
	struct probe *p = &s->probes.v[s->probes.n - 1];
	p->over = true;
	p->distance = unit_distance(op, v, y);
	p->distance = (p->distance + (p->distance >= 0 ? align - 1 : 0)) / align * align; /* or more */
	bytes = operand_bytes(op, v, first_operand(op)) + operand_bytes(op, v, OPERAND_Y) + (p->distance > 0 ? p->distance : 0);
	s->over_bytes = bytes > s->over_bytes ? bytes : s->over_bytes;
}

/* One value of a limited variable. */
static void
probe_value(struct suite *s, const struct chip_op *op, const struct chip_limit *l, int64_t a, int64_t b)
{
	struct chip_vars v;
	uint64_t fixed = UINT64_C(1) << l->var;
	const char *what;

	start(op, &v);
	v.v[l->var] = a;
	what = arena_printf(s->g->arena, "%s = %" PRId64, chip_var_info[l->var].name, a);
	if (l->kind == LIMIT_PAIR) {
		fixed |= UINT64_C(1) << l->var2;
		v.v[l->var2] = b;
		what = arena_printf(s->g->arena, "%s, %s = %" PRId64, what, chip_var_info[l->var2].name, b);
	}
	if (l->var == VAR_IN && op->kind == KIND_DWCONV2D)
		v.v[VAR_GROUPS] = a;
	if (find_call(op, &v, fixed))
		add_probe(s, op, &v, l->loc, l->source, what, usual_result(op), usual_flags(op));
	else
		s->skipped++;
}

static bool
value_of(const struct ast_expr *e, const struct chip_vars *v, int64_t *n)
{
	double d;

	if (!e || !chip_eval(e, v, NULL, &d))
		return false;
	*n = (int64_t)d;
	return true;
}

/* The ends of every range of a limit, and a value between. */
static void
probe_limit(struct suite *s, const struct chip_op *op, const struct chip_limit *l)
{
	struct chip_vars v;

	start(op, &v);
	settle(op, &v, 0);
	for (size_t i = 0; i < l->set.ranges.n; i++) {
		const struct chip_range *r = &l->set.ranges.v[i];
		int64_t lo, hi, step = 1, lo2 = 0, hi2 = 0;

		if (!value_of(r->lo, &v, &lo))
			continue;
		if (!value_of(r->hi, &v, &hi))
			hi = lo;
		value_of(r->step, &v, &step);
		if (l->kind == LIMIT_PAIR) {
			value_of(l->set2.ranges.v[i].lo, &v, &lo2);
			if (!value_of(l->set2.ranges.v[i].hi, &v, &hi2))
				hi2 = lo2;
		}
		probe_value(s, op, l, lo, lo2);
		if (hi > lo) {
			int64_t last = lo + (hi - lo) / step * step;

			if (last - lo > step)
				probe_value(s, op, l, lo + (last - lo) / step / 2 * step, lo2);
			probe_value(s, op, l, last, hi2 > lo2 ? hi2 : lo2);
		}
	}
}

/* ---- what a unit does with its numbers ---- */

static bool
can_pad(const struct chip_op *op, struct chip_vars *v)
{
	uint64_t pads = UINT64_C(1) << VAR_PT | UINT64_C(1) << VAR_PB | UINT64_C(1) << VAR_PL | UINT64_C(1) << VAR_PR;

	for (int64_t k = 1; k <= 3; k++) {
		start(op, v);
		v->v[VAR_KH] = smallest(op, v, VAR_KH, 3);
		v->v[VAR_KW] = smallest(op, v, VAR_KW, 3);
		v->v[VAR_PT] = v->v[VAR_PB] = v->v[VAR_PL] = v->v[VAR_PR] = k;
		if (find_call(op, v, pads | UINT64_C(1) << VAR_KH | UINT64_C(1) << VAR_KW))
			return true;
	}
	return false;
}

static const char *
with(struct suite *s, const struct chip_op *op, const char *flags)
{
	return arena_printf(s->g->arena, "%s | %s", usual_flags(op), flags);
}

static struct loc
place(struct loc wished, const struct chip_op *op)
{
	return wished.start ? wished : op->loc;
}

/* Whether a condition of OP refuses weights of -128 in the call V. */
static bool
refuses_lowest(const struct chip_op *op, const struct chip_vars *v)
{
	struct chip_vars lowest = *v;

	lowest.weight_max = 128;
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		if (l->kind == LIMIT_WHERE && !chip_limit_holds(l, &lowest))
			return true;
	return false;
}

static void
probe_requant(struct suite *s, const struct chip_op *op, const struct chip_vars *v)
{
	struct loc loc = place(op->requant.loc, op);

	if (usual_result(op) != DT_I8 || !op->requant.loc.start)
		return;
	add_probe(s, op, v, loc, "requant", "sums half way between two results", DT_I8, with(s, op, "NN_TIES"));
	add_probe(s, op, v, loc, "requant", "results beyond int8", DT_I8, with(s, op, "NN_SATURATE"));
	add_probe(s, op, v, loc, "requant", "largest operands", DT_I8,
		with(s, op, refuses_lowest(op, v) ? "NN_EXTREMES | NN_SYMMETRIC" : "NN_EXTREMES"));
}

static void
probe_zeros(struct suite *s, const struct chip_op *op, const struct chip_vars *v)
{
	struct loc loc = place(op->zero_loc, op);
	struct chip_vars padded;

	if (op->x_zero)
		add_probe(s, op, v, loc, "zero points", "a zero point of x", usual_result(op), with(s, op, "NN_X_ZERO"));
	if (op->y_zero)
		add_probe(s, op, v, loc, "zero points", "a zero point of y", usual_result(op), with(s, op, "NN_Y_ZERO"));
	if ((chip_c_vars(op->kind) >> VAR_PT & 1) && can_pad(op, &padded))
		add_probe(s, op, &padded, place(op->padding_loc, op), "padding", op->x_zero ? "padding with a zero point of x" : "padding", usual_result(op),
			with(s, op, op->x_zero ? "NN_X_ZERO" : "0"));
}

static void
probe_activations(struct suite *s, const struct chip_op *op, const struct chip_vars *v)
{
	struct loc loc = place(op->activation_loc, op);

	if (usual_result(op) != DT_I8)
		return;
	if (op->activations & CHIP_ACT_CLAMP)
		add_probe(s, op, v, loc, "activation", "bounds -20 and 33", DT_I8, with(s, op, "NN_BOUNDS"));
	if (op->activations & CHIP_ACT_RELU)
		add_probe(s, op, v, loc, "activation", "relu", DT_I8, with(s, op, "NN_WITH_RELU"));
}

static bool
gives(const struct chip_op *op, enum dtype t)
{
	for (size_t i = 0; i < op->types.n; i++)
		if (op->types.v[i].y == t)
			return true;
	return false;
}

static void
probe_partial(struct suite *s, const struct chip_op *op, const struct chip_vars *v)
{
	struct loc loc = place(op->partial_loc, op);

	if (op->partial == PARTIAL_NONE)
		return;
	if (gives(op, op->partial_type))
		add_probe(s, op, v, loc, "partial", "sums out", op->partial_type, with(s, op, "NN_SUMS_OUT"));
	if (op->partial != PARTIAL_IN_OUT)
		return;
	if (gives(op, op->partial_type))
		add_probe(s, op, v, loc, "partial", "sums in and out", op->partial_type, with(s, op, "NN_SUMS_OUT | NN_WITH_SUM"));
	add_probe(s, op, v, loc, "partial", "sums in", usual_result(op), with(s, op, "NN_WITH_SUM"));
}

/* A call of several rows, and one with padding. */
static void
probe_orders(struct suite *s, const struct chip_op *op)
{
	enum { SIDE = 7 };
	struct chip_vars v;

	if (!chip_layout_is_plain(&op->layout[first_operand(op)]) || !chip_layout_is_plain(&op->layout[OPERAND_Y]))
		return;
	start(op, &v);
	v.v[VAR_HI] = v.v[VAR_WI] = SIDE;
	if (op->kind == KIND_DENSE)
		v.v[VAR_ROWS] = SIDE;
	if (find_call(op, &v, (UINT64_C(1) << VAR_HI | UINT64_C(1) << VAR_WI | UINT64_C(1) << VAR_ROWS) & chip_c_vars(op->kind)) || find_call(op, &v, 0))
		probe_order(s, op, &v, "the result over what it is computed from");
	if ((chip_c_vars(op->kind) >> VAR_PT & 1) && can_pad(op, &v))
		probe_order(s, op, &v, "the result over what it is computed from, with padding");
}

static void
probe_unit(struct suite *s, const struct chip_op *op)
{
	struct chip_vars v;

	start(op, &v);
	if (!find_call(op, &v, 0)) {
		s->skipped++;
		return;
	}
	add_probe(s, op, &v, op->loc, op->title, "the smallest call", usual_result(op), usual_flags(op));
	for (const struct chip_limit *l = op->limits; l; l = l->next)
		if (l->kind == LIMIT_SET || l->kind == LIMIT_PAIR)
			probe_limit(s, op, l);
	probe_requant(s, op, &v);
	probe_zeros(s, op, &v);
	probe_activations(s, op, &v);
	probe_partial(s, op, &v);
	if (op->order != ORDER_UNKNOWN)
		probe_orders(s, op);
	if (op->layout[OPERAND_X].pitch && op->layout[OPERAND_Y].pitch)
		add_probe(s, op, &v, op->layout[OPERAND_X].loc, "layout", "vectors that lie apart", usual_result(op), with(s, op, "NN_PITCH"));
}

/* ---- text ---- */

static const char *
operand_c(struct chip_c *g, const struct chip_arg *a)
{
	return arena_printf(g->arena, "(%s)c->%s", a->type, chip_operand_names[a->operand]);
}

static const char *
param_c(struct chip_c *g, const struct chip_op *op, const struct chip_arg *a)
{
	static const char *const fields[] = {
		"x_zero", "w_zero", "y_zero", "act_min", "act_max", "relu", "a_zero", "a_multiplier", "a_shift", "b_zero",
		"b_multiplier", "b_shift", "y_multiplier", "y_shift", "left_shift", "sum_shift"
	};

	if (strcmp(a->text, "multiplier") == 0 || strcmp(a->text, "shift") == 0 || strcmp(a->text, "scale") == 0) {
		if (strchr(a->type, '*'))
			return chip_c_two_results(op) ? arena_printf(g->arena, "c->y_type == NN_I8 ? c->%s : NULL", a->text)
				: arena_printf(g->arena, "c->%s", a->text);
		return arena_printf(g->arena, "c->%s[0]", a->text);
	}
	if (strcmp(a->text, "float_scaling") == 0)
		return "NULL"; /* nothing is proven of a call's sums here */
	if (strcmp(a->text, "partial") == 0)
		return "c->y_type != NN_I8";
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(a->text, fields[i]) == 0)
			return arena_printf(g->arena, "c->%s", a->text);
	return "0";
}

static const char *
pitch_c(struct chip_c *g, const struct chip_op *op, const struct chip_arg *a)
{
	bool two = chip_kind_info[op->kind].operands[0] == 'a';
	const char *field = two && a->operand == OPERAND_B ? "x" : chip_operand_names[a->operand];
	const char *dense = "v[NN_N]";

	if (op->kind == KIND_REQUANTIZE || (a->operand == OPERAND_Y && (chip_c_vars(op->kind) >> VAR_OUT & 1)) || a->operand == OPERAND_SUM)
		dense = "v[NN_OUT]";
	else if (chip_c_vars(op->kind) >> VAR_IN & 1)
		dense = "v[NN_IN]";
	return arena_printf(g->arena, "c->%s_pitch ? c->%s_pitch : %s", field, field, dense);
}

static const char *
arg_c(struct chip_c *g, const struct chip_op *op, const struct chip_arg *a)
{
	switch (a->kind) {
	case HOLE_TEXT: return a->text;
	case HOLE_OPERAND: return operand_c(g, a);
	case HOLE_PITCH: return pitch_c(g, op, a);
	case HOLE_PARAM: return param_c(g, op, a);
	case HOLE_EXPR: return arena_printf(g->arena, "(int32_t)(%s)", chip_c_expr(g, op, a->expr));
	}
	return "0";
}

static void
emit_call(struct chip_c *g, const struct chip_function *f, const struct chip_op *op)
{
	const char **items = ARENA_ARRAY(g->arena, const char *, f->args.n + 1);

	emit_line(&g->e, "static void\ncall_%s(const struct nn_call *c)\n{\n\tconst int32_t *const v = c->v;\n", chip_c_id(g, op));
	emit_line(&g->e, "\t(void)v;");
	for (size_t i = 0; i < f->args.n; i++)
		items[i] = arg_c(g, op, &f->args.v[i]);
	g->e.depth = 1;
	emit_list(&g->e, f->name, items, (int)f->args.n, ";");
	g->e.depth = 0;
	emit_line(&g->e, "}\n");
}

static void
emit_probes(struct suite *s)
{
	struct chip_c *g = s->g;

	emit_line(&g->e, "static const struct nn_probe probes[] = {");
	for (size_t i = 0; i < s->probes.n; i++) {
		const struct probe *p = &s->probes.v[i];
		const char *id = chip_c_id(g, p->op);

		emit_line(&g->e, "\t{ &unit_%s, call_%s, \"%s\", \"%s\", %s, %s, %s,", id, id, p->line, p->what, chip_c_type(p->y), chip_c_type(p->sum), p->flags);
		text_reset(&g->text);
		for (int k = 0; k < VAR_COUNT; k++)
			text_add(&g->text, "%s%" PRId64, k ? ", " : "", p->vars.v[k]);
		emit_line(&g->e, "\t  { %s }, %d, %" PRId64 ", %" PRId64 ", %" PRId64 " },", text_get(&g->text), p->over, p->distance,
			p->over ? operand_bytes(p->op, &p->vars, first_operand(p->op)) : 0,
			p->over ? operand_bytes(p->op, &p->vars, OPERAND_Y) / 4 * dtype_info[p->y].bytes : 0);
	}
	emit_line(&g->e, "};\n");
}

static void
emit_room(struct suite *s)
{
	static const char *const names[] = { "x", "w", "b", "sum", "y", "expected", "over" };
	int64_t bytes[] = { s->x_bytes, s->w_bytes, s->b_bytes, s->y_bytes, s->y_bytes, s->y_bytes, s->over_bytes };
	struct emitter *e = &s->g->e;

	emit_line(e, "/* Operands, aligned to 256 bytes below. */");
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		emit_line(e, "static unsigned char room_%s[%" PRId64 "];", names[i], (bytes[i] + 63) / 64 * 64 + 256);
	emit_line(e, "\nstatic unsigned char *\naligned(unsigned char *p)\n{\n\treturn p + (256 - (uintptr_t)p %% 256) %% 256;\n}\n");
	emit_line(e, "int\n%s_test(void)\n{", emit_prefix(s->g->arena, s->g->chip->name));
	emit_line(e, "\tstruct nn_room room;\n");
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		emit_line(e, "\troom.%s = aligned(room_%s);", names[i], names[i]);
	for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
		if (i != 3 && i < 5)
			emit_line(e, "\troom.%s_bytes = %" PRId64 ";", names[i], (bytes[i] + 63) / 64 * 64);
	emit_line(e, "\treturn nn_suite_run(probes, (int)(sizeof probes / sizeof *probes), &room);\n}\n");
	emit_line(e, "#ifndef NN_NO_MAIN\nint\nmain(void)\n{\n\treturn %s_test() != 0;\n}\n#endif", emit_prefix(s->g->arena, s->g->chip->name));
}

static void
emit_suite(struct suite *s, const char *command)
{
	struct chip_c *g = s->g;

	emit_comment(&g->e, arena_printf(g->arena, "Conformance suite of %s: calls each unit at the corners of what %s says and compares with the exact "
		"result.  Link it with the chip's own library, or with the mock.  A failure names the line that is untrue.\nMade from %s by netc "
		"%s:\n\t%s", g->chip->name, g->chip->file, g->chip->file, PACKAGE_VERSION, command));
	emit_line(&g->e, "#include <stdio.h>");
	if (g->chip->includes.n + g->chip->codes.n == 0)
		emit_line(&g->e, "#include \"%s.h\"", g->chip->name);
	for (size_t i = 0; i < g->chip->codes.n; i++)
		emit_line(&g->e, "#include \"%s\"", g->chip->codes.v[i].file);
	for (size_t i = 0; i < g->chip->includes.n; i++)
		emit_line(&g->e, "#include \"%s\"", g->chip->includes.v[i]);
	chip_c_embed(g, "nn_chip_reference.h");
	chip_c_embed(g, "nn_chip_suite.h");
	for (const struct chip_function *f = g->functions; f; f = f->next)
		for (size_t i = 0; i < f->ops.n; i++) {
			chip_c_unit(g, f->ops.v[i]);
			emit_call(g, f, f->ops.v[i]);
		}
	emit_probes(s);
	emit_room(s);
}

bool
chip_suite_emit(struct chip_c *g, struct outputs *out, const char *dir, const char *command)
{
	struct suite s = { .g = g };

	if (!chip_c_functions(g))
		return false;
	for (size_t i = 0; i < g->chip->ops.n; i++)
		if (g->chip->ops.v[i].kind != KIND_BLOCK && g->chip->ops.v[i].kind != KIND_RUNS)
			probe_unit(&s, &g->chip->ops.v[i]);
	if (s.probes.n == 0) {
		diag_error(g->diag, g->chip->loc, "no unit of '%s' has a call within its limits", g->chip->name);
		return false;
	}
	g->e = (struct emitter){ .out = outputs_open(out, path_join(g->arena, dir, arena_printf(g->arena, "%s_test.c", g->chip->name))) };
	if (g->e.out)
		emit_suite(&s, command);
	return true;
}
