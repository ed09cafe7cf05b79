#include <config.h>
#include <stdarg.h>
#include <string.h>
#include "ir/quant.h"
#include "passes/parts.h"
#include "passes/rewrite.h"

void
plan_broken_at(const char *file, int line, const struct node *n, const char *fmt, ...)
{
	struct arena a = { 0 };
	va_list ap;

	va_start(ap, fmt);
	die_at(file, line, "the plan of '%s' (%s) %s", n->name, op_info[n->op].name, arena_vprintf(&a, fmt, ap));
}

void
cutter_start(struct cutter *c, struct node *n)
{
	if (c->n && c->n->label != n->label)
		c->moves.n = 0;
	c->n = n;
	node_resolve(n);
}

/* ---- nodes ---- */

name
part_name(struct cutter *c, const char *what, int k)
{
	return graph_unique(c->g, intern_printf(c->g->names, "%s.%s%d", c->n->name, what, k));
}

struct node *
part_add(struct cutter *c, enum op op, name text, struct tensor *const *in, int nin, const struct attrs *attr,
	const struct quant *quant)
{
	char why[WHY_SIZE];
	struct node *part = graph_insert(c->g, c->n, op, text, in, nin, attr, quant, c->n->loc, why);

	if (!part)
		plan_broken(c->n, "cannot be carried out: %s: %s", op_info[op].name, why);
	part->label = c->n->label;
	part->core = c->n->core;
	part->strip = c->n->strip;
	return part;
}

void
part_become(struct cutter *c, enum op op, struct tensor *const *in, int nin, const struct attrs *attr)
{
	struct node *n = c->n;
	struct attrs its;
	int k;

	attrs_init(&its);
	for (k = 0; attr && k < ATTR_COUNT; k++)
		if (op_info[op].attrs >> k & 1)
			attr_copy(&its, attr, (enum attr)k);
	n->op = op;
	n->attr = its;
	n->in = ARENA_ARRAY(c->g->arena, struct tensor *, (size_t)nin);
	for (k = 0; k < nin; k++)
		n->in[k] = in[k];
	n->nin = nin;
	n->plan = NULL;
	if (!node_shape_holds(n))
		plan_broken(n, "gives a result of another type or shape");
}

struct plan *
part_plan(struct cutter *c, struct range r, int32_t total, int *core)
{
	const struct plan *p = c->n->plan;
	struct plan *copy = ARENA_NEW(c->g->arena, struct plan);
	int64_t cores = p->cores ? p->cores : c->g->chip ? c->g->chip->cores : 1;
	int64_t first, end;

	if (cores < 1)
		cores = 1;
	first = cores * r.from / total;
	end = cores * r.to / total;
	*copy = *p;
	copy->cores = (int32_t)(end > first ? end - first : 1);
	*core = c->n->core + (int)first;
	return copy;
}

void
part_join(struct cutter *c, struct tensor *const *parts, int n, int axis)
{
	struct attrs attr;

	attrs_init(&attr);
	attr.axis = axis;
	part_become(c, OP_CONCAT, parts, n, &attr);
}

void
parts_tidy(struct graph *g)
{
	struct node *n, *before;

	graph_tidy(g);
	for (n = g->last; n; n = before) {
		before = n->prev;
		if (n->out->uses == 0 && (n->op == OP_SLICE || n->op == OP_RELABEL || op_info[n->op].flags & OPF_VIEW))
			node_drop(g, n);
	}
	graph_tidy(g);
}

/* ---- constants ---- */

struct tensor *
part_const(struct cutter *c, name stem, const char *what, enum dtype type, int rank, const int32_t *dim,
	const struct quant *quant, const void *data)
{
	name text = graph_unique(c->g, intern_printf(c->g->names, "%s.%s", stem, what));
	struct shape s = { .rank = rank };
	int i;

	for (i = 0; i < rank; i++)
		s.dim[i] = dim[i];
	return graph_const(c->g, text, type, &s, quant, data, c->n->loc);
}

struct tensor *
part_zeros(struct cutter *c, name stem, int32_t count)
{
	enum dtype type = c->n->in[0]->dtype == DT_F32 ? DT_F32 : DT_I32;
	void *data = arena_array(c->g->arena, (size_t)count, (size_t)dtype_info[type].bytes);

	return part_const(c, stem, "bias", type, 1, &count, NULL, data);
}

/* The scales of the cells R of dimension AXIS. */
static struct quant
slice_quant(const struct quant *q, int axis, struct range r)
{
	struct quant part = *q;

	if (q->count > 1 && q->axis == axis) {
		part.scale = q->scale + r.from;
		part.count = r.to - r.from;
	}
	return part;
}

/* The cells R of AXIS of a constant; where they lie side by side they stay where they are. */
static const void *
slice_data(struct arena *a, const struct tensor *t, int axis, struct range r)
{
	int64_t outer = 1, inner = dtype_info[t->dtype].bytes, o;
	const char *from = t->data;
	char *to;
	int i;

	for (i = 0; i < axis; i++)
		outer *= t->shape.dim[i];
	for (i = axis + 1; i < t->shape.rank; i++)
		inner *= t->shape.dim[i];
	from += r.from * inner;
	if (outer == 1)
		return from;
	to = arena_array(a, (size_t)outer, (size_t)((r.to - r.from) * inner));
	for (o = 0; o < outer; o++)
		memcpy(to + o * (r.to - r.from) * inner, from + o * t->shape.dim[axis] * inner, (size_t)((r.to - r.from) * inner));
	return to;
}

static struct tensor *
slice_const(struct cutter *c, const struct tensor *t, int axis, struct range r, name stem, const char *what)
{
	struct quant q = slice_quant(&t->quant, axis, r);
	struct shape s = t->shape;

	s.dim[axis] = r.to - r.from;
	return part_const(c, stem, what, t->dtype, s.rank, s.dim, &q, slice_data(c->g->arena, t, axis, r));
}

/* ---- slices ---- */

static bool
same_attrs(enum op op, const struct attrs *a, const struct attrs *b)
{
	int k;

	for (k = 0; k < ATTR_COUNT; k++)
		if (op_info[op].attrs >> k & 1 && !attr_equal(a, b, (enum attr)k))
			return false;
	return true;
}

struct tensor *
part_move(struct cutter *c, enum op op, struct tensor *x, const struct attrs *attr, name stem, const char *what, int core)
{
	struct node *n;
	size_t i;

	for (i = 0; i < c->moves.n; i++) {
		n = c->moves.v[i];
		if (n->op == op && n->in[0] == x && n->core == core && same_attrs(op, attr, &n->attr))
			return n->out;
	}
	n = part_add(c, op, graph_unique(c->g, intern_printf(c->g->names, "%s.%s", stem, what)), &x, 1, attr, &x->quant);
	n->core = core;
	ARRAY_PUSH(c->g->arena, c->moves, n);
	return n->out;
}

void
slice_attrs(const struct tensor *x, int axis, struct range r, struct attrs *attr)
{
	int i;

	attrs_init(attr);
	attr->begin.n = attr->size.n = attr->steps.n = x->shape.rank;
	for (i = 0; i < x->shape.rank; i++) {
		attr->size.v[i] = x->shape.dim[i];
		attr->steps.v[i] = 1;
	}
	attr->begin.v[axis] = r.from;
	attr->size.v[axis] = r.to - r.from;
}

struct tensor *
part_slice(struct cutter *c, struct tensor *x, int axis, struct range r, name stem, const char *what, int core)
{
	struct attrs attr;

	if (r.from < 0 || r.from >= r.to || r.to > x->shape.dim[axis])
		plan_broken(c->n, "cuts %d to %d out of %d cells of '%s'", r.from, r.to, x->shape.dim[axis], x->name);
	if (r.from == 0 && r.to == x->shape.dim[axis])
		return x;
	if (x->data)
		return slice_const(c, x, axis, r, stem, what);
	slice_attrs(x, axis, r, &attr);
	return part_move(c, OP_SLICE, x, &attr, stem, what, core);
}

struct tensor *
part_input(struct cutter *c, int k, int axis, struct range r, name stem, int core)
{
	bool bound;

	return part_slice(c, c->n->in[k], axis, r, stem, op_input_name(c->n->op, k, &bound), core);
}

/* ---- rescaling ---- */

int
part_multipliers(struct cutter *c, const struct node *n, struct range r, name stem, struct tensor *in[2])
{
	struct rescale by;
	int32_t count = r.to - r.from, i;
	int32_t *m = ARENA_ARRAY(c->g->arena, int32_t, (size_t)count);
	int8_t *shift = ARENA_ARRAY(c->g->arena, int8_t, (size_t)count);

	rescale_of(c->g->arena, n, &by);
	if (by.scale) {
		in[0] = part_const(c, stem, "multiplier", DT_F32, 1, &count, NULL, by.scale + r.from);
		return 1;
	}
	for (i = 0; i < count; i++) {
		m[i] = by.by[r.from + i].m;
		shift[i] = (int8_t)by.by[r.from + i].shift;
	}
	in[0] = part_const(c, stem, "multiplier", DT_I32, 1, &count, NULL, m);
	in[1] = part_const(c, stem, "shift", DT_I8, 1, &count, NULL, shift);
	return 2;
}
