/* What the pass "dead-channels" knows about the channels of a graph, and its steps.
 *
 * Channels that operations tie together (channels.h) go or stay together: they are one *atom*.  An atom is *needed* if an output of the network
 * depends on it in a way that no constant can take the place of; what is not needed goes. */
#ifndef PASSES_DEAD_H
#define PASSES_DEAD_H
#include "passes/channels.h"
#include "passes/pass.h"

struct dead {
	struct graph *g;
	struct pass_ctx *ctx;
	struct arena *a;
	int32_t *start;    /* by tensor id, and one more: the number of its first channel; the channels of all tensors are in a row */
	int32_t count;     /* channels of all */
	bool *known;       /* by channel: every element of it has the value ... */
	float *value;      /* ... which holds any int8 and any f32 exactly */
	bool *folds;       /* by the id of a layer's result: constants that the layer reads can go into its bias */
	int32_t *atom;     /* by channel: the same for channels that go or stay together, a channel's number */
	bool *needed;      /* by atom */
	int32_t **kept;    /* by tensor id, set by dead_choose: the channels that stay, in order; NULL: all */
	int32_t *kept_count;
};

/* Channel J of TO and channel I of FROM go or stay together; one of the two tensors is the node's result. */
typedef void link_fn(void *ctx, const struct tensor *to, int32_t j, const struct tensor *from, int32_t i);
void node_links(struct arena *, const struct node *, link_fn *, void *ctx);
/* The place in the input of each channel of N's result; N is a shuffle or a gather. */
const int32_t *moved_from(struct arena *, const struct node *n);

/* A layer's weights as a matrix: its output channels by the input channels that one of them reads. */
struct matrix {
	const struct node *n;
	int32_t out, in, taps, group; /* group: output channels to a group of inputs */
	int64_t out_step, tap_step;
};
bool is_matrix(const struct node *);
struct matrix matrix_of(const struct node *);
/* The layer's input channel that output channel O reads in column I. */
int32_t matrix_input(const struct matrix *, int32_t o, int32_t i);
/* Whether a tap of the cell is not 0; of int8 weights their *SUM. */
bool matrix_cell(const struct matrix *, int32_t o, int32_t i, int64_t *sum);

/* The number of channel C of T. */
static inline int32_t channel_of(const struct dead *d, const struct tensor *t, int32_t c) { return d->start[t->id] + c; }
/* What an element of T is that adds nothing to a sum. */
static inline float zero_of(const struct tensor *t) { return t->dtype == DT_F32 ? 0 : (float)t->quant.zero; }
/* Whether the channel numbered C, one of T's, adds nothing to a sum. */
static inline bool adds_nothing(const struct dead *d, const struct tensor *t, int32_t c) { return d->known[c] && d->value[c] == zero_of(t); }

/* dead_constants.c: finds known, value and folds. */
void dead_constants(struct dead *);
/* dead_needs.c: finds atom and needed, and from them kept; false: everything stays. */
bool dead_choose(struct dead *);
/* dead_remove.c: takes the channels that are not kept out of the graph, and says so in its list of dead channels; ends with graph_tidy.  Test
 * blocks lose the values of channels that are gone by dead_tests, which comes before. */
void dead_tests(struct dead *);
void dead_remove(struct dead *);
#endif
