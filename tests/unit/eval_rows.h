/* The tables of test_eval.c.  Most rows are the numeric facts of TensorFlow Lite Micro's kernel tests
 * (tensorflow/lite/micro/kernels/NAME_test.cc), named in each row; those tests state real values, quantise them
 * and allow the same tolerance in units of the last place.  Rows marked "exact" hold what the reference
 * kernels' formulas give over the gemmlowp library. */
#ifndef UNIT_EVAL_ROWS_H
#define UNIT_EVAL_ROWS_H
#include <math.h>

#include "ir/graph.h"

/* A tensor of real values; scale 0 leaves it f32. */
struct operand {
	struct shape shape;
	const float *v;
	float scale;
	int zero;
};

struct row {
	const char *source;
	enum op op;
	struct operand x, b;        /* b: second operand or weight, v NULL: none */
	const float *bias;
	void (*set)(struct attrs *);
	struct operand out;
	float tolerance;            /* f32: absolute; i8: units of the last place */
	bool raw;                   /* int8 values are the quantised ones */
};

#define V(...) (const float[]){ __VA_ARGS__ }
#define S0 { .rank = 0 }
#define S1(a) { 1, { a } }
#define S2(a, b) { 2, { a, b } }
#define S3(a, b, c) { 3, { a, b, c } }
#define S4(a, b, c, d) { 4, { a, b, c, d } }
#define F32(s, ...) { s, V(__VA_ARGS__), 0, 0 }
#define NONE { .v = NULL }
#define I8(sc, z, s, ...) { s, V(__VA_ARGS__), sc, z }

static void relu(struct attrs *at) { at->act = (struct clamp){ 0, INFINITY }; }
static void relu6(struct attrs *at) { at->act = (struct clamp){ 0, 6 }; }
static void relu1(struct attrs *at) { at->act = (struct clamp){ -1, 1 }; }

static void
step2(struct attrs *at)
{
	at->stride[0] = at->stride[1] = 2;
}

static void
dilate23(struct attrs *at)
{
	at->dilation[0] = 2;
	at->dilation[1] = 3;
}

static void
mult2(struct attrs *at)
{
	at->multiplier = 2;
}

static void
mult2_dilate23(struct attrs *at)
{
	mult2(at);
	dilate23(at);
}

static void
mult2_relu(struct attrs *at)
{
	mult2(at);
	relu(at);
}

static void
pad1(struct attrs *at)
{
	for (int i = 0; i < 4; i++)
		at->pad[i] = 1;
}

static void
pad1_relu(struct attrs *at)
{
	pad1(at);
	relu(at);
}

static void
step3_same_relu(struct attrs *at)
{
	at->stride[0] = at->stride[1] = 3;
	at->pad[2] = at->pad[3] = 1;
	relu(at);
}

static void
step2_relu(struct attrs *at)
{
	step2(at);
	relu(at);
}

static void
grouped(struct attrs *at)
{
	at->groups = 2;
}

#define CONV_X1 1, 1, 1, 1, 2, 2, 2, 2
#define CONV_X2 1, 2, 3, 4, 1, 2, 3, 4
#define CONV_W 1, 2, 3, 4, -1, 1, -1, 1, -1, -1, 1, 1
#define DW_X 1, 2, 7, 8, 3, 4, 9, 10, 5, 6, 11, 12
#define DW_W 1, 2, 3, 4, -9, 10, -11, 12, 5, 6, 7, 8, 13, -14, 15, -16
#define DW_DILATED 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, \
	1, 2, 3, 4, 5, 6, 2, 6, 2, 4, 4, 2, 3, 2, 6, 5, 1, 4, 1, 2, 1, 4, 6, 3
#define DW_DILATED_Y 15, 2, 88, -48, 25, 14, 72, 0, 61, -2, 56, 48, -4, 52, 12, 48, 11, 70, 63, 40, 51, -30, 41, 48
#define DENSE_X 1, 2, 3, 4, 5, 6, 7, 8, -9, -10, 1, 2, 3, 4, 5, 6, 7, -8, 9, -10
#define TEN 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
#define TCONV_X 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, \
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32
#define TCONV_W 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
#define TCONV_Y 184, 412, 568, 528, 678, 1347, 1689, 1434, 1494, 2715, 3057, 2442, 1968, 3352, 3652, 2760

static const struct row layer_rows[] = {
	{ "conv_test SimpleTestFloat, batch 0", OP_CONV2D, F32(S3(2, 4, 1), CONV_X1), F32(S4(3, 2, 2, 1), CONV_W),
		V(1, 2, 3), step2, F32(S3(1, 2, 3), 18, 2, 5, 18, 2, 5), 1e-5f, false },
	{ "conv_test SimpleTestFloat, batch 1", OP_CONV2D, F32(S3(2, 4, 1), CONV_X2), F32(S4(3, 2, 2, 1), CONV_W),
		V(1, 2, 3), step2, F32(S3(1, 2, 3), 17, 4, 3, 37, 4, 3), 1e-5f, false },
	{ "conv_test SimpleTestQuantizedPerChannel, batch 0", OP_CONV2D, I8(0.5f, 0, S3(2, 4, 1), CONV_X1),
		F32(S4(3, 2, 2, 1), CONV_W), V(1, 2, 3), step2, I8(1, 0, S3(1, 2, 3), 18, 2, 5, 18, 2, 5), 1, false },
	{ "conv_test SimpleTestQuantizedPerChannel, batch 1", OP_CONV2D, I8(0.5f, 0, S3(2, 4, 1), CONV_X2),
		F32(S4(3, 2, 2, 1), CONV_W), V(1, 2, 3), step2, I8(1, 0, S3(1, 2, 3), 17, 4, 3, 37, 4, 3), 1, false },
	{ "conv_test InputAndFilterSameWidthHeight", OP_CONV2D, F32(S3(2, 4, 1), CONV_X2),
		F32(S4(1, 2, 4, 1), 1, 2, 3, 4, -1, -1, 1, 1), V(0), step2, F32(S3(1, 1, 1), 34), 1e-5f, false },
	/* two groups of two channels: each output channel sums its own pair */
	{ "groups", OP_CONV2D, F32(S3(1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8), F32(S4(2, 1, 1, 2), 1, 10, 100, 1000), NULL,
		grouped, F32(S3(1, 2, 2), 21, 4300, 65, 8700), 0, false },
	{ "depthwise_conv_test SimpleTest", OP_DWCONV2D, F32(S3(3, 2, 2), DW_X), F32(S3(2, 2, 4), DW_W), V(1, 2, 3, 4),
		mult2, F32(S3(2, 1, 4), 71, -34, 99, -20, 91, -26, 127, -4), 1e-5f, false },
	{ "depthwise_conv_test SimpleTestRelu", OP_DWCONV2D, F32(S3(3, 2, 2), DW_X), F32(S3(2, 2, 4), DW_W),
		V(1, 2, 3, 4), mult2_relu, F32(S3(2, 1, 4), 71, 0, 99, 0, 91, 0, 127, 0), 1e-5f, false },
	{ "depthwise_conv_test SimpleTestQuantizedPerChannel", OP_DWCONV2D, I8(0.5f, 0, S3(3, 2, 2), DW_X),
		F32(S3(2, 2, 4), DW_W), V(1, 2, 3, 4), mult2,
		I8(1, 0, S3(2, 1, 4), 71, -34, 99, -20, 91, -26, 127, -4), 1, false },
	{ "depthwise_conv_test SimpleTestQuantizedPerChannelDepthMultiplier1", OP_DWCONV2D, I8(1, 0, S3(3, 2, 2), DW_X),
		F32(S3(2, 2, 2), 1, 2, 3, 4, -9, 10, -11, 12), V(1, 2), NULL, I8(1, 0, S3(2, 1, 2), -103, 127, -128, 127), 1, false },
	{ "depthwise_conv_test TestQuantizedPerChannelDepthMultiplier1Relu6", OP_DWCONV2D,
		I8(0.023529f, -128, S3(3, 2, 4), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
		F32(S3(2, 2, 4), 0, 1, 8, -2, -1, 2, -10, 0, -1, 3, -18, 0, 0, 4, 20, -3), V(1, 2, 3, 4), relu6,
		I8(0.023529f, -128, S3(2, 1, 4), 0, 6, 3, 0, 0, 6, 3, 0), 1, false },
	{ "depthwise_conv_test SimpleTestDilated, f32", OP_DWCONV2D, F32(S3(4, 6, 2), DW_DILATED), F32(S3(2, 2, 4), DW_W),
		V(1, 2, 3, 4), mult2_dilate23, F32(S3(2, 3, 4), DW_DILATED_Y), 1e-5f, false },
	{ "depthwise_conv_test SimpleTestDilatedQuantizedPerChannel", OP_DWCONV2D, I8(0.5f, 0, S3(4, 6, 2), DW_DILATED),
		F32(S3(2, 2, 4), DW_W), V(1, 2, 3, 4), mult2_dilate23, I8(1, 0, S3(2, 3, 4), DW_DILATED_Y), 1, false },
	{ "fully_connected_test SimpleTest", OP_DENSE, F32(S2(2, 10), DENSE_X), F32(S2(3, 10), TEN, TEN, TEN), V(1, 2, 3),
		NULL, F32(S2(2, 3), 24, 25, 26, 58, 59, 60), 1e-4f, false },
	{ "fully_connected_test SimpleTestNullBias", OP_DENSE, F32(S2(2, 10), DENSE_X), F32(S2(3, 10), TEN, TEN, TEN), NULL,
		NULL, F32(S2(2, 3), 23, 23, 23, 57, 57, 57), 1e-4f, false },
	{ "fully_connected_test relu", OP_DENSE, F32(S2(2, 10), DENSE_X),
		F32(S2(3, 10), TEN, -1, -2, -3, -4, -5, -6, -7, -8, -9, -10, TEN), V(1, -2, 3), relu,
		F32(S2(2, 3), 24, 0, 26, 58, 0, 60), 1e-4f, false },
	{ "fully_connected_test, i8", OP_DENSE, I8(1, -1, S2(2, 10), DENSE_X), F32(S2(3, 10), TEN, TEN, TEN), V(1, 2, 3),
		NULL, I8(0.5f, -1, S2(2, 3), 24, 25, 26, 58, 59, 60), 1, false },
	{ "transpose_conv_test SimpleTestFloat", OP_TCONV2D, F32(S3(4, 4, 2), TCONV_X), F32(S4(1, 3, 3, 2), TCONV_W), V(0),
		pad1, F32(S3(4, 4, 1), TCONV_Y), 1e-3f, false },
	{ "transpose_conv_test SimpleTestQuantizedPerChannel", OP_TCONV2D, I8(0.5f, 0, S3(4, 4, 2), TCONV_X),
		F32(S4(1, 3, 3, 2), TCONV_W), V(0), pad1, I8(30, 0, S3(4, 4, 1), TCONV_Y), 1, false },
	{ "transpose_conv_test fusedRELUTest", OP_TCONV2D,
		F32(S3(4, 4, 1), 1, 2, -3, -4, 5, 6, -7, -8, 9, 10, -11, -12, 13, 14, 15, 16),
		F32(S4(1, 3, 3, 1), 1, 2, 3, 4, 5, 6, 7, 8, 9), V(0), pad1_relu,
		F32(S3(4, 4, 1), 29, 24, 0, 0, 99, 72, 0, 0, 207, 186, 0, 0, 263, 292, 141, 0), 1e-3f, false },
	{ "transpose_conv_test AccuracyWithFusedActivationTest", OP_TCONV2D, F32(S3(1, 2, 1), 323, -521),
		F32(S4(1, 3, 3, 1), 9, 5, 6, 9, 8, 5, 3, 1, 4), V(0), step3_same_relu,
		F32(S3(3, 4, 1), 1615, 1938, 0, 0, 2584, 1615, 0, 0, 323, 1292, 0, 0), 1e-3f, false },
	{ "transpose_conv_test MultiChannelBiasWithFusedActivationTest", OP_TCONV2D, F32(S3(2, 2, 1), 1, 2, -3, 4),
		F32(S4(2, 3, 3, 1), 1, 3, 5, 7, 9, 11, 13, 15, 17, 2, 4, 6, 8, 10, 12, 14, 16, 18), V(3, 4), step2_relu,
		F32(S3(5, 5, 2), 4, 6, 6, 8, 10, 14, 9, 12, 13, 16, 10, 12, 12, 14, 28, 32, 21, 24, 25, 28, 13, 12, 9, 8, 35,
			40, 45, 52, 57, 64, 0, 0, 0, 0, 0, 0, 39, 44, 47, 52, 0, 0, 0, 0, 4, 6, 63, 68, 71, 76), 1e-3f, false },
};

static void
window2(struct attrs *at)
{
	at->kernel[0] = at->kernel[1] = 2;
}

static void
window2_step2(struct attrs *at)
{
	window2(at);
	step2(at);
}

static void
window2_step21_relu(struct attrs *at)
{
	window2(at);
	at->stride[0] = 2;
	relu(at);
}

static void
window2_step2_relu1(struct attrs *at)
{
	window2_step2(at);
	relu1(at);
}

static void
window2_step2_relu6(struct attrs *at)
{
	window2_step2(at);
	relu6(at);
}

static void
window2_same(struct attrs *at)
{
	window2(at);
	at->pad[1] = at->pad[3] = 1;
}

static void
window2_count_pad(struct attrs *at)
{
	window2_same(at);
	at->count_pad = true;
}

static void
axes12(struct attrs *at)
{
	at->axes = (struct ints){ 2, { 1, 2 } };
}

static void
axes12_keep(struct attrs *at)
{
	axes12(at);
	at->keep = true;
}

#define POOL_A 0, -24, 8, 16, 12, 8, -40, 28
#define POOL_B 12, -24, 32, 16, 12, 8, 40, 28
#define TO_24 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
#define PRECISE 1, 24, 13, 3, 9, 17, 11, 36, 14, 19, 17, 22

static const struct row pool_rows[] = {
	{ "pooling_test SimpleAveragePoolTestFloat", OP_AVGPOOL, F32(S3(2, 4, 1), 0, 6, 2, 4, 3, 2, 10, 7), NONE, NULL,
		window2_step2, F32(S3(1, 2, 1), 2.75f, 5.75f), 1e-5f, false },
	{ "pooling_test Int8PaddingValidStride2ActNone", OP_AVGPOOL, I8(.25f, 0, S3(2, 4, 1), POOL_A), NONE, NULL,
		window2_step2, I8(.25f, 0, S3(1, 2, 1), -1, 3), 0, true },
	{ "pooling_test Int8PaddingValidStride1Stride2Relu", OP_AVGPOOL, I8(.25f, 0, S3(2, 4, 1), POOL_A), NONE, NULL,
		window2_step21_relu, I8(.25f, 0, S3(1, 3, 1), 0, 0, 3), 0, true },
	{ "pooling_test Int8PaddingValidStride2Stride1ReluN1To1", OP_AVGPOOL, I8(.25f, 0, S3(2, 4, 1), POOL_A), NONE, NULL,
		window2_step2_relu1, I8(.25f, 0, S3(1, 2, 1), -1, 3), 0, true },
	{ "pooling_test Int8PaddingValidStride2Relu6", OP_AVGPOOL, I8(.25f, 0, S3(2, 4, 1), POOL_B), NONE, NULL,
		window2_step2_relu6, I8(.25f, 0, S3(1, 2, 1), 2, 24), 0, true },
	{ "pooling_test Int8PaddingSameStride1ActNone", OP_AVGPOOL, I8(.25f, 0, S3(2, 4, 1), POOL_B), NONE, NULL,
		window2_same, I8(.25f, 0, S3(2, 4, 1), 2, 14, 29, 22, 10, 24, 34, 28), 0, true },
	/* the mean of quantised values: -1/2, -3/2, 1/2 away from zero */
	{ "ties", OP_AVGPOOL, I8(1, 100, S3(2, 4, 1), 0, -1, -1, -2, 0, -1, -1, -2), NONE, NULL,
		window2_step2, I8(1, 100, S3(1, 2, 1), -1, -2), 0, true },
	{ "count_pad", OP_AVGPOOL, F32(S3(1, 2, 1), 4, 8), NONE, NULL, window2_count_pad, F32(S3(1, 2, 1), 3, 2), 0, false },
	{ "without count_pad", OP_AVGPOOL, F32(S3(1, 2, 1), 4, 8), NONE, NULL, window2_same, F32(S3(1, 2, 1), 6, 8), 0, false },
	{ "pooling_test SimpleMaxPoolTestFloat", OP_MAXPOOL, F32(S3(2, 4, 1), 0, 6, 2, 4, 3, 2, 10, 7), NONE, NULL,
		window2_step2, F32(S3(1, 2, 1), 6, 10), 0, false },
	{ "maxpool, i8, padding never wins", OP_MAXPOOL, I8(1, 0, S3(2, 4, 1), -9, -8, -7, -6, -5, -4, -3, -2), NONE, NULL,
		window2_same, I8(1, 0, S3(2, 4, 1), -4, -3, -2, -2, -4, -3, -2, -2), 0, true },
	{ "reduce_test MeanFloat4DKeepDims", OP_MEAN, F32(S4(2, 2, 3, 2), TO_24), NONE, NULL, axes12_keep,
		F32(S4(2, 1, 1, 2), 6, 7, 18, 19), 1e-5f, false },
	{ "reduce_test MeanInt84DWithoutKeepDims", OP_MEAN, I8(.5f, 0, S4(2, 2, 3, 2), TO_24), NONE, NULL, axes12,
		I8(.5f, 0, S2(2, 2), 6, 7, 18, 19), 1, false },
	{ "reduce_test MeanFloat4DWithoutKeepDimsWithPrecision", OP_MEAN, F32(S4(2, 2, 3, 1), PRECISE), NONE, NULL, axes12,
		F32(S2(2, 1), 11.166667f, 19.833334f), 1e-5f, false },
	{ "reduce_test MeanInt84DWithoutKeepDimsWithPrecision", OP_MEAN, I8(.5f, 0, S4(2, 2, 3, 1), PRECISE), NONE, NULL, axes12,
		I8(.5f, 0, S2(2, 1), 11.166667f, 19.833334f), 1, false },
	/* 134 / 6 and 238 / 6: one scale truncates, another scale rounds (238 / 6 / 2 = 19.83) */
	{ "reduce.h Mean, exact", OP_MEAN, I8(.5f, 0, S4(2, 2, 3, 1), 2, 48, 26, 6, 18, 34, 22, 72, 28, 38, 34, 44), NONE, NULL,
		axes12, I8(.5f, 0, S2(2, 1), 22, 39), 0, true },
	{ "reduce.h QuantizedMeanOrSum, exact", OP_MEAN, I8(.5f, 0, S4(2, 2, 3, 1), 2, 48, 26, 6, 18, 34, 22, 72, 28, 38, 34, 44),
		NONE, NULL, axes12, I8(1, 3, S2(2, 1), 14, 23), 0, true },
	{ "all axes", OP_MEAN, F32(S2(2, 2), 1, 2, 3, 6), NONE, NULL, NULL, F32(S0, 3), 0, false },
};

#define ARITH_A -2.01f, -1.01f, -0.01f, 0.98f
#define ARITH_B 1.01f, 1.99f, 2.99f, 4.02f
#define ARITH_NEG_B -1.01f, -1.99f, -2.99f, -4.02f
#define MIXED_A -0.3f, 2.3f, 0.9f, 0.5f, 0.8f, -1.1f, 1.2f, 2.8f, -1.6f, 0.0f, 0.7f, -2.2f
#define MIXED_B 0.2f, 0.3f, -0.4f, 0.5f, 1.0f, 0.9f
#define MIXED_NEG_B -0.2f, -0.3f, 0.4f, -0.5f, -1.0f, -0.9f
#define MIXED_0 -0.1f, 2.6f, -0.7f, 2.8f, 0.7f, 3.2f, 1.1f, 0.8f, 0.5f, 1.0f, 1.9f, 1.4f, 1.0f, -0.8f, 0.4f, -0.6f, 1.8f, \
	-0.2f, 1.4f, 3.1f, 0.8f, 3.3f, 2.2f, 3.7f, -1.4f, 0.3f, -2.0f, 0.5f, -0.6f, 0.9f, 0.9f, -1.9f, 0.3f, -1.7f, 1.7f, -1.3f
#define MIXED_1 -0.1f, 2.6f, 0.5f, 1.0f, 1.8f, -0.2f, 1.4f, 3.1f, -2.0f, 0.5f, 1.7f, -1.3f
#define MIXED_2 -0.1f, 2.5f, 0.0f, 2.6f, -0.7f, 1.9f, 1.1f, 0.7f, 1.2f, 0.8f, 0.5f, 0.1f, 1.0f, -0.9f, 1.1f, -0.8f, 0.4f, \
	-1.5f, 1.7f, 3.3f, 2.2f, 3.8f, 2.1f, 3.7f, -1.1f, 0.5f, -0.6f, 1.0f, -0.7f, 0.9f, 1.2f, -1.7f, 1.7f, -1.2f, 1.6f, -1.3f
#define MIXED_3 -0.1f, 2.5f, 1.2f, 0.8f, 0.4f, -1.5f, 1.7f, 3.3f, -0.6f, 1.0f, 1.6f, -1.3f
#define SAMPLES -128, -90, -50, -21, -7, -1, 0, 1, 3, 12, 40, 77, 127
#define SAMPLES_BACK 127, 77, 40, 12, 3, 1, 0, -1, -7, -21, -50, -90, -128

static const struct row arithmetic_rows[] = {
	{ "add_test FloatAddNoActivation", OP_ADD, F32(S3(2, 2, 1), -2, 0.2f, 0.7f, 0.8f), F32(S3(2, 2, 1), 0.1f, 0.2f, 0.3f, 0.5f),
		NULL, NULL, F32(S3(2, 2, 1), -1.9f, 0.4f, 1.0f, 1.3f), 1e-5f, false },
	{ "add_test FloatAddActivationRelu1", OP_ADD, F32(S3(2, 2, 1), -2, 0.2f, 0.7f, 0.8f), F32(S3(2, 2, 1), 0.1f, 0.2f, 0.3f, 0.5f),
		NULL, relu1, F32(S3(2, 2, 1), -1, 0.4f, 1, 1), 1e-5f, false },
	{ "add_test QuantizedAddNoActivationInt8", OP_ADD, I8(.25f, -10, S3(2, 2, 1), ARITH_A), I8(.5f, 4, S3(2, 2, 1), ARITH_B),
		NULL, NULL, I8(1, 13, S3(2, 2, 1), -1, 1, 3, 5), 0, false },
	{ "add_test QuantizedAddActivationRelu1Int8", OP_ADD, I8(.25f, -10, S3(2, 2, 1), ARITH_A), I8(.5f, 4, S3(2, 2, 1), ARITH_B),
		NULL, relu1, I8(1, 13, S3(2, 2, 1), -1, 1, 1, 1), 0, false },
	{ "add_test QuantizedAddWithScalarBroadcastInt8", OP_ADD, I8(.1f, -8, S2(2, 3), -2, .2f, .7f, .8f, 1.1f, 2), I8(.05f, 4, S0, .1f),
		NULL, NULL, I8(.05f, 12, S2(2, 3), -1.9f, .3f, .8f, .9f, 1.2f, 2.1f), 0, false },
	{ "add_test MixedBroadcastInt8 0", OP_ADD, I8(.1f, -10, S4(2, 3, 1, 2), MIXED_A), I8(.05f, -5, S4(1, 1, 3, 2), MIXED_B),
		NULL, NULL, I8(.1f, 7, S4(2, 3, 3, 2), MIXED_0), 0, false },
	{ "add_test MixedBroadcastInt8 1", OP_ADD, I8(.1f, -10, S4(2, 3, 1, 2), MIXED_A), I8(.05f, -5, S4(1, 3, 1, 2), MIXED_B),
		NULL, NULL, I8(.1f, 7, S4(2, 3, 1, 2), MIXED_1), 0, false },
	{ "add_test MixedBroadcastInt8 2", OP_ADD, I8(.1f, -10, S4(2, 3, 1, 2), MIXED_A), I8(.05f, -5, S4(2, 1, 3, 1), MIXED_B),
		NULL, NULL, I8(.1f, 7, S4(2, 3, 3, 2), MIXED_2), 0, false },
	{ "add_test MixedBroadcastInt8 3", OP_ADD, I8(.1f, -10, S4(2, 3, 1, 2), MIXED_A), I8(.05f, -5, S4(2, 3, 1, 1), MIXED_B),
		NULL, NULL, I8(.1f, 7, S4(2, 3, 1, 2), MIXED_3), 0, false },
	{ "the shorter operand first", OP_SUB, F32(S1(2), 1, 2), F32(S2(2, 2), 1, 2, 3, 4), NULL, NULL, F32(S2(2, 2), 0, 0, -2, -2), 0, false },
	{ "sub_test FloatSubActivationRelu1", OP_SUB, F32(S3(2, 2, 1), -2, .2f, 2, .8f), F32(S3(2, 2, 1), 2, .2f, .3f, .5f),
		NULL, relu1, F32(S3(2, 2, 1), -1, 0, 1, .3f), 1e-5f, false },
	{ "sub_test QuantizedSubNoActivationInt8", OP_SUB, I8(.25f, -10, S3(2, 2, 1), ARITH_A), I8(.5f, 4, S3(2, 2, 1), ARITH_NEG_B),
		NULL, NULL, I8(1, 13, S3(2, 2, 1), -1, 1, 3, 5), 0, false },
	{ "sub_test QuantizedSubActivationRelu1Int8", OP_SUB, I8(.25f, -10, S3(2, 2, 1), ARITH_A),
		I8(.5f, 4, S3(2, 2, 1), ARITH_NEG_B), NULL, relu1, I8(1, 13, S3(2, 2, 1), -1, 1, 1, 1), 0, false },
	{ "sub_test broadcast f32 2", OP_SUB, F32(S4(2, 3, 1, 2), MIXED_A), F32(S4(2, 1, 3, 1), MIXED_NEG_B), NULL, NULL,
		F32(S4(2, 3, 3, 2), MIXED_2), 1e-5f, false },
	{ "mul_test SimpleFloatRelu", OP_MUL, F32(S3(2, 2, 1), -.8f, .2f, .9f, .7f), F32(S3(2, 2, 1), .6f, .4f, .9f, .8f), NULL, relu,
		F32(S3(2, 2, 1), 0, .08f, .81f, .56f), 1e-5f, false },
	{ "mul_test SimpleInt8NoAcativation", OP_MUL, I8(.01f, 0, S3(2, 2, 1), -.8f, .2f, .9f, .7f),
		I8(.01f, 0, S3(2, 2, 1), .6f, .4f, .9f, .8f), NULL, NULL, I8(.01f, 0, S3(2, 2, 1), -.48f, .08f, .81f, .56f), 1, false },
	{ "mul_test BroadcastInt8NoAcativation", OP_MUL, I8(.05f, 0, S3(3, 1, 2), -2, .2f, .7f, .8f, 1.1f, 2), I8(.05f, 0, S1(1), .1f),
		NULL, NULL, I8(.01f, 0, S3(3, 1, 2), -.2f, .02f, .07f, .08f, .11f, .2f), 1, false },
	{ "integer_ops/add.h, exact", OP_ADD, I8(.07f, 3, S1(13), SAMPLES), I8(.11f, -9, S1(13), SAMPLES_BACK), NULL, NULL,
		I8(.13f, 5, S1(13), 50, 28, 18, 10, 10, 11, 11, 11, 7, 0, -10, -24, -29), 0, true },
	{ "sub.h, exact", OP_SUB, I8(.07f, 3, S1(13), SAMPLES), I8(.11f, -9, S1(13), SAMPLES_BACK), NULL, NULL,
		I8(.13f, 5, S1(13), -128, -118, -65, -26, -11, -6, -4, -3, 3, 20, 60, 113, 127), 0, true },
	{ "integer_ops/mul.h, exact", OP_MUL, I8(.05f, 3, S1(13), SAMPLES), I8(.04f, -9, S1(13), SAMPLES_BACK), NULL, NULL,
		I8(.21f, 5, S1(13), -128, -71, -20, 0, 4, 5, 5, 5, 5, 4, -9, -52, -128), 0, true },
};

static void slope5(struct attrs *at) { at->alpha = 0.5f; }
static void slope1(struct attrs *at) { at->alpha = 0.1f; }
static void slope3(struct attrs *at) { at->alpha = 0.3f; }
static void slope_minus3(struct attrs *at) { at->alpha = -0.3f; }
static void beta5(struct attrs *at) { at->beta = 0.5f; }

static void
lrn_of_3(struct attrs *at)
{
	at->window = 3;
	at->alpha = 0.3f;
	at->beta = 0.75f;
	at->offset = 2;
}

static void
lrn_of_4(struct attrs *at)
{
	at->window = 4;
	at->alpha = 0.1f;
	at->beta = 0.5f;
	at->offset = 1;
}

static void
clip(struct attrs *at)
{
	at->lo = -1;
	at->hi = 2.5f;
}

#define ONE_TO_FIVE 1, 2, 3, 4, 5, -1, -2, -3, -4, -5
#define SIGMOID_Y .73105858f, .88079708f, .95257413f, .98201379f, .99330715f, .26894142f, .11920292f, .04742587f, .01798621f, .00669285f
#define WIDE 1, 2, 3, 4, 93, -1, -2, -3, -4, -93
#define WIDE_Y .73105858f, .88079708f, .95257413f, .98201379f, 1, .26894142f, .11920292f, .04742587f, .01798621f, 0
#define TANH_X -8, -5.0909090909f, -3.0909090909f, -2, -1.0909090909f, -.3636363636f, 0, .1818181818f, .9090909091f, 2.3636363636f, 8
#define TANH_Y -.9999997749f, -.9999242982f, -.9958751909f, -.9640275801f, -.7972097087f, -.3484130125f, 0, .1798408185f, \
	.7206956332f, .9824541388f, .9999997749f
#define LEAKY_X -5, -4.6f, -4.2f, -3.8f, -3.4f, -3, -2.6f, -2.2f, -1.8f, -1.4f, -1, -.6f, -.2f, .2f, .6f, 1, 1.4f, 1.8f, 2.2f, \
	2.6f, 3, 3.4f, 3.8f, 4.2f, 4.6f
#define LEAKY_Y -.5f, -.46f, -.42f, -.38f, -.34f, -.3f, -.26f, -.22f, -.18f, -.14f, -.1f, -.06f, -.02f, .2f, .6f, 1, 1.4f, 1.8f, \
	2.2f, 2.6f, 3, 3.4f, 3.8f, 4.2f, 4.6f
#define SOFT_Y .011656231f, .031684921f, .086128544f, .234121657f, .636408647f, .636408647f, .234121657f, .086128544f, \
	.031684921f, .011656231f

static const struct row activation_rows[] = {
	{ "activations_test SimpleReluTestFloat", OP_RELU, F32(S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL,
		F32(S2(2, 5), 1, 2, 3, 4, 5, 0, 0, 0, 0, 0), 0, false },
	{ "activations_test SimpleReluTestInt8", OP_RELU, I8(.5f, 0, S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL,
		I8(.5f, 0, S2(2, 5), 1, 2, 3, 4, 5, 0, 0, 0, 0, 0), 0, false },
	{ "activations_test SimpleRelu6TestFloat", OP_RELU6, F32(S2(2, 5), 4, 5, 6, 7, 8, -4, -5, -6, -7, -8), NONE, NULL, NULL,
		F32(S2(2, 5), 4, 5, 6, 6, 6, 0, 0, 0, 0, 0), 0, false },
	{ "activations_test SimpleRelu6TestInt8", OP_RELU6, I8(.5f, 127, S2(2, 5), 4, 5, 6, 7, 8, -1, -2, -3, -4, -5), NONE, NULL,
		NULL, I8(.5f, 127, S2(2, 5), 4, 5, 6, 6, 6, 0, 0, 0, 0, 0), 0, false },
	{ "relu into another scale", OP_RELU, I8(.5f, 10, S1(5), -4, -1, 0, 3, 40), NONE, NULL, NULL,
		I8(.25f, -100, S1(5), 0, 0, 0, 3, 40), 0, false },
	{ "clip", OP_CLIP, F32(S1(4), -3, -1, 2, 9), NONE, NULL, clip, F32(S1(4), -1, -1, 2, 2.5f), 0, false },
	{ "clip, i8", OP_CLIP, I8(.5f, 3, S1(4), -3, -1, 2, 9), NONE, NULL, clip, I8(.5f, 3, S1(4), -1, -1, 2, 2.5f), 0, false },
	{ "leaky_relu_test Int8_1", OP_LEAKY_RELU, I8(.1f, 0, S2(2, 3), 0, 1, 3, 1, -1, -2), NONE, NULL, slope5,
		I8(.1f, 0, S2(2, 3), 0, 1, 3, 1, -.5f, -1), 0, false },
	{ "leaky_relu_test Int8_2", OP_LEAKY_RELU, I8(5 / 127.5f, 0, S2(5, 5), LEAKY_X), NONE, NULL, slope1,
		I8(5 / 127.5f, 0, S2(5, 5), LEAKY_Y), 1, false },
	{ "leaky_relu_test FloatActivationsOpTestLeakyRelu", OP_LEAKY_RELU, F32(S2(2, 3), 0, 1, 3, 1, -1, -2), NONE, NULL, slope5,
		F32(S2(2, 3), 0, 1, 3, 1, -.5f, -1), 0, false },
	{ "leaky_relu.h, exact", OP_LEAKY_RELU, I8(.07f, 4, S1(13), SAMPLES), NONE, NULL, slope3,
		I8(.05f, -20, S1(13), -76, -60, -43, -31, -25, -22, -22, -22, -21, -9, 30, 82, 127), 0, true },
	{ "leaky_relu.h, negative slope, exact", OP_LEAKY_RELU, I8(.07f, 4, S1(13), SAMPLES), NONE, NULL, slope_minus3,
		I8(.05f, -20, S1(13), 36, 20, 3, -9, -15, -18, -18, -18, -19, -9, 30, 82, 127), 0, true },
	{ "hard_swish.h, exact", OP_HARD_SWISH, I8(.05f, -10, S1(13), SAMPLES), NONE, NULL, NULL,
		I8(.03f, -110, S1(13), -110, -110, -121, -117, -107, -101, -100, -99, -97, -85, -34, 35, 118), 0, true },
	{ "hard_swish.h, gate shifted left, exact", OP_HARD_SWISH, I8(.4f, 20, S1(13), SAMPLES), NONE, NULL, NULL,
		I8(.3f, -100, S1(13), -100, -100, -100, -100, -100, -100, -100, -100, -100, -100, -73, -24, 43), 0, true },
	{ "logistic_test FloatBasic", OP_SIGMOID, F32(S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL, F32(S2(2, 5), SIGMOID_Y), 1e-5f, false },
	{ "logistic_test FloatWideRange", OP_SIGMOID, F32(S2(1, 10), WIDE), NONE, NULL, NULL, F32(S2(1, 10), WIDE_Y), 1e-5f, false },
	{ "logistic_test QuantizedInt8Basic", OP_SIGMOID, I8(.1f, 0, S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL,
		I8(1.f / 256, -128, S2(2, 5), SIGMOID_Y), 1, false },
	{ "logistic_test QuantizedInt8WideRange", OP_SIGMOID, I8(1, 0, S2(1, 10), WIDE), NONE, NULL, NULL,
		I8(1.f / 256, -128, S2(1, 10), WIDE_Y), 1, false },
	{ "integer_ops/logistic.h, exact", OP_SIGMOID, I8(.1f, -3, S1(13), SAMPLES), NONE, NULL, NULL,
		I8(1.f / 256, -128, S1(13), -128, -128, -126, -92, -25, 13, 19, 25, 37, 81, 125, 127, 127), 0, true },
	{ "tanh_test SimpleTestTanhFloat", OP_TANH, F32(S1(11), TANH_X), NONE, NULL, NULL, F32(S1(11), TANH_Y), 1e-7f, false },
	{ "tanh_test, i8", OP_TANH, I8(16 / 256.f, 0, S1(11), TANH_X), NONE, NULL, NULL, I8(1.f / 128, 0, S1(11), TANH_Y), 2, false },
	{ "integer_ops/tanh.h, exact", OP_TANH, I8(.03f, 5, S1(13), SAMPLES), NONE, NULL, NULL,
		I8(1.f / 128, 0, S1(13), -128, -127, -119, -84, -44, -23, -19, -15, -8, 26, 100, 125, 127), 0, true },
	{ "softmax_test Softmax2DFloat", OP_SOFTMAX, F32(S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL, F32(S2(2, 5), SOFT_Y), 1e-5f, false },
	{ "softmax_test Softmax2DQuantizedInt8", OP_SOFTMAX, I8(.1f, 0, S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL,
		I8(1.f / 256, -128, S2(2, 5), SOFT_Y), 1, false },
	{ "softmax.h, exact", OP_SOFTMAX, I8(.1f, 0, S1(13), SAMPLES), NONE, NULL, NULL,
		I8(1.f / 256, -128, S1(13), -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -128, -126, 126), 0, true },
	{ "softmax.h, beta 1/2, exact", OP_SOFTMAX, I8(.02f, 0, S1(13), SAMPLES), NONE, NULL, beta5,
		I8(1.f / 256, -128, S1(13), -123, -121, -118, -115, -113, -112, -111, -111, -111, -109, -103, -92, -69), 0, true },
	{ "logarithms of softmax, in double", OP_LOG_SOFTMAX, F32(S2(2, 5), ONE_TO_FIVE), NONE, NULL, NULL,
		F32(S2(2, 5), -4.4519144f, -3.4519144f, -2.4519144f, -1.4519144f, -.4519144f, -.4519144f, -1.4519144f, -2.4519144f,
			-3.4519144f, -4.4519144f), 1e-6f, false },
	{ "lrn by its formula, in double", OP_LRN, F32(S1(5), 1, -2, 3, .5f, -1), NONE, NULL, lrn_of_3,
		F32(S1(5), .5029734f, -.7987683f, 1.2183653f, .2179847f, -.5681733f), 1e-6f, false },
	{ "lrn of an even window, in double", OP_LRN, F32(S1(5), 1, -2, 3, .5f, -1), NONE, NULL, lrn_of_4,
		F32(S1(5), .860663f, -1.7173552f, 2.5760327f, .4460997f, -.9847319f), 1e-6f, false },
	{ "quantize_test QuantizeOpTestInt8toInt8", OP_REQUANTIZE, I8(2, 0, S2(2, 5), -64, -62, -60, -58, -56, 54, 56, 58, 60, 62),
		NONE, NULL, NULL, I8(.5f, 32, S2(2, 5), -64, -62, -60, -58, -56, 54, 56, 58, 60, 62), 0, false },
	{ "quantize_test QuantizeOpTestInt8toInt8NoZeroPoint", OP_REQUANTIZE, I8(1, 0, S2(2, 5), -32, -31, -30, -29, -28, 27, 28, 29, 30, 31),
		NONE, NULL, NULL, I8(.5f, 0, S2(2, 5), -32, -31, -30, -29, -28, 27, 28, 29, 30, 31), 0, false },
	{ "quantize.h, halves away from zero, exact", OP_QUANTIZE, F32(S1(6), -63.5f, -0.75f, -0.25f, 0.25f, 0.75f, 1e9f), NONE, NULL, NULL,
		I8(.5f, -1, S1(6), -63.5f, -0.75f, -0.25f, 0.25f, 0.75f, 1e9f), 0, false },
	{ "dequantize.h", OP_DEQUANTIZE, I8(.5f, -1, S1(4), -128, -1, 0, 127), NONE, NULL, NULL, F32(S1(4), -63.5f, 0, .5f, 64), 0, true },
};

static void
to_1x3(struct attrs *at)
{
	at->size = (struct ints){ 2, { 1, 3 } };
	at->mode = MODE_BILINEAR;
}

static void
to_3x3(struct attrs *at)
{
	at->size = (struct ints){ 2, { 3, 3 } };
	at->mode = MODE_BILINEAR;
}

static void
to_3x3_half_pixel(struct attrs *at)
{
	to_3x3(at);
	at->half_pixel = true;
}

static void
to_3x3_corners(struct attrs *at)
{
	to_3x3(at);
	at->align_corners = true;
}

static void
nearest_3x3(struct attrs *at)
{
	to_3x3(at);
	at->mode = MODE_NEAREST;
}

static void
nearest_3x3_corners(struct attrs *at)
{
	nearest_3x3(at);
	at->align_corners = true;
}

static void
nearest_3x3_half_pixel(struct attrs *at)
{
	nearest_3x3(at);
	at->half_pixel = true;
}

#define TWO_CHANNELS 3, 4, 6, 10, 10, 12, 14, 16

static const struct row resize_rows[] = {
	{ "resize_bilinear_test HorizontalResize", OP_RESIZE, F32(S3(1, 2, 1), 3, 6), NONE, NULL, to_1x3, F32(S3(1, 3, 1), 3, 5, 6), 1e-5f, false },
	{ "resize_bilinear_test HorizontalResizeInt8", OP_RESIZE, I8(1, 0, S3(1, 2, 1), 3, 6), NONE, NULL, to_1x3,
		I8(1, 0, S3(1, 3, 1), 3, 5, 6), 0, true },
	{ "resize_bilinear_test HorizontalResizeExtremeValuesInt8", OP_RESIZE, I8(1, 0, S3(1, 2, 1), 125, 127), NONE, NULL, to_1x3,
		I8(1, 0, S3(1, 3, 1), 125, 126, 127), 0, true },
	{ "resize_bilinear_test TwoDimensionalResize", OP_RESIZE, F32(S3(2, 2, 1), 3, 6, 9, 12), NONE, NULL, to_3x3,
		F32(S3(3, 3, 1), 3, 5, 6, 7, 9, 10, 9, 11, 12), 1e-5f, false },
	{ "resize_bilinear_test TwoDimensionalResizeInt8", OP_RESIZE, I8(1, 0, S3(2, 2, 1), 3, 6, 9, 12), NONE, NULL, to_3x3,
		I8(1, 0, S3(3, 3, 1), 3, 5, 6, 7, 9, 10, 9, 11, 12), 0, true },
	{ "resize_bilinear_test ThreeDimensionalResizeInt8", OP_RESIZE, I8(1, 0, S3(2, 2, 2), TWO_CHANNELS), NONE, NULL, to_3x3,
		I8(1, 0, S3(3, 3, 2), 3, 4, 5, 8, 6, 10, 7, 9, 10, 12, 11, 13, 10, 12, 12, 14, 14, 16), 1, true },
	{ "resize_bilinear_test HalfPixelCenters", OP_RESIZE, F32(S3(2, 2, 1), 1, 2, 3, 4), NONE, NULL, to_3x3_half_pixel,
		F32(S3(3, 3, 1), 1, 1.5f, 2, 2, 2.5f, 3, 3, 3.5f, 4), 1e-5f, false },
	{ "resize_bilinear_test HalfPixelCenters, i8", OP_RESIZE, I8(1, 0, S3(2, 2, 1), 3, 6, 9, 12), NONE, NULL, to_3x3_half_pixel,
		I8(1, 0, S3(3, 3, 1), 2, 4, 6, 6, 7, 9, 9, 10, 12), 1, true },
	{ "bilinear, corners", OP_RESIZE, F32(S3(2, 2, 1), 2, 4, 6, 8), NONE, NULL, to_3x3_corners,
		F32(S3(3, 3, 1), 2, 3, 4, 4, 5, 6, 6, 7, 8), 0, false },
	{ "bilinear, corners, i8", OP_RESIZE, I8(1, 0, S3(2, 2, 1), 1, -2, -1, -2), NONE, NULL, to_3x3_corners,
		/* -1/2 and -3/2 go away from zero */
		I8(1, 0, S3(3, 3, 1), 1, -1, -2, 0, -1, -2, -1, -2, -2), 0, true },
	{ "resize_nearest_neighbor_test TwoDimensionalResizeInt8", OP_RESIZE, I8(1, 0, S3(2, 2, 1), 3, -6, 9, 12), NONE, NULL, nearest_3x3,
		I8(1, 0, S3(3, 3, 1), 3, 3, -6, 3, 3, -6, 9, 9, 12), 0, true },
	{ "resize_nearest_neighbor_test ThreeDimensionalResize", OP_RESIZE, F32(S3(2, 2, 2), TWO_CHANNELS), NONE, NULL, nearest_3x3,
		F32(S3(3, 3, 2), 3, 4, 3, 4, 6, 10, 3, 4, 3, 4, 6, 10, 10, 12, 10, 12, 14, 16), 0, false },
	{ "resize_nearest_neighbor_test AlignCorners", OP_RESIZE, I8(1, 0, S3(2, 2, 2), TWO_CHANNELS), NONE, NULL, nearest_3x3_corners,
		I8(1, 0, S3(3, 3, 2), 3, 4, 6, 10, 6, 10, 10, 12, 14, 16, 14, 16, 10, 12, 14, 16, 14, 16), 0, true },
	{ "resize_nearest_neighbor_test HalfPixelCenters", OP_RESIZE, I8(1, 0, S3(2, 2, 2), TWO_CHANNELS), NONE, NULL, nearest_3x3_half_pixel,
		I8(1, 0, S3(3, 3, 2), 3, 4, 6, 10, 6, 10, 10, 12, 14, 16, 14, 16, 10, 12, 14, 16, 14, 16), 0, true },
};

static void
perm201(struct attrs *at)
{
	at->perm = (struct ints){ 3, { 2, 0, 1 } };
}

static void
box(struct attrs *at)
{
	at->begin = (struct ints){ 2, { 0, -3 } };
	at->size = (struct ints){ 2, { -1, 2 } };
	at->steps = (struct ints){ 2, { 2, 2 } };
}

static void
border(struct attrs *at)
{
	at->before = (struct ints){ 2, { 1, 0 } };
	at->after = (struct ints){ 2, { 0, 2 } };
	at->value = 1.5f;
}

static void
last_axis(struct attrs *at)
{
	at->axis = -1;
}

static void
three_groups(struct attrs *at)
{
	at->groups = 3;
}

static void
to_3x2(struct attrs *at)
{
	at->shape = (struct ints){ 2, { 3, -1 } };
}

static const struct row move_rows[] = {
	{ "transpose", OP_TRANSPOSE, F32(S3(2, 2, 3), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), NONE, NULL, perm201,
		F32(S3(3, 2, 2), 0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11), 0, false },
	{ "slice", OP_SLICE, F32(S2(3, 4), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), NONE, NULL, box, F32(S2(2, 2), 1, 3, 9, 11), 0, false },
	{ "pad", OP_PAD, F32(S2(2, 2), 1, 2, 3, 4), NONE, NULL, border,
		F32(S2(3, 4), 1.5f, 1.5f, 1.5f, 1.5f, 1, 2, 1.5f, 1.5f, 3, 4, 1.5f, 1.5f), 0, false },
	{ "pad, i8", OP_PAD, I8(.5f, -7, S2(2, 2), 1, 2, 3, 4), NONE, NULL, border,
		I8(.5f, -7, S2(3, 4), 1.5f, 1.5f, 1.5f, 1.5f, 1, 2, 1.5f, 1.5f, 3, 4, 1.5f, 1.5f), 0, false },
	{ "concat", OP_CONCAT, I8(1, 0, S2(2, 2), 1, 2, 3, 4), I8(1, 0, S2(2, 3), 5, 6, 7, 8, 9, 10), NULL, last_axis,
		I8(1, 0, S2(2, 5), 1, 2, 5, 6, 7, 3, 4, 8, 9, 10), 0, true },
	{ "shuffle", OP_SHUFFLE, F32(S2(2, 6), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), NONE, NULL, three_groups,
		F32(S2(2, 6), 0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11), 0, false },
	{ "reshape", OP_RESHAPE, F32(S2(2, 3), 1, 2, 3, 4, 5, 6), NONE, NULL, to_3x2, F32(S2(3, 2), 1, 2, 3, 4, 5, 6), 0, false },
	{ "flatten", OP_FLATTEN, I8(1, 0, S2(2, 2), 1, 2, 3, 4), NONE, NULL, NULL, I8(1, 0, S1(4), 1, 2, 3, 4), 0, true },
	{ "copy", OP_COPY, F32(S1(2), 1, 2), NONE, NULL, NULL, F32(S1(2), 1, 2), 0, false },
};
#endif
