/* Names inside blocks and loops: what the labels of the statements that became one have in common, block_3_expand and block_4_expand for
 * one; where that is nothing, what the statement does. */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "import/net.h"

/* ---- words of labels ---- */

enum { WORDS = 16 };
struct words { int n; struct { const char *s; int len; } v[WORDS]; };

/* The words between the '_' of LABEL. */
static struct words
split(const char *label)
{
	struct words w = { 0 };

	while (*label && w.n < WORDS) {
		int len = (int)(w.n == WORDS - 1 ? strlen(label) : strcspn(label, "_"));

		w.v[w.n].s = label;
		w.v[w.n++].len = len;
		label += len;
		label += *label == '_';
	}
	return w;
}

static bool
same_word(const struct words *a, int i, const struct words *b, int k)
{
	return a->v[i].len == b->v[k].len && memcmp(a->v[i].s, b->v[k].s, (size_t)a->v[i].len) == 0;
}

/* The length of the word's letters before the number that it ends with. */
static int
letters(const struct words *w, int i)
{
	int len = w->v[i].len;

	while (len > 0 && isdigit((unsigned char)w->v[i].s[len - 1]))
		len--;
	return len;
}

/* What several labels have in common: words at the beginning, letters of the next word if only its number differs, words at the end. */
struct common { struct words first; int begin, letters, end; };

static struct common
common_words(const char *const *labels, size_t n)
{
	struct common c = { .first = split(labels[0]) };
	const struct words *a = &c.first;

	c.begin = c.end = a->n;
	for (size_t i = 1; i < n; i++) {
		struct words b = split(labels[i]);
		int k = 0;

		while (k < c.begin && k < b.n && same_word(a, k, &b, k))
			k++;
		c.begin = k;
		for (k = 0; k < c.end && k < b.n && same_word(a, a->n - 1 - k, &b, b.n - 1 - k); )
			k++;
		c.end = k;
	}
	if (c.begin < a->n)
		c.letters = letters(a, c.begin);
	for (size_t i = 1; i < n && c.letters > 0; i++) {
		struct words b = split(labels[i]);

		if (c.begin >= b.n || letters(&b, c.begin) != c.letters || memcmp(b.v[c.begin].s, a->v[c.begin].s, (size_t)c.letters) != 0)
			c.letters = 0;
	}
	return c;
}

/* The common end without numbers before it; "": there is none. */
static name
common_end(struct net_writer *w, const struct common *c)
{
	int k = c->first.n - c->end;

	while (k < c->first.n && letters(&c->first, k) == 0)
		k++;
	return intern(w->names, k < c->first.n ? c->first.v[k].s : "");
}

/* The common beginning without numbers behind it. */
static name
common_begin(struct net_writer *w, const struct common *c)
{
	const char *text = "";

	if (c->letters > 0)
		text = arena_strndup(w->arena, c->first.v[c->begin].s, (size_t)c->letters);
	for (int k = c->begin; k-- > 0;)
		if (*text || letters(&c->first, k) > 0)
			text = arena_printf(w->arena, "%.*s%s%s", c->first.v[k].len, c->first.v[k].s, *text ? "_" : "", text);
	return intern(w->names, text);
}

/* ---- what statements do ---- */

static const char *const op_words[OP_COUNT] = {
	[OP_CONV2D] = "conv", [OP_DWCONV2D] = "dw", [OP_TCONV2D] = "up", [OP_DENSE] = "fc", [OP_MAXPOOL] = "pool", [OP_AVGPOOL] = "pool",
	[OP_BATCHNORM] = "norm", [OP_LEAKY_RELU] = "act", [OP_HARD_SWISH] = "act", [OP_RELU] = "act", [OP_RELU6] = "act",
};

/* The operation that the statement is about: the one with weights, else the first.  OP_COUNT: a call. */
static enum op
main_op(const struct net_item *it)
{
	const struct node *n = it->kind == NET_PIPE ? it->nodes[net_main_stage(it)] : NULL;

	return !n ? OP_COUNT : net_owns_weights(n->op) ? n->op : it->nodes[it->nextra]->op;
}

static name
op_word(struct net_writer *w, const struct net_item *it)
{
	enum op op = main_op(it);

	if (op == OP_COUNT)
		return it->block->name;
	return intern(w->names, op_words[op] ? op_words[op] : op_info[op].name);
}

/* Whether TEXT, apart from capitals and a number, is one of the words that tell nothing: what exporters call operations and parts. */
static bool
is_general(const char *text)
{
	static const char *const words[] = { "block", "blocks", "layer", "layers", "model", "features", "op", "node", "n", "net", "network", "main",
		"module", "sequential", "graph", "depthwise", "depthwise_conv2d", "conv", "matmul", "gemm", "batch_normalization" };
	char lower[32];
	size_t len = strlen(text);
	enum op op;

	while (len > 0 && (isdigit((unsigned char)text[len - 1]) || text[len - 1] == '_'))
		len--;
	if (len == 0 || len >= sizeof lower)
		return len == 0;
	for (size_t i = 0; i < len; i++)
		lower[i] = (char)tolower((unsigned char)text[i]);
	lower[len] = '\0';
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(lower, words[i]) == 0)
			return true;
	return op_lookup(lower, &op);
}

name
net_common_label(struct net_writer *w, struct net_item *const *items, size_t n)
{
	const char **labels = ARENA_ARRAY(w->arena, const char *, n);
	name text;

	for (size_t i = 0; i < n; i++) {
		labels[i] = items[i]->kind == NET_CALL ? items[i]->as : items[i]->labels[0];
		if (!labels[i])
			return op_word(w, items[0]);
	}
	struct common c = common_words(labels, n);
	text = common_end(w, &c);
	if (!*text)
		text = common_begin(w, &c);
	return is_general(text) ? op_word(w, items[0]) : text;
}

/* ---- statements of a block ---- */

struct locals {
	struct net_writer *w;
	struct net_block *b;
	struct net_item *const *calls;
	size_t n;
	struct common *common; /* of each statement, over the calls */
};

static void
find_common(struct locals *l)
{
	const char **labels = ARENA_ARRAY(l->w->arena, const char *, l->n);

	l->common = ARENA_ARRAY(l->w->arena, struct common, l->b->body.items.n);
	for (size_t j = 0; j < l->b->body.items.n; j++) {
		for (size_t i = 0; i < l->n; i++)
			labels[i] = l->calls[i]->parts[j]->labels[0];
		l->common[j] = common_words(labels, l->n);
	}
}

static bool
is_pointwise(const struct net_item *it)
{
	const struct node *n = main_op(it) == OP_CONV2D ? it->nodes[net_main_stage(it)] : NULL;

	return n && n->attr.kernel[0] == 1 && n->attr.kernel[1] == 1;
}

/* Whether statement J goes past the block's others: from what the block reads to where their result is added, not the first to read it. */
static bool
is_shortcut(const struct locals *l, size_t j)
{
	const struct net_body *body = &l->b->body;
	const struct net_item *it = body->items.v[j];
	bool joined = false, first = true;

	for (size_t i = 0; i < body->items.n; i++) {
		const struct net_item *other = body->items.v[i];
		enum op op = main_op(other);

		for (int k = 0; k < other->nin; k++) {
			joined = joined || ((op == OP_ADD || op == OP_CONCAT) && other->in[k] == it->out[0]);
			first = first && (i >= j || other->in[k] != it->in[0]);
		}
	}
	return it->nin == 1 && it->in[0] == l->b->in[0] && joined && !first;
}

/* What statement J does, seen from the block: 1x1 convolutions around a depthwise one have names. */
static const char *
role_word(const struct locals *l, size_t j)
{
	struct net_item *const *items = l->b->body.items.v;
	bool before = false, behind = false, expands = false;

	for (size_t i = 0; i < l->b->body.items.n; i++) {
		before = before || (i < j && main_op(items[i]) == OP_DWCONV2D);
		behind = behind || (i > j && main_op(items[i]) == OP_DWCONV2D);
		expands = expands || (i < j && is_pointwise(items[i]));
	}
	if (is_shortcut(l, j))
		return "shortcut";
	if (!is_pointwise(items[j]) || before == behind)
		return op_word(l->w, items[j]);
	return behind ? "expand" : expands ? "project" : "pw";
}

/* The role of each statement, with a number where several have the same. */
static name *
role_names(struct locals *l)
{
	size_t n = l->b->body.items.n;
	const char **word = ARENA_ARRAY(l->w->arena, const char *, n);
	name *roles = ARENA_ARRAY(l->w->arena, name, n);

	for (size_t j = 0; j < n; j++)
		word[j] = role_word(l, j);
	for (size_t j = 0; j < n; j++) {
		int before = 0, all = 0;

		for (size_t i = 0; i < n; i++) {
			all += strcmp(word[i], word[j]) == 0;
			before += i < j && strcmp(word[i], word[j]) == 0;
		}
		roles[j] = all > 1 ? intern_printf(l->w->names, "%s%d", word[j], before + 1) : intern(l->w->names, word[j]);
	}
	return roles;
}

/* Takes the words that CHOOSE finds for the statements, and of those that tell nothing the roles; false: there are too few, or some
 * are equal. */
static bool
name_by(struct locals *l, name (*choose)(struct net_writer *, const struct common *), const name *roles)
{
	struct map *seen = map_new(l->w->arena);
	size_t n = l->b->body.items.n, telling = 0;

	for (size_t j = 0; j < n; j++) {
		name text = choose(l->w, &l->common[j]);

		telling += !is_general(text);
		if (is_general(text))
			text = roles[j];
		if (map_get(seen, text))
			return false;
		map_put(seen, text, l);
		l->b->body.items.v[j]->labels[0] = text;
	}
	return telling * 2 >= n;
}

/* What the labels of the calls that became statement J have in common; NULL: nothing, or it is no call. */
static name
nested_label(const struct locals *l, size_t j)
{
	struct net_item **calls = ARENA_ARRAY(l->w->arena, struct net_item *, l->n);
	const struct net_item *it = l->b->body.items.v[j];

	if (it->kind != NET_CALL)
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		calls[i] = l->calls[i]->parts[j];
	name text = net_common_label(l->w, calls, l->n);
	return text == it->block->name ? NULL : text;
}

static void
name_statements(struct locals *l)
{
	const name *roles = role_names(l);

	for (size_t j = 0; j < l->b->body.items.n; j++)
		l->b->body.items.v[j]->as = nested_label(l, j);
	if (name_by(l, common_end, roles) || name_by(l, common_begin, roles))
		return;
	for (size_t j = 0; j < l->b->body.items.n; j++)
		l->b->body.items.v[j]->labels[0] = roles[j];
}

/* ---- the block ---- */

/* What the labels of one call's statements begin with: "block_3". */
static name
call_label(struct locals *l, const struct net_item *call)
{
	const char **labels = ARENA_ARRAY(l->w->arena, const char *, (size_t)call->nparts);

	for (int j = 0; j < call->nparts; j++)
		labels[j] = call->parts[j]->labels[0];
	struct common c = common_words(labels, (size_t)call->nparts);
	const char *text = "";
	for (int k = 0; k < c.begin && k < c.first.n; k++)
		text = arena_printf(l->w->arena, "%s%s%.*s", text, k ? "_" : "", c.first.v[k].len, c.first.v[k].s);
	return intern(l->w->names, text);
}

/* The last word that the labels of all calls have in common, without its number: "unit" of stage2_unit1, stage3_unit4; NULL: none that says
 * something. */
static name
common_kind(struct locals *l)
{
	name kind = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct words words = split(l->calls[i]->as ? l->calls[i]->as : "");
		int k = words.n - 1;
		name text;

		while (k >= 0 && letters(&words, k) == 0)
			k--;
		if (k < 0)
			return NULL;
		text = intern_n(l->w->names, words.v[k].s, (size_t)letters(&words, k));
		if (kind && text != kind)
			return NULL;
		kind = text;
	}
	return strlen(kind) < 2 || is_general(kind) ? NULL : kind;
}

/* Whether a statement of the block makes its image smaller, or one goes past the others to where their result is added. */
static bool
goes_down(const struct net_block *b)
{
	for (size_t j = 0; j < b->body.items.n; j++) {
		const struct net_item *it = b->body.items.v[j];
		enum op op = main_op(it);

		if (op == OP_MAXPOOL || op == OP_AVGPOOL || strncmp(it->labels[0], "shortcut", strlen("shortcut")) == 0)
			return true;
	}
	return false;
}

/* What the block does, by the number of its operations of each kind. */
static const char *
kind_by_operations(const struct net_block *b)
{
	int count[OP_COUNT + 1] = { 0 };
	bool down = goes_down(b);

	for (size_t j = 0; j < b->body.items.n; j++)
		count[main_op(b->body.items.v[j])]++;
	int conv = count[OP_CONV2D], dw = count[OP_DWCONV2D], add = count[OP_ADD], concat = count[OP_CONCAT];
	if (dw == 1 && conv == 2)
		return add ? "inverted_residual" : "inverted";
	if (dw == 1 && conv == 1)
		return !add ? "ds" : down ? "ds_residual_down" : "ds_residual";
	if ((count[OP_RESIZE] || count[OP_TCONV2D]) && add + concat > 0)
		return "up";
	if (add && conv == 3 + down)
		return down ? "bottleneck_down" : "bottleneck";
	if (add)
		return down ? "residual_down" : "residual";
	if (concat)
		return "branches";
	if (conv && down)
		return "stage";
	return count[OP_DENSE] && !conv ? "mlp" : "unit";
}

/* Labels of the calls are kept where each has one of its own. */
static void
name_calls(struct locals *l)
{
	struct map *seen = map_new(l->w->arena);

	for (size_t i = 0; i < l->n; i++) {
		name text = call_label(l, l->calls[i]);
		bool own = *text && !map_get(seen, text);

		if (*text)
			map_put(seen, text, l);
		l->calls[i]->as = own ? text : NULL;
	}
}

static void
name_values(struct net_writer *w, struct net_block *b)
{
	static const char *const in[] = { "x", "a", "b", "c", "d", "e", "f" }, *const out[] = { "y", "z" };

	b->in_names = ARENA_ARRAY(w->arena, name, (size_t)b->nin);
	for (int i = 0; i < b->nin; i++)
		b->in_names[i] = net_take(w, b->body.taken, in[b->nin > 1 ? 1 + i : 0]);
	b->out_names = ARENA_ARRAY(w->arena, name, (size_t)b->nout);
	for (int i = 0; i < b->nout; i++)
		b->out_names[i] = net_take(w, b->body.taken, out[i]);
	b->body.running = net_take(w, b->body.taken, "h");
}

/* A parameter is called what it gives, with the statement before it where there are several; a scale says nothing alone. */
static void
name_params(struct net_writer *w, struct net_block *b)
{
	for (int i = 0; i < b->nparams; i++) {
		struct net_param *p = b->params[i];
		const char *key = p->key ? p->key : "value", *local = b->body.items.v[p->item]->labels[0];
		bool alone = strcmp(key, "scale") != 0 && strcmp(key, "zero") != 0;

		for (int k = 0; k < b->nparams && alone; k++)
			alone = k == i || !b->params[k]->key || !p->key || strcmp(b->params[k]->key, p->key) != 0;
		p->name = net_take(w, b->body.taken, alone ? key : arena_printf(w->arena, "%s_%s", local, key));
	}
}

void
net_name_block(struct net_writer *w, struct net_block *b, struct net_item *const *calls, size_t n)
{
	struct locals l = { .w = w, .b = b, .calls = calls, .n = n };

	find_common(&l);
	name_statements(&l);
	name_calls(&l);
	name kind = common_kind(&l);
	b->name = net_take(w, w->file_names, kind ? kind : kind_by_operations(b));
	name_values(w, b);
	net_vars(w, &b->body, b->out, b->out_names, b->nout);
	name_params(w, b);
}
