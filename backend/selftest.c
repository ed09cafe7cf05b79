/* NAME_selftest.c and .h: the test blocks as known-answer tests that run on the target.
 *
 * Of each test it has the inputs, what the network must return and what each layer must leave in its place,
 * computed by the evaluator from the lowered graph.  NAME_run_checked calls back after each layer, so the
 * first layer that is wrong is the one that is reported. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "backend/cgen.h"
#include "ir/eval.h"

/* A place in memory that is compared: a layer's result, or at the end an output of the network. */
struct place {
	const struct tensor *tensor;
	const char *title;         /* the result's name: a layer's path or a part's, an output's name */
	const char *layer, *part;  /* the layer's path or an output's name; of a layer that was cut up the part, else NULL */
	const struct buffer *buf;
	int64_t offset;            /* bytes from the buffer's start */
	int32_t row, pitch;        /* elements of the last dimension, and from one such row to the next */
};

struct selftest {
	struct cgen *g;
	struct place *places;      /* by call index, then the outputs; tensor NULL: nothing to compare */
	int count;
	bool *inexact;             /* by tensor id: f32 arithmetic before it */
	const char **arrays;       /* by place, of the test at hand */
};

/* Results of f32 layers inside the network may differ by this much of their largest magnitude; each of them sums in
 * its own order, and errors add up from layer to layer. */
static const double inner_tolerance = 1e-4;

/* ---- places ---- */

static const struct arg *
result_of(const struct call *c)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind == ARG_OUT)
			return &c->args.v[i];
	return NULL;
}

/* "head.in1 (part 2 of 4)"; the last part has its layer's name. */
static const char *
part_name(const struct cgen *g, const struct node *n)
{
	if (part_is_one(g->parts, n))
		return arena_printf(g->arena, "%s (part %d of %d)", n->name, part_number(g->parts, n), part_count(g->parts, n));
	return n->label && n->label != n->name ? n->name : NULL;
}

static void
find_place(const struct cgen *g, struct place *p, const struct call *c)
{
	const struct tensor *t = c->node->out;
	const struct arg *result = result_of(c);
	int32_t last = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;

	/* A layer of several calls is complete after the last. */
	if (!result || !c->last)
		return;
	*p = (struct place){ .tensor = t, .title = c->node->name, .layer = c->node->label ? c->node->label : c->node->name,
		.part = part_name(g, c->node), .buf = result->buf, .row = last, .pitch = last };
	if (t->base && t->base != t) {
		p->offset = t->offset * dtype_info[t->dtype].bytes;
		p->pitch = t->pitch;
	}
}

static void
find_places(struct selftest *s)
{
	const struct cgen *g = s->g;

	s->count = g->p->call_count + g->nout;
	s->places = ARENA_ARRAY(g->arena, struct place, (size_t)s->count);
	s->arrays = ARENA_ARRAY(g->arena, const char *, (size_t)s->count);
	for (const struct call *c = g->p->first; c; c = c->next)
		find_place(g, &s->places[c->index], c);
	for (size_t i = 0; i < g->p->buffers.n; i++) {
		const struct buffer *b = g->p->buffers.v[i];
		struct place *p = &s->places[g->p->call_count + b->index];

		if (b->port != PORT_OUT)
			continue;
		*p = (struct place){ .tensor = g->out[b->index].tensor, .title = g->out[b->index].name,
			.layer = g->out[b->index].name, .buf = b };
		p->row = p->pitch = (int32_t)tensor_count(p->tensor);
	}
}

/* dequantize is exact; anything else that makes or reads f32 is not, nor what follows from it. */
static void
find_inexact(struct selftest *s)
{
	const struct graph *graph = s->g->p->graph;

	s->inexact = ARENA_ARRAY(s->g->arena, bool, graph->tensors.n);
	for (const struct node *n = graph->first; n; n = n->next) {
		bool inexact = n->out->dtype == DT_F32 && n->op != OP_DEQUANTIZE;
		for (int i = 0; i < n->nin; i++)
			inexact |= s->inexact[n->in[i]->id];
		s->inexact[n->out->id] = inexact;
	}
}

/* ---- one test ---- */

static const struct test_value *
given_of(const struct test *t, name target)
{
	for (const struct test_value *v = t->values; v; v = v->next)
		if (!v->expect && v->target == target)
			return v;
	return NULL;
}

/* What the test expects of place P.  A layer that an activation was folded into has other values than the source's layer of its
 * name; nor have sums any of a layer. */
static const struct test_value *
expected_of(const struct selftest *s, const struct test *t, const struct place *p)
{
	const struct node *n = p->tensor ? p->tensor->producer : NULL;
	bool output = p >= s->places + s->g->p->call_count;

	if (!p->tensor || (!output && n && op_info[n->op].flags & OPF_ACT && !clamp_is_none(n->attr.act)))
		return NULL;
	for (const struct test_value *v = t->values; v; v = v->next)
		if (v->expect && v->target == p->title && v->dtype == p->tensor->dtype && v->count == tensor_count(p->tensor))
			return v;
	return NULL;
}

static double
largest(const struct tensor *t, const void *data)
{
	const float *f = data;
	double most = 0;

	for (int64_t i = 0; t->dtype == DT_F32 && i < tensor_count(t); i++)
		most = fmax(most, fabs((double)f[i]));
	return most;
}

static double
tolerance(const struct selftest *s, const struct tensor *t, const void *data, const struct test_value *v)
{
	if (!v && !s->inexact[t->id])
		return 0;
	if (!v)
		return t->dtype == DT_F32 ? inner_tolerance * largest(t, data) : 1;
	return v->unit == WITHIN_RELATIVE ? v->within * largest(t, data) : v->within;
}

static void
emit_values(struct emitter *e, const char *id, const struct tensor *t, const void *data)
{
	emit_line(e, "static const %s %s[%" PRId64 "] = {", dtype_info[t->dtype].c_type, id, tensor_count(t));
	data_values(e->out, t->dtype, tensor_count(t), data);
	emit_line(e, "};\n");
}

static bool
is_finite(const struct tensor *t, const void *data)
{
	return !data_needs_math(t->dtype, tensor_count(t), data);
}

static bool
inputs_need_math(const struct cgen *g)
{
	for (const struct test *t = g->p->graph->tests; t; t = t->next)
		for (const struct test_value *v = t->values; v; v = v->next)
			if (!v->expect && data_needs_math(v->dtype, v->count, v->data))
				return true;
	return false;
}

/* The arrays of the test's inputs; NULL where it does not give one. */
static const void *const *
emit_inputs(struct selftest *s, struct emitter *e, const struct test *t, int number)
{
	struct cgen *g = s->g;
	const void **data = ARENA_ARRAY(g->arena, const void *, (size_t)g->nin + 1);

	for (int i = 0; i < g->nin; i++) {
		const struct test_value *v = given_of(t, g->in[i].name);
		if (!v)
			return NULL;
		data[i] = v->data;
	}
	for (int i = 0; i < g->nin; i++)
		emit_values(e, arena_printf(g->arena, "test%d_input%d", number, i), g->in[i].tensor, data[i]);
	return data;
}

static void
emit_expected(struct selftest *s, struct emitter *e, const struct test *t, int number, const void *const *values)
{
	struct cgen *g = s->g;
	char digits[DATA_VALUE];

	for (int i = 0; i < s->count; i++) {
		const struct place *p = &s->places[i];
		const struct test_value *v = expected_of(s, t, p);
		const void *data = v ? v->data : p->tensor ? values[p->tensor->id] : NULL;

		s->arrays[i] = NULL;
		if (!data || !is_finite(p->tensor, data))
			continue;
		data_float(digits, (float)tolerance(s, p->tensor, data, v));
		s->arrays[i] = arena_printf(g->arena, "{ test%d_value%d, %s }", number, i, digits);
		emit_values(e, arena_printf(g->arena, "test%d_value%d", number, i), p->tensor, data);
	}
	emit_line(e, "static const struct expected test%d_expected[] = {", number);
	for (int i = 0; i < s->count; i++)
		emit_line(e, "\t%s,", s->arrays[i] ? s->arrays[i] : "{ NULL, 0.0f }");
	emit_line(e, "};\n");
}

static bool
emit_test(struct selftest *s, struct emitter *e, const struct test *t, int number)
{
	struct arena arena = { 0 };
	const void *const *inputs;
	const void **values;

	inputs = emit_inputs(s, e, t, number);
	if (!inputs)
		return false;
	values = eval_graph(&arena, s->g->p->graph, inputs);
	emit_expected(s, e, t, number, values);
	arena_free(&arena);
	emit_line(e, "static const void *const test%d_inputs[] = {", number);
	for (int i = 0; i < s->g->nin; i++)
		emit_line(e, "\ttest%d_input%d,", number, i);
	if (s->g->nin == 0)
		emit_line(e, "\tNULL");
	emit_line(e, "};\n");
	return true;
}

/* ---- the fixed part ---- */

static const char types[] =
	"/* What is compared: count elements in rows, at memory + offset. */\n"
	"struct place {\n"
	"[several]\tint memory;               /* an arena, or behind them what outputs are written to */\n"
	"\tconst char *layer, *part; /* part NULL: the whole layer */\n"
	"\tint type;                 /* 1, 2, 4: bytes of an integer; 0: float */\n"
	"\tsize_t offset;\n"
	"\tint32_t count, row, pitch; /* elements */\n"
	"};\n"
	"struct expected {\n"
	"\tconst void *values;       /* NULL: not compared */\n"
	"\tfloat within;\n"
	"};\n"
	"struct state {\n"
	"[one]\tconst unsigned char *memory;\n"
	"[several]\tconst unsigned char *const *memory;\n"
	"\tconst struct expected *expected;\n"
	"\tstruct ${p}_failure *failure;\n"
	"\tint failed;\n"
	"};\n\n";

static const char functions[] =
	"static double\n"
	"element(int type, const void *values, size_t i)\n"
	"{\n"
	"\tswitch (type) {\n"
	"\tcase 1: return ((const int8_t *)values)[i];\n"
	"\tcase 2: return ((const int16_t *)values)[i];\n"
	"\tcase 4: return ((const int32_t *)values)[i];\n"
	"\tdefault: return (double)((const float *)values)[i];\n"
	"\t}\n"
	"}\n"
	"\n"
	"/* Compares place INDEX unless an earlier one was wrong. */\n"
	"static void\n"
	"compare(void *context, int index)\n"
	"{\n"
	"\tstruct state *s = (struct state *)context;\n"
	"\tconst struct place *p = &places[index];\n"
	"\tconst struct expected *e = &s->expected[index];\n"
	"\n"
	"\tif (s->failed || e->values == NULL)\n"
	"\t\treturn;\n"
	"\tfor (int32_t i = 0; i < p->count; i++) {\n"
	"\t\tsize_t at = (size_t)(i / p->row) * (size_t)p->pitch + (size_t)(i % p->row);\n"
	"[one]\t\tdouble got = element(p->type, s->memory + p->offset, at);\n"
	"[several]\t\tdouble got = element(p->type, s->memory[p->memory] + p->offset, at);\n"
	"\t\tdouble wanted = element(p->type, e->values, (size_t)i);\n"
	"\t\tdouble error = got > wanted ? got - wanted : wanted - got;\n"
	"\n"
	"\t\tif (error <= (double)e->within) /* a NaN is not */\n"
	"\t\t\tcontinue;\n"
	"\t\ts->failed = 1;\n"
	"\t\ts->failure->layer = p->layer;\n"
	"\t\ts->failure->part = p->part;\n"
	"\t\ts->failure->index = i;\n"
	"\t\ts->failure->got = got;\n"
	"\t\ts->failure->expected = wanted;\n"
	"\t\treturn;\n"
	"\t}\n"
	"}\n\n";

/* TEXT with the prefix for ${p}, of lines that begin with [one] or [several] those that hold for so many arenas. */
static void
emit_fixed(struct cgen *g, struct emitter *e, const char *text)
{
	const char *p;

	while (*text) {
		size_t len = strcspn(text, "\n") + 1;
		bool one = strncmp(text, "[one]", 5) == 0, several = strncmp(text, "[several]", 9) == 0;
		const char *line = text + (one ? 5 : several ? 9 : 0), *end = text + len;

		text = end;
		if (one ? g->narenas > 1 : several && g->narenas == 1)
			continue;
		for (; (p = strstr(line, "${p}")) && p < end; line = p + 4)
			fprintf(e->out, "%.*s%s", (int)(p - line), line, g->prefix);
		fwrite(line, 1, (size_t)(end - line), e->out);
	}
}

/* What the caller gives besides arenas, or in one block behind the only one: storage for the outputs, unless they are in an arena. The offset of the
 * K-th, and its bytes for K == nout. */
static int64_t
output_offset(const struct cgen *g, int k)
{
	int64_t at = g->narenas > 1 ? 0 : cgen_arena_bytes(g, 0);

	for (int i = 0; i < k && !g->p->io_arena; i++)
		at = (at + 15) / 16 * 16 + tensor_bytes(g->out[i].tensor);
	return k == g->nout ? at : (at + 15) / 16 * 16;
}

static int64_t
memory_offset(const struct cgen *g, const struct place *p)
{
	return p->offset + (p->buf->kind == BUF_ARENA ? p->buf->offset : output_offset(g, p->buf->index));
}

static int64_t
memory_bytes(const struct cgen *g)
{
	int64_t bytes = output_offset(g, g->nout);

	return bytes > 0 ? bytes : 1;
}

static void
emit_places(struct selftest *s, struct emitter *e)
{
	emit_line(e, "static const struct place places[] = {");
	for (int i = 0; i < s->count; i++) {
		const struct place *p = &s->places[i];

		fputs("\t{ ", e->out);
		if (s->g->narenas > 1)
			fprintf(e->out, "%d, ", p->tensor && p->buf->kind == BUF_ARENA ? p->buf->memory : s->g->narenas);
		if (!p->tensor) {
			fputs("NULL, NULL, 0, 0, 0, 0, 0 },\n", e->out);
			continue;
		}
		emit_string(e->out, p->layer);
		fputs(", ", e->out);
		if (p->part)
			emit_string(e->out, p->part);
		else
			fputs("NULL", e->out);
		fprintf(e->out, ", %d, %" PRId64 ", %" PRId64 ", %d, %d },\n",
			p->tensor->dtype == DT_F32 ? 0 : dtype_info[p->tensor->dtype].bytes,
			memory_offset(s->g, p), tensor_count(p->tensor), (int)p->row, (int)p->pitch);
	}
	emit_line(e, "};\n");
}

static void
emit_tests(struct selftest *s, struct emitter *e, const struct test *const *tests, int n)
{
	emit_line(e, "static const struct test {");
	emit_line(e, "\tconst char *name;\n\tconst void *const *inputs;\n\tconst struct expected *expected;\n} tests[] = {");
	for (int i = 0; i < n; i++) {
		fputs("\t{ ", e->out);
		emit_string(e->out, tests[i]->name);
		fprintf(e->out, ", test%d_inputs, test%d_expected },\n", i, i);
	}
	if (n == 0)
		emit_line(e, "\t{ NULL, NULL, NULL }");
	emit_line(e, "};\nenum { TESTS = %d, LAYERS = %d, PLACES = %d };\n", n, s->g->p->call_count, s->count);
}

static const char *
run_arguments(struct cgen *g)
{
	text_reset(&g->text);
	for (int i = 0; i < g->nin && !g->p->io_arena; i++)
		text_add(&g->text, "(const %s *)t->inputs[%d], ", dtype_info[g->in[i].tensor->dtype].c_type, i);
	for (int i = 0; i < g->nout && !g->p->io_arena; i++) {
		text_add(&g->text, "(%s *)(void *)(m + %" PRId64 "), ", dtype_info[g->out[i].tensor->dtype].c_type, output_offset(g, i));
	}
	if (g->p->io_rows)
		text_add(&g->text, "read_row, &image, ");
	for (int m = 0; m < g->narenas; m++)
		text_add(&g->text, "%s, ", g->narenas > 1 ? g->memories[m].parameter : "memory");
	text_add(&g->text, "%scompare, &s", g->opts->weights == WEIGHTS_BIN ? "weights, " : "");
	return text_get(&g->text);
}

static const char *
selftest_parameters(struct cgen *g)
{
	text_reset(&g->text);
	for (int m = 0; m < g->narenas && g->narenas > 1; m++)
		text_add(&g->text, "void *%s, ", g->memories[m].parameter);
	text_add(&g->text, "void *memory%s", g->opts->weights == WEIGHTS_BIN ? ", const void *weights" : "");
	return arena_strdup(g->arena, text_get(&g->text));
}

/* The address of the K-th input or output in an arena. */
static const char *
port_address(struct cgen *g, const struct port *p)
{
	if (g->narenas == 1)
		return arena_printf(g->arena, "m + %s_OFFSET", p->macro);
	return arena_printf(g->arena, "(unsigned char *)%s + %s_OFFSET", g->memories[p->buf->memory].parameter, p->macro);
}

static void
emit_memories(struct cgen *g, struct emitter *e)
{
	emit_line(e, "unsigned char *m = (unsigned char *)memory;%s", g->narenas > 1 ? "" : "\n");
	if (g->narenas == 1)
		return;
	text_reset(&g->text);
	for (int m = 0; m < g->narenas; m++)
		text_add(&g->text, "(const unsigned char *)%s, ", g->memories[m].parameter);
	emit_line(e, "const unsigned char *const memories[] = { %sm };\n", text_get(&g->text));
}

static void
emit_runner(struct selftest *s, struct emitter *e)
{
	struct cgen *g = s->g;

	emit_line(e, "int\n%s_selftest(%s, struct %s_failure *failure)", g->prefix, selftest_parameters(g), g->prefix);
	emit_begin(e);
	emit_memories(g, e);
	emit_open(e, "for (int i = 0; i < TESTS; i++)");
	emit_line(e, "const struct test *t = &tests[i];");
	emit_line(e, "struct state s = { %s, t->expected, failure, 0 };", g->narenas > 1 ? "memories" : "m");
	if (g->p->io_rows)
		emit_line(e, "const void *image = t->inputs[0];");
	emit_line(e, "int status;\n");
	emit_line(e, "failure->test = t->name;");
	emit_line(e, "failure->layer = failure->part = NULL;");
	emit_line(e, "failure->index = 0;");
	emit_line(e, "failure->got = failure->expected = 0;");
	for (int k = 0; k < g->nin && g->p->io_arena && !g->p->io_rows; k++)
		emit_line(e, "memcpy(%s, t->inputs[%d], %s_BYTES);", port_address(g, &g->in[k]), k, g->in[k].macro);
	emit_line(e, "status = %s_run_checked(%s);", g->prefix, run_arguments(g));
	emit_line(e, "if (status != 0)");
	emit_line(e, "\treturn -status;");
	emit_line(e, "for (int k = LAYERS; k < PLACES; k++)");
	emit_line(e, "\tcompare(&s, k);");
	emit_line(e, "if (s.failed)");
	emit_line(e, "\treturn i + 1;");
	emit_close(e, "");
	emit_line(e, "return 0;");
	emit_close(e, "");
}

static void
emit_header(struct cgen *g)
{
	struct emitter e;

	if (!cgen_open(g, &e, "_selftest.h", "known-answer tests of NAME.c"))
		return;
	emit_line(&e, "#ifndef %s_SELFTEST_H\n#define %s_SELFTEST_H\n#include <stdint.h>\n", g->upper, g->upper);
	emit_line(&e, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n");
	emit_comment(&e, "The first difference.");
	emit_line(&e, "struct %s_failure {", g->prefix);
	emit_line(&e, "\tconst char *test;");
	emit_line(&e, "\tconst char *layer;    /* or the output; NULL: the run itself returned an error */");
	emit_line(&e, "\tconst char *part;     /* of a layer that was cut up: the part that differs, or NULL */");
	emit_line(&e, "\tint32_t index;        /* of the element */");
	emit_line(&e, "\tdouble got, expected;\n};\n");
	emit_comment(&e, g->narenas > 1 ? "memory: SELFTEST_BYTES bytes of alignment 16." : "memory: SELFTEST_BYTES bytes of alignment ARENA_ALIGN, at least 16.");
	emit_line(&e, "#define %s_SELFTEST_BYTES %" PRId64 "\n", g->upper, memory_bytes(g));
	emit_comment(&e, arena_printf(g->arena, "Runs every test until one fails: 0 when all pass, k when the k-th fails (failure "
		"then says where), or -%s_run's error.  %s.c and this unit are to be compiled with -D%s_SELFTEST.",
		g->prefix, g->prefix, g->upper));
	emit_line(&e, "int %s_selftest(%s, struct %s_failure *failure);\n", g->prefix, selftest_parameters(g), g->prefix);
	emit_line(&e, "#ifdef __cplusplus\n}\n#endif\n#endif");
}

void
selftest_emit(struct cgen *g)
{
	struct selftest s = { .g = g };
	ARRAY(const struct test *) tests = { 0 };
	struct emitter e;

	emit_header(g);
	if (!cgen_open(g, &e, "_selftest.c", "known-answer tests of NAME.c"))
		return;
	find_places(&s);
	find_inexact(&s);
	if (inputs_need_math(g))
		emit_line(&e, "#include <math.h>");
	emit_line(&e, "#include <stddef.h>\n#include <stdint.h>");
	if (g->p->io_arena)
		emit_line(&e, "#include <string.h>");
	emit_line(&e, "#include \"%s.h\"\n#include \"%s_selftest.h\"\n", g->prefix, g->prefix);
	emit_line(&e, "#ifndef %s_SELFTEST\n#error \"compile with -D%s_SELFTEST\"\n#endif\n", g->upper, g->upper);
	emit_fixed(g, &e, types);
	emit_places(&s, &e);
	for (const struct test *t = g->p->graph->tests; t; t = t->next)
		if (emit_test(&s, &e, t, (int)tests.n))
			ARRAY_PUSH(g->arena, tests, t);
	emit_tests(&s, &e, tests.v, (int)tests.n);
	emit_fixed(g, &e, functions);
	if (g->p->io_rows)
		input_rows_emit_reader(g, &e, arena_printf(g->arena, "memcpy(to, (const char *)*(const void **)user + row * %s_ROW_BYTES, "
			"%s_ROW_BYTES);", g->in[0].macro, g->in[0].macro));
	emit_runner(&s, &e);
}
