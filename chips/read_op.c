/* op KIND ["mode"] { ... }: one unit of the chip. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "chips/reader.h"

#define K(k) (1u << KIND_##k)
enum {
	LAYERS = K(CONV2D) | K(DWCONV2D) | K(TCONV2D) | K(DENSE),
	POOLS = K(MAXPOOL) | K(AVGPOOL),
	WINDOWS = K(CONV2D) | K(DWCONV2D) | K(TCONV2D) | POOLS,
	PAIRS = K(ADD) | K(MUL),
	SCALED = LAYERS | PAIRS | K(RELU) | K(REQUANTIZE), /* make i8 values of another scale */
	EVERY = (1u << KIND_COUNT) - 1
};

/* ---- properties other than variables ---- */

static void read_kernel(struct reader *r, const struct ast_chip_item *item) { read_pair(r, item, VAR_KH, VAR_KW); }
static void read_stride(struct reader *r, const struct ast_chip_item *item) { read_pair(r, item, VAR_SH, VAR_SW); }
static void read_dilation(struct reader *r, const struct ast_chip_item *item) { read_pair(r, item, VAR_DH, VAR_DW); }

static const struct property {
	const char *name;
	unsigned kinds;          /* that have it */
	void (*read)(struct reader *, const struct ast_chip_item *);
	bool several;            /* may stand more than once */
} properties[] = {
	{ "type",            EVERY,  read_type, true },
	{ "kernel",          WINDOWS, read_kernel, false },
	{ "stride",          WINDOWS, read_stride, false },
	{ "dilation",        K(CONV2D) | K(DWCONV2D), read_dilation, false },
	{ "pad",             WINDOWS, read_pad, false },
	{ "layout",          EVERY,  read_layout, true },
	{ "partial",         K(CONV2D) | K(DWCONV2D) | K(DENSE), read_partial, false },
	{ "requant",         SCALED, read_requant, false },
	{ "multiplier_bits", SCALED, read_multiplier_bits, false },
	{ "shift",           SCALED | K(BLOCK), read_shift, false },
	{ "accumulator",     LAYERS | K(DOT) | K(BLOCK), read_accumulator, false },
	{ "offset",          K(RUNS), read_offset, false },
	{ "activation",      LAYERS | POOLS | PAIRS | K(REQUANTIZE), read_activation, false },
	{ "zero_points",     SCALED, read_zero_points, false },
	{ "padding",         K(CONV2D) | K(DWCONV2D) | POOLS, read_padding, false },
	{ "order",           EVERY & ~(K(TCONV2D) | K(DOT) | K(BLOCK) | K(RUNS)), read_order, false },
};
enum { PROPERTIES = sizeof properties / sizeof *properties };

static void
suggest_property(struct reader *r, const struct ast_chip_item *item)
{
	ARRAY(const char *) known = { 0 };

	for (int i = 0; i < PROPERTIES; i++)
		if (properties[i].kinds >> r->op->kind & 1)
			ARRAY_PUSH(r->arena, known, properties[i].name);
	for (int v = 0; v < VAR_COUNT; v++)
		if (r->vars >> v & 1)
			ARRAY_PUSH(r->arena, known, chip_var_info[v].name);
	reader_suggest(r, item->name_loc, item->name, known.v, known.n);
}

static void
no_such(struct reader *r, const struct ast_chip_item *item)
{
	diag_error(r->diag, item->name_loc, "a %s has no property '%s'", chip_kind_info[r->op->kind].name, item->name);
}

static void
read_property(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item)
{
	enum chip_var v;

	if (chip_var_lookup(item->name, &v)) {
		if (!(r->vars >> v & 1))
			no_such(r, item);
		else if (reader_is_first(r, items, item))
			read_set(r, item, v);
		return;
	}
	for (int i = 0; i < PROPERTIES; i++) {
		const struct property *p = &properties[i];

		if (strcmp(p->name, item->name) != 0)
			continue;
		if (!(p->kinds >> r->op->kind & 1))
			no_such(r, item);
		else if (p->several || reader_is_first(r, items, item))
			p->read(r, item);
		return;
	}
	no_such(r, item);
	suggest_property(r, item);
}

/* ---- conditions, costs ---- */

static const struct ast_expr *
formula(struct reader *r, const struct ast_chip_item *item)
{
	r->seen_vars = 0;
	r->seen_operands = 0;
	r->seen_weights = false;
	return expr_resolve(r, item->cond);
}

static void
read_where(struct reader *r, const struct ast_chip_item *item)
{
	const struct ast_expr *cond = formula(r, item);
	struct chip_limit *l = ARENA_NEW(r->arena, struct chip_limit);

	if (!cond)
		return;
	*l = (struct chip_limit){ .kind = LIMIT_WHERE, .loc = item->loc, .cond = cond, .message = item->text->u.str.s,
		.operands = r->seen_operands, .vars = r->seen_vars, .source = chip_source_text(r->arena, r->chip, item->loc) };
	r->op->reads_weights = r->op->reads_weights || r->seen_weights;
	*r->limit = l;
	r->limit = &l->next;
}

static void
read_cost(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item)
{
	static const char *const known[] = { "cycles", "bytes", "scratch" };
	bool cycles = strcmp(item->name, "cycles") == 0, scratch = strcmp(item->name, "scratch") == 0;

	if (!cycles && !scratch && strcmp(item->name, "bytes") != 0) {
		diag_error(r->diag, item->name_loc, "a call costs cycles, bytes and scratch, not '%s'", item->name);
		reader_suggest(r, item->name_loc, item->name, known, 3);
		return;
	}
	if (scratch && r->op->kind != KIND_BLOCK) {
		diag_error(r->diag, item->name_loc, "only blocks are given working memory");
		return;
	}
	if (!reader_is_first(r, items, item))
		return;
	const struct ast_expr *e = formula(r, item);
	if (e && r->seen_weights) {
		diag_error(r->diag, item->cond->loc, "a cost cannot depend on the weights' values");
		return;
	}
	if (cycles) {
		r->op->cycles = e;
		r->op->cycles_loc = item->loc;
	} else if (scratch)
		r->op->scratch = e;
	else
		r->op->cost_bytes = e;
}

/* ---- the head ---- */

static bool
is_mode(const char *s)
{
	if (!*s || strlen(s) > 64)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(" _-.+", *s))
			return false;
	return true;
}

static bool
read_mode(struct reader *r, const struct ast_expr *e, const char *kind, struct chip_op *op)
{
	if (!e) {
		op->title = intern(r->names, kind);
		return true;
	}
	if (e->kind != EXPR_STRING || e->next) {
		diag_error(r->diag, e->loc, "behind the kind stands at most a mode: op %s \"MODE\"", kind);
		return false;
	}
	if (!is_mode(e->u.str.s)) {
		diag_error(r->diag, e->loc, "a mode is 1 to 64 letters, digits, spaces and '_-.+'");
		return false;
	}
	op->title = intern_printf(r->names, "%s %s", kind, e->u.str.s);
	return true;
}

static bool
read_head(struct reader *r, const struct ast_chip_item *item, struct chip_op *op)
{
	const struct ast_expr *e = item->words;
	const char *known[KIND_COUNT];

	if (!e || e->kind != EXPR_NAME) {
		diag_error(r->diag, e ? e->loc : item->name_loc, "what the unit does is missing: op conv2d { ... }");
		return false;
	}
	if (!chip_kind_lookup(e->u.str.s, &op->kind)) {
		for (int i = 0; i < KIND_COUNT; i++)
			known[i] = chip_kind_info[i].name;
		diag_error(r->diag, e->loc, "there is no kind of unit '%s'", e->u.str.s);
		reader_suggest(r, e->loc, e->u.str.s, known, KIND_COUNT);
		return false;
	}
	op->loc = (struct loc){ item->name_loc.start, e->next ? e->next->loc.end : e->loc.end };
	if (!read_mode(r, e->next, e->u.str.s, op))
		return false;
	for (size_t i = 0; i < r->chip->ops.n; i++)
		if (r->chip->ops.v[i].title == op->title) {
			diag_error(r->diag, op->loc, "'%s' is described twice; tell units of one kind apart by modes: op %s \"MODE\"", op->title,
				e->u.str.s);
			diag_note(r->diag, r->chip->ops.v[i].loc, "the first is here");
			return false;
		}
	return true;
}

static void
read_item(struct reader *r, const struct ast_chip_item *items, const struct ast_chip_item *item)
{
	static const char *const known[] = { "call", "doc" };

	switch (item->kind) {
	case CHIP_ERROR:
		return;
	case CHIP_PROP:
		read_property(r, items, item);
		return;
	case CHIP_WHERE:
		read_where(r, item);
		return;
	case CHIP_COST:
		read_cost(r, items, item);
		return;
	case CHIP_WORDS:
		if (strcmp(item->name, "call") == 0) {
			if (reader_is_first(r, items, item))
				read_call(r, item);
			return;
		}
		if (strcmp(item->name, "doc") == 0) {
			if (reader_is_first(r, items, item))
				r->op->doc = reader_text(r, item, item->words);
			return;
		}
		break;
	case CHIP_SECTION:
		break;
	}
	diag_error(r->diag, item->name_loc, "'%s' does not stand in an op", item->name);
	reader_suggest(r, item->name_loc, item->name, known, 2);
}

void
read_op(struct reader *r, const struct ast_chip_item *item, struct chip_op *op)
{
	*op = (struct chip_op){ .chip = r->chip, .accumulator_bits = 32, .partial_type = DT_COUNT,
		.activations = CHIP_ACT_NONE, .requant = { .shift_lo = -31, .shift_hi = 30, .multiplier_bits = 32 } };
	if (!read_head(r, item, op))
		return;
	int errors = r->diag->errors;

	r->op = op;
	r->limit = &op->limits;
	r->vars = chip_kind_vars(op->kind);
	r->operands = chip_kind_operands(op->kind);
	layout_defaults(op);
	for (const struct ast_chip_item *it = item->items; it; it = it->next)
		read_item(r, item->items, it);
	if (!op->padding_loc.start)
		op->pads_zero_point = op->x_zero || (1u << op->kind & POOLS);
	if (errors == r->diag->errors)
		check_op(r);
	r->op = NULL;
}
