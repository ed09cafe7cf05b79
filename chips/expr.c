/* Conditions, limits and costs as numbers.  All arithmetic is in double: the quantities are counts, exact up to 2^53, and
 * a quotient keeps its fraction unless the file rounds it. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "chips/reader.h"

struct eval {
	const struct chip_vars *vars;
	struct diag *diag; /* NULL: silent */
};

static bool
evaluate(const struct eval *, const struct ast_expr *, double *);

/* False, after saying why. */
#define no_value(ev, loc, ...) ((ev)->diag ? diag_error((ev)->diag, (loc), __VA_ARGS__) : (void)0, false)

static bool
number(const struct eval *ev, const struct ast_expr *e, double v, double *result)
{
	*result = v;
	return isfinite(v) || no_value(ev, e->loc, "the result is too large");
}

/* ---- functions ---- */

static double
least(const double *v, int n)
{
	double best = v[0];

	for (int i = 1; i < n; i++)
		best = v[i] < best ? v[i] : best;
	return best;
}

static double
largest(const double *v, int n)
{
	double best = v[0];

	for (int i = 1; i < n; i++)
		best = v[i] > best ? v[i] : best;
	return best;
}

static double round_up(const double *v, int n) { (void)n; return ceil(v[0]); }
static double round_down(const double *v, int n) { (void)n; return floor(v[0]); }
static double round_near(const double *v, int n) { (void)n; return round(v[0]); }
static double magnitude(const double *v, int n) { (void)n; return fabs(v[0]); }
static double logarithm(const double *v, int n) { (void)n; return log2(v[0]); }

const struct expr_function expr_functions[] = {
	{ "min", 1, EXPR_ARGS_MAX, least, OF_NUMBERS },
	{ "max", 1, EXPR_ARGS_MAX, largest, OF_NUMBERS },
	{ "ceil", 1, 1, round_up, OF_NUMBERS },
	{ "floor", 1, 1, round_down, OF_NUMBERS },
	{ "round", 1, 1, round_near, OF_NUMBERS },
	{ "abs", 1, 1, magnitude, OF_NUMBERS },
	{ "log2", 1, 1, logarithm, OF_NUMBERS },
	{ "bytes", 1, 1, NULL, OF_OPERAND },
	{ "max_abs", 1, 1, NULL, OF_WEIGHT },
	{ "sum_abs", 1, 1, NULL, OF_WEIGHT },
	{ NULL, 0, 0, NULL, OF_NUMBERS }
};

const struct expr_function *
expr_function_find(const char *callee)
{
	for (const struct expr_function *f = expr_functions; f->name; f++)
		if (f->name == callee || strcmp(f->name, callee) == 0)
			return f;
	return NULL;
}

static double
of_operand(const struct chip_vars *vars, const struct expr_function *f, const struct ast_expr *e)
{
	enum chip_operand o;

	if (f->of == OF_WEIGHT)
		return (double)(f->name[0] == 'm' ? vars->weight_max : vars->weight_sum);
	return chip_operand_lookup(e->u.str.s, &o) ? (double)vars->bytes[o] : 0;
}

static bool
call(const struct eval *ev, const struct ast_expr *e, double *result)
{
	const struct expr_function *f = expr_function_find(e->u.call.callee);
	double v[EXPR_ARGS_MAX];
	int n = 0;

	if (!f || !e->u.call.args)
		return false;
	if (f->of != OF_NUMBERS) {
		*result = of_operand(ev->vars, f, e->u.call.args->value);
		return true;
	}
	for (const struct ast_arg *a = e->u.call.args; a; a = a->next, n++)
		if (n == EXPR_ARGS_MAX || !evaluate(ev, a->value, &v[n]))
			return false;
	if (f->run == logarithm && v[0] <= 0)
		return no_value(ev, e->loc, "log2 of %g has no value", v[0]);
	*result = f->run(v, n);
	return true;
}

/* ---- operators and names ---- */

static bool
variable(const struct eval *ev, const struct ast_expr *e, double *result)
{
	enum chip_var v = (enum chip_var)e->u.str.len; /* as expr_resolve leaves it */

	if ((v >= VAR_COUNT || e->u.str.s != chip_var_info[v].name) && !chip_var_lookup(e->u.str.s, &v))
		return false;
	*result = (double)ev->vars->v[v];
	return true;
}

static bool
binary(const struct eval *ev, const struct ast_expr *e, double *result)
{
	const struct ast_expr *right = e->u.op.r;
	char oper = e->u.op.oper;
	double a, b;

	if (!evaluate(ev, e->u.op.l, &a))
		return false;
	if ((oper == OPER_AND && a == 0) || (oper == OPER_OR && a != 0)) { /* the rest may have no value */
		*result = oper == OPER_OR;
		return true;
	}
	if (!evaluate(ev, right, &b))
		return false;
	if ((oper == '/' || oper == '%') && b == 0)
		return no_value(ev, right->loc, "division by zero");
	switch (oper) {
	case '+': return number(ev, e, a + b, result);
	case '-': return number(ev, e, a - b, result);
	case '*': return number(ev, e, a * b, result);
	case '/': return number(ev, e, a / b, result);
	case '%': return number(ev, e, fmod(a, b), result);
	case OPER_LT: *result = a < b; return true;
	case OPER_GT: *result = a > b; return true;
	case OPER_LE: *result = a <= b; return true;
	case OPER_GE: *result = a >= b; return true;
	case OPER_EQ: *result = a == b; return true;
	case OPER_NE: *result = a != b; return true;
	case OPER_AND: case OPER_OR: *result = b != 0; return true;
	default: die("operator %c", oper);
	}
}

static bool
unary(const struct eval *ev, const struct ast_expr *e, double *result)
{
	double v;

	if (!evaluate(ev, e->u.op.l, &v))
		return false;
	*result = e->u.op.oper == '!' ? v == 0 : e->u.op.oper == '-' ? -v : v;
	return true;
}

static bool
evaluate(const struct eval *ev, const struct ast_expr *e, double *result)
{
	switch (e->kind) {
	case EXPR_INT: *result = (double)e->u.i; return true;
	case EXPR_FLOAT: *result = e->u.f; return true;
	case EXPR_NAME: return variable(ev, e, result);
	case EXPR_UNARY: return unary(ev, e, result);
	case EXPR_BINARY: return binary(ev, e, result);
	case EXPR_CALL: return call(ev, e, result);
	case EXPR_ERROR: case EXPR_STRING: case EXPR_DIMS: case EXPR_LIST: case EXPR_INDEX: case EXPR_PIPE: case EXPR_INTERP:
	case EXPR_RANGE:
		return false; /* reported when the file was read */
	}
	die("expression kind %d", e->kind);
}

bool
chip_eval(const struct ast_expr *e, const struct chip_vars *vars, struct diag *d, double *result)
{
	struct eval ev = { vars, d };

	return evaluate(&ev, e, result);
}
