/* The program as text, and its verifier. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "backend/program.h"
#include "chips/chip.h"

/* ---- text ---- */

static const char *const kind_names[] = {
	[BUF_ARENA] = "arena", [BUF_INPUT] = "input", [BUF_OUTPUT] = "output", [BUF_CONST] = "const"
};

/* " of fast", where the chip states memories. */
static const char *
in_memory(const struct program *p, const struct buffer *b)
{
	const struct memory *m = (size_t)b->memory < p->memories.n ? &p->memories.v[b->memory] : NULL;

	return m && m->chip ? arena_printf(p->arena, " %s %s", m->constants ? "in" : "of", m->chip->name) : "";
}

static void
print_buffer(FILE *out, const struct program *p, const struct buffer *b)
{
	char shape[SHAPE_TEXT];

	fprintf(out, "  b%-4d %-6s %s: ", b->id, kind_names[b->kind], b->name);
	if (b->kind == BUF_CONST)
		fprintf(out, "%s%s, ", dtype_info[b->dtype].name, shape_text(&b->shape, shape, sizeof shape));
	fprintf(out, "%" PRId64 " bytes", b->bytes);
	if (b->kind == BUF_ARENA && b->last < 0)
		fputs(", unused", out);
	else if (b->kind == BUF_ARENA)
		fprintf(out, " at %" PRId64 "%s, %s %d..%d", b->offset, in_memory(p, b), p->cores > 1 ? "slots" : "calls", b->first, b->last);
	else if (b->kind == BUF_CONST)
		fputs(in_memory(p, b), out);
	else
		fprintf(out, ", %s %d of the network", kind_names[b->kind], b->index);
	fputc('\n', out);
}

static const char *const band_args[] = {
	[BAND_ROWS] = "rows of the band", [BAND_PAD] = "padding of the band", [BAND_PAD_BELOW] = "padding below the band",
	[BAND_FIRST] = "first row of the band"
};

static void
print_arg(FILE *out, const struct arg *a)
{
	fprintf(out, "%s = ", a->name);
	switch (a->kind) {
	case ARG_OUT:
	case ARG_IN:
	case ARG_CONST:
	case ARG_SCRATCH:
		if (!a->buf)
			fputs("none", out);
		else if (a->offset)
			fprintf(out, "b%d + %" PRId64, a->buf->id, a->offset);
		else
			fprintf(out, "b%d", a->buf->id);
		break;
	case ARG_INT:
	case ARG_DIM:
		fprintf(out, "%" PRId64, a->i);
		break;
	case ARG_FLOAT:
		fprintf(out, "%.9g", (double)a->f);
		break;
	case ARG_BAND:
		fputs(band_args[a->i], out);
		break;
	case ARG_BLOCK:
		fputs(a->block ? a->block->unit->title : "none", out);
		break;
	case ARG_DOT:
		if (a->dot)
			fprintf(out, "%s of %d", a->dot->unit->title, (int)a->dot->n);
		else
			fputs("none", out);
		break;
	}
}

/* What lies between the brackets of a unit's call, on one line. */
static void
print_text(FILE *out, const char *text)
{
	for (; *text; text++)
		putc(*text == '\n' ? ' ' : *text, out);
}

static void
print_call(FILE *out, const struct program *p, const struct call *c)
{
	size_t i;

	fprintf(out, "  %d: ", c->index);
	if (p->cores > 1)
		fprintf(out, "core %d, phase %d: ", c->core, c->phase);
	fprintf(out, "%s: ", c->node->name);
	if (c->unit)
		fprintf(out, "unit %s: ", c->unit->title);
	fprintf(out, "%s(", c->kernel);
	for (i = 0; i < c->args.n; i++) {
		if (c->text && c->args.v[i].kind == ARG_DIM) /* in the text, or of no interest */
			continue;
		if (i)
			fputs(", ", out);
		print_arg(out, &c->args.v[i]);
	}
	putc(')', out);
	if (c->text) {
		fputs(": ", out);
		print_text(out, call_statement(p->arena, c));
	}
	if (c->copied)
		fprintf(out, ", copies %" PRId64 " bytes", c->copied);
	putc('\n', out);
}

/* The stages of a chain, and the maps between them. */
static void
print_stream(FILE *out, const struct program *p, const struct stream *s)
{
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct stream_stage *g = &s->stages.v[i];
		const struct stream_map *m = &s->maps.v[g->map];

		fprintf(out, "    by %d of %d rows, room for %d: ", (int)g->band, (int)m->height, (int)m->room);
		print_call(out, p, g->call);
	}
}

static void
print_memories(FILE *out, const struct program *p)
{
	for (size_t i = 0; i < p->memories.n; i++) {
		const struct memory *m = &p->memories.v[i];

		if (m->chip)
			fprintf(out, "memory %s: %" PRId64 " of %" PRId64 " bytes, %.0f read, %.0f written\n", m->chip->name, m->bytes, m->size, m->reads, m->writes);
	}
	if (p->access_cycles > 0)
		fprintf(out, "accesses: %.0f cycles, at least %.0f%s\n", p->access_cycles, p->access_bound, p->access_exact ? ", exact" : "");
}

void
program_print(FILE *out, const struct program *p)
{
	const struct call *c;
	size_t i;

	fprintf(out, "program %s: %d calls, arena of %" PRId64 " bytes, aligned to %d, lower bound %" PRId64,
		p->graph->name, p->call_count, p->arena_bytes, p->arena_align, p->lower_bound);
	if (p->cores > 1)
		fprintf(out, ", %d cores, %d phases", p->cores, p->phases);
	putc('\n', out);
	print_memories(out, p);
	fputs("buffers\n", out);
	for (i = 0; i < p->buffers.n; i++)
		print_buffer(out, p, p->buffers.v[i]);
	fputs("calls\n", out);
	for (c = p->first; c; c = c->next) {
		print_call(out, p, c);
		if (c->stream)
			print_stream(out, p, c->stream);
	}
}

/* ---- verifier ----
 *
 * Knows nothing of how the plan was made.  One walk forward checks that storage is written before it is read; one walk
 * backward keeps the buffers that a later call needs in order of address and looks for a neighbour in the way. */

int64_t
program_base(const struct program *p, int memory)
{
	int64_t at = 0;

	for (int m = 0; m < memory; m++)
		at += (p->memories.v[m].bytes + p->arena_align - 1) / p->arena_align * p->arena_align;
	return at;
}

struct watch {
	const struct program *p;
	const struct call *alone;      /* the call of the slot at hand if there is only one, else NULL */
	int64_t *base;                 /* by memory: where its arena begins */
	int *first, *first_slot;       /* by buffer id: the first call that touches it and its slot; -1: none yet */
	bool *written, *scratch;       /* by buffer id */
	const struct buffer **live;    /* by address */
	int count;
};

static void
check_touch(const struct watch *w, const struct call *c, const struct arg *a)
{
	const struct buffer *b = a->buf;
	bool writes = a->kind == ARG_OUT || a->kind == ARG_SCRATCH;

	if (b->id < 0 || (size_t)b->id >= w->p->buffers.n || w->p->buffers.v[b->id] != b)
		die("call %d: '%s' is not a buffer of the program", c->index, b->name);
	if (a->offset < 0 || a->offset * dtype_info[a->dtype].bytes >= b->bytes)
		die("call %d: offset %" PRId64 " is outside of '%s'", c->index, a->offset, b->name);
	if (writes && (b->kind == BUF_INPUT || b->kind == BUF_CONST))
		die("call %d writes %s '%s'", c->index, kind_names[b->kind], b->name);
	if (a->kind == ARG_IN && (b->kind == BUF_ARENA || b->kind == BUF_OUTPUT) && !w->written[b->id])
		die("call %d reads '%s', which nothing has written", c->index, b->name);
	if ((a->kind == ARG_SCRATCH || w->scratch[b->id]) && w->first[b->id] >= 0 && w->first[b->id] != c->index)
		die("call %d uses scratch '%s' of call %d", c->index, b->name, w->first[b->id]);
}

static bool
is_buffer_arg(const struct arg *a)
{
	return a->kind <= ARG_SCRATCH && a->buf;
}

static void
walk_forward(struct watch *w)
{
	const struct call *c;
	size_t i;
	int index = 0;

	for (c = w->p->first; c; c = c->next, index++) {
		if (c->index != index)
			die("call %d has the index %d", index, c->index);
		if (c->next && (c->next->slot < c->slot || c->next->phase < c->phase))
			die("call %d is of a later slot or phase than the next", index);
		for (i = 0; i < c->args.n; i++)
			if (is_buffer_arg(&c->args.v[i]))
				check_touch(w, c, &c->args.v[i]);
		for (i = 0; i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];

			if (!is_buffer_arg(a))
				continue;
			if (w->first[a->buf->id] < 0) {
				w->first[a->buf->id] = index;
				w->first_slot[a->buf->id] = c->slot;
			}
			w->written[a->buf->id] |= a->kind == ARG_OUT;
			w->scratch[a->buf->id] |= a->kind == ARG_SCRATCH;
		}
	}
	if (index != w->p->call_count)
		die("program of %d calls holds %d", w->p->call_count, index);
}

/* Addresses are those of arenas that lie one behind the other. */
static int64_t
address_of(const struct watch *w, const struct buffer *b)
{
	return w->base[b->memory] + b->offset;
}

/* How many live buffers lie before AT. */
static int
live_before(const struct watch *w, int64_t at)
{
	int lo = 0, hi = w->count;

	while (lo < hi) {
		int mid = lo + (hi - lo) / 2;

		if (address_of(w, w->live[mid]) < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
check_apart(const struct watch *w, const struct buffer *low, const struct buffer *high, int slot)
{
	if (address_of(w, low) + low->bytes > address_of(w, high))
		die("slot %d: '%s' at %" PRId64 " (%" PRId64 " bytes) overlaps '%s' at %" PRId64, slot, low->name, low->offset,
			low->bytes, high->name, high->offset);
}

/* The address in the arena that A points to. */
static int64_t
address(const struct arg *a)
{
	return a->buf->offset + a->offset * dtype_info[a->dtype].bytes;
}

/* Whether the call of SLOT may write Y over X: what it is the first to write over what it is the last to read, as far before each
 * pointer into X as that asks for. */
static bool
may_lie_over(const struct watch *w, const struct buffer *y, const struct buffer *x, int slot)
{
	const struct arg *result = NULL;

	if (!w->alone || w->first_slot[y->id] != slot || x->last != slot || x->port == PORT_OUT)
		return false;
	for (size_t i = 0; i < w->alone->args.n; i++) {
		const struct arg *a = &w->alone->args.v[i];

		if (!is_buffer_arg(a) || a->buf != y)
			continue;
		if (result || a->kind != ARG_OUT)
			return false;
		result = a;
	}
	for (size_t i = 0; i < w->alone->args.n && result; i++) {
		const struct arg *a = &w->alone->args.v[i];

		if (!is_buffer_arg(a) || a->buf != x)
			continue;
		if (!a->yields || (a->exact ? address(result) != address(a) : address(result) > address(a) - a->distance))
			return false;
	}
	return result != NULL;
}

static bool
overlap(const struct buffer *a, const struct buffer *b)
{
	return a->memory == b->memory && a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes;
}

/* Whether a call's result may lie over what it reads: then neighbours don't tell all. */
static bool
has_overlap(const struct call *c)
{
	for (size_t i = 0; c && i < c->args.n; i++)
		if (c->args.v[i].yields)
			return true;
	return false;
}

static void
check_all_apart(const struct watch *w, const struct buffer *b, int slot)
{
	for (int k = 0; k < w->count; k++)
		if (overlap(w->live[k], b) && !may_lie_over(w, w->live[k], b, slot) && !may_lie_over(w, b, w->live[k], slot))
			die("slot %d: '%s' at %" PRId64 " (%" PRId64 " bytes) overlaps '%s' at %" PRId64, slot, b->name, b->offset, b->bytes,
				w->live[k]->name, w->live[k]->offset);
}

/* B's place among the live ones, or that before which it belongs. */
static int
place_of(const struct watch *w, const struct buffer *b)
{
	int at = live_before(w, address_of(w, b));

	while (at < w->count && w->live[at] != b && address_of(w, w->live[at]) == address_of(w, b))
		at++;
	return at;
}

/* B, last needed in slot SLOT, joins the live ones (unless it is among them). */
static void
go_live(struct watch *w, const struct buffer *b, int slot)
{
	int at = place_of(w, b);

	if (at < w->count && w->live[at] == b)
		return;
	if (b->last != slot)
		die("'%s' is live to slot %d, not %d", b->name, slot, b->last);
	if (has_overlap(w->alone)) {
		check_all_apart(w, b, slot);
	} else {
		if (at > 0)
			check_apart(w, w->live[at - 1], b, slot);
		if (at < w->count)
			check_apart(w, b, w->live[at], slot);
	}
	memmove(w->live + at + 1, w->live + at, (size_t)(w->count - at) * sizeof *w->live);
	w->live[at] = b;
	w->count++;
}

static void
leave(struct watch *w, const struct buffer *b, int slot)
{
	int at = place_of(w, b);

	if (w->first_slot[b->id] != slot || at >= w->count || w->live[at] != b)
		return;
	if (b->first != slot)
		die("'%s' is live from slot %d, not %d", b->name, slot, b->first);
	w->count--;
	memmove(w->live + at, w->live + at + 1, (size_t)(w->count - at) * sizeof *w->live);
}

/* What calls FROM to TO - 1, those of one slot, need in the arena. */
static void
each_buffer(struct watch *w, const struct call **calls, int from, int to, void (*visit)(struct watch *, const struct buffer *, int))
{
	size_t i;
	int k;

	for (k = from; k < to; k++)
		for (i = 0; i < calls[k]->args.n; i++)
			if (is_buffer_arg(&calls[k]->args.v[i]) && calls[k]->args.v[i].buf->kind == BUF_ARENA)
				visit(w, calls[k]->args.v[i].buf, calls[k]->slot);
}

/* The inputs (outputs) in the arena that are live in SLOT whether or not a call touches them. */
static void
join_ports(struct watch *w, enum buffer_port port, int slot)
{
	for (size_t i = 0; i < w->p->buffers.n; i++) {
		const struct buffer *b = w->p->buffers.v[i];

		if (b->kind == BUF_ARENA && b->port == port && (port == PORT_OUT || b->last == slot))
			go_live(w, b, slot);
	}
}

static void
walk_backward(struct watch *w, const struct call **calls)
{
	int from, to;

	for (to = w->p->call_count; to > 0; to = from) {
		for (from = to - 1; from > 0 && calls[from - 1]->slot == calls[from]->slot; from--)
			;
		w->alone = to - from == 1 ? calls[from] : NULL;
		if (to == w->p->call_count)
			join_ports(w, PORT_OUT, calls[from]->slot);
		each_buffer(w, calls, from, to, go_live);
		if (from == 0)
			join_ports(w, PORT_IN, calls[from]->slot);
		each_buffer(w, calls, from, to, leave);
	}
}

static void
check_buffer(const struct watch *w, const struct buffer *b)
{
	const struct program *p = w->p;
	const struct memory *m;

	if (b->bytes <= 0)
		die("'%s' has %" PRId64 " bytes", b->name, b->bytes);
	if ((b->kind == BUF_OUTPUT || b->port == PORT_OUT) && !w->written[b->id])
		die("nothing writes output '%s'", b->name);
	if (b->kind != BUF_ARENA || w->first[b->id] < 0)
		return;
	if (b->memory < 0 || (size_t)b->memory >= p->memories.n || p->memories.v[b->memory].constants)
		die("'%s' is in no arena", b->name);
	m = &p->memories.v[b->memory];
	if (b->offset < 0 || b->offset + b->bytes > m->bytes)
		die("'%s' at %" PRId64 " (%" PRId64 " bytes) is outside of the arena of %" PRId64, b->name, b->offset, b->bytes, m->bytes);
	if ((b->align > 0 && b->offset % b->align) || b->offset % dtype_info[b->dtype].bytes || b->align > m->align)
		die("'%s' at %" PRId64 " is not aligned to %d", b->name, b->offset, b->align);
}

void
program_verify(const struct program *p)
{
	struct arena scratch = { 0 };
	struct watch w = { .p = p };
	int64_t sum = 0;
	const struct call **calls = ARENA_ARRAY(&scratch, const struct call *, p->call_count), *c;
	size_t i;

	w.base = ARENA_ARRAY(&scratch, int64_t, p->memories.n + 1);
	for (i = 0; i < p->memories.n; i++)
		w.base[i] = program_base(p, (int)i);
	w.first = ARENA_ARRAY(&scratch, int, p->buffers.n);
	w.first_slot = ARENA_ARRAY(&scratch, int, p->buffers.n);
	w.written = ARENA_ARRAY(&scratch, bool, p->buffers.n);
	w.scratch = ARENA_ARRAY(&scratch, bool, p->buffers.n);
	w.live = ARENA_ARRAY(&scratch, const struct buffer *, p->buffers.n + 1);
	for (i = 0; i < p->buffers.n; i++) {
		w.written[i] = p->buffers.v[i]->port == PORT_IN;
		w.first[i] = w.written[i] ? 0 : -1;
	}
	walk_forward(&w);
	for (i = 0; i < p->buffers.n; i++)
		check_buffer(&w, p->buffers.v[i]);
	for (c = p->first; c; c = c->next)
		calls[c->index] = c;
	walk_backward(&w, calls);
	for (i = 0; i < p->memories.n; i++)
		sum += p->memories.v[i].constants ? 0 : p->memories.v[i].bytes;
	if (sum != p->arena_bytes)
		die("arenas of %" PRId64 " bytes, not %" PRId64, sum, p->arena_bytes);
	if (p->lower_bound > p->arena_bytes)
		die("arena of %" PRId64 " bytes below its lower bound %" PRId64, p->arena_bytes, p->lower_bound);
	arena_free(&scratch);
}
