/* The network's input by rows, from a function of the caller's (--io=stream).
 *
 * In the program that is a call which fills in all of the input, like a layer without operands.  As the first stage of a chain it fills in a
 * row when the next stage wants it, and the input is never whole. */
#include <config.h>
#include <inttypes.h>
#include "backend/lower.h"

bool
input_rows_fit(const struct graph *g, struct diag *diag)
{
	const struct tensor *t = g->inputs.n > 0 ? g->inputs.v[0] : NULL;
	char dims[SHAPE_TEXT];

	if (g->inputs.n != 1) {
		diag_error(diag, g->loc, "--io=stream is for networks of one input, but '%s' has %zu", g->name, g->inputs.n);
		return false;
	}
	if (t->shape.rank != 3) {
		diag_error(diag, t->loc, "--io=stream is for an image (height, width, channels), but input '%s' is %s%s", t->name,
			dtype_info[t->dtype].name, shape_text(&t->shape, dims, sizeof dims));
		return false;
	}
	for (const struct node *n = g->first; n; n = n->next)
		if (n->core > 0) {
			diag_error(diag, n->loc, "--io=stream is for one core, but '%s' runs on core %d", n->label, n->core);
			return false;
		}
	return true;
}

/* Whether any layer reads the input or a view of it. */
static bool
is_read(const struct graph *g, const struct tensor *t)
{
	for (const struct node *n = g->first; n; n = n->next)
		for (int i = 0; i < n->nin; i++)
			if (n->in[i]->base == t)
				return true;
	return false;
}

/* What stands for the layer that fills in T: the graph has none. */
static const struct node *
node_for(struct arena *a, const struct tensor *t)
{
	struct node *n = ARENA_NEW(a, struct node);
	struct tensor **in = ARENA_ARRAY(a, struct tensor *, 1);

	in[0] = (struct tensor *)t;
	*n = (struct node){ .op = OP_COPY, .name = t->name, .label = t->name, .in = in, .nin = 1, .out = in[0], .loc = t->loc };
	attrs_init(&n->attr);
	return n;
}

void
input_rows_lower(struct lower *l, const struct tensor *t)
{
	struct call *c;

	if (!is_read(l->p->graph, t))
		return;
	c = lower_call(l, node_for(l->p->arena, t), "input_rows");
	c->source = true;
	call_out(l, c, "y", t);
	call_dim(l, c, "row", 0);
	call_dim(l, c, "rows", t->shape.dim[0]);
}

const struct call *
input_rows_call(const struct program *p)
{
	for (const struct call *c = p->io_rows ? program_kernels(p) : NULL; c; c = program_next_kernel(c))
		if (c->source)
			return c;
	return NULL;
}
