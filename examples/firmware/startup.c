/* startup.c: vector table and reset of a Cortex-M4.  Copies .data, clears .bss, turns the FPU on, opens
 * semihosting and calls main; the exit status goes back to the host. */
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

void
reset_handler(void)
{
	volatile uint32_t *const cpacr = (volatile uint32_t *)0xE000ED88u;
	const uint32_t *from = &data_load;

	*cpacr |= 0xFu << 20; /* full access to coprocessors 10 and 11: the FPU */
	__asm volatile("dsb\n\tisb");
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
