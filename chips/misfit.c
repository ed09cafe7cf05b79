/* Whether a unit computes a node as it is: not only its numbers, but types, scales, zero points, activation and the size of its sums. */
#include <config.h>
#include <math.h>
#include <stdarg.h>
#include "chips/bounds.h"
#include "chips/reader.h"

struct misfits {
	struct arena *arena;
	const struct chip_op *op;
	const struct node *node;
	const struct chip_limit **limits;
	int n, max;
};

/* The property at LOC is broken; the text says by what of the node. */
__attribute__((format(printf, 4, 5))) static void
add(struct misfits *m, enum chip_limit_kind kind, struct loc loc, const char *fmt, ...)
{
	struct chip_limit *l = ARENA_NEW(m->arena, struct chip_limit);
	va_list ap;

	va_start(ap, fmt);
	l->message = arena_vprintf(m->arena, fmt, ap);
	va_end(ap);
	l->kind = kind;
	l->loc = loc.start ? loc : m->op->loc;
	l->source = chip_source_text(m->arena, m->op->chip, l->loc);
	if (m->n < m->max)
		m->limits[m->n] = l;
	m->n++;
}

/* ---- types and bias ---- */

static bool
has_operand(const struct chip_op *op, enum chip_operand o)
{
	return chip_kind_operands(op->kind) >> o & 1;
}

static bool
is_layer(const struct misfits *m)
{
	return has_operand(m->op, OPERAND_W);
}

/* The operands' types but a bias's. */
static bool
type_fits(const struct chip_op *op, const struct chip_type *t, const struct chip_vars *vars)
{
	if (has_operand(op, OPERAND_A) && (t->x != vars->type[OPERAND_A] || t->b != vars->type[OPERAND_B]))
		return false;
	if (has_operand(op, OPERAND_X) && t->x != vars->type[OPERAND_X])
		return false;
	if (has_operand(op, OPERAND_W) && t->w != vars->type[OPERAND_W])
		return false;
	return t->y == vars->type[OPERAND_Y];
}

/* The first value of N's bias that is not of TYPE (not 0, if DT_COUNT); -1: all are. */
static int64_t
bias_misfit(const struct node *n, enum dtype type)
{
	if (n->nin < 3 || !n->in[2]->data || type == n->in[2]->dtype)
		return -1;
	const float *f = n->in[2]->data;
	const int32_t *v = n->in[2]->data;
	bool none = type == DT_COUNT, real = n->in[2]->dtype == DT_F32;
	int32_t lo = none || real ? 0 : dtype_info[type].lo, hi = none || real ? 0 : dtype_info[type].hi;

	for (int64_t i = 0, count = tensor_count(n->in[2]); i < count; i++)
		if (real ? !none || f[i] != 0 : v[i] < lo || v[i] > hi)
			return i;
	return -1;
}

static const char *
types_text(struct arena *a, const struct chip_vars *vars)
{
	static const enum chip_operand order[] = { OPERAND_X, OPERAND_A, OPERAND_W, OPERAND_B, OPERAND_Y };
	const char *text = "";

	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		if (vars->type[order[i]] != DT_COUNT)
			text = arena_printf(a, "%s%s%s is %s", text, *text ? ", " : "", chip_operand_names[order[i]],
				dtype_info[vars->type[order[i]]].name);
	return text;
}

static void
check_types(struct misfits *m, const struct chip_vars *vars)
{
	const struct chip_type *match = NULL;
	int64_t at = -1;

	for (size_t i = 0; i < m->op->types.n; i++) {
		const struct chip_type *t = &m->op->types.v[i];

		if (!type_fits(m->op, t, vars))
			continue;
		at = is_layer(m) ? bias_misfit(m->node, t->b) : -1;
		if (at < 0)
			return;
		match = t;
	}
	if (!match)
		add(m, LIMIT_TYPE, m->op->types.n ? m->op->types.v[0].loc : m->op->loc, "%s", types_text(m->arena, vars));
	else if (match->b == DT_COUNT || m->node->in[2]->dtype == DT_F32)
		add(m, LIMIT_BIAS, match->loc, "the layer has a bias of %s", dtype_info[m->node->in[2]->dtype].name);
	else
		add(m, LIMIT_BIAS, match->loc, "the bias of output channel %lld is %d, more than %s holds", (long long)at,
			((const int32_t *)m->node->in[2]->data)[at], dtype_info[match->b].name);
}

static void
check_sum(struct misfits *m, const struct chip_vars *vars)
{
	if (!has_operand(m->op, OPERAND_SUM) || vars->type[OPERAND_SUM] == DT_COUNT)
		return;
	if (m->op->partial != PARTIAL_IN_OUT || m->op->partial_type != vars->type[OPERAND_SUM])
		add(m, LIMIT_PARTIAL, m->op->partial_loc, "the call starts from sums of %s", dtype_info[vars->type[OPERAND_SUM]].name);
}

/* ---- the int8 arithmetic ---- */

static bool
is_i8(const struct tensor *t)
{
	return t->dtype == DT_I8 && t->quant.count > 0;
}

/* What a unit must be able to do to the result: one bit.  A clamp that takes nothing off the type's range is none. */
static unsigned
activation_of(const struct node *n)
{
	struct clamp c = n->attr.act;

	if (!(op_info[n->op].flags & OPF_ACT) || clamp_is_none(c))
		return CHIP_ACT_NONE;
	if (!is_i8(n->out))
		return c.lo != 0 ? CHIP_ACT_CLAMP : isinf(c.hi) ? CHIP_ACT_RELU : c.hi == 6 ? CHIP_ACT_RELU6 : CHIP_ACT_CLAMP;
	const struct dtype_info *type = &dtype_info[DT_I8];
	int32_t lo, hi;

	clamp_quantise(c, &n->out->quant, DT_I8, &lo, &hi);
	if (lo == type->lo && hi == type->hi)
		return CHIP_ACT_NONE;
	if (c.lo == 0 && hi == type->hi)
		return CHIP_ACT_RELU;
	return c.lo == 0 && c.hi == 6 ? CHIP_ACT_RELU6 : CHIP_ACT_CLAMP;
}

static void
check_activation(struct misfits *m)
{
	unsigned need = activation_of(m->node);
	struct clamp c = m->node->attr.act;

	/* a clamp does any of them */
	if (!(m->op->activations & (need | CHIP_ACT_CLAMP)) && need != CHIP_ACT_NONE)
		add(m, LIMIT_ACTIVATION, m->op->activation_loc, "the result is clamped to %g..%g", (double)c.lo, (double)c.hi);
}

static bool
moves_values(enum chip_kind k) /* results are inputs, or means of them: the zero point does not enter */
{
	return k == KIND_COPY || k == KIND_MAXPOOL || k == KIND_AVGPOOL;
}

static bool
has_zero(const struct tensor *t)
{
	return is_i8(t) && t->quant.zero != 0;
}

static void
check_zero(struct misfits *m, const char *operand, const struct tensor *t, bool takes)
{
	if (!takes && has_zero(t))
		add(m, LIMIT_ZERO_POINT, m->op->zero_loc, "the zero point of %s is %d", operand, t->quant.zero);
}

static void
check_zero_points(struct misfits *m)
{
	const struct node *n = m->node;
	bool two = has_operand(m->op, OPERAND_A);

	if (moves_values(m->op->kind))
		return;
	check_zero(m, two ? "a" : "x", n->in[0], m->op->x_zero);
	if (two)
		check_zero(m, "b", n->in[1], m->op->x_zero);
	check_zero(m, "y", n->out, m->op->y_zero);
}

static void
check_padding(struct misfits *m, const struct chip_vars *vars)
{
	bool pool = m->op->kind == KIND_MAXPOOL || m->op->kind == KIND_AVGPOOL;
	const int64_t *v = vars->v;

	if (m->op->pads_zero_point || !(v[VAR_PT] || v[VAR_PB] || v[VAR_PL] || v[VAR_PR]))
		return;
	if (pool)
		add(m, LIMIT_PADDING, m->op->padding_loc, "cells outside the image must not count");
	else if (has_zero(m->node->in[0]))
		add(m, LIMIT_PADDING, m->op->padding_loc, "cells outside the image count as the zero point of x, %d", m->node->in[0]->quant.zero);
}

/* ---- requantisation ---- */

static const struct multiplier *
multipliers_of(struct misfits *m, int *count)
{
	const struct node *n = m->node;

	*count = n->out->shape.rank ? n->out->shape.dim[n->out->shape.rank - 1] : 1;
	if (is_layer(m))
		return layer_multipliers(m->arena, n);
	/* a rescale has them as constants, or scales where it rounds ties to even */
	struct multiplier *list = ARENA_ARRAY(m->arena, struct multiplier, (size_t)*count);
	bool real = n->in[1]->dtype == DT_F32;

	for (int i = 0; i < *count; i++)
		list[i] = real ? multiplier_of((double)((const float *)n->in[1]->data)[i])
			: (struct multiplier){ ((const int32_t *)n->in[1]->data)[i], ((const int8_t *)n->in[2]->data)[i] };
	return list;
}

/* The exponent that the unit has to shift by; of ROUNDING_SHIFT that of the nearest power of two. */
static int
exponent(enum rounding r, struct multiplier m)
{
	return m.shift - (r == ROUNDING_SHIFT && m.m < 3 << 29);
}

static void
check_requant(struct misfits *m)
{
	const struct chip_requant *r = &m->op->requant;
	const struct node *n = m->node;
	int count, differs = 0, beyond = -1;

	if (!is_i8(n->out) || (!is_layer(m) && m->op->kind != KIND_REQUANTIZE))
		return;
	const struct multiplier *list = multipliers_of(m, &count);
	for (int i = count - 1; i >= 0; i--) {
		int e = exponent(r->rounding, list[i]);

		if (list[i].m != list[0].m || list[i].shift != list[0].shift)
			differs = i;
		if (r->rounding != ROUNDING_EVEN && list[i].m != 0 && (e < r->shift_lo || e > r->shift_hi))
			beyond = i;
	}
	if (differs && !r->per_channel)
		add(m, LIMIT_PER_CHANNEL, r->loc, "output channels 0 and %d have different scales", differs);
	if (beyond >= 0)
		add(m, LIMIT_REQUANT, r->loc, "output channel %d needs a shift of %d, and there are %d..%d", beyond, exponent(r->rounding, list[beyond]),
			r->shift_lo, r->shift_hi);
}

static void
check_rescaling(struct misfits *m)
{
	const struct node *n = m->node;

	if (m->op->kind == KIND_RELU && !m->op->requant.loc.start && is_i8(n->out) && !quant_equal(&n->in[0]->quant, &n->out->quant))
		add(m, LIMIT_REQUANT, m->op->loc, "x and y have different scales or zero points");
}

/* ---- accumulator ---- */

static void
check_accumulator(struct misfits *m)
{
	const struct node *n = m->node;
	int bits = m->op->accumulator_bits;

	if (!is_layer(m) || n->in[1]->dtype != DT_I8 || !n->in[1]->data || bits > 62)
		return;
	/* no need to look at the weights when the largest ones there can be would fit: |x - zero| <= 255, |w| <= 128, |bias| < 2^31 */
	int64_t out = n->out->shape.dim[n->out->shape.rank - 1], taps = tensor_count(n->in[1]) / out;
	int64_t bias = n->nin > 2 ? INT64_C(1) << 31 : 0, limit = INT64_C(1) << (bits - 1);

	if (taps * 255 * 128 + bias < limit)
		return;
	int64_t *lo = ARENA_ARRAY(m->arena, int64_t, (size_t)out), *hi = ARENA_ARRAY(m->arena, int64_t, (size_t)out);
	layer_sum_range(n, 0, layer_in_channels(n), lo, hi);
	for (int64_t c = 0; c < out; c++)
		if (lo[c] <= -limit || hi[c] >= limit) {
			add(m, LIMIT_ACCUMULATOR, m->op->accumulator_loc, "the sums of output channel %lld reach from %lld to %lld, beyond %d bits",
				(long long)c, (long long)lo[c], (long long)hi[c], bits);
			return;
		}
}

int
chip_misfits(struct arena *a, const struct chip_op *op, const struct node *n, const struct chip_limit **limits, int max)
{
	struct misfits m = { .arena = a, .op = op, .node = n, .limits = limits, .max = max };
	struct chip_vars vars;

	if (!chip_vars_of(op, n, &vars))
		return -1;
	m.n = chip_breaks(op, &vars, limits, max);
	check_types(&m, &vars);
	check_sum(&m, &vars);
	check_activation(&m);
	check_zero_points(&m);
	check_padding(&m, &vars);
	check_requant(&m);
	check_rescaling(&m);
	check_accumulator(&m);
	return m.n;
}
