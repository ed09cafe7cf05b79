/* Resize and Upsample.
 *
 * Along each dimension a cell of the result is a sum of a few cells of the input with weights, its taps.  Where the graph's
 * resize has the same taps it is used; every other kind is a product with the matrix of the taps, a dense layer along the
 * dimension. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "import/onnx.h"
#include "ir/quant.h"

enum {
	TAPS_MAX = 4,
	LENGTH_MAX = 65536     /* of a dimension that is resized */
};

/* One cell of the result: COUNT cells of the input, or none and the value outside. */
struct taps { int count; int64_t cell[TAPS_MAX]; double weight[TAPS_MAX]; };

/* How a node resizes. */
struct resizing {
	const char *mode, *transform, *nearest;
	double scale[DIMS_MAX];        /* result / input, as given */
	double length[DIMS_MAX];       /* of the result; by scales it may be no whole number */
	double start[DIMS_MAX], end[DIMS_MAX]; /* of the part that is resized, 0 to 1 */
	double cubic, outside_value;
	bool exclude;
	struct onnx_dims in, out;
};

/* ---- taps ---- */

/* Where cell I of dimension D of the result is in the input. */
static double
source(const struct resizing *r, int d, int64_t i)
{
	double in = (double)r->in.dim[d], out = r->length[d], scale = r->scale[d], at = (double)i;
	double half = (at + 0.5) / scale - 0.5;

	if (strcmp(r->transform, "asymmetric") == 0)
		return at / scale;
	if (strcmp(r->transform, "align_corners") == 0)
		return out > 1 ? at * (in - 1) / (out - 1) : 0;
	if (strcmp(r->transform, "pytorch_half_pixel") == 0)
		return out > 1 ? half : 0;
	if (strcmp(r->transform, "tf_half_pixel_for_nn") == 0)
		return (at + 0.5) / scale;
	if (strcmp(r->transform, "half_pixel_symmetric") == 0)
		return half + in / 2 * (1 - (double)r->out.dim[d] / (scale * in));
	if (strcmp(r->transform, "tf_crop_and_resize") == 0)
		return (in - 1) * (out > 1 ? r->start[d] + at * (r->end[d] - r->start[d]) / (out - 1) : (r->start[d] + r->end[d]) / 2);
	return half;
}

static int64_t
clamp(double v, int64_t hi)
{
	return v < 0 ? 0 : v > (double)hi ? hi : (int64_t)v;
}

static double
round_as(const char *mode, double at)
{
	if (strcmp(mode, "floor") == 0)
		return floor(at);
	if (strcmp(mode, "ceil") == 0)
		return ceil(at);
	return strcmp(mode, "round_prefer_ceil") == 0 ? floor(at + 0.5) : ceil(at - 0.5);
}

/* The cubic kernel at the distance S from 0 to 2. */
static double
cubic(double a, double s)
{
	return s <= 1 ? ((a + 2) * s - (a + 3)) * s * s + 1 : ((a * s - 5 * a) * s + 8 * a) * s - 4 * a;
}

static struct taps
taps_at(const struct resizing *r, int d, int64_t i)
{
	double at = source(r, d, i), lo = floor(at), sum = 0;
	int64_t last = r->in.dim[d] - 1;
	struct taps t = { .count = 1, .weight = { 1 } };

	if (strcmp(r->transform, "tf_crop_and_resize") == 0 && (at < 0 || at > (double)last)) {
		t.count = 0;
	} else if (strcmp(r->mode, "nearest") == 0) {
		t.cell[0] = clamp(round_as(r->nearest, at), last);
	} else if (strcmp(r->mode, "linear") == 0) {
		t = (struct taps){ 2, { clamp(lo, last), clamp(lo + 1, last) }, { 1 - (at - lo), at - lo } };
	} else {
		t.count = TAPS_MAX;
		for (int k = 0; k < TAPS_MAX; k++) {
			double cell = lo + k - 1;

			t.cell[k] = clamp(cell, last);
			t.weight[k] = r->exclude && (cell < 0 || cell > (double)last) ? 0 : cubic(r->cubic, fabs(at - cell));
			sum += t.weight[k];
		}
		for (int k = 0; r->exclude && k < TAPS_MAX; k++)
			t.weight[k] /= sum;
	}
	return t;
}

/* ---- the graph's own resize ---- */

/* What T gives the cell CELL. */
static double
weight_of(const struct taps *t, int64_t cell)
{
	double sum = 0;

	for (int k = 0; k < t->count; k++)
		sum += t->cell[k] == cell ? t->weight[k] : 0;
	return sum;
}

static bool
same_taps(const struct resizing *r, int d, const struct resize_tap *graph, bool linear)
{
	for (int64_t i = 0; i < r->out.dim[d]; i++) {
		struct taps t = taps_at(r, d, i);
		double w = linear ? (double)graph[i].weight : 0;
		struct taps g = { 2, { graph[i].lo, graph[i].hi }, { 1 - w, w } };

		if (t.count == 0)
			return false;
		for (int k = 0; k < t.count; k++)
			if (fabs(weight_of(&t, t.cell[k]) - weight_of(&g, t.cell[k])) > 1e-5)
				return false;
	}
	return true;
}

/* Attributes of a resize of an image with the taps of R; false: there are none. */
static bool
find_attrs(const struct resizing *r, struct attrs *a)
{
	bool linear = strcmp(r->mode, "linear") == 0;

	attrs_init(a);
	a->mode = linear ? MODE_BILINEAR : MODE_NEAREST;
	for (int kind = 0; kind < 3; kind++) {
		struct arena temporary = { 0 };
		bool same = true;

		a->align_corners = kind == 1;
		a->half_pixel = kind == 2;
		for (int d = 2; d < r->in.rank && same; d++)
			same = same_taps(r, d, resize_taps(&temporary, DT_F32, (int32_t)r->in.dim[d], (int32_t)r->out.dim[d], a), linear);
		arena_free(&temporary);
		if (same)
			return true;
	}
	return false;
}

static struct tensor *
resize_image(struct onnx *x, const struct onnx_node *n, struct tensor *image, void *attrs)
{
	return onnx_emit(x, n, OP_RESIZE, NULL, &image, 1, attrs, NULL);
}

/* Whether R leaves images and channels as they are and its mode is one of the graph's. */
static bool
is_image_resize(const struct resizing *r)
{
	return (r->in.rank == 3 || r->in.rank == 4) && r->in.dim[0] == r->out.dim[0] && r->in.dim[1] == r->out.dim[1]
		&& strcmp(r->mode, "cubic") != 0;
}

/* ---- a matrix along a dimension ---- */

/* T along its last dimension, which is D of the value. */
static struct tensor *
resize_along(struct onnx *x, const struct onnx_node *n, struct tensor *t, const struct resizing *r, int d)
{
	int64_t in = r->in.dim[d], out = r->out.dim[d];
	unsigned char *data;
	struct onnx_value *w = onnx_new_const(x, n, ONNX_F32, &(struct onnx_dims){ 2, { out, in } }, &data);
	float *bias = ARENA_ARRAY(x->arena, float, (size_t)out), *weight = (float *)(void *)data;
	bool outside = false;

	if (!w)
		return NULL;
	for (int64_t i = 0; i < out; i++) {
		struct taps taps = taps_at(r, d, i);

		for (int k = 0; k < taps.count; k++)
			weight[i * in + taps.cell[k]] += (float)taps.weight[k];
		bias[i] = taps.count ? 0 : (float)r->outside_value;
		outside |= bias[i] != 0;
	}
	struct tensor *c = onnx_floats(x, n, "weight", 2, w->dims.dim, weight);
	struct tensor *b = outside ? onnx_floats(x, n, "bias", 1, &out, bias) : NULL;
	return onnx_emit(x, n, OP_DENSE, NULL, (struct tensor *[]){ t, c, b }, outside ? 3 : 2, NULL, NULL);
}

static bool
resize_by_matrices(struct onnx *x, struct onnx_node *n, struct onnx_value *v, const struct resizing *r)
{
	struct tensor *t = onnx_tensor_f32(x, n, v);
	struct onnx_dims dims = v->dims;
	int order[RANK_MAX];

	if (!t)
		return false;
	memcpy(order, v->order, sizeof order);
	for (int d = 0; d < dims.rank; d++) {
		int want[RANK_MAX], rank = 0;

		if (r->in.dim[d] == r->out.dim[d] && strcmp(r->transform, "tf_crop_and_resize") != 0)
			continue;
		for (int i = 0; i < t->shape.rank; i++)
			if (order[i] != d && rank < RANK_MAX - 1)
				want[rank++] = order[i];
		want[rank++] = d;
		t = onnx_arrange(x, n, t, &dims, order, rank, want);
		if (!t || !(t = resize_along(x, n, t, r, d)))
			return false;
		dims.dim[d] = r->out.dim[d];
		memcpy(order, want, sizeof order);
	}
	return onnx_result_tensor(x, n, 0, t, v, &dims, order);
}

static bool
resize(struct onnx *x, struct onnx_node *n, struct onnx_value *v, const struct resizing *r)
{
	struct attrs a;
	struct quant q;
	struct onnx_value out;
	struct tensor *t = onnx_tensor(x, n, v);
	bool nearest = strcmp(r->mode, "nearest") == 0;

	for (int d = 0; d < r->in.rank; d++)
		if (r->in.dim[d] != r->out.dim[d] && r->out.dim[d] > LENGTH_MAX)
			return onnx_error(x, n, "its result's dimension %d is %lld, more than %d", d, (long long)r->out.dim[d], LENGTH_MAX);
	if (!t || memcmp(r->in.dim, r->out.dim, (size_t)r->in.rank * sizeof *r->in.dim) == 0)
		return t && onnx_result_like(x, n, 0, t, v);
	if (!is_image_resize(r) || !find_attrs(r, &a))
		return resize_by_matrices(x, n, v, r);
	a.size = (struct ints){ 2, { r->in.rank == 4 ? (int32_t)r->out.dim[2] : 1, (int32_t)r->out.dim[r->in.rank - 1] } };
	if (t->dtype == DT_I8 && !nearest && !(v->real && onnx_target(x, n, &q) && quant_equal(&q, &t->quant)))
		t = onnx_tensor_f32(x, n, v);
	return t && onnx_each_image(x, n, t, v, resize_image, &a, &out) && onnx_result_tensor(x, n, 0, out.t, v, &out.dims, out.order);
}

/* ---- the node ---- */

/* The factors that input K lists, one for each dimension. */
static bool
read_scales(struct onnx *x, const struct onnx_node *n, int k, struct resizing *r)
{
	const struct onnx_value *v = onnx_const_in(x, n, k, "scales");

	if (!v)
		return false;
	if (onnx_count(&v->dims) != r->in.rank)
		return onnx_error(x, n, "it has %lld scales for %d dimensions", (long long)onnx_count(&v->dims), r->in.rank);
	for (int d = 0; d < r->in.rank; d++) {
		r->scale[d] = onnx_real(v, d);
		r->length[d] = (double)r->in.dim[d] * r->scale[d];
		double size = floor(r->length[d]);

		if (!(size >= 1 && size <= INT32_MAX))
			return onnx_error(x, n, "a dimension of %lld times %g is no size", (long long)r->in.dim[d], r->scale[d]);
		r->out.dim[d] = (int64_t)size;
	}
	return true;
}

static bool
read_sizes(struct onnx *x, const struct onnx_node *n, struct resizing *r)
{
	struct onnx_list sizes;

	if (!onnx_list_in(x, n, 3, "sizes", &sizes))
		return false;
	if (sizes.n != r->in.rank)
		return onnx_error(x, n, "it has %d sizes for %d dimensions", sizes.n, r->in.rank);
	for (int d = 0; d < r->in.rank; d++) {
		if (sizes.v[d] < 1 || sizes.v[d] > INT32_MAX)
			return onnx_error(x, n, "its result's dimension %d is %lld", d, (long long)sizes.v[d]);
		r->out.dim[d] = sizes.v[d];
		r->length[d] = (double)sizes.v[d];
		r->scale[d] = (double)sizes.v[d] / (double)r->in.dim[d];
	}
	return true;
}

/* Which part of the input is resized. */
static bool
read_part(struct onnx *x, const struct onnx_node *n, struct resizing *r)
{
	if (strcmp(r->transform, "tf_crop_and_resize") != 0)
		return true;
	const struct onnx_value *v = onnx_const_in(x, n, 1, "a part");
	if (!v)
		return false;
	if (onnx_count(&v->dims) != 2 * r->in.rank)
		return onnx_error(x, n, "its part has %lld numbers for %d dimensions", (long long)onnx_count(&v->dims), r->in.rank);
	for (int d = 0; d < r->in.rank; d++) {
		r->start[d] = onnx_real(v, d);
		r->end[d] = onnx_real(v, d + r->in.rank);
		if (!isfinite(r->start[d]) || !isfinite(r->end[d]))
			return onnx_error(x, n, "its part is from %g to %g", r->start[d], r->end[d]);
	}
	return true;
}

/* Whether the words are among those that are known here. */
static bool
check_words(struct onnx *x, const struct onnx_node *n, const struct resizing *r)
{
	static const char *const modes[] = { "nearest", "linear", "cubic", NULL };
	static const char *const transforms[] = { "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
		"tf_half_pixel_for_nn", "tf_crop_and_resize", NULL };
	static const char *const roundings[] = { "round_prefer_floor", "round_prefer_ceil", "floor", "ceil", NULL };
	const struct { const char *word; const char *const *known; } words[] = {
		{ r->mode, modes }, { r->transform, transforms }, { r->nearest, roundings },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const char *const *known = words[i].known;

		while (*known && strcmp(*known, words[i].word) != 0)
			known++;
		if (!*known)
			return onnx_refuse(x, n, arena_printf(x->arena, "with '%s'", words[i].word));
	}
	return true;
}

bool
onnx_resize(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	bool old = x->opset < 11;
	struct resizing r = { .in = v->dims, .out = v->dims, .mode = onnx_attr_text(x, n, "mode", "nearest"),
		.transform = old ? "asymmetric" : onnx_attr_text(x, n, "coordinate_transformation_mode", "half_pixel"),
		.nearest = old ? "floor" : onnx_attr_text(x, n, "nearest_mode", "round_prefer_floor"),
		.cubic = (double)onnx_attr_float(n, "cubic_coeff_a", -0.75f), .exclude = onnx_attr_int(n, "exclude_outside", 0),
		.outside_value = (double)onnx_attr_float(n, "extrapolation_value", 0) };
	int scales = old ? 1 : 2;

	if (!onnx_tensor(x, n, v) || !check_words(x, n, &r))
		return false;
	if (onnx_attr_int(n, "antialias", 0) || onnx_attr(n, "axes") || strcmp(onnx_attr_text(x, n, "keep_aspect_ratio_policy", "stretch"), "stretch") != 0)
		return onnx_refuse(x, n, "with antialias, axes or keep_aspect_ratio_policy");
	bool sized = onnx_has(n, 3);
	if (!(sized ? read_sizes(x, n, &r) : read_scales(x, n, scales, &r)) || !read_part(x, n, &r))
		return false;
	return resize(x, n, v, &r);
}

/* Version 7 has the scales as an attribute, version 9 as an input. */
bool
onnx_upsample(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0);
	struct resizing r = { .in = v->dims, .out = v->dims, .mode = onnx_attr_text(x, n, "mode", "nearest"), .transform = "asymmetric",
		.nearest = "floor" };
	const Onnx__AttributeProto *a = onnx_attr(n, "scales");
	struct onnx_node with = *n;

	if (!onnx_tensor(x, n, v) || !check_words(x, n, &r))
		return false;
	if (a) {
		unsigned char *data;
		struct onnx_value *scales = onnx_new_const(x, n, ONNX_F32, &(struct onnx_dims){ 1, { (int64_t)a->n_floats } }, &data);

		if (!scales)
			return false;
		memcpy(data, a->floats, a->n_floats * sizeof *a->floats);
		with.in = (struct onnx_value *[]){ v, scales };
		with.nin = 2;
	}
	return read_scales(x, &with, 1, &r) && resize(x, n, v, &r);
}
