/* How the values of the network lie in the model: in which order of dimensions, and as integers or floats.
 *
 * An i8 tensor is an int8 value that QuantizeLinear makes, and operators read what DequantizeLinear gives of it.  Other layouts are made
 * of the floats, so that each int8 value is read with its scale. */
#include <config.h>
#include <string.h>
#include "export/onnx.h"

/* ---- layouts ---- */

int
export_axis(enum layout layout, int d)
{
	static const int image[] = { 2, 3, 1 };

	return layout == IMAGE ? image[d] : d + 1;
}

int
export_dims(const struct tensor *t, enum layout layout, int64_t dim[DIMS_MAX])
{
	int rank = t->shape.rank;

	if (layout == ROWS) {
		dim[1] = t->shape.dim[rank - 1];
		dim[0] = tensor_count(t) / dim[1];
		return 2;
	}
	dim[0] = 1;
	for (int d = 0; d < rank; d++)
		dim[export_axis(layout, d)] = t->shape.dim[d];
	return rank + 1;
}

/* Whether the elements of T, an image, have the same order in IMAGE and PLAIN. */
static bool
same_order(const struct tensor *t)
{
	return t->shape.dim[2] == 1 || (t->shape.dim[0] == 1 && t->shape.dim[1] == 1);
}

const char *
export_reshaped(struct export *x, const char *value, const char *base, const int64_t *dim, int n)
{
	const char *shape = export_list(x, arena_printf(x->arena, "%s_shape", base), dim, n);
	Onnx__NodeProto *p;

	return export_helper(x, "Reshape", (const char *[]){ value, shape }, 2, base, &p);
}

const char *
export_transposed(struct export *x, const char *value, const char *base, const int64_t *perm, int n)
{
	Onnx__NodeProto *p;
	const char *out = export_helper(x, "Transpose", &value, 1, base, &p);

	export_ints(x, p, "perm", perm, n);
	return out;
}

/* T in the layout TO, made of another one in AT, where the names of its values are. */
static const char *
convert(struct export *x, const struct tensor *t, const char **at, enum layout to)
{
	static const char *const words[] = { [PLAIN] = "nhwc", [IMAGE] = "nchw", [ROWS] = "rows" };
	static const int64_t to_image[] = { 0, 3, 1, 2 }, from_image[] = { 0, 2, 3, 1 };
	enum layout from = PLAIN;
	int64_t dim[DIMS_MAX];

	if (at[to])
		return at[to];
	if (to != PLAIN)
		convert(x, t, at, PLAIN);
	else
		from = at[IMAGE] ? IMAGE : ROWS;
	const char *base = arena_printf(x->arena, "%s_%s", at[from], words[to]);
	if ((from == IMAGE || to == IMAGE) && !same_order(t))
		at[to] = export_transposed(x, at[from], base, to == IMAGE ? to_image : from_image, 4);
	else
		at[to] = export_reshaped(x, at[from], base, dim, export_dims(t, to, dim));
	return at[to];
}

/* ---- integers and floats ---- */

const char *
export_scaled(struct export *x, const char *value, enum dtype dtype, const char *base, const float *scale, int count, int axis)
{
	const char *in[3] = { value, NULL, NULL };
	int64_t dim[1] = { count };
	Onnx__NodeProto *p;

	in[1] = export_constant(x, arena_printf(x->arena, "%s_scale", base), DT_F32, count > 1, dim, scale);
	if (dtype == DT_I8)
		in[2] = export_constant(x, arena_printf(x->arena, "%s_zero_point", base), DT_I8, count > 1, dim,
			arena_alloc(x->arena, (size_t)count));
	const char *out = export_helper(x, "DequantizeLinear", in, dtype == DT_I8 ? 3 : 2, base, &p);
	if (count > 1)
		export_int(x, p, "axis", axis);
	return out;
}

/* Makes the constants of T's scale and zero point. */
static struct export_value *
with_scale(struct export *x, const struct tensor *t)
{
	struct export_value *v = &x->values[t->id];
	int8_t *zero;

	if (v->scale)
		return v;
	zero = ARENA_NEW(x->arena, int8_t);
	*zero = (int8_t)t->quant.zero;
	v->scale = export_constant(x, arena_printf(x->arena, "%s_scale", t->name), DT_F32, 0, NULL, t->quant.scale);
	v->zero = export_constant(x, arena_printf(x->arena, "%s_zero_point", t->name), DT_I8, 0, NULL, zero);
	return v;
}

/* The names of T's values as floats, of which there is one at least. */
static const char **
floats(struct export *x, const struct tensor *t)
{
	struct export_value *v = &x->values[t->id];
	Onnx__NodeProto *p;

	if (t->dtype == DT_F32)
		return v->own;
	for (int i = 0; i < LAYOUTS; i++)
		if (v->floats[i])
			return v->floats;
	for (int i = 0; i < LAYOUTS; i++)
		if (v->own[i]) {
			with_scale(x, t);
			v->floats[i] = export_helper(x, "DequantizeLinear", (const char *[]){ v->own[i], v->scale, v->zero }, 3,
				arena_printf(x->arena, "%s_dequantized", t->name), &p);
			return v->floats;
		}
	die("'%s' is read before it is computed", t->name);
}

enum layout
export_at_hand(struct export *x, const struct tensor *t)
{
	const char **at = floats(x, t);

	return at[IMAGE] ? IMAGE : at[PLAIN] ? PLAIN : ROWS;
}

const char *
export_own(struct export *x, const struct tensor *t, enum layout layout)
{
	return convert(x, t, x->values[t->id].own, layout);
}

const char *
export_floats(struct export *x, const struct tensor *t, enum layout layout)
{
	return convert(x, t, floats(x, t), layout);
}

const char *
export_in_order(struct export *x, const struct tensor *t)
{
	const char **at = floats(x, t);

	return !at[PLAIN] && at[IMAGE] && same_order(t) ? at[IMAGE] : convert(x, t, at, PLAIN);
}

/* ---- constants ---- */

/* T's elements with the dimensions ORDER, of the sizes DIM. */
static const void *
arranged(struct export *x, const struct tensor *t, const int *order, int rank, int64_t *dim)
{
	int64_t step[DIMS_MAX], index[DIMS_MAX] = { 0 }, stride[RANK_MAX], all = 1, count = tensor_count(t), at = 0;
	size_t bytes = (size_t)dtype_info[t->dtype].bytes;
	bool moved = false;

	for (int d = t->shape.rank - 1; d >= 0; d--) {
		stride[d] = all;
		all *= t->shape.dim[d];
	}
	for (int i = 0, last = -1; i < rank; i++) {
		dim[i] = order[i] < 0 ? 1 : t->shape.dim[order[i]];
		step[i] = order[i] < 0 ? 0 : stride[order[i]];
		moved |= order[i] >= 0 && order[i] < last;
		last = order[i] < 0 ? last : order[i];
	}
	if (!moved)
		return t->data;
	unsigned char *to = arena_array(x->arena, (size_t)count, bytes);
	for (int64_t k = 0; k < count; k++) {
		memcpy(to + (size_t)k * bytes, (const unsigned char *)t->data + (size_t)at * bytes, bytes);
		for (int i = rank - 1; i >= 0; i--) {
			at += step[i];
			if (++index[i] < dim[i])
				break;
			at -= step[i] * dim[i];
			index[i] = 0;
		}
	}
	return to;
}

const char *
export_weights(struct export *x, const struct tensor *t, const int *order, int rank, int axis)
{
	const char *key = arena_printf(x->arena, "%d", t->id), *value;
	int64_t dim[DIMS_MAX];

	for (int i = 0; i < rank; i++)
		key = arena_printf(x->arena, "%s,%d", key, order[i]);
	name which = intern(x->graph->names, key);
	if ((value = map_get(x->constants, which)))
		return value;
	const void *data = arranged(x, t, order, rank, dim);
	if (t->dtype == DT_F32) {
		value = export_constant(x, t->name, DT_F32, rank, dim, data);
	} else {
		value = export_constant(x, arena_printf(x->arena, "%s_quantized", t->name), t->dtype, rank, dim, data);
		value = export_scaled(x, value, t->dtype, t->name, t->quant.scale, t->quant.count, axis);
	}
	map_put(x->constants, which, (char *)value);
	return value;
}

/* ---- results ---- */

/* What the result of a layer is called in LAYOUT: as the layer, unless an output that is another value has that name. */
static const char *
result_name(struct export *x, const struct tensor *t, enum layout layout)
{
	const struct graph *g = x->graph;

	for (size_t i = 0; i < g->output_names.n; i++)
		if (g->output_names.v[i] == t->name && (g->outputs.v[i] != t || layout != export_usual(t)))
			return export_name(x, t->name);
	return t->name;
}

/* VALUE is T in LAYOUT. */
static void
set_result(struct export *x, const struct tensor *t, enum layout layout, const char *value)
{
	x->values[t->id].own[layout] = value;
	ARRAY_PUSH(x->arena, x->infos, export_info(x, value, t, layout));
}

Onnx__NodeProto *
export_layer(struct export *x, const struct node *n, const char *op, enum layout layout, const char *const *in, int nin)
{
	const struct tensor *t = n->out;
	const char *value = result_name(x, t, layout);
	Onnx__NodeProto *p;

	if (t->dtype == DT_F32) {
		p = export_node(x, op, n->name, in, nin, value);
	} else {
		const struct export_value *v = with_scale(x, t);
		const char *real = export_name(x, arena_printf(x->arena, "%s_f32", t->name));

		p = export_node(x, op, n->name, in, nin, real);
		export_node(x, "QuantizeLinear", export_name(x, arena_printf(x->arena, "%s_QuantizeLinear", t->name)),
			(const char *[]){ real, v->scale, v->zero }, 3, value);
	}
	set_result(x, t, layout, value);
	return p;
}

void
export_quantize(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]);
	const char *value = result_name(x, n->out, layout);
	const struct export_value *v = with_scale(x, n->out);

	export_node(x, op, n->name, (const char *[]){ export_floats(x, n->in[0], layout), v->scale, v->zero }, 3, value);
	set_result(x, n->out, layout, value);
}

/* A layout in which T's elements are there as they are. */
static enum layout
own_layout(const struct export *x, const struct tensor *t)
{
	enum layout layout = PLAIN;

	while (!x->values[t->id].own[layout])
		layout++;
	return layout;
}

void
export_dequantize(struct export *x, const struct node *n, const char *op)
{
	const struct export_value *v = with_scale(x, n->in[0]);
	enum layout layout = own_layout(x, n->in[0]);

	export_layer(x, n, op, layout, (const char *[]){ v->own[layout], v->scale, v->zero }, 3);
}

/* Of the integers: nothing is to be quantised. */
void
export_copy(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = own_layout(x, n->in[0]);
	const char *value = result_name(x, n->out, layout);

	export_node(x, op, n->name, &x->values[n->in[0]->id].own[layout], 1, value);
	set_result(x, n->out, layout, value);
}
