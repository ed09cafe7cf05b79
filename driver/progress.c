/* A step's length is not known before it ends, so an alarm shows what is still running after a second.  The handler
 * is the reason for the only writable globals of the compiler. */
#include <config.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "driver/progress.h"

static volatile sig_atomic_t shown, active;
static const char *volatile step;

static void
put(const char *s)
{
	ssize_t ignored = write(STDERR_FILENO, s, strlen(s));

	(void)ignored;
}

static void
on_alarm(int sig)
{
	(void)sig;
	put("\033[Knetc: ");
	put(step);
	put(" ...\r"); /* so that a message would start at the left */
	shown = 1;
}

static void
clear(void)
{
	alarm(0);
	if (shown)
		put("\033[K");
	shown = 0;
}

void
progress_start(void)
{
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

	active = isatty(STDERR_FILENO) && sigaction(SIGALRM, &act, NULL) == 0;
}

void
progress_step(const char *text)
{
	if (!active)
		return;
	clear();
	step = text;
	alarm(1);
}

void
progress_end(void)
{
	if (active)
		clear();
	active = 0;
}
