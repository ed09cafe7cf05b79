/* A tensor computed in runs of channels, so that a concatenation can put them in another order without a copy. */
#ifndef PASSES_PIECES_H
#define PASSES_PIECES_H
#include "passes/pass.h"

/* What it takes. */
struct pieces {
	struct graph *g;
	struct pass_ctx *ctx;
	struct node *pos;          /* new operations go before it; NULL: nothing is made, only counted */
	int count;                 /* pieces */
	int64_t copied;            /* elements of pieces that have to be copied into place */
	ARRAY(struct tensor *) made;
	ARRAY(struct node *) slices; /* of inputs, shared between pieces */
	ARRAY(const struct node *) layers; /* that are computed in pieces */
};

/* Append the channels [from, to) of T, which only one operation reads, in one or several pieces. */
void pieces_take(struct pieces *, struct tensor *t, int32_t from, int32_t to);

/* Cycles on the chip of what was made, and of the layers as they are with COPY, the operation that the pieces make needless; each the
 * cheapest plan's. */
struct pieces_cost { double pieces, whole, copy; };
struct pieces_cost pieces_cost(const struct pieces *, const struct node *copy);
/* Take away what was made; nothing reads it. */
void pieces_drop(struct pieces *);
#endif
