/* The canonical form of a .chip file (netc fmt): docs/grammar.md states its rules. */
#include <config.h>
#include "parser/parse.h"
#include "parser/print.h"

/* ---- flat ---- */

/* Side by side. */
static void
flat_exprs(struct printer *pr, const struct ast_expr *exprs)
{
	for (const struct ast_expr *e = exprs; e && !pr->over; e = e->next) {
		print_text(pr, e == exprs ? "" : " ");
		print_flat_expr(pr, e);
	}
}

static void
flat_clauses(struct printer *pr, const struct ast_clause *clauses)
{
	for (const struct ast_clause *c = clauses; c && !pr->over; c = c->next) {
		print_text(pr, c == clauses ? "" : ", ");
		for (const struct ast_alt *a = c->alts; a && !pr->over; a = a->next) {
			print_text(pr, a == c->alts ? "" : " | ");
			flat_exprs(pr, a->atoms);
		}
	}
}

/* ---- the values of a property ---- */

static bool
fits(const struct printer *m, int tail)
{
	return !m->over && m->col + tail <= PRINT_WIDTH;
}

/* No line begins with an atom, since a name there would begin an item. */
static void
put_alt(struct printer *pr, const struct ast_alt *a, int indent, int tail)
{
	for (const struct ast_expr *e = a->atoms; e; e = e->next) {
		print_text(pr, e == a->atoms ? "" : " ");
		print_expr(pr, e, indent, e->next ? 0 : tail);
	}
}

/* Alternatives, filled: one that does not fit begins a line with its bar. */
static void
put_clause(struct printer *pr, const struct ast_clause *c, int indent, int tail)
{
	for (const struct ast_alt *a = c->alts; a; a = a->next) {
		struct printer m = { .col = pr->col + 3 };
		int after = a->next ? 0 : tail;

		flat_exprs(&m, a->atoms);
		if (a != c->alts) {
			if (fits(&m, after))
				print_text(pr, " ");
			else
				print_line_break(pr, indent);
			print_text(pr, "| ");
		}
		put_alt(pr, a, indent, after);
	}
}

/* On one line, or else each clause on a line of its own. */
static void
put_clauses(struct printer *pr, const struct ast_clause *clauses, int indent)
{
	struct printer m = { .col = pr->col };

	flat_clauses(&m, clauses);
	for (const struct ast_clause *c = clauses; c; c = c->next) {
		put_clause(pr, c, indent + PRINT_INDENT * (c != clauses ? 2 : 1), 1);
		if (!c->next)
			break;
		print_text(pr, fits(&m, 1) ? ", " : ",");
		if (!fits(&m, 1))
			print_line_break(pr, indent + PRINT_INDENT);
	}
}

/* ---- words ---- */

static bool
is_string(const struct ast_expr *e)
{
	return e && e->kind == EXPR_STRING;
}

/* Strings side by side are the lines of a text: each on its own. */
static void
put_words(struct printer *pr, const struct ast_expr *words, int indent)
{
	bool previous = false;

	for (const struct ast_expr *e = words; e; e = e->next) {
		struct printer m = { .col = pr->col + 1 };

		print_flat_expr(&m, e);
		if (is_string(e) && (previous || is_string(e->next) || !fits(&m, !e->next)))
			print_line_break(pr, indent + PRINT_INDENT);
		else
			print_text(pr, " ");
		print_flat_expr(pr, e);
		previous = is_string(e);
	}
}

/* ---- items ---- */

static void put_items(struct printer *, const struct ast_chip_item *, int indent);

static void
put_where(struct printer *pr, const struct ast_chip_item *it, int indent)
{
	struct printer m = { .col = pr->col };

	print_flat_expr(&m, it->cond);
	print_text(&m, " : ");
	print_flat_expr(&m, it->text);
	print_expr(pr, it->cond, indent, 0);
	if (fits(&m, 1))
		print_text(pr, " ");
	else
		print_line_break(pr, indent + PRINT_INDENT);
	print_text(pr, ": ");
	print_flat_expr(pr, it->text);
}

static void
put_item(struct printer *pr, const struct ast_chip_item *it, int indent)
{
	print_lead(pr, print_head(it->loc, it->body_start), indent);
	switch (it->kind) {
	case CHIP_ERROR:
		break; /* files with errors are not printed */
	case CHIP_PROP:
		print_text(pr, it->name);
		print_text(pr, " = ");
		put_clauses(pr, it->clauses, indent);
		break;
	case CHIP_WORDS:
		print_text(pr, it->name);
		put_words(pr, it->words, indent);
		break;
	case CHIP_WHERE:
		print_text(pr, "where ");
		put_where(pr, it, indent);
		break;
	case CHIP_COST:
		print_text(pr, "cost ");
		print_text(pr, it->name);
		print_text(pr, " = ");
		print_expr(pr, it->cond, indent, 1);
		break;
	case CHIP_SECTION:
		print_text(pr, it->name);
		print_text(pr, it->words ? " " : "");
		flat_exprs(pr, it->words);
		print_open_body(pr, it->body_start);
		put_items(pr, it->items, indent + PRINT_INDENT);
		print_close_body(pr, it->body_end, indent);
		return;
	}
	print_text(pr, ";");
	print_trail(pr, it->loc.end);
}

static void
put_items(struct printer *pr, const struct ast_chip_item *items, int indent)
{
	for (const struct ast_chip_item *it = items; it; it = it->next)
		put_item(pr, it, indent);
}

void
ast_chip_print(FILE *out, const struct ast_chip_file *file)
{
	struct printer pr = {
		.out = out, .source = file->source, .comment = file->comments, .first = true
	};
	const struct source *s = file->source;

	put_items(&pr, file->items, 0);
	print_comments_before(&pr, s->base + (uint32_t)s->len + 1, 0);
}

void
ast_print_chip_item(FILE *out, const struct ast_chip_item *it)
{
	struct printer pr = { .out = out };
	bool where = it->kind == CHIP_WHERE, cost = it->kind == CHIP_COST;

	print_text(&pr, where ? "where" : cost ? "cost " : "");
	print_text(&pr, it->name ? it->name : "");
	if (it->kind == CHIP_PROP || cost)
		print_text(&pr, " =");
	print_text(&pr, it->words || it->clauses || it->cond ? " " : "");
	flat_exprs(&pr, it->words);
	flat_clauses(&pr, it->clauses);
	if (it->cond)
		print_flat_expr(&pr, it->cond);
}
