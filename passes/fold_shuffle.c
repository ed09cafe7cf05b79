/* Shuffles at no cost.  A shuffle puts channels in another order; where the operations around it do not care for the
 * order, they take or give the new one instead, by their weights.
 *
 * needs:       use counts (graph_tidy)
 * establishes: a shuffle or gather is left only where the order before it and the order after it are both fixed; why is
 *              among the graph's plans
 * breaks:      the order of channels in tensors, which are then called NAME.shuffled; f32 sums are taken in another order
 *
 * The tensors before the shuffle form a region that has one order, and so do those after it (channels.h).  The shuffle goes if
 * they can take orders in which it moves nothing.  Each region may only move channels of equal label, so channel c of the
 * result can go to place j if c and j have the same label in the region after, and their channels the same in the region
 * before.  The shuffle can go if for each pair of labels there are as many channels as places.
 *
 * Grouped convolutions on both sides leave channels that come from one group and go to another.  Then the channels are sorted so
 * that those with one pair of labels are neighbours, and the operation before the shuffle is computed in so many parts, each
 * of which writes its result where the next operation reads it (pieces.h). */
#include <config.h>
#include <stdlib.h>
#include "passes/channels.h"
#include "passes/permute.h"
#include "passes/pieces.h"
#include "passes/record.h"
#include "passes/rewrite.h"

enum { PIECES_MAX = 16 }; /* beyond that the calls cost more than a copy */

struct folder {
	struct graph *g;
	struct pass_ctx *ctx;
	struct arena *a;
	struct node *n;          /* the shuffle */
	int32_t count;           /* its channels */
	const int32_t *order;    /* channel j of the result is channel order[j] of the input */
	struct region before, after;
	int32_t *label_before, *label_after; /* by channel: small numbers for the regions' labels */
	int32_t *in, *out;       /* the new orders being tried */
};

/* ---- labels and matching ---- */

struct key { int32_t major, minor, third, index; };

static int
compare(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	if (a->third != b->third)
		return a->third < b->third ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

struct named { uint64_t label; int32_t channel; };

static int
compare_named(const void *x, const void *y)
{
	const struct named *a = x, *b = y;

	if (a->label != b->label)
		return a->label < b->label ? -1 : 1;
	return a->channel < b->channel ? -1 : a->channel > b->channel;
}

/* Labels as numbers: the first channel that has it. */
static int32_t *
number_labels(const struct folder *f, const struct region *r, const struct tensor *t)
{
	struct named *v = ARENA_ARRAY(f->a, struct named, (size_t)f->count);
	int32_t *label = ARENA_ARRAY(f->a, int32_t, (size_t)f->count), j;

	for (j = 0; j < f->count; j++)
		v[j] = (struct named){ region_label(r, t, j), j };
	qsort(v, (size_t)f->count, sizeof *v, compare_named);
	for (j = 0; j < f->count; j++)
		label[v[j].channel] = j > 0 && v[j].label == v[j - 1].label ? label[v[j - 1].channel] : v[j].channel;
	return label;
}

/* The kth of the sorted CHANNELS goes to the kth of the sorted PLACES. */
static void
assign(const struct folder *f, struct key *channels, struct key *places, int32_t *order)
{
	int32_t k;

	qsort(channels, (size_t)f->count, sizeof *channels, compare);
	qsort(places, (size_t)f->count, sizeof *places, compare);
	for (k = 0; k < f->count; k++)
		order[places[k].index] = channels[k].index;
}

static struct key *
keys_new(const struct folder *f)
{
	return ARENA_ARRAY(f->a, struct key, (size_t)f->count);
}

/* Orders before and after in which the shuffle moves nothing; false: there are none. */
static bool
match(struct folder *f)
{
	struct key *channels = keys_new(f), *places = keys_new(f);
	int32_t j;

	for (j = 0; j < f->count; j++) {
		channels[j] = (struct key){ f->label_after[j], f->label_before[f->order[j]], 0, j };
		places[j] = (struct key){ f->label_after[j], f->label_before[j], 0, j };
	}
	assign(f, channels, places, f->out);
	for (j = 0; j < f->count; j++) {
		f->in[j] = f->order[f->out[j]];
		if (channels[j].major != places[j].major || channels[j].minor != places[j].minor)
			return false;
	}
	return true;
}

/* Orders before and after in which channels that may be neighbours on both sides are. */
static void
arrange(struct folder *f)
{
	struct key *channels = keys_new(f), *places = keys_new(f);
	int32_t j;

	for (j = 0; j < f->count; j++) {
		channels[j] = (struct key){ f->label_after[j], f->label_before[f->order[j]], f->order[j], j };
		places[j] = (struct key){ f->label_after[j], 0, 0, j };
	}
	assign(f, channels, places, f->out);
	for (j = 0; j < f->count; j++) {
		int32_t c = f->order[f->out[j]];

		channels[j] = (struct key){ f->label_before[c], j, 0, c };
		places[j] = (struct key){ f->label_before[j], 0, 0, j };
	}
	assign(f, channels, places, f->in);
}

/* ---- folding ---- */

static bool
fits(struct region *r, const struct tensor *t, const int32_t *label, const int32_t *order, int32_t count)
{
	int32_t j;

	for (j = 0; j < count; j++)
		if (label[order[j]] != label[j])
			return false;
	return region_order(r, t, order);
}

/* Into the operations before it, which leaves those after it as they are; the other way round; or both. */
static bool
absorb(struct folder *f)
{
	const struct tensor *x = f->n->in[0], *y = f->n->out;

	if (fits(&f->before, x, f->label_before, f->order, f->count))
		regions_apply(f->g, &f->before, NULL);
	else if (fits(&f->after, y, f->label_after, order_inverse(f->a, f->order, f->count), f->count))
		regions_apply(f->g, &f->after, NULL);
	else if (match(f) && region_order(&f->before, x, f->in) && region_order(&f->after, y, f->out))
		regions_apply(f->g, &f->before, &f->after);
	else
		return false;
	return true;
}

/* ---- parts ---- */

/* Take all of the shuffle's result from its input in runs: channels that are neighbours before and after. */
static void
take_runs(struct folder *f, struct pieces *p, const int32_t *order)
{
	int32_t j, begin;

	for (j = 0; j < f->count; j++) {
		for (begin = j; j + 1 < f->count && order[j + 1] == order[j] + 1; j++)
			;
		pieces_take(p, f->n->in[0], order[begin], order[j] + 1);
		if (!p->pos && p->count > PIECES_MAX)
			return;
	}
}

static bool
is_worth(const struct folder *f, struct pieces *p)
{
	return p->count <= PIECES_MAX && p->copied < tensor_count(f->n->out);
}

static struct pieces
count_pieces(struct folder *f, const int32_t *order)
{
	struct pieces p = { .g = f->g, .ctx = f->ctx };

	take_runs(f, &p, order);
	return p;
}

/* The orders of arrange(), if that makes fewer pieces. */
static void
rearrange(struct folder *f)
{
	int32_t *order = ARENA_ARRAY(f->a, int32_t, (size_t)f->count), *back, j;
	struct pieces now, then;

	arrange(f);
	back = order_inverse(f->a, f->in, f->count);
	for (j = 0; j < f->count; j++)
		order[j] = back[f->order[f->out[j]]];
	now = count_pieces(f, f->order);
	then = count_pieces(f, order);
	if (then.count >= now.count || !is_worth(f, &then))
		return;
	if (region_order(&f->before, f->n->in[0], f->in) && region_order(&f->after, f->n->out, f->out)) {
		regions_apply(f->g, &f->before, &f->after);
		f->order = shuffle_order(f->a, f->n);
	}
}

/* N and what only it reads, if nothing reads N. */
static void
drop_unread(struct graph *g, struct node *n)
{
	struct tensor *in[INPUTS_MAX];
	int nin = n->nin < INPUTS_MAX ? n->nin : INPUTS_MAX, k;

	if (n->out->uses > 0)
		return;
	for (k = 0; k < nin; k++)
		in[k] = n->in[k];
	node_drop(g, n);
	for (k = 0; k < nin; k++)
		if (in[k]->producer)
			drop_unread(g, in[k]->producer);
}

static void
become_concat(struct folder *f, const struct pieces *p)
{
	struct node *n = f->n, *before = n->in[0]->producer;
	struct attrs attr;
	size_t k;

	attrs_init(&attr);
	attr.axis = n->out->shape.rank - 1;
	n->in[0]->uses--;
	if (n->nin > 1)
		n->in[1]->uses--;
	node_become(n, OP_CONCAT, &attr);
	n->in = ARENA_ARRAY(f->g->arena, struct tensor *, p->made.n);
	n->nin = (int)p->made.n;
	for (k = 0; k < p->made.n; k++) {
		n->in[k] = p->made.v[k];
		n->in[k]->uses++;
	}
	drop_unread(f->g, before);
}

/* What the shuffle does costs no operation of its own, only COPIES bytes. */
static void
record_gone(struct folder *f, int64_t copies, const char *text)
{
	struct plan *p = &record_rewrite(f->g, f->n, OP_SHUFFLE, CLASS_EXACT, NULL, text)->plan;

	p->copies = copies;
	p->how = copies ? PLAN_PORTABLE : PLAN_NONE;
}

/* The shuffle stays: WHY. */
static void
record_copy(struct folder *f, const char *why)
{
	int64_t bytes = tensor_bytes(f->n->out);

	record_rewrite(f->g, f->n, f->n->op, CLASS_EXACT, NULL,
		arena_printf(f->g->arena, "shuffle copies %lld bytes: %s", (long long)bytes, why))->plan.copies = bytes;
}

static void
record_fixed(struct folder *f, bool one_region)
{
	const struct region *b = &f->before, *a = &f->after;
	const char *first = b->fixed ? b->fixed : b->grouped, *second = a->fixed ? a->fixed : a->grouped;

	if (one_region)
		record_copy(f, arena_printf(f->a, "'%s' and '%s' are added or joined, so they have one order", f->n->in[0]->name,
			f->n->out->name));
	else if (first && second)
		record_copy(f, arena_printf(f->a, "before it %s, after it %s", first, second));
	else
		record_copy(f, first ? first : second ? second : "its channels are tied");
}

/* On a chip, small parts may cost more than they save. */
static bool
is_cheaper(struct folder *f, const struct pieces *p)
{
	struct pieces_cost c;

	if (!f->ctx->chip)
		return true;
	c = pieces_cost(p, f->n);
	if (c.pieces <= c.whole + c.copy)
		return true;
	record_copy(f, arena_printf(f->a, "%d parts of '%s' would take %.0f cycles, the copy %.0f and the whole %.0f", p->count,
		f->n->in[0]->producer->label, c.pieces, c.copy, c.whole));
	return false;
}

/* Compute the shuffle's input in parts, of which the shuffle becomes the concatenation; or say why not.  False: it cannot be. */
static bool
cut(struct folder *f, bool one_region)
{
	struct tensor *x = f->n->in[0];
	struct pieces p;
	long long bytes;

	if (!x->producer || x->uses != 1)
		return false;
	if (!one_region)
		rearrange(f);
	p = count_pieces(f, f->order);
	if (!is_worth(f, &p))
		return false;
	bytes = (long long)p.copied * dtype_info[x->dtype].bytes;
	p = (struct pieces){ .g = f->g, .ctx = f->ctx, .pos = f->n };
	take_runs(f, &p, f->order);
	if (!is_cheaper(f, &p)) {
		pieces_drop(&p);
		return true;
	}
	record_gone(f, bytes, arena_printf(f->g->arena, bytes
		? "shuffle in %d parts of '%s', written in place, %lld bytes copied" : "shuffle in %d parts of '%s', written in place, no copy",
		p.count, x->producer->label, bytes));
	become_concat(f, &p);
	return true;
}

/* ---- the pass ---- */

static void
bypass(struct folder *f, const char *text)
{
	record_gone(f, 0, text);
	node_bypass(f->g, f->n, f->n->in[0]);
}

static void
fold(struct folder *f)
{
	struct node *n = f->n;
	struct readers readers;
	bool one_region;

	f->count = tensor_channels(n->out);
	f->order = shuffle_order(f->a, n);
	if (!f->order) {
		record_copy(f, "it drops or repeats channels");
		return;
	}
	if (order_is_plain(f->order, f->count)) {
		bypass(f, "shuffle moves nothing");
		return;
	}
	readers_find(&readers, f->a, f->g);
	if (!region_find(&f->before, f->a, f->g, &readers, n->in[0]) || !region_find(&f->after, f->a, f->g, &readers, n->out)) {
		record_copy(f, "too many channels have one order");
		return;
	}
	one_region = region_has(&f->before, n->out);
	f->label_before = number_labels(f, &f->before, n->in[0]);
	f->label_after = number_labels(f, &f->after, n->out);
	f->in = ARENA_ARRAY(f->a, int32_t, (size_t)f->count);
	f->out = ARENA_ARRAY(f->a, int32_t, (size_t)f->count);
	if (!one_region && absorb(f))
		bypass(f, "shuffle folded into weights, no copy");
	else if (!cut(f, one_region))
		record_fixed(f, one_region);
}

bool
pass_fold_shuffle(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n, *next;

	for (n = g->first; n; n = next) {
		struct folder f = { .g = g, .ctx = ctx, .a = ctx->scratch, .n = n };

		next = n->next;
		if (!is_shuffle(n))
			continue;
		fold(&f);
		graph_tidy(g);
		arena_free(ctx->scratch);
	}
	return true;
}
