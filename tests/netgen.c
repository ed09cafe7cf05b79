/* netgen SEED [chip | dead]: print a random network that uses every operation in some of its runs: odd sizes, all paddings, strides,
 * dilations, groups, branches, broadcasts, slices and concatenations, f32 or int8.  tests/random.test compares what
 * the evaluator and the generated C make of it.  chip: more channels, mostly int8, mostly layers with weights, and a schedule that asks
 * for decompositions (tests/chips_random.test).  dead: convolutions and dense layers with their weights, of which whole channels are 0. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/random.h"

enum { VALUES_MAX = 64 };

struct value {
	int rank, dim[3]; /* [h, w, c] or [n] */
	double scale;     /* int8 */
	int zero, uses;
};

static struct value values[VALUES_MAX];
static int count;
static int is_i8;
static int for_chip, with_dead;
static int kernel[2]; /* that window() has chosen */
static char schedule[4096];
static size_t schedule_len;
static int
pick_value(int rank)
{
	for (int tries = 0; tries < 200; tries++) {
		int k = chance(50) ? count - 1 : pick(0, count - 1);
		if (rank == 0 || values[k].rank == rank)
			return k;
	}
	return -1;
}

/* Starts "    vN = "; the caller prints the operation, then calls end(). */
static struct value *
begin(int from)
{
	struct value *v = &values[count];

	*v = values[from];
	v->uses = 0;
	values[from].uses++;
	printf("    v%d = ", count);
	return v;
}

/* How an int8 result gets its quantisation. */
enum quant { KEEP, STATE, FIX };

static void
end(struct value *v, enum quant q, double factor)
{
	if (is_i8 && q == STATE) {
		v->scale *= factor * (0.5 + pick(0, 100) / 100.0);
		v->zero = chance(30) ? -128 : pick(-128, 127);
		printf(" : scale %.7g zero %d", v->scale, v->zero);
	} else if (is_i8 && q == FIX) {
		v->scale = 1.0 / 256;
		v->zero = -128;
	}
	printf(";\n");
	count++;
}

static void
activation(void)
{
	static const char *const acts[] = { " |> relu()", " |> relu6()", " |> clip(lo = -0.5, hi = 1.5)" };

	if (chance(40))
		fputs(acts[pick(0, 2)], stdout);
}

/* Ask for a decomposition of the layer that is being printed, v(count), with IN input and OUT output channels and H rows. */
static void
annotate(int in, int out, int h)
{
	static const char *const partials[] = { "", "", ", partial = i32", ", order = tree", ", partial = i16", ", partial = i32, order = tree" };
	char text[128] = "";

	if (!for_chip || !is_i8 || !chance(25))
		return;
	switch (pick(0, 3)) {
	case 0:
		if (in > 1)
			snprintf(text, sizeof text, "@split_sum(parts = %d%s)", pick(2, in < 5 ? in : 5), partials[pick(0, 5)]);
		break;
	case 1:
		if (out > 1)
			snprintf(text, sizeof text, "@split_out(parts = %d)", pick(2, out < 5 ? out : 5));
		break;
	case 2:
		if (h > 1)
			snprintf(text, sizeof text, "@split_rows(parts = %d)", pick(2, h < 4 ? h : 4));
		break;
	default:
		if (in > 3)
			snprintf(text, sizeof text, "@split_sum(parts = [%d, %d])%s", in / 2 - 1, in - in / 2 + 1,
				out > 1 && chance(50) ? " @split_out(parts = 2)" : "");
		break;
	}
	if (*text)
		schedule_len += (size_t)snprintf(schedule + schedule_len, sizeof schedule - schedule_len, "    \"v%d\" : %s;\n", count, text);
}

/* One weight, or 0. */
static void
weight(int is_dead)
{
	if (is_dead)
		printf("0");
	else if (is_i8)
		printf("%d", pick(-127, 127));
	else
		printf("%d.%d", pick(-1, 0), pick(1, 9));
}

/* Weights [out, KERNEL, in] (IMAGE) or [out, in] and a bias: a third of the output channels are 0, half of those with a bias of 0 too,
 * and a quarter of the input channels. */
static void
weights(int image, int out, int in)
{
	int taps = image ? kernel[0] * kernel[1] : 1, dead_out[64], dead_in[64];

	if (!with_dead || out > 64 || in > 64 || out * in * taps > 1500)
		return;
	for (int o = 0; o < out; o++)
		dead_out[o] = chance(33);
	for (int i = 0; i < in; i++)
		dead_in[i] = chance(25);
	printf(", weight = [");
	for (int o = 0; o < out; o++) {
		printf("%s[", o ? ", " : "");
		for (int t = 0; t < taps; t++) {
			if (image)
				printf("%s[", t == 0 ? "[" : t % kernel[1] ? ", " : "], [");
			for (int i = 0; i < in; i++) {
				printf("%s", i ? ", " : "");
				weight(dead_out[o] || dead_in[i]);
			}
			printf(image ? "]" : "");
		}
		printf(image ? "]]" : "]");
	}
	printf("], bias = [");
	for (int o = 0; o < out; o++)
		printf("%s%d", o ? ", " : "", dead_out[o] && chance(50) ? 0 : pick(-99, 99));
	printf(is_i8 ? "], weight_scale = 0.01" : "]");
}

/* Chooses and prints kernel, stride, dilation and pad of a window over [h, w]; fills in the result's size.  False (and
 * nothing printed) when the choice does not fit. */
static int
window(struct value *v, int with_dilation, int pool)
{
	int k[2], s[2], d[2] = { 1, 1 }, pad[4] = { 0 }, kind = pick(0, pool ? 1 : 3);
	int size[2] = { v->dim[0], v->dim[1] };

	for (int i = 0; i < 2; i++) {
		k[i] = pick(1, size[i] < 5 ? size[i] : 5);
		s[i] = pick(1, 3);
		if (with_dilation && chance(25))
			d[i] = 2;
	}
	if (kind >= 2)
		for (int i = 0; i < 4; i++)
			pad[i] = pick(0, 2);
	for (int i = 0; i < 2; i++) {
		int span = (k[i] - 1) * d[i] + 1, in = size[i] + pad[2 * i] + pad[2 * i + 1];
		if (kind == 1)
			v->dim[i] = (size[i] + s[i] - 1) / s[i];
		else if (in < span)
			return 0;
		else
			v->dim[i] = (in - span) / s[i] + 1;
	}
	kernel[0] = k[0];
	kernel[1] = k[1];
	printf("kernel = %dx%d, stride = %dx%d", k[0], k[1], s[0], s[1]);
	if (with_dilation)
		printf(", dilation = %dx%d", d[0], d[1]);
	if (kind == 1)
		printf(", pad = same");
	else if (kind >= 2)
		printf(", pad = [%d, %d, %d, %d]", pad[0], pad[1], pad[2], pad[3]);
	return 1;
}

static void
gen_conv(int from)
{
	struct value *v = begin(from), saved = *v;
	int c = v->dim[2], groups = 1, out;

	if (chance(40) && c % 2 == 0)
		groups = chance(50) && c % 4 == 0 ? 4 : 2;
	out = groups * pick(1, for_chip ? 40 / groups : groups == 1 ? 13 : 4);
	printf("conv2d(v%d, out = %d, ", from, out);
	if (groups > 1)
		printf("groups = %d, ", groups);
	if (!window(v, 1, 0)) {
		*v = saved;
		kernel[0] = kernel[1] = 1;
		printf("kernel = 1x1");
	}
	v->dim[2] = out;
	weights(1, out, c / groups);
	printf(")");
	activation();
	if (groups == 1)
		annotate(c, out, v->dim[0]);
	end(v, STATE, 1);
}

static void
gen_dwconv(int from)
{
	struct value *v = begin(from), saved = *v;
	int m = chance(30) ? pick(2, 3) : 1;

	printf("dwconv2d(v%d, ", from);
	if (m > 1)
		printf("multiplier = %d, ", m);
	if (!window(v, 1, 0)) {
		*v = saved;
		printf("kernel = 1x1");
	}
	v->dim[2] *= m;
	printf(")");
	activation();
	end(v, STATE, 1);
}

static void
gen_tconv(int from)
{
	struct value *v = begin(from);
	int k = pick(1, 4), s = pick(1, 3), same = chance(50), out = pick(1, 9);

	for (int i = 0; i < 2; i++)
		v->dim[i] = same ? v->dim[i] * s : (v->dim[i] - 1) * s + k;
	if (same && k < s)
		k = s;
	v->dim[2] = out;
	printf("tconv2d(v%d, out = %d, kernel = %d, stride = %d, pad = %s)", from, out, k, s, same ? "same" : "valid");
	end(v, STATE, 1);
}

static void
gen_dense(int from)
{
	struct value *v = begin(from);
	int out = pick(1, for_chip ? 40 : 17), in = v->dim[v->rank - 1];

	printf("dense(v%d, out = %d", from, out);
	weights(0, out, in);
	printf(")");
	v->dim[v->rank - 1] = out;
	activation();
	annotate(in, out, 1);
	end(v, STATE, 1);
}

static void
gen_pool(int from)
{
	struct value *v = begin(from), saved = *v;
	int avg = chance(50);

	printf("%s(v%d, ", avg ? "avgpool" : "maxpool", from);
	if (chance(20)) {
		printf("kernel = all");
		v->dim[0] = v->dim[1] = 1;
	} else if (!window(v, 0, 1)) {
		*v = saved;
		printf("kernel = 1x1");
	}
	printf(")");
	if (chance(20))
		printf(" |> relu()");
	end(v, KEEP, 1);
}

static void
gen_binary(int from)
{
	static const char *const ops[] = { "add", "sub", "mul" };
	int kind = pick(0, 2), other = -1;
	struct value *v;

	for (int k = count - 1; k >= 0 && other < 0; k--)
		if (values[k].rank == values[from].rank && chance(70)) {
			int fits = 1;
			for (int i = 0; i < values[k].rank; i++)
				fits &= values[k].dim[i] == values[from].dim[i] || values[k].dim[i] == 1;
			if (fits)
				other = k;
		}
	if (other < 0)
		other = from;
	v = begin(from);
	values[other].uses++;
	if (chance(30) && v->rank == 3)
		printf("%s(v%d, v%d)", ops[kind], other, from); /* the smaller one may come first */
	else
		printf("%s(v%d, v%d)", ops[kind], from, other);
	activation();
	end(v, STATE, kind == 2 ? 0.5 : 2);
}

static void
gen_concat(int from)
{
	struct value *v;
	int axis = pick(0, values[from].rank - 1), other = from;

	for (int k = 0; k < count; k++)
		if (values[k].rank == values[from].rank && chance(60)) {
			int fits = 1;
			for (int i = 0; i < values[k].rank; i++)
				fits &= i == axis || values[k].dim[i] == values[from].dim[i];
			if (fits)
				other = k;
		}
	v = begin(from);
	values[other].uses++;
	printf("concat(v%d, v%d, axis = %d)", from, other, axis);
	v->dim[axis] += values[other].dim[axis];
	end(v, KEEP, 1);
}

static void
gen_slice(int from)
{
	struct value *v = begin(from);
	int begin_at[3], size[3], step[3], stepped = chance(30);

	for (int i = 0; i < v->rank; i++) {
		begin_at[i] = chance(50) ? 0 : pick(0, v->dim[i] - 1);
		size[i] = chance(50) ? v->dim[i] - begin_at[i] : pick(1, v->dim[i] - begin_at[i]);
		step[i] = stepped ? pick(1, 2) : 1;
	}
	printf("slice(v%d, begin = [", from);
	for (int i = 0; i < v->rank; i++)
		printf("%s%d", i ? ", " : "", begin_at[i]);
	printf("], size = [");
	for (int i = 0; i < v->rank; i++) {
		int n = (size[i] + step[i] - 1) / step[i]; /* size counts result elements */
		printf("%s%d", i ? ", " : "", n);
		v->dim[i] = n;
	}
	printf("]");
	if (stepped) {
		printf(", steps = [");
		for (int i = 0; i < v->rank; i++)
			printf("%s%d", i ? ", " : "", step[i]);
		printf("]");
	}
	printf(")");
	end(v, KEEP, 1);
}

static void
gen_move(int from)
{
	static const int perms[][3] = { { 1, 0, 2 }, { 2, 0, 1 }, { 0, 2, 1 }, { 2, 1, 0 }, { 1, 2, 0 }, { 0, 1, 2 } };
	struct value *v = begin(from), old = *v;
	int p = pick(0, 5);

	switch (pick(0, 4)) {
	case 0:
		printf("transpose(v%d, perm = [%d, %d, %d])", from, perms[p][0], perms[p][1], perms[p][2]);
		for (int i = 0; i < 3; i++)
			v->dim[i] = old.dim[perms[p][i]];
		break;
	case 1:
		printf("pad(v%d, before = [%d, %d, %d], after = [%d, %d, %d])", from, p % 2, p % 3, 0, 1, p / 3, p % 2);
		v->dim[0] += p % 2 + 1;
		v->dim[1] += p % 3 + p / 3;
		v->dim[2] += p % 2;
		break;
	case 2:
		printf("reshape(v%d, shape = [%d, %d, %d])", from, old.dim[1], old.dim[0], old.dim[2]);
		v->dim[0] = old.dim[1];
		v->dim[1] = old.dim[0];
		break;
	case 3:
		v->dim[0] = pick(1, 9);
		v->dim[1] = pick(1, 9);
		printf("resize(v%d, size = [%d, %d], mode = %s%s)", from, v->dim[0], v->dim[1], p % 2 ? "nearest" : "bilinear",
			p < 2 ? "" : p < 4 ? ", align_corners = true" : ", half_pixel = true");
		break;
	default:
		if (old.dim[2] % 2 == 0)
			printf("shuffle(v%d, groups = 2)", from);
		else
			printf("shuffle(v%d, groups = 1)", from);
		break;
	}
	end(v, KEEP, 1);
}

static void
gen_unary(int from)
{
	struct value *v = begin(from);
	int kind = pick(0, is_i8 ? 8 : 11);

	switch (kind) {
	case 0: printf("relu(v%d)", from); break;
	case 1: printf("relu6(v%d)", from); break;
	case 2: printf("clip(v%d, lo = -1, hi = 0.75)", from); break;
	case 3: printf("leaky_relu(v%d, alpha = 0.%d)", from, pick(1, 9)); break;
	case 4: printf("hard_swish(v%d)", from); end(v, STATE, 1); return;
	case 5: printf("sigmoid(v%d)", from); end(v, FIX, 1); return;
	case 6:
		printf("tanh(v%d)", from);
		end(v, FIX, 1);
		values[count - 1].scale = 1.0 / 128;
		values[count - 1].zero = 0;
		return;
	case 7: printf("softmax(v%d)", from); end(v, FIX, 1); return;
	case 8:
		if (is_i8) {
			printf("requantize(v%d)", from);
			end(v, STATE, 1);
			return;
		}
		printf("softmax(v%d, beta = 2)", from);
		break;
	case 9: printf("batchnorm(v%d)", from); break;
	case 10: printf("log_softmax(v%d)", from); break;
	default: printf("lrn(v%d, window = %d, alpha = 0.1, beta = 0.75)", from, pick(1, 5)); break;
	}
	end(v, kind == 3 && chance(50) ? STATE : KEEP, 1);
}

static void
gen_mean(int from)
{
	struct value *v = begin(from);

	if (chance(50)) {
		printf("mean(v%d, axes = [0, 1], keep = true)", from);
		v->dim[0] = v->dim[1] = 1;
	} else {
		printf("mean(v%d, axes = [0, 1])", from);
		v->rank = 1;
		v->dim[0] = v->dim[2];
	}
	end(v, chance(50) ? KEEP : STATE, 1);
}

static void
gen_flatten(int from)
{
	struct value *v = begin(from);

	printf("flatten(v%d)", from);
	v->dim[0] *= v->dim[1] * v->dim[2];
	v->rank = 1;
	end(v, KEEP, 1);
}

static void
step(void)
{
	int image = pick_value(3), any = pick_value(0);

	if (image < 0) {
		if (chance(50))
			gen_dense(any);
		else
			gen_unary(any);
		return;
	}
	switch ((for_chip || with_dead) && chance(85) ? pick(0, 7) : pick(0, 14)) {
	case 0: case 1: case 2: gen_conv(image); break;
	case 3: case 4: gen_dwconv(image); break;
	case 5:
		if (for_chip && chance(70))
			gen_conv(image);
		else
			gen_tconv(image);
		break;
	case 6: gen_dense(any); break;
	case 7: gen_pool(image); break;
	case 8: case 9: gen_binary(any); break;
	case 10: gen_concat(any); break;
	case 11: gen_slice(any); break;
	case 12: gen_move(image); break;
	case 13: gen_unary(any); break;
	default:
		if (chance(25))
			gen_mean(image);
		else if (chance(20))
			gen_flatten(image);
		else
			gen_unary(any);
	}
}

static int
too_large(void)
{
	long n = 1;

	for (int i = 0; i < values[count - 1].rank; i++)
		n *= values[count - 1].dim[i];
	return n > 20000;
}

/* Of networks with dead channels mostly sums over them, since an output keeps all. */
static void
output(int k)
{
	if (with_dead && chance(80))
		printf("    output o%d = dense(v%d, out = 2)%s;\n", k, k, is_i8 ? " : scale 0.5 zero 3" : "");
	else
		printf("    output o%d = v%d;\n", k, k);
}

int
main(int argc, char *argv[])
{
	int steps;

	for_chip = argc == 3 && strcmp(argv[2], "chip") == 0;
	with_dead = argc == 3 && strcmp(argv[2], "dead") == 0;
	if (argc != 2 && !for_chip && !with_dead) {
		fputs("usage: netgen SEED [chip | dead]\n", stderr);
		return 2;
	}
	state = strtoull(argv[1], NULL, 10);
	is_i8 = chance(for_chip ? 95 : 65);
	steps = for_chip ? pick(2, 6) : pick(2, 14);
	values[0] = (struct value){ 3, { pick(1, 12), pick(1, 12), pick(1, for_chip ? 40 : 10) }, 0.02 + pick(0, 100) / 1000.0, pick(-128, 127), 1 };
	count = 1;
	printf("net 1;\nweights random(%s);\nnetwork r {\n    input v0 : %s[%d, %d, %d]", argv[1], is_i8 ? "i8" : "f32",
		values[0].dim[0], values[0].dim[1], values[0].dim[2]);
	if (is_i8)
		printf(" scale %.7g zero %d", values[0].scale, values[0].zero);
	printf(";\n");
	for (int i = 0; i < steps && !too_large(); i++)
		step();
	/* Every value that nothing reads is an output. */
	for (int k = 1; k < count; k++)
		if (values[k].uses == 0 || chance(5))
			output(k);
	printf("}\n");
	if (schedule_len)
		printf("schedule {\n%s}\n", schedule);
	return 0;
}
