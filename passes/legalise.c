/* Decides how each layer is executed: what its annotations ask for, else a schedule, else what the chip's cost formulas find cheapest.
 *
 * needs:       activations folded, nothing dead
 * establishes: node->plan of every layer that runs on a unit or is cut; graph->plans in the order of the layers
 * breaks:      a fused activation that the chosen unit has not becomes an operation of its own again */
#include <config.h>
#include <math.h>
#include <string.h>
#include "passes/draft.h"
#include "passes/legalise.h"
#include "passes/measure.h"

struct legaliser {
	struct graph *g;
	struct pass_ctx *ctx;
	const struct chip *chip;
	const char *file;                /* the chip's, as schedules name it */
	struct layer_plan *old;          /* what the passes before have said of layers */
	struct layer_plan **last;
	bool survey;                     /* only say what would be: nothing is reported or changed */
};

/* One layer being decided. */
struct layer {
	struct legaliser *l;
	struct node *n;
	struct plan_demand demand;
	const struct annot *place, *require;
	struct plan_list list;
	const struct plan *plan;
};

/* ---- what is asked ---- */

static void
read_demand(struct layer *y)
{
	struct legaliser *l = y->l;

	y->demand.sum = annot_find(y->n, ANNOT_SPLIT_SUM, l->file);
	y->demand.out = annot_find(y->n, ANNOT_SPLIT_OUT, l->file);
	y->demand.rows = annot_find(y->n, ANNOT_SPLIT_ROWS, l->file);
	y->place = annot_find(y->n, ANNOT_PLACE, l->file);
	y->require = annot_find(y->n, ANNOT_REQUIRE, l->file);
	if (y->place && l->chip)
		y->demand.place = strcmp(y->place->unit, "cpu") == 0 ? PLACE_CPU : PLACE_CHIP;
}

/* The annotation that asks for cuts, or else for a place; NULL: none. */
static const struct annot *
asking(const struct layer *y)
{
	const struct plan_demand *d = &y->demand;

	return d->sum ? d->sum : d->rows ? d->rows : d->out ? d->out : d->place == PLACE_CHIP ? y->place : NULL;
}

/* The worst class that the layer may have, and its number. */
static enum annot_class
allowed(const struct layer *y, double *bound)
{
	enum annot_class allow = y->l->ctx->allow;

	*bound = 0;
	if (y->require) {
		*bound = y->require->class_arg;
		return y->require->class;
	}
	if (y->demand.sum && y->demand.sum->partial && strcmp(y->demand.sum->partial, "i8") == 0)
		return CLASS_LOSSY;
	return allow == CLASS_UNSET ? CLASS_BOUNDED : allow;
}

/* ---- what cannot be ---- */

static void
note_limit(const struct layer *y, const struct chip_limit *limit)
{
	if (!limit || !limit->loc.start)
		return;
	diag_note(y->l->ctx->diag, limit->loc, "%s", limit->message ? limit->message : limit->source);
}

static bool
is_whole(const struct plan *p)
{
	return strcmp(p->text, "as it is") == 0;
}

/* The impossible candidate that says most: the layer as it is, or where an annotation asks for cuts, one that is cut. */
static const struct plan *
telling(const struct layer *y)
{
	bool cut = y->demand.sum || y->demand.out || y->demand.rows;
	const struct plan *found = NULL;

	for (int i = 0; i < y->list.n; i++) {
		const struct plan *p = &y->list.v[i];

		if (!p->why || p->how != PLAN_UNIT)
			continue;
		if (!found || (!found->limit && p->limit) || (is_whole(found) == cut && is_whole(p) != cut))
			found = p;
	}
	return found;
}

static void
refuse_annotation(const struct layer *y, const struct annot *a)
{
	struct diag *d = y->l->ctx->diag;
	const struct plan *p = telling(y);

	if (!p) {
		diag_error(d, a->loc, "@%s: '%s' has no unit for '%s', which is %s", annot_info[a->kind].name, y->l->chip->file, y->n->label,
			op_info[y->n->op].name);
		return;
	}
	diag_error(d, a->loc, "@%s: '%s' cannot run '%s' so: %s: %s", annot_info[a->kind].name, y->l->chip->file, y->n->label,
		p->unit->title, p->why);
	note_limit(y, p->limit);
}

/* Fewer input channels to each output channel, where those are too many. */
static void
note_groups(const struct layer *y, int way)
{
	const struct plan *p = telling(y);
	const struct node *n = y->n;
	int32_t in = n->in[0]->shape.dim[n->in[0]->shape.rank - 1], out = n->out->shape.dim[n->out->shape.rank - 1];
	struct chip_vars v;

	if (!p || !p->limit || p->limit->kind != LIMIT_SET || p->limit->var != VAR_IN || n->op != OP_CONV2D || n->attr.groups > 1)
		return;
	chip_vars_clear(&v);
	for (int32_t g = 2; g <= in && g <= out; g++)
		if (in % g == 0 && out % g == 0 && chip_set_has(&p->limit->set, &v, in / g)) {
			diag_note(y->l->ctx->diag, n->loc, "way out %d: @grouped(groups = %d) has %d input channels to a group, and is another function unless "
				"the weights are blocks", way + 1, g, in / g);
			return;
		}
}

/* Whether cutting the layer would do something about what it breaks as it is. */
static bool
helps_to_cut(const struct layer *y)
{
	const struct plan *p = telling(y);

	return p && p->limit && (p->limit->kind == LIMIT_WHERE || (p->limit->kind == LIMIT_SET
		&& (p->limit->var == VAR_IN || p->limit->var == VAR_OUT)));
}

/* What would make the layer possible, the least trouble first. */
static void
note_ways_out(const struct layer *y)
{
	struct diag *d = y->l->ctx->diag;
	const struct chip *chip = y->l->chip;
	struct chip_vars v;
	double cycles, bytes;
	int way = 0;

	chip_vars_portable(y->n, &v);
	if (!chip->portable && chip_portable_cost(chip, &v, NULL, &cycles, &bytes))
		diag_note(d, chip->loc, "way out %d: 'fallback portable;' in the chip: portable C takes about %.0f cycles", ++way, cycles);
	for (int i = 0; i < y->list.n; i++) {
		const struct plan *p = &y->list.v[i];

		if (p->unit && p->limit && p->limit->loc.start && way < 4 && (is_whole(p) || helps_to_cut(y)))
			diag_note(d, p->limit->loc, "way out %d: lift this limit of the chip: %s, %s: %s", ++way, p->unit->title, p->text, p->why);
	}
	note_groups(y, way);
}

static void
refuse_layer(const struct layer *y)
{
	const struct plan *p = telling(y);

	if (!p)
		diag_error(y->l->ctx->diag, y->n->loc, "'%s' has no unit for '%s', which is %s, and no portable fallback", y->l->chip->file,
			y->n->label, op_info[y->n->op].name);
	else
		diag_error(y->l->ctx->diag, y->n->loc, "'%s' cannot run '%s' and has no portable fallback: %s: %s", y->l->chip->file, y->n->label,
			p->unit->title, p->why);
	if (p)
		note_limit(y, p->limit);
	note_ways_out(y);
}

static void
refuse_class(const struct layer *y, const struct plan *best)
{
	struct diag *d = y->l->ctx->diag;
	const char *found = plan_class_text(y->l->ctx->scratch, best);

	if (y->require)
		diag_error(d, y->require->loc, "@require: the best plan of '%s' is %s: %s", y->n->label, found, best->text);
	else
		diag_error(d, y->n->loc, "the best plan of '%s' is %s: %s; write @require to allow it", y->n->label, found, best->text);
}

/* Whether a unit would take the layer if nothing were asked of it. */
static bool
takes_unasked(const struct layer *y)
{
	struct plan_demand nothing = { 0 };
	struct plan_list list = candidates_make(y->l->ctx->scratch, y->l->chip, y->n, &nothing, y->l->ctx->diag);

	for (int i = 0; i < list.n; i++)
		if (!list.v[i].why && list.v[i].how == PLAN_UNIT)
			return true;
	return false;
}

static bool
has_unit_plan(const struct plan_list *list)
{
	for (int i = 0; i < list->n; i++)
		if (!list->v[i].why && list->v[i].how != PLAN_PORTABLE)
			return true;
	return false;
}

/* A cut that the units cannot make is not quietly made by portable C. */
static bool
annotation_holds(const struct layer *y)
{
	const struct annot *a = asking(y);

	return !a || !y->l->chip || y->demand.place == PLACE_CPU || has_unit_plan(&y->list)
		|| (a->kind != ANNOT_PLACE && !takes_unasked(y));
}

static bool
choose(struct layer *y)
{
	double bound;
	enum annot_class allow = allowed(y, &bound);
	const struct plan *any;

	if (!annotation_holds(y)) {
		refuse_annotation(y, asking(y));
		return false;
	}
	y->plan = candidates_best(&y->list, allow, bound);
	if (y->plan)
		return true;
	any = candidates_best(&y->list, CLASS_DIFFERENT, 0);
	if (any)
		refuse_class(y, any);
	else if (y->l->chip)
		refuse_layer(y);
	else /* without a chip only the annotation can be at fault */
		diag_error(y->l->ctx->diag, asking(y)->loc, "@%s: '%s': %s", annot_info[asking(y)->kind].name, y->n->label, y->list.v[0].why);
	return false;
}

/* ---- what it became ---- */

static bool
is_cut(const struct plan *p)
{
	return p->groups > 1 || p->rows.n > 1 || p->out.n > 1 || p->in.n > 1;
}

/* Takes the entry of the layer from the list of the passes before. */
static struct layer_plan *
take_old(struct legaliser *l, const struct node *n)
{
	for (struct layer_plan **at = &l->old; *at; at = &(*at)->next) {
		struct layer_plan *p = *at;

		if (p->layer != n->label || p->op != n->op)
			continue;
		*at = p->next;
		p->next = NULL;
		return p;
	}
	return NULL;
}

static bool
from_layer(const struct annot *a)
{
	return a && !a->chip;
}

/* The candidate that is the layer as it is, on the unit chosen or else on the first of its kind, when that is impossible. */
static const struct plan *
broken_plan(const struct layer *y)
{
	for (int i = 0; i < y->list.n; i++) {
		const struct plan *p = &y->list.v[i];

		if (p->why && p->limit && p->how == PLAN_UNIT && strcmp(p->text, "as it is") == 0
			&& (p->unit == y->plan->unit || y->plan->how != PLAN_UNIT))
			return p;
	}
	return NULL;
}

static void
record(struct layer *y)
{
	struct legaliser *l = y->l;
	struct layer_plan *p = ARENA_NEW(l->g->arena, struct layer_plan), *old = take_old(l, y->n);
	const struct plan_demand *d = &y->demand;
	const struct plan *broken = broken_plan(y);

	*p = (struct layer_plan){ .layer = y->n->label, .op = y->n->op, .loc = y->n->loc, .plan = *y->plan };
	if (broken) {
		p->broken = broken->limit;
		p->found = broken->why;
		p->asked = broken->unit;
	}
	if (asking(y) || y->place)
		p->by = from_layer(d->sum) || from_layer(d->out) || from_layer(d->rows) || from_layer(y->place) ? BY_ANNOTATION : BY_SCHEDULE;
	else if (p->broken)
		p->by = BY_CHIP;
	if (old) { /* a worse class stays; what was done comes first */
		p->plan.text = strcmp(p->plan.text, "as it is") && strcmp(p->plan.text, "portable C")
			? arena_printf(l->g->arena, "%s; %s", old->plan.text, p->plan.text) : old->plan.text;
		if (old->plan.class > p->plan.class) {
			p->plan.class = old->plan.class;
			p->plan.bound = old->plan.bound;
		}
		p->by = old->by > p->by ? old->by : p->by;
	}
	*l->last = p;
	l->last = &p->next;
	if (!l->survey && (y->plan->how != PLAN_PORTABLE || is_cut(y->plan)))
		y->n->plan = &p->plan;
}

/* ---- the pass ---- */

/* What the lossy candidates cost in precision. */
static void
measure(struct layer *y)
{
	for (int i = 0; i < y->list.n; i++) {
		struct plan *p = &y->list.v[i];

		if (!p->why && p->class == CLASS_LOSSY)
			p->bound = measured_sqnr(y->l->g, y->n, p);
	}
}

/* The candidates of N; false: it is not a layer that is planned here. */
static bool
consider(struct layer *y)
{
	struct legaliser *l = y->l;

	read_demand(y);
	if (!plan_concerns(y->n) || (!l->chip && !y->demand.sum && !y->demand.out && !y->demand.rows))
		return false;
	y->list = candidates_make(l->g->arena, l->chip, y->n, &y->demand, l->ctx->diag);
	measure(y);
	return true;
}

static bool
legalise(struct legaliser *l, struct node *n)
{
	struct layer y = { .l = l, .n = n };

	if (!consider(&y))
		return true;
	if (!choose(&y))
		return false;
	record(&y);
	if (y.plan->act_after)
		cut_activation(y.l->g, y.n);
	if (y.plan->bias_after)
		cut_bias(y.l->g, y.n);
	return true;
}

/* The plan with the most calls among those with fewer than BELOW. */
static const struct layer_plan *
most_calls(const struct layer_plan *p, int64_t below)
{
	const struct layer_plan *most = NULL;

	for (; p; p = p->next)
		if (p->plan.calls < below && (!most || p->plan.calls > most->plan.calls))
			most = p;
	return most;
}

/* Whether the chip holds the calls of all PLANS. */
static bool
calls_fit(const struct legaliser *l, const struct layer_plan *plans)
{
	enum { SHOWN = 3 };
	struct diag *d = l->ctx->diag;
	int64_t calls = 0, below = INT64_MAX;

	for (const struct layer_plan *p = plans; p; p = p->next)
		calls += p->plan.calls;
	if (!l->chip || !l->chip->calls || calls <= l->chip->calls)
		return true;
	diag_error(d, l->g->loc, "'%s' takes %lld calls of units, more than the %d of '%s'", l->g->name, (long long)calls, l->chip->calls,
		l->file);
	diag_note(d, l->chip->calls_loc, "the limit is stated here");
	for (int i = 0; i < SHOWN && below > 1; i++) {
		const struct layer_plan *p = most_calls(plans, below);

		below = p ? p->plan.calls : 0;
		if (below)
			diag_note(d, p->loc, "'%s' takes %lld: %s", p->layer, (long long)below, p->plan.text);
	}
	return false;
}

bool
pass_legalise(struct graph *g, struct pass_ctx *ctx)
{
	struct legaliser l = { .g = g, .ctx = ctx, .chip = ctx->chip, .file = ctx->chip ? ctx->chip->file : NULL, .old = g->plans };
	struct layer_plan *plans = NULL;
	bool good = true;
	int errors = ctx->diag->errors;

	g->chip = ctx->chip;
	l.last = &plans;
	for (struct node *n = g->first; n; n = n->next)
		good &= legalise(&l, n);
	*l.last = NULL;
	good &= calls_fit(&l, plans);
	*l.last = l.old;
	g->plans = plans;
	graph_tidy(g);
	return good && ctx->diag->errors == errors;
}

/* ---- what would be ---- */

static const struct plan *
impossible(const struct layer *y)
{
	struct plan *p = ARENA_NEW(y->l->g->arena, struct plan);

	*p = telling(y) ? *telling(y) : y->list.v[0];
	if (!p->why)
		p->why = "no plan is of the class required";
	return p;
}

static void
survey(struct legaliser *l, struct node *n)
{
	struct layer y = { .l = l, .n = n };
	double bound;
	enum annot_class allow;

	if (!consider(&y))
		return;
	allow = allowed(&y, &bound);
	y.plan = annotation_holds(&y) ? candidates_best(&y.list, allow, bound) : NULL;
	if (!y.plan)
		y.plan = impossible(&y);
	record(&y);
}

struct layer_plan *
legalise_survey(struct graph *g, struct pass_ctx *ctx, const struct chip *chip)
{
	struct legaliser l = { .g = g, .ctx = ctx, .chip = chip, .file = chip->file, .survey = true };
	struct layer_plan *plans = NULL;

	l.last = &plans;
	for (struct node *n = g->first; n; n = n->next)
		survey(&l, n);
	return plans;
}

struct plan_list
legalise_candidates(struct graph *g, struct node *n, struct pass_ctx *ctx, const struct chip *chip, const struct plan **chosen)
{
	struct legaliser l = { .g = g, .ctx = ctx, .chip = chip, .file = chip->file, .survey = true };
	struct layer y = { .l = &l, .n = n };
	double bound;
	enum annot_class allow;

	*chosen = NULL;
	if (!consider(&y))
		return y.list;
	allow = allowed(&y, &bound);
	*chosen = candidates_best(&y.list, allow, bound);
	return y.list;
}
