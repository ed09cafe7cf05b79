/* Parts of a value: SLICE, STRIDED_SLICE, SPLIT, SPLIT_V, UNPACK, GATHER.  Each is a box of its input, from which dimensions of one cell
 * may go; of integer constants, which are lists, the box is taken here and now. */
#include <config.h>
#include <string.h>
#include "import/tflite.h"

/* What each dimension keeps: SIZE cells from BEGIN on in steps of STEP; GONE: it has one cell and goes. */
struct box { int64_t begin[RANK_MAX], size[RANK_MAX], step[RANK_MAX]; bool gone[RANK_MAX]; };

static struct box
whole_box(const struct shape *s)
{
	struct box b = { 0 };

	for (int i = 0; i < s->rank; i++) {
		b.size[i] = s->dim[i];
		b.step[i] = 1;
	}
	return b;
}

/* The dimensions of the box B of IN: all of them in WITHIN, those that stay in SHAPE. */
static bool
box_shape(struct tfl *t, const struct tfl_op *op, const struct shape *in, const struct box *b, struct shape *within,
	struct shape *shape)
{
	*shape = (struct shape){ 0 };
	for (int i = 0; i < in->rank; i++)
		if (b->begin[i] < 0 || b->size[i] < 1 || b->step[i] < 1 || b->begin[i] >= in->dim[i] || b->size[i] > in->dim[i]
		    || (b->size[i] - 1) * b->step[i] >= in->dim[i] - b->begin[i])
			return tfl_error(t, op, "dimension %d: %lld cells from %lld on are not in its %d", i, (long long)b->size[i],
				(long long)b->begin[i], in->dim[i]);
	if (!tfl_make_shape(t, op, b->size, in->rank, within))
		return false;
	for (int i = 0; i < in->rank; i++)
		if (!b->gone[i])
			shape->dim[shape->rank++] = (int32_t)b->size[i];
	return true;
}

/* Output K is the box B of input X. */
static bool
cut(struct tfl *t, const struct tfl_op *op, int input, const struct box *b, int k)
{
	const struct shape *in = &op->in[input]->shape;
	struct shape within, shape;
	struct tensor *x = tfl_input(t, op, input, "x");
	struct attrs a;

	if (!x || !box_shape(t, op, in, b, &within, &shape))
		return false;
	if (shape_equal(&within, in))
		return tfl_result(t, op, k, x, &shape);
	attrs_init(&a);
	for (int i = tfl_batched(in); i < in->rank; i++) {
		a.begin.v[a.begin.n++] = (int32_t)b->begin[i];
		a.size.v[a.size.n++] = (int32_t)b->size[i];
		a.steps.v[a.steps.n++] = (int32_t)b->step[i];
	}
	return tfl_result(t, op, k, tfl_node(t, op, OP_SLICE, NULL, &x, 1, &a), &shape);
}

/* The same of integers. */
static bool
cut_ints(struct tfl *t, const struct tfl_op *op, int input, const struct box *b, int k)
{
	const struct shape *in = &op->in[input]->shape;
	struct shape within, shape;
	int64_t n;
	const int64_t *v = tfl_ints_of(t, op, input, &n);

	if (!v || !box_shape(t, op, in, b, &within, &shape))
		return false;
	if (in->rank > 1 && !shape_equal(&within, in))
		return tfl_refuse(t, op, "of integers in several dimensions");
	int64_t count = shape_count(&within), *to = ARENA_ARRAY(t->m->arena, int64_t, (size_t)count);
	for (int64_t i = 0; i < count; i++)
		to[i] = in->rank == 1 ? v[b->begin[0] + i * b->step[0]] : v[i];
	return tfl_result_ints(t, op, k, to, &shape);
}

typedef bool cutter(struct tfl *, const struct tfl_op *, int input, const struct box *, int k);

/* ---- slice ---- */

static bool
slice(struct tfl *t, const struct tfl_op *op, cutter *take)
{
	const struct shape *in = &op->in[0]->shape;
	struct box b = whole_box(in);
	struct ints begin, size;

	if (!tfl_list_of(t, op, 1, &begin) || !tfl_list_of(t, op, 2, &size))
		return false;
	if (begin.n != in->rank || size.n != in->rank)
		return tfl_error(t, op, "%d places and %d sizes for %d dimensions", begin.n, size.n, in->rank);
	for (int i = 0; i < in->rank; i++) {
		b.begin[i] = begin.v[i];
		b.size[i] = size.v[i] == -1 ? (int64_t)in->dim[i] - begin.v[i] : size.v[i];
	}
	return take(t, op, 0, &b, 0);
}

bool
tfl_slice(struct tfl *t, struct tfl_op *op)
{
	return slice(t, op, cut);
}

bool
tfl_ints_slice(struct tfl *t, struct tfl_op *op)
{
	return slice(t, op, cut_ints);
}

/* ---- strided slice ---- */

/* Place V counted from the front of DIM cells, from 0 to DIM. */
static int64_t
place(int64_t v, int32_t dim)
{
	v = v < 0 ? v + dim : v;
	return v < 0 ? 0 : v > dim ? dim : v;
}

struct strides { struct ints begin, end, step; int32_t begin_mask, end_mask, shrink; };

/* Dimension I of the box. */
static bool
stride_dim(struct tfl *t, const struct tfl_op *op, const struct strides *s, int i, int32_t dim, struct box *b)
{
	int64_t step = s->step.v[i], begin = s->begin.v[i];

	b->gone[i] = s->shrink >> i & 1;
	if (b->gone[i]) {
		b->begin[i] = begin < 0 ? begin + dim : begin;
		b->size[i] = 1;
		return true;
	}
	if (step < 1)
		return step ? tfl_refuse(t, op, "with steps backwards") : tfl_error(t, op, "dimension %d: its step is 0", i);
	int64_t from = s->begin_mask >> i & 1 ? 0 : place(begin, dim), to = s->end_mask >> i & 1 ? dim : place(s->end.v[i], dim);
	b->begin[i] = from;
	b->size[i] = to > from ? (to - from + step - 1) / step : 0;
	b->step[i] = step;
	return true;
}

static bool
strided_slice(struct tfl *t, const struct tfl_op *op, cutter *take)
{
	const struct shape *in = &op->in[0]->shape;
	struct box b = whole_box(in);
	struct strides s = {
		.begin_mask = tfl_option(t, op, OPT_STRIDED_BEGIN_MASK), .end_mask = tfl_option(t, op, OPT_STRIDED_END_MASK),
		.shrink = tfl_option(t, op, OPT_STRIDED_SHRINK_MASK),
	};

	if (tfl_option(t, op, OPT_STRIDED_ELLIPSIS_MASK) || tfl_option(t, op, OPT_STRIDED_NEW_AXIS_MASK)
	    || tfl_option(t, op, OPT_STRIDED_OFFSET))
		return tfl_refuse(t, op, "with ellipsis_mask, new_axis_mask or offset");
	if (!tfl_list_of(t, op, 1, &s.begin) || !tfl_list_of(t, op, 2, &s.end) || !tfl_list_of(t, op, 3, &s.step))
		return false;
	if (s.begin.n > in->rank || s.end.n != s.begin.n || s.step.n != s.begin.n)
		return tfl_error(t, op, "%d places, %d ends and %d steps for %d dimensions", s.begin.n, s.end.n, s.step.n, in->rank);
	for (int i = 0; i < s.begin.n; i++)
		if (!stride_dim(t, op, &s, i, in->dim[i], &b))
			return false;
	return take(t, op, 0, &b, 0);
}

bool
tfl_strided_slice(struct tfl *t, struct tfl_op *op)
{
	return strided_slice(t, op, cut);
}

bool
tfl_ints_strided_slice(struct tfl *t, struct tfl_op *op)
{
	return strided_slice(t, op, cut_ints);
}

/* ---- split, unpack ---- */

/* Input K, an axis. */
static int
axis_input(struct tfl *t, const struct tfl_op *op, int k, int rank)
{
	struct ints list;

	if (!tfl_list_of(t, op, k, &list))
		return -1;
	if (list.n == 1)
		return tfl_axis(t, op, list.v[0], rank);
	tfl_error(t, op, "its axis is %d values", list.n);
	return -1;
}

/* The outputs are boxes side by side along AXIS of input X, of LENGTH cells each (NULL: equal ones). */
static bool
split(struct tfl *t, const struct tfl_op *op, int input, int axis, const int64_t *length, bool gone, cutter *take)
{
	const struct shape *in = &op->in[input]->shape;
	struct box b = whole_box(in);

	if (!length && in->dim[axis] % op->nout)
		return tfl_error(t, op, "%d cells do not divide into %d", in->dim[axis], op->nout);
	b.gone[axis] = gone;
	for (int k = 0; k < op->nout; k++, b.begin[axis] += b.size[axis]) {
		b.size[axis] = length ? length[k] : in->dim[axis] / op->nout;
		if (!take(t, op, input, &b, k))
			return false;
	}
	return true;
}

/* Inputs: axis, x. */
static bool
split_evenly(struct tfl *t, const struct tfl_op *op, cutter *take)
{
	int axis = axis_input(t, op, 0, op->in[1]->shape.rank);

	return axis >= 0 && split(t, op, 1, axis, NULL, false, take);
}

bool
tfl_split(struct tfl *t, struct tfl_op *op)
{
	return split_evenly(t, op, cut);
}

bool
tfl_ints_split(struct tfl *t, struct tfl_op *op)
{
	return split_evenly(t, op, cut_ints);
}

/* Inputs: x, lengths (one may be -1: the rest), axis. */
static bool
split_v(struct tfl *t, const struct tfl_op *op, cutter *take)
{
	const struct shape *in = &op->in[0]->shape;
	int64_t n, rest;
	const int64_t *given = tfl_ints_of(t, op, 1, &n);
	int axis = given ? axis_input(t, op, 2, in->rank) : -1;

	if (axis < 0)
		return false;
	if (n != op->nout)
		return tfl_error(t, op, "%lld lengths for %d results", (long long)n, op->nout);
	int64_t *length = ARENA_ARRAY(t->m->arena, int64_t, (size_t)n);
	rest = in->dim[axis];
	for (int64_t i = 0; i < n; i++) {
		length[i] = given[i];
		if (given[i] < -1 || given[i] > in->dim[axis])
			return tfl_error(t, op, "a part has %lld of %d cells", (long long)given[i], in->dim[axis]);
		rest -= given[i] < 0 ? 0 : given[i];
	}
	for (int64_t i = 0; i < n; i++)
		length[i] = given[i] < 0 ? rest : given[i];
	return split(t, op, 0, axis, length, false, take);
}

bool
tfl_split_v(struct tfl *t, struct tfl_op *op)
{
	return split_v(t, op, cut);
}

bool
tfl_ints_split_v(struct tfl *t, struct tfl_op *op)
{
	return split_v(t, op, cut_ints);
}

static bool
unpack(struct tfl *t, const struct tfl_op *op, cutter *take)
{
	const struct shape *in = &op->in[0]->shape;
	int axis = tfl_axis(t, op, tfl_option(t, op, OPT_UNPACK_AXIS), in->rank);

	if (axis < 0)
		return false;
	if (in->dim[axis] != op->nout)
		return tfl_error(t, op, "%d cells for %d results", in->dim[axis], op->nout);
	return split(t, op, 0, axis, NULL, true, take);
}

bool
tfl_unpack(struct tfl *t, struct tfl_op *op)
{
	return unpack(t, op, cut);
}

bool
tfl_ints_unpack(struct tfl *t, struct tfl_op *op)
{
	return unpack(t, op, cut_ints);
}

/* ---- gather ---- */

/* Cells of one axis by their index: what follows each other is a box, one alone goes as a dimension. */
bool
tfl_gather(struct tfl *t, struct tfl_op *op)
{
	const struct shape *in = &op->in[0]->shape, *index = &op->in[1]->shape;
	int axis = tfl_axis(t, op, tfl_option(t, op, OPT_GATHER_AXIS), in->rank);
	struct box b = whole_box(in);
	int64_t n;
	const int64_t *at = axis < 0 ? NULL : tfl_ints_of(t, op, 1, &n);

	if (!at)
		return false;
	if (tfl_option(t, op, OPT_GATHER_BATCH_DIMS) != 0)
		return tfl_refuse(t, op, "with batch_dims");
	for (int64_t i = 0; i < n; i++)
		if (at[i] != at[0] + i || index->rank > 1)
			return tfl_refuse(t, op, "of cells that do not follow each other");
	if (n == 0)
		return tfl_error(t, op, "no index is given");
	b.begin[axis] = at[0];
	b.size[axis] = n;
	b.gone[axis] = index->rank == 0;
	return cut(t, op, 0, &b, 0);
}
