/* Call templates as functions, expressions and units as C. */
#include <config.h>
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include "backend/chip_c.h"
#include "runtime/embedded.h"

/* ---- names and lines ---- */

const char *
chip_c_id(struct chip_c *g, const struct chip_op *op)
{
	char *id = arena_strdup(g->arena, op->title);

	for (char *s = id; *s; s++)
		if (!isalnum((unsigned char)*s))
			*s = '_';
	for (size_t i = 0; i < g->chip->ops.n; i++)
		if (i != (size_t)op->index && strcmp(g->chip->ops.v[i].title, op->title) == 0)
			return arena_printf(g->arena, "%s_%d", id, op->index);
	return id;
}

const char *
chip_c_line(struct chip_c *g, struct loc loc, const char *source)
{
	const char *s = source ? source : "";
	int line = 0, column;

	if (loc.start)
		diag_position(g->where, loc, &line, &column);
	text_reset(&g->text);
	text_add(&g->text, "%s:%d: ", g->chip->file, line);
	for (; *s; s++)
		if ((unsigned char)*s >= ' ')
			text_add(&g->text, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	return arena_strdup(g->arena, text_get(&g->text));
}

void
chip_c_embed(struct chip_c *g, const char *file)
{
	const struct embedded *f = embedded_find(file);

	if (!f)
		die("no embedded file '%s'", file);
	for (const char *const *line = f->lines; *line; line++)
		if (strncmp(*line, "#include \"", 10) != 0)
			fputs(*line, g->e.out);
	emit_blank(&g->e);
}

/* ---- expressions ---- */

static const char *
oper_text(char oper)
{
	static const struct { char oper; const char *text; } table[] = {
		{ OPER_LE, "<=" }, { OPER_GE, ">=" }, { OPER_EQ, "==" }, { OPER_NE, "!=" }, { OPER_AND, "&&" }, { OPER_OR, "||" },
		{ OPER_LT, "<" }, { OPER_GT, ">" }, { '+', "+" }, { '-', "-" }, { '*', "*" }, { '/', "/" }
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].oper == oper)
			return table[i].text;
	die("chip: operator '%c'", oper);
}

static bool
is_truth(char oper)
{
	return oper == OPER_LE || oper == OPER_GE || oper == OPER_EQ || oper == OPER_NE || oper == OPER_AND || oper == OPER_OR
		|| oper == OPER_LT || oper == OPER_GT;
}

static const char *
call_c(struct chip_c *g, const struct chip_op *op, const struct ast_expr *e)
{
	static const struct { const char *name, *c; } table[] = {
		{ "min", "fmin" }, { "max", "fmax" }, { "ceil", "ceil" }, { "floor", "floor" }, { "round", "round" },
		{ "abs", "fabs" }, { "log2", "log2" }
	};
	const struct ast_arg *a = e->u.call.args;
	const char *list = NULL;

	if (strcmp(e->u.call.callee, "bytes") == 0)
		return arena_printf(g->arena, "nn_bytes(&unit_%s, c, \"%s\")", chip_c_id(g, op), a->value->u.str.s);
	if (strcmp(e->u.call.callee, "max_abs") == 0 || strcmp(e->u.call.callee, "sum_abs") == 0)
		return arena_printf(g->arena, "nn_weight_%s(&unit_%s, c)", e->u.call.callee, chip_c_id(g, op));
	for (; a; a = a->next) {
		const char *item = chip_c_expr(g, op, a->value);
		list = list ? arena_printf(g->arena, "%s, %s", list, item) : item;
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (strcmp(table[i].name, e->u.call.callee) == 0) {
			/* min and max take any number of values */
			if (table[i].c[0] != 'f' || table[i].c[1] != 'm' || !e->u.call.args->next || !e->u.call.args->next->next)
				return arena_printf(g->arena, "%s(%s)", table[i].c, list);
			list = chip_c_expr(g, op, e->u.call.args->value);
			for (a = e->u.call.args->next; a; a = a->next)
				list = arena_printf(g->arena, "%s(%s, %s)", table[i].c, list, chip_c_expr(g, op, a->value));
			return list;
		}
	die("chip: function '%s'", e->u.call.callee);
}

const char *
chip_c_var(struct chip_c *g, enum chip_var var)
{
	char *up = arena_strdup(g->arena, chip_var_info[var].name);

	for (char *s = up; *s; s++)
		*s = (char)toupper((unsigned char)*s);
	return arena_printf(g->arena, "v[NN_%s]", up);
}

const char *
chip_c_expr(struct chip_c *g, const struct chip_op *op, const struct ast_expr *e)
{
	enum chip_var var;
	const char *l, *r;

	switch (e->kind) {
	case EXPR_INT:
		return arena_printf(g->arena, "%" PRId64 ".0", e->u.i);
	case EXPR_FLOAT:
		return arena_printf(g->arena, "%.17g", e->u.f);
	case EXPR_NAME:
		if (chip_var_lookup(e->u.str.s, &var))
			return arena_printf(g->arena, "(double)%s", chip_c_var(g, var));
		for (size_t i = 0; i < g->chip->memories.n; i++)
			if (g->chip->memories.v[i].name == e->u.str.s)
				return arena_printf(g->arena, "%" PRId64 ".0", g->chip->memories.v[i].size);
		die("chip: variable '%s'", e->u.str.s);
	case EXPR_UNARY:
		l = chip_c_expr(g, op, e->u.op.l);
		return e->u.op.oper == '!' ? arena_printf(g->arena, "(double)!(%s)", l) : arena_printf(g->arena, "(%c%s)", e->u.op.oper, l);
	case EXPR_BINARY:
		l = chip_c_expr(g, op, e->u.op.l);
		r = chip_c_expr(g, op, e->u.op.r);
		if (e->u.op.oper == '%')
			return arena_printf(g->arena, "fmod(%s, %s)", l, r);
		if (e->u.op.oper == OPER_AND || e->u.op.oper == OPER_OR)
			return arena_printf(g->arena, "(double)(%s != 0 %s %s != 0)", l, oper_text(e->u.op.oper), r);
		if (is_truth(e->u.op.oper))
			return arena_printf(g->arena, "(double)(%s %s %s)", l, oper_text(e->u.op.oper), r);
		return arena_printf(g->arena, "(%s %s %s)", l, oper_text(e->u.op.oper), r);
	case EXPR_CALL:
		return call_c(g, op, e);
	case EXPR_ERROR: case EXPR_STRING: case EXPR_DIMS: case EXPR_LIST: case EXPR_INDEX: case EXPR_PIPE: case EXPR_INTERP:
	case EXPR_RANGE:
		break;
	}
	die("chip: expression of kind %d", e->kind);
}

/* ---- units ---- */

uint64_t
chip_c_vars(enum chip_kind kind)
{
	uint64_t follows = UINT64_C(1) << VAR_MACS;

	if (kind == KIND_DWCONV2D)
		follows |= UINT64_C(1) << VAR_GROUPS;
	if (kind == KIND_MAXPOOL || kind == KIND_AVGPOOL)
		follows |= UINT64_C(1) << VAR_OUT;
	if (kind == KIND_REQUANTIZE)
		follows |= UINT64_C(1) << VAR_IN;
	return chip_kind_vars(kind) & ~follows;
}

const char *
chip_c_type(enum dtype t)
{
	static const char *const text[DT_COUNT] = { [DT_F32] = "NN_F32", [DT_I8] = "NN_I8", [DT_I16] = "NN_I16", [DT_I32] = "NN_I32" };

	return t < DT_COUNT ? text[t] : "NN_I32"; /* an operand that is not there */
}

static void
layout_c(struct chip_c *g, const struct chip_op *op, enum chip_operand operand)
{
	static const char *const dims[DIM_COUNT] = {
		[DIM_H] = "H", [DIM_W] = "W", [DIM_IN] = "IN", [DIM_OUT] = "OUT", [DIM_KH] = "KH", [DIM_KW] = "KW", [DIM_ROWS] = "ROWS",
		[DIM_N] = "N"
	};
	struct chip_layout l = op->layout[operand];

	text_reset(&g->text);
	text_add(&g->text, "\t{ %d, { ", l.n);
	for (int k = 0; k < l.n; k++)
		text_add(&g->text, "{ NN_DIM_%s, %d, %d }%s", dims[l.axis[k].dim], l.axis[k].div, l.axis[k].mod, k < l.n - 1 ? ", " : "");
	text_add(&g->text, l.n ? " } }," : "{ 0, 0, 0 } } },");
	emit_line(&g->e, "%s", text_get(&g->text));
}

bool
chip_c_two_results(const struct chip_op *op)
{
	for (size_t i = 1; i < op->types.n; i++)
		if (op->types.v[i].y != op->types.v[0].y)
			return true;
	return false;
}

void
chip_c_unit(struct chip_c *g, const struct chip_op *op)
{
	static const char *const roundings[ROUNDING_COUNT] = {
		[ROUNDING_DOUBLE] = "NN_DOUBLE", [ROUNDING_SINGLE] = "NN_SINGLE", [ROUNDING_EVEN] = "NN_EVEN", [ROUNDING_SHIFT] = "NN_SHIFT"
	};
	const struct chip_type *t = &op->types.v[0];
	bool two = chip_kind_info[op->kind].operands[0] == 'a';
	char kind[32];
	size_t n;

	for (n = 0; chip_kind_info[op->kind].name[n] && n < sizeof kind - 1; n++)
		kind[n] = (char)toupper((unsigned char)chip_kind_info[op->kind].name[n]);
	kind[n] = '\0';
	emit_line(&g->e, "static const struct nn_unit unit_%s = {", chip_c_id(g, op));
	emit_line(&g->e, "\t\"%s\", NN_%s, %s, %s, %s, %s, %d, %d, %d,", op->title, kind, chip_c_type(t->x), chip_c_type(two ? t->b : t->w), chip_c_type(t->b),
		roundings[op->requant.rounding], op->requant.per_channel, op->pads_zero_point, op->accumulator_bits);
	layout_c(g, op, OPERAND_X);
	layout_c(g, op, OPERAND_W);
	layout_c(g, op, OPERAND_Y);
	emit_line(&g->e, "};\n");
}

/* Variables that an expression reads, by bit. */
static uint64_t
reads(const struct ast_expr *e)
{
	enum chip_var var;
	uint64_t bits = 0;

	if (e->kind == EXPR_NAME)
		return chip_var_lookup(e->u.str.s, &var) ? UINT64_C(1) << var : 0;
	if (e->kind == EXPR_UNARY || e->kind == EXPR_BINARY)
		bits = reads(e->u.op.l) | (e->kind == EXPR_BINARY ? reads(e->u.op.r) : 0);
	if (e->kind == EXPR_CALL)
		for (const struct ast_arg *a = e->u.call.args; a; a = a->next)
			bits |= reads(a->value);
	return bits;
}

/* Of a list of pairs: the second number (or the first) by the other, where no pair leaves a choice. */
static const char *
other_of_pair(struct chip_c *g, const struct chip_op *op, const struct chip_limit *l, enum chip_var var, uint64_t known)
{
	bool second = l->var2 == var;
	const struct chip_set *of = second ? &l->set2 : &l->set, *by = second ? &l->set : &l->set2;
	enum chip_var key = second ? l->var : l->var2;
	const char *text = "0";

	if (!(known >> key & 1))
		return NULL;
	for (size_t i = of->ranges.n; i-- > 0;) {
		if (of->ranges.v[i].hi || by->ranges.v[i].hi || reads(of->ranges.v[i].lo) || reads(by->ranges.v[i].lo))
			return NULL;
		text = arena_printf(g->arena, "%s == %s ? %s : %s", chip_c_var(g, key), chip_c_expr(g, op, by->ranges.v[i].lo),
			chip_c_expr(g, op, of->ranges.v[i].lo), text);
	}
	return text;
}

static const char *
only_value(struct chip_c *g, const struct chip_op *op, const struct chip_set *set, uint64_t known)
{
	const struct chip_range *r = &set->ranges.v[0];

	if (set->ranges.n != 1 || (reads(r->lo) & ~known))
		return NULL;
	if (r->hi && !(r->lo->kind == EXPR_INT && r->hi->kind == EXPR_INT && r->lo->u.i == r->hi->u.i))
		return NULL;
	return chip_c_expr(g, op, r->lo);
}

const char *
chip_c_fixed(struct chip_c *g, const struct chip_op *op, enum chip_var var, uint64_t known)
{
	const char *text = NULL;

	for (const struct chip_limit *l = op->limits; l && !text; l = l->next) {
		if (l->kind == LIMIT_SET && l->var == var)
			text = only_value(g, op, &l->set, known);
		if (l->kind == LIMIT_PAIR && (l->var == var || l->var2 == var)) {
			text = only_value(g, op, l->var == var ? &l->set : &l->set2, known);
			text = text ? text : other_of_pair(g, op, l, var, known);
		}
	}
	return text;
}
