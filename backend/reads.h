/* In which order kernels go through what they read: for results that lie over operands (overlap.c) and for chains of calls that compute
 * maps by rows (stream.c). */
#ifndef BACKEND_READS_H
#define BACKEND_READS_H
#include "backend/program.h"

enum reads_order {
	READS_WINDOWS,           /* pixel after pixel, from windows of an image by y_h, x_h and pad_t */
	READS_VECTORS,           /* vector after vector, each from one of the operand */
	READS_ELEMENTS,          /* element after element */
	READS_PARTS,             /* row after row, some columns or channels of each, with memcpy */
	READS_FIRST,             /* everything is read before anything is written, in effect */
	READS_NOTHING            /* its result comes from outside */
};
enum reads_over {
	LIES_APART,
	LIES_OVER,
	AS_STATED                /* if the call states how its loops go (call->at_once) */
};
struct reads {
	const char *kernel;      /* with what may follow behind "_": types, variants */
	enum reads_order order;
	const char *operands[2]; /* the parameters it holds for */
	enum reads_over over;    /* whether the result may lie over them */
	bool streams;            /* it can compute some rows of its result at a time */
};

/* The row of C's kernel; NULL: nothing is known of it. */
const struct reads *reads_of(const struct call *c);
/* Whether C's result may lie over operands of that row. */
bool reads_may_overlap(const struct reads *, const struct call *c);
/* Whether A is one of the operands. */
bool reads_operand(const struct reads *, const struct arg *a);
/* The argument of C that is the dimension PARAMETER, or NULL. */
struct arg *call_find_dim(const struct call *c, const char *parameter);
/* Whether PARAMETER of a kernel takes weights: all of them, or those of what blocks leave over. */
bool call_is_weight(const char *parameter);
int64_t call_dim_or(const struct call *c, const char *parameter, int64_t otherwise);
#endif
