/* netc import: a TensorFlow Lite or ONNX model as a .net and its weights file. */
#include <config.h>
#include <string.h>
#include "driver/compile.h"
#include "import/import.h"

struct importing {
	struct compilation c;
	const struct options *o;
	struct mapped map;
	struct import m;
	const char *stem;              /* of the files written: the model's own name */
	ARRAY(struct import_test) tests;
};

/* ---- the operators that are supported ---- */

static void
list_operators(const char *format, const struct import_op *ops)
{
	size_t width = 0;

	for (const struct import_op *p = ops; p->name; p++)
		width = strlen(p->name) > width ? strlen(p->name) : width;
	printf("%s operators\n", format);
	for (const struct import_op *p = ops; p->name; p++)
		printf("  %-*s  %s%s%s\n", (int)width, p->name, p->becomes, *p->limits ? "; not: " : "", p->limits);
}

/* ---- the test arrays ---- */

/* A .npy file, or an ONNX tensor in a file of its own. */
static const char *
read_file(struct importing *im, const char *path, struct npy *a)
{
	const struct mapped *map;
	size_t n = strlen(path);

	if (n < 3 || strcmp(path + n - 3, ".pb") != 0)
		return npy_read(a, &im->c.source, path);
	const char *why = import_map(&im->m, path, &map);
	return why ? why : onnx_array(a, &im->m, map->data, map->size);
}

static int32_t
integer_at(const struct npy *a, int64_t i)
{
	return a->dtype == DT_I8 ? ((const int8_t *)a->data)[i] : a->dtype == DT_I16 ? ((const int16_t *)a->data)[i]
		: ((const int32_t *)a->data)[i];
}

/* Make the integers of A what the graph has in their place: 128 less, or f32.  false: one of them is no u8. */
static bool
convert(struct importing *im, const struct import_io *io, struct npy *a)
{
	int64_t n = shape_count(&a->shape);
	void *to = arena_array(&im->c.source, (size_t)n, io->unsigned8 ? 1 : sizeof(float));

	for (int64_t i = 0; i < n; i++) {
		int32_t v = integer_at(a, i);

		if (io->unsigned8 && (v < 0 || v > 255))
			return false;
		if (io->unsigned8)
			((int8_t *)to)[i] = (int8_t)(v - 128);
		else
			((float *)to)[i] = (float)v;
	}
	a->data = to;
	a->dtype = io->unsigned8 ? DT_I8 : DT_F32;
	return true;
}

/* Whether A is what the model calls IO, with or without dimensions of 1 in front; its elements become those of the graph's T. */
static bool
array_fits(struct importing *im, struct npy *a, const struct import_io *io, const struct tensor *t)
{
	if (!npy_shape_fits(&a->shape, &io->shape))
		return false;
	if (a->dtype != DT_F32 && (io->unsigned8 || io->integers) && !convert(im, io, a))
		return false;
	return a->dtype == t->dtype;
}

/* The elements of DATA, which has IO's shape, in T's order. */
static const void *
reorder(struct importing *im, const struct import_io *io, const struct tensor *t, const unsigned char *data)
{
	int64_t stride[RANK_MAX], step = 1, n = tensor_count(t);
	size_t bytes = (size_t)dtype_info[t->dtype].bytes;
	unsigned char *to = arena_array(&im->c.source, (size_t)n, bytes);

	for (int i = io->shape.rank - 1; i >= 0; i--) {
		stride[i] = step;
		step *= io->shape.dim[i];
	}
	for (int64_t i = 0; i < n; i++) {
		int64_t rest = i, from = 0;

		for (int k = t->shape.rank - 1; k >= 0; k--) {
			from += rest % t->shape.dim[k] * stride[io->order[k]];
			rest /= t->shape.dim[k];
		}
		memcpy(to + (size_t)i * bytes, data + (size_t)from * bytes, bytes);
	}
	return to;
}

static const void *
read_array(struct importing *im, const char *path, const struct import_io *io, const struct tensor *t)
{
	struct npy a;
	char got[SHAPE_TEXT], want[SHAPE_TEXT];
	const char *why = read_file(im, path, &a);

	if (why) {
		diag_error(&im->c.diag, LOC_NONE, "cannot read '%s': %s", path, why);
		return NULL;
	}
	if (!array_fits(im, &a, io, t)) {
		diag_error(&im->c.diag, LOC_NONE, "'%s' holds %s%s but the model's '%s' is %s%s", path, dtype_info[a.dtype].name,
			shape_text(&a.shape, got, sizeof got), io->name, io->unsigned8 ? "u8" : dtype_info[t->dtype].name,
			shape_text(&io->shape, want, sizeof want));
		return NULL;
	}
	return reorder(im, io, t, a.data);
}

/* The files of one test from *FILE on, inputs then outputs. */
static bool
read_test(struct importing *im, char **file, size_t number)
{
	const struct graph *g = im->m.graph;
	struct import_test test = { .name = arena_printf(&im->c.source, "test_%zu", number) };
	bool good = true;

	test.inputs = ARENA_ARRAY(&im->c.source, const void *, g->inputs.n + 1);
	test.outputs = ARENA_ARRAY(&im->c.source, const void *, g->outputs.n + 1);
	for (size_t i = 0; i < g->inputs.n; i++)
		good &= (test.inputs[i] = read_array(im, *file++, &im->m.inputs.v[i], g->inputs.v[i])) != NULL;
	for (size_t i = 0; i < g->outputs.n; i++)
		good &= (test.outputs[i] = read_array(im, *file++, &im->m.outputs.v[i], g->outputs.v[i])) != NULL;
	ARRAY_PUSH(&im->c.source, im->tests, test);
	return good;
}

static bool
read_tests(struct importing *im)
{
	const struct graph *g = im->m.graph;
	size_t each = g->inputs.n + g->outputs.n, files = (size_t)im->o->nfiles - 1;
	bool good = true;

	if (files % each != 0) {
		diag_error(&im->c.diag, LOC_NONE, "a test of this model has %zu array%s (%zu input%s, %zu output%s), found %zu file%s",
			each, each == 1 ? "" : "s", g->inputs.n, g->inputs.n == 1 ? "" : "s", g->outputs.n,
			g->outputs.n == 1 ? "" : "s", files, files == 1 ? "" : "s");
		return false;
	}
	for (size_t i = 0; i < files; i += each)
		good &= read_test(im, im->o->files + 1 + i, i / each + 1);
	return good;
}

/* ---- reading, writing ---- */

static bool
read_model(struct importing *im, const char *path)
{
	const char *why = file_map(&im->map, path);

	if (why) {
		diag_error(&im->c.diag, LOC_NONE, "cannot read '%s': %s", path, why);
		return false;
	}
	if (tflite_is(im->map.data, im->map.size))
		return tflite_read(&im->m, im->map.data, im->map.size);
	if (onnx_is(im->map.data, im->map.size))
		return onnx_read(&im->m, im->map.data, im->map.size);
	diag_error_in(&im->c.diag, path, "neither a TensorFlow Lite nor an ONNX model");
	return false;
}

static void
write_arrays(struct importing *im, struct outputs *out, const struct import_test *t, const struct graph *g)
{
	for (size_t k = 0; k < g->inputs.n + g->outputs.n; k++) {
		bool in = k < g->inputs.n;
		size_t i = in ? k : k - g->inputs.n;
		const struct tensor *x = in ? g->inputs.v[i] : g->outputs.v[i];
		FILE *f = outputs_open(out, path_join(&im->c.source, im->o->out_dir, arena_printf(&im->c.source, "%s.%s.%s%zu.npy",
			im->stem, t->name, in ? "in" : "out", i)));

		if (f)
			npy_write(f, x->dtype, &x->shape, in ? t->inputs[i] : t->outputs[i]);
	}
}

static const char *
heading(struct importing *im)
{
	return arena_printf(&im->c.source, "Imported from %s by netc import.", path_base(im->m.path));
}

static void
write_files(struct importing *im)
{
	struct arena *a = &im->c.source;
	const char *weights = arena_printf(a, "%s.safetensors", im->stem), *why;
	struct net_text text = net_write(a, im->c.names, im->m.graph, weights, heading(im), im->tests.v, (int)im->tests.n);
	struct outputs *out = outputs_new(a);
	FILE *f;

	outputs_mkdir(out, im->o->out_dir);
	f = outputs_open(out, path_join(a, im->o->out_dir, arena_printf(a, "%s.net", im->stem)));
	if (f)
		fwrite(text.text, 1, text.size, f);
	f = outputs_open(out, path_join(a, im->o->out_dir, weights));
	if (f)
		net_write_weights(f, a, text.graph);
	for (size_t i = 0; i < im->tests.n; i++)
		write_arrays(im, out, &im->tests.v[i], im->m.graph);
	why = outputs_commit(out);
	if (why)
		compile_output_error(&im->c, why);
	else if (!im->o->quiet)
		printf("%s/%s.net\n%s/%s\n", im->o->out_dir, im->stem, im->o->out_dir, weights);
}

/* The files' name: --name, else the model's up to its first dot, as an identifier. */
static const char *
file_stem(struct importing *im, const char *path)
{
	const char *base = path_base(path);

	return emit_prefix(&im->c.source, arena_strndup(&im->c.source, base, strcspn(base, ".")));
}

int
cmd_import(const struct options *o)
{
	struct importing im = { .o = o };
	struct arena *a = &im.c.source;

	if (o->list) {
		list_operators("TensorFlow Lite", tflite_supported);
		list_operators("ONNX", onnx_supported);
		return EXIT_OK;
	}
	compilation_init(&im.c, stderr);
	compilation_options(&im.c, o);
	im.stem = o->stem ? o->stem : file_stem(&im, o->files[0]);
	im.m = (struct import){ .arena = a, .names = im.c.names, .diag = &im.c.diag, .path = o->files[0], .opts = &o->import };
	im.m.graph = graph_new(a, im.c.names, intern(im.c.names, im.stem));
	if (read_model(&im, o->files[0]) && read_tests(&im))
		write_files(&im);
	import_unmap(&im.m);
	int status = compilation_end(&im.c, EXIT_OK);
	file_unmap(&im.map);
	return status;
}
