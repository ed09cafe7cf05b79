/* Chains in strips of columns (passes/strips.c): the calls of a strip are one chain by rows, its first copies columns of what the strips have in common, its
 * last puts what comes of them in place. */
#include <config.h>
#include "backend/reads.h"
#include "backend/stream.h"

int
stream_strip_of(const struct call *c)
{
	const struct reads *f = reads_of(c);

	if (c->node->op != OP_CONCAT || !f || f->order != READS_PARTS)
		return c->node->strip;
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].kind == ARG_IN && c->args.v[i].tensor && c->args.v[i].tensor->producer)
			return c->args.v[i].tensor->producer->strip;
	return 0;
}

void
stream_paste(struct program *p)
{
	struct arena scratch = { 0 };
	struct call **last = ARENA_ARRAY(&scratch, struct call *, (size_t)p->graph->node_count + 1), *before = NULL, *next;

	for (struct call *c = p->first; c; c = next) {
		int strip = stream_strip_of(c);

		next = c->next;
		if (strip && last[strip] && before != last[strip]) { /* the copy of a concatenation */
			before->next = next;
			c->next = last[strip]->next;
			last[strip]->next = c;
			if (p->last == c)
				p->last = before;
		} else
			before = c;
		if (strip)
			last[strip] = c;
	}
	arena_free(&scratch);
}
