/* Text into markup: nothing in a name can end an attribute, open an element or break a file. */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H
#include <stdint.h>
#include <stdio.h>

/* S for XML and HTML, between tags or within double quotes; what is no text (control characters, bytes that are not UTF-8) is '?'. */
void markup_text(FILE *, const char *s);
/* S in at most WIDTH characters, its middle left out if need be. */
void markup_short(FILE *, const char *s, int width);
/* N with a comma between groups of three digits. */
void markup_count(FILE *, int64_t n);
/* A file that netc carries. */
void markup_embed(FILE *, const char *file);
#endif
