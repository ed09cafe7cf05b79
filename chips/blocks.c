/* Which blocks make a layer, and how many calls of each that takes. */
#include <config.h>
#include "chips/blocks.h"
#include "chips/bounds.h"

bool
block_is_flexible(const struct chip_op *op)
{
	return op->types.n > 0 && op->types.v[0].y == DT_F32;
}

int32_t
block_size(const struct chip_op *op, enum chip_var v)
{
	const struct chip_limit *l = chip_op_limit(op, v);
	struct chip_vars none;
	int64_t least;

	if (!l || block_is_flexible(op))
		return chip_op_all(op, v);
	chip_vars_clear(&none);
	least = chip_set_at_least(&l->set, &none, 1);
	return least > 0 && least == chip_set_at_most(&l->set, &none, INT32_MAX) ? (int32_t)least : 0;
}

bool
block_takes_all(const struct chip_op *op)
{
	const struct chip_limit *out = chip_op_limit(op, VAR_OUT);
	const bool int8 = op->types.n > 0 && op->types.v[0].x == DT_I8 && op->types.v[0].y == DT_I8;
	struct chip_vars none;

	chip_vars_clear(&none);
	return op->kind == KIND_BLOCK && int8 && out && chip_set_at_least(&out->set, &none, 1) < chip_set_at_most(&out->set, &none, INT32_MAX);
}

int32_t
block_rows(const struct chip_op *op)
{
	return block_takes_all(op) ? chip_op_all(op, VAR_ROWS) : block_size(op, VAR_ROWS);
}

/* The least number of values from K on that OP takes; 0: none. */
static int32_t
values_at_least(const struct chip_op *op, int64_t k)
{
	const struct chip_limit *l = chip_op_limit(op, VAR_IN);
	struct chip_vars none;

	chip_vars_clear(&none);
	if (l)
		k = chip_set_at_least(&l->set, &none, k);
	return k > 0 && k <= INT32_MAX ? (int32_t)k : 0;
}

static bool
same_layout(const struct chip_layout *a, const struct chip_layout *b)
{
	if (a->n != b->n || a->fused != b->fused || (a->fused != DT_COUNT && a->factor != b->factor))
		return false;
	for (int i = 0; i < a->n; i++)
		if (a->axis[i].dim != b->axis[i].dim || a->axis[i].div != b->axis[i].div || a->axis[i].mod != b->axis[i].mod)
			return false;
	return true;
}

/* A block of the same chip with ROWS and CHANNELS and the windows of LIKE; SAME_WEIGHTS: its weights too. */
static const struct chip_op *
companion(const struct chip_op *like, int32_t rows, int32_t channels, bool same_weights)
{
	for (size_t i = 0; i < like->chip->ops.n; i++) {
		const struct chip_op *op = &like->chip->ops.v[i];

		if (op->kind == KIND_BLOCK && block_size(op, VAR_ROWS) == rows && block_size(op, VAR_OUT) == channels
				&& op->types.v[0].x == like->types.v[0].x && op->layout[OPERAND_X].align <= like->layout[OPERAND_X].align
				&& (!same_weights || same_layout(&op->layout[OPERAND_W], &like->layout[OPERAND_W])))
			return op;
	}
	return NULL;
}

/* How many values a window of N has. */
static int64_t
window_values(const struct node *n)
{
	return tensor_count(n->in[1]) / (n->op == OP_CONV2D ? n->attr.out : n->in[1]->shape.dim[0]);
}

void
blocks_vars(const struct blocks *b, const struct chip_op *op, const struct node *n, struct chip_vars *v)
{
	chip_vars_of(op, n, v);
	v->v[VAR_ROWS] = b->full == op ? b->rows : block_size(op, VAR_ROWS);
	v->v[VAR_OUT] = b->full == op ? b->channels : block_size(op, VAR_OUT);
	v->v[VAR_IN] = b->k;
	v->type[OPERAND_X] = op->types.v[0].x;
	chip_vars_complete(op, v);
}

static bool
takes(const struct blocks *b, const struct chip_op *op, const struct node *n, const struct chip_limit **limit)
{
	struct chip_vars v;

	if (!op)
		return true;
	blocks_vars(b, op, n, &v);
	return chip_breaks(op, &v, limit, 1) == 0;
}

/* Everything that is left over has a block. */
static const char *
find_companions(struct blocks *b)
{
	int32_t left = (int32_t)(b->filters % b->channels);
	bool rows_left = b->rows > 1;

	if (block_is_flexible(b->full))
		return NULL;
	b->one = rows_left ? companion(b->full, 1, b->channels, true) : NULL;
	if (rows_left && !b->one)
		return "no block of the chip takes one row with the same weights";
	if (left == 0)
		return NULL;
	b->narrow_one = companion(b->full, 1, 1, false);
	if (!b->narrow_one)
		return "no block of the chip takes one row and one channel";
	b->narrow = rows_left ? companion(b->narrow_one, b->rows, 1, true) : NULL;
	return NULL;
}

bool
block_limits_shifts(const struct chip_op *op)
{
	return op->requant.shift_lo > -31 || op->requant.shift_hi < 30;
}

/* Whether OP takes the shifts of all channels but those that are constant, or whose sums are too small to change the result. */
static bool
shifts_fit(const struct chip_op *op, const struct node *n)
{
	struct arena scratch = { 0 };
	int32_t out = layer_out_channels(n);
	int64_t *lo = ARENA_ARRAY(&scratch, int64_t, (size_t)out), *hi = ARENA_ARRAY(&scratch, int64_t, (size_t)out);
	struct rescale r;
	bool fit = true;

	layer_sum_range(n, 0, layer_in_channels(n), lo, hi);
	rescale_of(&scratch, n, &r);
	for (int32_t o = 0; o < out; o++) {
		const bool zero = r.by[o].m == 0 || (r.by[o].shift < op->requant.shift_lo && lo[o] >= INT32_MIN && hi[o] <= INT32_MAX
			&& rescale_at(&r, (int32_t)lo[o], o) == 0 && rescale_at(&r, (int32_t)hi[o], o) == 0);

		fit &= zero || blocks_constant(n, o) || (r.by[o].shift >= op->requant.shift_lo && r.by[o].shift <= op->requant.shift_hi);
	}
	arena_free(&scratch);
	return fit;
}

/* Whether the sums of all channels but those that are constant (blocks_constant) stay within the accumulator. */
static bool
sums_fit(const struct chip_op *op, const struct node *n)
{
	struct arena scratch = { 0 };
	int32_t out = n->out->shape.dim[n->out->shape.rank - 1];
	int64_t limit = INT64_C(1) << (op->accumulator_bits - 1);
	int64_t *lo = ARENA_ARRAY(&scratch, int64_t, (size_t)out), *hi = ARENA_ARRAY(&scratch, int64_t, (size_t)out);
	bool fit = true;

	layer_sum_range(n, 0, layer_in_channels(n), lo, hi);
	for (int32_t o = 0; o < out; o++)
		fit &= lo[o] == hi[o] || (lo[o] > -limit && hi[o] < limit);
	arena_free(&scratch);
	return fit;
}

bool
blocks_constant(const struct node *n, int32_t o)
{
	int64_t per = tensor_count(n->in[1]) / (n->op == OP_CONV2D ? n->attr.out : n->in[1]->shape.dim[0]);
	const int8_t *w = n->in[1]->data;

	for (int64_t i = 0; i < per; i++)
		if (w[o * per + i])
			return false;
	return true;
}

bool
blocks_find(const struct chip_op *op, const struct node *n, struct blocks *b, const char **why, const struct chip_limit **limit)
{
	const struct chip_type *t = &op->types.v[0];
	struct chip_vars v;

	*b = (struct blocks){ .full = op, .rows = block_rows(op), .channels = block_size(op, VAR_OUT) };
	*limit = NULL;
	*why = "takes no such layer";
	if (!chip_vars_of(op, n, &v) || n->nin > INPUT_SUM)
		return false;
	*why = "takes no such element types";
	if (n->out->dtype != t->y || n->in[0]->dtype != t->y || n->in[1]->dtype != t->w || n->attr.result != DT_COUNT)
		return false;
	b->windows = v.v[VAR_ROWS];
	b->filters = v.v[VAR_OUT];
	if (block_takes_all(op)) {
		b->channels = (int32_t)b->filters;
		b->rows = b->windows < b->rows ? (int32_t)b->windows : b->rows;
	}
	b->k = values_at_least(op, v.v[VAR_IN]);
	*why = "takes no windows so large";
	if (!b->k)
		return false;
	*why = block_takes_all(op) ? NULL : find_companions(b);
	if (*why)
		return false;
	*why = "has channels with shifts that it does not take";
	if (block_limits_shifts(op) && !shifts_fit(op, n))
		return false;
	*why = "may be given sums beyond its accumulator";
	if (t->y == DT_I8 && op->accumulator_bits < 32 && !sums_fit(op, n))
		return false;
	*why = "is refused by a condition";
	return takes(b, b->full, n, limit) && takes(b, b->one, n, limit) && takes(b, b->narrow, n, limit) && takes(b, b->narrow_one, n, limit);
}

void
blocks_calls(const struct blocks *b, const struct node *n, int64_t calls[4])
{
	int64_t groups = n->op == OP_CONV2D ? n->attr.groups : 1, whole = b->windows / b->rows, rest = b->windows % b->rows;
	int64_t wide = b->filters / b->channels, left = b->filters % b->channels;

	calls[0] = groups * whole * wide;
	if (block_is_flexible(b->full)) {
		calls[1] = groups * (rest > 0) * wide;
		calls[2] = groups * whole * (left > 0);
		calls[3] = groups * (rest > 0) * (left > 0);
		return;
	}
	calls[1] = groups * wide * (block_takes_all(b->full) ? rest > 0 : rest);
	calls[2] = b->narrow ? groups * whole * left : 0;
	calls[3] = b->narrow_one ? groups * left * (rest + (b->narrow ? 0 : whole * b->rows)) : 0;
}

const struct chip_op *
blocks_call(const struct blocks *b, int which, const struct node *n, struct chip_vars *v)
{
	const struct chip_op *const ops[4] = { b->full, b->one, b->narrow, b->narrow_one };
	const bool left_over = block_is_flexible(b->full) || block_takes_all(b->full); /* of its own, for which it has no companions */
	const struct chip_op *op = left_over ? b->full : ops[which];

	blocks_vars(b, op, n, v);
	if (left_over) {
		if (which & 1)
			v->v[VAR_ROWS] = b->windows % b->rows;
		if (which & 2)
			v->v[VAR_OUT] = b->filters % b->channels;
		chip_vars_complete(op, v);
	}
	return op;
}

struct block_order
blocks_order_f32(const struct blocks *b, const struct node *n)
{
	enum { WAYS = 8, SHORT = 256 }; /* of a cache, as most have; channels that are worth a copy */
	/* bytes: addresses so far apart share a set of the near cache; weights that stay in the far one while windows pass; more than that */
	const int64_t set_period = b->full->chip->cache / WAYS, fits = b->full->chip->far_cache / 4, large = b->full->chip->far_cache / 2;
	const int64_t value = dtype_info[DT_F32].bytes, groups = n->op == OP_CONV2D ? n->attr.groups : 1;
	const struct shape *s = &n->in[0]->shape;
	const int64_t c = s->dim[s->rank - 1] / groups, taps = window_values(n) / c, pixels = tensor_count(n->in[0]) / (c * groups);
	const int64_t pitch = n->in[0]->pitch * (n->op == OP_CONV2D ? n->attr.stride[1] : 1) * value;
	const int64_t panels = (b->filters + b->channels - 1) / b->channels;
	struct block_order o = { .chunk = (int32_t)c };
	int64_t parts = 1, weights;

	if (b->windows == 1)
		return o;
	o.copied = c > SHORT && pitch % set_period == 0;
	while (parts < c && (taps * o.chunk * b->channels * value > fits || (o.copied && o.chunk > SHORT)))
		o.chunk = (int32_t)((c + parts) / (parts + 1)), parts++;
	weights = panels * taps * o.chunk * b->channels;
	o.outer = panels > 1 && weights * value > large && pixels * o.chunk < weights;
	return o;
}

int32_t
blocks_at_once(const struct blocks *b)
{
	return b->windows >= b->rows && (b->narrow || b->filters % b->channels == 0) ? b->rows : 1;
}

int32_t
blocks_column_pitch(const struct blocks *b)
{
	enum { SET_PERIOD = 1024, LINE = 64, FEW = 2048 }; /* bytes; of less than FEW a cache holds all windows anyway */
	const int64_t value = dtype_info[b->full->types.v[0].x].bytes, bytes = b->k * value;

	return bytes >= FEW && bytes % SET_PERIOD == 0 ? (int32_t)((bytes + LINE) / value) : b->k;
}

bool
blocks_in_place(const struct blocks *b, const struct node *n)
{
	const struct attrs *at = &n->attr;

	if (b->full->types.v[0].x != DT_I8 || b->k != window_values(n))
		return false;
	if (b->full->layout[OPERAND_X].align > 1 || (n->op == OP_CONV2D && at->groups > 1))
		return false;
	return n->op == OP_DENSE || (at->kernel[0] == 1 && at->kernel[1] == 1 && at->stride[0] == 1 && at->stride[1] == 1
		&& !at->pad[0] && !at->pad[1] && !at->pad[2] && !at->pad[3]);
}

int32_t
blocks_run(const struct blocks *b, const struct node *n)
{
	const struct attrs *at = &n->attr;
	const int32_t c = n->in[0]->shape.dim[n->in[0]->shape.rank - 1];
	int64_t run;

	if (n->op != OP_CONV2D || at->groups > 1 || at->dilation[1] != 1 || n->in[0]->pitch != c)
		return 0;
	run = (int64_t)at->kernel[1] * c;
	return run * at->kernel[0] == b->k && values_at_least(b->full, run) == run ? (int32_t)run : 0;
}
