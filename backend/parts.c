/* Which part of a layer an operation is, in words: "part 2 of 4: input channels 512..1023, adds to the sum so far".
 *
 * The passes leave ordinary operations with the layer's label; what they compute is read off the slices before them and the
 * concatenations behind them. */
#include <config.h>
#include "backend/cgen.h"

enum { STEPS_MAX = 64 }; /* between a part and the layer's result */

struct part_group { int count; };
struct parts {
	int *index;                     /* by tensor id of the result, from 0 */
	struct part_group **group;      /* by tensor id; NULL: no part of interest */
	const struct node **reader;     /* by tensor id: the first that reads it */
};

/* The operations that do the layer's work, unlike those that move its operands. */
static bool
does_work(const struct node *n)
{
	return op_info[n->op].flags & OPF_SUM || n->op == OP_TCONV2D || n->op == OP_MAXPOOL || n->op == OP_AVGPOOL;
}

struct parts *
parts_find(struct arena *a, const struct graph *g)
{
	struct parts *p = ARENA_NEW(a, struct parts);
	struct map *groups = map_new(a);

	p->index = ARENA_ARRAY(a, int, g->tensors.n);
	p->group = ARENA_ARRAY(a, struct part_group *, g->tensors.n);
	p->reader = ARENA_ARRAY(a, const struct node *, g->tensors.n);
	for (const struct node *n = g->first; n; n = n->next) {
		struct part_group *group;

		for (int i = 0; i < n->nin; i++)
			if (!p->reader[n->in[i]->id])
				p->reader[n->in[i]->id] = n;
		if (!does_work(n))
			continue;
		group = map_get(groups, n->label);
		if (!group) {
			group = ARENA_NEW(a, struct part_group);
			map_put(groups, n->label, group);
		}
		p->index[n->out->id] = group->count++;
		p->group[n->out->id] = group;
	}
	return p;
}

bool
part_is_one(const struct parts *p, const struct node *n)
{
	return p->group[n->out->id] && p->group[n->out->id]->count > 1;
}

int
part_number(const struct parts *p, const struct node *n)
{
	return p->index[n->out->id] + 1;
}

int
part_count(const struct parts *p, const struct node *n)
{
	return p->group[n->out->id] ? p->group[n->out->id]->count : 1;
}

static void
add_range(struct text *t, const char *what, int64_t from, int64_t n, const char **comma)
{
	text_add(t, "%s%s %lld..%lld", *comma, what, (long long)from, (long long)(from + n - 1));
	*comma = ", ";
}

/* The slice of the layer's input that N reads. */
static void
describe_input(struct text *t, const struct node *n, const char **comma)
{
	const struct node *from = n->in[0]->producer;
	int last;

	while (from && from->label == n->label && (from->op == OP_PAD || from->op == OP_RELABEL || from->op == OP_COPY
		|| from->op == OP_RESHAPE || from->op == OP_FLATTEN))
		from = from->in[0]->producer;
	if (!from || from->label != n->label || from->op != OP_SLICE)
		return;
	last = from->out->shape.rank - 1;
	if (last >= 0 && from->out->shape.dim[last] < from->in[0]->shape.dim[last])
		add_range(t, "input channels", from->attr.begin.v[last], from->out->shape.dim[last], comma);
}

static void
describe_place(struct text *t, const struct node *concat, const struct tensor *x, const char **comma)
{
	int axis = concat->attr.axis, k;
	int64_t from = 0;

	for (k = 0; k < concat->nin && concat->in[k] != x; k++)
		from += concat->in[k]->shape.dim[axis];
	if (axis == concat->out->shape.rank - 1)
		add_range(t, "output channels", from, x->shape.dim[axis], comma);
	else if (axis == 0)
		add_range(t, "rows", from, x->shape.dim[axis], comma);
}

/* Where the layer's result has what N computes. */
static void
describe_result(const struct parts *p, struct text *t, const struct node *n, const char **comma)
{
	const struct tensor *x = n->out;

	for (int step = 0; step < STEPS_MAX; step++) {
		const struct node *r = p->reader[x->id];

		if (!r || r->label != n->label)
			return;
		if (r->op == OP_CONCAT)
			describe_place(t, r, x, comma);
		else if (!(r->nin > INPUT_SUM && r->in[INPUT_SUM] == x) && does_work(r))
			return;
		x = r->out;
	}
}

void
describe_part(const struct parts *p, struct text *t, const struct node *n)
{
	const char *comma = ": ";

	if (part_is_one(p, n)) {
		text_add(t, "part %d of %d", part_number(p, n), part_count(p, n));
		describe_input(t, n, &comma);
		describe_result(p, t, n, &comma);
		if (n->nin > INPUT_SUM)
			text_add(t, "%sadds to the sum so far", comma);
	} else if (n->op == OP_RESCALE) {
		text_add(t, "makes the result of the sums");
	} else if (n->label != n->name && n->op == OP_ADD) {
		text_add(t, "adds sums of parts");
	}
}
