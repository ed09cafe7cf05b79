/* A layer with weights as loops around a chip's dot product.
 *
 * The kernels nn_dot_conv2d_X walk over pixels and output channels and multiply runs that lie side by side: a row of the filter's
 * taps where the image's pixels have nothing between them, else one tap.  Taps outside of the image are left out.  The kernels
 * nn_dot_gather_X collect the cells under a filter first: where they lie apart (depthwise layers), at addresses that the unit
 * cannot read, in numbers that it does not take (zeros fill them up), and where that saves calls.  A dense layer is a 1x1
 * convolution over its rows.
 *
 * The unit knows no zero points: sum of (x - zero) * w is sum of x * w less zero times the sum of the weights, which the bias takes in. */
#include <config.h>
#include <string.h>
#include "backend/lower_unit.h"

struct dots {
	struct unit_call u;
	int32_t x_h, x_w, x_c, y_h, y_w, y_c, k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l, groups;
	int64_t x_pitch, y_pitch;
	int32_t in, taps;              /* channels of a group; cells of the kernel */
	bool padded;
	int32_t x_zero;
	int element;                   /* bytes of x and w */
	int x_align, w_align;          /* bytes */
};

static int32_t
last_dim(const struct tensor *t)
{
	return t->shape.rank ? t->shape.dim[t->shape.rank - 1] : 1;
}

/* ---- the layer's numbers ---- */

static int32_t
step_of(int32_t step, int32_t places)
{
	return places > 1 ? step : 1;
}

static void
set_window(struct dots *d, const struct node *n)
{
	const struct attrs *a = &n->attr;
	const int32_t *x = n->in[0]->shape.dim, *y = n->out->shape.dim;

	d->x_h = x[0], d->x_w = x[1], d->y_h = y[0], d->y_w = y[1];
	d->k_h = a->kernel[0], d->k_w = a->kernel[1];
	d->stride_h = step_of(a->stride[0], y[0]), d->stride_w = step_of(a->stride[1], y[1]);
	d->dilation_h = step_of(a->dilation[0], d->k_h), d->dilation_w = step_of(a->dilation[1], d->k_w);
	d->pad_t = a->pad[0], d->pad_l = a->pad[2];
	d->padded = a->pad[0] || a->pad[1] || a->pad[2] || a->pad[3];
	d->groups = n->op == OP_DWCONV2D ? x[2] : a->groups;
}

static void
set_shape(struct dots *d, const struct node *n)
{
	d->x_h = d->y_h = d->k_h = d->k_w = d->stride_h = d->stride_w = d->dilation_h = d->dilation_w = d->groups = 1;
	d->x_w = d->y_w = (int32_t)rows_of(n->out).rows;
	if (n->op != OP_DENSE)
		set_window(d, n);
	d->x_c = last_dim(n->in[0]);
	d->y_c = last_dim(n->out);
	d->x_pitch = n->in[0]->pitch;
	d->y_pitch = n->out->pitch;
	d->in = d->x_c / d->groups;
	d->taps = d->k_h * d->k_w;
	d->x_zero = n->in[0]->quant.count ? n->in[0]->quant.zero : 0;
	d->element = dtype_info[n->in[0]->dtype].bytes;
}

/* Everything that the kernels index or step over stays within 32 bits. */
static bool
fits(struct lower *l, const struct dots *d, const struct node *n)
{
	return lower_fits(l, n, "the padded height", (int64_t)d->x_h + n->attr.pad[0] + n->attr.pad[1])
		&& lower_fits(l, n, "the padded width", (int64_t)d->x_w + n->attr.pad[2] + n->attr.pad[3])
		&& lower_fits(l, n, "the distance of two taps", d->dilation_h * d->x_w * d->x_pitch)
		&& lower_fits(l, n, "the distance of two taps", d->dilation_w * d->x_pitch);
}

/* ---- dot products of a number of values ---- */

static struct chip_vars
numbers_of(const struct chip_op *op, int32_t n, enum dtype t)
{
	struct chip_vars v;

	chip_vars_clear(&v);
	v.v[VAR_N] = n;
	v.type[OPERAND_X] = v.type[OPERAND_W] = t;
	v.type[OPERAND_Y] = t == DT_F32 ? DT_F32 : DT_I32;
	chip_vars_complete(op, &v);
	return v;
}

/* The largest number of values, at most N, that the sets of the unit have. */
static int64_t
set_at_most(const struct chip_op *op, const struct chip_vars *v, int64_t n)
{
	for (const struct chip_limit *l = op->limits; l && n > 0; l = l->next)
		if (l->kind == LIMIT_SET && l->var == VAR_N)
			n = chip_set_at_most(&l->set, v, n);
	return n;
}

static bool
is_taken(const struct dots *d, int64_t n)
{
	struct chip_vars v = numbers_of(d->u.op, (int32_t)n, d->u.node->in[0]->dtype);
	const struct chip_limit *broken;

	return chip_breaks(d->u.op, &v, &broken, 1) == 0;
}

/* How many of the REST values left the unit takes at once; 0: none of them.  What follows must be aligned. */
static int32_t
piece_of(const struct dots *d, int32_t rest)
{
	int align = d->x_align > d->w_align ? d->x_align : d->w_align;

	for (int64_t n = rest; n > 0; n--) {
		struct chip_vars v = numbers_of(d->u.op, (int32_t)n, d->u.node->in[0]->dtype);

		n = set_at_most(d->u.op, &v, n);
		if (n <= 0)
			break;
		if ((n == rest || n * d->element % align == 0) && is_taken(d, n))
			return (int32_t)n;
	}
	return 0;
}

/* The smallest number from REST on that the unit takes at once, zeros filling it up; 0: none. */
static int32_t
filled_piece(const struct dots *d, int32_t rest)
{
	int64_t n = rest;

	for (const struct chip_limit *l = d->u.op->limits; l && n > 0; l = l->next) {
		struct chip_vars v = numbers_of(d->u.op, (int32_t)n, d->u.node->in[0]->dtype);

		if (l->kind == LIMIT_SET && l->var == VAR_N)
			n = chip_set_at_least(&l->set, &v, n);
	}
	return n > 0 && n <= INT32_MAX && is_taken(d, n) ? (int32_t)n : 0;
}

/* The next piece of a dot product of which REST values are left. */
static int32_t
next_piece(const struct dots *d, int32_t rest, bool fill)
{
	int32_t filled = fill ? filled_piece(d, rest) : 0;

	return filled ? filled : piece_of(d, rest);
}

/* Calls of a dot product of N values, which may be filled up or not; -1: some values would be left over. */
static int64_t
count_calls(const struct dots *d, int32_t n, bool fill)
{
	int64_t calls = 0;
	int32_t at = 0;

	while (at < n) {
		int32_t piece = next_piece(d, n - at, fill);

		if (piece == 0)
			return -1;
		calls++;
		at = piece > n - at ? n : at + piece;
	}
	return calls;
}

static bool
add_part(struct dots *d, struct dot *dot, int32_t at, int32_t n, int32_t count)
{
	struct arena *a = d->u.l->p->arena;
	struct chip_vars v = numbers_of(d->u.op, n, dot->dtype);
	const char *x = "x", *w = "w";
	struct dot_part part = { .at = at, .n = n, .count = count };

	if (count > 1) {
		x = "(x + i)";
		w = "(w + i)";
	} else if (at > 0) {
		x = arena_printf(a, "(x + %d)", (int)at);
		w = arena_printf(a, "(w + %d)", (int)at);
	}
	part.text = unit_dot_text(d->u.l, d->u.op, d->u.node, &v, x, w);
	ARRAY_PUSH(a, dot->parts, part);
	return part.text != NULL;
}

/* NULL after reporting.  With FILL it may be longer than N. */
static const struct dot *
make_dot(struct dots *d, int32_t n, bool fill)
{
	struct dot *dot = ARENA_NEW(d->u.l->p->arena, struct dot);
	int32_t at = 0, piece;

	dot->unit = d->u.op;
	dot->dtype = d->u.node->in[0]->dtype;
	while (at < n && (piece = next_piece(d, n - at, fill)) > 0) {
		int32_t count = 1;

		while (n - at - count * piece >= piece && next_piece(d, n - at - count * piece, fill) == piece)
			count++;
		if (!add_part(d, dot, at, piece, count))
			return NULL;
		at += count * piece;
	}
	dot->rest = at;
	dot->n = at > n ? at : n;
	return dot;
}

static void
call_dot(struct dots *d, struct call *c, const char *param, const struct dot *dot)
{
	struct arg a = { .kind = ARG_DOT, .name = param, .dtype = d->u.node->in[0]->dtype, .dot = dot };

	ARRAY_PUSH(d->u.l->p->arena, c->args, a);
}

/* ---- constants ---- */

/* Weight I of tap TAP of output channel O. */
static int32_t
weight_at(const struct dots *d, int32_t o, int32_t tap, int32_t i)
{
	const int8_t *w = d->u.node->in[1]->data;

	if (d->u.node->op == OP_DWCONV2D)
		return w[(int64_t)tap * d->y_c + o];
	return w[((int64_t)o * d->taps + tap) * d->in + i];
}

/* The bias with what x's zero point amounts to taken off. */
static void
call_bias(struct dots *d, struct call *c)
{
	const struct node *n = d->u.node;
	const int32_t *b = n->nin > 2 ? n->in[2]->data : NULL;
	int32_t *folded;

	if (d->x_zero == 0) {
		if (b)
			call_place(d->u.l, c, ARG_IN, "bias", lower_place(d->u.l, n->in[2]));
		else
			call_null(d->u.l, c, "bias", n->in[0]->dtype == DT_F32 ? DT_F32 : DT_I32);
		return;
	}
	folded = ARENA_ARRAY(d->u.l->p->arena, int32_t, (size_t)d->y_c);
	for (int32_t o = 0; o < d->y_c; o++) {
		uint32_t sum = b ? (uint32_t)b[o] : 0;

		for (int32_t tap = 0; tap < d->taps; tap++)
			for (int32_t i = 0; i < d->in; i++)
				sum -= (uint32_t)(d->x_zero * weight_at(d, o, tap, i));
		folded[o] = (int32_t)sum;
	}
	call_place(d->u.l, c, ARG_CONST, "bias", unit_constant(&d->u, arena_printf(d->u.l->p->arena, "%s.bias_folded", n->name), DT_I32,
		&(struct shape){ 1, { d->y_c } }, folded, 1, NULL));
}

/* The zero point times each tap's weights, for taps that leave the image. */
static void
call_outside(struct dots *d, struct call *c)
{
	int32_t *outside;

	if (d->x_zero == 0 || !d->padded) {
		call_null(d->u.l, c, "outside", DT_I32);
		return;
	}
	outside = ARENA_ARRAY(d->u.l->p->arena, int32_t, (size_t)d->y_c * (size_t)d->taps);
	for (int32_t o = 0; o < d->y_c; o++)
		for (int32_t tap = 0; tap < d->taps; tap++) {
			uint32_t sum = 0;

			for (int32_t i = 0; i < d->in; i++)
				sum += (uint32_t)(d->x_zero * weight_at(d, o, tap, i));
			outside[(int64_t)o * d->taps + tap] = (int32_t)sum;
		}
	call_place(d->u.l, c, ARG_CONST, "outside", unit_constant(&d->u, arena_printf(d->u.l->p->arena, "%s.outside", d->u.node->name),
		DT_I32, &(struct shape){ 2, { d->y_c, d->taps } }, outside, 1, NULL));
}

/* Each output channel's weights in one row, PITCH elements apart. */
static struct place
weight_rows(struct dots *d, int32_t pitch)
{
	const struct tensor *w = d->u.node->in[1];
	int32_t n = d->taps * d->in;
	char *rows, *row;

	if (d->u.node->op != OP_DWCONV2D && pitch == n)
		return lower_place(d->u.l, w);
	rows = arena_alloc(d->u.l->p->arena, (size_t)d->y_c * (size_t)pitch * (size_t)d->element);
	memset(rows, 0, (size_t)d->y_c * (size_t)pitch * (size_t)d->element);
	for (int32_t o = 0; o < d->y_c; o++)
		for (int32_t k = 0; k < n; k++) {
			int64_t from = d->u.node->op == OP_DWCONV2D ? (int64_t)k * d->y_c + o : (int64_t)o * n + k;

			row = rows + ((int64_t)o * pitch + k) * d->element;
			memcpy(row, (const char *)w->data + from * d->element, (size_t)d->element);
		}
	return unit_constant(&d->u, arena_printf(d->u.l->p->arena, "%s.rows", w->name), w->dtype,
		&(struct shape){ 2, { d->y_c, pitch } }, rows, d->w_align, "a row for each output channel");
}

/* ---- calls ---- */

static void
call_shape(struct dots *d, struct call *c)
{
	struct lower *l = d->u.l;

	call_dim(l, c, "x_h", d->x_h);
	call_dim(l, c, "x_w", d->x_w);
	call_dim(l, c, "x_c", d->x_c);
	call_dim(l, c, "x_pitch", d->x_pitch);
	call_dim(l, c, "y_h", d->y_h);
	call_dim(l, c, "y_w", d->y_w);
	call_dim(l, c, "y_c", d->y_c);
	call_dim(l, c, "y_pitch", d->y_pitch);
	call_dim(l, c, "k_h", d->k_h);
	call_dim(l, c, "k_w", d->k_w);
	call_dim(l, c, "stride_h", d->stride_h);
	call_dim(l, c, "stride_w", d->stride_w);
	call_dim(l, c, "dilation_h", d->dilation_h);
	call_dim(l, c, "dilation_w", d->dilation_w);
	call_dim(l, c, "pad_t", d->pad_t);
	call_dim(l, c, "pad_l", d->pad_l);
	call_dim(l, c, "groups", d->groups);
}

static bool
lies_together(const struct dots *d)
{
	return d->k_w > 1 && d->x_pitch == d->in && d->dilation_w == 1;
}

/* Whether the runs as they lie are whole calls, and no more of them than of gathered ones. */
static bool
runs_are_whole(const struct dots *d)
{
	int64_t runs = lies_together(d) ? d->k_h : d->taps, calls = count_calls(d, d->in, false), gathered;

	if (lies_together(d) && calls >= 0)
		calls = count_calls(d, d->k_w * d->in, false);
	gathered = count_calls(d, d->taps * d->in, true);
	return calls >= 0 && (gathered < 0 || runs * calls <= gathered);
}

/* Whether the runs of x and w begin where the unit can read them. */
static bool
reads_in_place(const struct dots *d)
{
	struct place x = lower_place(d->u.l, d->u.node->in[0]);
	bool aligned = x.buf->kind == BUF_ARENA && x.offset * d->element % d->x_align == 0 && d->x_pitch * d->element % d->x_align == 0
		&& (d->groups == 1 || d->in * d->element % d->x_align == 0);

	return d->u.node->op != OP_DWCONV2D && (d->x_align <= d->element || aligned)
		&& (d->w_align <= d->element || d->in * d->element % d->w_align == 0);
}

static void
raise_align(struct buffer *b, int align)
{
	if (align > b->align)
		b->align = align;
}

/* y, x, weight, bias. */
static void
call_operands(struct dots *d, struct call *c, struct place y, struct place weight)
{
	struct place x = lower_place(d->u.l, d->u.node->in[0]);

	call_place(d->u.l, c, ARG_OUT, "y", y);
	call_place(d->u.l, c, ARG_IN, "x", x);
	call_place(d->u.l, c, ARG_CONST, "weight", weight);
	call_bias(d, c);
	raise_align(weight.buf, d->w_align);
}

static void
call_result(struct dots *d, struct call *c)
{
	const struct node *n = d->u.node;
	struct rescale r;

	if (n->out->dtype == DT_F32)
		return;
	rescale_of(d->u.l->p->arena, n, &r);
	call_multipliers(d->u.l, c, &r);
}

static void
call_sum(struct dots *d, struct call *c)
{
	const struct node *n = d->u.node;

	if (n->nin > INPUT_SUM)
		call_in(d->u.l, c, "sum", n->in[INPUT_SUM]);
	else
		call_null(d->u.l, c, "sum", DT_I32);
}

static int64_t
sum_pitch(const struct dots *d)
{
	const struct node *n = d->u.node;

	return n->nin > INPUT_SUM ? n->in[INPUT_SUM]->pitch : 0;
}

static bool
dots_in_place(struct dots *d, struct place y, bool sums)
{
	const struct node *n = d->u.node;
	struct lower *l = d->u.l;
	const struct dot *row = lies_together(d) ? make_dot(d, d->k_w * d->in, false) : NULL, *tap = make_dot(d, d->in, false);
	struct call *c;

	if (!tap || (lies_together(d) && !row))
		return false;
	c = lower_call(l, n, sums ? "dot_conv2d_i8_i32" : lower_kernel(l, n, "dot_conv2d"));

	c->unit = d->u.op;
	call_operands(d, c, y, lower_place(l, n->in[1]));
	if (d->x_align > d->element)
		raise_align(lower_place(l, n->in[0]).buf, d->x_align);
	if (n->in[0]->dtype == DT_I8)
		call_outside(d, c);
	if (sums) {
		call_sum(d, c);
	} else {
		call_result(d, c);
		if (n->out->dtype == DT_I8)
			call_int(l, c, "y_zero", n->out->quant.zero);
		call_act(l, c, n, n->attr.act);
	}
	call_shape(d, c);
	if (sums)
		call_dim(l, c, "sum_pitch", sum_pitch(d));
	call_dot(d, c, "row", row);
	call_dot(d, c, "tap", tap);
	return true;
}

static bool
dots_of_gathered(struct dots *d, struct place y, bool sums)
{
	const struct node *n = d->u.node;
	struct lower *l = d->u.l;
	const struct dot *filter = make_dot(d, d->taps * d->in, true);
	int32_t step = d->w_align > d->element ? d->w_align / d->element : 1, w_pitch;
	struct place window;
	struct call *c;

	if (!filter)
		return false;
	w_pitch = (filter->n + step - 1) / step * step;
	window = (struct place){ .buf = lower_scratch(l, n, n->in[0]->dtype, w_pitch), .dtype = n->in[0]->dtype };
	c = lower_call(l, n, sums ? "dot_gather_i8_i32" : lower_kernel(l, n, "dot_gather"));

	c->unit = d->u.op;
	raise_align(window.buf, d->x_align);
	call_operands(d, c, y, weight_rows(d, w_pitch));
	if (sums)
		call_sum(d, c);
	else
		call_result(d, c);
	call_place(l, c, ARG_SCRATCH, "window", window);
	if (n->in[0]->dtype == DT_I8)
		call_int(l, c, "x_zero", d->x_zero);
	if (!sums && n->out->dtype == DT_I8)
		call_int(l, c, "y_zero", n->out->quant.zero);
	if (!sums)
		call_act(l, c, n, n->attr.act);
	call_shape(d, c);
	call_dim(l, c, "w_pitch", w_pitch);
	if (sums)
		call_dim(l, c, "sum_pitch", sum_pitch(d));
	call_dot(d, c, "filter", filter);
	return true;
}

static bool
make_calls(struct dots *d, struct place y, bool sums)
{
	return reads_in_place(d) && runs_are_whole(d) ? dots_in_place(d, y, sums) : dots_of_gathered(d, y, sums);
}

static int
align_of(const struct chip_op *op, enum chip_operand o)
{
	return op->layout[o].align > 1 ? op->layout[o].align : 1;
}

/* Sums in 16 bits and sums in f32 that go on from others are none of the planner's; they run as portable C. */
static bool
has_kernel(const struct node *n)
{
	const struct tensor *sum = n->nin > INPUT_SUM ? n->in[INPUT_SUM] : NULL;

	return n->out->dtype != DT_I16 && (!sum || sum->dtype == DT_I32);
}

bool
lower_dot(struct lower *l, const struct node *n)
{
	struct dots d = { .u = { .l = l, .node = n, .op = n->unit } };
	struct rows y = rows_of(n->out);
	struct place sums;

	if (!has_kernel(n))
		return lower_table[n->op](l, n);
	d.x_align = align_of(n->unit, OPERAND_X);
	d.w_align = align_of(n->unit, OPERAND_W);
	set_shape(&d, n);
	if (!fits(l, &d, n))
		return false;
	if (n->out->dtype == DT_I32)
		return make_calls(&d, lower_place(l, n->out), true);
	if (n->out->dtype == DT_F32 || (n->nin <= INPUT_SUM && n->attr.rounding == ROUNDING_DOUBLE))
		return make_calls(&d, lower_place(l, n->out), false);
	sums = (struct place){ .buf = lower_scratch(l, n, DT_I32, tensor_count(n->out)), .dtype = DT_I32 };
	d.y_pitch = y.n;
	if (!make_calls(&d, sums, true))
		return false;
	lower_finish(l, n, sums, y.n);
	return true;
}
