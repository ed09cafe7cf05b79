/* Of the headers whose text the chip gives to generated code (chips/code.h) what the calls reach: a part that defines a name which they,
 * or another part that is kept, mention; conditions around what is kept; and what is kept always. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "backend/cgen.h"
#include "chips/chip.h"

struct chip_text {
	const struct chip *chip;
	bool *kept;                    /* by part */
	bool *file_kept;               /* by header */
	struct map *definitions;       /* struct definition, the first of a name */
	ARRAY(const struct code_part *) queue;
};

struct definition {
	const struct code_part *part;
	struct definition *next;       /* of the same name, in another branch of a condition */
};

static void
keep(struct cgen *g, struct chip_text *t, const struct code_part *part)
{
	if (t->kept[part->index])
		return;
	t->kept[part->index] = t->file_kept[part->file] = true;
	ARRAY_PUSH(g->arena, t->queue, part);
}

static void
need(struct cgen *g, struct chip_text *t, name n)
{
	for (const struct definition *d = map_get(t->definitions, n); d; d = d->next)
		keep(g, t, d->part);
}

/* The names in a call as C. */
static void
need_text(struct cgen *g, struct chip_text *t, const char *p)
{
	while (p && *p) {
		const char *word = p;

		while (isalnum((unsigned char)*p) || *p == '_')
			p++;
		if (p > word)
			need(g, t, intern_n(g->names, word, (size_t)(p - word)));
		else
			p++;
	}
}

/* A part is one of the chip's, whose names are its own intern's. */
static name
own(struct cgen *g, name n)
{
	return intern(g->names, n);
}

static void
add_part(struct cgen *g, struct chip_text *t, const struct code_part *part)
{
	for (size_t i = 0; i < part->defines.n; i++) {
		struct definition *d = ARENA_NEW(g->arena, struct definition);
		name n = own(g, part->defines.v[i]);

		d->part = part;
		d->next = map_get(t->definitions, n);
		map_put(t->definitions, n, d);
		ident_reserve(g, n, strlen(n));
	}
	for (size_t i = 0; i < part->refers.n; i++)
		ident_reserve(g, part->refers.v[i], strlen(part->refers.v[i]));
}

static void
need_calls(struct cgen *g, struct chip_text *t)
{
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c)) {
		need_text(g, t, c->text);
		for (size_t i = 0; i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];

			if (a->kind == ARG_BLOCK && a->block)
				need_text(g, t, a->block->text);
			for (size_t k = 0; a->kind == ARG_DOT && a->dot && k < a->dot->parts.n; k++)
				need_text(g, t, a->dot->parts.v[k].text);
		}
	}
}

struct chip_text *
chip_text_collect(struct cgen *g)
{
	const struct chip *chip = g->p->graph->chip;
	struct chip_text *t = ARENA_NEW(g->arena, struct chip_text);

	if (!chip || chip->codes.n == 0 || !cfile_calls_chip(g))
		return t;
	t->chip = chip;
	t->kept = ARENA_ARRAY(g->arena, bool, (size_t)chip->code_parts);
	t->file_kept = ARENA_ARRAY(g->arena, bool, (size_t)chip->code_parts + 1);
	t->definitions = map_new(g->arena);
	for (size_t i = 0; i < chip->codes.n; i++)
		for (const struct code_part *part = chip->codes.v[i].first; part; part = part->next)
			add_part(g, t, part);
	need_calls(g, t);
	for (size_t i = 0; i < chip->codes.n; i++)
		for (const struct code_part *part = chip->codes.v[i].first; part; part = part->next)
			if (part->always || (part->kind == CODE_SYSTEM && part->group))
				keep(g, t, part);
	for (size_t i = 0; i < t->queue.n; i++) {
		const struct code_part *part = t->queue.v[i];

		if (part->group)
			keep(g, t, part->group);
		for (size_t k = 0; k < part->refers.n; k++)
			need(g, t, own(g, part->refers.v[k]));
	}
	return t;
}

static bool
is_kept(const struct chip_text *t, const struct code_part *part)
{
	switch (part->kind) {
	case CODE_TEXT: return part->heading ? t->file_kept[part->file] : t->kept[part->index];
	case CODE_SYSTEM: return part->group && t->kept[part->index];
	case CODE_IF: return t->kept[part->index];
	case CODE_ELSE: case CODE_ENDIF: return t->kept[part->group->index];
	}
	return false;
}

/* What is between the brackets of an #include <...>, in any condition or none. */
static name
included(struct cgen *g, const struct code_part *part)
{
	const char *from = memchr(part->text, '<', part->len), *to = from ? memchr(from, '>', part->len - (size_t)(from - part->text)) : NULL;

	return from && to ? intern_n(g->names, from + 1, (size_t)(to - from - 1)) : intern(g->names, "");
}

void
chip_text_emit_includes(struct cgen *g, const struct chip_text *t, struct map *emitted, FILE *out)
{
	for (size_t i = 0; t->chip && i < t->chip->codes.n; i++)
		for (const struct code_part *part = t->chip->codes.v[i].first; part; part = part->next) {
			if (part->kind != CODE_SYSTEM || part->group || map_get(emitted, included(g, part)))
				continue;
			map_put(emitted, included(g, part), g);
			fprintf(out, "#include <%s>\n", included(g, part));
		}
}

/* A blank line stands before a part that is no condition's first or last line, and where one begins. */
void
chip_text_emit(const struct chip_text *t, FILE *out)
{
	const struct code_part *before = NULL;

	for (size_t i = 0; t->chip && i < t->chip->codes.n; i++)
		for (const struct code_part *part = t->chip->codes.v[i].first; part; part = part->next) {
			if (part->len == 0 || !is_kept(t, part))
				continue;
			if (before && !(before->kind != CODE_TEXT && before->kind != CODE_ENDIF) && (part->kind == CODE_TEXT || part->kind == CODE_IF))
				putc('\n', out);
			fwrite(part->text, 1, part->len, out);
			if (part->text[part->len - 1] != '\n')
				putc('\n', out);
			before = part;
		}
	if (before)
		putc('\n', out);
}
