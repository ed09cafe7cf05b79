/* The limit of the arena. */
#ifndef DRIVER_RAM_H
#define DRIVER_RAM_H
#include "driver/compile.h"

/* Whether the program's arena fits into LIMIT bytes; false after reporting what fills it. */
bool ram_fits(struct compilation *, int64_t limit);
#endif
