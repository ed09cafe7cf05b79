/* What moves elements: values side by side, parts of them, other shapes, images of another size. */
#include <config.h>
#include "export/onnx.h"
#include "ir/quant.h"

void
export_concat(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_usual(n->out);
	const char **in = ARENA_ARRAY(x->arena, const char *, (size_t)n->nin);

	for (int k = 0; k < n->nin; k++)
		in[k] = export_floats(x, n->in[k], layout);
	export_int(x, export_layer(x, n, op, layout, in, n->nin), "axis", export_axis(layout, n->attr.axis));
}

void
export_pad(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_usual(n->out);
	const struct attrs *a = &n->attr;
	const struct quant *q = &n->out->quant;
	int rank = n->out->shape.rank;
	int64_t pads[2 * DIMS_MAX] = { 0 };
	float value = a->value;

	for (int d = 0; d < rank; d++) {
		pads[export_axis(layout, d)] = a->before.v[d];
		pads[rank + 1 + export_axis(layout, d)] = a->after.v[d];
	}
	if (n->out->dtype == DT_I8) /* what the quantised value stands for */
		value = q->scale[0] * (float)(value_quantise(value, q, DT_I8) - q->zero);
	export_layer(x, n, op, layout, (const char *[]){ export_floats(x, n->in[0], layout),
		export_list(x, export_beside(x, n, "pads"), pads, 2 * (rank + 1)), export_number(x, export_beside(x, n, "value"), value) }, 3);
}

void
export_slice(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_usual(n->out);
	const struct attrs *a = &n->attr;
	int rank = n->out->shape.rank;
	int64_t starts[RANK_MAX], ends[RANK_MAX], axes[RANK_MAX], steps[RANK_MAX];

	for (int d = 0; d < rank; d++) {
		axes[d] = export_axis(layout, d);
		starts[d] = a->begin.v[d];
		steps[d] = a->steps.v[d];
		ends[d] = starts[d] + (a->size.v[d] - 1) * steps[d] + 1;
	}
	export_layer(x, n, op, layout, (const char *[]){ export_floats(x, n->in[0], layout), export_list(x, export_beside(x, n, "starts"), starts, rank),
		export_list(x, export_beside(x, n, "ends"), ends, rank), export_list(x, export_beside(x, n, "axes"), axes, rank),
		export_list(x, export_beside(x, n, "steps"), steps, rank) }, 5);
}

/* reshape and flatten. */
void
export_reshape(struct export *x, const struct node *n, const char *op)
{
	const char *in[2] = { export_in_order(x, n->in[0]), NULL };
	int64_t dim[DIMS_MAX];
	int rank = export_dims(n->out, PLAIN, dim);

	if (n->op == OP_RESHAPE)
		in[1] = export_list(x, export_beside(x, n, "shape"), dim, rank);
	export_layer(x, n, op, PLAIN, in, n->op == OP_RESHAPE ? 2 : 1);
}

void
export_transpose(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]) == IMAGE ? IMAGE : PLAIN;
	const char *in = export_floats(x, n->in[0], layout);
	int64_t perm[DIMS_MAX] = { 0 };

	for (int d = 0; d < n->attr.perm.n; d++)
		perm[d + 1] = export_axis(layout, n->attr.perm.v[d]);
	export_ints(x, export_layer(x, n, op, PLAIN, &in, 1), "perm", perm, n->attr.perm.n + 1);
}

/* The channels as [groups, channels / groups] with these two exchanged. */
void
export_shuffle(struct export *x, const struct node *n, const char *op)
{
	static const int64_t perm[] = { 0, 2, 1, 3, 4 };
	enum layout layout = export_channels(n->in[0]);
	int64_t dim[DIMS_MAX], split[DIMS_MAX];
	int rank = export_dims(n->in[0], layout, dim);
	const char *value = export_floats(x, n->in[0], layout);

	split[0] = dim[0];
	split[1] = n->attr.groups;
	split[2] = dim[1] / n->attr.groups;
	for (int i = 2; i < rank; i++)
		split[i + 1] = dim[i];
	value = export_reshaped(x, value, export_beside(x, n, "groups"), split, rank + 1);
	value = export_transposed(x, value, export_beside(x, n, "exchanged"), perm, rank + 1);
	export_layer(x, n, op, layout, (const char *[]){ value, export_list(x, export_beside(x, n, "shape"), dim, rank) }, 2);
}

void
export_resize(struct export *x, const struct node *n, const char *op)
{
	const struct attrs *a = &n->attr;
	bool nearest = a->mode == MODE_NEAREST;
	int64_t dim[DIMS_MAX];
	int rank = export_dims(n->out, IMAGE, dim);
	Onnx__NodeProto *p = export_layer(x, n, op, IMAGE, (const char *[]){ export_floats(x, n->in[0], IMAGE), "", "",
		export_list(x, export_beside(x, n, "sizes"), dim, rank) }, 4);

	export_text(x, p, "mode", nearest ? "nearest" : "linear");
	export_text(x, p, "coordinate_transformation_mode", a->align_corners ? "align_corners" : a->half_pixel ? "half_pixel" : "asymmetric");
	/* The cell that half_pixel falls into, floor(x + 1/2) of ONNX's x, is the one that align_corners rounds to. */
	if (nearest)
		export_text(x, p, "nearest_mode", a->align_corners || a->half_pixel ? "round_prefer_ceil" : "floor");
}
