/* Where the vertices of a directed acyclic graph go in a drawing: ranks from top to bottom, so that every edge leads down, and in each rank an
 * order in which few edges cross. */
#ifndef REPORT_LAYOUT_H
#define REPORT_LAYOUT_H
#include <stdbool.h>
#include "support/array.h"

struct layout_edge { int from, to; };

/* A vertex, or one of the bends that take an edge through the ranks between its ends. */
struct layout_point {
	int rank;             /* from 0 */
	double x;             /* of the centre; two vertices beside each other are at least 1 apart */
	/* The rest is layout.c's. */
	bool spine;           /* on a longest path */
	int position;         /* in the rank, from the left */
	double offset;        /* of its centre from that of the first, as near to each other as they may lie */
};

struct layout {
	int vertices;         /* points[0 .. vertices - 1] are those of the graph, the rest are bends */
	ARRAY(struct layout_point) points;
	ARRAY(struct layout_edge) links; /* between points of ranks next to each other; edges from one vertex share their bends */
	int ranks;
	double width;         /* x lies between 0.5 and width - 0.5 */
};

/* More points than this are no drawing. */
enum { LAYOUT_POINTS_MAX = 20000 };

/* Every edge leads to a larger number; edges come in the order of where they lead, none of them twice.  NULL: too many points. */
const struct layout *layout_make(struct arena *, int vertices, const struct layout_edge *, size_t edges);
#endif
