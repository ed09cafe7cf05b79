/* What netc report says of the chains that the pass strips has made. */
#ifndef DRIVER_STRIPS_H
#define DRIVER_STRIPS_H
#include <jansson.h>
#include "driver/compile.h"

/* Multiply-accumulates that are made more than once, each time but the first. */
int64_t strips_macs(const struct graph *);
/* A table of the chains, with a title; nothing if there are none. */
void strips_print(struct compilation *);
/* The same as an array. */
json_t *strips_json(const struct graph *);
#endif
