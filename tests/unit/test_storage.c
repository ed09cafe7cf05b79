/* The pass "alias" and the plan together: random graphs are executed on one real arena, reading and writing where base,
 * offset and pitch say, with memory poisoned before it is live and after.  Every output must equal the evaluator's, and
 * no operation may write what it still reads, except elementwise in place. */
#include <config.h>
#include <string.h>
#include "backend/program.h"
#include "ir/eval.h"
#include "passes/pass.h"
#include "asserts.h"
#include "random_graph.h"
#include "unit.h"

Suite *storage_suite(void);

enum { POISON = 0xa5, POISON_F32 = 0xff };

struct machine {
	struct arena arena, scratch;
	struct graph *g;
	struct program p;
	struct buffer **of;      /* by id of a base */
	unsigned char *memory;   /* the network's arena */
	unsigned char **data;    /* by buffer id */
	uint32_t **stamp;        /* by buffer id and byte: the call that last wrote it */
	uint32_t *memory_stamp;
	uint32_t step;           /* the call being executed, from 1 */
	int poison;
};

/* ---- the program, built from the storage that the graph states ---- */

static bool
moves_nothing(const struct node *n)
{
	int k;

	if (op_info[n->op].flags & OPF_VIEW)
		return true;
	if (n->op == OP_SLICE)
		return n->out->base == n->in[0]->base;
	for (k = 0; k < n->nin; k++)
		if (n->op != OP_CONCAT || n->in[k]->base != n->out->base)
			return false;
	return true;
}

static void
make_buffers(struct machine *m)
{
	struct graph *g = m->g;
	size_t i;

	m->of = ARENA_ARRAY(&m->arena, struct buffer *, g->tensors.n);
	for (i = 0; i < g->tensors.n; i++) {
		struct tensor *t = g->tensors.v[i];
		struct buffer *b;

		if (t->base != t)
			continue;
		b = ARENA_NEW(&m->arena, struct buffer);
		*b = (struct buffer){ .id = (int)m->p.buffers.n, .name = t->name, .dtype = t->dtype, .shape = t->shape,
			.bytes = tensor_bytes(t), .align = 4, .data = t->data };
		b->kind = t->data ? BUF_CONST : t->producer ? BUF_ARENA : BUF_INPUT;
		m->of[i] = b;
		ARRAY_PUSH(&m->arena, m->p.buffers, b);
	}
	for (i = 0; i < g->outputs.n; i++)
		m->of[g->outputs.v[i]->id]->kind = BUF_OUTPUT;
}

static void
add_arg(struct machine *m, struct call *c, enum arg_kind kind, const struct tensor *t)
{
	struct arg a = { .kind = kind, .name = "x", .buf = m->of[t->base->id], .dtype = t->dtype, .offset = t->offset };

	ARRAY_PUSH(&m->arena, c->args, a);
}

static void
make_calls(struct machine *m)
{
	const struct node *n;
	int k;

	for (n = m->g->first; n; n = n->next) {
		struct call *c;

		if (moves_nothing(n))
			continue;
		c = ARENA_NEW(&m->arena, struct call);
		c->index = m->p.call_count++;
		c->kernel = op_info[n->op].name;
		c->node = n;
		add_arg(m, c, ARG_OUT, n->out);
		for (k = 0; k < n->nin; k++)
			if (n->op != OP_CONCAT || n->in[k]->base != n->out->base)
				add_arg(m, c, ARG_IN, n->in[k]);
		*(m->p.last ? &m->p.last->next : &m->p.first) = c;
		m->p.last = c;
	}
}

/* ---- memory ---- */

static void
lay_out(struct machine *m, const void *const *inputs)
{
	size_t i, nth_input = 0;

	m->memory = arena_alloc(&m->arena, (size_t)m->p.arena_bytes + 1);
	m->memory_stamp = ARENA_ARRAY(&m->arena, uint32_t, (size_t)m->p.arena_bytes + 1);
	memset(m->memory, m->poison, (size_t)m->p.arena_bytes);
	m->data = ARENA_ARRAY(&m->arena, unsigned char *, m->p.buffers.n);
	m->stamp = ARENA_ARRAY(&m->arena, uint32_t *, m->p.buffers.n);
	for (i = 0; i < m->p.buffers.n; i++) {
		struct buffer *b = m->p.buffers.v[i];

		if (b->kind == BUF_ARENA) {
			m->data[i] = m->memory + b->offset;
			m->stamp[i] = m->memory_stamp + b->offset;
			continue;
		}
		m->stamp[i] = ARENA_ARRAY(&m->arena, uint32_t, (size_t)b->bytes);
		m->data[i] = arena_alloc(&m->arena, (size_t)b->bytes);
		memset(m->data[i], m->poison, (size_t)b->bytes);
		if (b->kind == BUF_CONST)
			memcpy(m->data[i], b->data, (size_t)b->bytes);
	}
	for (; nth_input < m->g->inputs.n; nth_input++) {
		const struct buffer *b = m->of[m->g->inputs.v[nth_input]->id];

		memcpy(m->data[b->id], inputs[nth_input], (size_t)b->bytes);
	}
}

/* The bytes of T's vector R, as T's storage states. */
static int64_t
vector_at(const struct tensor *t, int64_t r)
{
	return (t->offset + r * t->pitch) * dtype_info[t->dtype].bytes;
}

static int64_t
vector_bytes(const struct tensor *t)
{
	return (t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1) * dtype_info[t->dtype].bytes;
}

static void
gather(struct machine *m, const struct tensor *t, unsigned char *to)
{
	const unsigned char *data = m->data[m->of[t->base->id]->id];
	int64_t bytes = vector_bytes(t), r;

	for (r = 0; r < tensor_bytes(t) / bytes; r++)
		memcpy(to + r * bytes, data + vector_at(t, r), (size_t)bytes);
}

static void
scatter(struct machine *m, const struct tensor *t, const unsigned char *from)
{
	int id = m->of[t->base->id]->id;
	int64_t bytes = vector_bytes(t), r, i;

	for (r = 0; r < tensor_bytes(t) / bytes; r++) {
		memcpy(m->data[id] + vector_at(t, r), from + r * bytes, (size_t)bytes);
		for (i = 0; i < bytes; i++)
			m->stamp[id][vector_at(t, r) + i] = m->step;
	}
}

/* Whether the step just done wrote bytes of T. */
static bool
was_written(struct machine *m, const struct tensor *t)
{
	const uint32_t *stamp = m->stamp[m->of[t->base->id]->id];
	int64_t bytes = vector_bytes(t), r, i;

	for (r = 0; r < tensor_bytes(t) / bytes; r++)
		for (i = 0; i < bytes; i++)
			if (stamp[vector_at(t, r) + i] == m->step)
				return true;
	return false;
}

/* ---- execution ---- */

static void
check_in_place(struct machine *m, const struct node *n, int k)
{
	const struct tensor *x = n->in[k];
	bool goes_on = op_info[n->op].flags & OPF_SUM && k == INPUT_SUM;

	if (!was_written(m, x))
		return;
	ck_assert_msg(op_info[n->op].flags & OPF_ELEMENTWISE || goes_on, "'%s' overwrites its input", n->name);
	ck_assert_msg(x->base == n->out->base && x->offset == n->out->offset && x->pitch == n->out->pitch
		&& shape_equal(&x->shape, &n->out->shape), "'%s' overwrites a different part of its input", n->name);
}

static unsigned char *
evaluate(struct machine *m, const struct node *n)
{
	const void **in = ARENA_ARRAY(&m->scratch, const void *, (size_t)n->nin);
	unsigned char *out = arena_alloc(&m->scratch, (size_t)tensor_bytes(n->out));
	int k;

	for (k = 0; k < n->nin; k++) {
		unsigned char *x = arena_alloc(&m->scratch, (size_t)tensor_bytes(n->in[k]));

		gather(m, n->in[k], x);
		in[k] = x;
	}
	eval_table[n->op](n, in, out);
	return out;
}

/* Input K of a concat goes to its part of the result. */
static void
concat_part(struct machine *m, const struct node *n, int k, int64_t at)
{
	const struct tensor *x = n->in[k], *out = n->out;
	int axis = n->attr.axis, i;
	int64_t inner = 1, outer = 1, o, bytes = dtype_info[x->dtype].bytes, run, e;
	unsigned char *from = arena_alloc(&m->scratch, (size_t)tensor_bytes(x));
	int64_t last = out->shape.dim[out->shape.rank - 1];
	int id = m->of[out->base->id]->id;

	gather(m, x, from);
	for (i = 0; i < axis; i++)
		outer *= out->shape.dim[i];
	for (i = axis + 1; i < out->shape.rank; i++)
		inner *= out->shape.dim[i];
	run = inner * x->shape.dim[axis];
	for (o = 0; o < outer; o++)
		for (e = 0; e < run; e++) {
			int64_t to = o * inner * out->shape.dim[axis] + at * inner + e;
			int64_t place = (out->offset + to / last * out->pitch + to % last) * bytes;

			memcpy(m->data[id] + place, from + (o * run + e) * bytes, (size_t)bytes);
			m->stamp[id][place] = m->step;
		}
}

static void
execute(struct machine *m, const struct node *n)
{
	unsigned char *out;
	int64_t at = 0;
	int k;

	if (n->op == OP_CONCAT) {
		for (k = 0; k < n->nin; at += n->in[k]->shape.dim[n->attr.axis], k++)
			if (n->in[k]->base != n->out->base)
				concat_part(m, n, k, at);
	} else {
		out = evaluate(m, n);
		scatter(m, n->out, out);
	}
	for (k = 0; k < n->nin; k++)
		if (n->op != OP_CONCAT || n->in[k]->base != n->out->base)
			check_in_place(m, n, k);
}

static void
poison_dead(struct machine *m, int call)
{
	size_t i;

	for (i = 0; i < m->p.buffers.n; i++) {
		const struct buffer *b = m->p.buffers.v[i];

		if (b->kind == BUF_ARENA && b->last == call)
			memset(m->data[i], m->poison, (size_t)b->bytes);
	}
}

static void
check_equal(struct machine *m, const struct tensor *t, const void *want, uint64_t seed)
{
	unsigned char *have = arena_alloc(&m->scratch, (size_t)tensor_bytes(t));

	gather(m, t, have);
	if (!memcmp(have, want, (size_t)tensor_bytes(t)))
		return;
	graph_print(stderr, m->g, NULL);
	program_print(stderr, &m->p);
	ck_abort_msg("seed %llu: '%s' differs", (unsigned long long)seed, t->name);
}

/* Check what moves no data as soon as all that it shows has been computed. */
static void
check_views(struct machine *m, bool *known, const void **want, uint64_t seed)
{
	for (const struct node *n = m->g->first; n; n = n->next) {
		bool all = !known[n->out->id] && moves_nothing(n);

		for (int k = 0; k < n->nin; k++)
			all &= known[n->in[k]->id] || !n->in[k]->producer;
		if (!all)
			continue;
		known[n->out->id] = true;
		check_equal(m, n->out, want[n->out->id], seed);
	}
}

/* Every result is checked when it has just been computed, and outputs again at the end. */
static void
run(struct machine *m, const void *const *inputs, uint64_t seed)
{
	const void **want = eval_graph(&m->arena, m->g, inputs);
	bool *known = ARENA_ARRAY(&m->arena, bool, m->g->tensors.n);
	size_t i;

	lay_out(m, inputs);
	check_views(m, known, want, seed);
	for (const struct call *c = m->p.first; c; c = c->next) {
		m->step++;
		execute(m, c->node);
		known[c->node->out->id] = true;
		check_equal(m, c->node->out, want[c->node->out->id], seed);
		check_views(m, known, want, seed);
		poison_dead(m, c->index);
		arena_free(&m->scratch);
	}
	for (i = 0; i < m->g->outputs.n; i++)
		check_equal(m, m->g->outputs.v[i], want[m->g->outputs.v[i]->id], seed);
}

/* ---- tests ---- */

enum { GRAPHS_PER_ROW = 50, ROWS = 24 };

static void
run_seed(uint64_t seed, enum dtype t, int nodes, bool optimised)
{
	struct machine m = { .poison = t == DT_F32 ? POISON_F32 : POISON };
	struct intern *names = intern_new(&m.arena);
	struct diag diag;
	struct pass_ctx ctx = { .diag = &diag, .scratch = &m.scratch };
	bool stopped;

	diag_init(&diag, &m.arena, stderr);
	m.g = random_graph(&m.arena, names, seed, t, nodes);
	if (optimised)
		ck_assert(passes_run(m.g, &ctx, &stopped));
	else {
		ck_assert(pass_dce(m.g, &ctx) && pass_alias(m.g, &ctx));
		graph_verify(m.g, "alias");
		arena_free(&m.scratch);
	}
	m.p.graph = m.g;
	m.p.arena = &m.arena;
	make_buffers(&m);
	make_calls(&m);
	program_plan(&m.p);
	program_verify(&m.p);
	run(&m, random_values(&m.arena, m.g, seed), seed);
	arena_free(&m.scratch);
	arena_free(&m.arena);
}

START_TEST(test_random)
{
	int i;

	for (i = 0; i < share_of(GRAPHS_PER_ROW); i++)
		run_seed((uint64_t)(_i * GRAPHS_PER_ROW + i), _i % 2 ? DT_F32 : DT_I8, 3 + (_i + i) % 50, _i / 2 % 2);
}
END_TEST

Suite *
storage_suite(void)
{
	Suite *s = suite_create("storage");
	TCase *tc = tcase_create("random graphs");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, test_random, 0, ROWS);
	suite_add_tcase(s, tc);
	return s;
}
