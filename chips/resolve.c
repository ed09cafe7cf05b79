/* Expressions of a .chip: every name is looked up once, when the file is read, and the copy that is kept says what it found, so that
 * evaluating it (thousands of times in planning) looks nothing up and cannot fail on a name. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "chips/reader.h"

/* ---- names ---- */

static void
suggest_variable(struct reader *r, const struct ast_expr *e)
{
	ARRAY(const char *) known = { 0 };

	for (int i = 0; i < VAR_COUNT; i++)
		if (r->vars >> i & 1)
			ARRAY_PUSH(r->arena, known, chip_var_info[i].name);
	for (size_t i = 0; i < r->chip->memories.n; i++)
		ARRAY_PUSH(r->arena, known, r->chip->memories.v[i].name);
	reader_suggest(r, e->loc, e->u.str.s, known.v, known.n);
}

static const struct ast_expr *
unknown_name(struct reader *r, const struct ast_expr *e)
{
	enum chip_operand o;
	enum chip_var v;

	if (!r->op && chip_var_lookup(e->u.str.s, &v))
		diag_error(r->diag, e->loc, "'%s' is a variable of calls: here only numbers and memories' sizes can be named", e->u.str.s);
	else if (chip_var_lookup(e->u.str.s, &v))
		diag_error(r->diag, e->loc, "a %s call has no variable '%s'", chip_kind_info[r->op->kind].name, e->u.str.s);
	else if (chip_operand_lookup(e->u.str.s, &o) && r->operands >> o & 1)
		diag_error(r->diag, e->loc, "'%s' is an operand, not a number: write bytes(%s)", e->u.str.s, e->u.str.s);
	else {
		diag_error(r->diag, e->loc, "there is no variable or memory '%s'", e->u.str.s);
		suggest_variable(r, e);
	}
	return NULL;
}

static struct ast_expr *
copy_of(struct reader *r, const struct ast_expr *e)
{
	struct ast_expr *copy = ARENA_NEW(r->arena, struct ast_expr);

	*copy = *e;
	copy->next = NULL;
	return copy;
}

static const struct ast_expr *
resolve_name(struct reader *r, const struct ast_expr *e)
{
	struct ast_expr *copy = copy_of(r, e);
	enum chip_var v;

	if (chip_var_lookup(e->u.str.s, &v) && r->vars >> v & 1) {
		copy->u.str.s = chip_var_info[v].name;
		copy->u.str.len = v;
		r->seen_vars |= UINT64_C(1) << v;
		return copy;
	}
	for (size_t i = 0; i < r->chip->memories.n; i++)
		if (r->chip->memories.v[i].name == e->u.str.s) {
			copy->kind = EXPR_INT;
			copy->text = e->u.str.s;
			copy->u.i = r->chip->memories.v[i].size;
			return copy;
		}
	return unknown_name(r, e);
}

/* ---- calls ---- */

static const struct expr_function *
find_function(struct reader *r, const struct ast_expr *e)
{
	const struct expr_function *f = expr_function_find(e->u.call.callee);
	ARRAY(const char *) known = { 0 };

	if (f)
		return f;
	diag_error(r->diag, e->u.call.callee_loc, "there is no function '%s'", e->u.call.callee);
	for (f = expr_functions; f->name; f++)
		ARRAY_PUSH(r->arena, known, f->name);
	reader_suggest(r, e->u.call.callee_loc, e->u.call.callee, known.v, known.n);
	return NULL;
}

static bool
count_args(struct reader *r, const struct ast_expr *e, const struct expr_function *f)
{
	int n = 0;

	for (const struct ast_arg *a = e->u.call.args; a; a = a->next, n++)
		if (a->key) {
			diag_error(r->diag, a->key_loc, "the arguments of '%s' have no names", f->name);
			return false;
		}
	if (n >= f->least && n <= f->most)
		return true;
	if (f->least == f->most)
		diag_error(r->diag, e->loc, "'%s' takes %d argument%s, found %d", f->name, f->least, f->least == 1 ? "" : "s", n);
	else
		diag_error(r->diag, e->loc, "'%s' takes %d to %d arguments, found %d", f->name, f->least, f->most, n);
	return false;
}

/* bytes(x), max_abs(w) */
static bool
take_operand(struct reader *r, const struct expr_function *f, const struct ast_expr *e)
{
	enum chip_operand o;

	if (e->kind == EXPR_ERROR)
		return false;
	if (!r->operands) {
		diag_error(r->diag, e->loc, "the size of an operand stands in conditions and costs only");
		return false;
	}
	if (e->kind != EXPR_NAME || !chip_operand_lookup(e->u.str.s, &o) || !(r->operands >> o & 1)
	    || (f->of == OF_WEIGHT && o != OPERAND_W)) {
		const char *list = "";

		for (int i = 0; i < OPERAND_COUNT; i++)
			if (r->operands >> i & 1 && (f->of != OF_WEIGHT || i == OPERAND_W))
				list = arena_printf(r->arena, "%s%s%s", list, *list ? ", " : "", chip_operand_names[i]);
		diag_error(r->diag, e->loc, "'%s' takes an operand of the call, of these: %s", f->name, *list ? list : "none");
		return false;
	}
	r->seen_operands |= 1u << o;
	r->seen_weights = r->seen_weights || f->of == OF_WEIGHT;
	return true;
}

static const struct ast_expr *
resolve_call(struct reader *r, const struct ast_expr *e)
{
	const struct expr_function *f = find_function(r, e);
	struct ast_expr *copy = copy_of(r, e);
	struct ast_arg **link = &copy->u.call.args;
	bool ok = true;

	if (!f || !count_args(r, e, f))
		return NULL;
	copy->u.call.callee = f->name;
	if (f->of != OF_NUMBERS)
		return take_operand(r, f, e->u.call.args->value) ? copy : NULL;
	for (const struct ast_arg *a = e->u.call.args; a; a = a->next) {
		*link = ARENA_NEW(r->arena, struct ast_arg);
		**link = *a;
		(*link)->value = (struct ast_expr *)expr_resolve(r, a->value);
		ok = ok && (*link)->value;
		link = &(*link)->next;
	}
	return ok ? copy : NULL;
}

/* ---- all ---- */

static const struct ast_expr *
resolve_operator(struct reader *r, const struct ast_expr *e)
{
	struct ast_expr *copy = copy_of(r, e);

	copy->u.op.l = (struct ast_expr *)expr_resolve(r, e->u.op.l);
	if (e->kind == EXPR_BINARY)
		copy->u.op.r = (struct ast_expr *)expr_resolve(r, e->u.op.r);
	return copy->u.op.l && (e->kind == EXPR_UNARY || copy->u.op.r) ? copy : NULL;
}

const struct ast_expr *
expr_resolve(struct reader *r, const struct ast_expr *e)
{
	switch (e->kind) {
	case EXPR_ERROR:
		return NULL;
	case EXPR_INT: case EXPR_FLOAT:
		return copy_of(r, e);
	case EXPR_NAME:
		return resolve_name(r, e);
	case EXPR_UNARY: case EXPR_BINARY:
		return resolve_operator(r, e);
	case EXPR_CALL:
		return resolve_call(r, e);
	case EXPR_STRING: case EXPR_DIMS: case EXPR_LIST: case EXPR_INDEX: case EXPR_PIPE: case EXPR_INTERP: case EXPR_RANGE:
		diag_error(r->diag, e->loc, "a number is needed here");
		return NULL;
	}
	die("expression kind %d", e->kind);
}

bool
expr_constant(struct reader *r, const struct ast_expr *e, int64_t *v)
{
	struct chip_vars none;
	double d;

	chip_vars_clear(&none);
	if (!chip_eval(e, &none, r->diag, &d))
		return false;
	if (d != floor(d) || fabs(d) > INT32_MAX) {
		diag_error(r->diag, e->loc, "an integer of at most %d is needed here, found %.10g", INT32_MAX, d);
		return false;
	}
	*v = (int64_t)d;
	return true;
}
