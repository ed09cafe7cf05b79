/* The canonical form of a .net file (netc fmt): docs/grammar.md states its rules. */
#include <config.h>
#include <string.h>
#include "parser/parse.h"
#include "parser/print.h"

/* ---- statements ---- */

static void
value(struct printer *pr, const struct ast_expr *e, int indent)
{
	print_text(pr, " = ");
	print_expr(pr, e, indent, 1);
}

static void put_stmts(struct printer *, const struct ast_stmt *, int indent);

static void
put_repeat(struct printer *pr, const struct ast_stmt *s, int indent)
{
	print_text(pr, "repeat ");
	print_text(pr, s->names->name);
	print_text(pr, " in ");
	print_flat_expr(pr, s->lo);
	print_text(pr, "..");
	print_flat_expr(pr, s->hi);
	print_open_body(pr, s->body_start);
	put_stmts(pr, s->body, indent + PRINT_INDENT);
	print_close_body(pr, s->body_end, indent);
}

static void
put_stmt(struct printer *pr, const struct ast_stmt *s, int indent)
{
	print_lead(pr, print_head(s->loc, s->body_start), indent);
	if (s->annots) {
		print_annots(pr, s->annots, indent, 0);
		print_line_break(pr, indent);
	}
	switch (s->kind) {
	case STMT_ERROR:
		return; /* files with errors are not printed */
	case STMT_REPEAT:
		put_repeat(pr, s, indent);
		return;
	case STMT_INPUT:
		print_text(pr, "input ");
		break;
	case STMT_OUTPUT:
		print_text(pr, "output ");
		break;
	case STMT_CONST:
		print_text(pr, "const ");
		break;
	case STMT_LET:
		break;
	}
	print_names(pr, s->names, indent, 2);
	if (s->type) {
		print_text(pr, " : ");
		print_flat_type(pr, s->type);
	}
	if (s->value)
		value(pr, s->value, indent);
	print_text(pr, ";");
	print_trail(pr, s->loc.end);
}

static void
put_stmts(struct printer *pr, const struct ast_stmt *stmts, int indent)
{
	for (const struct ast_stmt *s = stmts; s; s = s->next)
		put_stmt(pr, s, indent);
}

static void
put_entries(struct printer *pr, const struct ast_sched *entries)
{
	for (const struct ast_sched *s = entries; s; s = s->next) {
		print_lead(pr, s->loc, PRINT_INDENT);
		print_flat_expr(pr, s->pattern);
		print_text(pr, " : ");
		print_annots(pr, s->annots, 2 * PRINT_INDENT, 1);
		print_text(pr, ";");
		print_trail(pr, s->loc.end);
	}
}

static void
put_within(struct printer *pr, const struct ast_check *c)
{
	if (c->within) {
		print_text(pr, " within ");
		print_flat_expr(pr, c->within);
	}
	if (c->unit) {
		print_text(pr, " ");
		print_text(pr, c->unit);
	}
	print_text(pr, ";");
}

static void
put_checks(struct printer *pr, const struct ast_check *checks)
{
	for (const struct ast_check *c = checks; c; c = c->next) {
		struct printer m = { 0 };

		put_within(&m, c);
		print_lead(pr, c->loc, PRINT_INDENT);
		print_text(pr, c->expect ? "expect " : "given ");
		print_flat_expr(pr, c->target);
		print_text(pr, " = ");
		print_expr(pr, c->value, PRINT_INDENT, m.col);
		put_within(pr, c);
		print_trail(pr, c->loc.end);
	}
}

/* ---- items ---- */

static void
put_block_head(struct printer *pr, const struct ast_item *it)
{
	int results = 2; /* " {" */

	for (const struct ast_name *n = it->results; n && results < PRINT_WIDTH; n = n->next)
		results += (int)strlen(n->name) + 2;
	print_text(pr, "block ");
	print_text(pr, it->name);
	print_args(pr, it->params, 0, 4 + results);
	print_text(pr, " -> ");
	print_names(pr, it->results, 0, 2);
}

/* The items that end at a ';'. */
static void
put_simple(struct printer *pr, const char *keyword, const struct ast_item *it)
{
	print_text(pr, keyword);
	if (it->kind == ITEM_CONST) {
		print_text(pr, it->name);
		value(pr, it->value, 0);
	} else {
		print_expr(pr, it->value, 0, 1);
	}
	if (it->layout) {
		print_text(pr, " layout ");
		print_text(pr, it->layout);
	}
	print_text(pr, ";");
	print_trail(pr, it->loc.end);
}

static void
put_item_body(struct printer *pr, const struct ast_item *it)
{
	print_open_body(pr, it->body_start);
	put_stmts(pr, it->body, PRINT_INDENT);
	put_entries(pr, it->entries);
	put_checks(pr, it->checks);
	print_close_body(pr, it->body_end, 0);
}

static void
put_item(struct printer *pr, const struct ast_item *it)
{
	print_lead(pr, print_head(it->loc, it->body_start), 0);
	switch (it->kind) {
	case ITEM_ERROR:
		break; /* files with errors are not printed */
	case ITEM_VERSION:
		put_simple(pr, "net ", it);
		break;
	case ITEM_WEIGHTS:
		put_simple(pr, "weights ", it);
		break;
	case ITEM_IMPORT:
		put_simple(pr, "import ", it);
		break;
	case ITEM_CONST:
		put_simple(pr, "const ", it);
		break;
	case ITEM_BLOCK:
		put_block_head(pr, it);
		put_item_body(pr, it);
		break;
	case ITEM_NETWORK:
		print_text(pr, "network ");
		print_text(pr, it->name);
		put_item_body(pr, it);
		break;
	case ITEM_SCHEDULE:
		print_text(pr, it->value ? "schedule for " : "schedule");
		if (it->value)
			print_flat_expr(pr, it->value);
		put_item_body(pr, it);
		break;
	case ITEM_TEST:
		print_text(pr, "test ");
		print_flat_expr(pr, it->value);
		put_item_body(pr, it);
		break;
	}
}

void
ast_print(FILE *out, const struct ast_file *file)
{
	struct printer pr = {
		.out = out, .source = file->source, .comment = file->comments, .first = true
	};
	const struct source *s = file->source;

	for (const struct ast_item *it = file->items; it; it = it->next)
		put_item(&pr, it);
	print_comments_before(&pr, s->base + (uint32_t)s->len + 1, 0);
}
