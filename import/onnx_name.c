/* Names of layers.  Exporters name nodes after the modules of the network, each with all that it is part of,
 *
 *	/features/features.0/features.0.1/Conv
 *
 * and weights by the module alone: "features.0.1.weight".  The layer is "features_0_1". */
#include <config.h>
#include <string.h>
#include "import/onnx.h"

/* RAW without SUFFIX; NULL: it does not end so, or nothing would be left. */
static const char *
without(struct arena *a, const char *raw, const char *suffix)
{
	size_t n = strlen(raw), k = strlen(suffix);

	return n > k && strcmp(raw + n - k, suffix) == 0 ? arena_strndup(a, raw, n - k) : NULL;
}

/* The parts of RAW between '/', a part that the next one begins with left out, and so is the last where it is the operator OP. */
static const char *
path_name(struct arena *a, const char *raw, const char *op)
{
	const char *out = "";

	for (const char *p = raw; *p;) {
		size_t n = strcspn(p, "/"), k = strlen(op);
		const char *next = p + n + (p[n] == '/');
		bool repeated = p[n] == '/' && strncmp(next, p, n) == 0 && next[n] == '.';
		bool kind = !*next && *out && strncmp(p, op, k) == 0 && (n == k || p[k] == '_');

		if (n && !repeated && !kind)
			out = arena_printf(a, "%s%s%.*s", out, *out ? "." : "", (int)n, p);
		p = next;
	}
	return out;
}

/* What the constants of a layer with weights are called after; NULL: nothing. */
static const char *
weight_name(struct onnx *x, const struct onnx_node *n)
{
	static const char *const suffixes[] = { ".weight", "_weight", "/weight", ".weight_quantized" };

	for (int k = 1; k < n->nin; k++)
		for (size_t i = 0; n->in[k]->kind == ONNX_CONST && n->in[k]->name && i < sizeof suffixes / sizeof *suffixes; i++) {
			const char *text = without(x->arena, n->in[k]->name, suffixes[i]);

			if (text)
				return text;
		}
	return NULL;
}

name
onnx_layer_name(struct onnx *x, const struct onnx_node *n)
{
	const char *text = weight_name(x, n);

	if (!text && n->proto->name && *n->proto->name)
		text = path_name(x->arena, n->proto->name, n->op->name);
	if (!text && n->proto->n_output)
		text = n->proto->output[0];
	return import_name(x->m, text && *text ? text : n->op->name);
}
