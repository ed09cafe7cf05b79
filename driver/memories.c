/* The chip's memories in the report: how full they are, what is accessed there, what lies where. */
#include <config.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "backend/access.h"
#include "backend/emit.h"
#include "backend/memories.h"
#include "chips/chip.h"
#include "driver/plans.h"
#include "driver/memories.h"
#include "driver/ram.h"
#include "driver/table.h"

enum { CONSTANTS_NAMED = 6 };

/* "activation, scratch" */
static const char *
roles_text(struct arena *a, unsigned roles)
{
	const char *text = "";

	for (int k = 0; k < ROLE_COUNT; k++)
		if (roles >> k & 1)
			text = arena_printf(a, "%s%s%s", text, *text ? ", " : "", chip_roles[k]);
	return text;
}

/* ---- text ---- */

static void
add_row(struct table *t, const struct memory *m)
{
	const char **cell = table_row(t);

	cell[0] = m->chip->name;
	cell[1] = roles_text(t->arena, m->chip->roles);
	cell[2] = table_count(t->arena, m->bytes);
	cell[3] = table_count(t->arena, m->size);
	cell[4] = arena_printf(t->arena, "%.1f%%", 100.0 * (double)m->bytes / (double)m->size);
	cell[5] = m->constants ? "" : table_count(t->arena, m->bytes - m->lower_bound);
	cell[6] = table_count(t->arena, llround(m->reads));
	cell[7] = table_count(t->arena, llround(m->writes));
	cell[8] = table_count(t->arena, llround(memory_cycles(m, m->reads, m->writes)));
}

static int
by_size(const void *x, const void *y)
{
	const struct buffer *a = *(const struct buffer *const *)x, *b = *(const struct buffer *const *)y;

	return a->bytes != b->bytes ? (a->bytes < b->bytes ? 1 : -1) : a->id - b->id;
}

/* "flash: conv2.weight (2,304), conv3.weight (2,304) and 33 more": the largest first. */
static void
print_constants(struct arena *a, const struct program *p, int memory)
{
	const struct buffer **in = ARENA_ARRAY(a, const struct buffer *, p->consts.n + 1);
	struct text text = { .arena = a };
	size_t n = 0;

	for (size_t i = 0; i < p->consts.n; i++)
		if (p->consts.v[i]->memory == memory)
			in[n++] = p->consts.v[i];
	if (n == 0)
		return;
	qsort(in, n, sizeof *in, by_size);
	text_add(&text, "%s:", p->memories.v[memory].chip->name);
	for (size_t i = 0; i < n && i < CONSTANTS_NAMED; i++)
		text_add(&text, "%s %s (%s)", i ? "," : "", in[i]->name, table_count(a, in[i]->bytes));
	if (n > CONSTANTS_NAMED)
		text_add(&text, " and %zu more", n - CONSTANTS_NAMED);
	table_wrap(stdout, 2, text_get(&text));
}

static void
print_cycles(struct arena *a, const struct program *p)
{
	const char *sum = table_count(a, llround(p->access_cycles));

	if (p->access_cycles <= 0)
		return;
	if (p->access_cycles <= p->access_bound * (1 + 1e-9))
		printf("\naccesses take %s cycles, by the costs of the memories; nothing takes fewer\n", sum);
	else
		printf("\naccesses take %s cycles, by the costs of the memories; no choice of memories takes fewer than %s (%.1f%% less)%s\n", sum,
			table_count(a, llround(p->access_bound)), 100 * (1 - p->access_bound / p->access_cycles), p->access_exact ? ", and none was found to" : "");
}

void
memories_print(struct compilation *c, const struct report *r)
{
	static const char *const names[] = { "memory", "holds", "bytes", "of", "used", "gap", "read", "written", "cycles" };
	const struct program *p = r->program;
	struct table t = table_new(&c->ir, names, 9, 0x1fc);

	if (!memories_any(p))
		return;
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip)
			add_row(&t, &p->memories.v[i]);
	printf("\nmemories, and what an inference reads and writes there:\n\n");
	table_print(stdout, &t);
	print_cycles(&c->ir, p);
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip && p->memories.v[i].constants)
			print_constants(&c->ir, p, (int)i);
}

/* ---- JSON ---- */

static json_t *
buffer_json(const struct buffer *b, const struct access *of)
{
	json_t *j = json_object();

	json_put(j, "name", json_text(b->name));
	json_put(j, "bytes", json_integer(b->bytes));
	if (b->kind == BUF_ARENA) {
		json_put(j, "offset", json_integer(b->offset));
		json_put(j, "first", json_integer(b->first));
		json_put(j, "last", json_integer(b->last));
	}
	json_put(j, "read_bytes", json_real(of->reads));
	json_put(j, "written_bytes", json_real(of->writes));
	return j;
}

static json_t *
memory_json(const struct program *p, int memory, const struct access *access)
{
	const struct memory *m = &p->memories.v[memory];
	json_t *j = json_object(), *buffers = json_array();

	json_put(j, "name", json_text(m->chip->name));
	json_put(j, "section", json_text(m->chip->section));
	json_put(j, "holds", json_string(m->constants ? "constants" : "results"));
	json_put(j, "bytes", json_integer(m->bytes));
	json_put(j, "size", json_integer(m->size));
	if (!m->constants) {
		json_put(j, "align", json_integer(m->align));
		json_put(j, "lower_bound_bytes", json_integer(m->lower_bound));
		json_put(j, "gap_bytes", json_integer(m->bytes - m->lower_bound));
	}
	json_put(j, "read_bytes", json_real(m->reads));
	json_put(j, "written_bytes", json_real(m->writes));
	json_put(j, "cycles", json_real(memory_cycles(m, m->reads, m->writes)));
	for (size_t i = 0; i < p->buffers.n; i++) {
		const struct buffer *b = p->buffers.v[i];

		if (b->memory == memory && (m->constants ? b->kind == BUF_CONST : b->kind == BUF_ARENA && b->last >= 0))
			json_array_append_new(buffers, buffer_json(b, &access[i]));
	}
	json_put(j, "buffers", buffers);
	return j;
}

json_t *
memories_json(struct compilation *c, const struct report *r)
{
	const struct program *p = r->program;
	const struct access *access = access_count(p, &c->ir);
	json_t *list = json_array(), *j = json_object();

	if (!memories_any(p)) {
		json_decref(list);
		json_decref(j);
		return NULL;
	}
	for (size_t i = 0; i < p->memories.n; i++)
		if (p->memories.v[i].chip)
			json_array_append_new(list, memory_json(p, (int)i, access));
	json_put(j, "memories", list);
	json_put(j, "cycles", json_real(p->access_cycles));
	json_put(j, "least_cycles", json_real(p->access_bound));
	json_put(j, "exact", json_boolean(p->access_exact));
	return j;
}
