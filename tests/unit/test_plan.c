/* The arena plan against its lower bound, and the verifier against broken programs. */
#include <config.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "backend/program.h"
#include "asserts.h"
#include "chips/chip.h"
#include "random_graph.h"

Suite *plan_suite(void);

/* A buffer written by the call FIRST and read by LAST (FIRST == LAST: scratch). */
struct life { int64_t bytes; int first, last; };

struct bench {
	struct arena arena;
	struct graph *g;
	struct node node, nodes[16]; /* of all calls; or one for each, which may then change places */
	struct program p;
	struct call **calls;
};

static void
bench_init(struct bench *b, int calls)
{
	struct intern *names;
	int i;

	*b = (struct bench){ 0 };
	names = intern_new(&b->arena);
	b->g = graph_new(&b->arena, names, intern(names, "t"));
	b->node = (struct node){ .op = OP_COPY, .name = intern(names, "layer") };
	b->p = (struct program){ .arena = &b->arena, .graph = b->g, .call_count = calls };
	b->calls = ARENA_ARRAY(&b->arena, struct call *, (size_t)calls);
	for (i = 0; i < calls; i++) {
		b->calls[i] = ARENA_NEW(&b->arena, struct call);
		*b->calls[i] = (struct call){ .index = i, .kernel = "copy_i8", .node = &b->node };
		*(b->p.last ? &b->p.last->next : &b->p.first) = b->calls[i];
		b->p.last = b->calls[i];
	}
}

static void
add_arg(struct bench *b, int call, enum arg_kind kind, struct buffer *buf)
{
	struct arg a = { .kind = kind, .name = kind == ARG_IN ? "x" : kind == ARG_OUT ? "y" : "s", .buf = buf, .dtype = DT_I8 };

	ARRAY_PUSH(&b->arena, b->calls[call]->args, a);
}

static struct buffer *
add_buffer(struct bench *b, enum buffer_kind kind, int64_t bytes)
{
	struct buffer *buf = ARENA_NEW(&b->arena, struct buffer);

	*buf = (struct buffer){ .kind = kind, .id = (int)b->p.buffers.n, .dtype = DT_I8, .bytes = bytes, .align = 1 };
	buf->name = intern_printf(b->g->names, "t%d", buf->id);
	ARRAY_PUSH(&b->arena, b->p.buffers, buf);
	return buf;
}

static struct buffer *
add_life(struct bench *b, struct life life)
{
	struct buffer *buf = add_buffer(b, BUF_ARENA, life.bytes);

	if (life.first == life.last) {
		add_arg(b, life.first, ARG_SCRATCH, buf);
		return buf;
	}
	add_arg(b, life.first, ARG_OUT, buf);
	add_arg(b, life.last, ARG_IN, buf);
	return buf;
}

/* ---- plans whose size is known ---- */

enum { LIVES = 10, CALLS = 12 };

static const struct { const char *what; int64_t arena, bound; struct life lives[LIVES]; } rows[] = {
	{ "nothing", 0, 0, { { 0, 0, 0 } } },
	{ "one buffer", 100, 100, { { 100, 0, 1 } } },
	{ "a chain takes turns", 192, 192, { { 64, 0, 1 }, { 128, 1, 2 }, { 64, 2, 3 }, { 128, 3, 4 } } },
	{ "alignment pads between, not behind", 37, 26, { { 5, 0, 2 }, { 21, 1, 3 } } },
	{ "scratch lives in its call", 96, 96, { { 32, 0, 2 }, { 64, 1, 1 }, { 64, 2, 2 } } },
	{ "a long life beside short ones", 272, 272, { { 16, 0, 5 }, { 160, 0, 1 }, { 32, 1, 2 }, { 96, 2, 3 }, { 160, 3, 4 } } },
	/* In the order of execution, the third buffer would lie over a hole of the first. */
	{ "room is left for what comes later", 128, 128, { { 32, 0, 1 }, { 32, 0, 3 }, { 96, 2, 3 }, { 64, 0, 1 } } },
	{ "a skip connection", 576, 576, { { 192, 0, 5 }, { 128, 0, 1 }, { 64, 1, 2 }, { 64, 2, 3 }, { 128, 3, 4 }, { 256, 4, 5 } } },
};

START_TEST(test_known)
{
	struct bench b;
	int i;

	bench_init(&b, CALLS);
	for (i = 0; i < LIVES && rows[_i].lives[i].bytes; i++)
		add_life(&b, rows[_i].lives[i]);
	program_plan(&b.p);
	program_verify(&b.p);
	ck_assert_int_eq(b.p.arena_bytes, rows[_i].arena);
	ck_assert_int_eq(b.p.lower_bound, rows[_i].bound);
	arena_free(&b.arena);
}
END_TEST

/* ---- random programs ---- */

static void
random_lives(struct bench *b, struct rng *r, int count, int calls, int longest)
{
	int i;

	for (i = 0; i < count; i++) {
		int first = rng_below(r, calls - 1), last = first + 1 + rng_below(r, longest);

		add_life(b, (struct life){ 1 + rng_below(r, 4000), first, last < calls ? last : calls - 1 });
	}
}

/* The plan is valid and, over many programs, close to the bound.  PLAN_STATISTICS=1 in the environment prints how close. */
static const struct { const char *what; int buffers, calls, longest; double gap; } random_rows[] = {
	{ "chains", 40, 40, 1, 0.03 },
	{ "short branches", 60, 50, 4, 0.03 },
	{ "long branches", 100, 60, 30, 0.03 },
	{ "dense", 250, 100, 60, 0.06 },
	{ "beyond the search", 1000, 500, 40, 0.07 },
};

START_TEST(test_gap)
{
	enum { PROGRAMS = 12 };
	double sum = 0, worst = 0;
	int i;

	for (i = 0; i < PROGRAMS; i++) {
		struct rng r = { (uint64_t)(_i * PROGRAMS + i) };
		struct bench b;
		double gap;

		bench_init(&b, random_rows[_i].calls);
		random_lives(&b, &r, random_rows[_i].buffers, random_rows[_i].calls, random_rows[_i].longest);
		program_plan(&b.p);
		program_verify(&b.p);
		gap = (double)b.p.arena_bytes / (double)b.p.lower_bound - 1;
		sum += gap;
		worst = gap > worst ? gap : worst;
		arena_free(&b.arena);
	}
	if (getenv("PLAN_STATISTICS"))
		fprintf(stderr, "%-18s mean gap %.2f%%, worst %.2f%%\n", random_rows[_i].what, 100 * sum / PROGRAMS, 100 * worst);
	ck_assert_msg(sum / PROGRAMS <= random_rows[_i].gap, "%s: mean gap %.2f%%", random_rows[_i].what, 100 * sum / PROGRAMS);
}
END_TEST

/* ---- against an exact solver ---- */

/* Buffers placed one after the other in the order PLACED, each as low as it goes.  Placing those of a best plan by their offsets gives a
 * plan that is no larger, so the best of all orders is the best there is. */
enum { EXACT = 7 };

static int64_t
place_rest(const struct life *lives, int64_t *offset, unsigned placed, int64_t top, int64_t best)
{
	if (placed == (1u << EXACT) - 1)
		return top < best ? top : best;
	for (int i = 0; i < EXACT; i++) {
		int64_t at = 0;

		if (placed >> i & 1)
			continue;
		for (int moved = 1; moved;) {
			moved = 0;
			for (int k = 0; k < EXACT; k++)
				if ((placed >> k & 1) && lives[k].first <= lives[i].last && lives[i].first <= lives[k].last
				    && at < offset[k] + lives[k].bytes && offset[k] < at + lives[i].bytes) {
					at = offset[k] + lives[k].bytes;
					moved = 1;
				}
		}
		int64_t end = at + lives[i].bytes > top ? at + lives[i].bytes : top;
		if (end >= best)
			continue;
		offset[i] = at;
		best = place_rest(lives, offset, placed | 1u << i, end, best);
	}
	return best;
}

START_TEST(test_exact)
{
	enum { PROGRAMS = 200, AT = 10 };

	for (int i = 0; i < PROGRAMS; i++) {
		struct rng r = { (uint64_t)i };
		struct life lives[EXACT];
		int64_t offset[EXACT], least;
		struct bench b;

		bench_init(&b, AT);
		for (int k = 0; k < EXACT; k++) {
			int first = rng_below(&r, AT - 1), last = first + 1 + rng_below(&r, 5);

			lives[k] = (struct life){ 16 * (1 + rng_below(&r, 100)), first, last < AT ? last : AT - 1 };
			add_life(&b, lives[k]);
		}
		program_plan(&b.p);
		program_verify(&b.p);
		least = place_rest(lives, offset, 0, 0, INT64_MAX);
		ck_assert_msg(b.p.arena_bytes * 100 <= least * 102, "seed %d: %lld bytes where %lld do", i, (long long)b.p.arena_bytes, (long long)least);
		arena_free(&b.arena);
	}
}
END_TEST

/* ---- the order of execution ---- */

/* Each call writes a buffer and reads some of the earlier ones. */
enum { ORDERED = 7 };
struct dag { int64_t bytes[ORDERED]; bool reads[ORDERED][ORDERED]; };

/* The lowest peak of the orders that begin with the calls DONE, of which LIVE bytes are left; brute force. */
static int64_t
lowest_peak(const struct dag *d, unsigned done, int64_t live)
{
	int64_t lowest = INT64_MAX;

	if (done == (1u << ORDERED) - 1)
		return 0;
	for (int c = 0; c < ORDERED; c++) {
		unsigned then = done | 1u << c;
		int64_t peak = live + d->bytes[c], left = peak, rest;
		bool ready = !(done >> c & 1);

		for (int k = 0; k < c; k++)
			ready &= !d->reads[c][k] || (done >> k & 1);
		if (!ready)
			continue;
		for (int k = 0; k <= c; k++) {
			bool dies = k == c || d->reads[c][k];

			for (int r = 0; r < ORDERED; r++)
				dies &= !d->reads[r][k] || (then >> r & 1);
			left -= dies ? d->bytes[k] : 0;
		}
		rest = lowest_peak(d, then, left);
		peak = rest > peak ? rest : peak;
		lowest = peak < lowest ? peak : lowest;
	}
	return lowest;
}

START_TEST(test_order)
{
	enum { PROGRAMS = 60 };
	int improved = 0;

	for (int i = 0; i < PROGRAMS; i++) {
		struct rng r = { (uint64_t)i };
		struct dag d = { .bytes = { 0 } };
		struct buffer *result[ORDERED];
		struct bench b;

		bench_init(&b, ORDERED);
		for (int c = 0; c < ORDERED; c++) {
			d.bytes[c] = 16 * (1 + rng_below(&r, 20));
			for (int k = 0; k < c; k++)
				if (rng_below(&r, 3) == 0) {
					d.reads[c][k] = true;
					add_arg(&b, c, ARG_IN, result[k]);
				}
			result[c] = add_buffer(&b, BUF_ARENA, d.bytes[c]);
			add_arg(&b, c, ARG_OUT, result[c]);
			b.calls[c]->node = &b.nodes[c];
		}
		program_plan(&b.p);
		program_verify(&b.p);
		ck_assert_int_eq(b.p.lower_bound, lowest_peak(&d, 0, 0));
		for (int c = 0; c < ORDERED; c++)
			improved += b.calls[c]->index != c;
		arena_free(&b.arena);
	}
	ck_assert_int_gt(improved, PROGRAMS);
}
END_TEST

static char *
printed(const struct program *p)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	program_print(f, p);
	fclose(f);
	return text;
}

START_TEST(test_same_every_time)
{
	char *text[2];
	int i;

	for (i = 0; i < 2; i++) {
		struct rng r = { 11 };
		struct bench b;

		bench_init(&b, 30);
		random_lives(&b, &r, 80, 30, 10);
		program_plan(&b.p);
		text[i] = printed(&b.p);
		arena_free(&b.arena);
	}
	ck_assert_str_eq(text[0], text[1]);
	free(text[0]);
	free(text[1]);
}
END_TEST

/* Sizes at which anything quadratic in calls, or in pairs of buffers, would not end in time. */
static const struct { const char *what; int buffers, calls, longest; } large_rows[] = {
	{ "a long chain", 100000, 100000, 1 },
	{ "long lives", 20000, 20000, 200 },
	{ "thousands at once", 4000, 100, 100 },
};

START_TEST(test_large)
{
	struct rng r = { 5 };
	struct bench b;

	bench_init(&b, large_rows[_i].calls);
	random_lives(&b, &r, large_rows[_i].buffers, large_rows[_i].calls, large_rows[_i].longest);
	program_plan(&b.p);
	program_verify(&b.p);
	arena_free(&b.arena);
}
END_TEST

/* ---- text ---- */

START_TEST(test_print)
{
	struct bench b;
	struct buffer *in, *out;
	struct arg dim = { .kind = ARG_DIM, .name = "n", .i = 3 }, none = { .kind = ARG_IN, .name = "bias" };
	char *text;

	bench_init(&b, 2);
	in = add_buffer(&b, BUF_INPUT, 3);
	out = add_buffer(&b, BUF_OUTPUT, 3);
	add_arg(&b, 0, ARG_IN, in);
	ARRAY_PUSH(&b.arena, b.calls[0]->args, none);
	add_life(&b, (struct life){ 12, 0, 1 });
	add_arg(&b, 1, ARG_OUT, out);
	ARRAY_PUSH(&b.arena, b.calls[1]->args, dim);
	b.calls[1]->args.v[0].offset = 2;
	program_plan(&b.p);
	program_verify(&b.p);
	text = printed(&b.p);
	ck_assert_str_eq(text,
		"program t: 2 calls, arena of 12 bytes, aligned to 16, lower bound 12\n"
		"buffers\n"
		"  b0    input  t0: 3 bytes, input 0 of the network\n"
		"  b1    output t1: 3 bytes, output 0 of the network\n"
		"  b2    arena  t2: 12 bytes at 0, calls 0..1\n"
		"calls\n"
		"  0: layer: copy_i8(x = b0, bias = none, y = b2)\n"
		"  1: layer: copy_i8(x = b2 + 2, y = b1, n = 3)\n");
	free(text);
	arena_free(&b.arena);
}
END_TEST

/* ---- the verifier ---- */

/* Each breaks one thing in a plan that was right: buffers A (calls 0..2) and B (1..3), scratch S in call 2. */
struct parts { struct bench b; struct buffer *a, *other, *scratch, *out; };

static void overlap(struct parts *x) { x->other->offset = x->a->offset; }
static void overlap_partly(struct parts *x) { x->a->offset = 0; x->other->offset = 48; }
static void overlap_scratch(struct parts *x) { x->scratch->offset = x->other->offset; }
static void misalign(struct parts *x) { x->a->align = 64; }
static void outside(struct parts *x) { x->other->offset = x->b.p.arena_bytes; }
static void negative(struct parts *x) { x->a->offset = -16; }
static void short_life(struct parts *x) { x->a->last = 1; }
static void late_life(struct parts *x) { x->a->first = 1; }
static void beyond_end(struct parts *x) { x->b.calls[2]->args.v[0].offset = 64; }
static void before_start(struct parts *x) { x->b.calls[2]->args.v[0].offset = -1; }
static void unwritten(struct parts *x) { x->b.calls[0]->args.v[0].kind = ARG_IN; }
static void write_const(struct parts *x) { x->a->kind = BUF_CONST; }
static void write_input(struct parts *x) { x->a->kind = BUF_INPUT; }
static void no_output(struct parts *x) { x->b.calls[3]->args.v[1].buf = x->other; }
static void shared_scratch(struct parts *x) { add_arg(&x->b, 3, ARG_IN, x->scratch); }
static void reused_scratch(struct parts *x) { add_arg(&x->b, 3, ARG_SCRATCH, x->a); }
static void stranger(struct parts *x) { x->a->id = 7; }
static void misnumbered(struct parts *x) { x->b.calls[1]->index = 2; }
static void miscounted(struct parts *x) { x->b.p.call_count = 5; }
static void empty(struct parts *x) { x->a->bytes = 0; }
static void bound(struct parts *x) { x->b.p.lower_bound = x->b.p.arena_bytes + 1; }
static void nothing(struct parts *x) { (void)x; }

/* The first is the plan itself. */
static void (*const breaks[])(struct parts *) = {
	nothing, overlap, overlap_partly, overlap_scratch, misalign, outside, negative, short_life, late_life, beyond_end,
	before_start, unwritten, write_const, write_input, no_output, shared_scratch, reused_scratch, stranger, misnumbered,
	miscounted, empty, bound
};

static void
break_and_verify(void (*change)(struct parts *))
{
	struct parts x;

	bench_init(&x.b, 4);
	x.a = add_life(&x.b, (struct life){ 64, 0, 2 });
	x.other = add_life(&x.b, (struct life){ 64, 1, 3 });
	x.scratch = add_life(&x.b, (struct life){ 32, 2, 2 });
	x.out = add_buffer(&x.b, BUF_OUTPUT, 8);
	add_arg(&x.b, 3, ARG_OUT, x.out);
	program_plan(&x.b.p);
	change(&x);
	if (change != nothing && !freopen("/dev/null", "w", stderr))
		return;
	program_verify(&x.b.p);
	arena_free(&x.b.arena);
}

/* A result over what it is computed from, element by element: it may begin there or before, and not behind.  Or of a UNIT that reads each channel
 * whole: it may begin there. */
static void
overlap_and_verify(int64_t by, const struct chip_op *unit)
{
	static const struct { const char *parameter; int value; } dims[] = { { "rows", 1 }, { "n", 64 }, { "x_pitch", 64 }, { "y_pitch", 64 } };
	struct bench b;
	struct buffer *x, *y;

	bench_init(&b, 3);
	x = add_buffer(&b, BUF_ARENA, 64);
	y = add_buffer(&b, BUF_ARENA, 64);
	add_arg(&b, 0, ARG_OUT, x);
	b.calls[1]->kernel = "clamp_i8";
	b.calls[1]->unit = unit;
	b.calls[1]->text = unit ? "" : NULL;
	b.calls[1]->at_once = 1;
	add_arg(&b, 1, ARG_IN, x);
	add_arg(&b, 1, ARG_OUT, y);
	for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
		struct arg dim = { .kind = ARG_DIM, .name = dims[i].parameter, .i = dims[i].value };

		ARRAY_PUSH(&b.arena, b.calls[1]->args, dim);
	}
	add_arg(&b, 2, ARG_IN, y);
	add_arg(&b, 2, ARG_OUT, add_buffer(&b, BUF_OUTPUT, 64));
	program_plan(&b.p);
	ck_assert_int_eq(b.p.arena_bytes, 64);
	ck_assert_int_eq(y->offset, x->offset);
	if (by && !freopen("/dev/null", "w", stderr))
		return;
	b.p.arena_bytes += 16;
	b.p.memories.v[0].bytes += 16;
	x->offset += by < 0 ? -by : 0;
	y->offset += by > 0 ? by : 0;
	program_verify(&b.p);
	arena_free(&b.arena);
}

START_TEST(test_overlap_accepted)
{
	static const struct chip_op channels = { .kind = KIND_DWCONV2D, .order = ORDER_CHANNELS };

	overlap_and_verify(-16, NULL);
	overlap_and_verify(0, NULL);
	overlap_and_verify(0, &channels);
}
END_TEST

START_TEST(test_overlap_refused)
{
	static const struct { int by, order; } refused[] = { { 1, ORDER_UNKNOWN }, { 1, ORDER_CHANNELS }, { -16, ORDER_CHANNELS } };
	const struct chip_op channels = { .kind = KIND_DWCONV2D, .order = ORDER_CHANNELS };

	overlap_and_verify(refused[_i].by, refused[_i].order == ORDER_CHANNELS ? &channels : NULL);
}
END_TEST

START_TEST(test_verify_accepts)
{
	break_and_verify(nothing);
}
END_TEST

START_TEST(test_verify_aborts)
{
	break_and_verify(breaks[_i]);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *
plan_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("plan"), *verify = tcase_create("verify");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_known, 0, COUNT(rows));
	tcase_add_loop_test(tc, test_gap, 0, COUNT(random_rows));
	tcase_add_test(tc, test_same_every_time);
	tcase_add_test(tc, test_order);
	tcase_add_test(tc, test_exact);
	tcase_add_loop_test(tc, test_large, 0, COUNT(large_rows));
	tcase_add_test(tc, test_print);
	suite_add_tcase(s, tc);
	tcase_add_test(verify, test_verify_accepts);
	tcase_add_test(verify, test_overlap_accepted);
	tcase_add_loop_test_raise_signal(verify, test_overlap_refused, SIGABRT, 0, 3);
	tcase_add_loop_test_raise_signal(verify, test_verify_aborts, SIGABRT, 1, COUNT(breaks));
	suite_add_tcase(s, verify);
	return s;
}
