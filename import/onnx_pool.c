/* Pools. */
#include <config.h>
#include <float.h>
#include <string.h>
#include "import/onnx.h"

struct pool { enum op op; struct attrs a; struct quant q; bool rescale; };

/* Cells of one dimension that the last window of a pool with ceil_mode reaches beyond the padded input. */
static int32_t
beyond(int64_t in, const struct attrs *a, int i)
{
	int64_t room = in + a->pad[2 * i] + a->pad[2 * i + 1], span = ((int64_t)a->kernel[i] - 1) * a->dilation[i] + 1;
	int64_t steps = room < span ? 0 : (room - span + a->stride[i] - 1) / a->stride[i];

	/* A window that begins in the padding behind the input is none. */
	if (steps * a->stride[i] >= in + a->pad[2 * i])
		steps--;
	int64_t reach = steps * a->stride[i] + span - room;
	return reach > 0 && reach < INT32_MAX ? (int32_t)reach : 0;
}

/* IMAGE with the pool's padding written out, VALUE in it. */
static struct tensor *
padded(struct onnx *x, const struct onnx_node *n, struct tensor *image, const int32_t pad[4], float value)
{
	struct attrs a;

	attrs_init(&a);
	a.before = (struct ints){ 3, { pad[0], pad[2], 0 } };
	a.after = (struct ints){ 3, { pad[1], pad[3], 0 } };
	a.value = value;
	return onnx_emit(x, n, OP_PAD, "pad", &image, 1, &a, NULL);
}

/* T with its dimensions split and joined to SHAPE, in the order PERM between. */
static struct tensor *
reorder(struct onnx *x, const struct onnx_node *n, struct tensor *t, struct ints split, struct ints perm, struct ints joined)
{
	struct attrs a;

	attrs_init(&a);
	a.shape = split;
	t = onnx_emit(x, n, OP_RESHAPE, "split", &t, 1, &a, NULL);
	a.perm = perm;
	t = t ? onnx_emit(x, n, OP_TRANSPOSE, "order", &t, 1, &a, NULL) : NULL;
	a.shape = joined;
	return t ? onnx_emit(x, n, OP_RESHAPE, "join", &t, 1, &a, NULL) : NULL;
}

/* A window with dilation d sees every d-th cell.  The d x d images of such cells become channels, whose windows have no dilation:
 * [h, w, c] -> [h / d, w / d, d * d * c], and back. */
static struct tensor *
dilated(struct onnx *x, const struct onnx_node *n, struct tensor *image, struct pool *p)
{
	struct attrs a = p->a;
	int32_t dh = a.dilation[0], dw = a.dilation[1], c = image->shape.dim[2];
	int32_t pad[4];
	int64_t out[2];

	for (int i = 0; i < 2; i++) {
		int64_t room = (int64_t)image->shape.dim[i] + a.pad[2 * i] + a.pad[2 * i + 1], d = a.dilation[i];

		out[i] = room - ((int64_t)a.kernel[i] - 1) * d;
		pad[2 * i] = a.pad[2 * i];
		pad[2 * i + 1] = a.pad[2 * i + 1] + (int32_t)((d - room % d) % d);
	}
	if (out[0] < 1 || out[1] < 1) {
		onnx_error(x, n, "its window is larger than its input");
		return NULL;
	}
	struct tensor *t = padded(x, n, image, pad, -FLT_MAX);
	if (!t)
		return NULL;
	int32_t h = t->shape.dim[0] / dh, w = t->shape.dim[1] / dw;
	t = reorder(x, n, t, (struct ints){ 5, { h, dh, w, dw, c } }, (struct ints){ 5, { 0, 2, 1, 3, 4 } }, (struct ints){ 3, { h, w, dh * dw * c } });
	memset(a.pad, 0, sizeof a.pad);
	a.dilation[0] = a.dilation[1] = a.stride[0] = a.stride[1] = 1;
	t = t ? onnx_emit(x, n, OP_MAXPOOL, NULL, &t, 1, &a, NULL) : NULL;
	if (!t)
		return NULL;
	h = t->shape.dim[0];
	w = t->shape.dim[1];
	t = reorder(x, n, t, (struct ints){ 5, { h, w, dh, dw, c } }, (struct ints){ 5, { 0, 2, 1, 3, 4 } }, (struct ints){ 3, { h * dh, w * dw, c } });
	a.begin = (struct ints){ 3, { 0, 0, 0 } };
	a.size = (struct ints){ 3, { (int32_t)((out[0] - 1) / p->a.stride[0] + 1), (int32_t)((out[1] - 1) / p->a.stride[1] + 1), c } };
	a.steps = (struct ints){ 3, { p->a.stride[0], p->a.stride[1], 1 } };
	return t ? onnx_emit(x, n, OP_SLICE, "steps", &t, 1, &a, NULL) : NULL;
}

/* Whether a window lies in the padding alone, which the language does not allow. */
static bool
has_empty_windows(const struct tensor *image, const struct attrs *a)
{
	for (int i = 0; i < 2; i++) {
		int64_t room = (int64_t)image->shape.dim[i] + a->pad[2 * i] + a->pad[2 * i + 1];
		int64_t last = (room - a->kernel[i]) / a->stride[i] * a->stride[i];

		if (a->pad[2 * i] >= a->kernel[i] || last >= (int64_t)image->shape.dim[i] + a->pad[2 * i])
			return true;
	}
	return false;
}

static struct tensor *
pool_image(struct onnx *x, const struct onnx_node *n, struct tensor *image, void *context)
{
	struct pool *p = context;
	struct attrs a = p->a;
	bool max = p->op == OP_MAXPOOL, dilates = a.dilation[0] > 1 || a.dilation[1] > 1;

	if (max && dilates)
		return dilated(x, n, image, p);
	if (dilates) {
		onnx_refuse(x, n, "with dilations");
		return NULL;
	}
	/* What ceil_mode adds never counts, so padding that does is written out beside it. */
	if (has_empty_windows(image, &a) && (max || a.count_pad)) {
		image = padded(x, n, image, a.pad, max ? -FLT_MAX : 0);
		memset(a.pad, 0, sizeof a.pad);
	}
	struct tensor *t = image ? onnx_emit(x, n, p->op, NULL, &image, 1, &a, NULL) : NULL;
	if (t && p->rescale && !quant_equal(&t->quant, &p->q))
		t = onnx_emit(x, n, OP_REQUANTIZE, "scale", &t, 1, NULL, &p->q);
	return t;
}

/* The image as what ceil_mode and count_include_pad together ask for: the padding that counts written out, the rest as padding. */
static struct tensor *
count_padding(struct onnx *x, const struct onnx_node *n, struct tensor *image, void *context)
{
	struct pool *p = context, inner = *p;
	int32_t pad[4];

	memcpy(pad, p->a.pad, sizeof pad);
	for (int i = 0; i < 2; i++)
		inner.a.pad[2 * i + 1] = beyond(image->shape.dim[i], &p->a, i);
	inner.a.pad[0] = inner.a.pad[2] = 0;
	inner.a.count_pad = false;
	image = padded(x, n, image, pad, 0);
	return image ? pool_image(x, n, image, &inner) : NULL;
}

static bool
pool(struct onnx *x, struct onnx_node *n, enum op op)
{
	struct onnx_value *v = onnx_in(n, 0), out;
	struct pool p = { .op = op };
	struct tensor *t = onnx_tensor(x, n, v);
	bool ceil = onnx_attr_int(n, "ceil_mode", 0), count = op == OP_AVGPOOL && onnx_attr_int(n, "count_include_pad", 0);

	if (!t || v->dims.rank < 3)
		return t && onnx_error(x, n, "its input has %d dimensions", v->dims.rank);
	attrs_init(&p.a);
	if (!onnx_window(x, n, &v->dims, NULL, &p.a))
		return false;
	if (op == OP_AVGPOOL && t->dtype == DT_I8) {
		p.rescale = v->real && !count && onnx_target(x, n, &p.q);
		t = p.rescale ? t : onnx_tensor_f32(x, n, v);
	}
	bool pads = p.a.pad[0] || p.a.pad[1] || p.a.pad[2] || p.a.pad[3];
	p.a.count_pad = count && pads;
	bool apart = ceil && p.a.count_pad;
	for (int i = 0; ceil && !apart && i < 2; i++)
		p.a.pad[2 * i + 1] += v->dims.rank == 4 || i == 1 ? beyond(v->dims.dim[v->dims.rank - 2 + i], &p.a, i) : 0;
	return t && onnx_each_image(x, n, t, v, apart ? count_padding : pool_image, &p, &out)
		&& onnx_result_tensor(x, n, 0, out.t, v, &out.dims, out.order);
}

bool
onnx_maxpool(struct onnx *x, struct onnx_node *n)
{
	return pool(x, n, OP_MAXPOOL);
}

bool
onnx_avgpool(struct onnx *x, struct onnx_node *n)
{
	return pool(x, n, OP_AVGPOOL);
}

static struct tensor *
largest(struct onnx *x, const struct onnx_node *n, struct tensor *image, void *context)
{
	struct attrs a;

	(void)context;
	attrs_init(&a);
	a.kernel[0] = a.kernel[1] = KERNEL_ALL;
	return onnx_emit(x, n, OP_MAXPOOL, NULL, &image, 1, &a, NULL);
}

bool
onnx_global_maxpool(struct onnx *x, struct onnx_node *n)
{
	struct onnx_value *v = onnx_in(n, 0), out;
	struct tensor *t = onnx_tensor(x, n, v);

	if (t && (v->dims.rank < 3 || v->dims.rank > 4))
		return onnx_refuse(x, n, arena_printf(x->arena, "in %d dimensions", v->dims.rank - 2));
	return t && onnx_each_image(x, n, t, v, largest, NULL, &out) && onnx_result_tensor(x, n, 0, out.t, v, &out.dims, out.order);
}
