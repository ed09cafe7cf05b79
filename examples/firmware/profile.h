/* profile.h: how long each layer takes, by the SysTick timer that every Cortex-M has. */
#ifndef PROFILE_H
#define PROFILE_H

void profile_start(void);
/* The mean over RUNS inferences, on standard output, as "netc report --profile" reads it. */
void profile_print(int runs);

#endif
