/* Test blocks: their names resolved against the graph, their values read.  Files are read and values spread out only when a
 * command is going to use them; else data is NULL where they would be. */
#include <config.h>
#include <string.h>
#include "sema/call.h"

static struct tensor *
find_input(const struct sema *s, name wanted)
{
	struct tensor *t = graph_find(s->graph, wanted);

	return t && !t->producer && !t->data ? t : NULL;
}

static struct tensor *
find_result(const struct sema *s, name wanted)
{
	struct tensor *t = map_get(s->outputs, intern_printf(s->names, "output %s", wanted));

	if (t)
		return t;
	t = graph_find(s->graph, wanted);
	return t && t->producer ? t : NULL;
}

static void
unknown_target(struct sema *s, const struct ast_check *c, name wanted)
{
	const struct graph *g = s->graph;
	ARRAY(const char *) names = { 0 };

	if (s->incomplete)
		return;
	if (c->expect)
		sema_error(s, c->target->loc, "network '%s' has no output or layer '%s'", g->name, wanted);
	else
		sema_error(s, c->target->loc, "network '%s' has no input '%s'", g->name, wanted);
	if (!sema_explains(s))
		return;
	for (size_t i = 0; i < g->inputs.n && !c->expect; i++)
		ARRAY_PUSH(s->arena, names, g->inputs.v[i]->name);
	for (size_t i = 0; i < g->output_names.n && c->expect; i++)
		ARRAY_PUSH(s->arena, names, g->output_names.v[i]);
	for (const struct node *n = c->expect ? g->first : NULL; n; n = n->next)
		ARRAY_PUSH(s->arena, names, n->name);
	sema_suggest(s, c->target->loc, wanted, names.v, names.n);
}

static bool
target_name(struct sema *s, const struct ast_check *c, name *target)
{
	if (c->target->kind == EXPR_NAME) {
		*target = c->target->u.str.s;
		return true;
	}
	struct value v = eval_const(s, c->target);

	if (v.kind == VAL_STRING)
		*target = intern_n(s->names, v.u.str.s, v.u.str.len);
	return v.kind == VAL_STRING;
}

/* ---- values ---- */

static bool
check_blob(struct sema *s, const struct ast_check *c, const struct tensor *t, const struct blob *b, name target)
{
	char found[SHAPE_TEXT], want[SHAPE_TEXT];
	bool flat = b->literal && b->shape.rank == 1 && b->shape.dim[0] == tensor_count(t);

	if (b->dtype != t->dtype) {
		sema_error(s, c->value->loc, "%s is %s, but '%s' is %s", b->what, dtype_info[b->dtype].name, target,
			dtype_info[t->dtype].name);
		return false;
	}
	if (flat || npy_shape_fits(&b->shape, &t->shape))
		return true;
	sema_error(s, c->value->loc, "%s is %s, but '%s' is %s", b->what, shape_text(&b->shape, found, sizeof found), target,
		shape_text(&t->shape, want, sizeof want));
	return false;
}

static bool
read_source(struct sema *s, const struct ast_check *c, const struct tensor *t, const struct data_source *source, name target,
	const void **data)
{
	struct blob b;

	if (source->kind == SOURCE_RANDOM && c->expect) {
		sema_error(s, c->value->loc, "random values can be given, not expected");
		return false;
	}
	if (!s->ctx->opts->need_tests)
		return true;
	if (source->kind == SOURCE_RANDOM) {
		void *values = arena_array(s->arena, (size_t)tensor_count(t), (size_t)dtype_info[t->dtype].bytes);

		random_inputs(t->dtype, tensor_count(t), source->seed, target, values);
		*data = values;
		return true;
	}
	bool ok = source->kind == SOURCE_FILE ? source_read_file(s, source->text, source->loc, &b)
		: source_read_tensor(s, source->text, source->loc, &b);
	*data = b.data;
	return ok && check_blob(s, c, t, &b, target);
}

/* The number V in every element. */
static bool
read_number(struct sema *s, const struct ast_check *c, const struct tensor *t, struct value v, const void **data)
{
	size_t bytes = (size_t)dtype_info[t->dtype].bytes, count = (size_t)tensor_count(t);
	struct blob b;

	if (!source_read_list(s, v, t->dtype, c->value->loc, &b))
		return false;
	if (!s->ctx->opts->need_tests)
		return true;
	unsigned char *values = arena_array(s->arena, count, bytes);
	for (size_t i = 0; i < count; i++)
		memcpy(values + i * bytes, b.data, bytes);
	*data = values;
	return true;
}

static bool
read_value(struct sema *s, const struct ast_check *c, const struct tensor *t, name target, const void **data)
{
	struct value v = eval_const(s, c->value);
	struct blob b;

	if (v.kind == VAL_ERROR)
		return false;
	if (v.kind == VAL_SOURCE)
		return read_source(s, c, t, v.u.source, target, data);
	if (value_is_number(v))
		return read_number(s, c, t, v, data);
	if (v.kind != VAL_LIST) {
		sema_error(s, c->value->loc, "a test's values are a file, a list, a number or random(seed), found %s", value_text(s, v));
		return false;
	}
	if (!source_read_list(s, v, t->dtype, c->value->loc, &b) || !check_blob(s, c, t, &b, target))
		return false;
	*data = b.data;
	return true;
}

static bool
read_within(struct sema *s, const struct ast_check *c, const struct tensor *t, struct test_value *tv)
{
	static const char *const units[] = { "lsb", "relative", "absolute" };
	bool integer = dtype_is_int(t->dtype);
	float within;
	int unit = integer ? WITHIN_LSB : WITHIN_RELATIVE;

	tv->within = integer ? 0 : 1e-5;
	tv->unit = unit;
	if (!c->within)
		return true;
	if (!eval_float(s, c->within, "a tolerance", &within))
		return false;
	if (within < 0) {
		sema_error(s, c->within->loc, "a tolerance cannot be negative, found %.9g", (double)within);
		return false;
	}
	for (unit = 0; c->unit && unit < 3 && strcmp(units[unit], c->unit) != 0;)
		unit++;
	if (unit == 3) {
		sema_error(s, c->unit_loc, "a tolerance is in lsb, relative or absolute, not '%s'", c->unit);
		sema_suggest(s, c->unit_loc, c->unit, units, 3);
		return false;
	}
	if (c->unit && integer != (unit == WITHIN_LSB)) {
		sema_error(s, c->unit_loc, "a tolerance of %s values is in %s", dtype_info[t->dtype].name,
			integer ? "lsb" : "relative or absolute");
		return false;
	}
	tv->within = (double)within;
	if (c->unit)
		tv->unit = unit;
	return true;
}

/* ---- blocks ---- */

static struct test_value *
read_check(struct sema *s, const struct ast_check *c)
{
	struct test_value *tv = ARENA_NEW(s->arena, struct test_value);
	struct tensor *t;
	name target;

	if (!target_name(s, c, &target))
		return NULL;
	t = c->expect ? find_result(s, target) : find_input(s, target);
	if (!t) {
		unknown_target(s, c, target);
		return NULL;
	}
	*tv = (struct test_value){ .target = target, .expect = c->expect, .dtype = t->dtype, .count = tensor_count(t),
		.loc = c->loc };
	bool ok = read_value(s, c, t, target, &tv->data);
	if (c->expect)
		ok = read_within(s, c, t, tv) && ok;
	return ok ? tv : NULL;
}

/* Every input is given once, and something is expected. */
static void
check_complete(struct sema *s, const struct ast_item *item, const struct test *test)
{
	const struct graph *g = s->graph;
	struct map *given = map_new(s->arena);
	bool expects = false;

	for (const struct ast_check *c = item->checks; c; c = c->next)
		expects = expects || c->expect;
	for (struct test_value *v = test->values; v; v = v->next) {
		name key = v->expect ? intern_printf(s->names, "output %s", v->target) : v->target;

		if (map_get(given, key))
			sema_error(s, v->loc, "'%s' is there twice in this test", v->target);
		map_put(given, key, v);
	}
	for (size_t i = 0; i < g->inputs.n; i++)
		if (!map_get(given, g->inputs.v[i]->name))
			sema_error(s, item->value->loc, "the test gives no value for input '%s'", g->inputs.v[i]->name);
	if (!expects)
		sema_error(s, item->value->loc, "the test expects nothing");
}

/* With several networks in the file, a test belongs to those whose inputs it gives. */
static bool
is_for_another(struct sema *s, const struct ast_item *item)
{
	name target;

	for (const struct ast_check *c = item->checks; c && s->networks.n > 1; c = c->next)
		if (!c->expect && target_name(s, c, &target) && !find_input(s, target))
			return true;
	return false;
}

void
test_all(struct sema *s)
{
	struct map *names = map_new(s->arena);
	struct test **last = &s->graph->tests;

	for (size_t i = 0; i < s->tests.n; i++) {
		const struct ast_item *item = s->tests.v[i];
		struct value v = eval_const(s, item->value);
		int before = s->diag->errors;

		if (v.kind != VAL_STRING || is_for_another(s, item))
			continue;
		struct test *test = ARENA_NEW(s->arena, struct test);
		struct test_value **last_value = &test->values;
		test->name = intern_n(s->names, v.u.str.s, v.u.str.len);
		test->loc = item->loc;
		if (map_get(names, test->name))
			sema_error(s, item->value->loc, "there are two tests \"%s\"", test->name);
		map_put(names, test->name, test);
		for (const struct ast_check *c = item->checks; c; c = c->next) {
			struct test_value *tv = read_check(s, c);

			if (!tv)
				continue;
			*last_value = tv;
			last_value = &tv->next;
		}
		if (s->diag->errors == before)
			check_complete(s, item, test);
		*last = test;
		last = &test->next;
	}
}
