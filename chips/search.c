/* The coarsest cuts that keep every limit of a unit.
 *
 * Finer cuts never break a limit that coarser ones keep (limits are upper bounds of sizes; lower bounds are met by filling up), so of each
 * number of bands and of output parts the least number of input parts that fits is enough, and once nothing but the sets decide it, finer
 * bands cannot help.  Sizes are as equal as the steps allow, or the largest first; search_refine improves on them. */
#include <config.h>
#include "chips/bounds.h"
#include "chips/search.h"

enum { TRIES_MAX = 3000, MEMBERS_MAX = 64 };

int32_t
size_at_least(const struct work *w, enum chip_var var, int32_t size)
{
	struct chip_vars v = w->base;
	int64_t s = size;

	for (int round = 0; w->unit && round < 4; round++) {
		int64_t before = s;

		v.v[var] = s;
		for (const struct chip_limit *l = w->unit->limits; l && s > 0; l = l->next)
			if (l->kind == LIMIT_SET && l->var == var)
				s = chip_set_at_least(&l->set, &v, s);
		if (s == before)
			break;
	}
	return s > 0 && s <= INT32_MAX ? (int32_t)s : 0;
}

int32_t
size_at_most(const struct work *w, enum chip_var var, int32_t size)
{
	struct chip_vars v = w->base;
	int64_t s = size;

	for (int round = 0; w->unit && round < 4; round++) {
		int64_t before = s;

		v.v[var] = s;
		for (const struct chip_limit *l = w->unit->limits; l && s > 0; l = l->next)
			if (l->kind == LIMIT_SET && l->var == var)
				s = chip_set_at_most(&l->set, &v, s);
		if (s == before)
			break;
	}
	return s > 0 ? (int32_t)s : 0;
}

/* The least number of input channels of a part; of a group's when the channels are cut by groups. */
static int32_t
fill_in(const void *ctx, int32_t size)
{
	return size_at_least(ctx, VAR_IN, size);
}

/* Of channel-wise operations both sets hold, one being a multiple of the other. */
static int32_t
fill_out(const void *ctx, int32_t size)
{
	const struct work *w = ctx;
	int32_t m = w->channelwise ? (int32_t)w->base.v[VAR_DEPTH_MULTIPLIER] : 1;

	for (int round = 0; round < 8 && size > 0; round++) {
		int32_t out = size_at_least(w, VAR_OUT, size), in;

		if (!w->channelwise || !out)
			return out;
		in = size_at_least(w, VAR_IN, (out + m - 1) / m);
		if (!in || in * m == out)
			return in * m;
		size = in * m;
	}
	return 0;
}

static int32_t
fill_row(const void *ctx, int32_t size)
{
	(void)ctx;
	return size;
}

/* ---- whether a cut keeps the limits ---- */

/* Whether the unit's accumulator holds the sums over the input channels of each part. */
static bool
sums_fit(const struct work *w, const struct runs *ins)
{
	int32_t out = layer_out_channels(w->node);
	int64_t *lo = ARENA_ARRAY(w->scratch, int64_t, (size_t)out), *hi = ARENA_ARRAY(w->scratch, int64_t, (size_t)out);
	int64_t limit = INT64_C(1) << (w->unit->accumulator_bits - 1);

	for (int i = 0; i < ins->n; i++) {
		layer_sum_range(w->node, ins->v[i].at, ins->v[i].at + ins->v[i].size, lo, hi);
		for (int32_t c = 0; c < out; c++)
			if (lo[c] <= -limit || hi[c] >= limit)
				return false;
	}
	return true;
}

static bool
keeps_limits(const struct work *w, struct plan *p)
{
	struct runs rows = band_runs(w, p), outs = out_runs(w, p);
	struct runs ins = in_runs(w, p);

	if (!w->unit)
		return true;
	for (int r = 0; r < rows.n; r++)
		for (int o = 0; o < outs.n; o++)
			for (int i = 0; i < ins.n; i++) {
				struct chip_vars v = part_vars(w, &rows.v[r], &outs.v[o], &ins.v[i]);

				if (chip_breaks(w->unit, &v, &p->limit, 1) > 0) {
					p->why = chip_limit_found(w->arena, p->limit, &v);
					return false;
				}
			}
	p->why = NULL;
	p->limit = NULL;
	if (w->by_sums && !sums_fit(w, &ins)) {
		p->why = "has too small an accumulator for the sums";
		p->limit = manner_limit(w, LIMIT_ACCUMULATOR, w->unit->accumulator_loc);
		return false;
	}
	return true;
}

/* The last part, or the first where each is filled, which is the largest then. */
static int32_t
filled_part(const struct parts *p, int32_t total, bool each)
{
	return p->n > 1 ? p->size[each ? 0 : p->n - 1] : total;
}

/* The last part of each kind of channels is filled up to a size that the unit takes. */
static bool
fill_last(const struct work *w, struct plan *p)
{
	int32_t last_in = filled_part(&p->in, w->in, p->pad_each), last_out = filled_part(&p->out, w->out, p->pad_each);
	int32_t in, out;

	if (!w->unit)
		return true;
	out = w->cuts_out || w->channelwise ? fill_out(w, last_out) : last_out;
	in = w->channelwise ? last_in : fill_in(w, last_in);
	if (!in || !out)
		return false;
	p->pad_out = out != last_out ? out : 0;
	p->pad_in = w->channelwise ? p->pad_out / (int32_t)w->base.v[VAR_DEPTH_MULTIPLIER] : in != last_in ? in : 0;
	return true;
}

/* ---- the numbers of parts to try ---- */

/* What to cut one thing into: numbers of parts, or the sizes that an annotation gives. */
struct axis {
	struct counts counts;
	struct parts given;  /* n > 0: these */
	bool asked;          /* an annotation gives the number */
	int32_t total, most;
	fill_fn *fill;
};

/* How many parts there must be: one where the unit takes the whole, filled up perhaps, else as many as the largest size needs. */
static int
least_parts(const struct work *w, int32_t total, int32_t most, fill_fn *fill, int from)
{
	int n = fill(w, total) || most <= 0 ? 1 : (total + most - 1) / most;

	return n > from ? n : from;
}

static struct axis
axis_of(const struct work *w, const struct annot *a, bool cuts, int32_t total, int32_t most, fill_fn *fill, int from)
{
	struct axis x = { .total = total, .most = most, .fill = fill };

	if (a && a->parts.n > 1)
		x.given = (struct parts){ a->parts.n, a->parts.v };
	x.asked = a && a->parts.n > 0;
	if (x.asked)
		x.counts = (struct counts){ 1, { a->parts.n > 1 ? a->parts.n : a->parts.v[0] } };
	else if (!cuts)
		x.counts = (struct counts){ 1, { 1 } };
	else if (!w->unit)
		x.counts = (struct counts){ 1, { from } };
	else
		x.counts = counts_between(least_parts(w, total, most, fill, from), total);
	return x;
}

/* No sizes of the unit: each part is going to be filled up. */
static int32_t
any_size(const void *ctx, int32_t size)
{
	(void)ctx;
	return size;
}

/* The sizes of N parts; VARIANT 1: the largest first.  EACH becomes true when no part but the last could be filled up otherwise, which is done
 * only when an annotation asks for so many parts. */
static bool
axis_cut(const struct work *w, const struct axis *x, int n, int variant, struct parts *p, bool *each)
{
	*p = (struct parts){ 0 };
	if (x->given.n) {
		*p = x->given;
		return variant == 0;
	}
	if (n <= 1)
		return variant == 0;
	if (variant == 0 && cut_equal(w->scratch, x->total, n, x->fill, w, p))
		return true;
	if (variant == 0) {
		*each = x->asked;
		return x->asked && cut_equal(w->scratch, x->total, n, any_size, NULL, p);
	}
	return cut_greedy(w->scratch, x->total, x->most, p) && p->n == n;
}

/* ---- the search ---- */

struct search {
	const struct work *w;
	struct axis rows, out, in;
	struct plan best;    /* calls 0: none yet */
	bool found;
	int tries;
	struct plan nearest; /* of those that do not fit: the finest tried, with what it breaks */
};

static struct parts
keep_parts(struct arena *a, struct parts p)
{
	int32_t *size = ARENA_ARRAY(a, int32_t, (size_t)p.n + 1);

	for (int i = 0; i < p.n; i++)
		size[i] = p.size[i];
	return (struct parts){ p.n, size };
}

/* Sizes that an annotation asks for are tried even where the unit has no such: the limit that they break is worth saying. */
static bool
is_asked(const struct search *s)
{
	return s->rows.asked || s->out.asked || s->in.asked;
}

/* One cut: false when it does not fit. */
static bool
try_cut(struct search *s, int rows, int out, int in, int variant)
{
	struct plan p = s->w->manner;

	s->tries++;
	if (!axis_cut(s->w, &s->rows, rows, 0, &p.rows, &p.pad_each) || !axis_cut(s->w, &s->out, out, variant & 1, &p.out, &p.pad_each)
		|| !axis_cut(s->w, &s->in, in, variant >> 1, &p.in, &p.pad_each) || (!fill_last(s->w, &p) && !is_asked(s)))
		return false;
	if (!keeps_limits(s->w, &p)) {
		s->nearest = p;
		return false;
	}
	if (!plan_cost(s->w, &p)) {
		s->nearest = p;
		return false;
	}
	if (!s->found || p.cycles < s->best.cycles) {
		s->best = p;
		s->best.rows = keep_parts(s->w->arena, p.rows);
		s->best.out = keep_parts(s->w->arena, p.out);
		s->best.in = keep_parts(s->w->arena, p.in);
	}
	s->found = true;
	return true;
}

/* All variants of sizes. */
static bool
try_counts(struct search *s, int rows, int out, int in)
{
	bool fits = false;

	for (int variant = 0; variant < 4; variant++)
		if ((!(variant & 1) || out > 1) && (!(variant & 2) || in > 1))
			fits |= try_cut(s, rows, out, in, variant);
	return fits;
}

/* The least number of input parts that fits and, since a part more may cost less by a formula with steps, the next; its place or -1. */
static int
search_in(struct search *s, int rows, int out)
{
	for (int i = 0; i < s->in.counts.n && s->tries < TRIES_MAX; i++)
		if (try_counts(s, rows, out, s->in.counts.v[i])) {
			if (i + 1 < s->in.counts.n)
				try_counts(s, rows, out, s->in.counts.v[i + 1]);
			return i;
		}
	return -1;
}

/* The finest cut there is: when not even that fits, nothing does. */
static bool
finest_fits(struct search *s, int rows)
{
	int out = s->out.counts.v[s->out.counts.n - 1], in = s->in.counts.v[s->in.counts.n - 1];
	struct plan p = s->w->manner;

	if (!axis_cut(s->w, &s->rows, rows, 0, &p.rows, &p.pad_each))
		return false;
	/* So many parts need not exist with the unit's steps: parts of the least size instead. */
	if (!axis_cut(s->w, &s->out, out, 0, &p.out, &p.pad_each))
		cut_greedy(s->w->scratch, s->w->out, s->out.fill(s->w, 1), &p.out);
	if (!axis_cut(s->w, &s->in, in, 0, &p.in, &p.pad_each))
		cut_greedy(s->w->scratch, s->w->in, s->in.fill(s->w, 1), &p.in);
	if (!fill_last(s->w, &p) && !is_asked(s))
		return false;
	if (keeps_limits(s->w, &p))
		return true;
	s->nearest = p;
	return false;
}

static void
search_all(struct search *s)
{
	for (int r = 0; r < s->rows.counts.n; r++) {
		int rows = s->rows.counts.v[r], first = -1;

		if (s->w->unit && !finest_fits(s, rows))
			continue;
		for (int o = 0; o < s->out.counts.n && s->tries < TRIES_MAX; o++) {
			int i = search_in(s, rows, s->out.counts.v[o]);

			if (i >= 0 && first < 0)
				first = o;
			if (i == 0 || (first >= 0 && o >= first + 3))
				break;
		}
		if (first == 0 || s->tries >= TRIES_MAX)
			break;
	}
}

/* Why nothing fits, when no part ever came to be asked: a set without a member large enough. */
static void
explain_sets(const struct work *w, struct plan *p)
{
	struct chip_vars v = w->base;

	v.v[VAR_IN] = w->in;
	v.v[VAR_OUT] = w->out;
	if (p->why)
		return;
	for (const struct chip_limit *l = w->unit ? w->unit->limits : NULL; l; l = l->next) {
		const struct chip_limit *broken;

		if (l->kind != LIMIT_SET || (l->var != VAR_IN && l->var != VAR_OUT))
			continue;
		if (chip_set_has(&l->set, &v, v.v[l->var]))
			continue;
		broken = l;
		p->limit = broken;
		p->why = chip_limit_found(w->arena, broken, &v);
		return;
	}
	p->why = "has no sizes of parts that make up the channels";
}

bool
search_plan(const struct work *w, struct plan *p)
{
	struct search s = { .w = w };
	const struct plan_demand *d = w->demand;
	int32_t most_out = w->unit ? size_at_most(w, VAR_OUT, w->out) : w->out;
	bool sums = w->summing != SUM_NONE;

	s.rows = axis_of(w, d->rows, w->cuts_rows, w->rows, w->rows, fill_row, 1);
	s.out = axis_of(w, d->out, w->cuts_out, w->out, most_out, fill_out, 1);
	s.in = axis_of(w, sums ? d->sum : NULL, sums, w->in, w->unit ? size_at_most(w, VAR_IN, w->in) : w->in, fill_in, sums ? 2 : 1);
	s.nearest = w->manner;
	search_all(&s);
	*p = s.found ? s.best : s.nearest;
	if (!s.found) {
		explain_sets(w, p);
		p->rows = keep_parts(w->arena, p->rows);
		p->out = keep_parts(w->arena, p->out);
		p->in = keep_parts(w->arena, p->in);
	}
	return s.found;
}

/* ---- better sizes ---- */

/* Sizes of FILL from 1 to TOTAL, at most MEMBERS_MAX of them, the largest among them. */
static int
list_members(const struct work *w, fill_fn *fill, int32_t total, int32_t *member)
{
	int32_t s = fill(w, 1), step;
	int n = 0, all = 0;

	for (int32_t t = s; t > 0 && t <= total + s && all < 4 * MEMBERS_MAX; t = fill(w, t + 1))
		all++;
	step = all < MEMBERS_MAX ? 1 : total / MEMBERS_MAX + 1;
	for (; s > 0 && n < MEMBERS_MAX; s = fill(w, s + step)) {
		member[n++] = s;
		if (s >= total)
			break;
	}
	return n;
}

/* The cost of the parts of SIZE at PLACE, over all bands and parts of the other kind; INFINITY: they do not fit. */
static double
part_cost(const struct work *w, const struct plan *p, bool cuts_in, int32_t size, unsigned place)
{
	struct runs rows = band_runs(w, p), others = cuts_in ? out_runs(w, p)
		: in_runs(w, p);
	double sum = 0;

	for (int r = 0; r < rows.n; r++)
		for (int k = 0; k < others.n; k++) {
			struct run one = { size, size, 0, 1, cuts_in ? place : 0 };
			struct chip_vars v = part_vars(w, &rows.v[r], cuts_in ? &others.v[k] : &one, cuts_in ? &one : &others.v[k]);
			const struct chip_limit *limit;
			double cycles, bytes;

			if (chip_breaks(w->unit, &v, &limit, 1) > 0 || !chip_cost(w->unit, &v, NULL, &cycles, &bytes))
				return 1e300;
			sum += cycles * rows.v[r].count * others.v[k].count;
		}
	return sum;
}

static void
refine(const struct work *w, struct plan *p, bool cuts_in)
{
	int32_t member[MEMBERS_MAX], total = cuts_in ? w->in : w->out;
	double first[MEMBERS_MAX], middle[MEMBERS_MAX], last[MEMBERS_MAX], fill[MEMBERS_MAX], more = cuts_in ? plan_addition_cycles(w, p) : 0;
	int n = list_members(w, cuts_in ? fill_in : fill_out, total, member);
	struct cut_costs costs = { n, member, first, middle, last, fill };
	struct plan better = *p;
	struct parts *parts = cuts_in ? &better.in : &better.out;

	for (int i = 0; i < n; i++) {
		first[i] = part_cost(w, p, cuts_in, member[i], PART_FIRST) + more;
		middle[i] = part_cost(w, p, cuts_in, member[i], 0) + more;
		last[i] = part_cost(w, p, cuts_in, member[i], PART_LAST) + more;
		fill[i] = cuts_in ? plan_fill_cycles(w, p, member[i]) : 0;
	}
	if (!cut_cheapest(w->arena, total, &costs, parts) || !fill_last(w, &better) || !keeps_limits(w, &better)
		|| !plan_cost(w, &better))
		return;
	if (better.cycles < p->cycles - 0.5)
		*p = better;
}

void
search_refine(const struct work *w, struct plan *p)
{
	if (!w->unit || w->by_position || p->how != PLAN_UNIT)
		return;
	if (p->in.n > 1 && !(w->demand->sum && w->demand->sum->parts.n))
		refine(w, p, true);
	if (p->out.n > 1 && !(w->demand->out && w->demand->out->parts.n))
		refine(w, p, false);
}
