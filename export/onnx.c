/* The model as a whole. */
#include <config.h>
#include <string.h>
#include "export/onnx.h"

enum {
	IR_VERSION = 7,        /* of the format */
	OPSET = 14             /* of the operators; the first with HardSwish */
};

struct export_model { Onnx__ModelProto proto; };

static const struct { export_fn *write; const char *op; } ops[OP_COUNT] = {
#define EXPORT(id, function, op) [OP_##id] = { export_##function, op },
#include "export/onnx_ops.def"
#undef EXPORT
};

void
export_refuse(struct export *x, const struct node *n, const char *why)
{
	diag_error(x->diag, n->loc, "'%s' cannot be exported: %s", n->name, why);
	x->refused = true;
}

/* Outputs and layers keep their names: nothing else may have them. */
static void
take_names(struct export *x)
{
	const struct graph *g = x->graph;

	for (size_t i = 0; i < g->output_names.n; i++)
		map_put(x->taken, g->output_names.v[i], x);
	for (size_t i = 0; i < g->tensors.n; i++)
		if (!g->tensors.v[i]->data)
			map_put(x->taken, g->tensors.v[i]->name, x);
}

static void
write_nodes(struct export *x)
{
	for (const struct node *n = x->graph->first; n; n = n->next) {
		bool refused = x->refused;

		if (!ops[n->op].write)
			die("'%s' is an operation of passes", n->name);
		x->refused = false;
		ops[n->op].write(x, n, ops[n->op].op);
		if (x->refused) /* what reads it is looked at, too */
			x->values[n->out->id].own[export_usual(n->out)] = n->out->name;
		x->refused |= refused;
	}
}

static Onnx__ValueInfoProto **
write_inputs(struct export *x)
{
	const struct graph *g = x->graph;
	Onnx__ValueInfoProto **list = ARENA_ARRAY(x->arena, Onnx__ValueInfoProto *, g->inputs.n);

	for (size_t i = 0; i < g->inputs.n; i++) {
		const struct tensor *t = g->inputs.v[i];

		x->values[t->id].own[export_usual(t)] = t->name;
		list[i] = export_info(x, t->name, t, export_usual(t));
	}
	return list;
}

static Onnx__ValueInfoProto **
write_outputs(struct export *x)
{
	const struct graph *g = x->graph;
	Onnx__ValueInfoProto **list = ARENA_ARRAY(x->arena, Onnx__ValueInfoProto *, g->outputs.n);

	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tensor *t = g->outputs.v[i];
		name text = g->output_names.v[i];
		const char *value = export_own(x, t, export_usual(t));

		if (strcmp(value, text) != 0)
			export_node(x, "Identity", export_name(x, arena_printf(x->arena, "%s_output", text)), &value, 1, text);
		list[i] = export_info(x, text, t, export_usual(t));
	}
	return list;
}

static Onnx__GraphProto *
write_graph(struct export *x)
{
	Onnx__GraphProto *p = ARENA_NEW(x->arena, Onnx__GraphProto);

	onnx__graph_proto__init(p);
	p->name = (char *)x->graph->name;
	p->n_input = x->graph->inputs.n;
	p->input = write_inputs(x);
	write_nodes(x);
	if (x->refused)
		return NULL;
	p->n_output = x->graph->outputs.n;
	p->output = write_outputs(x);
	p->n_node = x->nodes.n;
	p->node = x->nodes.v;
	p->n_initializer = x->initializers.n;
	p->initializer = x->initializers.v;
	p->n_value_info = x->infos.n;
	p->value_info = x->infos.v;
	return p;
}

static void
write_header(struct arena *a, Onnx__ModelProto *p)
{
	Onnx__OperatorSetIdProto *opset = ARENA_NEW(a, Onnx__OperatorSetIdProto), **list = ARENA_NEW(a, Onnx__OperatorSetIdProto *);

	onnx__operator_set_id_proto__init(opset);
	opset->has_version = true;
	opset->version = OPSET;
	*list = opset;
	onnx__model_proto__init(p);
	p->has_ir_version = true;
	p->ir_version = IR_VERSION;
	p->producer_name = arena_strdup(a, PACKAGE_NAME);
	p->producer_version = arena_strdup(a, PACKAGE_VERSION);
	p->n_opset_import = 1;
	p->opset_import = list;
}

const struct export_model *
export_onnx(struct arena *a, struct diag *diag, const struct graph *g)
{
	struct export x = { .arena = a, .diag = diag, .graph = g, .taken = map_new(a), .constants = map_new(a),
		.values = ARENA_ARRAY(a, struct export_value, g->tensors.n) };
	struct export_model *model = ARENA_NEW(a, struct export_model);

	write_header(a, &model->proto);
	take_names(&x);
	if (!(model->proto.graph = write_graph(&x)))
		return NULL;
	size_t size = onnx__model_proto__get_packed_size(&model->proto);
	if (size <= INT32_MAX)
		return model;
	diag_error(diag, g->loc, "the model of '%s' would have %zu bytes, more than the %d that its format allows", g->name, size, INT32_MAX);
	return NULL;
}

/* ---- the file ---- */

struct sink { ProtobufCBuffer base; FILE *file; };

static void
append(ProtobufCBuffer *b, size_t n, const uint8_t *data)
{
	fwrite(data, 1, n, ((struct sink *)(void *)b)->file);
}

void
export_write(FILE *f, const struct export_model *model)
{
	struct sink sink = { { append }, f };

	onnx__model_proto__pack_to_buffer(&model->proto, &sink.base);
}
