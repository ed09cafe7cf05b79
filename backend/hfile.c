/* NAME.h: what firmware needs to know of a network. */
#include <config.h>
#include <inttypes.h>
#include "backend/cgen.h"

static void
define(struct emitter *e, const char *stem, const char *what, const char *value)
{
	emit_line(e, "#define %s_%s %s", stem, what, value);
}

static void
define_count(struct cgen *g, struct emitter *e, const char *stem, const char *what, int64_t n)
{
	define(e, stem, what, arena_printf(g->arena, "%" PRId64, n));
}

static void
emit_port(struct cgen *g, struct emitter *e, const struct port *p, const char *what)
{
	const struct tensor *t = p->tensor;
	char number[DATA_VALUE];

	text_reset(&g->text);
	text_add(&g->text, "%s %s: ", what, p->name);
	describe_type(&g->text, t->dtype, &t->shape);
	if (t->quant.count)
		text_add(&g->text, ", real value = scale * (q - zero)");
	emit_comment(e, text_get(&g->text));
	define_count(g, e, p->macro, "COUNT", tensor_count(t));
	define_count(g, e, p->macro, "BYTES", tensor_bytes(t));
	if (p->buf && p->buf->kind == BUF_ARENA)
		define_count(g, e, p->macro, "OFFSET", p->buf->offset);
	if (p->buf && p->buf->kind == BUF_ARENA && g->narenas > 1)
		define(e, p->macro, "ARENA", arena_printf(g->arena, "%d /* %s */", p->buf->memory, g->memories[p->buf->memory].parameter));
	if (!p->buf) {
		define_count(g, e, p->macro, "ROWS", t->shape.dim[0]);
		define_count(g, e, p->macro, "ROW_COUNT", tensor_count(t) / t->shape.dim[0]);
		define_count(g, e, p->macro, "ROW_BYTES", tensor_bytes(t) / t->shape.dim[0]);
	}
	define_count(g, e, p->macro, "RANK", t->shape.rank);
	text_reset(&g->text);
	for (int i = 0; i < t->shape.rank; i++)
		text_add(&g->text, "%s%d", i ? ", " : "", (int)t->shape.dim[i]);
	define(e, p->macro, "SHAPE", arena_printf(g->arena, "{ %s }", t->shape.rank ? text_get(&g->text) : "1"));
	if (t->quant.count) {
		data_float(number, t->quant.scale[0]);
		define(e, p->macro, "SCALE", number);
		data_int(number, t->quant.zero);
		define(e, p->macro, "ZERO", t->quant.zero < 0 ? arena_printf(g->arena, "(%s)", number) : number);
	}
	emit_blank(e);
}

static int64_t
total_macs(const struct graph *graph)
{
	int64_t sum = 0;

	for (const struct node *n = graph->first; n; n = n->next)
		sum += node_macs(n);
	return sum;
}

/* A layer may need several calls. */
static int
layer_count(const struct program *p)
{
	int n = 0;

	for (const struct call *c = program_kernels(p); c; c = program_next_kernel(c))
		n += c->last;
	return n;
}

/* "the network 'kws': 13 layers, 2,656,768 multiply-accumulates an inference, ..." */
static const char *
summary(struct cgen *g)
{
	const struct program *p = g->p;

	text_reset(&g->text);
	text_add(&g->text, "the network '%s': ", p->graph->name);
	text_count(&g->text, layer_count(p));
	text_add(&g->text, " layer%s, ", layer_count(p) == 1 ? "" : "s");
	text_count(&g->text, total_macs(p->graph));
	text_add(&g->text, " multiply-accumulates an inference, ");
	text_count(&g->text, graph_params(p->graph));
	text_add(&g->text, " parameters, ");
	text_count(&g->text, g->weights_bytes);
	text_add(&g->text, " bytes of constants");
	return arena_strdup(g->arena, text_get(&g->text));
}

static void
emit_sizes(struct cgen *g, struct emitter *e)
{
	emit_comment(e, arena_printf(g->arena, "%s_run works in %s, and at most STACK_BYTES of stack (%s not counted).", g->prefix,
		g->narenas > 1 ? "the caller's arenas, each of so many bytes and that alignment" : "ARENA_BYTES bytes of the caller's, of alignment ARENA_ALIGN",
		g->p->io_rows ? "libm's own and that of read_row" : "libm's own"));
	arenas_emit_sizes(g, e);
	define_count(g, e, g->upper, "STACK_BYTES", cgen_stack_bytes(g));
	define_count(g, e, g->upper, "LAYERS", g->p->call_count);
	if (g->p->cores > 1) {
		define_count(g, e, g->upper, "CORES", g->p->cores);
		define_count(g, e, g->upper, "PHASES", g->p->phases);
	}
	if (g->opts->weights == WEIGHTS_BIN) {
		define_count(g, e, g->upper, "WEIGHTS_BYTES", g->weights_bytes);
		define_count(g, e, g->upper, "WEIGHTS_ALIGN", g->weights_align);
	}
	emit_blank(e);
}

static void
emit_run(struct cgen *g, struct emitter *e)
{
	bool bin = g->opts->weights == WEIGHTS_BIN;
	const char *in = g->narenas > 1 ? "the arena that ARENA counts from 0" : "the arena";

	emit_comment(e, arena_printf(g->arena, "What %s_run returns.", g->prefix));
	define(e, g->upper, "OK", "0");
	define(e, g->upper, "E_ALIGN", arena_printf(g->arena, "1 /* %s%s is NULL or not aligned */", g->narenas > 1 ? "an arena" : "arena",
		bin ? " or weights" : ""));
	if (bin)
		define(e, g->upper, "E_WEIGHTS", arena_printf(g->arena, "2 /* weights is not the %s.bin of this code */", g->prefix));
	if (g->p->cores > 1)
		define(e, g->upper, "E_CORE", "3 /* core is not from 0 to CORES - 1 */");
	if (g->p->io_rows)
		define(e, g->upper, "E_READ_ROW", "4 /* read_row is NULL */");
	emit_blank(e);
	if (g->p->io_rows)
		input_rows_emit_type(g, e);
	text_reset(&g->text);
	text_add(&g->text, "%s", g->p->io_rows
		? arena_printf(g->arena, "One inference. The input comes by rows from read_row, which is passed USER. Outputs are row-major and lie in %s, "
		"OFFSET bytes from its beginning, to be read after it. Nothing is kept from one call to the next.", in)
		: g->p->io_arena
		? arena_printf(g->arena, "One inference.  Inputs and outputs are row-major and lie in %s, OFFSET bytes from its beginning: the inputs are written "
		"there before each call, which may overwrite them, and the outputs read after it.  They may share bytes.  Nothing else "
		"is kept from one call to the next.", in)
		: arena_printf(g->arena, "One inference.  Inputs and outputs are row-major, aligned for their type, and overlap neither each "
		"other nor %s no preparation and keep%s nothing from one call to the next.", g->narenas > 1 ? "an arena; arenas need" : "the arena, which needs",
		g->narenas > 1 ? "" : "s"));
	if (bin)
		text_add(&g->text, "  weights: the contents of %s.bin, %s_WEIGHTS_BYTES of them, on a little-endian machine.",
			g->prefix, g->upper);
	emit_comment(e, text_get(&g->text));
	cgen_signature(g, e, "int", "run", NULL, ";");
}

/* The same work, spread over cores. */
static void
emit_run_core(struct cgen *g, struct emitter *e)
{
	text_reset(&g->text);
	text_add(&g->text, "The same inference on %s_CORES cores: each calls this with its number, from 0, and otherwise the same "
		"arguments; the outputs are complete when all have returned.  The arena lies in memory that all of them see.  barrier is "
		"yours: it is called by every core behind each phase but the last, and returns when all of them have called it and "
		"each sees what the others wrote.  ", g->upper);
	text_add(&g->text, "E_CORE: there is no such core.  An error is returned to every core alike, before the first barrier.");
	emit_blank(e);
	emit_comment(e, text_get(&g->text));
	emit_line(e, "typedef void %s_barrier(void *context, int phase);", g->prefix);
	cgen_signature_from(g, e, "int", "run_core", "int core", arena_printf(g->arena, "%s_barrier *barrier, void *barrier_context",
		g->prefix), ";");
}

static void
emit_hooks(struct cgen *g, struct emitter *e)
{
	emit_line(e, "\n#ifdef %s_PROFILE", g->upper);
	emit_comment(e, "Yours to write: called before (end is 0) and after (end is 1) each layer.");
	emit_line(e, "void %s_profile(int layer, int end);", g->prefix);
	emit_line(e, "extern const char *const %s_layer_names[%s_LAYERS];", g->prefix, g->upper);
	emit_line(e, "#endif");
	if (!g->opts->selftest)
		return;
	emit_line(e, "\n#ifdef %s_SELFTEST", g->upper);
	emit_comment(e, arena_printf(g->arena, "As %s_run, and calls check(context, layer) after each layer unless check is NULL.",
		g->prefix));
	emit_line(e, "typedef void %s_check(void *context, int layer);", g->prefix);
	cgen_signature(g, e, "int", "run_checked",
		arena_printf(g->arena, "%s_check *check, void *context", g->prefix), ";");
	emit_line(e, "#endif");
}

void
hfile_emit(struct cgen *g)
{
	struct emitter e;

	if (!cgen_open(g, &e, ".h", summary(g)))
		return;
	emit_line(&e, "#ifndef %s_H", g->upper);
	emit_line(&e, "#define %s_H", g->upper);
	emit_line(&e, "#include <stdint.h>\n");
	emit_line(&e, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
	emit_sizes(g, &e);
	arenas_emit_types(g, &e);
	for (int i = 0; i < g->nin; i++)
		emit_port(g, &e, &g->in[i], "Input");
	for (int i = 0; i < g->nout; i++)
		emit_port(g, &e, &g->out[i], "Output");
	emit_run(g, &e);
	if (g->p->cores > 1)
		emit_run_core(g, &e);
	emit_hooks(g, &e);
	emit_line(&e, "\n#ifdef __cplusplus\n}\n#endif\n#endif");
}
