/* The arenas in the output: what they are called, their sizes, types and sections; the sections of constants.
 *
 * One arena has the plain names: the parameter arena, the type NAME_arena, the macros NAME_ARENA_BYTES and _ALIGN. With several memories each has its
 * memory's name behind them. */
#include <config.h>
#include <inttypes.h>
#include "backend/cgen.h"
#include "chips/chip.h"

static bool
has_section(const struct memory *m)
{
	return m->chip != NULL;
}

void
arenas_name(struct cgen *g)
{
	const struct program *p = g->p;

	g->narenas = program_arenas(p);
	g->memories = ARENA_ARRAY(g->arena, struct memory_names, p->memories.n);
	for (size_t i = 0; i < p->memories.n; i++) {
		const struct memory *m = &p->memories.v[i];
		struct memory_names *n = &g->memories[i];
		const char *stem = m->chip ? ident_clean(g->arena, m->chip->name) : "", *upper = ident_upper(g->arena, stem);

		if (has_section(m))
			n->section = ident_make(g, arena_printf(g->arena, "%s_SECTION_%s", g->upper, upper));
		if (m->constants)
			continue;
		n->parameter = "arena";
		n->base = "ram";
		n->type = arena_printf(g->arena, "%s_arena", g->prefix);
		n->macro = arena_printf(g->arena, "%s_ARENA", g->upper);
		if (g->narenas == 1)
			continue;
		n->parameter = ident_local(g, arena_printf(g->arena, "arena_%s", stem));
		n->base = ident_local(g, arena_printf(g->arena, "ram_%s", stem));
		n->type = ident_make(g, arena_printf(g->arena, "%s_%s", n->type, stem));
		n->macro = ident_make(g, arena_printf(g->arena, "%s_%s", n->macro, upper));
	}
}

int64_t
cgen_arena_bytes(const struct cgen *g, int memory)
{
	int64_t bytes = g->p->memories.v[memory].bytes;

	return bytes > 0 ? bytes : 1;
}

bool
arena_is_used(const struct cgen *g, int memory)
{
	return g->p->memories.v[memory].bytes > 0;
}

void
arenas_emit_sizes(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++) {
		emit_line(e, "#define %s_BYTES %" PRId64, g->memories[m].macro, cgen_arena_bytes(g, m));
		emit_line(e, "#define %s_ALIGN %d", g->memories[m].macro, g->p->memories.v[m].align);
	}
}

/* ---- types ---- */

static void
emit_section(struct cgen *g, struct emitter *e, int memory)
{
	const char *id = g->memories[memory].section;

	emit_line(e, "#ifndef %s", id);
	emit_line(e, "#if defined %s_SECTIONS && (defined __GNUC__ || defined __ICCARM__)", g->upper);
	emit_line(e, "#define %s __attribute__((section(\"%s\")))", id, g->p->memories.v[memory].chip->section);
	emit_line(e, "#else");
	emit_line(e, "#define %s", id);
	emit_line(e, "#endif");
	emit_line(e, "#endif");
}

static bool
any_section(const struct cgen *g, bool constants)
{
	for (size_t i = 0; i < g->p->memories.n; i++)
		if (g->memories[i].section && g->p->memories.v[i].constants == constants)
			return true;
	return false;
}

void
sections_emit(struct cgen *g, struct emitter *e, bool constants)
{
	if (!any_section(g, constants))
		return;
	emit_comment(e, arena_printf(g->arena, "Which memory of %s %s in: yours to define, as your compiler and linker script want it; with %s_SECTIONS defined the "
		"sections of the .chip where the compiler has GNU attributes; else nothing.", g->p->graph->chip->file, constants ? "constants lie" : "an arena lies",
		g->upper));
	for (size_t i = 0; i < g->p->memories.n; i++)
		if (g->memories[i].section && g->p->memories.v[i].constants == constants)
			emit_section(g, e, (int)i);
	emit_blank(e);
}

const char *
arena_definition(struct cgen *g, int memory, const char *id)
{
	const struct memory_names *n = &g->memories[memory];

	return arena_printf(g->arena, "static %s%s%s %s;", n->section ? n->section : "", n->section ? " " : "", n->type, id);
}

/* The caller's arenas as types, with their alignment where the compiler has a word for that. */
void
arenas_emit_types(struct cgen *g, struct emitter *e)
{
	int align = g->p->arena_align;

	sections_emit(g, e, false);
	text_reset(&g->text);
	text_add(&g->text, "Storage for %s:", g->narenas > 1 ? "them" : "it");
	for (int m = 0; m < g->narenas; m++)
		text_add(&g->text, "%s \"%s\"", m ? "," : "", arena_definition(g, m, g->memories[m].parameter));
	text_add(&g->text, ".");
	emit_comment(e, text_get(&g->text));
	emit_line(e, "#if defined __GNUC__");
	emit_line(e, "#define %s_ALIGNED __attribute__((aligned(%d)))", g->upper, align);
	emit_line(e, "#elif defined __cplusplus && __cplusplus >= 201103L");
	emit_line(e, "#define %s_ALIGNED alignas(%d)", g->upper, align);
	emit_line(e, "#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 201112L");
	emit_line(e, "#define %s_ALIGNED _Alignas(%d)", g->upper, align);
	emit_line(e, "#else");
	emit_line(e, "#define %s_ALIGNED /* the address is the caller's care */", g->upper);
	emit_line(e, "#endif");
	for (int m = 0; m < g->narenas; m++) {
		emit_line(e, "typedef struct {");
		emit_line(e, "\t%s_ALIGNED unsigned char bytes[%s_BYTES];", g->upper, g->memories[m].macro);
		emit_line(e, "} %s;", g->memories[m].type);
	}
	emit_blank(e);
}

/* ---- in NAME.c ---- */

void
arenas_emit_checks(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++) {
		const char *macro = g->memories[m].macro, *which = g->narenas > 1 ? arena_printf(g->arena, "_%d", m) : "";

		emit_line(e, "typedef char %s_check_size%s[(size_t)%s_BYTES == %s_BYTES ? 1 : -1];", g->prefix, which, macro, macro);
		emit_line(e, "typedef char %s_check_align%s[%s_ALIGN %% sizeof(int32_t) == 0 ? 1 : -1];", g->prefix, which, macro);
	}
	emit_blank(e);
}

void
arenas_emit_start(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++)
		if (arena_is_used(g, m))
			emit_line(e, "unsigned char *const %s = (unsigned char *)%s;", g->memories[m].base, g->memories[m].parameter);
}

void
arenas_emit_align_check(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++)
		if (arena_is_used(g, m)) {
			emit_line(e, "if (%s == NULL || (uintptr_t)%s %% %s_ALIGN != 0)", g->memories[m].parameter, g->memories[m].parameter,
				g->memories[m].macro);
			emit_line(e, "\treturn %s_E_ALIGN;", g->upper);
		}
}

void
arenas_emit_unused(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++)
		if (!arena_is_used(g, m))
			emit_line(e, "(void)%s;", g->memories[m].parameter);
}
