/* A layer as it is going to be: what a plan (chips/plan.h) does to its operation and inputs before that becomes part of the graph.  Shared by
 * the passes legalise and place. */
#ifndef PASSES_DRAFT_H
#define PASSES_DRAFT_H
#include "passes/parts.h"

struct draft {
	struct cutter *c;
	const struct plan *plan;
	enum op op;
	struct attrs attr;
	struct tensor *in[INPUTS_MAX];
	int nin;
};

/* The node being cut, as it is. */
void draft_start(struct draft *, struct cutter *);
/* The image's padding, if there is any, is written out by a pad; the operation pads no more. */
void draft_pad(struct draft *);
/* x counts as if its zero point were 0 (int8): the bias becomes bias - x_zero * sum of the channel's weights, padding is written out. */
void draft_fold_zero(struct draft *);
/* x under another scale and zero point. */
void draft_relabel(struct draft *, float scale, int32_t zero);

/* cut_after.c: what a unit leaves out of the layer N becomes operations of its own behind it, the last of them N itself; the plan goes to what
 * is left.  The activation; the bias, with the activation and the rescaling that follow it. */
void cut_activation(struct graph *, struct node *n);
void cut_bias(struct graph *, struct node *n);
#endif
