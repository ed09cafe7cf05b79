/* From sums to int8 values, by each kind of rounding; and between sums of 32 and of 16 bits.  docs/numerics.md has the formulas. */
#include <config.h>

#include <math.h>

#include "ir/quant.h"

/* The power of two nearest to REAL (the larger one of two as near): the scale of a chip that only shifts. */
static struct multiplier
power_of(double real)
{
	int e;
	double q = frexp(real, &e);

	if (real == 0)
		return (struct multiplier){ 0, 0 };
	return multiplier_of(ldexp(1, q < 0.75 ? e - 1 : e));
}

/* M in BITS bits, one of them the sign: the nearest such number, the larger of two as near. */
static struct multiplier
narrowed(struct multiplier m, int bits)
{
	int64_t unit = INT64_C(1) << (32 - bits), rounded = ((int64_t)m.m + unit / 2) / unit * unit;

	if (rounded <= INT32_MAX)
		return (struct multiplier){ (int32_t)rounded, m.shift };
	if (m.shift == 31) /* the largest there is */
		return (struct multiplier){ (int32_t)(rounded - unit), m.shift };
	return (struct multiplier){ (int32_t)(rounded / 2), m.shift + 1 };
}

static const struct multiplier *
multipliers_of(struct arena *a, const struct node *n, int count)
{
	const struct multiplier *whole = layer_multipliers(a, n);
	int bits = n->attr.multiplier_bits;
	struct multiplier *by;

	if (bits == 0 || bits == 32)
		return whole;
	by = ARENA_ARRAY(a, struct multiplier, (size_t)count);
	for (int c = 0; c < count; c++)
		by[c] = narrowed(whole[c], bits);
	return by;
}

static void
rescale_of_layer(struct arena *a, const struct node *n, struct rescale *r)
{
	if (r->rounding == ROUNDING_DOUBLE || r->rounding == ROUNDING_SINGLE) {
		r->by = multipliers_of(a, n, r->count);
		return;
	}
	struct multiplier *by = ARENA_ARRAY(a, struct multiplier, (size_t)r->count);
	float *scale = ARENA_ARRAY(a, float, (size_t)r->count);

	for (int c = 0; c < r->count; c++) {
		by[c] = power_of(layer_scale(n, c));
		scale[c] = (float)layer_scale(n, c);
	}
	r->by = by;
	r->scale = r->rounding == ROUNDING_EVEN ? scale : NULL;
}

static void
rescale_of_constants(struct arena *a, const struct node *n, struct rescale *r)
{
	struct multiplier *by = ARENA_ARRAY(a, struct multiplier, (size_t)r->count);

	if (r->rounding == ROUNDING_EVEN)
		r->scale = n->in[1]->data;
	for (int c = 0; c < r->count; c++)
		by[c] = r->scale ? multiplier_of((double)r->scale[c])
			: (struct multiplier){ ((const int32_t *)n->in[1]->data)[c], ((const int8_t *)n->in[2]->data)[c] };
	r->by = by;
}

void
rescale_of(struct arena *a, const struct node *n, struct rescale *r)
{
	*r = (struct rescale){ .rounding = n->attr.rounding, .count = n->out->shape.dim[n->out->shape.rank - 1] };
	if (n->op == OP_RESCALE)
		rescale_of_constants(a, n, r);
	else
		rescale_of_layer(a, n, r);
}

/* floor(acc * m * 2^(shift - 31) + 1/2). */
static int32_t
multiply_once(int32_t acc, struct multiplier by)
{
	int n = 31 - by.shift;
	int64_t product = (int64_t)acc * by.m;

	return clamp_i32(n == 0 ? product : (product + (INT64_C(1) << (n - 1))) >> n, INT32_MIN, INT32_MAX);
}

static int32_t
multiply_even(int32_t acc, float scale)
{
	float product = (float)acc * scale, whole = floorf(product), part = product - whole;

	if (part > 0.5f || (part == 0.5f && fmodf(whole, 2) != 0))
		whole += 1;
	return whole >= 0x1p31f ? INT32_MAX : whole < -0x1p31f ? INT32_MIN : (int32_t)whole;
}

int32_t
rescale_at(const struct rescale *r, int32_t acc, int32_t c)
{
	switch (r->rounding) {
	case ROUNDING_DOUBLE:
		return multiply_by(acc, r->by[c]);
	case ROUNDING_SINGLE:
	case ROUNDING_SHIFT:
		return multiply_once(acc, r->by[c]);
	case ROUNDING_EVEN:
		return multiply_even(acc, r->scale[c]);
	case ROUNDING_COUNT:
		break;
	}
	die("a sum without a rounding");
}

static struct tensor *
constant(struct graph *g, const struct node *n, const char *what, enum dtype type, int count, const void *data)
{
	name text = graph_unique(g, intern_printf(g->names, "%s.%s", n->label, what));

	return graph_const(g, text, type, &(struct shape){ 1, { count } }, NULL, data, n->loc);
}

int
rescale_constants(struct graph *g, const struct node *n, struct tensor *out[2])
{
	struct rescale r;

	rescale_of(g->arena, n, &r);
	if (r.scale) {
		out[0] = constant(g, n, "multiplier", DT_F32, r.count, r.scale);
		return 1;
	}
	int32_t *m = ARENA_ARRAY(g->arena, int32_t, (size_t)r.count);
	int8_t *shift = ARENA_ARRAY(g->arena, int8_t, (size_t)r.count);

	for (int c = 0; c < r.count; c++) {
		m[c] = r.by[c].m;
		shift[c] = (int8_t)r.by[c].shift;
	}
	out[0] = constant(g, n, "multiplier", DT_I32, r.count, m);
	out[1] = constant(g, n, "shift", DT_I8, r.count, shift);
	return 2;
}

int16_t
sum_narrow(int32_t acc, int32_t shift)
{
	int64_t half = shift ? INT64_C(1) << (shift - 1) : 0;

	return (int16_t)clamp_i32(((int64_t)acc + half) >> shift, INT16_MIN, INT16_MAX);
}
