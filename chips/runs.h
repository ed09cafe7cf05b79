/* Register blocks whose windows are runs (`op runs`): kh runs of IN values each, which lie in the image as they are,
 * so nothing need be collected.  One row of the filter is a run; cells outside of the image are left out, with a bias that knows which, or the
 * rows under a row of results are copied with their padding first (a band).
 *
 * A block takes 1 to ROWS windows and a set of channel counts; what is left over of the channels goes to one that takes so many. */
#ifndef CHIPS_RUNS_H
#define CHIPS_RUNS_H
#include "chips/chip.h"

enum {
	RUNS_CLASSES = 25,                /* that a layer may have of windows, by which of their cells lie outside */
	RUNS_ROWS = 63                    /* windows of a block, at most */
};

struct run_blocks {
	const struct chip_op *full;       /* CHANNELS channels */
	const struct chip_op *rest;       /* LEFT channels; NULL: none are left over */
	int32_t rows, channels, left;
	int32_t filters;                  /* of a group */
	int32_t c;                        /* channels of x in a group */
	int32_t run;                      /* values of a run, filled up with weights of 0 to what the blocks take */
	int32_t h;                        /* runs */
	bool band;                        /* rows are copied with their padding */
	bool by_channels;                 /* all windows for one panel of channels after the other; else the other way round */
	bool down;                        /* narrow parts of the image are taken by columns */
};
/* The layer N as a convolution: images and window. */
struct runs_window { int32_t x_h, x_w, x_c, x_pitch, y_h, y_w, k_h, k_w, stride_h, stride_w, dilation_h, dilation_w, pad_t, pad_l, groups; };
void runs_window(const struct node *n, struct runs_window *);
/* Whether OP takes VALUE of VAR, its conditions apart. */
bool runs_takes(const struct chip_op *, enum chip_var, int64_t value);
/* The greatest value that OP states for VAR; 0: any. */
int32_t block_most(const struct chip_op *, enum chip_var);
/* How OP makes the layer N.  False: it does not; WHY and LIMIT (or NULL) say what is in the way. */
bool runs_find(const struct chip_op *, const struct node *n, struct run_blocks *, const char **why, const struct chip_limit **limit);
/* The numbers of one call of OP: ROWS windows of H runs of N values by OUT channels. */
void runs_vars(const struct chip_op *, const struct node *n, int32_t rows, int32_t out, int32_t h, int32_t run, struct chip_vars *);
/* The calls of one group and one panel of channels: COUNT of ROWS windows of H runs of N values. */
struct runs_call { int32_t rows, h, n; int64_t count; };
struct runs_calls { ARRAY(struct runs_call) v; };
void runs_list(struct arena *, const struct run_blocks *, const struct runs_window *, struct runs_calls *);
/* Values of one row of a band, with what a last run may read behind it. */
int64_t runs_band_pitch(const struct run_blocks *, const struct runs_window *);
#endif
