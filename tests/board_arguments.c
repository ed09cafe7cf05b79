/* main of a board's program that has arguments: the emulator's command line, which semihosting tells.  The program's own main is compiled
 * with -Dmain=program. */
#include <stddef.h>

int program(int argc, char **argv);

enum { SYS_GET_CMDLINE = 0x15, ARGUMENTS = 64 };

static int
semihosting(int operation, void *block)
{
	register int r0 __asm("r0") = operation;
	register void *r1 __asm("r1") = block;

	__asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
	return r0;
}

int
main(void)
{
	static char line[2048], *argv[ARGUMENTS + 1];
	struct { char *text; size_t size; } block = { line, sizeof line };
	int argc = 0;

	if (semihosting(SYS_GET_CMDLINE, &block) != 0)
		return 1;
	for (char *p = line; *p && argc < ARGUMENTS;) {
		argv[argc++] = p;
		while (*p && *p != ' ')
			p++;
		if (*p)
			*p++ = '\0';
	}
	return program(argc, argv);
}
