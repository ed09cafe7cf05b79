/* How a layer is executed: one candidate of many, with its cost, and in the end the decision.  Made by chips/candidates.c, chosen by the
 * pass "legalise", carried out by the passes split-groups, split-rows, split-out, split-sum, place.
 *
 * A plan is a nest, outermost first: groups, rows, output channels, input channels.  Every part of the innermost level is one
 * call of the unit. */
#ifndef CHIPS_PLAN_H
#define CHIPS_PLAN_H
#include "chips/chip.h"

/* Sizes of the parts; n 0 or 1: not cut. */
struct parts { int n; const int32_t *size; };

enum plan_how {
	PLAN_UNIT,       /* calls of the unit */
	PLAN_BLOCK,      /* loops around register blocks */
	PLAN_DOT,        /* loops around a dot product */
	PLAN_PORTABLE,   /* portable C: no unit, or the place(cpu) annotation; may be cut all the same */
	PLAN_NONE        /* nothing is left of it: a shuffle in the weights of other layers */
};

struct plan {
	enum plan_how how;
	const struct chip_op *unit;      /* NULL: portable C */
	bool as_dense, as_conv;          /* a 1x1 convolution on a dense unit, a dense layer on a convolution unit */
	int32_t groups;                  /* > 1: grouped convolution as so many convolutions on slices */
	struct parts rows, out, in;      /* in channels (of one group); rows: of the result */
	enum dtype partial;              /* type of the partial sums; meaningful when in.n > 1 */
	bool tree;                       /* each part from zero, then a tree of adds; else each starts from the sum so far */
	int32_t shift;                   /* i16 partial sums: bits dropped */
	int32_t pad_in, pad_out;         /* channels after filling up to the unit's step (per part the last); 0: as they are */
	bool pad_each;                   /* every part is filled up, not only the last */
	bool pad_copy;                   /* the padding of the image is written out by a copy first */
	bool requant_cpu;                /* the unit gives i32 sums, portable C (or the unit's requantize) rescales them */
	bool fold_zero;                  /* x's zero point is folded into the bias */
	bool bias_after;                 /* the bias is added to the sums, and what that makes of them follows; legalise cuts both off */
	bool act_after;                  /* the activation is an operation of its own after the layer; legalise cuts it off */
	const struct chip_op *adder;     /* tree: the unit that adds partial sums; NULL: portable C */
	int32_t cores;                   /* that the parts are spread over, from the node's core on; 0: all of the chip's */

	int64_t calls;                   /* of the chip's units */
	double cycles;                   /* by the cost formulas, portable parts included */
	double portable_cycles;          /* of them */
	int64_t bytes;                   /* moved by calls and copies */
	int64_t copies;                  /* bytes copied only because of layouts, padding or fill */
	int64_t scratch;                 /* bytes of partial sums and copies alive at once */
	enum annot_class class;
	double bound;                    /* BOUNDED: lsb; LOSSY: dB, measured; EXACT, f32 sums in parts: the largest difference per max(1, |x|) */
	const char *text;                /* "split-sum 4 x 512, i32 chain" for tables; "as it is" for a plan without cuts */
	const char *why;                 /* for explain: what makes it impossible; NULL: possible */
	const struct chip_limit *limit;  /* the limit that WHY is about, or NULL */
};

/* What a layer became, in order of the layers: for tables, comments and the report. */
struct layer_plan {
	struct layer_plan *next;
	name layer;                      /* path */
	enum op op;
	struct loc loc;
	struct plan plan;
	const struct chip_limit *broken; /* why it could not go as it is; NULL: it could */
	const char *found;               /* what broke it: "in = 2048"; NULL like broken */
	const struct chip_op *asked;     /* the unit that BROKEN is a limit of */
	enum { BY_NOTHING, BY_CHIP, BY_SCHEDULE, BY_ANNOTATION } by; /* who asked */
};
#endif
