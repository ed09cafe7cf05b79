/* The driver of a conformance suite (netc chip-test): each probe makes one call of the chip and compares every byte that it leaves
 * with the reference.  A probe names the line of the .chip that it tests. */
#ifndef NN_CHIP_SUITE_H
#define NN_CHIP_SUITE_H
#include <stdio.h>
#include "nn_chip_reference.h"

#ifndef NN_PRINTF
#define NN_PRINTF printf
#endif

enum nn_probe_flags {
	NN_WITH_BIAS = 1, NN_WITH_SUM = 2, NN_SUMS_OUT = 4, NN_TIES = 8, NN_SATURATE = 16, NN_X_ZERO = 32, NN_Y_ZERO = 64,
	NN_BOUNDS = 128, NN_WITH_RELU = 256, NN_PITCH = 512, NN_EXTREMES = 1024,
	NN_SYMMETRIC = 2048 /* no weight of -128 */
};

struct nn_probe {
	const struct nn_unit *unit;
	void (*call)(const struct nn_call *);
	const char *line;            /* "npu16.chip:14: in = 16..512 step 16" */
	const char *what;            /* "in = 512" */
	int y_type, sum_type, flags;
	int32_t v[NN_VARS];
	int over;                    /* y lies over x (of two operands a), DISTANCE bytes before it: where the unit states its order */
	long distance, x_bytes, y_bytes;
};

/* Room for the operands of every probe; each a multiple of 64 bytes, aligned to 256. */
struct nn_room {
	unsigned char *x, *w, *b, *sum, *y, *expected, *over;
	size_t x_bytes, w_bytes, b_bytes, y_bytes;
};

static uint32_t
nn_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* COUNT elements of TYPE, UNIT times integers in [-LIMIT, LIMIT]; EXTREMES: only the ends. */
static void
nn_fill(void *p, int type, size_t count, int32_t limit, int32_t unit, int extremes, int lowest, uint32_t *state)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t r = nn_random(state);
		int32_t v = (int32_t)(r % (uint32_t)(2 * limit + 1)) - limit;

		if (extremes)
			v = r & 1 ? limit : -limit - (lowest && type == NN_I8 && limit == 127);
		nn_store(p, type, i, type == NN_F32 ? (double)v / 16 : (double)v * unit);
	}
}

/* Taps that add up in one result. */
static int32_t
nn_taps(const struct nn_unit *u, const int32_t *v)
{
	int32_t area = v[NN_KH] * v[NN_KW];

	switch (u->kind) {
	case NN_CONV2D: return area * (v[NN_IN] / v[NN_GROUPS]);
	case NN_DWCONV2D: return area;
	case NN_TCONV2D: return area * v[NN_IN];
	case NN_DENSE: return v[NN_IN];
	case NN_DOT: return v[NN_N];
	default: return 1;
	}
}

enum { NN_CHANNELS_MAX = 4096 };

struct nn_scales {
	int32_t multiplier[NN_CHANNELS_MAX];
	int8_t shift[NN_CHANNELS_MAX];
	float scale[NN_CHANNELS_MAX];
};

/* How the operands are chosen.  PLAIN: so that every result is exact in any rounding (x and w multiples of 4, scales 1 / 16), and only
 * the probes of the rounding itself depend on it. */
enum nn_choice { NN_PLAIN, NN_FEW, NN_WHOLE };

static enum nn_choice
nn_choice_of(const struct nn_probe *p)
{
	if (p->flags & NN_TIES)
		return NN_FEW;
	return p->flags & (NN_SATURATE | NN_EXTREMES) ? NN_WHOLE : NN_PLAIN;
}

/* x and w, bias and sums. */
static void
nn_operands(const struct nn_probe *p, const struct nn_room *room, uint32_t *state)
{
	const struct nn_unit *u = p->unit;
	int32_t taps = nn_taps(u, p->v), most = taps <= 16 ? 7 : taps <= 256 ? 3 : 1;
	int extremes = (p->flags & NN_EXTREMES) != 0, lowest = !(p->flags & NN_SYMMETRIC);
	int32_t x = 127, w = 127, b = 1000, unit = 1, sum_unit = 1;

	switch (nn_choice_of(p)) {
	case NN_PLAIN:
		if (u->kind == NN_CONV2D || u->kind == NN_DWCONV2D || u->kind == NN_TCONV2D || u->kind == NN_DENSE) {
			x = w = most;
			b = 30;
			unit = 4;
			sum_unit = 16;
		}
		break;
	case NN_FEW:
		x = 3;
		w = 2;
		b = 7;
		break;
	case NN_WHOLE:
		break;
	}
	if (u->x_type == NN_I32) {
		x = w = p->flags & NN_SATURATE ? 100000 : 1600;
		unit = u->kind == NN_REQUANTIZE && nn_choice_of(p) == NN_PLAIN ? 16 : 1;
	}
	nn_fill(room->x, u->x_type, room->x_bytes / nn_type_bytes(u->x_type), x, unit, extremes, 1, state);
	nn_fill(room->w, u->w_type, room->w_bytes / nn_type_bytes(u->w_type), w, unit, extremes, lowest, state);
	nn_fill(room->b, u->b_type, room->b_bytes / nn_type_bytes(u->b_type), b, sum_unit, 0, 0, state);
	nn_fill(room->sum, p->sum_type, room->y_bytes / nn_type_bytes(p->sum_type), b, sum_unit, 0, 0, state);
}

/* Zeros in the places of the packed weights that no weight has: layouts are filled up with them, and units may count on that. */
static void
nn_clear_gaps(const struct nn_unit *u, const struct nn_call *c, void *w)
{
	const struct nn_layout *l = &u->w;
	int32_t size[NN_DIMS];
	size_t count;

	nn_sizes(c, 0, size);
	if (u->kind != NN_DWCONV2D)
		size[NN_DIM_IN] = c->v[NN_IN] / c->v[NN_GROUPS];
	count = nn_layout_count(l, size);
	for (size_t place = 0; place < count; place++) {
		int32_t at[NN_DIMS] = { 0 };
		size_t rest = place;

		for (int k = l->n - 1; k >= 0; k--) {
			const struct nn_axis *a = &l->axis[k];
			size_t length = (size_t)(a->mod ? a->mod : (size[a->dim] + a->div - 1) / a->div);

			at[a->dim] += (int32_t)(rest % length) * a->div;
			rest /= length;
		}
		for (int k = 0; k < l->n; k++)
			if (at[l->axis[k].dim] >= size[l->axis[k].dim])
				nn_store(w, u->w_type, place, 0);
	}
}

/* Multipliers that go with the operands. */
static void
nn_scales_of(struct nn_scales *s, const struct nn_probe *p, int32_t channels, uint32_t *state)
{
	int32_t taps = nn_taps(p->unit, p->v), bits = 6;

	while (taps > 1) {
		bits++;
		taps /= 4;
	}
	if (nn_choice_of(p) != NN_WHOLE)
		bits = 4;
	if (p->flags & NN_SATURATE)
		bits = 2;
	for (int32_t i = 0; i < channels && i < NN_CHANNELS_MAX; i++) {
		uint32_t r = nn_random(state);

		s->multiplier[i] = nn_choice_of(p) != NN_WHOLE ? (int32_t)1 << 30 : (int32_t)(0x40000000u + r % 0x3fffffffu);
		s->shift[i] = (int8_t)(1 - bits);
		s->scale[i] = nn_choice_of(p) != NN_WHOLE ? 1.0f / 16.0f : (float)(s->multiplier[i] / 2147483648.0 / (1 << (bits - 1)));
		if (p->unit->rounding == NN_SHIFT)
			s->shift[i] = (int8_t)-bits;
	}
}

static int
nn_same(const struct nn_probe *p, const unsigned char *got, const unsigned char *expected, size_t bytes, size_t *at)
{
	size_t each = nn_type_bytes(p->y_type);

	for (size_t i = 0; i < bytes / each; i++) {
		double g = nn_load(got, p->y_type, i), e = nn_load(expected, p->y_type, i);

		*at = i;
		if (p->y_type == NN_F32 ? fabs(g - e) > 1e-4 * (1 + fabs(e)) || g != g : g != e)
			return 0;
	}
	return 1;
}

/* 1: the chip does what the line says. */
static int
nn_probe_run(const struct nn_probe *p, const struct nn_room *room)
{
	static struct nn_scales scales;
	const struct nn_unit *u = p->unit;
	const int32_t *v = p->v;
	struct nn_call c = nn_call_start();
	uint32_t state = 12345;
	int two = u->kind == NN_ADD || u->kind == NN_MUL;
	size_t at = 0;
	struct nn_call copy;

	memcpy(c.v, v, sizeof c.v);
	c.v[NN_MACS] = nn_macs(u->kind, v);
	c.y_type = p->y_type;
	c.sum_type = p->sum_type;
	nn_operands(p, room, &state);
	if (u->kind == NN_CONV2D || u->kind == NN_DWCONV2D || u->kind == NN_TCONV2D || u->kind == NN_DENSE)
		nn_clear_gaps(u, &c, room->w);
	memset(room->y, 0x5a, room->y_bytes);
	memset(room->expected, 0x5a, room->y_bytes);
	nn_scales_of(&scales, p, v[NN_OUT] > v[NN_N] ? v[NN_OUT] : v[NN_N], &state);
	c.multiplier = scales.multiplier;
	c.shift = scales.shift;
	c.scale = scales.scale;
	c.x = room->x;
	c.w = room->w;
	c.a = room->x;
	c.b = two ? room->w : (p->flags & NN_WITH_BIAS) ? room->b : NULL;
	c.sum = (p->flags & NN_WITH_SUM) ? room->sum : NULL;
	c.x_zero = c.a_zero = (p->flags & NN_X_ZERO) ? -12 : 0;
	c.b_zero = (p->flags & NN_X_ZERO) ? 7 : 0;
	c.y_zero = (p->flags & NN_Y_ZERO) ? 5 : 0;
	c.relu = (p->flags & NN_WITH_RELU) != 0; /* told by a flag, or by the lower bound */
	if (c.relu)
		c.act_min = c.y_zero;
	if (p->flags & NN_BOUNDS) {
		c.act_min = -20;
		c.act_max = 33;
	}
	if (u->x_type == NN_I8 && two) { /* multipliers as add and mul have them */
		c.a_multiplier = c.b_multiplier = 1 << 30;
		c.y_multiplier = u->kind == NN_ADD ? (1 << 30) + 12345 : scales.multiplier[0];
		c.a_shift = c.b_shift = 0;
		c.y_shift = u->kind == NN_ADD ? -18 : -6;
	}
	if (p->flags & NN_PITCH) {
		int32_t in = u->kind == NN_CONV2D || u->kind == NN_DWCONV2D || u->kind == NN_TCONV2D || u->kind == NN_DENSE
			|| u->kind == NN_MAXPOOL || u->kind == NN_AVGPOOL ? v[NN_IN] : u->kind == NN_REQUANTIZE ? v[NN_OUT] : v[NN_N];
		int32_t out = u->kind == NN_MAXPOOL || u->kind == NN_AVGPOOL ? v[NN_IN] : u->kind == NN_ADD || u->kind == NN_MUL
			|| u->kind == NN_RELU || u->kind == NN_COPY ? v[NN_N] : v[NN_OUT];

		c.x_pitch = c.a_pitch = 2 * in;
		c.y_pitch = c.sum_pitch = 2 * out;
	}
	copy = c;
	copy.y = room->expected;
	nn_reference(u, &copy);
	if (copy.overflow)
		return 1; /* beyond what the unit claims */
	c.y = room->y;
	if (p->over) {
		unsigned char *x = room->over + (p->distance > 0 ? p->distance : 0);

		c.y = x - p->distance;
		memcpy(x, room->x, (size_t)p->x_bytes);
		c.x = c.a = x;
	}
	p->call(&c);
	if (nn_same(p, c.y, room->expected, p->over ? (size_t)p->y_bytes : room->y_bytes, &at))
		return 1;
	NN_PRINTF("FAIL %s\n  %s, %s: y[%lu] is %.9g, expected %.9g\n", p->line, u->name, p->what, (unsigned long)at,
		nn_load(c.y, p->y_type, at), nn_load(room->expected, p->y_type, at));
	return 0;
}

/* How many probes failed. */
static int
nn_suite_run(const struct nn_probe *probes, int count, const struct nn_room *room)
{
	int failed = 0;

	for (int i = 0; i < count; i++)
		failed += !nn_probe_run(&probes[i], room);
	NN_PRINTF("%d probes, %d failed\n", count, failed);
	return failed;
}
#endif
