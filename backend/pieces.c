/* The kernels of the output.  Their files are embedded in netc as text; here the files that the calls name are
 * read with the headers they include, cut into chunks (what stands between blank lines outside of braces: a
 * function, a struct, with the comment over it), and only the chunks that some call reaches are printed.
 * A compiler would warn about the rest. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "backend/cgen.h"
#include "runtime/embedded.h"

struct chunk {
	struct chunk *next;      /* in order of printing */
	struct chunk *queued;
	struct piece *piece;
	const char *const *lines;
	int count;               /* of lines */
	name defines;            /* NULL: kept whenever its piece is */
	ARRAY(name) refers;
	bool kept;
};

struct piece {
	name file;
	bool kept;               /* some chunk of it is */
	ARRAY(name) system;      /* <...> headers */
	struct piece *next;
};

struct pieces {
	struct cgen *g;
	struct map *files;       /* piece by name of file */
	struct map *definitions; /* chunk by name defined */
	struct piece *all;
	struct chunk *first, **end;
	struct chunk *queue;
};

/* ---- reading ---- */

/* Where a scan of C text is; enough to tell code from comments and nested from outer. */
struct scan {
	bool comment;
	int braces, parens;
};

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Can the output's own names meet N?  Functions and structs of the kernels are called nn_..., macros and
 * constants have no small letters; the rest are locals of theirs and words of the language. */
static bool
is_outer(name n)
{
	if (strncmp(n, "nn_", 3) == 0)
		return true;
	for (; *n; n++)
		if (islower((unsigned char)*n))
			return false;
	return true;
}

static void
scan_name(struct pieces *ps, struct chunk *c, const struct scan *s, const char *word, size_t len, bool *named)
{
	name n = intern_n(ps->g->names, word, len);

	if (is_outer(n))
		ident_reserve(ps->g, word, len);
	ARRAY_PUSH(ps->g->arena, c->refers, n);
	/* What a chunk defines is the last name of ours before its first bracket: "struct nn_x {", "nn_f(". */
	if (!*named && s->braces == 0 && s->parens == 0 && strncmp(n, "nn_", 3) == 0)
		c->defines = n;
}

static void
scan_line(struct pieces *ps, struct chunk *c, struct scan *s, const char *p, bool *named)
{
	while (*p) {
		if (s->comment) {
			s->comment = !(p[0] == '*' && p[1] == '/');
			p += s->comment ? 1 : 2;
		} else if (p[0] == '/' && p[1] == '*') {
			s->comment = true;
			p += 2;
		} else if (isalpha((unsigned char)*p) || *p == '_') {
			const char *word = p;
			while (is_name_char(*p))
				p++;
			scan_name(ps, c, s, word, (size_t)(p - word), named);
		} else if (isdigit((unsigned char)*p)) {
			while (is_name_char(*p))
				p++;
		} else {
			*named |= strchr("({=[", *p) != NULL;
			s->braces += (*p == '{') - (*p == '}');
			s->parens += (*p == '(') - (*p == ')');
			p++;
		}
	}
}

static void load(struct pieces *, const char *file);

/* #include: another piece, which is printed before, or a system header. */
static void
read_include(struct pieces *ps, struct piece *piece, const char *p)
{
	char close = *p == '"' ? '"' : '>';
	const char *end = strchr(p + 1, close);
	name file;

	if (!end)
		die("%s: malformed #include", piece->file);
	file = intern_n(ps->g->names, p + 1, (size_t)(end - p - 1));
	if (close == '>')
		ARRAY_PUSH(ps->g->arena, piece->system, file);
	else
		load(ps, file);
}

static bool
is_blank(const char *line)
{
	return line[strspn(line, " \t\n")] == '\0';
}

/* The lines of a file without its include guard. */
static const char *const *
skip_guard(const char *const *lines, int *count)
{
	int n = 0;

	while (lines[n])
		n++;
	while (n > 0 && is_blank(lines[n - 1]))
		n--;
	if (n > 2 && strncmp(lines[0], "#ifndef ", 8) == 0 && strncmp(lines[1], "#define ", 8) == 0
		&& strncmp(lines[n - 1], "#endif", 6) == 0) {
		lines += 2;
		n -= 3;
	}
	*count = n;
	return lines;
}

static struct chunk *
read_chunk(struct pieces *ps, struct piece *piece, const char *const *lines, int count, int *pos)
{
	struct chunk *c = ARENA_NEW(ps->g->arena, struct chunk);
	struct scan s = { 0 };
	bool named = false;

	c->piece = piece;
	c->lines = lines + *pos;
	for (; *pos < count; ++*pos, c->count++) {
		const char *line = lines[*pos];
		if (is_blank(line) && s.braces == 0 && !s.comment)
			break;
		if (strncmp(line, "#include ", 9) == 0)
			break;
		scan_line(ps, c, &s, line, &named);
	}
	if (c->defines && !map_get(ps->definitions, c->defines))
		map_put(ps->definitions, c->defines, c);
	return c;
}

/* Headers include headers at most as deep as the runtime's own files do. */
static void
load(struct pieces *ps, const char *file)
{
	const struct embedded *text = embedded_find(file);
	name key = intern(ps->g->names, file);
	struct piece *piece;
	const char *const *lines;
	int count;

	if (map_get(ps->files, key))
		return;
	if (!text)
		die("no kernel text '%s'", file);
	piece = ARENA_NEW(ps->g->arena, struct piece);
	piece->file = key;
	piece->next = ps->all;
	ps->all = piece;
	map_put(ps->files, key, piece);
	lines = skip_guard(text->lines, &count);
	for (int pos = 0; pos < count;) {
		struct chunk *c;

		if (is_blank(lines[pos])) {
			pos++;
			continue;
		}
		if (strncmp(lines[pos], "#include ", 9) == 0) {
			read_include(ps, piece, lines[pos++] + 9);
			continue;
		}
		c = read_chunk(ps, piece, lines, count, &pos);
		*ps->end = c;
		ps->end = &c->next;
	}
}

/* ---- reaching ---- */

static void
need(struct pieces *ps, name n)
{
	struct chunk *c = map_get(ps->definitions, n);

	if (!c || c->kept)
		return;
	c->kept = c->piece->kept = true;
	c->queued = ps->queue;
	ps->queue = c;
}

struct pieces *
pieces_collect(struct cgen *g)
{
	static const char *const rows[] = { "nn_rows_next", "nn_rows_make_room", "nn_rows_read" };
	struct pieces *ps = ARENA_NEW(g->arena, struct pieces);
	struct chunk *c;

	ps->g = g;
	ps->files = map_new(g->arena);
	ps->definitions = map_new(g->arena);
	ps->end = &ps->first;
	for (const struct spec *s = g->specs; s; s = s->next) {
		if (s->call->text)
			continue;
		load(ps, arena_printf(g->arena, "nn_%s.c", s->call->kernel));
		need(ps, intern_printf(g->names, "nn_%s", s->call->kernel));
		if (!map_get(ps->definitions, intern_printf(g->names, "nn_%s", s->call->kernel)))
			die("nn_%s.c does not define nn_%s", s->call->kernel, s->call->kernel);
	}
	for (const struct call *call = g->p->first; call; call = call->next)
		if (call->stream) {
			load(ps, "nn_rows.h");
			for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
				need(ps, intern(g->names, rows[i]));
		}
	while ((c = ps->queue)) {
		ps->queue = c->queued;
		for (size_t i = 0; i < c->refers.n; i++)
			need(ps, c->refers.v[i]);
	}
	for (c = ps->first; c; c = c->next)
		c->kept |= !c->defines && c->piece->kept;
	return ps;
}

bool
pieces_need(const struct pieces *ps, const char *header)
{
	for (const struct piece *p = ps->all; p; p = p->next)
		for (size_t i = 0; p->kept && i < p->system.n; i++)
			if (strcmp(p->system.v[i], header) == 0)
				return true;
	return false;
}

void
pieces_emit(const struct pieces *ps, FILE *out)
{
	for (const struct chunk *c = ps->first; c; c = c->next) {
		if (!c->kept)
			continue;
		for (int i = 0; i < c->count; i++)
			fputs(c->lines[i], out);
		putc('\n', out);
	}
}
