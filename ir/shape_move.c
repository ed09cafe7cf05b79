/* Shape rules of operations that move elements and compute nothing (and resize, which may interpolate). */
#include <config.h>

#include <math.h>
#include <string.h>

#include "ir/shape.h"

/* An attribute that has one value per dimension of the input. */
static const char *
need_ints(const struct node *n, enum attr a, const struct ints *v, struct fault *f)
{
	if (v->n == n->in[0]->shape.rank)
		return NULL;
	return blame_attr(f, a, "%s has %d value%s but the input has %d dimension%s", attr_info[a].name, v->n, plural(v->n),
		n->in[0]->shape.rank, plural(n->in[0]->shape.rank));
}

/* Fill the missing values of V up to the input's rank. */
static void
fill_ints(const struct node *n, struct ints *v, int32_t value)
{
	while (v->n < n->in[0]->shape.rank)
		v->v[v->n++] = value;
}

/* ---- concat ---- */

/* Input K beside the first one: same type and scale, and the same dimensions but AXIS. */
static const char *
fits_beside(const struct node *n, int k, int axis, struct fault *f)
{
	const struct tensor *a = n->in[0], *b = n->in[k];
	char x[SHAPE_TEXT], y[SHAPE_TEXT];
	if (a->dtype != b->dtype)
		return blame_input(f, k, "input 0 is %s but input %d is %s", dtype_info[a->dtype].name, k, dtype_info[b->dtype].name);
	if (!quant_equal(&a->quant, &b->quant))
		return blame_input(f, k, "input 0 has %s but input %d has %s", quant_text(&a->quant, x, sizeof x), k,
			quant_text(&b->quant, y, sizeof y));
	bool same = a->shape.rank == b->shape.rank;
	for (int i = 0; same && i < a->shape.rank; i++)
		same = i == axis || a->shape.dim[i] == b->shape.dim[i];
	if (same)
		return NULL;
	return blame_input(f, k, "input 0 is %s but input %d is %s: they may differ along axis %d only",
		shape_text(&a->shape, x, sizeof x), k, shape_text(&b->shape, y, sizeof y), axis);
}

const char *
shape_concat(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	int64_t dim[RANK_MAX];
	const char *bad = need_axis(ATTR_AXIS, &n->attr.axis, x->rank, f);
	if (bad)
		return bad;
	for (int i = 0; i < x->rank; i++)
		dim[i] = x->dim[i];
	for (int k = 1; k < n->nin; k++) {
		if ((bad = fits_beside(n, k, n->attr.axis, f)))
			return bad;
		dim[n->attr.axis] += n->in[k]->shape.dim[n->attr.axis];
	}
	return set_result(n, n->in[0]->dtype, x->rank, dim, f);
}

/* ---- pad, slice ---- */

const char *
shape_pad(struct node *n, struct fault *f)
{
	struct attrs *a = &n->attr;
	const struct shape *x = &n->in[0]->shape;
	int64_t dim[RANK_MAX];
	const char *bad;
	if (a->before.n == 0)
		fill_ints(n, &a->before, 0);
	if (a->after.n == 0)
		fill_ints(n, &a->after, 0);
	if ((bad = need_ints(n, ATTR_BEFORE, &a->before, f)) || (bad = need_ints(n, ATTR_AFTER, &a->after, f)))
		return bad;
	for (int i = 0; i < x->rank; i++) {
		if (a->before.v[i] < 0 || a->after.v[i] < 0)
			return blame_op(f, "dimension %d: cannot add %d cells before and %d after", i, a->before.v[i], a->after.v[i]);
		dim[i] = (int64_t)x->dim[i] + a->before.v[i] + a->after.v[i];
	}
	if (a->value != 0 && (n->in[0]->dtype == DT_I32 || n->in[0]->dtype == DT_I16))
		return blame_attr(f, ATTR_VALUE, "sums are padded with 0 only");
	if (!isfinite(a->value))
		return blame_attr(f, ATTR_VALUE, "the value of the added cells must be finite");
	return set_result(n, n->in[0]->dtype, x->rank, dim, f);
}

/* Dimension I of a slice: BEGIN from the front, SIZE the length of the result; cells begin, begin + step, ... */
static const char *
slice_dim(int i, int32_t dim, int32_t *begin, int32_t *length, int32_t step, struct fault *f)
{
	if (step < 1)
		return blame_attr(f, ATTR_STEPS, "dimension %d: the step must be at least 1 but is %d", i, step);
	if (*begin < -(int64_t)dim || *begin >= dim)
		return blame_attr(f, ATTR_BEGIN, "dimension %d: begin %d is outside its %d cells", i, *begin, dim);
	if (*begin < 0)
		*begin += dim;
	int32_t most = (int32_t)(((int64_t)dim - *begin + step - 1) / step);
	if (*length == -1)
		*length = most;
	if (*length < 1)
		return blame_attr(f, ATTR_SIZE, "dimension %d: the size must be at least 1, or -1, but is %d", i, *length);
	if (*length > most)
		return blame_attr(f, ATTR_SIZE, "dimension %d: %d cells from %d in steps of %d go past its %d", i, *length, *begin, step, dim);
	return NULL;
}

const char *
shape_slice(struct node *n, struct fault *f)
{
	struct attrs *a = &n->attr;
	const struct shape *x = &n->in[0]->shape;
	int64_t dim[RANK_MAX];
	const char *bad;
	if (a->size.n == 0)
		fill_ints(n, &a->size, -1);
	if ((bad = need_ints(n, ATTR_BEGIN, &a->begin, f)) || (bad = need_ints(n, ATTR_SIZE, &a->size, f)))
		return bad;
	fill_ints(n, &a->steps, 1);
	if ((bad = need_ints(n, ATTR_STEPS, &a->steps, f)))
		return bad;
	for (int i = 0; i < x->rank; i++) {
		if ((bad = slice_dim(i, x->dim[i], &a->begin.v[i], &a->size.v[i], a->steps.v[i], f)))
			return bad;
		dim[i] = a->size.v[i];
	}
	return set_result(n, n->in[0]->dtype, x->rank, dim, f);
}

/* ---- reshape, flatten, transpose, shuffle, copy ---- */

/* One -1 in V stands for what makes COUNT elements. */
static const char *
infer_dim(struct ints *v, int64_t count, struct fault *f)
{
	int hole = -1;
	int64_t known = 1;
	for (int i = 0; i < v->n; i++) {
		if (v->v[i] == -1 && hole < 0)
			hole = i;
		else if (v->v[i] == -1)
			return blame_attr(f, ATTR_SHAPE, "only one dimension of a shape can be -1");
		else if (v->v[i] < 1)
			return blame_attr(f, ATTR_SHAPE, "dimension %d of the shape is %d", i, v->v[i]);
		else if (__builtin_mul_overflow(known, (int64_t)v->v[i], &known))
			known = INT64_MAX;
	}
	if (hole < 0)
		return NULL;
	if (known > INT32_MAX) /* the product may have saturated and is no number to show */
		return blame_attr(f, ATTR_SHAPE, "the input has %lld elements but the shape's other dimensions alone have more than %d",
			(long long)count, INT32_MAX);
	if (count % known)
		return blame_attr(f, ATTR_SHAPE, "%lld elements do not divide by the shape's other dimensions, %lld", (long long)count,
			(long long)known);
	v->v[hole] = (int32_t)(count / known);
	return NULL;
}

const char *
shape_reshape(struct node *n, struct fault *f)
{
	struct ints *v = &n->attr.shape;
	int64_t dim[RANK_MAX], count = tensor_count(n->in[0]);
	char text[SHAPE_TEXT];
	const char *bad = infer_dim(v, count, f);
	if (bad)
		return bad;
	struct shape to = { .rank = v->n };
	for (int i = 0; i < v->n; i++)
		dim[i] = to.dim[i] = v->v[i];
	if (shape_count(&to) != count)
		return blame_attr(f, ATTR_SHAPE, "the input has %lld elements but %s has %lld", (long long)count,
			shape_text(&to, text, sizeof text), (long long)shape_count(&to));
	return set_result(n, n->in[0]->dtype, v->n, dim, f);
}

const char *
shape_flatten(struct node *n, struct fault *f)
{
	return set_result(n, n->in[0]->dtype, 1, (int64_t[]){ tensor_count(n->in[0]) }, f);
}

const char *
shape_transpose(struct node *n, struct fault *f)
{
	const struct ints *perm = &n->attr.perm;
	const struct shape *x = &n->in[0]->shape;
	int64_t dim[RANK_MAX];
	bool used[RANK_MAX] = { false };
	const char *bad = need_ints(n, ATTR_PERM, perm, f);
	if (bad)
		return bad;
	for (int i = 0; i < x->rank; i++) {
		int32_t p = perm->v[i];
		if (p < 0 || p >= x->rank)
			return blame_attr(f, ATTR_PERM, "perm has %d but the input's dimensions are 0 to %d", p, x->rank - 1);
		if (used[p])
			return blame_attr(f, ATTR_PERM, "perm has dimension %d twice", p);
		used[p] = true;
		dim[i] = x->dim[p];
	}
	return set_result(n, n->in[0]->dtype, x->rank, dim, f);
}

const char *
shape_shuffle(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	int32_t g = n->attr.groups;
	if (x->rank == 0)
		return blame_input(f, 0, "shuffle takes at least one dimension but the input is a scalar");
	if (g < 1)
		return blame_attr(f, ATTR_GROUPS, "groups must be at least 1 but is %d", g);
	if (x->dim[x->rank - 1] % g)
		return blame_attr(f, ATTR_GROUPS, "the input's %d channel%s do not divide into %d groups", x->dim[x->rank - 1],
			plural(x->dim[x->rank - 1]), g);
	return set_like(n, n->in[0], f);
}

const char *
shape_gather(struct node *n, struct fault *f)
{
	const struct shape *x = &n->in[0]->shape;
	const struct tensor *index = n->in[1];
	int64_t dim[RANK_MAX];
	if (x->rank == 0)
		return blame_input(f, 0, "gather takes at least one dimension but the input is a scalar");
	if (index->shape.rank != 1)
		return blame_input(f, 1, "index must be a vector but has %d dimensions", index->shape.rank);
	const char *bad = need_vector(n, 1, DT_I32, index->shape.dim[0], f);
	if (bad)
		return bad;
	int32_t c = x->dim[x->rank - 1];
	for (int32_t i = 0; i < index->shape.dim[0]; i++) {
		int32_t from = ((const int32_t *)index->data)[i];
		if (from < 0 || from >= c)
			return blame_input(f, 1, "index[%d] is %d but the input's channels are 0 to %d", i, from, c - 1);
	}
	for (int i = 0; i < x->rank; i++)
		dim[i] = x->dim[i];
	dim[x->rank - 1] = index->shape.dim[0];
	return set_result(n, n->in[0]->dtype, x->rank, dim, f);
}

const char *
shape_copy(struct node *n, struct fault *f)
{
	return set_like(n, n->in[0], f);
}

const char *
shape_relabel(struct node *n, struct fault *f)
{
	const char *bad = need_type(n, 0, DT_I8, f);
	return bad ? bad : set_like(n, n->in[0], f);
}

/* ---- resize ---- */

const char *
shape_resize(struct node *n, struct fault *f)
{
	const struct attrs *a = &n->attr;
	const char *bad = need_image(n, f);
	if (bad)
		return bad;
	if (a->size.n != 2)
		return blame_attr(f, ATTR_SIZE, "size must be [height, width] but has %d value%s", a->size.n, plural(a->size.n));
	if (a->size.v[0] < 1 || a->size.v[1] < 1)
		return blame_attr(f, ATTR_SIZE, "size must be at least 1x1 but is %dx%d", a->size.v[0], a->size.v[1]);
	if (a->mode != MODE_NEAREST && a->mode != MODE_BILINEAR)
		return blame_op(f, "resize needs a mode, nearest or bilinear");
	if (a->align_corners && a->half_pixel)
		return blame_attr(f, ATTR_HALF_PIXEL, "align_corners and half_pixel exclude each other");
	return set_result(n, n->in[0]->dtype, 3, (int64_t[]){ a->size.v[0], a->size.v[1], n->in[0]->shape.dim[2] }, f);
}
