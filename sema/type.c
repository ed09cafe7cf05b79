/* Written types: checked against what was inferred; a scale and zero point belong to the stage they follow. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "sema/build.h"

bool
type_dtype(struct sema *s, const struct ast_type *type, enum dtype *dtype)
{
	enum dtype found;
	const char *const names[] = { "f32", "i8" };

	if (!type->dtype)
		return true;
	if (dtype_lookup(type->dtype, &found) && (found == DT_F32 || found == DT_I8)) {
		*dtype = found;
		return true;
	}
	sema_error(s, type->dtype_loc, "values are f32 or i8, not '%s'", type->dtype);
	sema_suggest(s, type->dtype_loc, type->dtype, names, 2);
	return false;
}

bool
type_shape(struct sema *s, const struct ast_type *type, struct shape *shape)
{
	bool ok = true;
	int n = 0;

	for (const struct ast_expr *d = type->dims; d; d = d->next, n++) {
		int64_t v;

		if (n == RANK_MAX) {
			sema_error(s, type->dims_loc, "a value has at most %d dimensions", RANK_MAX);
			return false;
		}
		if (eval_int(s, d, "a dimension", 1, INT32_MAX, &v))
			shape->dim[n] = (int32_t)v;
		else
			ok = false;
	}
	shape->rank = n;
	const char *why = ok ? shape_check(shape) : NULL;
	if (why)
		sema_error(s, type->dims_loc, "no value can have these dimensions: %s", why);
	return ok && !why;
}

static bool
read_scale(struct sema *s, const struct ast_expr *e, float *scale)
{
	if (!eval_float(s, e, "a scale", scale))
		return false;
	if (*scale > 0)
		return true;
	sema_error(s, e->loc, "a scale must be above 0 as a 32-bit float, found %.9g", (double)*scale);
	return false;
}

bool
type_quant(struct sema *s, const struct ast_type *type, enum dtype dtype, struct quant *quant)
{
	float *scale = ARENA_NEW(s->arena, float);
	int64_t zero = 0;

	*quant = (struct quant){ 0 };
	if (!type || (!type->scale && !type->zero))
		return true;
	if (!type->scale) {
		sema_error(s, type->zero->loc, "a zero point needs a scale before it");
		return false;
	}
	if (!dtype_is_int(dtype)) {
		sema_error(s, type->scale->loc, "an %s value has no scale", dtype_info[dtype].name);
		return false;
	}
	bool ok = read_scale(s, type->scale, scale);
	if (type->zero)
		ok = eval_int(s, type->zero, "an i8 zero point", dtype_info[dtype].lo, dtype_info[dtype].hi, &zero) && ok;
	if (ok)
		*quant = (struct quant){ .count = 1, .scale = scale, .zero = (int32_t)zero };
	return ok;
}

void
type_check(struct sema *s, const struct ast_type *type, const struct tensor *t)
{
	char a[SHAPE_TEXT], b[SHAPE_TEXT];
	enum dtype dtype = t->dtype;
	struct shape shape;
	struct quant quant;

	if (!type_dtype(s, type, &dtype))
		return;
	if (dtype != t->dtype)
		sema_error(s, type->dtype_loc, "'%s' is %s, not %s", t->name, dtype_info[t->dtype].name, dtype_info[dtype].name);
	if (type->has_dims && type_shape(s, type, &shape) && !shape_equal(&shape, &t->shape))
		sema_error(s, type->dims_loc, "'%s' is %s, not %s", t->name, shape_text(&t->shape, a, sizeof a),
			shape_text(&shape, b, sizeof b));
	if (dtype != t->dtype || !type_quant(s, type, dtype, &quant))
		return;
	if (quant.count && !quant_equal(&quant, &t->quant)) {
		sema_error(s, type->scale->loc, "'%s' has %s, not %s", t->name, quant_text(&t->quant, a, sizeof a),
			quant_text(&quant, b, sizeof b));
		sema_note(s, type->scale->loc, "requantize(x) : scale S zero Z gives a value another scale");
	}
}

struct tensor *
type_requantize(struct sema *s, struct tensor *t, const struct quant *quant, name path, struct loc loc)
{
	char why[WHY_SIZE];
	struct attrs attrs;
	struct node *n;

	if (!quant->count || quant_equal(quant, &t->quant))
		return t;
	attrs_init(&attrs);
	n = graph_add(s->graph, OP_REQUANTIZE, path_unique(s, arena_printf(s->arena, "%s.requantize", path)), &t, 1, &attrs,
		quant, loc, why);
	if (!n)
		die("requantize of '%s': %s", t->name, why);
	return n->out;
}
