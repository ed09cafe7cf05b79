/* Which of the statements that repeat become blocks and loops: those that make the text shorter.  A call of a block is a statement, so blocks of
 * blocks and loops of calls come about in the rounds that follow. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "import/net_search.h"

enum {
	TRIED = 24,            /* candidates whose text is measured, in a round, */
	PAIRED = 8,            /* and of those the ones that are tried together */
	ROUNDS = 64,
	LOOP_MIN = 3,          /* turns, */
	LOOP_MIN_LISTS = 4,    /* and with lists of what differs */
	PARAM_ODD = 80         /* columns that a parameter weighs that one run alone needs */
};

/* The text must become shorter by a fifth. */
static bool
is_worth(int64_t before, int64_t after)
{
	return after * 5 < before * 4;
}

/* ---- what the text becomes ---- */

static int64_t
window_width(const struct net_search *s, size_t start, size_t length)
{
	int64_t width = 0;

	for (size_t j = 0; j < length; j++)
		width += net_width(s->items[start + j]);
	return width;
}

static int64_t
value_width(const struct net_param *p, size_t run)
{
	return (int64_t)strlen(p->value[run]);
}

static bool
same_value(const struct net_param *p, size_t from, size_t n)
{
	for (size_t run = from + 1; run < from + n; run++)
		if (p->value[run] != p->value[from])
			return false;
	return true;
}

/* N turns of a loop, from run FROM on: the parameters as lists. */
static int64_t
loop_width(const struct net_unified *u, size_t from, size_t n)
{
	int64_t width = 70;

	for (size_t i = 0; i < u->params.n; i++) {
		const struct net_param *p = u->params.v[i];

		width += 20;
		for (size_t run = from; run < from + n && !same_value(p, from, n); run++)
			width += value_width(p, run) + 2;
	}
	return width;
}

static int64_t
call_width(const struct net_unified *u, const struct net_ports *ports, size_t run)
{
	int64_t width = 30 + 8 * (int64_t)ports->in.n + 16 * (int64_t)(ports->out.n - 1);

	for (size_t i = 0; i < u->params.n; i++)
		width += value_width(u->params.v[i], run) + 12;
	return width;
}

/* How many windows from RUN on follow each other and go on from one another. */
static size_t
chain_length(const struct net_search *s, const struct net_candidate *c, size_t run)
{
	size_t n = 1;

	if (c->ports.out.n != 1)
		return 1;
	for (; run + n < c->starts.n; n++) {
		size_t start = c->starts.v[run + n], before = c->starts.v[run + n - 1];
		const struct net_port *out = &c->ports.out.v[0];
		const struct tensor *t = s->items[before + (size_t)out->item]->out[out->k];

		if (start != before + c->length || s->last_read[t->id] >= start + c->length)
			break;
	}
	return n;
}

static struct net_item *const **
runs_of(struct net_search *s, const struct net_candidate *c)
{
	struct net_item *const **runs = ARENA_ARRAY(&s->scratch, struct net_item *const *, c->starts.n);

	for (size_t i = 0; i < c->starts.n; i++)
		runs[i] = &s->items[c->starts.v[i]];
	return runs;
}

static void
measure(struct net_search *s, struct net_candidate *c)
{
	struct net_unified u;
	int64_t after = 60 + window_width(s, c->starts.v[0], c->length);

	c->saved = 0;
	if (c->ports.in.n == 0)
		net_find_ports(s, c);
	if (c->ports.out.n == 0 || c->ports.out.n > NET_RESULTS || c->ports.in.n == 0)
		return;
	net_unify(&s->scratch, runs_of(s, c), c->starts.n, c->length, &u);
	after += 16 * (int64_t)u.params.n;
	for (size_t run = 0; run < c->starts.n;) {
		size_t n = chain_length(s, c, run);

		if (n >= LOOP_MIN) {
			after += loop_width(&u, run, n);
			run += n;
		} else {
			after += call_width(&u, &c->ports, run++);
		}
	}
	/* A block of one value that makes one of another is read at a glance. */
	if (is_worth(c->width, after))
		c->saved = (c->width - after) * 2 / (int64_t)(c->ports.in.n + 2 * c->ports.out.n - 1);
}

static void
sum_widths(const struct net_search *s, struct net_candidate *c)
{
	c->width = 0;
	for (size_t k = 0; k < c->starts.n; k++)
		c->width += window_width(s, c->starts.v[k], c->length);
}

/* ---- runs that are not like the others ---- */

/* The run that alone has another value of P than all others; -1: there is none. */
static int
odd_run(const struct net_param *p, size_t n)
{
	name usual = p->value[0] == p->value[1] || p->value[0] == p->value[2] ? p->value[0] : p->value[1];
	int odd = -1;

	for (size_t run = 0; run < n; run++) {
		if (p->value[run] == usual)
			continue;
		if (odd >= 0)
			return -1;
		odd = (int)run;
	}
	return odd;
}

/* The run for whose sake alone there are most parameters, if the text reads better with its statements written out; -1: none. */
static int
worst_run(struct net_search *s, const struct net_candidate *c)
{
	struct net_unified u;
	int *odd = ARENA_ARRAY(&s->scratch, int, c->starts.n), worst = 0;

	net_unify(&s->scratch, runs_of(s, c), c->starts.n, c->length, &u);
	for (size_t i = 0; i < u.params.n; i++) {
		int run = odd_run(u.params.v[i], c->starts.n);

		if (run >= 0 && ++odd[run] > odd[worst])
			worst = run;
	}
	int64_t more = window_width(s, c->starts.v[worst], c->length) - call_width(&u, &c->ports, (size_t)worst);
	return odd[worst] * PARAM_ODD > more ? worst : -1;
}

static void
leave_out(struct net_search *s, struct net_candidate *c)
{
	while (c->saved > 0 && c->starts.n > 3) {
		int run = worst_run(s, c);

		if (run < 0)
			return;
		memmove(c->starts.v + run, c->starts.v + run + 1, (c->starts.n - 1 - (size_t)run) * sizeof *c->starts.v);
		c->starts.n--;
		c->ports.in.n = c->ports.out.n = 0; /* they are the first run's */
		sum_widths(s, c);
		measure(s, c);
	}
}

/* ---- the best block ---- */

/* The columns that the candidate saves at most. */
static int64_t
bound(const struct net_search *s, const struct net_candidate *c)
{
	return c->width - window_width(s, c->starts.v[0], c->length) - 90;
}

/* Keep those that may save most. */
static void
keep_best(struct net_search *s, struct net_candidate **best, size_t *n)
{
	for (size_t i = 0; i < s->found.n; i++) {
		struct net_candidate *c = s->found.v[i];
		size_t at = *n;

		if (c->starts.n < 2)
			continue;
		sum_widths(s, c);
		if (bound(s, c) <= 0)
			continue;
		while (at > 0 && bound(s, best[at - 1]) < bound(s, c))
			at--;
		if (at == TRIED)
			continue;
		*n -= *n == TRIED;
		memmove(best + at + 1, best + at, (*n - at) * sizeof *best);
		best[at] = c;
		++*n;
	}
}

/* Whether the first window of OUTER holds two of INNER. */
static bool
holds_twice(const struct net_candidate *outer, const struct net_candidate *inner)
{
	size_t start = outer->starts.v[0], end = start + outer->length;
	int n = 0;

	for (size_t i = 0; i < inner->starts.n; i++)
		n += inner->starts.v[i] >= start && inner->starts.v[i] + inner->length <= end;
	return n >= 2;
}

static int
by_saved(const void *a, const void *b)
{
	const struct net_candidate *x = *(struct net_candidate *const *)a, *y = *(struct net_candidate *const *)b;

	if (x->saved != y->saved)
		return x->saved < y->saved ? 1 : -1;
	return x->length != y->length ? (x->length > y->length) - (x->length < y->length)
		: (x->starts.v[0] > y->starts.v[0]) - (x->starts.v[0] < y->starts.v[0]);
}

/* What C still saves where it does not overlap with FIRST. */
static int64_t
saved_behind(struct net_search *s, const struct net_candidate *first, const struct net_candidate *c)
{
	struct net_candidate rest = { .length = c->length };
	size_t k = 0;

	for (size_t i = 0; i < c->starts.n; i++) {
		size_t start = c->starts.v[i];

		while (k < first->starts.n && first->starts.v[k] + first->length <= start)
			k++;
		if (k == first->starts.n || start + c->length <= first->starts.v[k])
			ARRAY_PUSH(&s->scratch, rest.starts, start);
	}
	if (rest.starts.n < 2)
		return 0;
	sum_widths(s, &rest);
	measure(s, &rest);
	return rest.saved;
}

/* The candidate that saves most together with the one that does best behind it. */
static struct net_candidate *
best_of_pairs(struct net_search *s, struct net_candidate **tried, size_t n)
{
	struct net_candidate *best = NULL;
	int64_t most = 0;

	qsort(tried, n, sizeof *tried, by_saved);
	for (size_t i = 0; i < n && i < PAIRED && tried[i]->saved > 0; i++) {
		int64_t more = 0;

		for (size_t k = 0; k < n && k < PAIRED && tried[k]->saved > more; k++) {
			int64_t saved = k == i ? 0 : saved_behind(s, tried[i], tried[k]);

			more = saved > more ? saved : more;
		}
		if (tried[i]->saved + more > most) {
			most = tried[i]->saved + more;
			best = tried[i];
		}
	}
	return best;
}

/* The best candidate; of one that repeats within itself, what repeats: it is a block of blocks then. */
static struct net_candidate *
choose(struct net_search *s, struct net_candidate **tried, size_t n)
{
	struct net_candidate *best = best_of_pairs(s, tried, n);

	for (size_t i = 0; i < n && best; i++)
		if (tried[i]->saved > 0 && tried[i]->length <= best->length / 2 && holds_twice(best, tried[i])) {
			best = tried[i];
			i = (size_t)-1;
		}
	return best;
}

static struct net_candidate *
best_block(struct net_search *s)
{
	struct net_candidate *tried[TRIED + 1];
	size_t n = 0;

	net_find_windows(s);
	keep_best(s, tried, &n);
	for (size_t i = 0; i < n; i++) {
		measure(s, tried[i]);
		leave_out(s, tried[i]);
	}
	return choose(s, tried, n);
}

/* ---- loops ---- */

/* What a loop of the N statements from START on saves; 0: nothing.  Calls that are all the same always become one. */
static int64_t
loop_saves(struct net_search *s, size_t start, size_t n)
{
	struct net_unified u;
	struct net_candidate c = { .length = 1 };
	int64_t before = 0, after;

	for (size_t i = 0; i < n; i++) {
		ARRAY_PUSH(&s->scratch, c.starts, start + i);
		before += net_width(s->items[start + i]);
	}
	net_unify(&s->scratch, runs_of(s, &c), n, 1, &u);
	if (u.params.n > 0 && n < LOOP_MIN_LISTS)
		return 0;
	if (u.params.n == 0 && s->items[start]->kind == NET_CALL)
		return before;
	after = net_width(s->items[start]) + loop_width(&u, 0, n);
	return after < before ? before - after : 0;
}

/* Make all loops of calls, and of other statements those that save more than LEAST. */
static bool
make_loops(struct net_search *s, int64_t least)
{
	ARRAY(size_t) starts = { 0 };
	size_t n;

	for (size_t i = 0; i < s->n; i += n > 1 ? n - 1 : 1) {
		n = net_loop_length(s->w, i, s->last_read);
		if (n >= LOOP_MIN && loop_saves(s, i, n) > (s->items[i]->kind == NET_CALL ? 0 : least))
			ARRAY_PUSH(&s->scratch, starts, i);
	}
	for (size_t i = starts.n; i-- > 0;) /* the places of the others stay */
		net_make_loop(s->w, starts.v[i], net_loop_length(s->w, starts.v[i], s->last_read));
	return starts.n > 0;
}

static bool
improve(struct net_writer *w)
{
	struct net_search s;

	net_search_init(&s, w);
	struct net_candidate *block = best_block(&s);
	bool made = make_loops(&s, block ? block->saved : 0);

	if (!made && block) {
		net_make_block(w, block->starts.v, block->starts.n, block->length, &block->ports);
		made = true;
	}
	arena_free(&s.scratch);
	return made;
}

void
net_find_repeats(struct net_writer *w)
{
	for (int round = 0; round < ROUNDS && improve(w); round++)
		continue;
}
