/* netc report --json; docs/netc.1 lists its members. */
#include <config.h>
#include "chips/candidates.h"
#include "driver/cmd_report.h"
#include "driver/memories.h"
#include "driver/dead.h"
#include "driver/strips.h"

static bool
has_attr(const struct node *n, enum attr a)
{
	return op_info[n->op].attrs >> a & 1;
}

static json_t *
ints_json(const int32_t *v, int n)
{
	json_t *a = json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(a, json_integer(v[i]));
	return a;
}

static json_t *
tensor_json(const char *title, const struct tensor *t)
{
	json_t *j = json_object();

	json_put(j, "name", json_text(title));
	json_put(j, "dtype", json_string(dtype_info[t->dtype].name));
	json_put(j, "shape", ints_json(t->shape.dim, t->shape.rank));
	if (t->quant.count == 1) {
		json_put(j, "scale", json_real((double)t->quant.scale[0]));
		json_put(j, "zero", json_integer(t->quant.zero));
	}
	json_put(j, "bytes", json_integer(tensor_bytes(t)));
	return j;
}

static json_t *
memory_json(const struct report *r, const struct tensor *t)
{
	static const char *const kinds[] = { [WHERE_ARENA] = "arena", [WHERE_OUTPUT] = "output", [WHERE_VIEW] = "view" };
	struct where w = report_where(r, t);
	json_t *j = json_object();

	json_put(j, "kind", json_string(kinds[w.kind]));
	if (w.memory)
		json_put(j, "memory", json_text(w.memory));
	if (w.kind == WHERE_ARENA)
		json_put(j, "offset", json_integer(w.offset));
	else
		json_put(j, "of", json_text(w.name));
	return j;
}

static json_t *
layer_json(struct compilation *c, const struct report *r, const struct node *n)
{
	json_t *j = tensor_json(n->name, n->out), *in = json_array();
	const struct source *s = diag_source(&c->diag, n->loc);
	const struct layer_plan *plan = report_plan(r->program->graph, n);
	int line, column;

	json_put(j, "op", json_string(op_info[n->op].name));
	for (int i = 0; i < n->nin; i++)
		if (!n->in[i]->data)
			json_array_append_new(in, json_text(n->in[i]->name));
	json_put(j, "inputs", in);
	if (has_attr(n, ATTR_KERNEL))
		json_put(j, "kernel", ints_json(n->attr.kernel, 2));
	if (has_attr(n, ATTR_STRIDE))
		json_put(j, "stride", ints_json(n->attr.stride, 2));
	if (plan) {
		json_put(j, "layer", json_text(plan->layer));
		json_put(j, "plan", json_text(plan->plan.text));
		json_put(j, "class", json_text(plan_class_text(&c->ir, &plan->plan)));
		json_put(j, "unit", n->unit ? json_text(n->unit->title) : json_null());
		json_put(j, "core", json_integer(n->core));
	}
	json_put(j, "macs", json_integer(node_macs(n)));
	json_put(j, "params", json_integer(node_params(n)));
	json_put(j, "memory", memory_json(r, n->out));
	if (s) {
		diag_position(&c->diag, n->loc, &line, &column);
		json_put(j, "file", json_text(s->path));
		json_put(j, "line", json_integer(line));
	}
	return j;
}

static json_t *
totals_json(const struct report *r)
{
	json_t *j = json_object();

	json_put(j, "layers", json_integer(r->totals.layers));
	json_put(j, "macs", json_integer(r->totals.macs));
	json_put(j, "dead_macs", json_integer(dead_macs(r->program->graph)));
	json_put(j, "params", json_integer(r->totals.params));
	json_put(j, "const_bytes", json_integer(r->totals.const_bytes));
	json_put(j, "arena_bytes", json_integer(r->program->arena_bytes));
	json_put(j, "arena_align", json_integer(r->program->arena_align));
	json_put(j, "lower_bound_bytes", json_integer(r->program->lower_bound));
	json_put(j, "gap_bytes", json_integer(r->program->arena_bytes - r->program->lower_bound));
	if (r->program->graph->chip) {
		json_put(j, "copied_bytes", json_integer(r->totals.copied_bytes));
		json_put(j, "cores", json_integer(r->program->cores));
		json_put(j, "phases", json_integer(r->program->phases));
	}
	return j;
}

static json_t *
profile_json(const struct report *r)
{
	json_t *j = json_object(), *layers = json_array();

	json_put(j, "unit", json_text(r->profile->unit));
	json_put(j, "runs", json_integer(r->profile->runs));
	json_put(j, "measured", json_real(r->measured));
	if (r->cycles >= 0)
		json_put(j, "cycles", json_real(r->cycles));
	for (size_t i = 0; i < r->layers.n; i++) {
		const struct report_layer *l = &r->layers.v[i];
		json_t *layer = json_object();

		json_put(layer, "layer", json_text(l->path));
		json_put(layer, "calls", json_integer(l->calls));
		json_put(layer, "measured", json_real(l->measured));
		if (l->cycles >= 0)
			json_put(layer, "cycles", json_real(l->cycles));
		json_array_append_new(layers, layer);
	}
	json_put(j, "layers", layers);
	return j;
}

void
report_json(struct compilation *c, const struct report *r)
{
	const struct graph *g = r->program->graph;
	json_t *j = json_object(), *in = json_array(), *out = json_array(), *layers = json_array(), *memories = memories_json(c, r);

	for (size_t i = 0; i < g->inputs.n; i++)
		json_array_append_new(in, tensor_json(g->inputs.v[i]->name, g->inputs.v[i]));
	for (size_t i = 0; i < g->outputs.n; i++)
		json_array_append_new(out, tensor_json(g->output_names.v[i], g->outputs.v[i]));
	for (const struct node *n = g->first; n; n = n->next)
		json_array_append_new(layers, layer_json(c, r, n));
	json_put(j, "netc", json_string(PACKAGE_VERSION));
	json_put(j, "network", json_text(g->name));
	if (g->chip)
		json_put(j, "chip", json_text(g->chip->name));
	json_put(j, "inputs", in);
	json_put(j, "outputs", out);
	json_put(j, "layers", layers);
	json_put(j, "dead_channels", dead_json(g));
	if (g->strips)
		json_put(j, "strips", strips_json(g));
	json_put(j, "totals", totals_json(r));
	if (memories)
		json_put(j, "memories", memories);
	if (r->profile)
		json_put(j, "profile", profile_json(r));
	json_print(j);
}
