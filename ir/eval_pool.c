/* Pooling, mean, resize, softmax and lrn: operations that gather several cells into one. */
#include <config.h>

#include <float.h>
#include <math.h>

#include "ir/eval_impl.h"

/* One result of a pooling operation: the window's cells of one channel of x[ih, iw, c]. */
struct window {
	struct span y, x;
	int32_t iw, c, channel;
	float area; /* what an f32 average divides by */
};

static int64_t
cell(const struct window *w, int32_t ky, int32_t kx)
{
	return (((int64_t)w->y.origin + ky) * w->iw + w->x.origin + kx) * w->c + w->channel;
}

static int8_t
max_i8(const struct window *w, const int8_t *x, int32_t lo, int32_t hi)
{
	int8_t most = INT8_MIN;

	for (int32_t ky = w->y.first; ky < w->y.last; ky++)
		for (int32_t kx = w->x.first; kx < w->x.last; kx++)
			if (x[cell(w, ky, kx)] > most)
				most = x[cell(w, ky, kx)];
	return (int8_t)clamp_i32(most, lo, hi);
}

static float
max_f32(const struct window *w, const float *x, struct clamp act)
{
	float most = -FLT_MAX;

	for (int32_t ky = w->y.first; ky < w->y.last; ky++)
		for (int32_t kx = w->x.first; kx < w->x.last; kx++)
			if (x[cell(w, ky, kx)] > most)
				most = x[cell(w, ky, kx)];
	return clamp_f32(most, act);
}

/* Of the quantised values, rounded half away from zero. */
static int8_t
average_i8(const struct window *w, const int8_t *x, int32_t lo, int32_t hi)
{
	int64_t n = (int64_t)(w->y.last - w->y.first) * (w->x.last - w->x.first), sum = 0;

	for (int32_t ky = w->y.first; ky < w->y.last; ky++)
		for (int32_t kx = w->x.first; kx < w->x.last; kx++)
			sum += x[cell(w, ky, kx)];
	return (int8_t)clamp_i32((sum > 0 ? sum + n / 2 : sum - n / 2) / n, lo, hi);
}

static float
average_f32(const struct window *w, const float *x, struct clamp act)
{
	float sum = 0;

	for (int32_t ky = w->y.first; ky < w->y.last; ky++)
		for (int32_t kx = w->x.first; kx < w->x.last; kx++)
			sum += x[cell(w, ky, kx)];
	return clamp_f32(sum / w->area, act);
}

static void
eval_pool(const struct node *n, const void *in, void *out, bool average)
{
	const struct attrs *at = &n->attr;
	const int32_t *id = n->in[0]->shape.dim, *od = n->out->shape.dim;
	bool is_f32 = n->out->dtype == DT_F32;
	struct window w = { .iw = id[1], .c = id[2] };
	int64_t count = tensor_count(n->out);
	int32_t lo = 0, hi = 0;

	if (!is_f32)
		clamp_quantise(at->act, &n->out->quant, n->out->dtype, &lo, &hi);
	for (int64_t i = 0; i < count; i++) {
		w.channel = (int32_t)(i % w.c);
		w.x = window_span((int32_t)(i / w.c % od[1]), at->stride[1], at->pad[2], 1, at->kernel[1], id[1]);
		w.y = window_span((int32_t)(i / w.c / od[1]), at->stride[0], at->pad[0], 1, at->kernel[0], id[0]);
		w.area = at->count_pad ? (float)at->kernel[0] * (float)at->kernel[1]
			: (float)(w.y.last - w.y.first) * (float)(w.x.last - w.x.first);
		if (is_f32)
			((float *)out)[i] = average ? average_f32(&w, in, at->act) : max_f32(&w, in, at->act);
		else
			((int8_t *)out)[i] = average ? average_i8(&w, in, lo, hi) : max_i8(&w, in, lo, hi);
	}
}

void
eval_maxpool(const struct node *n, const void *const *in, void *out)
{
	eval_pool(n, in[0], out, false);
}

void
eval_avgpool(const struct node *n, const void *const *in, void *out)
{
	eval_pool(n, in[0], out, true);
}

static bool
is_reduced(const struct node *n, int d)
{
	const struct ints *axes = &n->attr.axes;

	for (int k = 0; k < axes->n; k++)
		if (axes->v[k] == d)
			return true;
	return false;
}

static int8_t
mean_i8(const struct mean_params *p, int64_t sum)
{
	if (p->divide)
		return (int8_t)((int32_t)sum / p->count);
	int32_t offset = (int32_t)(uint32_t)(sum - (int64_t)p->count * p->in_zero);

	return (int8_t)clamp_i32((int64_t)multiply_by(offset, p->out) + p->out_zero, INT8_MIN, INT8_MAX);
}

/* Two walks: KEPT over the results, OVER over the elements under one result, both with x's strides. */
void
eval_mean(const struct node *n, const void *const *in, void *out)
{
	struct walk kept = walk_over(&n->in[0]->shape), over = kept;
	bool is_f32 = n->out->dtype == DT_F32;
	struct mean_params p = { 0 };
	int64_t count = tensor_count(n->out), each = tensor_count(n->in[0]) / count;

	for (int d = 0; d < kept.rank; d++)
		(is_reduced(n, d) ? &kept : &over)->dim[d] = 1;
	if (!is_f32)
		mean_params_of(n, &p);
	for (int64_t i = 0; i < count; i++, walk_next(&kept)) {
		int64_t isum = 0;
		float fsum = 0;

		for (int64_t k = 0; k < each; k++, walk_next(&over))
			if (is_f32)
				fsum += ((const float *)in[0])[kept.offset + over.offset];
			else
				isum += ((const int8_t *)in[0])[kept.offset + over.offset];
		if (is_f32)
			((float *)out)[i] = fsum / (float)each;
		else
			((int8_t *)out)[i] = mean_i8(&p, isum);
	}
}

/* One result from four cells of a channel: a b over c d. */
static int8_t
bilinear_i8(const int8_t v[4], int32_t fy, int32_t fx)
{
	int64_t sum = (int64_t)v[0] * (1024 - fy) * (1024 - fx) + (int64_t)v[2] * fy * (1024 - fx)
		+ (int64_t)v[1] * (1024 - fy) * fx + (int64_t)v[3] * fy * fx;

	return (int8_t)((sum > 0 ? sum + (1 << 19) : sum - (1 << 19)) / (1 << 20));
}

static float
bilinear_f32(const float v[4], float fy, float fx)
{
	return v[0] * (1 - fy) * (1 - fx) + v[2] * fy * (1 - fx) + v[1] * (1 - fy) * fx + v[3] * fy * fx;
}

void
eval_resize(const struct node *n, const void *const *in, void *out)
{
	struct arena a = { 0 };
	const int32_t *id = n->in[0]->shape.dim, *od = n->out->shape.dim;
	const struct resize_tap *ys = resize_taps(&a, n->out->dtype, id[0], od[0], &n->attr);
	const struct resize_tap *xs = resize_taps(&a, n->out->dtype, id[1], od[1], &n->attr);
	bool bilinear = n->attr.mode == MODE_BILINEAR;
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++) {
		int32_t c = (int32_t)(i % od[2]);
		const struct resize_tap *x = &xs[i / od[2] % od[1]], *y = &ys[i / od[2] / od[1]];
		int64_t at[4];

		for (int k = 0; k < 4; k++)
			at[k] = ((int64_t)(k & 2 ? y->hi : y->lo) * id[1] + (k & 1 ? x->hi : x->lo)) * id[2] + c;
		if (n->out->dtype == DT_F32) {
			const float *p = in[0];
			float v[4] = { p[at[0]], p[at[1]], p[at[2]], p[at[3]] };

			((float *)out)[i] = bilinear ? bilinear_f32(v, y->weight, x->weight) : v[0];
		} else {
			const int8_t *p = in[0];
			int8_t v[4] = { p[at[0]], p[at[1]], p[at[2]], p[at[3]] };

			((int8_t *)out)[i] = bilinear ? bilinear_i8(v, y->frac, x->frac) : v[0];
		}
	}
	arena_free(&a);
}

/* exp of a difference from the row's largest value, Q0.31. */
static int32_t
softmax_exp(const struct softmax_params *p, int32_t diff)
{
	return fixed_exp(multiply_by(diff, p->input), 5);
}

static void
softmax_row_i8(const struct softmax_params *p, const int8_t *x, int32_t n, int8_t *y)
{
	int32_t most = INT8_MIN, shift;
	int64_t sum = 0; /* Q12.19 */

	for (int32_t i = 0; i < n; i++)
		most = x[i] > most ? x[i] : most;
	for (int32_t i = 0; i < n; i++)
		if (x[i] - most >= p->diff_min)
			sum += divide_pot(softmax_exp(p, x[i] - most), 12);
	int32_t inverse = fixed_reciprocal(clamp_i32(sum, 1, INT32_MAX), 12, &shift);

	shift += 31 - 8;
	for (int32_t i = 0; i < n; i++) {
		int32_t v = 0;

		if (x[i] - most >= p->diff_min && shift <= 31)
			v = divide_pot(high_mul(inverse, softmax_exp(p, x[i] - most)), shift);
		y[i] = (int8_t)clamp_i32((int64_t)v - 128, INT8_MIN, INT8_MAX);
	}
}

static void
softmax_row_f32(float beta, const float *x, int32_t n, float *y)
{
	float most = -FLT_MAX, sum = 0;

	for (int32_t i = 0; i < n; i++)
		most = x[i] > most ? x[i] : most;
	for (int32_t i = 0; i < n; i++) {
		y[i] = expf((x[i] - most) * beta);
		sum += y[i];
	}
	for (int32_t i = 0; i < n; i++)
		y[i] /= sum;
}

void
eval_softmax(const struct node *n, const void *const *in, void *out)
{
	const struct shape *s = &n->out->shape;
	int32_t row = s->dim[s->rank - 1];
	int64_t count = tensor_count(n->out);
	struct softmax_params p;

	if (n->out->dtype == DT_I8)
		softmax_params_of(n, &p);
	for (int64_t i = 0; i < count; i += row)
		if (n->out->dtype == DT_F32)
			softmax_row_f32(n->attr.beta, (const float *)in[0] + i, row, (float *)out + i);
		else
			softmax_row_i8(&p, (const int8_t *)in[0] + i, row, (int8_t *)out + i);
}

void
eval_log_softmax(const struct node *n, const void *const *in, void *out)
{
	int32_t row = n->out->shape.dim[n->out->shape.rank - 1];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i += row) {
		const float *x = (const float *)in[0] + i;
		float most = -FLT_MAX, sum = 0;

		for (int32_t c = 0; c < row; c++)
			most = x[c] > most ? x[c] : most;
		for (int32_t c = 0; c < row; c++)
			sum += expf(x[c] - most);
		for (int32_t c = 0; c < row; c++)
			((float *)out)[i + c] = x[c] - most - logf(sum);
	}
}

/* The window of channel c begins (window - 1) / 2 channels before it. */
void
eval_lrn(const struct node *n, const void *const *in, void *out)
{
	const struct attrs *a = &n->attr;
	int32_t row = n->out->shape.dim[n->out->shape.rank - 1];
	int64_t count = tensor_count(n->out);

	for (int64_t i = 0; i < count; i++) {
		const float *x = (const float *)in[0] + i / row * row;
		int64_t c = i % row, first = c - (a->window - 1) / 2;
		float sum = 0;

		for (int64_t k = first < 0 ? 0 : first; k < first + a->window && k < row; k++)
			sum += x[k] * x[k];
		((float *)out)[i] = x[c] / powf(a->offset + a->alpha / (float)a->window * sum, a->beta);
	}
}
