/* A layer as loops around blocks of runs (chips/runs.h; runtime/nn_runs_conv2d_i8.c, nn_runs_band_i8.c).
 *
 * A block adds OFFSET to each value of x and knows no zero point: sum of (x - zero) * w is sum of (x + offset) * w less (zero + offset) times the sum
 * of the weights, which the bias takes in: of the weights of those cells that the window has inside of the image. */
#include <config.h>
#include <string.h>
#include "backend/lower_unit.h"
#include "chips/blocks.h"
#include "chips/float_scaling.h"
#include "chips/runs.h"
#include "runtime/nn_runs.h"

struct running {
	struct unit_call u;
	struct run_blocks r;
	struct runs_window w;
	int32_t out;           /* channels of all groups */
	bool floats;           /* results may be made of sums in floats */
};

/* ---- constants ---- */

/* The bias of channel O for the cells [ky, ky_end) x [kx, kx_end) of the filter. */
static int32_t
folded_bias(const struct running *k, int32_t o, int32_t ky, int32_t ky_end, int32_t kx, int32_t kx_end)
{
	const struct node *n = k->u.node;
	const struct runs_window *w = &k->w;
	const int8_t *weight = (const int8_t *)n->in[1]->data + (int64_t)o * w->k_h * w->k_w * k->r.c;
	const int32_t zero = n->in[0]->quant.zero + k->u.op->offset;
	uint32_t sum = n->nin > 2 && n->in[2] ? (uint32_t)((const int32_t *)n->in[2]->data)[o] : 0;

	for (int32_t y = ky; y < ky_end; y++)
		for (int32_t i = kx * k->r.c; i < kx_end * k->r.c; i++)
			sum -= (uint32_t)(zero * weight[y * w->k_w * k->r.c + i]);
	return (int32_t)sum;
}

/* A row of biases for each kind of window, in the order of nn_runs_conv2d_i8; of a band there is one. */
static int
fold_biases(const struct running *k, int32_t *bias)
{
	const struct runs_window *w = &k->w;
	int32_t ky, ky_end, kx, kx_end;
	int classes = 0;

	if (k->r.band) {
		for (int32_t o = 0; o < k->out; o++)
			bias[o] = folded_bias(k, o, 0, w->k_h, 0, w->k_w);
		return 1;
	}
	for (int32_t y = 0; y < w->y_h;) {
		y = nn_runs_same(y, w->y_h, w->x_h, w->k_h, w->stride_h, w->dilation_h, w->pad_t, &ky, &ky_end);
		for (int32_t x = 0; x < w->y_w; classes++) {
			x = nn_runs_same(x, w->y_w, w->x_w, w->k_w, w->stride_w, w->dilation_w, w->pad_l, &kx, &kx_end);
			for (int32_t o = 0; o < k->out; o++)
				bias[classes * k->out + o] = folded_bias(k, o, ky, ky_end, kx, kx_end);
		}
	}
	return classes;
}

/* Biases, multipliers and shifts, and the same as floats. */
static void
call_scaling(struct running *k, struct call *c)
{
	const struct node *n = k->u.node;
	struct arena *a = k->u.l->p->arena;
	int32_t *bias = ARENA_ARRAY(a, int32_t, (size_t)(RUNS_CLASSES * k->out));
	const int classes = fold_biases(k, bias);
	const float *floats = NULL;
	struct rescale r;

	rescale_of(a, n, &r);
	for (int32_t o = 0; o < k->out; o++)
		if (blocks_constant(n, o)) { /* without weights all its biases are one */
			lower_constant_channel(&r, o, &bias[o]);
			for (int i = 1; i < classes; i++)
				bias[i * k->out + o] = bias[o];
		}
	call_place(k->u.l, c, ARG_CONST, "bias", unit_constant(&k->u, arena_printf(a, "%s.bias_folded", n->name), DT_I32,
		&(struct shape){ 1, { classes * k->out } }, bias, 1, NULL));
	call_multipliers(k->u.l, c, &r);
	if (chip_template_has(&k->u.op->call, "float_scaling") || (k->r.rest && chip_template_has(&k->r.rest->call, "float_scaling")))
		floats = float_scalings(a, n, &r, bias);
	k->floats = floats != NULL;
	if (floats)
		call_const(k->u.l, c, "float_scaling", "float_scaling", DT_F32, 3 * k->out, floats);
	else
		call_null(k->u.l, c, "float_scaling", DT_F32);
}

/* Bytes of the packed weights of CHANNELS channels in a block OP. */
static int64_t
packed_bytes(const struct running *k, const struct chip_op *op, int32_t channels)
{
	struct chip_vars v;
	int32_t size[DIM_COUNT];

	runs_vars(op, k->u.node, k->r.rows, channels, k->r.h, k->r.run, &v);
	chip_operand_size(KIND_RUNS, OPERAND_W, &v, size);
	return chip_layout_count(&op->layout[OPERAND_W], size);
}

/* CHANNELS filters from FIRST on, packed for OP, to TO. */
static void
pack(const struct running *k, const struct chip_op *op, int32_t first, int32_t channels, int8_t *to)
{
	const int64_t values = (int64_t)k->w.k_w * k->r.c, filter = (int64_t)k->r.h * k->r.run;
	const int64_t step[DIM_COUNT] = { [DIM_OUT] = filter, [DIM_KH] = k->r.run, [DIM_IN] = 1 };
	const int8_t *w = (const int8_t *)k->u.node->in[1]->data + first * k->r.h * values;
	struct arena scratch = { 0 };
	int8_t *filled = ARENA_ARRAY(&scratch, int8_t, (size_t)(channels * filter));
	struct chip_vars v;
	int32_t size[DIM_COUNT];

	for (int64_t i = 0; i < (int64_t)channels * k->r.h; i++)
		memcpy(filled + i * k->r.run, w + i * values, (size_t)values);
	runs_vars(op, k->u.node, k->r.rows, channels, k->r.h, k->r.run, &v);
	chip_operand_size(KIND_RUNS, OPERAND_W, &v, size);
	chip_layout_pack(&op->layout[OPERAND_W], size, step, filled, to, 1);
	arena_free(&scratch);
}

/* The weights of PANELS panels of CHANNELS channels in each group, from FIRST on in it; OP NULL or no panel: none. */
static void
call_weights(struct running *k, struct call *c, const char *param, const struct chip_op *op, int32_t first, int32_t panels, int32_t channels)
{
	const struct tensor *w = k->u.node->in[1];
	struct arena *a = k->u.l->p->arena;
	int64_t bytes;
	int8_t *all, *to;

	if (!op || panels == 0) {
		call_null(k->u.l, c, param, DT_I8);
		return;
	}
	bytes = packed_bytes(k, op, channels);
	to = all = arena_alloc(a, (size_t)(bytes * panels * k->w.groups));
	for (int32_t g = 0; g < k->w.groups; g++)
		for (int32_t p = 0; p < panels; p++, to += bytes)
			pack(k, op, g * k->r.filters + first + p * channels, channels, to);
	call_place(k->u.l, c, ARG_CONST, param, unit_constant(&k->u, arena_printf(a, "%s.%s.%d", w->name, op->title, (int)channels), DT_I8,
		&(struct shape){ 1, { (int32_t)(bytes * panels * k->w.groups) } }, all, op->layout[OPERAND_W].align, "packed for the block"));
}

/* ---- the call ---- */

static uint64_t
numbers_of_rows(const struct running *k)
{
	struct arena scratch = { 0 };
	struct runs_calls list = { 0 };
	uint64_t rows = 0;

	runs_list(&scratch, &k->r, &k->w, &list);
	for (size_t i = 0; i < list.v.n; i++)
		rows |= UINT64_C(1) << list.v.v[i].rows;
	arena_free(&scratch);
	return rows;
}

/* OP NULL: no block. */
static bool
call_block(struct running *k, struct call *c, const char *param, const struct chip_op *op, int32_t channels)
{
	struct arg a = { .kind = ARG_BLOCK, .name = param, .dtype = DT_I8 };
	bool ok = true;

	if (op) {
		struct block *b = ARENA_NEW(k->u.l->p->arena, struct block);
		struct chip_vars v;

		b->unit = op;
		b->rows = k->r.rows;
		b->channels = channels;
		runs_vars(op, k->u.node, k->r.rows, channels, k->r.h, k->r.run, &v);
		ok = unit_runs_text(k->u.l, b, k->u.node, &v, numbers_of_rows(k), k->floats);
		a.block = b;
	}
	ARRAY_PUSH(k->u.l->p->arena, c->args, a);
	return ok;
}

static void
call_window(struct running *k, struct call *c)
{
	const struct runs_window *w = &k->w;
	struct lower *l = k->u.l;

	call_dim(l, c, "x_h", w->x_h);
	call_dim(l, c, "x_w", w->x_w);
	call_dim(l, c, "x_c", w->x_c);
	call_dim(l, c, "x_pitch", w->x_pitch);
	call_dim(l, c, "y_h", w->y_h);
	call_dim(l, c, "y_w", w->y_w);
	call_dim(l, c, "y_c", k->out);
	call_dim(l, c, "y_pitch", k->u.node->out->pitch);
	call_dim(l, c, "k_h", w->k_h);
	call_dim(l, c, "k_w", w->k_w);
	call_dim(l, c, "stride_h", w->stride_h);
	call_dim(l, c, "stride_w", w->stride_w);
	call_dim(l, c, "dilation_h", w->dilation_h);
	if (!k->r.band)
		call_dim(l, c, "dilation_w", w->dilation_w);
	call_dim(l, c, "pad_t", w->pad_t);
	call_dim(l, c, "pad_l", w->pad_l);
	call_dim(l, c, "groups", w->groups);
	call_dim(l, c, "rows", k->r.rows);
	call_dim(l, c, "channels", k->r.channels);
}

/* What the loops are told of the weights: bytes of a run's, or of a cell's. */
static void
call_steps(struct running *k, struct call *c)
{
	const struct run_blocks *r = &k->r;
	const int64_t full = r->filters >= r->channels ? packed_bytes(k, r->full, r->channels) / r->h : 0;
	const int64_t rest = r->rest ? packed_bytes(k, r->rest, r->left) / r->h : 0;

	if (r->band) {
		call_dim(k->u.l, c, "in", r->run);
		call_dim(k->u.l, c, "pitch", runs_band_pitch(r, &k->w));
		call_dim(k->u.l, c, "step", full);
		call_dim(k->u.l, c, "rest_step", rest);
		return;
	}
	call_dim(k->u.l, c, "cell", full / k->w.k_w);
	call_dim(k->u.l, c, "rest_cell", rest / k->w.k_w);
	call_dim(k->u.l, c, "by_channels", r->by_channels);
	call_dim(k->u.l, c, "down", r->down);
}

bool
lower_runs(struct lower *l, const struct node *n)
{
	struct running k = { .u = { .l = l, .node = n, .op = n->unit } };
	const char *why;
	const struct chip_limit *limit;
	struct call *c;
	int32_t panels;
	bool ok;

	if (!runs_find(n->unit, n, &k.r, &why, &limit))
		die("lower: blocks for '%s': %s", n->name, why);
	runs_window(n, &k.w);
	k.out = k.r.filters * k.w.groups;
	panels = k.r.filters / k.r.channels;
	c = lower_call(l, n, k.r.band ? "runs_band_i8" : "runs_conv2d_i8");
	c->unit = n->unit;
	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_weights(&k, c, "weight", k.r.full, 0, panels, k.r.channels);
	call_weights(&k, c, "rest_weight", k.r.rest, panels * k.r.channels, 1, k.r.left);
	call_scaling(&k, c);
	if (k.r.band) {
		struct buffer *band = lower_scratch(l, n, DT_I8, runs_band_pitch(&k.r, &k.w) * k.w.k_h);

		call_place(l, c, ARG_SCRATCH, "band", (struct place){ .buf = band, .dtype = DT_I8 });
		call_int(l, c, "x_zero", n->in[0]->quant.zero);
	}
	call_int(l, c, "y_zero", n->out->quant.zero);
	call_act(l, c, n, n->attr.act);
	call_window(&k, c);
	call_steps(&k, c);
	ok = call_block(&k, c, "full", panels ? k.r.full : NULL, k.r.channels);
	return call_block(&k, c, "rest", k.r.rest, k.r.left) && ok;
}
