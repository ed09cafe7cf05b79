/* How many instructions one inference takes on a board of QEMU's whose clock follows the instructions, a nanosecond each (-icount shift=0): SysTick
 * counts the board's clock, PERIOD hundredths of a nanosecond a tick.  Prints the number, and what a sum of the results is.  Compiled by bench/cortex_m.sh with
 *   -DHEADER="kws.h" -DRUN=kws_run -DARENA=kws_arena -DIN=kws_IN_MFCC -DIN_COUNT=... -DOUT=... -DOUT_COUNT=... -DPERIOD=4000 (places and sizes in the arena) */
#include <stdint.h>
#include <stdio.h>
#include HEADER

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u) /* control: 4 the processor's clock, 1 on */
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u) /* what it starts from again after 0 */
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u) /* where it is */
#define SYST_MASK 0xFFFFFFu

static ARENA arena;

int
main(void)
{
	uint32_t seed = 1, before, after, sum = 0;

	for (int i = 0; i < IN_COUNT; i++) {
		seed = seed * 1664525u + 1013904223u;
		arena.bytes[IN + i] = (unsigned char)(seed >> 24);
	}
	SYST_RVR = SYST_MASK;
	SYST_CVR = 0;
	SYST_CSR = 5;
	before = SYST_CVR;
	int status = RUN(&arena);
	after = SYST_CVR;
	for (int i = 0; i < OUT_COUNT; i++)
		sum = 31 * sum + arena.bytes[OUT + i];
	printf("%lu %lu\n", (unsigned long)((uint64_t)((before - after) & SYST_MASK) * PERIOD / 100), (unsigned long)sum);
	return status;
}
