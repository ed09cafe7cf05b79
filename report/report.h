/* What is said of a lowered network, gathered once for tables, JSON and drawings: its layers, what they cost by the chip's formulas and what a
 * profile measured, and where their results lie. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H
#include "backend/program.h"
#include "chips/plan.h"
#include "report/profile.h"

/* A layer of the network as written: one operation of the lowered graph, or all that passes made of it. */
struct report_layer {
	name path;
	const struct node *node;       /* that computes its result */
	const struct node *work;       /* the first that does the layer's own work; NULL: there is no saying */
	int nodes, calls;              /* operations and calls that it became */
	int64_t macs, params;          /* parameters shared by its parts count once */
	int64_t bytes;                 /* of its result */
	const char *how;               /* "split-sum 4 x 512, i32 chain"; NULL: as it is */
	const char *found;             /* what breaks the unit's limits, "in = 2048", or NULL */
	const char *class;             /* of the plan; NULL: there was nothing to decide */
	const struct chip_op *unit;    /* of any of its calls; NULL: portable C */
	double cycles;                 /* by the chip's formulas; -1: not estimated */
	double measured;               /* in the profile's unit; -1: no profile */
};

struct totals {
	int layers;            /* that are computed: views have no calls */
	int64_t macs, params, const_bytes;
	int64_t copied_bytes;  /* only moved because a unit asks for another layout, pitch or alignment */
};
struct totals program_totals(const struct program *);

struct report {
	struct arena *arena;
	const struct diag *diag;
	const struct graph *written;   /* before any pass; NULL: not kept */
	const struct program *program;
	const struct profile *profile; /* NULL: none */
	const struct buffer **result;  /* by tensor id: the buffer that a layer's calls write, NULL for a view */
	ARRAY(struct report_layer) layers; /* in order of their first operation */
	struct map *by_path;           /* to them */
	double cycles, measured;       /* sums over the layers; -1 like theirs */
	struct totals totals;
	const char *source;            /* base name of the .net */
};

/* Everything lives in the arena. */
struct report *report_make(struct arena *, const struct diag *, const struct graph *written, const struct program *,
	const struct profile *, const char *source);
const struct report_layer *report_layer(const struct report *, name path); /* NULL: nothing is left of it */
/* The decision about the layer that N is part of; NULL: there was none to make. */
const struct layer_plan *report_plan(const struct graph *, const struct node *);

/* Where a result lies. */
struct where {
	enum { WHERE_ARENA, WHERE_OUTPUT, WHERE_VIEW } kind;
	int64_t offset;    /* ARENA: bytes */
	const char *memory; /* ARENA: whose it is, where there are several */
	const char *name;  /* OUTPUT: the output; VIEW: the tensor whose storage it is */
};
struct where report_where(const struct report *, const struct tensor *);
const char *report_where_text(const struct report *, const struct tensor *); /* "arena 8,000", "dtcm 8,000" */
/* A time of the profile: cycles are whole, "12,345", others have three decimals. */
const char *report_time(const struct report *, double time);
/* "3x3 / 2x2", of a stride of 1 "3x3"; "" without a kernel. */
const char *report_kernel(struct arena *, const struct node *);

/* The drawings and the page; each writes one whole file.  GRAPH: the report's written graph or the program's.  A graph of more
 * than REPORT_DRAWN_MAX operations, or one whose edges have too many bends, has no layout: report_svg writes nothing and returns
 * false, the page says so in the drawing's place. */
enum { REPORT_DRAWN_MAX = 5000 };
void report_dot(FILE *, const struct report *, const struct graph *);
bool report_svg(FILE *, const struct report *, const struct graph *);
void report_html(FILE *, const struct report *);
#endif
