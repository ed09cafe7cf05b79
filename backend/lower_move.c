/* Operations that move elements: one routine finds the simplest kernel for any of them. */
#include <config.h>
#include "backend/lower.h"

/* Its dimensions as the arguments n0 ... n5, y0 ... y5, x0 ... x5 of permute. */
static void
call_box(struct lower *l, struct call *c, const struct box *b)
{
	static const char *const n[] = { "n0", "n1", "n2", "n3", "n4", "n5" };
	static const char *const y[] = { "y0", "y1", "y2", "y3", "y4", "y5" };
	static const char *const x[] = { "x0", "x1", "x2", "x3", "x4", "x5" };
	int absent = RANK_MAX - b->rank; /* the outer ones */

	for (int d = 0; d < RANK_MAX; d++)
		call_dim(l, c, n[d], d < absent ? 1 : b->n[d - absent]);
	for (int d = 0; d < RANK_MAX; d++)
		call_dim(l, c, y[d], d < absent ? 0 : b->step[0][d - absent]);
	for (int d = 0; d < RANK_MAX; d++)
		call_dim(l, c, x[d], d < absent ? 0 : b->step[1][d - absent]);
}

bool
lower_move(struct lower *l, const struct node *n, struct box b, struct place to, struct place from)
{
	struct call *c;
	bool rows;

	b.operands = 2;
	box_reduce(&b);
	rows = b.rank == 0 || (b.rank <= 2 && b.step[0][b.rank - 1] == 1 && b.step[1][b.rank - 1] == 1);
	if (b.rank > RANK_MAX)
		die("lower: '%s' moves a box of %d dimensions", n->name, b.rank);
	c = lower_call(l, n, lower_kernel(l, n, rows ? "copy" : "permute"));
	call_place(l, c, ARG_OUT, "y", to);
	call_place(l, c, ARG_IN, "x", from);
	if (!rows) {
		call_box(l, c, &b);
		return true;
	}
	call_dim(l, c, "rows", b.rank == 2 ? b.n[0] : 1);
	call_dim(l, c, "n", b.rank ? b.n[b.rank - 1] : 1);
	call_dim(l, c, "x_pitch", b.rank == 2 ? b.step[1][0] : b.rank ? b.n[0] : 1);
	call_dim(l, c, "y_pitch", b.rank == 2 ? b.step[0][0] : b.rank ? b.n[0] : 1);
	return true;
}

static struct box
box_of(const struct shape *s)
{
	struct box b = { .rank = s->rank, .operands = 2 };

	for (int d = 0; d < s->rank; d++)
		b.n[d] = s->dim[d];
	return b;
}

bool
lower_copy(struct lower *l, const struct node *n)
{
	struct box b = box_of(&n->out->shape);

	tensor_steps(n->out, b.step[0]);
	tensor_steps(n->in[0], b.step[1]);
	return lower_move(l, n, b, lower_place(l, n->out), lower_place(l, n->in[0]));
}

/* Reshapes lie where their input lies: nothing to do. */
bool
lower_reshape(struct lower *l, const struct node *n)
{
	(void)l;
	if (n->out->base != n->in[0]->base)
		die("lower: '%s' is not a view", n->name);
	return true;
}

bool
lower_flatten(struct lower *l, const struct node *n)
{
	return lower_reshape(l, n);
}

/* It lies where its input does, unless something needs it elsewhere. */
bool
lower_relabel(struct lower *l, const struct node *n)
{
	return n->out->base == n->in[0]->base || lower_copy(l, n);
}

/* The parts that were computed in place are there already. */
bool
lower_concat(struct lower *l, const struct node *n)
{
	const struct tensor *y = n->out;
	int axis = n->attr.axis < 0 ? n->attr.axis + y->shape.rank : n->attr.axis;
	struct place to = lower_place(l, y);

	for (int k = 0; k < n->nin; k++) {
		const struct tensor *x = n->in[k];
		struct box b = box_of(&x->shape);

		tensor_steps(y, b.step[0]);
		tensor_steps(x, b.step[1]);
		if (x->base != y->base)
			lower_move(l, n, b, to, lower_place(l, x));
		to.offset += b.step[0][axis] * x->shape.dim[axis];
	}
	return true;
}

bool
lower_slice(struct lower *l, const struct node *n)
{
	const struct tensor *x = n->in[0], *y = n->out;
	struct box b = box_of(&y->shape);
	struct place from;

	if (y->base == x->base)
		return true;
	from = lower_place(l, x);
	tensor_steps(y, b.step[0]);
	tensor_steps(x, b.step[1]);
	for (int d = 0; d < b.rank; d++) {
		from.offset += b.step[1][d] * n->attr.begin.v[d];
		b.step[1][d] *= n->attr.steps.v[d];
	}
	return lower_move(l, n, b, lower_place(l, y), from);
}

bool
lower_transpose(struct lower *l, const struct node *n)
{
	struct box b = box_of(&n->out->shape);
	int64_t step[RANK_MAX];

	tensor_steps(n->out, b.step[0]);
	tensor_steps(n->in[0], step);
	for (int d = 0; d < b.rank; d++)
		b.step[1][d] = step[n->attr.perm.v[d]];
	return lower_move(l, n, b, lower_place(l, n->out), lower_place(l, n->in[0]));
}

/* Channel g * each + i goes to i * groups + g. */
bool
lower_shuffle(struct lower *l, const struct node *n)
{
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);
	int64_t groups = n->attr.groups, each = x.n / groups;
	struct box b = {
		.rank = 3, .n = { x.rows, each, groups },
		.step = { { y.pitch, groups, 1 }, { x.pitch, 1, each } }
	};

	return lower_move(l, n, b, lower_place(l, n->out), lower_place(l, n->in[0]));
}

bool
lower_gather(struct lower *l, const struct node *n)
{
	struct rows x = rows_of(n->in[0]), y = rows_of(n->out);
	struct call *c = lower_call(l, n, lower_kernel(l, n, "gather"));

	call_out(l, c, "y", n->out);
	call_in(l, c, "x", n->in[0]);
	call_in(l, c, "index", n->in[1]);
	call_dim(l, c, "rows", y.rows);
	call_dim(l, c, "n", y.n);
	call_dim(l, c, "x_pitch", x.pitch);
	call_dim(l, c, "y_pitch", y.pitch);
	return true;
}

/* The whole output is filled, then the input written into its middle. */
bool
lower_pad(struct lower *l, const struct node *n)
{
	const struct tensor *x = n->in[0], *y = n->out;
	struct call *c = lower_call(l, n, lower_kernel(l, n, "fill"));
	struct place to = lower_place(l, y);
	struct box b = box_of(&x->shape);

	call_out(l, c, "y", y);
	if (y->dtype == DT_F32)
		call_float(l, c, "value", n->attr.value);
	else /* of sums: 0 */
		call_int(l, c, "value", y->dtype == DT_I8 ? value_quantise(n->attr.value, &x->quant, y->dtype) : 0);
	call_dim(l, c, "n", tensor_count(y));
	tensor_steps(y, b.step[0]);
	tensor_steps(x, b.step[1]);
	for (int d = 0; d < b.rank; d++)
		to.offset += b.step[0][d] * n->attr.before.v[d];
	return lower_move(l, n, b, to, lower_place(l, x));
}

/* ---- resize ---- */

/* The sources of COUNT output rows or columns, as the kernels' constants PARAM_lo, PARAM_hi and PARAM_part. */
static void
call_taps(struct lower *l, struct call *c, const char *param, const struct resize_tap *taps, int32_t count, enum dtype t)
{
	struct arena *a = l->p->arena;
	int32_t *lo = ARENA_ARRAY(a, int32_t, (size_t)count), *hi = ARENA_ARRAY(a, int32_t, (size_t)count);
	int32_t *frac = ARENA_ARRAY(a, int32_t, (size_t)count);
	float *weight = ARENA_ARRAY(a, float, (size_t)count);
	const char *lo_name = arena_printf(a, "%s_lo", param), *hi_name = arena_printf(a, "%s_hi", param);
	const char *part_name = arena_printf(a, "%s_part", param);

	for (int32_t i = 0; i < count; i++) {
		lo[i] = taps[i].lo;
		hi[i] = taps[i].hi;
		frac[i] = taps[i].frac;
		weight[i] = taps[i].weight;
	}
	call_const(l, c, lo_name, lo_name, DT_I32, count, lo);
	call_const(l, c, hi_name, hi_name, DT_I32, count, hi);
	if (t == DT_F32)
		call_const(l, c, part_name, part_name, DT_F32, count, weight);
	else
		call_const(l, c, part_name, part_name, DT_I32, count, frac);
}

static void
call_sources(struct lower *l, struct call *c, const char *param, const struct resize_tap *taps, int32_t count)
{
	int32_t *source = ARENA_ARRAY(l->p->arena, int32_t, (size_t)count);

	for (int32_t i = 0; i < count; i++)
		source[i] = taps[i].lo;
	call_const(l, c, param, param, DT_I32, count, source);
}

bool
lower_resize(struct lower *l, const struct node *n)
{
	const struct tensor *x = n->in[0], *y = n->out;
	const int32_t *xd = x->shape.dim, *yd = y->shape.dim;
	bool bilinear = n->attr.mode == MODE_BILINEAR;
	const struct resize_tap *rows = resize_taps(l->p->arena, y->dtype, xd[0], yd[0], &n->attr);
	const struct resize_tap *cols = resize_taps(l->p->arena, y->dtype, xd[1], yd[1], &n->attr);
	struct call *c = lower_call(l, n, lower_kernel(l, n, bilinear ? "resize_bilinear" : "resize_nearest"));

	call_out(l, c, "y", y);
	call_in(l, c, "x", x);
	if (bilinear) {
		call_taps(l, c, "row", rows, yd[0], y->dtype);
		call_taps(l, c, "col", cols, yd[1], y->dtype);
	} else {
		call_sources(l, c, "row", rows, yd[0]);
		call_sources(l, c, "col", cols, yd[1]);
	}
	call_dim(l, c, "x_w", xd[1]);
	call_dim(l, c, "y_h", yd[0]);
	call_dim(l, c, "y_w", yd[1]);
	call_dim(l, c, "c", yd[2]);
	return true;
}
