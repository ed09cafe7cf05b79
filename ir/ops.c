/* The tables made from the .def files, lookups in them, and the small functions of shapes, scales and attributes. */
#include <config.h>

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ir/ops.h"
#include "ir/shape.h"
#include "support/diag.h"

/* ---- element types ---- */

const struct dtype_info dtype_info[DT_COUNT] = {
#define DTYPE(id, text, size, c, descr, st, least, most) \
	[DT_##id] = { .name = text, .c_type = c, .npy = descr, .safetensors = st, .bytes = size, .lo = least, .hi = most },
#include "ir/dtypes.def"
#undef DTYPE
};

bool
dtype_lookup(const char *text, enum dtype *t)
{
	for (int i = 0; i < DT_COUNT; i++)
		if (strcmp(dtype_info[i].name, text) == 0) {
			*t = (enum dtype)i;
			return true;
		}
	return false;
}

/* ---- shapes ---- */

int64_t
shape_count(const struct shape *s)
{
	int64_t n = 1;
	for (int i = 0; i < s->rank; i++)
		if (__builtin_mul_overflow(n, (int64_t)s->dim[i], &n))
			return INT64_MAX;
	return n;
}

bool
shape_equal(const struct shape *a, const struct shape *b)
{
	return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof *a->dim) == 0;
}

const char *
shape_check(const struct shape *s)
{
	if (s->rank < 0 || s->rank > RANK_MAX)
		return "it has more than 6 dimensions";
	for (int i = 0; i < s->rank; i++)
		if (s->dim[i] < 1)
			return "a dimension is below 1";
	return shape_count(s) > INT32_MAX ? "it has more than 2147483647 elements" : NULL;
}

const char *
shape_text(const struct shape *s, char *buf, int size)
{
	int n = snprintf(buf, (size_t)size, "[");
	for (int i = 0; i < s->rank && n < size; i++)
		n += snprintf(buf + n, (size_t)(size - n), "%s%d", i ? ", " : "", s->dim[i]);
	if (n < size)
		snprintf(buf + n, (size_t)(size - n), "]");
	return buf;
}

/* ---- scales ---- */

bool
quant_equal(const struct quant *a, const struct quant *b)
{
	if (a->count != b->count)
		return false;
	if (a->count == 0)
		return true;
	return a->zero == b->zero && (a->count == 1 || a->axis == b->axis)
		&& memcmp(a->scale, b->scale, (size_t)a->count * sizeof *a->scale) == 0;
}

const char *
quant_text(const struct quant *q, char *buf, int size)
{
	char scale[FLOAT_TEXT];
	if (q->count == 0)
		snprintf(buf, (size_t)size, "no scale");
	else if (q->count == 1)
		snprintf(buf, (size_t)size, "scale %s zero %d", float_text(q->scale[0], scale, sizeof scale), q->zero);
	else
		snprintf(buf, (size_t)size, "%d scales", q->count);
	return buf;
}

const char *
float_text(float v, char *buf, int size)
{
	for (int digits = 1; digits <= 9; digits++) {
		snprintf(buf, (size_t)size, "%.*g", digits, (double)v);
		if (strtof(buf, NULL) == v)
			break;
	}
	return buf;
}

/* ---- attributes ---- */

const char *const mode_names[MODE_COUNT] = {
	[MODE_NONE] = "none", [MODE_NEAREST] = "nearest", [MODE_BILINEAR] = "bilinear"
};

const char *const rounding_names[ROUNDING_COUNT] = {
	[ROUNDING_DOUBLE] = "double", [ROUNDING_SINGLE] = "single", [ROUNDING_EVEN] = "even", [ROUNDING_SHIFT] = "shift"
};

const struct attr_info attr_info[ATTR_COUNT] = {
#define ATTR(id, text, how, field, preset, words) \
	[ATTR_##id] = { .name = text, .kind = ATTR_KIND_##how, .offset = offsetof(struct attrs, field), .def = preset, .help = words },
#define INTERNAL(id, text, how, field, preset, words) \
	[ATTR_##id] = { .name = text, .kind = ATTR_KIND_##how, .offset = offsetof(struct attrs, field), .def = preset, .help = words, \
		.internal = true },
#include "ir/attrs.def"
#undef ATTR
};

static const size_t kind_size[] = {
	[ATTR_KIND_INT] = sizeof(int32_t), [ATTR_KIND_PAIR] = 2 * sizeof(int32_t),
	[ATTR_KIND_PAD] = 4 * sizeof(int32_t), [ATTR_KIND_FLOAT] = sizeof(float),
	[ATTR_KIND_INTS] = sizeof(struct ints), [ATTR_KIND_MODE] = sizeof(enum mode),
	[ATTR_KIND_BOOL] = sizeof(bool), [ATTR_KIND_ACT] = sizeof(struct clamp),
	[ATTR_KIND_DTYPE] = sizeof(enum dtype), [ATTR_KIND_ROUNDING] = sizeof(enum rounding)
};

/* The default DEF, as attrs.def writes it, into the field at P. */
static void
set_default(enum attr_kind kind, const char *def, void *p)
{
	int32_t *v = p;
	switch (kind) {
	case ATTR_KIND_INT:
		*v = (int32_t)strtol(def, NULL, 10);
		break;
	case ATTR_KIND_PAIR:
		if (*def && sscanf(def, "%dx%d", &v[0], &v[1]) != 2)
			die("attrs.def: '%s' is not a pair", def);
		break;
	case ATTR_KIND_FLOAT:
		*(float *)p = strtof(def, NULL);
		break;
	case ATTR_KIND_BOOL:
		*(bool *)p = strcmp(def, "true") == 0;
		break;
	case ATTR_KIND_ACT:
		*(struct clamp *)p = (struct clamp){ -INFINITY, INFINITY };
		break;
	case ATTR_KIND_DTYPE:
		*(enum dtype *)p = DT_COUNT;
		break;
	case ATTR_KIND_PAD:  /* "valid" is no padding: zeros */
	case ATTR_KIND_INTS:
	case ATTR_KIND_MODE:
	case ATTR_KIND_ROUNDING:
		break;
	}
}

void
attrs_init(struct attrs *a)
{
	memset(a, 0, sizeof *a);
	for (int i = 0; i < ATTR_COUNT; i++)
		set_default(attr_info[i].kind, attr_info[i].def, (char *)a + attr_info[i].offset);
}

bool
attr_lookup(const char *text, enum attr *a)
{
	for (int i = 0; i < ATTR_COUNT; i++)
		if (strcmp(attr_info[i].name, text) == 0) {
			*a = (enum attr)i;
			return true;
		}
	return false;
}

bool
attr_equal(const struct attrs *a, const struct attrs *b, enum attr attr)
{
	const struct attr_info *info = &attr_info[attr];
	const void *x = (const char *)a + info->offset, *y = (const char *)b + info->offset;
	if (info->kind == ATTR_KIND_INTS) {
		const struct ints *m = x, *n = y;
		return m->n == n->n && memcmp(m->v, n->v, (size_t)m->n * sizeof *m->v) == 0;
	}
	return memcmp(x, y, kind_size[info->kind]) == 0;
}

void
attr_copy(struct attrs *to, const struct attrs *from, enum attr attr)
{
	const struct attr_info *info = &attr_info[attr];
	memcpy((char *)to + info->offset, (const char *)from + info->offset, kind_size[info->kind]);
}

bool
clamp_is_none(struct clamp c)
{
	return c.lo == -INFINITY && c.hi == INFINITY;
}

/* ---- operations ---- */

const struct op_info op_info[OP_COUNT] = {
#define A(id) (UINT64_C(1) << ATTR_##id)
#define F(id) OPF_##id
#define OP(id, text, names, min, max, takes, bits, rule, fn, words) \
	[OP_##id] = { .name = text, .inputs = names, .min_inputs = min, .max_inputs = max, .attrs = takes, \
		.flags = bits, .quant = QUANT_##rule, .shape = shape_##fn, .help = words },
#include "ir/ops.def"
#undef OP
#undef F
#undef A
};

bool
op_lookup(const char *text, enum op *op)
{
	for (int i = 0; i < OP_COUNT; i++)
		if (strcmp(op_info[i].name, text) == 0) {
			*op = (enum op)i;
			return true;
		}
	return false;
}

bool
op_lookup_callable(const char *text, enum op *op)
{
	return op_lookup(text, op) && !(op_info[*op].flags & OPF_INTERNAL);
}

/* Every word of the inputs column of ops.def, in lower case. */
static const char *const input_names[] = { "x", "a", "b", "weight", "bias", "running_mean", "running_var", "multiplier", "shift",
	"index" };

const char *
op_input_name(enum op op, int k, bool *bound)
{
	const char *word = op_info[op].inputs;
	if (op_info[op].flags & OPF_SUM && k == INPUT_SUM) {
		*bound = false;
		return "sum";
	}
	for (; k > 0 && strchr(word, ' '); k--)
		word = strchr(word, ' ') + 1;
	size_t len = strcspn(word, " ");
	*bound = word[0] >= 'A' && word[0] <= 'Z';
	for (size_t i = 0; i < sizeof input_names / sizeof *input_names; i++)
		if (strlen(input_names[i]) == len && (input_names[i][0] | 32) == (word[0] | 32)
		    && memcmp(input_names[i] + 1, word + 1, len - 1) == 0)
			return input_names[i];
	die("ops.def: input '%.*s' of %s has no entry in input_names", (int)len, word, op_info[op].name);
}
