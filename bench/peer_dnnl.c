/* The time of one convolution in oneDNN (Debian's libdnnl-dev), in the layouts that it chooses for itself: peer_dnnl TYPE H W IN OUT KERNEL STRIDE
 * GROUPS [SHUFFLE], TYPE i8 or f32; prints milliseconds.  With SHUFFLE, 1, the channels of the result are shuffled by groups after it.  int8 is u8 activations by s8 weights to u8 results with a scale per channel and relu, which is what its
 * fast kernels take; weights and activations are reordered before. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <dnnl.h>
#include "timing.h"

static void
must(dnnl_status_t s)
{
	if (s != dnnl_success) {
		fprintf(stderr, "peer_dnnl: status %d\n", (int)s);
		exit(EXIT_FAILURE);
	}
}

struct convolution {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	dnnl_primitive_t primitive;
	dnnl_exec_arg_t args[4];
	dnnl_primitive_t shuffle;     /* or NULL */
	dnnl_exec_arg_t shuffled[2];
};

static dnnl_primitive_attr_t
attributes(bool real, int out)
{
	dnnl_primitive_attr_t a;
	dnnl_post_ops_t ops;
	float *scale = malloc((size_t)out * sizeof *scale);

	must(dnnl_primitive_attr_create(&a));
	must(dnnl_post_ops_create(&ops));
	must(dnnl_post_ops_append_eltwise(ops, 1.0f, dnnl_eltwise_relu, 0.0f, 0.0f));
	must(dnnl_primitive_attr_set_post_ops(a, ops));
	must(dnnl_post_ops_destroy(ops));
	for (int i = 0; i < out; i++)
		scale[i] = 1e-3f + 1e-5f * (float)i;
	if (!real)
		must(dnnl_primitive_attr_set_output_scales(a, out, 1 << 1, scale));
	free(scale);
	return a;
}

static dnnl_primitive_desc_t
describe(struct convolution *c, bool real, int h, int w, int in, int out, int kernel, int stride, int groups)
{
	const int oh = (h + stride - 1) / stride, ow = (w + stride - 1) / stride;
	const int pad_h = (oh - 1) * stride + kernel - h, pad_w = (ow - 1) * stride + kernel - w;
	const int top = pad_h > 0 ? pad_h / 2 : 0, left = pad_w > 0 ? pad_w / 2 : 0;
	const dnnl_dims_t x = { 1, in, h, w }, y = { 1, out, oh, ow }, b = { out }, strides = { stride, stride };
	const dnnl_dims_t dense = { out, in, kernel, kernel }, grouped = { groups, out / groups, in / groups, kernel, kernel };
	const dnnl_dims_t before = { top, left }, after = { pad_h > 0 ? pad_h - top : 0, pad_w > 0 ? pad_w - left : 0 };
	const dnnl_data_type_t act = real ? dnnl_f32 : dnnl_u8;
	dnnl_memory_desc_t xd, wd, bd, yd;
	dnnl_convolution_desc_t d;
	dnnl_primitive_desc_t pd;
	dnnl_primitive_attr_t attr = attributes(real, out);

	must(dnnl_memory_desc_init_by_tag(&xd, 4, x, act, dnnl_format_tag_any));
	must(dnnl_memory_desc_init_by_tag(&wd, groups > 1 ? 5 : 4, groups > 1 ? grouped : dense, real ? dnnl_f32 : dnnl_s8, dnnl_format_tag_any));
	must(dnnl_memory_desc_init_by_tag(&bd, 1, b, real ? dnnl_f32 : dnnl_s32, dnnl_a));
	must(dnnl_memory_desc_init_by_tag(&yd, 4, y, act, dnnl_format_tag_any));
	must(dnnl_convolution_forward_desc_init(&d, dnnl_forward_inference, dnnl_convolution_direct, &xd, &wd, &bd, &yd, strides, before, after));
	must(dnnl_primitive_desc_create(&pd, &d, attr, c->engine, NULL));
	must(dnnl_primitive_attr_destroy(attr));
	return pd;
}

static void
operand(struct convolution *c, int i, int arg, const dnnl_memory_desc_t *d)
{
	const size_t bytes = dnnl_memory_desc_get_size(d);
	unsigned seed = 1;
	void *data;

	c->args[i].arg = arg;
	must(dnnl_memory_create(&c->args[i].memory, d, c->engine, DNNL_MEMORY_ALLOCATE));
	must(dnnl_memory_get_data_handle(c->args[i].memory, &data));
	for (size_t k = 0; k < bytes; k += d->data_type == dnnl_f32 ? 4 : 1) {
		const float v = (float)(int)((seed = seed * 1664525u + 1013904223u) >> 24) / 256.0f - 0.5f;

		if (d->data_type == dnnl_f32)
			memcpy((char *)data + k, &v, sizeof v);
		else
			((uint8_t *)data)[k] = (uint8_t)(d->data_type == dnnl_s32 ? 0 : seed >> 24);
	}
}

static void
run(void *with)
{
	struct convolution *c = with;

	must(dnnl_primitive_execute(c->primitive, c->stream, 4, c->args));
	if (c->shuffle)
		must(dnnl_primitive_execute(c->shuffle, c->stream, 2, c->shuffled));
	must(dnnl_stream_wait(c->stream));
}

/* The result of the convolution PD, whose channels lie in GROUPS groups, taken in turn from each. */
static void
add_shuffle(struct convolution *c, dnnl_primitive_desc_t pd, int out, int groups)
{
	const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
	dnnl_shuffle_desc_t s;
	dnnl_primitive_desc_t spd;

	must(dnnl_shuffle_forward_desc_init(&s, dnnl_forward_inference, d, 1, out / groups));
	must(dnnl_primitive_desc_create(&spd, &s, NULL, c->engine, NULL));
	must(dnnl_primitive_create(&c->shuffle, spd));
	c->shuffled[0] = (dnnl_exec_arg_t){ DNNL_ARG_SRC, c->args[3].memory };
	c->shuffled[1].arg = DNNL_ARG_DST;
	must(dnnl_memory_create(&c->shuffled[1].memory, d, c->engine, DNNL_MEMORY_ALLOCATE));
	must(dnnl_primitive_desc_destroy(spd));
}

int
main(int argc, char *argv[])
{
	struct convolution c = { .shuffle = NULL };
	dnnl_primitive_desc_t pd;
	int n[7];

	if (argc != 9 && argc != 10) {
		fputs("usage: peer_dnnl i8|f32 H W IN OUT KERNEL STRIDE GROUPS [SHUFFLE]\n", stderr);
		return 2;
	}
	for (int i = 0; i < 7; i++)
		n[i] = atoi(argv[i + 2]);
	must(dnnl_engine_create(&c.engine, dnnl_cpu, 0));
	must(dnnl_stream_create(&c.stream, c.engine, dnnl_stream_default_flags));
	pd = describe(&c, strcmp(argv[1], "f32") == 0, n[0], n[1], n[2], n[3], n[4], n[5], n[6]);
	must(dnnl_primitive_create(&c.primitive, pd));
	operand(&c, 0, DNNL_ARG_SRC, dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0));
	operand(&c, 1, DNNL_ARG_WEIGHTS, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0));
	operand(&c, 2, DNNL_ARG_BIAS, dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1));
	operand(&c, 3, DNNL_ARG_DST, dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0));
	if (argc == 10 && atoi(argv[9]) && n[6] > 1)
		add_shuffle(&c, pd, n[3], n[6]);
	timing_print(run, &c);
	return EXIT_SUCCESS;
}
