/* netc check: everything but writing. */
#include <config.h>
#include <inttypes.h>
#include "backend/emit.h"
#include "driver/compile.h"
#include "driver/progress.h"
#include "driver/totals.h"

struct totals
program_totals(const struct program *p)
{
	struct totals t = { 0 };
	const struct node *last = NULL;

	for (const struct call *c = p->first; c; last = c->node, c = c->next)
		t.layers += c->node != last;
	for (const struct node *n = p->graph->first; n; n = n->next)
		t.macs += node_macs(n);
	t.params = graph_params(p->graph);
	for (size_t i = 0; i < p->consts.n; i++)
		t.const_bytes += p->consts.v[i]->bytes;
	return t;
}

static void
print_summary(struct compilation *c)
{
	struct totals t = program_totals(c->program);
	struct text s = { .arena = &c->ir };

	text_add(&s, "ok: %s: ", c->graph->name);
	text_count(&s, t.layers);
	text_add(&s, " layer%s, ", t.layers == 1 ? "" : "s");
	text_count(&s, t.macs);
	text_add(&s, " MACs, ");
	text_count(&s, t.params);
	text_add(&s, " parameters, arena ");
	text_count(&s, c->program->arena_bytes);
	text_add(&s, " bytes");
	printf("%s\n", text_get(&s));
}

int
cmd_check(const struct options *o)
{
	struct compilation c;
	bool stopped;

	compilation_init(&c, stderr);
	compilation_options(&c, o);
	progress_start();
	if (compile_file(&c, o, &stopped) && !stopped && c.diag.errors == 0) {
		progress_end();
		print_summary(&c);
	}
	return compilation_end(&c, EXIT_OK);
}
