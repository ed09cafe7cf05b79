/* Several memories: the choice against all others on small problems, and random networks in random memories, executed in their arenas.
 *
 * What is checked of a plan here is worked out from the program alone: which buffers are live together, and whether they share bytes. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "backend/assign.h"
#include "backend/plan.h"
#include "chips/chip.h"
#include "ir/eval.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "run_program.h"
#include "unit.h"

Suite *memories_suite(void);

/* ---- the choice ---- */

enum { ITEMS_MAX = 6, MEMORIES_MAX = 3, SLOTS = 6 };

struct problem {
	struct assign a;
	struct assign_item items[ITEMS_MAX];
	int64_t sizes[MEMORIES_MAX], offset[ITEMS_MAX];
	double costs[ITEMS_MAX][MEMORIES_MAX];
};

static bool
meet(const struct assign_item *a, const struct assign_item *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest offset of item I among the COUNT in PLACED. */
static int64_t
lowest(const struct problem *p, int i, const int *placed, int count)
{
	int64_t at = 0;

	for (int k = 0; k < count;) {
		const struct assign_item *other = &p->items[placed[k]];

		if (meet(&p->items[i], other) && at < p->offset[placed[k]] + other->size && p->offset[placed[k]] < at + p->items[i].size) {
			at = p->offset[placed[k]] + other->size;
			k = 0;
		} else {
			k++;
		}
	}
	return at;
}

/* The fewest bytes for items LIST: in some order each lies as low as it can. */
static int64_t
smallest(struct problem *p, int *list, int n, int placed, int64_t so_far, int64_t best)
{
	if (so_far >= best)
		return best;
	if (placed == n)
		return so_far;
	for (int k = placed; k < n; k++) {
		int i = list[k];
		int64_t end;

		list[k] = list[placed];
		list[placed] = i;
		p->offset[i] = lowest(p, i, list, placed);
		end = p->offset[i] + p->items[i].size;
		best = smallest(p, list, n, placed + 1, end > so_far ? end : so_far, best);
		list[placed] = list[k];
		list[k] = i;
	}
	return best;
}

static int64_t
pack(void *context, int m)
{
	struct problem *p = context;
	int list[ITEMS_MAX], n = 0;

	for (int i = 0; i < p->a.n; i++)
		if (p->items[i].memory == m)
			list[n++] = i;
	return n ? smallest(p, list, n, 0, 0, INT64_MAX) : 0;
}

static void
random_problem(struct problem *p, struct rng *r)
{
	*p = (struct problem){ .a = { .items = p->items, .sizes = p->sizes, .slots = SLOTS, .pack = pack, .context = p } };
	p->a.n = 2 + rng_below(r, ITEMS_MAX - 1);
	p->a.memories = 2 + rng_below(r, p->a.n < ITEMS_MAX ? 2 : 1);
	for (int m = 0; m < p->a.memories; m++)
		p->sizes[m] = 20 + rng_below(r, m == p->a.memories - 1 ? 400 : 150);
	for (int i = 0; i < p->a.n; i++) {
		int first = rng_below(r, SLOTS), accesses = 1 + rng_below(r, 50), only = rng_below(r, 8);

		p->items[i] = (struct assign_item){ .size = 1 + rng_below(r, 100), .first = first, .last = first + rng_below(r, SLOTS - first), .cost = p->costs[i] };
		for (int m = 0; m < p->a.memories; m++)
			p->costs[i][m] = only < p->a.memories && only != m ? INFINITY : accesses * (1 + 3 * m) + rng_below(r, 20);
	}
}

/* The least cost of all choices that pack; INFINITY: none does. */
static double
best_choice(struct problem *p, int i, double cost, double best)
{
	if (cost >= best)
		return best;
	if (i < p->a.n) {
		for (int m = 0; m < p->a.memories; m++) {
			p->items[i].memory = m;
			best = best_choice(p, i + 1, cost + p->costs[i][m], best);
		}
		return best;
	}
	for (int m = 0; m < p->a.memories; m++)
		if (pack(p, m) > p->sizes[m])
			return best;
	return cost;
}

START_TEST(choice_against_all)
{
	enum { PROBLEMS = 400 };
	int possible = 0, exact = 0;

	for (uint64_t seed = 0; seed < (uint64_t)share_of(PROBLEMS); seed++) {
		struct rng r = { seed * 2 + 1 };
		struct problem p;
		struct arena scratch = { 0 };
		double best;

		random_problem(&p, &r);
		best = best_choice(&p, 0, 0, INFINITY);
		assign_memories(&p.a, &scratch);
		arena_free(&scratch);
		ck_assert_msg(p.a.fits == isfinite(best), "seed %d: fits %d", (int)seed, p.a.fits);
		if (!p.a.fits)
			continue;
		for (int m = 0; m < p.a.memories; m++)
			ck_assert_int_le(pack(&p, m), p.sizes[m]);
		ck_assert_msg(p.a.cost <= best * 1.02 && p.a.cost >= best, "seed %d: cost %g, best %g", (int)seed, p.a.cost, best);
		ck_assert_msg(p.a.bound <= best * (1 + 1e-12), "seed %d: bound %g above %g", (int)seed, p.a.bound, best);
		ck_assert_msg(!p.a.exact || p.a.cost <= best * (1 + 1e-12), "seed %d: not exact", (int)seed);
		possible++;
		exact += p.a.exact;
	}
	ck_assert_int_gt(possible, share_of(PROBLEMS) / 4);
	ck_assert_int_eq(exact, possible);
}
END_TEST

/* ---- programs ---- */

struct bench {
	struct arena arena, scratch;
	struct intern *names;
	struct graph *g;
	struct diag diag;
	struct chip chip;
	FILE *out;
};

static struct program *
lower(struct bench *b, bool io_arena)
{
	struct program *p = program_lower(&b->arena, b->g, &b->diag, io_arena);

	ck_assert_ptr_nonnull(p);
	return p;
}

static void
bench_init(struct bench *b, uint64_t seed, enum dtype type, int nodes)
{
	struct pass_ctx ctx = { .diag = &b->diag, .scratch = &b->scratch };

	*b = (struct bench){ .out = fopen("/dev/null", "w") };
	b->names = intern_new(&b->arena);
	diag_init(&b->diag, &b->arena, b->out);
	b->g = random_graph(&b->arena, b->names, seed, type, nodes);
	graph_tidy(b->g);
	ck_assert(passes[PASS_alias].run(b->g, &ctx));
}

static void
bench_free(struct bench *b)
{
	fclose(b->out);
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

/* A chip with two or three arenas, the last large enough for BYTES or nearly, and two memories of constants. */
static void
random_chip(struct bench *b, struct rng *r, int64_t bytes, int64_t constants)
{
	int n = 2 + rng_below(r, 2);

	b->chip = (struct chip){ .name = intern(b->names, "c"), .file = "c.chip", .cores = 1, .portable = true };
	for (int m = 0; m < n + 2; m++) {
		int64_t most = m < n ? bytes : constants;
		int share = m == n - 1 || m == n + 1 ? 95 + rng_below(r, 120) : 5 + rng_below(r, 70);
		struct chip_memory memory = { .name = intern_printf(b->names, "m%d", m), .size = most * share / 100 + 16, .align = 1 << rng_below(r, 7),
			.section = ".s", .read = (1 + rng_below(r, 8)) / 4.0, .write = (1 + rng_below(r, 8)) / 4.0 };

		memory.roles = m >= n ? ROLE_WEIGHT : ROLE_ACTIVATION;
		if (m == n - 1 || rng_below(r, 2))
			memory.roles |= m >= n ? ROLE_BIAS : ROLE_ACCUMULATOR | ROLE_SCRATCH;
		if (m == n - 1 || m == n + 1)
			memory.size += 2048; /* of alignment, among others */
		ARRAY_PUSH(&b->arena, b->chip.memories, memory);
	}
	b->g->chip = &b->chip;
}

/* Whether some call may write the one over the other: its result, and what it reads for the last time. */
static bool
may_overlap(const struct program *p, const struct buffer *a, const struct buffer *b)
{
	for (const struct call *c = p->first; c; c = c->next) {
		const struct buffer *y = NULL;

		for (size_t i = 0; i < c->args.n; i++)
			if (c->args.v[i].kind == ARG_OUT)
				y = c->args.v[i].buf;
		for (size_t i = 0; i < c->args.n; i++) {
			const struct arg *x = &c->args.v[i];

			if (x->kind == ARG_IN && x->yields && ((x->buf == a && y == b) || (x->buf == b && y == a)))
				return x->buf->last == c->slot && y->first == c->slot;
		}
	}
	return false;
}

static void
check_plan(const struct program *p, uint64_t seed)
{
	for (size_t i = 0; i < p->memories.n; i++) {
		const struct memory *m = &p->memories.v[i];

		ck_assert_msg(p->missing_bytes > 0 || m->bytes <= m->size, "seed %d: memory %d overflows", (int)seed, (int)i);
		ck_assert_msg(m->constants || m->align >= m->chip->align, "seed %d: alignment of %d", (int)seed, (int)i);
	}
	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *a = p->buffers.v[i];
		const struct memory *m = &p->memories.v[a->memory];

		if (a->kind == BUF_CONST)
			ck_assert(m->constants);
		if (a->kind != BUF_ARENA || a->last < 0)
			continue;
		ck_assert_msg(!m->constants && a->offset >= 0 && a->offset + a->bytes <= m->bytes, "seed %d: '%s' outside", (int)seed, a->name);
		ck_assert_msg(a->offset % (a->port == PORT_NONE ? m->chip->align : 1) == 0, "seed %d: '%s' not aligned", (int)seed, a->name);
		for (size_t k = 0; k < i; k++) {
			const struct buffer *b = p->buffers.v[k];

			if (b->kind == BUF_ARENA && b->last >= 0 && b->memory == a->memory && a->first <= b->last && b->first <= a->last
				&& a->offset < b->offset + b->bytes && b->offset < a->offset + a->bytes)
				ck_assert_msg(may_overlap(p, a, b), "seed %d: '%s' over '%s'", (int)seed, a->name, b->name);
		}
	}
}

/* Every output as the evaluator has it, to the bit: the same loops run, wherever buffers lie, but for functions of <math.h>. */
static void
check_outputs(struct bench *b, const struct program *p, uint64_t seed)
{
	const void **inputs = random_values(&b->arena, b->g, seed), **values = eval_graph(&b->arena, b->g, inputs);
	void **outputs = ARENA_ARRAY(&b->arena, void *, b->g->outputs.n);

	for (size_t i = 0; i < b->g->outputs.n; i++)
		outputs[i] = arena_alloc(&b->arena, (size_t)tensor_bytes(b->g->outputs.v[i]));
	run_program_in_arena(p, inputs, outputs);
	for (size_t i = 0; i < b->g->outputs.n; i++)
		ck_assert_msg(memcmp(outputs[i], values[b->g->outputs.v[i]->id], (size_t)tensor_bytes(b->g->outputs.v[i])) == 0, "seed %d: output %d", (int)seed,
			(int)i);
}

static int64_t
const_bytes(const struct program *p)
{
	int64_t sum = 0;

	for (size_t i = 0; i < p->consts.n; i++)
		sum += p->consts.v[i]->bytes;
	return sum;
}

static const struct { bool io_arena; uint64_t seed; } rows[] = { { false, 0 }, { true, 0 }, { false, 5000 }, { true, 6000 } };

START_TEST(random_networks)
{
	enum { NETWORKS = 40 };
	int fit = 0, split = 0, all = share_of(NETWORKS);

	for (uint64_t seed = rows[_i].seed; seed < rows[_i].seed + (uint64_t)all; seed++) {
		struct rng r = { seed * 2 + 1 };
		struct bench b;
		struct program *whole, *p;
		int used = 0;

		bench_init(&b, seed, DT_I8, 4 + (int)(seed % 40));
		whole = lower(&b, rows[_i].io_arena);
		program_plan(whole);
		random_chip(&b, &r, whole->arena_bytes, const_bytes(whole));
		p = lower(&b, rows[_i].io_arena);
		program_plan(p);
		program_verify(p);
		check_plan(p, seed);
		check_outputs(&b, p, seed);
		for (int m = 0; m < program_arenas(p); m++)
			used += p->memories.v[m].bytes > 0;
		fit += p->missing_bytes == 0;
		split += used > 1;
		if (p->missing_bytes == 0)
			ck_assert_msg(p->access_cycles >= p->access_bound * (1 - 1e-9), "seed %d: %g cycles, bound %g", (int)seed, p->access_cycles, p->access_bound);
		bench_free(&b);
	}
	ck_assert_int_gt(fit, all / 2);
	ck_assert_int_gt(split, all / 3);
}
END_TEST

#define COUNT(rows) (int)(sizeof(rows) / sizeof *(rows))

Suite *
memories_suite(void)
{
	Suite *s = suite_create("memories");
	TCase *tc = tcase_create("memories");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, choice_against_all);
	tcase_add_loop_test(tc, random_networks, 0, COUNT(rows));
	suite_add_tcase(s, tc);
	return s;
}
