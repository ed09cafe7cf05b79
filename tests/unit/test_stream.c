/* Row streaming: which rows a band needs and which of them are there, by brute force.
 *
 * Random chains of calls become chains of the program; then the generated loop is gone through, with maps whose every row holds its own
 * number.  What a kernel would look at, tap by tap, must be the row that the layer is defined by, or padding where the layer has padding. */
#include <config.h>
#include <string.h>
#include "backend/stream.h"
#include "asserts.h"
#include "random_graph.h"
#include "runtime/nn_rows.h"
#include "unit.h"

Suite *stream_suite(void);

enum { STAGES_MAX = 6, HEIGHT_MAX = 24, CASES = 4000 };

/* A layer over rows, as it is defined. */
struct layer { int32_t kernel, stride, pad, dilation; struct tensor *in[2]; bool sum; };

struct bench {
	struct arena arena;
	struct rng rng;
	struct program p;
	struct node node;
	struct call *calls[STAGES_MAX];
	struct layer layers[STAGES_MAX];
	struct tensor *maps[STAGES_MAX + 1];
	struct buffer *buffers[STAGES_MAX + 1];
	int count;
};

static int
between(struct bench *b, int lo, int hi)
{
	return lo + rng_below(&b->rng, hi - lo + 1);
}

/* A map of one pixel of four bytes a row, which hold the row's number. */
static void
add_map(struct bench *b, int32_t height)
{
	struct tensor *t = ARENA_NEW(&b->arena, struct tensor);
	struct buffer *buf = ARENA_NEW(&b->arena, struct buffer);

	*t = (struct tensor){ .dtype = DT_I8, .shape = { 3, { height, 1, 4 } }, .pitch = 4, .base = t };
	*buf = (struct buffer){ .kind = BUF_ARENA, .id = (int)b->p.buffers.n, .name = "map", .bytes = 4 * height, .align = 1, .first = b->count - 1,
		.last = b->count };
	ARRAY_PUSH(&b->arena, b->p.buffers, buf);
	b->maps[b->count] = t;
	b->buffers[b->count] = buf;
}

static void
add_pointer(struct bench *b, struct call *c, enum arg_kind kind, const char *parameter, int map)
{
	struct arg a = { .kind = kind, .name = parameter, .buf = b->buffers[map], .dtype = DT_I8, .tensor = b->maps[map] };

	if (b->buffers[map]->last < c->slot)
		b->buffers[map]->last = c->slot;
	ARRAY_PUSH(&b->arena, c->args, a);
}

static void
add_dim(struct bench *b, struct call *c, const char *parameter, int64_t value)
{
	ARRAY_PUSH(&b->arena, c->args, ((struct arg){ .kind = ARG_DIM, .name = parameter, .i = value }));
}

static struct call *
add_call(struct bench *b, const char *kernel)
{
	struct call *c = ARENA_NEW(&b->arena, struct call);

	*c = (struct call){ .kernel = kernel, .node = &b->node, .slot = b->count, .index = b->count };
	if (b->count > 0)
		b->calls[b->count - 1]->next = c;
	b->calls[b->count] = c;
	return c;
}

static void
add_window(struct bench *b)
{
	int32_t height = b->maps[b->count]->shape.dim[0], most;
	struct layer l = { .kernel = between(b, 1, 4), .stride = between(b, 1, 3), .dilation = between(b, 1, 3), .in = { b->maps[b->count] } };
	struct call *c = add_call(b, "dwconv2d_i8");
	int32_t after;

	l.pad = between(b, 0, (l.kernel - 1) * l.dilation + 2);
	after = between(b, 0, (l.kernel - 1) * l.dilation + 2);
	most = height + l.pad + after - (l.kernel - 1) * l.dilation;
	if (most < 1) {
		l.kernel = 1;
		most = height + l.pad + after;
	}
	b->layers[b->count++] = l;
	add_map(b, (most - 1) / l.stride + 1);
	add_pointer(b, c, ARG_OUT, "y", b->count);
	add_pointer(b, c, ARG_IN, "x", b->count - 1);
	add_dim(b, c, "x_h", height);
	add_dim(b, c, "y_h", b->maps[b->count]->shape.dim[0]);
	add_dim(b, c, "k_h", l.kernel);
	add_dim(b, c, "stride_h", l.stride);
	add_dim(b, c, "dilation_h", l.dilation);
	add_dim(b, c, "pad_t", l.pad);
}

/* The sum of the last map and an earlier one of its height, or of the last with itself. */
static void
add_sum(struct bench *b)
{
	int other = b->count, x = b->count;
	struct call *c = add_call(b, "add_i8");
	int32_t height = b->maps[x]->shape.dim[0];

	for (int k = b->count - 1; k >= 0; k--)
		if (b->maps[k]->shape.dim[0] == height)
			other = k;
	b->layers[b->count++] = (struct layer){ .kernel = 1, .stride = 1, .dilation = 1, .in = { b->maps[x], b->maps[other] }, .sum = true };
	add_map(b, height);
	add_pointer(b, c, ARG_OUT, "y", b->count);
	add_pointer(b, c, ARG_IN, "a", x);
	add_pointer(b, c, ARG_IN, "b", other);
	add_dim(b, c, "rows", 1);
	add_dim(b, c, "n", 4 * height);
}

static void
bench_init(struct bench *b, uint64_t seed)
{
	int stages;

	*b = (struct bench){ .rng = { seed * 2 + 1 }, .node = { .name = "layer" } };
	b->p.arena = &b->arena;
	stages = between(b, 2, STAGES_MAX);
	add_map(b, between(b, 1, HEIGHT_MAX));
	while (b->count < stages)
		if (b->count > 0 && between(b, 0, 3) == 0)
			add_sum(b);
		else
			add_window(b);
	b->p.first = b->calls[0];
	b->p.last = b->calls[stages - 1];
}

static int32_t
row_at(const unsigned char *ram, int64_t at)
{
	int32_t row;

	memcpy(&row, ram + at, sizeof row);
	return row;
}

static int64_t
literal(const struct call *c, const char *parameter, int64_t otherwise)
{
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind == ARG_DIM && strcmp(c->args.v[i].name, parameter) == 0)
			return c->args.v[i].i;
	return otherwise;
}

/* For what is looked at too often for ck_assert. */
static void
expect(bool holds, const char *what)
{
	if (!holds)
		ck_abort_msg("%s", what);
}

/* What the call sees of map X in the band BAND, which begins with row FROM of the result. */
static void
check_band(const struct layer *l, const struct nn_rows *x, const struct nn_band *band, const struct call *c, int32_t from, int32_t rows,
	const unsigned char *ram)
{
	int64_t x_h = l->sum ? band->rows : literal(c, "x_h", band->rows), pad = l->sum ? 0 : literal(c, "pad_t", band->pad);

	expect(band->row >= 0 && band->row + band->rows <= x->room, "rows outside of the window");
	expect(x_h == band->rows, "another number of rows than the literal");
	for (int32_t r = 0; r < rows; r++)
		for (int32_t k = 0; k < l->kernel; k++) {
			int64_t seen = r * l->stride - pad + k * l->dilation, wanted = (from + r) * (int64_t)l->stride - l->pad + k * l->dilation;
			bool is_padding = seen < 0 || seen >= x_h;

			expect(is_padding == (wanted < 0 || wanted >= x->height), "padding");
			if (!is_padding)
				expect(row_at(ram, (int64_t)x->at + (band->row + seen) * 4) == wanted, "another row");
		}
}

struct run { struct nn_stage stages[STAGES_MAX]; struct nn_rows rows[STAGES_MAX + 1]; unsigned char *ram; };

/* As the generated code has them, with each map in memory of its own: RAM has a place for HEIGHT_MAX rows and more of each. */
static void
run_init(struct run *m, struct bench *b, const struct stream *s)
{
	enum { PLACE = 64 * HEIGHT_MAX };

	m->ram = arena_alloc(&b->arena, PLACE * (s->maps.n + 1));
	memset(m->ram, 0xff, PLACE * (s->maps.n + 1));
	for (size_t i = 0; i < s->maps.n; i++) {
		const struct stream_map *map = &s->maps.v[i];

		ck_assert_int_le(4 * map->height, PLACE);
		m->rows[i] = (struct nn_rows){ PLACE * i, 4, map->height, map->room, map->stage, 0, map->stage < 0 ? map->height : 0 };
		for (int32_t r = 0; map->stage < 0 && r < map->height; r++)
			memcpy(m->ram + PLACE * i + 4 * r, &r, sizeof r);
	}
	for (size_t i = 0; i < s->stages.n; i++) {
		const struct stream_stage *g = &s->stages.v[i];

		m->stages[i] = (struct nn_stage){ g->map, g->band, { { -1, 0, 0, 0 }, { -1, 0, 0, 0 } } };
		for (int k = 0; k < g->reads; k++) {
			m->stages[i].read[k].x = g->read[k].map;
			m->stages[i].read[k].stride = g->read[k].stride;
			m->stages[i].read[k].pad = g->read[k].pad;
			m->stages[i].read[k].span = g->read[k].span;
		}
	}
}

static void
run_stage(struct run *m, const struct bench *b, const struct stream *s, int32_t at)
{
	struct nn_rows *y = &m->rows[m->stages[at].y];
	int32_t to = nn_rows_make_room(m->stages, (int32_t)s->stages.n, m->rows, at, m->ram), band = m->stages[at].band;

	expect(to >= 0 && to + band <= y->room && y->end + band <= y->height, "a result outside of the window");
	for (int k = 0; k < s->stages.v[at].reads; k++) {
		struct nn_band x = nn_rows_read(&m->stages[at], k, m->rows);

		check_band(&b->layers[at], &m->rows[m->stages[at].read[k].x], &x, b->calls[at], y->end, band, m->ram);
	}
	for (int32_t r = 0; r < band; r++) {
		int32_t row = y->end + r;

		memcpy(m->ram + y->at + (size_t)(to + r) * y->bytes, &row, sizeof row);
	}
	y->end += band;
}

START_TEST(rows_of_random_chains)
{
	for (uint64_t seed = 0; seed < (uint64_t)share_of(CASES); seed++) {
		struct bench b;
		struct run m = { 0 };
		struct stream *s;
		int32_t at;

		bench_init(&b, seed);
		s = stream_make(&b.arena, b.calls, b.count, between(&b, 1, 5));
		ck_assert_ptr_nonnull(s);
		stream_insert(&b.p, s, NULL);
		run_init(&m, &b, s);
		while ((at = nn_rows_next(m.stages, (int32_t)s->stages.n, m.rows)) >= 0)
			run_stage(&m, &b, s, at);
		ck_assert_int_eq(m.rows[s->maps.n - 1].end, b.maps[b.count]->shape.dim[0]);
		arena_free(&b.arena);
	}
}
END_TEST

Suite *
stream_suite(void)
{
	Suite *s = suite_create("stream");
	TCase *t = tcase_create("stream");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, rows_of_random_chains);
	suite_add_tcase(s, t);
	return s;
}
