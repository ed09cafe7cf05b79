/* Expressions in canonical form.  What fits in the rest of the line is printed flat.  Else a
 * pipe has each stage on a line of its own, a list or an argument list is filled one level
 * deeper, and arithmetic is broken before an operator.
 *
 * Whether something fits is found by printing it without output; that stops at the end of the
 * line, so the whole costs time in proportion to the text. */
#include <config.h>
#include <string.h>
#include "parser/parse.h"
#include "parser/print.h"

void
print_text(struct printer *pr, const char *s)
{
	for (const char *c = s; *c && !pr->over; c++) {
		pr->col += ((unsigned char)*c & 0xc0) != 0x80; /* not inside a UTF-8 sequence */
		pr->over = !pr->out && pr->col > PRINT_WIDTH;
	}
	if (pr->out)
		fputs(s, pr->out);
}

void
print_line_break(struct printer *pr, int indent)
{
	fprintf(pr->out, "\n%*s", indent, "");
	pr->col = indent;
}

/* ---- flat ---- */

static void
flat_arg(struct printer *pr, const struct ast_arg *a)
{
	if (a->key)
		print_text(pr, a->key);
	if (a->key && a->value)
		print_text(pr, " = ");
	if (a->value)
		print_flat_expr(pr, a->value);
}

static void
flat_args(struct printer *pr, const struct ast_arg *args)
{
	print_text(pr, "(");
	for (const struct ast_arg *a = args; a && !pr->over; a = a->next) {
		flat_arg(pr, a);
		if (a->next)
			print_text(pr, ", ");
	}
	print_text(pr, ")");
}

static void
flat_items(struct printer *pr, const struct ast_expr *items)
{
	print_text(pr, "[");
	for (const struct ast_expr *e = items; e && !pr->over; e = e->next) {
		print_flat_expr(pr, e);
		if (e->next)
			print_text(pr, ", ");
	}
	print_text(pr, "]");
}

void
print_flat_type(struct printer *pr, const struct ast_type *t)
{
	const char *space = "";

	if (t->dtype)
		print_text(pr, t->dtype);
	if (t->has_dims)
		flat_items(pr, t->dims);
	if (t->dtype || t->has_dims)
		space = " ";
	if (t->scale) {
		print_text(pr, space);
		print_text(pr, "scale ");
		print_flat_expr(pr, t->scale);
		space = " ";
	}
	if (t->zero) {
		print_text(pr, space);
		print_text(pr, "zero ");
		print_flat_expr(pr, t->zero);
	}
}

/* ": type as NAME" */
static void
flat_suffix(struct printer *pr, const struct ast_stage *s)
{
	if (s->type) {
		print_text(pr, " : ");
		print_flat_type(pr, s->type);
	}
	if (s->as) {
		print_text(pr, " as ");
		print_flat_expr(pr, s->as);
	}
}

static void
flat_pipe(struct printer *pr, const struct ast_stage *stages)
{
	for (const struct ast_stage *s = stages; s && !pr->over; s = s->next) {
		print_flat_expr(pr, s->expr);
		flat_suffix(pr, s);
		if (s->next)
			print_text(pr, " |> ");
	}
}

static void
flat_interp(struct printer *pr, const struct ast_expr *items)
{
	print_text(pr, "\"");
	for (const struct ast_expr *e = items; e && !pr->over; e = e->next) {
		print_text(pr, e->text); /* the text before an expression, or the last one */
		e = e->next;
		if (!e)
			break;
		print_text(pr, "{");
		print_flat_expr(pr, e);
		print_text(pr, "}");
	}
	print_text(pr, "\"");
}

static void
oper(struct printer *pr, const struct ast_expr *e)
{
	static const struct { char oper; const char *text; } longer[] = { /* of .chip files */
		{ OPER_LE, "<=" }, { OPER_GE, ">=" }, { OPER_EQ, "==" }, { OPER_NE, "!=" },
		{ OPER_AND, "&&" }, { OPER_OR, "||" }
	};
	char text[] = { e->u.op.oper, '\0' };

	for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
		if (longer[i].oper == e->u.op.oper) {
			print_text(pr, longer[i].text);
			return;
		}
	}
	print_text(pr, text);
}

/* lo..hi step s */
static void
flat_range(struct printer *pr, const struct ast_expr *lo)
{
	print_flat_expr(pr, lo);
	print_text(pr, "..");
	print_flat_expr(pr, lo->next);
	if (lo->next->next) {
		print_text(pr, " step ");
		print_flat_expr(pr, lo->next->next);
	}
}

void
print_flat_expr(struct printer *pr, const struct ast_expr *e)
{
	if (pr->over)
		return;
	if (e->parens)
		print_text(pr, "(");
	switch (e->kind) {
	case EXPR_ERROR:
		print_text(pr, e->text ? e->text : "<error>");
		break;
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_STRING:
	case EXPR_NAME:
	case EXPR_DIMS:
		print_text(pr, e->text);
		break;
	case EXPR_LIST:
		flat_items(pr, e->u.items.first);
		break;
	case EXPR_INTERP:
		flat_interp(pr, e->u.items.first);
		break;
	case EXPR_RANGE:
		flat_range(pr, e->u.items.first);
		break;
	case EXPR_UNARY:
		oper(pr, e);
		print_flat_expr(pr, e->u.op.l);
		break;
	case EXPR_BINARY:
		print_flat_expr(pr, e->u.op.l);
		print_text(pr, " ");
		oper(pr, e);
		print_text(pr, " ");
		print_flat_expr(pr, e->u.op.r);
		break;
	case EXPR_INDEX:
		print_flat_expr(pr, e->u.op.l);
		print_text(pr, "[");
		print_flat_expr(pr, e->u.op.r);
		print_text(pr, "]");
		break;
	case EXPR_CALL:
		print_text(pr, e->u.call.callee);
		flat_args(pr, e->u.call.args);
		break;
	case EXPR_PIPE:
		flat_pipe(pr, e->u.pipe.first);
		break;
	}
	if (e->parens)
		print_text(pr, ")");
}

/* ---- broken ---- */

/* A printer that measures from where PR is. */
static struct printer
measure(const struct printer *pr)
{
	return (struct printer){ .col = pr->col };
}

static bool
fits(const struct printer *m, int tail)
{
	return !m->over && m->col + tail <= PRINT_WIDTH;
}

static int
suffix_width(const struct ast_stage *s)
{
	struct printer m = { 0 };

	flat_suffix(&m, s);
	return m.col;
}

/* Between two elements of a filled list: a space when WIDTH columns are left, else a new line,
 * and a new line after an element that was itself broken. */
static void
separate(struct printer *pr, bool space, int indent)
{
	print_text(pr, ",");
	if (space)
		print_text(pr, " ");
	else
		print_line_break(pr, indent);
}

static void
broken_arg(struct printer *pr, const struct ast_arg *a, int indent)
{
	if (a->key)
		print_text(pr, a->key);
	if (a->key && a->value)
		print_text(pr, " = ");
	if (a->value)
		print_expr(pr, a->value, indent, 1);
}

void
print_args(struct printer *pr, const struct ast_arg *args, int indent, int tail)
{
	struct printer m = measure(pr);
	int inner = indent + PRINT_INDENT;
	bool broken = false;

	flat_args(&m, args);
	if (!args || fits(&m, tail)) {
		flat_args(pr, args);
		return;
	}
	print_text(pr, "(");
	for (const struct ast_arg *a = args; a; a = a->next) {
		m = measure(pr);
		m.col += 2;
		flat_arg(&m, a);
		if (a == args)
			print_line_break(pr, inner);
		else
			separate(pr, !broken && fits(&m, 1), inner);
		m = measure(pr);
		flat_arg(&m, a);
		broken = !fits(&m, 1);
		broken_arg(pr, a, inner);
	}
	print_line_break(pr, indent);
	print_text(pr, ")");
}

static void
broken_items(struct printer *pr, const struct ast_expr *items, int indent)
{
	int inner = indent + PRINT_INDENT;
	bool broken = false;

	print_text(pr, "[");
	for (const struct ast_expr *e = items; e; e = e->next) {
		struct printer m = measure(pr);

		m.col += 2;
		print_flat_expr(&m, e);
		if (e == items)
			print_line_break(pr, inner);
		else
			separate(pr, !broken && fits(&m, 1), inner);
		m = measure(pr);
		print_flat_expr(&m, e);
		broken = !fits(&m, 1);
		print_expr(pr, e, inner, 1);
	}
	if (items)
		print_line_break(pr, indent);
	print_text(pr, "]");
}

static void
broken_pipe(struct printer *pr, const struct ast_stage *stages, int indent, int tail)
{
	for (const struct ast_stage *s = stages; s; s = s->next) {
		int in = s == stages ? indent : indent + PRINT_INDENT;

		if (s != stages) {
			print_line_break(pr, in);
			print_text(pr, "|> ");
		}
		print_expr(pr, s->expr, in, suffix_width(s) + (s->next ? 0 : tail));
		flat_suffix(pr, s);
	}
}

/* l oper r, with r on a new line if it does not fit behind l. */
static void
broken_binary(struct printer *pr, const struct ast_expr *e, int indent, int tail)
{
	print_expr(pr, e->u.op.l, indent, 2);

	struct printer m = measure(pr);
	m.col += 3;
	print_flat_expr(&m, e->u.op.r);
	if (fits(&m, tail))
		print_text(pr, " ");
	else
		print_line_break(pr, indent + PRINT_INDENT);
	oper(pr, e);
	print_text(pr, " ");
	print_expr(pr, e->u.op.r, indent + PRINT_INDENT, tail);
}

static void
broken(struct printer *pr, const struct ast_expr *e, int indent, int tail)
{
	switch (e->kind) {
	case EXPR_LIST:
		broken_items(pr, e->u.items.first, indent);
		break;
	case EXPR_UNARY:
		oper(pr, e);
		print_expr(pr, e->u.op.l, indent, tail);
		break;
	case EXPR_BINARY:
		broken_binary(pr, e, indent, tail);
		break;
	case EXPR_INDEX:
		print_expr(pr, e->u.op.l, indent, 0);
		print_text(pr, "[");
		print_expr(pr, e->u.op.r, indent, tail + 1);
		print_text(pr, "]");
		break;
	case EXPR_CALL:
		print_text(pr, e->u.call.callee);
		print_args(pr, e->u.call.args, indent, tail);
		break;
	case EXPR_PIPE:
		broken_pipe(pr, e->u.pipe.first, indent, tail);
		break;
	case EXPR_ERROR:
	case EXPR_INT:
	case EXPR_FLOAT:
	case EXPR_STRING:
	case EXPR_NAME:
	case EXPR_DIMS:
	case EXPR_RANGE:
	case EXPR_INTERP:
		print_flat_expr(pr, e); /* cannot be broken */
		break;
	}
}

void
print_expr(struct printer *pr, const struct ast_expr *e, int indent, int tail)
{
	struct printer m = measure(pr);

	print_flat_expr(&m, e);
	if (fits(&m, tail)) {
		print_flat_expr(pr, e);
		return;
	}
	bool atom = e->kind == EXPR_ERROR || e->kind == EXPR_INT || e->kind == EXPR_FLOAT
		|| e->kind == EXPR_STRING || e->kind == EXPR_NAME || e->kind == EXPR_DIMS
		|| e->kind == EXPR_INTERP;
	if (e->parens && !atom)
		print_text(pr, "(");
	broken(pr, e, indent, tail + e->parens);
	if (e->parens && !atom)
		print_text(pr, ")");
}

void
print_names(struct printer *pr, const struct ast_name *names, int indent, int tail)
{
	for (const struct ast_name *n = names; n; n = n->next) {
		struct printer m = measure(pr);

		print_text(&m, n->name);
		if (n != names && !fits(&m, n->next ? 1 : tail))
			print_line_break(pr, indent + PRINT_INDENT);
		print_text(pr, n->name);
		if (n->next)
			print_text(pr, ", ");
	}
}

void
print_annots(struct printer *pr, const struct ast_annot *annots, int indent, int tail)
{
	for (const struct ast_annot *a = annots; a; a = a->next) {
		struct printer m = measure(pr);
		bool first = a == annots;

		print_text(&m, first ? "@" : " @");
		print_text(&m, a->name);
		if (a->args)
			flat_args(&m, a->args);
		if (!first && fits(&m, a->next ? 0 : tail))
			print_text(pr, " ");
		else if (!first)
			print_line_break(pr, indent);
		print_text(pr, "@");
		print_text(pr, a->name);
		if (a->args)
			print_args(pr, a->args, indent, a->next ? 0 : tail);
	}
}

void
ast_print_expr(FILE *out, const struct ast_expr *e)
{
	struct printer pr = { .out = out };

	print_flat_expr(&pr, e);
}
