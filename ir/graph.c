/* Making and changing a graph.  Every function costs O(1) for a node but graph_tidy, which is linear. */
#include <config.h>

#include <string.h>

#include "ir/graph.h"
#include "ir/shape.h"

struct graph *
graph_new(struct arena *arena, struct intern *names, name text)
{
	struct graph *g = ARENA_NEW(arena, struct graph);
	g->name = text;
	g->arena = arena;
	g->names = names;
	g->by_name = map_new(arena);
	g->suffixes = map_new(arena);
	return g;
}

static struct quant
copy_quant(struct graph *g, const struct quant *q)
{
	if (!q || q->count == 0)
		return (struct quant){ 0 };
	struct quant copy = *q;
	float *scale = ARENA_ARRAY(g->arena, float, (size_t)q->count);
	memcpy(scale, q->scale, (size_t)q->count * sizeof *scale);
	copy.scale = scale;
	return copy;
}

/* Put T, complete but for its id, into the lists. */
static void
enter(struct graph *g, struct tensor *t)
{
	t->id = (int)g->tensors.n;
	ARRAY_PUSH(g->arena, g->tensors, t);
	map_put(g->by_name, t->name, t);
}

static struct tensor *
leaf(struct graph *g, name text, enum dtype type, const struct shape *shape, const struct quant *q, struct loc loc)
{
	if (graph_find(g, text))
		die("two tensors are called '%s'", text);
	struct tensor *t = ARENA_NEW(g->arena, struct tensor);
	*t = (struct tensor){ .name = text, .dtype = type, .shape = *shape, .quant = copy_quant(g, q), .loc = loc };
	enter(g, t);
	return t;
}

struct tensor *
graph_input(struct graph *g, name text, enum dtype type, const struct shape *shape, const struct quant *q, struct loc loc)
{
	struct tensor *t = leaf(g, text, type, shape, q, loc);
	ARRAY_PUSH(g->arena, g->inputs, t);
	return t;
}

struct tensor *
graph_const(struct graph *g, name text, enum dtype type, const struct shape *shape, const struct quant *q,
	const void *data, struct loc loc)
{
	struct tensor *t = leaf(g, text, type, shape, q, loc);
	t->data = data;
	return t;
}

void
graph_output(struct graph *g, name text, struct tensor *t)
{
	ARRAY_PUSH(g->arena, g->outputs, t);
	ARRAY_PUSH(g->arena, g->output_names, text);
}

/* ---- nodes ---- */

/* Link N before POS, at the end if POS is NULL. */
static void
link_node(struct graph *g, struct node *pos, struct node *n)
{
	n->next = pos;
	n->prev = pos ? pos->prev : g->last;
	*(n->prev ? &n->prev->next : &g->first) = n;
	*(pos ? &pos->prev : &g->last) = n;
	g->node_count++;
}

struct node *
graph_insert(struct graph *g, struct node *pos, enum op op, name text, struct tensor *const *in, int nin,
	const struct attrs *attrs, const struct quant *q, struct loc loc, char *why)
{
	if (graph_find(g, text)) {
		reason(why, WHY_SIZE, "%s", blame_op(&g->fault, "the name '%s' is used twice", text));
		return NULL;
	}
	struct node *n = ARENA_NEW(g->arena, struct node);
	struct tensor *out = ARENA_NEW(g->arena, struct tensor);
	*n = (struct node){ .op = op, .name = text, .nin = nin, .out = out, .loc = loc, .label = text };
	n->in = ARENA_ARRAY(g->arena, struct tensor *, (size_t)nin);
	for (int k = 0; k < nin; k++)
		n->in[k] = in[k];
	attrs_init(&n->attr);
	for (int a = 0; attrs && a < ATTR_COUNT; a++)
		if (op_info[op].attrs >> a & 1)
			attr_copy(&n->attr, attrs, (enum attr)a);
	*out = (struct tensor){ .name = text, .quant = copy_quant(g, q), .producer = n, .loc = loc };
	if (shape_infer(n, &g->fault)) {
		reason(why, WHY_SIZE, "%s", g->fault.text);
		return NULL;
	}
	enter(g, out);
	link_node(g, pos, n);
	return n;
}

struct node *
graph_add(struct graph *g, enum op op, name text, struct tensor *const *in, int nin,
	const struct attrs *attrs, const struct quant *q, struct loc loc, char *why)
{
	return graph_insert(g, NULL, op, text, in, nin, attrs, q, loc, why);
}

void
graph_remove(struct graph *g, struct node *n)
{
	*(n->prev ? &n->prev->next : &g->first) = n->next;
	*(n->next ? &n->next->prev : &g->last) = n->prev;
	n->out->producer = NULL;
	g->node_count--;
}

/* ---- names ---- */

struct tensor *
graph_find(const struct graph *g, name text)
{
	return map_get(g->by_name, text);
}

void
graph_rename(struct graph *g, struct tensor *t, name text)
{
	if (graph_find(g, text))
		die("two tensors are called '%s'", text);
	map_put(g->by_name, t->name, NULL);
	map_put(g->by_name, text, t);
	t->name = text;
	if (t->producer)
		t->producer->name = text;
}

name
graph_unique(struct graph *g, name base)
{
	if (!graph_find(g, base))
		return base;
	uintptr_t k = (uintptr_t)map_get(g->suffixes, base);
	name text;
	if (k == 0)
		k = 2;
	do
		text = intern_printf(g->names, "%s_%llu", base, (unsigned long long)k++);
	while (graph_find(g, text));
	map_put(g->suffixes, base, (void *)k);
	return text;
}

/* ---- replacing and tidying ---- */

void
graph_replace(struct graph *g, struct tensor *old, struct tensor *new)
{
	(void)g;
	if (old == new)
		die("'%s' replaced by itself", old->name);
	old->forward = new;
}

/* The end of T's chain of replacements; the chain is shortened, so that all of them together cost linear time. */
static struct tensor *
resolve(const struct graph *g, struct tensor *t)
{
	struct tensor *end = t;
	for (size_t steps = 0; end->forward; end = end->forward)
		if (steps++ == g->tensors.n)
			die("the replacements of '%s' go in a circle", t->name);
	while (t != end) {
		struct tensor *next = t->forward;
		t->forward = end;
		t = next;
	}
	return end;
}

static struct tensor *
read_tensor(const struct graph *g, struct tensor *t, int *next_id)
{
	t = resolve(g, t);
	t->uses++;
	if (t->id < 0 && t->data)
		t->id = (*next_id)++;
	return t;
}

/* Number what the graph owns, in the order that graph.h states, and count reads; the rest keeps -1. */
static void
number(struct graph *g)
{
	int next_id = 0;
	for (size_t i = 0; i < g->tensors.n; i++) {
		g->tensors.v[i]->id = -1;
		g->tensors.v[i]->uses = 0;
	}
	for (size_t i = 0; i < g->inputs.n; i++)
		g->inputs.v[i]->id = next_id++;
	for (struct node *n = g->first; n; n = n->next) {
		for (int k = 0; k < n->nin; k++)
			n->in[k] = read_tensor(g, n->in[k], &next_id);
		n->out->id = next_id++;
	}
	for (size_t i = 0; i < g->outputs.n; i++)
		g->outputs.v[i] = read_tensor(g, g->outputs.v[i], &next_id);
}

void
graph_tidy(struct graph *g)
{
	struct tensor **v = g->tensors.v;
	size_t kept = 0;
	number(g);
	for (size_t i = 0; i < g->tensors.n; i++) {
		struct tensor *t = v[i];
		t->forward = NULL;
		if (t->id >= 0)
			v[kept++] = t;
		else if (graph_find(g, t->name) == t)
			map_put(g->by_name, t->name, NULL);
	}
	g->tensors.n = kept;
	/* Ids are a permutation of 0 .. kept - 1: each swap puts one tensor in its place. */
	for (size_t i = 0; i < kept; i++)
		while ((size_t)v[i]->id != i) {
			struct tensor *t = v[i];
			v[i] = v[t->id];
			v[t->id] = t;
		}
}

/* ---- numbers for reports ---- */

/* Each weight is used once at every position of the output (a dot product there), or, transposed, of the input. */
int64_t
node_macs(const struct node *n)
{
	if (n->op != OP_CONV2D && n->op != OP_DWCONV2D && n->op != OP_TCONV2D && n->op != OP_DENSE)
		return 0;
	const struct tensor *t = n->op == OP_TCONV2D ? n->in[0] : n->out;
	int64_t positions = tensor_count(t) / t->shape.dim[t->shape.rank - 1];
	return positions * tensor_count(n->in[1]);
}

int64_t
node_params(const struct node *n)
{
	int64_t count = 0;
	for (int k = 0; k < n->nin; k++)
		if (n->in[k]->data)
			count += tensor_count(n->in[k]);
	return count;
}

int64_t
graph_params(const struct graph *g)
{
	int64_t count = 0;
	for (size_t i = 0; i < g->tensors.n; i++)
		if (g->tensors.v[i]->data)
			count += tensor_count(g->tensors.v[i]);
	return count;
}
