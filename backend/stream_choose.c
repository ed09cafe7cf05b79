/* Which calls become chains (stream.c): where the most bytes are live, the run of calls around that place which as a chain needs the least, or
 * the shortest of those that stay below what is asked for; then the next such place, as long as it helps.  In the end bands grow as far as
 * they may, since fewer calls cost less. */
#include <config.h>
#include <string.h>
#include "backend/stream.h"

enum {
	CHAIN_MAX = 40,          /* calls of a chain */
	BAND_MAX = 16            /* rows */
};

/* Calls that run as one: COUNT from FIRST on; a STRIP of columns is a chain as it is. */
struct unit { int first, count; struct stream *stream; int64_t live; bool strip; };

struct choice {
	struct program *p;
	struct arena scratch;
	struct call **calls;
	int n;
	ARRAY(struct unit) units; /* in order, all calls among them */
};

/* ---- what is live ---- */

static bool
is_window(const struct stream *s, const struct buffer *b)
{
	for (size_t i = 0; s && i + 1 < s->maps.n; i++)
		if (s->maps.v[i].buf == b)
			return s->maps.v[i].stage >= 0;
	return false;
}

/* The most that a call of the unit needs for itself alone. */
static int64_t
scratch_of(const struct choice *h, const struct unit *u)
{
	int64_t most = 0;

	for (int i = u->first; i < u->first + u->count; i++) {
		int64_t sum = 0;

		for (size_t k = 0; k < h->calls[i]->args.n; k++)
			if (h->calls[i]->args.v[k].kind == ARG_SCRATCH)
				sum += align_up(h->calls[i]->args.v[k].buf->bytes, ARENA_ALIGN);
		if (sum > most)
			most = sum;
	}
	return most;
}

/* Whether B is live only within the unit and so is counted as a window or scratch. */
static bool
is_own(const struct choice *h, const struct unit *u, const struct buffer *b)
{
	if (is_window(u->stream, b))
		return true;
	for (int i = u->first; i < u->first + u->count && b->first == b->last; i++)
		for (size_t k = 0; k < h->calls[i]->args.n; k++)
			if (h->calls[i]->args.v[k].buf == b && h->calls[i]->args.v[k].kind == ARG_SCRATCH)
				return true;
	return false;
}

static int64_t
distance_of(const struct choice *h, const struct unit *u, const struct buffer *x, const struct arg *y)
{
	for (size_t i = 0; u->stream && i < u->stream->maps.n; i++)
		if (u->stream->maps.v[i].buf == x)
			return stream_distance(u->stream, (int)i);
	return call_distance(h->calls[u->first], x, y);
}

/* The bytes by which the result lies over what is read for the last time. */
static int64_t
saved_by(const struct choice *h, const struct unit *u)
{
	const struct call *last = h->calls[u->first + u->count - 1];
	const struct arg *y = call_result(last);
	int64_t saved = 0;

	for (int i = u->first; y && i < u->first + u->count; i++)
		for (size_t k = 0; k < h->calls[i]->args.n; k++) {
			const struct arg *a = &h->calls[i]->args.v[k];
			const struct buffer *x = a->buf;
			int64_t saves;

			if (a->kind != ARG_IN || !a->yields || x->kind != BUF_ARENA || is_own(h, u, x) || x->last > last->slot || y->buf->first < last->slot)
				continue;
			saves = overlap_saves(x->bytes, y->buf->bytes, distance_of(h, u, x, y), ARENA_ALIGN);
			if (saves > saved)
				saved = saves;
		}
	return saved;
}

static int64_t
live_of(const struct choice *h, const struct unit *u)
{
	int from = h->calls[u->first]->slot, to = h->calls[u->first + u->count - 1]->slot;
	int64_t sum = scratch_of(h, u) + (u->stream ? stream_window_bytes(u->stream) : 0);

	for (size_t i = 0; i < h->p->buffers.n; i++) {
		const struct buffer *b = h->p->buffers.v[i];

		if (b->kind == BUF_ARENA && b->first <= to && b->last >= from && !is_own(h, u, b))
			sum += align_up(b->bytes, ARENA_ALIGN);
	}
	return sum - saved_by(h, u);
}

/* ---- choosing ---- */

static struct unit
unit_of(struct choice *h, int first, int count, int32_t band)
{
	struct unit u = { first, count, NULL, 0, false };

	if (count > 1 || band > 0)
		u.stream = stream_make(&h->scratch, h->calls + first, count, band > 0 ? band : 1);
	u.live = live_of(h, &u);
	return u;
}

static bool
is_better(const struct unit *u, const struct unit *than, int64_t target)
{
	int64_t live = u->live > target ? u->live : target, other = than->live > target ? than->live : target;

	return live != other ? live < other : u->count < than->count;
}

static size_t
peak_of(const struct choice *h)
{
	size_t peak = 0;

	for (size_t i = 1; i < h->units.n; i++)
		if (h->units.v[i].live > h->units.v[peak].live)
			peak = i;
	return peak;
}

static int
calls_between(const struct choice *h, size_t from, size_t to)
{
	return h->units.v[to].first + h->units.v[to].count - h->units.v[from].first;
}

static bool
can_be_in_chain(const struct choice *h, const struct unit *u)
{
	return !u->strip && (u->stream || stream_takes(h->calls[u->first]));
}

/* The best chain that takes the units FROM to TO in; false: none is better than what is there. */
static bool
chain_around(struct choice *h, size_t peak, int64_t target, size_t *from, size_t *to)
{
	struct unit best = h->units.v[peak];
	bool found = false;

	for (size_t i = peak + 1; i-- > 0 && can_be_in_chain(h, &h->units.v[i]) && calls_between(h, i, peak) <= CHAIN_MAX;)
		for (size_t j = peak; j < h->units.n && can_be_in_chain(h, &h->units.v[j]) && calls_between(h, i, j) <= CHAIN_MAX; j++) {
			int count = calls_between(h, i, j);
			struct unit u;

			if (count < 2)
				continue;
			u = unit_of(h, h->units.v[i].first, count, 1);
			if (!u.stream || u.live >= h->units.v[peak].live || (found && !is_better(&u, &best, target)))
				continue;
			best = u;
			*from = i;
			*to = j;
			found = true;
		}
	if (found)
		h->units.v[*from] = best;
	return found;
}

static void
drop_units(struct choice *h, size_t from, size_t to)
{
	memmove(&h->units.v[from], &h->units.v[to], (h->units.n - to) * sizeof *h->units.v);
	h->units.n -= to - from;
}

static void
widen_bands(struct choice *h, int64_t limit)
{
	for (size_t i = 0; i < h->units.n; i++) {
		struct unit *u = &h->units.v[i];

		for (int32_t band = BAND_MAX; u->stream && band > 1; band--) {
			struct unit wide = unit_of(h, u->first, u->count, band);

			if (wide.live <= limit) {
				wide.strip = u->strip;
				*u = wide;
				break;
			}
		}
	}
}

static void
insert_chains(struct choice *h)
{
	struct call *before = NULL;

	for (size_t i = 0; i < h->units.n; i++) {
		const struct unit *u = &h->units.v[i];

		if (u->stream)
			stream_insert(h->p, stream_make(h->p->arena, h->calls + u->first, u->count, u->stream->band), before);
		before = before ? before->next : h->p->first;
	}
	program_number(h->p);
}

/* Chains that get the largest sum of live bytes below TARGET, or as low as it goes. */
static void
choose_below(struct choice *h, int64_t target)
{
	size_t from, to;
	int64_t peak;

	while (h->units.v[peak_of(h)].live > target && chain_around(h, peak_of(h), target, &from, &to))
		drop_units(h, from + 1, to + 1);
	peak = h->units.v[peak_of(h)].live;
	widen_bands(h, peak > target ? peak : target);
}

/* From the first unit on the longest chains that there are, with bands of 1, 2 and 3 rows. */
static void
choose_all(struct choice *h)
{
	enum { BANDS = 3 };

	for (size_t i = 0; i < h->units.n; i++) {
		struct unit longest = h->units.v[i];
		size_t end = i;

		for (size_t j = i; j < h->units.n && stream_takes(h->calls[h->units.v[j].first]) && calls_between(h, i, j) <= CHAIN_MAX; j++) {
			struct unit u = unit_of(h, h->units.v[i].first, calls_between(h, i, j), 1 + (int32_t)(i % BANDS));

			if (j == i || !u.stream)
				continue;
			longest = u;
			end = j;
		}
		h->units.v[i] = longest;
		drop_units(h, i + 1, end + 1);
	}
}

/* The units that there are before any is chosen: strips, and single calls. */
static void
start_units(struct choice *h)
{
	for (int i = 0, count; i < h->n; i += count) {
		struct unit u;
		int strip = stream_strip_of(h->calls[i]);

		for (count = 1; strip && count < CHAIN_MAX && i + count < h->n && stream_strip_of(h->calls[i + count]) == strip;)
			count++;
		u = unit_of(h, i, count, 0);
		u.strip = u.stream != NULL;
		if (!u.stream && count > 1)
			u = unit_of(h, i, count = 1, 0);
		ARRAY_PUSH(&h->scratch, h->units, u);
	}
}

void
program_stream(struct program *p, int64_t target)
{
	struct choice h = { .p = p, .n = p->call_count };
	struct parted parted = { 0 };
	int i = 0;

	stream_paste(p);
	stream_part(p, &parted);
	for (struct call *c = p->first; c; c = c->next)
		call_find_overlap(c);
	program_spread(p);
	plan_lifetimes(p);
	h.calls = ARENA_ARRAY(&h.scratch, struct call *, (size_t)h.n);
	for (struct call *c = p->first; c; c = c->next)
		h.calls[i++] = c;
	start_units(&h);
	if (p->cores == 1 && h.units.n > 0 && target == STREAM_EVERYWHERE)
		choose_all(&h);
	else if (p->cores == 1 && h.units.n > 0)
		choose_below(&h, target);
	insert_chains(&h);
	stream_rejoin(p, &parted);
	arena_free(&h.scratch);
}
