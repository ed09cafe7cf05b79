/* The graph's nodes as statements: a pipe is a layer and what belongs to it, its activation for one.  Only nodes that follow each other
 * in the graph become one pipe, so that the text has the graph's order. */
#include <config.h>
#include <string.h>
#include "import/net.h"

/* What a stage of a pipe is to the stages beside it. */
enum role {
	ROLE_NONE,      /* no operation of the language */
	ROLE_LAYER,     /* has weights */
	ROLE_POOL,      /* windows, means */
	ROLE_ACT,       /* one value in, elementwise */
	ROLE_NORM,      /* batchnorm */
	ROLE_MOVE,      /* the same elements elsewhere */
	ROLE_PAD,
	ROLE_MATH,      /* add, sub, mul */
	ROLE_FORMAT,    /* another number format */
	ROLE_OTHER
};

static const enum role roles[OP_COUNT] = {
	[OP_CONV2D] = ROLE_LAYER, [OP_DWCONV2D] = ROLE_LAYER, [OP_TCONV2D] = ROLE_LAYER, [OP_DENSE] = ROLE_LAYER,
	[OP_MAXPOOL] = ROLE_POOL, [OP_AVGPOOL] = ROLE_POOL, [OP_MEAN] = ROLE_POOL,
	[OP_RELU] = ROLE_ACT, [OP_RELU6] = ROLE_ACT, [OP_CLIP] = ROLE_ACT, [OP_LEAKY_RELU] = ROLE_ACT, [OP_HARD_SWISH] = ROLE_ACT,
	[OP_SIGMOID] = ROLE_ACT, [OP_TANH] = ROLE_ACT,
	[OP_BATCHNORM] = ROLE_NORM,
	[OP_RESHAPE] = ROLE_MOVE, [OP_FLATTEN] = ROLE_MOVE, [OP_TRANSPOSE] = ROLE_MOVE,
	[OP_PAD] = ROLE_PAD,
	[OP_ADD] = ROLE_MATH, [OP_SUB] = ROLE_MATH, [OP_MUL] = ROLE_MATH,
	[OP_DEQUANTIZE] = ROLE_FORMAT, [OP_REQUANTIZE] = ROLE_FORMAT,
	[OP_CONCAT] = ROLE_OTHER, [OP_SLICE] = ROLE_OTHER, [OP_RESIZE] = ROLE_OTHER, [OP_SOFTMAX] = ROLE_OTHER,
	[OP_SHUFFLE] = ROLE_OTHER, [OP_QUANTIZE] = ROLE_OTHER, [OP_COPY] = ROLE_OTHER,
};

/* The roles that may follow each role in a pipe, as bits. */
#define R(role) (1u << ROLE_##role)
static const unsigned follows[] = {
	[ROLE_NONE] = 0,
	[ROLE_LAYER] = R(ACT) | R(NORM) | R(FORMAT),
	[ROLE_POOL] = R(ACT) | R(MOVE) | R(FORMAT),
	[ROLE_ACT] = R(ACT) | R(NORM) | R(FORMAT),
	[ROLE_NORM] = R(ACT),
	[ROLE_MOVE] = R(MOVE) | R(FORMAT),
	[ROLE_PAD] = R(LAYER) | R(POOL),
	[ROLE_MATH] = R(ACT) | R(NORM) | R(MATH) | R(FORMAT),
	[ROLE_FORMAT] = 0,
	[ROLE_OTHER] = R(ACT) | R(FORMAT),
};
#undef R

enum { STAGES_MAX = 16 };

/* How many operands of N its call writes. */
static int
operand_count(const struct node *n)
{
	int count = 0;

	for (int k = 0; k < n->nin; k++)
		count += net_is_operand(n, k);
	return count;
}

/* Whether N goes on with the pipe IT: it alone reads what comes out, as its first operand, and has no second but a constant. */
static bool
joins(const struct net_item *it, const struct node *n)
{
	const struct node *last = it->nodes[it->nnodes - 1];
	int operands = operand_count(n);
	bool flattened = n->op == OP_DENSE && roles[last->op] == ROLE_MOVE && roles[it->nodes[0]->op] == ROLE_MOVE;

	if (n->in[0] != last->out || last->out->uses != 1 || it->nnodes - it->nextra >= STAGES_MAX)
		return false;
	if (operands > 2 || (operands == 2 && !n->in[1]->data))
		return false;
	return flattened || follows[roles[last->op]] >> roles[n->op] & 1;
}

/* ---- requantised inputs of a concat ---- */

/* How many nodes from N on are requantisations that the language adds by itself to the concat behind them: of its inputs, in their
 * order. */
static int
requantised_inputs(const struct node *n)
{
	const struct node *concat = n, *made = n;
	int count = 0;

	for (; concat && concat->op == OP_REQUANTIZE; concat = concat->next) {
		if (concat->out->uses != 1 || quant_equal(&concat->in[0]->quant, &concat->out->quant))
			return 0;
		count++;
	}
	if (!concat || concat->op != OP_CONCAT)
		return 0;
	for (int k = 0; k < concat->nin && made != concat; k++)
		if (concat->in[k]->producer == made)
			made = made->next;
	return made == concat ? count : 0;
}

/* What the text reads in place of T. */
static struct tensor *
requantised(const struct net_item *it, struct tensor *t)
{
	for (int i = 0; i < it->nextra; i++)
		if (it->nodes[i]->out == t)
			return it->nodes[i]->in[0];
	return t;
}

/* ---- fields ---- */

struct fields { ARRAY(struct net_field) list; };

static bool
passes_scale_back(enum op op)
{
	return op == OP_RELU || op == OP_RELU6 || op == OP_CLIP;
}

/* The stage whose type states the scale of stage K: that of the last activation behind it with the same scale.  -1: nobody need. */
static int
scale_stage(const struct net_item *it, int k)
{
	const struct node *n = it->nodes[k];
	const struct tensor *from = k == it->nextra ? it->in[0] : n->in[0];

	if (n->out->dtype != DT_I8)
		return -1;
	if (op_info[n->op].quant == QUANT_STATED) {
		while (k + 1 < it->nnodes && passes_scale_back(it->nodes[k + 1]->op)
				&& quant_equal(&it->nodes[k + 1]->out->quant, &n->out->quant))
			k++;
		return k;
	}
	if (!(op_info[n->op].flags & OPF_RESCALE) && n->op != OP_CONCAT)
		return -1;
	return quant_equal(&from->quant, &n->out->quant) ? -1 : k;
}

static void
add_scale(struct net_writer *w, struct fields *f, const struct quant *q, int stage)
{
	struct net_field scale = { .key = "scale", .stage = stage, .form = { net_scale(w, q->scale[0]) } };
	struct net_field zero = { .key = "zero", .stage = stage, .form = { intern_printf(w->names, "%d", q->zero) } };

	if (q->zero == 0) {
		zero.form[1] = zero.form[0];
		zero.form[0] = intern(w->names, "");
	}
	ARRAY_PUSH(w->arena, f->list, scale);
	ARRAY_PUSH(w->arena, f->list, zero);
}

/* The constant operands and the attributes of stage K. */
static void
add_stage(struct net_writer *w, struct fields *f, const struct net_item *it, int k)
{
	const struct node *n = it->nodes[k];

	for (int i = 0; i < n->nin; i++) {
		struct net_field operand = { .stage = k, .operand = i, .constant = n->in[i] };

		if (!n->in[i]->data || !net_is_operand(n, i))
			continue;
		operand.form[0] = net_operand(w, n->in[i]);
		ARRAY_PUSH(w->arena, f->list, operand);
	}
	for (int a = 0; a < ATTR_COUNT; a++) {
		struct net_field attr = { .stage = k };

		if (net_attr_forms(w, n, (enum attr)a, &attr))
			ARRAY_PUSH(w->arena, f->list, attr);
	}
}

static void
add_fields(struct net_writer *w, struct net_item *it)
{
	struct fields f = { 0 };
	bool stated[STAGES_MAX + 1] = { false };

	for (int k = it->nextra; k < it->nnodes; k++) {
		int at = scale_stage(it, k);

		if (at >= 0)
			stated[at - it->nextra] = true;
		add_stage(w, &f, it, k);
		if (stated[k - it->nextra])
			add_scale(w, &f, &it->nodes[k]->out->quant, k);
	}
	it->fields = f.list.v;
	it->nfields = (int)f.list.n;
}

/* ---- constants ---- */

/* Constants of the same elements, shape and scale are one: the first that is read. */
static struct tensor *
stored_as(struct net_writer *w, struct map *seen, struct tensor *t)
{
	char text[SHAPE_TEXT];
	const struct quant *q = &t->quant;
	name key = intern_printf(w->names, "%p %s %d %p %a %d", t->data, shape_text(&t->shape, text, sizeof text), q->count,
		(const void *)(q->count > 1 ? q->scale : NULL), q->count == 1 ? (double)q->scale[0] : 0, q->zero);
	struct tensor *first = map_get(seen, key);

	if (!first)
		map_put(seen, key, first = t);
	return first;
}

void
net_find_constants(struct net_writer *w)
{
	struct map *seen = map_new(w->arena);

	for (struct node *n = w->g->first; n; n = n->next)
		for (int k = 0; k < n->nin; k++) {
			struct tensor *t = n->in[k];

			if (!t->data)
				continue;
			t = w->stored[t->id] = stored_as(w, seen, t);
			if (w->owner[t->id])
				continue;
			w->owner[t->id] = n;
			w->slot[t->id] = k;
		}
}

/* Whether N reads weights that are named after another layer. */
static bool
borrows(const struct net_writer *w, const struct node *n)
{
	for (int k = 0; k < n->nin; k++)
		if (n->in[k]->data && !net_is_operand(n, k) && w->owner[w->stored[n->in[k]->id]->id] != n)
			return true;
	return false;
}

/* ---- statements ---- */

static bool
states_scale(const struct net_item *it, int stage)
{
	for (int i = 0; i < it->nfields; i++)
		if (it->fields[i].stage == stage && net_is_scale(&it->fields[i]))
			return true;
	return false;
}

/* What of N's operands cannot be a parameter: how many there are, and i8 constants. */
static const char *
operands_token(struct net_writer *w, const struct node *n)
{
	const char *text = "";

	if (op_info[n->op].flags & OPF_VARIADIC)
		return arena_printf(w->arena, "%d", n->nin);
	for (int i = 0; i < n->nin && net_is_operand(n, i); i++) {
		const struct tensor *t = n->in[i];

		text = arena_printf(w->arena, "%s%c", text, t->data ? 'c' : 'v');
		if (t->data && t->dtype == DT_I8)
			text = arena_printf(w->arena, "%s%s %a %d", text, net_operand(w, t), (double)t->quant.scale[0], t->quant.zero);
	}
	return text;
}

/* The operations, and of each what cannot be a parameter: its operands, whether its scale is written. */
static name
token(struct net_writer *w, const struct net_item *it)
{
	const char *text = arena_printf(w->arena, "%d", it->nextra);

	for (int k = it->nextra; k < it->nnodes; k++)
		text = arena_printf(w->arena, "%s %s%s %s", text, op_info[it->nodes[k]->op].name, states_scale(it, k) ? "!" : "",
			operands_token(w, it->nodes[k]));
	return intern(w->names, text);
}

/* Whether the statement is like no other: the names of other layers' weights are in it. */
static bool
is_single(const struct net_writer *w, const struct net_item *it)
{
	for (int k = it->nextra; k < it->nnodes; k++)
		if (borrows(w, it->nodes[k]))
			return true;
	return false;
}

/* What the statement of IT's nodes reads and gives. */
static void
add_values(struct net_writer *w, struct net_item *it)
{
	const struct node *head = it->nodes[it->nextra];

	it->in = ARENA_ARRAY(w->arena, struct tensor *, (size_t)head->nin);
	for (int k = 0; k < head->nin; k++)
		if (net_is_operand(head, k))
			it->in[it->nin++] = head->in[k]->data ? NULL : requantised(it, head->in[k]);
	it->out = ARENA_NEW(w->arena, struct tensor *);
	it->out[it->nout++] = it->nodes[it->nnodes - 1]->out;
	it->vars = ARENA_NEW(w->arena, name);
	it->output = ARENA_NEW(w->arena, bool);
	it->labels = &w->label[it->nodes[net_main_stage(it)]->out->id];
}

/* The statement that begins with N. */
static struct net_item *
statement(struct net_writer *w, struct node *n)
{
	struct net_item *it = ARENA_NEW(w->arena, struct net_item);
	ARRAY(struct node *) nodes = { 0 };

	it->nextra = requantised_inputs(n);
	for (int i = 0; i <= it->nextra; i++, n = n->next)
		ARRAY_PUSH(w->arena, nodes, n);
	it->nodes = nodes.v;
	it->nnodes = it->nextra + 1;
	for (; n && (n->op != OP_REQUANTIZE || !requantised_inputs(n)) && joins(it, n); n = n->next) {
		ARRAY_PUSH(w->arena, nodes, n);
		it->nodes = nodes.v;
		it->nnodes++;
	}
	add_values(w, it);
	add_fields(w, it);
	it->token = is_single(w, it) ? NULL : token(w, it);
	return it;
}

void
net_segment(struct net_writer *w)
{
	for (struct node *n = w->g->first; n;) {
		struct net_item *it = statement(w, n);

		n = it->nodes[it->nnodes - 1]->next;
		ARRAY_PUSH(w->arena, w->top.items, it);
	}
}

bool
net_owns_weights(enum op op)
{
	return roles[op] == ROLE_LAYER || roles[op] == ROLE_NORM;
}

int
net_main_stage(const struct net_item *it)
{
	for (int k = it->nextra; k < it->nnodes; k++)
		if (net_owns_weights(it->nodes[k]->op))
			return k;
	return it->nnodes - 1;
}

bool
net_is_scale(const struct net_field *f)
{
	return f->key && (strcmp(f->key, "scale") == 0 || strcmp(f->key, "zero") == 0);
}
