/* netc COMMAND [OPTION]... FILE...: the commands are a table; each is a file cmd_*.c. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "driver/options.h"
#include "driver/signals.h"

static const struct command commands[] = {
	{ "build", CMD_BUILD, "NET.net", 1, 1, "Compile a network to C", cmd_build },
	{ "check", CMD_CHECK, "FILE", 1, 1, "Report every error of a .net or .chip file; with --chip, what fits", cmd_check },
	{ "explain", CMD_EXPLAIN, "NET.net LAYER", 2, 2, "Show every way to execute a layer on a chip", cmd_explain },
	{ "compare", CMD_COMPARE, "NET.net A.chip B.chip", 3, 3, "Show a network on two chips side by side", cmd_compare },
	{ "run", CMD_RUN, "NET.net IN.npy...", 1, -1, "Evaluate a network on .npy files, one per input in order", cmd_run },
	{ "report", CMD_REPORT, "NET.net", 1, 1, "Show layers, their work and where their results lie", cmd_report },
	{ "import", CMD_IMPORT, "MODEL [ARRAY.npy...]", 1, -1, "Turn a TensorFlow Lite or ONNX model into a .net", cmd_import },
	{ "export", CMD_EXPORT, "NET.net", 1, 1, "Write a network as an ONNX model", cmd_export },
	{ "fmt", CMD_FMT, "FILE...", 1, -1, "Print .net and .chip files in the canonical form", cmd_fmt },
	{ "test", CMD_TEST, "NET.net", 1, 1, "Run the test blocks of a network in the evaluator", cmd_test },
	{ "chip-mock", CMD_CHIP_MOCK, "C.chip", 1, 1, "Write C twins of a chip's intrinsics, which stop at a broken limit", cmd_chip_mock },
	{ "chip-test", CMD_CHIP_TEST, "C.chip", 1, 1, "Write a conformance suite that probes every line of a .chip", cmd_chip_test },
	{ "chip-doc", CMD_CHIP_DOC, "C.chip", 1, 1, "Print a chip as a page of Markdown", cmd_chip_doc },
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void
print_usage(FILE *out)
{
	fprintf(out, "usage: netc COMMAND [OPTION]... FILE...\n\nnetc compiles neural networks written in .net files to C for "
		"firmware.\n\n");
	for (int i = 0; i < COMMANDS; i++)
		fprintf(out, "  netc %-9s %-21s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
	fprintf(out, "\n'netc COMMAND --help' lists a command's options, 'netc --version' prints the version.\n"
		"Exit status: 0 all is well, 1 errors were reported, 2 wrong usage.\n");
}

static const struct command *
find_command(const char *word)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(word, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

static int
unknown_command(const char *word)
{
	const char *names[COMMANDS], *near;

	for (int i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = diag_suggest(word, names, COMMANDS);
	return usage_error(NULL, "there is no command '%s'%s%s%s", word, near ? "; did you mean '" : "", near ? near : "",
		near ? "'?" : "");
}

/* "netc help [COMMAND]", "netc --help", "netc --version"; -1: something else. */
static int
general_option(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("netc %s\n", PACKAGE_VERSION);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || (argc == 2 && strcmp(argv[1], "help") == 0)) {
		print_usage(stdout);
		return EXIT_OK;
	}
	return -1;
}

static int
run_command(int argc, char **argv)
{
	static char help[] = "--help";
	struct options o;
	const struct command *cmd;
	int status = general_option(argc, argv);

	if (status >= 0)
		return status;
	if (strcmp(argv[1], "help") == 0) { /* netc help build: netc build --help */
		argv[1] = argv[2];
		argv[2] = help;
		argc = 3;
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	if (options_parse(&o, cmd, argc - 1, argv + 1, &status))
		status = cmd->run(&o);
	arena_free(&o.arena);
	return status;
}

int
main(int argc, char *argv[])
{
	int status;

	signals_install();
	status = run_command(argc, argv);
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "netc: cannot write to standard output%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
		if (status == EXIT_OK)
			status = EXIT_ERROR;
	}
	return status;
}
