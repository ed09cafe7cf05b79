/* Constants in other dimensions, parts of them, and constants side by side. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* V without scales, its values computed. */
static const struct onnx_value *
plain(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v)
{
	unsigned char *data;

	if (!v->quant)
		return v;
	struct onnx_value *c = onnx_new_const(x, n, ONNX_F32, &v->dims, &data);
	for (int64_t i = 0; c && i < onnx_count(&v->dims); i++)
		onnx_put(ONNX_F32, data, i, onnx_real(v, i), 0);
	return c;
}

/* The elements of V, which has no scales, that W visits from BASE on, as a constant of W's dimensions. */
static struct onnx_value *
visit(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, struct onnx_walk w, int64_t base)
{
	struct onnx_dims d = { .rank = w.rank };
	size_t size = (size_t)v->element->bytes;
	unsigned char *data;

	memcpy(d.dim, w.dim, sizeof d.dim);
	struct onnx_value *c = onnx_new_const(x, n, v->type, &d, &data);
	for (int64_t i = 0; c && i < onnx_count(&d); i++, onnx_walk_next(&w)) {
		if (c->type == v->type)
			memcpy(data + (size_t)i * size, v->data + (size_t)(base + w.at) * size, size);
		else
			onnx_put(c->type, data, i, onnx_real(v, base + w.at), 0);
	}
	return c;
}

static struct onnx_walk
walk_all(const struct onnx_dims *d)
{
	int all[DIMS_MAX];

	for (int i = 0; i < d->rank; i++)
		all[i] = i;
	return onnx_walk(d, d->rank, all);
}

/* ---- dimensions ---- */

/* V with the dimensions TO; scales for channels are computed, for their dimension may be gone. */
static bool
as(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *to)
{
	const struct onnx_value *v = onnx_in(n, 0);
	struct onnx_value out;

	if (v->quant && v->quant->count > 1 && !(v = plain(x, n, v)))
		return false;
	out = *v;
	out.dims = *to;
	return onnx_result(x, n, 0, &out);
}

static bool
resize(struct onnx *x, struct onnx_node *n, onnx_sizes *sizes)
{
	struct onnx_dims to;

	return sizes(x, n, &onnx_in(n, 0)->dims, &to) && as(x, n, &to);
}

bool
onnx_fold_reshape(struct onnx *x, struct onnx_node *n)
{
	return resize(x, n, onnx_reshape_sizes);
}

bool
onnx_fold_flatten(struct onnx *x, struct onnx_node *n)
{
	return resize(x, n, onnx_flatten_sizes);
}

bool
onnx_fold_squeeze(struct onnx *x, struct onnx_node *n)
{
	return resize(x, n, onnx_squeeze_sizes);
}

bool
onnx_fold_unsqueeze(struct onnx *x, struct onnx_node *n)
{
	return resize(x, n, onnx_unsqueeze_sizes);
}

bool
onnx_fold_identity(struct onnx *x, struct onnx_node *n)
{
	return onnx_result(x, n, 0, onnx_in(n, 0));
}

bool
onnx_fold_transpose(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = onnx_in(n, 0);
	struct onnx_value raw = *v;
	int perm[DIMS_MAX];

	if (!onnx_permutation(x, n, v->dims.rank, perm))
		return false;
	raw.quant = NULL;
	struct onnx_value *c = visit(x, n, &raw, onnx_walk(&v->dims, v->dims.rank, perm), 0);
	if (c && v->quant) { /* the scales stay with their dimension */
		struct onnx_quant *q = ARENA_NEW(x->arena, struct onnx_quant);

		*q = *v->quant;
		for (int i = 0; i < v->dims.rank; i++)
			if (perm[i] == v->quant->axis)
				q->axis = i;
		c->quant = q;
	}
	return c && onnx_result(x, n, 0, c);
}

/* ---- parts ---- */

bool
onnx_fold_slice(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = plain(x, n, onnx_in(n, 0));
	struct onnx_box box;
	int64_t base = 0;

	if (!v || !onnx_slice_box(x, n, &v->dims, &box))
		return false;
	struct onnx_walk w = walk_all(&v->dims);
	for (int i = 0; i < w.rank; i++) {
		base += box.begin[i] * w.step[i];
		w.step[i] *= box.step[i];
		w.dim[i] = box.size[i];
	}
	return onnx_result(x, n, 0, visit(x, n, v, w, base));
}

bool
onnx_fold_split(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = plain(x, n, onnx_in(n, 0));
	struct onnx_list parts;
	int axis;
	int64_t base = 0;

	if (!v || !onnx_split_sizes(x, n, &v->dims, &axis, &parts))
		return false;
	for (int k = 0; k < parts.n; k++) {
		struct onnx_walk w = walk_all(&v->dims);

		w.dim[axis] = parts.v[k];
		if (!onnx_result(x, n, k, visit(x, n, v, w, base)))
			return false;
		base += parts.v[k] * w.step[axis];
	}
	return true;
}

bool
onnx_fold_gather(struct onnx *x, struct onnx_node *n)
{
	const struct onnx_value *v = plain(x, n, onnx_in(n, 0)), *index = onnx_in(n, 1);
	struct onnx_dims d = { 0 };
	int axis;
	int64_t inner = 1, count = onnx_count(&index->dims);
	unsigned char *data;

	if (!v || !onnx_axis(x, n, onnx_attr_int(n, "axis", 0), v->dims.rank, &axis))
		return false;
	if (v->dims.rank - 1 + index->dims.rank > DIMS_MAX)
		return onnx_refuse(x, n, "to so many dimensions");
	for (int i = 0; i < axis; i++)
		d.dim[d.rank++] = v->dims.dim[i];
	for (int i = 0; i < index->dims.rank; i++)
		d.dim[d.rank++] = index->dims.dim[i];
	for (int i = axis + 1; i < v->dims.rank; i++)
		inner *= d.dim[d.rank++] = v->dims.dim[i];
	struct onnx_value *c = onnx_new_const(x, n, v->type, &d, &data);
	for (int64_t i = 0; c && i < onnx_count(&d); i++) {
		int64_t size = v->dims.dim[axis], at = onnx_int(index, i / inner % count);

		if (at < -size || at >= size)
			return onnx_error(x, n, "index %lld is outside of %lld", (long long)at, (long long)size);
		at = (i / inner / count * size + at + (at < 0 ? size : 0)) * inner + i % inner;
		onnx_put(c->type, data, i, onnx_real(v, at), onnx_int(v, at));
	}
	return onnx_result(x, n, 0, c);
}

/* ---- side by side ---- */

bool
onnx_fold_concat(struct onnx *x, struct onnx_node *n)
{
	struct onnx_dims d = onnx_in(n, 0)->dims;
	int axis;
	int64_t inner = 1, at = 0;
	unsigned char *data;

	if (!onnx_axis(x, n, onnx_attr_int(n, "axis", 1), d.rank, &axis))
		return false;
	d.dim[axis] = 0;
	for (int k = 0; k < n->nin; k++) {
		for (int i = 0; i < d.rank; i++)
			if (n->in[k]->kind != ONNX_CONST || n->in[k]->dims.rank != d.rank || (i != axis && n->in[k]->dims.dim[i] != d.dim[i]))
				return onnx_error(x, n, "its inputs 0 and %d do not fit side by side", k);
		d.dim[axis] += n->in[k]->dims.dim[axis];
	}
	for (int i = axis + 1; i < d.rank; i++)
		inner *= d.dim[i];
	struct onnx_value *c = onnx_new_const(x, n, n->in[0]->quant ? ONNX_F32 : n->in[0]->type, &d, &data);
	for (int k = 0; c && k < n->nin; k++) {
		int64_t row = n->in[k]->dims.dim[axis] * inner;

		for (int64_t i = 0; i < onnx_count(&n->in[k]->dims); i++)
			onnx_put(c->type, data, i / row * d.dim[axis] * inner + at + i % row, onnx_real(n->in[k], i), onnx_int(n->in[k], i));
		at += row;
	}
	return onnx_result(x, n, 0, c);
}
