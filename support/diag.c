/* The space of locations, the counting and filtering of messages.  Lines and columns are found
 * when a message is printed, from marks kept for every block of a source, so that each costs
 * the same however long the text and however many there are. */
#include <config.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "support/diag_show.h"

enum {
	MARK_BYTES = 1024,
	DEFAULT_LIMIT = 20,
	TEXT_MAX = 2048 /* of one message: names in it can be as long as the input */
};

/* Where block k of a text, [k * MARK_BYTES, ...), begins. */
struct line_mark {
	uint32_t line; /* newlines before it */
	uint32_t bol;  /* start of the line it begins in */
};

enum kind { KIND_ERROR, KIND_WARNING, KIND_NOTE };
static const struct {
	const char *text, *colour;
} kinds[] = {
	[KIND_ERROR] = { "error: ", "1;31" },
	[KIND_WARNING] = { "warning: ", "1;35" },
	[KIND_NOTE] = { "note: ", "1;36" },
};

const char *const warning_names[WARN_COUNT] = {
#define WARNING(id, text, help) [WARN_##id] = text,
#include "support/warnings.def"
#undef WARNING
};

void
diag_init(struct diag *d, struct arena *a, FILE *out)
{
	*d = (struct diag){ .arena = a, .out = out, .limit = DEFAULT_LIMIT, .next_base = 1 };
}

const struct source *
diag_add_source(struct diag *d, const char *path, const char *text, size_t len)
{
	struct source *s;

	if (len >= (size_t)INT32_MAX - d->next_base)
		return NULL;
	s = ARENA_NEW(d->arena, struct source);
	s->path = arena_strdup(d->arena, path);
	s->text = arena_strndup(d->arena, text, len);
	s->len = len;
	s->base = d->next_base;
	s->next = d->sources;
	d->sources = s;
	d->next_base += (uint32_t)len + 1;
	return s;
}

static struct source *
find_source(const struct diag *d, struct loc loc)
{
	struct source *s = d->sources;

	if (loc.start == 0)
		return NULL;
	while (s && s->base > loc.start)
		s = s->next;
	return s && loc.start - s->base <= s->len ? s : NULL;
}

const struct source *
diag_source(const struct diag *d, struct loc loc)
{
	return find_source(d, loc);
}

/* Count the newlines of text[from, to) and move BOL behind the last one. */
static uint32_t
count_lines(const char *text, size_t from, size_t to, uint32_t *bol)
{
	uint32_t n = 0;
	const char *nl;

	while (from < to && (nl = memchr(text + from, '\n', to - from))) {
		from = (size_t)(nl - text) + 1;
		*bol = (uint32_t)from;
		n++;
	}
	return n;
}

static struct line_mark *
mark_lines(struct arena *a, const struct source *s)
{
	size_t n = s->len / MARK_BYTES + 1;
	struct line_mark *marks = ARENA_ARRAY(a, struct line_mark, n);

	for (size_t k = 1; k < n; k++) {
		marks[k] = marks[k - 1];
		marks[k].line += count_lines(s->text, (k - 1) * MARK_BYTES, k * MARK_BYTES, &marks[k].bol);
	}
	return marks;
}

/* The 1-based line of offset AT of S; *BOL: where it starts. */
static int
find_line(struct arena *a, struct source *s, size_t at, size_t *bol)
{
	struct line_mark mark;

	if (!s->marks)
		s->marks = mark_lines(a, s);
	mark = s->marks[at / MARK_BYTES];
	mark.line += count_lines(s->text, at / MARK_BYTES * MARK_BYTES, at, &mark.bol);
	*bol = mark.bol;
	return (int)mark.line + 1;
}

void
diag_position(const struct diag *d, struct loc loc, int *line, int *column)
{
	struct source *s = find_source(d, loc);
	size_t at, bol;

	*line = *column = 0;
	if (!s)
		return;
	at = loc.start - s->base;
	*line = find_line(d->arena, s, at, &bol);
	*column = (int)(at - bol) + 1;
}

/* "error: TEXT [-WFLAG]" and the end of the line.  FLAG: "" or the switch of a warning. */
__attribute__((format(printf, 4, 0))) static void
put_text(struct diag *d, enum kind kind, const char *flag, const char *fmt, va_list ap)
{
	char text[TEXT_MAX];
	int len = vsnprintf(text, sizeof text, fmt, ap);

	if (d->colour)
		fprintf(d->out, "\033[%sm%s\033[0m", kinds[kind].colour, kinds[kind].text);
	else
		fputs(kinds[kind].text, d->out);
	show_text(d->out, text, len < 0 ? 0 : len < TEXT_MAX ? (size_t)len : TEXT_MAX - 1);
	fprintf(d->out, "%s%s\n", len >= TEXT_MAX ? "..." : "", flag);
}

__attribute__((format(printf, 5, 0))) static void
report(struct diag *d, enum kind kind, struct loc loc, const char *flag, const char *fmt, va_list ap)
{
	struct source *s = find_source(d, loc);
	bool repeats = kind == KIND_NOTE && loc.start == d->shown.start;
	size_t at = 0, bol = 0;
	int line = 0;

	if (!d->out)
		return;
	if (s) {
		at = loc.start - s->base;
		line = find_line(d->arena, s, at, &bol);
		show_text(d->out, s->path, strlen(s->path));
		fprintf(d->out, ":%d:%zu: ", line, at - bol + 1);
	} else {
		fputs("netc: ", d->out);
	}
	put_text(d, kind, flag, fmt, ap);
	d->shown = loc;
	if (s && !repeats)
		show_line(d, s, line, bol, at, loc.end > loc.start ? at + (loc.end - loc.start) : at);
}

/* Count an error; whether it is to be printed. */
static bool
count_error(struct diag *d)
{
	d->suppress_notes = d->limit > 0 && d->errors >= d->limit;
	d->errors++;
	return !d->suppress_notes;
}

void
diag_error(struct diag *d, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	if (!count_error(d))
		return;
	va_start(ap, fmt);
	report(d, KIND_ERROR, loc, "", fmt, ap);
	va_end(ap);
}

void
diag_note(struct diag *d, struct loc loc, const char *fmt, ...)
{
	va_list ap;

	if (d->suppress_notes)
		return;
	va_start(ap, fmt);
	report(d, KIND_NOTE, loc, "", fmt, ap);
	va_end(ap);
}

/* Of a whole file that is not text. */
__attribute__((format(printf, 4, 0))) static void
report_in(struct diag *d, enum kind kind, const char *path, const char *fmt, va_list ap)
{
	if (!d->out)
		return;
	show_text(d->out, path, strlen(path));
	fputs(": ", d->out);
	put_text(d, kind, "", fmt, ap);
}

void
diag_error_in(struct diag *d, const char *path, const char *fmt, ...)
{
	va_list ap;

	if (!count_error(d))
		return;
	va_start(ap, fmt);
	report_in(d, KIND_ERROR, path, fmt, ap);
	va_end(ap);
}

void
diag_note_in(struct diag *d, const char *path, const char *fmt, ...)
{
	va_list ap;

	if (d->suppress_notes)
		return;
	va_start(ap, fmt);
	report_in(d, KIND_NOTE, path, fmt, ap);
	va_end(ap);
}

void
diag_warning(struct diag *d, enum warning w, struct loc loc, const char *fmt, ...)
{
	bool fatal = d->werror || d->fatal[w];
	char flag[64];
	va_list ap;

	if (d->off[w]) {
		d->suppress_notes = true;
		return;
	}
	if (fatal && !count_error(d))
		return;
	if (!fatal) {
		d->warnings++;
		d->suppress_notes = false;
	}
	snprintf(flag, sizeof flag, " [-W%s%s]", fatal ? "error=" : "", warning_names[w]);
	va_start(ap, fmt);
	report(d, fatal ? KIND_ERROR : KIND_WARNING, loc, flag, fmt, ap);
	va_end(ap);
}

void
diag_finish(struct diag *d)
{
	int more = d->limit > 0 ? d->errors - d->limit : 0;

	if (more > 0)
		fprintf(d->out, "... and %d more error%s\n", more, more == 1 ? "" : "s");
	fflush(d->out);
}

void
die_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "netc: internal error at %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\nThis is a bug in netc, not in your input.\n", stderr);
	abort();
}
