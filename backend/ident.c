/* Names of the output.  Everything at file scope begins with the network's prefix, so only parameters can meet
 * the words of the languages; names of the kernels copied in are taken from the start. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "backend/cgen.h"

/* Keywords of C23 and C++23 and what the included headers or the generated functions themselves name. */
static const char *const words[] = {
	"alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch",
	"char", "char8_t", "char16_t", "char32_t", "class", "compl", "concept", "const", "const_cast", "consteval",
	"constexpr", "constinit", "continue", "co_await", "co_return", "co_yield", "decltype", "default", "delete",
	"do", "double", "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for",
	"friend", "goto", "if", "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq",
	"nullptr", "operator", "or", "or_eq", "private", "protected", "public", "register", "reinterpret_cast",
	"requires", "restrict", "return", "short", "signed", "sizeof", "static", "static_assert", "static_cast",
	"struct", "switch", "template", "this", "thread_local", "throw", "true", "try", "typedef", "typeid", "typename",
	"typeof", "typeof_unqual", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t", "while",
	"xor", "xor_eq", "near", "far", "linux", "unix", "main", "errno", "NULL", "NAN", "INFINITY", "HUGE_VAL",
	"isnan", "isinf", "isfinite", "signbit", "fpclassify", "isnormal", "memcpy", "memset", "memmove", "memcmp", "offsetof",
	"size_t", "ptrdiff_t", "max_align_t", "ram", "rom", "head", "arena", "weights", "check", "context",
	"core", "barrier", "barrier_context", "read_row", "user", "status", "stages", "maps", "stage", "to_row", "band", "band_2",
	"windows"
};

const char *
ident_clean(struct arena *a, const char *path)
{
	char *id = arena_alloc(a, strlen(path) + 2), *p = id;

	for (; *path; path++) {
		if (isalnum((unsigned char)*path))
			*p++ = *path;
		else if (*path != '[' && p > id && p[-1] != '_')
			*p++ = '_';
	}
	/* The ']' of "ds[2].pw" and the '.' are one underscore; the last of "ds[2]" is none. */
	while (p > id && p[-1] == '_')
		p--;
	if (p == id)
		*p++ = 'x';
	*p = '\0';
	return id;
}

const char *
ident_upper(struct arena *a, const char *s)
{
	char *up = arena_strdup(a, s);

	for (char *p = up; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return up;
}

void
ident_reserve(struct cgen *g, const char *s, size_t len)
{
	map_put(g->taken, intern_n(g->names, s, len), g);
}

/* The counter of a stem that is in use lies in the map too, so n equal names cost O(n). */
struct series { int next; };

static const char *
make_unique(struct cgen *g, const char *id)
{
	name n = intern(g->names, id), key;
	struct series *s;

	if (map_get(g->taken, n)) {
		key = intern_printf(g->names, "series %s", id);
		s = map_get(g->taken, key);
		if (!s) {
			s = ARENA_NEW(g->arena, struct series);
			s->next = 2;
			map_put(g->taken, key, s);
		}
		do
			n = intern_printf(g->names, "%s_%d", id, s->next++);
		while (map_get(g->taken, n));
	}
	map_put(g->taken, n, g);
	return n;
}

const char *
ident_make(struct cgen *g, const char *stem)
{
	return make_unique(g, ident_clean(g->arena, stem));
}

const char *
ident_local(struct cgen *g, const char *stem)
{
	const char *id = ident_clean(g->arena, stem);

	if (isdigit((unsigned char)*id))
		id = arena_printf(g->arena, "x%s", id);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(id, words[i]) == 0)
			id = arena_printf(g->arena, "%s_", id);
	return make_unique(g, id);
}
