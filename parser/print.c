/* The canonical form of a file (netc fmt): docs/grammar.md states its rules.
 *
 * Comments are not in the tree.  They wait in source order; before a statement is printed, those
 * that lie before the end of its first part are printed on lines of their own, and those behind
 * it on its last line follow it there. */
#include <config.h>
#include <string.h>
#include "parser/parse.h"
#include "parser/print.h"

static const char *
source_text(const struct printer *pr, uint32_t offset)
{
	return pr->source->text + (offset - pr->source->base);
}

/* ---- comments and blank lines ---- */

/* Was there an empty line right before OFFSET? */
static bool
blank_before(const struct printer *pr, uint32_t offset)
{
	const char *c = source_text(pr, offset);
	int newlines = 0;

	while (c > pr->source->text && strchr(" \t\r\f\v\n", c[-1]))
		newlines += *--c == '\n';
	return newlines >= 2;
}

static void
blank_line(struct printer *pr)
{
	if (!pr->first)
		fputc('\n', pr->out);
}

/* The text as it is, without spaces at the ends of its lines. */
static void
put_comment(struct printer *pr, const struct ast_comment *c)
{
	const char *s = source_text(pr, c->loc.start), *end = source_text(pr, c->loc.end);

	while (s < end) {
		const char *eol = memchr(s, '\n', (size_t)(end - s));
		const char *stop = eol ? eol : end;
		const char *last = stop;

		while (last > s && strchr(" \t\r\f\v", last[-1]))
			last--;
		fwrite(s, 1, (size_t)(last - s), pr->out);
		if (eol)
			fputc('\n', pr->out);
		s = eol ? eol + 1 : end;
	}
}

static void
own_line_comment(struct printer *pr, bool blank, int indent)
{
	if (blank)
		blank_line(pr);
	fprintf(pr->out, "%*s", indent, "");
	put_comment(pr, pr->comment);
	fputc('\n', pr->out);
	pr->comment = pr->comment->next;
	pr->first = false;
}

static void
comments_before(struct printer *pr, uint32_t end, int indent)
{
	while (pr->comment && pr->comment->loc.start < end)
		own_line_comment(pr, blank_before(pr, pr->comment->loc.start), indent);
}

/* Begin the line of what lies at LOC in the source: first the comments before it and those inside
 * it, which have no place of their own any more. */
static void
lead(struct printer *pr, struct loc loc, int indent)
{
	bool blank = blank_before(pr, loc.start);

	comments_before(pr, loc.start, indent);
	while (pr->comment && pr->comment->loc.start < loc.end) {
		own_line_comment(pr, blank, indent);
		blank = false;
	}
	if (blank)
		blank_line(pr);
	fprintf(pr->out, "%*s", indent, "");
	pr->col = indent;
	pr->first = false;
}

/* End the line of what ends at END in the source, with the comments behind it. */
static void
trail(struct printer *pr, uint32_t end)
{
	while (pr->comment) {
		struct loc c = pr->comment->loc;

		if (memchr(source_text(pr, end), '\n', c.start - end))
			break;
		fputc(' ', pr->out);
		put_comment(pr, pr->comment);
		pr->comment = pr->comment->next;
		end = c.end;
	}
	fputc('\n', pr->out);
}

static void
open_body(struct printer *pr, struct loc brace)
{
	print_text(pr, " {");
	trail(pr, brace.end);
	pr->first = true;
}

static void
close_body(struct printer *pr, struct loc brace, int indent)
{
	comments_before(pr, brace.start, indent + PRINT_INDENT);
	fprintf(pr->out, "%*s}", indent, "");
	trail(pr, brace.end);
	pr->first = false;
}

/* ---- statements ---- */

/* What of LOC lies before its body. */
static struct loc
head(struct loc loc, struct loc brace)
{
	return brace.start ? (struct loc){ loc.start, brace.end } : loc;
}

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
	open_body(pr, s->body_start);
	put_stmts(pr, s->body, indent + PRINT_INDENT);
	close_body(pr, s->body_end, indent);
}

static void
put_stmt(struct printer *pr, const struct ast_stmt *s, int indent)
{
	lead(pr, head(s->loc, s->body_start), indent);
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
	trail(pr, s->loc.end);
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
		lead(pr, s->loc, PRINT_INDENT);
		print_flat_expr(pr, s->pattern);
		print_text(pr, " : ");
		print_annots(pr, s->annots, 2 * PRINT_INDENT, 1);
		print_text(pr, ";");
		trail(pr, s->loc.end);
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
		lead(pr, c->loc, PRINT_INDENT);
		print_text(pr, c->expect ? "expect " : "given ");
		print_flat_expr(pr, c->target);
		print_text(pr, " = ");
		print_expr(pr, c->value, PRINT_INDENT, m.col);
		put_within(pr, c);
		trail(pr, c->loc.end);
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
	trail(pr, it->loc.end);
}

static void
put_item_body(struct printer *pr, const struct ast_item *it)
{
	open_body(pr, it->body_start);
	put_stmts(pr, it->body, PRINT_INDENT);
	put_entries(pr, it->entries);
	put_checks(pr, it->checks);
	close_body(pr, it->body_end, 0);
}

static void
put_item(struct printer *pr, const struct ast_item *it)
{
	lead(pr, head(it->loc, it->body_start), 0);
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
	comments_before(&pr, s->base + (uint32_t)s->len + 1, 0);
}
