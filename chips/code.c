/* Headers of chips, cut up: see code.h.
 *
 * This is no C parser.  It knows comments, literals, brackets and directives, and takes for defined what stands where C has the name of
 * a definition: after #define, before a bracket outside of brackets, after struct, union and enum, before = [ , ; and among an enum's
 * braces.  A name too many keeps a piece of text that is not needed; text in which it finds none is kept always. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "chips/code.h"
#include "support/file.h"

/* Where a scan of C is. */
struct scan {
	bool comment;
	int braces, parens;
	bool enumerators;              /* in the braces of an enum at the outermost level */
	int ifs;                       /* conditions within the part */
	ARRAY(int) before;             /* the braces at each of their beginnings */
};

struct cutter {
	struct code_reader *r;
	const struct source *source;
	const char *p, *end;
	struct code_part ***tail;
	struct code_part *last;        /* the one read before, of this header; NULL: none */
	struct code_part *group, *outer; /* the innermost condition, and the one that the header is included in */
	int file;
	name word, tag;                /* the last name, and the struct, union or enum before it */
	bool type, pointer;            /* typedef; of a pointer in brackets, whose name is to come */
};

/* ---- lines ---- */

/* The line at P with its continuations; behind its end. */
static const char *
line_end(const char *p, const char *end)
{
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			return end;
		if (nl == p || nl[-1] != '\\')
			return nl + 1;
		p = nl + 1;
	}
	return end;
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static bool
is_blank(const char *p, const char *end)
{
	p = skip_space(p, end);
	return p == end || *p == '\n';
}

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The word of the directive at P ("if"), its length in *LEN; NULL: no directive.  *REST is what follows. */
static const char *
directive(const char *p, const char *end, size_t *len, const char **rest)
{
	const char *word;

	p = skip_space(p, end);
	if (p == end || *p != '#')
		return NULL;
	word = p = skip_space(p + 1, end);
	while (p < end && isalpha((unsigned char)*p))
		p++;
	*len = (size_t)(p - word);
	*rest = skip_space(p, end);
	return word;
}

static bool
is_word(const char *word, size_t len, const char *is)
{
	return strlen(is) == len && memcmp(word, is, len) == 0;
}

/* CODE_TEXT: none that this file looks at. */
static enum code_kind
directive_kind(const char *p, const char *end)
{
	size_t len;
	const char *rest, *word = directive(p, end, &len, &rest);

	if (!word)
		return CODE_TEXT;
	if (is_word(word, len, "if") || is_word(word, len, "ifdef") || is_word(word, len, "ifndef"))
		return CODE_IF;
	if (is_word(word, len, "elif") || is_word(word, len, "else"))
		return CODE_ELSE;
	if (is_word(word, len, "endif"))
		return CODE_ENDIF;
	return is_word(word, len, "include") ? CODE_SYSTEM : CODE_TEXT;
}

static struct loc
loc_of(const struct cutter *c, const char *p, const char *end)
{
	uint32_t from = c->source->base + (uint32_t)(p - c->source->text);

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	return (struct loc){ from, from + (uint32_t)(end - p) };
}

static struct code_part *
add_part(struct cutter *c, enum code_kind kind, const char *from, const char *to)
{
	struct code_part *part = ARENA_NEW(c->r->arena, struct code_part);

	part->kind = kind;
	part->index = c->r->parts++;
	part->text = from;
	part->len = (size_t)(to - from);
	part->group = c->group;
	part->file = c->file;
	c->last = part;
	**c->tail = part;
	*c->tail = &part->next;
	return part;
}

/* ---- names ---- */

static void
define(struct cutter *c, struct code_part *part, name n)
{
	if (n)
		ARRAY_PUSH(c->r->arena, part->defines, n);
}

static void
scan_word(struct cutter *c, struct code_part *part, struct scan *s, const char *p, size_t len)
{
	static const char *const tags[] = { "struct", "union", "enum" };
	bool outer = s->braces == 0 && s->parens == 0;

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (is_word(p, len, tags[i]) && outer) {
			c->tag = tags[i];
			s->enumerators = i == 2;
			c->word = NULL;
			return;
		}
	if (is_word(p, len, "typedef"))
		c->type = true;
	c->word = intern_n(c->r->names, p, len);
	ARRAY_PUSH(c->r->arena, part->refers, c->word);
}

/* The bracket or operator MARK; PLAIN: it is no bracket of a pointer to a function. */
static void
scan_mark(struct cutter *c, struct code_part *part, struct scan *s, char mark, bool plain)
{
	bool outer = s->braces == 0 && s->parens == 0;

	if (outer && plain && (strchr("(=[,;", mark) || (mark == '{' && c->tag)))
		define(c, part, c->word);
	if (s->braces == 1 && s->parens == 0 && s->enumerators && strchr("=,}", mark))
		define(c, part, c->word);
	if (c->pointer && s->braces == 0 && s->parens == 1 && mark == ')') { /* typedef int (*name)(...) */
		define(c, part, c->word);
		c->pointer = false;
	}
	c->pointer |= c->type && outer && !plain;
	s->braces += (mark == '{') - (mark == '}');
	s->parens += (mark == '(') - (mark == ')');
	if (s->braces < 0)
		s->braces = 0;
	if (s->parens < 0)
		s->parens = 0;
	if (mark == '}' && s->braces == 0)
		s->enumerators = false;
	if (outer && mark == ';')
		c->type = false;
	if (mark != '*')
		c->word = c->tag = NULL;
}

/* Behind the literal that begins at P. */
static const char *
skip_literal(const char *p, const char *end)
{
	char quote = *p++;

	while (p < end && *p != quote && *p != '\n')
		p += *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p + 1 : end;
}

static void
scan_text(struct cutter *c, struct code_part *part, struct scan *s, const char *p, const char *end)
{
	while (p < end) {
		if (s->comment) {
			s->comment = !(p[0] == '*' && p + 1 < end && p[1] == '/');
			p += s->comment ? 1 : 2;
		} else if (p[0] == '/' && p + 1 < end && p[1] == '*') {
			s->comment = true;
			p += 2;
		} else if (p[0] == '/' && p + 1 < end && p[1] == '/') {
			p = line_end(p, end);
		} else if (*p == '"' || *p == '\'') {
			p = skip_literal(p, end);
		} else if (isalpha((unsigned char)*p) || *p == '_') {
			const char *word = p;

			while (p < end && is_name_char(*p))
				p++;
			scan_word(c, part, s, word, (size_t)(p - word));
		} else if (isdigit((unsigned char)*p)) {
			while (p < end && (is_name_char(*p) || *p == '.'))
				p++;
		} else {
			if (!isspace((unsigned char)*p))
				scan_mark(c, part, s, *p, *p != '(' || *skip_space(p + 1, end) != '*');
			p++;
		}
	}
}

/* A directive among a part's lines: what it defines and names.  Conditions within a function count its braces once. */
static void
scan_directive(struct cutter *c, struct code_part *part, struct scan *s, const char *p, const char *end)
{
	size_t len;
	const char *rest, *word = directive(p, end, &len, &rest);
	struct scan inner = { .parens = 1 }; /* nothing defined */

	switch (directive_kind(p, end)) {
	case CODE_IF:
		ARRAY_PUSH(c->r->arena, s->before, s->braces);
		s->ifs++;
		break;
	case CODE_ELSE:
		s->braces = s->before.v[s->ifs - 1];
		break;
	case CODE_ENDIF:
		s->before.n = (size_t)--s->ifs;
		break;
	case CODE_TEXT: case CODE_SYSTEM:
		break;
	}
	if (is_word(word, len, "define")) {
		const char *from = rest;

		while (rest < end && is_name_char(*rest))
			rest++;
		define(c, part, intern_n(c->r->names, from, (size_t)(rest - from)));
	} else if (directive_kind(p, end) == CODE_TEXT && s->braces == 0) {
		part->always = true; /* #pragma, #error, #undef */
	}
	scan_text(c, part, &inner, rest, end);
	s->comment = inner.comment;
	c->word = c->tag = NULL;
}

/* ---- parts ---- */

static bool load(struct code_reader *, const char *file, struct code_part ***tail, struct code_part *group, struct loc);

static bool
read_include(struct cutter *c, const char *end)
{
	size_t len;
	const char *rest, *close;
	char *file;

	directive(c->p, end, &len, &rest);
	if (rest < end && *rest == '<') {
		add_part(c, CODE_SYSTEM, c->p, end);
		return true;
	}
	close = rest < end && *rest == '"' ? memchr(rest + 1, '"', (size_t)(end - rest - 1)) : NULL;
	file = close ? arena_strndup(c->r->arena, rest + 1, (size_t)(close - rest - 1)) : NULL;
	if (!file || !code_is_header(file)) {
		diag_error(c->r->diag, loc_of(c, rest, end), "a chip's code includes \"x.h\", which lies beside the .chip or below, or <x.h>");
		return false;
	}
	c->last = NULL;
	return load(c->r, file, c->tail, c->group, loc_of(c, rest, end));
}

/* The lines from c->p on up to what ends a part. */
static bool
read_text(struct cutter *c)
{
	const char *from = c->p;
	struct code_part *part = add_part(c, CODE_TEXT, from, from);
	struct scan s = { 0 };

	c->type = c->pointer = false;
	c->word = c->tag = NULL;
	while (c->p < c->end) {
		const char *end = line_end(c->p, c->end), *rest;
		enum code_kind kind = s.comment ? CODE_TEXT : directive_kind(c->p, end);
		size_t len;

		if (!s.comment && s.braces == 0 && s.ifs == 0 && (is_blank(c->p, end) || kind != CODE_TEXT))
			break;
		if ((kind == CODE_ELSE || kind == CODE_ENDIF) && s.ifs == 0)
			break;
		if (!s.comment && directive(c->p, end, &len, &rest))
			scan_directive(c, part, &s, c->p, end);
		else
			scan_text(c, part, &s, c->p, end);
		c->p = end;
	}
	part->len = (size_t)(c->p - from);
	part->always |= part->refers.n > 0 && part->defines.n == 0;
	if (s.comment || s.ifs)
		diag_error(c->r->diag, loc_of(c, from, line_end(from, c->end)), "%s that begins here or after it has no end",
			s.comment ? "a comment" : "an #if");
	return !s.comment && !s.ifs;
}

/* The beginning of a comment right over c->p, which goes with what is there; c->p if there is none. */
static const char *
take_comment(struct cutter *c)
{
	struct code_part *last = c->last;

	if (!last || last->kind != CODE_TEXT || last->always || last->heading || last->defines.n || last->text + last->len != c->p)
		return c->p;
	last->len = 0;
	return last->text;
}

static bool
read_condition(struct cutter *c, enum code_kind kind, const char *end)
{
	struct scan s = { .parens = 1 };
	struct code_part *part;
	const char *rest;
	size_t len;

	if (kind != CODE_IF && c->group == c->outer) {
		diag_error(c->r->diag, loc_of(c, c->p, end), "there is no #if before this");
		return false;
	}
	part = add_part(c, kind, take_comment(c), end);
	part->len = (size_t)(end - part->text);
	directive(c->p, end, &len, &rest);
	scan_text(c, kind == CODE_ELSE ? c->group : part, &s, rest, end);
	if (kind == CODE_IF)
		c->group = part;
	else if (kind == CODE_ENDIF)
		c->group = c->group->group;
	return true;
}

static bool
read_parts(struct cutter *c)
{
	bool ok = true;

	while (ok && c->p < c->end) {
		const char *end = line_end(c->p, c->end);
		enum code_kind kind = directive_kind(c->p, end);

		if (is_blank(c->p, end)) {
			c->p = end;
		} else if (kind == CODE_TEXT) {
			ok = read_text(c);
		} else {
			ok = kind == CODE_SYSTEM ? read_include(c, end) : read_condition(c, kind, end);
			c->p = end;
		}
	}
	if (ok && c->group != c->outer) {
		const char *from = c->group->text, *end = from + c->group->len;

		while (directive_kind(from, end) != CODE_IF) /* the comment over it */
			from = line_end(from, end);
		diag_error(c->r->diag, loc_of(c, from, end), "this has no #endif");
	}
	return ok && c->group == c->outer;
}

/* ---- headers ---- */

/* Behind the comments and blank lines at P. */
static const char *
skip_comments(const char *p, const char *end)
{
	for (;;) {
		while (p < end && isspace((unsigned char)*p))
			p++;
		if (end - p < 2 || p[0] != '/' || (p[1] != '*' && p[1] != '/'))
			return p;
		if (p[1] == '/') {
			p = line_end(p, end);
			continue;
		}
		for (p += 2; p < end && !(p[0] == '*' && p + 1 < end && p[1] == '/'); p++)
			;
		p = p < end ? p + 2 : end;
	}
}

/* Takes the include guard off, or #pragma once, and with it the comment that the header begins with. */
static void
skip_guard(struct cutter *c)
{
	const char *first = skip_comments(c->p, c->end), *second = line_end(first, c->end), *third = line_end(second, c->end), *last = c->end;
	const char *name1, *name2, *word1, *word2;
	size_t len1, len2;

	word1 = directive(first, second, &len1, &name1);
	word2 = directive(second, third, &len2, &name2);
	if (word1 && is_word(word1, len1, "pragma") && strncmp(name1, "once", 4) == 0) {
		third = second;
	} else {
		if (!word1 || !is_word(word1, len1, "ifndef") || !word2 || !is_word(word2, len2, "define"))
			return;
		for (len1 = 0; is_name_char(name1[len1]); len1++)
			;
		while (last > third && (last[-1] != '\n' || skip_comments(last, c->end) == c->end))
			last--;
		if (strncmp(name1, name2, len1) != 0 || is_name_char(name2[len1]) || directive_kind(last, c->end) != CODE_ENDIF)
			return;
		c->end = last;
	}
	for (word1 = first; word1 > c->p && isspace((unsigned char)word1[-1]); word1--)
		;
	if (word1 > c->p)
		add_part(c, CODE_TEXT, c->p, word1)->heading = true;
	c->last = NULL;
	c->p = third;
}

static bool
load(struct code_reader *r, const char *file, struct code_part ***tail, struct code_part *group, struct loc loc)
{
	struct cutter c = { .r = r, .tail = tail, .group = group, .outer = group };
	name key = intern(r->names, file);
	const char *path = path_join(r->arena, strcmp(r->dir, ".") == 0 ? NULL : r->dir, file), *text, *why;
	size_t len;

	if (map_get(r->files, key))
		return true;
	map_put(r->files, key, r);
	why = file_read(r->arena, path, &text, &len);
	if (!why && memchr(text, '\0', len))
		why = "it is no text";
	if (why) {
		diag_error(r->diag, loc, "cannot read '%s': %s", path, why);
		return false;
	}
	c.source = diag_add_source(r->diag, path, text, len);
	if (!c.source) {
		diag_error(r->diag, loc, "'%s' is too large: all sources together may have 2 GiB", path);
		return false;
	}
	c.file = ++r->headers;
	c.p = c.source->text;
	c.end = c.p + len;
	skip_guard(&c);
	return read_parts(&c);
}

bool
code_read(struct code_reader *r, struct chip_code *c)
{
	struct code_part **tail = &c->first;

	return load(r, c->file, &tail, NULL, c->loc);
}

bool
code_is_header(const char *s)
{
	const char *dots = strstr(s, "..");

	if (!*s || *s == '/' || strlen(s) > 255 || s[strlen(s) - 1] == '/')
		return false;
	while (dots && ((dots != s && dots[-1] != '/') || (dots[2] && dots[2] != '/')))
		dots = strstr(dots + 1, "..");
	if (dots)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.+/", *s))
			return false;
	return true;
}
