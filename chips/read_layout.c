/* layout = x [h, w, in] pitch, w [out/16, kh, kw, in, out%16] align 16; */
#include <config.h>
#include "chips/reader.h"

enum { PIECE_MAX = 65536, ALIGN_MAX = 4096 };

void
layout_defaults(struct chip_op *op)
{
	static const enum chip_dim order[] = { DIM_OUT, DIM_H, DIM_W, DIM_KH, DIM_KW, DIM_ROWS, DIM_IN, DIM_N };

	for (int o = 0; o < OPERAND_COUNT; o++) {
		unsigned dims = chip_kind_dims(op->kind, (enum chip_operand)o);
		bool weight = o == OPERAND_W && op->kind != KIND_DWCONV2D;
		struct chip_layout *l = &op->layout[o];

		l->align = 1;
		l->fused = DT_COUNT;
		for (size_t i = 0; i < sizeof order / sizeof *order; i++)
			if (dims >> order[i] & 1 && (weight || order[i] != DIM_OUT))
				l->axis[l->n++] = (struct chip_axis){ order[i], 1, 0 };
		if (!weight && dims >> DIM_OUT & 1) /* channels last */
			l->axis[l->n++] = (struct chip_axis){ DIM_OUT, 1, 0 };
	}
}

/* ---- axes ---- */

static const char *
dims_text(struct reader *r, unsigned dims)
{
	const char *list = "";

	for (int d = 0; d < DIM_COUNT; d++)
		if (dims >> d & 1)
			list = arena_printf(r->arena, "%s%s%s", list, *list ? ", " : "", chip_dim_names[d]);
	return *list ? list : "none";
}

static bool
dim_of(struct reader *r, enum chip_operand o, const struct ast_expr *e, enum chip_dim *dim)
{
	unsigned dims = chip_kind_dims(r->op->kind, o);

	for (int d = 0; d < DIM_COUNT; d++)
		if (dims >> d & 1 && reader_is_name(e, chip_dim_names[d])) {
			*dim = (enum chip_dim)d;
			return true;
		}
	diag_error(r->diag, e->loc, "'%s' of a %s has no dimension '%s'; it has: %s", chip_operand_names[o],
		chip_kind_info[r->op->kind].name, e->u.str.s, dims_text(r, dims));
	return false;
}

static bool
piece_size(struct reader *r, const struct ast_expr *e, int32_t *v)
{
	if (e->kind == EXPR_INT && e->u.i >= 1 && e->u.i <= PIECE_MAX) {
		*v = (int32_t)e->u.i;
		return true;
	}
	if (e->kind != EXPR_ERROR)
		diag_error(r->diag, e->loc, "the size of a piece is a number from 1 to %d", PIECE_MAX);
	return false;
}

static bool
is_binary(const struct ast_expr *e, char oper)
{
	return e->kind == EXPR_BINARY && e->u.op.oper == oper;
}

/* d, d/N, d%M or d/N%M */
static bool
read_axis(struct reader *r, enum chip_operand o, const struct ast_expr *e, struct chip_axis *axis)
{
	struct loc loc = e->loc;

	*axis = (struct chip_axis){ .div = 1 };
	if (is_binary(e, '%')) {
		if (!piece_size(r, e->u.op.r, &axis->mod))
			return false;
		e = e->u.op.l;
	}
	if (is_binary(e, '/')) {
		if (!piece_size(r, e->u.op.r, &axis->div))
			return false;
		e = e->u.op.l;
	}
	if (e->kind == EXPR_NAME)
		return dim_of(r, o, e, &axis->dim);
	if (e->kind != EXPR_ERROR)
		diag_error(r->diag, loc, "an axis is a dimension d or a piece of one: d/N, d%%M, d/N%%M");
	return false;
}

/* ---- whether it holds every element once ---- */

/* The piece of D that is missing from DIV on: "out/16", "out%16", "out/4%4". */
static const char *
piece_text(struct reader *r, const struct chip_layout *l, enum chip_dim d, int64_t div)
{
	int64_t next = 0;
	const char *text = chip_dim_names[d];

	for (int i = 0; i < l->n; i++)
		if (l->axis[i].dim == d && l->axis[i].div > div && (!next || l->axis[i].div < next))
			next = l->axis[i].div;
	if (div > 1)
		text = arena_printf(r->arena, "%s/%lld", text, (long long)div);
	return next ? arena_printf(r->arena, "%s%%%lld", text, (long long)(next / div)) : text;
}

static bool
check_dim(struct reader *r, enum chip_operand o, const struct chip_layout *l, enum chip_dim d, const struct loc *axes, struct loc whole)
{
	const char *operand = chip_operand_names[o], *dim = chip_dim_names[d];
	int64_t div;
	int last = -1;

	switch (layout_missing(l, d, &div, &last)) {
	case LAYOUT_WHOLE:
		return true;
	case LAYOUT_NO_DIM:
		diag_error(r->diag, whole, "the layout of '%s' loses elements: it has no '%s'", operand, dim);
		return false;
	case LAYOUT_NO_REST: case LAYOUT_GAP:
		diag_error(r->diag, axes[last], "the layout of '%s' loses elements: a piece '%s' is missing", operand,
			piece_text(r, l, d, div));
		return false;
	case LAYOUT_TWICE:
		diag_error(r->diag, axes[last], "the layout of '%s' has elements of '%s' twice", operand, dim);
		return false;
	}
	return false;
}

static bool
read_axes(struct reader *r, enum chip_operand o, const struct ast_expr *list, struct chip_layout *l)
{
	enum { AXES_MAX = sizeof l->axis / sizeof *l->axis };
	struct loc axes[AXES_MAX];
	bool ok = true;

	for (const struct ast_expr *e = list->u.items.first; e; e = e->next) {
		if (l->n == AXES_MAX) {
			diag_error(r->diag, e->loc, "a layout has at most %d axes", AXES_MAX);
			return false;
		}
		ok = read_axis(r, o, e, &l->axis[l->n]) && ok;
		axes[l->n++] = e->loc;
	}
	for (int d = 0; d < DIM_COUNT && ok; d++)
		if (chip_kind_dims(r->op->kind, o) >> d & 1)
			ok = check_dim(r, o, l, (enum chip_dim)d, axes, list->loc);
	return ok;
}

/* ---- options ---- */

/* Whether the type holds what weights within [-127, 127] come to. */
static bool
fits_fused(const struct chip_layout *l)
{
	int64_t most = 0;

	for (int i = 0; i < l->axis[l->n - 1].mod && most <= INT32_MAX; i++)
		most = most * l->factor + 127;
	return most <= dtype_info[l->fused].hi;
}

static bool
read_pitch(struct reader *r, enum chip_operand o, const struct ast_expr *e, struct chip_layout *l)
{
	bool packed = o == OPERAND_W || (o == OPERAND_B && chip_kind_operands(r->op->kind) >> OPERAND_W & 1);

	if (packed)
		diag_error(r->diag, e->loc, "'%s' is packed by the compiler and has no pitch", chip_operand_names[o]);
	else if (!chip_layout_is_plain(l) && r->op->kind != KIND_RUNS)
		diag_error(r->diag, e->loc, "only a row-major layout has a pitch, and that of '%s' is none", chip_operand_names[o]);
	else
		l->pitch = true;
	return !packed && l->pitch;
}

static bool
read_align(struct reader *r, const struct ast_expr *e, struct chip_layout *l)
{
	const struct ast_expr *n = e->next;

	if (!n || n->kind != EXPR_INT || n->u.i < 1 || n->u.i > ALIGN_MAX || (n->u.i & (n->u.i - 1))) {
		if (!n || n->kind != EXPR_ERROR)
			diag_error(r->diag, n ? n->loc : e->loc, "'align' takes a power of two up to %d", ALIGN_MAX);
		return false;
	}
	l->align = (int32_t)n->u.i;
	return true;
}

/* fused i16 256: the values of the last axis as one number. */
static bool
read_fused(struct reader *r, enum chip_operand o, const struct ast_expr *e, struct chip_layout *l)
{
	const struct ast_expr *type = e->next, *factor = type ? type->next : NULL;
	const struct chip_axis *last = &l->axis[l->n - 1];

	if (r->op->kind != KIND_BLOCK || o != OPERAND_W) {
		diag_error(r->diag, e->loc, "only the weights of a block can be fused");
		return false;
	}
	if (!factor || type->kind != EXPR_NAME || !dtype_lookup(type->u.str.s, &l->fused) || (l->fused != DT_I16 && l->fused != DT_I32)
			|| factor->kind != EXPR_INT || factor->u.i < 2 || factor->u.i > INT32_MAX) {
		l->fused = DT_COUNT;
		diag_error(r->diag, e->loc, "'fused' takes i16 or i32 and a factor, as in 'fused i16 256'");
		return false;
	}
	l->factor = factor->u.i;
	if (last->mod < 2 || !fits_fused(l)) {
		diag_error(r->diag, e->loc, "%s holds no %d int8 weights at a factor of %lld", dtype_info[l->fused].name, last->mod,
			(long long)l->factor);
		l->fused = DT_COUNT;
		return false;
	}
	return true;
}

static void
read_options(struct reader *r, enum chip_operand o, const struct ast_expr *e, struct chip_layout *l)
{
	static const char *const known[] = { "pitch", "align", "fused" };

	for (; e; e = e->next) {
		if (reader_is_name(e, "pitch")) {
			if (!read_pitch(r, o, e, l))
				return;
		} else if (reader_is_name(e, "align")) {
			if (!read_align(r, e, l))
				return;
			e = e->next;
		} else if (reader_is_name(e, "fused")) {
			if (!read_fused(r, o, e, l))
				return;
			e = e->next->next;
		} else {
			if (e->kind == EXPR_ERROR)
				return;
			diag_error(r->diag, e->loc, "behind a layout's axes stand 'pitch', 'align N' and of a block's weights 'fused TYPE FACTOR'");
			if (e->kind == EXPR_NAME)
				reader_suggest(r, e->loc, e->u.str.s, known, 3);
			return;
		}
	}
}

static bool
read_operand(struct reader *r, const struct ast_expr *e, enum chip_operand *o)
{
	unsigned operands = chip_kind_operands(r->op->kind);

	if (e->kind == EXPR_ERROR)
		return false;
	if (e->kind != EXPR_NAME || !e->next || e->next->kind != EXPR_LIST) {
		if (!e->next || e->next->kind != EXPR_ERROR)
			diag_error(r->diag, e->loc, "a layout is written: operand [axis, axis, ...], outermost first");
		return false;
	}
	if (!chip_operand_lookup(e->u.str.s, o) || !(operands >> *o & 1)) {
		diag_error(r->diag, e->loc, "a %s call has no operand '%s'; it has: %s", chip_kind_info[r->op->kind].name, e->u.str.s,
			chip_kind_info[r->op->kind].operands);
		return false;
	}
	if (!r->op->layout[*o].loc.start)
		return true;
	diag_error(r->diag, e->loc, "'%s' has two layouts", e->u.str.s);
	diag_note(r->diag, r->op->layout[*o].loc, "the first is here");
	return false;
}

void
read_layout(struct reader *r, const struct ast_chip_item *item)
{
	for (const struct ast_clause *c = item->clauses; c; c = c->next) {
		const struct ast_expr *e = c->alts->atoms;
		struct chip_layout l = { .loc = c->loc, .align = 1, .fused = DT_COUNT };
		enum chip_operand o;

		if (c->alts->next) {
			diag_error(r->diag, c->alts->next->loc, "an operand has one layout");
			continue;
		}
		if (!read_operand(r, e, &o))
			continue;
		if (read_axes(r, o, e->next, &l))
			read_options(r, o, e->next->next, &l);
		r->op->layout[o] = l;
	}
}
