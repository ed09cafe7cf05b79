/* Elementwise arithmetic, activations, reductions and changes of number format. */
#include <config.h>
#include <math.h>
#include "backend/lower.h"

/* ---- two operands ---- */

/* An operand of a binary operation: where it lies, and its steps for the dimensions of the result. */
struct operand {
	struct place place;
	int64_t step[RANK_MAX];
};

static struct operand
operand_of(struct lower *l, const struct tensor *x, const struct shape *out)
{
	struct operand o = { .place = lower_place(l, x) };
	int64_t step[RANK_MAX];
	int missing = out->rank - x->shape.rank;

	tensor_steps(x, step);
	for (int d = missing; d < out->rank; d++)
		o.step[d] = x->shape.dim[d - missing] == 1 ? 0 : step[d - missing];
	return o;
}

static struct box
binary_box(const struct node *n, const struct operand in[2])
{
	const struct shape *s = &n->out->shape;
	struct box b = { .rank = s->rank, .operands = 3 };

	tensor_steps(n->out, b.step[0]);
	for (int d = 0; d < s->rank; d++) {
		b.n[d] = s->dim[d];
		b.step[1][d] = in[0].step[d];
		b.step[2][d] = in[1].step[d];
	}
	box_reduce(&b);
	if (b.rank == 0 || b.step[0][b.rank - 1] != 1) { /* elements apart: rows of one */
		b.n[b.rank] = b.step[0][b.rank] = b.step[1][b.rank] = b.step[2][b.rank] = 1;
		b.rank++;
	}
	return b;
}

/* The kernels walk over rows of elements that lie side by side in the result. */
static bool
is_rows(const struct box *b)
{
	return b->rank <= 2;
}

/* Write operand K out in the result's shape, where it is smaller. */
static void
expand(struct lower *l, const struct node *n, struct operand *o)
{
	const struct shape *s = &n->out->shape;
	struct place whole = { .buf = lower_scratch(l, n, n->out->dtype, shape_count(s)), .dtype = n->out->dtype };
	struct box b = { .rank = s->rank, .operands = 2 };
	int64_t step = 1;

	for (int d = s->rank - 1; d >= 0; d--) {
		b.n[d] = s->dim[d];
		b.step[1][d] = o->step[d];
		b.step[0][d] = step;
		step *= s->dim[d];
	}
	lower_move(l, n, b, whole, o->place);
	o->place = whole;
	for (int d = 0; d < s->rank; d++)
		o->step[d] = b.step[0][d];
}

static void
call_add_params(struct lower *l, struct call *c, const struct node *n)
{
	struct add_params p;

	add_params_of(n, &p);
	call_int(l, c, "left_shift", p.left_shift);
	call_int(l, c, "a_zero", p.a_zero);
	call_int(l, c, "a_multiplier", p.a.m);
	call_int(l, c, "a_shift", p.a.shift);
	call_int(l, c, "b_zero", p.b_zero);
	call_int(l, c, "b_multiplier", p.b.m);
	call_int(l, c, "b_shift", p.b.shift);
	call_int(l, c, "y_zero", p.out_zero);
	call_int(l, c, "y_multiplier", p.out.m);
	call_int(l, c, "y_shift", p.out.shift);
}

static void
call_mul_params(struct lower *l, struct call *c, const struct node *n)
{
	struct mul_params p;

	mul_params_of(n, &p);
	call_int(l, c, "a_zero", p.a_zero);
	call_int(l, c, "b_zero", p.b_zero);
	call_int(l, c, "y_zero", p.out_zero);
	call_int(l, c, "y_multiplier", p.out.m);
	call_int(l, c, "y_shift", p.out.shift);
}

static bool
lower_binary(struct lower *l, const struct node *n)
{
	struct operand in[2];
	struct box b;
	struct call *c;
	int last;

	for (int k = 0; k < 2; k++)
		in[k] = operand_of(l, n->in[k], &n->out->shape);
	b = binary_box(n, in);
	for (int k = 1; k >= 0 && !is_rows(&b); k--)
		if (!shape_equal(&n->in[k]->shape, &n->out->shape)) {
			expand(l, n, &in[k]);
			b = binary_box(n, in);
		}
	if (!is_rows(&b))
		die("lower: '%s' walks over %d dimensions", n->name, b.rank);
	c = lower_call(l, n, lower_kernel(l, n, op_info[n->op].name));
	call_out(l, c, "y", n->out);
	call_place(l, c, ARG_IN, "a", in[0].place);
	call_place(l, c, ARG_IN, "b", in[1].place);
	if (n->out->dtype == DT_I8 && n->op == OP_MUL)
		call_mul_params(l, c, n);
	else if (n->out->dtype == DT_I8)
		call_add_params(l, c, n);
	if (n->out->dtype == DT_F32 || n->out->dtype == DT_I8)
		call_act(l, c, n, n->attr.act);
	last = b.rank - 1;
	call_dim(l, c, "rows", last ? b.n[0] : 1);
	call_dim(l, c, "n", b.n[last]);
	call_dim(l, c, "y_pitch", last ? b.step[0][0] : 0);
	call_dim(l, c, "a_pitch", last ? b.step[1][0] : 0);
	call_dim(l, c, "a_step", b.step[1][last]);
	call_dim(l, c, "b_pitch", last ? b.step[2][0] : 0);
	call_dim(l, c, "b_step", b.step[2][last]);
	return true;
}

bool
lower_add(struct lower *l, const struct node *n)
{
	return lower_binary(l, n);
}

bool
lower_sub(struct lower *l, const struct node *n)
{
	return lower_binary(l, n);
}

bool
lower_mul(struct lower *l, const struct node *n)
{
	return lower_binary(l, n);
}

/* ---- one operand ---- */

static struct call *
call_unary(struct lower *l, const struct node *n, const char *kernel)
{
	struct call *c = lower_call(l, n, kernel);

	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	return c;
}

/* An int8 function of one int8 is a table; worked out here, it has the evaluator's bits. */
static bool
lower_table_i8(struct lower *l, const struct node *n)
{
	int8_t *table = ARENA_ARRAY(l->p->arena, int8_t, 256);
	struct call *c = call_unary(l, n, "table_i8");

	unary_table(n, table);
	call_const(l, c, "table", "table", DT_I8, 256, table);
	call_rows(l, c, n->in[0], n->out);
	return true;
}

static bool
lower_clamp(struct lower *l, const struct node *n, struct clamp act)
{
	struct call *c;

	if (n->out->dtype == DT_I8 && !quant_equal(&n->in[0]->quant, &n->out->quant))
		return lower_table_i8(l, n);
	c = call_unary(l, n, lower_kernel(l, n, "clamp"));
	call_act(l, c, n, act);
	call_rows(l, c, n->in[0], n->out);
	return true;
}

bool
lower_relu(struct lower *l, const struct node *n)
{
	return lower_clamp(l, n, (struct clamp){ 0, INFINITY });
}

bool
lower_relu6(struct lower *l, const struct node *n)
{
	return lower_clamp(l, n, (struct clamp){ 0, 6 });
}

bool
lower_clip(struct lower *l, const struct node *n)
{
	return lower_clamp(l, n, (struct clamp){ n->attr.lo, n->attr.hi });
}

/* A function that has a kernel of its own for f32 only. */
static bool
lower_unary(struct lower *l, const struct node *n)
{
	struct call *c;

	if (n->out->dtype == DT_I8)
		return lower_table_i8(l, n);
	c = call_unary(l, n, lower_kernel(l, n, op_info[n->op].name));
	if (n->op == OP_LEAKY_RELU)
		call_float(l, c, "alpha", n->attr.alpha);
	call_rows(l, c, n->in[0], n->out);
	return true;
}

bool
lower_leaky_relu(struct lower *l, const struct node *n)
{
	return lower_unary(l, n);
}

bool
lower_hard_swish(struct lower *l, const struct node *n)
{
	return lower_unary(l, n);
}

bool
lower_sigmoid(struct lower *l, const struct node *n)
{
	return lower_unary(l, n);
}

bool
lower_tanh(struct lower *l, const struct node *n)
{
	return lower_unary(l, n);
}

bool
lower_requantize(struct lower *l, const struct node *n)
{
	return lower_table_i8(l, n);
}

/* rows, n, x_pitch, y_pitch where a row is a vector of the last dimension and nothing else. */
static void
call_vectors(struct lower *l, struct call *c, const struct node *n)
{
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);

	call_dim(l, c, "rows", x.rows);
	call_dim(l, c, "n", x.n);
	call_dim(l, c, "x_pitch", x.pitch);
	call_dim(l, c, "y_pitch", y.pitch);
}

bool
lower_batchnorm(struct lower *l, const struct node *n)
{
	int channels = (int)tensor_count(n->in[1]);
	struct call *c = call_unary(l, n, "affine_f32");
	const float *scale, *offset;

	batchnorm_params_of(l->p->arena, n, &scale, &offset);
	call_const(l, c, "scale", "scale", DT_F32, channels, scale);
	call_const(l, c, "offset", "offset", DT_F32, channels, offset);
	call_vectors(l, c, n);
	return true;
}

bool
lower_softmax(struct lower *l, const struct node *n)
{
	struct call *c = call_unary(l, n, lower_kernel(l, n, "softmax"));
	struct softmax_params p;

	if (n->out->dtype == DT_F32) {
		call_float(l, c, "beta", n->attr.beta);
	} else {
		softmax_params_of(n, &p);
		call_int(l, c, "multiplier", p.input.m);
		call_int(l, c, "shift", p.input.shift);
		call_int(l, c, "diff_min", p.diff_min);
	}
	call_vectors(l, c, n);
	return true;
}

bool
lower_log_softmax(struct lower *l, const struct node *n)
{
	call_vectors(l, call_unary(l, n, lower_kernel(l, n, "log_softmax")), n);
	return true;
}

bool
lower_lrn(struct lower *l, const struct node *n)
{
	struct call *c = call_unary(l, n, lower_kernel(l, n, "lrn"));

	call_float(l, c, "factor", n->attr.alpha / (float)n->attr.window);
	call_float(l, c, "offset", n->attr.offset);
	call_float(l, c, "beta", n->attr.beta);
	call_dim(l, c, "window", n->attr.window);
	call_vectors(l, c, n);
	return true;
}

/* ---- sums ---- */

void
call_multipliers(struct lower *l, struct call *c, const struct rescale *r)
{
	int32_t *multiplier = ARENA_ARRAY(l->p->arena, int32_t, (size_t)r->count);
	int8_t *shift = ARENA_ARRAY(l->p->arena, int8_t, (size_t)r->count);

	for (int i = 0; i < r->count; i++) {
		multiplier[i] = r->by[i].m;
		shift[i] = (int8_t)r->by[i].shift;
	}
	call_const(l, c, "multiplier", "multiplier", DT_I32, r->count, multiplier);
	call_const(l, c, "shift", "shift", DT_I8, r->count, shift);
}

void
lower_finish(struct lower *l, const struct node *n, struct place sums, int64_t pitch)
{
	struct rows y = rows_of(n->out);
	struct rescale r;

	rescale_of(l->p->arena, n, &r);
	struct call *c = lower_call(l, n, arena_printf(l->p->arena, "rescale_%s_i8%s", dtype_info[sums.dtype].name, r.scale ? "_even" : ""));

	call_out(l, c, "y", n->out);
	call_place(l, c, ARG_IN, "x", sums);
	if (r.scale)
		call_const(l, c, "scale", "scale", DT_F32, r.count, r.scale);
	else
		call_multipliers(l, c, &r);
	if (sums.dtype == DT_I16)
		call_int(l, c, "sum_shift", n->attr.shift);
	call_int(l, c, "y_zero", n->out->quant.zero);
	call_act(l, c, n, n->attr.act);
	if (!r.scale)
		call_dim(l, c, "once", r.rounding != ROUNDING_DOUBLE);
	call_dim(l, c, "rows", y.rows);
	call_dim(l, c, "n", y.n);
	call_dim(l, c, "x_pitch", pitch);
	call_dim(l, c, "y_pitch", y.pitch);
}

bool
lower_rescale(struct lower *l, const struct node *n)
{
	lower_finish(l, n, lower_place(l, n->in[0]), n->in[0]->pitch);
	return true;
}

/* ---- changes of number format ---- */

static bool
lower_convert(struct lower *l, const struct node *n, const char *kernel, const struct quant *q)
{
	struct call *c = call_unary(l, n, kernel);

	call_float(l, c, "scale", q->scale[0]);
	call_int(l, c, "zero", q->zero);
	call_rows(l, c, n->in[0], n->out);
	return true;
}

bool
lower_quantize(struct lower *l, const struct node *n)
{
	return lower_convert(l, n, "quantize_f32_i8", &n->out->quant);
}

bool
lower_dequantize(struct lower *l, const struct node *n)
{
	return lower_convert(l, n, "dequantize_i8_f32", &n->in[0]->quant);
}

/* ---- mean ---- */

static bool
is_reduced(const struct node *n, int d)
{
	for (int k = 0; k < n->attr.axes.n; k++)
		if (n->attr.axes.v[k] == d)
			return true;
	return false;
}

/* The dimensions of N's input that are (not) REDUCED, joined where they can be: at most three, as those of the other
 * kind lie between them. */
static struct box
mean_box(const struct node *n, bool reduced)
{
	const struct shape *s = &n->in[0]->shape;
	struct box b = { .rank = s->rank, .operands = 1 };

	tensor_steps(n->in[0], b.step[0]);
	for (int d = 0; d < s->rank; d++)
		b.n[d] = is_reduced(n, d) == reduced ? s->dim[d] : 1;
	box_reduce(&b);
	return b;
}

static void
call_axes(struct lower *l, struct call *c, const struct box *kept, const struct box *reduced, bool steps)
{
	static const char *const names[2][2][3] = {
		{ { "k0_n", "k1_n", "k2_n" }, { "r0_n", "r1_n", "r2_n" } },
		{ { "k0_step", "k1_step", "k2_step" }, { "r0_step", "r1_step", "r2_step" } },
	};

	for (int kind = 0; kind < 2; kind++) {
		const struct box *b = kind ? reduced : kept;
		int absent = 3 - b->rank; /* the outer ones */

		for (int d = 0; d < 3; d++)
			call_dim(l, c, names[steps][kind][d], steps ? (d < absent ? 0 : b->step[0][d - absent])
				: d < absent ? 1 : b->n[d - absent]);
	}
}

bool
lower_mean(struct lower *l, const struct node *n)
{
	struct box kept = mean_box(n, false), reduced = mean_box(n, true);
	struct call *c = call_unary(l, n, lower_kernel(l, n, "mean"));
	struct mean_params p;

	if (n->out->dtype == DT_I8) {
		mean_params_of(n, &p);
		call_int(l, c, "x_zero", p.in_zero);
		call_int(l, c, "y_zero", p.out_zero);
		call_int(l, c, "multiplier", p.out.m);
		call_int(l, c, "shift", p.out.shift);
		call_dim(l, c, "divide", p.divide);
	}
	if (kept.rank > 3 || reduced.rank > 3)
		die("lower: '%s' has %d and %d axes", n->name, kept.rank, reduced.rank);
	call_axes(l, c, &kept, &reduced, false);
	call_axes(l, c, &kept, &reduced, true);
	return true;
}
