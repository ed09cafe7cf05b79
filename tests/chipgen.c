/* chipgen SEED: print a random chip: units with odd limits, steps, layouts, partial sums, roundings and conditions.
 * tests/chips_random.test compiles random networks for it and runs them on its mock. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "tests/random.h"

static const char *
one_of(const char *const *words, int n)
{
	return words[pick(0, n - 1)];
}
#define ONE_OF(...) one_of((const char *const[]){ __VA_ARGS__ }, (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)))

static int block; /* of channels in weights */

/* The order in which a unit goes, if it says it: the mock goes pixel by pixel, which all of these hold for.  By a sequence of its own, so that chips are else
 * what they would be without. */
static void
order(const char *const *orders, int n)
{
	static uint64_t sequence;

	sequence = (sequence ? sequence : state) * 6364136223846793005u + 1442695040888963407u;
	if (sequence >> 62)
		printf("\torder = %s;\n", orders[(sequence >> 40) % (uint64_t)n]);
}
#define ORDER(...) order((const char *const[]){ __VA_ARGS__ }, (int)(sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *)))

/* "in = 4..12 step 4;" */
static void
channels(const char *var)
{
	int step = chance(40) ? 1 : chance(50) ? 2 : 4, lo = step * pick(1, 2), hi = lo + step * pick(0, 12);

	switch (pick(0, 3)) {
	case 0: printf("\t%s = %d..%d;\n", var, 1, hi); break;
	case 1: printf("\t%s = %d | %d | %d;\n", var, step, step * 2, step * 4); break;
	default: printf("\t%s = %d..%d step %d;\n", var, lo, hi, step); break;
	}
}

static void
window(int dilation)
{
	printf("\tkernel = %s;\n", ONE_OF("1..5", "1..5", "1..5", "1..5", "1..5", "1x1 | 3x3 | 5x5", "1..3", "1x1 | 1x3 | 3x1 | 3x3 | 2x2 | 5x5 | 4x4"));
	printf("\tstride = %s;\n", ONE_OF("1..3", "1..3", "1..3", "1 | 2", "1"));
	if (dilation)
		printf("\tdilation = %s;\n", ONE_OF("1", "1..2", "1..2", "1..2"));
	printf("\tpad = %s;\n", ONE_OF("0..4", "0..1", "0", "0..2"));
}

static void
conditions(void)
{
	if (chance(30))
		printf("\twhere bytes(x) <= %d : \"the input must fit the buffer\";\n", pick(60, 600));
	if (chance(15))
		printf("\twhere ho * wo <= %d : \"the result must fit the buffer\";\n", pick(4, 60));
	if (chance(10))
		printf("\twhere kh * kw * in <= %d : \"the taps must fit the registers\";\n", pick(25, 200));
}

static const char *scales; /* the holes of the requantisation */

/* What is subtracted, and of what has a window, what lies outside. */
static void
zero_points(int window, const char *zeros)
{
	printf("\tzero_points = %s;\n", zeros);
	if (window)
		printf("\tpadding = %s;\n", *zeros == 'x' ? ONE_OF("zero_point", "zero_point", "zero") : "zero");
}

/* How int8 results are made. */
static void
results(int window)
{
	int per_channel = chance(75);

	switch (pick(0, 5)) {
	case 0:
		printf("\trequant = multiplier_shift single%s;\n", per_channel ? " per_channel" : "");
		if (chance(50))
			printf("\tmultiplier_bits = %d;\n", pick(5, 31));
		scales = "{multiplier}, {shift}";
		break;
	case 1:
		printf("\trequant = f32_scale%s;\n", per_channel ? " per_channel" : "");
		scales = "{scale}";
		break;
	default:
		printf("\trequant = multiplier_shift double%s;\n", per_channel ? " per_channel" : "");
		if (chance(10))
			printf("\tmultiplier_bits = %d;\n", pick(5, 31));
		scales = "{multiplier}, {shift}";
		break;
	}
	printf("\tactivation = %s;\n", ONE_OF("none | relu | relu6 | clamp", "none | relu | relu6 | clamp", "none | relu", "none"));
	zero_points(window, ONE_OF("x, y", "x, y", "x, y", "none"));
}

static const char *
pitch(void)
{
	return chance(70) ? " pitch" : "";
}

static const char *const window_holes = "{hi}, {wi}, {ho}, {wo}, {kh}, {kw}, {sh}, {sw}, {pt}, {pb}, {pl}, {pr}";

/* What makes results of the sums, unless the unit gives SUMS alone. */
static void
end_call(int sums)
{
	if (sums)
		printf(");\";\n}\n\n");
	else
		printf(", {y_zero}, %s, {act_min}, {act_max}, {relu});\";\n}\n\n", scales);
}

static void
conv2d(void)
{
	const char *x = pitch(), *y = pitch();
	int partial = pick(0, 2), relation = chance(20), sums = partial && chance(25);

	printf("op conv2d {\n\ttype = i8 * i8%s;\n", sums ? " -> i32" : partial ? " + i32 -> i8 | i32" : " + i32 -> i8");
	channels("in");
	channels("out");
	printf("\tgroups = %s;\n", relation ? "1 | 2 | 4" : "1");
	window(1);
	block = pick(2, 4);
	switch (pick(0, 3)) {
	case 0: printf("\tlayout = x [h, w, in]%s, y [h, w, out]%s;\n", x, y); break;
	case 1: printf("\tlayout = x [h, w, in]%s, w [kh, kw, in, out], y [h, w, out]%s;\n", x, y); break;
	case 2: printf("\tlayout = x [h, w, in]%s, w [out/%d, kh, kw, in, out%%%d], y [h, w, out]%s;\n", x, block, block, y); break;
	default: printf("\tlayout = x [h, w, in]%s, w [out/%d, in/2, kh, kw, out%%%d, in%%2] align 4, y [h, w, out]%s;\n", x, block, block, y); break;
	}
	if (partial)
		printf("\tpartial = %s;\n", partial == 2 ? "in i32, out i32" : "out i32");
	if (sums)
		zero_points(1, ONE_OF("x", "none"));
	else
		results(1);
	if (chance(20))
		printf("\taccumulator = %d;\n", pick(20, 31));
	conditions();
	ORDER("rows", "rows 2", "pixels", "pixels 3");
	printf("\tcost cycles = %d + ho * wo * kh * kw * ceil(in / 4) * ceil(out / 4);\n", pick(1, 200));
	printf("\tcall \"rc_conv2d({y}, %s{x}, %s{w}, %s%s%s{in}, {out}, {groups}, %s, {dh}, {dw}, {x_zero}", *y ? "{y.pitch}, " : "",
		*x ? "{x.pitch}, " : "", sums ? "" : "{b}, ", partial == 2 ? *y ? "{sum}, {sum.pitch}, " : "{sum}, " : "",
		partial ? "{partial}, " : "", window_holes);
	end_call(sums);
}

static void
dwconv2d(void)
{
	printf("op dwconv2d {\n\ttype = i8 * i8 + i32 -> i8;\n");
	channels("in");
	printf("\tdepth_multiplier = %s;\n", ONE_OF("1", "1..2"));
	window(1);
	printf("\tlayout = x [h, w, in] pitch, w [%s], y [h, w, out] pitch;\n", ONE_OF("kh, kw, out", "out, kh, kw", "out/4, kh, kw, out%4"));
	results(1);
	conditions();
	ORDER("rows", "rows 2", "pixels", "pixels 3");
	printf("\tcost cycles = %d + ho * wo * kh * kw * ceil(in / 8);\n", pick(1, 100));
	printf("\tcall \"rc_dwconv2d({y}, {y.pitch}, {x}, {x.pitch}, {w}, {b}, {in}, {depth_multiplier}, %s, {dh}, {dw}, {x_zero}, {y_zero}, %s, {act_min}, {act_max}, {relu});\";\n}\n\n",
		window_holes, scales);
}

static void
dense(void)
{
	int partial = pick(0, 2), sums = partial && chance(25);

	printf("op dense {\n\ttype = i8 * i8%s;\n", sums ? " -> i32" : partial ? " + i32 -> i8 | i32" : " + i32 -> i8");
	channels("in");
	channels("out");
	printf("\trows = %s;\n", ONE_OF("1..64", "1", "1..8"));
	printf("\tlayout = w [%s];\n", ONE_OF("out, in", "in, out", "out/2, in, out%2"));
	if (partial)
		printf("\tpartial = %s;\n", partial == 2 ? "in i32, out i32" : "out i32");
	if (sums)
		zero_points(0, ONE_OF("x", "none"));
	else
		results(0);
	ORDER("rows", "rows 3");
	printf("\tcost cycles = %d + rows * in * ceil(out / 4);\n", pick(1, 100));
	printf("\tcall \"rc_dense({y}, {x}, {w}, %s%s%s{rows}, {in}, {out}, {x_zero}", sums ? "" : "{b}, ", partial == 2 ? "{sum}, " : "",
		partial ? "{partial}, " : "");
	end_call(sums);
}

static void
pool(const char *kind)
{
	printf("op %s {\n\ttype = i8 -> i8;\n", kind);
	channels("in");
	window(0);
	printf("\tlayout = x [h, w, in] pitch, y [h, w, out] pitch;\n\tactivation = %s;\n", ONE_OF("none", "none | clamp"));
	conditions();
	ORDER("rows", "rows 2", "pixels");
	printf("\tcost cycles = %d + ho * wo * kh * kw * ceil(in / 8);\n", pick(1, 100));
	printf("\tcall \"rc_%s({y}, {y.pitch}, {x}, {x.pitch}, {in}, %s, {act_min}, {act_max});\";\n}\n\n", kind, window_holes);
}

static void
vectors(void)
{
	if (chance(50))
		printf("op dot {\n\ttype = i8 * i8 + i32 -> i32;\n\tn = 1..%d;\n\tcost cycles = 4 + ceil(n / 8);\n"
			"\tcall \"rc_dot({y}, {x}, {w}, {b}, {n});\";\n}\n\n", pick(4, 200));
	if (chance(50))
		printf("op add \"i32\" {\n\ttype = i32 + i32 -> i32;\n\tn = 1..%d;\n\tcost cycles = 4 + ceil(n / 8);\n"
			"\tcall \"rc_add_i32({y}, {a}, {b}, {n});\";\n}\n\n", pick(100, 100000));
	if (chance(40))
		printf("op add \"i8\" {\n\ttype = i8 + i8 -> i8;\n\tn = 1..%d;\n\trequant = multiplier_shift double;\n"
			"\tactivation = none | relu | relu6 | clamp;\n\tzero_points = a, b, y;\n\tcost cycles = 4 + ceil(n / 8);\n"
			"\tcall \"rc_add_i8({y}, {a}, {b}, {n}, {a_zero}, {b_zero}, {y_zero}, {left_shift}, {a_multiplier}, {a_shift},"
			" {b_multiplier}, {b_shift}, {y_multiplier}, {y_shift}, {act_min}, {act_max});\";\n}\n\n", pick(100, 100000));
	if (chance(40))
		printf("op requantize {\n\ttype = i32 -> i8;\n\tout = 1..%d;\n\tlayout = x [rows, out] pitch, y [rows, out] pitch;\n"
			"\trequant = multiplier_shift double per_channel;\n\tactivation = none | relu | relu6 | clamp;\n\tzero_points = y;\n"
			"\tcost cycles = 4 + rows * ceil(out / 8);\n"
			"\tcall \"rc_requantize({y}, {y.pitch}, {x}, {x.pitch}, {rows}, {out}, {multiplier}, {shift}, {y_zero}, {act_min}, {act_max});\";\n}\n\n",
			pick(4, 100));
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: chipgen SEED\n");
		return 2;
	}
	state = strtoull(argv[1], NULL, 10) * 77 + 5;
	printf("chip \"rc\" version 1;\ndoc \"a random chip\";\ninclude \"rc.h\";\ncores = 1;\n\n");
	if (chance(85))
		conv2d();
	if (chance(60))
		dwconv2d();
	if (chance(50))
		dense();
	if (chance(40))
		pool("maxpool");
	if (chance(40))
		pool("avgpool");
	vectors();
	/* Dear portable C drives layers onto units in every way there is. */
	if (chance(75))
		printf("fallback portable {\n\tcost cycles = 50 + 200 * macs + 50 * bytes(y);\n}\n");
	else
		printf("fallback portable;\n");
	return 0;
}
