/* netc run: the evaluator on .npy files.  It evaluates the graph as built, before any pass, so that what the
 * generated C computes can be compared with the meaning of the source; or, told to give a chip's bits, the graph that
 * the passes have made for that chip, whose operations round as the chip does. */
#include <config.h>
#include <string.h>
#include "driver/compile.h"
#include "driver/progress.h"
#include "ir/eval.h"

static const char *
type_text(struct compilation *c, enum dtype t, const struct shape *s)
{
	char dims[SHAPE_TEXT];

	return arena_printf(&c->ir, "%s%s", dtype_info[t].name, shape_text(s, dims, sizeof dims));
}

static const void *
read_input(struct compilation *c, const struct tensor *t, const char *path)
{
	struct npy a;
	const char *why = npy_read(&a, &c->ir, path);

	if (why) {
		diag_error(&c->diag, LOC_NONE, "cannot read '%s': %s", path, why);
		return NULL;
	}
	if (a.dtype != t->dtype || !npy_shape_fits(&a.shape, &t->shape)) {
		diag_error(&c->diag, t->loc, "'%s' holds %s but the input '%s' is %s", path, type_text(c, a.dtype, &a.shape),
			t->name, type_text(c, t->dtype, &t->shape));
		return NULL;
	}
	return a.data;
}

/* NULL after reporting what does not fit. */
static const void **
read_inputs(struct compilation *c, const struct options *o)
{
	const struct graph *g = c->graph;
	size_t n = (size_t)o->nfiles - 1;
	const void **data = ARENA_ARRAY(&c->ir, const void *, g->inputs.n + 1);
	bool good = true;

	if (n != g->inputs.n) {
		diag_error(&c->diag, g->loc, "the network '%s' has %zu input%s but %zu file%s given", g->name, g->inputs.n,
			g->inputs.n == 1 ? "" : "s", n, n == 1 ? " is" : "s are");
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		data[i] = read_input(c, g->inputs.v[i], o->files[i + 1]);
		good &= data[i] != NULL;
	}
	return good ? data : NULL;
}

/* DIR/STEM.npy with a leading batch dimension of 1, as frameworks have it. */
static void
write_tensor(struct compilation *c, struct outputs *out, const char *dir, const char *stem, const struct tensor *t,
	const void *data)
{
	char *file = arena_printf(&c->ir, "%s.npy", stem);
	struct shape s = t->shape;
	FILE *f;

	for (char *p = file; *p; p++)
		if (*p == '/')
			*p = '_';
	if (s.rank < RANK_MAX) {
		memmove(s.dim + 1, s.dim, (size_t)s.rank * sizeof *s.dim);
		s.dim[0] = 1;
		s.rank++;
	}
	f = outputs_open(out, path_join(&c->ir, dir, file));
	if (f)
		npy_write(f, t->dtype, &s, data); /* a failure shows when the files are closed */
}

static bool
is_output_name(const struct graph *g, name n)
{
	for (size_t i = 0; i < g->output_names.n; i++)
		if (g->output_names.v[i] == n)
			return true;
	return false;
}

static bool
is_output(const struct graph *g, const struct tensor *t, name n)
{
	for (size_t i = 0; i < g->outputs.n; i++)
		if (g->outputs.v[i] == t && g->output_names.v[i] == n)
			return true;
	return false;
}

static void
write_layers(struct compilation *c, struct outputs *out, const char *dir, const void *const *values)
{
	const struct graph *g = c->graph;

	for (const struct node *n = g->first; n; n = n->next) {
		if (is_output(g, n->out, n->name))
			continue;
		/* An output may be called like a layer that is not its last. */
		write_tensor(c, out, dir, is_output_name(g, n->name) ? arena_printf(&c->ir, "%s.layer", n->name) : n->name, n->out,
			values[n->out->id]);
	}
}

static void
write_results(struct compilation *c, const struct options *o, const void *const *values)
{
	const struct graph *g = c->graph;
	struct outputs *out = outputs_new(&c->ir);
	const char *why;

	if (outputs_mkdir(out, o->out_dir)) {
		for (size_t i = 0; i < g->outputs.n; i++)
			write_tensor(c, out, o->out_dir, g->output_names.v[i], g->outputs.v[i], values[g->outputs.v[i]->id]);
		if (o->layers)
			write_layers(c, out, o->out_dir, values);
	}
	why = outputs_commit(out);
	if (why)
		compile_output_error(c, why);
}

/* The graph to evaluate: as built, or as it is for the chip. */
static bool
build_graph(struct compilation *c, const struct options *o)
{
	struct pass_ctx ctx = { .diag = &c->diag, .scratch = &c->pass, .dump = stdout, .allow = o->allow };
	bool stopped;

	if (!compile_parse(c, o->files[0], o->trace_parse))
		return false;
	if (o->chip && !(c->chip = compile_chip(c, o->chip, o->trace_parse)))
		return false;
	if (!compile_build(c, &o->sema))
		return false;
	if (!c->chip || o->bits == BITS_NETWORK)
		return true;
	ctx.chip = c->chip;
	return compile_passes(c, &ctx, &stopped);
}

int
cmd_run(const struct options *o)
{
	struct compilation c;
	const void **inputs;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (build_graph(&c, o)) {
		inputs = read_inputs(&c, o);
		if (inputs) {
			progress_step("evaluating");
			write_results(&c, o, eval_graph(&c.ir, c.graph, inputs));
		}
	}
	return compilation_end(&c, EXIT_OK);
}
