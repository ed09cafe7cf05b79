/* A chain of calls as C: a function with a table of its maps and one of its stages, and a loop over bands of rows. */
#include <config.h>
#include <inttypes.h>
#include "backend/cgen.h"

/* Whether one of the chain's stages asks for rows of the network's input. */
static bool
has_source(const struct stream *s)
{
	for (size_t i = 0; i < s->stages.n; i++)
		if (s->stages.v[i].call->source)
			return true;
	return false;
}

/* Whether something of the chain lies in the arena of MEMORY; without any it is given the first. */
static bool
chain_uses(const struct call *chain, int memory)
{
	bool any = false;

	for (size_t i = 0; i < chain->args.n; i++) {
		const struct arg *a = &chain->args.v[i];

		if (a->kind > ARG_SCRATCH || !a->buf || a->buf->kind != BUF_ARENA)
			continue;
		if (a->buf->memory == memory)
			return true;
		any = true;
	}
	return !any && memory == 0;
}

/* The arena in which the window of map M moves up, or -1: there is room for all of it. */
static int
window_memory(const struct stream_map *m)
{
	return m->room < m->height ? m->buf->memory : -1;
}

/* Where the window of the stage at hand lies: one arena's bytes if all windows are there, else by stage. */
static const char *
emit_window_base(struct cgen *g, struct emitter *e, const struct stream *s)
{
	int one = -1;
	bool several = false;

	for (size_t i = 0; i < s->stages.n; i++) {
		int m = window_memory(&s->maps.v[s->stages.v[i].map]);

		several |= m >= 0 && one >= 0 && m != one;
		one = m >= 0 ? m : one;
	}
	for (int m = 0; m < g->narenas && one < 0; m++)
		if (chain_uses(s->stages.v[0].call->chain, m))
			one = m;
	if (!several)
		return g->memories[one].base;
	text_reset(&g->text);
	for (size_t i = 0; i < s->stages.n; i++) {
		int m = window_memory(&s->maps.v[s->stages.v[i].map]);

		text_add(&g->text, "%s%s", i ? ", " : "", g->memories[m >= 0 ? m : one].base);
	}
	emit_comment(e, "The arena of each stage's window.");
	emit_line(e, "unsigned char *const windows[] = { %s };", text_get(&g->text));
	return "windows[stage]";
}

/* The parameters that the function of a chain has in turn, and what NAME_run passes for them: arenas, the constants' address, the
 * network's inputs and outputs that it touches and the function that delivers rows. */
static int
list_parameters(struct cgen *g, const struct call *chain, bool types, const char **items)
{
	bool bin = g->opts->weights == WEIGHTS_BIN, rom = false;
	int n = 0;

	for (int m = 0; m < g->narenas; m++)
		if (chain_uses(chain, m))
			items[n++] = types ? arena_printf(g->arena, "unsigned char *%s", g->memories[m].base) : g->memories[m].base;
	for (size_t i = 0; i < chain->args.n; i++) {
		const struct arg *a = &chain->args.v[i];
		const struct buffer *b = a->kind <= ARG_SCRATCH ? a->buf : NULL;
		const struct port *port = !b ? NULL : b->kind == BUF_INPUT ? &g->in[b->index] : b->kind == BUF_OUTPUT ? &g->out[b->index] : NULL;

		rom |= b && b->kind == BUF_CONST;
		if (port)
			items[n++] = types ? arena_printf(g->arena, "%s%s *%s", b->kind == BUF_INPUT ? "const " : "",
				dtype_info[port->tensor->dtype].c_type, port->id) : port->id;
	}
	if (bin && rom)
		items[n++] = types ? "const unsigned char *rom" : "rom";
	if (has_source(chain->stream)) {
		items[n++] = types ? input_rows_parameter(g) : "read_row";
		items[n++] = types ? "void *user" : "user";
	}
	return n;
}

static void
emit_maps(struct emitter *e, const struct stream *s)
{
	emit_comment(e, "Of each map where its window lies in the arena, the bytes of a row, its rows, those that there is room for, the stage that "
		"computes it, the first row and the number of rows that are there.");
	emit_line(e, "struct nn_rows maps[] = {");
	for (size_t i = 0; i < s->maps.n; i++) {
		const struct stream_map *m = &s->maps.v[i];
		bool window = m->room < m->height;

		emit_line(e, "\t{ %" PRId64 ", %" PRId64 ", %d, %d, %d, 0, %d }, /* %s */", window ? m->buf->offset : 0, m->row, (int)m->height,
			(int)m->room, m->stage, m->stage < 0 ? (int)m->height : 0, m->buf->name);
	}
	emit_line(e, "};");
}

static void
emit_stages(struct cgen *g, struct emitter *e, const struct stream *s)
{
	emit_comment(e, "Of each stage the map that it computes and by how many rows at once; of what it reads the map, its stride, its padding and the "
		"rows under a band.");
	emit_line(e, "static const struct nn_stage stages[] = {");
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct stream_stage *t = &s->stages.v[i];

		text_reset(&g->text);
		for (int k = 0; k < 2; k++) {
			const struct stream_read *r = &t->read[k];

			if (k < t->reads)
				text_add(&g->text, "%s{ %d, %d, %d, %d }", k ? ", " : "", r->map, (int)r->stride, (int)r->pad, (int)r->span);
			else
				text_add(&g->text, "%s{ -1, 0, 0, 0 }", k ? ", " : "");
		}
		emit_line(e, "\t{ %d, %d, { %s } }, /* %s */", t->map, (int)t->band, text_get(&g->text), t->call->node->name);
	}
	emit_line(e, "};");
}

/* ARG as it is passed by a stage. */
static const char *
argument(struct cgen *g, const struct stream *s, const struct stream_stage *t, size_t i)
{
	const struct arg *a = &t->call->args.v[i];
	int64_t row;

	if (a->kind == ARG_BAND)
		switch ((enum band_arg)a->i) {
		case BAND_ROWS: return arena_printf(g->arena, "/* %s */ band.rows", a->name);
		case BAND_PAD: return arena_printf(g->arena, "/* %s */ band.pad", a->name);
		case BAND_PAD_BELOW: return arena_printf(g->arena, "/* %s */ %d - band.rows - band.pad", a->name, (int)t->read[0].span);
		case BAND_FIRST: return arena_printf(g->arena, "/* %s */ maps[%d].end", a->name, t->map);
		}
	if (i == 0) {
		row = s->maps.v[t->map].row / dtype_info[a->dtype].bytes;
		return row ? arena_printf(g->arena, "%s + to_row * %" PRId64, arg_pointer(g, a), row) : arg_pointer(g, a);
	}
	for (int k = 0; k < t->reads; k++)
		if (t->read[k].arg == (int)i) {
			row = s->maps.v[t->read[k].map].row / dtype_info[a->dtype].bytes;
			return arena_printf(g->arena, "%s + %s.row * %" PRId64, arg_pointer(g, a), k ? "band_2" : "band", row);
		}
	return spec_argument(g, a);
}

static void
emit_stage(struct cgen *g, struct emitter *e, const struct stream *s, int index)
{
	const struct stream_stage *t = &s->stages.v[index];
	const struct call *c = t->call;
	const char **items = ARENA_ARRAY(g->arena, const char *, c->args.n);
	int n = 0;

	emit_line(e, "case %d:", index);
	e->depth++;
	cfile_layer_comment(g, e, c);
	for (size_t i = 0; i < c->args.n; i++)
		if (!arg_is_fixed(&c->args.v[i]))
			items[n++] = argument(g, s, t, i);
	if (c->source)
		input_rows_emit_call(g, e, c, items[0], items[1]);
	else
		emit_list(e, g->spec_of[c->index]->id, items, n, ";");
	emit_line(e, "break;");
	e->depth--;
}

static bool
reads_two(const struct stream *s)
{
	for (size_t i = 0; i < s->stages.n; i++)
		if (s->stages.v[i].reads > 1)
			return true;
	return false;
}

static void
emit_loop(struct cgen *g, struct emitter *e, const struct stream *s)
{
	int count = (int)s->stages.n;
	const char *base;

	if (has_source(s))
		emit_line(e, "int status;");
	base = emit_window_base(g, e, s);
	emit_blank(e);
	emit_open(e, "for (int32_t stage; (stage = nn_rows_next(stages, %d, maps)) >= 0; maps[stages[stage].y].end += stages[stage].band)",
		count);
	emit_line(e, "const int32_t to_row = nn_rows_make_room(stages, %d, maps, stage, %s);", count, base);
	emit_line(e, "const struct nn_band band = nn_rows_read(&stages[stage], 0, maps);");
	if (reads_two(s))
		emit_line(e, "const struct nn_band band_2 = nn_rows_read(&stages[stage], 1, maps);");
	emit_blank(e);
	emit_line(e, "switch (stage) {");
	for (int i = 0; i < count; i++)
		emit_stage(g, e, s, i);
	emit_line(e, "}");
	emit_close(e, "");
	if (has_source(s))
		emit_line(e, "return %s_OK;", g->upper);
}

const char *
chain_id(struct cgen *g, const struct call *chain)
{
	return arena_printf(g->arena, "%s_chain_%d", g->prefix, chain->index);
}

void
streams_emit(struct cgen *g, struct emitter *e)
{
	for (const struct call *c = g->p->first; c; c = c->next) {
		const struct stream *s = c->stream;
		const char **items = ARENA_ARRAY(g->arena, const char *, c->args.n + 4 + (size_t)g->narenas);

		if (!s)
			continue;
		emit_comment(e, arena_printf(g->arena, "%s to %s, at most %d row%s at a time: the next stage to run is the last one, or if "
			"rows are missing that it reads, the stage that computes these, and so on.", s->stages.v[0].call->node->name, c->node->name,
			(int)s->band, s->band == 1 ? "" : "s"));
		emit_line(e, has_source(s) ? "static int" : "static void");
		emit_list(e, chain_id(g, c), items, list_parameters(g, c, true, items), "");
		emit_begin(e);
		emit_stages(g, e, s);
		emit_maps(e, s);
		emit_loop(g, e, s);
		emit_close(e, "");
		emit_blank(e);
	}
}

void
stream_emit_call(struct cgen *g, struct emitter *e, const struct call *c)
{
	const char **items = ARENA_ARRAY(g->arena, const char *, c->args.n + 4 + (size_t)g->narenas);
	int n = list_parameters(g, c, false, items);
	bool status = has_source(c->stream);

	emit_list(e, arena_printf(g->arena, "%s_LAYER(%d, %s%s", g->upper, c->index, status ? "status = " : "", chain_id(g, c)), items, n, ");");
	if (status)
		input_rows_emit_check(g, e);
}
