/* The messages that a model is made of, and the names in it. */
#include <config.h>
#include <string.h>
#include "export/onnx.h"

const char *
export_name(struct export *x, const char *base)
{
	name text = intern(x->graph->names, base);

	for (int i = 2; map_get(x->taken, text); i++)
		text = intern_printf(x->graph->names, "%s_%d", base, i);
	map_put(x->taken, text, x);
	return text;
}

const char *
export_beside(struct export *x, const struct node *n, const char *word)
{
	return arena_printf(x->arena, "%s_%s", n->name, word);
}

/* ---- nodes ---- */

Onnx__NodeProto *
export_node(struct export *x, const char *op, const char *node, const char *const *in, int nin, const char *out)
{
	Onnx__NodeProto *p = ARENA_NEW(x->arena, Onnx__NodeProto);

	onnx__node_proto__init(p);
	p->op_type = (char *)op;
	p->name = (char *)node;
	p->n_input = (size_t)nin;
	p->input = ARENA_ARRAY(x->arena, char *, (size_t)nin);
	for (int i = 0; i < nin; i++)
		p->input[i] = (char *)in[i];
	p->n_output = 1;
	p->output = ARENA_NEW(x->arena, char *);
	p->output[0] = (char *)out;
	ARRAY_PUSH(x->arena, x->nodes, p);
	return p;
}

const char *
export_helper(struct export *x, const char *op, const char *const *in, int nin, const char *base, Onnx__NodeProto **node)
{
	const char *out = export_name(x, base);

	*node = export_node(x, op, export_name(x, arena_printf(x->arena, "%s_%s", out, op)), in, nin, out);
	return out;
}

/* ---- attributes ---- */

static Onnx__AttributeProto *
attribute(struct export *x, Onnx__NodeProto *p, const char *key, Onnx__AttributeProto__AttributeType type)
{
	Onnx__AttributeProto *a = ARENA_NEW(x->arena, Onnx__AttributeProto);
	Onnx__AttributeProto **list = ARENA_ARRAY(x->arena, Onnx__AttributeProto *, p->n_attribute + 1);

	onnx__attribute_proto__init(a);
	a->name = (char *)key;
	a->has_type = true;
	a->type = type;
	for (size_t i = 0; i < p->n_attribute; i++)
		list[i] = p->attribute[i];
	list[p->n_attribute++] = a;
	p->attribute = list;
	return a;
}

void
export_int(struct export *x, Onnx__NodeProto *p, const char *key, int64_t v)
{
	Onnx__AttributeProto *a = attribute(x, p, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

	a->has_i = true;
	a->i = v;
}

void
export_ints(struct export *x, Onnx__NodeProto *p, const char *key, const int64_t *v, int n)
{
	Onnx__AttributeProto *a = attribute(x, p, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

	a->n_ints = (size_t)n;
	a->ints = ARENA_ARRAY(x->arena, int64_t, (size_t)n);
	memcpy(a->ints, v, (size_t)n * sizeof *v);
}

void
export_float(struct export *x, Onnx__NodeProto *p, const char *key, float v)
{
	Onnx__AttributeProto *a = attribute(x, p, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

	a->has_f = true;
	a->f = v;
}

void
export_text(struct export *x, Onnx__NodeProto *p, const char *key, const char *v)
{
	Onnx__AttributeProto *a = attribute(x, p, key, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

	a->has_s = true;
	a->s = (ProtobufCBinaryData){ strlen(v), (uint8_t *)arena_strdup(x->arena, v) };
}

/* ---- constants ---- */

/* BYTES at DATA as a constant of TYPE. */
static const char *
constant(struct export *x, const char *base, Onnx__TensorProto__DataType type, int rank, const int64_t *dim, const void *data, size_t bytes)
{
	Onnx__TensorProto *p = ARENA_NEW(x->arena, Onnx__TensorProto);

	onnx__tensor_proto__init(p);
	p->name = (char *)export_name(x, base);
	p->has_data_type = true;
	p->data_type = (int32_t)type;
	p->n_dims = (size_t)rank;
	p->dims = ARENA_ARRAY(x->arena, int64_t, (size_t)rank);
	for (int i = 0; i < rank; i++)
		p->dims[i] = dim[i];
	p->has_raw_data = true;
	p->raw_data = (ProtobufCBinaryData){ bytes, (uint8_t *)data };
	ARRAY_PUSH(x->arena, x->initializers, p);
	return p->name;
}

static Onnx__TensorProto__DataType
onnx_type(enum dtype t)
{
	static const Onnx__TensorProto__DataType types[DT_COUNT] = {
		[DT_F32] = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, [DT_I8] = ONNX__TENSOR_PROTO__DATA_TYPE__INT8,
		[DT_I16] = ONNX__TENSOR_PROTO__DATA_TYPE__INT16, [DT_I32] = ONNX__TENSOR_PROTO__DATA_TYPE__INT32,
	};

	return types[t];
}

const char *
export_constant(struct export *x, const char *base, enum dtype t, int rank, const int64_t *dim, const void *data)
{
	size_t bytes = (size_t)dtype_info[t].bytes;

	for (int i = 0; i < rank; i++)
		bytes *= (size_t)dim[i];
	return constant(x, base, onnx_type(t), rank, dim, data, bytes);
}

const char *
export_list(struct export *x, const char *base, const int64_t *v, int n)
{
	int64_t *data = ARENA_ARRAY(x->arena, int64_t, (size_t)n);

	memcpy(data, v, (size_t)n * sizeof *v);
	return constant(x, base, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, 1, &(int64_t){ n }, data, (size_t)n * sizeof *v);
}

const char *
export_number(struct export *x, const char *base, float v)
{
	float *data = ARENA_NEW(x->arena, float);

	*data = v;
	return export_constant(x, base, DT_F32, 0, NULL, data);
}

/* ---- types ---- */

/* What the format calls the dimensions of an image; of others it has a word for the batch. */
static const char *
denotation(enum layout layout, int d)
{
	static const char *const words[LAYOUTS][4] = {
		[PLAIN] = { "DATA_BATCH" }, [IMAGE] = { "DATA_BATCH", "DATA_CHANNEL", "DATA_FEATURE", "DATA_FEATURE" },
	};

	return d < 4 ? words[layout][d] : NULL;
}

Onnx__ValueInfoProto *
export_info(struct export *x, const char *value, const struct tensor *t, enum layout layout)
{
	int64_t dim[DIMS_MAX];
	int rank = export_dims(t, layout, dim);
	Onnx__ValueInfoProto *p = ARENA_NEW(x->arena, Onnx__ValueInfoProto);
	Onnx__TypeProto *type = ARENA_NEW(x->arena, Onnx__TypeProto);
	Onnx__TypeProto__Tensor *tensor = ARENA_NEW(x->arena, Onnx__TypeProto__Tensor);
	Onnx__TensorShapeProto *shape = ARENA_NEW(x->arena, Onnx__TensorShapeProto);

	onnx__tensor_shape_proto__init(shape);
	shape->n_dim = (size_t)rank;
	shape->dim = ARENA_ARRAY(x->arena, Onnx__TensorShapeProto__Dimension *, (size_t)rank);
	for (int i = 0; i < rank; i++) {
		shape->dim[i] = ARENA_NEW(x->arena, Onnx__TensorShapeProto__Dimension);
		onnx__tensor_shape_proto__dimension__init(shape->dim[i]);
		shape->dim[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		shape->dim[i]->dim_value = dim[i];
		shape->dim[i]->denotation = (char *)denotation(layout, i);
	}
	onnx__type_proto__tensor__init(tensor);
	tensor->has_elem_type = true;
	tensor->elem_type = (int32_t)onnx_type(t->dtype);
	tensor->shape = shape;
	onnx__type_proto__init(type);
	type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	type->tensor_type = tensor;
	onnx__value_info_proto__init(p);
	p->name = (char *)value;
	p->type = type;
	return p;
}
