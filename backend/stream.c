/* Chains of calls that compute their maps band by band.
 *
 * Row r of a convolution's result needs the rows from r * stride - pad on of its input, (kernel - 1) * dilation + 1 of them.  So a map between
 * two of them need never be whole: the stages run in the order that runtime/nn_rows.h finds, each when the next has no rows left to go on
 * with, and of each map a window of rows is kept, as many as turn out to be needed when the schedule is gone through here, by the same code that
 * the firmware will run.
 *
 * A stage is the call of the layer as it is with other literals: the result has the rows of a band, the input those under it. */
#include <config.h>
#include <stdio.h>
#include <string.h>
#include "backend/reads.h"
#include "backend/stream.h"
#include "runtime/nn_rows.h"

/* ---- which calls ---- */

/* The row of C's kernel if it can be a stage.  A unit can if its .chip states an order. */
static const struct reads *
stage_reads(const struct call *c)
{
	const struct reads *r = c->text && !c->vars ? NULL : reads_of(c);

	return r && r->streams ? r : NULL;
}

static int32_t
dim_or(const struct call *c, const char *parameter, int32_t otherwise)
{
	return (int32_t)call_dim_or(c, parameter, otherwise);
}

/* Whether all of A's buffer is an image, row after row, of whose first row A points to the beginning, or with PARTS to any element. */
static bool
is_map(const struct arg *a, bool parts)
{
	const struct tensor *t = a->tensor;

	return a->buf && a->buf->kind != BUF_CONST && t && t->shape.rank == 3 && t->pitch == t->shape.dim[2] && t->offset == 0
		&& a->offset >= 0 && a->offset < (parts ? (int64_t)t->shape.dim[1] * t->shape.dim[2] : 1)
		&& a->buf->bytes == tensor_bytes(t) && a->dtype == t->dtype && a->buf->bytes / t->shape.dim[0] % a->buf->align == 0;
}

static int32_t
height_of(const struct arg *a)
{
	return a->tensor->shape.dim[0];
}

/* Of a call that copies a part of each row the dimension that counts rows, if it is one that goes from row to row of Y and X. */
static struct arg *
rows_copied(const struct call *c, const struct tensor *y, const struct tensor *x)
{
	struct arg *rows = call_find_dim(c, "rows");
	int64_t y_step = call_dim_or(c, "y_pitch", 0), x_step = call_dim_or(c, "x_pitch", 0);
	char count[] = "n0", to[] = "y0", from[] = "x0";

	for (int d = 0; !rows && d < RANK_MAX; d++) {
		count[1] = to[1] = from[1] = (char)('0' + d);
		if (call_dim_or(c, count, 1) == 1)
			continue;
		rows = call_find_dim(c, count);
		y_step = call_dim_or(c, to, 0);
		x_step = call_dim_or(c, from, 0);
	}
	if (!rows || rows->i != y->shape.dim[0] || y->shape.dim[0] != x->shape.dim[0] || rows->i == 1)
		return NULL;
	return y_step == (int64_t)y->shape.dim[1] * y->shape.dim[2] && x_step == (int64_t)x->shape.dim[1] * x->shape.dim[2] ? rows : NULL;
}

/* Element for element, A has a row for each of Y. */
static bool
goes_along(const struct reads *f, const struct call *c, const struct arg *a)
{
	const struct tensor *x = a->tensor, *y = c->args.v[0].tensor;
	const struct arg *rows = call_find_dim(c, "rows");

	if (f->order == READS_WINDOWS)
		return true;
	if (f->order == READS_PARTS)
		return rows_copied(c, y, x) != NULL;
	if (memcmp(x->shape.dim, y->shape.dim, 2 * sizeof *x->shape.dim) != 0)
		return false;
	return f->order == READS_VECTORS || (x->shape.dim[2] == y->shape.dim[2] && (rows->i == 1 || rows->i % y->shape.dim[0] == 0));
}

/* Whether the constant operand A of an elementwise call is another one in each row, of which a band would need its part. */
static bool
differs_by_row(const struct reads *f, const struct call *c, const struct arg *a)
{
	char pitch[16], step[16];
	bool operand = false;

	for (int k = 0; k < 2 && !operand; k++)
		operand = f->operands[k] && strcmp(f->operands[k], a->name) == 0;
	if (f->order != READS_ELEMENTS || a->kind != ARG_CONST || !a->buf || !operand)
		return false;
	snprintf(pitch, sizeof pitch, "%s_pitch", a->name);
	snprintf(step, sizeof step, "%s_step", a->name);
	return call_dim_or(c, call_dim_or(c, "rows", 1) == 1 ? step : pitch, 1) != 0;
}

/* Whether a kernel of windows has the rows of its maps as its own: a dense layer may have all its vectors in one row. */
static bool
has_rows_of(const struct reads *f, const struct call *c)
{
	if (f->order != READS_WINDOWS)
		return true;
	if (call_dim_or(c, "y_h", height_of(&c->args.v[0])) != height_of(&c->args.v[0]))
		return false;
	for (size_t i = 0; i < c->args.n; i++)
		if (reads_operand(f, &c->args.v[i]) && call_dim_or(c, "x_h", height_of(&c->args.v[i])) != height_of(&c->args.v[i]))
			return false;
	return true;
}

bool
stream_takes(const struct call *c)
{
	const struct reads *f = c->stream || c->copied ? NULL : stage_reads(c);
	bool parts = f && f->order == READS_PARTS;
	int maps = 0, scratch = 0;

	if (!f || c->args.v[0].kind != ARG_OUT || !is_map(&c->args.v[0], parts))
		return false;
	for (size_t i = 1; i < c->args.n; i++) {
		const struct arg *a = &c->args.v[i];

		if (a->kind == ARG_SCRATCH && scratch++ > 0)
			return false; /* a chain has one, which its stages share */
		if (differs_by_row(f, c, a))
			return false;
		if (a->kind != ARG_IN && a->kind != ARG_OUT)
			continue;
		if (!reads_operand(f, a) || !is_map(a, parts) || !goes_along(f, c, a) || a->buf == c->args.v[0].buf)
			return false;
		maps++;
	}
	return (maps > 0 || f->order == READS_NOTHING) && has_rows_of(f, c);
}

/* ---- the schedule ---- */

/* READERS: of each map the stages from the first to before the last that read it. */
struct schedule { struct nn_stage *stages; struct nn_rows *rows; int32_t count; struct readers { int32_t from, to; } *readers; };

static void
add_reader(struct readers *r, int32_t stage)
{
	if (r->to == 0)
		r->from = stage;
	r->to = stage + 1;
}

static struct schedule
schedule_of(struct arena *a, const struct stream *s)
{
	struct schedule d = { ARENA_ARRAY(a, struct nn_stage, s->stages.n), ARENA_ARRAY(a, struct nn_rows, s->maps.n), (int32_t)s->stages.n,
		ARENA_ARRAY(a, struct readers, s->maps.n) };

	for (size_t i = 0; i < s->maps.n; i++) {
		const struct stream_map *m = &s->maps.v[i];

		d.rows[i] = (struct nn_rows){ .height = m->height, .room = m->height, .stage = m->stage, .end = m->stage < 0 ? m->height : 0 };
	}
	for (int32_t i = 0; i < d.count; i++) {
		const struct stream_stage *g = &s->stages.v[i];

		d.stages[i] = (struct nn_stage){ .y = g->map, .band = g->band, .read = { { .x = -1 }, { .x = -1 } } };
		for (int k = 0; k < g->reads; k++) {
			add_reader(&d.readers[g->read[k].map], i);
			d.stages[i].read[k].x = g->read[k].map;
			d.stages[i].read[k].stride = g->read[k].stride;
			d.stages[i].read[k].pad = g->read[k].pad;
			d.stages[i].read[k].span = g->read[k].span;
		}
	}
	return d;
}

/* The first row of map M that a stage is still to read. */
static int32_t
first_needed(const struct schedule *d, int32_t m)
{
	const struct readers *r = &d->readers[m];

	return nn_rows_needed(d->stages + r->from, r->to - r->from, d->rows, m);
}

/* The bytes from the beginning of M that END rows take. */
static int64_t
bytes_to(const struct stream_map *m, int32_t end)
{
	return m->row ? end * m->row : m->buf->bytes;
}

/* Stage AT has run after stage BEFORE (-1: none): maps whose rows are KEPT for longer than from one stage to the next. */
static void
find_kept(const struct schedule *d, int32_t at, int32_t before, bool *kept)
{
	const struct nn_stage *s = &d->stages[at];

	if (before >= 0 && s->read[0].x != d->stages[before].y && s->read[1].x != d->stages[before].y)
		kept[d->stages[before].y] = true;
	for (int k = 0; k < 2; k++)
		if (s->read[k].x >= 0 && first_needed(d, s->read[k].x) < d->rows[s->read[k].x].end)
			kept[s->read[k].x] = true;
}

/* Maps that are not KEPT lie in one place, or in two where one of them is computed from another. */
static void
share_windows(struct stream *s, const bool *kept)
{
	for (size_t i = 0; i + 1 < s->stages.n; i++) {
		const struct stream_stage *g = &s->stages.v[i];
		bool taken[3] = { false };

		if (kept[g->map])
			continue;
		for (int k = 0; k < g->reads; k++)
			taken[s->maps.v[g->read[k].map].shared] = true;
		s->maps.v[g->map].shared = !taken[1] ? 1 : !taken[2] ? 2 : 0;
	}
}

/* The bytes of map I's window; of those that share a place those of the largest. */
static int64_t
window_bytes(const struct stream *s, size_t i)
{
	int64_t most = s->maps.v[i].room * s->maps.v[i].row;

	for (size_t k = 0; s->maps.v[i].shared && k + 1 < s->maps.n; k++)
		if (s->maps.v[k].shared == s->maps.v[i].shared && s->maps.v[k].room * s->maps.v[k].row > most)
			most = s->maps.v[k].room * s->maps.v[k].row;
	return most;
}

/* The first map that lies where map I does. */
static size_t
first_shared(const struct stream *s, size_t i)
{
	for (size_t k = 0; s->maps.v[i].shared && k < i; k++)
		if (s->maps.v[k].shared == s->maps.v[i].shared)
			return k;
	return i;
}

/* The room of each map that is not kept whole: the most rows from the first that is still to be read to the last of a new band. */
static void
find_rooms(struct stream *s)
{
	struct arena scratch = { 0 };
	struct schedule d = schedule_of(&scratch, s);
	bool *kept = ARENA_ARRAY(&scratch, bool, s->maps.n);
	int32_t at, before = -1;

	for (; (at = nn_rows_next(d.stages, d.count, d.rows)) >= 0; before = at) {
		struct stream_map *y = &s->maps.v[d.stages[at].y];
		struct nn_rows *rows = &d.rows[d.stages[at].y];
		int32_t held = rows->end + d.stages[at].band - first_needed(&d, d.stages[at].y);

		if (y->room < held)
			y->room = held;
		rows->end += d.stages[at].band;
		find_kept(&d, at, before, kept);
	}
	share_windows(s, kept);
	arena_free(&scratch);
}

int64_t
stream_distance(const struct stream *s, int x)
{
	struct arena scratch = { 0 };
	struct schedule d = schedule_of(&scratch, s);
	int64_t distance = INT64_MIN;
	int32_t at;

	while ((at = nn_rows_next(d.stages, d.count, d.rows)) >= 0) {
		int y = d.stages[at].y;
		int64_t needed = first_needed(&d, x) * s->maps.v[x].row;

		d.rows[y].end += d.stages[at].band;
		if (at == d.count - 1 && bytes_to(&s->maps.v[y], d.rows[y].end) - needed > distance)
			distance = bytes_to(&s->maps.v[y], d.rows[y].end) - needed;
	}
	arena_free(&scratch);
	return distance;
}

int64_t
stream_window_bytes(const struct stream *s)
{
	int64_t bytes = align_up(s->sums, ARENA_ALIGN);

	for (size_t i = 0; i + 1 < s->maps.n; i++)
		if (s->maps.v[i].stage >= 0 && first_shared(s, i) == i)
			bytes += align_up(window_bytes(s, i), ARENA_ALIGN);
	return bytes;
}

/* ---- making one ---- */

/* The map of the buffer of A; a new one, of STAGE, unless there is one. */
static int
map_of(struct arena *a, struct stream *s, const struct arg *arg, int stage)
{
	for (size_t i = 0; i < s->maps.n; i++)
		if (s->maps.v[i].buf == arg->buf)
			return (int)i;
	ARRAY_PUSH(a, s->maps, ((struct stream_map){ .buf = arg->buf, .height = height_of(arg), .room = stage < 0 ? height_of(arg) : 0,
		.row = arg->buf->bytes / height_of(arg), .stage = stage }));
	return (int)s->maps.n - 1;
}

static int32_t
band_of(int32_t height, int32_t most)
{
	int32_t band = most < height ? most : height;

	while (height % band)
		band--;
	return band;
}

/* Whether C takes the mean of all of an image: with sums of its own it can do so some rows at a time. */
static bool
is_mean(const struct call *c)
{
	return strcmp(c->kernel, "avgpool_i8") == 0 && dim_or(c, "y_h", 0) == 1 && dim_or(c, "y_w", 0) == 1 && dim_or(c, "pad_t", 1) == 0
		&& dim_or(c, "pad_l", 1) == 0 && dim_or(c, "k_h", 0) == dim_or(c, "x_h", 0) && dim_or(c, "k_w", 0) == dim_or(c, "x_w", 0);
}

/* The last stage, a mean: its result as a map of the input's height, of which each row lies in the same place. */
static void
add_mean(struct arena *a, struct stream *s, struct call *c, int32_t most)
{
	int32_t height = dim_or(c, "x_h", 1), band = band_of(height, most);
	struct stream_stage g = { .call = c, .band = band, .reads = 1, .read = { { .stride = 1, .span = band } } };

	for (size_t i = 1; i < c->args.n; i++)
		if (reads_operand(stage_reads(c), &c->args.v[i])) {
			g.read[0].arg = (int)i;
			g.read[0].map = map_of(a, s, &c->args.v[i], -1);
		}
	g.map = (int)s->maps.n;
	ARRAY_PUSH(a, s->maps, ((struct stream_map){ .buf = c->args.v[0].buf, .height = height, .room = height, .stage = (int)s->stages.n }));
	ARRAY_PUSH(a, s->stages, g);
	s->sums = dim_or(c, "c_n", 0) * dtype_info[DT_I32].bytes;
}

static void
add_stage(struct arena *a, struct stream *s, struct call *c, int32_t most)
{
	const struct reads *f = stage_reads(c);
	struct stream_stage g = { .call = c, .band = f->order == READS_NOTHING ? 1 : band_of(height_of(&c->args.v[0]), most) };
	bool image = f->order == READS_WINDOWS;

	for (size_t i = 1; i < c->args.n; i++) {
		struct stream_read r = { .arg = (int)i, .stride = image ? dim_or(c, "stride_h", 1) : 1, .pad = dim_or(c, "pad_t", 0) };

		if (!reads_operand(f, &c->args.v[i]))
			continue;
		r.map = map_of(a, s, &c->args.v[i], -1);
		r.span = (g.band - 1) * r.stride + (dim_or(c, "k_h", 1) - 1) * dim_or(c, "dilation_h", 1) + 1;
		g.read[g.reads++] = r;
	}
	g.map = map_of(a, s, &c->args.v[0], (int)s->stages.n);
	s->maps.v[g.map].room = g.band;
	ARRAY_PUSH(a, s->stages, g);
}

/* Whether the map is touched by none but the COUNT calls from FIRST on. */
static bool
is_inside(const struct buffer *b, struct call *const *first, int count)
{
	return b->kind == BUF_ARENA && b->port == PORT_NONE && b->first >= first[0]->slot && b->last <= first[count - 1]->slot;
}

/* Whether the stage added last takes its maps by the rows that they have: a view of another shape has others. */
static bool
has_same_rows(const struct stream *s)
{
	const struct stream_stage *g = &s->stages.v[s->stages.n - 1];

	for (int k = 0; k < g->reads; k++)
		if (s->maps.v[g->read[k].map].height != height_of(&g->call->args.v[g->read[k].arg]))
			return false;
	return s->maps.v[g->map].stage == (int)s->stages.n - 1;
}

/* Whether a unit takes its bands. */
static bool
takes_bands(const struct stream_stage *g)
{
	return !g->call->text || call_takes_rows(g->call, height_of(&g->call->args.v[0]), g->band);
}

struct stream *
stream_make(struct arena *a, struct call *const *first, int count, int32_t band)
{
	struct stream *s;
	struct stream_map *last;

	for (int i = 0; i + 1 < count; i++)
		if (!first[i]->args.v[0].buf || !is_inside(first[i]->args.v[0].buf, first, count))
			return NULL;
	s = ARENA_NEW(a, struct stream);
	s->band = band;
	for (int i = 0; i < count; i++) {
		if (!stream_takes(first[i]) || first[i]->core != first[0]->core)
			return NULL;
		if (i == count - 1 && i > 0 && is_mean(first[i]))
			add_mean(a, s, first[i], band);
		else
			add_stage(a, s, first[i], band);
		if (!has_same_rows(s) || !takes_bands(&s->stages.v[i]))
			return NULL;
	}
	for (size_t i = 0; i + 1 < s->maps.n; i++)
		if (s->maps.v[i].stage >= 0 && !is_inside(s->maps.v[i].buf, first, count))
			return NULL;
	last = &s->maps.v[s->maps.n - 1];
	if (last->stage != count - 1)
		return NULL;
	find_rooms(s);
	last->room = last->height;
	return s;
}

/* ---- into the program ---- */

/* Of each map between stages a buffer with room for its window. */
static void
make_windows(struct program *p, struct stream *s)
{
	for (size_t i = 0; i + 1 < s->maps.n; i++) {
		struct stream_map *m = &s->maps.v[i];
		struct buffer *b = ARENA_NEW(p->arena, struct buffer);

		if (m->stage < 0)
			continue;
		if (first_shared(s, i) < i) {
			b = s->maps.v[first_shared(s, i)].buf;
			if (m->buf->align > b->align)
				b->align = m->buf->align;
			m->buf = b;
			continue;
		}
		*b = *m->buf;
		b->id = (int)p->buffers.n;
		b->name = arena_printf(p->arena, "%s.rows", m->buf->name);
		b->bytes = window_bytes(s, i);
		ARRAY_PUSH(p->arena, p->buffers, b);
		m->buf = b;
	}
}

/* Whether the rows under a band are as many for all of them. */
static bool
is_even(const struct stream *s, const struct stream_stage *g)
{
	const struct stream_read *r = &g->read[0];

	return r->pad == 0 && (s->maps.v[g->map].height / g->band - 1) * g->band * r->stride + r->span <= s->maps.v[r->map].height;
}

static void
set_band(struct call *c, const char *parameter, bool even, int64_t value, enum band_arg what)
{
	struct arg *a = call_find_dim(c, parameter);

	if (!a || (c->text && !call_mentions(c, parameter)))
		return;
	a->i = even ? value : what;
	a->kind = even ? ARG_DIM : ARG_BAND;
}

/* The call of a mean becomes that of the kernel which adds rows to sums. */
static void
narrow_mean(struct program *p, struct stream *s, struct stream_stage *g)
{
	static const char *const kept[] = { "lo", "hi", "x_w", "x_pitch", "c_n" };
	struct call *c = g->call, whole = *c;
	struct buffer *sums = ARENA_NEW(p->arena, struct buffer);

	*sums = (struct buffer){ .id = (int)p->buffers.n, .name = arena_printf(p->arena, "%s.sums", c->node->name), .dtype = DT_I32,
		.shape = { 1, { (int32_t)(s->sums / dtype_info[DT_I32].bytes) } }, .bytes = s->sums, .align = dtype_info[DT_I32].bytes };
	ARRAY_PUSH(p->arena, p->buffers, sums);
	c->kernel = "avgpool_rows_i8";
	memset(&c->args, 0, sizeof c->args);
	ARRAY_PUSH(p->arena, c->args, whole.args.v[0]);
	ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_OUT, .name = "sum", .buf = sums, .dtype = DT_I32 }));
	ARRAY_PUSH(p->arena, c->args, whole.args.v[g->read[0].arg]);
	ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_BAND, .name = "row", .i = BAND_FIRST }));
	for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
		if (k == 2) {
			ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_DIM, .name = "height", .i = s->maps.v[g->map].height }));
			ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_DIM, .name = "x_h", .i = g->band }));
		}
		for (size_t i = 0; i < whole.args.n; i++)
			if (strcmp(whole.args.v[i].name, kept[k]) == 0)
				ARRAY_PUSH(p->arena, c->args, whole.args.v[i]);
	}
	g->read[0].arg = 2;
}

/* The literals of the call of a whole map become those of a band. */
static void
narrow(const struct stream *s, struct stream_stage *g)
{
	struct call *c = g->call;
	int32_t height = s->maps.v[g->map].height;
	struct arg *rows = call_find_dim(c, "rows"), *n = call_find_dim(c, "n"), *windows = call_find_dim(c, "windows"), *y_h = call_find_dim(c, "y_h");

	switch (stage_reads(c)->order) {
	case READS_WINDOWS:
		y_h->i = g->band;
		set_band(c, "x_h", is_even(s, g), g->read[0].span, BAND_ROWS);
		set_band(c, "pad_t", is_even(s, g), 0, BAND_PAD);
		if (c->text)
			set_band(c, "pad_b", is_even(s, g), 0, BAND_PAD_BELOW);
		break;
	case READS_VECTORS:
		windows->i = windows->i / height * g->band;
		break;
	case READS_ELEMENTS:
		if (rows->i == 1)
			n->i = n->i / height * g->band;
		else
			rows->i = rows->i / height * g->band;
		break;
	case READS_PARTS:
		rows_copied(c, c->args.v[0].tensor, c->args.v[g->read[0].arg].tensor)->i = g->band;
		break;
	case READS_FIRST: case READS_NOTHING:
		set_band(c, "row", false, 0, BAND_FIRST);
		rows->i = g->band;
		break;
	}
}

static void
add_arg(struct program *p, struct call *chain, struct arg a, enum arg_kind kind)
{
	for (size_t i = 0; i < chain->args.n; i++)
		if (chain->args.v[i].buf == a.buf && chain->args.v[i].offset == a.offset)
			return;
	a.kind = kind;
	ARRAY_PUSH(p->arena, chain->args, a);
}

/* The largest scratch of a stage serves them all. */
static struct buffer *
share_scratch(struct stream *s)
{
	struct buffer *most = NULL;
	int align = 1;

	for (size_t i = 0; i < s->stages.n; i++)
		for (size_t k = 0; k < s->stages.v[i].call->args.n; k++) {
			const struct arg *a = &s->stages.v[i].call->args.v[k];

			if (a->kind != ARG_SCRATCH)
				continue;
			if (!most || a->buf->bytes > most->bytes)
				most = a->buf;
			if (a->buf->align > align)
				align = a->buf->align;
		}
	if (most && most->align < align)
		most->align = align;
	return most;
}

/* Whether B is the window of a map of S. */
static bool
is_window(const struct stream *s, const struct buffer *b)
{
	for (size_t i = 0; i + 1 < s->maps.n; i++)
		if (s->maps.v[i].buf == b && s->maps.v[i].stage >= 0)
			return true;
	return false;
}

/* What the chain touches, and its calls with the buffers that they touch there. */
static void
collect_args(struct program *p, struct stream *s, struct call *chain)
{
	struct buffer *scratch = share_scratch(s);
	const struct stream_map *y = &s->maps.v[s->maps.n - 1];
	struct call *last = s->stages.v[s->stages.n - 1].call;

	add_arg(p, chain, last->args.v[0], ARG_OUT);
	for (size_t i = 0; i < s->stages.n; i++) {
		struct stream_stage *g = &s->stages.v[i];

		g->call->args.v[0].buf = s->maps.v[g->map].buf;
		for (int k = 0; k < g->reads; k++)
			g->call->args.v[g->read[k].arg].buf = s->maps.v[g->read[k].map].buf;
		for (size_t k = 0; k < g->call->args.n; k++) {
			struct arg *a = &g->call->args.v[k];

			if (a->kind == ARG_SCRATCH)
				a->buf = scratch;
			if (a->kind <= ARG_SCRATCH && a->buf && a->buf != y->buf && !(a->kind == ARG_IN && is_window(s, a->buf)))
				add_arg(p, chain, *a, a->buf->kind == BUF_CONST ? ARG_CONST : a->buf == scratch || (a->kind == ARG_OUT) ? ARG_SCRATCH : ARG_IN);
		}
	}
}

void
stream_insert(struct program *p, struct stream *s, struct call *before)
{
	struct call *first = s->stages.v[0].call, *last = s->stages.v[s->stages.n - 1].call, *chain = ARENA_NEW(p->arena, struct call);

	make_windows(p, s);
	*chain = (struct call){ .next = last->next, .kernel = "rows", .node = last->node, .last = last->last, .stream = s, .core = last->core };
	chain->note = arena_printf(p->arena, "by rows, from %s on", first->node->name);
	s->first = first;
	last->next = NULL;
	for (size_t i = 0; i < s->stages.n; i++) {
		if (s->maps.v[s->stages.v[i].map].row == 0)
			narrow_mean(p, s, &s->stages.v[i]);
		else
			narrow(s, &s->stages.v[i]);
		s->stages.v[i].call->chain = chain;
	}
	collect_args(p, s, chain);
	if (before)
		before->next = chain;
	else
		p->first = chain;
	if (p->last == last)
		p->last = chain;
}
