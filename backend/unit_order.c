/* The order in which a chip's unit reads and writes, as its .chip states it: what results may lie over (overlap.c), and calls of the unit for some rows
 * of the result at a time (stream.c).
 *
 * The call gets the dimensions that the kernels of portable C have, by the same names.  Those that change from one band of rows to the next
 * stand in the call's text as names between marks, which call_statement replaces. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/emit.h"
#include "backend/lower_unit.h"
#include "backend/reads.h"

/* The variables that are others for a band of rows, and their dimensions. */
static const struct { enum chip_var var; const char *dimension; unsigned kinds; } banded[] = {
#define WINDOWS (1u << KIND_CONV2D | 1u << KIND_DWCONV2D | 1u << KIND_MAXPOOL | 1u << KIND_AVGPOOL)
#define ELEMENTS (1u << KIND_ADD | 1u << KIND_MUL | 1u << KIND_RELU | 1u << KIND_COPY)
	{ VAR_HI, "x_h", WINDOWS },
	{ VAR_HO, "y_h", WINDOWS },
	{ VAR_PT, "pad_t", WINDOWS },
	{ VAR_PB, "pad_b", WINDOWS },
	{ VAR_ROWS, "windows", 1u << KIND_DENSE },
	{ VAR_ROWS, "rows", ELEMENTS | 1u << KIND_REQUANTIZE },
	{ VAR_N, "n", ELEMENTS },
	{ VAR_MACS, NULL, WINDOWS | 1u << KIND_DENSE | ELEMENTS | 1u << KIND_REQUANTIZE },
};
enum { BANDED = sizeof banded / sizeof *banded };

/* ---- the text ---- */

const char *
unit_dimension(const struct chip_op *op, const struct ast_expr *e)
{
	enum chip_var v;

	if (op->order == ORDER_UNKNOWN || e->kind != EXPR_NAME || !chip_var_lookup(e->u.str.s, &v))
		return NULL;
	for (int i = 0; i < BANDED; i++)
		if (banded[i].var == v && banded[i].kinds >> op->kind & 1)
			return banded[i].dimension;
	return NULL;
}

/* Whether E, which is not all of a hole, reads a variable that changes, or perhaps one. */
static bool
depends_on_rows(const struct chip_op *op, const struct ast_expr *e)
{
	enum chip_var v;

	if (e->kind == EXPR_UNARY)
		return depends_on_rows(op, e->u.op.l);
	if (e->kind == EXPR_BINARY)
		return depends_on_rows(op, e->u.op.l) || depends_on_rows(op, e->u.op.r);
	if (e->kind != EXPR_NAME)
		return e->kind != EXPR_INT && e->kind != EXPR_FLOAT;
	if (!chip_var_lookup(e->u.str.s, &v))
		return false; /* a memory's size */
	for (int i = 0; i < BANDED; i++)
		if (banded[i].var == v && banded[i].kinds >> op->kind & 1)
			return true;
	return false;
}

/* Whether a call for other rows differs in whole holes only. */
static bool
can_be_banded(const struct chip_op *op)
{
	for (size_t i = 0; i < op->call.pieces.n; i++) {
		const struct chip_piece *p = &op->call.pieces.v[i];

		if (p->kind == HOLE_EXPR && !unit_dimension(op, p->expr) && depends_on_rows(op, p->expr))
			return false;
	}
	return true;
}

static const struct arg *
find_dimension(const struct call *c, const char *dimension, size_t len)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (strlen(c->args.v[i].name) == len && memcmp(c->args.v[i].name, dimension, len) == 0)
			return &c->args.v[i];
	die("%s: no dimension '%.*s'", c->kernel, (int)len, dimension);
}

const char *
call_statement(struct arena *a, const struct call *c)
{
	const char *s = "", *p = c->text;

	for (const char *mark; (mark = strchr(p, DIMENSION_BEGINS)); p = strchr(mark, DIMENSION_ENDS) + 1) {
		size_t len = strcspn(mark + 1, (const char[]){ DIMENSION_ENDS, '\0' });
		const struct arg *dim = find_dimension(c, mark + 1, len);

		s = dim->kind == ARG_DIM ? arena_printf(a, "%s%.*s%" PRId64, s, (int)(mark - p), p, dim->i)
			: arena_printf(a, "%s%.*s%s", s, (int)(mark - p), p, dim->name);
	}
	return *s ? arena_printf(a, "%s%s", s, p) : c->text;
}

bool
call_mentions(const struct call *c, const char *dimension)
{
	size_t len = strlen(dimension);

	for (const char *p = c->text; (p = strchr(p, DIMENSION_BEGINS)); p++)
		if (strncmp(p + 1, dimension, len) == 0 && p[1 + len] == DIMENSION_ENDS)
			return true;
	return false;
}

/* ---- some rows of the result ---- */

static int64_t
positive(int64_t v)
{
	return v > 0 ? v : 0;
}

/* The numbers of a call for COUNT rows from FIRST on, HEIGHT being all of them. */
static void
vars_of_rows(const struct call *c, int32_t first, int32_t count, int32_t height, struct chip_vars *v)
{
	const int64_t *whole = c->vars->v;
	enum chip_var scaled = c->unit->kind == KIND_DENSE || whole[VAR_ROWS] > 1 ? VAR_ROWS : VAR_N;

	*v = *c->vars;
	if (call_find_dim(c, "y_h")) {
		int64_t origin = first * whole[VAR_SH] - whole[VAR_PT], end = origin + (count - 1) * whole[VAR_SH] + (whole[VAR_KH] - 1) * whole[VAR_DH] + 1;

		v->v[VAR_PT] = positive(-origin);
		v->v[VAR_PB] = positive(end - whole[VAR_HI]);
		v->v[VAR_HI] = end - v->v[VAR_PB] - positive(origin);
		v->v[VAR_HO] = count;
	} else {
		v->v[scaled] = whole[scaled] / height * count;
	}
	chip_vars_complete(c->unit, v);
}

bool
call_takes_rows(const struct call *c, int32_t height, int32_t band)
{
	const struct chip_limit *broken;
	struct chip_vars v, before = { .v = { 0 } };

	for (int32_t first = 0; first < height; first += band, before = v) {
		vars_of_rows(c, first, band < height - first ? band : height - first, height, &v);
		if (v.v[VAR_HI] < 1 || v.v[VAR_HO] < 1)
			return false; /* all of it lies in the padding */
		if (first > 0 && v.v[VAR_HI] == before.v[VAR_HI] && v.v[VAR_HO] == before.v[VAR_HO] && v.v[VAR_PT] == before.v[VAR_PT]
				&& v.v[VAR_PB] == before.v[VAR_PB] && v.v[VAR_ROWS] == before.v[VAR_ROWS] && v.v[VAR_N] == before.v[VAR_N])
			continue;
		if (chip_breaks(c->unit, &v, &broken, 1) > 0)
			return false;
	}
	return true;
}

/* ---- the dimensions ---- */

/* The numbers of a unit's call and the pitches of its operands. */
struct numbers { const struct chip_op *op; const struct chip_vars *vars; int64_t pitch[OPERAND_COUNT]; };

static void
add_dim(struct arena *a, struct call *c, const char *dimension, int64_t v)
{
	ARRAY_PUSH(a, c->args, ((struct arg){ .kind = ARG_DIM, .name = dimension, .i = v }));
}

static void
add_window(struct arena *a, struct call *c, const struct chip_vars *vars)
{
	static const struct { const char *dimension; enum chip_var var; } dims[] = {
		{ "x_h", VAR_HI }, { "x_w", VAR_WI }, { "y_h", VAR_HO }, { "y_w", VAR_WO }, { "y_c", VAR_OUT }, { "k_h", VAR_KH }, { "k_w", VAR_KW },
		{ "stride_h", VAR_SH }, { "stride_w", VAR_SW }, { "dilation_h", VAR_DH }, { "dilation_w", VAR_DW }, { "pad_t", VAR_PT },
		{ "pad_b", VAR_PB }, { "pad_l", VAR_PL }
	};

	for (size_t i = 0; i < sizeof dims / sizeof *dims; i++)
		add_dim(a, c, dims[i].dimension, vars->v[dims[i].var]);
}

static bool
is_of_two(const struct chip_op *op)
{
	return chip_kind_operands(op->kind) >> OPERAND_A & 1;
}

/* What overlap.c and stream.c ask for. */
static void
add_dimensions(struct arena *a, struct call *c, const struct numbers *n)
{
	const struct chip_op *op = n->op;
	const int64_t *v = n->vars->v;

	c->at_once = op->order_count;
	add_dim(a, c, "y_pitch", n->pitch[OPERAND_Y]);
	add_dim(a, c, is_of_two(op) ? "a_pitch" : "x_pitch", n->pitch[is_of_two(op) ? OPERAND_A : OPERAND_X]);
	if (is_of_two(op))
		add_dim(a, c, "b_pitch", n->pitch[OPERAND_B]);
	switch (op->order) {
	case ORDER_ROWS: case ORDER_PIXELS: case ORDER_CHANNELS:
		if (op->kind == KIND_DENSE) {
			add_dim(a, c, "windows", v[VAR_ROWS]);
			add_dim(a, c, "y_n", v[VAR_OUT]);
			break;
		}
		add_window(a, c, n->vars);
		if (op->order == ORDER_ROWS)
			c->at_once *= (int32_t)v[VAR_WO];
		break;
	case ORDER_ELEMENTS:
		add_dim(a, c, "rows", v[VAR_ROWS]);
		add_dim(a, c, "n", v[op->kind == KIND_REQUANTIZE ? VAR_OUT : VAR_N]);
		break;
	case ORDER_UNKNOWN:
		break;
	}
}

/* Whether the maps lie as the graph has them. */
static bool
is_plain(const struct unit_call *u)
{
	static const enum chip_operand maps[] = { OPERAND_X, OPERAND_Y, OPERAND_A, OPERAND_B };

	for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
		if (u->operand[maps[i]].tensor && (maps[i] != OPERAND_B || is_of_two(u->op)) && !chip_layout_is_plain(&u->op->layout[maps[i]]))
			return false;
	return true;
}

void
unit_order(struct unit_call *u)
{
	struct numbers n = { u->op, &u->vars, { 0 } };

	if (u->op->order == ORDER_UNKNOWN)
		return;
	for (int o = 0; o < OPERAND_COUNT; o++)
		n.pitch[o] = u->operand[o].pitch;
	add_dimensions(u->l->p->arena, u->call, &n);
	if (!is_plain(u) || (u->op->order == ORDER_CHANNELS && u->vars.v[VAR_IN] != u->vars.v[VAR_OUT])) {
		u->call->at_once = 0;
	} else if (can_be_banded(u->op) && u->op->chip->calls == 0) { /* where calls are few none is made into several */
		struct chip_vars *vars = ARENA_NEW(u->l->p->arena, struct chip_vars);

		*vars = u->vars;
		u->call->vars = vars;
	}
}

int64_t
unit_distance(const struct chip_op *op, const struct chip_vars *vars, enum dtype y_type)
{
	struct arena a = { 0 };
	enum chip_operand first = is_of_two(op) ? OPERAND_A : OPERAND_X;
	struct buffer x = { .kind = BUF_ARENA, .bytes = vars->bytes[first] }, y = { .kind = BUF_ARENA };
	struct call c = { .kernel = op->title, .text = "", .unit = op };
	int64_t in = op->kind == KIND_REQUANTIZE ? vars->v[VAR_OUT] : op->order == ORDER_ELEMENTS ? vars->v[VAR_N] : vars->v[VAR_IN], distance;
	int64_t out = op->order == ORDER_ELEMENTS ? in : vars->v[VAR_OUT];
	const struct numbers n = { op, vars, { [OPERAND_X] = in, [OPERAND_A] = in, [OPERAND_B] = in, [OPERAND_Y] = out } };

	ARRAY_PUSH(&a, c.args, ((struct arg){ .kind = ARG_OUT, .name = "y", .buf = &y, .dtype = y_type }));
	ARRAY_PUSH(&a, c.args, ((struct arg){ .kind = ARG_IN, .name = chip_operand_names[first], .buf = &x, .dtype = op->types.v[0].x }));
	add_dimensions(&a, &c, &n);
	call_find_overlap(&c);
	distance = c.args.v[1].distance;
	arena_free(&a);
	return distance;
}
