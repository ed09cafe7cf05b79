/* Results that lie in the storage of what they are computed from.
 *
 * As a stage such a call would overwrite rows that others still read, and the two maps have windows of their own.  So before chains are chosen each
 * such result gets a buffer to itself, and afterwards those outside of chains go back. */
#include <config.h>
#include <string.h>
#include "backend/stream.h"

static void
replace(struct call *from, const struct buffer *old, struct buffer *new)
{
	for (struct call *c = from; c; c = c->next)
		call_use_instead(c, old, new);
}

/* Whether Y is all of its buffer. */
static bool
is_whole(const struct arg *y)
{
	return y->tensor && y->offset == 0 && y->buf->bytes == tensor_bytes(y->tensor);
}

/* The input of C that its result Y takes the place of, element for element, or NULL. */
static struct arg *
input_replaced(struct call *c)
{
	const struct arg *y = &c->args.v[0];
	struct arg *found = NULL;

	if (c->args.n == 0 || y->kind != ARG_OUT || y->buf->kind != BUF_ARENA || y->buf->port != PORT_NONE || !is_whole(y))
		return NULL;
	for (size_t i = 1; i < c->args.n; i++) {
		struct arg *a = &c->args.v[i];

		if (a->kind > ARG_SCRATCH || a->buf != y->buf)
			continue;
		if (a->kind != ARG_IN || a->offset != 0 || found)
			return NULL;
		found = a;
	}
	return found;
}

void
stream_part(struct program *p, struct parted *list)
{
	for (struct call *c = p->first; c; c = c->next) {
		struct arg *x = input_replaced(c);
		struct buffer *old, *new;

		if (!x)
			continue;
		old = x->buf;
		new = ARENA_NEW(p->arena, struct buffer);
		*new = *old;
		new->id = (int)p->buffers.n;
		new->name = c->node->out->name;
		ARRAY_PUSH(p->arena, p->buffers, new);
		replace(c, old, new);
		x->buf = old;
		ARRAY_PUSH(p->arena, list->of, ((struct pair){ c, old, new }));
	}
}

void
stream_rejoin(struct program *p, const struct parted *list)
{
	for (size_t i = list->of.n; i-- > 0;) {
		const struct pair *two = &list->of.v[i];

		if (!two->call->chain)
			replace(p->first, two->result, two->input);
	}
}
