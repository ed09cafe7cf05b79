/* Which channels have one value throughout, whatever the network's inputs are.
 *
 * A layer's output channel has, if its weights are 0 or meet channels that are constants themselves.  What other operations make of
 * constants is found by evaluating them: on inputs that are right in the channels that are known, a channel of the result
 * that depends on no other is right too, borders and roundings included. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ir/eval.h"
#include "ir/quant.h"
#include "passes/dead.h"
#include "passes/permute.h"

/* ---- elements ---- */

static float
element(const struct tensor *t, const void *data, int64_t i)
{
	return t->dtype == DT_F32 ? ((const float *)data)[i] : (float)((const int8_t *)data)[i];
}

static bool
has_values(const struct tensor *t)
{
	return t->dtype == DT_F32 || t->dtype == DT_I8;
}

/* Whether channel C of T has one value in DATA, to the sign of a zero. */
static bool
is_uniform(const struct tensor *t, const void *data, int32_t c)
{
	int32_t channels = tensor_channels(t);
	int64_t count = tensor_count(t), i;
	float first = element(t, data, c), other;

	if (!isfinite(first))
		return false;
	for (i = c + channels; i < count; i += channels) {
		other = element(t, data, i);
		if (memcmp(&first, &other, sizeof first))
			return false;
	}
	return true;
}

/* Learn those channels of T, whose elements are DATA, that MAY names (NULL: any). */
static void
learn(struct dead *d, const struct tensor *t, const void *data, const bool *may)
{
	int32_t c;

	for (c = 0; c < tensor_channels(t); c++)
		if ((!may || may[c]) && is_uniform(t, data, c)) {
			d->known[channel_of(d, t, c)] = true;
			d->value[channel_of(d, t, c)] = element(t, data, c);
		}
}

static bool
has_known(const struct dead *d, const struct tensor *t)
{
	int32_t c;

	for (c = 0; c < tensor_channels(t); c++)
		if (d->known[channel_of(d, t, c)])
			return true;
	return false;
}

/* ---- layers ---- */

static bool
is_unpadded(const struct node *n)
{
	const int32_t *pad = n->attr.pad;

	if (n->op == OP_DENSE)
		return true;
	return n->op != OP_TCONV2D && !pad[0] && !pad[1] && !pad[2] && !pad[3];
}

/* What channel C of N's input adds to a sum for each unit of weight. */
static int64_t
offset(const struct dead *d, const struct node *n, int32_t c)
{
	return (int64_t)d->value[channel_of(d, n->in[0], c)] - n->in[0]->quant.zero;
}

/* Whether the constants that N reads can go into its bias: every sum has all taps, sums of integers have no order, and no bias gets too
 * large, whichever of the constants go. */
static bool
can_fold(const struct dead *d, const struct matrix *m)
{
	const struct node *n = m->n;
	int32_t o, i, c;
	int64_t most, sum;

	if (n->in[0]->dtype != DT_I8 || !is_unpadded(n) || !has_known(d, n->in[0]))
		return false;
	for (o = 0; o < m->out; o++) {
		most = n->nin > 2 ? llabs((int64_t)((const int32_t *)n->in[2]->data)[o]) : 0;
		for (i = 0; i < m->in && most <= INT32_MAX; i++) {
			c = matrix_input(m, o, i);
			if (d->known[channel_of(d, n->in[0], c)] && matrix_cell(m, o, i, &sum))
				most += llabs(offset(d, n, c) * sum);
		}
		if (most > INT32_MAX)
			return false;
	}
	return true;
}

/* Whether the sum of output channel O is the same everywhere; adds to *SUM, for int8, what it is without the bias. */
static bool
is_constant(const struct dead *d, const struct matrix *m, int32_t o, int64_t *sum)
{
	const struct tensor *x = m->n->in[0];
	int64_t weight;
	int32_t i, c;

	for (i = 0; i < m->in; i++) {
		c = matrix_input(m, o, i);
		if (adds_nothing(d, x, channel_of(d, x, c)) || !matrix_cell(m, o, i, &weight))
			continue;
		if (!d->known[channel_of(d, x, c)] || !d->folds[m->n->out->id])
			return false;
		*sum += offset(d, m->n, c) * weight;
	}
	return true;
}

static float
clamped(float v, struct clamp c)
{
	return v < c.lo ? c.lo : v > c.hi ? c.hi : v;
}

static void
learn_layer(struct dead *d, const struct node *n)
{
	const struct matrix m = matrix_of(n);
	const struct tensor *y = n->out;
	bool is_f32 = y->dtype == DT_F32;
	struct rescale by = { 0 };
	int32_t lo = 0, hi = 0, o;

	d->folds[y->id] = can_fold(d, &m);
	if (!has_values(y) || n->nin > INPUT_SUM)
		return;
	if (!is_f32) {
		rescale_of(d->a, n, &by);
		clamp_quantise(n->attr.act, &y->quant, y->dtype, &lo, &hi);
	}
	for (o = 0; o < m.out; o++) {
		const void *bias = n->nin > 2 ? n->in[2]->data : NULL;
		int32_t c = channel_of(d, y, o);
		int64_t sum = 0;

		if (!is_constant(d, &m, o, &sum))
			continue;
		d->known[c] = true;
		if (is_f32)
			d->value[c] = clamped(0 + (bias ? ((const float *)bias)[o] : 0), n->attr.act);
		else
			d->value[c] = (float)clamp_i32((int64_t)rescale_at(&by, (int32_t)(sum + (bias ? ((const int32_t *)bias)[o] : 0)), o)
				+ y->quant.zero, lo, hi);
	}
}

/* ---- other operations ---- */

struct dependence { struct dead *d; const struct node *n; bool *may, *linked; };

/* A channel of the result is as unknown as those that it is linked to. */
static void
depend(void *ctx, const struct tensor *to, int32_t j, const struct tensor *from, int32_t i)
{
	struct dependence *p = ctx;
	bool forward = to == p->n->out;
	const struct tensor *in = forward ? from : to;
	int k;

	if (!p->d->known[channel_of(p->d, in, forward ? i : j)])
		p->may[forward ? j : i] = false;
	for (k = 0; k < p->n->nin; k++)
		if (p->n->in[k] == in)
			p->linked[k] = true;
}

/* The channels of N's result that depend on known ones alone; NULL: there is none. */
static const bool *
dependent(struct dead *d, const struct node *n)
{
	int32_t channels = tensor_channels(n->out), c, i;
	struct dependence p = { d, n, ARENA_ARRAY(d->a, bool, (size_t)channels), ARENA_ARRAY(d->a, bool, (size_t)n->nin) };
	bool any = false;
	int k;

	memset(p.may, true, (size_t)channels);
	node_links(d->a, n, depend, &p);
	/* What is not linked is repeated along the channels. */
	for (k = 0; k < n->nin; k++)
		for (i = 0; i < tensor_channels(n->in[k]) && !p.linked[k] && input_out_axis(n, k) < 0; i++)
			if (!d->known[channel_of(d, n->in[k], i)])
				return NULL;
	for (c = 0; c < channels; c++)
		any |= p.may[c];
	return any ? p.may : NULL;
}

/* Elements for T that are right where its channels are known. */
static const void *
filled(const struct dead *d, struct arena *a, const struct tensor *t)
{
	int32_t channels = tensor_channels(t);
	int64_t count = tensor_count(t), i;
	void *data;

	if (t->data)
		return t->data;
	data = arena_array(a, (size_t)count, (size_t)dtype_info[t->dtype].bytes);
	for (i = 0; i < count; i++) {
		int32_t c = channel_of(d, t, (int32_t)(i % channels));

		if (d->known[c] && t->dtype == DT_F32)
			((float *)data)[i] = d->value[c];
		else if (d->known[c])
			((int8_t *)data)[i] = (int8_t)d->value[c];
	}
	return data;
}

static void
learn_by_evaluation(struct dead *d, const struct node *n)
{
	struct arena scratch = { 0 };
	const void **in;
	const bool *may;
	void *out;
	int k;

	may = has_values(n->out) && !node_mixes(n) ? dependent(d, n) : NULL;
	if (!may)
		return;
	in = ARENA_ARRAY(&scratch, const void *, (size_t)n->nin);
	for (k = 0; k < n->nin; k++)
		in[k] = filled(d, &scratch, n->in[k]);
	out = arena_array(&scratch, (size_t)tensor_count(n->out), (size_t)dtype_info[n->out->dtype].bytes);
	eval_table[n->op](n, in, out);
	learn(d, n->out, out, may);
	arena_free(&scratch);
}

void
dead_constants(struct dead *d)
{
	const struct node *n;
	size_t i;

	d->known = ARENA_ARRAY(d->a, bool, (size_t)d->count);
	d->value = ARENA_ARRAY(d->a, float, (size_t)d->count);
	d->folds = ARENA_ARRAY(d->a, bool, d->g->tensors.n);
	for (i = 0; i < d->g->tensors.n; i++) {
		const struct tensor *t = d->g->tensors.v[i];

		if (t->data && has_values(t))
			learn(d, t, t->data, NULL);
	}
	for (n = d->g->first; n; n = n->next)
		if (is_matrix(n))
			learn_layer(d, n);
		else
			learn_by_evaluation(d, n);
}
