/* Which channels stay: those that an output of the network depends on, and so many more that no tensor is left without channels and no unit of
 * the chip has to fill up what it reads or writes. */
#include <config.h>
#include <string.h>
#include "chips/chip.h"
#include "passes/dead.h"
#include "passes/permute.h"
#include "passes/record.h"
#include "support/disjoint.h"

/* ---- what goes together ---- */

static void
join(void *ctx, const struct tensor *to, int32_t j, const struct tensor *from, int32_t i)
{
	struct dead *d = ctx;

	disjoint_join(d->atom, channel_of(d, to, j), channel_of(d, from, i));
}

static void
make_atoms(struct dead *d)
{
	const struct node *n;
	int32_t c;

	d->atom = ARENA_ARRAY(d->a, int32_t, (size_t)d->count);
	for (c = 0; c < d->count; c++)
		d->atom[c] = c;
	for (n = d->g->first; n; n = n->next)
		node_links(d->a, n, join, d);
	for (c = 0; c < d->count; c++)
		d->atom[c] = disjoint_find(d->atom, c);
	d->needed = ARENA_ARRAY(d->a, bool, (size_t)d->count);
}

/* ---- what has to stay ---- */

static bool *
need_of(const struct dead *d, const struct tensor *t, int32_t c)
{
	return &d->needed[d->atom[channel_of(d, t, c)]];
}

static void
need_all(struct dead *d, const struct tensor *t)
{
	int32_t c;

	for (c = 0; c < tensor_channels(t); c++)
		*need_of(d, t, c) = true;
}

/* Whether annotations speak of the layer's input (output) channels as they are written. */
static bool
holds_inputs(const struct dead *d, const struct node *n)
{
	const struct annot *split = annot_of(d->ctx, n, ANNOT_SPLIT_SUM);

	return (split && split->parts.n > 0) || annot_of(d->ctx, n, ANNOT_GROUPED) || annot_of(d->ctx, n, ANNOT_SHUFFLED);
}

static bool
holds_outputs(const struct dead *d, const struct node *n)
{
	const struct annot *split = annot_of(d->ctx, n, ANNOT_SPLIT_OUT);

	return (split && split->parts.n > 0) || annot_of(d->ctx, n, ANNOT_GROUPED) || annot_of(d->ctx, n, ANNOT_SHUFFLED);
}

/* A slice of every second channel is none of what is left. */
static bool
skips_channels(const struct node *n)
{
	return n->op == OP_SLICE && n->attr.steps.v[n->out->shape.rank - 1] != 1;
}

static void
need_by_node(struct dead *d, const struct node *n)
{
	bool whole = node_mixes(n) || skips_channels(n);
	int k;

	if (whole || holds_inputs(d, n))
		need_all(d, n->in[0]);
	if (whole || holds_outputs(d, n))
		need_all(d, n->out);
	/* Constants among a layer's weights follow its channels, not those of an operation that reads them as values. */
	for (k = 1; k < n->nin; k++)
		if (input_out_axis(n, k) >= 0)
			need_all(d, n->in[k]);
}

static void
need_ends(struct dead *d)
{
	const struct node *n;
	size_t i;

	for (i = 0; i < d->g->inputs.n; i++)
		need_all(d, d->g->inputs.v[i]);
	for (i = 0; i < d->g->outputs.n; i++)
		need_all(d, d->g->outputs.v[i]);
	for (n = d->g->first; n; n = n->next)
		need_by_node(d, n);
}

/* ---- what that depends on ---- */

/* Depthwise and grouped convolutions are links: a group goes as a whole. */
static bool
sums_channels(const struct node *n)
{
	return is_matrix(n) && n->op != OP_DWCONV2D && (n->op != OP_CONV2D || n->attr.groups == 1);
}

/* Whether N can do without its input channel C, or with a constant in its bias. */
static bool
is_constant(const struct dead *d, const struct node *n, int32_t c)
{
	int32_t channel = channel_of(d, n->in[0], c);

	return adds_nothing(d, n->in[0], channel) || (d->known[channel] && d->folds[n->out->id]);
}

static bool
is_read(const struct dead *d, const struct matrix *m, int32_t i)
{
	int64_t sum;
	int32_t o;

	for (o = 0; o < m->out; o++)
		if (*need_of(d, m->n->out, o) && matrix_cell(m, o, i, &sum))
			return true;
	return false;
}

/* True if an input channel of N turns out to be needed. */
static bool
need_inputs(struct dead *d, const struct node *n)
{
	const struct matrix m = matrix_of(n);
	bool more = false;
	int32_t i;

	for (i = 0; i < m.in; i++) {
		bool *need = need_of(d, n->in[0], i);

		if (!*need && !is_constant(d, n, i) && is_read(d, &m, i))
			*need = more = true;
	}
	return more;
}

/* Readers come after what they read, but atoms reach across the graph, so one walk need not do. */
static void
spread(struct dead *d)
{
	const struct node *n;
	bool more;

	do {
		more = false;
		for (n = d->g->last; n; n = n->prev)
			if (sums_channels(n))
				more |= need_inputs(d, n);
	} while (more);
}

/* ---- how many stay ---- */

static int32_t
needed_channels(const struct dead *d, const struct tensor *t)
{
	int32_t count = 0, c;

	for (c = 0; c < tensor_channels(t); c++)
		count += *need_of(d, t, c);
	return count;
}

/* COUNT, or the least more with which every cut that LIMIT enforces comes out without a rest that it does not allow. */
static int32_t
round_up(const struct chip_limit *limit, const struct chip_vars *vars, int32_t count)
{
	int64_t most = chip_set_at_most(&limit->set, vars, INT32_MAX), rest;

	if (most <= 0)
		return count;
	rest = count % most;
	return rest ? (int32_t)(count - rest + chip_set_at_least(&limit->set, vars, rest)) : count;
}

/* The least count of channels, COUNT or more, that a unit for N takes as its VAR (in, out) as they are. */
static int32_t
unit_channels(const struct dead *d, const struct node *n, enum chip_var var, int32_t count)
{
	const struct chip *chip = d->ctx->chip;
	int32_t least = INT32_MAX, at;
	const struct chip_limit *l;
	struct chip_vars vars;
	size_t i;

	for (i = 0; i < chip->ops.n; i++) {
		if (!chip_vars_of(&chip->ops.v[i], n, &vars))
			continue;
		at = count;
		for (l = chip->ops.v[i].limits; l; l = l->next)
			if (l->kind == LIMIT_SET && l->var == var)
				at = round_up(l, &vars, at);
		least = at < least ? at : least;
	}
	return least == INT32_MAX ? count : least;
}

/* How many channels T keeps at least, COUNT of which are needed.  A dense layer of one channel would lose that it has a scale for each, and with
 * it how its multiplier is formed (docs/numerics.md). */
static int32_t
least_channels(const struct dead *d, const struct readers *readers, const struct tensor *t, int32_t count)
{
	const struct node *n = t->producer;
	int32_t least = count > 0 ? count : 1, at;
	int k;

	if (n && n->op == OP_DENSE && n->in[1]->quant.count > 1 && least < 2)
		least = 2;
	if (d->ctx->chip && n)
		least = unit_channels(d, n, VAR_OUT, least);
	for (k = readers->start[t->id]; d->ctx->chip && k < readers->start[t->id + 1]; k++)
		if (readers->list[k]->in[0] == t) {
			at = unit_channels(d, readers->list[k], VAR_IN, least);
			least = at > least ? at : least;
		}
	return least < tensor_channels(t) ? least : tensor_channels(t);
}

/* Keep MORE channels of T that are not needed, constants first: they need nothing themselves. */
static void
need_more(struct dead *d, const struct tensor *t, int32_t more)
{
	int known;
	int32_t c;

	for (known = 1; known >= 0; known--)
		for (c = 0; c < tensor_channels(t) && more > 0; c++) {
			bool *need = need_of(d, t, c);

			if (*need || d->known[channel_of(d, t, c)] != known)
				continue;
			*need = true;
			more--;
		}
}

/* Each tensor gets its least count; what that needs is spread, until nothing is missing. */
static void
need_least(struct dead *d)
{
	struct readers readers;
	bool more;
	size_t i;

	readers_find(&readers, d->a, d->g);
	do {
		spread(d);
		more = false;
		for (i = 0; i < d->g->tensors.n; i++) {
			const struct tensor *t = d->g->tensors.v[i];
			int32_t have = needed_channels(d, t), want = have < tensor_channels(t) ? least_channels(d, &readers, t, have) : have;

			need_more(d, t, want - have);
			more |= want > have;
		}
	} while (more);
}

/* ---- the choice ---- */

/* The channels of T that stay; false: all do. */
static bool
keep(struct dead *d, const struct tensor *t)
{
	int32_t channels = tensor_channels(t), count = 0, c, *kept;

	if (needed_channels(d, t) == channels)
		return false;
	kept = ARENA_ARRAY(d->a, int32_t, (size_t)channels);
	for (c = 0; c < channels; c++)
		if (*need_of(d, t, c))
			kept[count++] = c;
	d->kept[t->id] = kept;
	d->kept_count[t->id] = count;
	return true;
}

bool
dead_choose(struct dead *d)
{
	bool any = false;
	size_t i;

	make_atoms(d);
	need_ends(d);
	need_least(d);
	d->kept = ARENA_ARRAY(d->a, int32_t *, d->g->tensors.n);
	d->kept_count = ARENA_ARRAY(d->a, int32_t, d->g->tensors.n);
	for (i = 0; i < d->g->tensors.n; i++)
		any |= keep(d, d->g->tensors.v[i]);
	return any;
}
