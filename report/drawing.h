/* A graph as boxes and arrows, for whoever draws it: the operations, the network's inputs and its outputs. */
#ifndef REPORT_DRAWING_H
#define REPORT_DRAWING_H
#include "report/layout.h"
#include "report/report.h"

/* What a box is, which decides its colour. */
enum box_kind {
	BOX_PORT,     /* an input or output of the network */
	BOX_UNIT,     /* runs on a unit of the chip */
	BOX_WORK,     /* multiply-accumulates in portable C */
	BOX_OTHER,    /* anything else that is computed */
	BOX_VIEW,     /* takes no call: storage looked at otherwise */
	BOX_KINDS
};
struct box_info {
	const char *class;           /* of the SVG's elements */
	const char *legend;
	const char *dot;             /* attributes for Graphviz */
};
extern const struct box_info box_info[BOX_KINDS];

struct box {
	enum box_kind kind;
	const char *name, *what;     /* two lines: "stem", "conv2d 10x4 / 2x2" */
	const char *shape;           /* "i8[25, 5, 64]" */
	const char *title;           /* all there is to say */
	name label;                  /* the layer that it is part of; NULL: a port */
	bool cut;                    /* that layer was rewritten or decomposed */
};

struct drawing {
	const struct graph *graph;
	ARRAY(struct box) boxes;
	ARRAY(struct layout_edge) edges; /* between boxes, in the order that layout_make asks for */
};

struct drawing *drawing_make(const struct report *, const struct graph *);
#endif
