/* The text form of a graph, one tensor or output a line; docs/ir.md has the grammar, read.c reads it back. */
#include <config.h>

#include <string.h>

#include "ir/graph.h"

/* A name in quotes, every byte that is not plain text as \xNN. */
static void
put_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 32 || c == 127)
			fprintf(f, "\\x%02x", c);
		else
			putc(c, f);
	}
	putc('"', f);
}

static void
put_float(FILE *f, float v)
{
	char text[FLOAT_TEXT];
	fputs(float_text(v, text, sizeof text), f);
}

static void
put_int_list(FILE *f, int n, const int32_t *v)
{
	putc('[', f);
	for (int i = 0; i < n; i++)
		fprintf(f, "%s%d", i ? ", " : "", v[i]);
	putc(']', f);
}

/* ---- types ---- */

static bool
elided(const struct print_opts *opts, int64_t count)
{
	return opts && opts->elide > 0 && count > opts->elide;
}

static void
put_scales(FILE *f, const struct quant *q, const struct print_opts *opts)
{
	if (q->count == 1) {
		put_float(f, q->scale[0]);
		return;
	}
	if (elided(opts, q->count)) {
		fprintf(f, "[...] axis %d", q->axis);
		return;
	}
	putc('[', f);
	for (int i = 0; i < q->count; i++) {
		fputs(i ? ", " : "", f);
		put_float(f, q->scale[i]);
	}
	fprintf(f, "] axis %d", q->axis);
}

/* " : i8[25, 5, 64] scale 0.5 zero 3 in %7 offset 16 pitch 64" */
static void
put_type(FILE *f, const struct tensor *t, const struct print_opts *opts)
{
	char text[SHAPE_TEXT];
	fprintf(f, " : %s%s", dtype_info[t->dtype].name, shape_text(&t->shape, text, sizeof text));
	if (t->quant.count) {
		fputs(" scale ", f);
		put_scales(f, &t->quant, opts);
		fprintf(f, " zero %d", t->quant.zero);
	}
	if (t->base && t->base != t)
		fprintf(f, " in %%%d offset %lld pitch %d", t->base->id, (long long)t->offset, t->pitch);
}

static void
put_data(FILE *f, const struct tensor *t, const struct print_opts *opts)
{
	int64_t count = tensor_count(t);
	if (elided(opts, count)) {
		fputs(" = ...", f);
		return;
	}
	fputs(" = [", f);
	for (int64_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", f);
		switch (t->dtype) {
		case DT_F32: put_float(f, ((const float *)t->data)[i]); break;
		case DT_I8: fprintf(f, "%d", ((const int8_t *)t->data)[i]); break;
		case DT_I16: fprintf(f, "%d", ((const int16_t *)t->data)[i]); break;
		case DT_I32: fprintf(f, "%d", ((const int32_t *)t->data)[i]); break;
		case DT_COUNT: die("'%s' has no element type", t->name);
		}
	}
	putc(']', f);
}

/* ---- attributes and annotations ---- */

static void
put_attr(FILE *f, const struct attr_info *info, const struct attrs *attrs)
{
	const void *p = (const char *)attrs + info->offset;
	const int32_t *v = p;
	const struct ints *ints = p;
	const struct clamp *act = p;
	fprintf(f, "%s = ", info->name);
	switch (info->kind) {
	case ATTR_KIND_INT: fprintf(f, "%d", *v); break;
	case ATTR_KIND_PAIR: fprintf(f, "%dx%d", v[0], v[1]); break;
	case ATTR_KIND_PAD: put_int_list(f, 4, v); break;
	case ATTR_KIND_FLOAT: put_float(f, *(const float *)p); break;
	case ATTR_KIND_INTS: put_int_list(f, ints->n, ints->v); break;
	case ATTR_KIND_MODE: fputs(mode_names[*(const enum mode *)p], f); break;
	case ATTR_KIND_DTYPE: fputs(dtype_info[*(const enum dtype *)p].name, f); break;
	case ATTR_KIND_ROUNDING: fputs(rounding_names[*(const enum rounding *)p], f); break;
	case ATTR_KIND_BOOL: fputs(*(const bool *)p ? "true" : "false", f); break;
	case ATTR_KIND_ACT:
		putc('[', f);
		put_float(f, act->lo);
		fputs(", ", f);
		put_float(f, act->hi);
		putc(']', f);
		break;
	}
}

/* Those of the operation's row that differ from their defaults. */
static void
put_attrs(FILE *f, const struct node *n, const struct attrs *defaults)
{
	const char *before = " {";
	for (int a = 0; a < ATTR_COUNT; a++)
		if (op_info[n->op].attrs >> a & 1 && !attr_equal(&n->attr, defaults, (enum attr)a)) {
			fputs(before, f);
			put_attr(f, &attr_info[a], &n->attr);
			before = ", ";
		}
	if (before[0] == ',')
		putc('}', f);
}

static void
put_parts(FILE *f, const struct annot *a)
{
	fputs("parts = ", f);
	if (a->parts.n == 0)
		fputs("auto", f);
	else if (a->parts.n == 1)
		fprintf(f, "%d", a->parts.v[0]);
	else
		put_int_list(f, a->parts.n, a->parts.v);
}

static void
put_class(FILE *f, const struct annot *a)
{
	fprintf(f, "class = %s", annot_class_names[a->class]);
	if (a->class == CLASS_BOUNDED || a->class == CLASS_LOSSY)
		fprintf(f, "(%.17g)", a->class_arg);
}

static bool
is_written(const struct annot *a, const struct annot_arg *arg)
{
	switch (arg->kind) {
	case ANNOT_TAKES_COUNT: return a->groups != 0;
	case ANNOT_TAKES_COUNTS: return true;
	case ANNOT_TAKES_WORD: return *annot_word((struct annot *)a, arg) != NULL;
	case ANNOT_TAKES_SEED: return a->has_seed;
	case ANNOT_TAKES_FLAG: return a->prune;
	case ANNOT_TAKES_CLASS: return a->class != CLASS_UNSET;
	}
	return false;
}

static void
put_annot_arg(FILE *f, const struct annot *a, const struct annot_arg *arg)
{
	switch (arg->kind) {
	case ANNOT_TAKES_COUNT: fprintf(f, "groups = %d", a->groups); break;
	case ANNOT_TAKES_COUNTS: put_parts(f, a); break;
	case ANNOT_TAKES_WORD: fprintf(f, "%s = %s", arg->name, *annot_word((struct annot *)a, arg)); break;
	case ANNOT_TAKES_SEED: fprintf(f, "seed = %lld", (long long)a->seed); break;
	case ANNOT_TAKES_FLAG: fputs("prune", f); break;
	case ANNOT_TAKES_CLASS: put_class(f, a); break;
	}
}

static void
put_annot(FILE *f, const struct annot *a)
{
	const char *before = "(";
	fprintf(f, " @%s", annot_info[a->kind].name);
	for (const struct annot_arg *arg = annot_args; arg->name; arg++)
		if (arg->annot == a->kind && is_written(a, arg)) {
			fputs(before, f);
			put_annot_arg(f, a, arg);
			before = ", ";
		}
	if (before[0] == ',')
		putc(')', f);
	if (a->chip) {
		fputs(" for ", f);
		put_string(f, a->chip);
	}
}

/* ---- lines ---- */

static void
put_node(FILE *f, const struct node *n, const struct attrs *defaults, const struct print_opts *opts)
{
	fprintf(f, "%%%d ", n->out->id);
	put_string(f, n->name);
	fprintf(f, " = %s(", op_info[n->op].name);
	for (int k = 0; k < n->nin; k++)
		fprintf(f, "%s%%%d", k ? ", " : "", n->in[k]->id);
	putc(')', f);
	put_attrs(f, n, defaults);
	for (const struct annot *a = n->annots; a; a = a->next)
		put_annot(f, a);
	if (n->label != n->name) {
		fputs(" label ", f);
		put_string(f, n->label);
	}
	put_type(f, n->out, opts);
	putc('\n', f);
}

static void
put_leaf(FILE *f, const struct tensor *t, const struct print_opts *opts)
{
	fprintf(f, "%s %%%d ", t->data ? "const" : "input", t->id);
	put_string(f, t->name);
	put_type(f, t, opts);
	if (t->data)
		put_data(f, t, opts);
	putc('\n', f);
}

static bool
has_storage(const struct graph *g)
{
	for (size_t i = 0; i < g->tensors.n; i++)
		if (g->tensors.v[i]->base)
			return true;
	return false;
}

/* A name that read.c takes without quotes. */
static bool
is_word(const char *s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	return *s && !(*s >= '0' && *s <= '9') && s[strspn(s, letters)] == '\0';
}

void
graph_print(FILE *f, const struct graph *g, const struct print_opts *opts)
{
	struct attrs defaults;
	attrs_init(&defaults);
	fputs("graph ", f);
	if (is_word(g->name))
		fputs(g->name, f);
	else
		put_string(f, g->name);
	fputs(has_storage(g) ? " aliased\n" : "\n", f);
	for (size_t i = 0; i < g->tensors.n; i++) {
		const struct tensor *t = g->tensors.v[i];
		if (t->producer)
			put_node(f, t->producer, &defaults, opts);
		else
			put_leaf(f, t, opts);
	}
	for (size_t i = 0; i < g->outputs.n; i++) {
		fputs("output ", f);
		put_string(f, g->output_names.v[i]);
		fprintf(f, " = %%%d\n", g->outputs.v[i]->id);
	}
}
