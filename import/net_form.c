/* Attributes, scales and constants as text.  A value often has several texts that mean the same (pad = same, pad = [0, 1, 0, 1]): all
 * of them are given, the one that a reader wants first, so that statements with a text in common can share it. */
#include <config.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"

static void
add_form(struct net_field *f, name text)
{
	for (int i = 0; i < NET_FORMS; i++) {
		if (f->form[i] == text)
			return;
		if (!f->form[i]) {
			f->form[i] = text;
			return;
		}
	}
	die("more than %d ways to write '%s'", NET_FORMS, f->key);
}

static void
add_left_out(struct net_writer *w, struct net_field *f)
{
	add_form(f, intern(w->names, ""));
}

name
net_number(struct net_writer *w, float v)
{
	char text[FLOAT_TEXT];
	char *e;

	float_text(v, text, sizeof text);
	if (v == 0 && signbit(v))
		return intern(w->names, "-0.0");
	e = strchr(text, 'e');
	if (!e)
		return intern(w->names, text);
	/* 1e-05 -> 1e-5 */
	bool negative = e[1] == '-';
	const char *digits = e + strcspn(e, "123456789");
	return intern_printf(w->names, "%.*se%s%s", (int)(e - text), text, negative ? "-" : "", digits);
}

name
net_scale(struct net_writer *w, float v)
{
	name text = net_number(w, v);

	return text[strcspn(text, ".e")] ? text : intern_printf(w->names, "%s.0", text);
}

/* ---- attributes, by kind ---- */

static const void *
field_of(const struct node *n, enum attr a)
{
	return (const char *)&n->attr + attr_info[a].offset;
}

static name
list_text(struct net_writer *w, const int32_t *v, int n)
{
	const char *text = "[";

	for (int i = 0; i < n; i++)
		text = arena_printf(w->arena, "%s%s%d", text, i ? ", " : "", v[i]);
	return intern_printf(w->names, "%s]", text);
}

static name
pair_text(struct net_writer *w, const int32_t v[2], bool square)
{
	return v[0] == v[1] && square ? intern_printf(w->names, "%d", v[0]) : intern_printf(w->names, "%dx%d", v[0], v[1]);
}

static bool
is_pool(enum op op)
{
	return op == OP_MAXPOOL || op == OP_AVGPOOL;
}

static void
int_forms(struct net_writer *w, const struct node *n, enum attr a, struct net_field *f)
{
	int32_t v = *(const int32_t *)field_of(n, a);

	/* The graph counts axes from the front, the default from the end. */
	if (a == ATTR_AXIS && v == n->in[0]->shape.rank - 1) {
		add_left_out(w, f);
		v = -1;
	}
	add_form(f, intern_printf(w->names, "%d", v));
}

/* Whether N is a pool of one window, the input. */
static bool
covers_input(const struct node *n)
{
	static const int32_t none[4];
	const struct attrs *a = &n->attr;

	return is_pool(n->op) && memcmp(a->kernel, n->in[0]->shape.dim, sizeof a->kernel) == 0
		&& memcmp(a->stride, a->kernel, sizeof a->stride) == 0 && memcmp(a->pad, none, sizeof none) == 0;
}

static void
pair_forms(struct net_writer *w, const struct node *n, enum attr a, struct net_field *f)
{
	const int32_t *v = field_of(n, a);

	if (a == ATTR_KERNEL && covers_input(n))
		add_form(f, intern(w->names, "all"));
	if (a == ATTR_STRIDE && is_pool(n->op) && memcmp(v, n->attr.kernel, 2 * sizeof *v) == 0)
		add_left_out(w, f);
	add_form(f, pair_text(w, v, a != ATTR_KERNEL));
}

/* The padding that pad = same gives, and for a transposed convolution with it the output padding. */
static void
same_padding(const struct node *n, int32_t pad[4], int32_t output_pad[2])
{
	memset(output_pad, 0, 2 * sizeof *output_pad);
	if (n->op == OP_TCONV2D)
		pad_same_transposed(&n->attr, pad, output_pad);
	else
		pad_same(n->in[0]->shape.dim, &n->attr, pad);
}

/* Whether the output padding of N is left out because its padding is written as same, and in no other way. */
static bool
output_pad_follows(const struct node *n)
{
	int32_t pad[4], output_pad[2];
	bool padded = n->attr.pad[0] || n->attr.pad[1] || n->attr.pad[2] || n->attr.pad[3];

	if (n->op != OP_TCONV2D || !padded || (!n->attr.output_pad[0] && !n->attr.output_pad[1]))
		return false;
	same_padding(n, pad, output_pad);
	return memcmp(pad, n->attr.pad, sizeof pad) == 0 && memcmp(output_pad, n->attr.output_pad, sizeof output_pad) == 0;
}

static void
pad_forms(struct net_writer *w, const struct node *n, struct net_field *f)
{
	static const int32_t none[4];
	const int32_t *v = n->attr.pad;
	int32_t same[4], output_pad[2];

	same_padding(n, same, output_pad);
	bool is_same = memcmp(same, v, sizeof same) == 0 && memcmp(output_pad, n->attr.output_pad, sizeof output_pad) == 0;
	bool is_valid = memcmp(v, none, sizeof none) == 0;
	if (is_valid)
		add_form(f, intern(w->names, "valid"));
	if (is_same)
		add_form(f, intern(w->names, "same"));
	if (is_valid || output_pad_follows(n))
		return;
	if (v[0] != v[1] || v[2] != v[3])
		add_form(f, list_text(w, v, 4));
	else
		add_form(f, pair_text(w, (int32_t[]){ v[0], v[2] }, true));
}

static bool
all_are(const struct ints *v, int32_t value)
{
	for (int i = 0; i < v->n; i++)
		if (v->v[i] != value)
			return false;
	return true;
}

/* Whether the slice N goes to the end of every dimension. */
static bool
goes_to_end(const struct node *n)
{
	const struct attrs *a = &n->attr;

	for (int i = 0; i < a->size.n; i++)
		if (((int64_t)n->in[0]->shape.dim[i] - a->begin.v[i] + a->steps.v[i] - 1) / a->steps.v[i] != a->size.v[i])
			return false;
	return true;
}

/* Whether the list A of N, which the graph has in full, is what the language takes when nothing is written. */
static bool
ints_default(const struct node *n, enum attr a)
{
	const struct ints *v = field_of(n, a);

	if (a == ATTR_AXES)
		return v->n == n->in[0]->shape.rank;
	if (a == ATTR_SIZE)
		return n->op == OP_SLICE && goes_to_end(n);
	if (a == ATTR_BEFORE) /* one of the two must be there */
		return all_are(v, 0) && !all_are(&n->attr.after, 0);
	return (a == ATTR_STEPS && all_are(v, 1)) || (a == ATTR_AFTER && all_are(v, 0));
}

static void
ints_forms(struct net_writer *w, const struct node *n, enum attr a, struct net_field *f)
{
	const struct ints *v = field_of(n, a);

	if (ints_default(n, a))
		add_left_out(w, f);
	add_form(f, a == ATTR_SIZE && n->op == OP_RESIZE ? pair_text(w, v->v, false) : list_text(w, v->v, v->n));
}

static void
spelled_forms(struct net_writer *w, const struct node *n, enum attr a, struct net_field *f)
{
	const void *v = field_of(n, a);

	switch (attr_info[a].kind) {
	case ATTR_KIND_INT: int_forms(w, n, a, f); break;
	case ATTR_KIND_PAIR: pair_forms(w, n, a, f); break;
	case ATTR_KIND_PAD: pad_forms(w, n, f); break;
	case ATTR_KIND_FLOAT: add_form(f, net_number(w, *(const float *)v)); break;
	case ATTR_KIND_INTS: ints_forms(w, n, a, f); break;
	case ATTR_KIND_MODE: add_form(f, intern(w->names, mode_names[*(const enum mode *)v])); break;
	case ATTR_KIND_BOOL: add_form(f, intern(w->names, *(const bool *)v ? "true" : "false")); break;
	case ATTR_KIND_ACT:
	case ATTR_KIND_DTYPE:
	case ATTR_KIND_ROUNDING:
		die("attribute '%s' cannot be written", attr_info[a].name);
	}
}

/* Whether leaving A out says its value; pools' strides, axes and lists have defaults of their own. */
static bool
is_default(const struct node *n, enum attr a)
{
	struct attrs defaults;

	if ((a == ATTR_STRIDE && is_pool(n->op)) || a == ATTR_AXIS || n->op == OP_SHUFFLE || !*attr_info[a].def)
		return false;
	if (a == ATTR_OUTPUT_PAD && output_pad_follows(n))
		return true;
	attrs_init(&defaults);
	return attr_equal(&n->attr, &defaults, a);
}

bool
net_attr_forms(struct net_writer *w, const struct node *n, enum attr a, struct net_field *f)
{
	if (!(op_info[n->op].attrs >> a & 1) || attr_info[a].internal)
		return false;
	f->key = attr_info[a].name;
	if (is_default(n, a))
		add_left_out(w, f);
	spelled_forms(w, n, a, f);
	return true;
}

/* ---- constant operands ---- */

bool
net_is_operand(const struct node *n, int k)
{
	bool bound = false;

	if (!(op_info[n->op].flags & OPF_VARIADIC))
		op_input_name(n->op, k, &bound);
	return !bound;
}

bool
net_is_literal(const struct tensor *t)
{
	return tensor_count(t) <= NET_LITERAL && (t->dtype == DT_F32 || isfinite(256 * t->quant.scale[0]));
}

/* The real number that element I stands for. */
static name
element_text(struct net_writer *w, const struct tensor *t, int64_t i)
{
	if (t->dtype == DT_F32)
		return net_number(w, ((const float *)t->data)[i]);
	return net_number(w, t->quant.scale[0] * (float)(((const int8_t *)t->data)[i] - t->quant.zero));
}

static const char *
nested_text(struct net_writer *w, const struct tensor *t, int depth, int64_t *at)
{
	const char *text = "[";

	if (depth == t->shape.rank)
		return element_text(w, t, (*at)++);
	for (int i = 0; i < t->shape.dim[depth]; i++)
		text = arena_printf(w->arena, "%s%s%s", text, i ? ", " : "", nested_text(w, t, depth + 1, at));
	return arena_printf(w->arena, "%s]", text);
}

/* A text that no value has: the constant's place in the graph behind it. */
static const char mark[] = "\1";

name
net_operand(struct net_writer *w, const struct tensor *t)
{
	bool one = t->shape.rank == 0 || (t->shape.rank == 1 && t->shape.dim[0] == 1);
	int64_t at = 0;

	if (!net_is_literal(t))
		return intern_printf(w->names, "%s%d", mark, w->stored[t->id]->id);
	return intern(w->names, one ? element_text(w, t, 0) : nested_text(w, t, 0, &at));
}

const struct tensor *
net_marked(const struct net_writer *w, name text)
{
	return *text == *mark ? w->g->tensors.v[strtol(text + 1, NULL, 10)] : NULL;
}
