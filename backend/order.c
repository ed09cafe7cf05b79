/* The order of execution in which the fewest bytes are live at once.
 *
 * Which calls have run decides which buffers are live, whatever their order was.  So the search goes through sets of calls that have run, from the
 * empty one on, by one call at a time; of the ways to a set only the one with the lowest peak is kept.  That is exact as
 * long as there are not too many sets of one size, which is so where few branches are open at a time; beyond, those with the
 * lowest peaks are followed (a beam).  Sets that are not below the peak of the order as it is are dropped, so a
 * network that cannot be improved ends the search soon. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "backend/plan.h"

enum {
	CALLS_MAX = 2000,        /* larger programs stay in the order they are in */
	PAIRS_MAX = 4000000,     /* as do those with more uses of the same buffers to compare */
	STATES_MAX = 1000,       /* sets of one size */
	WORK_MAX = 40000000,     /* looks at calls in all: fewer sets for larger programs */
	AHEAD = 8                /* sets that are made for each that is kept */
};

struct list { ARRAY(int) of; };

struct task {
	struct call *call;
	struct list before;      /* calls that have to run first */
	struct list buffers;     /* that it touches, those in the arena, each once */
};

/* A set of calls that have run. */
struct state {
	uint64_t *done;          /* a bit for each call */
	uint64_t hash;           /* of done */
	int64_t live, peak;      /* bytes; live: those that further calls touch */
	int from, call;          /* the state before, in the level before, and the call that led here */
};
struct level { struct state *v; int n; };
struct step { int from, call; };

struct order {
	struct program *p;
	struct arena scratch;
	struct task *tasks;
	int n, words, width;     /* width: the most states that are kept of a level */
	struct list *users;      /* by buffer: the calls that touch it */
	uint64_t *keys;          /* by call */
	struct level now, next;
	struct step **steps;     /* by number of calls done: how each state of the level came about */
	int *bucket, buckets;    /* hash table over the states of NEXT: index + 1 */
	int64_t limit;           /* peaks from here on are of no use */
};

/* ---- what waits for what ---- */

struct use { int call; const struct arg *arg; };
struct uses { ARRAY(struct use) of; };

static void
add_once(struct order *o, struct list *l, int i)
{
	if (l->of.n == 0 || l->of.v[l->of.n - 1] != i)
		ARRAY_PUSH(&o->scratch, l->of, i);
}

/* Calls of one layer stay in their order too, so that its last one remains that.  false: too many pairs. */
static bool
find_tasks(struct order *o)
{
	struct uses *uses = ARENA_ARRAY(&o->scratch, struct uses, o->p->buffers.n);
	int64_t pairs = 0;
	int i = 0;

	for (struct call *c = o->p->first; c; c = c->next, i++) {
		struct task *t = &o->tasks[i];

		t->call = c;
		if (i > 0 && o->tasks[i - 1].call->node == c->node)
			add_once(o, &t->before, i - 1);
		for (size_t k = 0; k < c->args.n; k++) {
			const struct arg *a = &c->args.v[k];
			struct uses *u;

			if (a->kind > ARG_SCRATCH || a->kind == ARG_CONST || !a->buf)
				continue;
			u = &uses[a->buf->id];
			for (size_t m = 0; m < u->of.n; m++)
				if (u->of.v[m].call != i && args_conflict(u->of.v[m].arg, a))
					add_once(o, &t->before, u->of.v[m].call);
			if ((pairs += (int64_t)u->of.n) > PAIRS_MAX)
				return false;
			if (a->buf->kind == BUF_ARENA && (u->of.n == 0 || u->of.v[u->of.n - 1].call != i)) {
				ARRAY_PUSH(&o->scratch, t->buffers.of, a->buf->id);
				ARRAY_PUSH(&o->scratch, o->users[a->buf->id].of, i);
			}
			ARRAY_PUSH(&o->scratch, u->of, ((struct use){ i, a }));
		}
	}
	return true;
}

/* ---- one call further ---- */

static bool
is_done(const struct state *s, int i)
{
	return s->done[i / 64] >> (i % 64) & 1;
}

static bool
is_ready(const struct order *o, const struct state *s, int i)
{
	const struct list *before = &o->tasks[i].before;

	if (is_done(s, i))
		return false;
	for (size_t k = 0; k < before->of.n; k++)
		if (!is_done(s, before->of.v[k]))
			return false;
	return true;
}

/* How many calls besides I touch the buffer B and have run, if DONE, or have not. */
static int
count_users(const struct order *o, const struct state *s, int b, int i, bool done)
{
	const struct list *users = &o->users[b];
	int n = 0;

	for (size_t k = 0; k < users->of.n; k++)
		n += users->of.v[k] != i && is_done(s, users->of.v[k]) == done;
	return n;
}

/* The bytes live after call I has run behind S, and the peak. */
static void
advance(const struct order *o, const struct state *s, int i, int64_t *live, int64_t *peak)
{
	const struct task *t = &o->tasks[i];
	const struct arg *y = call_result(t->call);
	int64_t during = s->live, dies = 0, saves = 0, fresh;

	if (y && (y->buf->port == PORT_IN || count_users(o, s, y->buf->id, i, true)))
		y = NULL;
	for (size_t k = 0; k < t->buffers.of.n; k++) {
		const struct buffer *b = o->p->buffers.v[t->buffers.of.v[k]];
		int64_t bytes = align_up(b->bytes, ARENA_ALIGN);

		if (b->port != PORT_IN && !count_users(o, s, b->id, i, true))
			during += bytes;
		if (b->port == PORT_OUT || count_users(o, s, b->id, i, false))
			continue;
		dies += bytes;
		if (y && b != y->buf)
			saves += overlap_saves(b->bytes, y->buf->bytes, call_distance(t->call, b, y), ARENA_ALIGN);
	}
	fresh = y ? y->buf->bytes : 0;
	*live = during - dies;
	during -= saves < fresh ? saves : fresh;
	*peak = during > s->peak ? during : s->peak;
}

/* ---- the search ---- */

static int
find_bucket(const struct order *o, const struct state *s)
{
	int at = (int)(s->hash % (uint64_t)o->buckets);

	while (o->bucket[at]) {
		const struct state *other = &o->next.v[o->bucket[at] - 1];

		if (other->hash == s->hash && !memcmp(other->done, s->done, (size_t)o->words * sizeof *s->done))
			break;
		at = (at + 1) % o->buckets;
	}
	return at;
}

/* The state behind state FROM of the level and call I, unless it is of no use or there are too many. */
static void
add_state(struct order *o, int from, int i)
{
	const struct state *s = &o->now.v[from];
	struct state *t = &o->next.v[o->next.n];
	int64_t live, peak;
	int at;

	advance(o, s, i, &live, &peak);
	if (peak >= o->limit || o->next.n == o->width * AHEAD)
		return;
	memcpy(t->done, s->done, (size_t)o->words * sizeof *t->done);
	t->done[i / 64] |= (uint64_t)1 << (i % 64);
	t->hash = s->hash ^ o->keys[i];
	at = find_bucket(o, t);
	if (!o->bucket[at])
		o->bucket[at] = ++o->next.n;
	else if (o->next.v[o->bucket[at] - 1].peak <= peak)
		return;
	t = &o->next.v[o->bucket[at] - 1];
	t->live = live;
	t->peak = peak;
	t->from = from;
	t->call = i;
}

static int
better(const void *x, const void *y)
{
	const struct state *a = x, *b = y;

	if (a->peak != b->peak)
		return a->peak < b->peak ? -1 : 1;
	if (a->live != b->live)
		return a->live < b->live ? -1 : 1;
	return a->from != b->from ? a->from - b->from : a->call - b->call;
}

/* Make the next level of this one; its best states are kept. */
static void
next_level(struct order *o, int done)
{
	struct level made;

	memset(o->bucket, 0, (size_t)o->buckets * sizeof *o->bucket);
	o->next.n = 0;
	for (int from = 0; from < o->now.n; from++)
		for (int i = 0; i < o->n; i++)
			if (is_ready(o, &o->now.v[from], i))
				add_state(o, from, i);
	qsort(o->next.v, (size_t)o->next.n, sizeof *o->next.v, better);
	if (o->next.n > o->width)
		o->next.n = o->width;
	o->steps[done] = ARENA_ARRAY(&o->scratch, struct step, (size_t)o->next.n);
	for (int k = 0; k < o->next.n; k++)
		o->steps[done][k] = (struct step){ o->next.v[k].from, o->next.v[k].call };
	made = o->next;
	o->next = o->now;
	o->now = made;
}

static struct level
make_level(struct order *o)
{
	struct level l = { .n = 0 };

	l.v = ARENA_ARRAY(&o->scratch, struct state, (size_t)o->width * AHEAD + 1);
	for (int k = 0; k <= o->width * AHEAD; k++)
		l.v[k].done = ARENA_ARRAY(&o->scratch, uint64_t, (size_t)o->words);
	return l;
}

/* Before any call the inputs in the arena are live. */
static void
begin(struct order *o)
{
	uint64_t key = 0x9e3779b97f4a7c15;

	for (int i = 0; i < o->n; i++) {
		key ^= key << 13;
		key ^= key >> 7;
		key ^= key << 17;
		o->keys[i] = key;
	}
	o->now.n = 1;
	for (size_t b = 0; b < o->p->buffers.n; b++)
		if (o->p->buffers.v[b]->kind == BUF_ARENA && o->p->buffers.v[b]->port == PORT_IN)
			o->now.v[0].live += align_up(o->p->buffers.v[b]->bytes, ARENA_ALIGN);
}

/* The peak of the order as it is. */
static int64_t
peak_so_far(struct order *o)
{
	struct state s = o->now.v[0];

	s.done = ARENA_ARRAY(&o->scratch, uint64_t, (size_t)o->words);
	for (int i = 0; i < o->n; i++) {
		advance(o, &s, i, &s.live, &s.peak);
		s.done[i / 64] |= (uint64_t)1 << (i % 64);
	}
	return s.peak;
}

/* Link the calls in the order that led to the best state of all calls. */
static void
apply(struct order *o)
{
	struct call *next = NULL;
	int at = 0;

	for (int done = o->n - 1; done >= 0; done--) {
		struct call *c = o->tasks[o->steps[done][at].call].call;

		if (!next)
			o->p->last = c;
		c->next = next;
		c->index = done;
		next = c;
		at = o->steps[done][at].from;
	}
	o->p->first = next;
}

static void
order_calls(struct order *o)
{
	size_t n = (size_t)o->n;

	o->words = (o->n + 63) / 64;
	o->width = WORK_MAX / o->n / o->n < STATES_MAX ? WORK_MAX / o->n / o->n : STATES_MAX;
	o->buckets = 2 * o->width * AHEAD + 1;
	o->tasks = ARENA_ARRAY(&o->scratch, struct task, n);
	o->users = ARENA_ARRAY(&o->scratch, struct list, o->p->buffers.n);
	o->keys = ARENA_ARRAY(&o->scratch, uint64_t, n);
	o->steps = ARENA_ARRAY(&o->scratch, struct step *, n);
	o->bucket = ARENA_ARRAY(&o->scratch, int, (size_t)o->buckets);
	if (!find_tasks(o))
		return;
	o->now = make_level(o);
	o->next = make_level(o);
	begin(o);
	o->limit = peak_so_far(o);
	for (int done = 0; done < o->n && o->now.n > 0; done++)
		next_level(o, done);
	if (o->now.n > 0)
		apply(o);
}

void
program_order(struct program *p)
{
	struct order o = { .p = p, .n = p->call_count };

	for (const struct call *c = p->first; c; c = c->next)
		if (c->core != p->first->core)
			return;
	if (o.n > 1 && o.n <= CALLS_MAX)
		order_calls(&o);
	arena_free(&o.scratch);
}
