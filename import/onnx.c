/* Reads ONNX models: the file as a whole, and its nodes one after the other. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

enum { OPSET_MIN = 1, OPSET_MAX = 21 /* what the translations know of the changes between versions */ };
enum { FOLDABLE_MIN = 1 << 24 /* bytes of constants that a model of any size may compute */ };

static const struct onnx_op ops[] = {
#define OP(name, in, most, outs, flags, translate, becomes, limits) \
	{ #name, in, most, outs, onnx_##translate, NULL, flags, becomes, limits },
#define BOTH(name, in, most, outs, flags, translate, fold, becomes, limits) \
	{ #name, in, most, outs, onnx_##translate, onnx_##fold, flags, becomes, limits },
#define FOLD(name, in, most, outs, fold, limits) { #name, in, most, outs, NULL, onnx_##fold, 0, "a constant", limits },
#include "import/onnx_ops.def"
};
enum { OP_KINDS = sizeof ops / sizeof *ops };

const struct import_op onnx_supported[] = {
#define OP(name, in, most, outs, flags, translate, becomes, limits) { #name, becomes, limits },
#define FOLD(name, in, most, outs, fold, limits) { #name, "a constant", limits },
#include "import/onnx_ops.def"
	{ NULL, NULL, NULL }
};

const struct onnx_op *
onnx_find_op(const Onnx__NodeProto *p)
{
	if (p->domain && *p->domain && strcmp(p->domain, "ai.onnx") != 0)
		return NULL;
	for (int i = 0; i < OP_KINDS; i++)
		if (p->op_type && strcmp(ops[i].name, p->op_type) == 0)
			return &ops[i];
	return NULL;
}

struct onnx_value *
onnx_find(struct onnx *x, const char *text)
{
	return map_get(x->values, intern(x->m->names, text));
}

/* ---- the model as a whole ---- */

static bool
read_opset(struct onnx *x, const Onnx__ModelProto *model)
{
	for (size_t i = 0; i < model->n_opset_import; i++) {
		const char *domain = model->opset_import[i]->domain;

		if (!domain || !*domain || strcmp(domain, "ai.onnx") == 0)
			x->opset = model->opset_import[i]->version;
	}
	if (x->opset >= OPSET_MIN && x->opset <= OPSET_MAX)
		return true;
	if (x->opset == 0)
		import_error(x->m, NULL, "the model does not say which version of the operators it uses");
	else
		import_error(x->m, NULL, "the model uses version %lld of the operators; versions %d to %d are supported", (long long)x->opset,
			OPSET_MIN, OPSET_MAX);
	return false;
}

bool
onnx_define(struct onnx *x, struct onnx_value *v, const char *where)
{
	if (onnx_find(x, v->name)) {
		import_error(x->m, where, "there are two of this name");
		return false;
	}
	map_put(x->values, intern(x->m->names, v->name), v);
	return true;
}

static bool
read_initializers(struct onnx *x)
{
	bool good = true;

	if (x->graph->n_sparse_initializer) {
		import_error(x->m, NULL, "sparse tensors are not supported");
		return false;
	}
	for (size_t i = 0; i < x->graph->n_initializer; i++) {
		const Onnx__TensorProto *p = x->graph->initializer[i];
		const char *where = arena_printf(x->arena, "constant '%s'", p->name ? p->name : "");
		struct onnx_value *v = onnx_read_tensor(x, p, where, p->name ? p->name : "");

		good &= v && onnx_define(x, v, where);
	}
	return good;
}

/* ---- translation ---- */

/* What N reads; false: something that could not be translated. */
static bool
read_operands(struct onnx *x, struct onnx_node *n)
{
	static struct onnx_value none = { .kind = ONNX_ABSENT }, lost = { .kind = ONNX_LOST };
	bool good = true;

	n->nin = (int)n->proto->n_input;
	n->in = ARENA_ARRAY(x->arena, struct onnx_value *, (size_t)n->nin);
	for (int k = 0; k < n->nin; k++) {
		const char *text = n->proto->input[k];

		n->in[k] = *text ? onnx_find(x, text) : &none;
		if (!n->in[k]) {
			n->in[k] = &lost;
			onnx_error(x, n, "its input '%s' is nowhere defined", text);
		}
		good &= n->in[k]->kind != ONNX_LOST;
	}
	while (n->nin && n->in[n->nin - 1]->kind == ONNX_ABSENT)
		n->nin--;
	return good;
}

static bool
has_constants_only(const struct onnx_node *n)
{
	for (int k = 0; k < n->nin; k++)
		if (n->in[k]->kind == ONNX_TENSOR)
			return false;
	return true;
}

/* Whether anything reads a result of N that is not translated. */
static bool
reads_more(struct onnx *x, const struct onnx_node *n)
{
	for (int k = n->op->outs; n->op->outs >= 0 && k < n->nout; k++) {
		const struct onnx_readers *r = onnx_readers(x, n->proto->output[k]);

		if (*n->proto->output[k] && (r->nodes.n || r->output))
			return true;
	}
	return false;
}

static bool
translate(struct onnx *x, struct onnx_node *n)
{
	if (!n->op)
		return onnx_refuse(x, n, "");
	if (!read_operands(x, n))
		return false;
	if (n->nin < n->op->min_in || (n->op->max_in >= 0 && n->nin > n->op->max_in))
		return onnx_error(x, n, "it has %d inputs", n->nin);
	for (int k = 0; k < n->op->min_in; k++)
		if (n->in[k]->kind == ONNX_ABSENT)
			return onnx_error(x, n, "its input %d is missing", k);
	if (reads_more(x, n))
		return onnx_refuse(x, n, arena_printf(x->arena, "with its result %d", n->op->outs + 1));
	n->layer = onnx_layer_name(x, n);
	if (n->op->fold && (has_constants_only(n) || !n->op->translate))
		return n->op->fold(x, n);
	return n->op->translate(x, n);
}

/* Those of the nodes that have inputs, or those that have none, which are constants and known first. */
static void
translate_nodes(struct onnx *x, const struct onnx_nodes *order, bool inputs)
{
	static const struct onnx_value lost = { .kind = ONNX_LOST };

	for (size_t i = 0; i < order->n; i++) {
		struct onnx_node *n = order->v[i];

		if ((n->proto->n_input > 0) != inputs || translate(x, n))
			continue;
		for (int k = 0; k < n->nout; k++)
			onnx_result(x, n, k, &lost);
	}
}

/* ---- the whole ---- */

bool
onnx_is(const unsigned char *data, size_t size)
{
	return onnx_model_plausible(data, size);
}

static bool
read_graph(struct onnx *x)
{
	struct onnx_nodes order = { 0 };

	if (x->graph->n_input == 0)
		import_error(x->m, NULL, "the model has no inputs");
	if (x->graph->n_output == 0)
		import_error(x->m, NULL, "the model has no outputs");
	if (x->graph->n_output == 0 || !read_initializers(x) || !onnx_order(x, &order))
		return false;
	translate_nodes(x, &order, false);
	if (!onnx_read_inputs(x))
		return false;
	translate_nodes(x, &order, true);
	return onnx_read_outputs(x);
}

bool
onnx_read(struct import *m, const unsigned char *data, size_t size)
{
	struct onnx x = { .m = m, .arena = m->arena, .data = data, .size = size, .foldable = 2 * size + FOLDABLE_MIN,
		.values = map_new(m->arena), .makers = map_new(m->arena), .readers = map_new(m->arena) };
	int errors = m->diag->errors;
	const char *why;
	const Onnx__ModelProto *model = onnx_unpack_model(m->arena, data, size, &why);

	if (!model || !model->graph) {
		import_error(m, NULL, "%s", model ? "the model has no graph" : why);
		return false;
	}
	x.graph = model->graph;
	if (!read_opset(&x, model))
		return false;
	bool good = read_graph(&x);
	if (import_refuse(m) || !good || m->diag->errors > errors)
		return false;
	import_activations(m->graph);
	graph_verify(m->graph, "reading the model");
	return true;
}
