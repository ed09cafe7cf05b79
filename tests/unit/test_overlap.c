/* How far results may lie over operands: the table of backend/overlap.c against walks through the kernels' own loops. */
#include <config.h>
#include <stdlib.h>
#include "backend/program.h"
#include "asserts.h"
#include "random_graph.h"

Suite *overlap_suite(void);

/* A call of one kernel with operands in the arena. */
struct bench { struct arena arena; struct buffer x, y; struct call call; };

static void
bench_init(struct bench *b, const char *kernel, const char *x, enum dtype x_type, enum dtype y_type)
{
	*b = (struct bench){ .x = { .kind = BUF_ARENA, .bytes = 1 << 20 }, .y = { .kind = BUF_ARENA, .bytes = 1 << 20, .id = 1 },
		.call = { .kernel = kernel } };
	struct arg in = { .kind = ARG_IN, .name = x, .buf = &b->x, .dtype = x_type };
	struct arg out = { .kind = ARG_OUT, .name = "y", .buf = &b->y, .dtype = y_type };
	ARRAY_PUSH(&b->arena, b->call.args, out);
	ARRAY_PUSH(&b->arena, b->call.args, in);
}

static void
add_dim(struct bench *b, const char *parameter, int64_t value)
{
	struct arg a = { .kind = ARG_DIM, .name = parameter, .i = value };

	ARRAY_PUSH(&b->arena, b->call.args, a);
}

/* The least distance by the steps of a kernel: each reads some of x and then writes some of y, by bytes from their starts. */
struct walk { int64_t read_to_come, distance; };

/* Backwards: what a step writes may not lie over what a later one reads. */
static void
walk_back(struct walk *w, int64_t written_end, int64_t read_first)
{
	if (w->read_to_come != INT64_MAX && written_end - w->read_to_come > w->distance)
		w->distance = written_end - w->read_to_come;
	if (read_first < w->read_to_come)
		w->read_to_come = read_first;
}

static int64_t
found(struct bench *b)
{
	call_find_overlap(&b->call);
	ck_assert(b->call.args.v[1].yields);
	return b->call.args.v[1].distance;
}

struct image { int x_h, x_w, x_pitch, y_h, y_w, y_c, y_pitch, k_h, k_w, stride_h, stride_w, pad_t, pad_l, dilation_h, dilation_w; };

/* The first byte that the window of the pixel reads; INT64_MAX: none. */
static int64_t
first_read(const struct image *m, int oy, int ox, int64_t x_bytes)
{
	for (int ky = 0; ky < m->k_h; ky++)
		for (int kx = 0; kx < m->k_w; kx++) {
			int y = oy * m->stride_h - m->pad_t + ky * m->dilation_h, x = ox * m->stride_w - m->pad_l + kx * m->dilation_w;

			if (y >= 0 && y < m->x_h && x >= 0 && x < m->x_w)
				return ((int64_t)y * m->x_w + x) * m->x_pitch * x_bytes;
		}
	return INT64_MAX;
}

/* Channels of a pixel may be written while its window is still read, so the two are one step: what is written must not lie over the step's
 * own window either. */
static int64_t
windows_by_steps(const struct image *m, int64_t y_bytes, int64_t x_bytes)
{
	struct walk w = { INT64_MAX, INT64_MIN };

	for (int i = m->y_h * m->y_w - 1; i >= 0; i--) {
		int64_t read = first_read(m, i / m->y_w, i % m->y_w, x_bytes);

		if (read < w.read_to_come)
			w.read_to_come = read;
		walk_back(&w, ((int64_t)i * m->y_pitch + m->y_c) * y_bytes, INT64_MAX);
	}
	return w.distance;
}

static struct image
random_image(struct rng *r)
{
	struct image m = { .k_h = 1 + rng_below(r, 4), .k_w = 1 + rng_below(r, 4), .stride_h = 1 + rng_below(r, 3),
		.stride_w = 1 + rng_below(r, 3), .dilation_h = 1 + rng_below(r, 2), .dilation_w = 1 + rng_below(r, 2) };
	int span_h = (m.k_h - 1) * m.dilation_h, span_w = (m.k_w - 1) * m.dilation_w;

	m.pad_t = rng_below(r, span_h + 1);
	m.pad_l = rng_below(r, span_w + 1);
	m.y_h = 1 + rng_below(r, 6);
	m.y_w = 1 + rng_below(r, 6);
	/* as many cells as the windows reach, or fewer: padding behind */
	m.x_h = (m.y_h - 1) * m.stride_h + span_h + 1 - m.pad_t - rng_below(r, span_h + 1);
	m.x_w = (m.y_w - 1) * m.stride_w + span_w + 1 - m.pad_l - rng_below(r, span_w + 1);
	m.x_h = m.x_h < 1 ? 1 : m.x_h;
	m.x_w = m.x_w < 1 ? 1 : m.x_w;
	m.x_pitch = 1 + rng_below(r, 8);
	m.y_c = 1 + rng_below(r, 8);
	m.y_pitch = m.y_c + rng_below(r, 3);
	return m;
}

START_TEST(test_windows)
{
	static const char *const kernels[] = { "conv2d_i8", "dwconv2d_i8", "maxpool_i8", "avgpool_i8" };

	for (int i = 0; i < 5000; i++) {
		struct rng r = { (uint64_t)i };
		struct image m = random_image(&r);
		bool wide = i % 3 == 0;
		struct bench b;

		bench_init(&b, kernels[i % 4], "x", wide ? DT_F32 : DT_I8, wide ? DT_F32 : DT_I8);
		const struct { const char *parameter; int value; } dims[] = { { "x_h", m.x_h }, { "x_w", m.x_w }, { "x_pitch", m.x_pitch },
			{ "y_h", m.y_h }, { "y_w", m.y_w }, { "y_c", m.y_c }, { "y_pitch", m.y_pitch }, { "k_h", m.k_h }, { "k_w", m.k_w },
			{ "stride_h", m.stride_h }, { "stride_w", m.stride_w }, { "pad_t", m.pad_t }, { "pad_l", m.pad_l },
			{ "dilation_h", m.dilation_h }, { "dilation_w", m.dilation_w } };
		for (size_t k = 0; k < sizeof dims / sizeof *dims; k++)
			add_dim(&b, dims[k].parameter, dims[k].value);
		int64_t distance = found(&b), least = windows_by_steps(&m, wide ? 4 : 1, wide ? 4 : 1);
		ck_assert_msg(distance >= least, "seed %d: %lld bytes, but the loops need %lld", i, (long long)distance, (long long)least);
		/* nothing is given away where every row of windows reads alike */
		if (m.pad_t == 0 && m.pad_l == 0 && distance > -b.x.bytes)
			ck_assert_msg(distance == least, "seed %d: %lld bytes, more than the %lld that the loops need", i, (long long)distance,
				(long long)least);
		arena_free(&b.arena);
	}
}
END_TEST

/* The loops of nn_block_conv2d_...: some windows at once, group after group; COLLECTED before their results are written. */
static int64_t
blocks_by_steps(const struct image *m, int at_once, bool collected, int groups, int c)
{
	struct walk w = { INT64_MAX, INT64_MIN };
	int windows = m->y_h * m->y_w, whole = windows / at_once * at_once;

	for (int last = windows - 1, count; last >= 0; last -= count) {
		int64_t read = INT64_MAX;

		count = last >= whole ? 1 : at_once;
		for (int i = last - count + 1; i <= last; i++) {
			int64_t first = first_read(m, i / m->y_w, i % m->y_w, 1);

			read = first < read ? first : read;
		}
		for (int g = groups - 1; g >= 0; g--) {
			int64_t end = (int64_t)last * m->y_pitch + (g + 1) * (m->y_c / groups);
			int64_t of_group = read == INT64_MAX ? read : read + g * c;

			if (!collected && of_group < w.read_to_come)
				w.read_to_come = of_group;
			walk_back(&w, end, of_group);
		}
	}
	return w.distance;
}

START_TEST(test_blocks)
{
	for (int i = 0; i < 5000; i++) {
		struct rng r = { (uint64_t)i };
		struct image m = random_image(&r);
		int at_once = 1 + rng_below(&r, 7), groups = 1 + rng_below(&r, 3), c;
		bool vectors = i % 2;
		struct bench b;

		c = m.x_pitch; /* of a group */
		m.x_pitch *= groups;
		m.y_c *= groups;
		m.y_pitch = m.y_c + rng_below(&r, 3);
		if (vectors) {
			m.y_h = m.x_h = m.k_h = m.k_w = m.stride_h = m.stride_w = groups = 1;
			m.x_w = m.y_w;
			c = m.x_pitch;
			m.pad_t = m.pad_l = 0;
		}
		bench_init(&b, vectors ? "block_dense_i8" : "block_conv2d_i8", "x", DT_I8, DT_I8);
		call_find_overlap(&b.call);
		ck_assert_msg(!b.call.args.v[1].yields, "nothing is stated about the loops");
		b.call.at_once = at_once;
		b.call.collected = !vectors;
		const struct { const char *parameter; int value; } dims[] = { { "x_h", m.x_h }, { "x_w", m.x_w }, { "x_pitch", m.x_pitch },
			{ "y_h", m.y_h }, { "y_w", m.y_w }, { "y_c", m.y_c }, { "y_pitch", m.y_pitch }, { "k_h", m.k_h }, { "k_w", m.k_w },
			{ "stride_h", m.stride_h }, { "stride_w", m.stride_w }, { "pad_t", m.pad_t }, { "pad_l", m.pad_l },
			{ "dilation_h", m.dilation_h }, { "dilation_w", m.dilation_w }, { "groups", groups }, { "x_c", c * groups },
			{ "windows", m.y_w }, { "y_n", m.y_c } };
		for (size_t k = 0; k < sizeof dims / sizeof *dims; k++)
			add_dim(&b, dims[k].parameter, dims[k].value);
		int64_t distance = found(&b), least = blocks_by_steps(&m, at_once, !vectors, groups, c);
		ck_assert_msg(distance == (least < -b.x.bytes ? -b.x.bytes : least), "seed %d: %lld bytes, but the loops need %lld", i, (long long)distance,
			(long long)least);
		arena_free(&b.arena);
	}
}
END_TEST

/* Element after element, of one operand that may repeat (step 0) or of another size. */
START_TEST(test_elements)
{
	for (int i = 0; i < 5000; i++) {
		struct rng r = { (uint64_t)i };
		int rows = 1 + rng_below(&r, 5), n = 1 + rng_below(&r, 7), step = i % 5 != 0;
		int x_pitch = step ? n + rng_below(&r, 4) : rng_below(&r, 4), y_pitch = n + rng_below(&r, 4);
		enum dtype x_type = i % 2 ? DT_F32 : DT_I8, y_type = i % 3 ? DT_F32 : DT_I8;
		int64_t x_bytes = dtype_info[x_type].bytes, y_bytes = dtype_info[y_type].bytes;
		struct walk w = { INT64_MAX, INT64_MIN };
		struct bench b;

		bench_init(&b, "add_i8", "a", x_type, y_type);
		add_dim(&b, "rows", rows);
		add_dim(&b, "n", n);
		add_dim(&b, "a_pitch", x_pitch);
		add_dim(&b, "a_step", step);
		add_dim(&b, "y_pitch", y_pitch);
		for (int k = rows * n - 1; k >= 0; k--) {
			int row = k / n, at = k % n;

			walk_back(&w, (row * y_pitch + at + 1) * y_bytes, (row * x_pitch + at * step) * x_bytes);
		}
		int64_t distance = found(&b);
		ck_assert_msg(w.distance == INT64_MIN || distance >= w.distance, "seed %d: %lld bytes, but the loops need %lld", i, (long long)distance,
			(long long)w.distance);
		arena_free(&b.arena);
	}
}
END_TEST

Suite *
overlap_suite(void)
{
	Suite *s = suite_create("overlap");
	TCase *tc = tcase_create("overlap");

	tcase_add_test(tc, test_windows);
	tcase_add_test(tc, test_blocks);
	tcase_add_test(tc, test_elements);
	suite_add_tcase(s, tc);
	return s;
}
