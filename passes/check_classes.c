/* --verify: evaluates the network as it was before layers were cut up and as it is now, and reports a layer whose results differ by more than
 * its class allows.
 *
 * needs:       units; the copy that the pass "keep" has made
 * establishes: every class that a plan states holds on seeded values
 * breaks:      nothing
 *
 * Tensors that both graphs have, by name, type, shape and scale, are the *shared* ones. What is computed from shared ones is always computed
 * from the same elements in both, so that differences don't add up from layer to layer; what only one graph has lies between, and what
 * becomes of it counts with the next shared one. Each run takes other elements: the network's own on random inputs, then, for every layer by
 * itself, random ones and both extremes.
 *
 * f32: two orders of one sum differ by at most sum_bound_f32 (chips/bounds.h). Through what follows up to the next shared tensor
 * a difference grows by sums of |w| at most, and not at all where elements are moved, clamped or compared. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "chips/bounds.h"
#include "ir/eval.h"
#include "passes/measure.h"
#include "passes/parts.h"
#include "passes/pass.h"

bool
pass_keep(struct graph *g, struct pass_ctx *ctx)
{
	ctx->before = ctx->verify ? graph_clone(g->arena, g) : NULL;
	return true;
}

/* What is known of a tensor of the graph before. */
struct known {
	struct tensor *now;      /* its counterpart; NULL: not shared */
	bool same;               /* and computed by the same operation of the same tensors: nothing to check */
	enum annot_class class;  /* of what computes it, from shared tensors on */
	double bound;            /* lsb, dB */
	bool loose;              /* something inexact lies between, whose effect here has no bound */
};

struct check {
	struct pass_ctx *ctx;
	const struct graph *before, *after;
	struct arena arena;
	struct known *known;     /* by id before */
	struct tensor **was;     /* by id after: the counterpart before */
	struct map *plans;       /* by layer: its worst struct layer_plan */
	int errors;
};

/* One run. */
struct run {
	struct check *c;
	struct arena arena;
	enum pattern pattern;
	bool alone;              /* shared tensors hold seeded elements, not what the network computes */
	const void **given;      /* by id before: what shared tensors hold, and constants; what others have come to */
	const void **want;       /* by id before: what a shared tensor is computed to be; NULL: not to be checked */
	double *error;           /* by id before, f32: the largest difference that another order of sums may make ... */
	double **channel_error;  /* ... and for each channel of a layer with weights; else NULL */
};

/* ---- classes ---- */

static enum annot_class
class_of(const struct plan *p)
{
	return p->class == CLASS_UNSET ? CLASS_EXACT : p->class;
}

static bool
is_worse(const struct plan *a, const struct plan *b)
{
	if (class_of(a) != class_of(b))
		return class_of(a) > class_of(b);
	return a->class == CLASS_LOSSY ? a->bound < b->bound : a->bound > b->bound;
}

static void
gather_plans(struct check *c)
{
	const struct layer_plan *p, *old;

	c->plans = map_new(&c->arena);
	for (p = c->after->plans; p; p = p->next) {
		old = map_get(c->plans, p->layer);
		if (!old || is_worse(&p->plan, &old->plan))
			map_put(c->plans, p->layer, (void *)(uintptr_t)p);
	}
}

static const struct plan *
plan_of(const struct check *c, const struct node *n)
{
	const struct layer_plan *p = map_get(c->plans, n->label);

	return p ? &p->plan : NULL;
}

/* What an operation does to differences in its inputs: nothing, or no bound is known. */
static bool
keeps_differences(enum op op)
{
	return op == OP_RELU || op == OP_RELU6 || op == OP_CLIP || op == OP_COPY || op == OP_SLICE || op == OP_PAD || op == OP_CONCAT
		|| op == OP_RESHAPE || op == OP_FLATTEN || op == OP_TRANSPOSE || op == OP_SHUFFLE || op == OP_GATHER || op == OP_MAXPOOL;
}

/* The class of N's result, from those of what it reads that is not shared. */
static void
find_class(struct check *c, const struct node *n)
{
	struct known *k = &c->known[n->out->id];
	const struct plan *p = plan_of(c, n);
	int i;

	k->class = p ? class_of(p) : CLASS_EXACT;
	k->bound = p ? p->bound : 0;
	for (i = 0; i < n->nin; i++) {
		const struct known *x = &c->known[n->in[i]->id];

		if (n->in[i]->data || x->now)
			continue;
		k->loose = k->loose || x->loose || (x->class != CLASS_EXACT && !(keeps_differences(n->op) && k->class == CLASS_EXACT));
		if (x->class > k->class) {
			k->class = x->class;
			k->bound = x->bound;
		}
	}
}

/* ---- what both graphs have ---- */

static bool
alike(const struct tensor *a, const struct tensor *b)
{
	return a->dtype == b->dtype && shape_equal(&a->shape, &b->shape) && quant_equal(&a->quant, &b->quant);
}

static void
find_shared(struct check *c)
{
	size_t i;

	for (i = 0; i < c->before->tensors.n; i++) {
		struct tensor *t = c->before->tensors.v[i], *now = graph_find(c->after, t->name);

		if (!now || t->data || now->data || !alike(t, now))
			continue;
		c->known[t->id].now = now;
		c->was[now->id] = t;
	}
}

static bool
same_input(const struct check *c, const struct tensor *a, const struct tensor *b)
{
	return a->data ? a->data == b->data && alike(a, b) : c->known[a->id].now == b;
}

static bool
same_node(const struct check *c, const struct node *a, const struct node *b)
{
	int k;

	if (a->op != b->op || a->nin != b->nin)
		return false;
	for (k = 0; k < ATTR_COUNT; k++)
		if (op_info[a->op].attrs >> k & 1 && !attr_equal(&a->attr, &b->attr, (enum attr)k))
			return false;
	for (k = 0; k < a->nin; k++)
		if (!same_input(c, a->in[k], b->in[k]))
			return false;
	return true;
}

static void
compare_graphs(struct check *c)
{
	const struct node *n;

	find_shared(c);
	for (n = c->before->first; n; n = n->next) {
		struct known *k = &c->known[n->out->id];

		k->same = k->now && k->now->producer && same_node(c, n, k->now->producer);
		find_class(c, n);
	}
}

/* ---- f32 ---- */

static double
largest(const struct tensor *t, const void *data)
{
	double most = 0;
	int64_t i;

	for (i = 0; i < tensor_count(t); i++)
		most = fmax(most, fabs((double)((const float *)data)[i]));
	return most;
}

/* The sum of |w| of output channel O. */
static double
weight_sum(const struct node *n, int64_t o)
{
	const struct tensor *w = n->in[1];
	const float *v = w->data;
	int64_t out = channels_of(n->out), per = tensor_count(w) / out, i;
	double sum = 0;

	for (i = 0; i < per; i++)
		sum += fabs((double)v[n->op == OP_DWCONV2D ? i * out + o : o * per + i]);
	return sum;
}

/* What inputs that are not shared may differ by: the most, and all together. */
static double
input_error(const struct run *r, const struct node *n, double *sum)
{
	double most = 0;
	int k;

	*sum = 0;
	for (k = 0; k < n->nin; k++)
		if (!n->in[k]->data && !r->c->known[n->in[k]->id].now) {
			most = fmax(most, r->error[n->in[k]->id]);
			*sum += r->error[n->in[k]->id];
		}
	return most;
}

static double
layer_error(struct run *r, const struct node *n, double of_input)
{
	const struct plan *p = plan_of(r->c, n);
	int32_t out = channels_of(n->out), o;
	double x = largest(n->in[0], r->given[n->in[0]->id]) + of_input, most = 0, *error = ARENA_ARRAY(&r->arena, double, (size_t)out);

	for (o = 0; o < out; o++) {
		error[o] = sum_bound_f32(n, o, p && p->in.n > 1 ? p->in.n : 1, x);
		if (of_input > 0)
			error[o] += weight_sum(n, o) * of_input;
		most = fmax(most, error[o]);
	}
	r->channel_error[n->out->id] = error;
	return most;
}

/* By how much N's result may differ, from how much its inputs may. */
static double
error_of(struct run *r, const struct node *n)
{
	double sum, most = input_error(r, n, &sum);

	if (n->op == OP_CONV2D || n->op == OP_DWCONV2D || n->op == OP_TCONV2D || n->op == OP_DENSE)
		return layer_error(r, n, most);
	if (n->op == OP_ADD || n->op == OP_SUB)
		return sum * (1 + 0x1p-23);
	if (n->op == OP_AVGPOOL)
		return most * (1 + 0x1p-10);
	return most == 0 || keeps_differences(n->op) ? most : INFINITY;
}

/* ---- the graph before ---- */

static const void *
evaluate(struct arena *a, const struct node *n, const void *const *in)
{
	void *out = arena_array(a, (size_t)tensor_count(n->out), (size_t)dtype_info[n->out->dtype].bytes);

	eval_table[n->op](n, in, out);
	return out;
}

static void
run_before(struct run *r)
{
	struct check *c = r->c;
	const struct graph *g = c->before;
	const struct node *n;
	size_t i;
	int k;

	for (i = 0; i < g->tensors.n; i++)
		r->given[i] = g->tensors.v[i]->data;
	for (i = 0; i < g->inputs.n; i++)
		r->given[g->inputs.v[i]->id] = seeded_values(&r->arena, g->inputs.v[i], r->pattern);
	for (n = g->first; n; n = n->next) {
		const struct known *known = &c->known[n->out->id];
		const void **in = ARENA_ARRAY(&r->arena, const void *, (size_t)n->nin), *out = NULL;

		for (k = 0; k < n->nin; k++)
			in[k] = r->given[n->in[k]->id];
		if (!r->alone || !known->same)
			out = evaluate(&r->arena, n, in);
		r->given[n->out->id] = r->alone && known->now ? seeded_values(&r->arena, n->out, r->pattern) : out;
		r->want[n->out->id] = known->now && !known->same ? out : NULL;
		if (n->out->dtype == DT_F32 && n->in[0]->dtype == DT_F32 && !known->same)
			r->error[n->out->id] = error_of(r, n);
	}
}

/* ---- reports ---- */

static double
element(const struct tensor *t, const void *data, int64_t i)
{
	if (t->dtype == DT_F32)
		return (double)((const float *)data)[i];
	if (t->dtype == DT_I8)
		return ((const int8_t *)data)[i];
	return t->dtype == DT_I16 ? ((const int16_t *)data)[i] : ((const int32_t *)data)[i];
}

static void
report_element(struct run *r, const struct tensor *t, int64_t i, const void *have, double within)
{
	struct check *c = r->c;
	const struct known *k = &c->known[t->id];
	const char *unit = t->dtype == DT_F32 ? "" : " lsb";

	c->errors++;
	diag_error(c->ctx->diag, t->loc, "verification failed: '%s' is %s, but on %s values its element %lld is %.9g instead of %.9g, not within %.9g%s",
		t->name, annot_class_names[k->class], pattern_names[r->pattern], (long long)i, element(t, have, i),
		element(t, r->want[t->id], i), within, unit);
}

/* How far a written decibel may be missed: it is measured before the layers around are cut up too. */
static const double slack_db = 3;

static void
check_ratio(struct run *r, const struct tensor *t, const void *have)
{
	struct check *c = r->c;
	double db = sqnr_of(t, r->want[t->id], have), least = c->known[t->id].bound - slack_db;

	if (r->alone || db >= least)
		return;
	c->errors++;
	diag_error(c->ctx->diag, t->loc, "verification failed: '%s' is lossy, but its signal-to-noise ratio is %.1f dB, not at least %.1f",
		t->name, db, least);
}

/* HAVE: the elements of T, a shared tensor of the graph before, as the graph after has computed them. */
static void
check_result(struct run *r, const struct tensor *t, const void *have)
{
	const struct known *k = &r->c->known[t->id];
	const double *channel = r->channel_error[t->id];
	double within = t->dtype == DT_F32 ? r->error[t->id] : k->class == CLASS_BOUNDED ? k->bound : 0;
	int64_t i;

	if (k->loose || k->class == CLASS_DIFFERENT)
		return;
	if (k->class == CLASS_LOSSY) {
		check_ratio(r, t, have);
		return;
	}
	for (i = 0; i < tensor_count(t); i++) {
		double a = element(t, r->want[t->id], i), b = element(t, have, i);

		if (channel)
			within = channel[i % channels_of(t)];
		if (!(fabs(a - b) <= within) && !(a == b) && !(isnan(a) && isnan(b))) {
			report_element(r, t, i, have, within);
			return;
		}
	}
}

/* ---- the graph after ---- */

/* Elements that only the graph after has, until their last reader. */
struct held { struct arena arena; const void *data; int left; };

static bool
is_wanted(const struct run *r, const struct node *n)
{
	const struct tensor *was = r->c->was[n->out->id];

	return !was || r->want[was->id];
}

static const void *
value_now(const struct run *r, const struct held *held, const struct tensor *t)
{
	const struct tensor *was = r->c->was[t->id];

	return t->data ? t->data : was ? r->given[was->id] : held[t->id].data;
}

static void
release_inputs(const struct run *r, struct held *held, const struct node *n)
{
	int k;

	for (k = 0; k < n->nin; k++)
		if (!r->c->was[n->in[k]->id] && --held[n->in[k]->id].left == 0)
			arena_free(&held[n->in[k]->id].arena);
}

static void
run_after(struct run *r)
{
	const struct graph *g = r->c->after;
	struct held *held = ARENA_ARRAY(&r->arena, struct held, g->tensors.n);
	const struct node *n;
	size_t i;
	int k;

	for (i = 0; i < g->tensors.n; i++)
		held[i].left = g->tensors.v[i]->uses;
	for (n = g->first; n; n = n->next) {
		const void **in = ARENA_ARRAY(&r->arena, const void *, (size_t)n->nin);
		struct held *h = &held[n->out->id];

		for (k = 0; k < n->nin; k++)
			in[k] = value_now(r, held, n->in[k]);
		if (is_wanted(r, n))
			h->data = evaluate(&h->arena, n, in);
		if (r->c->was[n->out->id]) {
			if (h->data)
				check_result(r, r->c->was[n->out->id], h->data);
			arena_free(&h->arena);
		}
		release_inputs(r, held, n);
	}
	for (i = 0; i < g->tensors.n; i++)
		arena_free(&held[i].arena);
}

/* ---- the pass ---- */

static void
run(struct check *c, enum pattern pattern, bool alone)
{
	struct run r = { .c = c, .pattern = pattern, .alone = alone };

	r.given = ARENA_ARRAY(&r.arena, const void *, c->before->tensors.n);
	r.want = ARENA_ARRAY(&r.arena, const void *, c->before->tensors.n);
	r.error = ARENA_ARRAY(&r.arena, double, c->before->tensors.n);
	r.channel_error = ARENA_ARRAY(&r.arena, double *, c->before->tensors.n);
	run_before(&r);
	run_after(&r);
	arena_free(&r.arena);
}

/* Extremes are of integers; f32 bounds grow with the values, so one run of them is like another. */
static bool
has_integers(const struct graph *g)
{
	size_t i;

	for (i = 0; i < g->tensors.n; i++)
		if (g->tensors.v[i]->dtype == DT_I8)
			return true;
	return false;
}

bool
pass_check_classes(struct graph *g, struct pass_ctx *ctx)
{
	struct check c = { .ctx = ctx, .before = ctx->before, .after = g };
	int pattern;

	if (!ctx->before)
		return true;
	c.known = ARENA_ARRAY(&c.arena, struct known, c.before->tensors.n);
	c.was = ARENA_ARRAY(&c.arena, struct tensor *, g->tensors.n);
	gather_plans(&c);
	compare_graphs(&c);
	run(&c, PATTERN_RANDOM, false);
	for (pattern = 0; pattern < PATTERN_COUNT && !c.errors; pattern++)
		if (pattern == PATTERN_RANDOM || has_integers(g))
			run(&c, (enum pattern)pattern, true);
	arena_free(&c.arena);
	return c.errors == 0;
}
