/* Seeded graphs for tests: small, full of branches, views, slices and concatenations. */
#ifndef TESTS_RANDOM_GRAPH_H
#define TESTS_RANDOM_GRAPH_H
#include "ir/graph.h"

struct rng { uint64_t state; };
uint32_t rng_next(struct rng *);
/* 0 .. n - 1. */
int rng_below(struct rng *, int n);
/* [-1, 1). */
float rng_float(struct rng *);

/* About NODES operations over f32 or i8 tensors, with one to five outputs. */
struct graph *random_graph(struct arena *, struct intern *, uint64_t seed, enum dtype, int nodes);
/* The same with weights of 0 for whole output channels of its layers, some with a bias of 0 too, and for whole input channels, and with dense
 * layers before most outputs, which would else have every channel of what they show. */
struct graph *random_dead_graph(struct arena *, struct intern *, uint64_t seed, enum dtype, int nodes);
/* Elements for every input of the graph, in its order. */
const void **random_values(struct arena *, const struct graph *, uint64_t seed);
/* The text form, in the arena. */
char *graph_text(struct arena *, const struct graph *);
#endif
