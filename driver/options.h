/* The commands and their options. */
#ifndef DRIVER_OPTIONS_H
#define DRIVER_OPTIONS_H
#include "backend/backend.h"
#include "import/import.h"
#include "passes/pass.h"
#include "sema/sema.h"

enum {
	CMD_BUILD = 1, CMD_CHECK = 2, CMD_RUN = 4, CMD_REPORT = 8, CMD_FMT = 16, CMD_TEST = 32, CMD_EXPLAIN = 64, CMD_COMPARE = 128,
	CMD_CHIP_MOCK = 256, CMD_CHIP_TEST = 512, CMD_CHIP_DOC = 1024,
	CMD_IMPORT = 2048, CMD_EXPORT = 4096,
	CMD_PASSES = CMD_BUILD | CMD_CHECK | CMD_REPORT,                     /* those that lower the graph */
	CMD_PLANS = CMD_PASSES | CMD_EXPLAIN | CMD_COMPARE,                  /* that decide how layers are executed */
	CMD_GRAPH = CMD_PLANS | CMD_RUN | CMD_TEST | CMD_EXPORT,             /* that build it */
	CMD_CHIP = CMD_CHIP_MOCK | CMD_CHIP_TEST | CMD_CHIP_DOC,                /* that read a .chip alone */
	CMD_ALL = CMD_GRAPH | CMD_FMT | CMD_CHIP | CMD_IMPORT
};

/* Exit statuses. */
enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

struct memory_limit { const char *memory; int64_t bytes; };

struct options {
	const char *out_dir, *out_file; /* out_file: of export */
	enum weights_mode weights;
	enum package package;
	enum io_mode io;
	enum stream_mode { STREAM_AUTO, STREAM_ON, STREAM_OFF, STREAM_ALL } stream;
	int32_t strips;                 /* --recompute: at most so many; 0: none */
	bool limits_ram;
	int64_t ram_limit;              /* bytes of the arena, of all arenas */
	ARRAY(struct memory_limit) memory_limits; /* --ram-limit=MEMORY:BYTES */
	bool main, selftest, quiet, layers, json, in_place, check, dump_program, trace_parse;
	const char *prefix;
	const char *chip;               /* the .chip file; NULL: none */
	const char *sweep;              /* "conv2d.in=16..2048" */
	bool verify;
	enum bits { BITS_AUTO, BITS_CHIP, BITS_NETWORK } bits;
	enum annot_class allow;         /* UNSET: the default */
	struct sema_opts sema;
	struct import_opts import;
	const char *stem;               /* of what import writes; NULL: the model's */
	bool list, test_arrays;
	const char *html, *dot, *svg;   /* files that report writes; NULL: not asked for */
	enum { GRAPH_COMPUTED, GRAPH_WRITTEN } graph; /* of dot and svg */
	const char *profile;            /* file; NULL: none */
	const char *dump_ir, *stop_after;
	enum when colour;
	int max_errors;                 /* -1: the default */
	bool werror;
	unsigned char warn_off[WARN_COUNT], warn_fatal[WARN_COUNT];
	struct arena arena;             /* of what options hold; main frees it */
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

extern const char *const package_names[]; /* by enum package */
extern const char *const stream_modes[];  /* by enum stream_mode */

/* Reads argv[1..]; false when the program is to end with *STATUS (a mistake, or --help was printed). */
bool options_parse(struct options *, const struct command *, int argc, char **argv, int *status);
/* Whether report is to write files, so that the graph as written is kept. */
static inline bool options_draw(const struct options *o) { return o->html || o->dot || o->svg; }
/* "netc: TEXT" and where help is, on standard error; returns EXIT_USAGE. */
int usage_error(const struct command *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* One file per command. */
int cmd_build(const struct options *);
int cmd_check(const struct options *);
int cmd_run(const struct options *);
int cmd_report(const struct options *);
int cmd_fmt(const struct options *);
int cmd_explain(const struct options *);
int cmd_compare(const struct options *);
int cmd_import(const struct options *);
int cmd_export(const struct options *);
int cmd_test(const struct options *);
int cmd_chip_mock(const struct options *);
int cmd_chip_test(const struct options *);
int cmd_chip_doc(const struct options *);
#endif
