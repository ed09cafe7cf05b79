/* Results of sums in floats: found and proven channel by channel.
 *
 * HIGH and LOW are the upper 24 and the lower 7 bits of the multiplier, so that nothing of it is lost; as the sum of products is rounded towards zero, its
 * whole part is that of the exact sum.  What remains is how HALF and the small product are rounded.
 *
 * Both the network's own result and this one only rise with the magnitude a of the sum; so they are equal everywhere if they are at the
 * steps: of each result k the least a that gives it must give it, and a - 1 must not.  That is 255 steps at most, and only those that the channel's
 * sums reach within the limits count.  Negative sums have their own, since the two roundings treat ties by sign.  HALF is in the middle of what the steps leave. */
#include <config.h>
#include <math.h>
#include "chips/bounds.h"
#include "chips/float_scaling.h"

enum { STEPS = 512, LOW_BITS = 7, SHIFT_LEAST = -20 }; /* smaller ones: is_at_least would not be exact */

/* From AT on, a magnitude, a result is at least K; BELOW: at AT less 1, which can be reached too, it is not. */
struct step { int64_t at; int32_t k; bool above, below; };

struct steps {
	struct step v[STEPS];
	int n;
};

/* What the network makes of a sum of magnitude A, as a magnitude. */
static int32_t
result_of(struct multiplier by, int64_t a, bool negative)
{
	return negative ? -multiply_by((int32_t)-a, by) : multiply_by((int32_t)a, by);
}

/* The least magnitude whose result is K or more; INT32_MAX if there is none. */
static int64_t
first_of(struct multiplier by, int32_t k, bool negative)
{
	double about = (k - 0.5) * ldexp(1, 31 - by.shift) / (double)by.m;
	int64_t a = about < INT32_MAX ? (int64_t)about : INT32_MAX;

	while (a > 0 && result_of(by, a - 1, negative) >= k)
		a--;
	while (a < INT32_MAX && result_of(by, a, negative) < k)
		a++;
	return a;
}

/* The steps of the results from FROM to TO of magnitudes in [LEAST, MOST]. */
static void
add_steps(struct steps *s, struct multiplier by, int64_t least, int64_t most, int32_t from, int32_t to, bool negative)
{
	for (int32_t k = from < 1 ? 1 : from; k <= to && most >= 0; k++) {
		int64_t at = first_of(by, k, negative);

		if (at > most) {
			s->v[s->n++] = (struct step){ most + 1, k, false, true };
			return;
		}
		s->v[s->n++] = (struct step){ at > least ? at : least, k, true, at > least };
	}
}

static bool
is_at_least(const struct float_scaling *f, int64_t a, int32_t k)
{
	const float sum = (float)a, inner = fmaf(sum, f->low, f->half);

	return (double)sum * (double)f->high + (double)inner >= k; /* exact: 2^8 down to 2^(SHIFT_LEAST - 24), or far beyond K */
}

static bool
is_right(const struct float_scaling *f, const struct steps *s)
{
	for (int i = 0; i < s->n; i++)
		if ((s->v[i].above && !is_at_least(f, s->v[i].at, s->v[i].k)) || (s->v[i].below && is_at_least(f, s->v[i].at - 1, s->v[i].k)))
			return false;
	return true;
}

struct float_scaling
float_scaling_find(struct multiplier by, int64_t least, int64_t most, int32_t lo, int32_t hi)
{
	const struct float_scaling none = { 0, 0, 0 };
	const double real = ldexp((double)by.m, by.shift - 31);
	struct float_scaling f;
	struct steps s;
	double from = 0, to = 1;

	s.n = 0;
	if (by.m <= 0 || by.shift > 0 || by.shift < SHIFT_LEAST || least <= INT32_MIN || most >= INT32_MAX
	    || real * fmax(-(double)least, (double)most) >= 0x1p30)
		return none;
	add_steps(&s, by, least > 0 ? least : 0, most, lo + 1, hi, false);
	add_steps(&s, by, most < 0 ? -most : 0, -least, 1 - hi, -lo, true);
	for (int i = 0; i < s.n; i++) {
		const double left = s.v[i].k - real * (double)s.v[i].at;

		from = s.v[i].above ? fmax(from, left) : from;
		to = s.v[i].below ? fmin(to, left + real) : to;
	}
	f.high = (float)ldexp((double)(by.m >> LOW_BITS), by.shift - 31 + LOW_BITS);
	f.low = (float)ldexp((double)(by.m & ((1 << LOW_BITS) - 1)), by.shift - 31);
	f.half = (float)((from + to) / 2);
	return f.half > 0 && f.half < 1 && is_right(&f, &s) ? f : none;
}

/* Whether N's sums are of nothing but its x, constant weights and bias. */
static bool
has_known_sums(const struct node *n)
{
	return (n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE) && n->nin <= INPUT_SUM && n->in[1]->data;
}

const float *
float_scalings(struct arena *a, const struct node *n, const struct rescale *r, const int32_t *bias)
{
	struct arena scratch = { 0 };
	int64_t *least, *most;
	float *f;
	bool proven = r->rounding == ROUNDING_DOUBLE;
	int32_t lo, hi;

	if (!has_known_sums(n))
		return NULL;
	f = ARENA_ARRAY(a, float, 3 * (size_t)r->count);
	least = ARENA_ARRAY(&scratch, int64_t, (size_t)r->count);
	most = ARENA_ARRAY(&scratch, int64_t, (size_t)r->count);
	layer_sum_range(n, 0, layer_in_channels(n), least, most);
	clamp_quantise(n->attr.act, &n->out->quant, n->out->dtype, &lo, &hi);
	for (int c = 0; c < r->count && proven; c++) {
		const int64_t only = bias && least[c] == most[c] ? bias[c] : least[c];
		struct float_scaling s = float_scaling_find(r->by[c], only, least[c] == most[c] ? only : most[c], lo - n->out->quant.zero,
			hi - n->out->quant.zero);

		f[c] = s.high;
		f[r->count + c] = s.low;
		f[2 * r->count + c] = s.half;
		proven = s.high != 0;
	}
	arena_free(&scratch);
	return proven ? f : NULL;
}
