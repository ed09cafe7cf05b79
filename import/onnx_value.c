/* Values of the model as tensors of the graph: in which order the dimensions of one lie, and how to have them in another. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* ---- orders ---- */

int
onnx_plain_order(const struct onnx_dims *d, int *order)
{
	int n = 0, spare = d->rank - RANK_MAX;
	bool batch = d->rank >= 2 && d->dim[0] == 1;

	for (int i = batch; i < d->rank; i++) {
		if (d->dim[i] == 1 && spare - batch > 0)
			spare--;
		else if (n < RANK_MAX)
			order[n++] = i;
	}
	return n;
}

bool
onnx_order_add(int *order, int *rank, int d)
{
	int at = 0;

	for (int i = 0; i < *rank; i++)
		if (order[i] == d)
			return true;
	if (*rank == RANK_MAX)
		return false;
	while (at < *rank && order[at] < d)
		at++;
	memmove(order + at + 1, order + at, (size_t)(*rank - at) * sizeof *order);
	order[at] = d;
	(*rank)++;
	return true;
}

static int64_t
dim_of(const struct onnx_dims *d, int which)
{
	return which < 0 ? 1 : d->dim[which];
}

/* Those of the RANK dimensions ORDER that are not 1: their places. */
static int
places(const struct onnx_dims *d, int rank, const int *order, int *place)
{
	int n = 0;

	for (int i = 0; i < rank; i++)
		if (dim_of(d, order[i]) > 1)
			place[n++] = i;
	return n;
}

/* ---- tensors ---- */

struct tensor *
onnx_reshape_to(struct onnx *x, const struct onnx_node *n, struct tensor *t, const struct shape *shape)
{
	struct attrs a;

	if (!t || shape_equal(&t->shape, shape))
		return t;
	attrs_init(&a);
	a.shape.n = shape->rank;
	memcpy(a.shape.v, shape->dim, sizeof a.shape.v);
	if (shape->rank == 1)
		return onnx_emit1(x, n, OP_FLATTEN, "flatten", t);
	return onnx_emit(x, n, OP_RESHAPE, "reshape", &t, 1, &a, NULL);
}

static struct tensor *
transpose(struct onnx *x, const struct onnx_node *n, struct tensor *t, int rank, const int *perm)
{
	struct attrs a;

	attrs_init(&a);
	a.perm.n = rank;
	for (int i = 0; i < rank; i++)
		a.perm.v[i] = perm[i];
	return onnx_emit(x, n, OP_TRANSPOSE, "transpose", &t, 1, &a, NULL);
}

struct shape
onnx_shape_of(const struct onnx_dims *d, int rank, const int *order)
{
	struct shape s = { .rank = rank };

	for (int i = 0; i < rank; i++)
		s.dim[i] = (int32_t)dim_of(d, order[i]);
	return s;
}

/* PERM[i]: the dimension of T, which has ORDER, that is WANT[i]; dimensions of 1 stand for each other. */
static void
match(const struct onnx_dims *d, int rank, const int *order, const int *want, int *perm)
{
	bool used[RANK_MAX] = { false };

	for (int i = 0; i < rank; i++) {
		perm[i] = -1;
		for (int k = 0; k < rank && perm[i] < 0; k++)
			if (!used[k] && (dim_of(d, want[i]) > 1 ? order[k] == want[i] : dim_of(d, order[k]) == 1))
				perm[i] = k;
		if (perm[i] < 0)
			die("a dimension to arrange is not in the tensor");
		used[perm[i]] = true;
	}
}

struct tensor *
onnx_arrange(struct onnx *x, const struct onnx_node *n, struct tensor *t, const struct onnx_dims *d, const int *order, int rank,
	const int *want)
{
	int have[RANK_MAX], need[RANK_MAX], perm[RANK_MAX], kept[RANK_MAX], wanted[RANK_MAX];
	struct shape to = onnx_shape_of(d, rank, want);
	bool same = true;

	if (!t)
		return NULL;
	int count = places(d, t->shape.rank, order, have);
	if (places(d, rank, want, need) != count)
		die("dimensions to arrange do not match the tensor's");
	for (int i = 0; i < count; i++)
		same &= order[have[i]] == want[need[i]];
	if (same)
		return onnx_reshape_to(x, n, t, &to);
	if (rank == t->shape.rank) {
		match(d, rank, order, want, perm);
		return transpose(x, n, t, rank, perm);
	}
	for (int i = 0; i < count; i++) {
		kept[i] = order[have[i]];
		wanted[i] = want[need[i]];
	}
	struct shape dense = onnx_shape_of(d, count, kept);
	match(d, count, kept, wanted, perm);
	t = onnx_reshape_to(x, n, t, &dense);
	return t ? onnx_reshape_to(x, n, transpose(x, n, t, count, perm), &to) : NULL;
}

/* The tensor of a value that is another one reshaped, now that it is needed. */
static struct tensor *
unfold(struct onnx *x, const struct onnx_node *n, struct onnx_value *v)
{
	int plain[RANK_MAX], rank = onnx_plain_order(&v->flat->dims, plain);
	struct tensor *t = onnx_arrange(x, n, v->flat->t, &v->flat->dims, v->flat->order, rank, plain);

	rank = onnx_plain_order(&v->dims, v->order);
	struct shape to = onnx_shape_of(&v->dims, rank, v->order);
	return v->t = onnx_reshape_to(x, n, t, &to);
}

struct tensor *
onnx_tensor(struct onnx *x, const struct onnx_node *n, struct onnx_value *v)
{
	if (v->kind == ONNX_TENSOR)
		return v->t ? v->t : unfold(x, n, v);
	onnx_refuse(x, n, arena_printf(x->arena, "with a constant as input '%s'", v->name ? v->name : ""));
	return NULL;
}

struct tensor *
onnx_tensor_f32(struct onnx *x, const struct onnx_node *n, struct onnx_value *v)
{
	struct tensor *t = onnx_tensor(x, n, v);

	if (!t || t->dtype == DT_F32)
		return t;
	if (!v->real) {
		onnx_refuse(x, n, arena_printf(x->arena, "of %s", onnx_type_name(x, (int32_t)v->type)));
		return NULL;
	}
	if (!v->f32)
		v->f32 = onnx_emit1(x, n, OP_DEQUANTIZE, "dequantize", t);
	return v->f32;
}

struct tensor *
onnx_plain(struct onnx *x, const struct onnx_node *n, struct onnx_value *v)
{
	int plain[RANK_MAX], rank = onnx_plain_order(&v->dims, plain);
	struct tensor *t = onnx_tensor(x, n, v);

	return onnx_arrange(x, n, t, &v->dims, v->order, rank, plain);
}

/* ---- constants ---- */

struct onnx_walk
onnx_walk(const struct onnx_dims *d, int rank, const int *want)
{
	struct onnx_walk w = { .rank = rank };

	for (int i = 0; i < rank; i++) {
		w.dim[i] = dim_of(d, want[i]);
		if (want[i] < 0)
			continue;
		w.step[i] = 1;
		for (int k = want[i] + 1; k < d->rank; k++)
			w.step[i] *= d->dim[k];
	}
	return w;
}

void
onnx_walk_next(struct onnx_walk *w)
{
	for (int k = w->rank - 1; k >= 0; k--) {
		w->at += w->step[k];
		if (++w->index[k] < w->dim[k])
			return;
		w->at -= w->step[k] * w->dim[k];
		w->index[k] = 0;
	}
}

struct tensor *
onnx_arrange_const(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, const char *what, int rank, const int *want,
	const struct quant *quant)
{
	struct shape s = onnx_shape_of(&v->dims, rank, want);
	struct onnx_walk w = onnx_walk(&v->dims, rank, want);
	size_t count = (size_t)shape_count(&s);
	int less = v->type == ONNX_U8 ? 128 : 0;

	if (onnx_count(&v->dims) < 1) {
		onnx_refuse(x, n, "with a constant without elements");
		return NULL;
	}
	void *data = arena_array(x->arena, count, quant ? 1 : sizeof(float));

	for (size_t i = 0; i < count; i++, onnx_walk_next(&w)) {
		if (quant)
			((int8_t *)data)[i] = (int8_t)(onnx_int(v, w.at) - less);
		else
			((float *)data)[i] = (float)onnx_real(v, w.at);
	}
	return import_const(x->m, n->where, arena_printf(x->arena, "%s.%s", n->layer, what), quant ? DT_I8 : DT_F32, &s, quant, data);
}
