/* Reading a profile:
 *
 *	netc-profile 1
 *	network kws
 *	unit us
 *	runs 100
 *	layer 0 152.25 stem
 *	layer 1 40.5 ds[1].dw
 *	end
 *
 * A line each, in this order.  What comes before the first line or after "end" is not looked at, so that the log of a serial console is read as it
 * is.  A layer has the number of its call, its time and its path; every call must be there. */
#include <config.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "report/profile.h"

static const char first_line[] = "netc-profile 1";

struct reader {
	struct arena *arena;
	struct diag *diag;
	const struct source *source;
	size_t at;            /* where the next line begins */
	struct loc loc;       /* of the last line */
	char *line;           /* the last line, without blanks at its end */
};

/* The next line; false: there is none. */
static bool
next_line(struct reader *r)
{
	const char *text = r->source->text + r->at, *end;
	size_t len;

	if (r->at >= r->source->len)
		return false;
	end = memchr(text, '\n', r->source->len - r->at);
	len = end ? (size_t)(end - text) : r->source->len - r->at;
	r->loc = (struct loc){ r->source->base + (uint32_t)r->at, r->source->base + (uint32_t)(r->at + len) };
	r->at += len + 1;
	while (len > 0 && (text[len - 1] == '\r' || text[len - 1] == ' '))
		len--;
	r->line = arena_strndup(r->arena, text, len);
	return true;
}

/* What follows KEY and a blank in the next line, which must begin so; NULL after reporting. */
static char *
next_value(struct reader *r, const char *key)
{
	size_t n = strlen(key);

	if (!next_line(r)) {
		diag_error(r->diag, r->loc, "the profile ends here; expected '%s'", key);
		return NULL;
	}
	if (strncmp(r->line, key, n) != 0 || r->line[n] != ' ' || !r->line[n + 1]) {
		diag_error(r->diag, r->loc, "expected '%s' and its value", key);
		return NULL;
	}
	return r->line + n + 1;
}

static bool
read_head(struct reader *r, const struct program *p, struct profile *profile)
{
	const char *network, *runs;
	char *end;

	do {
		if (!next_line(r)) {
			diag_error(r->diag, r->loc, "this is no profile: it has no line '%s'", first_line);
			return false;
		}
	} while (strcmp(r->line, first_line) != 0);
	network = next_value(r, "network");
	if (network && strcmp(network, p->graph->name) != 0) {
		diag_error(r->diag, r->loc, "this is a profile of '%s', not of '%s'", network, p->graph->name);
		return false;
	}
	profile->unit = network ? next_value(r, "unit") : NULL;
	runs = profile->unit ? next_value(r, "runs") : NULL;
	if (!runs)
		return false;
	errno = 0;
	profile->runs = strtoll(runs, &end, 10);
	if (*end || errno || profile->runs < 1)
		diag_error(r->diag, r->loc, "runs must be an integer of at least 1");
	return r->diag->errors == 0;
}

/* "INDEX TIME PATH" of CALL. */
static bool
read_layer(struct reader *r, const struct call *call, double *time)
{
	const char *value = next_value(r, "layer");
	char *end;
	long index;

	if (!value)
		return false;
	errno = 0;
	index = strtol(value, &end, 10);
	if (*end != ' ' || errno || index != call->index) {
		diag_error(r->diag, r->loc, "expected layer %d ('%s')", call->index, call->node->name);
		return false;
	}
	*time = strtod(end + 1, &end);
	if (*end != ' ' || !isfinite(*time) || *time < 0) {
		diag_error(r->diag, r->loc, "the time of a layer must be a number that is not negative");
		return false;
	}
	if (strcmp(end + 1, call->node->name) == 0)
		return true;
	diag_error(r->diag, r->loc, "layer %d is '%s' here but '%s' in the network: the code was built with other options", call->index,
		end + 1, call->node->name);
	return false;
}

const struct profile *
profile_read(struct arena *a, struct diag *d, const struct source *source, const struct program *p)
{
	struct reader r = { .arena = a, .diag = d, .source = source, .loc = { source->base, source->base } };
	struct profile *profile = ARENA_NEW(a, struct profile);

	if (!read_head(&r, p, profile))
		return NULL;
	profile->time = ARENA_ARRAY(a, double, (size_t)p->call_count + 1);
	for (const struct call *c = p->first; c; c = c->next)
		if (!read_layer(&r, c, &profile->time[c->index]))
			return NULL;
	if (next_line(&r) && strcmp(r.line, "end") == 0)
		return profile;
	diag_error(d, r.loc, "expected 'end' after layer %d", p->call_count - 1);
	return NULL;
}
