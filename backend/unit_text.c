/* Call templates filled in.  Operands and vectors stand in the text by the names of the parameters of the function that it becomes
 * the body of; numbers stand there as they are, with the hole as a comment before them. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "backend/emit.h"
#include "backend/lower_unit.h"
#include "chips/blocks.h"

struct filling {
	struct lower *l;
	const struct chip_op *op;
	const struct node *node;
	const struct chip_vars *vars;
	struct text text;
	bool quoted;          /* inside "..." of the template: no comments there */
};

static bool
is_hole(const struct chip_piece *p, const char *param)
{
	return p->kind == HOLE_PARAM && strcmp(p->text, param) == 0;
}

bool
unit_mentions(const struct unit_call *u, const char *param)
{
	for (size_t i = 0; i < u->op->call.pieces.n; i++)
		if (is_hole(&u->op->call.pieces.v[i], param))
			return true;
	return false;
}

static void
add_template_text(struct filling *f, const char *s)
{
	for (const char *p = s; *p; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			f->quoted = !f->quoted;
	}
	text_add(&f->text, "%s", s);
}

/* The number behind a comment that says which it is. */
static void
add_number(struct filling *f, const char *hole, const char *digits)
{
	if (!f->quoted && *hole && !strstr(hole, "*/") && !strstr(hole, "/*"))
		text_add(&f->text, "/* %s */ ", hole);
	text_add(&f->text, "%s", digits);
}

static void
add_integer(struct filling *f, const char *hole, int64_t v)
{
	char digits[DATA_VALUE];

	if (v >= INT32_MIN && v <= INT32_MAX) {
		data_int(digits, (int32_t)v);
		add_number(f, hole, digits);
	} else {
		add_number(f, hole, arena_printf(f->l->p->arena, "%" PRId64, v));
	}
}

static void
add_float(struct filling *f, const char *hole, float v)
{
	char digits[DATA_VALUE];

	data_float(digits, v);
	add_number(f, hole, digits);
}

/* ---- expressions ---- */

/* The hole without its braces, as the .chip has it. */
static const char *
hole_text(struct filling *f, const struct chip_piece *p)
{
	struct arena *a = f->l->p->arena;
	const char *s;
	size_t n;

	if (p->expr->kind == EXPR_NAME)
		return p->expr->u.str.s;
	if (!f->op->chip->source)
		return "";
	s = chip_source_text(a, f->op->chip, p->loc);
	s += *s == '{';
	n = strlen(s);
	return arena_strndup(a, s, n && s[n - 1] == '}' ? n - 1 : n);
}

static bool
add_expression(struct filling *f, const struct chip_piece *p)
{
	const char *dimension = unit_dimension(f->op, p->expr);
	double v;

	if (dimension) {
		add_number(f, p->expr->u.str.s, arena_printf(f->l->p->arena, "%c%s%c", DIMENSION_BEGINS, dimension, DIMENSION_ENDS));
		return true;
	}
	if (!chip_eval(p->expr, f->vars, f->l->diag, &v))
		return false;
	if (v != floor(v) || fabs(v) > 0x1p53) {
		diag_error(f->l->diag, p->loc, "in the call for '%s' this is %g, but a call takes integers", f->node->name, v);
		return false;
	}
	add_integer(f, hole_text(f, p), (int64_t)v);
	return true;
}

/* ---- a unit's call ---- */

static bool
has_argument(const struct call *c, const char *param)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (strcmp(c->args.v[i].name, param) == 0)
			return true;
	return false;
}

static void
add_pointer(struct unit_call *u, struct filling *f, const char *param, enum arg_kind kind, struct place p)
{
	if (!has_argument(u->call, param))
		call_place(u->l, u->call, kind, param, p);
	text_add(&f->text, "%s", param);
}

static void
add_operand(struct unit_call *u, struct filling *f, enum chip_operand o)
{
	enum arg_kind kind = o == OPERAND_Y ? ARG_OUT : o == OPERAND_W ? ARG_CONST : ARG_IN;

	if (u->operand[o].tensor)
		add_pointer(u, f, chip_operand_names[o], kind, u->operand[o].place);
	else
		text_add(&f->text, "NULL");
}

static void
add_parameter(struct unit_call *u, struct filling *f, const char *param)
{
	for (size_t i = 0; i < u->numbers.n; i++) {
		const struct unit_number *n = &u->numbers.v[i];

		if (strcmp(n->name, param) != 0)
			continue;
		switch (n->kind) {
		case NUMBER_INT: add_integer(f, param, n->i); break;
		case NUMBER_FLOAT: add_float(f, param, n->f); break;
		case NUMBER_POINTER:
			if (n->place.buf)
				add_pointer(u, f, param, ARG_CONST, n->place);
			else
				text_add(&f->text, "NULL");
			break;
		}
		return;
	}
	add_integer(f, param, 0); /* of another kind of unit */
}

bool
unit_text(struct unit_call *u)
{
	struct filling f = { .l = u->l, .op = u->op, .node = u->node, .vars = &u->vars, .text = { .arena = u->l->p->arena } };
	bool ok = true;

	for (size_t i = 0; i < u->op->call.pieces.n; i++) {
		const struct chip_piece *p = &u->op->call.pieces.v[i];

		switch (p->kind) {
		case HOLE_TEXT: add_template_text(&f, p->text); break;
		case HOLE_OPERAND: add_operand(u, &f, p->operand); break;
		case HOLE_PITCH:
			add_integer(&f, arena_printf(u->l->p->arena, "%s.pitch", chip_operand_names[p->operand]),
				u->operand[p->operand].tensor ? u->operand[p->operand].pitch : 0);
			break;
		case HOLE_EXPR: ok = add_expression(&f, p) && ok; break;
		case HOLE_PARAM: add_parameter(u, &f, p->text); break;
		}
	}
	u->call->text = text_get(&f.text);
	return ok;
}

/* ---- a block's ---- */

static bool
add_block_expression(struct filling *f, const struct chip_piece *p)
{
	static const char *const parameters[] = { "in", "rows", "out" }; /* of a C function that serves all sizes; the last two where it is flexible */
	const size_t n = block_is_flexible(f->op) || block_takes_all(f->op) ? 3 : 1;

	for (size_t i = 0; i < n && p->expr->kind == EXPR_NAME; i++)
		if (strcmp(p->expr->u.str.s, parameters[i]) == 0) {
			text_add(&f->text, "%s", parameters[i]);
			return true;
		}
	return add_expression(f, p);
}

const char *
unit_block_text(struct lower *l, const struct chip_op *op, const struct node *n, const struct chip_vars *vars)
{
	struct filling f = { .l = l, .op = op, .node = n, .vars = vars, .text = { .arena = l->p->arena } };
	bool ok = true;

	for (size_t i = 0; i < op->call.pieces.n; i++) {
		const struct chip_piece *p = &op->call.pieces.v[i];

		switch (p->kind) {
		case HOLE_TEXT: add_template_text(&f, p->text); break;
		case HOLE_OPERAND: text_add(&f.text, "%s", chip_operand_names[p->operand]); break;
		case HOLE_PITCH: text_add(&f.text, "%s_pitch", chip_operand_names[p->operand]); break;
		case HOLE_EXPR: ok = add_block_expression(&f, p) && ok; break;
		case HOLE_PARAM: text_add(&f.text, "%s", p->text); break;
		}
	}
	return ok ? text_get(&f.text) : NULL;
}

/* The call of a block of runs, but for "rows", which is the number it is compiled for. */
static bool
add_runs_call(struct filling *f, const struct chip_op *op, bool floats)
{
	bool ok = true;

	for (size_t i = 0; i < op->call.pieces.n; i++) {
		const struct chip_piece *p = &op->call.pieces.v[i];
		const char *variable = p->kind == HOLE_EXPR && p->expr->kind == EXPR_NAME ? p->expr->u.str.s : "";

		switch (p->kind) {
		case HOLE_TEXT: add_template_text(f, p->text); break;
		case HOLE_OPERAND: text_add(&f->text, "%s", chip_operand_names[p->operand]); break;
		case HOLE_PITCH: text_add(&f->text, "%s_pitch", chip_operand_names[p->operand]); break;
		case HOLE_EXPR:
			if (strcmp(variable, "in") == 0 || strcmp(variable, "kh") == 0)
				text_add(&f->text, "%s", variable);
			else
				ok = add_expression(f, p) && ok;
			break;
		case HOLE_PARAM:
			if (strcmp(p->text, "float_scaled") == 0)
				add_integer(f, p->text, floats);
			else
				text_add(&f->text, "%s", p->text);
			break;
		}
	}
	return ok;
}

bool
unit_runs_text(struct lower *l, struct block *b, const struct node *n, const struct chip_vars *vars, uint64_t rows, bool floats)
{
	struct chip_vars v = *vars;
	struct text all = { .arena = l->p->arena };
	bool ok = true;

	for (int i = 1; i < 64; i++)
		if (rows >> i & 1) {
			struct filling f = { .l = l, .op = b->unit, .node = n, .vars = &v, .text = { .arena = l->p->arena } };

			v.v[VAR_ROWS] = i;
			ok = add_runs_call(&f, b->unit, floats) && ok;
			ARRAY_PUSH(l->p->arena, b->cases, ((struct block_case){ i, text_get(&f.text) }));
			text_add(&all, "%s\n", text_get(&f.text));
		}
	b->text = text_get(&all);
	return ok;
}

/* ---- a dot product's ---- */

static void
add_dot_parameter(struct filling *f, const char *param)
{
	static const char *const pointers[] = { "multiplier", "shift", "scale", "float_scaling" };

	for (size_t i = 0; i < sizeof pointers / sizeof *pointers; i++)
		if (strcmp(param, pointers[i]) == 0 && f->op->requant.per_channel) {
			text_add(&f->text, "NULL");
			return;
		}
	if (strcmp(param, "core") == 0)
		add_integer(f, param, f->node->core);
	else if (strcmp(param, "act_min") == 0 || strcmp(param, "act_max") == 0)
		add_integer(f, param, param[5] == 'i' ? INT32_MIN : INT32_MAX);
	else
		add_integer(f, param, strcmp(param, "partial") == 0 || strcmp(param, "first") == 0);
}

const char *
unit_dot_text(struct lower *l, const struct chip_op *op, const struct node *n, const struct chip_vars *vars, const char *x, const char *w)
{
	struct filling f = { .l = l, .op = op, .node = n, .vars = vars, .text = { .arena = l->p->arena } };
	bool ok = true;

	for (size_t i = 0; i < op->call.pieces.n; i++) {
		const struct chip_piece *p = &op->call.pieces.v[i];

		switch (p->kind) {
		case HOLE_TEXT: add_template_text(&f, p->text); break;
		case HOLE_OPERAND:
			text_add(&f.text, "%s", p->operand == OPERAND_X ? x : p->operand == OPERAND_W ? w : p->operand == OPERAND_Y ? "&part" : "NULL");
			break;
		case HOLE_PITCH: add_integer(&f, "", 0); break;
		case HOLE_EXPR: ok = add_expression(&f, p) && ok; break;
		case HOLE_PARAM: add_dot_parameter(&f, p->text); break;
		}
	}
	return ok ? text_get(&f.text) : NULL;
}
