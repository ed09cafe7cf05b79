#include <config.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "driver/options.h"

enum option_id {
#define OPTION(id, commands, text, letter, argument, help) OPT_##id,
#include "driver/options.def"
#undef OPTION
	OPT_COUNT
};
enum { LONG_BASE = 256 }; /* getopt's value of the options without a letter: this plus the id */

static const struct option_info {
	unsigned commands;
	const char *name;
	int letter;
	const char *argument, *help;
} info[OPT_COUNT] = {
#define OPTION(id, commands, text, letter, argument, help) { commands, text, letter, argument, help },
#include "driver/options.def"
#undef OPTION
};

int
usage_error(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	fputs("netc: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'netc %s%s--help'.\n", cmd ? cmd->name : "", cmd ? " " : "");
	return EXIT_USAGE;
}

/* ---- help ---- */

static void
print_option(const struct option_info *o)
{
	char left[64], argument[32] = "";

	if (o->argument && o->name)
		snprintf(argument, sizeof argument, o->argument[0] == '[' ? "[=%s" : "=%s", o->argument + (o->argument[0] == '['));
	else if (o->argument)
		snprintf(argument, sizeof argument, "%s", o->argument);
	if (o->letter && o->name)
		snprintf(left, sizeof left, "-%c, --%s%s", o->letter, o->name, argument);
	else if (o->letter)
		snprintf(left, sizeof left, "-%c%s", o->letter, argument);
	else
		snprintf(left, sizeof left, "    --%s%s", o->name, argument);
	printf("  %-28s %s\n", left, o->help);
}

static void
print_help(const struct command *cmd)
{
	printf("usage: netc %s [OPTION]... %s\n\n%s.\n\n", cmd->name, cmd->arguments, cmd->help);
	for (int i = 0; i < OPT_COUNT; i++)
		if (info[i].commands & cmd->bit)
			print_option(&info[i]);
	if (cmd->bit & CMD_PASSES) {
		printf("\nPasses, in order:\n");
		for (int i = 0; i < PASS_COUNT; i++)
			printf("  %-28s %s\n", passes[i].name, passes[i].help);
	}
	printf("\nWarnings:\n");
	for (int i = 0; i < WARN_COUNT; i++) {
		static const char *const help[] = {
#define WARNING(id, text, help) help,
#include "support/warnings.def"
#undef WARNING
		};
		printf("  %-28s %s\n", warning_names[i], help[i]);
	}
}

/* ---- values ---- */

static const char *const weights_modes[] = {
	[WEIGHTS_INLINE] = "inline", [WEIGHTS_SPLIT] = "split", [WEIGHTS_BIN] = "bin"
};
const char *const package_names[] = {
	[PACKAGE_CMAKE] = "cmake", [PACKAGE_ARDUINO] = "arduino", [PACKAGE_ZEPHYR] = "zephyr"
};
static const char *const io_modes[] = { [IO_CALLER] = "caller", [IO_ARENA] = "arena", [IO_STREAM] = "stream" };
const char *const stream_modes[] = { [STREAM_AUTO] = "auto", [STREAM_ON] = "on", [STREAM_OFF] = "off", [STREAM_ALL] = "all" };
static const char *const classes[] = { "exact", "bounded" };
static const char *const bits_words[] = { "chip", "network" };
static const char *const graphs[] = { [GRAPH_COMPUTED] = "computed", [GRAPH_WRITTEN] = "written" };
static const char *const whens[] = { [WHEN_AUTO] = "auto", [WHEN_ALWAYS] = "always", [WHEN_NEVER] = "never" };

/* The index of WORD among N, or -1 after a message. */
static int
choose(const struct command *cmd, const char *option, const char *word, const char *const *words, int n)
{
	const char *near;

	for (int i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	near = diag_suggest(word, words, (size_t)n);
	usage_error(cmd, "%s cannot be '%s'%s%s%s", option, word, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	return -1;
}

static bool
parse_number(const struct command *cmd, const char *option, const char *text, uint64_t max, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	if (*text >= '0' && *text <= '9' && !*end && !errno && *n <= max)
		return true;
	usage_error(cmd, "%s needs an integer from 0 to %llu, not '%s'", option, (unsigned long long)max, text);
	return false;
}

static bool
parse_warning(const struct command *cmd, struct options *o, const char *text)
{
	unsigned char *flags = strncmp(text, "no-", 3) == 0 ? o->warn_off : o->warn_fatal;
	int i;

	if (strcmp(text, "error") == 0) {
		o->werror = true;
		return true;
	}
	if (strncmp(text, "no-", 3) != 0 && strncmp(text, "error=", 6) != 0) {
		usage_error(cmd, "-W needs no-NAME, error or error=NAME, not '%s'", text);
		return false;
	}
	i = choose(cmd, "the warning", text + (text[0] == 'n' ? 3 : 6), warning_names, WARN_COUNT);
	if (i >= 0)
		flags[i] = 1;
	return i >= 0;
}

/* Whether TEXT can begin identifiers of C. */
static bool
is_prefix(const struct command *cmd, const char *option, const char *text)
{
	struct arena a = { 0 };
	bool good = strcmp(emit_prefix(&a, text), text) == 0;

	arena_free(&a);
	if (!good)
		usage_error(cmd, "%s needs letters, digits and single underscores after a letter, not '%s'", option, text);
	return good;
}

/* NAME=2x3x4 */
static bool
parse_shape(const struct command *cmd, struct options *o, const char *text)
{
	const char *equals = strrchr(text, '='), *p = equals;
	struct import_dim d = { .name = text, .name_len = equals ? (size_t)(equals - text) : 0 };

	while (p && d.shape.rank < RANK_MAX) {
		char *end;
		errno = 0;
		long v = strtol(p + 1, &end, 10);
		if (p[1] < '0' || p[1] > '9' || errno || v < 1 || v > INT32_MAX || (*end && *end != 'x'))
			break;
		d.shape.dim[d.shape.rank++] = (int32_t)v;
		p = *end ? end : NULL;
	}
	if (p || !d.name_len) {
		usage_error(cmd, "--shape needs NAME=DIMS, as in --shape=image=1x3x224x224, not '%s'", text);
		return false;
	}
	ARRAY_PUSH(&o->arena, o->import.dims, d);
	return true;
}

/* 65536, 64K, 1M */
static bool
parse_bytes(const char *text, int64_t *bytes)
{
	size_t len = strlen(text);
	int shift = len == 0 ? 0 : text[len - 1] == 'K' ? 10 : text[len - 1] == 'M' ? 20 : 0;
	char *end;
	unsigned long long n;

	errno = 0;
	n = strtoull(text, &end, 10);
	*bytes = (int64_t)(n << shift);
	return *text >= '0' && *text <= '9' && end + (shift > 0) == text + len && !errno && n <= (unsigned long long)INT64_MAX >> shift;
}

/* BYTES of all arenas, or MEMORY:BYTES. */
static bool
parse_ram_limit(const struct command *cmd, struct options *o, const char *text)
{
	const char *colon = strchr(text, ':');
	struct memory_limit limit = { 0 };

	if (!parse_bytes(colon ? colon + 1 : text, colon ? &limit.bytes : &o->ram_limit)) {
		usage_error(cmd, "--ram-limit needs a number of bytes, such as 65536 or 64K, not '%s'", colon ? colon + 1 : text);
		return false;
	}
	if (!colon) {
		o->limits_ram = true;
		return true;
	}
	limit.memory = arena_strndup(&o->arena, text, (size_t)(colon - text));
	ARRAY_PUSH(&o->arena, o->memory_limits, limit);
	return true;
}

static bool
parse_strips(const struct command *cmd, struct options *o, const char *text)
{
	uint64_t n = STRIPS_MAX;

	if (text && !parse_number(cmd, "--recompute", text, STRIPS_MAX, &n))
		return false;
	o->strips = (int32_t)n;
	if (n >= 2)
		return true;
	usage_error(cmd, "--recompute needs 2 strips or more, not %d", (int)n);
	return false;
}

static bool
parse_trace(const struct command *cmd, struct options *o, const char *text)
{
	static const char *const stages[] = { "parse" };

	o->trace_parse = true;
	return choose(cmd, "--trace", text, stages, 1) == 0;
}

static bool
parse_value(const struct command *cmd, struct options *o, enum option_id id, char *text, int *status)
{
	uint64_t n;
	int i;

	switch (id) {
	case OPT_OUT_DIR:     o->out_dir = text; break;
	case OPT_OUT_FILE:    o->out_file = text; break;
	case OPT_MAIN:        o->main = true; break;
	case OPT_SELFTEST:    o->selftest = o->sema.need_tests = true; break;
	case OPT_QUIET:       o->quiet = true; break;
	case OPT_LAYERS:      o->layers = true; break;
	case OPT_JSON:        o->json = true; break;
	case OPT_LIST:        o->list = true; break;
	case OPT_TEST:        o->test_arrays = true; break;
	case OPT_SHAPE:       return parse_shape(cmd, o, text);
	case OPT_IN_PLACE:    o->in_place = true; break;
	case OPT_FMT_CHECK:   o->check = true; break;
	case OPT_CHIP:        o->chip = text; break;
	case OPT_SWEEP:       o->sweep = text; break;
	case OPT_VERIFY:      o->verify = true; break;
	case OPT_NO_VERIFY:   o->verify = false; break;
	case OPT_WEIGHTS_DIR: o->sema.weights_dir = text; break;
	case OPT_HTML:        o->html = text; break;
	case OPT_DOT:         o->dot = text; break;
	case OPT_SVG:         o->svg = text; break;
	case OPT_PROFILE:     o->profile = text; break;
	case OPT_NETWORK:     o->sema.network = text; break;
	case OPT_DUMP_IR:     o->dump_ir = text; break;
	case OPT_STOP_AFTER:  o->stop_after = text; break;
	case OPT_DUMP_PROGRAM: o->dump_program = true; break;
	case OPT_PREFIX:
		o->prefix = text;
		return is_prefix(cmd, "--prefix", text);
	case OPT_STEM:
		o->stem = text;
		return is_prefix(cmd, "--name", text);
	case OPT_TRACE:       return parse_trace(cmd, o, text);
	case OPT_WARN:        return parse_warning(cmd, o, text);
	case OPT_WEIGHTS:
		i = choose(cmd, "--weights", text, weights_modes, 3);
		o->weights = (enum weights_mode)i;
		return i >= 0;
	case OPT_PACKAGE:
		i = choose(cmd, "--package", text, package_names + 1, 3); /* without PACKAGE_NONE */
		o->package = (enum package)(i + 1);
		return i >= 0;
	case OPT_RAM_LIMIT:   return parse_ram_limit(cmd, o, text);
	case OPT_IO:
		i = choose(cmd, "--io", text, io_modes, 3);
		o->io = (enum io_mode)i;
		return i >= 0;
	case OPT_STREAM:
		i = choose(cmd, "--stream", text, stream_modes, 4);
		o->stream = (enum stream_mode)i;
		return i >= 0;
	case OPT_RECOMPUTE:   return parse_strips(cmd, o, text);
	case OPT_ALLOW:
		i = choose(cmd, "--allow", text, classes, 2);
		o->allow = i == 0 ? CLASS_EXACT : CLASS_BOUNDED;
		return i >= 0;
	case OPT_BITS:
		i = choose(cmd, "--bits", text, bits_words, 2);
		o->bits = i == 0 ? BITS_CHIP : BITS_NETWORK;
		return i >= 0;
	case OPT_GRAPH:
		i = choose(cmd, "--graph", text, graphs, 2);
		o->graph = i == GRAPH_WRITTEN ? GRAPH_WRITTEN : GRAPH_COMPUTED;
		return i >= 0;
	case OPT_COLOUR:
		i = choose(cmd, "--color", text, whens, 3);
		o->colour = (enum when)i;
		return i >= 0;
	case OPT_RANDOM:
		o->sema.random_weights = true;
		return !text || parse_number(cmd, "--random-weights", text, UINT64_MAX, &o->sema.seed);
	case OPT_MAX_ERRORS:
		if (!parse_number(cmd, "--max-errors", text, INT32_MAX, &n))
			return false;
		o->max_errors = (int)n;
		break;
	case OPT_HELP:
		print_help(cmd);
		*status = EXIT_OK;
		return false;
	case OPT_COUNT:
		break;
	}
	return true;
}

/* ---- the command line ---- */

struct table {
	struct option longs[OPT_COUNT + 1];
	char shorts[3 * OPT_COUNT + 2];
	const char *names[OPT_COUNT];
	size_t count;
};

static void
make_table(struct table *t, const struct command *cmd)
{
	char *s = t->shorts;

	memset(t, 0, sizeof *t);
	*s++ = ':'; /* a missing argument is told from an unknown option */
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &info[i];
		int kind = !o->argument ? no_argument : o->argument[0] == '[' ? optional_argument : required_argument;

		if (!(o->commands & cmd->bit))
			continue;
		if (o->letter) {
			*s++ = (char)o->letter;
			if (kind == required_argument)
				*s++ = ':';
		}
		if (o->name) {
			t->longs[t->count] = (struct option){ o->name, kind, NULL, LONG_BASE + i };
			t->names[t->count++] = o->name;
		}
	}
}

static enum option_id
option_of(const struct command *cmd, int value)
{
	if (value >= LONG_BASE)
		return (enum option_id)(value - LONG_BASE);
	for (int i = 0; i < OPT_COUNT; i++)
		if (info[i].letter == value && (info[i].commands & cmd->bit))
			return (enum option_id)i;
	return OPT_COUNT;
}

static void
unknown_option(const struct command *cmd, const struct table *t, const char *text)
{
	char word[64];
	const char *near;

	if (strncmp(text, "--", 2) != 0) {
		usage_error(cmd, "%s has no option '-%c'", cmd->name, optopt);
		return;
	}
	snprintf(word, sizeof word, "%.*s", (int)strcspn(text + 2, "="), text + 2);
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(word, t->names[i]) == 0) {
			usage_error(cmd, "--%s takes no value", word);
			return;
		}
	near = diag_suggest(word, t->names, t->count);
	usage_error(cmd, "%s has no option '--%s'%s%s%s", cmd->name, word,
		near ? "; did you mean '--" : "", near ? near : "", near ? "'?" : "");
}

static bool
check_passes(const struct command *cmd, const struct options *o)
{
	struct arena scratch = { 0 };
	const struct pass_ctx ctx = { .scratch = &scratch, .dump_after = o->dump_ir, .stop_after = o->stop_after };
	const char *unknown = passes_unknown(&ctx), *names[PASS_COUNT], *near;

	for (int i = 0; i < PASS_COUNT; i++)
		names[i] = passes[i].name;
	if (unknown) {
		near = diag_suggest(unknown, names, PASS_COUNT);
		usage_error(cmd, "there is no pass '%s'%s%s%s", unknown, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
	}
	arena_free(&scratch);
	return !unknown;
}

/* What makes no sense without a chip. */
static bool
check_chip(const struct command *cmd, const struct options *o)
{
	const char *option = cmd->bit == CMD_EXPLAIN ? "explain" : o->sweep ? "--sweep" : o->bits == BITS_CHIP ? "--bits=chip" : NULL;

	if (!option || o->chip)
		return true;
	usage_error(cmd, "%s needs --chip=FILE.chip", option);
	return false;
}

/* Strips are of chains by rows. */
static bool
check_strips(const struct command *cmd, const struct options *o)
{
	if (!o->strips || o->stream != STREAM_OFF)
		return true;
	usage_error(cmd, "--recompute needs chains by rows, which --stream=off forbids");
	return false;
}

/* What a package has no place for. */
static bool
check_package(const struct command *cmd, const struct options *o)
{
	const struct { enum package package; bool given; const char *option, *why; } conflicts[] = {
		{ PACKAGE_ARDUINO, o->main, "--main", "a sketch has a main function of its own" },
		{ PACKAGE_ARDUINO, o->selftest, "--selftest", "a library has no macros of its own" },
		{ PACKAGE_ARDUINO, o->weights == WEIGHTS_BIN, "--weights=bin", "a sketch cannot place a binary in memory" },
		{ PACKAGE_ZEPHYR, o->main, "--main", "an application has a main function of its own" },
	};

	for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++)
		if (conflicts[i].package == o->package && conflicts[i].given) {
			usage_error(cmd, "--package=%s has no place for %s: %s", package_names[o->package], conflicts[i].option, conflicts[i].why);
			return false;
		}
	return true;
}

bool
options_parse(struct options *o, const struct command *cmd, int argc, char **argv, int *status)
{
	struct table t;
	int value;

	*o = (struct options){ .out_dir = ".", .max_errors = -1 };
	*status = EXIT_USAGE;
	make_table(&t, cmd);
	opterr = 0;
	while ((value = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		if (value == ':') {
			usage_error(cmd, "'%s' needs a value", argv[optind - 1]);
			return false;
		}
		if (value == '?') {
			unknown_option(cmd, &t, argv[optind - 1]);
			return false;
		}
		if (!parse_value(cmd, o, option_of(cmd, value), optarg, status))
			return false;
	}
	o->files = argv + optind;
	o->nfiles = argc - optind;
	if (o->list)
		return true;
	if (o->nfiles < cmd->min_files)
		usage_error(cmd, "%s needs %s", cmd->name, cmd->arguments);
	else if (cmd->bit == CMD_IMPORT && o->nfiles > 1 && !o->test_arrays)
		usage_error(cmd, "import takes only MODEL; with --test, arrays may follow it: what is '%s'?", o->files[1]);
	else if (cmd->bit == CMD_EXPORT && !o->out_file)
		usage_error(cmd, "export needs -o FILE.onnx");
	else if (cmd->max_files >= 0 && o->nfiles > cmd->max_files)
		usage_error(cmd, "%s takes only %s, what is '%s'?", cmd->name, cmd->arguments, o->files[cmd->max_files]);
	else
		return check_chip(cmd, o) && check_strips(cmd, o) && check_package(cmd, o) && check_passes(cmd, o);
	return false;
}
