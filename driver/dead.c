#include <config.h>
#include "driver/dead.h"
#include "driver/plans.h"
#include "driver/table.h"

enum { COL_LAYER, COL_OP, COL_IN, COL_OUT, COL_BEFORE, COL_AFTER, COLUMNS };
static const char *const titles[COLUMNS] = { "layer", "op", "inputs", "outputs", "MACs before", "after" };
static const unsigned numbers = 1u << COL_IN | 1u << COL_OUT | 1u << COL_BEFORE | 1u << COL_AFTER;

int64_t
dead_macs(const struct graph *g)
{
	int64_t sum = 0;

	for (const struct dead_channels *d = g->dead; d; d = d->next)
		sum += d->macs_before - d->macs;
	return sum;
}

static const char *
channels_text(struct arena *a, int32_t before, int32_t after)
{
	if (before == after)
		return arena_printf(a, "%d", (int)after);
	return arena_printf(a, "%d of %d", (int)after, (int)before);
}

void
dead_print(struct compilation *c)
{
	struct table t = table_new(&c->ir, titles, COLUMNS, numbers);

	if (!c->graph->dead)
		return;
	for (const struct dead_channels *d = c->graph->dead; d; d = d->next) {
		const char **cell = table_row(&t);

		cell[COL_LAYER] = d->layer;
		cell[COL_OP] = op_info[d->op].name;
		cell[COL_IN] = channels_text(&c->ir, d->in_before, d->in);
		cell[COL_OUT] = channels_text(&c->ir, d->out_before, d->out);
		cell[COL_BEFORE] = table_count(&c->ir, d->macs_before);
		cell[COL_AFTER] = table_count(&c->ir, d->macs);
	}
	printf("\nwithout the channels that are constants or that nothing reads (exact):\n\n");
	table_print(stdout, &t);
}

json_t *
dead_json(const struct graph *g)
{
	json_t *a = json_array();

	for (const struct dead_channels *d = g->dead; d; d = d->next) {
		json_t *j = json_object();

		json_put(j, "layer", json_text(d->layer));
		json_put(j, "op", json_string(op_info[d->op].name));
		json_put(j, "class", json_string(annot_class_names[CLASS_EXACT]));
		json_put(j, "in_before", json_integer(d->in_before));
		json_put(j, "in", json_integer(d->in));
		json_put(j, "out_before", json_integer(d->out_before));
		json_put(j, "out", json_integer(d->out));
		json_put(j, "macs_before", json_integer(d->macs_before));
		json_put(j, "macs", json_integer(d->macs));
		json_array_append_new(a, j);
	}
	return a;
}
