/* Products of a value with a constant matrix: dense layers over one dimension. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* ---- x * W ---- */

/* The matrix W[k, n], or [n, k] if TRANSPOSED, as the graph's [n, k] with k in the order that WALK gives (NULL: as it is), times
 * ALPHA. */
static struct tensor *
dense_weights(struct onnx *x, const struct onnx_node *n, const struct onnx_layer *l, bool transposed, float alpha, struct onnx_walk *walk)
{
	const struct onnx_value *w = l->weight;
	int at = w->dims.rank - 2;
	int64_t out = transposed ? w->dims.dim[at] : w->dims.dim[at + 1], in = transposed ? w->dims.dim[at + 1] : w->dims.dim[at];
	struct shape s = { 2, { (int32_t)out, (int32_t)in } };
	void *data = arena_array(x->arena, (size_t)(out * in), l->i8 ? 1 : sizeof(float));
	int less = w->type == ONNX_U8 ? 128 : 0;

	for (int64_t k = 0; k < in; k++) {
		int64_t from = walk ? walk->at : k;

		for (int64_t o = 0; o < out; o++) {
			int64_t i = transposed ? o * in + from : from * out + o;

			if (l->i8)
				((int8_t *)data)[o * in + k] = (int8_t)(onnx_int(w, i) - less);
			else
				((float *)data)[o * in + k] = alpha * (float)onnx_real(w, i);
		}
		if (walk)
			onnx_walk_next(walk);
	}
	return import_const(x->m, n->where, arena_printf(x->arena, "%s.weight", n->layer), l->i8 ? DT_I8 : DT_F32, &s,
		l->i8 ? &l->quant : NULL, data);
}

/* Whether V is an image or the like that was flattened behind its first dimension: its weights can be reordered in place of it. */
static bool
is_flattened(const struct onnx_value *v)
{
	const struct onnx_value *f = v->flat;

	return f && !v->t && v->dims.rank == 2 && f->dims.dim[0] == v->dims.dim[0] && (v->dims.dim[0] == 1 || f->order[0] == 0);
}

/* The tensor of V, a flattened one, as [k] or [n, k] as it lies; WALK: the order of k. */
static struct tensor *
flattened(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, struct onnx_walk *walk, int *order)
{
	const struct onnx_value *f = v->flat;
	bool batch = v->dims.dim[0] > 1;
	struct attrs a;
	struct tensor *t = f->t;

	*walk = onnx_walk(&f->dims, t->shape.rank - batch, f->order + batch);
	attrs_init(&a);
	a.shape = (struct ints){ 2, { (int32_t)v->dims.dim[0], (int32_t)v->dims.dim[1] } };
	order[0] = batch ? 0 : 1;
	order[1] = 1;
	return batch ? onnx_emit(x, n, OP_RESHAPE, "rows", &t, 1, &a, NULL) : onnx_emit1(x, n, OP_FLATTEN, "flatten", t);
}

/* V's tensor, TYPE as the layer's, with dimension K last. */
static struct tensor *
input_rows(struct onnx *x, const struct onnx_node *n, struct onnx_layer *l, int k, int *order)
{
	struct tensor *t = onnx_layer_input(x, n, l);
	int rank = 0;

	if (!t)
		return NULL;
	for (int i = 0; i < t->shape.rank; i++)
		if (l->in->order[i] != k && rank < RANK_MAX - 1)
			order[rank++] = l->in->order[i];
	order[rank++] = k;
	return onnx_arrange(x, n, t, &l->in->dims, l->in->order, rank, order);
}

bool
onnx_product(struct onnx *x, struct onnx_node *n, struct onnx_layer *l, bool transposed, float alpha, struct onnx_value *out)
{
	const struct onnx_dims *w = &l->weight->dims;
	int k = l->in->dims.rank - 1;
	struct onnx_walk walk;
	struct tensor *t;
	bool flat = is_flattened(l->in);

	if (k < 0 || w->rank < 2 || onnx_count(w) == 0)
		return onnx_error(x, n, "its operands are no matrices");
	if (w->dim[w->rank - 1 - !transposed] != l->in->dims.dim[k])
		return onnx_error(x, n, "rows of %lld do not fit a matrix for %lld", (long long)l->in->dims.dim[k],
			(long long)w->dim[w->rank - 1 - !transposed]);
	if (l->in->kind != ONNX_TENSOR)
		return onnx_tensor(x, n, l->in) != NULL;
	*out = (struct onnx_value){ .kind = ONNX_TENSOR, .type = l->in->type, .dims = l->in->dims };
	l->out_dim = w->rank - 1 - transposed;
	onnx_layer_open(l, 0);
	l->i8 &= alpha == 1;
	if (flat && l->in->flat->t->dtype == DT_I8 && !l->i8)
		flat = false;
	t = flat ? flattened(x, n, l->in, &walk, out->order) : input_rows(x, n, l, k, out->order);
	l->w = t ? dense_weights(x, n, l, transposed, alpha, flat ? &walk : NULL) : NULL;
	if (!l->w || !onnx_layer_bias(x, n, l, l->w->shape.dim[0], &l->b))
		return false;
	out->t = onnx_emit(x, n, OP_DENSE, NULL, (struct tensor *[]){ t, l->w, l->b }, l->b ? 3 : 2, NULL, l->i8 ? &l->target : NULL);
	out->dims.dim[k] = l->w->shape.dim[0];
	return out->t != NULL;
}

static bool
product_result(struct onnx *x, struct onnx_node *n, const struct onnx_value *out, const struct onnx_layer *l)
{
	return onnx_result_tensor(x, n, 0, out->t, l->in, &out->dims, out->order);
}

/* ---- Gemm ---- */

/* Whether C, of a product with OUT columns, is the same for all rows. */
static bool
is_bias(const struct onnx_value *c, int64_t out)
{
	int64_t count = onnx_count(&c->dims);

	return c->kind == ONNX_CONST && (count == 1 || (count == out && c->dims.rank > 0 && c->dims.dim[c->dims.rank - 1] == out));
}

/* C times BETA, for a sum behind the product. */
static const struct onnx_value *
scaled(struct onnx *x, const struct onnx_node *n, const struct onnx_value *c, float beta)
{
	unsigned char *data;

	if (beta == 1)
		return c;
	if (c->kind != ONNX_CONST) {
		onnx_refuse(x, n, "with a factor of a computed C");
		return NULL;
	}
	struct onnx_value *v = onnx_new_const(x, n, ONNX_F32, &c->dims, &data);
	for (int64_t i = 0; v && i < onnx_count(&c->dims); i++)
		onnx_put(ONNX_F32, data, i, (double)beta * onnx_real(c, i), 0);
	return v;
}

/* V with its two dimensions exchanged. */
static struct onnx_value
exchanged(const struct onnx_value *v)
{
	struct onnx_value out = *v;

	out.dims.dim[0] = v->dims.dim[1];
	out.dims.dim[1] = v->dims.dim[0];
	for (int i = 0; i < v->t->shape.rank; i++)
		if (out.order[i] >= 0)
			out.order[i] = 1 - out.order[i];
	return out;
}

bool
onnx_gemm(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value a = *onnx_in(n, 0), out;
	const struct onnx_value *c = onnx_in(n, 2);
	struct onnx_layer l = { .in = &a, .weight = onnx_const_in(x, n, 1, "weights"), .beta = onnx_attr_float(n, "beta", 1) };
	bool transposed = onnx_attr_int(n, "transB", 0);

	if (!l.weight)
		return false;
	if (a.dims.rank != 2 || l.weight->dims.rank != 2)
		return onnx_error(x, n, "its operands are no matrices");
	if (onnx_attr_int(n, "transA", 0)) {
		if (!onnx_tensor(x, n, &a))
			return false;
		a = exchanged(&a);
	}
	bool bias = c->kind != ONNX_ABSENT && l.beta != 0, after = bias && !is_bias(c, l.weight->dims.dim[!transposed]);
	l.bias = bias && !after ? c : NULL;
	l.has_target = !after && onnx_target(x, n, &l.target);
	if (!onnx_product(x, n, &l, transposed, onnx_attr_float(n, "alpha", 1), &out))
		return false;
	if (!after)
		return product_result(x, n, &out, &l);
	c = scaled(x, n, c, l.beta);
	return c && onnx_sum(x, n, &out, c);
}

/* ---- MatMul ---- */

/* A constant times a value, M[m, k] x[.., k, n]: a dense layer over the other dimension. */
static bool
constant_first(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value v = *onnx_in(n, 1), out;
	struct onnx_layer l = { .in = &v, .weight = onnx_in(n, 0), .beta = 1 };
	int rank = v.dims.rank;

	if (rank < 2 || l.weight->dims.rank != 2)
		return onnx_refuse(x, n, "of a constant with a value of these dimensions");
	if (!onnx_tensor(x, n, &v))
		return false;
	int64_t k = v.dims.dim[rank - 2];
	v.dims.dim[rank - 2] = v.dims.dim[rank - 1];
	v.dims.dim[rank - 1] = k;
	for (int i = 0; i < v.t->shape.rank; i++)
		v.order[i] = v.order[i] == rank - 1 ? rank - 2 : v.order[i] == rank - 2 ? rank - 1 : v.order[i];
	l.has_target = onnx_target(x, n, &l.target);
	if (!onnx_product(x, n, &l, true, 1, &out))
		return false;
	k = out.dims.dim[rank - 2];
	out.dims.dim[rank - 2] = out.dims.dim[rank - 1];
	out.dims.dim[rank - 1] = k;
	for (int i = 0; i < out.t->shape.rank; i++)
		out.order[i] = out.order[i] == rank - 1 ? rank - 2 : out.order[i] == rank - 2 ? rank - 1 : out.order[i];
	return product_result(x, n, &out, &l);
}

/* The matrices W[b.., k, n] as weights of a 1x1 convolution in b groups: [b * n, 1, 1, k]. */
static struct tensor *
group_weights(struct onnx *x, const struct onnx_node *n, const struct onnx_value *w, int64_t groups)
{
	int64_t k = w->dims.dim[w->dims.rank - 2], out = w->dims.dim[w->dims.rank - 1];
	float *data = ARENA_ARRAY(x->arena, float, (size_t)(groups * k * out));

	for (int64_t g = 0; g < groups; g++)
		for (int64_t o = 0; o < out; o++)
			for (int64_t i = 0; i < k; i++)
				data[(g * out + o) * k + i] = (float)onnx_real(w, (g * k + i) * out + o);
	return onnx_floats(x, n, "weight", 4, (int64_t[]){ groups * out, 1, 1, k }, data);
}

/* A matrix for each index of the first dimensions, x[b.., m, k] W[b.., k, n]: a convolution of 1 x m cells whose groups are these
 * indices. */
static bool
grouped(struct onnx *x, struct onnx_node *n, struct onnx_value *v, const struct onnx_value *w, struct onnx_value *out)
{
	int rank = v->dims.rank, *order = out->order;
	int64_t groups = 1;
	struct attrs a;
	struct tensor *t = onnx_tensor_f32(x, n, v);

	if (!t || w->dims.rank != rank || rank > RANK_MAX || memcmp(w->dims.dim, v->dims.dim, (size_t)(rank - 2) * sizeof *v->dims.dim) != 0)
		return t ? onnx_refuse(x, n, "of matrices that broadcast") : false;
	if (w->dims.dim[rank - 2] != v->dims.dim[rank - 1])
		return onnx_error(x, n, "its matrices do not fit");
	*out = (struct onnx_value){ .kind = ONNX_TENSOR, .type = v->type, .dims = v->dims };
	order[0] = rank - 2;
	for (int i = 0; i < rank - 2; i++) {
		order[i + 1] = i;
		groups *= v->dims.dim[i];
	}
	order[rank - 1] = rank - 1;
	out->dims.dim[rank - 1] = w->dims.dim[rank - 1];
	attrs_init(&a);
	a.groups = (int32_t)groups;
	a.shape = (struct ints){ 3, { 1, (int32_t)v->dims.dim[rank - 2], (int32_t)(groups * v->dims.dim[rank - 1]) } };
	t = onnx_arrange(x, n, t, &v->dims, v->order, rank, order);
	t = t ? onnx_emit(x, n, OP_RESHAPE, "groups", &t, 1, &a, NULL) : NULL;
	t = t ? onnx_emit(x, n, OP_CONV2D, NULL, (struct tensor *[]){ t, group_weights(x, n, w, groups) }, 2, &a, NULL) : NULL;
	a.shape.n = rank;
	for (int i = 0; i < rank; i++)
		a.shape.v[i] = (int32_t)out->dims.dim[order[i]];
	out->t = t ? onnx_emit(x, n, OP_RESHAPE, "matrices", &t, 1, &a, NULL) : NULL;
	return out->t != NULL;
}

/* Whether W is one matrix, whatever dimensions of 1 stand before it. */
static bool
is_one_matrix(const struct onnx_value *w)
{
	for (int i = 0; i < w->dims.rank - 2; i++)
		if (w->dims.dim[i] != 1)
			return false;
	return w->dims.rank >= 2;
}

/* The vector W as a matrix of one column. */
static const struct onnx_value *
as_column(struct onnx *x, const struct onnx_value *w)
{
	struct onnx_value *v = ARENA_NEW(x->arena, struct onnx_value);

	*v = *w;
	v->dims.rank = 2;
	v->dims.dim[1] = 1;
	return v;
}

bool
onnx_matrices(struct onnx *x, struct onnx_node *n, struct onnx_layer *l, struct onnx_value *out)
{
	bool vector = l->weight->dims.rank == 1;

	if (vector)
		l->weight = as_column(x, l->weight);
	else if (!is_one_matrix(l->weight))
		return grouped(x, n, l->in, l->weight, out);
	if (l->weight->dims.rank > l->in->dims.rank && !vector && l->in->dims.rank > 1)
		return onnx_refuse(x, n, "of matrices that broadcast");
	if (!onnx_product(x, n, l, false, 1, out))
		return false;
	if (vector) {
		out->dims.rank--;
		for (int i = 0; i < out->t->shape.rank; i++)
			if (out->order[i] == out->dims.rank)
				out->order[i] = -1;
	}
	return true;
}

bool
onnx_matmul(struct onnx *x, struct onnx_node *n)
{
	struct onnx_layer l = { .in = onnx_in(n, 0), .beta = 1 };
	struct onnx_value out;

	if (l.in->kind == ONNX_CONST)
		return constant_first(x, n);
	if (!(l.weight = onnx_const_in(x, n, 1, "weights")))
		return false;
	l.has_target = onnx_target(x, n, &l.target);
	return onnx_matrices(x, n, &l, &out) && product_result(x, n, &out, &l);
}
