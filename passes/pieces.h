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
};

/* Append the channels [from, to) of T, which only one operation reads, in one or several pieces. */
void pieces_take(struct pieces *, struct tensor *t, int32_t from, int32_t to);
#endif
