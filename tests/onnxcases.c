/* onnxcases DIRECTORY OUT: the cases of ONNX's conformance data as models that netc can import.
 *
 * Many cases give to a model as inputs what in a network is a constant: the weights of a Conv, the shape of a Reshape.  These inputs
 * become initializers with the case's values.  Where the result then does not depend on any input, a sum with an input of zeros
 * makes it a network again.  For each case one line:
 *
 *	NAME <tab> na <tab> REASON
 *	NAME <tab> run <tab> OPERATORS <tab> FILE...     the model, its inputs and its expected outputs, all below OUT/NAME */
#include <config.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "import/import.h"
#include "import/onnx.pb-c.h"

enum { ALL = 0xffff, FLOAT = 1 };

/* The inputs of operators that are constants in a network, by bits. */
static const struct { const char *op; unsigned inputs; } constants[] = {
	{ "BatchNormalization", 0x1e }, { "Clip", 6 }, { "Conv", 6 }, { "ConvInteger", 0xe }, { "ConvTranspose", 6 },
	{ "DequantizeLinear", 6 }, { "Div", 2 }, { "Dropout", 6 }, { "Expand", 2 }, { "Gather", 2 }, { "Gemm", 6 }, { "MatMul", 2 },
	{ "MatMulInteger", 0xe }, { "Pad", 0xe }, { "QLinearConv", 0x1fe }, { "QLinearMatMul", 0xfe }, { "QuantizeLinear", 6 }, { "ReduceMean", 2 },
	{ "Reshape", 2 }, { "Resize", 0xe }, { "Slice", 0x1e }, { "Split", 2 }, { "Squeeze", 2 }, { "Unsqueeze", 2 }, { "Upsample", 2 },
};
/* Results that only depend on the dimensions of inputs. */
static const char *const shapes[] = { "Shape", "Size" };

struct run {
	struct arena arena;
	const char *data, *out, *name;
	Onnx__ModelProto *model;
	bool *constant;        /* of the graph's inputs */
	bool folded;           /* no node depends on an input */
	const char *ops, *files;
};

/* Messages live in the arena of their case. */
static void *
arena_new(void *a, size_t size)
{
	return arena_alloc(a, size);
}

static void
arena_keep(void *a, void *p)
{
	(void)a;
	(void)p;
}

static const unsigned char *
load(struct arena *a, const char *path, size_t *size)
{
	const char *text;

	if (file_read(a, path, &text, size)) {
		fprintf(stderr, "onnxcases: cannot read %s\n", path);
		exit(2);
	}
	return (const unsigned char *)text;
}

static void
save(const char *path, const ProtobufCMessage *message)
{
	size_t n = protobuf_c_message_get_packed_size(message);
	uint8_t *bytes = malloc(n + 1);
	FILE *f = fopen(path, "wb");

	protobuf_c_message_pack(message, bytes);
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f) != 0) {
		perror(path);
		exit(2);
	}
	free(bytes);
}

static const char *
array_path(struct run *r, const char *kind, size_t k)
{
	return arena_printf(&r->arena, "%s/%s/test_data_set_0/%s_%zu.pb", r->data, r->name, kind, k);
}

static Onnx__TensorProto *
array(struct run *r, const char *kind, size_t k)
{
	size_t size;
	const unsigned char *data = load(&r->arena, array_path(r, kind, k), &size);

	return onnx__tensor_proto__unpack(&(ProtobufCAllocator){ arena_new, arena_keep, &r->arena }, size, data);
}

/* ---- what a case needs ---- */

static bool
is_supported(const char *op)
{
	const struct import_op *p = onnx_supported;

	while (p->name && strcmp(p->name, op) != 0)
		p++;
	return p->name;
}

/* Whether the operator OP does nothing but fold. */
static bool
only_folds(const char *op)
{
	const struct import_op *p = onnx_supported;

	while (strcmp(p->name, op) != 0)
		p++;
	return strcmp(p->becomes, "a constant") == 0;
}

static bool
is_one_of(const char *op, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], op) == 0)
			return true;
	return false;
}

static unsigned
constant_inputs(const char *op)
{
	for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
		if (strcmp(constants[i].op, op) == 0)
			return constants[i].inputs;
	return only_folds(op) && !is_one_of(op, shapes, 2) ? ALL : 0;
}

/* Whether the graph's input K has a value in the model already: the case has no array of it. */
static bool
has_value(const Onnx__GraphProto *g, size_t k)
{
	for (size_t i = 0; i < g->n_initializer; i++)
		if (strcmp(g->initializer[i]->name, g->input[k]->name) == 0)
			return true;
	return false;
}

static void
mark_constant(struct run *r, const char *value)
{
	const Onnx__GraphProto *g = r->model->graph;

	for (size_t i = 0; i < g->n_input; i++)
		if (strcmp(g->input[i]->name, value) == 0)
			r->constant[i] = true;
}

/* NULL, or why the case is none for netc. */
static const char *
examine(struct run *r)
{
	const Onnx__GraphProto *g = r->model->graph;

	r->constant = ARENA_ARRAY(&r->arena, bool, g->n_input + 1);
	r->ops = r->files = "";
	r->folded = true;
	for (size_t i = 0; i < g->n_node; i++) {
		const Onnx__NodeProto *n = g->node[i];

		if (!is_supported(n->op_type))
			return arena_printf(&r->arena, "operator %s", n->op_type);
		r->ops = arena_printf(&r->arena, "%s%s%s", r->ops, i ? "," : "", n->op_type);
		r->folded &= only_folds(n->op_type);
		for (size_t k = 0; k < n->n_input; k++)
			if (constant_inputs(n->op_type) & 1u << k)
				mark_constant(r, n->input[k]);
	}
	return NULL;
}

/* ---- the model of a case ---- */

static char *
copy_text(struct run *r, const char *text)
{
	return arena_strdup(&r->arena, text);
}

/* N pointers; FROM is NULL where there are none. */
static void
copy_pointers(void *to, const void *from, size_t n)
{
	if (n)
		memcpy(to, from, n * sizeof(void *));
}

/* Move the constant inputs among the initializers; R->files becomes the arrays of the others. */
static void
bind_constants(struct run *r)
{
	Onnx__GraphProto *g = r->model->graph;
	Onnx__TensorProto **all = ARENA_ARRAY(&r->arena, Onnx__TensorProto *, g->n_initializer + g->n_input);
	size_t kept = 0;

	copy_pointers(all, g->initializer, g->n_initializer);
	g->initializer = all;
	for (size_t i = 0, file = 0; i < g->n_input; i++) {
		if (has_value(g, i))
			continue;
		if (!r->constant[i]) {
			r->files = arena_printf(&r->arena, "%s\t%s", r->files, array_path(r, "input", file++));
			g->input[kept++] = g->input[i];
			continue;
		}
		Onnx__TensorProto *t = array(r, "input", file++);
		t->name = g->input[i]->name;
		g->initializer[g->n_initializer++] = t;
	}
	g->n_input = kept;
}

/* A node OP of A and, unless NULL, B. */
static Onnx__NodeProto *
make_node(struct run *r, const char *op, const char *a, const char *b, const char *out)
{
	Onnx__NodeProto *n = ARENA_NEW(&r->arena, Onnx__NodeProto);

	onnx__node_proto__init(n);
	n->op_type = copy_text(r, op);
	n->n_input = b ? 2 : 1;
	n->input = ARENA_ARRAY(&r->arena, char *, 2);
	n->input[0] = copy_text(r, a);
	n->input[1] = copy_text(r, b ? b : "");
	n->n_output = 1;
	n->output = ARENA_ARRAY(&r->arena, char *, 1);
	n->output[0] = copy_text(r, out);
	return n;
}

/* Append to the graph: result = Cast(output, float) + zeros, where zeros is an input like OUT. */
static void
add_zeros(struct run *r, const Onnx__TensorProto *out)
{
	Onnx__GraphProto *g = r->model->graph;
	Onnx__NodeProto **nodes = ARENA_ARRAY(&r->arena, Onnx__NodeProto *, g->n_node + 2);
	Onnx__AttributeProto *to = ARENA_NEW(&r->arena, Onnx__AttributeProto);
	Onnx__ValueInfoProto *info = ARENA_NEW(&r->arena, Onnx__ValueInfoProto);
	Onnx__TypeProto *type = ARENA_NEW(&r->arena, Onnx__TypeProto);
	Onnx__TypeProto__Tensor *tensor = ARENA_NEW(&r->arena, Onnx__TypeProto__Tensor);
	Onnx__TensorShapeProto *shape = ARENA_NEW(&r->arena, Onnx__TensorShapeProto);

	copy_pointers(nodes, g->node, g->n_node);
	nodes[g->n_node] = make_node(r, "Cast", g->output[0]->name, NULL, "as_float");
	onnx__attribute_proto__init(to);
	to->name = copy_text(r, "to");
	to->has_i = true;
	to->i = FLOAT;
	nodes[g->n_node]->n_attribute = 1;
	nodes[g->n_node]->attribute = ARENA_ARRAY(&r->arena, Onnx__AttributeProto *, 1);
	nodes[g->n_node]->attribute[0] = to;
	nodes[g->n_node + 1] = make_node(r, "Add", "zeros", "as_float", "result");
	g->node = nodes;
	g->n_node += 2;
	onnx__tensor_shape_proto__init(shape);
	shape->dim = ARENA_ARRAY(&r->arena, Onnx__TensorShapeProto__Dimension *, out->n_dims + 1);
	for (shape->n_dim = 0; shape->n_dim < out->n_dims; shape->n_dim++) {
		Onnx__TensorShapeProto__Dimension *d = ARENA_NEW(&r->arena, Onnx__TensorShapeProto__Dimension);

		onnx__tensor_shape_proto__dimension__init(d);
		d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		d->dim_value = out->dims[shape->n_dim];
		shape->dim[shape->n_dim] = d;
	}
	onnx__type_proto__tensor__init(tensor);
	tensor->has_elem_type = true;
	tensor->elem_type = FLOAT;
	tensor->shape = shape;
	onnx__type_proto__init(type);
	type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	type->tensor_type = tensor;
	onnx__value_info_proto__init(info);
	info->name = copy_text(r, "zeros");
	info->type = type;
	Onnx__ValueInfoProto **inputs = ARENA_ARRAY(&r->arena, Onnx__ValueInfoProto *, g->n_input + 1);
	copy_pointers(inputs, g->input, g->n_input);
	inputs[g->n_input++] = info;
	g->input = inputs;
	g->output[0]->name = copy_text(r, "result");
}

/* The array T, of any type, as floats, or zeros like it. */
static Onnx__TensorProto *
as_floats(struct run *r, Onnx__TensorProto *t, bool zeros)
{
	struct import m = { .arena = &r->arena };
	size_t n = onnx__tensor_proto__get_packed_size(t);
	unsigned char *bytes = arena_alloc(&r->arena, n + 1);
	struct npy a;
	Onnx__TensorProto *out = ARENA_NEW(&r->arena, Onnx__TensorProto);

	onnx__tensor_proto__pack(t, bytes);
	if (onnx_array(&a, &m, bytes, n)) {
		fprintf(stderr, "onnxcases: %s: an array that cannot be read\n", r->name);
		exit(2);
	}
	onnx__tensor_proto__init(out);
	out->n_dims = t->n_dims;
	out->dims = t->dims;
	out->has_data_type = true;
	out->data_type = FLOAT;
	out->n_float_data = (size_t)shape_count(&a.shape);
	out->float_data = ARENA_ARRAY(&r->arena, float, out->n_float_data);
	for (size_t i = 0; i < out->n_float_data && !zeros; i++)
		out->float_data[i] = a.dtype == DT_F32 ? ((const float *)a.data)[i] : a.dtype == DT_I8 ? (float)((const int8_t *)a.data)[i]
			: a.dtype == DT_I16 ? (float)((const int16_t *)a.data)[i] : (float)((const int32_t *)a.data)[i];
	return out;
}

/* Write the case below OUT/NAME and its line. */
static void
write_case(struct run *r)
{
	Onnx__GraphProto *g = r->model->graph;
	const char *dir = arena_printf(&r->arena, "%s/%s", r->out, r->name);
	Onnx__TensorProto *first = array(r, "output", 0);

	mkdir(dir, 0777);
	bind_constants(r);
	if (r->folded) {
		const char *in = arena_printf(&r->arena, "%s/zeros.pb", dir), *out = arena_printf(&r->arena, "%s/result.pb", dir);

		add_zeros(r, first);
		save(in, &as_floats(r, first, true)->base);
		save(out, &as_floats(r, first, false)->base);
		r->files = arena_printf(&r->arena, "%s\t%s\t%s", r->files, in, out);
	}
	for (size_t i = 0; i < g->n_output && !r->folded; i++)
		r->files = arena_printf(&r->arena, "%s\t%s", r->files, array_path(r, "output", i));
	const char *model = arena_printf(&r->arena, "%s/%s.onnx", dir, r->name);
	save(model, &r->model->base);
	printf("%s\trun\t%s\t%s%s\n", r->name, r->ops, model, r->files);
}

static void
run_case(const char *data, const char *out, const char *text)
{
	struct run r = { .data = data, .out = out, .name = text };
	size_t size;
	const char *path = arena_printf(&r.arena, "%s/%s/model.onnx", data, text);
	const unsigned char *bytes = load(&r.arena, path, &size);

	r.model = onnx__model_proto__unpack(&(ProtobufCAllocator){ arena_new, arena_keep, &r.arena }, size, bytes);
	const char *why = r.model && r.model->graph ? examine(&r) : "a model that cannot be read";
	if (why)
		printf("%s\tna\t%s\n", text, why);
	else
		write_case(&r);
	arena_free(&r.arena);
}

static int
is_case(const struct dirent *d)
{
	return strncmp(d->d_name, "test_", 5) == 0;
}

int
main(int argc, char *argv[])
{
	struct dirent **list;
	int n;

	if (argc != 3 || (n = scandir(argv[1], &list, is_case, alphasort)) < 0) {
		fputs("usage: onnxcases DIRECTORY OUT\n", stderr);
		return 2;
	}
	for (int i = 0; i < n; i++) {
		run_case(argv[1], argv[2], list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return 0;
}
