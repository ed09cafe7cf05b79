/* The parts of the page. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H
#include "report/drawing.h"

/* svg.c: the drawing as an <svg> element of another document; false when there are too many boxes or bends. */
bool svg_element(FILE *, const struct report *, const struct drawing *);
/* memory.c: the arena over the steps, or each, as an <svg> element, and the chip's memories. */
void memory_element(FILE *, const struct report *);
/* tables.c: the sums, and a row for each layer. */
void facts_element(FILE *, const struct report *);
void layers_element(FILE *, const struct report *);
void memories_element(FILE *, const struct report *); /* those of the chip that have a section */
#endif
