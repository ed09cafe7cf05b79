/* What netc is doing, on a terminal, when it takes longer than a second. */
#ifndef DRIVER_PROGRESS_H
#define DRIVER_PROGRESS_H
#include <stdbool.h>

/* Show steps from now on, if standard error is a terminal. */
void progress_start(void);
/* The next step, a constant text: "reading". */
void progress_step(const char *text);
/* Nothing more to show; the line is cleared.  Call before any message. */
void progress_end(void);
#endif
