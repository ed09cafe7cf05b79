/* The value of one attribute, by the kind that its row in attrs.def says. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "sema/build.h"

struct target {
	struct sema *s;
	enum attr attr;
	struct loc loc;
};

static bool
wrong(const struct target *t, const char *wanted, struct value found)
{
	if (found.kind != VAL_ERROR)
		sema_error(t->s, t->loc, "'%s' must be %s, found %s", attr_info[t->attr].name, wanted, value_text(t->s, found));
	return false;
}

/* The smallest value: counts and windows from 1, padding from 0; others are signed. */
static int32_t
least(enum attr attr)
{
	if (attr == ATTR_OUT || attr == ATTR_KERNEL || attr == ATTR_STRIDE || attr == ATTR_DILATION || attr == ATTR_GROUPS
	    || attr == ATTR_MULTIPLIER)
		return 1;
	return attr == ATTR_PAD || attr == ATTR_OUTPUT_PAD || attr == ATTR_BEFORE || attr == ATTR_AFTER ? 0 : -INT32_MAX;
}

static bool
set_int(const struct target *t, struct value v, const char *wanted, int32_t *to)
{
	if (v.kind != VAL_INT)
		return wrong(t, wanted, v);
	if (v.u.i < least(t->attr) || v.u.i > INT32_MAX) {
		sema_error(t->s, t->loc, "'%s' must be from %d to %d, found %lld", attr_info[t->attr].name, least(t->attr),
			INT32_MAX, (long long)v.u.i);
		return false;
	}
	*to = (int32_t)v.u.i;
	return true;
}

static bool
is_list(struct value v)
{
	return v.kind == VAL_LIST || v.kind == VAL_DIMS;
}

static bool
set_items(const struct target *t, struct value v, const char *wanted, int32_t *to)
{
	for (int64_t i = 0; i < v.u.list.n; i++)
		if (!set_int(t, v.u.list.v[i], wanted, &to[i]))
			return false;
	return true;
}

static bool
is_word(struct value v, const char *word)
{
	return v.kind == VAL_WORD && strcmp(v.u.word, word) == 0;
}

static bool
set_pair(const struct target *t, struct value v, int32_t to[2])
{
	static const char wanted[] = "HxW or one integer for both";

	if (t->attr == ATTR_KERNEL && is_word(v, "all")) {
		to[0] = to[1] = KERNEL_ALL;
		return true;
	}
	if (v.kind == VAL_INT) {
		if (!set_int(t, v, wanted, &to[0]))
			return false;
		to[1] = to[0];
		return true;
	}
	if (!is_list(v) || v.u.list.n != 2)
		return wrong(t, wanted, v);
	return set_items(t, v, wanted, to);
}

static bool
set_pad(const struct target *t, struct value v, int32_t to[4], bool *same)
{
	static const char wanted[] = "same, valid, an integer, HxW or [top, bottom, left, right]";

	if (is_word(v, "same")) {
		*same = true;
		return true;
	}
	if (is_word(v, "valid"))
		return true;
	if (v.kind == VAL_INT) {
		bool ok = set_int(t, v, wanted, to);

		to[1] = to[2] = to[3] = to[0];
		return ok;
	}
	if (v.kind == VAL_DIMS && v.u.list.n == 2) {
		int32_t hw[2];

		if (!set_items(t, v, wanted, hw))
			return false;
		to[0] = to[1] = hw[0];
		to[2] = to[3] = hw[1];
		return true;
	}
	if (v.kind != VAL_LIST || v.u.list.n != 4)
		return wrong(t, wanted, v);
	return set_items(t, v, wanted, to);
}

static bool
set_float(const struct target *t, struct value v, float *to)
{
	if (!value_is_number(v))
		return wrong(t, "a number", v);
	*to = (float)value_number(v);
	if (isfinite(*to))
		return true;
	sema_error(t->s, t->loc, "'%s' does not fit a 32-bit float: %.9g", attr_info[t->attr].name, value_number(v));
	return false;
}

static bool
set_ints(const struct target *t, struct value v, struct ints *to)
{
	static const char wanted[] = "a list of integers";

	if (v.kind == VAL_INT) {
		to->n = 1;
		return set_int(t, v, wanted, to->v);
	}
	if (!is_list(v))
		return wrong(t, wanted, v);
	if (v.u.list.n > RANK_MAX) {
		sema_error(t->s, t->loc, "'%s' has %lld values; a value has at most %d dimensions", attr_info[t->attr].name,
			(long long)v.u.list.n, RANK_MAX);
		return false;
	}
	to->n = (int)v.u.list.n;
	return set_items(t, v, wanted, to->v);
}

static bool
set_mode(const struct target *t, struct value v, enum mode *to)
{
	for (int i = MODE_NONE + 1; i < MODE_COUNT; i++)
		if (is_word(v, mode_names[i])) {
			*to = (enum mode)i;
			return true;
		}
	return wrong(t, "nearest or bilinear", v);
}

static bool
set_bool(const struct target *t, struct value v, bool *to)
{
	if (!is_word(v, "true") && !is_word(v, "false"))
		return wrong(t, "true or false", v);
	*to = is_word(v, "true");
	return true;
}

bool
attr_set(struct sema *s, struct attrs *attrs, enum attr attr, struct value v, struct loc loc, bool *same)
{
	struct target t = { s, attr, loc };
	void *field = (char *)attrs + attr_info[attr].offset;

	switch (attr_info[attr].kind) {
	case ATTR_KIND_INT:
		return set_int(&t, v, "an integer", field);
	case ATTR_KIND_PAIR:
		return set_pair(&t, v, field);
	case ATTR_KIND_PAD:
		return set_pad(&t, v, field, same);
	case ATTR_KIND_FLOAT:
		return set_float(&t, v, field);
	case ATTR_KIND_INTS:
		return set_ints(&t, v, field);
	case ATTR_KIND_MODE:
		return set_mode(&t, v, field);
	case ATTR_KIND_BOOL:
		return set_bool(&t, v, field);
	case ATTR_KIND_ACT:
	case ATTR_KIND_DTYPE:
	case ATTR_KIND_ROUNDING:
		break;
	}
	die("attribute '%s' cannot be written", attr_info[attr].name);
}
