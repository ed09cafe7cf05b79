/* Words about layers, for the comments of the generated C and for reports. */
#include <config.h>
#include <math.h>
#include "backend/cgen.h"
#include "chips/chip.h"

void
describe_location(struct text *t, const struct diag *d, struct loc loc)
{
	const struct source *s = d ? diag_source(d, loc) : NULL;
	int line, column;

	if (!s)
		return;
	diag_position(d, loc, &line, &column);
	text_add(t, "%s:%d", path_base(s->path), line);
}

void
describe_type(struct text *t, enum dtype type, const struct shape *s)
{
	char dims[SHAPE_TEXT];

	text_add(t, "%s%s", dtype_info[type].name, shape_text(s, dims, sizeof dims));
}

static void
describe_clamp(struct text *t, struct clamp c)
{
	if (clamp_is_none(c))
		return;
	if (c.lo == 0 && c.hi == INFINITY)
		text_add(t, ", relu");
	else if (c.lo == 0 && c.hi == 6)
		text_add(t, ", relu6");
	else
		text_add(t, ", clip %g to %g", (double)c.lo, (double)c.hi);
}

/* ", pad [4,5,1,1]": without blanks, so that no comment is broken inside. */
static void
describe_list(struct text *t, const char *word, const int32_t *v, int n)
{
	text_add(t, ", %s [", word);
	for (int i = 0; i < n; i++)
		text_add(t, "%s%d", i ? "," : "", (int)v[i]);
	text_add(t, "]");
}

/* True when the N values at V are what DEFAULTS has at the same place. */
static bool
same(const int32_t *v, const int32_t *defaults, int n)
{
	for (int i = 0; i < n; i++)
		if (v[i] != defaults[i])
			return false;
	return true;
}

static void
describe_attr(struct text *t, const struct node *n, enum attr a, const struct attrs *defaults)
{
	const struct attr_info *info = &attr_info[a];
	const void *field = (const char *)&n->attr + info->offset;
	const void *def = (const char *)defaults + info->offset;
	const struct ints *ints = field;

	switch (info->kind) {
	case ATTR_KIND_INT:
		if (a != ATTR_OUT && !same(field, def, 1))
			text_add(t, ", %s %d", info->name, (int)*(const int32_t *)field);
		break;
	case ATTR_KIND_PAIR:
		if (!same(field, def, 2))
			text_add(t, ", %s %dx%d", info->name, (int)((const int32_t *)field)[0], (int)((const int32_t *)field)[1]);
		break;
	case ATTR_KIND_PAD:
		if (!same(field, def, 4))
			describe_list(t, info->name, field, 4);
		break;
	case ATTR_KIND_INTS:
		if (ints->n > 0 && a != ATTR_SHAPE)
			describe_list(t, info->name, ints->v, ints->n);
		break;
	case ATTR_KIND_FLOAT:
		if (*(const float *)field != *(const float *)def)
			text_add(t, ", %s %g", info->name, (double)*(const float *)field);
		break;
	case ATTR_KIND_MODE:
		if (n->attr.mode != MODE_NONE)
			text_add(t, ", %s", mode_names[n->attr.mode]);
		break;
	case ATTR_KIND_BOOL:
		if (*(const bool *)field)
			text_add(t, ", %s", info->name);
		break;
	case ATTR_KIND_DTYPE: /* the types show it */
		break;
	case ATTR_KIND_ROUNDING:
		if (n->attr.rounding != ROUNDING_DOUBLE)
			text_add(t, ", rounding %s", rounding_names[n->attr.rounding]);
		break;
	case ATTR_KIND_ACT:
		describe_clamp(t, n->attr.act);
		break;
	}
}

void
describe_attrs(struct text *t, const struct node *n)
{
	struct attrs defaults;

	attrs_init(&defaults);
	for (int a = 0; a < ATTR_COUNT; a++)
		if (op_info[n->op].attrs >> a & 1)
			describe_attr(t, n, (enum attr)a, &defaults);
}

void
describe_layer(struct text *t, const struct node *n)
{
	enum { SHOWN = 4 };
	int shown = 0;

	text_add(t, "%s", op_info[n->op].name);
	for (int i = 0; i < n->nin; i++) {
		if (n->in[i]->data && i > 0)
			continue;
		if (shown++ == SHOWN) {
			text_add(t, ", ...");
			break;
		}
		text_add(t, "%s", shown > 1 ? ", " : " ");
		describe_type(t, n->in[i]->dtype, &n->in[i]->shape);
	}
	text_add(t, " -> ");
	describe_type(t, n->out->dtype, &n->out->shape);
	describe_attrs(t, n);
}

/* Whether B holds what one call of a layer leaves to the next: other buffers have their root tensor's name. */
static bool
is_between_calls(const struct call *c, const struct buffer *b)
{
	const struct tensor *y = c->node->out;

	return b->kind == BUF_ARENA && b->name != (y->base ? y->base->name : y->name);
}

void
describe_storage(struct text *t, const struct program *p, const struct call *c)
{
	for (size_t i = 0; i < c->args.n; i++) {
		const struct arg *a = &c->args.v[i];
		const struct buffer *b = a->buf;
		int64_t at = a->offset * dtype_info[a->dtype].bytes;

		if (a->kind != ARG_OUT && a->kind != ARG_SCRATCH)
			continue;
		text_add(t, "; %s ", a->kind == ARG_OUT && !is_between_calls(c, b) ? "result in" : "scratch in");
		if (b->kind == BUF_ARENA) {
			text_add(t, "%s [", program_arenas(p) > 1 ? p->memories.v[b->memory].chip->name : "arena");
			text_count(t, b->offset + at);
			text_add(t, ", ");
			text_count(t, b->offset + b->bytes);
			text_add(t, ")");
		} else {
			text_add(t, "output %s", p->graph->output_names.v[b->index]);
		}
	}
}
