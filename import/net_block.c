/* Blocks: the statements of several runs, written once, and the calls that stand for the runs. */
#include <config.h>
#include <string.h>
#include "import/net.h"

/* The statements of the first run, with the fields that stand for all. */
static void
make_body(struct net_writer *w, struct net_block *b, struct net_item *const *run, size_t length, const struct net_unified *u)
{
	const struct net_field *f = u->fields.v;

	for (size_t j = 0; j < length; j++) {
		struct net_item *it = ARENA_NEW(w->arena, struct net_item);

		*it = *run[j];
		it->fields = (struct net_field *)f;
		it->vars = ARENA_ARRAY(w->arena, name, (size_t)it->nout);
		it->labels = ARENA_ARRAY(w->arena, name, (size_t)it->nout);
		memcpy(it->labels, run[j]->labels, (size_t)it->nout * sizeof *it->labels);
		f += it->nfields;
		ARRAY_PUSH(w->arena, b->body.items, it);
	}
}

/* The values at PORTS of a run, or with OUT those that it gives there. */
static struct tensor **
values_at(struct net_writer *w, struct net_item *const *run, const struct net_port *ports, size_t n, bool out)
{
	struct tensor **v = ARENA_ARRAY(w->arena, struct tensor *, n);

	for (size_t i = 0; i < n; i++)
		v[i] = (out ? run[ports[i].item]->out : run[ports[i].item]->in)[ports[i].k];
	return v;
}

/* The value that at least half of the calls have, and more than one of them. */
static void
find_preset(struct net_param *p, size_t n)
{
	for (size_t i = 0; i < n && !p->preset; i++) {
		size_t same = 0;

		for (size_t k = i; k < n; k++)
			same += p->value[k] == p->value[i];
		if (same > 1 && same * 2 >= n)
			p->preset = p->value[i];
	}
}

/* Sizes first, then scales, those with a default last. */
static int
rank(const struct net_param *p)
{
	bool scale = p->key && (strcmp(p->key, "scale") == 0 || strcmp(p->key, "zero") == 0);

	return 2 * (p->preset != NULL) + scale;
}

static void
sort_params(struct net_block *b)
{
	for (int i = 1; i < b->nparams; i++)
		for (int k = i; k > 0 && rank(b->params[k]) < rank(b->params[k - 1]); k--) {
			struct net_param *p = b->params[k];

			b->params[k] = b->params[k - 1];
			b->params[k - 1] = p;
		}
}

/* What call number RUN says. */
static void
call_fields(struct net_writer *w, struct net_item *call, size_t run)
{
	const struct net_block *b = call->block;

	call->nfields = b->nparams;
	call->fields = ARENA_ARRAY(w->arena, struct net_field, (size_t)b->nparams);
	for (int i = 0; i < b->nparams; i++) {
		const struct net_param *p = b->params[i];
		struct net_field *f = &call->fields[i];
		int k = 0;

		f->key = p->name;
		if (p->value[run] == p->preset)
			f->form[k++] = intern(w->names, "");
		f->form[k] = p->value[run];
	}
}

static struct net_item *
make_call(struct net_writer *w, struct net_block *b, struct net_item *const *run, size_t length, const struct net_ports *ports)
{
	struct net_item *call = ARENA_NEW(w->arena, struct net_item);

	*call = (struct net_item){ .kind = NET_CALL, .block = b, .nparts = (int)length, .nin = (int)ports->in.n, .nout = (int)ports->out.n };
	call->parts = ARENA_ARRAY(w->arena, struct net_item *, length);
	for (size_t j = 0; j < length; j++)
		call->parts[j] = run[j];
	call->in = values_at(w, run, ports->in.v, ports->in.n, false);
	call->out = values_at(w, run, ports->out.v, ports->out.n, true);
	call->vars = ARENA_ARRAY(w->arena, name, ports->out.n);
	call->output = ARENA_ARRAY(w->arena, bool, ports->out.n);
	call->labels = ARENA_ARRAY(w->arena, name, ports->out.n);
	for (size_t i = 0; i < ports->out.n; i++)
		call->labels[i] = run[ports->out.v[i].item]->labels[ports->out.v[i].k];
	return call;
}

static struct net_block *
new_block(struct net_writer *w, struct net_item *const *run, size_t length, const struct net_ports *ports, const struct net_unified *u)
{
	struct net_block *b = ARENA_NEW(w->arena, struct net_block);

	*b = (struct net_block){ .nin = (int)ports->in.n, .nout = (int)ports->out.n, .params = u->params.v, .nparams = (int)u->params.n };
	b->in = values_at(w, run, ports->in.v, ports->in.n, false);
	b->out = values_at(w, run, ports->out.v, ports->out.n, true);
	b->body.taken = map_new(w->arena);
	make_body(w, b, run, length, u);
	*w->last_block = b;
	w->last_block = &b->next;
	return b;
}

/* CALLS in place of the runs. */
static void
replace(struct net_writer *w, const size_t *starts, size_t n, size_t length, struct net_item *const *calls)
{
	struct net_item **v = w->top.items.v;
	size_t to = 0, run = 0;

	for (size_t i = 0; i < w->top.items.n;) {
		if (run < n && starts[run] == i) {
			v[to++] = calls[run++];
			i += length;
		} else {
			v[to++] = v[i++];
		}
	}
	w->top.items.n = to;
}

void
net_make_block(struct net_writer *w, const size_t *starts, size_t n, size_t length, const struct net_ports *ports)
{
	struct net_item *const **runs = ARENA_ARRAY(w->arena, struct net_item *const *, n);
	struct net_item **calls = ARENA_ARRAY(w->arena, struct net_item *, n);
	struct net_unified u;

	for (size_t i = 0; i < n; i++)
		runs[i] = &w->top.items.v[starts[i]];
	net_unify(w->arena, runs, n, length, &u);
	struct net_block *b = new_block(w, runs[0], length, ports, &u);
	for (int i = 0; i < b->nparams; i++)
		find_preset(b->params[i], n);
	sort_params(b);
	for (size_t i = 0; i < n; i++)
		calls[i] = make_call(w, b, runs[i], length, ports);
	net_name_block(w, b, calls, n);
	for (size_t i = 0; i < n; i++) {
		call_fields(w, calls[i], i);
		calls[i]->token = intern_printf(w->names, "call %s", b->name);
	}
	replace(w, starts, n, length, calls);
}

/* ---- defaults ---- */

/* Marks the parameters that the call leaves out. */
static void
mark_left_out(const struct net_item *it)
{
	if (it->kind == NET_LOOP)
		it = it->turn;
	if (it->kind != NET_CALL)
		return;
	for (int i = 0; i < it->nfields; i++) {
		const struct net_field *f = &it->fields[i];

		if (!f->param && !f->channels && !*f->form[0])
			it->block->params[i]->left_out = true;
	}
}

void
net_drop_defaults(struct net_writer *w)
{
	for (size_t i = 0; i < w->top.items.n; i++)
		mark_left_out(w->top.items.v[i]);
	for (const struct net_block *b = w->blocks; b; b = b->next)
		for (size_t i = 0; i < b->body.items.n; i++)
			mark_left_out(b->body.items.v[i]);
	for (struct net_block *b = w->blocks; b; b = b->next)
		for (int i = 0; i < b->nparams; i++)
			if (!b->params[i]->left_out)
				b->params[i]->preset = NULL;
}
