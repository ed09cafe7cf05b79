/* --ram-limit and the sizes of memories: what fills the arenas of a network that does not fit, and what there is to do about it. */
#include <config.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "chips/chip.h"
#include "driver/ram.h"

enum { LAYERS_NAMED = 6, ALL = -1 /* memories */ };

/* ---- limits ---- */

static struct memory *
find_memory(struct program *p, const char *word)
{
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip && strcmp(p->memories.v[i].chip->name, word) == 0)
			return &p->memories.v[i];
	return NULL;
}

/* "dtcm, sram" */
static const char *
memory_list(struct compilation *c, const struct program *p)
{
	const char *list = "";

	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip)
			list = arena_printf(&c->ir, "%s%s%s", list, *list ? ", " : "", p->memories.v[i].chip->name);
	return *list ? list : "none";
}

bool
ram_limit_memories(struct compilation *c, struct program *p)
{
	const struct options *o = c->options;

	program_memories(p);
	for (size_t i = 0; o && i < o->memory_limits.n; i++) {
		struct memory *m = find_memory(p, o->memory_limits.v[i].memory);

		if (!m) {
			diag_error(&c->diag, LOC_NONE, "--ram-limit=%s:%" PRId64 ": there is no such memory; the chip's with a section: %s", o->memory_limits.v[i].memory,
				o->memory_limits.v[i].bytes, memory_list(c, p));
			return false;
		}
		if (o->memory_limits.v[i].bytes > m->chip->size) {
			diag_error(&c->diag, m->chip->loc, "--ram-limit=%s:%" PRId64 ": the memory has %" PRId64 " bytes", m->chip->name, o->memory_limits.v[i].bytes,
				m->chip->size);
			return false;
		}
		m->size = o->memory_limits.v[i].bytes;
	}
	return true;
}

int64_t
ram_there_is(const struct program *p, const struct options *o)
{
	int64_t sum = 0;

	for (int m = 0; m < program_arenas(p); m++)
		sum = p->memories.v[m].size < INT64_MAX - sum ? sum + p->memories.v[m].size : INT64_MAX;
	return o->limits_ram && o->ram_limit < sum ? o->ram_limit : sum;
}

static int64_t
memories_missing(const struct program *p)
{
	int64_t sum = 0;

	for (int m = 0; m < program_arenas(p); m++)
		sum += p->memories.v[m].bytes > p->memories.v[m].size ? p->memories.v[m].bytes - p->memories.v[m].size : 0;
	return sum;
}

int64_t
ram_missing(const struct program *p, const struct options *o)
{
	return memories_missing(p) + (o->limits_ram && p->arena_bytes > o->ram_limit ? p->arena_bytes - o->ram_limit : 0);
}

bool
ram_is_less(const struct program *a, const struct program *b)
{
	int64_t one = memories_missing(a), other = memories_missing(b);

	return one != other ? one < other : a->arena_bytes < b->arena_bytes;
}

/* ---- what is live ---- */

static bool
is_in(const struct buffer *b, int memory)
{
	return b->kind == BUF_ARENA && b->last >= 0 && (memory == ALL || b->memory == memory);
}

static bool
is_live(const struct buffer *b, const struct call *c, int memory)
{
	return is_in(b, memory) && b->first <= c->slot && c->slot <= b->last;
}

static int
by_offset(const void *x, const void *y)
{
	const struct buffer *a = *(const struct buffer *const *)x, *b = *(const struct buffer *const *)y;

	if (a->memory != b->memory)
		return a->memory - b->memory;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

/* The buffers of MEMORY that are live during C, by offset, into LIVE; how many. */
static size_t
list_live(const struct program *p, const struct call *c, int memory, const struct buffer **live)
{
	size_t n = 0;

	for (size_t i = 0; i < p->buffers.n; i++)
		if (is_live(p->buffers.v[i], c, memory))
			live[n++] = p->buffers.v[i];
	qsort(live, n, sizeof *live, by_offset);
	return n;
}

/* The bytes of arenas that N buffers hold, counted once where they overlap. */
static int64_t
bytes_held(const struct buffer *const *live, size_t n)
{
	int64_t end = 0, sum = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t last = live[i]->offset + live[i]->bytes;

		if (i > 0 && live[i]->memory != live[i - 1]->memory)
			end = 0;
		if (last <= end)
			continue;
		sum += last - (live[i]->offset > end ? live[i]->offset : end);
		end = last;
	}
	return sum;
}

/* The call that holds the most of MEMORY; NULL if there is none. */
static const struct call *
peak_of(const struct program *p, int memory, const struct buffer **live)
{
	const struct call *peak = NULL;
	int64_t most = -1;

	for (const struct call *c = p->first; c; c = c->next) {
		int64_t held = bytes_held(live, list_live(p, c, memory, live));

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
ram_gap_of(const struct program *p, int memory, struct arena *scratch, struct ram_gap *g)
{
	const struct buffer **live = ARENA_ARRAY(scratch, const struct buffer *, p->buffers.n), *top = NULL;
	int64_t end = 0, most = -1;
	size_t n;

	*g = (struct ram_gap){ 0 };
	for (size_t i = 0; i < p->buffers.n; i++)
		if (is_in(p->buffers.v[i], memory) && (!top || p->buffers.v[i]->offset + p->buffers.v[i]->bytes > top->offset + top->bytes))
			top = p->buffers.v[i];
	for (const struct call *c = p->first; c && top; c = c->next) {
		int64_t held = is_live(top, c, memory) ? bytes_held(live, list_live(p, c, memory, live)) : -1;

		if (held > most) {
			most = held;
			g->at = c;
		}
	}
	if (!g->at)
		return false;
	n = list_live(p, g->at, memory, live);
	for (size_t i = 0; i < n; i++) {
		int align = live[i]->align > p->memories.v[memory].align ? live[i]->align : p->memories.v[memory].align;

		g->free += free_between(end, live[i]->offset, align);
		g->aligning += align - 1;
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
name_peak(struct compilation *c, int memory)
{
	const struct buffer **live = ARENA_ARRAY(&c->ir, const struct buffer *, c->program->buffers.n);
	const struct call *peak = peak_of(c->program, memory, live);
	size_t n;

	if (!peak)
		return;
	n = list_live(c->program, peak, memory, live);
	diag_note(&c->diag, peak->node->loc, "most is needed by '%s': %" PRId64 " bytes hold %zu results", peak->node->name,
		bytes_held(live, n), n);
	qsort(live, n, sizeof *live, by_size);
	for (size_t i = 0; i < n && i < LAYERS_NAMED; i++)
		diag_note(&c->diag, LOC_NONE, "'%s' takes %" PRId64 " bytes", live[i]->name, live[i]->bytes);
	if (n > LAYERS_NAMED)
		diag_note(&c->diag, LOC_NONE, "and %zu more", n - LAYERS_NAMED);
}

/* The program with an input that comes by rows, if one can and the arena has room for all of it now; else NULL. */
static const struct program *
with_row_input(struct compilation *c, const struct options *o)
{
	struct compilation copy = *c;

	if (!c->program->io_arena || c->program->io_rows)
		return NULL;
	copy.diag.out = NULL; /* why it cannot be */
	return compile_smallest(&copy, IO_STREAM, o->stream != STREAM_OFF);
}

static void
name_ways_out(struct compilation *c, const struct options *o)
{
	const struct program *p = c->program, *by_rows = NULL, *without = NULL, *row_input = with_row_input(c, o);
	int64_t limit = ram_there_is(p, o), missing, bytes;

	if (o->stream == STREAM_OFF)
		by_rows = compile_smallest(c, o->io, true);
	if (p->io_arena)
		without = compile_smallest(c, IO_CALLER, o->stream != STREAM_OFF);
	if (p->lower_bound <= limit)
		diag_note(&c->diag, LOC_NONE, "only %" PRId64 " bytes are live at once; the rest is lost between results, to alignment and gaps", p->lower_bound);
	if (by_rows && ram_is_less(by_rows, p))
		diag_note(&c->diag, LOC_NONE, "with --stream=on, chains of layers by rows, the arena takes %" PRId64 " bytes", by_rows->arena_bytes);
	if (row_input && ram_is_less(row_input, p))
		diag_note(&c->diag, LOC_NONE, "with --io=stream, the input by rows from a function, the arena takes %" PRId64 " bytes", row_input->arena_bytes);
	if (o->stream != STREAM_OFF && recompute_would_take(c, o, &missing, &bytes) && missing < ram_missing(p, o))
		diag_note(&c->diag, LOC_NONE, "with --recompute, chains of layers in strips of columns too, the arena takes %" PRId64 " bytes", bytes);
	if (without && ram_missing(without, o) == 0)
		diag_note(&c->diag, LOC_NONE, "with --io=caller, inputs and outputs elsewhere, the arena takes %" PRId64 " bytes", without->arena_bytes);
	diag_note(&c->diag, LOC_NONE, "fewer channels or a larger stride at or before that layer make it smaller, as does a smaller input");
}

/* ---- what does not fit ---- */

static bool
total_fits(struct compilation *c, const struct options *o)
{
	if (!o->limits_ram || c->program->arena_bytes <= o->ram_limit)
		return true;
	diag_error(&c->diag, LOC_NONE, "the arena of '%s' takes %" PRId64 " bytes, more than --ram-limit=%" PRId64, c->graph->name,
		c->program->arena_bytes, o->ram_limit);
	name_peak(c, ALL);
	name_ways_out(c, o);
	return false;
}

static void
report_arena(struct compilation *c, int memory)
{
	const struct memory *m = &c->program->memories.v[memory];

	diag_error(&c->diag, m->chip->loc, "the arena of '%s' in '%s' takes %" PRId64 " bytes, more than the %" PRId64 " there are%s", c->graph->name,
		m->chip->name, m->bytes, m->size, m->size < m->chip->size ? " by --ram-limit" : "");
	for (int i = 0; i < program_arenas(c->program); i++)
		if (i != memory)
			diag_note(&c->diag, c->program->memories.v[i].chip->loc, "'%s' holds %" PRId64 " of %" PRId64 " bytes", c->program->memories.v[i].chip->name,
				c->program->memories.v[i].bytes, c->program->memories.v[i].size);
	name_peak(c, memory);
}

static void
report_constants(struct compilation *c, int memory)
{
	const struct program *p = c->program;
	const struct memory *m = &p->memories.v[memory];
	const struct buffer **in = ARENA_ARRAY(&c->ir, const struct buffer *, p->consts.n + 1);
	size_t n = 0;

	diag_error(&c->diag, m->chip->loc, "the constants of '%s' in '%s' take %" PRId64 " bytes, more than the %" PRId64 " there are%s", c->graph->name,
		m->chip->name, m->bytes, m->size, m->size < m->chip->size ? " by --ram-limit" : "");
	for (size_t i = 0; i < p->consts.n; i++)
		if (p->consts.v[i]->memory == memory)
			in[n++] = p->consts.v[i];
	qsort(in, n, sizeof *in, by_size);
	for (size_t i = 0; i < n && i < LAYERS_NAMED; i++)
		diag_note(&c->diag, LOC_NONE, "'%s' takes %" PRId64 " bytes", in[i]->name, in[i]->bytes);
	if (n > LAYERS_NAMED)
		diag_note(&c->diag, LOC_NONE, "and %zu more", n - LAYERS_NAMED);
}

static bool
memories_fit(struct compilation *c, const struct options *o)
{
	const struct program *p = c->program;
	bool fit = true, arenas = true;

	for (size_t i = 0; i < p->memories.n; i++) {
		const struct memory *m = &p->memories.v[i];

		if (m->bytes <= m->size)
			continue;
		fit = false;
		arenas &= m->constants;
		if (m->constants)
			report_constants(c, (int)i);
		else
			report_arena(c, (int)i);
	}
	if (!arenas)
		name_ways_out(c, o);
	return fit;
}

bool
ram_fits(struct compilation *c, const struct options *o)
{
	return memories_fit(c, o) && total_fits(c, o);
}
