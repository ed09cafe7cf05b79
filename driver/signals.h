/* The program's reaction to signals; installed once, at the start. */
#ifndef DRIVER_SIGNALS_H
#define DRIVER_SIGNALS_H
void signals_install(void);
#endif
