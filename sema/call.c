/* An operation's call -> a node: which argument is what, whether all are there, and the scale of its result. */
#include <config.h>
#include <string.h>
#include "sema/call.h"

#define BIT(attr) (UINT64_C(1) << ATTR_##attr)

/* Attributes that neither have a default nor come from a weight or the input. */
static const uint64_t required[OP_COUNT] = {
	[OP_MAXPOOL] = BIT(KERNEL),   [OP_AVGPOOL] = BIT(KERNEL), [OP_RESHAPE] = BIT(SHAPE),  [OP_TRANSPOSE] = BIT(PERM),
	[OP_SLICE] = BIT(BEGIN),      [OP_RESIZE] = BIT(SIZE) | BIT(MODE), [OP_CLIP] = BIT(LO) | BIT(HI),
	[OP_SHUFFLE] = BIT(GROUPS),   [OP_LRN] = BIT(WINDOW),
};

bool
op_owns_weights(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_TCONV2D || op == OP_DENSE || op == OP_BATCHNORM;
}

static bool
has_weight_scale(enum op op)
{
	return op_owns_weights(op) && op != OP_BATCHNORM;
}

static bool
takes_constants(enum op op)
{
	return op == OP_ADD || op == OP_SUB || op == OP_MUL;
}

/* How many inputs are values of the network (the others are bound by the layer's path). */
static int
value_inputs(enum op op)
{
	bool bound;
	int n = 0;

	for (int k = 0; k < op_info[op].max_inputs; k++) {
		op_input_name(op, k, &bound);
		n += !bound;
	}
	return n;
}

static bool
is_variadic(enum op op)
{
	return op_info[op].flags & OPF_VARIADIC;
}

static struct call *
call_new(struct sema *s)
{
	struct call *c = s->free_calls;

	if (!c)
		return ARENA_NEW(s->arena, struct call);
	s->free_calls = c->next;
	struct operand *operands = c->operands.v;
	size_t operand_cap = c->operands.cap;
	struct tensor **in = c->in.v;
	size_t in_cap = c->in.cap;

	memset(c, 0, sizeof *c);
	c->operands.v = operands;
	c->operands.cap = operand_cap;
	c->in.v = in;
	c->in.cap = in_cap;
	return c;
}

static void
call_free(struct sema *s, struct call *c)
{
	c->next = s->free_calls;
	s->free_calls = c;
}

/* ---- arguments ---- */

static void
unknown_arg(struct sema *s, const struct call *c, const struct ast_arg *arg)
{
	ARRAY(const char *) names = { 0 };
	bool bound;

	sema_error(s, arg->key_loc, "'%s' has no argument '%s'", op_info[c->op].name, arg->key);
	if (!sema_explains(s))
		return;
	for (int a = 0; a < ATTR_COUNT; a++)
		if (op_info[c->op].attrs >> a & 1 && !attr_info[a].internal)
			ARRAY_PUSH(s->arena, names, attr_info[a].name);
	for (int k = 0; k < op_info[c->op].max_inputs && !is_variadic(c->op); k++)
		ARRAY_PUSH(s->arena, names, op_input_name(c->op, k, &bound));
	if (op_owns_weights(c->op))
		ARRAY_PUSH(s->arena, names, "weights");
	if (has_weight_scale(c->op))
		ARRAY_PUSH(s->arena, names, "weight_scale");
	sema_suggest(s, arg->key_loc, arg->key, names.v, names.n);
}

static void
given_twice(struct sema *s, struct call *c, const struct ast_arg *arg, const char *what, struct loc first)
{
	sema_error(s, arg->loc, "'%s' of '%s' is given twice", what, op_info[c->op].name);
	if (first.start)
		sema_note(s, first, "first here");
	c->failed = true;
}

/* How a value that is an argument of C makes its layers: below C's own name. */
static struct place
nested_place(const struct call *c, struct loc loc)
{
	struct place nested = { .seg = c->place->seg, .loc = loc };

	if (c->op == OP_RELU || c->op == OP_RELU6 || c->op == OP_CLIP)
		nested.reach = c->place->type && c->place->type->scale ? c->place->type : c->place->reach;
	return nested;
}

/* "[1, 2] : i8[2] scale S" as an operand: its type belongs to the constant. */
static bool
is_typed_constant(const struct sema *s, const struct ast_expr *e)
{
	if (e->kind != EXPR_PIPE || e->u.pipe.first->next || !e->u.pipe.first->type)
		return false;
	const struct ast_expr *inner = e->u.pipe.first->expr;
	return inner->kind == EXPR_LIST || inner->kind == EXPR_INT || inner->kind == EXPR_FLOAT || inner->kind == EXPR_UNARY
		|| inner->kind == EXPR_BINARY || inner->kind == EXPR_INDEX
		|| (inner->kind == EXPR_NAME && s->frame && !is_tensor_name(s, inner->u.str.s))
		|| (inner->kind == EXPR_CALL && source_is_function(inner->u.call.callee));
}

static struct operand
eval_operand(struct sema *s, struct call *c, const struct ast_arg *arg)
{
	struct operand o = { .given = true, .expr = arg->value, .loc = arg->value->loc };
	struct place nested = nested_place(c, o.loc);

	if (takes_constants(c->op) && is_typed_constant(s, arg->value)) {
		o.type = arg->value->u.pipe.first->type;
		o.value = eval_const(s, arg->value->u.pipe.first->expr);
	} else {
		o.value = eval(s, arg->value, &nested);
	}
	if (o.value.kind == VAL_ERROR)
		c->failed = true;
	return o;
}

static void
add_positional(struct sema *s, struct call *c, const struct ast_arg *arg)
{
	struct operand o = eval_operand(s, c, arg);

	/* Skip the inputs that were given by name. */
	for (size_t k = c->next_positional; k < c->operands.n; k++) {
		c->next_positional = k + 1;
		if (!c->operands.v[k].given) {
			c->operands.v[k] = o;
			return;
		}
	}
	ARRAY_PUSH(s->arena, c->operands, o);
	c->next_positional = c->operands.n;
}

static void
set_operand(struct sema *s, struct call *c, const struct ast_arg *arg, size_t k)
{
	struct operand o = eval_operand(s, c, arg);

	while (c->operands.n <= k)
		ARRAY_PUSH(s->arena, c->operands, (struct operand){ 0 });
	if (c->operands.v[k].given)
		given_twice(s, c, arg, arg->key, c->operands.v[k].loc);
	else
		c->operands.v[k] = o;
}

/* An argument that is one of the operation's inputs; false: it is not. */
static bool
input_arg(struct sema *s, struct call *c, const struct ast_arg *arg)
{
	for (int k = 0; k < op_info[c->op].max_inputs && !is_variadic(c->op); k++) {
		bool bound;

		if (strcmp(op_input_name(c->op, k, &bound), arg->key) != 0)
			continue;
		if (!bound)
			set_operand(s, c, arg, (size_t)k);
		else if (c->bound[k])
			given_twice(s, c, arg, arg->key, c->bound[k]->loc);
		else
			c->bound[k] = arg;
		return true;
	}
	return false;
}

/* The value of an attribute; a name that is nothing else is taken for one of the attribute's words. */
static struct value
eval_word(struct sema *s, const struct ast_expr *e, enum attr_kind kind)
{
	bool words = kind == ATTR_KIND_PAD || kind == ATTR_KIND_MODE || kind == ATTR_KIND_BOOL;

	if (words && e->kind == EXPR_NAME && !scope_find(&s->frame->scope, e->u.str.s))
		return (struct value){ .kind = VAL_WORD, .u.word = e->u.str.s };
	return eval_const(s, e);
}

static bool
attr_arg(struct sema *s, struct call *c, const struct ast_arg *arg)
{
	enum attr a;

	if (!attr_lookup(arg->key, &a) || !(op_info[c->op].attrs >> a & 1) || attr_info[a].internal)
		return false;
	struct value v = eval_word(s, arg->value, attr_info[a].kind);
	if (call_wrote(c, a)) {
		given_twice(s, c, arg, arg->key, c->attr_arg[a]->loc);
		return true;
	}
	c->written |= UINT64_C(1) << a;
	c->attr_arg[a] = arg;
	if (!attr_set(s, &c->attr, a, v, arg->value->loc, &c->same))
		c->failed = true;
	return true;
}

static bool
weights_arg(struct sema *s, struct call *c, const struct ast_arg *arg)
{
	if (op_owns_weights(c->op) && arg->key == s->word_weights) {
		if (c->prefix_arg)
			given_twice(s, c, arg, arg->key, c->prefix_arg->loc);
		else if (!eval_prefix(s, arg, &c->prefix))
			c->failed = true;
		c->prefix_arg = arg;
		return true;
	}
	if (!has_weight_scale(c->op) || strcmp(arg->key, "weight_scale") != 0)
		return false;
	if (c->scale)
		given_twice(s, c, arg, arg->key, c->scale->loc);
	c->scale = arg;
	return true;
}

static void
gather(struct sema *s, struct call *c, const struct value *piped)
{
	if (piped) {
		struct operand o = { .given = true, .value = *piped, .loc = c->loc };

		ARRAY_PUSH(s->arena, c->operands, o);
		c->next_positional = 1;
		if (piped->kind == VAL_ERROR)
			c->failed = true;
	}
	for (const struct ast_arg *arg = c->expr->u.call.args; arg; arg = arg->next) {
		if (!arg->key) {
			add_positional(s, c, arg);
		} else if (!input_arg(s, c, arg) && !attr_arg(s, c, arg) && !weights_arg(s, c, arg)) {
			unknown_arg(s, c, arg);
			c->failed = true;
		}
	}
}

static void
check_operands(struct sema *s, struct call *c)
{
	size_t want = (size_t)value_inputs(c->op), given = 0, tensors = 0;
	const char *what = op_info[c->op].name;

	for (size_t k = 0; k < c->operands.n; k++) {
		const struct operand *o = &c->operands.v[k];
		bool tensor = o->value.kind == VAL_TENSOR;

		given += o->given;
		tensors += tensor || o->value.kind == VAL_ERROR;
		if (!o->given || tensor || o->value.kind == VAL_ERROR || takes_constants(c->op))
			continue;
		sema_error(s, o->loc, "'%s' takes values of the network, found %s", what, value_text(s, o->value));
		c->failed = true;
	}
	if (is_variadic(c->op) ? given < want : given != want) {
		sema_error(s, c->loc, "'%s' takes %zu input%s%s, found %zu", what, want, want == 1 ? "" : "s",
			is_variadic(c->op) ? " or more" : "", given);
		c->failed = true;
	} else if (tensors == 0 && !c->failed) {
		sema_error(s, c->loc, "'%s' needs a value of the network among its inputs; compute constants with operators", what);
		c->failed = true;
	}
}

static void
check_required(struct sema *s, struct call *c)
{
	uint64_t missing = required[c->op] & ~c->written;

	for (int a = 0; a < ATTR_COUNT; a++)
		if (missing >> a & 1) {
			sema_error(s, c->loc, "'%s' needs '%s': %s", op_info[c->op].name, attr_info[a].name, attr_info[a].help);
			c->failed = true;
		}
	if (c->op == OP_PAD && !call_wrote(c, ATTR_BEFORE) && !call_wrote(c, ATTR_AFTER)) {
		sema_error(s, c->loc, "'pad' needs 'before' or 'after': the cells to add to each dimension");
		c->failed = true;
	}
}

/* ---- inputs ---- */

static bool
needs_image(enum op op)
{
	return op == OP_CONV2D || op == OP_DWCONV2D || op == OP_TCONV2D || op == OP_MAXPOOL || op == OP_AVGPOOL;
}

static bool
check_rank(struct sema *s, const struct call *c)
{
	char text[SHAPE_TEXT];
	const struct tensor *x = c->in.v[0];

	if (needs_image(c->op) ? x->shape.rank == 3 : x->shape.rank > 0 || !op_owns_weights(c->op))
		return true;
	sema_error(s, c->operands.v[0].loc, "'%s' takes %s, found '%s' of %s", op_info[c->op].name,
		needs_image(c->op) ? "an image [height, width, channels]" : "at least one dimension", x->name,
		shape_text(&x->shape, text, sizeof text));
	return false;
}

/* The constants among the operands become tensors beside the one that is a value. */
static bool
make_inputs(struct sema *s, struct call *c)
{
	const struct tensor *x = NULL;

	for (size_t k = 0; k < c->operands.n && !x; k++)
		if (c->operands.v[k].value.kind == VAL_TENSOR)
			x = c->operands.v[k].value.u.tensor;
	for (size_t k = 0; k < c->operands.n; k++) {
		const struct operand *o = &c->operands.v[k];
		bool bound;
		struct tensor *t = o->value.kind == VAL_TENSOR ? o->value.u.tensor
			: bind_operand(s, c, o, op_input_name(c->op, (int)k, &bound), x);

		if (!t)
			return false;
		ARRAY_PUSH(s->arena, c->in, t);
	}
	return true;
}

static void
complete_attrs(struct call *c)
{
	const int32_t *in = c->in.v[0]->shape.dim;
	struct attrs *a = &c->attr;

	if (!needs_image(c->op))
		return;
	for (int i = 0; i < 2; i++)
		if (a->kernel[i] == KERNEL_ALL)
			a->kernel[i] = in[i];
	if ((c->op == OP_MAXPOOL || c->op == OP_AVGPOOL) && !call_wrote(c, ATTR_STRIDE))
		memcpy(a->stride, a->kernel, sizeof a->stride);
	if (c->same && c->op == OP_TCONV2D) {
		int32_t output_pad[2];

		pad_same_transposed(a, a->pad, output_pad);
		if (!call_wrote(c, ATTR_OUTPUT_PAD))
			memcpy(a->output_pad, output_pad, sizeof output_pad);
	} else if (c->same) {
		pad_same(in, a, a->pad);
	}
}

/* ---- the result's scale ---- */

static enum dtype
result_dtype(const struct call *c)
{
	return c->op == OP_QUANTIZE ? DT_I8 : c->op == OP_DEQUANTIZE ? DT_F32 : c->in.v[0]->dtype;
}

/* The scale that was written for C's result; false after an error. */
static bool
written_quant(struct sema *s, const struct call *c, struct quant *quant)
{
	static const float one = 1;
	enum dtype dtype = result_dtype(c);
	bool stated = op_info[c->op].quant == QUANT_STATED && dtype_is_int(dtype);

	if (!type_quant(s, c->place->type, dtype, quant))
		return false;
	if (!quant->count && stated && c->place->reach && !type_quant(s, c->place->reach, dtype, quant))
		return false;
	if (quant->count || !stated)
		return true;
	sema_error(s, c->loc, "the i8 result of '%s' needs a scale", op_info[c->op].name);
	sema_note(s, c->loc, "write it after the call: %s(...) : scale 0.05 zero -128", op_info[c->op].name);
	*quant = (struct quant){ .count = 1, .scale = &one };
	return true;
}

static bool
rescales_after(enum op op)
{
	return op_info[op].quant == QUANT_SAME && !(op_info[op].flags & OPF_RESCALE) && op != OP_CONCAT;
}

/* Inputs of a concatenation take the result's scale: the one written, else the first input's. */
static void
unify_scales(struct sema *s, struct call *c, struct quant *quant)
{
	const struct quant *to = quant->count ? quant : &c->in.v[0]->quant;

	for (size_t k = 0; k < c->in.n; k++)
		if (c->in.v[k]->dtype == c->in.v[0]->dtype)
			c->in.v[k] = type_requantize(s, c->in.v[k], to, c->path, c->loc);
}

static bool
over_limit(struct sema *s, struct loc loc)
{
	if (s->graph->node_count < s->max_nodes)
		return false;
	sema_error(s, loc, "the network has more than %d operations", s->max_nodes);
	s->stopped = true;
	return true;
}

/* Where the message about an operation that the graph refused points. */
static struct loc
blamed_place(const struct call *c, const struct fault *f)
{
	size_t k = (size_t)f->which;

	switch (f->blame) {
	case BLAME_ATTR:
		return call_attr_loc(c, (enum attr)f->which);
	case BLAME_INPUT:
		if (k < c->operands.n)
			return c->operands.v[k].loc;
		return !is_variadic(c->op) && c->bound[k] ? c->bound[k]->value->loc : c->loc;
	case BLAME_SCALE:
		return c->place->type ? c->place->type->loc : c->loc;
	case BLAME_OP:
		break;
	}
	return c->loc;
}

static struct value
build(struct sema *s, struct call *c)
{
	char why[WHY_SIZE];
	struct quant quant;

	if (!written_quant(s, c, &quant))
		return VALUE_ERROR;
	if (c->op == OP_CONCAT)
		unify_scales(s, c, &quant);
	const struct quant *own = quant.count && !rescales_after(c->op) ? &quant : NULL;
	struct node *n = graph_add(s->graph, c->op, c->path, c->in.v, (int)c->in.n, &c->attr, own, c->expr->loc, why);
	if (!n) {
		sema_error(s, blamed_place(c, &s->graph->fault), "%s", why);
		return VALUE_ERROR;
	}
	if (c->place->main)
		s->last_main = n;
	struct tensor *out = n->out;
	if (rescales_after(c->op))
		out = type_requantize(s, out, &quant, c->path, c->expr->loc);
	if (c->place->type)
		type_check(s, c->place->type, out);
	return (struct value){ .kind = VAL_TENSOR, .u.tensor = out };
}

static struct value
call_build(struct sema *s, struct call *c)
{
	if (over_limit(s, c->loc))
		return VALUE_ERROR;
	c->path = path_layer(s, c->place, op_info[c->op].name, c->prefix, &c->wname);
	if (!make_inputs(s, c) || !check_rank(s, c))
		return VALUE_ERROR;
	if (op_owns_weights(c->op) && !bind_layer(s, c))
		return VALUE_ERROR;
	complete_attrs(c);
	return build(s, c);
}

struct value
call_op(struct sema *s, const struct ast_expr *e, enum op op, const struct value *piped, const struct place *place)
{
	struct call *c = call_new(s);
	struct value v = VALUE_ERROR;

	c->expr = e;
	c->op = op;
	c->loc = e->u.call.callee_loc;
	c->place = place;
	attrs_init(&c->attr);
	gather(s, c, piped);
	if (!s->stopped) {
		check_operands(s, c);
		check_required(s, c);
		if (!c->failed)
			v = call_build(s, c);
	}
	call_free(s, c);
	return v;
}
