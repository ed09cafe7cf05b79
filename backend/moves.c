/* Calls that move a buffer to another place in the arena, before the last call that uses it. */
#include <config.h>
#include "backend/plan.h"

/* The call before that of SLOT, moves for it included.  Each slot is one call, and what is moved has been written by another. */
static struct call *
call_before(const struct program *p, int slot)
{
	struct call *c = p->first;

	while (c->next->slot < slot || c->next->moved > 0)
		c = c->next;
	return c;
}

static struct buffer *
moved_buffer(struct program *p, const struct buffer *from)
{
	struct buffer *b = ARENA_NEW(p->arena, struct buffer);

	*b = *from;
	b->id = (int)p->buffers.n;
	b->port = PORT_NONE;
	b->name = arena_printf(p->arena, "%s.moved", from->name);
	ARRAY_PUSH(p->arena, p->buffers, b);
	return b;
}

void
call_use_instead(struct call *c, const struct buffer *old, struct buffer *new)
{
	for (size_t i = 0; c->stream && i < c->stream->maps.n; i++)
		if (c->stream->maps.v[i].buf == old)
			c->stream->maps.v[i].buf = new;
	for (struct call *stage = c->stream ? c->stream->first : NULL; stage; stage = stage->next)
		call_use_instead(stage, old, new);
	for (size_t i = 0; i < c->args.n; i++)
		if (c->args.v[i].buf == old)
			c->args.v[i].buf = new;
}

static void
add_move(struct program *p, const struct item *it, int64_t offset)
{
	struct call *before = call_before(p, it->buf->last), *reader = before->next, *c = ARENA_NEW(p->arena, struct call);
	struct buffer *b = moved_buffer(p, it->buf);

	b->offset = offset;
	*c = (struct call){ .next = reader, .kernel = "move_i8", .node = reader->node, .moved = it->size, .slot = reader->slot };
	c->note = arena_printf(p->arena, "%s is moved to make room", it->buf->name);
	ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_OUT, .name = "y", .buf = b, .dtype = DT_I8 }));
	ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_IN, .name = "x", .buf = it->buf, .dtype = DT_I8 }));
	ARRAY_PUSH(p->arena, c->args, ((struct arg){ .kind = ARG_INT, .name = "n", .i = it->size }));
	call_find_overlap(c);
	before->next = c;
	call_use_instead(reader, it->buf, b);
}

bool
plan_apply(struct plan *plan)
{
	bool moves = false;

	for (int i = 0; i < plan->n; i++) {
		const struct item *it = &plan->items[i];

		it->buf->offset = plan->best_stay[i][0].offset;
		if (plan->best_stays[i] < 2)
			continue;
		add_move(plan->p, it, plan->best_stay[i][1].offset);
		moves = true;
	}
	return moves;
}

void
plan_applied(struct program *p)
{
	program_number(p);
	program_spread(p);
	plan_lifetimes(p);
}
