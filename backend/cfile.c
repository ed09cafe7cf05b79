/* NAME.c: constants, kernels, one function per kernel and dimensions, NAME_run. */
#include <config.h>
#include <inttypes.h>
#include "backend/cgen.h"
#include "chips/chip.h"

bool
cfile_calls_chip(const struct cgen *g)
{
	for (const struct call *c = program_kernels(g->p); c; c = program_next_kernel(c))
		if (c->unit)
			return true;
	return false;
}

bool
cfile_needs_chip(const struct cgen *g)
{
	return cfile_calls_chip(g) && g->p->graph->chip->includes.n > 0;
}

bool
cfile_needs_math(const struct cgen *g)
{
	return g->math || pieces_need(g->pieces, "math.h");
}

/* As the .chip names it: with its own brackets or none. */
static void
emit_include(struct emitter *e, const char *file)
{
	if (*file == '<')
		emit_line(e, "#include %s", file);
	else
		emit_line(e, "#include \"%s\"", file);
}

static void
emit_system(struct cgen *g, struct emitter *e, struct map *emitted, const char *header)
{
	emit_line(e, "#include <%s>", header);
	map_put(emitted, intern(g->names, header), g);
}

static void
emit_includes(struct cgen *g, struct emitter *e)
{
	struct map *emitted = map_new(g->arena);

	if (cfile_needs_math(g))
		emit_system(g, e, emitted, "math.h");
	emit_system(g, e, emitted, "stddef.h");
	emit_system(g, e, emitted, "stdint.h");
	if (pieces_need(g->pieces, "string.h"))
		emit_system(g, e, emitted, "string.h");
	chip_text_emit_includes(g, g->chip_text, emitted, e->out);
	if (cfile_needs_chip(g))
		for (size_t i = 0; i < g->p->graph->chip->includes.n; i++)
			emit_include(e, g->p->graph->chip->includes.v[i]);
	emit_line(e, "#include \"%s.h\"", g->prefix);
	if (g->opts->weights == WEIGHTS_SPLIT)
		emit_line(e, "#include \"%s_weights.h\"", g->prefix);
	emit_blank(e);
}

static void
emit_checks(struct cgen *g, struct emitter *e)
{
	static const struct { const char *name, *condition; } checks[] = {
		{ "int8", "sizeof(int8_t) == 1" },
		{ "int", "sizeof(int) >= 4 && sizeof(int32_t) == 4" },
		{ "float", "sizeof(float) == 4" },
	};

	emit_comment(e, "What the code relies on: a compiler stops at an array of negative size.");
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		emit_line(e, "typedef char %s_check_%s[%s ? 1 : -1];", g->prefix, checks[i].name, checks[i].condition);
	arenas_emit_checks(g, e);
}

static void
emit_layer_macro(struct cgen *g, struct emitter *e)
{
	emit_comment(e, arena_printf(g->arena, "A layer, and what is compiled in around it: see %s.h.", g->prefix));
	if (g->opts->selftest) {
		emit_line(e, "#if defined %s_SELFTEST", g->upper);
		emit_line(e, "#define %s_LAYER(index, call) do { call; if (check) check(context, index); } while (0)", g->upper);
		emit_line(e, "#elif defined %s_PROFILE", g->upper);
	} else {
		emit_line(e, "#if defined %s_PROFILE", g->upper);
	}
	emit_line(e, "#define %s_LAYER(index, call) \\", g->upper);
	emit_line(e, "\tdo { %s_profile(index, 0); call; %s_profile(index, 1); } while (0)", g->prefix, g->prefix);
	emit_line(e, "#else");
	emit_line(e, "#define %s_LAYER(index, call) call", g->upper);
	emit_line(e, "#endif\n");
	emit_line(e, "#ifdef %s_PROFILE", g->upper);
	emit_line(e, "const char *const %s_layer_names[%s_LAYERS] = {", g->prefix, g->upper);
	for (const struct call *c = g->p->first; c; c = c->next) {
		putc('\t', e->out);
		emit_string(e->out, c->node->name);
		fputs(c->next ? ",\n" : "\n", e->out);
	}
	if (!g->p->first)
		emit_line(e, "\tNULL");
	emit_line(e, "};\n#endif\n");
}

/* "kws.net:12: stem: conv2d i8[49, 10, 1] -> i8[25, 5, 64], kernel 10x4; 320,000 MACs; result in arena [0, 8,000)" */
void
cfile_layer_comment(struct cgen *g, struct emitter *e, const struct call *c)
{
	int64_t macs = node_macs(c->node);
	struct text part = { .arena = g->arena };

	text_reset(&g->text);
	describe_location(&g->text, g->diag, c->node->loc);
	if (g->text.c.n)
		text_add(&g->text, ": ");
	text_add(&g->text, "%s: ", c->node->name);
	if (c->source)
		text_add(&g->text, "rows of the input");
	else
		describe_layer(&g->text, c->node);
	describe_part(g->parts, &part, c->node);
	if (part.c.n)
		text_add(&g->text, "; %s", text_get(&part));
	if (c->note)
		text_add(&g->text, "; %s", c->note);
	if (macs && !c->copied && !c->moved) {
		text_add(&g->text, "; ");
		text_count(&g->text, macs);
		text_add(&g->text, " MACs");
	}
	if (c->copied || c->moved) {
		text_add(&g->text, "; ");
		text_count(&g->text, c->copied + c->moved);
		text_add(&g->text, " bytes");
	}
	describe_storage(&g->text, g->p, c);
	emit_comment(e, text_get(&g->text));
}

static void
emit_align_check(struct cgen *g, struct emitter *e)
{
	bool bin = g->opts->weights == WEIGHTS_BIN;

	if (g->p->io_rows)
		emit_line(e, "if (read_row == NULL)\n\t\treturn %s_E_READ_ROW;", g->upper);
	arenas_emit_align_check(g, e);
	if (bin) {
		emit_line(e, "if (weights == NULL || (uintptr_t)weights %% %s_WEIGHTS_ALIGN != 0)", g->upper);
		emit_line(e, "\treturn %s_E_ALIGN;", g->upper);
		emit_line(e, "if (head[0] != 0x4354454e || head[1] != 1 || head[2] != 0x%08" PRIx32 " || head[3] != 0x%08" PRIx32 ")",
			(uint32_t)g->weights_hash, (uint32_t)(g->weights_hash >> 32));
		emit_line(e, "\treturn %s_E_WEIGHTS;", g->upper);
	}
}

/* A parameter that no layer reads would be a warning; a network may well ignore an input. */
static void
emit_unused(struct cgen *g, struct emitter *e)
{
	arenas_emit_unused(g, e);
	for (int i = 0; i < g->nin && !g->p->io_arena; i++)
		if (!g->in[i].used)
			emit_line(e, "(void)%s;", g->in[i].id);
	for (int i = 0; i < g->nout && !g->p->io_arena; i++)
		if (!g->out[i].used)
			emit_line(e, "(void)%s;", g->out[i].id);
	if (g->p->io_rows && !input_rows_call(g->p))
		emit_line(e, "(void)user;");
}

static void
emit_start(struct cgen *g, struct emitter *e)
{
	bool reads_consts = g->opts->weights == WEIGHTS_BIN && g->p->consts.n > 0;

	emit_begin(e);
	arenas_emit_start(g, e);
	if (reads_consts)
		emit_line(e, "const unsigned char *const rom = (const unsigned char *)weights;");
	if (g->opts->weights == WEIGHTS_BIN)
		emit_line(e, "const uint32_t *const head = (const uint32_t *)weights;");
	if (input_rows_call(g->p))
		emit_line(e, "int status;");
	if (g->p->arena_bytes > 0 || g->opts->weights == WEIGHTS_BIN)
		emit_blank(e);
	emit_align_check(g, e);
	emit_unused(g, e);
}

static void
emit_call(struct cgen *g, struct emitter *e, const struct call *c)
{
	cfile_layer_comment(g, e, c);
	spec_emit_call(g, e, c);
}

static void
emit_body(struct cgen *g, struct emitter *e)
{
	emit_start(g, e);
	for (const struct call *c = g->p->first; c; c = c->next) {
		emit_blank(e);
		emit_call(g, e, c);
	}
	emit_blank(e);
	emit_line(e, "return %s_OK;", g->upper);
	emit_close(e, "");
}

/* The calls of a phase by core, each core's behind a question, and the barrier behind all. */
static void
emit_steps_body(struct cgen *g, struct emitter *e)
{
	const struct call *before = NULL;

	emit_start(g, e);
	if (g->p->phases == 1)
		emit_line(e, "(void)barrier;\n\t(void)barrier_context;");
	for (const struct call *c = g->p->first; c; before = c, c = c->next) {
		if (before && before->phase != c->phase)
			emit_line(e, "if (barrier)\n\t\tbarrier(barrier_context, %d);", before->phase);
		if (!before || before->phase != c->phase || before->core != c->core) {
			emit_blank(e);
			if (!before || before->phase != c->phase)
				emit_comment(e, arena_printf(g->arena, "Phase %d of %d.", c->phase, g->p->phases));
			emit_open(e, "if (core < 0 || core == %d)", c->core);
		} else {
			emit_blank(e);
		}
		emit_call(g, e, c);
		if (!c->next || c->next->phase != c->phase || c->next->core != c->core)
			emit_close(e, "");
	}
	emit_blank(e);
	emit_line(e, "return %s_OK;", g->upper);
	emit_close(e, "");
}

/* "return kws_VERB(FIRST, mfcc, prob, arena, LAST);" as the whole of a function. */
static void
emit_forward(struct cgen *g, struct emitter *e, const char *verb, const char *first, const char *last)
{
	ARRAY(const char *) items = { 0 };

	if (first)
		ARRAY_PUSH(g->arena, items, first);
	for (int i = 0; i < g->nin && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, g->in[i].id);
	for (int i = 0; i < g->nout && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, g->out[i].id);
	if (g->p->io_rows) {
		ARRAY_PUSH(g->arena, items, "read_row");
		ARRAY_PUSH(g->arena, items, "user");
	}
	for (int m = 0; m < g->narenas; m++)
		ARRAY_PUSH(g->arena, items, g->memories[m].parameter);
	if (g->opts->weights == WEIGHTS_BIN)
		ARRAY_PUSH(g->arena, items, "weights");
	if (last)
		ARRAY_PUSH(g->arena, items, last);
	emit_list(e, arena_printf(g->arena, "return %s_%s", g->prefix, verb), items.v, (int)items.n, ";");
}

static const char *
check_parameters(struct cgen *g)
{
	return arena_printf(g->arena, "%s_check *check, void *context", g->prefix);
}

static void
emit_run(struct cgen *g, struct emitter *e)
{
	if (!g->opts->selftest) {
		emit_line(e, "int");
		cgen_signature(g, e, "", "run", NULL, "");
		emit_body(g, e);
		return;
	}
	emit_line(e, "#ifdef %s_SELFTEST", g->upper);
	emit_line(e, "int");
	cgen_signature(g, e, "", "run_checked", check_parameters(g), "");
	emit_line(e, "#else\nint");
	cgen_signature(g, e, "", "run", NULL, "");
	emit_line(e, "#endif");
	emit_body(g, e);
	emit_line(e, "\n#ifdef %s_SELFTEST\nint", g->upper);
	cgen_signature(g, e, "", "run", NULL, "");
	emit_begin(e);
	emit_forward(g, e, "run_checked", NULL, "NULL, NULL");
	emit_close(e, "");
	emit_line(e, "#endif");
}

/* ---- several cores ---- */

static void
emit_steps(struct cgen *g, struct emitter *e)
{
	const char *barrier = arena_printf(g->arena, "%s_barrier *barrier, void *barrier_context", g->prefix);

	emit_comment(e, "The work of one core, with a core below 0 that of all of them in turn.");
	if (g->opts->selftest) {
		emit_line(e, "#ifdef %s_SELFTEST", g->upper);
		emit_line(e, "static int");
		cgen_signature_from(g, e, "", "steps", "int core", arena_printf(g->arena, "%s, %s", barrier, check_parameters(g)), "");
		emit_line(e, "#else");
	}
	emit_line(e, "static int");
	cgen_signature_from(g, e, "", "steps", "int core", barrier, "");
	if (g->opts->selftest)
		emit_line(e, "#endif");
	emit_steps_body(g, e);
}

/* A public function that forwards to NAME_steps, which has two parameters more in self-tests. */
static void
emit_to_steps(struct cgen *g, struct emitter *e, const char *first, const char *last)
{
	if (g->opts->selftest) {
		emit_line(e, "#ifdef %s_SELFTEST", g->upper);
		emit_forward(g, e, "steps", first, arena_printf(g->arena, "%s, NULL, NULL", last));
		emit_line(e, "#else");
	}
	emit_forward(g, e, "steps", first, last);
	if (g->opts->selftest)
		emit_line(e, "#endif");
	emit_close(e, "");
}

static void
emit_run_cores(struct cgen *g, struct emitter *e)
{
	emit_steps(g, e);
	emit_line(e, "\nint");
	cgen_signature(g, e, "", "run", NULL, "");
	emit_begin(e);
	emit_to_steps(g, e, "-1", "NULL, NULL");
	emit_line(e, "\nint");
	cgen_signature_from(g, e, "", "run_core", "int core", arena_printf(g->arena, "%s_barrier *barrier, void *barrier_context",
		g->prefix), "");
	emit_begin(e);
	emit_line(e, "if (core < 0 || core >= %s_CORES)\n\t\treturn %s_E_CORE;", g->upper, g->upper);
	emit_to_steps(g, e, "core", "barrier, barrier_context");
	if (!g->opts->selftest)
		return;
	emit_line(e, "\n#ifdef %s_SELFTEST\nint", g->upper);
	cgen_signature(g, e, "", "run_checked", check_parameters(g), "");
	emit_begin(e);
	emit_forward(g, e, "steps", "-1", "NULL, NULL, check, context");
	emit_close(e, "");
	emit_line(e, "#endif");
}

void
cfile_emit(struct cgen *g)
{
	struct emitter e;

	if (!cgen_open(g, &e, ".c", arena_printf(g->arena, "the network '%s'", g->p->graph->name)))
		return;
	emit_includes(g, &e);
	emit_checks(g, &e);
	if (g->opts->weights == WEIGHTS_INLINE)
		weights_emit_inline(g, &e);
	if (g->opts->weights == WEIGHTS_BIN && g->p->consts.n > 0)
		weights_emit_offsets(g, &e);
	chip_text_emit(g->chip_text, e.out);
	pieces_emit(g->pieces, e.out);
	specs_emit(g, &e);
	if (input_rows_call(g->p))
		input_rows_emit(g, &e);
	streams_emit(g, &e);
	emit_layer_macro(g, &e);
	if (g->p->cores > 1)
		emit_run_cores(g, &e);
	else
		emit_run(g, &e);
}
