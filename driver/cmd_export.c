/* netc export: the network as built, before any pass, as an ONNX model. */
#include <config.h>
#include "driver/compile.h"
#include "driver/progress.h"
#include "export/export.h"

static void
write_model(struct compilation *c, const struct options *o, const struct export_model *model)
{
	struct outputs *out = outputs_new(&c->ir);
	FILE *f;
	const char *why;

	progress_step("writing the model");
	f = outputs_open(out, o->out_file);
	if (f)
		export_write(f, model);
	why = outputs_commit(out);
	progress_end();
	if (why)
		compile_output_error(c, why);
	else if (!o->quiet)
		printf("%s\n", o->out_file);
}

int
cmd_export(const struct options *o)
{
	struct compilation c;
	const struct export_model *model;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	if (!o->quiet)
		progress_start();
	if (compile_parse(&c, o->files[0], o->trace_parse) && compile_build(&c, &o->sema)
	    && (model = export_onnx(&c.ir, &c.diag, c.graph)))
		write_model(&c, o, model);
	return compilation_end(&c, EXIT_OK);
}
