/* The nodes of a model in an order in which they can be executed. */
#include <config.h>
#include "import/onnx.h"

enum { NODES_MAX = 1000000 };

static struct onnx_node *
maker(struct onnx *x, const char *value)
{
	return map_get(x->makers, intern(x->m->names, value));
}

struct onnx_readers *
onnx_readers(struct onnx *x, const char *value)
{
	name key = intern(x->m->names, value);
	struct onnx_readers *r = map_get(x->readers, key);

	if (!r) {
		r = ARENA_NEW(x->arena, struct onnx_readers);
		map_put(x->readers, key, r);
	}
	return r;
}

/* Who makes and who reads which value. */
static bool
link_nodes(struct onnx *x)
{
	x->nodes = ARENA_ARRAY(x->arena, struct onnx_node, x->graph->n_node);
	for (size_t i = 0; i < x->graph->n_node; i++) {
		struct onnx_node *n = &x->nodes[i];

		n->proto = x->graph->node[i];
		n->op = onnx_find_op(n->proto);
		n->nout = (int)n->proto->n_output;
		onnx_locate(x, n);
		for (size_t k = 0; k < n->proto->n_input; k++)
			if (*n->proto->input[k])
				ARRAY_PUSH(x->arena, onnx_readers(x, n->proto->input[k])->nodes, n);
		for (size_t k = 0; k < n->proto->n_output; k++) {
			const char *text = n->proto->output[k];

			if (!*text)
				continue;
			if (maker(x, text) || onnx_find(x, text))
				return onnx_error(x, n, "its result '%s' is defined twice", text);
			map_put(x->makers, intern(x->m->names, text), n);
		}
	}
	for (size_t i = 0; i < x->graph->n_output; i++)
		onnx_readers(x, x->graph->output[i]->name ? x->graph->output[i]->name : "")->output = true;
	return true;
}

/* Put N's makers that are not in order yet on the stack.  false: one of them waits for N. */
static bool
push_makers(struct onnx *x, const struct onnx_node *n, struct onnx_nodes *stack)
{
	for (size_t k = 0; k < n->proto->n_input; k++) {
		struct onnx_node *m = maker(x, n->proto->input[k]);

		if (!m || m->done)
			continue;
		if (m->waiting)
			return onnx_error(x, n, "it needs its own result, through '%s'", n->proto->input[k]);
		ARRAY_PUSH(x->arena, *stack, m);
	}
	return true;
}

/* Append ROOT to ORDER after the nodes that it needs. */
static bool
order_node(struct onnx *x, struct onnx_node *root, struct onnx_nodes *order)
{
	struct onnx_nodes stack = { 0 };

	ARRAY_PUSH(x->arena, stack, root);
	while (stack.n) {
		struct onnx_node *n = stack.v[stack.n - 1];

		if (!n->done && !n->waiting) {
			n->waiting = true;
			if (!push_makers(x, n, &stack))
				return false;
			continue;
		}
		stack.n--;
		if (!n->done)
			ARRAY_PUSH(x->arena, *order, n);
		n->done = true;
	}
	return true;
}

/* Of the nodes those that an output needs: N is put on the stack of such nodes. */
static void
mark_needed(struct onnx *x, bool *needed)
{
	struct onnx_nodes stack = { 0 };

	for (size_t i = 0; i < x->graph->n_output; i++) {
		struct onnx_node *n = x->graph->output[i]->name ? maker(x, x->graph->output[i]->name) : NULL;

		if (n)
			ARRAY_PUSH(x->arena, stack, n);
	}
	while (stack.n) {
		struct onnx_node *n = stack.v[--stack.n];

		if (needed[n - x->nodes])
			continue;
		needed[n - x->nodes] = true;
		for (size_t k = 0; k < n->proto->n_input; k++)
			if (maker(x, n->proto->input[k]))
				ARRAY_PUSH(x->arena, stack, maker(x, n->proto->input[k]));
	}
}

bool
onnx_order(struct onnx *x, struct onnx_nodes *order)
{
	bool *needed = ARENA_ARRAY(x->arena, bool, x->graph->n_node);

	if (x->graph->n_node > NODES_MAX) {
		import_error(x->m, NULL, "it has %zu nodes, more than %d", x->graph->n_node, NODES_MAX);
		return false;
	}
	if (!link_nodes(x))
		return false;
	mark_needed(x, needed);
	for (size_t i = 0; i < x->graph->n_node; i++)
		if (needed[i] && !x->nodes[i].done && !order_node(x, &x->nodes[i], order))
			return false;
	return true;
}
