/* startup.c: vector table and reset of a Cortex-M4, M7 or M55.  Turns on what the processor has, copies .data, clears
 * .bss, opens semihosting and calls main; the exit status goes back to the host. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main(void);
void reset_handler(void);
void initialise_monitor_handles(void); /* of librdimon: standard input and output on the host */

static void
fault_handler(void)
{
	for (;;)
		;
}

#define CCR (*(volatile uint32_t *)0xE000ED14u)     /* configuration and control */
#define CPACR (*(volatile uint32_t *)0xE000ED88u)   /* access to coprocessors */
#define ICIALLU (*(volatile uint32_t *)0xE000EF50u) /* written: the instruction cache is emptied */

static void
turn_on(void)
{
	CPACR |= 0xFu << 20; /* full access to coprocessors 10 and 11: the FPU, and of an M55 MVE */
#ifdef INSTRUCTION_CACHE
	ICIALLU = 0;
	__asm volatile("dsb\n\tisb");
	CCR |= 1u << 17;
#endif
#ifdef LOOPS_AND_BRANCHES
	CCR |= 3u << 18; /* branch prediction, low-overhead loops */
#endif
	__asm volatile("dsb\n\tisb");
}

void
reset_handler(void)
{
	const uint32_t *from = &data_load;

	turn_on();
	for (uint32_t *to = &data_start; to < &data_end;)
		*to++ = *from++;
	for (uint32_t *to = &bss_start; to < &bss_end;)
		*to++ = 0;
	initialise_monitor_handles();
	exit(main());
}

/* Initial stack pointer, reset, then the fault handlers; this program uses no interrupts. */
typedef void (*vector)(void);
struct vector_table {
	uint32_t *stack;
	vector handlers[15];
};
extern const struct vector_table vectors;
__attribute__((section(".vectors"), used)) const struct vector_table vectors = {
	&stack_top,
	{ reset_handler, fault_handler, fault_handler, fault_handler, fault_handler, fault_handler }
};
