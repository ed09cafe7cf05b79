/* The numbers that a unit's call is given besides its operands: zero points, bounds, requantisation.  They are those that the
 * evaluator computes the node with. */
#include <config.h>
#include <math.h>
#include "backend/lower_unit.h"
#include "chips/float_scaling.h"
#include "chips/plan.h"

static void
set(struct unit_call *u, struct unit_number n)
{
	ARRAY_PUSH(u->l->p->arena, u->numbers, n);
}

static void
set_int(struct unit_call *u, const char *param, int64_t i)
{
	set(u, (struct unit_number){ .name = param, .kind = NUMBER_INT, .i = i });
}

static void
set_pointer(struct unit_call *u, const char *param, struct place place)
{
	set(u, (struct unit_number){ .name = param, .kind = NUMBER_POINTER, .place = place });
}

static int32_t
zero_of(const struct tensor *t)
{
	return t->quant.count ? t->quant.zero : 0;
}

/* ---- requantisation ---- */

static struct place
vector(struct unit_call *u, const char *suffix, enum dtype dtype, int count, const void *data)
{
	struct shape shape = { 1, { count } };

	return unit_constant(u, arena_printf(u->l->p->arena, "%s.%s", u->node->label, suffix), dtype, &shape, data, 1, NULL);
}

/* Of a unit that only shifts the power of two itself: its multiplier is 2^30, hence one less. */
static int32_t
shift_of(const struct rescale *r, int c)
{
	return r->by[c].shift - (r->rounding == ROUNDING_SHIFT && r->by[c].m != 0);
}

static float
scale_of(const struct rescale *r, int c)
{
	return r->scale ? r->scale[c] : (float)ldexp((double)r->by[c].m, r->by[c].shift - 31);
}

static void
set_floats(struct unit_call *u, const struct rescale *r)
{
	const float *floats = float_scalings(u->l->p->arena, u->node, r, NULL);

	set_int(u, "float_scaled", floats != NULL);
	set_int(u, "float_pitch", r->count);
	set_pointer(u, "float_scaling", floats ? vector(u, "float_scaling", DT_F32, 3 * r->count, floats) : (struct place){ .buf = NULL });
}

static void
set_rescale_vectors(struct unit_call *u, const struct rescale *r)
{
	struct arena *a = u->l->p->arena;
	int32_t *m = ARENA_ARRAY(a, int32_t, (size_t)r->count);
	int8_t *shift = ARENA_ARRAY(a, int8_t, (size_t)r->count);
	float *scale = ARENA_ARRAY(a, float, (size_t)r->count);

	for (int c = 0; c < r->count; c++) {
		m[c] = r->by[c].m;
		shift[c] = (int8_t)shift_of(r, c);
		scale[c] = scale_of(r, c);
	}
	if (unit_mentions(u, "multiplier"))
		set_pointer(u, "multiplier", vector(u, "multiplier", DT_I32, r->count, m));
	if (unit_mentions(u, "shift"))
		set_pointer(u, "shift", vector(u, "shift", DT_I8, r->count, shift));
	if (unit_mentions(u, "scale"))
		set_pointer(u, "scale", vector(u, "scale", DT_F32, r->count, scale));
	if (unit_mentions(u, "float_scaling"))
		set_floats(u, r);
}

static void
set_no_rescale(struct unit_call *u)
{
	static const char *const names[] = { "multiplier", "shift", "scale", "float_scaling" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (u->op->requant.per_channel || i == 3)
			set_pointer(u, names[i], (struct place){ .buf = NULL });
		else if (i == 2)
			set(u, (struct unit_number){ .name = names[i], .kind = NUMBER_FLOAT });
		else
			set_int(u, names[i], 0);
	}
}

static void
set_rescale(struct unit_call *u)
{
	struct rescale r;

	if (u->node->out->dtype != DT_I8) {
		set_no_rescale(u);
		return;
	}
	rescale_of(u->l->p->arena, u->node, &r);
	if (u->op->requant.per_channel) {
		set_rescale_vectors(u, &r);
		return;
	}
	set_int(u, "multiplier", r.by[0].m);
	set_int(u, "shift", shift_of(&r, 0));
	set(u, (struct unit_number){ .name = "scale", .kind = NUMBER_FLOAT, .f = scale_of(&r, 0) });
}

static void
set_multiplier(struct unit_call *u, const char *multiplier, const char *shift, struct multiplier m)
{
	set_int(u, multiplier, m.m);
	set_int(u, shift, m.shift);
}

/* ---- bounds ---- */

static void
set_bounds(struct unit_call *u, struct clamp act)
{
	const struct tensor *y = u->node->out;
	int32_t lo = dtype_info[y->dtype].lo, hi = dtype_info[y->dtype].hi;

	set_int(u, "relu", act.lo == 0 && act.hi == INFINITY);
	if (y->dtype == DT_F32) {
		set(u, (struct unit_number){ .name = "act_min", .kind = NUMBER_FLOAT, .f = act.lo });
		set(u, (struct unit_number){ .name = "act_max", .kind = NUMBER_FLOAT, .f = act.hi });
		return;
	}
	if (y->dtype == DT_I8 && y->quant.count)
		clamp_quantise(act, &y->quant, y->dtype, &lo, &hi);
	set_int(u, "act_min", lo);
	set_int(u, "act_max", hi);
}

static struct clamp
activation(const struct node *n)
{
	if (n->op == OP_RELU)
		return (struct clamp){ 0, INFINITY };
	return op_info[n->op].flags & OPF_ACT ? n->attr.act : (struct clamp){ -INFINITY, INFINITY };
}

/* ---- by kind ---- */

static void
set_add(struct unit_call *u)
{
	struct add_params p;

	if (u->node->out->dtype != DT_I8)
		return;
	add_params_of(u->node, &p);
	set_int(u, "left_shift", p.left_shift);
	set_multiplier(u, "a_multiplier", "a_shift", p.a);
	set_multiplier(u, "b_multiplier", "b_shift", p.b);
	set_multiplier(u, "y_multiplier", "y_shift", p.out);
}

static void
set_mul(struct unit_call *u)
{
	struct mul_params p;

	if (u->node->out->dtype != DT_I8)
		return;
	mul_params_of(u->node, &p);
	set_multiplier(u, "y_multiplier", "y_shift", p.out);
}

static void
set_relu(struct unit_call *u)
{
	struct requant_params p;

	if (u->node->out->dtype != DT_I8)
		return;
	requant_params_of(u->node, &p);
	set_multiplier(u, "multiplier", "shift", p.out);
	set(u, (struct unit_number){ .name = "scale", .kind = NUMBER_FLOAT, .f = (float)ldexp((double)p.out.m, p.out.shift - 31) });
}

/* How many parts the layer's sums were cut into. */
static int32_t
summed_parts(const struct unit_call *u)
{
	for (const struct layer_plan *p = u->l->p->graph->plans; p; p = p->next)
		if (p->layer == u->node->label)
			return p->plan.in.n > 1 ? p->plan.in.n : 1;
	return 1;
}

static void
set_layer(struct unit_call *u)
{
	const struct node *n = u->node;
	bool sums = n->attr.result != DT_COUNT;

	set_int(u, "partial", sums);
	set_int(u, "first", n->nin <= INPUT_SUM);
	set_int(u, "last", !sums);
	set_int(u, "n_sum", summed_parts(u));
	set_int(u, "sum_shift", n->attr.shift);
	set_rescale(u);
}

void
unit_numbers(struct unit_call *u)
{
	const struct node *n = u->node;

	set_int(u, "core", n->core);
	set_int(u, "x_zero", zero_of(n->in[0]));
	set_int(u, "w_zero", 0);
	set_int(u, "y_zero", zero_of(n->out));
	set_int(u, "a_zero", zero_of(n->in[0]));
	set_int(u, "b_zero", n->nin > 1 ? zero_of(n->in[1]) : 0);
	set_bounds(u, activation(n));
	switch (u->op->kind) {
	case KIND_CONV2D: case KIND_DWCONV2D: case KIND_TCONV2D: case KIND_DENSE: set_layer(u); break;
	case KIND_REQUANTIZE: set_rescale(u); break;
	case KIND_ADD: set_add(u); break;
	case KIND_MUL: set_mul(u); break;
	case KIND_RELU: set_relu(u); break;
	case KIND_MAXPOOL: case KIND_AVGPOOL: case KIND_COPY: case KIND_BLOCK: case KIND_RUNS: case KIND_DOT: case KIND_COUNT: break;
	}
}
