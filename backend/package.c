/* --package: what a build system wants to find beside the C.  The files are templates, of the directory
 * backend/package/, which netc carries:
 *
 *	@name@ @NAME@               the prefix of the C, as it is and in capitals
 *	@source@ @command@          where the files come from, as in the head comments of the C
 *	@version@                   netc's
 *	[CONDITION] at the start    the line is written only under this condition, a row of conditions[] below
 */
#include <config.h>
#include <string.h>
#include "backend/cgen.h"
#include "runtime/embedded.h"

static const struct package_file {
	enum package package;
	const char *path;         /* from the output directory */
	const char *template;     /* its file name */
} files[] = {
	{ PACKAGE_CMAKE, "CMakeLists.txt", "cmake.txt" },
	{ PACKAGE_ARDUINO, "library.properties", "arduino_library.properties" },
	{ PACKAGE_ARDUINO, "keywords.txt", "arduino_keywords.txt" },
	{ PACKAGE_ZEPHYR, "CMakeLists.txt", "zephyr.txt" },
	{ PACKAGE_ZEPHYR, "Kconfig", "zephyr_Kconfig" },
	{ PACKAGE_ZEPHYR, "zephyr/module.yml", "zephyr_module.yml" },
};

const char *
package_c_dir(struct arena *a, enum package package, const char *dir)
{
	return package == PACKAGE_ARDUINO ? path_join(a, dir, "src") : dir;
}

/* ---- templates ---- */

static bool
condition_holds(const struct cgen *g, const char *word, size_t len)
{
	const struct { const char *word; bool holds; } conditions[] = {
		{ "split", g->opts->weights == WEIGHTS_SPLIT },
		{ "bin", g->opts->weights == WEIGHTS_BIN },
		{ "selftest", g->opts->selftest },
		{ "main", g->opts->main },
		{ "math", cfile_needs_math(g) },
		{ "chip", cfile_needs_chip(g) },
		{ "arena", g->narenas == 1 },
	};

	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (strlen(conditions[i].word) == len && memcmp(conditions[i].word, word, len) == 0)
			return conditions[i].holds;
	die("a template asks for '%.*s'", (int)len, word);
}

/* File names and command lines are any bytes; here they stand in comments that end with the line. */
static void
put_words(FILE *out, const char *s)
{
	for (; *s; s++)
		putc((unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s, out);
}

static void
put_variable(const struct cgen *g, FILE *out, const char *word, size_t len)
{
	const struct { const char *word, *value; } variables[] = {
		{ "name", g->prefix }, { "NAME", g->upper }, { "source", g->opts->source }, { "command", g->opts->command },
		{ "version", PACKAGE_VERSION },
	};

	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		if (strlen(variables[i].word) == len && memcmp(variables[i].word, word, len) == 0) {
			put_words(out, variables[i].value);
			return;
		}
	die("a template has no value for '%.*s'", (int)len, word);
}

static void
put_line(const struct cgen *g, FILE *out, const char *line)
{
	const char *end;

	if (*line == '[') {
		end = strchr(line, ']');
		if (!condition_holds(g, line + 1, (size_t)(end - line - 1)))
			return;
		line = end + 2; /* a blank follows */
	}
	while ((end = strchr(line, '@'))) {
		fwrite(line, 1, (size_t)(end - line), out);
		line = strchr(end + 1, '@');
		put_variable(g, out, end + 1, (size_t)(line - end - 1));
		line++;
	}
	fputs(line, out);
}

static void
emit_file(struct cgen *g, const char *root, const struct package_file *f)
{
	const struct embedded *t = embedded_find_in(package_files, f->template);
	const char *path = path_join(g->arena, root, f->path);
	FILE *out = NULL;

	if (!t)
		die("no template '%s'", f->template);
	if (outputs_mkdir(g->outputs, path_dir(g->arena, path)))
		out = outputs_open(g->outputs, path);
	for (const char *const *line = t->lines; out && *line; line++)
		put_line(g, out, *line);
}

/* ---- the sketch ---- */

/* in_mfcc or out_prob: an array, or a pointer into the arena; of an input that comes by rows nothing. */
static void
emit_port(struct cgen *g, struct emitter *e, const char *direction, const struct port *p)
{
	const char *type = dtype_info[p->tensor->dtype].c_type;

	if (!p->buf)
		return;
	if (g->p->io_arena)
		emit_line(e, "static %s *const %s_%s = (%s *)(void *)(%s.bytes + %s_OFFSET);", type, direction, p->id, type,
			g->memories[p->buf->memory].parameter, p->macro);
	else
		emit_line(e, "static %s %s_%s[%s_COUNT];", type, direction, p->id, p->macro);
}

static void
emit_storage(struct cgen *g, struct emitter *e)
{
	for (int m = 0; m < g->narenas; m++)
		emit_line(e, "%s", arena_definition(g, m, g->memories[m].parameter));
	for (int i = 0; i < g->nin; i++)
		emit_port(g, e, "in", &g->in[i]);
	for (int i = 0; i < g->nout; i++)
		emit_port(g, e, "out", &g->out[i]);
	emit_blank(e);
	if (g->p->io_rows) {
		emit_comment(e, "What the network is to look at belongs here, row by row; it is zeros.");
		input_rows_emit_reader(g, e, arena_printf(g->arena, "(void)user;\n(void)row;\nmemset(to, 0, %s_ROW_BYTES);", g->in[0].macro));
	}
	emit_line(e, "void\nsetup()");
	emit_begin(e);
	emit_line(e, "Serial.begin(115200);");
	emit_close(e, "\n");
}

static void
emit_call(struct cgen *g, struct emitter *e)
{
	ARRAY(const char *) items = { 0 };

	for (int i = 0; i < g->nin && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "in_%s", g->in[i].id));
	for (int i = 0; i < g->nout && !g->p->io_arena; i++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "out_%s", g->out[i].id));
	if (g->p->io_rows) {
		ARRAY_PUSH(g->arena, items, "read_row");
		ARRAY_PUSH(g->arena, items, "NULL");
	}
	for (int m = 0; m < g->narenas; m++)
		ARRAY_PUSH(g->arena, items, arena_printf(g->arena, "&%s", g->memories[m].parameter));
	emit_list(e, arena_printf(g->arena, "status = %s_run", g->prefix), items.v, (int)items.n, ";");
}

/* An output's values on one line. */
static void
emit_print(struct emitter *e, const struct port *p)
{
	emit_line(e, "Serial.print(F(\"%s:\"));", p->id);
	emit_open(e, "for (unsigned long i = 0; i < %s_COUNT; i++)", p->macro);
	emit_line(e, "Serial.print(' ');");
	emit_line(e, p->tensor->dtype == DT_F32 ? "Serial.print(out_%s[i], 6);" : "Serial.print((long)out_%s[i]);", p->id);
	emit_close(e, "");
	emit_line(e, "Serial.println();");
}

/* One inference a second, its time and results on the serial port. */
static void
emit_sketch(struct cgen *g, const char *root)
{
	const char *dir = path_join(g->arena, root, arena_printf(g->arena, "examples/%s", g->prefix));
	struct emitter e;

	if (!outputs_mkdir(g->outputs, dir) || !cgen_open_in(g, &e, dir, ".ino", "runs the network and prints its outputs"))
		return;
	if (g->p->io_rows)
		emit_line(&e, "#include <string.h>");
	emit_line(&e, "#include <%s.h>\n", g->prefix);
	emit_storage(g, &e);
	emit_line(&e, "void\nloop()");
	emit_begin(&e);
	emit_line(&e, "unsigned long start, taken;");
	emit_line(&e, "int status;\n");
	if (!g->p->io_rows)
		emit_comment(&e, "What the network is to look at belongs into the inputs here; they are zeros.");
	emit_line(&e, "start = micros();");
	emit_call(g, &e);
	emit_line(&e, "taken = micros() - start;");
	emit_line(&e, "Serial.print(F(\"status \"));");
	emit_line(&e, "Serial.print(status);");
	emit_line(&e, "Serial.print(F(\", microseconds \"));");
	emit_line(&e, "Serial.println(taken);");
	for (int i = 0; i < g->nout; i++)
		emit_print(&e, &g->out[i]);
	emit_line(&e, "delay(1000);");
	emit_close(&e, "");
}

void
package_emit(struct cgen *g, const char *root)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		if (files[i].package == g->opts->package)
			emit_file(g, root, &files[i]);
	if (g->opts->package == PACKAGE_ARDUINO)
		emit_sketch(g, root);
}
