/* A profile: what each call of a network took, as the hosted program of --main or a firmware writes it (docs/generated-code.md). */
#ifndef REPORT_PROFILE_H
#define REPORT_PROFILE_H
#include "backend/program.h"

struct profile {
	const char *unit;  /* "us", "cycles" */
	int64_t runs;      /* inferences that were measured */
	double *time;      /* by call: of one inference, in UNIT */
};

/* The profile in SOURCE, which must be one of this program; NULL after reporting errors. */
const struct profile *profile_read(struct arena *, struct diag *, const struct source *, const struct program *);
#endif
