/* What the commands say of plans: a layer's row, sums over a network, the place of a limit. */
#ifndef DRIVER_PLANS_H
#define DRIVER_PLANS_H
#include <jansson.h>
#include "passes/legalise.h"
#include "driver/compile.h"
#include "driver/table.h"

/* What became of a layer, in a word. */
enum plan_status { STATUS_FITS, STATUS_DECOMPOSED, STATUS_DOT, STATUS_PORTABLE, STATUS_IMPOSSIBLE, STATUS_COUNT,
	STATUS_FOLDED = STATUS_COUNT /* into other layers: not counted */ };
extern const char *const plan_status_names[STATUS_COUNT + 1];
enum plan_status plan_status(const struct layer_plan *);

struct plan_sums {
	int layers[STATUS_COUNT];
	int64_t calls, bytes, copies;
	double cycles, portable_cycles;
	int64_t scratch;             /* the largest of a layer */
	struct plan worst;           /* class and bound alone */
};
struct plan_sums plan_sums(const struct layer_plan *);

/* "npu16.chip:14". */
const char *plan_place(struct compilation *, struct loc);
/* "in = 2048 breaks in = 16..512 step 16 (npu16.chip:14)"; NULL: nothing is broken. */
const char *plan_broken(struct compilation *, const char *found, const struct chip_limit *);
/* Cycles with commas. */
const char *plan_cycles(struct arena *, double);

/* "LAYER (CLASS): TEXT" for each layer that was rewritten or cut, a shuffle that was folded among them, below TITLE if there
 * is one. */
void plans_print(struct compilation *, const struct layer_plan *, const char *title);

/* Members of a JSON object. */
void json_put(json_t *object, const char *key, json_t *value);
json_t *json_text(const char *);
json_t *plan_json(struct compilation *, const struct plan *);
json_t *limit_json(struct compilation *, const char *found, const struct chip_limit *);
void json_print(json_t *); /* and drops it */

/* The network of o->files[0] up to the decisions about chips, with CHIP read from PATH for its schedules; false after reporting. */
bool compile_for_survey(struct compilation *, const struct options *, const char *chip_path, struct pass_ctx *);

/* driver/sweep.c: netc check --sweep. */
void sweep_print(struct compilation *, const struct options *, struct pass_ctx *);
#endif
