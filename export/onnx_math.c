/* Arithmetic, activations, and what works along dimensions. */
#include <config.h>
#include "export/onnx.h"

/* ---- one operand ---- */

void
export_unary(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]);
	const char *in = export_floats(x, n->in[0], layout);

	export_layer(x, n, op, layout, &in, 1);
}

void
export_clip(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]);
	bool six = n->op == OP_RELU6;
	const char *lo = export_number(x, export_beside(x, n, "min"), six ? 0 : n->attr.lo), *hi = export_number(x, export_beside(x, n, "max"), six ? 6 : n->attr.hi);

	export_layer(x, n, op, layout, (const char *[]){ export_floats(x, n->in[0], layout), lo, hi }, 3);
}

void
export_leaky_relu(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]);
	const char *in = export_floats(x, n->in[0], layout);

	export_float(x, export_layer(x, n, op, layout, &in, 1), "alpha", n->attr.alpha);
}

/* ---- two operands ---- */

/* T, of fewer dimensions than an image, beside one: [w, c] as [1, c, 1, w]. */
static const char *
beside_image(struct export *x, const struct tensor *t)
{
	static const int64_t perm[] = { 0, 3, 1, 2 };
	int rank = t->shape.rank;
	int64_t channels = rank ? t->shape.dim[rank - 1] : 1, width = rank > 1 ? t->shape.dim[0] : 1;
	const char *value = export_in_order(x, t), *base = arena_printf(x->arena, "%s_nchw", value);

	if (width == 1)
		return export_reshaped(x, value, base, (const int64_t[]){ 1, channels, 1, 1 }, 4);
	value = export_reshaped(x, value, base, (const int64_t[]){ 1, 1, width, channels }, 4);
	return export_transposed(x, value, base, perm, 4);
}

/* T as an operand of a result in LAYOUT.  Outside of images dimensions are aligned at the last in ONNX, too. */
static const char *
operand(struct export *x, const struct tensor *t, enum layout layout)
{
	int rank = t->shape.rank, image[] = { -1, rank - 1, rank - 3, rank - 2 };
	static const int plain[] = { 0, 1, 2, 3, 4, 5 };

	for (int i = 0; i < 4; i++)
		image[i] = image[i] < 0 ? -1 : image[i];
	if (t->data)
		return layout == IMAGE && rank ? export_weights(x, t, image, 4, 0) : export_weights(x, t, plain, rank, 0);
	return layout == IMAGE && rank < 3 ? beside_image(x, t) : export_floats(x, t, layout);
}

void
export_binary(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_usual(n->out);
	const char *a = operand(x, n->in[0], layout), *b = operand(x, n->in[1], layout);

	export_layer(x, n, op, layout, (const char *[]){ a, b }, 2);
}

/* ---- along dimensions ---- */

void
export_softmax(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_at_hand(x, n->in[0]);
	const char *in = export_floats(x, n->in[0], layout);
	Onnx__NodeProto *p;

	if (n->op == OP_SOFTMAX && n->attr.beta != 1)
		in = export_helper(x, "Mul", (const char *[]){ in, export_number(x, export_beside(x, n, "beta"), n->attr.beta) }, 2, export_beside(x, n, "scaled"), &p);
	export_int(x, export_layer(x, n, op, layout, &in, 1), "axis", layout == IMAGE ? 1 : -1);
}

void
export_lrn(struct export *x, const struct node *n, const char *op)
{
	enum layout layout = export_channels(n->in[0]);
	const char *in = export_floats(x, n->in[0], layout), *out;
	int64_t dim[DIMS_MAX];
	Onnx__NodeProto *p;

	if (layout == IMAGE) {
		p = export_layer(x, n, op, layout, &in, 1);
	} else { /* images of one cell */
		export_dims(n->in[0], export_rows(n->in[0]), dim);
		in = export_reshaped(x, in, export_beside(x, n, "image"), (const int64_t[]){ dim[0], dim[1], 1, 1 }, 4);
		out = export_helper(x, op, &in, 1, export_beside(x, n, "cells"), &p);
		export_layer(x, n, "Reshape", layout, (const char *[]){ out, export_list(x, export_beside(x, n, "shape"), dim, 2) }, 2);
	}
	export_int(x, p, "size", n->attr.window);
	export_float(x, p, "alpha", n->attr.alpha);
	export_float(x, p, "beta", n->attr.beta);
	export_float(x, p, "bias", n->attr.offset);
}

/* Whether what is left of an image without the dimensions REDUCED has its dimensions in the graph's order. */
static bool
reduces_in_order(const bool *reduced, bool keep)
{
	return keep || reduced[2] || (reduced[0] && reduced[1]);
}

void
export_mean(struct export *x, const struct node *n, const char *op)
{
	const struct attrs *a = &n->attr;
	enum layout layout = export_at_hand(x, n->in[0]) == IMAGE ? IMAGE : PLAIN;
	bool reduced[RANK_MAX] = { false };
	int64_t axes[RANK_MAX];

	for (int i = 0; i < a->axes.n; i++)
		reduced[a->axes.v[i]] = true;
	if (layout == IMAGE && !reduces_in_order(reduced, a->keep))
		layout = PLAIN;
	for (int i = 0; i < a->axes.n; i++)
		axes[i] = export_axis(layout, a->axes.v[i]);
	const char *in = export_floats(x, n->in[0], layout);
	Onnx__NodeProto *p = export_layer(x, n, op, a->keep ? layout : PLAIN, &in, 1);
	export_ints(x, p, "axes", axes, a->axes.n);
	export_int(x, p, "keepdims", a->keep);
}
