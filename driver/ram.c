/* --ram-limit: what fills the arena of a network that does not fit, and what there is to do about it. */
#include <config.h>
#include <inttypes.h>
#include <stdlib.h>
#include "driver/ram.h"

enum { LAYERS_NAMED = 6 };

static bool
is_live(const struct buffer *b, const struct call *c)
{
	return b->kind == BUF_ARENA && b->first <= c->slot && c->slot <= b->last;
}

static int
by_offset(const void *x, const void *y)
{
	const struct buffer *a = *(const struct buffer *const *)x, *b = *(const struct buffer *const *)y;

	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The buffers that are live during C, by offset, into LIVE; how many. */
static size_t
list_live(const struct program *p, const struct call *c, const struct buffer **live)
{
	size_t n = 0;

	for (size_t i = 0; i < p->buffers.n; i++)
		if (is_live(p->buffers.v[i], c))
			live[n++] = p->buffers.v[i];
	qsort(live, n, sizeof *live, by_offset);
	return n;
}

/* The bytes of the arena that N buffers hold, counted once where they overlap. */
static int64_t
bytes_held(const struct buffer *const *live, size_t n)
{
	int64_t end = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t last = live[i]->offset + live[i]->bytes;

		if (last <= end)
			continue;
		sum += last - (live[i]->offset > end ? live[i]->offset : end);
		end = last;
	}
	return sum;
}

/* The call that holds the most; NULL if there is none. */
static const struct call *
peak_of(const struct program *p, const struct buffer **live)
{
	const struct call *peak = NULL;
	int64_t most = -1;

	for (const struct call *c = p->first; c; c = c->next) {
		int64_t held = bytes_held(live, list_live(p, c, live));

		if (held > most) {
			most = held;
			peak = c;
		}
	}
	return peak;
}

/* The bytes between FROM and TO but for those up to the next aligned offset. */
static int64_t
free_between(int64_t from, int64_t to, int align)
{
	int64_t aligned = (from + align - 1) / align * align;

	return aligned < to ? to - aligned : 0;
}

bool
ram_gap_of(const struct program *p, struct arena *scratch, struct ram_gap *g)
{
	const struct buffer **live = ARENA_ARRAY(scratch, const struct buffer *, p->buffers.n), *top = NULL;
	int64_t end = 0, most = -1;
	size_t n;

	*g = (struct ram_gap){ 0 };
	for (size_t i = 0; i < p->buffers.n; i++)
		if (p->buffers.v[i]->kind == BUF_ARENA && (!top || p->buffers.v[i]->offset + p->buffers.v[i]->bytes > top->offset + top->bytes))
			top = p->buffers.v[i];
	for (const struct call *c = p->first; c && top; c = c->next) {
		int64_t held = is_live(top, c) ? bytes_held(live, list_live(p, c, live)) : -1;

		if (held > most) {
			most = held;
			g->at = c;
		}
	}
	if (!g->at)
		return false;
	n = list_live(p, g->at, live);
	for (size_t i = 0; i < n; i++) {
		g->free += free_between(end, live[i]->offset, live[i]->align > p->arena_align ? live[i]->align : p->arena_align);
		if (live[i]->offset + live[i]->bytes > end)
			end = live[i]->offset + live[i]->bytes;
	}
	return true;
}

static int
by_size(const void *x, const void *y)
{
	const struct buffer *a = *(const struct buffer *const *)x, *b = *(const struct buffer *const *)y;

	return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : a->id - b->id;
}

static void
name_peak(struct compilation *c)
{
	const struct buffer **live = ARENA_ARRAY(&c->ir, const struct buffer *, c->program->buffers.n);
	const struct call *peak = peak_of(c->program, live);
	size_t n;

	if (!peak)
		return;
	n = list_live(c->program, peak, live);
	diag_note(&c->diag, peak->node->loc, "most is needed by '%s': %" PRId64 " bytes hold %zu results", peak->node->name,
		bytes_held(live, n), n);
	qsort(live, n, sizeof *live, by_size);
	for (size_t i = 0; i < n && i < LAYERS_NAMED; i++)
		diag_note(&c->diag, LOC_NONE, "'%s' takes %" PRId64 " bytes", live[i]->name, live[i]->bytes);
	if (n > LAYERS_NAMED)
		diag_note(&c->diag, LOC_NONE, "and %zu more", n - LAYERS_NAMED);
}

/* The smallest arena with inputs and outputs as IO says, by rows if STREAM; INT64_MAX: it cannot be said. */
static int64_t
bytes_with(struct compilation *c, enum io_mode io, bool stream)
{
	const struct program *p = compile_smallest(c, io, stream);

	return p ? p->arena_bytes : INT64_MAX;
}

static void
name_ways_out(struct compilation *c, const struct options *o)
{
	const struct program *p = c->program;
	bool stream = o->stream != STREAM_OFF;
	int64_t by_rows = stream ? INT64_MAX : bytes_with(c, o->io, true);
	int64_t without = p->io_arena ? bytes_with(c, IO_CALLER, stream) : INT64_MAX;

	if (p->lower_bound <= o->ram_limit)
		diag_note(&c->diag, LOC_NONE, "only %" PRId64 " bytes are live at once; the rest is lost between results, to alignment and gaps", p->lower_bound);
	if (by_rows < p->arena_bytes)
		diag_note(&c->diag, LOC_NONE, "with --stream=on, chains of layers by rows, the arena takes %" PRId64 " bytes", by_rows);
	if (without <= o->ram_limit)
		diag_note(&c->diag, LOC_NONE, "with --io=caller, inputs and outputs elsewhere, the arena takes %" PRId64 " bytes", without);
	diag_note(&c->diag, LOC_NONE, "fewer channels or a larger stride at or before that layer make it smaller, as does a smaller input");
}

bool
ram_fits(struct compilation *c, const struct options *o)
{
	if (c->program->arena_bytes <= o->ram_limit)
		return true;
	diag_error(&c->diag, LOC_NONE, "the arena of '%s' takes %" PRId64 " bytes, more than --ram-limit=%" PRId64, c->graph->name,
		c->program->arena_bytes, o->ram_limit);
	name_peak(c);
	name_ways_out(c, o);
	return false;
}
