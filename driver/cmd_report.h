/* What the files of netc report share. */
#ifndef DRIVER_CMD_REPORT_H
#define DRIVER_CMD_REPORT_H
#include "driver/plans.h"
#include "report/report.h"

/* driver/report_json.c */
void report_json(struct compilation *, const struct report *);
#endif
