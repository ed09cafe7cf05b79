/* The arena, or each of them, over the steps of an inference: a box for each buffer, as wide as its life and as high as its bytes; a line for what is live;
 * the steps at which most is. */
#include <config.h>
#include <string.h>
#include "chips/chip.h"
#include "report/markup.h"
#include "report/page.h"

/* In pixels. */
enum { PLOT_WIDTH = 1000, PLOT_HEIGHT = 300, LEFT = 76, TOP = 22, BOTTOM = 40, RIGHT = 24, STEP_MIN = 2, STEP_MAX = 56, CHAR_WIDTH = 6,
	LABEL_HEIGHT = 13, LABEL_CHARS = 7 /* of a longer name */, TICK_ROOM = 44, TICKS = 5 };

struct map_view {
	FILE *f;
	const struct report *r;
	const struct program *p;
	const struct memory *memory; /* whose arena it is */
	int index;                   /* of it */
	const int64_t *live;         /* by slot: bytes */
	const bool *scratch;         /* by buffer id: nothing but scratch */
	int64_t peak;                /* the most that is live */
	double step;                 /* pixels of a slot */
};

static double
x_of(const struct map_view *v, int slot)
{
	return LEFT + slot * v->step;
}

static double
y_of(const struct map_view *v, int64_t bytes)
{
	return TOP + PLOT_HEIGHT * (1 - (double)bytes / (double)v->memory->bytes);
}

static bool
is_drawn(const struct buffer *b, int memory)
{
	return b->kind == BUF_ARENA && b->memory == memory && b->last >= b->first;
}

static const int64_t *
live_bytes(const struct report *r, int memory)
{
	const struct program *p = r->program;
	int64_t *live = ARENA_ARRAY(r->arena, int64_t, (size_t)p->slots + 1);

	for (size_t i = 0; i < p->buffers.n; i++)
		if (is_drawn(p->buffers.v[i], memory)) {
			live[p->buffers.v[i]->first] += p->buffers.v[i]->bytes;
			live[p->buffers.v[i]->last + 1] -= p->buffers.v[i]->bytes;
		}
	for (int i = 1; i < p->slots; i++)
		live[i] += live[i - 1];
	return live;
}

static const bool *
find_scratch(const struct report *r)
{
	bool *scratch = ARENA_ARRAY(r->arena, bool, r->program->buffers.n + 1);

	for (const struct call *c = r->program->first; c; c = c->next)
		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_SCRATCH && c->args.v[i].buf)
				scratch[c->args.v[i].buf->id] = true;
	return scratch;
}

/* ---- axes ---- */

static void
put_byte_ticks(const struct map_view *v)
{
	int64_t step = 1;

	while (step < v->memory->bytes / TICKS)
		step *= 2;
	for (int64_t at = 0; at <= v->memory->bytes; at += step) {
		double y = y_of(v, at);

		fprintf(v->f, "<path class=\"grid\" d=\"M%d %.1fH%.1f\"/><text class=\"tick\" x=\"%d\" y=\"%.1f\">", LEFT, y, x_of(v, v->p->slots),
			LEFT - 8, y + 4);
		markup_count(v->f, at);
		fputs("</text>\n", v->f);
	}
}

static void
put_step_ticks(const struct map_view *v)
{
	static const int factors[] = { 2, 5, 10 };
	int step = 1, power = 1;

	for (int i = 0; step * v->step < TICK_ROOM; i++) {
		step = power * factors[i % 3];
		power *= i % 3 == 2 ? 10 : 1;
	}
	for (int at = 0; at < v->p->slots; at += step)
		fprintf(v->f, "<text class=\"step\" x=\"%.1f\" y=\"%d\">%d</text>\n", x_of(v, at) + v->step / 2, TOP + PLOT_HEIGHT + 16, at);
	fprintf(v->f, "<text class=\"step\" x=\"%.1f\" y=\"%d\">step</text>\n", (x_of(v, 0) + x_of(v, v->p->slots)) / 2, TOP + PLOT_HEIGHT + 32);
}

/* ---- contents ---- */

static void
put_buffer(const struct map_view *v, const struct buffer *b)
{
	double x = x_of(v, b->first), width = x_of(v, b->last + 1) - x, y = y_of(v, b->offset + b->bytes), height = y_of(v, b->offset) - y;
	int chars = (int)(width - 8) / CHAR_WIDTH;
	bool peak = false;

	for (int slot = b->first; slot <= b->last; slot++)
		peak |= v->live[slot] == v->peak;
	fprintf(v->f, "<g class=\"buffer%s%s\"><title>", v->scratch[b->id] ? " scratch" : "", peak ? " at-peak" : "");
	markup_text(v->f, b->name);
	fputs(": ", v->f);
	markup_count(v->f, b->bytes);
	fputs(" bytes at ", v->f);
	markup_count(v->f, b->offset);
	fprintf(v->f, ", steps %d to %d</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", b->first, b->last, x, y, width, height);
	if (height >= LABEL_HEIGHT && (chars >= LABEL_CHARS || chars >= (int)strlen(b->name))) {
		fprintf(v->f, "<text x=\"%.1f\" y=\"%.1f\">", x + 4, y + height / 2 + 4);
		markup_short(v->f, b->name, chars);
		fputs("</text>", v->f);
	}
	fputs("</g>\n", v->f);
}

static void
put_peaks(const struct map_view *v)
{
	for (int slot = 0; slot < v->p->slots; slot++) {
		int end = slot;

		while (end < v->p->slots && v->live[end] == v->peak)
			end++;
		if (end == slot)
			continue;
		fprintf(v->f, "<rect class=\"peak\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"><title>most bytes are live at step %d</title></rect>\n",
			x_of(v, slot), TOP, x_of(v, end) - x_of(v, slot), PLOT_HEIGHT, slot);
		slot = end;
	}
}

static void
put_live(const struct map_view *v)
{
	fprintf(v->f, "<path class=\"live\" d=\"M%d %d", LEFT, TOP + PLOT_HEIGHT);
	for (int slot = 0; slot < v->p->slots; slot++)
		if (slot == 0 || v->live[slot] != v->live[slot - 1])
			fprintf(v->f, "H%.1fV%.1f", x_of(v, slot), y_of(v, v->live[slot]));
	fprintf(v->f, "H%.1fV%d\"><title>bytes that are live</title></path>\n", x_of(v, v->p->slots), TOP + PLOT_HEIGHT);
}

/* A line across the map with its words above it, at the left or the right end. */
static void
put_level(const struct map_view *v, const char *class, const char *words, int64_t bytes, bool right)
{
	double y = y_of(v, bytes), end = x_of(v, v->p->slots);

	fprintf(v->f, "<path class=\"%s\" d=\"M%d %.1fH%.1f\"/><text class=\"%s\" x=\"%.1f\" y=\"%.1f\"%s>%s ", class, LEFT, y, end, class,
		right ? end : LEFT + 4, y - 5, right ? " text-anchor=\"end\"" : "", words);
	markup_count(v->f, bytes);
	fputs("</text>\n", v->f);
}

/* ---- the whole ---- */

static void
put_map(const struct map_view *v)
{
	int width = LEFT + (int)(v->p->slots * v->step) + RIGHT, height = TOP + PLOT_HEIGHT + BOTTOM;

	fprintf(v->f, "<svg class=\"memory\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"memory map: arena of ", width,
		height, width, height);
	markup_count(v->f, v->memory->bytes);
	fprintf(v->f, " bytes over %d steps\">\n", v->p->slots);
	put_peaks(v);
	put_byte_ticks(v);
	put_step_ticks(v);
	for (size_t i = 0; i < v->p->buffers.n; i++)
		if (is_drawn(v->p->buffers.v[i], v->index))
			put_buffer(v, v->p->buffers.v[i]);
	put_live(v);
	if (v->memory->bytes > v->memory->lower_bound)
		put_level(v, "arena", "arena", v->memory->bytes, true);
	put_level(v, "bound", "lower bound", v->memory->lower_bound, false);
	fputs("</svg>\n", v->f);
}

/* Whether inputs or outputs lie outside the arena. */
static bool
has_ports(const struct program *p)
{
	for (size_t i = 0; i < p->buffers.n; i++)
		if (p->buffers.v[i]->kind == BUF_INPUT || p->buffers.v[i]->kind == BUF_OUTPUT)
			return true;
	return false;
}

static const struct call *
call_at(const struct program *p, int slot)
{
	const struct call *c = p->first;

	while (c->next && c->slot < slot)
		c = c->next;
	return c;
}

/* The arena of MEMORY, and where most of it is live. */
static void
put_arena(FILE *f, const struct report *r, int memory)
{
	struct map_view v = { .f = f, .r = r, .p = r->program, .memory = &r->program->memories.v[memory], .index = memory };
	int at = 0;

	v.live = live_bytes(r, memory);
	v.scratch = find_scratch(r);
	for (int slot = 0; slot < v.p->slots; slot++)
		if (v.live[slot] > v.peak) {
			v.peak = v.live[slot];
			at = slot;
		}
	v.step = (double)PLOT_WIDTH / v.p->slots;
	v.step = v.step < STEP_MIN ? STEP_MIN : v.step > STEP_MAX ? STEP_MAX : v.step;
	fprintf(f, "<p>Most is live at step %d, <b>", at);
	markup_text(f, call_at(v.p, at)->node->name);
	fputs("</b>: ", f);
	markup_count(f, v.peak);
	fprintf(f, " bytes.%s</p>\n<div class=\"scroll\">\n", has_ports(v.p) ? " Inputs and outputs of the network are the caller&#39;s." : "");
	put_map(&v);
	fputs("</div>\n", f);
}

static void
put_name(FILE *f, const struct memory *m)
{
	fputs("<h3>", f);
	markup_text(f, m->chip->name);
	fputs("</h3>\n", f);
}

void
memory_element(FILE *f, const struct report *r)
{
	const struct program *p = r->program;
	int arenas = program_arenas(p);

	if (p->arena_bytes == 0)
		fputs("<p>Nothing lies in the arena.</p>\n", f);
	for (int m = 0; m < arenas; m++)
		if (p->memories.v[m].bytes > 0) {
			if (arenas > 1)
				put_name(f, &p->memories.v[m]);
			put_arena(f, r, m);
		}
	if (p->arena_bytes > 0)
		fputs("<ul class=\"legend\"><li class=\"result\">results of layers</li><li class=\"scratch\">scratch</li>"
			"<li class=\"live\">live bytes</li><li class=\"bound\">lower bound</li><li class=\"peak\">peak</li></ul>\n", f);
	memories_element(f, r);
}
