/* Every way to execute a layer: on each unit of a kind that can compute it, in each manner that the unit allows, by dot products, in
 * portable C.  docs/design.md, "Chips", has the reasoning. */
#include <config.h>
#include <stdlib.h>
#include <string.h>
#include "chips/bounds.h"
#include "chips/blocks.h"
#include "chips/runs.h"
#include "chips/search.h"

struct entry { struct plan plan; struct work work; int order; };

struct make {
	struct arena *arena, *scratch;
	const struct chip *chip;
	const struct node *node;
	const struct plan_demand *demand;
	struct diag *diag;
	ARRAY(struct entry) all;
};

static void
add(struct make *m, const struct work *w, struct plan p)
{
	struct entry e = { .plan = p, .work = *w, .order = (int)m->all.n };

	e.plan.text = plan_text(w, &p);
	ARRAY_PUSH(m->scratch, m->all, e);
}

/* ---- what the layer is ---- */

/* Sums over the input channels can be cut. */
static bool
can_sum(const struct node *n)
{
	return n->op == OP_CONV2D || n->op == OP_DENSE;
}

static bool
is_channelwise(const struct node *n)
{
	return n->op == OP_DWCONV2D || n->op == OP_MAXPOOL || n->op == OP_AVGPOOL;
}

static int32_t
last_dim(const struct tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

/* Whether the first dimension of the result can be cut: each row of it needs some rows of the input. */
static bool
has_rows(const struct node *n)
{
	if (n->op == OP_CONV2D || is_channelwise(n))
		return true;
	return n->op == OP_DENSE ? n->out->shape.rank >= 2 : op_info[n->op].flags & OPF_ELEMENTWISE && n->out->shape.rank >= 1;
}

bool
plan_concerns(const struct node *n)
{
	return !(op_info[n->op].flags & OPF_VIEW) && n->op != OP_SLICE && n->op != OP_CONCAT;
}

static struct work
work_make(struct make *m, const struct chip_op *unit)
{
	const struct node *n = m->node;
	struct work w = { .arena = m->arena, .scratch = m->scratch, .chip = m->chip, .unit = unit, .node = n, .demand = m->demand,
		.diag = m->diag };

	w.manner.how = unit ? PLAN_UNIT : PLAN_PORTABLE;
	w.manner.unit = unit;
	w.manner.partial = n->out->dtype == DT_F32 ? DT_F32 : DT_I32;
	w.manner.class = CLASS_EXACT;
	w.in = n->nin ? last_dim(n->in[0]) : 1;
	w.out = last_dim(n->out);
	w.channelwise = is_channelwise(n);
	w.cuts_rows = has_rows(n);
	w.rows = w.cuts_rows ? n->out->shape.dim[0] : 1;
	w.cuts_out = w.channelwise || n->op == OP_CONV2D || n->op == OP_DENSE || n->op == OP_TCONV2D;
	if (n->op == OP_CONV2D && n->attr.groups > 1)
		w.cuts_out = false;
	return w;
}

/* ---- classes ---- */

static void
take_bound(struct plan *p, double lsb)
{
	if (lsb <= 0 || p->class > CLASS_BOUNDED)
		return;
	p->class = CLASS_BOUNDED;
	p->bound += lsb;
}

/* Steps of the result by which the unit's own way of making int8 results may be off. */
static double
unit_error(const struct node *n, const struct chip_requant *r)
{
	double lsb = 0;

	if (r->rounding != ROUNDING_DOUBLE)
		lsb += rounding_error(n, r->rounding);
	/* A multiplier of b bits, one the sign, is off by up to 2^(1 - b) of itself, and results lie within 255 of the zero point. */
	if (r->multiplier_bits < 32)
		lsb += 1 + (255 >> (r->multiplier_bits < 10 ? r->multiplier_bits - 1 : 9));
	return lsb;
}

/* The class of the finished plan P; false: its i16 sums cannot be proven to fit. */
static bool
set_class(const struct work *w, struct plan *p)
{
	const struct node *n = w->node;

	p->class = CLASS_EXACT;
	p->bound = 0;
	if (n->out->dtype == DT_F32 && has_weights(n) && (p->in.n > 1 || p->bias_after))
		p->bound = sum_bound_f32_most(n, p->in.n > 1 ? p->in.n : 1, 1);
	if (n->out->dtype != DT_I8 || !has_weights(n))
		return true;
	if (w->unit && p->how == PLAN_UNIT && !p->requant_cpu)
		take_bound(p, unit_error(n, &w->unit->requant));
	if (p->in.n > 1 && p->partial == DT_I16) {
		p->shift = partial_shift(n, p);
		if (p->shift < 0) {
			p->why = "its partial sums do not fit 16 bits with any shift";
			return false;
		}
		take_bound(p, partial_error(n, p));
	}
	if (p->in.n > 1 && p->partial == DT_I8) {
		p->class = CLASS_LOSSY;
		p->bound = 0;
	}
	return true;
}

bool
plan_class_within(const struct plan *p, enum annot_class allow, double bound)
{
	if (p->class != allow)
		return p->class < allow;
	if (allow == CLASS_BOUNDED && bound > 0)
		return p->bound <= bound;
	return allow != CLASS_LOSSY || bound <= 0 || p->bound <= 0 || p->bound >= bound;
}

/* ---- one unit in one manner ---- */

/* Whether the list has it already that the unit cannot, for that reason. */
static bool
is_known(const struct make *m, const struct chip_op *unit, const char *why, const struct chip_limit *limit)
{
	for (size_t i = 0; i < m->all.n; i++) {
		const struct plan *p = &m->all.v[i].plan;

		if (p->why && p->unit == unit && strcmp(p->why, why) == 0 && !p->limit == !limit
			&& (!limit || p->limit->loc.start == limit->loc.start))
			return true;
	}
	return false;
}

static void
add_impossible(struct make *m, const struct work *w, const char *why, const struct chip_limit *limit)
{
	struct plan p = w->manner;

	p.why = why;
	p.limit = limit;
	if (!is_known(m, w->unit, why, limit))
		add(m, w, p);
}

/* The manner of W, searched; true when a plan came out that neither cuts nor fills. */
static bool
add_manner(struct make *m, struct work *w)
{
	struct plan p;
	const struct chip_limit *misfit = manner_misfit(w);
	bool fits;

	if (misfit) {
		add_impossible(m, w, chip_limit_found(m->arena, misfit, &w->base), misfit);
		return false;
	}
	fits = search_plan(w, &p);
	if (fits)
		set_class(w, &p);
	else if (is_known(m, w->unit, p.why, p.limit))
		return false;
	add(m, w, p);
	return fits && p.in.n <= 1 && p.out.n <= 1 && p.rows.n <= 1 && !p.pad_in;
}

static bool
word_is(name word, const char *text)
{
	return word && strcmp(word, text) == 0;
}

/* Whether the annotation leaves ORDER and the type of the sums open or asks for them. */
static bool
sum_wanted(const struct plan_demand *d, bool tree, enum dtype type)
{
	if (!d->sum)
		return true;
	if (d->sum->order && word_is(d->sum->order, "tree") != tree)
		return false;
	if (!d->sum->partial)
		return type != DT_I8;
	return word_is(d->sum->partial, dtype_info[type].name) || type == DT_F32;
}

static void
try_chain(struct make *m, const struct work *from)
{
	struct work w = *from;

	w.summing = SUM_CHAIN;
	w.manner.partial = w.unit->partial != PARTIAL_NONE ? w.unit->partial_type : m->node->out->dtype == DT_F32 ? DT_F32 : DT_I32;
	if (!sum_wanted(m->demand, false, w.manner.partial) || (w.manner.bias_after && w.manner.partial == DT_I16))
		return;
	if (w.unit->partial != PARTIAL_IN_OUT)
		add_impossible(m, &w, "takes no partial sums in",
			manner_limit(&w, LIMIT_PARTIAL, w.unit->partial == PARTIAL_NONE ? w.unit->loc : w.unit->partial_loc));
	else if (w.by_sums)
		add_impossible(m, &w, "counts what a part starts from in its accumulator", manner_limit(&w, LIMIT_ACCUMULATOR, w.unit->accumulator_loc));
	else
		add_manner(m, &w);
}

static void
try_tree(struct make *m, const struct work *from, enum dtype type)
{
	struct work w = *from;

	if (!sum_wanted(m->demand, true, type))
		return;
	if (w.manner.bias_after && type == DT_I16)
		return;
	w.summing = SUM_TREE;
	w.manner.partial = type;
	w.manner.tree = true;
	w.manner.requant_cpu = type == DT_I32 || type == DT_I16;
	add_manner(m, &w);
}

/* Partial sums in every type and order that the unit and the annotation leave.  TREES of i32 and i16 are rescaled after, however the unit
 * makes its results: once is enough. */
static void
try_sums(struct make *m, const struct work *w, bool trees)
{
	enum dtype own = w->unit->partial == PARTIAL_NONE ? DT_COUNT : w->unit->partial_type;
	name asked = m->demand->sum ? m->demand->sum->partial : NULL;

	try_chain(m, w);
	if (m->node->out->dtype == DT_F32) {
		try_tree(m, w, DT_F32);
		return;
	}
	if (trees && own != DT_I16)
		try_tree(m, w, DT_I32);
	if (trees && (own == DT_I16 || word_is(asked, "i16")))
		try_tree(m, w, DT_I16);
	if (word_is(asked, "i8") && !w->manner.requant_cpu && !w->manner.bias_after)
		try_tree(m, w, DT_I8);
}

/* ---- one unit ---- */

/* Each group is a convolution of its own from here on. */
static void
cut_groups(struct work *w)
{
	if (w->manner.groups <= 1)
		return;
	w->in /= w->manner.groups;
	w->out /= w->manner.groups;
	w->cuts_out = true;
}

/* Results by the unit or outside of it, sums in parts or not. */
static void
add_manners(struct make *m, struct work w, const struct needs *needs, bool requant)
{
	const struct plan_demand *d = m->demand;
	bool cut = d->sum && d->sum->parts.n && !(d->sum->parts.n == 1 && d->sum->parts.v[0] == 1), whole = false;

	w.manner.requant_cpu = requant;
	w.manner.act_after = needs->act && !requant && !w.manner.bias_after;
	if (w.manner.bias_after) {
		w.base.type[OPERAND_B] = DT_COUNT;
		chip_vars_complete(w.unit, &w.base);
	}
	if (!cut && !w.by_sums)
		whole = add_manner(m, &w);
	if (can_sum(w.node) && (w.node->attr.groups <= 1 || w.manner.groups > 1) && w.in > 1 && !whole)
		try_sums(m, &w, !requant || needs->requant);
	else if (cut)
		add_impossible(m, &w, "cannot cut the input channels", NULL);
}

static bool
is_rounded(const struct make *m, const struct chip_op *u)
{
	return has_weights(m->node) && unit_error(m->node, &u->requant) > 0;
}

/* Of the limits broken, one that no cut mends, where there is one. */
static const struct chip_limit *
main_misfit(const struct chip_limit *const *misfit, int n)
{
	static const uint64_t cuttable = UINT64_C(1) << VAR_IN | UINT64_C(1) << VAR_OUT | UINT64_C(1) << VAR_HI | UINT64_C(1) << VAR_HO
		| UINT64_C(1) << VAR_PT | UINT64_C(1) << VAR_PB | UINT64_C(1) << VAR_PL | UINT64_C(1) << VAR_PR | UINT64_C(1) << VAR_ROWS
		| UINT64_C(1) << VAR_N | UINT64_C(1) << VAR_GROUPS;

	for (int i = 0; i < n; i++)
		if (misfit[i]->kind == LIMIT_PAIR || (misfit[i]->kind == LIMIT_SET && !(cuttable >> misfit[i]->var & 1)))
			return misfit[i];
	return misfit[0];
}

/* Groups together or one by one, results by the unit and outside of it. */
static void
add_grouping(struct make *m, struct work w, const struct needs *needs)
{
	cut_groups(&w);
	if (!needs->requant)
		add_manners(m, w, needs, false);
	if (m->node->out->dtype == DT_I8 && has_weights(m->node) && m->node->op != OP_TCONV2D
		&& (needs->requant || needs->act || is_rounded(m, w.unit)))
		add_manners(m, w, needs, true);
}

static void
add_unit(struct make *m, const struct chip_op *u)
{
	const struct chip_limit *misfit[16];
	struct work w = work_make(m, u), as_it_is = w;
	struct needs needs = { 0 };
	int n;

	if (!chip_vars_of(u, m->node, &w.base))
		return;
	w.manner.as_dense = u->kind == KIND_DENSE && m->node->op == OP_CONV2D;
	w.manner.as_conv = u->kind == KIND_CONV2D && m->node->op == OP_DENSE;
	w.by_position = u->reads_weights;
	n = chip_misfits(m->arena, u, m->node, misfit, 16);
	n = n < 16 ? n : 16;
	needs_of(&w, misfit, n, &needs);
	as_it_is.manner.as_dense = w.manner.as_dense;
	as_it_is.manner.as_conv = w.manner.as_conv;
	if (needs.why)
		add_impossible(m, &as_it_is, needs.why, needs.limit);
	else if (n > 0)
		add_impossible(m, &as_it_is, chip_limit_found(m->arena, main_misfit(misfit, n), &w.base), main_misfit(misfit, n));
	if (needs.why)
		return;
	w.by_sums = needs.split;
	w.by_position |= needs.split;
	add_grouping(m, w, &needs);
	if (n > 0 && m->node->op == OP_CONV2D && m->node->attr.groups > 1 && w.manner.groups <= 1) {
		w.manner.groups = m->node->attr.groups; /* one by one they may do better, or do at all */
		add_grouping(m, w, &needs);
	}
}

/* ---- dot products, portable C ---- */

static bool
dot_takes(const struct chip_op *u, const struct chip_vars *v)
{
	for (size_t i = 0; i < u->types.n; i++)
		if (u->types.v[i].x == v->type[OPERAND_X] && u->types.v[i].w == v->type[OPERAND_W] && u->types.v[i].y == v->type[OPERAND_Y])
			return true;
	return false;
}

static void
add_dot(struct make *m, const struct chip_op *u)
{
	const struct node *n = m->node;
	struct work w = work_make(m, u);
	struct plan p;
	struct chip_vars v;
	const struct chip_limit *limit;
	int64_t k = tensor_count(n->out) ? node_macs(n) / tensor_count(n->out) : 0;
	int32_t length;

	if ((n->op != OP_CONV2D && n->op != OP_DENSE) || k <= 0 || k > INT32_MAX)
		return;
	w.manner.how = PLAN_DOT;
	w.manner.fold_zero = n->in[0]->quant.count && n->in[0]->quant.zero != 0;
	chip_vars_clear(&w.base);
	w.base.type[OPERAND_X] = n->in[0]->dtype;
	w.base.type[OPERAND_W] = n->in[1]->dtype;
	w.base.type[OPERAND_Y] = n->out->dtype == DT_F32 ? DT_F32 : DT_I32;
	if (u->has_bias)
		w.base.type[OPERAND_B] = w.base.type[OPERAND_Y];
	if (!dot_takes(u, &w.base)) {
		add_impossible(m, &w, "takes no such element types", manner_limit(&w, LIMIT_TYPE, u->types.n ? u->types.v[0].loc : u->loc));
		return;
	}
	if (m->demand->sum || m->demand->out || m->demand->rows) {
		add_impossible(m, &w, "an annotation cuts the layer", NULL);
		return;
	}
	length = size_at_most(&w, VAR_N, (int32_t)k);
	if (!length)
		length = size_at_least(&w, VAR_N, (int32_t)k);
	v = w.base;
	v.v[VAR_N] = length;
	chip_vars_complete(u, &v);
	if (!length || chip_breaks(u, &v, &limit, 1) > 0) {
		add_impossible(m, &w, length ? chip_limit_found(m->arena, limit, &v) : "takes no vector so short", length ? limit : NULL);
		return;
	}
	p = w.manner;
	if (plan_cost_dot(&w, &p, length))
		set_class(&w, &p);
	add(m, &w, p);
}

static void
add_blocks(struct make *m, const struct chip_op *u)
{
	const struct node *n = m->node;
	struct work w = work_make(m, u);
	const struct chip_limit *limit;
	struct blocks b;
	struct run_blocks runs;
	const char *why;
	struct plan p;

	if (n->op != OP_CONV2D && n->op != OP_DENSE)
		return;
	w.manner.how = PLAN_BLOCK;
	chip_vars_of(u, n, &w.base);
	if (u->kind == KIND_RUNS ? !runs_find(u, n, &runs, &why, &limit) : !blocks_find(u, n, &b, &why, &limit)) {
		add_impossible(m, &w, limit ? chip_limit_found(m->arena, limit, &w.base) : why, limit);
		return;
	}
	if (m->demand->sum || m->demand->out || m->demand->rows) {
		add_impossible(m, &w, "an annotation cuts the layer", NULL);
		return;
	}
	p = w.manner;
	if (u->kind == KIND_RUNS)
		plan_cost_runs(&w, &p, &runs);
	else
		plan_cost_blocks(&w, &p, &b);
	if (n->out->dtype == DT_F32) /* sums in another order than portable C's */
		p.bound = sum_bound_f32_most(n, 1, 1);
	add(m, &w, p);
}

static void
add_portable(struct make *m)
{
	struct work w = work_make(m, NULL);
	const struct plan_demand *d = m->demand;
	struct plan p;

	chip_vars_portable(m->node, &w.base);
	if (m->chip && !m->chip->portable) {
		add_impossible(m, &w, "the chip has no portable fallback", NULL);
		return;
	}
	if (d->place == PLACE_CHIP) {
		add_impossible(m, &w, "the layer is placed on the chip", NULL);
		return;
	}
	if (d->sum && d->sum->parts.n && !(d->sum->parts.n == 1 && d->sum->parts.v[0] == 1)) {
		if (!can_sum(m->node) || m->node->attr.groups > 1) {
			add_impossible(m, &w, "cannot cut the input channels", NULL);
			return;
		}
		w.manner.tree = word_is(d->sum->order, "tree") || word_is(d->sum->partial, "i8");
		w.summing = w.manner.tree ? SUM_TREE : SUM_CHAIN;
		if (d->sum->partial && m->node->out->dtype == DT_I8)
			dtype_lookup(d->sum->partial, &w.manner.partial);
		w.manner.requant_cpu = w.manner.tree && m->node->out->dtype == DT_I8 && w.manner.partial != DT_I8;
	}
	if (search_plan(&w, &p))
		set_class(&w, &p);
	add(m, &w, p);
}

/* ---- the list ---- */

static int
rank_of(const struct plan *p)
{
	return p->why ? 2 : p->class > CLASS_BOUNDED;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int rx = rank_of(&x->plan), ry = rank_of(&y->plan);

	if (rx != ry)
		return rx - ry;
	if (rx < 2 && x->plan.cycles != y->plan.cycles)
		return x->plan.cycles < y->plan.cycles ? -1 : 1;
	return x->order - y->order;
}

static void
sort(struct make *m)
{
	if (m->all.n > 1)
		qsort(m->all.v, m->all.n, sizeof *m->all.v, compare_entries);
}

/* Better sizes for those that could become the cheapest by them. */
static void
refine(struct make *m)
{
	enum { MOST = 4 };
	double best = m->all.n ? m->all.v[0].plan.cycles : 0;

	for (size_t i = 0; i < m->all.n && i < MOST; i++) {
		struct entry *e = &m->all.v[i];

		if (e->plan.why || e->plan.how != PLAN_UNIT || e->plan.cycles > 1.5 * best)
			continue;
		search_refine(&e->work, &e->plan);
		set_class(&e->work, &e->plan);
		e->plan.text = plan_text(&e->work, &e->plan);
	}
	sort(m);
}

struct plan_list
candidates_make(struct arena *a, const struct chip *chip, const struct node *n, const struct plan_demand *demand, struct diag *diag)
{
	struct arena scratch = { 0 };
	struct make m = { .arena = a, .scratch = &scratch, .chip = chip, .node = n, .demand = demand, .diag = diag };
	struct plan_list list = { 0 };

	for (size_t i = 0; chip && demand->place != PLACE_CPU && i < chip->ops.n; i++) {
		if (chip->ops.v[i].kind == KIND_DOT)
			add_dot(&m, &chip->ops.v[i]);
		else if (chip->ops.v[i].kind == KIND_BLOCK || chip->ops.v[i].kind == KIND_RUNS)
			add_blocks(&m, &chip->ops.v[i]);
		else
			add_unit(&m, &chip->ops.v[i]);
	}
	add_portable(&m);
	sort(&m);
	refine(&m);
	list.v = ARENA_ARRAY(a, struct plan, m.all.n + 1);
	for (size_t i = 0; i < m.all.n; i++)
		list.v[list.n++] = m.all.v[i].plan;
	arena_free(&scratch);
	return list;
}

const struct plan *
candidates_best(const struct plan_list *list, enum annot_class allow, double bound)
{
	for (int i = 0; i < list->n; i++)
		if (!list->v[i].why && plan_class_within(&list->v[i], allow, bound))
			return &list->v[i];
	return NULL;
}
