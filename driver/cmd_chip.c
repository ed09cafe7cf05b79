/* netc chip-mock, chip-test, chip-doc: what is made of a .chip alone. */
#include <config.h>
#include <unistd.h>
#include "backend/chip_c.h"
#include "driver/compile.h"

/* NULL after reporting. */
static const struct chip *
read_chip(struct compilation *c, const struct options *o)
{
	if (!compile_parse_chip(c, o->files[0], o->trace_parse))
		return NULL;
	return chip_read(&c->ir, c->names, &c->diag, c->chip_ast, o->files[0]);
}

typedef bool emit_fn(struct chip_c *, struct outputs *, const char *dir, const char *command);

static bool
write_files(struct compilation *c, const struct options *o, const struct chip *chip, emit_fn *emit, const char *command)
{
	struct chip_c g = { .chip = chip, .where = &c->diag, .diag = &c->diag, .arena = &c->ir };
	struct outputs *out = outputs_new(&c->ir);
	const char *why;
	bool ok = true;

	g.text.arena = &c->ir;
	if (outputs_mkdir(out, o->out_dir))
		ok = emit(&g, out, o->out_dir, arena_printf(&c->ir, "netc %s %s", command, path_base(o->files[0])));
	if (!ok) {
		outputs_abandon(out);
		return false;
	}
	why = outputs_commit(out);
	if (why)
		compile_output_error(c, why);
	return !why;
}

static int
emit_chip(const struct options *o, emit_fn *emit, const char *command)
{
	struct compilation c;
	const struct chip *chip;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	chip = read_chip(&c, o);
	if (chip && c.diag.errors == 0)
		write_files(&c, o, chip, emit, command);
	return compilation_end(&c, EXIT_OK);
}

int
cmd_chip_mock(const struct options *o)
{
	return emit_chip(o, chip_mock_emit, "chip-mock");
}

int
cmd_chip_test(const struct options *o)
{
	return emit_chip(o, chip_suite_emit, "chip-test");
}

int
cmd_chip_doc(const struct options *o)
{
	struct compilation c;
	const struct chip *chip;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	chip = read_chip(&c, o);
	if (chip && c.diag.errors == 0)
		chip_doc_print(stdout, chip, &c.diag);
	return compilation_end(&c, EXIT_OK);
}
