/* Scanner of the graph's text form.  Names are interned and numbers converted where they stand; the text ends with a
 * NUL, so no look-ahead needs a bound. */
#include <config.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/read.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static const char *
text_end(const struct scan *s)
{
	return s->source->text + s->source->len;
}

struct loc
scan_loc(const struct scan *s)
{
	uint32_t base = s->source->base;
	return (struct loc){ base + (uint32_t)(s->start - s->source->text), base + (uint32_t)(s->p - s->source->text) };
}

static bool
hex_byte(const char *p, char *c)
{
	char digits[3] = { p[0], p[0] ? p[1] : '\0', '\0' }, *end;
	unsigned long v = strtoul(digits, &end, 16);
	*c = (char)v;
	return end == digits + 2 && digits[0] != '-' && digits[0] != '+' && digits[0] != ' ' && v != 0;
}

/* The string that begins at S->start, its quote already taken. */
static enum scan_kind
string(struct scan *s)
{
	size_t n = 0;
	while (s->p < text_end(s) && *s->p && *s->p != '"' && *s->p != '\n')
		s->p += s->p[0] == '\\' && s->p[1] != '\n' && s->p[1] ? 2 : 1;
	if (*s->p != '"') {
		diag_error(s->diag, scan_loc(s), "a string without its closing '\"'");
		return SCAN_BAD;
	}
	char *copy = arena_alloc(s->arena, (size_t)(s->p - s->start));
	for (const char *p = s->start + 1; p < s->p; p++) {
		if (*p == '\\' && *++p == 'x') {
			if (!hex_byte(p + 1, &copy[n++])) {
				s->p++;
				diag_error(s->diag, scan_loc(s), "'\\x' needs two hexadecimal digits other than 00");
				return SCAN_BAD;
			}
			p += 2;
		} else {
			copy[n++] = *p;
		}
	}
	s->p++;
	s->text = intern_n(s->names, copy, n);
	return SCAN_STRING;
}

static enum scan_kind
token(struct scan *s)
{
	char c = *s->p;
	if (s->p == text_end(s))
		return SCAN_END;
	s->p++;
	if (c == '\n')
		return SCAN_LINE;
	if (c == '"')
		return string(s);
	if (is_letter(c) || c == '%') {
		while (is_letter(*s->p) || is_digit(*s->p))
			s->p++;
		s->text = intern_n(s->names, s->start, (size_t)(s->p - s->start));
		return c == '%' ? SCAN_ID : SCAN_WORD;
	}
	if (is_digit(c) || c == '-' || c == '+') {
		while (is_digit(*s->p) || is_letter(*s->p) || *s->p == '.' || ((*s->p == '-' || *s->p == '+') && (s->p[-1] | 32) == 'e'))
			s->p++;
		return SCAN_NUMBER;
	}
	if (c == '.' && s->p[0] == '.' && s->p[1] == '.') {
		s->p += 2;
		return SCAN_DOTS;
	}
	return SCAN_PUNCT;
}

void
scan_next(struct scan *s)
{
	while (*s->p == ' ' || *s->p == '\t' || *s->p == '\r')
		s->p++;
	if (s->p[0] == '#' || (s->p[0] == '/' && s->p[1] == '/'))
		while (s->p < text_end(s) && *s->p != '\n')
			s->p++;
	s->start = s->p;
	s->kind = token(s);
}

bool
scan_expected(struct scan *s, const char *wanted)
{
	enum { SHOWN = 40 };
	int n = (int)(s->p - s->start > SHOWN ? SHOWN : s->p - s->start);
	if (s->kind == SCAN_END || s->kind == SCAN_LINE)
		diag_error(s->diag, scan_loc(s), "expected %s but the line ends", wanted);
	else if (s->kind != SCAN_BAD)
		diag_error(s->diag, scan_loc(s), "expected %s but found '%.*s'", wanted, n, s->start);
	return false;
}

bool
scan_accept(struct scan *s, char c)
{
	if (s->kind != SCAN_PUNCT || *s->start != c)
		return false;
	scan_next(s);
	return true;
}

bool
scan_accept_word(struct scan *s, const char *text)
{
	if (s->kind != SCAN_WORD || strcmp(s->text, text) != 0)
		return false;
	scan_next(s);
	return true;
}

bool
scan_need(struct scan *s, char c)
{
	char wanted[] = { '\'', c, '\'', '\0' };
	return scan_accept(s, c) || scan_expected(s, wanted);
}

static bool
take_name(struct scan *s, enum scan_kind kind, const char *wanted, name *text)
{
	if (s->kind != kind)
		return scan_expected(s, wanted);
	*text = s->text;
	scan_next(s);
	return true;
}

bool
scan_string(struct scan *s, name *text)
{
	return take_name(s, SCAN_STRING, "a name in quotes", text);
}

bool
scan_id(struct scan *s, name *text)
{
	return take_name(s, SCAN_ID, "a tensor such as %3", text);
}

/* ---- numbers ---- */

bool
scan_int(struct scan *s, int64_t lo, int64_t hi, int64_t *v)
{
	char *end;
	if (s->kind != SCAN_NUMBER)
		return scan_expected(s, "an integer");
	errno = 0;
	*v = strtoll(s->start, &end, 10);
	if (end != s->p)
		return scan_expected(s, "an integer");
	if (errno || *v < lo || *v > hi) {
		diag_error(s->diag, scan_loc(s), "%.*s is outside %lld to %lld", (int)(s->p - s->start > 40 ? 40 : s->p - s->start),
			s->start, (long long)lo, (long long)hi);
		return false;
	}
	scan_next(s);
	return true;
}

bool
scan_double(struct scan *s, double *v)
{
	char *end;
	if (s->kind != SCAN_NUMBER && !(s->kind == SCAN_WORD && strcmp(s->text, "inf") == 0))
		return scan_expected(s, "a number");
	*v = strtod(s->start, &end);
	if (end != s->p || isnan(*v))
		return scan_expected(s, "a number");
	scan_next(s);
	return true;
}

/* By strtof: by way of a double it would be rounded twice. */
bool
scan_float(struct scan *s, float *v)
{
	const char *start = s->start;
	double wide;
	if (!scan_double(s, &wide))
		return false;
	*v = strtof(start, NULL);
	return true;
}

/* Two int32 with an x between them, one token. */
bool
scan_pair(struct scan *s, int32_t v[2])
{
	if (s->kind != SCAN_NUMBER)
		return scan_expected(s, "a pair such as 3x3");
	const char *p = s->start;
	for (int i = 0; i < 2; i++) {
		char *end;
		long long x = strtoll(p, &end, 10);
		if (x < INT32_MIN || x > INT32_MAX || (i == 0 ? *end != 'x' || !is_digit(end[1]) : end != s->p))
			return scan_expected(s, "a pair such as 3x3");
		v[i] = (int32_t)x;
		p = end + 1;
	}
	scan_next(s);
	return true;
}

bool
scan_ints(struct scan *s, int max, int *n, int32_t *v)
{
	*n = 0;
	if (!scan_need(s, '['))
		return false;
	while (!scan_accept(s, ']')) {
		int64_t x = 0;
		if (*n == max) {
			diag_error(s->diag, scan_loc(s), "a list of more than %d values", max);
			return false;
		}
		if ((*n > 0 && !scan_need(s, ',')) || !scan_int(s, INT32_MIN, INT32_MAX, &x))
			return false;
		v[(*n)++] = (int32_t)x;
	}
	return true;
}
