/* Shared by the two files of the pass "alias": alias.c has the views and in-place results, place.c the results
 * that are written into a part of a later one. */
#ifndef PASSES_ALIAS_H
#define PASSES_ALIAS_H
#include "passes/pass.h"

struct tensor_info {
	struct tensor *family;  /* a tensor, its views, slices, and theirs are one family, named after the first */
	int concat_reads;       /* of the family's first: times that concats read members of it */
	int last_read;          /* the last node, counted from 0, that reads it, or of a base: anything in it; -1: none */
	bool is_output;
	bool takes_pitch;       /* every reader does */
};
struct alias {
	struct graph *g;
	struct tensor_info *info; /* by tensor id */
};

/* The length of the last dimension, and how many vectors of it there are. */
int32_t vector_length(const struct tensor *);
int64_t vector_count(const struct tensor *);
/* T lies in BASE's storage from OFFSET on, its vectors PITCH apart. */
void set_storage(struct tensor *t, struct tensor *base, int64_t offset, int32_t pitch);

/* place.c: let inputs of concatenations be written where the result has them, and what the outputs are views of
 * into the outputs.  PLACE decides per concatenation. */
void place_concat_inputs(struct alias *);
/* Let the tensors that output T shows be written to T's own storage; false if they cannot. */
bool place_in_output(const bool *is_output, struct tensor *t);
#endif
