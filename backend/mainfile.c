/* NAME_main.c: runtime/nn_host.c with this network's tables. */
#include <config.h>
#include "backend/cgen.h"
#include "runtime/embedded.h"

static void
emit_host(FILE *out)
{
	const struct embedded *host = embedded_find("nn_host.c");

	if (!host)
		die("no text 'nn_host.c'");
	for (const char *const *line = host->lines; *line; line++)
		fputs(*line, out);
}

/* static int8_t input0[KWS_IN_MFCC_COUNT]; and its shape. */
static void
emit_storage(struct emitter *e, const struct port *p, const char *what, int i)
{
	emit_line(e, "static %s %s%d[%s_COUNT];", dtype_info[p->tensor->dtype].c_type, what, i, p->macro);
	emit_line(e, "static const int32_t %s%d_shape[] = %s_SHAPE;", what, i, p->macro);
}

static void
emit_ports(struct emitter *e, const struct port *ports, int n, const char *what)
{
	for (int i = 0; i < n; i++)
		emit_storage(e, &ports[i], what, i);
	emit_line(e, "static const struct nn_port %ss[] = {", what);
	e->depth++;
	for (int i = 0; i < n; i++) {
		const struct dtype_info *type = &dtype_info[ports[i].tensor->dtype];
		fputs("\t{ ", e->out);
		emit_string(e->out, ports[i].name);
		fprintf(e->out, ", \"%s\", %s_RANK, %s%d_shape, %s_COUNT, %d, %s%d },\n",
			type->npy, ports[i].macro, what, i, ports[i].macro, type->bytes, what, i);
	}
	if (n == 0)
		emit_line(e, "{ NULL, NULL, 0, NULL, 0, 0, NULL }");
	e->depth--;
	emit_line(e, "};\n");
}

static const char *
arena_id(const struct cgen *g, int memory)
{
	return g->narenas > 1 ? g->memories[memory].parameter : "memory";
}

static void
emit_run(struct cgen *g, struct emitter *e)
{
	bool bin = g->opts->weights == WEIGHTS_BIN, copies = g->p->io_arena;
	ARRAY(const char *) items = { 0 };

	if (g->p->io_rows)
		input_rows_emit_reader(g, e, arena_printf(g->arena, "(void)user;\nmemcpy(to, input0 + row * %s_ROW_COUNT, %s_ROW_BYTES);",
			g->in[0].macro, g->in[0].macro));
	emit_line(e, "static int\nrun(const void *weights)");
	emit_begin(e);
	if (!bin)
		emit_line(e, "(void)weights;");
	for (int i = 0; i < g->nin && !copies; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "input%d", i));
	for (int i = 0; i < g->nout && !copies; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "output%d", i));
	if (g->p->io_rows) {
		ARRAY_PUSH(g->arena, items, "read_row");
		ARRAY_PUSH(g->arena, items, "NULL");
	}
	for (int m = 0; m < g->narenas; m++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "&%s", arena_id(g, m)));
	if (bin)
		ARRAY_PUSH(g->arena, items, "weights");
	if (copies)
		emit_line(e, "int status;\n");
	for (int i = 0; i < g->nin && copies && !g->p->io_rows; i++)
		emit_line(e, "memcpy(%s.bytes + %s_OFFSET, input%d, %s_BYTES);", arena_id(g, g->in[i].buf->memory), g->in[i].macro, i, g->in[i].macro);
	emit_list(e, arena_printf(g->arena, "%s %s_run", copies ? "status =" : "return", g->prefix), items.v, (int)items.n, ";");
	for (int i = 0; i < g->nout && copies; i++)
		emit_line(e, "memcpy(output%d, %s.bytes + %s_OFFSET, %s_BYTES);", i, arena_id(g, g->out[i].buf->memory), g->out[i].macro, g->out[i].macro);
	if (copies)
		emit_line(e, "return status;");
	emit_close(e, "\n");
}

/* What the network calls around each layer when it is compiled for profiling. */
static void
emit_profile(struct cgen *g, struct emitter *e)
{
	emit_line(e, "#if defined %s_PROFILE && !defined %s_SELFTEST", g->upper, g->upper);
	emit_line(e, "static double layer_times[%s_LAYERS], layer_start;\n", g->upper);
	emit_line(e, "void\n%s_profile(int layer, int end)", g->prefix);
	emit_begin(e);
	emit_line(e, "if (end)");
	emit_line(e, "\tlayer_times[layer] += nn_microseconds() - layer_start;");
	emit_line(e, "else");
	emit_line(e, "\tlayer_start = nn_microseconds();");
	emit_close(e, "\n");
	emit_line(e, "#define LAYERS %s_layer_names, layer_times, %s_LAYERS", g->prefix, g->upper);
	emit_line(e, "#else");
	emit_line(e, "#define LAYERS NULL, NULL, 0");
	emit_line(e, "#endif\n");
}

void
mainfile_emit(struct cgen *g)
{
	struct emitter e;

	if (!cgen_open(g, &e, "_main.c", "a program around NAME.c"))
		return;
	emit_host(e.out);
	emit_line(&e, "\n#include \"%s.h\"\n", g->prefix);
	for (int m = 0; m < g->narenas; m++)
		emit_line(&e, "%s", arena_definition(g, m, arena_id(g, m)));
	emit_ports(&e, g->in, g->nin, "input");
	emit_ports(&e, g->out, g->nout, "output");
	emit_run(g, &e);
	emit_profile(g, &e);
	emit_line(&e, "int\nmain(int argc, char **argv)");
	emit_begin(&e);
	emit_line(&e, "const struct nn_net net = {");
	fprintf(e.out, "\t\t\"%s\", ", g->prefix);
	emit_string(e.out, g->p->graph->name);
	fprintf(e.out, ", inputs, outputs, %d, %d, run, ", g->nin, g->nout);
	if (g->opts->weights == WEIGHTS_BIN)
		fprintf(e.out, "%s_WEIGHTS_BYTES, %s_WEIGHTS_ALIGN, LAYERS\n", g->upper, g->upper);
	else
		fprintf(e.out, "0, 1, LAYERS\n");
	emit_line(&e, "};\n");
	emit_line(&e, "return nn_host_main(&net, argc, argv);");
	emit_close(&e, "");
}
