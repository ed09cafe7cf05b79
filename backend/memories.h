/* The memories of a program, and which of its buffers lie where. */
#ifndef BACKEND_MEMORIES_H
#define BACKEND_MEMORIES_H
#include "backend/plan.h"

/* Chooses .memory of all planned buffers and of the constants; ALL has the planned ones as its items. With one memory of a kind there is nothing to
 * choose. */
void memories_choose(struct program *, struct plan *all);
/* Sums up what is accessed and missing, of a program whose buffers have offsets. */
void memories_total(struct program *);
#endif
