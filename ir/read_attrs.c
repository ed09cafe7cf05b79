/* The attributes and annotations of a node from their text form. */
#include <config.h>

#include <string.h>

#include "ir/read.h"

/* ---- attributes ---- */

static bool
read_mode(struct scan *s, enum mode *mode)
{
	for (int m = MODE_NONE + 1; m < MODE_COUNT; m++)
		if (scan_accept_word(s, mode_names[m])) {
			*mode = (enum mode)m;
			return true;
		}
	return scan_expected(s, "a mode, nearest or bilinear");
}

static bool
read_dtype(struct scan *s, enum dtype *t)
{
	if (s->kind != SCAN_WORD || !dtype_lookup(s->text, t))
		return scan_expected(s, "an element type");
	scan_next(s);
	return true;
}

static bool
read_rounding(struct scan *s, enum rounding *r)
{
	for (int k = 0; k < ROUNDING_COUNT; k++)
		if (scan_accept_word(s, rounding_names[k])) {
			*r = (enum rounding)k;
			return true;
		}
	return scan_expected(s, "double, single, even or shift");
}

static bool
read_bool(struct scan *s, bool *v)
{
	*v = scan_accept_word(s, "true");
	return *v || scan_accept_word(s, "false") || scan_expected(s, "true or false");
}

static bool
read_attr_value(struct scan *s, enum attr_kind kind, void *p)
{
	struct ints *ints = p;
	struct clamp *act = p;
	int64_t v;
	int n;
	switch (kind) {
	case ATTR_KIND_INT:
		if (!scan_int(s, INT32_MIN, INT32_MAX, &v))
			return false;
		*(int32_t *)p = (int32_t)v;
		return true;
	case ATTR_KIND_PAIR:
		return scan_pair(s, p);
	case ATTR_KIND_PAD:
		return scan_ints(s, 4, &n, p) && (n == 4 || scan_expected(s, "four values before this"));
	case ATTR_KIND_FLOAT:
		return scan_float(s, p);
	case ATTR_KIND_INTS:
		return scan_ints(s, RANK_MAX, &ints->n, ints->v);
	case ATTR_KIND_MODE:
		return read_mode(s, p);
	case ATTR_KIND_BOOL:
		return read_bool(s, p);
	case ATTR_KIND_DTYPE:
		return read_dtype(s, p);
	case ATTR_KIND_ROUNDING:
		return read_rounding(s, p);
	case ATTR_KIND_ACT:
		return scan_need(s, '[') && scan_float(s, &act->lo) && scan_need(s, ',') && scan_float(s, &act->hi)
			&& scan_need(s, ']');
	}
	return false;
}

bool
read_attrs(struct scan *s, enum op op, struct attrs *attrs)
{
	attrs_init(attrs);
	if (!scan_accept(s, '{'))
		return true;
	do {
		enum attr a;
		if (s->kind != SCAN_WORD)
			return scan_expected(s, "an attribute");
		if (!attr_lookup(s->text, &a) || !(op_info[op].attrs >> a & 1)) {
			diag_error(s->diag, scan_loc(s), "%s has no attribute '%s'", op_info[op].name, s->text);
			return false;
		}
		scan_next(s);
		if (!scan_need(s, '=') || !read_attr_value(s, attr_info[a].kind, (char *)attrs + attr_info[a].offset))
			return false;
	} while (scan_accept(s, ','));
	return scan_need(s, '}');
}

/* ---- annotations ---- */

static bool
read_parts(struct scan *s, struct annot *a)
{
	int64_t v;
	ARRAY(int32_t) list = { 0 };
	if (scan_accept_word(s, "auto"))
		return true;
	bool is_list = scan_accept(s, '[');
	do {
		if (!scan_int(s, 1, INT32_MAX, &v))
			return false;
		ARRAY_PUSH(s->arena, list, (int32_t)v);
	} while (is_list && scan_accept(s, ','));
	a->parts.n = (int)list.n;
	a->parts.v = list.v;
	return !is_list || scan_need(s, ']');
}

static bool
read_class(struct scan *s, struct annot *a)
{
	for (int c = CLASS_EXACT; c <= CLASS_DIFFERENT; c++)
		if (scan_accept_word(s, annot_class_names[c])) {
			a->class = (enum annot_class)c;
			if (c != CLASS_BOUNDED && c != CLASS_LOSSY)
				return true;
			return scan_need(s, '(') && scan_double(s, &a->class_arg) && scan_need(s, ')');
		}
	return scan_expected(s, "exact, bounded(n), lossy(dB) or different");
}

static bool
read_annot_value(struct scan *s, struct annot *a, const struct annot_arg *arg)
{
	int64_t v;
	switch (arg->kind) {
	case ANNOT_TAKES_COUNT:
		if (!scan_int(s, 1, INT32_MAX, &v))
			return false;
		a->groups = (int32_t)v;
		return true;
	case ANNOT_TAKES_COUNTS:
		return read_parts(s, a);
	case ANNOT_TAKES_WORD:
		if (s->kind != SCAN_WORD || !annot_arg_takes(arg, s->text, strlen(s->text)))
			return scan_expected(s, arg->words);
		*annot_word(a, arg) = s->text;
		scan_next(s);
		return true;
	case ANNOT_TAKES_SEED:
		a->has_seed = true;
		return scan_int(s, INT64_MIN, INT64_MAX, &a->seed);
	case ANNOT_TAKES_FLAG:
		a->prune = true;
		return true;
	case ANNOT_TAKES_CLASS:
		return read_class(s, a);
	}
	return false;
}

static bool
read_annot_args(struct scan *s, struct annot *a)
{
	do {
		const struct annot_arg *arg = s->kind == SCAN_WORD ? annot_arg_lookup(a->kind, s->text) : NULL;
		if (!arg)
			return scan_expected(s, "an argument of the annotation");
		scan_next(s);
		if (arg->kind != ANNOT_TAKES_FLAG && !scan_need(s, '='))
			return false;
		if (!read_annot_value(s, a, arg))
			return false;
	} while (scan_accept(s, ','));
	return scan_need(s, ')');
}

bool
read_annots(struct scan *s, struct annot **list)
{
	while (scan_accept(s, '@')) {
		struct annot *a = ARENA_NEW(s->arena, struct annot);
		a->loc = scan_loc(s);
		if (s->kind != SCAN_WORD || !annot_lookup(s->text, &a->kind))
			return scan_expected(s, "an annotation");
		scan_next(s);
		if (scan_accept(s, '(') && !read_annot_args(s, a))
			return false;
		if (scan_accept_word(s, "for") && !scan_string(s, &a->chip))
			return false;
		*list = a;
		list = &a->next;
	}
	return true;
}
