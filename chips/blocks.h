/* Register blocks (`op block` of a .chip): micro-kernels of a fixed number of rows and channels, which netc's loops put
 * together to a convolution or a dense layer.  A layer is the product of two matrices, the windows of the image (rows of K values) and
 * the filters; a block computes a few rows of the result by a few channels of it, from sums to finished int8 values.
 *
 * What is left over at the edges is done by other blocks of the chip: of one row and as many channels with the same weights, of one
 * channel with weights of its own. */
#ifndef CHIPS_BLOCKS_H
#define CHIPS_BLOCKS_H
#include "chips/chip.h"

struct blocks {
	const struct chip_op *full;       /* the block itself: ROWS x CHANNELS; of a run: up to so many rows, and all channels of a group */
	const struct chip_op *one;        /* 1 x CHANNELS; NULL: no rows are left over */
	const struct chip_op *narrow;     /* ROWS x 1, or NULL */
	const struct chip_op *narrow_one; /* 1 x 1; NULL: no channels are left over */
	int32_t rows, channels;
	int32_t k;                        /* values of a window, filled up with weights of 0 to what the blocks take */
	int64_t windows, filters;         /* of one group */
};
/* Whether OP takes any number of rows and channels up to its most, so that nothing is left over: blocks of f32 do, and no others. */
bool block_is_flexible(const struct chip_op *);
/* Whether one call of the block OP, of int8, computes all channels, as many as there are (`out` has many values), of one window up to the most
 * of `rows`: then nothing is left over. */
bool block_takes_all(const struct chip_op *);
/* The single value of VAR that OP states ("rows = 2"), of a flexible block the last of all from 1 on ("rows = 1..14"); 0: others, or none. */
int32_t block_size(const struct chip_op *, enum chip_var);
/* Whether the block OP takes some shifts of the requantisation only (`shift`).  Channels whose results are the zero point whatever their sums
 * are given the multiplier 0 then. */
bool block_limits_shifts(const struct chip_op *);
/* How many rows the block OP takes at most; 0: that is not stated, or of a run not from 1 on. */
int32_t block_rows(const struct chip_op *);
/* How the block OP and its companions make the layer N.  False: they do not; WHY and LIMIT (or NULL) say what is in the way. */
bool blocks_find(const struct chip_op *, const struct node *n, struct blocks *, const char **why,
	const struct chip_limit **limit);
/* The numbers of one call of the block OP within B; of a run: with all rows. */
void blocks_vars(const struct blocks *, const struct chip_op *, const struct node *n, struct chip_vars *);
/* How many calls of each there are: of full, one, narrow, narrow_one; all groups together.  Of a flexible block: with all its rows and channels, with the
 * rows that are left over, with the channels that are, with both. */
void blocks_calls(const struct blocks *, const struct node *n, int64_t calls[4]);
/* What calls[WHICH] counts, and the numbers of one such call. */
const struct chip_op *blocks_call(const struct blocks *, int which, const struct node *n, struct chip_vars *);
/* How a layer of f32 is summed.  CHUNK input channels at a time; COPIED: they are copied side by side first, for all pixels; OUTER: all
 * pixels meet the weights of some channels before those of the next ones are read. */
struct block_order { int32_t chunk; bool copied, outer; };
struct block_order blocks_order_f32(const struct blocks *, const struct node *n);
/* Whether output channel O has no weight but 0: its result is one value, and its sum may be anything. */
bool blocks_constant(const struct node *n, int32_t o);
/* How many windows are computed before the next: those that the block takes, unless it never comes to that. */
int32_t blocks_at_once(const struct blocks *);
/* How far apart collected windows lie, in values: a little more than they are long where caches would put the same place of all of them into
 * one set. */
int32_t blocks_column_pitch(const struct blocks *);
/* Whether the blocks read the windows where they lie: else each window is collected first. */
bool blocks_in_place(const struct blocks *, const struct node *n);
/* How many values of a window lie side by side in the image, if a run may read windows there in as many runs as the kernel is high; those at the
 * borders are collected all the same.  0: all are collected. */
int32_t blocks_run(const struct blocks *, const struct node *n);
#endif
