/* What netc report says of the channels that the pass dead-channels has removed. */
#ifndef DRIVER_DEAD_H
#define DRIVER_DEAD_H
#include <jansson.h>
#include "driver/compile.h"

/* Multiply-accumulates that are not made any more. */
int64_t dead_macs(const struct graph *);
/* A table of the layers that became smaller, with a title; nothing if none did. */
void dead_print(struct compilation *);
/* The same as an array. */
json_t *dead_json(const struct graph *);
#endif
