/* Finding blocks: an input and an output channel belong together if a weight between them is not 0, so the blocks are
 * made of the connected components of that graph (union-find).  Components are packed into groups of equal size; channels without
 * any weight fill the gaps. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "passes/structure.h"
#include "support/disjoint.h"

bool
structure_applies(const struct node *n)
{
	return (n->op == OP_DENSE || (n->op == OP_CONV2D && n->attr.groups == 1)) && n->in[1]->data;
}

/* ---- weights ---- */

struct matrix {
	const struct tensor *w;
	int32_t outs, ins;
	int64_t taps;      /* of the kernel */
};

static struct matrix
matrix_of(const struct node *n)
{
	struct matrix m = { .w = n->in[1] };

	m.outs = m.w->shape.dim[0];
	m.ins = m.w->shape.dim[m.w->shape.rank - 1];
	m.taps = tensor_count(m.w) / m.outs / m.ins;
	return m;
}

static double
element(const struct tensor *w, int64_t i)
{
	return w->dtype == DT_F32 ? (double)((const float *)w->data)[i] : ((const int8_t *)w->data)[i];
}

/* The sum of squares over the taps between two channels, without the scale. */
static double
energy(const struct matrix *m, int32_t out, int32_t in)
{
	double sum = 0;
	int64_t tap;

	for (tap = 0; tap < m->taps; tap++) {
		double v = element(m->w, (out * m->taps + tap) * m->ins + in);

		sum += v * v;
	}
	return sum;
}

/* Values that are not 0; of an f32 one the square may be 0 all the same. */
static int64_t
count_values(const struct matrix *m, int32_t out, int32_t in)
{
	int64_t tap, count = 0;

	for (tap = 0; tap < m->taps; tap++)
		count += element(m->w, (out * m->taps + tap) * m->ins + in) != 0;
	return count;
}

static double
scale_of(const struct tensor *w, int32_t out)
{
	return w->quant.count == 0 ? 1 : w->quant.scale[w->quant.count == 1 ? 0 : out];
}

struct off_block
structure_off_block(const struct node *n, int32_t groups, const int32_t *order)
{
	struct matrix m = matrix_of(n);
	struct off_block off = { .out = -1, .in = -1 };
	double all = 0, outside = 0;
	int32_t o, j;

	for (o = 0; o < m.outs; o++) {
		double scale = scale_of(m.w, o);

		for (j = 0; j < m.ins; j++) {
			int32_t c = order ? order[j] : j;
			double e = energy(&m, o, c) * scale * scale;
			int64_t count;

			all += e;
			if (j / (m.ins / groups) == o / (m.outs / groups) || !(count = count_values(&m, o, c)))
				continue;
			outside += e;
			if (off.count == 0) {
				off.out = o;
				off.in = j;
			}
			off.count += count;
		}
	}
	off.share = all > 0 ? outside / all : 0;
	return off;
}

/* ---- components ---- */

struct component { int32_t ins, outs, first_out, group; };
struct components {
	struct matrix m;
	int32_t *of;              /* by channel, inputs first, then outputs: its component; -1: no weight */
	struct component *v;      /* in the order of their first output channel */
	int32_t n;
};

static void
link_channels(const struct matrix *m, int32_t *parent, bool *used)
{
	int64_t i, count = tensor_count(m->w);

	for (i = 0; i < count; i++) {
		int32_t in = (int32_t)(i % m->ins), out = m->ins + (int32_t)(i / m->ins / m->taps);

		if (element(m->w, i) == 0)
			continue;
		used[in] = used[out] = true;
		disjoint_join(parent, in, out);
	}
}

static void
find_components(struct arena *a, const struct node *n, struct components *c)
{
	int32_t total, *parent, *number, i;
	bool *used;

	c->m = matrix_of(n);
	total = c->m.ins + c->m.outs;
	parent = ARENA_ARRAY(a, int32_t, (size_t)total);
	number = ARENA_ARRAY(a, int32_t, (size_t)total);
	used = ARENA_ARRAY(a, bool, (size_t)total);
	c->of = ARENA_ARRAY(a, int32_t, (size_t)total);
	c->v = ARENA_ARRAY(a, struct component, (size_t)c->m.outs);
	for (i = 0; i < total; i++) {
		parent[i] = i;
		number[i] = -1;
	}
	link_channels(&c->m, parent, used);
	c->n = 0;
	for (i = c->m.ins; i < total; i++)
		if (used[i] && number[disjoint_find(parent, i)] < 0) {
			c->v[c->n].first_out = i - c->m.ins;
			number[disjoint_find(parent, i)] = c->n++;
		}
	for (i = 0; i < total; i++) {
		c->of[i] = used[i] ? number[disjoint_find(parent, i)] : -1;
		if (used[i])
			(*(i < c->m.ins ? &c->v[c->of[i]].ins : &c->v[c->of[i]].outs))++;
	}
}

/* ---- packing ---- */

struct bins {
	struct components *c;
	int32_t groups, *ins, *outs; /* room left in each group */
	int32_t *by_size;
	int64_t steps;               /* that the search may still take */
};

static bool
has_room(const struct bins *b, int32_t group, const struct component *c)
{
	return c->ins <= b->ins[group] && c->outs <= b->outs[group];
}

static void
put(struct bins *b, int32_t group, struct component *c, int sign)
{
	b->ins[group] -= sign * c->ins;
	b->outs[group] -= sign * c->outs;
	c->group = group;
}

/* Component K and those after it, by size; groups with equal room are the same. */
static bool
pack(struct bins *b, int32_t k)
{
	struct component *c;
	int32_t g, h;

	if (k == b->c->n)
		return true;
	c = &b->c->v[b->by_size[k]];
	for (g = 0; g < b->groups && b->steps-- > 0; g++) {
		for (h = 0; h < g && (b->ins[h] != b->ins[g] || b->outs[h] != b->outs[g]); h++)
			;
		if (h < g || !has_room(b, g, c))
			continue;
		put(b, g, c, 1);
		if (pack(b, k + 1))
			return true;
		put(b, g, c, -1);
	}
	return false;
}

struct sized { int32_t size, index; };

static int
compare_sized(const void *x, const void *y)
{
	const struct sized *a = x, *b = y;

	if (a->size != b->size)
		return a->size > b->size ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool
pack_groups(struct arena *a, struct components *c, int32_t groups)
{
	enum { STEPS = 20000, DEPTH = 4096 };
	struct bins b = { c, groups, ARENA_ARRAY(a, int32_t, (size_t)groups), ARENA_ARRAY(a, int32_t, (size_t)groups),
		ARENA_ARRAY(a, int32_t, (size_t)c->n), STEPS };
	struct sized *v = ARENA_ARRAY(a, struct sized, (size_t)c->n);
	int32_t i;

	for (i = 0; i < groups; i++) {
		b.ins[i] = c->m.ins / groups;
		b.outs[i] = c->m.outs / groups;
	}
	for (i = 0; i < c->n; i++) {
		v[i] = (struct sized){ c->v[i].ins > c->v[i].outs ? c->v[i].ins : c->v[i].outs, i };
		if (c->v[i].ins > b.ins[0] || c->v[i].outs > b.outs[0])
			return false;
	}
	qsort(v, (size_t)c->n, sizeof *v, compare_sized);
	for (i = 0; i < c->n; i++)
		b.by_size[i] = v[i].index;
	return c->n <= DEPTH && pack(&b, 0);
}

/* ---- orders ---- */

/* Channels by group; those of no component (-1 in GROUP_OF) stay in the group of their place where there is room, and fill
 * the gaps else. */
static void
order_channels(struct arena *a, const int32_t *group_of, int32_t count, int32_t groups, int32_t *order)
{
	int32_t each = count / groups, *used = ARENA_ARRAY(a, int32_t, (size_t)groups), *to = ARENA_ARRAY(a, int32_t, (size_t)count);
	int32_t i, g = 0;

	for (i = 0; i < count; i++) {
		to[i] = group_of[i];
		if (to[i] >= 0)
			used[to[i]]++;
	}
	for (i = 0; i < count; i++)
		if (to[i] < 0 && used[i / each] < each)
			used[to[i] = i / each]++;
	for (i = 0; i < count; i++) {
		if (to[i] >= 0)
			continue;
		while (used[g] == each)
			g++;
		used[to[i] = g]++;
	}
	memset(used, 0, (size_t)groups * sizeof *used);
	for (i = 0; i < count; i++)
		order[to[i] * each + used[to[i]]++] = i;
}

static bool
fits_groups(struct arena *a, const int32_t *group_of, int32_t count, int32_t groups)
{
	int32_t *used = ARENA_ARRAY(a, int32_t, (size_t)groups), i;

	for (i = 0; i < count; i++)
		if (group_of[i] >= 0 && ++used[group_of[i]] > count / groups)
			return false;
	return true;
}

/* Give each component the group that its channels from FIRST on, COUNT of them, stand in; false: one stands in two. */
static bool
groups_in_place(struct components *c, int32_t first, int32_t count, int32_t groups)
{
	int32_t i;

	for (i = 0; i < c->n; i++)
		c->v[i].group = -1;
	for (i = 0; i < count; i++) {
		struct component *own = c->of[first + i] < 0 ? NULL : &c->v[c->of[first + i]];
		int32_t g = i / (count / groups);

		if (own && own->group >= 0 && own->group != g)
			return false;
		if (own)
			own->group = g;
	}
	return true;
}

/* Groups are numbered by their first output channel. */
static void
number_groups(struct arena *a, struct components *c, int32_t groups)
{
	int32_t *number = ARENA_ARRAY(a, int32_t, (size_t)groups), next = 0, i;

	memset(number, -1, (size_t)groups * sizeof *number);
	for (i = 0; i < c->n; i++) {
		if (number[c->v[i].group] < 0)
			number[c->v[i].group] = next++;
		c->v[i].group = number[c->v[i].group];
	}
}

static bool
find_groups(struct arena *a, struct components *c, int32_t groups, int32_t *in_order, int32_t *out_order)
{
	int32_t ins = c->m.ins, outs = c->m.outs, total = ins + outs, i;
	int32_t *group_of = ARENA_ARRAY(a, int32_t, (size_t)total);
	int way;

	for (way = 0; way < 3; way++) {
		bool placed = way == 0 ? groups_in_place(c, ins, outs, groups) : way == 1 ? groups_in_place(c, 0, ins, groups)
			: pack_groups(a, c, groups);

		if (!placed)
			continue;
		if (way == 2)
			number_groups(a, c, groups);
		for (i = 0; i < total; i++)
			group_of[i] = c->of[i] < 0 ? -1 : c->v[c->of[i]].group;
		if (!fits_groups(a, group_of, ins, groups) || !fits_groups(a, group_of + ins, outs, groups))
			continue;
		order_channels(a, group_of, ins, groups, in_order);
		order_channels(a, group_of + ins, outs, groups, out_order);
		return true;
	}
	return false;
}

bool
structure_find(struct arena *a, const struct node *n, int32_t groups, int32_t *in_order, int32_t *out_order)
{
	struct components c;

	if (!structure_applies(n))
		return false;
	find_components(a, n, &c);
	return c.m.ins % groups == 0 && c.m.outs % groups == 0 && find_groups(a, &c, groups, in_order, out_order);
}

int32_t
structure_groups(struct arena *a, const struct node *n)
{
	struct components c;
	int32_t groups, *in_order, *out_order;

	if (!structure_applies(n))
		return 1;
	find_components(a, n, &c);
	in_order = ARENA_ARRAY(a, int32_t, (size_t)c.m.ins);
	out_order = ARENA_ARRAY(a, int32_t, (size_t)c.m.outs);
	for (groups = c.m.ins < c.m.outs ? c.m.ins : c.m.outs; groups > 1; groups--)
		if (c.m.ins % groups == 0 && c.m.outs % groups == 0 && find_groups(a, &c, groups, in_order, out_order))
			return groups;
	return 1;
}
