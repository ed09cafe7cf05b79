/* Which channels must stand in one order: the last dimension of tensors, and what ties it together.
 *
 * Most operations treat each channel by itself, so their result can have its channels in another order if their input
 * has.  Such tensors form a *region*: it is permuted as a whole or not at all.  It ends at operations that can take or give any
 * order by permuting their weights (a convolution, a dense layer: within each group), at shuffles, and at what fixes the
 * order: the network's inputs and outputs, a transposition, a reshape that cuts channels apart. */
#ifndef PASSES_CHANNELS_H
#define PASSES_CHANNELS_H
#include "ir/graph.h"

/* Channel j of `to`, for at <= j < at + len, is channel ((j - at) * step + begin) / div % mod of `from`. */
struct tie {
	struct tensor *to, *from;
	int32_t at, len, step, begin, div, mod;
};
int32_t tie_place(const struct tie *, int32_t j); /* -1: none */

/* Call FN for each tie that N makes between its activations. */
typedef void tie_fn(void *ctx, const struct tie *);
void node_ties(const struct node *n, tie_fn *fn, void *ctx);

/* In which pieces N lets the order of the channels of input 0 (of its result) change: only within runs of so many
 * channels; 1: not at all.  The whole length: any order. */
int32_t node_in_run(const struct node *n);
int32_t node_out_run(const struct node *n);
/* Whether a channel of N's result may depend on all channels of its input in another way than by weights: softmax, a mean over channels, what
 * cuts channels apart. */
bool node_mixes(const struct node *n);
/* The order is changed by N: shuffle, gather. */
bool is_shuffle(const struct node *n);
/* The length of the last dimension. */
int32_t tensor_channels(const struct tensor *);

/* Who reads what; valid until the graph changes. */
struct readers {
	struct node **list;  /* the readers of tensor id: list[start[id]] .. list[start[id + 1] - 1] */
	int *start;
	bool *is_output;     /* by tensor id */
};
void readers_find(struct readers *, struct arena *, const struct graph *);

struct region {
	struct arena *arena;
	ARRAY(struct tensor *) tensors;
	ARRAY(struct node *) nodes;     /* that read or write them; shuffles too */
	int *slot;                      /* by tensor id: place in tensors + 1, or 0 */
	int32_t *start;                 /* by place: the tensor's first channel among those of all */
	int32_t count;                  /* channels of all */
	int32_t *atom;                  /* by channel: the same for channels that are tied, a channel's number */
	uint64_t *label;                /* by atom: channels may change places if these are equal */
	int32_t **order;                /* by place, set by region_order: new channel j is old channel order[j]; NULL: unchanged */
	const char *fixed, *grouped;    /* what fixes the order, or the order between groups: for people; NULL: nothing */
};
/* The region around SEED; false: it is too large to look at. */
bool region_find(struct region *, struct arena *, const struct graph *, const struct readers *, struct tensor *seed);
bool region_has(const struct region *, const struct tensor *);
/* The label of SEED's channel c. */
uint64_t region_label(const struct region *, const struct tensor *seed, int32_t c);
/* Find the order of every tensor from that of SEED; false: it breaks a tie or what is fixed. */
bool region_order(struct region *, const struct tensor *seed, const int32_t *order);
/* T's new order, or NULL. */
const int32_t *region_order_of(const struct region *, const struct tensor *t);
#endif
