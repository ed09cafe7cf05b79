#include <config.h>
#include "driver/plans.h"
#include "driver/strips.h"
#include "driver/table.h"

enum { COL_FROM, COL_TO, COL_STRIPS, COL_BEFORE, COL_AFTER, COLUMNS };
static const char *const titles[COLUMNS] = { "from", "to", "strips", "MACs before", "after" };
static const unsigned numbers = 1u << COL_STRIPS | 1u << COL_BEFORE | 1u << COL_AFTER;

int64_t
strips_macs(const struct graph *g)
{
	int64_t sum = 0;

	for (const struct strip_record *r = g->strips; r; r = r->next)
		sum += r->macs - r->macs_before;
	return sum;
}

void
strips_print(struct compilation *c)
{
	struct table t = table_new(&c->ir, titles, COLUMNS, numbers);

	if (!c->graph->strips)
		return;
	for (const struct strip_record *r = c->graph->strips; r; r = r->next) {
		const char **cell = table_row(&t);

		cell[COL_FROM] = r->first;
		cell[COL_TO] = r->last;
		cell[COL_STRIPS] = table_count(&c->ir, r->strips);
		cell[COL_BEFORE] = table_count(&c->ir, r->macs_before);
		cell[COL_AFTER] = table_count(&c->ir, r->macs);
	}
	printf("\nin strips of columns (exact):\n\n");
	table_print(stdout, &t);
}

json_t *
strips_json(const struct graph *g)
{
	json_t *a = json_array();

	for (const struct strip_record *r = g->strips; r; r = r->next) {
		json_t *j = json_object();

		json_put(j, "from", json_text(r->first));
		json_put(j, "to", json_text(r->last));
		json_put(j, "class", json_string(annot_class_names[CLASS_EXACT]));
		json_put(j, "strips", json_integer(r->strips));
		json_put(j, "macs_before", json_integer(r->macs_before));
		json_put(j, "macs", json_integer(r->macs));
		json_array_append_new(a, j);
	}
	return a;
}
