/* Which statements of the network repeat.  A window is a run of statements; two are alike when their statements are, and read each
 * other's results in the same places.  Windows grow from length to length by the one statement that is new, so finding them all costs
 * time in proportion to statements x lengths. */
#include <config.h>
#include "import/net_search.h"

enum {
	LENGTH_MAX = 32,       /* statements of a block, */
	LENGTH_LARGE = 8,      /* in networks of so many statements: */
	LARGE = 50000
};

/* ---- the statements ---- */

static void
index_values(struct net_search *s)
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

void
net_search_init(struct net_search *s, struct net_writer *w)
{
	*s = (struct net_search){ .w = w, .items = w->top.items.v, .n = w->top.items.n, .table_size = 1024 };
	while (s->table_size < s->n)
		s->table_size *= 2;
	index_values(s);
	s->windows = ARENA_ARRAY(&s->scratch, struct net_window, s->n);
	s->table = ARENA_ARRAY(&s->scratch, struct net_candidate *, s->table_size);
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
place_in(struct net_search *s, size_t start, struct tensor *t)
{
	struct net_window *win = &s->windows[start];
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
	if (k == NET_INPUTS) {
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
is_turn(const struct net_search *s, size_t at)
{
	struct net_item *const *it = &s->items[at];

	return it[0]->kind == NET_CALL && ((at > 0 && goes_on(it[-1], it[0])) || (at + 1 < s->n && goes_on(it[0], it[1])));
}

/* Add the next statement to the window at START. */
static void
grow(struct net_search *s, size_t start)
{
	struct net_window *win = &s->windows[start];
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
alike(struct net_search *s, size_t a, size_t b)
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
live_results(const struct net_search *s, size_t start)
{
	uint64_t live = 0;

	for (size_t j = 0; j < s->length; j++)
		for (int k = 0; k < s->items[start + j]->nout; k++)
			if (s->last_read[s->items[start + j]->out[k]->id] >= start + s->length)
				live |= UINT64_C(1) << (j + (size_t)k * LENGTH_MAX); /* k < NET_RESULTS */
	return live;
}

/* ---- candidates ---- */

/* The window at START is one more of its kind. */
static void
enter(struct net_search *s, size_t start)
{
	uint64_t live = live_results(s, start);
	struct net_candidate **at = &s->table[mix(s->windows[start].form, live) & (s->table_size - 1)], *c = *at;

	while (c && (c->length != s->length || c->live != live || !alike(s, c->starts.v[0], start)))
		c = c->next;
	if (!c) {
		c = ARENA_NEW(&s->scratch, struct net_candidate);
		*c = (struct net_candidate){ .length = s->length, .live = live, .next = *at };
		*at = c;
		ARRAY_PUSH(&s->scratch, s->found, c);
	}
	if (c->starts.n == 0 || start >= c->starts.v[c->starts.n - 1] + s->length)
		ARRAY_PUSH(&s->scratch, c->starts, start);
}

void
net_find_ports(struct net_search *s, struct net_candidate *c)
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

void
net_find_windows(struct net_search *s)
{
	size_t most = s->n < LARGE ? LENGTH_MAX : LENGTH_LARGE;
	bool again = true;

	/* as long as any occur twice */
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
