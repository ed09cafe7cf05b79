/* Sums over a lowered network, for check and report. */
#ifndef DRIVER_TOTALS_H
#define DRIVER_TOTALS_H
#include "backend/program.h"

struct totals {
	int layers;            /* that are computed: views have no calls */
	int64_t macs, params, const_bytes;
};
struct totals program_totals(const struct program *);
#endif
