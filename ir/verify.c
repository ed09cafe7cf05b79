/* The invariants of a graph.  graph_broken finds the first broken one; a pass that left it is at fault, so
 * graph_verify aborts with the graph's text. */
#include <config.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ir/graph.h"
#include "ir/shape.h"

static bool
listed(const struct graph *g, const struct tensor *t)
{
	return t && t->id >= 0 && (size_t)t->id < g->tensors.n && g->tensors.v[t->id] == t;
}

/* ---- tensors ---- */

/* Bits of 8 values a turn, which compilers vectorise: constants can be large. */
static bool
all_finite(const float *v, int64_t n)
{
	const uint32_t exponent = 0x7f800000;
	uint32_t bad = 0;
	int64_t i = 0;
	for (; i + 8 <= n && !bad; i += 8) {
		uint32_t bits[8];
		memcpy(bits, v + i, sizeof bits);
		for (int k = 0; k < 8; k++)
			bad |= (bits[k] & exponent) == exponent;
	}
	for (; i < n; i++)
		bad |= !isfinite(v[i]);
	return !bad;
}

static const char *
broken_const_quant(const struct tensor *t, char *why)
{
	const struct quant *q = &t->quant;
	if (q->count == 0)
		return NULL;
	if (t->dtype == DT_F32)
		return reason(why, WHY_SIZE, "an f32 constant has no scale");
	if (q->count > 1 && (q->axis < 0 || q->axis >= t->shape.rank || t->shape.dim[q->axis] != q->count))
		return reason(why, WHY_SIZE, "%d scales do not fit dimension %d", q->count, q->axis);
	for (int i = 0; i < q->count; i++)
		if (!(isfinite(q->scale[i]) && q->scale[i] >= 0))
			return reason(why, WHY_SIZE, "scale %d is not a number from 0 on", i);
	return NULL;
}

/* Storage that the pass "alias" gave: rows of the last dimension at a pitch inside a base that is no view. */
static const char *
broken_view(const struct graph *g, const struct tensor *t, char *why)
{
	const struct tensor *b = t->base;
	int32_t width = t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
	if (!listed(g, b))
		return reason(why, WHY_SIZE, "its base is not in the graph");
	if (b->base != b)
		return reason(why, WHY_SIZE, "its base %%%d is itself a view", b->id);
	if (b == t && (t->offset != 0 || t->pitch != width))
		return reason(why, WHY_SIZE, "own storage at offset %lld pitch %d", (long long)t->offset, t->pitch);
	if (b->dtype != t->dtype)
		return reason(why, WHY_SIZE, "its base %%%d has another element type", b->id);
	int64_t rows = tensor_count(t) / width, room = tensor_count(b);
	if (t->offset < 0 || t->offset > room || t->pitch < width
	    || (rows - 1) * t->pitch + width > room - t->offset)
		return reason(why, WHY_SIZE, "%lld rows of %d from %lld on at pitch %d are outside base %%%d of %lld elements",
			(long long)rows, width, (long long)t->offset, t->pitch, b->id, (long long)room);
	return NULL;
}

static const char *
broken_leaf(const struct tensor *t, char *why)
{
	if (!t->data)
		return quant_check(&t->quant, t->dtype, why, WHY_SIZE);
	if (t->dtype == DT_F32 && !all_finite(t->data, tensor_count(t)))
		return reason(why, WHY_SIZE, "a value of the constant is not finite");
	return broken_const_quant(t, why);
}

static const char *
broken_tensor(const struct graph *g, const struct tensor *t, size_t i, char *why)
{
	if (t->id != (int)i)
		return reason(why, WHY_SIZE, "stands at place %d", (int)i);
	if (!t->name || graph_find(g, t->name) != t)
		return reason(why, WHY_SIZE, "is not found by its name");
	if (t->forward)
		return reason(why, WHY_SIZE, "is replaced but the graph was not tidied");
	if (t->dtype >= DT_COUNT)
		return reason(why, WHY_SIZE, "has no element type");
	const char *bad = shape_check(&t->shape);
	if (!bad && t->producer && t->producer->out != t)
		bad = "is not its producer's result";
	if (!bad && t->producer && t->data)
		bad = "is a result and a constant";
	if (!bad && !t->producer)
		bad = broken_leaf(t, why);
	if (!bad && t->base)
		bad = broken_view(g, t, why);
	return bad;
}

static const char *
broken_tensors(const struct graph *g, int *results, char *why, struct loc *loc)
{
	char sub[WHY_SIZE];
	size_t leaves = 0;
	*results = 0;
	for (size_t i = 0; i < g->tensors.n; i++) {
		const struct tensor *t = g->tensors.v[i];
		const char *bad = broken_tensor(g, t, i, sub);
		if (bad) {
			*loc = t->loc;
			return reason(why, WHY_SIZE, "%%%d '%s': %s", t->id, t->name ? t->name : "?", bad);
		}
		*results += t->producer != NULL;
		leaves += !t->producer && !t->data;
	}
	for (size_t i = 0; i < g->inputs.n; i++)
		if (!listed(g, g->inputs.v[i]) || g->inputs.v[i]->producer || g->inputs.v[i]->data)
			return reason(why, WHY_SIZE, "input %d is not a tensor without data and producer", (int)i);
	if (leaves != g->inputs.n)
		return reason(why, WHY_SIZE, "%d tensors have neither data nor a producer but the graph has %d inputs",
			(int)leaves, (int)g->inputs.n);
	return NULL;
}

/* ---- nodes ---- */

/* The shape rule, run again on a copy, must change nothing. */
static const char *
broken_rule(const struct node *n, char *why)
{
	struct tensor out = *n->out;
	struct node copy = *n;
	char has[SHAPE_TEXT], gives[SHAPE_TEXT];
	copy.out = &out;
	struct fault fault;
	if (shape_infer(&copy, &fault))
		return reason(why, WHY_SIZE, "%s", fault.text);
	if (out.dtype != n->out->dtype || !shape_equal(&out.shape, &n->out->shape))
		return reason(why, WHY_SIZE, "is %s%s but the shape rule gives %s%s", dtype_info[n->out->dtype].name,
			shape_text(&n->out->shape, has, sizeof has), dtype_info[out.dtype].name,
			shape_text(&out.shape, gives, sizeof gives));
	if (!quant_equal(&out.quant, &n->out->quant))
		return reason(why, WHY_SIZE, "has no scale but the shape rule gives one");
	for (int a = 0; a < ATTR_COUNT; a++)
		if (!attr_equal(&copy.attr, &n->attr, (enum attr)a))
			return reason(why, WHY_SIZE, "attribute %s is not complete", attr_info[a].name);
	return NULL;
}

static const char *
broken_node(const struct graph *g, const struct node *n, const struct attrs *defaults, char *why)
{
	if (!listed(g, n->out) || n->out->producer != n || n->out->name != n->name || !n->label)
		return reason(why, WHY_SIZE, "the result is not in the graph under the node's name");
	if (n->prev && n->prev->out->id >= n->out->id)
		return reason(why, WHY_SIZE, "ids do not rise from node to node");
	for (int k = 0; k < n->nin; k++) {
		if (!listed(g, n->in[k]))
			return reason(why, WHY_SIZE, "input %d is not in the graph", k);
		if (n->in[k]->id >= n->out->id)
			return reason(why, WHY_SIZE, "input %d, %%%d, is computed later", k, n->in[k]->id);
	}
	for (int a = 0; a < ATTR_COUNT; a++)
		if (!(op_info[n->op].attrs >> a & 1) && !attr_equal(&n->attr, defaults, (enum attr)a))
			return reason(why, WHY_SIZE, "has the attribute %s, which %s does not take", attr_info[a].name, op_info[n->op].name);
	return broken_rule(n, why);
}

static const char *
broken_nodes(const struct graph *g, int results, char *why, struct loc *loc)
{
	struct attrs defaults;
	const struct node *prev = NULL;
	char sub[WHY_SIZE];
	int count = 0;
	attrs_init(&defaults);
	for (const struct node *n = g->first; n; prev = n, n = n->next) {
		*loc = n->loc;
		if (n->prev != prev || ++count > g->node_count)
			return reason(why, WHY_SIZE, "the list of %d nodes is not linked properly at '%s'", g->node_count, n->name);
		const char *bad = broken_node(g, n, &defaults, sub);
		if (bad)
			return reason(why, WHY_SIZE, "%%%d '%s' = %s: %s", n->out->id, n->name, op_info[n->op].name, bad);
	}
	*loc = g->loc;
	if (prev != g->last || count != g->node_count || count != results)
		return reason(why, WHY_SIZE, "%d nodes are linked, %d counted, %d have a result in the graph", count, g->node_count, results);
	return NULL;
}

/* ---- reads ---- */

static const char *
broken_uses(const struct graph *g, char *why)
{
	struct arena scratch = { 0 };
	int *uses = ARENA_ARRAY(&scratch, int, g->tensors.n + 1);
	const char *bad = NULL;
	for (const struct node *n = g->first; n; n = n->next)
		for (int k = 0; k < n->nin; k++)
			uses[n->in[k]->id]++;
	for (size_t i = 0; i < g->outputs.n; i++)
		uses[g->outputs.v[i]->id]++;
	for (size_t i = 0; i < g->tensors.n && !bad; i++)
		if (g->tensors.v[i]->uses != uses[i])
			bad = reason(why, WHY_SIZE, "%%%d '%s' counts %d reads but has %d", (int)i, g->tensors.v[i]->name,
				g->tensors.v[i]->uses, uses[i]);
	arena_free(&scratch);
	return bad;
}

static const char *
broken_outputs(const struct graph *g, char *why)
{
	if (g->outputs.n != g->output_names.n)
		return reason(why, WHY_SIZE, "%d outputs have %d names", (int)g->outputs.n, (int)g->output_names.n);
	for (size_t i = 0; i < g->outputs.n; i++)
		if (!listed(g, g->outputs.v[i]))
			return reason(why, WHY_SIZE, "output '%s' is not in the graph", g->output_names.v[i]);
	return NULL;
}

const char *
graph_broken(const struct graph *g, char *why, struct loc *loc)
{
	int results;
	const char *bad;
	*loc = g->loc;
	if ((bad = broken_tensors(g, &results, why, loc)) || (bad = broken_nodes(g, results, why, loc))
	    || (bad = broken_outputs(g, why)))
		return bad;
	return broken_uses(g, why);
}

void
graph_verify(const struct graph *g, const char *stage)
{
	char why[WHY_SIZE];
	struct loc loc;
	const char *bad = graph_broken(g, why, &loc);
	if (!bad)
		return;
	fprintf(stderr, "netc: after %s: %s\n", stage, bad);
	graph_print(stderr, g, &(struct print_opts){ .elide = 16 });
	abort();
}
