/* Executes a program: its calls, in order, with the kernels of runtime/ compiled into the tests. */
#ifndef TESTS_RUN_PROGRAM_H
#define TESTS_RUN_PROGRAM_H
#include "backend/program.h"

/* INPUTS and OUTPUTS: the elements of the network's, in its order.  Every buffer gets memory of its own and exact size,
 * so that a sanitizer sees what a kernel does beyond it; what no call has written holds 0xa5. */
void run_program(const struct program *, const void *const *inputs, void *const *outputs);
/* The same with the buffers where the plan has them, and what is not live poisoned after each call. */
void run_program_in_arena(const struct program *, const void *const *inputs, void *const *outputs);
/* Aborts unless every call's arguments are its kernel's parameters: names, order and types. */
void check_calls(const struct program *);
#endif
