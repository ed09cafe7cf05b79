/* What netc report says of the chip's memories. */
#ifndef DRIVER_MEMORIES_H
#define DRIVER_MEMORIES_H
#include <jansson.h>
#include "driver/compile.h"
#include "report/report.h"

/* A table of them and what the constants' hold; nothing if the chip states none with a section. */
void memories_print(struct compilation *, const struct report *);
/* All of them with all that lies there; NULL likewise. */
json_t *memories_json(struct compilation *, const struct report *);
#endif
