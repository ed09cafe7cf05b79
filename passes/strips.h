/* Chains of layers in strips of columns: what the pass strips (strips.c) and the choice of chains (strips_choose.c) share.
 *
 * A chain is a run of the graph's nodes of which only the last one's result is read by others.  A strip of that result is computed from the
 * columns that it needs of each map before; those that two strips need are computed for both. */
#ifndef PASSES_STRIPS_H
#define PASSES_STRIPS_H
#include "passes/parts.h"
#include "passes/pass.h"

enum { STRIP_CHAIN_MAX = 36 /* layers of a chain: with the copies of columns no more than a chain by rows has */ };

struct strip_chain {
	struct node *const *nodes;  /* COUNT in turn, as in the graph */
	int count;
	const int *position;        /* of the node that computes a tensor, by its id, counted from the first of all nodes; -1: none */
	int first;                  /* the position of nodes[0] */
	int32_t width;              /* columns of a strip of the result; the last strip may have fewer */
};

/* Whether N can be a layer of a chain: it computes some columns of a map from some of the maps before. */
bool strip_takes(const struct node *n);
/* Whether input K of N is a map, of which a strip needs some columns. */
bool strip_reads(const struct node *n, int k);
/* The columns of its map K that N needs for the columns R of its result, those outside of the map left out; PAD (NULL: not asked for): how many
 * these are on the left and on the right.  Empty: all are outside. */
struct range strip_under(const struct node *n, int k, struct range r, int32_t pad[2]);
/* The node of the chain that computes T, or -1. */
int strip_inside(const struct strip_chain *, const struct tensor *t);
int32_t strip_count(const struct strip_chain *);
/* The columns that each node computes for strip S of the result; false: one of them would read nothing but padding. */
bool strip_columns(const struct strip_chain *, int32_t s, struct range *of);
/* The multiply-accumulates of all strips; of = room for the columns of each node. */
int64_t strip_macs(const struct strip_chain *, struct range *of);

/* strips_choose.c: the chains of G that keep what is live, by an estimate, below what is demanded with the fewest multiply-accumulates, or as
 * low as it goes.  In SCRATCH; in order. */
struct strip_choice { ARRAY(struct strip_chain) chains; };
void strips_choose(struct graph *, const struct strip_demand *, struct arena *scratch, struct strip_choice *);
#endif
