/* A node that a chip's unit runs: its operands brought into the form the unit takes, its call template filled in.
 *
 * An operand that lies as the unit wants it is passed where it lies.  Another layout, a pitch that the unit cannot step over, or
 * an address that is not aligned costs a copy around the call by portable code; those calls have their bytes in `copied`, so that
 * reports can show them.  Weights are packed here, at compile time, once for each packing. */
#include <config.h>
#include <string.h>
#include "backend/lower_unit.h"

/* ---- constants ---- */

/* A constant of COUNT elements; of equal ones there is one. */
struct place
unit_constant(struct unit_call *u, const char *label, enum dtype dtype, const struct shape *shape, const void *data, int align,
	const char *note)
{
	struct lower *l = u->l;
	struct buffer *b = lower_constant(l, "", intern(l->p->graph->names, label), dtype, shape, data);

	if (!b->note)
		b->note = note;
	if (align > b->align)
		b->align = align;
	return (struct place){ .buf = b, .dtype = dtype };
}

static struct place
constant_vector(struct unit_call *u, const char *suffix, enum dtype dtype, int count, const void *data)
{
	struct shape shape = { 1, { count } };

	return unit_constant(u, arena_printf(u->l->p->arena, "%s.%s", u->node->name, suffix), dtype, &shape, data, 1, NULL);
}

/* ---- where operands have to lie ---- */

/* The alignment of the units' own memories that hold such an operand; that of memories with a section is the plan's care. */
static int
memory_align(const struct chip_op *op, int roles)
{
	int align = 1;

	for (size_t i = 0; i < op->chip->memories.n; i++)
		if (!op->chip->memories.v[i].section && op->chip->memories.v[i].roles & (unsigned)roles && op->chip->memories.v[i].align > align)
			align = op->chip->memories.v[i].align;
	return align;
}

static void
raise_align(struct buffer *b, int align)
{
	if (align > b->align)
		b->align = align;
}

/* Whether every address that PLACE may come to be is a multiple of ALIGN bytes.  The caller's buffers are aligned for
 * their type only. */
static bool
can_align(struct place p, int align)
{
	if (align <= dtype_info[p.dtype].bytes)
		return true;
	return p.buf->kind != BUF_INPUT && p.buf->kind != BUF_OUTPUT && p.offset * dtype_info[p.dtype].bytes % align == 0;
}

static const char *
layout_text(struct arena *a, const struct chip_layout *l)
{
	const char *s = "";

	for (int i = 0; i < l->n; i++) {
		const struct chip_axis *x = &l->axis[i];

		s = arena_printf(a, "%s%s%s", s, i ? ", " : "", chip_dim_names[x->dim]);
		if (x->div != 1)
			s = arena_printf(a, "%s/%d", s, (int)x->div);
		if (x->mod)
			s = arena_printf(a, "%s%%%d", s, (int)x->mod);
	}
	return arena_printf(a, "[%s]", s);
}

/* An activation as the unit walks over it: h x w vectors of n elements. */
struct walk { int32_t h, w, n; enum chip_dim across, channel; };

static struct walk
walk_of(const struct unit_call *u, enum chip_operand o, const int32_t size[DIM_COUNT])
{
	unsigned dims = chip_kind_dims(u->op->kind, o);
	bool rows = dims >> DIM_ROWS & 1;
	struct walk k = { 1, 0, 0, rows ? DIM_ROWS : DIM_W, DIM_N };

	if (dims >> DIM_IN & 1)
		k.channel = DIM_IN;
	if (dims >> DIM_OUT & 1)
		k.channel = DIM_OUT;
	k.h = rows ? 1 : size[DIM_H];
	k.w = size[k.across];
	k.n = size[k.channel];
	return k;
}

/* Elements from one vector to the next when nothing lies between. */
static int64_t
dense_pitch(const struct chip_layout *l, const int32_t size[DIM_COUNT])
{
	const struct chip_axis *last = &l->axis[l->n - 1];

	return last->mod ? last->mod : (size[last->dim] + last->div - 1) / last->div;
}

/* ---- conversions ---- */

/* By index of dimension D: what it adds to an element's place in the layout. */
static struct place
layout_table(struct unit_call *u, const struct chip_layout *l, const int32_t size[DIM_COUNT], enum chip_dim d, int32_t count,
	const char *suffix)
{
	int32_t *at = ARENA_ARRAY(u->l->p->arena, int32_t, (size_t)count);
	int64_t stride = 1;

	for (int k = l->n - 1; k >= 0; k--) {
		const struct chip_axis *x = &l->axis[k];
		int32_t length = x->mod ? x->mod : (size[x->dim] + x->div - 1) / x->div;

		for (int32_t i = 0; i < count && x->dim == d; i++)
			at[i] += (int32_t)((x->mod ? i / x->div % x->mod : i / x->div) * stride);
		stride *= length;
	}
	return constant_vector(u, suffix, DT_I32, count, at);
}

/* PLAIN, vectors PITCH apart, to PACKED or back. */
static void
convert_layout(struct unit_call *u, enum chip_operand o, bool back, struct place plain, int64_t pitch, struct place packed)
{
	const struct chip_layout *l = &u->op->layout[o];
	struct arena *a = u->l->p->arena;
	const char *type = dtype_info[plain.dtype].name, *what = chip_operand_names[o];
	int32_t size[DIM_COUNT];
	struct walk k;
	int64_t count;
	struct call *c;

	chip_operand_size(u->op->kind, o, &u->vars, size);
	k = walk_of(u, o, size);
	count = chip_layout_count(l, size);
	c = lower_call(u->l, u->node, arena_printf(a, "%s_%s", back ? "unpack" : "pack", type));
	c->copied = (int64_t)k.h * k.w * k.n * dtype_info[plain.dtype].bytes;
	c->note = arena_printf(a, "%s %s the layout %s of the unit", what, back ? "out of" : "into", layout_text(a, l));
	call_place(u->l, c, ARG_OUT, "y", back ? plain : packed);
	call_place(u->l, c, ARG_IN, "x", back ? packed : plain);
	call_place(u->l, c, ARG_CONST, "row", layout_table(u, l, size, DIM_H, k.h, arena_printf(a, "%s_row", what)));
	call_place(u->l, c, ARG_CONST, "col", layout_table(u, l, size, k.across, k.w, arena_printf(a, "%s_col", what)));
	call_place(u->l, c, ARG_CONST, "channel", layout_table(u, l, size, k.channel, k.n, arena_printf(a, "%s_channel", what)));
	call_dim(u->l, c, "h", k.h);
	call_dim(u->l, c, "w", k.w);
	call_dim(u->l, c, "c", k.n);
	call_dim(u->l, c, back ? "y_pitch" : "x_pitch", pitch);
	if (!back)
		call_dim(u->l, c, "fill", count > (int64_t)k.h * k.w * k.n ? count : 0);
}

static void
copy_rows(struct unit_call *u, enum chip_operand o, struct rows shape, struct place to, int64_t to_pitch, struct place from,
	int64_t from_pitch, const char *why)
{
	struct arena *a = u->l->p->arena;
	struct call *c = lower_call(u->l, u->node, arena_printf(a, "copy_%s", dtype_info[to.dtype].name));

	c->copied = shape.rows * shape.n * dtype_info[to.dtype].bytes;
	c->note = arena_printf(a, "%s copied: %s", chip_operand_names[o], why);
	call_place(u->l, c, ARG_OUT, "y", to);
	call_place(u->l, c, ARG_IN, "x", from);
	call_dim(u->l, c, "rows", shape.rows);
	call_dim(u->l, c, "n", shape.n);
	call_dim(u->l, c, "x_pitch", from_pitch);
	call_dim(u->l, c, "y_pitch", to_pitch);
}

/* Why the unit cannot take operand O as it lies; NULL: it can. */
static const char *
why_moved(const struct unit_call *u, enum chip_operand o)
{
	const struct chip_layout *l = &u->op->layout[o];
	const struct unit_operand *x = &u->operand[o];
	struct rows r = rows_of(x->tensor);

	if (!chip_layout_is_plain(l))
		return "another layout";
	if (r.rows > 1 && r.pitch != r.n && !l->pitch)
		return "the unit takes no pitch";
	if (!can_align(x->place, l->align))
		return "the unit needs another alignment";
	return NULL;
}

/* Storage for operand O in the unit's form. */
static struct place
moved_place(struct unit_call *u, enum chip_operand o)
{
	const struct chip_layout *l = &u->op->layout[o];
	enum dtype dtype = u->operand[o].tensor->dtype;
	int32_t size[DIM_COUNT];

	chip_operand_size(u->op->kind, o, &u->vars, size);
	return (struct place){ .buf = lower_scratch(u->l, u->node, dtype, chip_layout_count(l, size)), .dtype = dtype };
}

static void
set_operand(struct unit_call *u, enum chip_operand o, const struct tensor *t)
{
	int32_t size[DIM_COUNT];

	chip_operand_size(u->op->kind, o, &u->vars, size);
	u->operand[o] = (struct unit_operand){ .tensor = t, .place = lower_place(u->l, t),
		.pitch = u->op->layout[o].pitch ? t->pitch : dense_pitch(&u->op->layout[o], size) };
	u->operand[o].why_moved = why_moved(u, o);
	if (u->operand[o].why_moved) {
		u->operand[o].place = moved_place(u, o);
		u->operand[o].pitch = dense_pitch(&u->op->layout[o], size);
	}
	raise_align(u->operand[o].place.buf, u->op->layout[o].align);
	if (u->operand[o].place.buf->kind == BUF_ARENA)
		raise_align(u->operand[o].place.buf, memory_align(u->op, o == OPERAND_SUM || t->dtype == DT_I32
			? ROLE_ACTIVATION | ROLE_ACCUMULATOR : ROLE_ACTIVATION));
}

/* Tensor T into the storage at TO of operand O's form, of which the rows lie TO_PITCH apart if it is not another layout. */
static void
move_in(struct unit_call *u, enum chip_operand o, const struct tensor *t, struct place to, int64_t to_pitch, const char *why)
{
	if (chip_layout_is_plain(&u->op->layout[o]))
		copy_rows(u, o, rows_of(t), to, to_pitch, lower_place(u->l, t), t->pitch, why);
	else
		convert_layout(u, o, false, lower_place(u->l, t), t->pitch, to);
}

static void
take_input(struct unit_call *u, enum chip_operand o, const struct tensor *t)
{
	set_operand(u, o, t);
	if (u->operand[o].why_moved)
		move_in(u, o, t, u->operand[o].place, rows_of(t).n, u->operand[o].why_moved);
}

static void
give_output(struct unit_call *u)
{
	const struct unit_operand *y = &u->operand[OPERAND_Y];
	struct place to = lower_place(u->l, y->tensor);

	if (!y->why_moved)
		return;
	if (chip_layout_is_plain(&u->op->layout[OPERAND_Y]))
		copy_rows(u, OPERAND_Y, rows_of(y->tensor), to, y->tensor->pitch, y->place, rows_of(y->tensor).n, y->why_moved);
	else
		convert_layout(u, OPERAND_Y, true, to, y->tensor->pitch, y->place);
}

static bool
mentions(const struct unit_call *u, enum chip_operand o)
{
	for (size_t i = 0; i < u->op->call.pieces.n; i++)
		if (u->op->call.pieces.v[i].kind == HOLE_OPERAND && u->op->call.pieces.v[i].operand == o)
			return true;
	return false;
}

/* The sum so far.  A unit that is not told where it is adds to what y holds. */
static void
take_sum(struct unit_call *u, const struct tensor *sum)
{
	const struct unit_operand *y = &u->operand[OPERAND_Y];

	if (mentions(u, OPERAND_SUM)) {
		take_input(u, OPERAND_SUM, sum);
		return;
	}
	if (!y->why_moved && sum->base == y->tensor->base && sum->offset == y->tensor->offset && sum->pitch == y->tensor->pitch)
		return;
	move_in(u, OPERAND_Y, sum, y->place, y->why_moved ? rows_of(sum).n : y->pitch, "the unit adds in place");
}

/* ---- weights and bias ---- */

/* Distances of the dimensions in the weights of N's operation. */
static void
weight_steps(const struct node *n, int64_t step[DIM_COUNT])
{
	const struct shape *w = &n->in[1]->shape;
	const int32_t *d = w->dim;

	memset(step, 0, DIM_COUNT * sizeof *step);
	if (n->op == OP_DWCONV2D) { /* [kh, kw, out] */
		step[DIM_OUT] = 1;
		step[DIM_KW] = d[2];
		step[DIM_KH] = (int64_t)d[1] * d[2];
		return;
	}
	step[DIM_IN] = 1;
	step[DIM_OUT] = shape_count(w) / d[0];
	if (w->rank == 4) { /* [out, kh, kw, in] */
		step[DIM_KW] = d[3];
		step[DIM_KH] = (int64_t)d[2] * d[3];
	}
}

static struct shape
layout_shape(const struct chip_layout *l, const int32_t size[DIM_COUNT])
{
	struct shape s = { .rank = l->n <= RANK_MAX ? l->n : 1 };

	for (int i = 0; i < l->n && l->n <= RANK_MAX; i++) {
		const struct chip_axis *x = &l->axis[i];

		s.dim[i] = x->mod ? x->mod : (size[x->dim] + x->div - 1) / x->div;
	}
	if (l->n > RANK_MAX)
		s.dim[0] = (int32_t)chip_layout_count(l, size);
	return s;
}

static void
take_weights(struct unit_call *u)
{
	const struct tensor *w = u->node->in[1];
	const struct chip_layout *l = &u->op->layout[OPERAND_W];
	int bytes = dtype_info[w->dtype].bytes, align = memory_align(u->op, ROLE_WEIGHT);
	struct arena *a = u->l->p->arena;
	int32_t size[DIM_COUNT];
	int64_t step[DIM_COUNT], count;
	struct shape shape;
	void *packed;

	if (l->align > align)
		align = l->align;
	chip_operand_size(u->op->kind, OPERAND_W, &u->vars, size);
	weight_steps(u->node, step);
	count = chip_layout_count(l, size);
	packed = arena_alloc(a, (size_t)(count * bytes));
	chip_layout_pack(l, size, step, w->data, packed, bytes);
	u->operand[OPERAND_W].tensor = w;
	if (count == tensor_count(w) && memcmp(packed, w->data, (size_t)(count * bytes)) == 0) {
		u->operand[OPERAND_W].place = lower_place(u->l, w);
		raise_align(u->operand[OPERAND_W].place.buf, align);
		return;
	}
	shape = layout_shape(l, size);
	u->operand[OPERAND_W].place = unit_constant(u, arena_printf(a, "%s.packed", w->name), w->dtype, &shape, packed, align,
		arena_printf(a, "as %s", layout_text(a, l)));
}

/* The combination of types that the node is run as. */
static const struct chip_type *
find_type(const struct unit_call *u)
{
	const struct chip_vars *v = &u->vars;

	for (size_t i = 0; i < u->op->types.n; i++) {
		const struct chip_type *t = &u->op->types.v[i];

		if (t->x == v->type[OPERAND_X] && t->w == v->type[OPERAND_W] && t->y == v->type[OPERAND_Y])
			return t;
	}
	return NULL;
}

static bool
is_zero(const struct tensor *t)
{
	const unsigned char *p = t->data;

	for (int64_t i = 0; i < tensor_bytes(t); i++)
		if (p[i])
			return false;
	return true;
}

/* The bias in the unit's type, in which its values fit.  One that is 0 throughout, as of all parts of a sum but the first, is
 * none. */
static void
take_bias(struct unit_call *u)
{
	const struct node *n = u->node;
	const struct tensor *b = n->nin > 2 ? n->in[2] : NULL;
	const struct chip_type *type = find_type(u);
	enum dtype to = type ? type->b : DT_COUNT;
	int32_t count = b ? (int32_t)tensor_count(b) : 0;
	const int32_t *v = b ? b->data : NULL;
	int16_t *narrow;

	if (!b || to == DT_COUNT || is_zero(b))
		return;
	u->operand[OPERAND_B].tensor = b;
	if (to == b->dtype) {
		u->operand[OPERAND_B].place = lower_place(u->l, b);
	} else {
		narrow = ARENA_ARRAY(u->l->p->arena, int16_t, (size_t)count);
		for (int32_t i = 0; i < count; i++) {
			if (to == DT_I8)
				((int8_t *)narrow)[i] = (int8_t)v[i];
			else
				narrow[i] = (int16_t)v[i];
		}
		u->operand[OPERAND_B].place = constant_vector(u, to == DT_I8 ? "bias_i8" : "bias_i16", to, count, narrow);
	}
	raise_align(u->operand[OPERAND_B].place.buf, memory_align(u->op, ROLE_BIAS));
	raise_align(u->operand[OPERAND_B].place.buf, u->op->layout[OPERAND_B].align);
}

/* ---- the node ---- */

static void
take_operands(struct unit_call *u)
{
	const struct node *n = u->node;
	unsigned operands = chip_kind_operands(u->op->kind);

	set_operand(u, OPERAND_Y, n->out);
	if (operands >> OPERAND_A & 1) {
		take_input(u, OPERAND_A, n->in[0]);
		take_input(u, OPERAND_B, n->in[1]);
		return;
	}
	take_input(u, OPERAND_X, n->in[0]);
	if (!(operands >> OPERAND_W & 1))
		return;
	take_weights(u);
	take_bias(u);
	if (n->nin > INPUT_SUM)
		take_sum(u, n->in[INPUT_SUM]);
}

static const char *
element_type(const struct unit_operand *o)
{
	return dtype_info[o->place.dtype].name;
}

bool
lower_unit(struct lower *l, const struct node *n)
{
	struct unit_call u = { .l = l, .node = n, .op = n->unit };
	struct arena *a = l->p->arena;

	if (u.op->kind == KIND_DOT)
		return lower_dot(l, n);
	if (u.op->kind == KIND_BLOCK)
		return lower_blocks(l, n);
	if (u.op->kind == KIND_RUNS)
		return lower_runs(l, n);
	if (!chip_vars_of(u.op, n, &u.vars))
		die("lower: '%s' is no %s", n->name, u.op->title);
	take_operands(&u);
	unit_numbers(&u);
	u.call = lower_call(l, n, arena_printf(a, "%s_%s_%s", u.op->chip->name, u.op->title, element_type(&u.operand[OPERAND_Y])));
	u.call->unit = u.op;
	if (!unit_text(&u))
		return false;
	unit_order(&u);
	give_output(&u);
	return true;
}
