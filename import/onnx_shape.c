/* Other dimensions for the same elements: Reshape and its kin, Transpose. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* ---- sizes ---- */

bool
onnx_reshape_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_dims *out)
{
	struct onnx_list to;
	bool given, zero = onnx_attr_int(n, "allowzero", 0);
	int hole = -1;

	if (!onnx_list_of(x, n, 1, "shape", &to, &given))
		return false;
	if (to.n > DIMS_MAX)
		return onnx_error(x, n, "its shape has %d dimensions, more than %d", to.n, DIMS_MAX);
	out->rank = to.n;
	for (int i = 0; i < to.n; i++) {
		out->dim[i] = to.v[i] == 0 && !zero && i < d->rank ? d->dim[i] : to.v[i];
		if (to.v[i] < -1 || (to.v[i] == -1 && hole >= 0))
			return onnx_error(x, n, "its shape has %s", to.v[i] == -1 ? "-1 twice" : "a negative dimension");
		if (to.v[i] == -1) {
			hole = i;
			out->dim[i] = 1;
		}
	}
	int64_t count = onnx_count(d), known = onnx_count(out);
	if (hole >= 0 && known > 0 && count % known == 0)
		out->dim[hole] = count / known;
	if (onnx_count(out) == count)
		return true;
	return onnx_error(x, n, "its input has %lld elements, which its shape has not", (long long)count);
}

bool
onnx_flatten_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_dims *out)
{
	int64_t axis = onnx_attr_int(n, "axis", 1);

	if (axis < -d->rank || axis > d->rank)
		return onnx_error(x, n, "axis %lld is none of its %d dimensions", (long long)axis, d->rank);
	axis += axis < 0 ? d->rank : 0;
	*out = (struct onnx_dims){ 2, { 1, 1 } };
	for (int i = 0; i < d->rank; i++)
		out->dim[i >= axis] *= d->dim[i];
	return true;
}

/* CHOSEN[i]: dimension i of RANK is among the axes; *GIVEN: whether there are any. */
static bool
chosen_axes(struct onnx *x, const struct onnx_node *n, int rank, bool *chosen, bool *given)
{
	struct onnx_list axes;

	memset(chosen, 0, DIMS_MAX * sizeof *chosen);
	if (!onnx_list_of(x, n, 1, "axes", &axes, given))
		return false;
	for (int i = 0, k; i < axes.n; i++) {
		if (!onnx_axis(x, n, axes.v[i], rank, &k))
			return false;
		if (chosen[k])
			return onnx_error(x, n, "axis %d is named twice", k);
		chosen[k] = true;
	}
	return true;
}

bool
onnx_squeeze_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_dims *out)
{
	bool chosen[DIMS_MAX], given;

	if (!chosen_axes(x, n, d->rank, chosen, &given))
		return false;
	out->rank = 0;
	for (int i = 0; i < d->rank; i++) {
		if (given && chosen[i] && d->dim[i] != 1)
			return onnx_error(x, n, "dimension %d is %lld, not 1", i, (long long)d->dim[i]);
		if (given ? !chosen[i] : d->dim[i] != 1)
			out->dim[out->rank++] = d->dim[i];
	}
	return true;
}

bool
onnx_unsqueeze_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_dims *out)
{
	bool chosen[DIMS_MAX], given;
	struct onnx_list axes;

	if (!onnx_list_of(x, n, 1, "axes", &axes, &given))
		return false;
	out->rank = d->rank + axes.n;
	if (out->rank > DIMS_MAX)
		return onnx_error(x, n, "its result has %d dimensions, more than %d", out->rank, DIMS_MAX);
	if (!chosen_axes(x, n, out->rank, chosen, &given))
		return false;
	for (int i = 0, k = 0; i < out->rank; i++)
		out->dim[i] = chosen[i] ? 1 : d->dim[k++];
	return true;
}

bool
onnx_permutation(struct onnx *x, const struct onnx_node *n, int rank, int *perm)
{
	struct onnx_list list;
	bool used[DIMS_MAX] = { false };

	if (!onnx_attr_list(x, n, "perm", &list)) {
		for (int i = 0; i < rank; i++)
			perm[i] = rank - 1 - i;
		return !onnx_attr(n, "perm");
	}
	if (list.n != rank)
		return onnx_error(x, n, "attribute 'perm' has %d values for %d dimensions", list.n, rank);
	for (int i = 0; i < rank; i++) {
		if (list.v[i] < 0 || list.v[i] >= rank || used[list.v[i]])
			return onnx_error(x, n, "attribute 'perm' is no order of %d dimensions", rank);
		perm[i] = (int)list.v[i];
		used[perm[i]] = true;
	}
	return true;
}

/* ---- views ---- */

/* Neighbouring dimensions [x, x_end) of a value that become [y, y_end) of another. */
struct group { int x, x_end, y, y_end; };

/* The smallest groups in which FROM becomes TO, which has as many elements. */
static int
find_groups(const struct onnx_dims *from, const struct onnx_dims *to, struct group *g)
{
	int n = 0, i = 0, k = 0;

	while (i < from->rank || k < to->rank) {
		int64_t p = i < from->rank ? from->dim[i] : 1, q = k < to->rank ? to->dim[k] : 1;

		g[n] = (struct group){ .x = i, .y = k };
		i += i < from->rank;
		k += k < to->rank;
		while (p != q) {
			if (p < q)
				p *= from->dim[i++];
			else
				q *= to->dim[k++];
		}
		g[n].x_end = i;
		g[n++].y_end = k;
	}
	return n;
}

/* How the dimensions of a group lie in a tensor whose dimensions above 1 are HAVE: next to each other in their order, exchanged at its
 * very end, or else.  *AT: where the first of them is. */
enum lie { LIE_APART, LIE_IN_ORDER, LIE_EXCHANGED };

static enum lie
group_lies(const struct onnx_dims *d, const struct group *g, int count, const int *have, int *at)
{
	int dims[DIMS_MAX], n = 0;

	for (int i = g->x; i < g->x_end; i++)
		if (d->dim[i] > 1)
			dims[n++] = i;
	*at = -1;
	for (int i = 0; n && i < count && *at < 0; i++)
		if (have[i] == dims[0])
			*at = i;
	if (n == 2 && *at == count - 1 && have[count - 2] == dims[1]) {
		*at = count - 2;
		return LIE_EXCHANGED;
	}
	for (int i = 0; i < n; i++)
		if (*at + i >= count || have[*at + i] != dims[i])
			return LIE_APART;
	return LIE_IN_ORDER;
}

/* T, whose last dimensions, of sizes A and B, are one now, in the order of B first. */
static struct tensor *
exchange(struct onnx *x, const struct onnx_node *n, struct tensor *t, int64_t a)
{
	struct attrs attr;

	attrs_init(&attr);
	attr.groups = (int32_t)a;
	return t ? onnx_emit(x, n, OP_SHUFFLE, NULL, &t, 1, &attr, NULL) : NULL;
}

/* *OUT: V, whose dimensions lie in groups (of which one may have to be shuffled), with the dimensions TO; false: they don't.  A failure leaves
 * T NULL. */
static bool
view_groups(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, const struct onnx_dims *to, bool may_shuffle,
	struct onnx_value *out)
{
	struct group g[2 * DIMS_MAX];
	int count = find_groups(&v->dims, to, g), have[RANK_MAX], n_have = 0, rank = 0, first[2 * DIMS_MAX];
	int64_t shuffled = 0;

	for (int i = 0; i < v->t->shape.rank; i++)
		if (v->t->shape.dim[i] > 1)
			have[n_have++] = v->order[i];
	for (int i = 0; i < count; i++) {
		enum lie lie = group_lies(&v->dims, &g[i], n_have, have, &first[i]);

		if (lie == LIE_APART || (lie == LIE_EXCHANGED && (!may_shuffle || g[i].y_end - g[i].y != 1)))
			return false;
		if (lie == LIE_EXCHANGED)
			shuffled = v->dims.dim[have[n_have - 2]];
	}
	bool plain = true;
	for (int i = 1; i < n_have; i++)
		plain &= have[i] > have[i - 1];
	if (plain)
		rank = onnx_plain_order(to, out->order);
	for (int at = 0; !plain && at < n_have; at++)
		for (int i = 0; i < count; i++)
			for (int k = g[i].y; first[i] == at && k < g[i].y_end; k++)
				if (to->dim[k] > 1 && rank < RANK_MAX)
					out->order[rank++] = k;
	struct shape shape = onnx_shape_of(to, rank, out->order);
	if (shape_count(&shape) != tensor_count(v->t))
		return false;
	out->t = onnx_reshape_to(x, n, v->t, &shape);
	if (shuffled)
		out->t = exchange(x, n, out->t, shuffled);
	return true;
}

bool
onnx_view(struct onnx *x, const struct onnx_node *n, struct onnx_value *v, const struct onnx_dims *to, struct onnx_value *out)
{
	struct onnx_value *from = ARENA_NEW(x->arena, struct onnx_value);
	int order[RANK_MAX];

	if (v->kind != ONNX_TENSOR)
		return onnx_tensor(x, n, v) != NULL;
	*from = v->t ? *v : *v->flat;
	*out = (struct onnx_value){ .kind = ONNX_TENSOR, .type = v->type, .dims = *to, .real = v->real, .integers = v->integers };
	if (onnx_count(to) == 0)
		return onnx_refuse(x, n, "with an empty result");
	/* Flattened for a layer whose weights can be reordered instead. */
	bool flat = to->rank == 2 && from->dims.rank > 2 && to->dim[0] == from->dims.dim[0];
	if (view_groups(x, n, from, to, !flat, out))
		return out->t != NULL;
	if (flat) {
		out->flat = from;
		return true;
	}
	struct tensor *t = onnx_plain(x, n, from);
	int rank = onnx_plain_order(to, order);
	struct shape shape = onnx_shape_of(to, rank, order);
	if (shape_count(&shape) != onnx_count(to))
		return onnx_refuse(x, n, "to so many dimensions");
	memcpy(out->order, order, sizeof order);
	out->t = t ? onnx_reshape_to(x, n, t, &shape) : NULL;
	return out->t != NULL;
}

static bool
view(struct onnx *x, struct onnx_node *n, onnx_sizes *sizes)
{
	struct onnx_dims to;
	struct onnx_value out;

	return sizes(x, n, &onnx_in(n, 0)->dims, &to) && onnx_view(x, n, onnx_in(n, 0), &to, &out) && onnx_result(x, n, 0, &out);
}

bool
onnx_reshape(struct onnx *x, struct onnx_node *n)
{
	return view(x, n, onnx_reshape_sizes);
}

bool
onnx_flatten(struct onnx *x, struct onnx_node *n)
{
	return view(x, n, onnx_flatten_sizes);
}

bool
onnx_squeeze(struct onnx *x, struct onnx_node *n)
{
	return view(x, n, onnx_squeeze_sizes);
}

bool
onnx_unsqueeze(struct onnx *x, struct onnx_node *n)
{
	return view(x, n, onnx_unsqueeze_sizes);
}

/* ---- transpose ---- */

/* Only the value's dimensions are counted in another order. */
bool
onnx_transpose(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	int perm[DIMS_MAX], place[DIMS_MAX];

	if (!onnx_tensor(x, n, v) || !onnx_permutation(x, n, v->dims.rank, perm))
		return false;
	struct onnx_value out = *v;
	for (int i = 0; i < v->dims.rank; i++) {
		out.dims.dim[i] = v->dims.dim[perm[i]];
		place[perm[i]] = i;
	}
	for (int i = 0; i < v->t->shape.rank; i++)
		out.order[i] = v->order[i] < 0 ? -1 : place[v->order[i]];
	return onnx_result(x, n, 0, &out);
}
