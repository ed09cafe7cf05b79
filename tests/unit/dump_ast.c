/* (+ a b), (call f x (k= y)), (pipe (stage a :type as)): one form per kind of node. */
#include <config.h>
#include "dump_ast.h"

static void
exprs(FILE *f, const struct ast_expr *e)
{
	for (; e; e = e->next) {
		fputc(' ', f);
		dump_expr(f, e);
	}
}

static void
args(FILE *f, const struct ast_arg *a)
{
	for (; a; a = a->next) {
		fputc(' ', f);
		if (a->key)
			fprintf(f, "%s%s", a->key, a->value ? "=" : "");
		if (a->value)
			dump_expr(f, a->value);
	}
}

static void
type(FILE *f, const struct ast_type *t)
{
	if (!t)
		return;
	fprintf(f, " :%s", t->dtype ? t->dtype : "");
	if (t->has_dims) {
		fputc('[', f);
		exprs(f, t->dims);
		fputs(" ]", f);
	}
	if (t->scale) {
		fputs(" scale ", f);
		dump_expr(f, t->scale);
	}
	if (t->zero) {
		fputs(" zero ", f);
		dump_expr(f, t->zero);
	}
}

static void
pipe_stages(FILE *f, const struct ast_stage *s)
{
	fputs("(pipe", f);
	for (; s; s = s->next) {
		fputs(" (", f);
		dump_expr(f, s->expr);
		type(f, s->type);
		if (s->as) {
			fputs(" as ", f);
			dump_expr(f, s->as);
		}
		fputc(')', f);
	}
	fputc(')', f);
}

static void
list(FILE *f, const char *what, const struct ast_expr *e)
{
	fprintf(f, "(%s%d", what, e->u.items.n);
	exprs(f, e->u.items.first);
	fputc(')', f);
}

static const char *
oper(char c)
{
	static char plain[2];

	switch (c) {
	case OPER_LE:
		return "<=";
	case OPER_GE:
		return ">=";
	case OPER_EQ:
		return "==";
	case OPER_NE:
		return "!=";
	case OPER_AND:
		return "&&";
	case OPER_OR:
		return "||";
	}
	plain[0] = c;
	return plain;
}

static void
plain(FILE *f, const struct ast_expr *e)
{
	switch (e->kind) {
	case EXPR_ERROR:
		fputs("error", f);
		break;
	case EXPR_INT:
		fprintf(f, "%lld", (long long)e->u.i);
		break;
	case EXPR_FLOAT:
		fprintf(f, "%.17gf", e->u.f);
		break;
	case EXPR_STRING:
		fprintf(f, "'%s'", e->u.str.s);
		break;
	case EXPR_NAME:
		fputs(e->u.str.s, f);
		break;
	case EXPR_DIMS:
		list(f, "dims", e);
		break;
	case EXPR_LIST:
		list(f, "list", e);
		break;
	case EXPR_INTERP:
		list(f, "interp", e);
		break;
	case EXPR_RANGE:
		list(f, "range", e);
		break;
	case EXPR_UNARY:
		fprintf(f, "(%s ", oper(e->u.op.oper));
		dump_expr(f, e->u.op.l);
		fputc(')', f);
		break;
	case EXPR_BINARY:
	case EXPR_INDEX:
		fprintf(f, "(%s ", e->kind == EXPR_INDEX ? "@" : oper(e->u.op.oper));
		dump_expr(f, e->u.op.l);
		fputc(' ', f);
		dump_expr(f, e->u.op.r);
		fputc(')', f);
		break;
	case EXPR_CALL:
		fprintf(f, "(call %s", e->u.call.callee);
		args(f, e->u.call.args);
		fputc(')', f);
		break;
	case EXPR_PIPE:
		pipe_stages(f, e->u.pipe.first);
		break;
	}
}

void
dump_expr(FILE *f, const struct ast_expr *e)
{
	if (e->parens)
		fputs("(paren ", f);
	plain(f, e);
	if (e->parens)
		fputc(')', f);
}

static void
annots(FILE *f, const struct ast_annot *a)
{
	for (; a; a = a->next) {
		fprintf(f, " (@ %s", a->name);
		args(f, a->args);
		fputc(')', f);
	}
}

static void
stmts(FILE *f, const struct ast_stmt *s)
{
	static const char *const kinds[] = { "error", "input", "output", "let", "const", "repeat" };

	for (; s; s = s->next) {
		fprintf(f, " (%s", kinds[s->kind]);
		annots(f, s->annots);
		for (const struct ast_name *n = s->names; n; n = n->next)
			fprintf(f, " %s", n->name);
		type(f, s->type);
		for (int i = 0; i < 3; i++) {
			const struct ast_expr *e = i == 0 ? s->value : i == 1 ? s->lo : s->hi;

			if (e) {
				fputc(' ', f);
				dump_expr(f, e);
			}
		}
		stmts(f, s->body);
		fputc(')', f);
	}
}

static void
checks(FILE *f, const struct ast_check *c)
{
	for (; c; c = c->next) {
		fprintf(f, " (%s ", c->expect ? "expect" : "given");
		dump_expr(f, c->target);
		fputc(' ', f);
		dump_expr(f, c->value);
		if (c->within) {
			fputs(" within ", f);
			dump_expr(f, c->within);
			fprintf(f, " %s", c->unit ? c->unit : "-");
		}
		fputc(')', f);
	}
}

void
dump_file(FILE *f, const struct ast_file *file)
{
	static const char *const kinds[] = { "error", "net", "weights", "import", "const", "block",
		"network", "schedule", "test" };

	for (const struct ast_item *it = file->items; it; it = it->next) {
		fprintf(f, "%s(%s", it == file->items ? "" : " ", kinds[it->kind]);
		if (it->name)
			fprintf(f, " %s", it->name);
		if (it->value) {
			fputc(' ', f);
			dump_expr(f, it->value);
		}
		if (it->layout)
			fprintf(f, " layout %s", it->layout);
		args(f, it->params);
		for (const struct ast_name *n = it->results; n; n = n->next)
			fprintf(f, " ->%s", n->name);
		stmts(f, it->body);
		for (const struct ast_sched *s = it->entries; s; s = s->next) {
			fputs(" (", f);
			dump_expr(f, s->pattern);
			annots(f, s->annots);
			fputc(')', f);
		}
		checks(f, it->checks);
		fputc(')', f);
	}
}

/* Clauses in angle brackets, alternatives between bars, atoms side by side. */
static void
clauses(FILE *f, const struct ast_clause *c)
{
	for (; c; c = c->next) {
		fputs(" <", f);
		for (const struct ast_alt *a = c->alts; a; a = a->next) {
			fputs(a == c->alts ? "" : " |", f);
			exprs(f, a->atoms);
		}
		fputs(" >", f);
	}
}

static void
chip_items(FILE *f, const struct ast_chip_item *it)
{
	static const char *const kinds[] = { "error", "prop", "words", "where", "cost", "section" };

	for (; it; it = it->next) {
		fprintf(f, "(%s", kinds[it->kind]);
		if (it->name)
			fprintf(f, " %s", it->name);
		exprs(f, it->words);
		clauses(f, it->clauses);
		if (it->cond)
			exprs(f, it->cond);
		if (it->text)
			exprs(f, it->text);
		if (it->kind == CHIP_SECTION) {
			fputs(" {", f);
			chip_items(f, it->items);
			fputc('}', f);
		}
		fputs(it->next ? ") " : ")", f);
	}
}

void
dump_chip(FILE *f, const struct ast_chip_file *file)
{
	chip_items(f, file->items);
}
