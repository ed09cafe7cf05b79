/* Bounds of sums, from weights.
 *
 * A tap adds (x - zero) * w with x in [-128, 127], or nothing where the window leaves the image, which is x = zero.  So
 * whatever the image, a sum lies between what the least and the largest x of each tap give. */
#include <config.h>

#include <math.h>

#include "chips/bounds.h"

enum { LEAST_X = -128, LARGEST_X = 127 };

int32_t
layer_in_channels(const struct node *n)
{
	const struct shape *w = &n->in[1]->shape;

	return n->op == OP_DWCONV2D ? 1 : w->dim[w->rank - 1];
}

int32_t
layer_out_channels(const struct node *n)
{
	const struct shape *w = &n->in[1]->shape;

	return n->op == OP_DWCONV2D ? w->dim[w->rank - 1] : w->dim[0];
}

/* A layer's weights as [out][taps][in], with the steps between them. */
struct weights {
	const void *data;
	int64_t taps, in, out_step, tap_step, in_step;
};

static struct weights
weights_of(const struct node *n)
{
	struct weights w = { .data = n->in[1]->data, .in = layer_in_channels(n), .in_step = 1 };
	int64_t out = layer_out_channels(n);

	w.taps = tensor_count(n->in[1]) / out / w.in;
	w.tap_step = n->op == OP_DWCONV2D ? out : w.in;
	w.out_step = n->op == OP_DWCONV2D ? 1 : w.taps * w.in;
	return w;
}

static const int32_t *
bias_of(const struct node *n)
{
	return n->nin > 2 ? n->in[2]->data : NULL;
}

/* The sums of the positive and of the negative weights of output channel O, input channels [FROM, TO). */
static void
signed_sums(const struct weights *w, int64_t o, int32_t from, int32_t to, int64_t *positive, int64_t *negative)
{
	const int8_t *data = (const int8_t *)w->data + o * w->out_step;

	*positive = *negative = 0;
	for (int64_t t = 0; t < w->taps; t++)
		for (int64_t i = from; i < to; i++) {
			int8_t v = data[t * w->tap_step + i * w->in_step];

			*(v > 0 ? positive : negative) += v;
		}
}

void
layer_sum_range(const struct node *n, int32_t from, int32_t to, int64_t *lo, int64_t *hi)
{
	struct weights w = weights_of(n);
	const int32_t *bias = from == 0 ? bias_of(n) : NULL;
	int64_t least = LEAST_X - n->in[0]->quant.zero, largest = LARGEST_X - n->in[0]->quant.zero;
	int32_t out = layer_out_channels(n);

	for (int32_t o = 0; o < out; o++) {
		int64_t positive, negative;

		signed_sums(&w, o, from, to, &positive, &negative);
		lo[o] = positive * least + negative * largest + (bias ? bias[o] : 0);
		hi[o] = positive * largest + negative * least + (bias ? bias[o] : 0);
	}
}

/* ---- i16 partial sums ---- */

/* The ranges of the parts of a layer's sums, [part][channel]. */
struct ranges {
	struct arena arena;
	int parts;
	int32_t out;
	int64_t *lo, *hi;
};

static void
ranges_of(struct ranges *r, const struct node *n, const struct parts *in)
{
	int32_t from = 0;

	*r = (struct ranges){ .parts = in->n, .out = layer_out_channels(n) };
	r->lo = ARENA_ARRAY(&r->arena, int64_t, (size_t)in->n * (size_t)r->out);
	r->hi = ARENA_ARRAY(&r->arena, int64_t, (size_t)in->n * (size_t)r->out);
	for (int k = 0; k < in->n; k++) {
		layer_sum_range(n, from, from + in->size[k], r->lo + (int64_t)k * r->out, r->hi + (int64_t)k * r->out);
		from += in->size[k];
	}
}

/* (v + half) >> shift, the value that an i16 partial sum keeps of V. */
static int64_t
keep(int64_t v, int32_t shift)
{
	return (v + (shift ? INT64_C(1) << (shift - 1) : 0)) >> shift;
}

static bool
fits_i32(int64_t lo, int64_t hi)
{
	return lo >= INT32_MIN && hi <= INT32_MAX;
}

/* Whether sums in [LO, HI] neither leave 32 bits, the rounding half included, nor as partial sums 16. */
static bool
fits_i16(int64_t lo, int64_t hi, int32_t shift)
{
	return fits_i32(lo, hi + (INT64_C(1) << SHIFT_MOST)) && keep(lo, shift) >= INT16_MIN && keep(hi, shift) <= INT16_MAX;
}

/* How many sums are rounded on the way to one result: of a chain the last one goes on as it is, unless it is rescaled elsewhere. */
static int
roundings(const struct plan *p)
{
	return p->tree || p->requant_cpu ? p->in.n : p->in.n - 1;
}

/* The sums of a chain are rounded with what came before, which the roundings before have moved by up to half a step each. */
static bool
chain_fits(const struct ranges *r, int32_t o, int32_t shift, int rounded)
{
	int64_t half = shift ? INT64_C(1) << (shift - 1) : 0, lo = 0, hi = 0;

	for (int k = 0; k < r->parts; k++) {
		lo += r->lo[(int64_t)k * r->out + o];
		hi += r->hi[(int64_t)k * r->out + o];
		if (k < rounded && !fits_i16(lo - k * half, hi + k * half, shift))
			return false;
	}
	return fits_i32(lo - r->parts * half, hi + r->parts * half);
}

/* Whether the parts [FIRST, LAST) fit, added in halves; their range as i16 values. */
static bool
tree_fits(const struct ranges *r, int32_t o, int32_t shift, int first, int last, int64_t *lo, int64_t *hi)
{
	int64_t lo2, hi2;

	if (last - first == 1) {
		*lo = keep(r->lo[(int64_t)first * r->out + o], shift);
		*hi = keep(r->hi[(int64_t)first * r->out + o], shift);
		return fits_i16(r->lo[(int64_t)first * r->out + o], r->hi[(int64_t)first * r->out + o], shift);
	}
	if (!tree_fits(r, o, shift, first, parts_middle(first, last), lo, hi)
	    || !tree_fits(r, o, shift, parts_middle(first, last), last, &lo2, &hi2))
		return false;
	*lo += lo2;
	*hi += hi2;
	return *lo >= INT16_MIN && *hi <= INT16_MAX;
}

static bool
all_fit(const struct ranges *r, const struct plan *p, int32_t shift)
{
	int64_t lo, hi;

	for (int32_t o = 0; o < r->out; o++)
		if (p->tree ? !tree_fits(r, o, shift, 0, r->parts, &lo, &hi) : !chain_fits(r, o, shift, roundings(p)))
			return false;
	return true;
}

int32_t
partial_shift(const struct node *n, const struct plan *p)
{
	struct ranges r;
	int32_t shift = 0;

	ranges_of(&r, n, &p->in);
	while (shift <= SHIFT_MOST && !all_fit(&r, p, shift))
		shift++;
	arena_free(&r.arena);
	return shift <= SHIFT_MOST ? shift : -1;
}

/* The real number that M stands for is m * 2^(shift - 31). */
static double
real_of(struct multiplier m)
{
	return ldexp((double)m.m, m.shift - 31);
}

/* Whether the network's own arithmetic may shift a sum in [LO, HI] out of 32 bits. */
static bool
may_wrap(struct multiplier m, int64_t lo, int64_t hi)
{
	int left = m.shift > 0 ? m.shift : 0;

	return lo < INT32_MIN >> left || hi > INT32_MAX >> left;
}

/* By how much multiply_by may change when its operand, in [LO, HI], changes by MOVED: with a = m * 2^(shift - 31), x -> floor(x * a +
 * constant) for a shift of 0 and more, and for others floor(x * a + constant - (x < 0 ? 2^shift : 0)); and
 * floor(p + d) - floor(p) <= ceil(d). */
static int64_t
moved_by(struct multiplier m, int64_t moved, int64_t lo, int64_t hi)
{
	if (m.m == 0 || moved == 0)
		return 0;
	if (may_wrap(m, lo, hi))
		return INT32_MAX;
	return (int64_t)ceil((double)moved * real_of(m) + (m.shift < 0 ? ldexp(1, m.shift) : 0));
}

int32_t
partial_error(const struct node *n, const struct plan *p)
{
	struct ranges r;
	const struct multiplier *m;
	int64_t moved = p->shift ? roundings(p) * (INT64_C(1) << (p->shift - 1)) : 0, most = 0;
	int32_t lo_y, hi_y;

	ranges_of(&r, n, &p->in);
	m = layer_multipliers(&r.arena, n);
	for (int32_t o = 0; o < r.out; o++) {
		int64_t lo = -moved, hi = moved, by;

		for (int k = 0; k < r.parts; k++) {
			lo += r.lo[(int64_t)k * r.out + o];
			hi += r.hi[(int64_t)k * r.out + o];
		}
		by = moved_by(m[o], moved, lo, hi);
		most = by > most ? by : most;
	}
	arena_free(&r.arena);
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &lo_y, &hi_y);
	return (int32_t)(most > hi_y - lo_y ? hi_y - lo_y : most);
}

/* ---- i8 partial sums ---- */

float
partial_scale(const struct node *n, int32_t from, int32_t to)
{
	struct arena a = { 0 };
	int32_t out = layer_out_channels(n);
	int64_t *lo = ARENA_ARRAY(&a, int64_t, (size_t)out), *hi = ARENA_ARRAY(&a, int64_t, (size_t)out);
	const struct quant *w = &n->in[1]->quant;
	double most = 0, enough = 2 * (double)n->out->quant.scale[0];

	layer_sum_range(n, from, to, lo, hi);
	for (int32_t o = 0; o < out; o++) {
		double real = (double)n->in[0]->quant.scale[0] * (double)w->scale[w->count > 1 ? o : 0];

		most = fmax(most, real * (double)(hi[o] > -lo[o] ? hi[o] : -lo[o]));
	}
	arena_free(&a);
	most /= 127;
	return (float)(most > 0 && most < enough ? most : enough);
}

/* ---- other roundings ---- */

/* The power of two nearest to M, as the rounding "shift" has it, less M. */
static double
power_error(double m)
{
	int e;
	double q = frexp(m, &e);

	return m > 0 ? fabs(ldexp(q < 0.75 ? 0.5 : 1, e) - m) : 0;
}

/* Before the clamp the results differ by a rounding, and by what the factor is off over the largest sum. */
int32_t
rounding_error(const struct node *n, enum rounding rounding)
{
	struct arena a = { 0 };
	int32_t out = layer_out_channels(n), lo_y, hi_y;
	int64_t *lo = ARENA_ARRAY(&a, int64_t, (size_t)out), *hi = ARENA_ARRAY(&a, int64_t, (size_t)out);
	const struct multiplier *m = layer_multipliers(&a, n);
	double most = rounding == ROUNDING_DOUBLE ? 0 : 1;

	layer_sum_range(n, 0, layer_in_channels(n), lo, hi);
	for (int32_t o = 0; rounding != ROUNDING_DOUBLE && o < out; o++) {
		int64_t largest = hi[o] > -lo[o] ? hi[o] : -lo[o];

		if (may_wrap(m[o], lo[o], hi[o]))
			most = INT32_MAX;
		else if (rounding == ROUNDING_SHIFT)
			most = fmax(most, 1 + ceil(power_error(real_of(m[o])) * (double)largest));
	}
	arena_free(&a);
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &lo_y, &hi_y);
	return (int32_t)fmin(most, hi_y - lo_y);
}

/* ---- f32 ---- */

double
sum_bound_f32(const struct node *n, int32_t channel, int parts, double x_max)
{
	const double unit = ldexp(1, -24);
	struct weights w = weights_of(n);
	const float *data = (const float *)w.data + channel * w.out_step;
	double sum = 0, k = (double)(w.taps * w.in + parts + 2);

	for (int64_t t = 0; t < w.taps; t++)
		for (int64_t i = 0; i < w.in; i++)
			sum += fabs((double)data[t * w.tap_step + i * w.in_step]);
	return 2 * (k * unit / (1 - k * unit)) * (x_max * sum + (n->nin > 2 ? fabs((double)((const float *)n->in[2]->data)[channel]) : 0));
}

double
sum_bound_f32_most(const struct node *n, int parts, double x_max)
{
	double most = 0;

	for (int32_t o = 0; o < layer_out_channels(n); o++)
		most = fmax(most, sum_bound_f32(n, o, parts, x_max));
	return most;
}
