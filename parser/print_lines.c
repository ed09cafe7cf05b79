/* The lines of the canonical form: where they begin and end, empty ones, and comments.
 *
 * Comments are not in the tree.  They wait in source order; before a statement is printed, those
 * that lie before the end of its first part are printed on lines of their own, and those behind
 * it on its last line follow it there. */
#include <config.h>
#include <string.h>
#include "parser/print.h"

static const char *
source_text(const struct printer *pr, uint32_t offset)
{
	return pr->source->text + (offset - pr->source->base);
}

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

void
print_comments_before(struct printer *pr, uint32_t end, int indent)
{
	while (pr->comment && pr->comment->loc.start < end)
		own_line_comment(pr, blank_before(pr, pr->comment->loc.start), indent);
}

void
print_lead(struct printer *pr, struct loc loc, int indent)
{
	bool blank = blank_before(pr, loc.start);

	print_comments_before(pr, loc.start, indent);
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

void
print_trail(struct printer *pr, uint32_t end)
{
	while (pr->comment) {
		struct loc c = pr->comment->loc;

		if (strspn(source_text(pr, end), " \t\r\f\v") < c.start - end)
			break; /* on another line, or behind something else */
		fputc(' ', pr->out);
		put_comment(pr, pr->comment);
		pr->comment = pr->comment->next;
		end = c.end;
	}
	fputc('\n', pr->out);
}

void
print_open_body(struct printer *pr, struct loc brace)
{
	print_text(pr, " {");
	print_trail(pr, brace.end);
	pr->first = true;
}

void
print_close_body(struct printer *pr, struct loc brace, int indent)
{
	print_comments_before(pr, brace.start, indent + PRINT_INDENT);
	fprintf(pr->out, "%*s}", indent, "");
	print_trail(pr, brace.end);
	pr->first = false;
}

struct loc
print_head(struct loc loc, struct loc brace)
{
	return brace.start ? (struct loc){ loc.start, brace.end } : loc;
}
