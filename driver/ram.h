/* The limit of the arena. */
#ifndef DRIVER_RAM_H
#define DRIVER_RAM_H
#include "driver/compile.h"

/* Why a plan is above the lower bound: at the call AT, whose buffers reach the arena's end, so many bytes between them are free, because
 * of what is live before or later. */
struct ram_gap { const struct call *at; int64_t free; };
/* False: the arena is empty. */
bool ram_gap_of(const struct program *, struct arena *scratch, struct ram_gap *);
/* Whether the program's arena fits into --ram-limit; false after reporting what fills it. */
bool ram_fits(struct compilation *, const struct options *);
#endif
