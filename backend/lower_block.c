/* A layer as loops around register blocks (chips/blocks.h; runtime/nn_block.h).
 *
 * The blocks know no zero points and no padding: sum of (x - zero) * w is sum of x * w less zero times the sum of the weights, which the bias
 * takes in, and cells outside of the image are given to them as the zero point. */
#include <config.h>
#include <string.h>
#include "backend/lower_unit.h"
#include "chips/blocks.h"

struct blocked {
	struct unit_call u;
	struct blocks b;
	int32_t groups;
	int64_t values;        /* of a window */
};

/* ---- constants ---- */

/* The bias of a channel without weights and what becomes of it are any number: BIAS gets the result itself, less its zero point, and R what
 * leaves it as it is. */
void
lower_constant_channel(const struct rescale *r, int32_t o, int32_t *bias)
{
	struct multiplier *by = (struct multiplier *)&r->by[o];

	*bias = rescale_at(r, *bias, o);
	*bias = 4 * (*bias < -256 ? -256 : *bias > 256 ? 256 : *bias); /* beyond all results */
	*by = (struct multiplier){ .m = 1 << 30, .shift = -1 };        /* a quarter of it, in the form that most channels have */
}

/* Bias and multipliers. */
static void
call_scaling(struct blocked *k, struct call *c)
{
	const struct node *n = k->u.node;
	const int32_t *b = n->nin > 2 ? n->in[2]->data : NULL;
	const int8_t *w = n->in[1]->data;
	int32_t zero = n->in[0]->quant.zero, count = (int32_t)(k->b.filters * k->groups);
	int32_t *folded = ARENA_ARRAY(k->u.l->p->arena, int32_t, (size_t)count);
	struct rescale r;

	rescale_of(k->u.l->p->arena, n, &r);

	for (int32_t o = 0; o < count; o++) {
		uint32_t sum = b ? (uint32_t)b[o] : 0;

		for (int64_t i = 0; i < k->values; i++)
			sum -= (uint32_t)(zero * w[o * k->values + i]);
		folded[o] = (int32_t)sum;
		if (blocks_constant(n, o))
			lower_constant_channel(&r, o, &folded[o]);
		else if (block_limits_shifts(k->u.op) && (r.by[o].m == 0 || r.by[o].shift < k->u.op->requant.shift_lo)) /* 0, whatever the sum */
			*(struct multiplier *)&r.by[o] = (struct multiplier){ .m = 0, .shift = k->u.op->requant.shift_hi };
	}
	call_place(k->u.l, c, ARG_CONST, "bias", unit_constant(&k->u, arena_printf(k->u.l->p->arena, "%s.bias_folded", n->name), DT_I32,
		&(struct shape){ 1, { count } }, folded, 1, NULL));
	call_multipliers(k->u.l, c, &r);
}

/* The channels of a block OP. */
static int64_t
channels_of(const struct blocked *k, const struct chip_op *op)
{
	return op == k->b.full ? k->b.channels : block_size(op, VAR_OUT);
}

/* Bytes of the packed weights of one block OP. */
static int64_t
packed_bytes(const struct blocked *k, const struct chip_op *op)
{
	const struct chip_layout *l = &op->layout[OPERAND_W];
	struct chip_vars v;
	int32_t size[DIM_COUNT];

	blocks_vars(&k->b, op, k->u.node, &v);
	chip_operand_size(KIND_BLOCK, OPERAND_W, &v, size);
	return chip_layout_count(l, size) / chip_layout_fused(l) * (l->fused == DT_COUNT ? 1 : dtype_info[l->fused].bytes);
}

/* COUNT filters from FIRST on into TO, in blocks of OP's. */
static void
pack_filters(const struct blocked *k, const struct chip_op *op, int64_t first, int64_t count, char *to)
{
	const struct chip_layout *l = &op->layout[OPERAND_W];
	const int64_t step[DIM_COUNT] = { [DIM_OUT] = k->b.k, [DIM_IN] = 1 }, channels = channels_of(k, op), bytes = packed_bytes(k, op);
	const int8_t *w = k->u.node->in[1]->data;
	struct arena scratch = { 0 };
	int8_t *filled = ARENA_ARRAY(&scratch, int8_t, (size_t)(channels * k->b.k)), *packed;
	struct chip_vars v;
	int32_t size[DIM_COUNT];
	int64_t elements;

	blocks_vars(&k->b, op, k->u.node, &v);
	chip_operand_size(KIND_BLOCK, OPERAND_W, &v, size);
	elements = chip_layout_count(l, size);
	packed = ARENA_ARRAY(&scratch, int8_t, (size_t)elements);
	for (int64_t o = 0; o < count; o += channels, to += bytes) {
		for (int64_t i = 0; i < channels; i++)
			memcpy(filled + i * k->b.k, w + (first + o + i) * k->values, (size_t)k->values);
		chip_layout_pack(l, size, step, filled, packed, 1);
		if (l->fused == DT_COUNT)
			memcpy(to, packed, (size_t)bytes);
		else
			chip_layout_fuse(l, elements / chip_layout_fused(l), packed, to);
	}
	arena_free(&scratch);
}

/* The weights of the filters [FROM, TO) of each group, packed for OP; OP NULL: none. */
static void
call_weights(struct blocked *k, struct call *c, const char *param, const struct chip_op *op, int64_t from, int64_t to)
{
	struct arena *a = k->u.l->p->arena;
	const struct tensor *w = k->u.node->in[1];
	const struct chip_layout *l;
	enum dtype type;
	int64_t bytes;
	char *all;

	if (!op || from == to) {
		call_null(k->u.l, c, param, DT_I8);
		return;
	}
	l = &op->layout[OPERAND_W];
	type = l->fused == DT_COUNT ? DT_I8 : l->fused;
	bytes = (to - from) / channels_of(k, op) * packed_bytes(k, op);
	all = arena_alloc(a, (size_t)(bytes * k->groups));
	for (int32_t g = 0; g < k->groups; g++)
		pack_filters(k, op, g * k->b.filters + from, to - from, all + g * bytes);
	call_place(k->u.l, c, ARG_CONST, param, unit_constant(&k->u, arena_printf(a, "%s.%s", w->name, op->title), type,
		&(struct shape){ 1, { (int32_t)(bytes * k->groups / dtype_info[type].bytes) } }, all, l->align, "packed for the block"));
}

/* ---- the call ---- */

static void
call_block(struct blocked *k, struct call *c, const char *param, const struct chip_op *op, bool *ok)
{
	struct arg a = { .kind = ARG_BLOCK, .name = param, .dtype = DT_I8 };
	struct block *b;
	struct chip_vars v;

	if (op) {
		b = ARENA_NEW(k->u.l->p->arena, struct block);
		blocks_vars(&k->b, op, k->u.node, &v);
		b->unit = op;
		b->rows = block_size(op, VAR_ROWS);
		b->channels = block_size(op, VAR_OUT);
		b->text = unit_block_text(k->u.l, op, k->u.node, &v);
		*ok = *ok && b->text;
		a.block = b;
	}
	ARRAY_PUSH(k->u.l->p->arena, c->args, a);
}

static void
call_window(struct blocked *k, struct call *c)
{
	const struct node *n = k->u.node;
	const struct attrs *a = &n->attr;
	struct lower *l = k->u.l;
	bool conv = n->op == OP_CONV2D, image = n->in[0]->shape.rank == 3 && n->out->shape.rank == 3; /* else a dense layer of some vectors */
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);

	call_dim(l, c, "x_h", image ? n->in[0]->shape.dim[0] : 1);
	call_dim(l, c, "x_w", image ? n->in[0]->shape.dim[1] : x.rows);
	call_dim(l, c, "x_c", conv ? n->in[0]->shape.dim[2] : k->values);
	call_dim(l, c, "x_pitch", n->in[0]->pitch);
	call_dim(l, c, "y_h", image ? n->out->shape.dim[0] : 1);
	call_dim(l, c, "y_w", image ? n->out->shape.dim[1] : y.rows);
	call_dim(l, c, "y_c", k->b.filters * k->groups);
	call_dim(l, c, "y_pitch", n->out->pitch);
	call_dim(l, c, "k_h", conv ? a->kernel[0] : 1);
	call_dim(l, c, "k_w", conv ? a->kernel[1] : 1);
	call_dim(l, c, "stride_h", conv ? a->stride[0] : 1);
	call_dim(l, c, "stride_w", conv ? a->stride[1] : 1);
	call_dim(l, c, "dilation_h", conv ? a->dilation[0] : 1);
	call_dim(l, c, "dilation_w", conv ? a->dilation[1] : 1);
	call_dim(l, c, "pad_t", conv ? a->pad[0] : 0);
	call_dim(l, c, "pad_l", conv ? a->pad[2] : 0);
	call_dim(l, c, "groups", k->groups);
}

static void
call_matrix(struct blocked *k, struct call *c)
{
	call_dim(k->u.l, c, "windows", k->b.windows);
	call_dim(k->u.l, c, "x_pitch", k->u.node->in[0]->pitch);
	call_dim(k->u.l, c, "y_n", k->b.filters);
	call_dim(k->u.l, c, "y_pitch", k->u.node->out->pitch);
}

static bool
call_blocks(struct blocked *k, struct call *c, int32_t column_pitch)
{
	const struct blocks *b = &k->b;
	struct lower *l = k->u.l;
	bool ok = true;

	call_dim(l, c, "rows", b->rows);
	call_dim(l, c, "channels", b->channels);
	call_dim(l, c, "in", b->k);
	if (column_pitch)
		call_dim(l, c, "column_pitch", column_pitch);
	call_dim(l, c, "step", packed_bytes(k, b->full));
	call_dim(l, c, "narrow_step", b->narrow_one ? packed_bytes(k, b->narrow_one) : 0);
	call_block(k, c, "full", b->full, &ok);
	call_block(k, c, "one", b->rows > 1 ? b->one : b->full, &ok);
	call_block(k, c, "narrow", b->narrow, &ok);
	call_block(k, c, "narrow_one", b->narrow_one, &ok);
	return ok;
}

/* The working memory of a run: what a call of it is given, and behind that the windows that are collected, if there is any of either.  Returns where
 * those begin. */
static int64_t
call_all_scratch(struct blocked *k, struct call *c)
{
	enum { ALIGN = 8 };
	const struct chip_op *op = k->b.full;
	const int64_t collected = blocks_in_place(&k->b, k->u.node) ? 0 : (int64_t)blocks_column_pitch(&k->b) * k->b.rows;
	const int align = op->layout[OPERAND_X].align > ALIGN ? op->layout[OPERAND_X].align : ALIGN;
	struct chip_vars v;
	struct buffer *s;
	int64_t columns;

	blocks_vars(&k->b, op, k->u.node, &v);
	columns = (chip_scratch(op, &v) + align - 1) / align * align;
	if (columns + collected == 0) {
		call_null(k->u.l, c, "scratch", DT_I8);
		return 0;
	}
	s = lower_scratch(k->u.l, k->u.node, DT_I8, columns + collected);
	if (align > s->align)
		s->align = align;
	call_place(k->u.l, c, ARG_SCRATCH, "scratch", (struct place){ .buf = s, .dtype = DT_I8 });
	return columns;
}

/* A layer as a loop around runs of channels. */
static bool
lower_all(struct blocked *k)
{
	struct lower *l = k->u.l;
	const struct node *n = k->u.node;
	const bool in_place = blocks_in_place(&k->b, n);
	struct call *c = lower_call(l, n, in_place ? "block_all_dense_i8" : "block_all_conv2d_i8");
	int64_t columns;
	bool ok = true;

	c->unit = n->unit;
	/* a run with working memory reads its windows before it writes */
	c->collected = n->unit->scratch || (!in_place && !blocks_run(&k->b, n));
	c->at_once = c->collected || k->b.windows % k->b.rows <= 1 ? k->b.rows : 0;
	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_weights(k, c, "weight", k->b.full, 0, k->b.filters);
	call_scaling(k, c);
	columns = call_all_scratch(k, c);
	if (!in_place)
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
	call_int(l, c, "y_zero", n->out->quant.zero);
	call_act(l, c, n, n->attr.act);
	if (in_place)
		call_matrix(k, c);
	else
		call_window(k, c);
	call_dim(l, c, "rows", k->b.rows);
	call_dim(l, c, "in", k->b.k);
	if (!in_place) {
		call_dim(l, c, "run", blocks_run(&k->b, n));
		call_dim(l, c, "column", columns);
		call_dim(l, c, "column_pitch", blocks_column_pitch(&k->b));
		call_dim(l, c, "step", packed_bytes(k, k->b.full));
	}
	call_block(k, c, "full", k->b.full, &ok);
	return ok;
}

bool
lower_blocks(struct lower *l, const struct node *n)
{
	struct blocked k = { .u = { .l = l, .node = n, .op = n->unit }, .groups = n->op == OP_CONV2D ? n->attr.groups : 1 };
	int64_t whole;
	enum dtype column;
	const char *why;
	const struct chip_limit *limit;
	struct call *c;
	bool in_place;

	if (block_is_flexible(n->unit))
		return lower_blocks_f32(l, n);
	if (!blocks_find(n->unit, n, &k.b, &why, &limit))
		die("lower: blocks for '%s': %s", n->name, why);
	k.values = tensor_count(n->in[1]) / (k.b.filters * k.groups);
	if (block_takes_all(n->unit))
		return lower_all(&k);
	whole = k.b.filters / k.b.channels * k.b.channels;
	in_place = blocks_in_place(&k.b, n);
	column = n->unit->types.v[0].x;
	c = lower_call(l, n, in_place ? "block_dense_i8" : column == DT_I16 ? "block_conv2d_i8_i16" : "block_conv2d_i8");
	c->unit = n->unit;
	c->at_once = blocks_at_once(&k.b); /* of nn_block_conv2d_... and nn_block_dense_... */
	c->collected = !in_place;
	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_weights(&k, c, "weight", k.b.full, 0, whole);
	call_weights(&k, c, "narrow_weight", k.b.narrow_one, whole, k.b.filters);
	call_scaling(&k, c);
	if (!in_place) {
		struct buffer *s = lower_scratch(l, n, column, (int64_t)blocks_column_pitch(&k.b) * blocks_at_once(&k.b));

		if (n->unit->layout[OPERAND_X].align > s->align)
			s->align = n->unit->layout[OPERAND_X].align;
		call_place(l, c, ARG_SCRATCH, "column", (struct place){ .buf = s, .dtype = column });
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
	}
	call_int(l, c, "y_zero", n->out->quant.zero);
	call_act(l, c, n, n->attr.act);
	if (in_place)
		call_matrix(&k, c);
	else
		call_window(&k, c);
	return call_blocks(&k, c, in_place ? 0 : blocks_column_pitch(&k.b));
}
