/* Cores: which calls run at once.
 *
 * Between two barriers, which every core waits at, is a phase.  A call that needs what another core's call leaves, or would
 * overwrite what it still reads, is in a later phase than that one.  Calls of one core keep their order.  The parts of a layer that
 * are spread over cores begin in one phase, that of the part which can begin last: else those on the core that made the
 * layer's input would run before the barrier, and the others alone behind it.
 *
 * In the memory plan time is counted in slots.  A phase of one core is a slot for each call; a phase of several is one slot,
 * since any of its calls may run at once.  The calls are put in the order of their phases, which with one core is the order they
 * are in. */
#include <config.h>
#include <string.h>
#include "backend/program.h"

struct access { const struct call *call; const struct arg *arg; };
struct history { ARRAY(struct access) list; };         /* of a buffer, in order */

struct spread {
	struct program *p;
	struct arena scratch;
	struct call **calls;                               /* by index */
	struct waits { ARRAY(const struct call *) on; } *waits; /* by index: earlier calls of other cores */
	int *core_phase;                                   /* by core: of its last call so far */
	struct group { int phase; ARRAY(const struct call *) members; } **group_of; /* by index */
	bool *placed;                                      /* by index */
};

/* ---- what overlaps ---- */

struct extent { int64_t first, end, rows, n, pitch; };  /* elements of the base; a vector of n every pitch */

static struct extent
extent_of(const struct tensor *t)
{
	int64_t n = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1, rows = tensor_count(t) / n;

	return (struct extent){ t->offset, t->offset + (rows - 1) * t->pitch + n, rows, n, t->pitch };
}

/* False only where the two certainly share no element: their bytes lie apart, or they are different columns of one array. */
static bool
tensors_overlap(const struct tensor *t, const struct tensor *u)
{
	struct extent a = extent_of(t), b = extent_of(u);
	int64_t pitch = a.rows > 1 ? a.pitch : b.pitch, column_a, column_b;

	if (t->base != u->base)
		return true;
	if (a.end <= b.first || b.end <= a.first)
		return false;
	if ((a.rows == 1 && b.rows == 1) || (a.rows > 1 && b.rows > 1 && a.pitch != b.pitch))
		return true;
	column_a = a.first % pitch;
	column_b = b.first % pitch;
	if (column_a + a.n > pitch || column_b + b.n > pitch)
		return true;
	return column_a < column_b + b.n && column_b < column_a + a.n;
}

static bool
writes(const struct arg *a)
{
	return a->kind == ARG_OUT || a->kind == ARG_SCRATCH;
}

bool
args_conflict(const struct arg *a, const struct arg *b)
{
	if (!writes(a) && !writes(b))
		return false;
	return !a->tensor || !b->tensor || tensors_overlap(a->tensor, b->tensor);
}

/* ---- who waits for whom ---- */

static void
find_waits(struct spread *s)
{
	struct history *of = ARENA_ARRAY(&s->scratch, struct history, s->p->buffers.n);

	for (const struct call *c = s->p->first; c; c = c->next)
		for (size_t i = 0; i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];
			struct history *h;

			if (a->kind > ARG_SCRATCH || a->kind == ARG_CONST || !a->buf)
				continue;
			h = &of[a->buf->id];
			for (size_t k = 0; k < h->list.n; k++)
				if (h->list.v[k].call->core != c->core && args_conflict(h->list.v[k].arg, a))
					ARRAY_PUSH(&s->scratch, s->waits[c->index].on, h->list.v[k].call);
			ARRAY_PUSH(&s->scratch, h->list, ((struct access){ c, a }));
		}
}

/* The parts of one layer: same label, same operation. */
static void
find_groups(struct spread *s)
{
	struct map *by_key = map_new(&s->scratch);
	struct intern *names = intern_new(&s->scratch);

	for (const struct call *c = s->p->first; c; c = c->next) {
		name key = intern_printf(names, "%d %s", (int)c->node->op, c->node->label ? c->node->label : c->node->name);
		struct group *g = map_get(by_key, key);

		if (!g) {
			g = ARENA_NEW(&s->scratch, struct group);
			g->phase = -1;
			map_put(by_key, key, g);
		}
		ARRAY_PUSH(&s->scratch, g->members, c);
		s->group_of[c->index] = g;
	}
}

/* ---- phases ---- */

static int
earliest(const struct spread *s, const struct call *c)
{
	const struct waits *w = &s->waits[c->index];
	int phase = s->core_phase[c->core];

	for (size_t i = 0; i < w->on.n; i++)
		if (s->placed[w->on.v[i]->index] && w->on.v[i]->phase >= phase)
			phase = w->on.v[i]->phase + 1;
	return phase;
}

/* Where a group begins, asked for by the first of its calls: when what stands before allows it to all of them. */
static void
begin_group(const struct spread *s, struct group *g)
{
	for (size_t i = 0; i < g->members.n; i++) {
		int phase = earliest(s, g->members.v[i]);

		if (phase > g->phase)
			g->phase = phase;
	}
}

static void
set_phases(struct spread *s)
{
	for (int i = 0; i < s->p->call_count; i++) {
		struct call *c = s->calls[i];
		struct group *g = s->group_of[i];

		if (g->phase < 0)
			begin_group(s, g);
		c->phase = earliest(s, c);
		if (c->phase < g->phase)
			c->phase = g->phase;
		s->core_phase[c->core] = c->phase;
		s->placed[i] = true;
	}
}

/* ---- order and slots ---- */

/* The calls by phase, in it by core, in that as they were; linked again and numbered. */
static void
order_calls(struct spread *s)
{
	struct program *p = s->p;
	int *start = ARENA_ARRAY(&s->scratch, int, (size_t)p->phases * (size_t)p->cores + 1);
	struct call **sorted = ARENA_ARRAY(&s->scratch, struct call *, (size_t)p->call_count);
	struct call **end = &p->first;

	for (int i = 0; i < p->call_count; i++)
		start[s->calls[i]->phase * p->cores + s->calls[i]->core + 1]++;
	for (int k = 1; k <= p->phases * p->cores; k++)
		start[k] += start[k - 1];
	for (int i = 0; i < p->call_count; i++)
		sorted[start[s->calls[i]->phase * p->cores + s->calls[i]->core]++] = s->calls[i];
	for (int i = 0; i < p->call_count; i++) {
		sorted[i]->index = i;
		*end = p->last = sorted[i];
		end = &sorted[i]->next;
	}
	*end = NULL;
}

static bool
several_cores(const struct call *c)
{
	for (const struct call *d = c->next; d && d->phase == c->phase; d = d->next)
		if (d->core != c->core)
			return true;
	return false;
}

static void
set_slots(struct program *p)
{
	const struct call *before = NULL;
	bool together = false;

	p->slots = 0;
	for (struct call *c = p->first; c; before = c, c = c->next) {
		bool same = before && before->phase == c->phase;

		if (!same)
			together = several_cores(c);
		c->slot = same && together ? before->slot : p->slots++;
	}
}

static int
count_cores(const struct program *p)
{
	int cores = 1;

	for (const struct call *c = p->first; c; c = c->next)
		if (c->core >= cores)
			cores = c->core + 1;
	return cores;
}

static void
spread(struct spread *s)
{
	struct program *p = s->p;
	size_t count = (size_t)p->call_count;
	int i = 0;

	s->calls = ARENA_ARRAY(&s->scratch, struct call *, count);
	s->waits = ARENA_ARRAY(&s->scratch, struct waits, count);
	s->group_of = ARENA_ARRAY(&s->scratch, struct group *, count);
	s->placed = ARENA_ARRAY(&s->scratch, bool, count);
	s->core_phase = ARENA_ARRAY(&s->scratch, int, (size_t)p->cores);
	for (struct call *c = p->first; c; c = c->next)
		s->calls[i++] = c;
	find_waits(s);
	find_groups(s);
	set_phases(s);
	for (i = 0; i < p->cores; i++)
		if (s->core_phase[i] >= p->phases)
			p->phases = s->core_phase[i] + 1;
	order_calls(s);
}

void
program_spread(struct program *p)
{
	struct spread s = { .p = p };

	p->cores = count_cores(p);
	p->phases = 1;
	if (p->cores > 1) {
		spread(&s);
		arena_free(&s.scratch);
	}
	set_slots(p);
}
