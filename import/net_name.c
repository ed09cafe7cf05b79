/* Names that a .net can write: the graph's, as identifiers, shorter where nothing is lost. */
#include <config.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "import/net.h"

/* The language's words for values of attributes: a variable of that name would stand in their place. */
static bool
is_word(const char *text)
{
	static const char *const words[] = { "same", "valid", "all", "none", "true", "false", "nearest", "bilinear", "auto" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

/* RAW with letters, digits and single '_' only, beginning with a letter. */
static name
identifier(struct net_writer *w, const char *raw)
{
	char *text = arena_alloc(w->arena, strlen(raw) + 8), *end = text;

	for (const char *p = raw; *p; p++) {
		bool word = isalnum((unsigned char)*p);

		if (end == text && isdigit((unsigned char)*p))
			*end++ = 'n';
		if (word)
			*end++ = *p;
		else if (end > text && end[-1] != '_')
			*end++ = '_';
	}
	while (end > text && end[-1] == '_')
		end--;
	*end = '\0';
	return intern(w->names, end > text ? text : "layer");
}

name
net_take(struct net_writer *w, struct map *taken, const char *base)
{
	name text = identifier(w, base), first = text;
	intptr_t n = (intptr_t)map_get(taken, first);

	if (n == 0 && is_word(text))
		n = 1;
	if (n > 0) {
		do
			text = intern_printf(w->names, "%s_%lld", first, (long long)++n);
		while (map_get(taken, text));
		map_put(taken, first, (void *)n);
	}
	if (!map_get(taken, text))
		map_put(taken, text, (void *)1);
	return text;
}

/* ---- shorter names ---- */

/* What exporters hang on a layer's name to say which operation it is. */
static const char *const suffixes[] = {
	"_biasadd", "_conv2d", "_conv", "_depthwise_conv2d", "_matmul", "_gemm", "_relu", "_relu6", "_fusedbatchnormv3", "_add",
};

/* TEXT without words that repeat the one before: layer1_layer1_0 is layer1_0. */
static name
without_repeats(struct net_writer *w, const char *text)
{
	char *to = arena_alloc(w->arena, strlen(text) + 1), *end = to;
	size_t before = 0;

	while (*text) {
		size_t len = strcspn(text, "_");
		bool again = before == len && end > to && memcmp(end - len, text, len) == 0;

		if (!again) {
			if (end > to)
				*end++ = '_';
			memcpy(end, text, len);
			end += len;
			before = len;
		}
		text += len;
		text += *text == '_';
	}
	return intern_n(w->names, to, (size_t)(end - to));
}

/* The length of S without such an ending. */
static size_t
stem_length(const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t n = strlen(suffixes[i]), k = 0;

		while (n < len && k < n && tolower((unsigned char)s[len - n + k]) == suffixes[i][k])
			k++;
		if (k == n) {
			len -= n;
			i = (size_t)-1; /* there may be several: conv1_Conv2D_BiasAdd */
		}
	}
	return len;
}

/* How many bytes, up to a '_', all layers' names begin with. */
static size_t
common_prefix(const struct net_writer *w)
{
	const struct node *first = w->g->first;
	size_t len = first && first->next ? strlen(w->label[first->out->id]) : 0;

	for (const struct node *n = first; n && len > 0; n = n->next) {
		const char *a = w->label[first->out->id], *b = w->label[n->out->id];
		size_t k = 0;

		while (k < len && a[k] && a[k] == b[k])
			k++;
		while (k > 0 && (a[k - 1] != '_' || !isalpha((unsigned char)b[k])))
			k--;
		len = k;
	}
	return len;
}

/* A short word that is the name of nothing. */
static name
short_variable(struct net_writer *w, const char *const *words)
{
	for (; words[1]; words++)
		if (!map_get(w->file_names, intern(w->names, *words)))
			break;
	return net_take(w, w->top.taken, *words);
}

/* What blocks and tables cannot be called. */
static void
reserve(struct net_writer *w)
{
	static const char *const functions[] = { "min", "max", "abs", "floor", "ceil", "round", "len", "dim", "channels", "file", "tensor",
		"random" };

	for (int op = 0; op < OP_COUNT; op++)
		map_put(w->file_names, intern(w->names, op_info[op].name), w);
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
		map_put(w->file_names, intern(w->names, functions[i]), w);
}

void
net_name_all(struct net_writer *w)
{
	static const char *const running[] = { "h", "x", "v", "value", NULL }, *const turns[] = { "i", "k", "n", "turn", NULL };
	const struct graph *g = w->g;

	w->network = identifier(w, g->name);
	for (size_t i = 0; i < g->inputs.n; i++)
		w->label[g->inputs.v[i]->id] = net_take(w, w->top.taken, g->inputs.v[i]->name);
	for (size_t i = 0; i < g->outputs.n; i++)
		w->outputs[i].name = net_take(w, w->top.taken, g->output_names.v[i]);
	for (const struct node *n = g->first; n; n = n->next)
		w->label[n->out->id] = without_repeats(w, identifier(w, n->name));
	size_t prefix = common_prefix(w);
	for (const struct node *n = g->first; n; n = n->next) {
		const char *text = w->label[n->out->id] + prefix;

		w->label[n->out->id] = intern_n(w->names, text, stem_length(text));
		map_put(w->file_names, w->label[n->out->id], w);
	}
	for (size_t i = 0; i < g->inputs.n; i++)
		map_put(w->file_names, w->label[g->inputs.v[i]->id], w);
	for (size_t i = 0; i < g->outputs.n; i++)
		map_put(w->file_names, w->outputs[i].name, w);
	w->top.running = short_variable(w, running);
	w->turn = short_variable(w, turns);
	reserve(w);
}
