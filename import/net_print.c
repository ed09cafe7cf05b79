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

struct put {
	FILE *f;
	struct net_writer *w;
	const char *comma;     /* before the next argument */
};

static void
put_key(struct put *p, const char *key)
{
	fprintf(p->f, "%s%s%s", p->comma, key ? key : "", key ? " = " : "");
	p->comma = ", ";
}

static void
put_tensor(struct put *p, const struct tensor *t)
{
	fputs("tensor(", p->f);
	put_string(p->f, net_stored_name(p->w, t));
	putc(')', p->f);
}

static void
put_quant(struct put *p, const struct quant *q)
{
	if (q->count)
		fprintf(p->f, " scale %s zero %d", net_scale(p->w, q->scale[0]), q->zero);
}

/* OF times the ratio of F. */
static void
put_ratio(struct put *p, const struct net_field *f, const char *of)
{
	if (f->ratio > 1)
		fprintf(p->f, "%d * %s", f->ratio, of);
	else if (f->ratio < -1)
		fprintf(p->f, "%s / %d", of, -f->ratio);
	else
		fputs(of, p->f);
}

/* TEXT, or the tensor that it is the mark of. */
static void
put_text(struct put *p, name text)
{
	const struct tensor *t = net_marked(p->w, text);

	if (t)
		put_tensor(p, t);
	else
		fputs(text, p->f);
}

/* What F says. */
static void
put_value(struct put *p, const struct net_field *f)
{
	if (f->param)
		put_ratio(p, f, f->param->name);
	else if (f->channels)
		put_ratio(p, f, arena_printf(p->w->arena, "channels(%s)", p->w->var[f->channels->id]));
	else
		put_text(p, f->form[0]);
}

static bool
is_left_out(const struct net_field *f)
{
	return !f->param && !f->channels && !*f->form[0];
}

/* ---- stages ---- */

/* A constant operand: literally, or where the weights file has it. */
static void
put_constant(struct put *p, const struct net_field *c)
{
	put_value(p, c);
	if (c->constant->dtype == DT_I8) {
		fputs(net_is_literal(c->constant) ? " :" : " : i8", p->f);
		put_quant(p, &c->constant->quant);
	}
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
put_operands(struct put *p, const struct net_item *it, int stage)
{
	const struct node *n = it->nodes[stage];
	int value = 0;

	for (int k = 0; k < n->nin; k++) {
		if (!net_is_operand(n, k))
			continue;
		if (n->in[k]->data) {
			put_key(p, NULL);
			put_constant(p, constant_of(it, stage, k));
		} else if (stage == it->nextra) {
			put_key(p, NULL);
			fputs(p->w->var[it->in[value]->id], p->f);
		}
		value++;
	}
}

/* The layer whose weights, all of them, N reads too; NULL: there is none. */
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

/* Where weights are that another layer has, too. */
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
		put_tensor(p, n->in[k]);
	}
}

static void
put_scale(struct put *p, const struct net_item *it, int stage)
{
	const char *before = " : ";

	for (int i = 0; i < it->nfields; i++) {
		const struct net_field *f = &it->fields[i];

		if (f->stage != stage || !net_is_scale(f) || is_left_out(f))
			continue;
		fprintf(p->f, "%s%s ", before, f->key);
		put_value(p, f);
		before = " ";
	}
}

static void
put_stage(struct put *p, const struct net_item *it, int stage)
{
	const struct node *n = it->nodes[stage];

	fprintf(p->f, "%s(", op_info[n->op].name);
	p->comma = "";
	put_operands(p, it, stage);
	for (int i = 0; i < it->nfields; i++) {
		const struct net_field *f = &it->fields[i];

		if (f->stage != stage || !f->key || net_is_scale(f) || is_left_out(f))
			continue;
		put_key(p, f->key);
		put_value(p, f);
	}
	if (net_owns_weights(n->op))
		put_shared(p, n);
	putc(')', p->f);
	put_scale(p, it, stage);
}

/* ---- statements ---- */

static void
put_call(struct put *p, const struct net_item *it)
{
	fprintf(p->f, "%s(", it->block->name);
	p->comma = "";
	for (int k = 0; k < it->nin; k++) {
		put_key(p, NULL);
		fputs(p->w->var[it->in[k]->id], p->f);
	}
	for (int i = 0; i < it->nfields; i++) {
		if (is_left_out(&it->fields[i]))
			continue;
		put_key(p, it->block->params[i]->name);
		put_value(p, &it->fields[i]);
	}
	putc(')', p->f);
}

/* " // [12, 12, 64]" where a shape is news. */
static void
put_shape(struct put *p, const struct net_item *it)
{
	const struct tensor *in = it->in[0] ? it->in[0] : it->in[1];
	char text[SHAPE_TEXT];

	if (it->nout == 1 && !shape_equal(&in->shape, &it->out[0]->shape))
		fprintf(p->f, " // %s", shape_text(&it->out[0]->shape, text, sizeof text));
	putc('\n', p->f);
}

/* Whether the statement itself says that it is an output; else it is said behind it. */
static bool
is_output(const struct net_item *it)
{
	return it->kind != NET_LOOP && it->nout == 1 && it->output && it->output[0];
}

static void
put_assignment(struct put *p, const struct net_item *it)
{
	fputs(is_output(it) ? "output " : "", p->f);
	for (int k = 0; k < it->nout; k++)
		fprintf(p->f, "%s%s", k ? ", " : "", it->vars[k]);
	fputs(" = ", p->f);
	if (it->kind == NET_CALL)
		put_call(p, it);
	for (int k = it->nextra; k < it->nnodes; k++) {
		fputs(k > it->nextra ? " |> " : "", p->f);
		put_stage(p, it, k);
	}
	if (it->as)
		fprintf(p->f, " as %s", it->as);
	putc(';', p->f);
}

static void
put_loop(struct put *p, const struct net_item *loop)
{
	const struct net_item *turn = loop->turn;
	const struct tensor *begin = NULL;

	for (int k = 0; k < loop->nin && !begin; k++)
		if (loop->carried[k])
			begin = loop->in[k];
	if (p->w->var[begin->id] != turn->vars[0])
		fprintf(p->f, "%s = %s;\n", turn->vars[0], p->w->var[begin->id]);
	p->w->var[turn->out[0]->id] = turn->vars[0];
	fprintf(p->f, "repeat %s in %d..%d {\n", p->w->turn, loop->first_turn, loop->first_turn + loop->nparts - 1);
	put_assignment(p, turn);
	fputs("\n}", p->f);
}

/* The statements of the network, with SHAPES; in a block those are of the first call. */
static void
put_body(struct put *p, const struct net_body *body, bool shapes)
{
	for (size_t i = 0; i < body->items.n; i++) {
		const struct net_item *it = body->items.v[i];

		if (it->kind == NET_LOOP)
			put_loop(p, it);
		else
			put_assignment(p, it);
		for (int k = 0; k < it->nout; k++)
			p->w->var[it->out[k]->id] = it->vars[k];
		if (shapes)
			put_shape(p, it);
		else
			putc('\n', p->f);
		for (int k = 0; k < it->nout && shapes && !is_output(it); k++)
			if (it->output[k])
				fprintf(p->f, "output %s;\n", it->vars[k]);
	}
}

/* ---- the file ---- */

static void
put_block(struct put *p, const struct net_block *b)
{
	fprintf(p->f, "\nblock %s(", b->name);
	p->comma = "";
	for (int i = 0; i < b->nin; i++) {
		put_key(p, NULL);
		fputs(b->in_names[i], p->f);
		p->w->var[b->in[i]->id] = b->in_names[i];
	}
	for (int i = 0; i < b->nparams; i++) {
		const struct net_param *q = b->params[i];

		put_key(p, NULL);
		fprintf(p->f, "%s%s%s", q->name, q->preset ? " = " : "", q->preset ? q->preset : "");
	}
	fputs(") -> ", p->f);
	for (int i = 0; i < b->nout; i++)
		fprintf(p->f, "%s%s", i ? ", " : "", b->out_names[i]);
	fputs(" {\n", p->f);
	put_body(p, &b->body, false);
	fputs("}\n", p->f);
}

static void
put_table(struct put *p, const struct net_table *t)
{
	fprintf(p->f, "const %s = [", t->name);
	for (int i = 0; i < t->n; i++) {
		fputs(i ? ", " : "", p->f);
		put_text(p, t->param->value[i]);
	}
	fputs("];\n", p->f);
}

static void
put_input(struct put *p, const struct tensor *t)
{
	char text[SHAPE_TEXT];

	fprintf(p->f, "input %s : %s%s", p->w->label[t->id], dtype_info[t->dtype].name, shape_text(&t->shape, text, sizeof text));
	put_quant(p, &t->quant);
	fputs(";\n", p->f);
	p->w->var[t->id] = p->w->label[t->id];
}

static void
put_network(struct put *p)
{
	struct net_writer *w = p->w;
	const struct graph *g = w->g;

	fprintf(p->f, "\nnetwork %s {\n", w->network);
	for (size_t i = 0; i < g->inputs.n; i++)
		put_input(p, g->inputs.v[i]);
	putc('\n', p->f);
	put_body(p, &w->top, true);
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct net_output *o = &w->outputs[i];

		if (o->copied)
			fprintf(p->f, "output %s = copy(%s);\n", o->name, w->var[g->outputs.v[i]->id]);
		else if (o->last)
			fprintf(p->f, "output %s;\n", o->name);
	}
	fputs("}\n", p->f);
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
	struct put p = { .f = f, .w = w };

	fputs("// ", f);
	show_text(f, of->head, strlen(of->head));
	fputs("\nnet 1;\nweights ", f);
	put_string(f, of->weights);
	fputs(w->tables ? ";\n\n" : ";\n", f);
	for (const struct net_table *t = w->tables; t; t = t->next)
		if (!t->spare)
			put_table(&p, t);
	for (const struct net_block *b = w->blocks; b; b = b->next)
		put_block(&p, b);
	put_network(&p);
	for (int i = 0; i < of->ntests; i++)
		put_test(f, w, of, &of->tests[i]);
}
