/* Memories: those of the chip that have a section, or one arena and one place for constants.
 *
 * A buffer's cost in a memory is the bytes that are read of it and written to it in an inference (access.c) times the memory's cycles a byte. Results,
 * scratch and sums may lie where a memory's roles say so; where no memory holds sums or scratch they lie where results may. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "backend/access.h"
#include "backend/assign.h"
#include "backend/memories.h"
#include "backend/plan.h"
#include "backend/reads.h"
#include "chips/chip.h"

/* ---- which there are ---- */

static void
add_memories(struct program *p, bool constants)
{
	const struct chip *chip = p->graph ? p->graph->chip : NULL;
	size_t before = p->memories.n;

	for (size_t i = 0; chip && i < chip->memories.n; i++) {
		const struct chip_memory *m = &chip->memories.v[i];

		if (m->section && m->roles & (constants ? ROLES_CONSTANT : ROLES_RAM))
			ARRAY_PUSH(p->arena, p->memories, ((struct memory){ .chip = m, .constants = constants, .size = m->size }));
	}
	if (p->memories.n == before)
		ARRAY_PUSH(p->arena, p->memories, ((struct memory){ .constants = constants, .size = INT64_MAX }));
}

void
program_memories(struct program *p)
{
	if (p->memories.n > 0)
		return;
	add_memories(p, false);
	add_memories(p, true);
}

int
program_arenas(const struct program *p)
{
	int n = 0;

	for (size_t i = 0; i < p->memories.n; i++)
		n += !p->memories.v[i].constants;
	return n;
}

/* ---- roles ---- */

static bool
is_weight(const struct call *c, const struct arg *a)
{
	bool operand = strcmp(a->name, "x") == 0 || strcmp(a->name, "a") == 0;

	if (strcmp(a->name, "b") == 0)
		for (size_t i = 0; i < c->args.n; i++)
			operand |= strcmp(c->args.v[i].name, "a") == 0;
	return operand || call_is_weight(a->name) || strcmp(a->name, "w") == 0;
}

/* By buffer id, from how calls use it; sums are what layers leave in 16 and 32 bits. */
static unsigned *
find_roles(const struct program *p, struct arena *scratch)
{
	unsigned *role = ARENA_ARRAY(scratch, unsigned, p->buffers.n + 1);

	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		role[i] = b->kind == BUF_CONST ? ROLE_BIAS : b->port == PORT_NONE && (b->dtype == DT_I32 || b->dtype == DT_I16) ? ROLE_ACCUMULATOR : ROLE_ACTIVATION;
	}
	for (const struct call *c = program_kernels(p); c; c = program_next_kernel(c))
		for (size_t i = 0; i < c->args.n; i++) {
			const struct arg *a = &c->args.v[i];

			if (a->kind > ARG_SCRATCH || !a->buf)
				continue;
			if (a->kind == ARG_SCRATCH)
				role[a->buf->id] = ROLE_SCRATCH;
			else if (a->buf->kind == BUF_CONST && is_weight(c, a))
				role[a->buf->id] = ROLE_WEIGHT;
		}
	return role;
}

static bool
holds(const struct memory *m, unsigned role)
{
	return !m->chip || m->chip->roles & role;
}

/* ROLE, or if no memory of the N has it that of results (weights). */
static unsigned
role_or_default(const struct memory *m, int n, unsigned role)
{
	for (int i = 0; i < n; i++)
		if (holds(&m[i], role))
			return role;
	return role & ROLES_RAM ? ROLE_ACTIVATION : ROLE_WEIGHT;
}

/* ---- the choice ---- */

struct choice {
	struct program *p;
	struct arena *scratch;
	struct memory *memories; /* those of a kind */
	int first, n;            /* of the program's */
	struct assign assign;
	struct buffer **buffers; /* by item */
	int64_t *sizes;
};

double
memory_cycles(const struct memory *m, double reads, double writes)
{
	return m->chip ? reads * m->chip->read + writes * m->chip->write : 0;
}

static double
cost_in(const struct memory *m, const struct access *of)
{
	return memory_cycles(m, of->reads, of->writes);
}

static void
begin_choice(struct choice *c, bool constants, size_t most)
{
	int arenas = program_arenas(c->p), all = (int)c->p->memories.n;

	c->first = constants ? arenas : 0;
	c->n = constants ? all - arenas : arenas;
	c->memories = c->p->memories.v + c->first;
	c->buffers = ARENA_ARRAY(c->scratch, struct buffer *, most + 1);
	c->sizes = ARENA_ARRAY(c->scratch, int64_t, (size_t)c->n);
	for (int m = 0; m < c->n; m++)
		c->sizes[m] = c->memories[m].size;
	c->assign = (struct assign){ .items = ARENA_ARRAY(c->scratch, struct assign_item, most + 1), .sizes = c->sizes, .memories = c->n, .context = c };
}

static void
add_item(struct choice *c, struct buffer *b, unsigned role, const struct access *of)
{
	double *cost = ARENA_ARRAY(c->scratch, double, (size_t)c->n);

	role = role_or_default(c->memories, c->n, role);
	for (int m = 0; m < c->n; m++)
		cost[m] = holds(&c->memories[m], role) ? cost_in(&c->memories[m], of) : INFINITY;
	c->buffers[c->assign.n] = b;
	c->assign.items[c->assign.n++] = (struct assign_item){ .size = b->bytes, .first = b->first, .last = b->last, .cost = cost };
}

static void
take_answer(struct choice *c)
{
	for (int i = 0; i < c->assign.n; i++)
		c->buffers[i]->memory = c->first + c->assign.items[i].memory;
}

static int64_t
pack_arena(void *context, int m)
{
	struct choice *c = context;
	struct arena scratch = { 0 };
	struct plan plan;
	int64_t bytes;

	take_answer(c);
	plan_begin(&plan, c->p, c->first + m, &scratch);
	plan_pack(&plan, c->sizes[m]);
	bytes = plan.n ? plan.best : 0;
	arena_free(&scratch);
	return bytes;
}

static void
choose_arenas(struct choice *c, const struct plan *all, const unsigned *roles, const struct access *access)
{
	struct assign_pair *pairs;
	int *item_of = ARENA_ARRAY(c->scratch, int, c->p->buffers.n + 1);
	int count = 0;

	begin_choice(c, false, (size_t)all->n);
	for (int i = 0; i < all->n; i++) {
		struct buffer *b = all->items[i].buf;

		item_of[b->id] = i;
		add_item(c, b, roles[b->id], &access[b->id]);
		count += all->items[i].over_count;
	}
	pairs = ARENA_ARRAY(c->scratch, struct assign_pair, (size_t)count + 1);
	count = 0;
	for (int i = 0; i < all->n; i++)
		for (int k = 0; k < all->items[i].over_count; k++) {
			const struct item *x = all->items[i].over[k].x;

			pairs[count++] = (struct assign_pair){ item_of[x->buf->id], i,
				overlap_saves(x->size, all->items[i].size, all->items[i].over[k].distance, 1) };
		}
	c->assign.pairs = pairs;
	c->assign.pair_count = count;
	c->assign.slots = c->p->slots > 0 ? c->p->slots : 1;
	c->assign.pack = pack_arena;
	assign_memories(&c->assign, c->scratch);
	take_answer(c);
}

/* ---- constants ---- */

static int
const_align(const struct memory *m, const struct buffer *b)
{
	int align = m->chip ? m->chip->align : 1;

	if (b->align > align)
		align = b->align;
	return align > dtype_info[b->dtype].bytes ? align : dtype_info[b->dtype].bytes;
}

/* A linker puts one behind the other in no order that is known: each may lose what aligns it. */
static int64_t
const_bytes(const struct memory *m, const struct buffer *b)
{
	return align_up(b->bytes, const_align(m, b));
}

static int64_t
pack_constants(void *context, int m)
{
	struct choice *c = context;
	int64_t sum = 0;

	for (int i = 0; i < c->assign.n; i++)
		if (c->assign.items[i].memory == m)
			sum += const_bytes(&c->memories[m], c->buffers[i]);
	return sum;
}

static void
choose_constants(struct choice *c, const unsigned *roles, const struct access *access)
{
	begin_choice(c, true, c->p->consts.n);
	for (size_t i = 0; i < c->p->consts.n; i++) {
		struct buffer *b = c->p->consts.v[i];
		struct assign_item *it = &c->assign.items[c->assign.n];

		add_item(c, b, roles[b->id], &access[b->id]);
		it->first = it->last = 0;
	}
	c->assign.slots = 1;
	c->assign.pack = pack_constants;
	assign_memories(&c->assign, c->scratch);
	take_answer(c);
	for (int i = 0; i < c->assign.n; i++) {
		struct memory *m = &c->p->memories.v[c->buffers[i]->memory];

		m->bytes += const_bytes(m, c->buffers[i]);
		if (m->chip && m->chip->align > c->buffers[i]->align)
			c->buffers[i]->align = m->chip->align;
	}
}

bool
memories_any(const struct program *p)
{
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip)
			return true;
	return false;
}

void
memories_choose(struct program *p, struct plan *all)
{
	int arenas = program_arenas(p);
	struct choice c = { .p = p, .scratch = all->scratch };

	for (size_t i = 0; i < p->buffers.n; i++)
		p->buffers.v[i]->memory = p->buffers.v[i]->kind == BUF_CONST ? arenas : 0;
	for (size_t i = 0; i < p->memories.n; i++)
		p->memories.v[i].bytes = 0;
	if (!memories_any(p)) {
		for (size_t i = 0; i < p->consts.n; i++)
			p->memories.v[arenas].bytes += p->consts.v[i]->bytes;
		return;
	}
	const unsigned *roles = find_roles(p, c.scratch);
	const struct access *access = access_count(p, c.scratch);

	p->access_bound = 0;
	if (arenas > 1) {
		choose_arenas(&c, all, roles, access);
		p->access_bound = c.assign.bound;
		p->access_exact = c.assign.exact;
	} else {
		p->access_exact = true;
		for (int i = 0; i < all->n; i++)
			p->access_bound += cost_in(&p->memories.v[0], &access[all->items[i].buf->id]);
	}
	choose_constants(&c, roles, access);
	p->access_bound += c.assign.bound;
	p->access_exact &= c.assign.exact;
}

/* ---- sums ---- */

void
memories_total(struct program *p)
{
	struct arena scratch = { 0 };
	const struct access *access;

	p->missing_bytes = 0;
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].bytes > p->memories.v[i].size)
			p->missing_bytes += p->memories.v[i].bytes - p->memories.v[i].size;
	if (!memories_any(p))
		return;
	access = access_count(p, &scratch);
	p->access_cycles = 0;
	for (size_t i = 0; i < p->memories.n; i++)
		p->memories.v[i].reads = p->memories.v[i].writes = 0;
	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];
		struct memory *m = &p->memories.v[b->memory];

		if (b->kind != BUF_ARENA && b->kind != BUF_CONST)
			continue;
		m->reads += access[i].reads;
		m->writes += access[i].writes;
		p->access_cycles += cost_in(m, &access[i]);
	}
	arena_free(&scratch);
}
