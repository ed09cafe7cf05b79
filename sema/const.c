/* Constant expressions: arithmetic on integers and floats, indexing, and the built-in functions.
 *
 * Integers are 64 bits wide and overflow is an error; an integer divided by an integer stays one when
 * it divides.  Floats must stay finite. */
#include <config.h>
#include <limits.h>
#include <math.h>
#include <string.h>
#include "sema/build.h"

static const char *const words[] = {
	"same", "valid", "all", "none", "true", "false", "nearest", "bilinear", "auto"
};

bool
word_is_known(name word)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

bool
value_is_number(struct value v)
{
	return v.kind == VAL_INT || v.kind == VAL_FLOAT;
}

double
value_number(struct value v)
{
	return v.kind == VAL_INT ? (double)v.u.i : v.u.f;
}

static struct value
int_value(int64_t i)
{
	return (struct value){ .kind = VAL_INT, .u.i = i };
}

static const char *
tensor_text(struct sema *s, const struct tensor *t)
{
	char shape[SHAPE_TEXT];

	return arena_printf(s->arena, "the value '%s' of %s%s", t->name, dtype_info[t->dtype].name,
		shape_text(&t->shape, shape, sizeof shape));
}

static const char *
dims_text(struct sema *s, struct value v)
{
	const char *text = "";

	for (int64_t i = 0; i < v.u.list.n && i < RANK_MAX; i++)
		text = arena_printf(s->arena, "%s%s%lld", text, i ? "x" : "", (long long)v.u.list.v[i].u.i);
	return text;
}

const char *
value_text(struct sema *s, struct value v)
{
	switch (v.kind) {
	case VAL_ERROR:
		return "an error";
	case VAL_INT:
		return arena_printf(s->arena, "the integer %lld", (long long)v.u.i);
	case VAL_FLOAT:
		return arena_printf(s->arena, "the number %.9g", v.u.f);
	case VAL_STRING:
		return arena_printf(s->arena, "the string \"%.40s\"", v.u.str.s);
	case VAL_WORD:
		return arena_printf(s->arena, "the word '%s'", v.u.word);
	case VAL_LIST:
		return arena_printf(s->arena, "a list of %lld", (long long)v.u.list.n);
	case VAL_DIMS:
		return dims_text(s, v);
	case VAL_TENSOR:
		return tensor_text(s, v.u.tensor);
	case VAL_RESULTS:
		return arena_printf(s->arena, "%lld results of a block", (long long)v.u.list.n);
	case VAL_SOURCE:
		return v.u.source->kind == SOURCE_FILE ? "a file"
			: v.u.source->kind == SOURCE_TENSOR ? "a tensor of the weights file" : "random values";
	}
	die("value kind %d", v.kind);
}

static struct value
float_value(struct sema *s, struct loc loc, double f)
{
	if (!isfinite(f)) {
		sema_error(s, loc, "the result is too large for a floating-point number");
		return VALUE_ERROR;
	}
	return (struct value){ .kind = VAL_FLOAT, .u.f = f };
}

static struct value
overflow(struct sema *s, struct loc loc)
{
	sema_error(s, loc, "the result does not fit in 64 bits");
	return VALUE_ERROR;
}

/* A division by zero was refused before. */
static struct value
int_binary(struct sema *s, char oper, struct loc loc, int64_t l, int64_t r)
{
	int64_t result = 0;
	bool bad = false;

	switch (oper) {
	case '+': bad = __builtin_add_overflow(l, r, &result); break;
	case '-': bad = __builtin_sub_overflow(l, r, &result); break;
	case '*': bad = __builtin_mul_overflow(l, r, &result); break;
	case '%': result = r == -1 ? 0 : l % r; break;
	case '/':
		if (r == -1)
			bad = __builtin_sub_overflow((int64_t)0, l, &result);
		else if (l % r)
			return float_value(s, loc, (double)l / (double)r);
		else
			result = l / r;
		break;
	default: die("operator %c", oper);
	}
	return bad ? overflow(s, loc) : int_value(result);
}

struct value
const_binary(struct sema *s, char oper, struct loc loc, struct value l, struct value r)
{
	if (l.kind == VAL_ERROR || r.kind == VAL_ERROR)
		return VALUE_ERROR;
	if (l.kind == VAL_TENSOR || r.kind == VAL_TENSOR) {
		const char *op = oper == '+' ? "add" : oper == '-' ? "sub" : oper == '*' ? "mul" : NULL;

		sema_error(s, loc, "'%c' takes constants, not values of the network", oper);
		if (op)
			sema_note(s, loc, "write %s(a, b)", op);
		return VALUE_ERROR;
	}
	if (!value_is_number(l) || !value_is_number(r)) {
		sema_error(s, loc, "'%c' takes numbers, found %s", oper, value_text(s, value_is_number(l) ? r : l));
		return VALUE_ERROR;
	}
	if ((oper == '/' || oper == '%') && value_number(r) == 0) {
		sema_error(s, loc, "division by zero");
		return VALUE_ERROR;
	}
	if (l.kind == VAL_INT && r.kind == VAL_INT)
		return int_binary(s, oper, loc, l.u.i, r.u.i);
	double a = value_number(l), b = value_number(r);
	return float_value(s, loc, oper == '+' ? a + b : oper == '-' ? a - b : oper == '*' ? a * b
		: oper == '/' ? a / b : fmod(a, b));
}

struct value
const_unary(struct sema *s, char oper, struct loc loc, struct value v)
{
	if (v.kind == VAL_ERROR)
		return v;
	if (!value_is_number(v)) {
		sema_error(s, loc, "unary '%c' takes a number, found %s", oper, value_text(s, v));
		return VALUE_ERROR;
	}
	if (oper == '-' && v.kind == VAL_INT)
		return int_binary(s, '-', loc, 0, v.u.i);
	if (oper == '-')
		v.u.f = -v.u.f;
	return v;
}

struct value
const_index(struct sema *s, struct loc loc, struct value list, struct value index)
{
	if (list.kind == VAL_ERROR || index.kind == VAL_ERROR)
		return VALUE_ERROR;
	if (list.kind != VAL_LIST && list.kind != VAL_DIMS && list.kind != VAL_RESULTS) {
		sema_error(s, loc, "only lists and dimensions can be indexed, found %s", value_text(s, list));
		return VALUE_ERROR;
	}
	if (index.kind != VAL_INT) {
		sema_error(s, loc, "an index must be an integer, found %s", value_text(s, index));
		return VALUE_ERROR;
	}
	if (index.u.i < 0 || index.u.i >= list.u.list.n) {
		sema_error(s, loc, "index %lld is outside the list, which has %lld items (0 is the first)",
			(long long)index.u.i, (long long)list.u.list.n);
		return VALUE_ERROR;
	}
	return list.u.list.v[index.u.i];
}

/* ---- functions ---- */

struct args {
	const char *callee;
	struct loc loc;
	int64_t n;
	const struct value *v;
};

static struct value
wrong_arg(struct sema *s, const struct args *a, const char *wanted, struct value found)
{
	if (found.kind != VAL_ERROR)
		sema_error(s, a->loc, "'%s' takes %s, found %s", a->callee, wanted, value_text(s, found));
	return VALUE_ERROR;
}

static struct value
extreme(struct sema *s, const struct args *a, bool max)
{
	const struct value *v = a->v;
	int64_t n = a->n;

	if (n == 1 && v->kind == VAL_LIST && v->u.list.n > 0) {
		n = v->u.list.n;
		v = v->u.list.v;
	}
	struct value best = v[0];
	for (int64_t i = 0; i < n; i++) {
		if (!value_is_number(v[i]))
			return wrong_arg(s, a, "numbers or one list of them", v[i]);
		if (max ? value_number(v[i]) > value_number(best) : value_number(v[i]) < value_number(best))
			best = v[i];
	}
	return best;
}

static struct value
minimum(struct sema *s, const struct args *a)
{
	return extreme(s, a, false);
}

static struct value
maximum(struct sema *s, const struct args *a)
{
	return extreme(s, a, true);
}

static struct value
absolute(struct sema *s, const struct args *a)
{
	if (!value_is_number(a->v[0]))
		return wrong_arg(s, a, "a number", a->v[0]);
	return value_number(a->v[0]) < 0 ? const_unary(s, '-', a->loc, a->v[0]) : a->v[0];
}

static struct value
to_integer(struct sema *s, const struct args *a, double (*rounding)(double))
{
	if (a->v[0].kind == VAL_INT)
		return a->v[0];
	if (a->v[0].kind != VAL_FLOAT)
		return wrong_arg(s, a, "a number", a->v[0]);
	double f = rounding(a->v[0].u.f);
	if (!(f >= -0x1p63 && f < 0x1p63))
		return overflow(s, a->loc);
	return int_value((int64_t)f);
}

static struct value
round_down(struct sema *s, const struct args *a)
{
	return to_integer(s, a, floor);
}

static struct value
round_up(struct sema *s, const struct args *a)
{
	return to_integer(s, a, ceil);
}

static struct value
round_nearest(struct sema *s, const struct args *a)
{
	return to_integer(s, a, round);
}

static struct value
length(struct sema *s, const struct args *a)
{
	struct value v = a->v[0];

	if (v.kind == VAL_LIST || v.kind == VAL_DIMS)
		return int_value(v.u.list.n);
	if (v.kind == VAL_STRING)
		return int_value((int64_t)v.u.str.len);
	return wrong_arg(s, a, "a list, dimensions or a string", v);
}

static struct value
dimension_at(struct sema *s, const struct args *a, int64_t k)
{
	if (a->v[0].kind != VAL_TENSOR)
		return wrong_arg(s, a, "a value of the network", a->v[0]);
	const struct shape *shape = &a->v[0].u.tensor->shape;
	int64_t at = k < 0 ? k + shape->rank : k;

	if (at < 0 || at >= shape->rank) {
		sema_error(s, a->loc, "'%s' has no dimension %lld: it has %d", a->v[0].u.tensor->name, (long long)k,
			shape->rank);
		return VALUE_ERROR;
	}
	return int_value(shape->dim[at]);
}

static struct value
dimension(struct sema *s, const struct args *a)
{
	if (a->v[1].kind != VAL_INT)
		return wrong_arg(s, a, "an integer second", a->v[1]);
	return dimension_at(s, a, a->v[1].u.i);
}

static struct value
channels(struct sema *s, const struct args *a)
{
	return dimension_at(s, a, -1);
}

static const struct function {
	const char *name;
	int min, max; /* arguments */
	struct value (*call)(struct sema *, const struct args *);
} functions[] = {
	{ "min",      1, INT_MAX, minimum },
	{ "max",      1, INT_MAX, maximum },
	{ "abs",      1, 1, absolute },
	{ "floor",    1, 1, round_down },
	{ "ceil",     1, 1, round_up },
	{ "round",    1, 1, round_nearest },
	{ "len",      1, 1, length },
	{ "dim",      2, 2, dimension },
	{ "channels", 1, 1, channels },
};

static const struct function *
function_find(name callee)
{
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		if (strcmp(callee, functions[i].name) == 0)
			return &functions[i];
	return NULL;
}

bool
const_is_function(name callee)
{
	return function_find(callee) != NULL;
}

const char *
const_function_name(size_t i)
{
	return i < sizeof functions / sizeof *functions ? functions[i].name : NULL;
}

static bool
gather(struct sema *s, const struct ast_expr *call, struct args *a)
{
	ARRAY(struct value) v = { 0 };
	bool ok = true;

	for (const struct ast_arg *arg = call->u.call.args; arg; arg = arg->next) {
		if (arg->key) {
			sema_error(s, arg->key_loc, "function '%s' takes no named arguments", a->callee);
			ok = false;
			continue;
		}
		struct value one = eval_const(s, arg->value);
		ARRAY_PUSH(s->arena, v, one);
		ok = ok && one.kind != VAL_ERROR;
	}
	a->v = v.v;
	a->n = (int64_t)v.n;
	return ok;
}

struct value
const_function(struct sema *s, const struct ast_expr *call)
{
	const struct function *f = function_find(call->u.call.callee);
	struct args a = { .callee = f->name, .loc = call->loc };

	if (!gather(s, call, &a))
		return VALUE_ERROR;
	if (a.n < f->min || a.n > f->max) {
		sema_error(s, a.loc, "function '%s' takes %d argument%s%s, found %lld", a.callee, f->min,
			f->min == 1 ? "" : "s", f->max > f->min ? " or more" : "", (long long)a.n);
		return VALUE_ERROR;
	}
	return f->call(s, &a);
}
