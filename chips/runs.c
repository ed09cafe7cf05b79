/* Which blocks of runs make a layer, and which calls that takes. */
#include <config.h>
#include "chips/blocks.h"
#include "chips/runs.h"
#include "runtime/nn_runs.h"

int32_t
block_most(const struct chip_op *op, enum chip_var v)
{
	const struct chip_limit *l = chip_op_limit(op, v);
	struct chip_vars none;
	int64_t most;

	chip_vars_clear(&none);
	most = l ? chip_set_at_most(&l->set, &none, INT32_MAX) : 0;
	return most > 0 && most < INT32_MAX ? (int32_t)most : 0;
}

bool
runs_takes(const struct chip_op *op, enum chip_var v, int64_t value)
{
	const struct chip_limit *l = chip_op_limit(op, v);
	struct chip_vars none;

	chip_vars_clear(&none);
	return !l || chip_set_has(&l->set, &none, value);
}

static int64_t
at_least(const struct chip_op *op, enum chip_var v, int64_t value)
{
	const struct chip_limit *l = chip_op_limit(op, v);
	struct chip_vars none;

	chip_vars_clear(&none);
	return l ? chip_set_at_least(&l->set, &none, value) : value;
}

void
runs_window(const struct node *n, struct runs_window *w)
{
	const struct attrs *a = &n->attr;

	if (n->op == OP_DENSE) {
		const int64_t values = n->in[1]->shape.dim[1], rows = tensor_count(n->out) / n->in[1]->shape.dim[0];

		*w = (struct runs_window){ 1, (int32_t)rows, (int32_t)values, (int32_t)n->in[0]->pitch, 1, (int32_t)rows, 1, 1, 1, 1, 1, 1, 0, 0, 1 };
		return;
	}
	*w = (struct runs_window){ n->in[0]->shape.dim[0], n->in[0]->shape.dim[1], n->in[0]->shape.dim[2], (int32_t)n->in[0]->pitch,
		n->out->shape.dim[0], n->out->shape.dim[1], a->kernel[0], a->kernel[1], a->stride[0], a->stride[1], a->dilation[0], a->dilation[1],
		a->pad[0], a->pad[2], a->groups };
	if (w->k_h == 1 && w->k_w == 1 && w->stride_h == 1 && w->stride_w == 1 && w->y_h == w->x_h && w->y_w == w->x_w) {
		w->x_w *= w->x_h; /* all pixels are one row */
		w->y_w *= w->y_h;
		w->x_h = w->y_h = 1;
	}
}

static int
count_same(int32_t y, int32_t x, int32_t k, int32_t stride, int32_t dilation, int32_t pad)
{
	int n = 0;
	int32_t first, last;

	for (int32_t at = 0; at < y; n++)
		at = nn_runs_same(at, y, x, k, stride, dilation, pad, &first, &last);
	return n;
}

/* Whether the windows of a row of the image are runs of it as they lie, and few enough kinds of them. */
static bool
lies_in_runs(const struct run_blocks *r, const struct runs_window *w)
{
	const bool side_by_side = w->k_w == 1 || (w->dilation_w == 1 && w->x_pitch == r->c);

	return side_by_side && at_least(r->full, VAR_IN, r->c) == r->c
		&& count_same(w->y_h, w->x_h, w->k_h, w->stride_h, w->dilation_h, w->pad_t)
			* count_same(w->y_w, w->x_w, w->k_w, w->stride_w, w->dilation_w, w->pad_l) <= RUNS_CLASSES;
}

/* ---- blocks for what is left over ---- */

static const struct chip_op *
block_of(const struct chip_op *like, int32_t rows, int32_t channels)
{
	const struct chip_op *best = NULL;

	for (size_t i = 0; i < like->chip->ops.n; i++) {
		const struct chip_op *op = &like->chip->ops.v[i];

		if (op->kind == KIND_RUNS && runs_takes(op, VAR_OUT, channels) && block_most(op, VAR_ROWS) >= rows && op->offset == like->offset
				&& (!best || block_most(op, VAR_OUT) < block_most(best, VAR_OUT)))
			best = op;
	}
	return best;
}

void
runs_vars(const struct chip_op *op, const struct node *n, int32_t rows, int32_t out, int32_t h, int32_t run, struct chip_vars *v)
{
	chip_vars_of(op, n, v);
	v->v[VAR_ROWS] = rows;
	v->v[VAR_OUT] = out;
	v->v[VAR_KH] = h;
	v->v[VAR_IN] = run;
	v->type[OPERAND_X] = op->types.v[0].x;
	chip_vars_complete(op, v);
}

static bool
takes(const struct run_blocks *r, const struct chip_op *op, int32_t out, const struct node *n, const struct chip_limit **limit)
{
	struct chip_vars v;

	if (!op)
		return true;
	runs_vars(op, n, r->rows, out, r->h, r->run, &v);
	return chip_breaks(op, &v, limit, 1) == 0;
}

/* ---- loops ---- */

/* Weights that a level-one cache holds beside the windows are walked over for each few windows; more of them a panel at a time. */
static bool
panels_first(const struct run_blocks *r)
{
	return (int64_t)r->filters * r->h * r->run > r->full->chip->cache;
}

static bool
has_narrow_parts(const struct run_blocks *r, const struct runs_window *w)
{
	int32_t first, last;

	for (int32_t at = 0, end; at < w->y_w; at = end) {
		end = nn_runs_same(at, w->y_w, w->x_w, w->k_w, w->stride_w, w->dilation_w, w->pad_l, &first, &last);
		if (end - at < r->rows && end - at < w->y_h)
			return true;
	}
	return false;
}

bool
runs_find(const struct chip_op *op, const struct node *n, struct run_blocks *r, const char **why, const struct chip_limit **limit)
{
	const struct chip_type *t = &op->types.v[0];
	struct runs_window w;

	*limit = NULL;
	*why = "takes no such layer";
	if ((n->op != OP_CONV2D && n->op != OP_DENSE) || n->nin > INPUT_SUM)
		return false;
	*why = "takes no such element types";
	if (n->out->dtype != DT_I8 || n->in[0]->dtype != DT_I8 || n->in[1]->dtype != t->w || n->attr.result != DT_COUNT)
		return false;
	runs_window(n, &w);
	*r = (struct run_blocks){ .full = op, .rows = block_most(op, VAR_ROWS), .channels = block_most(op, VAR_OUT), .c = w.x_c / w.groups, .h = w.k_h };
	r->filters = n->out->shape.dim[n->out->shape.rank - 1] / w.groups;
	r->left = r->filters % r->channels;
	*why = "takes more channels";
	if (r->filters < r->channels && !runs_takes(op, VAR_OUT, r->filters))
		return false;
	*why = "no block of the chip takes the channels that are left over";
	r->rest = r->left ? block_of(op, r->rows, r->left) : NULL;
	if (r->left && !r->rest)
		return false;
	r->band = !lies_in_runs(r, &w);
	*why = "its windows are no runs";
	if (r->band && w.dilation_w != 1 && w.k_w > 1)
		return false;
	r->run = (int32_t)at_least(op, VAR_IN, (int64_t)w.k_w * r->c);
	*why = "takes no windows so large";
	if (r->run <= 0)
		return false;
	r->by_channels = !r->band && panels_first(r);
	r->down = !r->band && has_narrow_parts(r, &w);
	*why = "is refused by a condition";
	return takes(r, op, r->channels, n, limit) && takes(r, r->rest, r->left, n, limit);
}

int64_t
runs_band_pitch(const struct run_blocks *r, const struct runs_window *w)
{
	return ((int64_t)(w->y_w - 1) * w->stride_w + w->k_w) * r->c + (r->run - w->k_w * r->c);
}

/* ---- calls ---- */

static void
add_call(struct arena *a, struct runs_calls *list, struct runs_call c)
{
	for (size_t i = 0; i < list->v.n; i++) {
		struct runs_call *k = &list->v.v[i];

		if (k->rows == c.rows && k->h == c.h && k->n == c.n) {
			k->count += c.count;
			return;
		}
	}
	ARRAY_PUSH(a, list->v, c);
}

/* LINES lines of COUNT windows each. */
static void
add_lines(struct arena *a, struct runs_calls *list, const struct run_blocks *r, int32_t lines, int32_t count, int32_t h, int32_t n)
{
	for (int32_t at = 0; at < count;) {
		const int32_t rows = nn_runs_rows(count - at, r->rows);

		add_call(a, list, (struct runs_call){ rows, h, n, lines });
		at += rows;
	}
}

void
runs_list(struct arena *a, const struct run_blocks *r, const struct runs_window *w, struct runs_calls *list)
{
	int32_t ky, ky_end, kx, kx_end;

	if (r->band) {
		add_lines(a, list, r, w->y_h, w->y_w, r->h, r->run);
		return;
	}
	for (int32_t y = 0, y_end; y < w->y_h; y = y_end) {
		y_end = nn_runs_same(y, w->y_h, w->x_h, w->k_h, w->stride_h, w->dilation_h, w->pad_t, &ky, &ky_end);
		for (int32_t x = 0, x_end; x < w->y_w; x = x_end) {
			x_end = nn_runs_same(x, w->y_w, w->x_w, w->k_w, w->stride_w, w->dilation_w, w->pad_l, &kx, &kx_end);
			if (r->down && x_end - x < r->rows && y_end - y > x_end - x)
				add_lines(a, list, r, x_end - x, y_end - y, ky_end - ky, (kx_end - kx) * r->c);
			else
				add_lines(a, list, r, y_end - y, x_end - x, ky_end - ky, (kx_end - kx) * r->c);
		}
	}
}
