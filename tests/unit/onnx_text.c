/* Small ONNX models written as text, packed by protobuf-c. */
#include <config.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "import/onnx.pb-c.h"
#include "onnx_text.h"

enum { MOST = 64 };

static const struct { const char *name; int number, bytes; } types[] = {
	{ "f32", 1, 4 }, { "u8", 2, 1 }, { "i8", 3, 1 }, { "i32", 6, 4 }, { "i64", 7, 8 }, { "f64", 11, 8 }, { "text", 8, 1 },
};

static int
type_of(const char *word)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i].name, word) == 0)
			return (int)i;
	ck_abort_msg("no type: %s", word);
}

/* ---- dimensions ---- */

static size_t
read_dims(struct arena *a, char *text, int64_t *dim, char **word)
{
	size_t n = 0;

	for (char *p = strcmp(text, "-") == 0 ? NULL : strtok(text, "x"); p; p = strtok(NULL, "x")) {
		word[n] = p[0] >= 'A' ? arena_strdup(a, p) : NULL;
		dim[n++] = strtoll(p, NULL, 10);
	}
	return n;
}

static Onnx__ValueInfoProto *
make_input(struct arena *a, const char *text, const char *type, char *dims)
{
	Onnx__ValueInfoProto *v = ARENA_NEW(a, Onnx__ValueInfoProto);
	Onnx__TensorShapeProto *shape = ARENA_NEW(a, Onnx__TensorShapeProto);
	int64_t dim[MOST];
	char *word[MOST];
	size_t n = read_dims(a, dims, dim, word);

	onnx__value_info_proto__init(v);
	v->name = arena_strdup(a, text);
	onnx__type_proto__init(v->type = ARENA_NEW(a, Onnx__TypeProto));
	v->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	onnx__type_proto__tensor__init(v->type->tensor_type = ARENA_NEW(a, Onnx__TypeProto__Tensor));
	v->type->tensor_type->has_elem_type = 1;
	v->type->tensor_type->elem_type = types[type_of(type)].number;
	onnx__tensor_shape_proto__init(v->type->tensor_type->shape = shape);
	shape->n_dim = n;
	shape->dim = ARENA_ARRAY(a, Onnx__TensorShapeProto__Dimension *, n);
	for (size_t i = 0; i < n; i++) {
		onnx__tensor_shape_proto__dimension__init(shape->dim[i] = ARENA_NEW(a, Onnx__TensorShapeProto__Dimension));
		shape->dim[i]->value_case = word[i] ? ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM
			: ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		if (word[i])
			shape->dim[i]->dim_param = word[i];
		else
			shape->dim[i]->dim_value = dim[i];
	}
	return v;
}

/* ---- constants ---- */

static void
put(unsigned char *at, int type, const char *word)
{
	float f = strtof(word, NULL);
	double d = strtod(word, NULL);
	int64_t i = strtoll(word, NULL, 10);

	if (types[type].number == 1)
		memcpy(at, &f, sizeof f);
	else if (types[type].number == 11)
		memcpy(at, &d, sizeof d);
	else
		memcpy(at, &i, (size_t)types[type].bytes);
}

/* Values from *REST on, as many as the dimensions ask for. */
static Onnx__TensorProto *
make_const(struct arena *a, const char *text, const char *type, char *dims, char **words, size_t nwords)
{
	Onnx__TensorProto *t = ARENA_NEW(a, Onnx__TensorProto);
	char *word[MOST];
	int k = type_of(type);
	size_t count = 1, size = (size_t)types[k].bytes;

	onnx__tensor_proto__init(t);
	t->name = arena_strdup(a, text);
	t->has_data_type = 1;
	t->data_type = types[k].number;
	t->dims = ARENA_ARRAY(a, int64_t, MOST);
	t->n_dims = read_dims(a, dims, t->dims, word);
	for (size_t i = 0; i < t->n_dims && count < 100000; i++)
		count *= t->dims[i] < 0 ? 1 : (size_t)t->dims[i];
	if (nwords && strcmp(words[nwords - 1], "short") == 0) /* as many as there are */
		count = --nwords;
	t->has_raw_data = 1;
	t->raw_data.len = count * size;
	t->raw_data.data = arena_array(a, count, size);
	for (size_t i = 0; i < count && nwords; i++)
		put(t->raw_data.data + i * size, k, words[i < nwords ? i : nwords - 1]);
	return t;
}

/* The elements of T are in a file: its name, and maybe an offset and a length. */
static void
make_external(struct arena *a, Onnx__TensorProto *t, char **words, size_t n)
{
	static const char *const keys[] = { "location", "offset", "length" };

	t->has_raw_data = 0;
	t->has_data_location = 1;
	t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
	t->external_data = ARENA_ARRAY(a, Onnx__StringStringEntryProto *, n);
	for (size_t i = 0; i < n; i++) {
		Onnx__StringStringEntryProto *e = t->external_data[t->n_external_data++] = ARENA_NEW(a, Onnx__StringStringEntryProto);

		onnx__string_string_entry_proto__init(e);
		e->key = arena_strdup(a, keys[i]);
		e->value = arena_strdup(a, words[i]);
	}
}

/* ---- nodes ---- */

static Onnx__AttributeProto *
make_attr(struct arena *a, char *word)
{
	Onnx__AttributeProto *t = ARENA_NEW(a, Onnx__AttributeProto);
	char *v = strchr(word, '=');
	size_t n = strlen(v + 1);

	*v++ = 0;
	onnx__attribute_proto__init(t);
	t->name = arena_strdup(a, word);
	if (*v == '[') {
		t->ints = ARENA_ARRAY(a, int64_t, MOST);
		for (char *p = v + 1; *p && *p != ']'; p += *p == ',')
			t->ints[t->n_ints++] = strtoll(p, &p, 10);
	} else if (strchr("-0123456789", *v) && v[n - 1] == 'f') {
		t->has_f = 1;
		t->f = strtof(v, NULL);
	} else if (strchr("-0123456789", *v)) {
		t->has_i = 1;
		t->i = strtoll(v, NULL, 10);
	} else {
		t->has_s = 1;
		t->s.len = n;
		t->s.data = (uint8_t *)arena_strdup(a, v);
	}
	return t;
}

static Onnx__NodeProto *
make_node(struct arena *a, char **words, size_t n)
{
	Onnx__NodeProto *node = ARENA_NEW(a, Onnx__NodeProto);
	char ***list = &node->input;
	size_t *count = &node->n_input;

	onnx__node_proto__init(node);
	node->input = ARENA_ARRAY(a, char *, MOST);
	node->output = ARENA_ARRAY(a, char *, MOST);
	node->attribute = ARENA_ARRAY(a, Onnx__AttributeProto *, MOST);
	node->op_type = arena_strdup(a, words[0]);
	for (size_t i = 1; i < n; i++) {
		if (strcmp(words[i], "->") == 0) {
			list = &node->output;
			count = &node->n_output;
		} else if (strchr(words[i], '=')) {
			node->attribute[node->n_attribute++] = make_attr(a, words[i]);
		} else {
			(*list)[(*count)++] = arena_strdup(a, strcmp(words[i], "_") == 0 ? "" : words[i]);
		}
	}
	return node;
}

/* ---- the model ---- */

static void
statement(struct arena *a, Onnx__ModelProto *m, char **words, size_t n)
{
	Onnx__GraphProto *g = m->graph;

	if (strcmp(words[0], "opset") == 0) {
		m->opset_import[0]->version = strtoll(words[1], NULL, 10);
	} else if (strcmp(words[0], "in") == 0) {
		g->input[g->n_input++] = make_input(a, words[1], words[2], words[3]);
	} else if (strcmp(words[0], "const") == 0) {
		g->initializer[g->n_initializer++] = make_const(a, words[1], words[2], words[3], words + 4, n - 4);
	} else if (strcmp(words[0], "extern") == 0) {
		Onnx__TensorProto *t = make_const(a, words[1], words[2], words[3], NULL, 0);

		make_external(a, t, words + 4, n - 4);
		g->initializer[g->n_initializer++] = t;
	} else if (strcmp(words[0], "node") == 0) {
		g->node[g->n_node++] = make_node(a, words + 1, n - 1);
	} else {
		Onnx__ValueInfoProto *v = g->output[g->n_output++] = ARENA_NEW(a, Onnx__ValueInfoProto);

		onnx__value_info_proto__init(v);
		v->name = arena_strdup(a, words[1]);
	}
}

static Onnx__ModelProto *
new_model(struct arena *a)
{
	Onnx__ModelProto *m = ARENA_NEW(a, Onnx__ModelProto);

	onnx__model_proto__init(m);
	m->has_ir_version = 1;
	m->ir_version = 7;
	m->n_opset_import = 1;
	m->opset_import = ARENA_ARRAY(a, Onnx__OperatorSetIdProto *, 1);
	onnx__operator_set_id_proto__init(m->opset_import[0] = ARENA_NEW(a, Onnx__OperatorSetIdProto));
	m->opset_import[0]->has_version = 1;
	m->opset_import[0]->version = 13;
	onnx__graph_proto__init(m->graph = ARENA_NEW(a, Onnx__GraphProto));
	m->graph->input = ARENA_ARRAY(a, Onnx__ValueInfoProto *, MOST);
	m->graph->output = ARENA_ARRAY(a, Onnx__ValueInfoProto *, MOST);
	m->graph->initializer = ARENA_ARRAY(a, Onnx__TensorProto *, MOST);
	m->graph->node = ARENA_ARRAY(a, Onnx__NodeProto *, MOST);
	return m;
}

unsigned char *
onnx_text(struct arena *a, const char *text, size_t *size)
{
	Onnx__ModelProto *m = new_model(a);

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "\n"), n = 0;
		char *line = arena_strndup(a, p, len), *words[MOST], *save;

		for (char *w = strtok_r(line, " ", &save); w && n < MOST; w = strtok_r(NULL, " ", &save))
			words[n++] = w;
		if (n)
			statement(a, m, words, n);
		p += len + (p[len] == '\n');
	}
	*size = onnx__model_proto__get_packed_size(m);
	unsigned char *bytes = arena_alloc(a, *size);
	onnx__model_proto__pack(m, bytes);
	return bytes;
}
