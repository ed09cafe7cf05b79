/* Which statements of the network repeat.  A window is a run of statements; two are alike when their statements are, and read each
 * other's results in the same places.  Windows that occur often enough to be worth it become blocks, a statement that goes on from itself becomes a
 * loop; a call of a block is a statement, so blocks of blocks and loops of calls come about in the rounds that follow.
 *
 * Windows grow from length to length by the one statement that is new, so finding them all costs time in proportion to
 * statements x lengths. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"

enum {
	LENGTH_MAX = 32,       /* statements of a block, */
	LENGTH_LARGE = 8,      /* in networks of so many statements: */
	LARGE = 50000,
	INPUTS = 6,            /* values that a block reads, at most, */
	RESULTS = 2,           /* and that it gives */
	TRIED = 24,            /* candidates whose text is measured, in a round, */
	PAIRED = 8,            /* and of those the ones that are tried together */
	ROUNDS = 64,
	LOOP_MIN = 3,          /* turns, */
	LOOP_MIN_LISTS = 4     /* and with lists of what differs */
};

/* The text must become shorter by a fifth. */
static bool
is_worth(int64_t before, int64_t after)
{
	return after * 5 < before * 4;
}

/* A window that occurs several times, without overlaps. */
struct candidate {
	size_t length;
	ARRAY(size_t) starts;
	uint64_t live;         /* which of its statements' results are read behind it */
	struct net_ports ports;
	int64_t width, saved;  /* columns: of the text as it is; less with the block, weighted */
	struct candidate *next;/* with the same form, modulo the table */
};

/* The window that begins at a statement. */
struct window {
	uint64_t form;
	struct tensor *in[INPUTS]; /* what it reads from outside, in the order of reading */
	int nin;
	bool over;             /* it cannot grow */
};

struct search {
	struct net_writer *w;
	struct arena scratch;  /* of a round */
	struct net_item **items;
	size_t n;
	size_t *maker;         /* by the tensor's id: 1 + the statement that gives it; 0: none */
	size_t *last_read;     /* likewise the last that reads it; n: an output */
	struct window *windows;
	size_t length;         /* of the windows */
	struct candidate **table; /* by form */
	size_t table_size;
	ARRAY(struct candidate *) found;
};

/* ---- the statements ---- */

static void
index_values(struct search *s)
{
	const struct graph *g = s->w->g;

	s->maker = ARENA_ARRAY(&s->scratch, size_t, g->tensors.n + 1);
	s->last_read = ARENA_ARRAY(&s->scratch, size_t, g->tensors.n + 1);
	for (size_t i = 0; i < s->n; i++) {
		const struct net_item *it = s->items[i];

		for (int k = 0; k < it->nin; k++)
			if (it->in[k])
				s->last_read[it->in[k]->id] = i;
		for (int k = 0; k < it->nout; k++)
			s->maker[it->out[k]->id] = i + 1;
	}
	for (size_t i = 0; i < g->outputs.n; i++)
		s->last_read[g->outputs.v[i]->id] = s->n;
}

static struct search
new_search(struct net_writer *w)
{
	struct search s = { .w = w, .items = w->top.items.v, .n = w->top.items.n, .table_size = 1024 };

	while (s.table_size < s.n)
		s.table_size *= 2;
	index_values(&s);
	s.windows = ARENA_ARRAY(&s.scratch, struct window, s.n);
	s.table = ARENA_ARRAY(&s.scratch, struct candidate *, s.table_size);
	return s;
}

/* ---- windows ---- */

static uint64_t
mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

/* Where the window at START has the value T: a result of one of its statements, or one that it reads from outside. */
static uint64_t
place_in(struct search *s, size_t start, struct tensor *t)
{
	struct window *win = &s->windows[start];
	size_t maker = t ? s->maker[t->id] : 0;
	int k = 0;

	if (!t)
		return 1;
	if (maker > start) {
		const struct net_item *it = s->items[maker - 1];

		while (it->out[k] != t)
			k++;
		return 2 + 8 * (uint64_t)(maker - 1 - start) + (uint64_t)k;
	}
	while (k < win->nin && win->in[k] != t)
		k++;
	if (k == INPUTS) {
		win->over = true;
		return 0;
	}
	if (k == win->nin)
		win->in[win->nin++] = t;
	return UINT64_MAX - (uint64_t)k;
}

static bool
goes_on(const struct net_item *before, const struct net_item *it)
{
	for (int k = 0; k < it->nin && it->token == before->token; k++)
		if (it->in[k] == before->out[0])
			return true;
	return false;
}

/* Whether statement AT is a call between others of the same block that go on from one another: they are turns of a loop, or lines of their
 * own, and no part of a block. */
static bool
is_turn(const struct search *s, size_t at)
{
	struct net_item *const *it = &s->items[at];

	return it[0]->kind == NET_CALL && ((at > 0 && goes_on(it[-1], it[0])) || (at + 1 < s->n && goes_on(it[0], it[1])));
}

/* Add the next statement to the window at START. */
static void
grow(struct search *s, size_t start)
{
	struct window *win = &s->windows[start];
	size_t at = start + s->length - 1;
	const struct net_item *it = at < s->n ? s->items[at] : NULL;

	if (win->over || !it || !it->token || is_turn(s, at)) {
		win->over = true;
		return;
	}
	win->form = mix(win->form, (uint64_t)(uintptr_t)it->token);
	for (int k = 0; k < it->nin; k++)
		win->form = mix(win->form, place_in(s, start, it->in[k]));
}

static bool
alike(struct search *s, size_t a, size_t b)
{
	for (size_t j = 0; j < s->length; j++) {
		const struct net_item *x = s->items[a + j], *y = s->items[b + j];

		if (x->token != y->token || x->nin != y->nin)
			return false;
		for (int k = 0; k < x->nin; k++)
			if (place_in(s, a, x->in[k]) != place_in(s, b, y->in[k]))
				return false;
	}
	return true;
}

/* Which statements of the window at START have results that are read behind it. */
static uint64_t
live_results(const struct search *s, size_t start)
{
	uint64_t live = 0;

	for (size_t j = 0; j < s->length; j++)
		for (int k = 0; k < s->items[start + j]->nout; k++)
			if (s->last_read[s->items[start + j]->out[k]->id] >= start + s->length)
				live |= UINT64_C(1) << (j + (size_t)k * LENGTH_MAX); /* k < RESULTS */
	return live;
}

/* ---- candidates ---- */

/* The window at START is one more of its kind. */
static void
enter(struct search *s, size_t start)
{
	uint64_t live = live_results(s, start);
	struct candidate **at = &s->table[mix(s->windows[start].form, live) & (s->table_size - 1)], *c = *at;

	while (c && (c->length != s->length || c->live != live || !alike(s, c->starts.v[0], start)))
		c = c->next;
	if (!c) {
		c = ARENA_NEW(&s->scratch, struct candidate);
		*c = (struct candidate){ .length = s->length, .live = live, .next = *at };
		*at = c;
		ARRAY_PUSH(&s->scratch, s->found, c);
	}
	if (c->starts.n == 0 || start >= c->starts.v[c->starts.n - 1] + s->length)
		ARRAY_PUSH(&s->scratch, c->starts, start);
}

/* Where the candidate's first window reads and gives what. */
static void
find_ports(struct search *s, struct candidate *c)
{
	size_t start = c->starts.v[0];
	struct map *seen = map_new(&s->scratch);

	for (size_t j = 0; j < c->length; j++) {
		const struct net_item *it = s->items[start + j];

		for (int k = 0; k < it->nin; k++) {
			if (!it->in[k] || s->maker[it->in[k]->id] > start || map_get(seen, it->in[k]->name))
				continue;
			map_put(seen, it->in[k]->name, c);
			ARRAY_PUSH(&s->scratch, c->ports.in, ((struct net_port){ (int)j, k }));
		}
		for (int k = 0; k < it->nout; k++)
			if (s->last_read[it->out[k]->id] >= start + c->length)
				ARRAY_PUSH(&s->scratch, c->ports.out, ((struct net_port){ (int)j, k }));
	}
}

/* ---- what the text becomes ---- */

static int64_t
window_width(const struct search *s, size_t start, size_t length)
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
chain_length(const struct search *s, const struct candidate *c, size_t run)
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
runs_of(struct search *s, const struct candidate *c)
{
	struct net_item *const **runs = ARENA_ARRAY(&s->scratch, struct net_item *const *, c->starts.n);

	for (size_t i = 0; i < c->starts.n; i++)
		runs[i] = &s->items[c->starts.v[i]];
	return runs;
}

static void
measure(struct search *s, struct candidate *c)
{
	struct net_unified u;
	int64_t after = 60 + window_width(s, c->starts.v[0], c->length);

	if (c->ports.in.n == 0)
		find_ports(s, c);
	if (c->ports.out.n == 0 || c->ports.out.n > RESULTS || c->ports.in.n == 0)
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

/* ---- the best block ---- */

static void
sum_widths(const struct search *s, struct candidate *c)
{
	c->width = 0;
	for (size_t k = 0; k < c->starts.n; k++)
		c->width += window_width(s, c->starts.v[k], c->length);
}

/* The columns that the candidate saves at most. */
static int64_t
bound(const struct search *s, const struct candidate *c)
{
	return c->width - window_width(s, c->starts.v[0], c->length) - 90;
}

/* Keep those that may save most. */
static void
keep_best(struct search *s, struct candidate **best, size_t *n)
{
	for (size_t i = 0; i < s->found.n; i++) {
		struct candidate *c = s->found.v[i];
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
holds_twice(const struct candidate *outer, const struct candidate *inner)
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
	int64_t x = (*(struct candidate *const *)a)->saved, y = (*(struct candidate *const *)b)->saved;

	return (x < y) - (x > y);
}

/* What C still saves where it does not overlap with FIRST. */
static int64_t
saved_behind(struct search *s, const struct candidate *first, const struct candidate *c)
{
	struct candidate rest = { .length = c->length };
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
static struct candidate *
best_of_pairs(struct search *s, struct candidate **tried, size_t n)
{
	struct candidate *best = NULL;
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
static struct candidate *
choose(struct search *s, struct candidate **tried, size_t n)
{
	struct candidate *best = best_of_pairs(s, tried, n);

	for (size_t i = 0; i < n && best; i++)
		if (tried[i]->saved > 0 && tried[i]->length <= best->length / 2 && holds_twice(best, tried[i])) {
			best = tried[i];
			i = (size_t)-1;
		}
	return best;
}

/* Enter all windows of each length, as long as any occur twice. */
static void
find_windows(struct search *s)
{
	size_t most = s->n < LARGE ? LENGTH_MAX : LENGTH_LARGE;
	bool again = true;

	for (s->length = 1; s->length <= most && again; s->length++) {
		size_t before = s->found.n;

		for (size_t i = 0; i < s->n; i++)
			grow(s, i);
		for (size_t i = 0; i + s->length <= s->n; i++)
			if (!s->windows[i].over)
				enter(s, i);
		again = false;
		for (size_t i = before; i < s->found.n; i++)
			again = again || s->found.v[i]->starts.n > 1;
		if (s->length == 1) /* blocks of one statement are none */
			s->found.n = before;
	}
}

static struct candidate *
best_block(struct search *s)
{
	struct candidate *tried[TRIED + 1];
	size_t n = 0;

	find_windows(s);
	keep_best(s, tried, &n);
	for (size_t i = 0; i < n; i++)
		measure(s, tried[i]);
	return choose(s, tried, n);
}

/* ---- loops ---- */

/* What a loop of the N statements from START on saves; 0: nothing.  Calls that are all the same always become one. */
static int64_t
loop_saves(struct search *s, size_t start, size_t n)
{
	struct net_unified u;
	struct candidate c = { .length = 1 };
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
make_loops(struct search *s, int64_t least)
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
	struct search s = new_search(w);
	struct candidate *block = best_block(&s);
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
