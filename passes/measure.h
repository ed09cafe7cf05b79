/* Seeded values, and what a plan costs in precision on them. */
#ifndef PASSES_MEASURE_H
#define PASSES_MEASURE_H
#include "chips/plan.h"
#include "ir/graph.h"

/* What tensors are filled with.  i8: uniform over all values, or one extreme everywhere; f32: normal with standard deviation 1, or 16 times
 * as wide. */
enum pattern { PATTERN_RANDOM, PATTERN_LOW, PATTERN_HIGH, PATTERN_COUNT };
extern const char *const pattern_names[PATTERN_COUNT];
/* Elements for T, the same on every machine for the same name; in the arena. */
const void *seeded_values(struct arena *, const struct tensor *, enum pattern);

/* The signal-to-noise ratio of HAVE in dB against WANT, i8 or f32 elements like those of T; infinite when they are equal. */
double sqnr_of(const struct tensor *t, const void *want, const void *have);
/* That of N's result when N, an operation of G, is executed as the plan says instead of whole, in a run of the network on random inputs. */
double measured_sqnr(const struct graph *, const struct node *n, const struct plan *);
#endif
