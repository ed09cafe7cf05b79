/* The commands and their options. */
#ifndef DRIVER_OPTIONS_H
#define DRIVER_OPTIONS_H
#include "backend/backend.h"
#include "passes/pass.h"
#include "sema/sema.h"

enum {
	CMD_BUILD = 1, CMD_CHECK = 2, CMD_RUN = 4, CMD_REPORT = 8, CMD_FMT = 16, CMD_TEST = 32,
	CMD_GRAPH = CMD_BUILD | CMD_CHECK | CMD_RUN | CMD_REPORT | CMD_TEST, /* those that build the graph */
	CMD_PASSES = CMD_BUILD | CMD_CHECK | CMD_REPORT,                     /* and lower it */
	CMD_ALL = CMD_GRAPH | CMD_FMT
};

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct options {
	const char *out_dir;
	enum weights_mode weights;
	bool main, selftest, quiet, layers, json, in_place, check, dump_program, trace_parse;
	const char *prefix;
	struct sema_opts sema;
	const char *dump_ir, *stop_after;
	enum when colour;
	int max_errors;                 /* -1: the default */
	bool werror;
	unsigned char warn_off[WARN_COUNT], warn_fatal[WARN_COUNT];
	char **files;                   /* the other arguments */
	int nfiles;
};

struct command {
	const char *name;
	unsigned bit;
	const char *arguments;          /* "NET.net IN.npy..." */
	int min_files, max_files;       /* max -1: any number */
	const char *help;
	int (*run)(const struct options *); /* returns the exit status */
};

/* Reads argv[1..]; false when the program is to end with *STATUS (a mistake, or --help was printed). */
bool options_parse(struct options *, const struct command *, int argc, char **argv, int *status);
/* "netc: TEXT" and where help is, on standard error; returns EXIT_USAGE. */
int usage_error(const struct command *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One file per command. */
int cmd_build(const struct options *);
int cmd_check(const struct options *);
int cmd_run(const struct options *);
int cmd_report(const struct options *);
int cmd_fmt(const struct options *);
int cmd_test(const struct options *);
#endif
