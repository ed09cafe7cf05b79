/* From the syntax tree of a .chip to the chip.  The language, whose parts the files read_*.c each state in their head:
 *
 *	chip "NAME" version N;             first, once
 *	doc "text" "more text";
 *	include "x.h";                     any number: what the generated C includes for the calls
 *	code "x.h";                        any number: what it gets the text of, as far as the calls use it (code.h)
 *	cores = N;
 *	calls = N;
 *	cache = N;
 *	far_cache = N;
 *	memory NAME { size = 256K; align = 16; role = activation | weight | bias | accumulator | scratch; section ".x"; cost read = 1; }
 *	op KIND ["mode"] { ... }           one unit (read_op.c); kinds.def lists the kinds
 *	fallback portable [{ cost cycles = ...; }] | none;
 *
 * Whatever is wrong is reported at its place, all of it in one run; a chip with errors is no chip. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "chips/reader.h"
#include "support/file.h"

enum { CORES_MAX = 1024, VERSION_MAX = 1000000 };

/* ---- chip "NAME" version N; ---- */

/* The name becomes part of C identifiers and of file names. */
static bool
is_chip_name(const char *s)
{
	if (!isalpha((unsigned char)*s) || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_-.", *s))
			return false;
	return true;
}

static void
read_chip(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = item->words, *version = e ? e->next : NULL, *n = version ? version->next : NULL;

	r->chip->loc = item->loc;
	if (!e || e->kind != EXPR_STRING || !reader_is_name(version, "version") || !n || n->kind != EXPR_INT || n->next) {
		if (!n || n->kind != EXPR_ERROR)
			diag_error(r->diag, item->loc, "the chip's name and version are written: chip \"NAME\" version 1;");
		return;
	}
	if (!is_chip_name(e->u.str.s) || strlen(e->u.str.s) != e->u.str.len)
		diag_error(r->diag, e->loc, "a chip's name is a letter and at most 63 letters, digits and '_-.'");
	if (n->u.i < 1 || n->u.i > VERSION_MAX)
		diag_error(r->diag, n->loc, "a version is from 1 to %d, found %s", VERSION_MAX, n->text);
	else
		r->chip->version = (int)n->u.i;
	r->chip->name = e->u.str.s;
}

/* ---- include "x.h"; ---- */

/* The header that ITEM names; NULL after reporting. */
static const char *
header_of(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *e = item->words;

	if (!e || e->kind != EXPR_STRING || e->next) {
		diag_error(r->diag, e ? e->loc : item->loc, "'%s' takes one header: %s \"x.h\";", item->name, item->name);
		return NULL;
	}
	if (!code_is_header(e->u.str.s) || strlen(e->u.str.s) != e->u.str.len) {
		diag_error(r->diag, e->loc, "a header is a relative path of letters, digits and '_-.+/' without '..'");
		return NULL;
	}
	for (size_t i = 0; i < r->chip->includes.n + r->chip->codes.n; i++) {
		bool included = i < r->chip->includes.n;
		const char *other = included ? r->chip->includes.v[i] : r->chip->codes.v[i - r->chip->includes.n].file;

		if (strcmp(other, e->u.str.s) == 0) {
			diag_error(r->diag, e->loc, "'%s' is %s already", e->u.str.s, included ? "included" : "part of the code");
			return NULL;
		}
	}
	return e->u.str.s;
}

static void
read_include(struct reader *r, const struct ast_chip_item *item)
{
	const char *file = header_of(r, item);

	if (file)
		ARRAY_PUSH(r->arena, r->chip->includes, file);
}

/* ---- code "x.h"; ---- */

static void
read_code(struct reader *r, const struct ast_chip_item *item)
{
	struct chip_code c = { .file = header_of(r, item), .loc = item->words ? item->words->loc : item->loc };

	if (c.file && code_read(&r->code, &c))
		ARRAY_PUSH(r->arena, r->chip->codes, c);
}

/* ---- fallback ---- */

static void
read_fallback(struct reader *r, const struct ast_chip_item *item)
{
	static const char *const known[] = { "portable", "none" };
	const struct ast_expr *e = item->words;

	r->chip->fallback_loc = item->loc;
	bool none = reader_is_name(e, "none");
	if (!e || e->next || !(none || reader_is_name(e, "portable"))) {
		diag_error(r->diag, e ? e->loc : item->loc, "the fallback is portable or none");
		if (e && e->kind == EXPR_NAME)
			reader_suggest(r, e->loc, e->u.str.s, known, 2);
		return;
	}
	r->chip->portable = !none;
	r->vars = (UINT64_C(1) << VAR_COUNT) - 1;
	r->operands = (1u << OPERAND_COUNT) - 1;
	for (const struct ast_chip_item *it = item->items; it; it = it->next) {
		if (it->kind == CHIP_ERROR)
			continue;
		if (none || it->kind != CHIP_COST || strcmp(it->name, "cycles") != 0) {
			diag_error(r->diag, it->kind == CHIP_WHERE ? it->loc : it->name_loc, "of the fallback only portable's 'cost cycles' can be stated");
			continue;
		}
		if (reader_is_first(r, item->items, it))
			r->chip->portable_cycles = expr_resolve(r, it->cond);
	}
}

/* ---- the file ---- */

static void
read_cores(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (reader_int(r, item, 1, CORES_MAX, &v))
		r->chip->cores = (int)v;
}

static void
read_calls(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (!reader_int(r, item, 1, INT32_MAX, &v))
		return;
	r->chip->calls = (int32_t)v;
	r->chip->calls_loc = item->loc;
}

enum { CACHE_MIN = 64 }; /* bytes: a line */

static void
read_cache(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (reader_int(r, item, CACHE_MIN, INT32_MAX, &v))
		r->chip->cache = (int32_t)v;
}

static void
read_far_cache(struct reader *r, const struct ast_chip_item *item)
{
	int64_t v;

	if (reader_int(r, item, CACHE_MIN, INT32_MAX, &v))
		r->chip->far_cache = (int32_t)v;
}

static void
read_doc(struct reader *r, const struct ast_chip_item *item)
{
	r->chip->doc = reader_text(r, item, item->words);
}

static void
read_unit(struct reader *r, const struct ast_chip_item *item)
{
	struct chip_op op = { 0 };

	read_op(r, item, &op);
	op.index = (int)r->chip->ops.n;
	if (op.title)
		ARRAY_PUSH(r->arena, r->chip->ops, op);
}

static const struct top {
	const char *name;
	unsigned kinds;          /* of items: bits */
	const char *form;
	bool several;
	void (*read)(struct reader *, const struct ast_chip_item *);
} tops[] = {
	{ "chip",     1u << CHIP_WORDS, "chip \"NAME\" version 1;", false, read_chip },
	{ "doc",      1u << CHIP_WORDS, "doc \"...\";", false, read_doc },
	{ "include",  1u << CHIP_WORDS, "include \"x.h\";", true, read_include },
	{ "code",     1u << CHIP_WORDS, "code \"x.h\";", true, read_code },
	{ "cores",    1u << CHIP_PROP, "cores = 2;", false, read_cores },
	{ "calls",    1u << CHIP_PROP, "calls = 128;", false, read_calls },
	{ "cache",    1u << CHIP_PROP, "cache = 32K;", false, read_cache },
	{ "far_cache", 1u << CHIP_PROP, "far_cache = 1M;", false, read_far_cache },
	{ "memory",   1u << CHIP_SECTION, "memory NAME { size = 256K; }", true, read_memory },
	{ "op",       1u << CHIP_SECTION, "op conv2d { ... }", true, read_unit },
	{ "fallback", 1u << CHIP_WORDS | 1u << CHIP_SECTION, "fallback portable;", false, read_fallback },
};
enum { TOPS = sizeof tops / sizeof *tops };

static void
read_top(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item)
{
	struct loc loc = item->name_loc.start ? item->name_loc : item->loc;
	const char *known[TOPS];

	for (int i = 0; i < TOPS; i++) {
		known[i] = tops[i].name;
		if (!item->name || item->kind == CHIP_COST || strcmp(tops[i].name, item->name) != 0)
			continue;
		if (!(tops[i].kinds >> item->kind & 1))
			diag_error(r->diag, loc, "'%s' is written: %s", item->name, tops[i].form);
		else if (tops[i].several || reader_is_first(r, items, item))
			tops[i].read(r, item);
		return;
	}
	const char *word = item->kind == CHIP_WHERE ? "where" : item->kind == CHIP_COST ? "cost" : item->name;
	diag_error(r->diag, loc, "a .chip has no '%s' outside of its ops", word);
	if (word == item->name)
		reader_suggest(r, loc, item->name, known, TOPS);
}

static bool
has_errors(const struct ast_chip_item *items)
{
	for (; items; items = items->next)
		if (items->kind == CHIP_ERROR || has_errors(items->items))
			return true;
	return false;
}

static void
read_items(struct reader *r, const struct ast_chip_file *file)
{
	const struct ast_chip_item *first = file->items;
	struct loc start = { file->source->base, file->source->base };

	if (!first || !first->name || strcmp(first->name, "chip") != 0)
		diag_error(r->diag, first ? first->loc : start, "a .chip begins with its name: chip \"NAME\" version 1;");
	/* memories first: conditions name them, wherever they stand */
	for (const struct ast_chip_item *it = first; it; it = it->next)
		if (it->name && strcmp(it->name, "memory") == 0)
			read_top(r, first, it);
	for (const struct ast_chip_item *it = first; it; it = it->next)
		if (!it->name || strcmp(it->name, "memory") != 0)
			read_top(r, first, it);
}

struct chip *
chip_read(struct arena *a, struct intern *names, struct diag *d, const struct ast_chip_file *file, const char *path)
{
	struct chip *chip = ARENA_NEW(a, struct chip);
	struct reader r = { .arena = a, .names = names, .diag = d, .chip = chip,
		.code = { .arena = a, .names = names, .diag = d, .dir = path_dir(a, path), .files = map_new(a) } };
	int errors = d->errors;

	if (has_errors(file->items))
		return NULL; /* the parser has said why */
	chip->source = file->source;
	chip->file = path_base(path);
	chip->cores = 1;
	chip->cache = 32 * 1024;
	chip->far_cache = 1024 * 1024;
	chip->portable = true;
	read_items(&r, file);
	chip->code_parts = r.code.parts;
	for (size_t i = 0; i < chip->ops.n; i++)
		chip->ops.v[i].chip = chip;
	check_memories(&r);
	return d->errors == errors ? chip : NULL;
}
