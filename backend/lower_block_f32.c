/* A layer of f32 as loops around a register block that takes any number of rows and channels up to its most (chips/blocks.h;
 * runtime/nn_block_f32.h).  Windows are read where they lie, and taps outside of the image are left out, so nothing is filled up but the channels
 * of the weights. */
#include <config.h>
#include <string.h>
#include "backend/lower_unit.h"
#include "chips/blocks.h"

struct blocked {
	struct unit_call u;
	struct blocks b;
	struct block_order order;
	int32_t groups, c;     /* input channels of one group */
	int64_t taps;
};

/* ---- constants ---- */

/* The weights of the channels [O, O + channels) of the layer, as many of them as group G has, for the input channels [FROM, FROM + LEN); to TO, in the
 * block's layout.  Returns the end of it. */
static float *
pack_panel(const struct blocked *k, int32_t g, int64_t o, int32_t from, int32_t len, float *to)
{
	const struct chip_op *op = k->b.full;
	const float *w = k->u.node->in[1]->data;
	const int64_t values = k->taps * len, step[DIM_COUNT] = { [DIM_OUT] = values, [DIM_IN] = 1 };
	const int32_t size[DIM_COUNT] = { [DIM_OUT] = k->b.channels, [DIM_IN] = (int32_t)values };
	struct arena scratch = { 0 };
	float *filters = ARENA_ARRAY(&scratch, float, (size_t)(k->b.channels * values));

	for (int64_t i = 0; i < k->b.channels && o + i < k->b.filters; i++)
		for (int64_t t = 0; t < k->taps; t++)
			memcpy(filters + i * values + t * len, w + ((g * k->b.filters + o + i) * k->taps + t) * k->c + from,
				(size_t)len * sizeof *w);
	chip_layout_pack(&op->layout[OPERAND_W], size, step, filters, to, sizeof *to);
	arena_free(&scratch);
	return to + k->b.channels * values;
}

static void
call_weights(struct blocked *k, struct call *c)
{
	const struct tensor *w = k->u.node->in[1];
	const int64_t panels = (k->b.filters + k->b.channels - 1) / k->b.channels;
	const int64_t count = k->groups * panels * k->b.channels * k->taps * k->c;
	struct arena *a = k->u.l->p->arena;
	float *all = ARENA_ARRAY(a, float, (size_t)count), *to = all;

	for (int32_t g = 0; g < k->groups; g++)
		for (int32_t from = 0; from < k->c; from += k->order.chunk)
			for (int64_t o = 0; o < k->b.filters; o += k->b.channels)
				to = pack_panel(k, g, o, from, from + k->order.chunk < k->c ? k->order.chunk : k->c - from, to);
	call_place(k->u.l, c, ARG_CONST, "weight", unit_constant(&k->u, arena_printf(a, "%s.%s", w->name, k->b.full->title), DT_F32,
		&(struct shape){ 1, { (int32_t)count } }, all, k->b.full->layout[OPERAND_W].align, "packed for the block"));
}

/* A block starts from a bias, or from what lies in its result: no bias is one of zeros. */
static void
call_bias(struct blocked *k, struct call *c)
{
	const struct node *n = k->u.node;
	const int32_t count = (int32_t)(k->b.filters * k->groups);

	if (n->nin > 2) {
		call_in(k->u.l, c, "bias", n->in[2]);
		return;
	}
	call_place(k->u.l, c, ARG_CONST, "bias", unit_constant(&k->u, arena_printf(k->u.l->p->arena, "%s.no_bias", n->name), DT_F32,
		&(struct shape){ 1, { count } }, ARENA_ARRAY(k->u.l->p->arena, float, (size_t)count), 1, NULL));
}

/* ---- the call ---- */

/* A step that is never taken is 1: equal shapes share a function. */
static int32_t
step_of(int32_t step, int32_t places)
{
	return places > 1 ? step : 1;
}

static void
call_window(struct blocked *k, struct call *c)
{
	const struct node *n = k->u.node;
	const struct attrs *a = &n->attr;
	const int32_t *x = n->in[0]->shape.dim, *y = n->out->shape.dim;
	struct lower *l = k->u.l;
	bool conv = n->op == OP_CONV2D;

	call_dim(l, c, "x_h", conv ? x[0] : 1);
	call_dim(l, c, "x_w", conv ? x[1] : rows_of(n->in[0]).rows);
	call_dim(l, c, "x_c", (int64_t)k->c * k->groups);
	call_dim(l, c, "x_pitch", n->in[0]->pitch);
	call_dim(l, c, "y_h", conv ? y[0] : 1);
	call_dim(l, c, "y_w", conv ? y[1] : rows_of(n->out).rows);
	call_dim(l, c, "y_c", k->b.filters * k->groups);
	call_dim(l, c, "y_pitch", n->out->pitch);
	call_dim(l, c, "k_h", conv ? a->kernel[0] : 1);
	call_dim(l, c, "k_w", conv ? a->kernel[1] : 1);
	call_dim(l, c, "stride_h", conv ? step_of(a->stride[0], y[0]) : 1);
	call_dim(l, c, "stride_w", conv ? step_of(a->stride[1], y[1]) : 1);
	call_dim(l, c, "dilation_h", conv ? step_of(a->dilation[0], a->kernel[0]) : 1);
	call_dim(l, c, "dilation_w", conv ? step_of(a->dilation[1], a->kernel[1]) : 1);
	call_dim(l, c, "pad_t", conv ? a->pad[0] : 0);
	call_dim(l, c, "pad_l", conv ? a->pad[2] : 0);
	call_dim(l, c, "groups", k->groups);
}

static bool
call_block(struct blocked *k, struct call *c)
{
	struct lower *l = k->u.l;
	struct block *b = ARENA_NEW(l->p->arena, struct block);
	struct arg a = { .kind = ARG_BLOCK, .name = "block", .dtype = DT_F32, .block = b };
	struct chip_vars v;

	blocks_vars(&k->b, k->b.full, k->u.node, &v);
	b->unit = k->b.full;
	b->text = unit_block_text(l, k->b.full, k->u.node, &v);
	call_dim(l, c, "rows", k->b.rows);
	call_dim(l, c, "channels", k->b.channels);
	call_dim(l, c, "chunk", k->order.chunk);
	call_dim(l, c, "outer", k->order.outer);
	ARRAY_PUSH(l->p->arena, c->args, a);
	return b->text != NULL;
}

/* Everything that the kernel indexes or steps over stays within 32 bits. */
static bool
fits(struct blocked *k)
{
	const struct node *n = k->u.node;
	const struct attrs *at = &n->attr;
	const int64_t panels = (k->b.filters + k->b.channels - 1) / k->b.channels;
	const int32_t *x = n->in[0]->shape.dim;

	if (!lower_fits(k->u.l, n, "the packed weights", k->groups * panels * k->b.channels * k->taps * k->c))
		return false;
	if (n->op == OP_DENSE)
		return true;
	return lower_fits(k->u.l, n, "the padded height", (int64_t)x[0] + at->pad[0] + at->pad[1])
		&& lower_fits(k->u.l, n, "the padded width", (int64_t)x[1] + at->pad[2] + at->pad[3])
		&& lower_fits(k->u.l, n, "the distance of two taps", step_of(at->dilation[0], at->kernel[0]) * ((int64_t)x[1] * n->in[0]->pitch))
		&& lower_fits(k->u.l, n, "the distance of two taps", (int64_t)step_of(at->dilation[1], at->kernel[1]) * n->in[0]->pitch);
}

bool
lower_blocks_f32(struct lower *l, const struct node *n)
{
	struct blocked k = { .u = { .l = l, .node = n, .op = n->unit }, .groups = n->op == OP_CONV2D ? n->attr.groups : 1 };
	const struct shape *x = &n->in[0]->shape;
	const struct chip_limit *limit;
	const char *why;
	struct call *c;

	if (!blocks_find(n->unit, n, &k.b, &why, &limit))
		die("lower: block for '%s': %s", n->name, why);
	k.order = blocks_order_f32(&k.b, n);
	k.c = x->dim[x->rank - 1] / k.groups;
	k.taps = n->op == OP_CONV2D ? (int64_t)n->attr.kernel[0] * n->attr.kernel[1] : 1;
	if (!fits(&k))
		return false;
	c = lower_call(l, n, "block_conv2d_f32");
	c->unit = n->unit;
	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_weights(&k, c);
	call_bias(&k, c);
	if (k.order.copied)
		call_place(l, c, ARG_SCRATCH, "part", (struct place){ .buf = lower_scratch(l, n, DT_F32,
			tensor_count(n->in[0]) / (k.c * k.groups) * k.order.chunk), .dtype = DT_F32 });
	else
		call_null(l, c, "part", DT_F32);
	call_act(l, c, n, n->attr.act);
	call_window(&k, c);
	return call_block(&k, c);
}
