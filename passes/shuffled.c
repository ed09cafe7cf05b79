/* @shuffled: the layer reads its input with the channels in another order.
 *
 * needs:       the annotations @grouped carried out (grouped)
 * establishes: no annotation @shuffled is left
 * breaks:      adds shuffles and gathers, which fold-shuffle takes away again where it can
 *
 * Unless the weights are the same in that order, it is another function, which the source asks for by the annotation. */
#include <config.h>
#include <string.h>
#include "passes/permute.h"
#include "passes/record.h"
#include "passes/rewrite.h"
#include "passes/shuffled.h"

static uint64_t
splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void
draw_order(int64_t seed, int32_t count, int32_t *order)
{
	uint64_t state = (uint64_t)seed;
	int32_t i, k, swap;

	for (i = 0; i < count; i++)
		order[i] = i;
	for (i = count - 1; i > 0; i--) {
		k = (int32_t)((splitmix64(&state) >> 32) * ((uint64_t)i + 1) >> 32);
		swap = order[i];
		order[i] = order[k];
		order[k] = swap;
	}
}

const int32_t *
shuffled_order(struct arena *arena, const struct annot *a, int32_t count)
{
	int32_t *order = ARENA_ARRAY(arena, int32_t, (size_t)count), j;

	if (a->has_seed)
		draw_order(a->seed, count, order);
	else
		for (j = 0; j < count; j++)
			order[j] = j % a->groups * (count / a->groups) + j / a->groups;
	return order;
}

static struct tensor *
index_const(struct graph *g, name shuffle, const int32_t *order, int32_t count, struct loc loc)
{
	struct shape shape = { 1, { count } };
	int32_t *copy = ARENA_ARRAY(g->arena, int32_t, (size_t)count);

	memcpy(copy, order, (size_t)count * sizeof *copy);
	return graph_const(g, graph_unique(g, intern_printf(g->names, "%s.index", shuffle)), DT_I32, &shape, NULL, copy, loc);
}

struct tensor *
shuffle_insert(struct graph *g, struct node *pos, const struct node *n, struct tensor *x, const int32_t *order, const struct annot *a)
{
	name text = graph_unique(g, intern_printf(g->names, "%s.shuffle", n->label));
	bool is_regular = a && !a->has_seed;
	struct tensor *in[2] = { x };
	char why[WHY_SIZE];
	struct attrs attr;
	struct node *made;
	int k;

	attrs_init(&attr);
	attr.groups = is_regular ? a->groups : 1;
	if (!is_regular)
		in[1] = index_const(g, text, order, tensor_channels(x), n->loc);
	made = graph_insert(g, pos, is_regular ? OP_SHUFFLE : OP_GATHER, text, in, is_regular ? 1 : 2, &attr, NULL, n->loc, why);
	if (!made)
		die("the shuffle of '%s': %s", n->label, why);
	made->label = n->label;
	for (k = 0; k < made->nin; k++)
		made->in[k]->uses++;
	return made->out;
}

/* The sums of the layer are the same in any order of its input's channels that gives the same weights. */
static bool
is_same_function(struct graph *g, const struct node *n, const int32_t *order, int32_t count)
{
	const struct tensor *w = n->in[1];
	bool sums = n->op == OP_DENSE || n->op == OP_TCONV2D || (n->op == OP_CONV2D && n->attr.groups == 1);

	if (order_is_plain(order, count))
		return true;
	return sums && !memcmp(elements_pick(g, w, w->shape.rank - 1, order, count), w->data, (size_t)tensor_bytes(w));
}

static bool
shuffle(struct graph *g, struct pass_ctx *ctx, struct node *n, const struct annot *a)
{
	int32_t count = tensor_channels(n->in[0]);
	const int32_t *order = shuffled_order(ctx->scratch, a, count);
	bool same = is_same_function(g, n, order, count);
	enum annot_class class = same ? CLASS_EXACT : CLASS_DIFFERENT;
	const char *text = "input channels shuffled";

	if (!require_permits(ctx, n, a, class))
		return false;
	text = a->has_seed ? arena_printf(g->arena, "%s by seed %lld", text, (long long)a->seed)
		: arena_printf(g->arena, "%s, %d groups", text, (int)a->groups);
	if (same)
		text = arena_printf(g->arena, "%s, which the weights do not tell apart", text);
	record_rewrite(g, n, n->op, class, a, text);
	if (!order_is_plain(order, count))
		node_set_input(n, 0, shuffle_insert(g, n, n, n->in[0], order, a));
	return true;
}

bool
pass_shuffled(struct graph *g, struct pass_ctx *ctx)
{
	struct node *n;
	bool ok = true;

	for (n = g->first; n; n = n->next) {
		const struct annot *a = annot_of(ctx, n, ANNOT_SHUFFLED);

		if (a)
			ok = shuffle(g, ctx, n, a) && ok;
		annot_drop(n, ANNOT_SHUFFLED);
	}
	graph_tidy(g);
	return ok;
}
