/* Source lines and marks.  Text is walked character by character, one column each; a byte that
 * must not reach a terminal counts as one character and is shown as '?'. */
#include <config.h>
#include <string.h>
#include "support/diag_show.h"

enum {
	LONG_LINE = 200,  /* bytes; longer lines are cut to a window around the mark */
	WINDOW = 160,
	WINDOW_BEFORE = 60 /* of the window, before the mark */
};

static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The length of the character at S (N >= 1 bytes left) if it can be printed, else 0. */
static size_t
printable(const char *s, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	uint32_t code;

	if (len == 1)
		return c >= ' ' && c != 0x7f ? 1 : 0;
	if (c < 0xc2 || c > 0xf4 || len > n)
		return 0;
	code = c & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if (!is_continuation(s[i]))
			return 0;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	/* C1 controls, and the marks that reverse the direction of text */
	if (code < 0xa0 || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
		return 0;
	return len;
}

/* Print the character at S (N bytes left) and return its length. */
static size_t
show_char(FILE *f, const char *s, size_t n)
{
	size_t len = printable(s, n);

	if (len == 0) {
		fputc('?', f);
		return 1;
	}
	fwrite(s, 1, len, f);
	return len;
}

void
show_text(FILE *f, const char *s, size_t len)
{
	for (size_t i = 0; i < len; )
		i += show_char(f, s + i, len - i);
}

/* The part [*from, *to) of the line [bol, eol) to show so that AT is in it. */
static void
clip(const char *text, size_t bol, size_t eol, size_t at, size_t *from, size_t *to)
{
	*from = bol;
	*to = eol;
	if (eol - bol <= LONG_LINE)
		return;
	if (at - bol > WINDOW_BEFORE)
		*from = at - WINDOW_BEFORE;
	if (eol - *from > WINDOW)
		*to = *from + WINDOW;
	else
		*from = eol - WINDOW;
	/* not from within a character; valid ones have at most three continuation bytes */
	for (int i = 0; i < 3 && *from > bol && *from < at && is_continuation(text[*from]); i++)
		++*from;
	for (int i = 0; i < 3 && *to < eol && *to > at + 1 && is_continuation(text[*to]); i++)
		--*to;
}

static void
show_marks(const struct diag *d, const char *text, size_t from, size_t to, size_t at, size_t end)
{
	size_t len;

	for (size_t i = from; i < at; i += len) {
		len = printable(text + i, at - i);
		fputc(text[i] == '\t' ? '\t' : ' ', d->out);
		len += len == 0;
	}
	if (d->colour)
		fputs("\033[1;32m", d->out);
	fputc('^', d->out);
	if (end > to)
		end = to;
	for (size_t i = at; i < end; i += len) {
		len = printable(text + i, to - i);
		len += len == 0;
		if (i > at)
			fputc('~', d->out);
	}
	if (d->colour)
		fputs("\033[0m", d->out);
	fputc('\n', d->out);
}

void
show_line(const struct diag *d, const struct source *s, int line, size_t bol, size_t start, size_t end)
{
	const char *nl = memchr(s->text + bol, '\n', s->len - bol);
	size_t eol = nl ? (size_t)(nl - s->text) : s->len, at, from, to;
	int width;

	if (eol > bol && s->text[eol - 1] == '\r')
		eol--;
	at = start < eol ? start : eol;
	clip(s->text, bol, eol, at, &from, &to);
	width = fprintf(d->out, "%5d", line);
	fprintf(d->out, " | %s", from > bol ? "..." : "");
	for (size_t i = from; i < to; ) {
		if (s->text[i] == '\t') {
			fputc('\t', d->out);
			i++;
		} else {
			i += show_char(d->out, s->text + i, to - i);
		}
	}
	fprintf(d->out, "%s\n%*s | %s", to < eol ? "..." : "", width > 0 ? width : 5, "",
		from > bol ? "   " : "");
	show_marks(d, s->text, from, to, at, end);
}
