/* Windows that slide over images: kernel, stride, dilation and padding of a node, and the images of a batch one by one. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

enum { BATCH_MAX = 8 /* images that are cut apart */ };

/* ---- attributes ---- */

/* V's values, one for each spatial dimension, as height and width; a signal of one dimension is an image of height 1. */
static bool
pair(struct onnx *x, const struct onnx_node *n, const char *key, const struct onnx_list *v, int spatial, int32_t *out)
{
	if (v->n != spatial)
		return onnx_error(x, n, "attribute '%s' has %d values for %d dimensions", key, v->n, spatial);
	for (int i = 0; i < spatial; i++) {
		if (v->v[i] < 1 || v->v[i] > INT32_MAX)
			return onnx_error(x, n, "attribute '%s' has %lld", key, (long long)v->v[i]);
		out[i + 2 - spatial] = (int32_t)v->v[i];
	}
	if (spatial == 1)
		out[0] = 1;
	return true;
}

static bool
attr_pair(struct onnx *x, const struct onnx_node *n, const char *key, int spatial, int32_t *out)
{
	struct onnx_list v;

	return !onnx_attr(n, key) || (onnx_attr_list(x, n, key, &v) && pair(x, n, key, &v, spatial, out));
}

/* Padding as the model states it: begins, then ends. */
static bool
explicit_pad(struct onnx *x, const struct onnx_node *n, int spatial, int32_t pad[4])
{
	struct onnx_list v;

	if (!onnx_attr(n, "pads"))
		return true;
	if (!onnx_attr_list(x, n, "pads", &v))
		return false;
	if (v.n != 2 * spatial)
		return onnx_error(x, n, "attribute 'pads' has %d values for %d dimensions", v.n, spatial);
	for (int i = 0; i < v.n; i++) {
		if (v.v[i] < 0)
			return onnx_refuse(x, n, "with negative pads");
		if (v.v[i] > INT32_MAX)
			return onnx_error(x, n, "attribute 'pads' has %lld", (long long)v.v[i]);
		pad[2 * (i % spatial + 2 - spatial) + i / spatial] = (int32_t)v.v[i];
	}
	return true;
}

bool
onnx_window(struct onnx *x, const struct onnx_node *n, const struct onnx_dims *d, const struct onnx_list *kernel, struct attrs *a)
{
	const char *mode = onnx_attr_text(x, n, "auto_pad", "NOTSET");
	int spatial = d->rank - 2;
	struct onnx_list given;
	int32_t size[2] = { 1, 1 };

	if (spatial < 1 || spatial > 2)
		return onnx_refuse(x, n, arena_printf(x->arena, "in %d dimensions", spatial));
	if (onnx_attr_list(x, n, "kernel_shape", &given))
		kernel = &given;
	a->stride[0] = a->stride[1] = a->dilation[0] = a->dilation[1] = 1;
	if (!kernel || !pair(x, n, "kernel_shape", kernel, spatial, a->kernel))
		return kernel ? false : onnx_error(x, n, "attribute 'kernel_shape' is missing");
	if (!attr_pair(x, n, "strides", spatial, a->stride) || !attr_pair(x, n, "dilations", spatial, a->dilation))
		return false;
	for (int i = 0; i < spatial; i++)
		size[i + 2 - spatial] = (int32_t)d->dim[i + 2];
	if (strcmp(mode, "NOTSET") == 0)
		return explicit_pad(x, n, spatial, a->pad);
	if (strcmp(mode, "VALID") == 0)
		return true;
	if (strcmp(mode, "SAME_UPPER") != 0 && strcmp(mode, "SAME_LOWER") != 0)
		return onnx_error(x, n, "attribute 'auto_pad' is '%s'", mode);
	pad_same(size, a, a->pad);
	for (int i = 0; strcmp(mode, "SAME_LOWER") == 0 && i < 4; i += 2) {
		int32_t less = a->pad[i];

		a->pad[i] = a->pad[i + 1];
		a->pad[i + 1] = less;
	}
	return true;
}

/* ---- images ---- */

/* Image I of T [n, h, w, c] as [h, w, c]. */
static struct tensor *
cut_image(struct onnx *x, const struct onnx_node *n, struct tensor *t, int32_t i)
{
	struct attrs a;

	attrs_init(&a);
	a.begin = (struct ints){ 4, { i, 0, 0, 0 } };
	a.size = (struct ints){ 4, { 1, -1, -1, -1 } };
	a.shape = (struct ints){ 3, { t->shape.dim[1], t->shape.dim[2], t->shape.dim[3] } };
	t = onnx_emit(x, n, OP_SLICE, "image", &t, 1, &a, NULL);
	return t ? onnx_emit(x, n, OP_RESHAPE, "cut", &t, 1, &a, NULL) : NULL;
}

static struct tensor *
each_of_batch(struct onnx *x, const struct onnx_node *n, struct tensor *t, onnx_image_fn *f, void *context)
{
	struct tensor *out[BATCH_MAX];
	struct attrs a;
	int32_t count = t->shape.dim[0];

	if (count > BATCH_MAX) {
		onnx_refuse(x, n, arena_printf(x->arena, "of a batch of more than %d", BATCH_MAX));
		return NULL;
	}
	attrs_init(&a);
	for (int32_t i = 0; i < count; i++) {
		struct tensor *image = cut_image(x, n, t, i);

		if (!image || !(image = f(x, n, image, context)))
			return NULL;
		a.shape = (struct ints){ 4, { 1, image->shape.dim[0], image->shape.dim[1], image->shape.dim[2] } };
		if (!(out[i] = onnx_emit(x, n, OP_RESHAPE, "result", &image, 1, &a, NULL)))
			return NULL;
	}
	a.axis = 0;
	return onnx_emit(x, n, OP_CONCAT, "batch", out, count, &a, NULL);
}

bool
onnx_each_image(struct onnx *x, const struct onnx_node *n, struct tensor *t, const struct onnx_value *v, onnx_image_fn *f, void *context,
	struct onnx_value *out)
{
	static const int orders[2][4] = { { 0, -1, 2, 1 }, { 0, 2, 3, 1 } };
	const int *want = orders[v->dims.rank - 3];
	bool batch = v->dims.dim[0] > 1;

	t = onnx_arrange(x, n, t, &v->dims, v->order, batch ? 4 : 3, batch ? want : want + 1);
	if (t)
		t = batch ? each_of_batch(x, n, t, f, context) : f(x, n, t, context);
	if (!t)
		return false;
	*out = (struct onnx_value){ .kind = ONNX_TENSOR, .type = v->type, .t = t, .dims = v->dims };
	memcpy(out->order, batch ? want : want + 1, (size_t)(batch ? 4 : 3) * sizeof *want);
	for (int i = 0; i < t->shape.rank; i++)
		if (out->order[i] > 0)
			out->dims.dim[out->order[i]] = t->shape.dim[i];
	return true;
}
