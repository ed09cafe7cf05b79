/* Statements: what a network, a block or a repeat does, turn by turn and call by call. */
#include <config.h>
#include <limits.h>
#include <string.h>
#include "sema/build.h"

static void run_body(struct sema *, const struct ast_stmt *);

/* ---- blocks ---- */

static int
block_params(const struct ast_item *block)
{
	int n = 0;

	for (const struct ast_arg *p = block->params; p; p = p->next)
		n++;
	return n;
}

static bool
may_call(struct sema *s, const struct ast_expr *e, const struct ast_item *block)
{
	const struct frame *f = s->frame;

	if (s->frame->depth >= CALL_DEPTH_MAX) {
		sema_error(s, e->loc, "block calls nest deeper than %d", CALL_DEPTH_MAX);
		return false;
	}
	while (f && f->block != block)
		f = f->up;
	if (!f)
		return true;
	s->no_trace = true;
	sema_error(s, e->loc, "block '%s' calls itself", block->name);
	for (const struct frame *g = s->frame; g != f; g = g->up)
		sema_note(s, g->call, "through '%s', called here", g->block->name);
	s->no_trace = false;
	return false;
}

static void
unknown_param(struct sema *s, const struct ast_arg *arg, const struct ast_item *block)
{
	ARRAY(const char *) names = { 0 };

	sema_error(s, arg->key_loc, "block '%s' has no parameter '%s'", block->name, arg->key);
	for (const struct ast_arg *p = block->params; p; p = p->next)
		ARRAY_PUSH(s->arena, names, p->key);
	sema_suggest(s, arg->key_loc, arg->key, names.v, names.n);
}

struct actual {
	const struct ast_arg *param;
	bool given;
	struct value value;
	struct loc loc;
};

static struct actual *
find_actual(struct actual *a, int n, name key)
{
	for (int i = 0; i < n; i++)
		if (a[i].param->key == key)
			return &a[i];
	return NULL;
}

/* The parameter that ARG gives, or NULL after an error. */
static struct actual *
match_arg(struct sema *s, const struct ast_arg *arg, const struct ast_item *block, struct actual *a, int n, int *positional)
{
	struct actual *one;

	if (arg->key) {
		one = find_actual(a, n, arg->key);
		if (!one) {
			unknown_param(s, arg, block);
			return NULL;
		}
	} else if (*positional >= n) {
		sema_error(s, arg->loc, "block '%s' has %d parameter%s, found more", block->name, n, n == 1 ? "" : "s");
		return NULL;
	} else {
		one = &a[(*positional)++];
	}
	if (one->given) {
		sema_error(s, arg->loc, "parameter '%s' of block '%s' is given twice", one->param->key, block->name);
		if (one->loc.start)
			sema_note(s, one->loc, "first here");
		return NULL;
	}
	return one;
}

static bool
gather_actuals(struct sema *s, const struct ast_expr *e, const struct ast_item *block, const struct value *piped,
	const struct place *place, struct actual *a, int n, const char **weights)
{
	struct place nested = { .seg = place->seg, .loc = e->loc };
	int positional = 0;
	bool ok = true;

	if (piped && n == 0) {
		sema_error(s, e->loc, "block '%s' has no parameter for the piped value", block->name);
		return false;
	}
	if (piped) {
		a[positional].value = *piped;
		a[positional++].given = true;
	}
	for (const struct ast_arg *arg = e->u.call.args; arg; arg = arg->next) {
		if (arg->key == s->word_weights && !find_actual(a, n, arg->key)) {
			ok = eval_prefix(s, arg, weights) && ok;
			continue;
		}
		struct actual *one = match_arg(s, arg, block, a, n, &positional);
		nested.loc = arg->value->loc;
		struct value v = eval(s, arg->value, &nested);
		if (!one) {
			ok = false;
			continue;
		}
		*one = (struct actual){ .param = one->param, .given = true, .value = v, .loc = arg->loc };
	}
	return ok;
}

static bool
bind_params(struct sema *s, const struct ast_expr *e, struct frame *inner, struct actual *a, int n)
{
	struct frame *outer = s->frame;
	bool ok = true;

	for (int i = 0; i < n; i++) {
		const struct ast_arg *p = a[i].param;

		if (!a[i].given && !p->value) {
			sema_error(s, e->loc, "block '%s' needs '%s'", inner->block->name, p->key);
			sema_note(s, p->loc, "the parameter '%s'", p->key);
			ok = false;
		} else if (!a[i].given) {
			s->frame = inner;
			a[i].value = eval_const(s, p->value);
			s->frame = outer;
		}
		scope_define(s, &inner->scope, p->key, a[i].value, p->loc);
	}
	return ok;
}

static struct value
block_result(struct sema *s, const struct frame *f, const struct ast_name *result)
{
	struct binding *b = scope_find_here(&f->scope, result->name);

	if (!b || !b->live) {
		sema_error(s, result->loc, "block '%s' never assigns its result '%s'", f->block->name, result->name);
		return VALUE_ERROR;
	}
	if (b->usage)
		b->usage->used = true;
	return b->value;
}

static struct value
block_results(struct sema *s, const struct frame *f)
{
	ARRAY(struct value) v = { 0 };

	for (const struct ast_name *r = f->block->results; r; r = r->next) {
		struct value one = block_result(s, f, r);

		ARRAY_PUSH(s->arena, v, one);
	}
	if (v.n == 1)
		return v.v[0];
	return (struct value){ .kind = VAL_RESULTS, .u.list = { v.v, (int64_t)v.n } };
}

static struct value
expand_block(struct sema *s, const struct ast_expr *e, const struct ast_item *block, const struct value *piped,
	const struct place *place)
{
	int n = block_params(block);
	struct actual *actuals = ARENA_ARRAY(s->arena, struct actual, (size_t)n + 1);
	const char *weights = NULL;
	int i = 0;

	for (const struct ast_arg *p = block->params; p; p = p->next)
		actuals[i++].param = p;
	struct frame *inner = ARENA_NEW(s->arena, struct frame);
	*inner = (struct frame){ .up = s->frame, .block = block, .call = e->loc, .turns = "",
		.depth = s->frame->depth + 1, .scope = { .up = &s->file } };
	if (!gather_actuals(s, e, block, piped, place, actuals, n, &weights))
		return VALUE_ERROR;
	if (!bind_params(s, e, inner, actuals, n) || !path_block(s, inner, block, place, weights))
		return VALUE_ERROR;
	s->frame = inner;
	run_body(s, block->body);
	struct value v = s->stopped ? VALUE_ERROR : block_results(s, inner);
	s->frame = inner->up;
	s->last_main = NULL;
	return v;
}

struct value
call_block(struct sema *s, const struct ast_expr *e, const struct ast_item *block, const struct value *piped,
	const struct place *place)
{
	struct value v;

	if (!may_call(s, e, block) || !eval_enter(s, e->loc))
		return VALUE_ERROR;
	v = expand_block(s, e, block, piped, place);
	eval_leave(s);
	return v;
}

/* ---- statements ---- */

static void
run_input(struct sema *s, const struct ast_stmt *st)
{
	const struct ast_name *n = st->names;
	struct shape shape;
	enum dtype dtype = DT_F32;
	struct quant quant = { 0 };
	bool ok = true;

	if (s->frame->block || *s->frame->turns) {
		sema_error(s, st->loc, "an input belongs to the network itself, not to a block or repeat");
		return;
	}
	if (!st->type || !st->type->has_dims) {
		sema_error(s, n->loc, "input '%s' needs its dimensions: input %s : f32[8, 8, 1];", n->name, n->name);
		ok = false;
	} else {
		ok = type_dtype(s, st->type, &dtype) && ok;
		ok = type_shape(s, st->type, &shape) && ok;
		ok = type_quant(s, st->type, dtype, &quant) && ok;
	}
	if (ok && dtype == DT_I8 && !quant.count) {
		sema_error(s, st->type->loc, "i8 input '%s' needs its scale", n->name);
		sema_note(s, st->type->loc, "write it as : i8[...] scale 0.5 zero -128");
		ok = false;
	}
	struct value v = VALUE_ERROR;
	s->has_input = true;
	if (!path_take(s, n->name, n->loc, true))
		return;
	if (ok)
		v = (struct value){ .kind = VAL_TENSOR,
			.u.tensor = graph_input(s->graph, n->name, dtype, &shape, quant.count ? &quant : NULL, n->loc) };
	scope_assign(s, n->name, v, n->loc, false);
}

static struct value
eval_statement(struct sema *s, const struct ast_stmt *st)
{
	struct segment seg = { .base = st->names->name, .loc = st->names->loc };
	struct place place = { .seg = &seg, .main = true, .loc = st->value->loc };

	s->last_main = NULL;
	struct value v = eval(s, st->value, &place);
	if (st->annots && v.kind == VAL_TENSOR)
		annot_statement(s, st->annots, s->last_main);
	return v;
}

/* An output of its own storage: a network input, or a tensor that is another output already, is copied. */
static struct tensor *
own_tensor(struct sema *s, struct tensor *t, const struct ast_name *n)
{
	char why[WHY_SIZE];
	struct attrs attrs;

	if (t->producer && !map_get(s->outputs, t->name)) {
		map_put(s->outputs, t->name, t);
		return t;
	}
	attrs_init(&attrs);
	name path = path_unique(s, arena_printf(s->arena, "%s.copy", n->name));
	struct node *node = graph_add(s->graph, OP_COPY, path, &t, 1, &attrs, NULL, n->loc, why);
	if (!node)
		die("copy of '%s': %s", t->name, why);
	return node->out;
}

static void
add_output(struct sema *s, const struct ast_name *n, struct tensor *t)
{
	t = own_tensor(s, t, n);
	graph_output(s->graph, n->name, t);
	map_put(s->outputs, intern_printf(s->names, "output %s", n->name), t);
}

static void
run_output(struct sema *s, const struct ast_stmt *st)
{
	const struct ast_name *n = st->names;
	name seen = intern_printf(s->names, "seen %s", n->name);
	struct value v;

	if (s->frame->block || *s->frame->turns) {
		sema_error(s, st->loc, "an output belongs to the network itself, not to a block or repeat");
		return;
	}
	s->has_output = true;
	if (st->value) {
		v = eval_statement(s, st);
		scope_assign(s, n->name, v, n->loc, false);
	}
	struct binding *b = scope_find(&s->frame->scope, n->name);
	if (!b) {
		scope_unknown(s, n->name, n->loc);
		return;
	}
	if (b->usage)
		b->usage->used = true;
	v = b->value;
	if (map_get(s->outputs, seen)) {
		sema_error(s, n->loc, "output '%s' is there twice", n->name);
		return;
	}
		map_put(s->outputs, seen, s);
	if (v.kind == VAL_TENSOR)
		add_output(s, n, v.u.tensor);
	else if (v.kind != VAL_ERROR)
		sema_error(s, st->value ? st->value->loc : n->loc, "output '%s' must be a value of the network, found %s",
			n->name, value_text(s, v));
}

static void
run_let(struct sema *s, const struct ast_stmt *st)
{
	struct value v = eval_statement(s, st);
	int64_t names = 0, k = 0;

	for (const struct ast_name *n = st->names; n; n = n->next)
		names++;
	if (v.kind != VAL_ERROR && names != (v.kind == VAL_RESULTS ? v.u.list.n : 1)) {
		sema_error(s, st->value->loc, "%lld name%s for %lld result%s", (long long)names, names == 1 ? "" : "s",
			v.kind == VAL_RESULTS ? (long long)v.u.list.n : 1LL, v.kind == VAL_RESULTS ? "s" : "");
		v = VALUE_ERROR;
	}
	for (const struct ast_name *n = st->names; n; n = n->next, k++)
		scope_assign(s, n->name, v.kind == VAL_RESULTS ? v.u.list.v[k] : v, n->loc, false);
}

static void
run_const(struct sema *s, const struct ast_stmt *st)
{
	struct value v = eval_const(s, st->value);

	if (v.kind == VAL_TENSOR) {
		sema_error(s, st->value->loc, "a constant cannot be %s", value_text(s, v));
		v = VALUE_ERROR;
	}
	scope_assign(s, st->names->name, v, st->names->loc, true);
}

static bool
take_step(struct sema *s, struct loc loc)
{
	if (s->stopped)
		return false;
	if (++s->steps <= STEPS_MAX)
		return true;
	sema_error(s, loc, "the network runs more than %d statements", STEPS_MAX);
	s->stopped = true;
	return false;
}

static void
run_repeat(struct sema *s, const struct ast_stmt *st)
{
	const struct ast_name *var = st->names;
	const char *turns = s->frame->turns;
	struct binding *b = scope_find_here(&s->frame->scope, var->name);
	int64_t lo, hi;
	bool ok = eval_int(s, st->lo, "the first turn", -INT32_MAX, INT32_MAX, &lo);

	ok = eval_int(s, st->hi, "the last turn", -INT32_MAX, INT32_MAX, &hi) && ok;
	if (b && b->live) {
		sema_error(s, var->loc, "the loop variable '%s' has the name of another value", var->name);
		sema_note(s, b->loc, "'%s' is defined here", var->name);
		return;
	}
	if (!ok)
		lo = hi = 1; /* one turn, for the errors in the body */
	for (int64_t i = lo; i <= hi && take_step(s, st->loc); i++) {
		struct value v = { .kind = VAL_INT, .u.i = i };

		b = scope_define(s, &s->frame->scope, var->name, ok ? v : VALUE_ERROR, var->loc);
		b->constant = true;
		s->frame->turns = arena_printf(s->arena, "%s[%lld]", turns, (long long)i);
		run_body(s, st->body);
	}
	s->frame->turns = turns;
	if (b)
		b->live = false;
}

static void
run_statement(struct sema *s, const struct ast_stmt *st)
{
	if (st->annots && st->kind != STMT_LET && st->kind != STMT_OUTPUT)
		sema_error(s, st->annots->loc, "an annotation belongs to a statement that makes a layer");
	else if (st->annots && !st->value)
		sema_error(s, st->annots->loc, "this output makes no layer for the annotation");
	switch (st->kind) {
	case STMT_ERROR:
		break;
	case STMT_INPUT:
		run_input(s, st);
		break;
	case STMT_OUTPUT:
		run_output(s, st);
		break;
	case STMT_LET:
		run_let(s, st);
		break;
	case STMT_CONST:
		run_const(s, st);
		break;
	case STMT_REPEAT:
		if (!eval_enter(s, st->loc))
			break;
		run_repeat(s, st);
		eval_leave(s);
		break;
	}
}

static void
run_body(struct sema *s, const struct ast_stmt *st)
{
	for (; st && take_step(s, st->loc); st = st->next)
		run_statement(s, st);
}

void
expand_network(struct sema *s, const struct ast_item *network)
{
	struct frame top = { .prefix = "", .wprefix = "", .turns = "", .call = network->loc, .scope = { .up = &s->file } };

	s->frame = &top;
	run_body(s, network->body);
	s->frame = NULL;
}
