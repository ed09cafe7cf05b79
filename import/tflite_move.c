/* What moves elements.  The model counts dimensions with the batch, the graph without it: a translation first forms its
 * attributes for all dimensions and leaves the batch's out where it is left alone; else it works on the whole shape. */
#include <config.h>
#include <string.h>
#include "import/tflite.h"

/* Input K with all its dimensions, the batch included. */
static struct tensor *
whole(struct tfl *t, const struct tfl_op *op, int k)
{
	struct tensor *x = tfl_input(t, op, k, "x");

	return tfl_view(t, op, x, "whole", &op->in[k]->shape);
}

static void
drop_first(struct ints *v)
{
	v->n--;
	memmove(v->v, v->v + 1, (size_t)v->n * sizeof *v->v);
}

/* ---- other dimensions ---- */

/* Input 0 with the dimensions SHAPE is output 0. */
static bool
view(struct tfl *t, const struct tfl_op *op, const struct shape *shape)
{
	struct shape in_graph = tfl_shape(shape);
	struct tensor *x = tfl_input(t, op, 0, "x");

	x = tfl_view(t, op, x, NULL, &in_graph);
	return x && tfl_result(t, op, 0, x, shape);
}

/* The dimensions that a RESHAPE asks for, one -1 of them filled in. */
static bool
reshape_dims(struct tfl *t, const struct tfl_op *op, struct shape *shape)
{
	struct ints list;
	int64_t dim[RANK_MAX], known = 1, count = shape_count(&op->in[0]->shape);
	int hole = -1;

	if (op->nin > 1 && op->in[1]) {
		if (!tfl_list_of(t, op, 1, &list))
			return false;
	} else {
		tfl_option_list(t, op, OPT_RESHAPE_SHAPE, &list);
	}
	for (int i = 0; i < list.n; i++) {
		dim[i] = list.v[i];
		if (dim[i] == -1 && hole < 0)
			hole = i;
		else if (dim[i] < 0 || __builtin_mul_overflow(known, dim[i], &known))
			return tfl_error(t, op, "dimension %d of its new shape is %lld", i, (long long)dim[i]);
	}
	if (hole >= 0)
		dim[hole] = known > 0 ? count / known : 0;
	if (!tfl_make_shape(t, op, dim, list.n, shape))
		return false;
	if (shape_count(shape) == count)
		return true;
	return tfl_error(t, op, "%lld elements cannot become %lld", (long long)count, (long long)shape_count(shape));
}

static bool
squeezed_dims(struct tfl *t, const struct tfl_op *op, struct shape *shape)
{
	const struct shape *in = &op->in[0]->shape;
	bool drop[RANK_MAX];
	struct ints list;
	bool listed = tfl_option_list(t, op, OPT_SQUEEZE_DIMS, &list);

	for (int i = 0; i < in->rank; i++)
		drop[i] = !listed && in->dim[i] == 1;
	for (int i = 0; i < list.n; i++) {
		int axis = tfl_axis(t, op, list.v[i], in->rank);
		if (axis < 0)
			return false;
		if (in->dim[axis] != 1)
			return tfl_error(t, op, "dimension %d, which is to go, is %d", axis, in->dim[axis]);
		drop[axis] = true;
	}
	*shape = (struct shape){ 0 };
	for (int i = 0; i < in->rank; i++)
		if (!drop[i])
			shape->dim[shape->rank++] = in->dim[i];
	return true;
}

static bool
expanded_dims(struct tfl *t, const struct tfl_op *op, struct shape *shape)
{
	const struct shape *in = &op->in[0]->shape;
	int64_t dim[RANK_MAX + 1];
	struct ints list;

	if (!tfl_list_of(t, op, 1, &list))
		return false;
	int axis = list.n == 1 ? tfl_axis(t, op, list.v[0], in->rank + 1) : -1;
	if (axis < 0)
		return list.n == 1 ? false : tfl_error(t, op, "its axis is %d values", list.n);
	for (int i = 0, k = 0; i <= in->rank; i++)
		dim[i] = i == axis ? 1 : in->dim[k++];
	return tfl_make_shape(t, op, dim, in->rank + 1, shape);
}

bool
tfl_reshape(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return reshape_dims(t, op, &shape) && view(t, op, &shape);
}

bool
tfl_squeeze(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return squeezed_dims(t, op, &shape) && view(t, op, &shape);
}

bool
tfl_expand_dims(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return expanded_dims(t, op, &shape) && view(t, op, &shape);
}

/* The same of integers: they stay, their dimensions change. */
static bool
ints_as(struct tfl *t, const struct tfl_op *op, const struct shape *shape)
{
	int64_t n;
	const int64_t *v = tfl_ints_of(t, op, 0, &n);

	return v && tfl_result_ints(t, op, 0, v, shape);
}

bool
tfl_ints_reshape(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return reshape_dims(t, op, &shape) && ints_as(t, op, &shape);
}

bool
tfl_ints_squeeze(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return squeezed_dims(t, op, &shape) && ints_as(t, op, &shape);
}

bool
tfl_ints_expand_dims(struct tfl *t, struct tfl_op *op)
{
	struct shape shape;

	return expanded_dims(t, op, &shape) && ints_as(t, op, &shape);
}

/* ---- transpose ---- */

/* Whether PERM leaves the order of the dimensions that are not 1. */
static bool
keeps_order(const struct shape *in, const struct ints *perm)
{
	int last = -1;

	for (int i = 0; i < perm->n; i++) {
		if (in->dim[perm->v[i]] == 1)
			continue;
		if (perm->v[i] < last)
			return false;
		last = perm->v[i];
	}
	return true;
}

static bool
is_permutation(const struct ints *perm, int rank)
{
	bool used[RANK_MAX] = { false };

	if (perm->n != rank)
		return false;
	for (int i = 0; i < rank; i++) {
		if (perm->v[i] < 0 || perm->v[i] >= rank || used[perm->v[i]])
			return false;
		used[perm->v[i]] = true;
	}
	return true;
}

/* The node of a transpose of X, whose first dimension may be left out of PERM. */
static struct tensor *
transpose(struct tfl *t, const struct tfl_op *op, struct tensor *x, const struct ints *perm)
{
	struct attrs a;

	attrs_init(&a);
	a.perm = *perm;
	return tfl_node(t, op, OP_TRANSPOSE, NULL, &x, 1, &a);
}

bool
tfl_transpose(struct tfl *t, struct tfl_op *op)
{
	const struct shape *in = &op->in[0]->shape;
	struct shape shape = { .rank = in->rank };
	struct ints perm;

	if (!tfl_list_of(t, op, 1, &perm))
		return false;
	for (int i = 0; i < perm.n; i++)
		if (perm.v[i] < 0)
			perm.v[i] += in->rank;
	if (!is_permutation(&perm, in->rank))
		return tfl_error(t, op, "its permutation is none of its input's %d dimensions", in->rank);
	for (int i = 0; i < perm.n; i++)
		shape.dim[i] = in->dim[perm.v[i]];
	if (keeps_order(in, &perm))
		return view(t, op, &shape);
	bool drop = tfl_batched(in) && perm.v[0] == 0;
	struct tensor *x = drop ? tfl_input(t, op, 0, "x") : whole(t, op, 0);
	if (drop) {
		drop_first(&perm);
		for (int i = 0; i < perm.n; i++)
			perm.v[i]--;
	}
	return tfl_result(t, op, 0, transpose(t, op, x, &perm), &shape);
}

/* X as BEFORE, transposed by PERM, as the image AFTER is output 0. */
static bool
shuffle(struct tfl *t, const struct tfl_op *op, struct tensor *x, const struct shape *before, const struct ints *perm,
	const struct shape *after)
{
	x = transpose(t, op, tfl_view(t, op, x, "cells", before), perm);
	return tfl_result_image(t, op, tfl_view(t, op, x, "image", after));
}

/* [h, w, b * b * c] -> [h * b, w * b, c] */
bool
tfl_depth_to_space(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_image(t, op, 0);
	int64_t b = tfl_option(t, op, OPT_DEPTH_TO_SPACE_BLOCK);
	struct shape before, after;

	if (!x)
		return false;
	int64_t h = x->shape.dim[0], w = x->shape.dim[1], c = x->shape.dim[2];
	if (b < 1 || c % (b * b))
		return tfl_error(t, op, "%lld channels do not divide into blocks of %lldx%lld", (long long)c, (long long)b, (long long)b);
	c /= b * b;
	return tfl_make_shape(t, op, (int64_t[]){ h, w, b, b, c }, 5, &before)
		&& tfl_make_shape(t, op, (int64_t[]){ h * b, w * b, c }, 3, &after)
		&& shuffle(t, op, x, &before, &(struct ints){ 5, { 0, 2, 1, 3, 4 } }, &after);
}

/* [h * b, w * b, c] -> [h, w, b * b * c] */
bool
tfl_space_to_depth(struct tfl *t, struct tfl_op *op)
{
	struct tensor *x = tfl_image(t, op, 0);
	int64_t b = tfl_option(t, op, OPT_SPACE_TO_DEPTH_BLOCK);
	struct shape before, after;

	if (!x)
		return false;
	int64_t h = x->shape.dim[0], w = x->shape.dim[1], c = x->shape.dim[2];
	if (b < 1 || h % b || w % b)
		return tfl_error(t, op, "%lldx%lld cells do not divide into blocks of %lldx%lld", (long long)h, (long long)w, (long long)b,
			(long long)b);
	return tfl_make_shape(t, op, (int64_t[]){ h / b, b, w / b, b, c }, 5, &before)
		&& tfl_make_shape(t, op, (int64_t[]){ h / b, w / b, b * b * c }, 3, &after)
		&& shuffle(t, op, x, &before, &(struct ints){ 5, { 0, 2, 1, 3, 4 } }, &after);
}

/* ---- pad ---- */

/* Input 0 with cells of VALUE around it, as many as input 1 says: before and after each dimension. */
static bool
pad(struct tfl *t, const struct tfl_op *op, float value)
{
	const struct shape *in = &op->in[0]->shape;
	int64_t n, dim[RANK_MAX];
	const int64_t *cells = tfl_ints_of(t, op, 1, &n);
	struct shape shape;
	struct attrs a;

	if (!cells)
		return false;
	if (n != 2 * in->rank)
		return tfl_error(t, op, "%lld numbers of cells for %d dimensions", (long long)n, in->rank);
	attrs_init(&a);
	a.value = value;
	a.before.n = a.after.n = in->rank;
	for (int i = 0; i < in->rank; i++) {
		if (cells[2 * i] < 0 || cells[2 * i] > INT32_MAX || cells[2 * i + 1] < 0 || cells[2 * i + 1] > INT32_MAX)
			return tfl_error(t, op, "dimension %d: cannot add %lld cells before and %lld after", i, (long long)cells[2 * i],
				(long long)cells[2 * i + 1]);
		a.before.v[i] = (int32_t)cells[2 * i];
		a.after.v[i] = (int32_t)cells[2 * i + 1];
		dim[i] = in->dim[i] + cells[2 * i] + cells[2 * i + 1];
	}
	if (!tfl_make_shape(t, op, dim, in->rank, &shape))
		return false;
	bool drop = tfl_batched(in) && shape.dim[0] == 1;
	struct tensor *x = drop ? tfl_input(t, op, 0, "x") : whole(t, op, 0);
	if (drop) {
		drop_first(&a.before);
		drop_first(&a.after);
	}
	return tfl_result(t, op, 0, tfl_node(t, op, OP_PAD, NULL, &x, 1, &a), &shape);
}

bool
tfl_pad(struct tfl *t, struct tfl_op *op)
{
	return pad(t, op, 0);
}

/* The value of int8 is in units of the input. */
bool
tfl_padv2(struct tfl *t, struct tfl_op *op)
{
	const struct tfl_value *x = op->in[0], *v = op->in[2];

	if (!tfl_is_const(v))
		return tfl_refuse(t, op, "with a value that is no constant");
	const void *data = tfl_elements(t, op, v, tfl_is_i8(x) ? DT_I8 : DT_F32);
	if (!data || shape_count(&v->shape) != 1)
		return data ? tfl_error(t, op, "its value has %lld elements", (long long)shape_count(&v->shape)) : false;
	return pad(t, op, tfl_is_i8(x) ? x->quant.scale[0] * (float)(*(const int8_t *)data - x->quant.zero) : *(const float *)data);
}

/* ---- concat ---- */

/* X[ONLY] between constants that all have one value: cells around it; NULL after an error. */
static struct tensor *
concat_padding(struct tfl *t, const struct tfl_op *op, struct tensor **x, int axis, int only)
{
	struct attrs a;
	const struct tensor *first = x[only == 0 ? 1 : 0];

	attrs_init(&a);
	a.value = tfl_first(first);
	a.before.n = a.after.n = x[only]->shape.rank;
	for (int k = 0; k < op->nin; k++) {
		if (k == only)
			continue;
		if (!tfl_is_uniform(x[k]) || memcmp(x[k]->data, first->data, (size_t)dtype_info[first->dtype].bytes) != 0) {
			tfl_refuse(t, op, "of values and constants");
			return NULL;
		}
		(k < only ? &a.before : &a.after)->v[axis] += x[k]->shape.dim[axis];
	}
	return tfl_node(t, op, OP_PAD, NULL, &x[only], 1, &a);
}

/* The inputs, which X holds, side by side along AXIS; NULL after an error. */
static struct tensor *
concat(struct tfl *t, const struct tfl_op *op, struct tensor **x, int axis)
{
	struct attrs a;
	int constants = 0, value = 0;

	for (int k = 0; k < op->nin; k++) {
		if (x[k]->dtype != x[0]->dtype || !quant_equal(&x[k]->quant, &x[0]->quant)) {
			tfl_refuse(t, op, "of values of several scales");
			return NULL;
		}
		constants += x[k]->data != NULL;
		value = x[k]->data ? value : k;
	}
	if (constants > 0 && constants == op->nin - 1)
		return concat_padding(t, op, x, axis, value);
	if (constants > 0 && constants < op->nin) {
		tfl_refuse(t, op, "of values and constants");
		return NULL;
	}
	attrs_init(&a);
	a.axis = axis;
	return tfl_node(t, op, OP_CONCAT, NULL, x, op->nin, &a);
}

/* Whether S, of an input, has the dimensions of SHAPE but along AXIS. */
static bool
fits_beside(struct tfl *t, const struct tfl_op *op, const struct shape *s, const struct shape *shape, int axis)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];
	bool same = s->rank == shape->rank;

	for (int i = 0; same && i < s->rank; i++)
		same = i == axis || s->dim[i] == shape->dim[i];
	return same || tfl_error(t, op, "its inputs %s and %s do not fit beside each other", shape_text(shape, a, sizeof a),
		shape_text(s, b, sizeof b));
}

bool
tfl_concat(struct tfl *t, struct tfl_op *op)
{
	struct shape shape = op->in[0]->shape;
	int axis = tfl_axis(t, op, tfl_option(t, op, OPT_CONCAT_AXIS), shape.rank);
	struct tensor **x = ARENA_ARRAY(t->m->arena, struct tensor *, (size_t)op->nin);
	int64_t dim[RANK_MAX], length = 0;

	if (axis < 0)
		return false;
	bool drop = tfl_batched(&shape) && axis > 0;
	for (int k = 0; k < op->nin; k++) {
		const struct shape *s = &op->in[k]->shape;
		if (!fits_beside(t, op, s, &shape, axis))
			return false;
		length += s->dim[axis];
		x[k] = drop ? tfl_input(t, op, k, arena_printf(t->m->arena, "x%d", k)) : whole(t, op, k);
		if (!x[k])
			return false;
	}
	for (int i = 0; i < shape.rank; i++)
		dim[i] = i == axis ? length : shape.dim[i];
	if (!tfl_make_shape(t, op, dim, shape.rank, &shape))
		return false;
	struct tensor *y = tfl_activation(t, op, concat(t, op, x, axis - drop), OPT_CONCAT_ACTIVATION);
	return y && tfl_result(t, op, 0, y, &shape);
}

/* Values of one shape along a new dimension. */
bool
tfl_pack(struct tfl *t, struct tfl_op *op)
{
	const struct shape *in = &op->in[0]->shape;
	int axis = tfl_axis(t, op, tfl_option(t, op, OPT_PACK_AXIS), in->rank + 1);
	struct tensor **x = ARENA_ARRAY(t->m->arena, struct tensor *, (size_t)op->nin);
	int64_t dim[RANK_MAX + 1];
	struct shape one, all;

	if (axis < 0)
		return false;
	for (int i = 0, k = 0; i <= in->rank; i++)
		dim[i] = i == axis ? 1 : in->dim[k++];
	if (!tfl_make_shape(t, op, dim, in->rank + 1, &one))
		return false;
	dim[axis] = op->nin;
	if (!tfl_make_shape(t, op, dim, in->rank + 1, &all))
		return false;
	bool drop = tfl_batched(&one) && axis > 0;
	struct shape in_graph = drop ? tfl_shape(&one) : one;
	for (int k = 0; k < op->nin; k++) {
		if (!shape_equal(&op->in[k]->shape, in))
			return tfl_error(t, op, "its inputs have different shapes");
		x[k] = tfl_input(t, op, k, arena_printf(t->m->arena, "x%d", k));
		x[k] = tfl_view(t, op, x[k], "part", &in_graph);
		if (!x[k])
			return false;
	}
	struct tensor *y = concat(t, op, x, axis - drop);
	return y && tfl_result(t, op, 0, y, &all);
}

/* ---- resize ---- */

static bool
resize(struct tfl *t, const struct tfl_op *op, enum mode mode, enum tfl_option align, enum tfl_option half_pixel)
{
	struct tensor *x = tfl_image(t, op, 0);
	struct attrs a;

	attrs_init(&a);
	if (!x || !tfl_list_of(t, op, 1, &a.size))
		return false;
	a.mode = mode;
	a.align_corners = tfl_option(t, op, align) != 0;
	a.half_pixel = tfl_option(t, op, half_pixel) != 0;
	return tfl_result_image(t, op, tfl_node(t, op, OP_RESIZE, NULL, &x, 1, &a));
}

bool
tfl_resize_bilinear(struct tfl *t, struct tfl_op *op)
{
	return resize(t, op, MODE_BILINEAR, OPT_BILINEAR_ALIGN, OPT_BILINEAR_HALF_PIXEL);
}

bool
tfl_resize_nearest(struct tfl *t, struct tfl_op *op)
{
	return resize(t, op, MODE_NEAREST, OPT_NEAREST_ALIGN, OPT_NEAREST_HALF_PIXEL);
}
