/* What moves elements: parts of values, values side by side, values with cells around them. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* ---- parts ---- */

/* The part BOX of V, as *OUT. */
static bool
take(struct onnx *x, const struct onnx_node *n, const char *suffix, struct onnx_value *v, const struct onnx_box *box, struct onnx_value *out)
{
	struct tensor *t = onnx_tensor(x, n, v);
	struct attrs a;
	bool whole = true;

	if (!t)
		return false;
	*out = *v;
	out->f32 = NULL;
	for (int d = 0; d < v->dims.rank; d++) {
		if (box->size[d] < 1)
			return onnx_refuse(x, n, "with an empty result");
		out->dims.dim[d] = box->size[d];
		whole &= box->size[d] == v->dims.dim[d];
	}
	if (whole)
		return true;
	attrs_init(&a);
	a.begin.n = a.size.n = a.steps.n = t->shape.rank;
	for (int i = 0; i < t->shape.rank; i++) {
		int d = v->order[i];

		a.begin.v[i] = d < 0 ? 0 : (int32_t)box->begin[d];
		a.size.v[i] = d < 0 ? 1 : (int32_t)box->size[d];
		a.steps.v[i] = d < 0 ? 1 : (int32_t)box->step[d];
	}
	out->t = onnx_emit(x, n, OP_SLICE, suffix, &t, 1, &a, NULL);
	return out->t != NULL;
}

static struct onnx_box
whole_box(const struct onnx_dims *d)
{
	struct onnx_box box = { 0 };

	for (int i = 0; i < d->rank; i++) {
		box.size[i] = d->dim[i];
		box.step[i] = 1;
	}
	return box;
}

static int64_t
clamp(int64_t v, int64_t lo, int64_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* Dimension D of SIZE from START to END by STEP, as the format counts them. */
static void
slice_dim(struct onnx_box *box, int d, int64_t size, int64_t start, int64_t end, int64_t step)
{
	start += start < 0 ? size : 0;
	end += end < 0 ? size : 0;
	if (step > 0) {
		start = clamp(start, 0, size);
		end = clamp(end, 0, size);
		box->size[d] = end > start ? (end - start - 1) / step + 1 : 0;
		step = step > size ? size : step;
	} else {
		start = clamp(start, 0, size - 1);
		end = clamp(end, -1, size - 1);
		box->size[d] = start > end ? (start - end - 1) / -(step < -size ? -size : step) + 1 : 0;
		step = step < -size ? -size : step;
	}
	box->begin[d] = start;
	box->step[d] = step;
}

bool
onnx_slice_box(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_box *box)
{
	struct onnx_list starts, ends, axes, steps;
	bool given, has_axes, has_steps;

	*box = whole_box(d);
	if (!onnx_list_of(x, n, 1, "starts", &starts, &given) || !onnx_list_of(x, n, 2, "ends", &ends, &given)
	    || !onnx_list_of(x, n, 3, "axes", &axes, &has_axes) || !onnx_list_of(x, n, 4, "steps", &steps, &has_steps))
		return false;
	if (starts.n != ends.n || (has_axes && axes.n != starts.n) || (has_steps && steps.n != starts.n) || starts.n > d->rank)
		return onnx_error(x, n, "it has %d starts and %d ends for %d dimensions", starts.n, ends.n, d->rank);
	for (int i = 0, k; i < starts.n; i++) {
		if (!onnx_axis(x, n, has_axes ? axes.v[i] : i, d->rank, &k))
			return false;
		if (has_steps && steps.v[i] == 0)
			return onnx_error(x, n, "it has a step of 0");
		slice_dim(box, k, d->dim[k], starts.v[i], ends.v[i], has_steps ? steps.v[i] : 1);
	}
	return true;
}

bool
onnx_slice(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), out;
	struct onnx_box box;

	if (!onnx_slice_box(x, n, &v->dims, &box))
		return false;
	for (int d = 0; d < v->dims.rank; d++)
		if (box.step[d] < 0 && box.size[d] > 1)
			return onnx_refuse(x, n, "with steps backwards");
		else if (box.step[d] < 0)
			box.step[d] = 1;
	return take(x, n, NULL, v, &box, &out) && onnx_result(x, n, 0, &out);
}

bool
onnx_split_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, int *axis, struct onnx_list *parts)
{
	bool given;
	int64_t sum = 0;

	if (!onnx_axis(x, n, onnx_attr_int(n, "axis", 0), d->rank, axis) || !onnx_list_of(x, n, 1, "split", parts, &given))
		return false;
	if (!given) {
		int64_t count = onnx_attr_int(n, "num_outputs", n->nout), size = d->dim[*axis];

		if (count < 1 || count > LIST_MAX)
			return onnx_error(x, n, "it has %lld parts", (long long)count);
		parts->n = (int)count;
		for (int i = 0; i < parts->n; i++) /* the last one is smaller, if any */
			parts->v[i] = clamp(size - i * ((size + count - 1) / count), 0, (size + count - 1) / count);
	}
	for (int i = 0; i < parts->n; i++) {
		if (parts->v[i] < 0 || parts->v[i] > d->dim[*axis])
			return onnx_error(x, n, "a part has a size of %lld", (long long)parts->v[i]);
		sum += parts->v[i];
	}
	if (parts->n != n->nout || sum != d->dim[*axis])
		return onnx_error(x, n, "its %d parts add up to %lld, not %lld", parts->n, (long long)sum, (long long)d->dim[*axis]);
	return true;
}

bool
onnx_split(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), out;
	struct onnx_box box = whole_box(&v->dims);
	struct onnx_list parts;
	int axis;

	if (!onnx_split_sizes(x, n, &v->dims, &axis, &parts))
		return false;
	for (int k = 0; k < parts.n; k++) {
		box.size[axis] = parts.v[k];
		if (!take(x, n, arena_printf(x->arena, "%d", k), v, &box, &out) || !onnx_result(x, n, k, &out))
			return false;
		box.begin[axis] += parts.v[k];
	}
	return true;
}

/* ---- side by side ---- */

/* The scale of values side by side in int8: the one they have, else the one that their node is to have. */
static bool
concat_quant(struct onnx *x, const struct onnx_node *n, struct onnx_value *const *v, int count, struct quant *q)
{
	bool same = true;

	for (int i = 0; i < count; i++) {
		if (v[i]->t->dtype != DT_I8 || v[i]->real != v[0]->real)
			return false;
		same &= quant_equal(&v[i]->t->quant, &v[0]->t->quant);
	}
	*q = v[0]->t->quant;
	return same || (v[0]->real && onnx_target(x, n, q));
}

/* The values V side by side along AXIS, as *OUT. */
static bool
join(struct onnx *x, const struct onnx_node *n, struct onnx_value *const *v, int count, int axis, struct onnx_value *out)
{
	struct tensor **in = ARENA_ARRAY(x->arena, struct tensor *, (size_t)count);
	const struct onnx_value *lead = v[0];
	struct attrs a;
	struct quant q;
	int order[RANK_MAX];

	for (int i = 1; i < count; i++)
		if (onnx_count(&v[i]->dims) > onnx_count(&lead->dims))
			lead = v[i];
	int rank = lead->t->shape.rank;
	memcpy(order, lead->order, sizeof order);
	if (!onnx_order_add(order, &rank, axis))
		return onnx_refuse(x, n, "of so many dimensions");
	bool i8 = concat_quant(x, n, v, count, &q);
	*out = (struct onnx_value){ .kind = ONNX_TENSOR, .type = lead->type, .dims = lead->dims, .real = i8 && lead->real,
		.integers = lead->integers };
	out->dims.dim[axis] = 0;
	for (int i = 0; i < count; i++) {
		out->dims.dim[axis] += v[i]->dims.dim[axis];
		if (i && v[i] == v[i - 1]) {
			in[i] = in[i - 1];
			continue;
		}
		in[i] = i8 ? v[i]->t : onnx_tensor_f32(x, n, v[i]);
		in[i] = onnx_arrange(x, n, in[i], &v[i]->dims, v[i]->order, rank, order);
		if (in[i] && i8 && !quant_equal(&in[i]->quant, &q))
			in[i] = onnx_emit(x, n, OP_REQUANTIZE, "scale", &in[i], 1, NULL, &q);
		if (!in[i])
			return false;
	}
	attrs_init(&a);
	for (int i = 0; i < rank; i++)
		if (order[i] == axis)
			a.axis = i;
	memcpy(out->order, order, sizeof order);
	out->t = count == 1 ? in[0] : onnx_emit(x, n, OP_CONCAT, NULL, in, count, &a, NULL);
	return out->t != NULL;
}

bool
onnx_concat(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value out;
	const struct onnx_dims *d = &onnx_in(n, 0)->dims;
	int axis;

	if (!onnx_axis(x, n, onnx_attr_int(n, "axis", 1), d->rank, &axis))
		return false;
	for (int k = 0; k < n->nin; k++) {
		const struct onnx_dims *e = &n->in[k]->dims;
		bool fits = e->rank == d->rank;

		if (!onnx_tensor(x, n, n->in[k]))
			return false;
		for (int i = 0; fits && i < d->rank; i++)
			fits = i == axis || e->dim[i] == d->dim[i];
		if (!fits)
			return onnx_error(x, n, "its inputs 0 and %d do not fit side by side", k);
	}
	return join(x, n, n->in, n->nin, axis, &out) && onnx_result(x, n, 0, &out);
}

/* ---- repeated ---- */

enum { COPIES_MAX = 64 /* of a value that an Expand may repeat */ };

/* The sizes that V, of dimensions D, is expanded to. */
static bool
expanded_sizes(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, struct onnx_dims *have, struct onnx_dims *to)
{
	struct onnx_list list;

	if (!onnx_list_in(x, n, 1, "sizes", &list))
		return false;
	to->rank = have->rank = list.n > d->rank ? list.n : d->rank;
	if (to->rank > DIMS_MAX)
		return onnx_refuse(x, n, "to so many dimensions");
	for (int i = 0; i < to->rank; i++) {
		int k = i - to->rank + d->rank, m = i - to->rank + list.n;
		int64_t want = m < 0 ? 1 : list.v[m];

		have->dim[i] = k < 0 ? 1 : d->dim[k];
		to->dim[i] = want == 1 ? have->dim[i] : want;
		if (want != 1 && have->dim[i] != 1 && want != have->dim[i])
			return onnx_error(x, n, "a dimension of %lld does not expand to %lld", (long long)have->dim[i], (long long)want);
		if (to->dim[i] < 1 || (to->dim[i] != have->dim[i] && to->dim[i] > COPIES_MAX))
			return onnx_refuse(x, n, "to no or to so many copies");
	}
	return true;
}

bool
onnx_expand(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = ARENA_NEW(x->arena, struct onnx_value), *copies[COPIES_MAX];
	struct onnx_dims have, to;

	if (!onnx_tensor(x, n, onnx_in(n, 0)) || !expanded_sizes(x, n, &onnx_in(n, 0)->dims, &have, &to)
	    || !onnx_view(x, n, onnx_in(n, 0), &have, v) || !onnx_tensor(x, n, v))
		return false;
	for (int d = 0; d < to.rank; d++) {
		if (to.dim[d] == have.dim[d])
			continue;
		for (int64_t i = 0; i < to.dim[d]; i++)
			copies[i] = v;
		v = ARENA_NEW(x->arena, struct onnx_value);
		if (!join(x, n, copies, (int)to.dim[d], d, v))
			return false;
	}
	return onnx_result(x, n, 0, v);
}

/* ---- chosen indices ---- */

enum { RUNS_MAX = 256 /* slices that a Gather may become */ };

/* The slices of V along AXIS that the COUNT indices of INDEX are, runs of them together. */
static bool
take_runs(struct onnx *x, const struct onnx_node *n, struct onnx_value *v, int axis, const struct onnx_value *index, int64_t count,
	struct onnx_value *out)
{
	struct onnx_value *parts[RUNS_MAX];
	struct onnx_box box = whole_box(&v->dims);
	int64_t size = v->dims.dim[axis];
	int runs = 0;

	for (int64_t i = 0, run; i < count; i += run) {
		int64_t first = onnx_int(index, i);

		if (first < -size || first >= size)
			return onnx_error(x, n, "index %lld is outside of %lld", (long long)first, (long long)size);
		for (run = 1; i + run < count && onnx_int(index, i + run) == first + run && (first + run < 0 || first + run < size); run++)
			if (first + run == 0)
				break;
		if (runs == RUNS_MAX)
			return onnx_refuse(x, n, "of so many indices");
		box.begin[axis] = first < 0 ? first + size : first;
		box.size[axis] = run;
		parts[runs] = ARENA_NEW(x->arena, struct onnx_value);
		if (!take(x, n, "part", v, &box, parts[runs++]))
			return false;
	}
	return runs ? join(x, n, parts, runs, axis, out) : onnx_refuse(x, n, "with an empty result");
}

bool
onnx_gather(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), taken, out;
	const struct onnx_value *index = onnx_const_in(x, n, 1, "indices");
	struct onnx_dims to = { 0 };
	int axis;

	if (!index || !onnx_tensor(x, n, v) || !onnx_axis(x, n, onnx_attr_int(n, "axis", 0), v->dims.rank, &axis))
		return false;
	if (v->dims.rank - 1 + index->dims.rank > DIMS_MAX)
		return onnx_refuse(x, n, "to so many dimensions");
	for (int i = 0; i < axis; i++)
		to.dim[to.rank++] = v->dims.dim[i];
	for (int i = 0; i < index->dims.rank; i++)
		to.dim[to.rank++] = index->dims.dim[i];
	for (int i = axis + 1; i < v->dims.rank; i++)
		to.dim[to.rank++] = v->dims.dim[i];
	return take_runs(x, n, v, axis, index, onnx_count(&index->dims), &taken) && onnx_view(x, n, &taken, &to, &out)
		&& onnx_result(x, n, 0, &out);
}

/* ---- cells around ---- */

/* The cells before and after each dimension. */
static bool
read_pads(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, int64_t *before, int64_t *after)
{
	struct onnx_list pads, axes;
	bool given, chosen;

	if (!onnx_list_of(x, n, 1, onnx_attr(n, "paddings") ? "paddings" : "pads", &pads, &given)
	    || !onnx_list_of(x, n, 3, "axes", &axes, &chosen))
		return false;
	int count = chosen ? axes.n : d->rank;
	if (pads.n != 2 * count)
		return onnx_error(x, n, "it has %d pads for %d dimensions", pads.n, count);
	for (int i = 0; i < count; i++) {
		int k = i;

		if (chosen && !onnx_axis(x, n, axes.v[i], d->rank, &k))
			return false;
		before[k] = pads.v[i];
		after[k] = pads.v[i + count];
		if (before[k] < -INT32_MAX || before[k] > INT32_MAX || after[k] < -INT32_MAX || after[k] > INT32_MAX)
			return onnx_error(x, n, "it has %lld and %lld cells of padding", (long long)before[k], (long long)after[k]);
	}
	return true;
}

/* The value of the cells as the graph has it: that which an integer stands for. */
static bool
pad_value(struct onnx *x, const struct onnx_node *n, const struct onnx_value *v, float *value)
{
	*value = onnx_attr_float(n, "value", 0);
	if (onnx_has(n, 2)) {
		const struct onnx_value *c = onnx_const_in(x, n, 2, "a value");

		if (!c)
			return false;
		if (onnx_count(&c->dims) != 1)
			return onnx_error(x, n, "its value has %lld elements", (long long)onnx_count(&c->dims));
		*value = (float)onnx_real(c, 0);
	}
	if (v->t->dtype == DT_I8 && !v->real)
		*value = v->t->quant.scale[0] * (*value - (float)(v->type == ONNX_U8 ? 128 : 0) - (float)v->t->quant.zero);
	return true;
}

bool
onnx_pad(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), inner;
	int64_t before[DIMS_MAX] = { 0 }, after[DIMS_MAX] = { 0 };
	struct onnx_box box = whole_box(&v->dims);
	struct attrs a;

	attrs_init(&a);
	if (strcmp(onnx_attr_text(x, n, "mode", "constant"), "constant") != 0)
		return onnx_refuse(x, n, arena_printf(x->arena, "of mode '%s'", onnx_attr_text(x, n, "mode", "")));
	if (!onnx_tensor(x, n, v) || !read_pads(x, n, &v->dims, before, after) || !pad_value(x, n, v, &a.value))
		return false;
	for (int d = 0; d < v->dims.rank; d++) { /* negative ones cut off */
		box.begin[d] = before[d] < 0 ? -before[d] : 0;
		box.size[d] -= box.begin[d] + (after[d] < 0 ? -after[d] : 0);
	}
	if (!take(x, n, "cut", v, &box, &inner))
		return false;
	struct onnx_dims out = inner.dims;
	int rank = inner.t->shape.rank, order[RANK_MAX];
	memcpy(order, inner.order, sizeof order);
	for (int d = 0; d < out.rank; d++) {
		before[d] = before[d] < 0 ? 0 : before[d];
		after[d] = after[d] < 0 ? 0 : after[d];
		if ((before[d] || after[d]) && !onnx_order_add(order, &rank, d))
			return onnx_refuse(x, n, "of so many dimensions");
		out.dim[d] += before[d] + after[d];
	}
	if (onnx_count(&out) < 0)
		return onnx_error(x, n, "its result has more than %d elements", INT32_MAX);
	struct tensor *t = onnx_arrange(x, n, inner.t, &inner.dims, inner.order, rank, order);
	a.before.n = a.after.n = rank;
	for (int i = 0; i < rank; i++) {
		a.before.v[i] = order[i] < 0 ? 0 : (int32_t)before[order[i]];
		a.after.v[i] = order[i] < 0 ? 0 : (int32_t)after[order[i]];
	}
	return t && onnx_result_tensor(x, n, 0, onnx_emit(x, n, OP_PAD, NULL, &t, 1, &a, NULL), v, &out, order);
}
