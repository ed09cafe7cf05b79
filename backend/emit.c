#include <config.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "backend/emit.h"

void
text_reset(struct text *t)
{
	t->c.n = 0;
}

static void
reserve(struct text *t, size_t more)
{
	while (t->c.cap - t->c.n < more)
		t->c.v = array_grow(t->arena, t->c.v, &t->c.cap, 1);
}

void
text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	reserve(t, 64);
	va_start(ap, fmt);
	n = vsnprintf(t->c.v + t->c.n, t->c.cap - t->c.n, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->c.cap - t->c.n) {
		reserve(t, (size_t)n + 1);
		va_start(ap, fmt);
		vsnprintf(t->c.v + t->c.n, t->c.cap - t->c.n, fmt, ap);
		va_end(ap);
	}
	t->c.n += (size_t)n;
}

void
text_count(struct text *t, int64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRId64, n);

	for (int i = 0; i < len; i++)
		text_add(t, "%s%c", i > (n < 0) && (len - i) % 3 == 0 ? "," : "", digits[i]);
}

const char *
text_get(struct text *t)
{
	reserve(t, 1);
	t->c.v[t->c.n] = '\0';
	return t->c.v;
}

static void
indent(struct emitter *e, int depth)
{
	for (int i = 0; i < depth; i++)
		putc('\t', e->out);
}

void
emit_line(struct emitter *e, const char *fmt, ...)
{
	va_list ap;

	if (*fmt != '#')
		indent(e, e->depth);
	va_start(ap, fmt);
	vfprintf(e->out, fmt, ap);
	va_end(ap);
	putc('\n', e->out);
}

void
emit_blank(struct emitter *e)
{
	putc('\n', e->out);
}

void
emit_begin(struct emitter *e)
{
	indent(e, e->depth++);
	fputs("{\n", e->out);
}

void
emit_open(struct emitter *e, const char *fmt, ...)
{
	va_list ap;

	indent(e, e->depth++);
	va_start(ap, fmt);
	vfprintf(e->out, fmt, ap);
	va_end(ap);
	fputs(" {\n", e->out);
}

void
emit_close(struct emitter *e, const char *after)
{
	indent(e, --e->depth);
	fprintf(e->out, "}%s\n", after);
}

/* Bytes of a comment that mean something to a compiler even there. */
static char
harmless(const char *p, const char *start)
{
	if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '\\')
		return ' ';
	if (*p == '?' && p[1] == '?')
		return ' ';
	if (p > start && ((*p == '/' && p[-1] == '*') || (*p == '*' && p[-1] == '/')))
		return ' ';
	return *p;
}

void
emit_comment(struct emitter *e, const char *text)
{
	int left = e->depth * EMIT_TAB + 3, column = left;
	const char *p = text, *word;

	indent(e, e->depth);
	fputs("/*", e->out);
	while (*p) {
		if (*p == '\n') {
			putc('\n', e->out);
			indent(e, e->depth);
			fputs(" *", e->out);
			column = left;
			p++;
			continue;
		}
		for (word = p; *p == ' '; p++)
			;
		while (*p && *p != ' ' && *p != '\n')
			p++;
		if (column > left && column + (p - word) + 3 > EMIT_COLUMNS) {
			putc('\n', e->out);
			indent(e, e->depth);
			fputs(" *", e->out);
			column = left;
		}
		/* Words after the first on a line bring their own blanks. */
		if (column == left && *word != ' ' && *word != '\t')
			putc(' ', e->out);
		column += (int)(p - word);
		for (; word < p; word++)
			putc(*word == '\t' ? '\t' : harmless(word, text), e->out);
	}
	fputs(" */\n", e->out);
}

void
emit_list(struct emitter *e, const char *head, const char *const *items, int n, const char *tail)
{
	int column = e->depth * EMIT_TAB + (int)strlen(head) + 1, tail_len = (int)strlen(tail);

	indent(e, e->depth);
	fprintf(e->out, "%s(", head);
	for (int i = 0; i < n; i++) {
		int len = (int)strlen(items[i]), last = i == n - 1;

		if (column + (i > 0) + len + (last ? 1 + tail_len : 1) > EMIT_COLUMNS && i > 0) {
			putc('\n', e->out);
			indent(e, e->depth + 1);
			column = (e->depth + 1) * EMIT_TAB;
		} else if (i > 0) {
			putc(' ', e->out);
			column++;
		}
		fprintf(e->out, "%s%s", items[i], last ? "" : ",");
		column += len + 1;
	}
	fprintf(e->out, ")%s\n", tail);
}

/* What follows P of a statement in one go: a quoted text or a comment as a whole, else one character. */
static int
token_length(const char *p)
{
	const char *end;

	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end ? (int)(end + 2 - p) : (int)strlen(p);
	}
	if (*p != '"' && *p != '\'')
		return 1;
	for (end = p + 1; *end && *end != *p && *end != '\n'; end++)
		if (*end == '\\' && end[1])
			end++;
	return (int)(end - p) + (*end == *p);
}

/* From P to behind the next comma between brackets, or to the end of the line outside of them. */
static const char *
statement_item(const char *p, int *depth)
{
	while (*p && !(*p == '\n' && *depth == 0)) {
		int len = token_length(p);

		if (len == 1)
			*depth += (*p == '(') - (*p == ')');
		if (*p == ',' && *depth > 0)
			return p + 1;
		p += len;
	}
	return p;
}

static int
put_item(FILE *out, const char *p, const char *end)
{
	int columns = 0;

	for (; p < end; p++) {
		if (*p == '\n' || *p == '\t') { /* a line of the template ends between brackets */
			if (p[1] == ' ' || p[1] == '\n' || p[1] == '\t' || p + 1 == end)
				continue;
			putc(' ', out);
		} else {
			putc(*p, out);
		}
		columns++;
	}
	return columns;
}

void
emit_statements(struct emitter *e, const char *text)
{
	int depth = 0, column = 0;
	char last = ';';

	for (const char *p = text, *end; *p; p = end) {
		bool first = column == 0;

		while (*p == ' ' || *p == '\t' || *p == '\n')
			p++;
		if (!*p)
			break;
		end = statement_item(p, &depth);
		if (!first && column + 1 + (end - p) > EMIT_COLUMNS) {
			putc('\n', e->out);
			indent(e, e->depth + 1);
			column = (e->depth + 1) * EMIT_TAB;
		} else if (first) {
			indent(e, e->depth);
			column = e->depth * EMIT_TAB;
		} else {
			putc(' ', e->out);
			column++;
		}
		column += put_item(e->out, p, end);
		last = end[-1];
		if (*end == '\n' && depth == 0) {
			putc('\n', e->out);
			column = 0;
		}
	}
	fputs(last == ';' || last == '}' ? "" : ";", e->out);
	if (column)
		putc('\n', e->out);
}

void
emit_string(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		/* Octal takes at most three digits, so what follows cannot join in; '?' could begin a trigraph. */
		if (c < ' ' || c >= 0x7f || c == '?')
			fprintf(out, "\\%03o", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else
			putc(c, out);
	}
	putc('"', out);
}
