/* The limits of arenas: --ram-limit, and the sizes of the chip's memories. */
#ifndef DRIVER_RAM_H
#define DRIVER_RAM_H
#include "driver/compile.h"

/* Why a plan is above the lower bound: at the call AT, whose buffers reach the arena's end, so many bytes between them are free, because
 * of what is live before or later; and that many at most are lost to alignment. */
struct ram_gap { const struct call *at; int64_t free, aligning; };
/* Of the arena of MEMORY; false: it is empty. */
bool ram_gap_of(const struct program *, int memory, struct arena *scratch, struct ram_gap *);
/* --ram-limit=MEMORY:BYTES as the sizes of the program's memories, before it is planned; false after reporting that there is no such memory. */
bool ram_limit_memories(struct compilation *, struct program *);
/* Bytes that arenas may have; INT64_MAX: any number. By how many a program exceeds that, the size of a memory included. */
int64_t ram_there_is(const struct program *, const struct options *);
int64_t ram_missing(const struct program *, const struct options *);
/* Whether A exceeds its memories by fewer bytes than B, or, if it is the same, takes fewer. */
bool ram_is_less(const struct program *a, const struct program *b);
/* Whether the program's arenas fit into --ram-limit and its memories; false after reporting what fills them. */
bool ram_fits(struct compilation *, const struct options *);
#endif
