/* Whether units take nodes: numbers, costs and misfits of small graphs, all worked out by hand; call templates. */
#include <config.h>
#include "chip_text.h"
#include "unit.h"

Suite *chip_fit_suite(void);

/* ---- graphs ---- */

/* The node "y" of the graph TEXT, which follows "graph t"; its tensors' scale is 0.5 where none is given. */
static struct node *
node_of(struct chip_text *t, const char *text)
{
	char *whole = arena_printf(&t->arena, "graph t\n%s", text);
	const struct source *src = diag_add_source(&t->diag, "t.graph", whole, strlen(whole));
	struct graph *g = graph_read(&t->arena, t->names, &t->diag, src);

	fflush(t->diag.out);
	ck_assert_msg(g != NULL, "%s\n%s", whole, t->messages);
	graph_tidy(g);
	struct tensor *y = graph_find(g, intern(t->names, "y"));
	ck_assert_ptr_nonnull(y);
	return y->producer;
}

/* ---- the numbers of a call ---- */

#define X4 "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 3\n"
#define W_2x3 "const %w \"w\" : i8[2, 2, 3, 3] scale 1 zero 0 = [1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9,1,2,3,4,5,-6,7,-8,9]\n"
#define B2 "const %b \"b\" : i32[2] = [100, -200]\n"

#define CONV_5x4 X4 W_2x3 B2 "%y \"y\" = conv2d(%x, %w, %b) {out = 2, kernel = 2x3, stride = 2x1, pad = [1, 0, 1, 1]} : i8[3, 4, 2] scale 0.5 zero 1\n" \
	"output \"y\" = %y\n"
#define POINTWISE "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 0\nconst %w \"w\" : i8[2, 1, 1, 3] scale 1 zero 0 = [1,2,3,4,5,6]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 2, kernel = 1x1} : i8[5, 4, 2] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define STRIDED "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 0\nconst %w \"w\" : i8[2, 1, 1, 3] scale 1 zero 0 = [1,2,3,4,5,6]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 2, kernel = 1x1, stride = 2x2} : i8[3, 2, 2] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define DENSE_7 "input %x \"x\" : i8[7, 3] scale 0.5 zero 0\nconst %w \"w\" : i8[2, 3] scale 1 zero 0 = [1,2,3,4,5,6]\n" \
	"%y \"y\" = dense(%x, %w) {out = 2} : i8[7, 2] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define DEPTH "input %x \"x\" : i8[5, 4, 2] scale 0.5 zero 0\nconst %w \"w\" : i8[3, 1, 4] scale 1 zero 0 = [1,2,3,4,5,6,7,8,9,10,11,12]\n" \
	"%y \"y\" = dwconv2d(%x, %w) {kernel = 3x1, multiplier = 2} : i8[3, 4, 4] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define GROUPED "input %x \"x\" : i8[2, 2, 4] scale 0.5 zero 0\nconst %w \"w\" : i8[2, 1, 1, 2] scale 1 zero 0 = [1,2,3,4]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 2, kernel = 1x1, groups = 2} : i8[2, 2, 2] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define ADD_SAME "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 0\ninput %z \"z\" : i8[5, 4, 3] scale 0.5 zero 0\n" \
	"%y \"y\" = add(%x, %z) : i8[5, 4, 3] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define ADD_SPREAD "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 0\ninput %z \"z\" : i8[3] scale 0.5 zero 0\n" \
	"%y \"y\" = add(%x, %z) : i8[5, 4, 3] scale 0.5 zero 0\noutput \"y\" = %y\n"
#define POOL "input %x \"x\" : i8[5, 4, 3] scale 0.5 zero 0\n" \
	"%y \"y\" = maxpool(%x) {kernel = 2x2, stride = 2x2, pad = [0, 1, 0, 0]} : i8[3, 2, 3] scale 0.5 zero 0\noutput \"y\" = %y\n"

#define LAYER "type = i8 * i8 + i32 -> i8 | i32; requant = multiplier_shift double per_channel; zero_points = x, y; call \"f({y}, {x}, {w}, {b});\";\n"
#define PAIR "type = i8 + i8 -> i8; requant = multiplier_shift double; zero_points = a, b, y; "

struct number { enum chip_var var; int64_t v; };
static const struct {
	const char *kind, *body, *graph;
	bool is_one;              /* of that kind */
	struct number numbers[12]; /* ends with one of value -1 */
	int64_t x, w, b, y;       /* bytes; of two operands x is a's */
} number_rows[] = {
	{ "conv2d", LAYER, CONV_5x4, true, { { VAR_IN, 3 }, { VAR_OUT, 2 }, { VAR_KH, 2 }, { VAR_KW, 3 }, { VAR_SH, 2 }, { VAR_PT, 1 },
		{ VAR_PB, 0 }, { VAR_HI, 5 }, { VAR_HO, 3 }, { VAR_WO, 4 }, { VAR_MACS, 3 * 4 * 2 * 18 }, { 0, -1 } }, 60, 36, 8, 24 },
	{ "dense", LAYER, CONV_5x4, false, { { 0, -1 } }, 0, 0, 0, 0 },
	/* a 1x1 convolution as rows of vectors, and back */
	{ "dense", LAYER, POINTWISE, true, { { VAR_ROWS, 20 }, { VAR_IN, 3 }, { VAR_OUT, 2 }, { VAR_MACS, 120 }, { 0, -1 } }, 60, 6, 0, 40 },
	{ "dense", LAYER, STRIDED, false, { { 0, -1 } }, 0, 0, 0, 0 },
	{ "dense", LAYER, GROUPED, false, { { 0, -1 } }, 0, 0, 0, 0 },
	{ "dense", LAYER, DENSE_7, true, { { VAR_ROWS, 7 }, { VAR_IN, 3 }, { VAR_OUT, 2 }, { VAR_MACS, 42 }, { 0, -1 } }, 21, 6, 0, 14 },
	{ "conv2d", LAYER, DENSE_7, true, { { VAR_HI, 1 }, { VAR_WI, 7 }, { VAR_HO, 1 }, { VAR_WO, 7 }, { VAR_KH, 1 }, { VAR_KW, 1 },
		{ VAR_IN, 3 }, { VAR_OUT, 2 }, { VAR_MACS, 42 }, { 0, -1 } }, 21, 6, 0, 14 },
	{ "dwconv2d", LAYER, DEPTH, true, { { VAR_IN, 2 }, { VAR_OUT, 4 }, { VAR_GROUPS, 2 }, { VAR_DEPTH_MULTIPLIER, 2 }, { VAR_HO, 3 },
		{ VAR_MACS, 3 * 4 * 4 * 3 }, { 0, -1 } }, 40, 12, 0, 48 },
	{ "conv2d", LAYER, GROUPED, true, { { VAR_GROUPS, 2 }, { VAR_IN, 4 }, { VAR_MACS, 4 * 2 * 2 }, { 0, -1 } }, 16, 4, 0, 8 },
	/* blocks are filled up: 2 output channels take the room of 16, 3 input channels that of 4 */
	{ "conv2d", LAYER "layout = w [out/16, kh, kw, in, out%16], x [h, w, in/4, in%4];", CONV_5x4, true, { { 0, -1 } }, 80, 288, 8, 24 },
	/* elementwise: all values at once, or vectors where the unit takes a pitch */
	{ "add", PAIR "call \"f({y}, {a}, {b});\";", ADD_SAME, true, { { VAR_ROWS, 1 }, { VAR_N, 60 }, { 0, -1 } }, 60, 0, 60, 60 },
	{ "add", PAIR "layout = a [rows, n] pitch; call \"f({y}, {a}, {a.pitch}, {b});\";", ADD_SAME, true,
		{ { VAR_ROWS, 20 }, { VAR_N, 3 }, { 0, -1 } }, 60, 0, 60, 60 },
	{ "add", PAIR "call \"f({y}, {a}, {b});\";", ADD_SPREAD, false, { { 0, -1 } }, 0, 0, 0, 0 },
	{ "maxpool", "type = i8 -> i8; call \"f({y}, {x});\";", POOL, true, { { VAR_IN, 3 }, { VAR_OUT, 3 }, { VAR_PB, 1 }, { VAR_HO, 3 },
		{ VAR_WO, 2 }, { VAR_MACS, 0 }, { 0, -1 } }, 60, 0, 0, 18 },
	{ "avgpool", "type = i8 -> i8; call \"f({y}, {x});\";", POOL, false, { { 0, -1 } }, 0, 0, 0, 0 },
};

START_TEST(numbers)
{
	struct chip_text t;
	struct chip_vars vars;
	const struct chip_op *op = chip_text_op(&t, number_rows[_i].kind, number_rows[_i].body);
	const struct node *n = node_of(&t, number_rows[_i].graph);

	ck_assert_int_eq(chip_vars_of(op, n, &vars), number_rows[_i].is_one);
	for (const struct number *k = number_rows[_i].numbers; number_rows[_i].is_one && k->v >= 0; k++)
		ck_assert_msg(vars.v[k->var] == k->v, "%s is %lld, not %lld", chip_var_info[k->var].name, (long long)vars.v[k->var], (long long)k->v);
	if (number_rows[_i].is_one) {
		enum chip_operand first = strcmp(number_rows[_i].kind, "add") == 0 ? OPERAND_A : OPERAND_X;

		ck_assert_int_eq(vars.bytes[first], number_rows[_i].x);
		ck_assert_int_eq(vars.bytes[OPERAND_W], number_rows[_i].w);
		ck_assert_int_eq(vars.bytes[OPERAND_B], number_rows[_i].b);
		ck_assert_int_eq(vars.bytes[OPERAND_Y], number_rows[_i].y);
		ck_assert_int_eq(vars.bytes[OPERAND_SUM], 0);
	} else {
		const struct chip_limit *limits[1];

		ck_assert_int_eq(chip_misfits(&t.arena, op, n, limits, 1), -1);
	}
	chip_text_done(&t);
}
END_TEST

START_TEST(magnitudes_of_weights)
{
	struct chip_text t;
	struct chip_vars vars;
	const struct chip_op *op = chip_text_op(&t, "conv2d", LAYER "where max_abs(w) < 9 && sum_abs(w) < 91 : \"no\";");

	ck_assert(op->reads_weights);
	ck_assert_int_eq(op->limits->operands, 1u << OPERAND_W);
	ck_assert(chip_vars_of(op, node_of(&t, CONV_5x4), &vars));
	ck_assert_int_eq(vars.weight_max, 9);
	ck_assert_int_eq(vars.weight_sum, 90); /* each channel has 1..9 twice */
	chip_text_done(&t);
}
END_TEST

/* ---- misfits ---- */

#define CONV(zero, act, quant) "input %x \"x\" : i8[4, 4, 2] scale 0.5 zero " zero "\n" \
	"const %w \"w\" : i8[2, 1, 1, 2] scale [1, 1] axis 0 zero 0 = [100, -100, 1, 1]\nconst %b \"b\" : i32[2] = [0, 300]\n" \
	"%y \"y\" = conv2d(%x, %w, %b) {out = 2, kernel = 1x1" act "} : i8[4, 4, 2] " quant "\noutput \"y\" = %y\n"
#define CONV_PADDED(zero) "input %x \"x\" : i8[4, 4, 1] scale 0.5 zero " zero "\nconst %w \"w\" : i8[1, 3, 1, 1] scale 1 zero 0 = [1, 2, 3]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 1, kernel = 3x1, pad = [1, 1, 0, 0]} : i8[4, 4, 1] scale 1 zero 0\noutput \"y\" = %y\n"
#define CONV_SCALES(scales) "input %x \"x\" : i8[4, 4, 1] scale 0.5 zero 0\nconst %w \"w\" : i8[2, 1, 1, 1] scale [" scales "] axis 0 zero 0 = [1, 2]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 2, kernel = 1x1} : i8[4, 4, 2] scale 1 zero 0\noutput \"y\" = %y\n"
#define CONV_SUM "input %x \"x\" : i8[4, 4, 1] scale 0.5 zero 0\ninput %s \"s\" : i32[4, 4, 1]\nconst %w \"w\" : i8[1, 1, 1, 1] scale 1 zero 0 = [1]\n" \
	"const %b \"b\" : i32[1] = [0]\n%y \"y\" = conv2d(%x, %w, %b, %s) {out = 1, kernel = 1x1} : i8[4, 4, 1] scale 1 zero 0\noutput \"y\" = %y\n"
#define CONV_RAW "input %x \"x\" : i8[4, 4, 1] scale 0.5 zero 0\nconst %w \"w\" : i8[1, 1, 1, 1] scale 1 zero 0 = [1]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 1, kernel = 1x1, result = i32} : i32[4, 4, 1]\noutput \"y\" = %y\n"
#define CONV_F32 "input %x \"x\" : f32[4, 4, 1]\nconst %w \"w\" : f32[1, 1, 1, 1] = [1]\n" \
	"%y \"y\" = conv2d(%x, %w) {out = 1, kernel = 1x1} : f32[4, 4, 1]\noutput \"y\" = %y\n"
#define RELU(quant) "input %x \"x\" : i8[4] scale 0.5 zero 0\n%y \"y\" = relu(%x) : i8[4] " quant "\noutput \"y\" = %y\n"

#define F32_SCALE "type = i8 * i8 + i32 -> i8; requant = f32_scale; call \"f({y}, {x}, {w}, {b});\";\n"
#define NO_BIAS "type = i8 * i8 -> i8; requant = f32_scale per_channel; zero_points = x, y; call \"f({y}, {x}, {w});\";\n"
#define BIAS_I8 "type = i8 * i8 + i8 -> i8; requant = f32_scale per_channel; call \"f({y}, {x}, {w}, {b});\";\n"
#define BIAS_I16 "type = i8 * i8 + i16 -> i8; requant = f32_scale per_channel; call \"f({y}, {x}, {w}, {b});\";\n"
#define SHIFTS(form, range) "type = i8 * i8 + i32 -> i8; requant = " form " per_channel; shift = " range "; call \"f({y}, {x}, {w}, {b});\";\n"
#define POOLING "type = i8 -> i8; call \"f({y}, {x});\";\n"

enum { MOST = 5, OK = -1 };
static const struct {
	const char *kind, *body, *graph;
	int kinds[MOST];         /* of the limits in order; OK ends them */
} misfit_rows[] = {
	{ "conv2d", LAYER, CONV("0", "", "scale 0.5 zero 0"), { OK } },
	{ "conv2d", LAYER "in = 4..8; out = 2; where hi > 4 : \"no\";", CONV("0", "", "scale 0.5 zero 0"), { LIMIT_SET, LIMIT_WHERE, OK } },
	{ "conv2d", LAYER, CONV_F32, { LIMIT_TYPE, OK } },
	{ "conv2d", LAYER, CONV_RAW, { OK } },
	{ "conv2d", F32_SCALE, CONV_RAW, { LIMIT_TYPE, OK } },
	/* bias: [0, 300] */
	{ "conv2d", NO_BIAS, CONV("0", "", "scale 0.5 zero 0"), { LIMIT_BIAS, OK } },
	{ "conv2d", NO_BIAS, CONV_PADDED("0"), { OK } },
	{ "conv2d", BIAS_I8, CONV("0", "", "scale 0.5 zero 0"), { LIMIT_BIAS, OK } },
	{ "conv2d", BIAS_I16, CONV("0", "", "scale 0.5 zero 0"), { OK } },
	/* sums going in */
	{ "conv2d", LAYER, CONV_SUM, { LIMIT_PARTIAL, OK } },
	{ "conv2d", LAYER "partial = out i32;", CONV_SUM, { LIMIT_PARTIAL, OK } },
	{ "conv2d", LAYER "partial = in i32, out i32;", CONV_SUM, { OK } },
	/* activations: -128 is where relu cuts when the zero point is there already */
	{ "conv2d", LAYER, CONV("0", ", act = [0, inf]", "scale 0.5 zero 0"), { LIMIT_ACTIVATION, OK } },
	{ "conv2d", LAYER, CONV("0", ", act = [0, inf]", "scale 0.5 zero -128"), { OK } },
	{ "conv2d", LAYER "activation = relu;", CONV("0", ", act = [0, inf]", "scale 0.5 zero 0"), { OK } },
	{ "conv2d", LAYER "activation = relu;", CONV("0", ", act = [0, 6]", "scale 0.5 zero 0"), { LIMIT_ACTIVATION, OK } },
	{ "conv2d", LAYER "activation = relu;", CONV("0", ", act = [0, 6]", "scale 0.01 zero 0"), { OK } }, /* 6 is beyond the type */
	{ "conv2d", LAYER "activation = relu | relu6;", CONV("0", ", act = [0, 6]", "scale 0.5 zero 0"), { OK } },
	{ "conv2d", LAYER "activation = relu | relu6;", CONV("0", ", act = [0, 5]", "scale 0.5 zero 0"), { LIMIT_ACTIVATION, OK } },
	{ "conv2d", LAYER "activation = clamp;", CONV("0", ", act = [-1, 5]", "scale 0.5 zero 0"), { OK } },
	/* zero points */
	{ "conv2d", F32_SCALE, CONV("3", "", "scale 0.5 zero 0"), { LIMIT_ZERO_POINT, OK } },
	{ "conv2d", F32_SCALE, CONV("0", "", "scale 0.5 zero -1"), { LIMIT_ZERO_POINT, OK } },
	{ "conv2d", F32_SCALE "zero_points = y;", CONV("0", "", "scale 0.5 zero -1"), { OK } },
	{ "conv2d", LAYER, CONV("3", "", "scale 0.5 zero -1"), { OK } },
	/* what cells outside count as */
	{ "conv2d", LAYER, CONV_PADDED("3"), { OK } },
	{ "conv2d", LAYER "padding = zero;", CONV_PADDED("3"), { LIMIT_PADDING, OK } },
	{ "conv2d", LAYER "padding = zero;", CONV_PADDED("0"), { OK } },
	{ "maxpool", POOLING, POOL, { OK } },
	{ "maxpool", POOLING "padding = zero;", POOL, { LIMIT_PADDING, OK } },
	/* scales: 0.5 * w to 1 */
	{ "conv2d", LAYER, CONV_SCALES("1, 2"), { OK } },
	{ "conv2d", F32_SCALE, CONV_SCALES("1, 2"), { LIMIT_PER_CHANNEL, OK } },
	{ "conv2d", F32_SCALE, CONV_SCALES("2, 2"), { OK } },
	/* 0.5 is 2^30 * 2^(0 - 31): shift 0; 0.25 shift -1; as a power of two -1 and -2 */
	{ "conv2d", SHIFTS("multiplier_shift double", "0..3"), CONV_SCALES("1, 1"), { OK } },
	{ "conv2d", SHIFTS("multiplier_shift double", "0..3"), CONV_SCALES("1, 0.5"), { LIMIT_REQUANT, OK } },
	{ "conv2d", SHIFTS("shift", "-2..3"), CONV_SCALES("1, 0.5"), { OK } },
	{ "conv2d", SHIFTS("shift", "-1..3"), CONV_SCALES("1, 0.5"), { LIMIT_REQUANT, OK } },
	{ "relu", "type = i8 -> i8; call \"f({y}, {x});\";", RELU("scale 0.5 zero 0"), { OK } },
	{ "relu", "type = i8 -> i8; call \"f({y}, {x});\";", RELU("scale 0.25 zero 0"), { LIMIT_REQUANT, OK } },
	/* sums of channel 0: 100 * [-128, 127] - 100 * [-128, 127], from -25500 to 25500: 16 bits hold them, 15 do not */
	{ "conv2d", LAYER "accumulator = 16;", CONV("0", "", "scale 0.5 zero 0"), { OK } },
	{ "conv2d", LAYER "accumulator = 15;", CONV("0", "", "scale 0.5 zero 0"), { LIMIT_ACCUMULATOR, OK } },
	/* several at once, in order */
	{ "conv2d", F32_SCALE "accumulator = 8; kernel = 3;", CONV("3", ", act = [0, inf]", "scale 0.5 zero 1"),
		{ LIMIT_PAIR, LIMIT_ACTIVATION, LIMIT_ZERO_POINT, LIMIT_ZERO_POINT, LIMIT_ACCUMULATOR } },
};

/* What is said of a single misfit. */
static const struct { const char *body, *graph, *message; } message_rows[] = {
	{ LAYER, CONV_F32, "x is f32, w is f32, y is f32" },
	{ NO_BIAS, CONV("0", "", "scale 0.5 zero 0"), "the layer has a bias of i32" },
	{ BIAS_I8, CONV("0", "", "scale 0.5 zero 0"), "the bias of output channel 1 is 300, more than i8 holds" },
	{ LAYER, CONV_SUM, "the call starts from sums of i32" },
	{ LAYER, CONV("0", ", act = [0, 6]", "scale 0.5 zero 0"), "the result is clamped to 0..6" },
	{ F32_SCALE, CONV("3", "", "scale 0.5 zero 0"), "the zero point of x is 3" },
	{ LAYER "padding = zero;", CONV_PADDED("3"), "cells outside the image count as the zero point of x, 3" },
	{ F32_SCALE, CONV_SCALES("1, 2"), "output channels 0 and 1 have different scales" },
	{ SHIFTS("shift", "-1..3"), CONV_SCALES("1, 0.5"), "output channel 1 needs a shift of -2, and there are -1..3" },
	{ LAYER "accumulator = 15;", CONV("0", "", "scale 0.5 zero 0"), "the sums of output channel 0 reach from -25500 to 25500, beyond 15 bits" },
};

START_TEST(messages)
{
	struct chip_text t;
	const struct chip_limit *limit;
	const struct chip_op *op = chip_text_op(&t, "conv2d", message_rows[_i].body);

	ck_assert_int_eq(chip_misfits(&t.arena, op, node_of(&t, message_rows[_i].graph), &limit, 1), 1);
	ck_assert_str_eq(limit->message, message_rows[_i].message);
	chip_text_done(&t);
}
END_TEST

START_TEST(misfits)
{
	struct chip_text t;
	const struct chip_limit *limits[MOST];
	const struct chip_op *op = chip_text_op(&t, misfit_rows[_i].kind, misfit_rows[_i].body);
	int want = 0, n = chip_misfits(&t.arena, op, node_of(&t, misfit_rows[_i].graph), limits, MOST);

	while (want < MOST && misfit_rows[_i].kinds[want] != OK)
		want++;
	ck_assert_int_eq(n, want);
	for (int i = 0; i < n; i++) {
		ck_assert_int_eq((int)limits[i]->kind, misfit_rows[_i].kinds[i]);
		ck_assert(limits[i]->loc.start > 0);
		ck_assert_str_ne(limits[i]->source, "");
	}
	ck_assert_int_eq(chip_misfits(&t.arena, op, node_of(&t, misfit_rows[_i].graph), limits, 0), want); /* counts beyond the room */
	chip_text_done(&t);
}
END_TEST

/* ---- costs ---- */

START_TEST(costs)
{
	struct chip_text t;
	struct chip_vars vars;
	double cycles, bytes;
	const struct chip_op *op = chip_text_op(&t, "conv2d", LAYER "cost cycles = 40 + ho * wo * kh * kw * in * out;\ncost bytes = bytes(x) + 1;");

	ck_assert(chip_vars_of(op, node_of(&t, CONV_5x4), &vars));
	ck_assert(chip_cost(op, &vars, &t.diag, &cycles, &bytes));
	ck_assert(cycles == 40 + 432);
	ck_assert(bytes == 61);
	ck_assert(chip_portable_cost(t.chip, &vars, &t.diag, &cycles, &bytes));
	ck_assert(bytes == 60 + 36 + 8 + 24);
	ck_assert(cycles == 8 * 432 + bytes);
	chip_text_done(&t);
	op = chip_text_op(&t, "conv2d", LAYER "where in > 3 : \"\"; cost cycles = in - 4;");
	ck_assert(chip_vars_of(op, node_of(&t, CONV_5x4), &vars));
	ck_assert(!chip_cost(op, &vars, &t.diag, &cycles, &bytes)); /* the call is not allowed, so no trial saw it */
	fflush(t.diag.out);
	ck_assert_ptr_nonnull(strstr(t.messages, "error: the cost is negative: -1\n"));
	ck_assert_ptr_nonnull(strstr(t.messages, "note: at in = 3\n"));
	chip_text_done(&t);
	op = chip_text_op(&t, "conv2d", LAYER);
	ck_assert(chip_vars_of(op, node_of(&t, CONV_5x4), &vars));
	ck_assert(chip_cost(op, &vars, &t.diag, &cycles, &bytes));
	ck_assert(cycles == 100 + 432.0 / 64 + 128.0 / 8);
	chip_text_done(&t);
}
END_TEST

START_TEST(numbers_of_portable_nodes)
{
	struct chip_text t;
	struct chip_vars vars;

	chip_text_read(&t, "chip \"t\" version 1;");
	chip_vars_portable(node_of(&t, CONV_5x4), &vars);
	ck_assert_int_eq(vars.v[VAR_MACS], 432);
	ck_assert_int_eq(vars.v[VAR_KW], 3);
	ck_assert_int_eq(vars.bytes[OPERAND_X], 60);
	ck_assert_int_eq(vars.bytes[OPERAND_W], 36);
	chip_vars_portable(node_of(&t, ADD_SPREAD), &vars);
	ck_assert_int_eq(vars.v[VAR_ROWS], 20);
	ck_assert_int_eq(vars.v[VAR_N], 3);
	ck_assert_int_eq(vars.bytes[OPERAND_A], 60);
	ck_assert_int_eq(vars.bytes[OPERAND_B], 3);
	ck_assert_int_eq(vars.bytes[OPERAND_Y], 60);
	chip_vars_portable(node_of(&t, "input %x \"x\" : f32[5, 4]\n%y \"y\" = concat(%x, %x, %x) {axis = 1} : f32[5, 12]\noutput \"y\" = %y\n"), &vars);
	ck_assert_int_eq(vars.v[VAR_ROWS], 5);
	ck_assert_int_eq(vars.v[VAR_N], 12);
	ck_assert_int_eq(vars.bytes[OPERAND_X], 240);
	ck_assert_int_eq(vars.v[VAR_MACS], 0);
	chip_text_done(&t);
}
END_TEST

/* ---- templates ---- */

START_TEST(templates)
{
	struct chip_text t;
	struct chip_vars vars;
	double v;
	const struct chip_op *op = chip_text_op(&t, "conv2d", "type = i8 * i8 -> i32;\n"
		"call wrapper \"s = {{ {y}, {x.pitch} }};\" \"f({w}, { x }, {in / 16}, {multiplier}, {max(in, 3 - -out)}, \\\"{ram}\\\");\\n\";");
	const struct chip_piece *p = op->call.pieces.v;
	static const struct { enum hole kind; const char *text; int number; } want[] = {
		{ HOLE_TEXT, "s = { ", 0 }, { HOLE_OPERAND, NULL, OPERAND_Y }, { HOLE_TEXT, ", ", 0 }, { HOLE_PITCH, NULL, OPERAND_X },
		{ HOLE_TEXT, " };", 0 }, { HOLE_TEXT, "\n", 0 }, { HOLE_TEXT, "f(", 0 }, { HOLE_OPERAND, NULL, OPERAND_W }, { HOLE_TEXT, ", ", 0 },
		{ HOLE_OPERAND, NULL, OPERAND_X }, { HOLE_TEXT, ", ", 0 }, { HOLE_EXPR, NULL, 4 }, { HOLE_TEXT, ", ", 0 },
		{ HOLE_PARAM, "multiplier", 0 }, { HOLE_TEXT, ", ", 0 }, { HOLE_EXPR, NULL, 67 }, { HOLE_TEXT, ", \"", 0 },
		{ HOLE_EXPR, NULL, 65536 }, { HOLE_TEXT, "\");\n", 0 },
	};

	ck_assert(op->wrapper);
	ck_assert_int_eq((int)op->call.pieces.n, ROWS(want));
	chip_vars_clear(&vars);
	vars.v[VAR_IN] = 64;
	vars.v[VAR_OUT] = 64;
	for (int i = 0; i < ROWS(want); i++, p++) {
		ck_assert_int_eq(p->kind, want[i].kind);
		if (want[i].text)
			ck_assert_str_eq(p->text, want[i].text);
		if (p->kind == HOLE_OPERAND || p->kind == HOLE_PITCH)
			ck_assert_int_eq((int)p->operand, want[i].number);
		if (p->kind == HOLE_EXPR) {
			ck_assert(chip_eval(p->expr, &vars, NULL, &v));
			ck_assert(v == want[i].number);
		}
	}
	chip_text_done(&t);
}
END_TEST

/* The chips that are shipped say what they are meant to. */
START_TEST(model)
{
	struct chip_text t;

	chip_text_read(&t, "chip \"toy\" version 3; doc \"a\" \"b\"; include \"toy.h\"; include \"sub/more.h\"; cores = 2;\n"
		"memory ram { size = 64K; align = 16; role = activation | weight; }\n"
		"op conv2d \"wide\" { type = i8 * i8 + i32 -> i8 | i32; in = 16..512 step 16; partial = in i32, out i32;\n"
		"requant = multiplier_shift single; multiplier_bits = 24; shift = -15..3; accumulator = 24; doc \"unit\";\n"
		"call \"f({y}, {x}, {w}, {b});\"; }\n"
		"fallback none;");
	ck_assert_ptr_nonnull(t.chip);
	const struct chip_op *op = &t.chip->ops.v[0];
	ck_assert_str_eq(t.chip->name, "toy");
	ck_assert_str_eq(t.chip->file, "t.chip");
	ck_assert_str_eq(t.chip->doc, "a\nb");
	ck_assert_int_eq(t.chip->version, 3);
	ck_assert_int_eq((int)t.chip->includes.n, 2);
	ck_assert_str_eq(t.chip->includes.v[1], "sub/more.h");
	ck_assert_int_eq(t.chip->cores, 2);
	ck_assert(!t.chip->portable);
	ck_assert_int_eq(t.chip->memories.v[0].size, 65536);
	ck_assert_int_eq(t.chip->memories.v[0].align, 16);
	ck_assert_int_eq((int)t.chip->memories.v[0].roles, ROLE_ACTIVATION | ROLE_WEIGHT);
	ck_assert_str_eq(op->title, "conv2d wide");
	ck_assert_str_eq(op->doc, "unit");
	ck_assert_ptr_eq(op->chip, t.chip);
	ck_assert_int_eq((int)op->types.n, 2);
	ck_assert_int_eq(op->types.v[1].y, DT_I32);
	ck_assert_int_eq(op->types.v[1].b, DT_I32);
	ck_assert(op->has_bias);
	ck_assert_int_eq(op->partial, PARTIAL_IN_OUT);
	ck_assert_int_eq(op->partial_type, DT_I32);
	ck_assert_int_eq(op->requant.rounding, ROUNDING_SINGLE);
	ck_assert(!op->requant.per_channel);
	ck_assert_int_eq(op->requant.multiplier_bits, 24);
	ck_assert_int_eq(op->requant.shift_lo, -15);
	ck_assert_int_eq(op->requant.shift_hi, 3);
	ck_assert_int_eq(op->accumulator_bits, 24);
	ck_assert_int_eq(op->activations, CHIP_ACT_NONE);
	ck_assert(!op->x_zero && !op->y_zero && !op->pads_zero_point && !op->wrapper);
	ck_assert_str_eq(op->limits->source, "in = 16..512 step 16");
	chip_text_done(&t);
}
END_TEST

Suite *
chip_fit_suite(void)
{
	Suite *s = suite_create("chip_fit");
	TCase *t = tcase_create("fit");

	tcase_add_test(t, model);
	tcase_add_loop_test(t, numbers, 0, ROWS(number_rows));
	tcase_add_test(t, magnitudes_of_weights);
	tcase_add_loop_test(t, misfits, 0, ROWS(misfit_rows));
	tcase_add_loop_test(t, messages, 0, ROWS(message_rows));
	tcase_add_test(t, costs);
	tcase_add_test(t, numbers_of_portable_nodes);
	tcase_add_test(t, templates);
	suite_add_tcase(s, t);
	return s;
}
