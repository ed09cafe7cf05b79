/* The statements as text.  Line breaks are left to the canonical form. */
#include <config.h>
#include <string.h>
#include "import/net.h"
#include "support/diag_show.h"

/* S in quotes, as the language reads it. */
static void
put_string(FILE *f, const char *s)
{
	putc('"', f);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', f);
		else if (*s == '{' || *s == '}')
			putc(*s, f);
		putc(*s, f);
	}
	putc('"', f);
}

/* ---- stages ---- */

struct put {
	FILE *f;
	const struct net_writer *w;
	const struct net_item *it;
	const char *comma;     /* before the next argument */
};

static void
put_key(struct put *p, const char *key)
{
	fprintf(p->f, "%s%s%s", p->comma, key ? key : "", key ? " = " : "");
	p->comma = ", ";
}

static void
put_type(FILE *f, enum dtype dtype, const struct quant *q, struct net_writer *w)
{
	fprintf(f, " : %s", dtype_info[dtype].name);
	if (q->count)
		fprintf(f, " scale %s zero %d", net_number(w, q->scale[0]), q->zero);
}

/* A constant operand: literally, or where the weights file has it. */
static void
put_constant(struct put *p, const struct net_field *c)
{
	if (c->form[0]) {
		fputs(c->form[0], p->f);
	} else {
		fputs("tensor(", p->f);
		put_string(p->f, net_stored_name(p->w, c->constant));
		putc(')', p->f);
	}
	if (c->constant->dtype == DT_I8)
		put_type(p->f, DT_I8, &c->constant->quant, (struct net_writer *)p->w);
}

static const struct net_field *
constant_of(const struct net_item *it, int stage, int operand)
{
	for (int i = 0; i < it->nfields; i++)
		if (!it->fields[i].key && it->fields[i].stage == stage && it->fields[i].operand == operand)
			return &it->fields[i];
	die("a constant of '%s' is missing", it->nodes[stage]->name);
}

static void
put_operands(struct put *p, int stage)
{
	const struct node *n = p->it->nodes[stage];
	bool head = stage == p->it->nextra;
	int value = 0;

	for (int k = 0; k < n->nin; k++) {
		if (!net_is_operand(n, k))
			continue;
		if (n->in[k]->data) {
			put_key(p, NULL);
			put_constant(p, constant_of(p->it, stage, k));
		} else if (head) {
			put_key(p, NULL);
			fputs(p->w->var[p->it->in[value]->id], p->f);
		}
		value++;
	}
}

/* The weights of another layer that N reads too, all of them; NULL: it has some of its own. */
static const struct node *
lender(const struct net_writer *w, const struct node *n)
{
	const struct node *owner = NULL;

	for (int k = 1; k < n->nin; k++) {
		int id = w->stored[n->in[k]->id]->id;

		if (w->owner[id] == n || w->slot[id] != k || (owner && w->owner[id] != owner))
			return NULL;
		owner = w->owner[id];
	}
	return owner && owner->op == n->op && owner->nin == n->nin ? owner : NULL;
}

static void
put_shared(struct put *p, const struct node *n)
{
	const struct node *from = lender(p->w, n);

	if (from) {
		put_key(p, "weights");
		put_string(p->f, p->w->path[from->out->id]);
		return;
	}
	for (int k = 1; k < n->nin; k++) {
		bool bound;

		if (p->w->owner[p->w->stored[n->in[k]->id]->id] == n)
			continue;
		put_key(p, op_input_name(n->op, k, &bound));
		fputs("tensor(", p->f);
		put_string(p->f, net_stored_name(p->w, n->in[k]));
		putc(')', p->f);
	}
}

static bool
is_scale(const struct net_field *f)
{
	return f->key && (strcmp(f->key, "scale") == 0 || strcmp(f->key, "zero") == 0);
}

static void
put_scale(struct put *p, int stage)
{
	const char *before = " : ";

	for (int i = 0; i < p->it->nfields; i++) {
		const struct net_field *f = &p->it->fields[i];

		if (f->stage != stage || !is_scale(f) || !*f->form[0])
			continue;
		fprintf(p->f, "%s%s %s", before, f->key, f->form[0]);
		before = " ";
	}
}

static void
put_stage(struct put *p, int stage)
{
	const struct node *n = p->it->nodes[stage];

	fprintf(p->f, "%s(", op_info[n->op].name);
	p->comma = "";
	put_operands(p, stage);
	for (int i = 0; i < p->it->nfields; i++) {
		const struct net_field *f = &p->it->fields[i];

		if (f->stage != stage || !f->key || is_scale(f) || !*f->form[0])
			continue;
		put_key(p, f->key);
		fputs(f->form[0], p->f);
	}
	if (net_owns_weights(n->op))
		put_shared(p, n);
	putc(')', p->f);
	put_scale(p, stage);
}

/* ---- statements ---- */

static void
put_item(FILE *f, const struct net_writer *w, const struct net_item *it)
{
	struct put p = { .f = f, .w = w, .it = it };
	const struct tensor *out = it->nodes[it->nnodes - 1]->out;
	const struct tensor *in = it->in[0] ? it->in[0] : it->in[1];
	char text[SHAPE_TEXT];

	fprintf(f, "%s%s = ", it->output ? "output " : "", it->var);
	for (int k = it->nextra; k < it->nnodes; k++) {
		fputs(k > it->nextra ? " |> " : "", f);
		put_stage(&p, k);
	}
	if (it->as)
		fprintf(f, " as %s", it->as);
	putc(';', f);
	if (!shape_equal(&in->shape, &out->shape))
		fprintf(f, " // %s", shape_text(&out->shape, text, sizeof text));
	putc('\n', f);
	w->var[out->id] = it->var;
}

static void
put_input(FILE *f, struct net_writer *w, const struct tensor *t)
{
	char text[SHAPE_TEXT];

	fprintf(f, "input %s : %s%s", w->label[t->id], dtype_info[t->dtype].name, shape_text(&t->shape, text, sizeof text));
	if (t->quant.count)
		fprintf(f, " scale %s zero %d", net_number(w, t->quant.scale[0]), t->quant.zero);
	fputs(";\n", f);
	w->var[t->id] = w->label[t->id];
}

static void
put_network(FILE *f, struct net_writer *w)
{
	const struct graph *g = w->g;

	fprintf(f, "network %s {\n", w->network);
	for (size_t i = 0; i < g->inputs.n; i++)
		put_input(f, w, g->inputs.v[i]);
	putc('\n', f);
	for (size_t i = 0; i < w->items.n; i++)
		put_item(f, w, w->items.v[i]);
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct net_output *o = &w->outputs[i];

		if (o->copied)
			fprintf(f, "output %s = copy(%s);\n", o->name, w->var[g->outputs.v[i]->id]);
		else if (o->last)
			fprintf(f, "output %s;\n", o->name);
	}
	fputs("}\n", f);
}

/* ---- tests ---- */

static void
put_file(FILE *f, const struct net_text_of *of, const struct import_test *t, const char *what, size_t i)
{
	size_t stem = strlen(of->weights), ending = strlen(".safetensors");
	char text[4096];

	if (stem > ending && strcmp(of->weights + stem - ending, ".safetensors") == 0)
		stem -= ending;
	snprintf(text, sizeof text, "%.*s.%s.%s%zu.npy", (int)stem, of->weights, t->name, what, i);
	fputs("file(", f);
	put_string(f, text);
	putc(')', f);
}

static void
put_tolerance(FILE *f, struct net_writer *w, const struct import_test *t, enum dtype dtype)
{
	if (dtype_is_int(dtype))
		fprintf(f, " within %s lsb", net_number(w, t->lsb ? (float)t->within : 0));
	else
		fprintf(f, " within %s", net_number(w, !t->lsb && t->within > 0 ? (float)t->within : 1e-5f));
}

static void
put_test(FILE *f, struct net_writer *w, const struct net_text_of *of, const struct import_test *t)
{
	const struct graph *g = w->g;

	fputs("\ntest ", f);
	put_string(f, t->name);
	fputs(" {\n", f);
	for (size_t i = 0; i < g->inputs.n; i++) {
		fprintf(f, "given %s = ", w->label[g->inputs.v[i]->id]);
		put_file(f, of, t, "in", i);
		fputs(";\n", f);
	}
	for (size_t i = 0; i < g->outputs.n; i++) {
		fprintf(f, "expect %s = ", w->outputs[i].name);
		put_file(f, of, t, "out", i);
		put_tolerance(f, w, t, g->outputs.v[i]->dtype);
		fputs(";\n", f);
	}
	fputs("}\n", f);
}

void
net_print(FILE *f, struct net_writer *w, const struct net_text_of *of)
{
	fputs("// ", f);
	show_text(f, of->head, strlen(of->head));
	fputs("\nnet 1;\nweights ", f);
	put_string(f, of->weights);
	fputs(";\n\n", f);
	put_network(f, w);
	for (int i = 0; i < of->ntests; i++)
		put_test(f, w, of, &of->tests[i]);
}
