/* Arithmetic on integer constants: models compute the shapes that they reshape, slice and resize to.  All of it starts from SHAPE or from
 * constants, so it is done here, and nothing of it is left in the graph. */
#include <config.h>
#include "import/tflite.h"

enum { COUNT_MAX = 65536 /* of a result's elements: shapes are short */ };

static const struct shape scalar;

static int64_t *
new_ints(struct tfl *t, int64_t n)
{
	return ARENA_ARRAY(t->m->arena, int64_t, (size_t)n + 1);
}

static bool
result_list(struct tfl *t, const struct tfl_op *op, const int64_t *v, int64_t n)
{
	struct shape s = { .rank = 1, .dim = { (int32_t)n } };

	return tfl_result_ints(t, op, 0, v, &s);
}

static bool
result_scalar(struct tfl *t, const struct tfl_op *op, int64_t value)
{
	int64_t *v = new_ints(t, 1);

	*v = value;
	return tfl_result_ints(t, op, 0, v, &scalar);
}

/* ---- of shapes ---- */

bool
tfl_shape_of(struct tfl *t, struct tfl_op *op)
{
	const struct shape *s = &op->in[0]->shape;
	int64_t *v = new_ints(t, s->rank);

	for (int i = 0; i < s->rank; i++)
		v[i] = s->dim[i];
	return result_list(t, op, v, s->rank);
}

bool
tfl_rank_of(struct tfl *t, struct tfl_op *op)
{
	return result_scalar(t, op, op->in[0]->shape.rank);
}

/* ---- two operands ---- */

typedef bool binary_fn(int64_t a, int64_t b, int64_t *r);

/* Operands of one shape, or one of them a single value. */
static bool
binary(struct tfl *t, const struct tfl_op *op, binary_fn *fn)
{
	int64_t na, nb;
	const int64_t *a = tfl_ints_of(t, op, 0, &na), *b = a ? tfl_ints_of(t, op, 1, &nb) : NULL;

	if (!b)
		return false;
	if (na != 1 && nb != 1 && !shape_equal(&op->in[0]->shape, &op->in[1]->shape))
		return tfl_refuse(t, op, "of integers of several shapes");
	bool first = na > nb || (na == nb && op->in[0]->shape.rank >= op->in[1]->shape.rank);
	int64_t n = first ? na : nb, *r = new_ints(t, n);
	for (int64_t i = 0; i < n; i++)
		if (!fn(a[na == 1 ? 0 : i], b[nb == 1 ? 0 : i], &r[i]))
			return tfl_error(t, op, "%lld and %lld: the result is no integer of 64 bits", (long long)a[na == 1 ? 0 : i],
				(long long)b[nb == 1 ? 0 : i]);
	return tfl_result_ints(t, op, 0, r, &op->in[first ? 0 : 1]->shape);
}

static bool
add(int64_t a, int64_t b, int64_t *r)
{
	return !__builtin_add_overflow(a, b, r);
}

static bool
sub(int64_t a, int64_t b, int64_t *r)
{
	return !__builtin_sub_overflow(a, b, r);
}

static bool
mul(int64_t a, int64_t b, int64_t *r)
{
	return !__builtin_mul_overflow(a, b, r);
}

static bool
divide(int64_t a, int64_t b, int64_t *r)
{
	if (b == 0 || (b == -1 && a == INT64_MIN))
		return false;
	*r = a / b;
	return true;
}

static bool
floor_divide(int64_t a, int64_t b, int64_t *r)
{
	if (!divide(a, b, r))
		return false;
	*r -= a % b != 0 && (a < 0) != (b < 0);
	return true;
}

static bool
larger(int64_t a, int64_t b, int64_t *r)
{
	*r = a > b ? a : b;
	return true;
}

static bool
smaller(int64_t a, int64_t b, int64_t *r)
{
	*r = a < b ? a : b;
	return true;
}

bool
tfl_ints_add(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, add);
}

bool
tfl_ints_sub(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, sub);
}

bool
tfl_ints_mul(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, mul);
}

bool
tfl_ints_div(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, divide);
}

bool
tfl_ints_floor_div(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, floor_divide);
}

bool
tfl_ints_max(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, larger);
}

bool
tfl_ints_min(struct tfl *t, struct tfl_op *op)
{
	return binary(t, op, smaller);
}

/* ---- lists ---- */

/* The inputs' values in turn; of PACK each is one value. */
static bool
join(struct tfl *t, const struct tfl_op *op, bool single)
{
	int64_t total = 0, n, *r;

	for (int k = 0; k < op->nin; k++) {
		if (op->in[k]->shape.rank > (single ? 0 : 1))
			return tfl_refuse(t, op, "of integers in several dimensions");
		total += shape_count(&op->in[k]->shape);
	}
	if (total > COUNT_MAX)
		return tfl_error(t, op, "its result would have %lld integers", (long long)total);
	r = new_ints(t, total);
	total = 0;
	for (int k = 0; k < op->nin; k++) {
		const int64_t *v = tfl_ints_of(t, op, k, &n);
		if (!v)
			return false;
		for (int64_t i = 0; i < n; i++)
			r[total++] = v[i];
	}
	return result_list(t, op, r, total);
}

bool
tfl_ints_concat(struct tfl *t, struct tfl_op *op)
{
	return join(t, op, false);
}

bool
tfl_ints_pack(struct tfl *t, struct tfl_op *op)
{
	return join(t, op, true);
}

/* Values of a list by their index. */
bool
tfl_ints_gather(struct tfl *t, struct tfl_op *op)
{
	int64_t n, picks;
	const int64_t *v = tfl_ints_of(t, op, 0, &n), *at = v ? tfl_ints_of(t, op, 1, &picks) : NULL;

	if (!at)
		return false;
	if (op->in[0]->shape.rank != 1)
		return tfl_refuse(t, op, "of integers in several dimensions");
	int64_t *r = new_ints(t, picks);
	for (int64_t i = 0; i < picks; i++) {
		if (at[i] < 0 || at[i] >= n)
			return tfl_error(t, op, "index %lld is outside its input's %lld values", (long long)at[i], (long long)n);
		r[i] = v[at[i]];
	}
	return tfl_result_ints(t, op, 0, r, &op->in[1]->shape);
}

bool
tfl_ints_cast(struct tfl *t, struct tfl_op *op)
{
	int64_t n;
	const int64_t *v = tfl_ints_of(t, op, 0, &n);

	return v && tfl_result_ints(t, op, 0, v, &op->in[0]->shape);
}

/* The product of all values. */
bool
tfl_ints_prod(struct tfl *t, struct tfl_op *op)
{
	int64_t n, product = 1;
	const int64_t *v = tfl_ints_of(t, op, 0, &n);

	if (!v)
		return false;
	if (op->in[0]->shape.rank > 1)
		return tfl_refuse(t, op, "of integers in several dimensions");
	for (int64_t i = 0; i < n; i++)
		if (!mul(product, v[i], &product))
			return tfl_error(t, op, "its product is no integer of 64 bits");
	if (tfl_option(t, op, OPT_REDUCE_KEEP))
		return tfl_refuse(t, op, "with keep_dims");
	return result_scalar(t, op, product);
}

/* One value in all places of a shape. */
bool
tfl_ints_fill(struct tfl *t, struct tfl_op *op)
{
	struct ints dims;
	int64_t n, count = 1;
	const int64_t *value = tfl_ints_of(t, op, 1, &n);
	struct shape shape = { 0 };

	if (!value || !tfl_list_of(t, op, 0, &dims))
		return false;
	for (int i = 0; i < dims.n; i++) {
		shape.dim[shape.rank++] = dims.v[i];
		if (dims.v[i] < 0 || (count *= dims.v[i]) > COUNT_MAX)
			return tfl_error(t, op, "dimension %d of its result is %d", i, dims.v[i]);
	}
	int64_t *r = new_ints(t, count);
	for (int64_t i = 0; i < count; i++)
		r[i] = n ? value[0] : 0;
	return tfl_result_ints(t, op, 0, r, &shape);
}

/* Inputs: from, to, step. */
bool
tfl_ints_range(struct tfl *t, struct tfl_op *op)
{
	int64_t bound[3], n;

	for (int k = 0; k < 3; k++) {
		const int64_t *v = tfl_ints_of(t, op, k, &n);
		if (!v)
			return false;
		if (n != 1 || v[0] > INT32_MAX || v[0] < INT32_MIN)
			return tfl_error(t, op, "its bounds and its step are not integers of 32 bits");
		bound[k] = v[0];
	}
	int64_t span = bound[1] - bound[0], step = bound[2];
	if (step == 0)
		return tfl_error(t, op, "its step is 0");
	int64_t count = span / step + (span % step != 0);
	if ((span < 0) != (step < 0))
		count = 0;
	if (count > COUNT_MAX)
		return tfl_error(t, op, "its result would have %lld integers", (long long)count);
	int64_t *r = new_ints(t, count);
	for (int64_t i = 0; i < count; i++)
		r[i] = bound[0] + i * step;
	return result_list(t, op, r, count);
}
