/* Annotations read and checked: shared by annot.c and schedule.c. */
#ifndef SEMA_ANNOT_H
#define SEMA_ANNOT_H
#include "sema/build.h"

/* The annotations of LIST that are in order, without repetition. */
struct annot *annot_read(struct sema *, const struct ast_annot *list, name chip);
/* Whether the operation of a layer can carry the annotation at all ... */
bool annot_applies(const struct annot *, const struct node *);
/* ... and whether its numbers fit; false after an error. */
bool annot_fits(struct sema *, const struct annot *, const struct node *);
#endif
