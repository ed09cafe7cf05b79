/* The memories of a program, and which of its buffers lie where. */
#ifndef BACKEND_MEMORIES_H
#define BACKEND_MEMORIES_H
#include "backend/program.h"

struct plan; /* backend/plan.h */
/* Chooses .memory of all planned buffers and of the constants; ALL has the planned ones as its items. With one memory of a kind there is nothing to
 * choose. */
void memories_choose(struct program *, struct plan *all);
/* Whether the program has memories of a chip: else there is nothing to choose or to count. */
bool memories_any(const struct program *);
/* The cycles that a memory takes for READS and WRITES bytes, by its costs in the .chip; 0 of one that is no chip's. */
double memory_cycles(const struct memory *, double reads, double writes);
/* Sums up what is accessed and missing, of a program whose buffers have offsets. */
void memories_total(struct program *);
#endif
