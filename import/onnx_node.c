/* What translations share: a node's attributes and inputs, messages about it, nodes and constants of the graph, its results. */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

static struct onnx_value absent = { .kind = ONNX_ABSENT };

/* ---- attributes ---- */

const Onnx__AttributeProto *
onnx_attr(const struct onnx_node *n, const char *key)
{
	for (size_t i = 0; i < n->proto->n_attribute; i++)
		if (n->proto->attribute[i]->name && strcmp(n->proto->attribute[i]->name, key) == 0)
			return n->proto->attribute[i];
	return NULL;
}

int64_t
onnx_attr_int(const struct onnx_node *n, const char *key, int64_t def)
{
	const Onnx__AttributeProto *a = onnx_attr(n, key);

	return a && a->has_i ? a->i : def;
}

float
onnx_attr_float(const struct onnx_node *n, const char *key, float def)
{
	const Onnx__AttributeProto *a = onnx_attr(n, key);

	return a && a->has_f ? a->f : def;
}

const char *
onnx_attr_text(struct onnx *x, const struct onnx_node *n, const char *key, const char *def)
{
	const Onnx__AttributeProto *a = onnx_attr(n, key);

	return a && a->has_s ? arena_strndup(x->arena, (const char *)a->s.data, a->s.len) : def;
}

bool
onnx_attr_list(struct onnx *x, const struct onnx_node *n, const char *key, struct onnx_list *list)
{
	const Onnx__AttributeProto *a = onnx_attr(n, key);

	list->n = 0;
	if (!a)
		return false;
	if (a->n_ints > LIST_MAX)
		return onnx_error(x, n, "attribute '%s' has %zu values, more than %d", key, a->n_ints, LIST_MAX);
	list->n = (int)a->n_ints;
	if (list->n)
		memcpy(list->v, a->ints, a->n_ints * sizeof *list->v);
	return true;
}

/* ---- messages ---- */

/* The operator with its domain, unless that is ONNX's own. */
static const char *
op_name(struct onnx *x, const struct onnx_node *n)
{
	const char *domain = n->proto->domain, *op = n->proto->op_type ? n->proto->op_type : "";

	return domain && *domain && strcmp(domain, "ai.onnx") != 0 ? arena_printf(x->arena, "%s.%s", domain, op) : op;
}

static const char *
node_name(const struct onnx_node *n)
{
	if (n->proto->name && *n->proto->name)
		return n->proto->name;
	return n->proto->n_output ? n->proto->output[0] : "";
}

bool
onnx_refuse(struct onnx *x, const struct onnx_node *n, const char *what)
{
	import_unsupported(x->m, op_name(x, n), node_name(n), what);
	return false;
}

bool
onnx_error(struct onnx *x, const struct onnx_node *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	import_error(x->m, n->where, "%s", arena_vprintf(x->arena, fmt, ap));
	va_end(ap);
	return false;
}

void
onnx_locate(struct onnx *x, struct onnx_node *n)
{
	n->where = arena_printf(x->arena, "node '%s' (%s)", node_name(n), op_name(x, n));
}

/* ---- inputs ---- */

struct onnx_value *
onnx_in(const struct onnx_node *n, int k)
{
	return k < n->nin ? n->in[k] : &absent;
}

const struct onnx_value *
onnx_const_in(struct onnx *x, const struct onnx_node *n, int k, const char *what)
{
	const struct onnx_value *v = onnx_in(n, k);

	if (v->kind == ONNX_CONST)
		return v;
	onnx_refuse(x, n, arena_printf(x->arena, "with %s that are no constants", what));
	return NULL;
}

bool
onnx_list_in(struct onnx *x, const struct onnx_node *n, int k, const char *what, struct onnx_list *list)
{
	const struct onnx_value *v = onnx_const_in(x, n, k, what);
	int64_t count = v ? onnx_count(&v->dims) : 0;

	if (!v)
		return false;
	if (onnx_is_float(v->type))
		return onnx_error(x, n, "its %s are of type %s, not integers", what, onnx_type_name(x, (int32_t)v->type));
	if (count > LIST_MAX)
		return onnx_error(x, n, "its %s are %lld numbers, more than %d", what, (long long)count, LIST_MAX);
	list->n = (int)count;
	for (int i = 0; i < list->n; i++)
		list->v[i] = onnx_int(v, i);
	return true;
}

bool
onnx_list_of(struct onnx *x, const struct onnx_node *n, int k, const char *key, struct onnx_list *list, bool *given)
{
	list->n = 0;
	*given = onnx_has(n, k);
	if (*given)
		return onnx_list_in(x, n, k, key, list);
	int errors = x->m->diag->errors;
	*given = onnx_attr_list(x, n, key, list);
	return x->m->diag->errors == errors;
}

bool
onnx_axis(struct onnx *x, const struct onnx_node *n, int64_t axis, int rank, int *out)
{
	if (axis < -rank || axis >= rank)
		return onnx_error(x, n, "axis %lld is none of its %d dimensions", (long long)axis, rank);
	*out = (int)(axis < 0 ? axis + rank : axis);
	return true;
}

/* ---- the graph ---- */

struct tensor *
onnx_emit(struct onnx *x, const struct onnx_node *n, enum op op, const char *suffix, struct tensor *const *in, int nin,
	const struct attrs *attr, const struct quant *quant)
{
	for (int i = 0; i < nin; i++)
		if (!in[i])
			return NULL;
	return import_node(x->m, n->where, op, suffix ? arena_printf(x->arena, "%s_%s", n->layer, suffix) : n->layer, in, nin, attr, quant);
}

struct tensor *
onnx_emit1(struct onnx *x, const struct onnx_node *n, enum op op, const char *suffix, struct tensor *t)
{
	return onnx_emit(x, n, op, suffix, &t, 1, NULL, NULL);
}

struct tensor *
onnx_floats(struct onnx *x, const struct onnx_node *n, const char *what, int rank, const int64_t *dim, const float *v)
{
	struct shape s = { .rank = rank };

	for (int i = 0; i < rank; i++)
		s.dim[i] = (int32_t)dim[i];
	return import_const(x->m, n->where, arena_printf(x->arena, "%s.%s", n->layer, what), DT_F32, &s, NULL, v);
}

/* ---- results ---- */

bool
onnx_result(struct onnx *x, const struct onnx_node *n, int k, const struct onnx_value *v)
{
	if (!v)
		return false;
	if ((size_t)k >= n->proto->n_output || !*n->proto->output[k])
		return true;
	struct onnx_value *out = ARENA_NEW(x->arena, struct onnx_value);
	*out = *v;
	out->name = n->proto->output[k];
	map_put(x->values, intern(x->m->names, out->name), out);
	return true;
}

bool
onnx_result_tensor(struct onnx *x, const struct onnx_node *n, int k, struct tensor *t, const struct onnx_value *like,
	const struct onnx_dims *dims, const int *order)
{
	struct onnx_value v = { .kind = ONNX_TENSOR, .type = like->type, .dims = *dims, .t = t };

	if (!t)
		return false;
	for (int i = 0; i < t->shape.rank; i++) {
		v.order[i] = order[i];
		if (t->shape.dim[i] != (order[i] < 0 ? 1 : dims->dim[order[i]]))
			die("'%s' has another shape than its operator gives", t->name);
	}
	v.real = onnx_is_float(like->type) && t->dtype == DT_I8;
	v.integers = like->integers;
	return onnx_result(x, n, k, &v);
}

bool
onnx_result_like(struct onnx *x, const struct onnx_node *n, int k, struct tensor *t, const struct onnx_value *like)
{
	return onnx_result_tensor(x, n, k, t, like, &like->dims, like->order);
}
