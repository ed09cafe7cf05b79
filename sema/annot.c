/* Annotations: their arguments against ir/annots.def, and whether a layer can carry them. */
#include <config.h>
#include <string.h>
#include "sema/annot.h"

/* ---- arguments ---- */

static bool
is_name(const struct ast_expr *e, const char *word)
{
	return e->kind == EXPR_NAME && strcmp(e->u.str.s, word) == 0;
}

static bool
wrong(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, const char *wanted)
{
	if (e->kind != EXPR_ERROR)
		sema_error(s, e->loc, "'%s' of @%s must be %s", arg->name, annot_info[arg->annot].name, wanted);
	return false;
}

/* An integer: how many; a list: the size of each; auto: as the chip needs. */
static bool
read_parts(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, struct annot *a)
{
	static const char wanted[] = "auto, a number of parts or a list of at least two sizes";

	if (is_name(e, "auto"))
		return true;
	struct value v = eval_const(s, e);
	int64_t n = v.kind == VAL_LIST ? v.u.list.n : 1;
	const struct value *item = v.kind == VAL_LIST ? v.u.list.v : &v;

	if (v.kind == VAL_ERROR)
		return false;
	if (n > INT32_MAX || (v.kind == VAL_LIST && n < 2))
		return wrong(s, arg, e, wanted);
	int32_t *parts = ARENA_ARRAY(s->arena, int32_t, (size_t)n);
	for (int64_t i = 0; i < n; i++) {
		if (item[i].kind != VAL_INT || item[i].u.i < 1 || item[i].u.i > INT32_MAX)
			return wrong(s, arg, e, wanted);
		parts[i] = (int32_t)item[i].u.i;
	}
	a->parts.n = (int)n;
	a->parts.v = parts;
	return true;
}

static bool
read_word(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, struct annot *a)
{
	if (e->kind == EXPR_NAME && annot_arg_takes(arg, e->u.str.s, strlen(e->u.str.s))) {
		*annot_word(a, arg) = e->u.str.s;
		return true;
	}
	return wrong(s, arg, e, arg->words);
}

/* exact, different, bounded(n) in units of the last place, lossy(dB). */
static bool
read_class(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, struct annot *a)
{
	static const char wanted[] = "exact, bounded(n), lossy(dB) or different";

	for (int c = CLASS_EXACT; c <= CLASS_DIFFERENT; c++) {
		bool counted = c == CLASS_BOUNDED || c == CLASS_LOSSY;
		float amount;

		if (!counted && is_name(e, annot_class_names[c])) {
			a->class = (enum annot_class)c;
			return true;
		}
		if (!counted || e->kind != EXPR_CALL || strcmp(e->u.call.callee, annot_class_names[c]) != 0)
			continue;
		const struct ast_arg *only = e->u.call.args;
		if (!only || only->next || only->key)
			break;
		if (!eval_float(s, only->value, "the bound of a class", &amount))
			return false;
		if (amount < 0) {
			sema_error(s, only->value->loc, "the bound of a class cannot be negative, found %.9g", (double)amount);
			return false;
		}
		a->class = (enum annot_class)c;
		a->class_arg = (double)amount;
		return true;
	}
	return wrong(s, arg, e, wanted);
}

static bool
read_flag(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, struct annot *a)
{
	if (!is_name(e, arg->name) && !is_name(e, "true") && !is_name(e, "false"))
		return wrong(s, arg, e, "true, false or the bare word");
	a->prune = !is_name(e, "false");
	return true;
}

static bool
read_arg(struct sema *s, const struct annot_arg *arg, const struct ast_expr *e, struct annot *a)
{
	int64_t v;

	switch (arg->kind) {
	case ANNOT_TAKES_COUNT:
		if (!eval_int(s, e, "a number of groups", 1, INT32_MAX, &v))
			return false;
		a->groups = (int32_t)v;
		return true;
	case ANNOT_TAKES_SEED:
		if (!eval_int(s, e, "a seed", 0, INT64_MAX, &v))
			return false;
		a->seed = v;
		a->has_seed = true;
		return true;
	case ANNOT_TAKES_COUNTS:
		return read_parts(s, arg, e, a);
	case ANNOT_TAKES_WORD:
		return read_word(s, arg, e, a);
	case ANNOT_TAKES_FLAG:
		return read_flag(s, arg, e, a);
	case ANNOT_TAKES_CLASS:
		return read_class(s, arg, e, a);
	}
	die("annotation argument kind %d", arg->kind);
}

static void
unknown_arg(struct sema *s, const struct ast_arg *arg, enum annot_kind kind)
{
	ARRAY(const char *) names = { 0 };

	sema_error(s, arg->key_loc, "@%s has no argument '%s'", annot_info[kind].name, arg->key);
	for (const struct annot_arg *a = annot_args; a->name; a++)
		if (a->annot == kind)
			ARRAY_PUSH(s->arena, names, a->name);
	sema_suggest(s, arg->key_loc, arg->key, names.v, names.n);
}

/* The argument that ARG gives: the one of its key, a flag of its own name, else the first that is not given; NULL after an
 * error. */
static const struct annot_arg *
match_arg(struct sema *s, const struct ast_arg *arg, enum annot_kind kind, uint64_t given)
{
	const struct annot_arg *found = NULL;

	if (arg->key) {
		found = annot_arg_lookup(kind, arg->key);
		if (!found)
			unknown_arg(s, arg, kind);
		return found;
	}
	for (const struct annot_arg *a = annot_args; a->name; a++) {
		if (a->annot != kind)
			continue;
		if (a->kind == ANNOT_TAKES_FLAG && is_name(arg->value, a->name))
			return a;
		if (!found && a->kind != ANNOT_TAKES_FLAG && !(given >> (a - annot_args) & 1))
			found = a;
	}
	if (!found)
		sema_error(s, arg->loc, "@%s takes no further argument", annot_info[kind].name);
	return found;
}

static bool
is_complete(struct sema *s, const struct ast_annot *ast, const struct annot *a)
{
	const char *needs = a->kind == ANNOT_GROUPED && !a->groups ? "groups"
		: a->kind == ANNOT_REQUIRE && a->class == CLASS_UNSET ? "class"
		: a->kind == ANNOT_PLACE && !a->unit ? "unit" : NULL;

	if (needs) {
		sema_error(s, ast->loc, "@%s needs '%s'", ast->name, needs);
		return false;
	}
	if (a->kind != ANNOT_SHUFFLED || !a->groups != !a->has_seed)
		return true;
	sema_error(s, ast->loc, "@shuffled needs either 'groups' or 'seed'");
	return false;
}

static struct annot *
read_one(struct sema *s, const struct ast_annot *ast, name chip)
{
	struct annot *a = ARENA_NEW(s->arena, struct annot);
	uint64_t given = 0;
	bool ok = true;

	if (!annot_lookup(ast->name, &a->kind)) {
		ARRAY(const char *) names = { 0 };

		sema_error(s, ast->name_loc, "there is no annotation '@%s'", ast->name);
		for (int i = 0; i < ANNOT_COUNT; i++)
			ARRAY_PUSH(s->arena, names, annot_info[i].name);
		sema_suggest(s, ast->name_loc, ast->name, names.v, names.n);
		return NULL;
	}
	a->chip = chip;
	a->loc = ast->loc;
	for (const struct ast_arg *arg = ast->args; arg; arg = arg->next) {
		const struct annot_arg *to = match_arg(s, arg, a->kind, given);

		if (to && given >> (to - annot_args) & 1) {
			sema_error(s, arg->loc, "'%s' of @%s is given twice", to->name, ast->name);
			ok = false;
			continue;
		}
		if (to)
			given |= UINT64_C(1) << (to - annot_args);
		ok = to && read_arg(s, to, arg->value, a) && ok;
	}
	return ok && is_complete(s, ast, a) ? a : NULL;
}

struct annot *
annot_read(struct sema *s, const struct ast_annot *list, name chip)
{
	struct annot *first = NULL, **last = &first;

	for (const struct ast_annot *ast = list; ast; ast = ast->next) {
		struct annot *a = ast->name ? read_one(s, ast, chip) : NULL;
		struct annot *same = first;

		while (a && same && same->kind != a->kind)
			same = same->next;
		if (a && same) {
			sema_error(s, ast->loc, "@%s is there twice", ast->name);
			sema_note(s, same->loc, "first here");
		} else if (a) {
			*last = a;
			last = &a->next;
		}
	}
	return first;
}

/* ---- layers ---- */

static bool
is_weighted(enum op op)
{
	return op == OP_CONV2D || op == OP_TCONV2D || op == OP_DENSE;
}

bool
annot_applies(const struct annot *a, const struct node *n)
{
	switch (a->kind) {
	case ANNOT_SPLIT_SUM:
		return is_weighted(n->op) && n->attr.groups <= 1;
	case ANNOT_SPLIT_OUT:
		return is_weighted(n->op) || n->op == OP_DWCONV2D;
	case ANNOT_SPLIT_ROWS:
		return n->out->shape.rank == 3;
	case ANNOT_GROUPED:
		return (n->op == OP_CONV2D || n->op == OP_DENSE) && n->attr.groups <= 1;
	case ANNOT_SHUFFLED:
		return is_weighted(n->op) || n->op == OP_DWCONV2D;
	case ANNOT_REQUIRE:
	case ANNOT_PLACE:
	case ANNOT_COUNT:
		return true;
	}
	die("annotation kind %d", a->kind);
}

static int32_t
last_dim(const struct tensor *t)
{
	return t->shape.dim[t->shape.rank - 1];
}

static bool
parts_fit(struct sema *s, const struct annot *a, const struct node *n)
{
	const char *what = a->kind == ANNOT_SPLIT_SUM ? "input channels" : a->kind == ANNOT_SPLIT_OUT ? "output channels" : "rows";
	int32_t total = a->kind == ANNOT_SPLIT_SUM ? last_dim(n->in[0]) : a->kind == ANNOT_SPLIT_OUT ? last_dim(n->out)
		: n->out->shape.dim[0];
	int64_t sum = 0;

	if (a->parts.n == 1 && a->parts.v[0] > total) {
		sema_error(s, a->loc, "@%s: '%s' has %d %s, fewer than %d parts", annot_info[a->kind].name, n->name, total, what,
			a->parts.v[0]);
		return false;
	}
	for (int i = 0; i < a->parts.n; i++)
		sum += a->parts.v[i];
	if (a->parts.n > 1 && sum != total) {
		sema_error(s, a->loc, "@%s: the sizes add up to %lld, but '%s' has %d %s", annot_info[a->kind].name, (long long)sum,
			n->name, total, what);
		return false;
	}
	return true;
}

static bool
groups_fit(struct sema *s, const struct annot *a, const struct node *n)
{
	int32_t in = last_dim(n->in[0]), out = last_dim(n->out);
	bool bad_in = a->groups && in % a->groups, bad_out = a->kind == ANNOT_GROUPED && out % a->groups;

	if (!bad_in && !bad_out)
		return true;
	sema_error(s, a->loc, "@%s: the %d %s channels of '%s' do not divide into %d groups", annot_info[a->kind].name,
		bad_in ? in : out, bad_in ? "input" : "output", n->name, a->groups);
	return false;
}

bool
annot_fits(struct sema *s, const struct annot *a, const struct node *n)
{
	if (a->kind == ANNOT_SPLIT_SUM || a->kind == ANNOT_SPLIT_OUT || a->kind == ANNOT_SPLIT_ROWS)
		return parts_fit(s, a, n);
	if (a->kind == ANNOT_GROUPED || a->kind == ANNOT_SHUFFLED)
		return groups_fit(s, a, n);
	return true;
}

void
annot_statement(struct sema *s, const struct ast_annot *list, struct node *main)
{
	struct annot **last;

	if (!main) {
		sema_error(s, list->loc, "an annotation belongs to a layer, and this statement makes none of its own");
		sema_note(s, list->loc, "layers in a block are reached by a schedule: schedule { \"ds.pw\" : @split_out; }");
		return;
	}
	last = &main->annots;
	for (struct annot *a = annot_read(s, list, NULL), *next; a; a = next) {
		next = a->next;
		a->next = NULL;
		if (!annot_applies(a, main))
			sema_error(s, a->loc, "@%s does not apply to '%s', %s%s", annot_info[a->kind].name, main->name,
				op_info[main->op].name, main->attr.groups > 1 ? " with groups" : "");
		else if (annot_fits(s, a, main)) {
			*last = a;
			last = &a->next;
		}
	}
}
