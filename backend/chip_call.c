/* Call templates as C functions: their parameters, one for each hole. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "backend/chip_c.h"

/* The pieces of one argument. */
struct argument {
	struct chip_piece piece;   /* its hole, or TEXT */
	const char *text;          /* what stands around the hole, or the constant */
	int holes;
};

static bool
not_a_call(struct chip_c *g, const struct chip_op *op)
{
	diag_error(g->diag, op->call_loc, "the call of '%s' cannot be mocked: it is not one call f(...) whose arguments are single holes or "
		"constants", op->title);
	return false;
}

/* A cast before a hole says nothing that the mock needs: "(const int8_t *)". */
static bool
is_cast(const char *s)
{
	size_t n;

	while (*s == ' ' || *s == '\n' || *s == '\t')
		s++;
	n = strlen(s);
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\n' || s[n - 1] == '\t'))
		n--;
	return n == 0 || (s[0] == '(' && s[n - 1] == ')');
}

static const char *
trimmed(struct arena *a, const char *s)
{
	char *t;
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	t = arena_strdup(a, s);
	for (n = strlen(t); n && isspace((unsigned char)t[n - 1]); n--)
		t[n - 1] = '\0';
	return t;
}

/* The template cut at the commas of the outermost parentheses: the function's name and its arguments. */
struct call_text {
	const char *function;
	ARRAY(struct argument) args;
	bool done;                 /* the closing parenthesis was there */
};

static bool
end_argument(struct chip_c *g, struct call_text *c, struct argument *a, bool last)
{
	a->text = trimmed(g->arena, text_get(&g->text));
	if (last && c->args.n == 0 && !a->holes && !*a->text)
		return true;
	if (a->holes > 1 || (a->holes == 1 && !is_cast(a->text)) || (!a->holes && !*a->text))
		return false;
	ARRAY_PUSH(g->arena, c->args, *a);
	*a = (struct argument){ 0 };
	text_reset(&g->text);
	return true;
}

static bool
add_text(struct chip_c *g, struct call_text *c, struct argument *a, const char *s, int *depth)
{
	for (; *s; s++) {
		if (c->done && !isspace((unsigned char)*s) && *s != ';')
			return false; /* a second statement */
		if (*depth == 0) {
			if (*s == '(' && !c->done) {
				c->function = trimmed(g->arena, text_get(&g->text));
				text_reset(&g->text);
				*depth = 1;
			} else if (!c->done) {
				text_add(&g->text, "%c", *s);
			}
			continue;
		}
		*depth += *s == '(';
		*depth -= *s == ')';
		if (*depth == 0)
			c->done = true;
		if (*depth == 0 || (*depth == 1 && *s == ',')) {
			if (!end_argument(g, c, a, *depth == 0))
				return false;
			continue;
		}
		text_add(&g->text, "%c", *s);
	}
	return true;
}

static bool
is_identifier(const char *s)
{
	if (!s || !(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static bool
cut_call(struct chip_c *g, const struct chip_template *t, struct call_text *c)
{
	struct argument a = { 0 };
	int depth = 0;

	text_reset(&g->text);
	for (size_t i = 0; i < t->pieces.n; i++) {
		const struct chip_piece *p = &t->pieces.v[i];

		if (p->kind == HOLE_TEXT) {
			if (!add_text(g, c, &a, p->text, &depth))
				return false;
			continue;
		}
		if (depth < 1)
			return false;
		a.piece = *p;
		a.holes++;
	}
	return c->done && is_identifier(c->function);
}

/* ---- parameters ---- */

/* The variable of an expression that can be undone: a variable, or one with + - * / and a constant. */
static bool
sole_variable(const struct ast_expr *e, enum chip_var *var)
{
	if (e->kind == EXPR_NAME)
		return chip_var_lookup(e->u.str.s, var);
	return e->kind == EXPR_BINARY && e->u.op.l->kind == EXPR_NAME && e->u.op.r->kind == EXPR_INT && e->u.op.r->u.i > 0
		&& strchr("+-*/", e->u.op.oper) && chip_var_lookup(e->u.op.l->u.str.s, var);
}

static const char *
pointer_type(struct chip_c *g, const struct chip_op *op, enum chip_operand operand)
{
	const struct chip_type *t = &op->types.v[0];

	switch (operand) {
	case OPERAND_Y:
		return chip_c_two_results(op) ? "void *" : arena_printf(g->arena, "%s *", dtype_info[t->y].c_type);
	case OPERAND_X: case OPERAND_A:
		return arena_printf(g->arena, "const %s *", dtype_info[t->x].c_type);
	case OPERAND_W:
		return arena_printf(g->arena, "const %s *", dtype_info[t->w].c_type);
	case OPERAND_B:
		return arena_printf(g->arena, "const %s *", dtype_info[t->b].c_type);
	case OPERAND_SUM:
		return arena_printf(g->arena, "const %s *", dtype_info[op->partial_type].c_type);
	case OPERAND_COUNT:
		break;
	}
	return "const void *";
}

static const char *
param_type(const struct chip_op *op, const char *param)
{
	bool many = op->requant.per_channel;

	if (strcmp(param, "multiplier") == 0)
		return many ? "const int32_t *" : "int32_t ";
	if (strcmp(param, "shift") == 0)
		return many ? "const int8_t *" : "int32_t ";
	if (strcmp(param, "scale") == 0)
		return many ? "const float *" : "float ";
	if (strcmp(param, "float_scaling") == 0)
		return "const float *";
	return "int32_t ";
}

static const char *
expr_name(struct chip_c *g, const struct ast_expr *e, enum chip_var var)
{
	const char *verb = e->kind == EXPR_NAME ? NULL : e->u.op.oper == '/' ? "div" : e->u.op.oper == '*' ? "times"
		: e->u.op.oper == '+' ? "plus" : "less";

	if (!verb)
		return chip_var_info[var].name;
	return arena_printf(g->arena, "%s_%s_%d", chip_var_info[var].name, verb, (int)e->u.op.r->u.i);
}

static bool
make_arg(struct chip_c *g, const struct chip_op *op, const struct argument *from, int index, struct chip_arg *to)
{
	const struct chip_piece *p = &from->piece;

	*to = (struct chip_arg){ .kind = from->holes ? p->kind : HOLE_TEXT, .text = from->holes ? p->text : from->text,
		.operand = p->operand, .expr = p->expr };
	switch (to->kind) {
	case HOLE_TEXT:
		to->type = "int32_t ";
		to->name = arena_printf(g->arena, "constant_%d", index);
		return true;
	case HOLE_OPERAND:
		to->type = pointer_type(g, op, p->operand);
		to->name = chip_operand_names[p->operand];
		return true;
	case HOLE_PITCH:
		to->type = "int32_t ";
		to->name = arena_printf(g->arena, "%s_pitch", chip_operand_names[p->operand]);
		return true;
	case HOLE_PARAM:
		to->type = param_type(op, p->text);
		to->name = p->text;
		return true;
	case HOLE_EXPR:
		to->type = "int32_t ";
		if (!sole_variable(p->expr, &to->var)) {
			diag_error(g->diag, p->loc, "the mock cannot undo this: a hole for it is a variable, or one with + - * / and a number");
			return false;
		}
		to->name = expr_name(g, p->expr, to->var);
		return true;
	}
	return false;
}

static struct chip_function *
find_function(struct chip_c *g, const char *function)
{
	for (struct chip_function *f = g->functions; f; f = f->next)
		if (strcmp(f->name, function) == 0)
			return f;
	return NULL;
}

/* The units of one function pass the same arguments in one order. */
static bool
same_args(struct chip_c *g, const struct chip_function *f, const struct chip_function *other, const struct chip_op *op)
{
	bool same = f->args.n == other->args.n;

	for (size_t i = 0; same && i < f->args.n; i++)
		same = strcmp(f->args.v[i].type, other->args.v[i].type) == 0 && strcmp(f->args.v[i].name, other->args.v[i].name) == 0;
	if (!same) {
		diag_error(g->diag, op->call_loc, "'%s' is called with other arguments here", f->name);
		diag_note(g->diag, f->ops.v[0]->call_loc, "than here");
	}
	return same;
}

static bool
add_op(struct chip_c *g, struct chip_function **end, const struct chip_op *op)
{
	struct call_text c = { 0 };
	struct chip_function *f = ARENA_NEW(g->arena, struct chip_function), *old;

	if (!cut_call(g, &op->call, &c))
		return not_a_call(g, op);
	f->name = c.function;
	for (size_t i = 0; i < c.args.n; i++) {
		struct chip_arg a;

		if (!make_arg(g, op, &c.args.v[i], (int)i, &a))
			return false;
		for (size_t k = 0; k < f->args.n; k++)
			if (strcmp(f->args.v[k].name, a.name) == 0)
				a.name = arena_printf(g->arena, "%s_%d", a.name, (int)i);
		ARRAY_PUSH(g->arena, f->args, a);
	}
	old = find_function(g, f->name);
	if (old && !same_args(g, old, f, op))
		return false;
	if (!old) {
		while (*end)
			end = &(*end)->next;
		*end = old = f;
	}
	ARRAY_PUSH(g->arena, old->ops, op);
	return true;
}

bool
chip_c_functions(struct chip_c *g)
{
	bool ok = true;

	for (size_t i = 0; i < g->chip->ops.n; i++)
		if (g->chip->ops.v[i].kind != KIND_BLOCK && g->chip->ops.v[i].kind != KIND_RUNS) /* which is code of the header */
			ok = add_op(g, &g->functions, &g->chip->ops.v[i]) && ok;
	if (ok && !g->functions) {
		diag_error(g->diag, g->chip->loc, "'%s' has no units but blocks, which are code of its header: there is nothing to stand in for",
			g->chip->name);
		return false;
	}
	return ok;
}

void
chip_c_prototype(struct chip_c *g, const struct chip_function *f, const char *tail)
{
	const char **items = ARENA_ARRAY(g->arena, const char *, f->args.n + 1);

	for (size_t i = 0; i < f->args.n; i++)
		items[i] = arena_printf(g->arena, "%s%s", f->args.v[i].type, f->args.v[i].name);
	items[f->args.n] = "void";
	emit_list(&g->e, f->name, f->args.n ? items : items + f->args.n, f->args.n ? (int)f->args.n : 1, tail);
}
