/* Expressions: names, literals, arithmetic, calls and pipes.
 *
 * With a place, an expression may make layers and its value may be a tensor; without one it is a constant.  The left
 * spines of operators are walked in a loop, since a chain of additions nests as deep as it is long; other nesting
 * is what the user wrote as brackets, and NEST_MAX bounds it over all block calls. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "sema/build.h"

static void
stop(struct sema *s)
{
	s->stopped = true;
}

bool
eval_enter(struct sema *s, struct loc loc)
{
	if (s->stopped)
		return false;
	if (s->nest >= NEST_MAX) {
		sema_error(s, loc, "expressions and block calls nest deeper than %d", NEST_MAX);
		stop(s);
		return false;
	}
	s->nest++;
	return true;
}

void
eval_leave(struct sema *s)
{
	s->nest--;
}

/* ---- literals ---- */

static struct value
eval_items(struct sema *s, const struct ast_expr *e)
{
	struct value *v = ARENA_ARRAY(s->arena, struct value, e->u.items.n > 0 ? e->u.items.n : 1);
	bool ok = true;
	int64_t n = 0;

	for (const struct ast_expr *item = e->u.items.first; item; item = item->next, n++) {
		v[n] = eval_const(s, item);
		if (v[n].kind == VAL_TENSOR) {
			sema_error(s, item->loc, "a list holds constants, found %s", value_text(s, v[n]));
			v[n] = VALUE_ERROR;
		}
		ok = ok && v[n].kind != VAL_ERROR;
	}
	if (!ok)
		return VALUE_ERROR;
	return (struct value){ .kind = e->kind == EXPR_DIMS ? VAL_DIMS : VAL_LIST, .u.list = { v, n } };
}

struct piece { const char *s; size_t len; };

static bool
piece_of(struct sema *s, const struct ast_expr *e, struct piece *piece)
{
	struct value v = eval_const(s, e);

	switch (v.kind) {
	case VAL_INT:
		piece->s = arena_printf(s->arena, "%lld", (long long)v.u.i);
		break;
	case VAL_FLOAT:
		piece->s = arena_printf(s->arena, "%.9g", v.u.f);
		break;
	case VAL_WORD:
		piece->s = v.u.word;
		break;
	case VAL_STRING:
		*piece = (struct piece){ v.u.str.s, v.u.str.len };
		return true;
	case VAL_ERROR:
		return false;
	case VAL_LIST: case VAL_DIMS: case VAL_TENSOR: case VAL_RESULTS: case VAL_SOURCE:
		sema_error(s, e->loc, "only numbers, words and strings go into a string, found %s", value_text(s, v));
		return false;
	}
	piece->len = strlen(piece->s);
	return true;
}

struct value
interpolate(struct sema *s, const struct ast_expr *e)
{
	if (e->kind == EXPR_STRING)
		return (struct value){ .kind = VAL_STRING, .u.str = { e->u.str.s, e->u.str.len } };
	ARRAY(struct piece) pieces = { 0 };
	size_t len = 0;
	bool ok = true;

	for (const struct ast_expr *item = e->u.items.first; item; item = item->next) {
		struct piece piece;

		if (!piece_of(s, item, &piece)) {
			ok = false;
			continue;
		}
		len += piece.len;
		if (len > TEXT_MAX) {
			sema_error(s, e->loc, "the string grows longer than %d bytes", TEXT_MAX);
			return VALUE_ERROR;
		}
		ARRAY_PUSH(s->arena, pieces, piece);
	}
	if (!ok)
		return VALUE_ERROR;
	char *text = arena_alloc(s->arena, len + 1), *end = text;
	for (size_t i = 0; i < pieces.n; i++) {
		memcpy(end, pieces.v[i].s, pieces.v[i].len);
		end += pieces.v[i].len;
	}
	return (struct value){ .kind = VAL_STRING, .u.str = { text, len } };
}

/* ---- names and operators ---- */

static struct value
eval_name(struct sema *s, const struct ast_expr *e, const struct place *place)
{
	struct binding *b = scope_find(s->frame ? &s->frame->scope : &s->file, e->u.str.s);
	bool word = word_is_known(e->u.str.s);

	if (b && !(word && !place && b->value.kind == VAL_TENSOR)) {
		if (b->usage)
			b->usage->used = true;
		return b->value;
	}
	if (word)
		return (struct value){ .kind = VAL_WORD, .u.word = e->u.str.s };
	scope_unknown(s, e->u.str.s, e->loc);
	return VALUE_ERROR;
}

static bool
has_left(const struct ast_expr *e)
{
	return e->kind == EXPR_UNARY || e->kind == EXPR_BINARY || e->kind == EXPR_INDEX;
}

static struct value
eval_operand(struct sema *s, const struct ast_expr *e)
{
	struct value v = eval_const(s, e);
	enum op op;

	if (v.kind == VAL_ERROR && e->kind == EXPR_CALL && op_lookup_callable(e->u.call.callee, &op))
		sema_note(s, e->loc, "operators compute constants; for values of the network write add(a, b), sub(a, b), mul(a, b)");
	return v;
}

static struct value
eval_operators(struct sema *s, const struct ast_expr *e)
{
	ARRAY(const struct ast_expr *) spine = { 0 };

	for (; has_left(e); e = e->u.op.l)
		ARRAY_PUSH(s->arena, spine, e);
	struct value v = eval_operand(s, e);
	while (spine.n > 0) {
		e = spine.v[--spine.n];
		if (e->kind == EXPR_UNARY) {
			v = const_unary(s, e->u.op.oper, e->loc, v);
			continue;
		}
		struct value r = eval_operand(s, e->u.op.r);
		v = e->kind == EXPR_INDEX ? const_index(s, e->loc, v, r) : const_binary(s, e->u.op.oper, e->loc, v, r);
	}
	return v;
}

/* ---- calls and pipes ---- */

static bool
is_function(name callee)
{
	return const_is_function(callee) || source_is_function(callee);
}

static void
unknown_callee(struct sema *s, const struct ast_expr *e)
{
	ARRAY(const char *) names = { 0 };

	if (s->import_failed)
		return; /* it may be there */
	sema_error(s, e->u.call.callee_loc, "there is no operation, block or function '%s'", e->u.call.callee);
	if (!sema_explains(s))
		return;
	for (int i = 0; i < OP_COUNT; i++)
		if (!(op_info[i].flags & OPF_INTERNAL))
			ARRAY_PUSH(s->arena, names, op_info[i].name);
	for (size_t i = 0; const_function_name(i); i++)
		ARRAY_PUSH(s->arena, names, const_function_name(i));
	for (size_t i = 0; i < s->block_names.n; i++)
		ARRAY_PUSH(s->arena, names, s->block_names.v[i]);
	sema_suggest(s, e->u.call.callee_loc, e->u.call.callee, names.v, names.n);
}

static struct value
eval_call(struct sema *s, const struct ast_expr *e, const struct value *piped, const struct place *place)
{
	name callee = e->u.call.callee;
	const struct ast_item *block = map_get(s->blocks, callee);
	enum op op;
	bool is_op = op_lookup_callable(callee, &op);

	if ((block || is_op) && !place) {
		sema_error(s, e->u.call.callee_loc, "a constant is needed here, not the %s '%s'", block ? "block" : "operation",
			callee);
		return VALUE_ERROR;
	}
	if (block)
		return call_block(s, e, block, piped, place);
	if (is_op)
		return call_op(s, e, op, piped, place);
	if (!is_function(callee)) {
		unknown_callee(s, e);
		return VALUE_ERROR;
	}
	if (piped) {
		sema_error(s, e->u.call.callee_loc, "the function '%s' cannot be a stage of a pipe", callee);
		return VALUE_ERROR;
	}
	return const_is_function(callee) ? const_function(s, e) : source_function(s, e);
}

struct stage {
	const struct ast_stage *ast;
	const struct ast_type *reach; /* scale and zero of a later relu that this one computes */
	bool is_block, is_op, is_unknown;
	enum op op;
};

/* What nobody knows may be a misspelt activation: its own message is enough. */
static bool
passes_scale_back(const struct stage *stage)
{
	return stage->is_unknown || (stage->is_op && (stage->op == OP_RELU || stage->op == OP_RELU6 || stage->op == OP_CLIP));
}

static const struct ast_type *
scale_of(const struct ast_type *type)
{
	return type && type->scale ? type : NULL;
}

/* The stages of a pipe with what later ones say about earlier ones. */
static struct stage *
pipe_stages(struct sema *s, const struct ast_expr *e, const struct place *place, size_t *n)
{
	ARRAY(struct stage) stages = { 0 };

	for (const struct ast_stage *st = e->u.pipe.first; st; st = st->next) {
		struct stage stage = { .ast = st };

		if (st->expr->kind == EXPR_CALL) {
			name callee = st->expr->u.call.callee;

			stage.is_block = map_get(s->blocks, callee) != NULL;
			stage.is_op = !stage.is_block && op_lookup_callable(callee, &stage.op);
			stage.is_unknown = !stage.is_block && !stage.is_op && !is_function(callee);
		}
		ARRAY_PUSH(s->arena, stages, stage);
	}
	const struct ast_type *reach = place->reach;
	for (size_t i = stages.n; i-- > 0;) {
		struct stage *stage = &stages.v[i];

		stage->reach = reach;
		reach = !passes_scale_back(stage) ? NULL
			: scale_of(stage->ast->type) ? stage->ast->type : reach;
	}
	*n = stages.n;
	return stages.v;
}

/* One past the last stage of the segment that begins at I: `as` ends one, and a block call is one. */
static size_t
segment_end(const struct stage *stages, size_t i, size_t n)
{
	size_t first = i;

	for (; i < n; i++) {
		if (stages[i].is_block)
			return i == first ? i + 1 : i;
		if (stages[i].ast->as)
			return i + 1;
	}
	return n;
}

/* The stage that gets the segment's name: the first that owns weights, else the last operation. */
static size_t
main_stage(const struct stage *stages, size_t i, size_t end)
{
	size_t last = end;

	for (; i < end; i++) {
		if (!stages[i].is_op)
			continue;
		if (op_owns_weights(stages[i].op))
			return i;
		last = i;
	}
	return last;
}

static bool
has_unknown(const struct stage *stages, size_t i, size_t end)
{
	for (; i < end; i++)
		if (stages[i].is_unknown)
			return true;
	return false;
}

static bool
name_segment(struct sema *s, const struct ast_expr *as, const struct segment *outer, struct segment *seg)
{
	*seg = (struct segment){ .base = outer->base, .exact = outer->exact, .loc = outer->loc };
	if (!as)
		return true;
	seg->loc = as->loc;
	seg->named = true;
	seg->base = path_of_name(s, as, &seg->exact);
	return seg->base != NULL;
}

static struct value
eval_stage(struct sema *s, const struct stage *stage, const struct value *piped, struct place *place)
{
	const struct ast_expr *e = stage->ast->expr;
	struct value v;

	place->type = stage->ast->type;
	place->reach = stage->reach;
	place->as = stage->is_block ? stage->ast->as : NULL;
	place->loc = e->loc;
	if (piped && e->kind != EXPR_CALL) {
		if (e->kind != EXPR_ERROR)
			sema_error(s, e->loc, "a stage of a pipe must be a call");
		return VALUE_ERROR;
	}
	if (piped && e->kind == EXPR_CALL)
		v = eval_call(s, e, piped, place);
	else
		v = eval(s, e, place);
	if (v.kind == VAL_TENSOR && stage->ast->type && !stage->is_op)
		type_check(s, stage->ast->type, v.u.tensor);
	return v;
}

static struct value
eval_pipe(struct sema *s, const struct ast_expr *e, const struct place *place)
{
	size_t n, end;
	struct stage *stages = pipe_stages(s, e, place, &n);
	struct value v = VALUE_ERROR;

	for (size_t i = 0; i < n && !s->stopped; i = end) {
		struct segment seg;
		bool inherits;

		end = segment_end(stages, i, n);
		const struct ast_expr *as = stages[i].is_block ? NULL : stages[end - 1].ast->as;
		inherits = !as && !place->main;
		if (!name_segment(s, as, place->seg, &seg))
			seg.base = place->seg->base;
		size_t main = main_stage(stages, i, end);
		if (as && main == end && !has_unknown(stages, i, end))
			sema_error(s, as->loc, "'as' names a layer, and there is none before it");
		for (size_t k = i; k < end; k++) {
			struct place here = { .seg = inherits ? place->seg : &seg, .main = !inherits && k == main };
			struct value before = v;

			v = eval_stage(s, &stages[k], k > 0 ? &before : NULL, &here);
		}
	}
	return v;
}

static struct value
eval_kind(struct sema *s, const struct ast_expr *e, const struct place *place)
{
	switch (e->kind) {
	case EXPR_RANGE: /* the grammar of .net has none */
	case EXPR_ERROR:
		return VALUE_ERROR;
	case EXPR_INT:
		return (struct value){ .kind = VAL_INT, .u.i = e->u.i };
	case EXPR_FLOAT:
		return (struct value){ .kind = VAL_FLOAT, .u.f = e->u.f };
	case EXPR_STRING:
	case EXPR_INTERP:
		return interpolate(s, e);
	case EXPR_NAME:
		return eval_name(s, e, place);
	case EXPR_DIMS:
	case EXPR_LIST:
		return eval_items(s, e);
	case EXPR_UNARY:
	case EXPR_BINARY:
	case EXPR_INDEX:
		return eval_operators(s, e);
	case EXPR_CALL:
		return eval_call(s, e, NULL, place);
	case EXPR_PIPE:
		if (place)
			return eval_pipe(s, e, place);
		sema_error(s, e->loc, "a constant is needed here, not a pipe");
		return VALUE_ERROR;
	}
	die("expression kind %d", e->kind);
}

struct value
eval(struct sema *s, const struct ast_expr *e, const struct place *place)
{
	struct value v;

	if (!eval_enter(s, e->loc))
		return VALUE_ERROR;
	v = eval_kind(s, e, place);
	eval_leave(s);
	return v;
}

struct value
eval_const(struct sema *s, const struct ast_expr *e)
{
	return eval(s, e, NULL);
}

bool
eval_int(struct sema *s, const struct ast_expr *e, const char *what, int64_t lo, int64_t hi, int64_t *result)
{
	struct value v = eval_const(s, e);

	if (v.kind == VAL_ERROR)
		return false;
	if (v.kind != VAL_INT) {
		sema_error(s, e->loc, "%s must be an integer, found %s", what, value_text(s, v));
		return false;
	}
	if (v.u.i < lo || v.u.i > hi) {
		sema_error(s, e->loc, "%s must be from %lld to %lld, found %lld", what, (long long)lo, (long long)hi,
			(long long)v.u.i);
		return false;
	}
	*result = v.u.i;
	return true;
}

bool
eval_float(struct sema *s, const struct ast_expr *e, const char *what, float *result)
{
	struct value v = eval_const(s, e);

	if (v.kind == VAL_ERROR)
		return false;
	if (!value_is_number(v)) {
		sema_error(s, e->loc, "%s must be a number, found %s", what, value_text(s, v));
		return false;
	}
	*result = (float)value_number(v);
	if (!isfinite(*result)) {
		sema_error(s, e->loc, "%s must fit a 32-bit float, found %.9g", what, value_number(v));
		return false;
	}
	return true;
}
