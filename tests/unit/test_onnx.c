/* Reading ONNX models: what operators become and compute, how arrays lie in tensors, and files that are none. */
#include <config.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "import/import.h"
#include "ir/eval.h"
#include "asserts.h"
#include "onnx_text.h"
#include "unit.h"

Suite *onnx_suite(void);

/* ---- a model read ---- */

struct reading {
	struct arena arena;
	struct diag diag;
	struct import m;
	const char *path;      /* NULL: any */
	char *messages;
	size_t size;
	FILE *out;
};

static bool
read_bytes(struct reading *r, const unsigned char *data, size_t size, const struct import_opts *opts)
{
	r->out = open_memstream(&r->messages, &r->size);
	diag_init(&r->diag, &r->arena, r->out);
	r->m = (struct import){ .arena = &r->arena, .names = intern_new(&r->arena), .diag = &r->diag, .path = r->path ? r->path : "m.onnx",
		.opts = opts };
	r->m.graph = graph_new(&r->arena, r->m.names, intern(r->m.names, "m"));
	bool good = onnx_read(&r->m, data, size);
	fflush(r->out);
	ck_assert_msg(good == (r->diag.errors == 0), "result %d with %d errors:\n%s", good, r->diag.errors, r->messages);
	return good;
}

static bool
read_text(struct reading *r, const char *model)
{
	size_t size;
	unsigned char *data = onnx_text(&r->arena, model, &size);

	ck_assert(onnx_is(data, size));
	return read_bytes(r, data, size, NULL);
}

static void
done(struct reading *r)
{
	import_unmap(&r->m);
	fclose(r->out);
	free(r->messages);
	arena_free(&r->arena);
}

/* ---- operators ---- */

static const struct { const char *name, *model, *nodes, *in, *out; } rows[] = {
#define ROW(name, model, nodes, in, out) { #name, model, nodes, in, out },
#include "onnx_rows.def"
#undef ROW
};

/* The next value of *S as an element of T; of u8 in the model 128 less. */
static void
take(const char **s, const struct tensor *t, bool unsigned8, void *data, int64_t i)
{
	char *end;
	double v = strtod(*s, &end);

	ck_assert_msg(end != *s, "too few values");
	*s = end;
	if (t->dtype == DT_F32)
		((float *)data)[i] = (float)v;
	else
		((int8_t *)data)[i] = (int8_t)(v - (unsigned8 ? 128 : 0));
}

/* The array of the model that follows in *S, as T has it. */
static const void *
model_array(struct reading *r, const char **s, const struct import_io *io, const struct tensor *t)
{
	int64_t step[RANK_MAX], n = 1, count = tensor_count(t);
	unsigned char *array = arena_array(&r->arena, (size_t)count, 4), *data = arena_array(&r->arena, (size_t)count, 4);
	size_t size = (size_t)dtype_info[t->dtype].bytes;

	for (int i = io->shape.rank - 1; i >= 0; i--) {
		step[i] = n;
		n *= io->shape.dim[i];
	}
	ck_assert_int_eq(n, count);
	for (int64_t i = 0; i < count; i++)
		take(s, t, io->unsigned8, array, i);
	for (int64_t i = 0; i < count; i++) {
		int64_t rest = i, from = 0;

		for (int k = t->shape.rank - 1; k >= 0; k--) {
			from += rest % t->shape.dim[k] * step[io->order[k]];
			rest /= t->shape.dim[k];
		}
		memcpy(data + (size_t)i * size, array + (size_t)from * size, size);
	}
	return data;
}

static void
check_values(struct reading *r, const char *row, const char *in, const char *out)
{
	const struct graph *g = r->m.graph;
	const void **given = ARENA_ARRAY(&r->arena, const void *, g->inputs.n);

	for (size_t i = 0; i < g->inputs.n; i++)
		given[i] = model_array(r, &in, &r->m.inputs.v[i], g->inputs.v[i]);
	const void **all = eval_graph(&r->arena, g, given);
	for (size_t k = 0; k < g->outputs.n; k++) {
		const struct tensor *t = g->outputs.v[k];

		for (int64_t i = 0; i < tensor_count(t); i++) {
			float want[1] = { 0 };

			take(&out, t, false, want, 0);
			double w = t->dtype == DT_F32 ? (double)want[0] : (double)*(int8_t *)(void *)want;
			double v = t->dtype == DT_F32 ? (double)((const float *)all[t->id])[i] : (double)((const int8_t *)all[t->id])[i];
			ck_assert_msg(fabs(v - w) <= 1e-5, "%s: output %d, element %d is %g, not %g", row, (int)k, (int)i, v, w);
		}
	}
}

START_TEST(operators)
{
	struct reading r = { 0 };
	char shape[SHAPE_TEXT];
	const char *nodes = "";

	ck_assert_msg(read_text(&r, rows[_i].model), "%s: %s", rows[_i].name, r.messages);
	for (const struct node *n = r.m.graph->first; n; n = n->next)
		nodes = arena_printf(&r.arena, "%s%s%s%s", nodes, *nodes ? " " : "", op_info[n->op].name,
			shape_text(&n->out->shape, shape, sizeof shape));
	ck_assert_msg(strcmp(nodes, rows[_i].nodes) == 0, "%s becomes\n%s", rows[_i].name, nodes);
	if (*rows[_i].in)
		check_values(&r, rows[_i].name, rows[_i].in, rows[_i].out);
	done(&r);
}
END_TEST

/* ---- what is wrong ---- */

static const struct { const char *name, *model, *message; } errors[] = {
#define ROW(name, model, message) { #name, model, message },
#include "onnx_errors.def"
#undef ROW
};

START_TEST(messages)
{
	struct reading r = { 0 };

	ck_assert_msg(!read_text(&r, errors[_i].model), "%s is read", errors[_i].name);
	ck_assert_msg(strstr(r.messages, errors[_i].message), "%s:\n%s", errors[_i].name, r.messages);
	done(&r);
}
END_TEST

START_TEST(sizes_given)
{
	struct reading r = { 0 };
	struct import_opts opts = { 0 };
	size_t size;
	unsigned char *data = onnx_text(&r.arena, "in x f32 NxCxHxW\nnode GlobalMaxPool x -> y\nout y", &size);

	ARRAY_PUSH(&r.arena, opts.dims, ((struct import_dim){ "C", 1, { 1, { 3 } } }));
	ARRAY_PUSH(&r.arena, opts.dims, ((struct import_dim){ "x", 1, { 4, { 1, 3, 5, 7 } } }));
	ck_assert_msg(read_bytes(&r, data, size, &opts), "%s", r.messages);
	ck_assert(shape_equal(&r.m.graph->inputs.v[0]->shape, &(struct shape){ 3, { 5, 7, 3 } }));
	done(&r);
}
END_TEST

START_TEST(sizes_of_nothing)
{
	struct reading r = { 0 };
	struct import_opts opts = { 0 };
	size_t size;
	unsigned char *data = onnx_text(&r.arena, "in x f32 Nx3\nnode Relu x -> y\nout y", &size);

	ARRAY_PUSH(&r.arena, opts.dims, ((struct import_dim){ "n", 1, { 1, { 1 } } }));
	ck_assert(!read_bytes(&r, data, size, &opts));
	ck_assert_msg(strstr(r.messages, "--shape names 'n', which is no input of the model and no dimension of one"), "%s", r.messages);
	done(&r);
}
END_TEST

/* Constants in a file of 16 bytes beside the model; MESSAGE NULL: they are read. */
static const struct { const char *model, *message; } externals[] = {
	{ "in x f32 1x2\nextern w f32 2x1 w.bin 4 8\nnode MatMul x w -> y\nout y", NULL },
	{ "in x f32 1x2\nextern w f32 2x1 w.bin 8\nnode MatMul x w -> y\nout y", NULL },
	{ "in x f32 1x2\nextern w f32 2x1 w.bin 12 8\nnode MatMul x w -> y\nout y", "its data goes past the end of 'w.bin', which has 16 bytes" },
	{ "in x f32 1x2\nextern w f32 2x1 w.bin -4 8\nnode MatMul x w -> y\nout y", "its data goes past the end" },
	{ "in x f32 1x2\nextern w f32 2x1 w.bin 4 4\nnode MatMul x w -> y\nout y", "it has 4 bytes of data but its 2 elements take 8" },
};

START_TEST(external_data)
{
	struct reading r = { 0 };
	char dir[] = "/tmp/onnxXXXXXX";
	const float values[] = { 1, 2, 3, 4 };
	size_t size;
	unsigned char *data = onnx_text(&r.arena, externals[_i].model, &size);

	ck_assert(mkdtemp(dir));
	const char *file = path_join(&r.arena, dir, "w.bin");
	FILE *f = fopen(file, "wb");
	ck_assert(f && fwrite(values, 1, sizeof values, f) == sizeof values && fclose(f) == 0);
	r.path = path_join(&r.arena, dir, "m.onnx");
	bool good = read_bytes(&r, data, size, NULL);
	ck_assert_msg(good == !externals[_i].message && (good || strstr(r.messages, externals[_i].message)), "%d: %s", _i, r.messages);
	if (good)
		ck_assert_float_eq(((const float *)r.m.graph->first->in[1]->data)[1], _i ? 4 : 3);
	done(&r);
	remove(file);
	remove(dir);
}
END_TEST

/* Every part of a model, and a model with any byte changed: a message or a graph, never more. */
START_TEST(damage)
{
	struct arena a = { 0 };
	size_t size;
	unsigned char *data = onnx_text(&a, rows[_i].model, &size);

	for (size_t n = 0; n < size; n++) {
		struct reading r = { 0 };
		unsigned char *part = malloc(n + 1);

		memcpy(part, data, n);
		read_bytes(&r, part, n, NULL);
		done(&r);
		free(part);
	}
	for (size_t i = 0; i < size; i++) {
		struct reading r = { 0 };
		unsigned char was = data[i];

		data[i] = (unsigned char)(was ^ (1u << i % 8));
		read_bytes(&r, data, size, NULL);
		done(&r);
		data[i] = was;
	}
	arena_free(&a);
}
END_TEST

/* DEPTH messages within each other, each the only field of the one around it: a sequence of sequences. */
static size_t
nest(unsigned char *out, int depth)
{
	unsigned char buffer[8192];
	size_t n = 0, at = sizeof buffer;

	for (int i = 0; i < depth; i++) {
		size_t length = n;

		buffer[--at] = (unsigned char)(length >> 7 & 127);
		buffer[--at] = (unsigned char)(length & 127) | 128;
		buffer[--at] = i % 2 ? 0x22 : 0x0a; /* TypeProto.sequence_type, Sequence.elem_type */
		n += 3;
	}
	memcpy(out, buffer + at, n);
	return n;
}

START_TEST(nested_deeply)
{
	struct reading r = { 0 };
	unsigned char type[4096], model[8192] = { 8, 7, 0x3a };
	size_t n = nest(type, 500), at = 3;
	/* graph.input.type */
	const size_t lengths[] = { n + 6, n + 3, n };
	const unsigned char keys[] = { 0x5a, 0x12 };

	for (int i = 0; i < 3; i++) {
		if (i)
			model[at++] = keys[i - 1];
		model[at++] = (unsigned char)(lengths[i] & 127) | 128;
		model[at++] = (unsigned char)(lengths[i] >> 7);
	}
	memcpy(model + at, type, n);
	ck_assert(!read_bytes(&r, model, at + n, NULL));
	ck_assert_msg(strstr(r.messages, "messages are nested too deeply"), "%s", r.messages);
	done(&r);
}
END_TEST

START_TEST(no_models)
{
	static const char *const files[] = { "", "net 1;\n", "\x93NUMPY", "{\"a\": 1}", "ELF", "Binary file" };

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		ck_assert_msg(!onnx_is((const unsigned char *)files[i], strlen(files[i])), "'%s' is a model", files[i]);
}
END_TEST

Suite *
onnx_suite(void)
{
	Suite *s = suite_create("onnx");
	TCase *t = tcase_create("onnx");

	tcase_add_loop_test(t, operators, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_loop_test(t, messages, 0, (int)(sizeof errors / sizeof *errors));
	tcase_add_loop_test(t, damage, 0, (int)(sizeof rows / sizeof *rows));
	tcase_add_loop_test(t, external_data, 0, (int)(sizeof externals / sizeof *externals));
	tcase_add_test(t, sizes_given);
	tcase_add_test(t, sizes_of_nothing);
	tcase_add_test(t, nested_deeply);
	tcase_add_test(t, no_models);
	suite_add_tcase(s, t);
	return s;
}
