/* How a unit computes, in words: element types, partial sums, requantisation, accumulator, activation, zero points, padding, order. */
#include <config.h>
#include "chips/reader.h"

#define COUNT(a) (sizeof (a) / sizeof *(a))

/* ---- type = x * w + b -> y | y ---- */

static bool
is_layer(const struct reader *r)
{
	return chip_kind_operands(r->op->kind) >> OPERAND_W & 1;
}

const char *
type_form(enum chip_kind k)
{
	if (chip_kind_operands(k) >> OPERAND_W & 1)
		return "type = i8 * i8 + i32 -> i8, of x, w, b and y";
	return k == KIND_ADD ? "type = i8 + i8 -> i8, of a, b and y" : k == KIND_MUL ? "type = i8 * i8 -> i8, of a, b and y"
		: "type = i8 -> i8, of x and y";
}

static void
wrong_form(struct reader *r, struct loc loc)
{
	diag_error(r->diag, loc, "the types of '%s' are written: %s", chip_kind_info[r->op->kind].name, type_form(r->op->kind));
}

static bool
read_dtype(struct reader *r, const struct ast_expr *e, enum dtype *type)
{
	const char *known[DT_COUNT];

	if (e->kind == EXPR_ERROR)
		return false;
	if (e->kind != EXPR_NAME) {
		wrong_form(r, e->loc);
		return false;
	}
	if (dtype_lookup(e->u.str.s, type))
		return true;
	for (int i = 0; i < DT_COUNT; i++)
		known[i] = dtype_info[i].name;
	diag_error(r->diag, e->loc, "there is no element type '%s'", e->u.str.s);
	reader_suggest(r, e->loc, e->u.str.s, known, DT_COUNT);
	return false;
}

static bool
is_binary(const struct ast_expr *e, char oper)
{
	return e->kind == EXPR_BINARY && e->u.op.oper == oper;
}

/* The operands left of the arrow. */
static bool
read_operands(struct reader *r, const struct ast_expr *e, struct chip_type *t)
{
	enum chip_kind k = r->op->kind;

	if (e->kind == EXPR_ERROR)
		return false;
	if (is_layer(r)) {
		if (is_binary(e, '+')) {
			if (!read_dtype(r, e->u.op.r, &t->b))
				return false;
			e = e->u.op.l;
		}
		if (is_binary(e, '*'))
			return read_dtype(r, e->u.op.l, &t->x) && read_dtype(r, e->u.op.r, &t->w);
	} else if (k == KIND_ADD || k == KIND_MUL) {
		if (is_binary(e, k == KIND_ADD ? '+' : '*'))
			return read_dtype(r, e->u.op.l, &t->x) && read_dtype(r, e->u.op.r, &t->b);
	} else if (e->kind == EXPR_NAME)
		return read_dtype(r, e, &t->x);
	wrong_form(r, e->loc);
	return false;
}

static bool
same_type(const struct chip_type *a, const struct chip_type *b)
{
	return a->x == b->x && a->w == b->w && a->b == b->b && a->y == b->y;
}

static void
add_type(struct reader *r, const struct chip_type *t, struct loc loc)
{
	for (size_t i = 0; i < r->op->types.n; i++)
		if (same_type(t, &r->op->types.v[i])) {
			diag_error(r->diag, loc, "this combination of types is there already");
			diag_note(r->diag, r->op->types.v[i].loc, "it is here");
			return;
		}
	ARRAY_PUSH(r->arena, r->op->types, *t);
	r->op->has_bias = r->op->has_bias || (is_layer(r) && t->b != DT_COUNT);
}

void
read_type(struct reader *r, const struct ast_chip_item *item)
{
	struct chip_type t = { item->loc, DT_COUNT, DT_COUNT, DT_COUNT, DT_COUNT };
	const struct ast_alt *alt = item->clauses->alts;
	const struct ast_expr *e = alt->atoms, *arrow = e->next, *y = arrow ? arrow->next : NULL;

	if (item->clauses->next || !reader_is_name(arrow, "->") || !y || y->next) {
		wrong_form(r, item->clauses->next ? item->clauses->next->loc : alt->loc);
		return;
	}
	if (!read_operands(r, e, &t))
		return;
	for (;;) {
		if (read_dtype(r, y, &t.y))
			add_type(r, &t, y->loc);
		if (!(alt = alt->next))
			return;
		y = alt->atoms;
		if (y->next) {
			wrong_form(r, y->next->loc);
			return;
		}
	}
}

/* ---- partial = none | out i32 | in i32, out i32 ---- */

static bool
read_way(struct reader *r, const struct ast_clause *c, bool *in)
{
	static const char *const known[] = { "in", "out", "none" };
	const struct ast_expr *e = c->alts->atoms;
	enum dtype type;

	*in = reader_is_name(e, "in");
	if (c->alts->next || !(*in || reader_is_name(e, "out")) || !e->next || e->next->next) {
		diag_error(r->diag, c->loc, "partial sums are written: none, out i32, or in i32, out i32");
		if (e->kind == EXPR_NAME)
			reader_suggest(r, e->loc, e->u.str.s, known, COUNT(known));
		return false;
	}
	if (!read_dtype(r, e->next, &type))
		return false;
	if (r->op->partial != PARTIAL_NONE && type != r->op->partial_type) {
		diag_error(r->diag, e->next->loc, "partial sums go in and out as one type, %s, found %s",
			dtype_info[r->op->partial_type].name, dtype_info[type].name);
		return false;
	}
	r->op->partial_type = type;
	return true;
}

void
read_partial(struct reader *r, const struct ast_chip_item *item)
{
	bool ins = false, outs = false, in;

	r->op->partial_loc = item->loc;
	if (!item->clauses->next && reader_is_name(item->clauses->alts->atoms, "none") && !item->clauses->alts->atoms->next)
		return;
	for (const struct ast_clause *c = item->clauses; c; c = c->next) {
		if (!read_way(r, c, &in))
			return;
		if (in ? ins : outs) {
			diag_error(r->diag, c->loc, "'%s' is stated twice", in ? "in" : "out");
			return;
		}
		ins = ins || in;
		outs = outs || !in;
		r->op->partial = ins ? PARTIAL_IN_OUT : PARTIAL_OUT;
	}
	if (ins && !outs)
		diag_error(r->diag, item->loc, "partial sums that go in must come out too: in i32, out i32");
}

/* ---- requantisation ---- */

static const struct {
	const char *form, *rounding;
	enum rounding how;
} forms[] = {
	{ "multiplier_shift", "double", ROUNDING_DOUBLE },
	{ "multiplier_shift", "single", ROUNDING_SINGLE },
	{ "f32_scale", NULL, ROUNDING_EVEN },
	{ "shift", NULL, ROUNDING_SHIFT },
};

/* The form that the words from *E on begin with; *E is left behind it. */
static bool
read_form(const struct ast_expr **e, enum rounding *how)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		const struct ast_expr *next = (*e)->next;

		if (!reader_is_name(*e, forms[i].form) || (forms[i].rounding && !reader_is_name(next, forms[i].rounding)))
			continue;
		*how = forms[i].how;
		*e = forms[i].rounding ? next->next : next;
		return true;
	}
	return false;
}

void
read_requant(struct reader *r, const struct ast_chip_item *item)
{
	static const char *const known[] = { "multiplier_shift", "double", "single", "f32_scale", "shift", "per_channel" };
	const struct ast_expr *e = item->clauses->alts->atoms, *end = e;
	struct chip_requant *q = &r->op->requant;

	q->loc = item->loc;
	if (e->kind == EXPR_ERROR)
		return;
	bool ok = !item->clauses->next && !item->clauses->alts->next && read_form(&end, &q->rounding);
	if (ok && reader_is_name(end, "per_channel")) {
		q->per_channel = true;
		end = end->next;
	}
	if (ok && !end)
		return;
	diag_error(r->diag, item->clauses->alts->loc, "'requant' is multiplier_shift double, multiplier_shift single, f32_scale or shift, "
		"each perhaps with per_channel");
	for (; e; e = e->next)
		if (e->kind == EXPR_NAME)
			reader_suggest(r, e->loc, e->u.str.s, known, COUNT(known));
}

void
read_multiplier_bits(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (reader_int(r, item, 2, 32, &v))
		r->op->requant.multiplier_bits = (int32_t)v;
}

/* An end of the range of shifts, which may be negative. */
static bool
read_shift_end(struct reader *r, const struct ast_expr *e, int32_t *v)
{
	int64_t n;

	r->seen_vars = 0;
	const struct ast_expr *resolved = expr_resolve(r, e);
	if (!resolved)
		return false;
	if (r->seen_vars) {
		diag_error(r->diag, e->loc, "a shift depends on no variable");
		return false;
	}
	if (!expr_constant(r, resolved, &n))
		return false;
	if (n < -31 || n > 31) {
		diag_error(r->diag, e->loc, "a shift is from -31 to 31, found %lld", (long long)n);
		return false;
	}
	*v = (int32_t)n;
	return true;
}

void
read_shift(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = reader_value(r, item, "a range of bits such as -15..15, to the left if positive");
	struct chip_requant *q = &r->op->requant;

	if (!e)
		return;
	if (e->kind != EXPR_RANGE || e->u.items.n != 2) {
		diag_error(r->diag, e->loc, "'shift' takes a range of bits such as -15..15, to the left if positive");
		return;
	}
	if (read_shift_end(r, e->u.items.first, &q->shift_lo) && read_shift_end(r, e->u.items.first->next, &q->shift_hi)
	    && q->shift_lo > q->shift_hi)
		diag_error(r->diag, e->loc, "the range %d..%d is empty", q->shift_lo, q->shift_hi);
}

void
read_accumulator(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	r->op->accumulator_loc = item->loc;
	if (reader_int(r, item, 8, 64, &v))
		r->op->accumulator_bits = (int)v;
}

/* offset = 128: the unit adds so much to each value of x before it multiplies. */
void
read_offset(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (reader_int(r, item, 0, 255, &v))
		r->op->offset = (int)v;
}

/* ---- activation, zero points, padding ---- */

void
read_activation(struct reader *r, const struct ast_chip_item *item)
{
	static const char *const known[] = { "none", "relu", "relu6", "clamp" };

	r->op->activation_loc = item->loc;
	r->op->activations = reader_words(r, item, known, COUNT(known));
}

void
read_zero_points(struct reader *r, const struct ast_chip_item *item)
{
	static const char *const one[] = { "x", "y", "none" }, *const two[] = { "a", "b", "y", "none" }, *const result[] = { "y", "none" };
	bool pair = chip_kind_operands(r->op->kind) >> OPERAND_A & 1, sums = r->op->kind == KIND_REQUANTIZE;
	unsigned bits = pair ? reader_words(r, item, two, COUNT(two)) : sums ? reader_words(r, item, result, COUNT(result))
		: reader_words(r, item, one, COUNT(one));
	unsigned inputs = pair ? 3 : sums ? 0 : 1, y = inputs + 1, none = y << 1;

	r->op->zero_loc = item->loc;
	if (!bits)
		return;
	if (bits & none && bits != none)
		diag_error(r->diag, item->loc, "'none' stands alone");
	else if (bits & inputs && (bits & inputs) != inputs)
		diag_error(r->diag, item->loc, "a unit takes the zero points of both a and b, or of neither");
	r->op->x_zero = bits & inputs;
	r->op->y_zero = bits & y;
}

void
read_padding(struct reader *r, const struct ast_chip_item *item)
{
	static const char *const layer[] = { "zero_point", "zero" }, *const pool[] = { "ignored", "zero" };
	unsigned bits = reader_words(r, item, is_layer(r) ? layer : pool, 2);

	r->op->padding_loc = item->loc;
	if (bits == 3)
		diag_error(r->diag, item->loc, "cells outside the image count as one thing");
	r->op->pads_zero_point = bits & 1;
}

/* ---- order = rows N | pixels N | channels | elements ---- */

/* Which orders units of a kind go in. */
static const struct { const char *word, *form; unsigned kinds; enum chip_order order; } orders[] = {
	{ "rows", "order = rows N", 1u << KIND_CONV2D | 1u << KIND_DWCONV2D | 1u << KIND_MAXPOOL | 1u << KIND_AVGPOOL | 1u << KIND_DENSE, ORDER_ROWS },
	{ "pixels", "order = pixels N", 1u << KIND_CONV2D | 1u << KIND_DWCONV2D | 1u << KIND_MAXPOOL | 1u << KIND_AVGPOOL, ORDER_PIXELS },
	{ "channels", "order = channels", 1u << KIND_DWCONV2D | 1u << KIND_MAXPOOL | 1u << KIND_AVGPOOL, ORDER_CHANNELS },
	{ "elements", "order = elements", 1u << KIND_ADD | 1u << KIND_MUL | 1u << KIND_RELU | 1u << KIND_REQUANTIZE | 1u << KIND_COPY, ORDER_ELEMENTS },
};

static void
wrong_order(struct reader *r, const struct ast_expr *e)
{
	const char *known[COUNT(orders)], *text = NULL;
	size_t n = 0;

	for (size_t i = 0; i < COUNT(orders); i++)
		if (orders[i].kinds >> r->op->kind & 1) {
			text = text ? arena_printf(r->arena, "%s, or %s", text, orders[i].form) : orders[i].form;
			known[n++] = orders[i].word;
		}
	diag_error(r->diag, e->loc, "the order of '%s' is written: %s", chip_kind_info[r->op->kind].name, text);
	if (e->kind == EXPR_NAME)
		reader_suggest(r, e->loc, e->u.str.s, known, n);
}

void
read_order(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = item->clauses->alts->atoms, *count = e->next;
	int64_t n = 1;

	r->op->order_loc = item->loc;
	for (size_t i = 0; i < COUNT(orders); i++) {
		if (!(orders[i].kinds >> r->op->kind & 1) || !reader_is_name(e, orders[i].word))
			continue;
		if (item->clauses->next || item->clauses->alts->next || (count && (orders[i].order >= ORDER_CHANNELS || count->next)))
			break;
		if (count && !expr_constant(r, count, &n))
			return;
		if (n < 1 || n > 65536) {
			diag_error(r->diag, count->loc, "%s at once are from 1 to 65536, not %lld", orders[i].word, (long long)n);
			return;
		}
		r->op->order = orders[i].order;
		r->op->order_count = (int32_t)n;
		return;
	}
	if (e->kind != EXPR_ERROR)
		wrong_order(r, e);
}
