/* The order of things: choose every name, then write the files. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "backend/cgen.h"
#include "chips/chip.h"

/* ---- shared by the files ---- */

bool
cgen_open(struct cgen *g, struct emitter *e, const char *suffix, const char *what)
{
	return cgen_open_in(g, e, g->dir, suffix, what);
}

bool
cgen_open_in(struct cgen *g, struct emitter *e, const char *dir, const char *suffix, const char *what)
{
	const char *file = arena_printf(g->arena, "%s%s", g->prefix, suffix);
	const char *p;

	*e = (struct emitter){ .out = outputs_open(g->outputs, path_join(g->arena, dir, file)) };
	if (!e->out)
		return false;
	text_reset(&g->text);
	text_add(&g->text, "%s: ", file);
	for (; (p = strstr(what, "NAME")); what = p + 4)
		text_add(&g->text, "%.*s%s", (int)(p - what), what, g->prefix);
	text_add(&g->text, "%s.\nMade from %s by netc %s:\n\t%s", what, g->opts->source, PACKAGE_VERSION, g->opts->command);
	emit_comment(e, text_get(&g->text));
	return true;
}

void
cgen_signature(struct cgen *g, struct emitter *e, const char *type, const char *verb, const char *extra, const char *tail)
{
	cgen_signature_from(g, e, type, verb, NULL, extra, tail);
}

void
cgen_signature_from(struct cgen *g, struct emitter *e, const char *type, const char *verb, const char *before, const char *extra,
	const char *tail)
{
	ARRAY(const char *) items = { 0 };

	if (before)
		ARRAY_PUSH(g->arena, items, before);
	for (int i = 0; i < g->nin && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "const %s *%s",
			dtype_info[g->in[i].tensor->dtype].c_type, g->in[i].id));
	for (int i = 0; i < g->nout && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "%s *%s",
			dtype_info[g->out[i].tensor->dtype].c_type, g->out[i].id));
	if (g->p->io_rows) {
		ARRAY_PUSH(g->arena, items, input_rows_parameter(g));
		ARRAY_PUSH(g->arena, items, "void *user");
	}
	for (int m = 0; m < g->narenas; m++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "void *%s", g->memories[m].parameter));
	if (g->opts->weights == WEIGHTS_BIN)
		ARRAY_PUSH(g->arena, items, "const void *weights");
	if (extra)
		ARRAY_PUSH(g->arena, items, extra);
	emit_list(e, arena_printf(g->arena, "%s%s%s_%s", type, *type ? " " : "", g->prefix, verb),
		items.v, (int)items.n, tail);
}

/* The arguments of C, and of the unit's function that it calls. */
static size_t
arguments_of(const struct call *c)
{
	size_t n = c->args.n;

	for (size_t i = 0; c->unit && i < c->unit->call.pieces.n; i++)
		n += c->unit->call.pieces.v[i].kind != HOLE_TEXT;
	return n;
}

/* A bound that holds for every kernel at every optimisation level, on 32- and 64-bit machines: NAME_run, the
 * specialised function and the kernel with what it calls each keep their arguments and a fixed set of locals; with cores,
 * NAME_steps is one more, and the function of a chain of calls holds its maps.  What a chip's units take is theirs to state.  tests/stack.test compares it with what gcc
 * -fstack-usage finds. */
int
cgen_stack_bytes(const struct cgen *g)
{
	enum { FIXED = 640, PER_ARGUMENT = 3 * 8, STEPS = 256, CHAIN = 384, PER_MAP = 40, ARENA_USES = 3 };
	size_t most = 0, chain = 0;

	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c))
		if (arguments_of(c) > most)
			most = arguments_of(c);
	for (const struct call *c = g->p->first; c; c = c->next)
		if (c->stream && CHAIN + PER_MAP * c->stream->maps.n > chain)
			chain = CHAIN + PER_MAP * c->stream->maps.n;
	return FIXED + (int)chain + PER_ARGUMENT * ((int)most + ARENA_USES * (g->narenas - 1)) + (g->p->cores > 1 ? STEPS : 0);
}

/* ---- names ---- */

static const char *
port_macro(struct cgen *g, const char *direction, const char *port)
{
	return ident_make(g, arena_printf(g->arena, "%s_%s_%s", g->upper, direction,
		ident_upper(g->arena, ident_clean(g->arena, port))));
}

static void
name_ports(struct cgen *g)
{
	const struct graph *graph = g->p->graph;

	g->nin = (int)graph->inputs.n;
	g->nout = (int)graph->outputs.n;
	g->in = ARENA_ARRAY(g->arena, struct port, graph->inputs.n);
	g->out = ARENA_ARRAY(g->arena, struct port, graph->outputs.n);
	for (int i = 0; i < g->nin; i++) {
		const struct tensor *t = graph->inputs.v[i];
		g->in[i] = (struct port){ .tensor = t, .name = t->name };
		g->in[i].macro = port_macro(g, "IN", t->name);
		g->in[i].id = ident_local(g, t->name);
	}
	for (int i = 0; i < g->nout; i++) {
		const char *n = graph->output_names.v[i];
		g->out[i] = (struct port){ .tensor = graph->outputs.v[i], .name = n };
		g->out[i].macro = port_macro(g, "OUT", n);
		g->out[i].id = ident_local(g, n);
	}
}

static void
reserve_own_names(struct cgen *g)
{
	static const char *const lower[] = {
		"run", "run_checked", "check", "profile", "layer_names", "selftest", "failure", "layer", "test", "value",
		"check_int8", "check_int", "check_float", "check_size", "check_align", "arena", "steps", "run_core", "barrier",
		"read_row", "read_rows"
	};
	static const char *const upper[] = {
		"H", "WEIGHTS_H", "SELFTEST_H", "ARENA_BYTES", "ARENA_ALIGN", "STACK_BYTES", "LAYERS", "LAYER", "WEIGHTS_BYTES",
		"WEIGHTS_ALIGN", "OK", "E_ALIGN", "E_WEIGHTS", "PROFILE", "SELFTEST", "SELFTEST_BYTES", "ALIGNED",
		"CORES", "PHASES", "E_CORE", "ALIGN_TO", "SECTIONS"
	};
	const char *s;

	for (size_t i = 0; i < sizeof lower / sizeof *lower; i++) {
		s = arena_printf(g->arena, "%s_%s", g->prefix, lower[i]);
		ident_reserve(g, s, strlen(s));
	}
	for (size_t i = 0; i < sizeof upper / sizeof *upper; i++) {
		s = arena_printf(g->arena, "%s_%s", g->upper, upper[i]);
		ident_reserve(g, s, strlen(s));
	}
	for (const struct call *c = g->p->first; c; c = c->next)
		if (c->stream) {
			s = chain_id(g, c);
			ident_reserve(g, s, strlen(s));
		}
}

static void
place_ports(struct cgen *g)
{
	for (size_t i = 0; i < g->p->buffers.n; i++) {
		const struct buffer *b = g->p->buffers.v[i];

		if (b->port == PORT_IN)
			g->in[b->index].buf = b;
		if (b->port == PORT_OUT)
			g->out[b->index].buf = b;
	}
}

static void
mark_uses(struct cgen *g)
{
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c)) {
		if (c->text && (strstr(c->text, "INFINITY") || strstr(c->text, "NAN")))
			g->math = true;
		for (size_t i = 0; i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];
			if (a->kind == ARG_FLOAT && !isfinite(a->f))
				g->math = true;
			if (a->kind > ARG_SCRATCH || !a->buf)
				continue;
			if (a->buf->kind == BUF_INPUT)
				g->in[a->buf->index].used = true;
			if (a->buf->kind == BUF_OUTPUT)
				g->out[a->buf->index].used = true;
		}
	}
}

const char *
emit_prefix(struct arena *a, const char *s)
{
	const char *id = ident_clean(a, s);

	return *id >= '0' && *id <= '9' ? arena_printf(a, "n%s", id) : id;
}

void
emit_program(struct outputs *outputs, const char *dir, const struct program *p, const struct diag *d, const struct emit_opts *opts)
{
	struct arena arena = { 0 };
	struct cgen g = { .p = p, .diag = d, .opts = opts, .arena = &arena, .outputs = outputs };

	g.dir = package_c_dir(&arena, opts->package, dir);
	g.text.arena = &arena;
	g.names = intern_new(&arena);
	g.taken = map_new(&arena);
	g.prefix = emit_prefix(&arena, opts->prefix ? opts->prefix : p->graph->name);
	g.upper = ident_upper(&arena, g.prefix);
	reserve_own_names(&g);
	g.parts = parts_find(&arena, p->graph);
	g.chip_text = chip_text_collect(&g);
	specs_collect(&g);
	g.pieces = pieces_collect(&g);
	arenas_name(&g);
	name_ports(&g);
	place_ports(&g);
	mark_uses(&g);
	g.math |= opts->weights == WEIGHTS_INLINE && weights_need_math(p);
	weights_plan(&g);
	outputs_mkdir(outputs, g.dir);
	hfile_emit(&g);
	cfile_emit(&g);
	if (opts->weights == WEIGHTS_SPLIT)
		weights_emit_unit(&g);
	if (opts->weights == WEIGHTS_BIN)
		weights_emit_bin(&g);
	if (opts->main)
		mainfile_emit(&g);
	if (opts->selftest)
		selftest_emit(&g);
	package_emit(&g, dir);
	arena_free(&arena);
}
