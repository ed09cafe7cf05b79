/* The numbers of one part's call, from those of the whole layer: channels, rows with their halo, types of sums. */
#include <config.h>
#include "chips/search.h"

static bool
same_run(const struct run *a, const struct run *b)
{
	return a->filled == b->filled && a->size == b->size && a->place == b->place;
}

/* PARTS (n 0: TOTAL whole) as runs; the last, or with EACH every part filled up to FILL.  PLACES: first and last stand alone; ALONE: all. */
struct cut_as { int32_t fill; bool each, places, alone; };

static struct runs
runs_of(struct arena *a, const struct parts *parts, int32_t total, struct cut_as as)
{
	int n = parts->n > 1 ? parts->n : 1;
	struct runs r = { ARENA_ARRAY(a, struct run, (size_t)n), 0 };
	int32_t at = 0;

	for (int i = 0; i < n; i++) {
		int32_t size = parts->n > 1 ? parts->size[i] : total;
		struct run run = { .size = size, .filled = size, .at = at, .count = 1 };

		if ((i == n - 1 || as.each) && as.fill > size)
			run.filled = as.fill;
		if (as.places)
			run.place = (i == 0 ? PART_FIRST : 0) | (i == n - 1 ? PART_LAST : 0);
		at += size;
		if (r.n && !as.alone && same_run(&r.v[r.n - 1], &run))
			r.v[r.n - 1].count++;
		else
			r.v[r.n++] = run;
	}
	return r;
}

struct runs
in_runs(const struct work *w, const struct plan *p)
{
	return runs_of(w->scratch, &p->in, w->in, (struct cut_as){ p->pad_in, p->pad_each, true, w->by_position });
}

/* Of a dense layer with a scale per channel a single channel is computed with its neighbour: with one scale its multiplier would be formed
 * in another way (passes/cut_channels.c). */
static bool
needs_neighbour(const struct work *w)
{
	const struct node *n = w->node;

	return n->op == OP_DENSE && n->out->dtype == DT_I8 && n->in[1]->quant.count > 1;
}

struct runs
out_runs(const struct work *w, const struct plan *p)
{
	struct runs r = runs_of(w->scratch, &p->out, w->out, (struct cut_as){ p->pad_out, p->pad_each, false, w->by_position });

	for (int i = 0; i < r.n && p->out.n > 1 && needs_neighbour(w); i++) {
		struct run *run = &r.v[i];

		if (run->size > 1)
			continue;
		run->size = 2;
		run->at -= run->at + 2 > w->out;
		run->filled = run->filled > 2 ? run->filled : 2;
	}
	return r;
}

/* Rows of the input that rows [FROM, FROM + COUNT) of the result need, and the padding left to them.  Rows that lie in the padding
 * altogether have no input to read: a row that has is computed with them (passes/split_rows.c). */
struct window { int64_t rows, top, bottom; };

static struct window
window_of(const struct work *w, int32_t from, int32_t count)
{
	const int64_t *v = w->base.v;
	int64_t to = from + count, first, end;
	struct window a;

	while (from * v[VAR_SH] - v[VAR_PT] >= v[VAR_HI] && from > 0)
		from--;
	while ((to - 1) * v[VAR_SH] - v[VAR_PT] + (v[VAR_KH] - 1) * v[VAR_DH] < 0 && to < w->rows)
		to++;
	first = from * v[VAR_SH] - v[VAR_PT];
	end = (to - 1) * v[VAR_SH] - v[VAR_PT] + (v[VAR_KH] - 1) * v[VAR_DH] + 1;
	a.top = first < 0 ? -first : 0;
	a.bottom = end > v[VAR_HI] ? end - v[VAR_HI] : 0;
	a.rows = end - first - a.top - a.bottom;
	if (from == 0 && count == w->rows) { /* the rows that no window reaches belong to it all the same */
		a.rows = v[VAR_HI];
		a.bottom = v[VAR_PB];
	}
	return a;
}

static bool
has_windows(const struct work *w)
{
	enum op op = w->node->op;

	return (op == OP_CONV2D && !w->manner.as_dense) || op == OP_DWCONV2D || op == OP_MAXPOOL || op == OP_AVGPOOL;
}

struct runs
band_runs(const struct work *w, const struct plan *p)
{
	struct runs all = runs_of(w->scratch, &p->rows, w->rows, (struct cut_as){ .alone = true }), r = { all.v, 0 };
	struct window last = { 0 };

	for (int i = 0; i < all.n; i++) {
		struct window a = has_windows(w) ? window_of(w, all.v[i].at, all.v[i].size) : (struct window){ 0 };

		if (r.n && r.v[r.n - 1].size == all.v[i].size && a.rows == last.rows && a.top == last.top && a.bottom == last.bottom)
			r.v[r.n - 1].count++;
		else
			r.v[r.n++] = all.v[i];
		last = a;
	}
	return r;
}

static void
set_rows(const struct work *w, const struct run *rows, struct chip_vars *v)
{
	const int64_t *all = w->base.v;
	struct window a;

	if (!w->cuts_rows)
		return;
	if (!has_windows(w)) { /* vectors, or where they are one: values; a dense layer as a convolution has them side by side */
		if (all[VAR_ROWS] > 1)
			v->v[VAR_ROWS] = all[VAR_ROWS] / w->rows * rows->size;
		else if (w->manner.as_conv)
			v->v[VAR_WI] = v->v[VAR_WO] = all[VAR_WI] / w->rows * rows->size;
		else
			v->v[VAR_N] = all[VAR_N] / w->rows * rows->size;
		return;
	}
	a = window_of(w, rows->at, rows->size);
	v->v[VAR_HI] = a.rows;
	v->v[VAR_PT] = a.top;
	v->v[VAR_PB] = a.bottom;
	v->v[VAR_HO] = rows->size;
}

/* The image already has its padding. */
static void
take_padding_in(struct chip_vars *v)
{
	v->v[VAR_HI] += v->v[VAR_PT] + v->v[VAR_PB];
	v->v[VAR_WI] += v->v[VAR_PL] + v->v[VAR_PR];
	v->v[VAR_PT] = v->v[VAR_PB] = v->v[VAR_PL] = v->v[VAR_PR] = 0;
}

/* What the part starts from and gives. */
static void
set_types(const struct work *w, unsigned place, struct chip_vars *v)
{
	bool last = place & PART_LAST;

	if (w->summing == SUM_CHAIN && !(place & PART_FIRST))
		v->type[OPERAND_SUM] = w->manner.partial;
	if (w->summing == SUM_TREE || (w->summing == SUM_CHAIN && !last))
		v->type[OPERAND_Y] = w->manner.partial;
	if (w->manner.requant_cpu)
		v->type[OPERAND_Y] = w->summing == SUM_NONE ? DT_I32 : w->manner.partial;
}

/* Largest sum of |w| over the input channels of one output channel of the part. */
static int64_t
weight_sum(const struct work *w, const struct run *out, const struct run *in)
{
	const struct tensor *t = w->node->in[1];
	const int8_t *weight = t->data;
	int rank = t->shape.rank;
	int64_t depth = t->shape.dim[rank - 1], outs = t->shape.dim[0], taps = tensor_count(t) / depth / outs, most = 0;

	for (int64_t o = out->at; o < out->at + out->size && o < outs; o++) {
		int64_t sum = 0;

		for (int64_t k = 0; k < taps; k++)
			for (int64_t c = in->at; c < in->at + in->size && c < depth; c++) {
				int32_t x = weight[(o * taps + k) * depth + c];

				sum += x < 0 ? -x : x;
			}
		most = sum > most ? sum : most;
	}
	return most;
}

struct chip_vars
part_vars(const struct work *w, const struct run *rows, const struct run *out, const struct run *in)
{
	struct chip_vars v = w->base;

	v.v[VAR_OUT] = out->filled;
	v.v[VAR_IN] = in->filled;
	if (w->channelwise) {
		v.v[VAR_IN] = out->filled / w->base.v[VAR_DEPTH_MULTIPLIER];
		if (w->node->op == OP_DWCONV2D)
			v.v[VAR_GROUPS] = v.v[VAR_IN];
	} else if (w->manner.groups > 1) {
		v.v[VAR_GROUPS] = 1;
	}
	set_rows(w, rows, &v);
	if (w->manner.pad_copy)
		take_padding_in(&v);
	set_types(w, in->place, &v);
	if (w->by_position && !w->channelwise && w->manner.groups <= 1)
		v.weight_sum = weight_sum(w, out, in);
	if (w->unit)
		chip_vars_complete(w->unit, &v);
	return v;
}
