/* What is left to do when a signal ends the program: temporary files are removed.  A weights file that is cut short
 * while it is mapped shows as SIGBUS, which is an error of the input like any other. */
#include <config.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "driver/options.h"
#include "driver/signals.h"
#include "support/file.h"

static void
on_cut_file(int sig)
{
	static const char text[] = "netc: error: a file became shorter while it was read\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);

	(void)sig;
	(void)ignored;
	outputs_unlink();
	_exit(EXIT_ERROR);
}

/* The default action, which SA_RESETHAND has put back, follows when the handler returns. */
static void
on_end(int sig)
{
	outputs_unlink();
	raise(sig);
}

void
signals_install(void)
{
	static const int ends[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction cut = { .sa_handler = on_cut_file }, end = { .sa_handler = on_end, .sa_flags = SA_RESETHAND }, was;

	/* A closed pipe and a limit of file sizes are errors that are reported, like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigaction(SIGBUS, &cut, NULL);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (sigaction(ends[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN) /* as nohup leaves it */
			sigaction(ends[i], &end, NULL);
}
