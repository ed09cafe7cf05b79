/* Cutting a layer into parts: what the passes that carry out plans (chips/plan.h) share.
 *
 * The node that is cut stays in the graph and becomes the last of the operations that replace it, so the layer's tensor keeps its name
 * and its readers.  What goes before it is inserted there, under names that begin with the node's: "head.out1", its inputs "head.out1.x"
 * and its constants "head.out1.weight". */
#ifndef PASSES_PARTS_H
#define PASSES_PARTS_H
#include "chips/plan.h"
#include "ir/graph.h"

struct cutter {
	struct graph *g;
	struct node *n;                    /* the node being cut */
	ARRAY(struct node *) moves;        /* slices, pads and reshapes of the layer so far: parts that need the same share it */
};
/* The cells [from, to) of one dimension. */
struct range { int32_t from, to; };

/* N is cut next. */
void cutter_start(struct cutter *, struct node *n);

/* "PATH.WHAT3" of the node being cut, unused. */
name part_name(struct cutter *, const char *what, int k);
/* Insert an operation of the same layer before the node being cut.  What the operation has no use for in ATTR is left out.
 * QUANT: of the result, or NULL. */
struct node *part_add(struct cutter *, enum op, name, struct tensor *const *in, int nin, const struct attrs *attr,
	const struct quant *quant);
/* N becomes OP on the inputs IN and is done with its plan; ATTR NULL: no attributes. */
void part_become(struct cutter *, enum op, struct tensor *const *in, int nin, const struct attrs *attr);

/* OP (slice, pad, reshape) of X with the attributes ATTR: the one that the layer has on CORE already, if there is such a one. */
struct tensor *part_move(struct cutter *, enum op, struct tensor *x, const struct attrs *attr, name stem, const char *what, int core);
/* The cells [from, to) of X along AXIS: a constant for a constant, X itself for the whole of it, else a slice.  STEM.WHAT
 * names what is made.  CORE: of the part that reads it. */
struct tensor *part_slice(struct cutter *, struct tensor *x, int axis, struct range, name stem, const char *what, int core);
/* The attributes of the slice [from, to) of X along AXIS. */
void slice_attrs(const struct tensor *x, int axis, struct range, struct attrs *);
/* part_slice of input K of the node being cut, named as the operation names the input. */
struct tensor *part_input(struct cutter *, int k, int axis, struct range, name stem, int core);
/* A constant of COUNT (dimensions DIM) whose elements DATA the graph's arena holds. */
struct tensor *part_const(struct cutter *, name stem, const char *what, enum dtype, int rank, const int32_t *dim, const struct quant *,
	const void *data);
/* COUNT zeros, for layers that start from a sum without a bias of their own. */
struct tensor *part_zeros(struct cutter *, name stem, int32_t count);

/* A plan like the node's for a part with the share [from, to) of TOTAL; its cores are that share of the node's, and *CORE is the first. */
struct plan *part_plan(struct cutter *, struct range, int32_t total, int *core);

/* The constants of a rescale that does to sums what the layer N does to its own, output channels [from, to); returns how many. */
int part_multipliers(struct cutter *, const struct node *n, struct range, name stem, struct tensor *in[2]);
/* Makes the node being cut the concatenation of PARTS along AXIS. */
void part_join(struct cutter *, struct tensor *const *parts, int n, int axis);
/* passes/cut_channels.c.  The node being cut in PARTS of its output channels, called WHAT0, WHAT1 ...; CLEAR takes from a part's plan
 * what has been done. */
void cut_channels(struct cutter *, const struct parts *, const char *what, void (*clear)(struct plan *));

/* The last dimension. */
static inline int last_axis(const struct tensor *t) { return t->shape.rank - 1; }
static inline int32_t channels_of(const struct tensor *t) { return t->shape.dim[last_axis(t)]; }
/* Whether PARTS cut anything. */
static inline bool parts_cut(const struct parts *p) { return p->n > 1; }
/* Remove operations of data movement that nothing reads; ends with graph_tidy. */
void parts_tidy(struct graph *);
/* A plan that cannot be carried out is a bug of whoever made it. */
#define plan_broken(n, ...) plan_broken_at(__FILE__, __LINE__, n, __VA_ARGS__)
_Noreturn void plan_broken_at(const char *file, int line, const struct node *, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#endif
