/* A graph as SVG, drawn by layout.c.  The style is report/graph.css, which the page and a drawing of its own both carry. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "report/markup.h"
#include "report/page.h"

/* In pixels: a box, the room between two, the page around them all. */
enum { BOX_WIDTH = 150, BOX_HEIGHT = 50, GAP_X = 18, GAP_Y = 28, MARGIN = 16, TEXT_X = 10, TEXT_Y = 16, LINE = 14, NAME_CHARS = 20, TEXT_CHARS = 25,
	TIP_WIDTH = 4, TIP_HEIGHT = 7, FRAME = 7 };

struct svg {
	FILE *f;
	const struct report *r;
	const struct drawing *d;
	const struct layout *l;
};

static int
center_x(const struct svg *s, int i)
{
	return MARGIN + (int)lround((s->l->points.v[i].x - 0.5) * (BOX_WIDTH + GAP_X)) + BOX_WIDTH / 2;
}

static int
top_y(const struct svg *s, int i)
{
	return MARGIN + s->l->points.v[i].rank * (BOX_HEIGHT + GAP_Y);
}

/* ---- frames ---- */

/* Around the boxes of a layer that was cut up. */
struct frame {
	name label;
	int left, top, right, bottom, boxes;
};

/* Whether a box of another layer lies in it too. */
static bool
is_shared(const struct svg *s, const struct frame *f)
{
	for (size_t i = 0; i < s->d->boxes.n; i++) {
		int x = center_x(s, (int)i), y = top_y(s, (int)i);

		if (s->d->boxes.v[i].label != f->label && x + BOX_WIDTH / 2 > f->left && x - BOX_WIDTH / 2 < f->right
			&& y + BOX_HEIGHT > f->top && y < f->bottom)
			return true;
	}
	return false;
}

static void
widen(struct frame *f, int x, int y)
{
	struct frame box = { .left = x - BOX_WIDTH / 2, .right = x + BOX_WIDTH / 2, .top = y, .bottom = y + BOX_HEIGHT };

	f->left = f->boxes && f->left < box.left ? f->left : box.left;
	f->right = f->boxes && f->right > box.right ? f->right : box.right;
	f->top = f->boxes && f->top < box.top ? f->top : box.top;
	f->bottom = f->boxes && f->bottom > box.bottom ? f->bottom : box.bottom;
	f->boxes++;
}

static void
put_frame(const struct svg *s, const struct frame *f)
{
	if (f->boxes < 2 || is_shared(s, f))
		return;
	fprintf(s->f, "<g class=\"frame\"><title>");
	markup_text(s->f, arena_printf(s->r->arena, "%s: %s", f->label, report_layer(s->r, f->label)->how));
	fprintf(s->f, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"10\"/></g>\n", f->left - FRAME, f->top - FRAME,
		f->right - f->left + 2 * FRAME, f->bottom - f->top + 2 * FRAME);
}

static void
put_frames(const struct svg *s)
{
	struct frame *frames = ARENA_ARRAY(s->r->arena, struct frame, s->d->boxes.n);
	struct map *by_label = map_new(s->r->arena);
	size_t n = 0;

	for (size_t i = 0; i < s->d->boxes.n; i++) {
		const struct box *b = &s->d->boxes.v[i];
		struct frame *f = b->cut ? map_get(by_label, b->label) : NULL;

		if (!b->cut)
			continue;
		if (!f) {
			f = &frames[n++];
			f->label = b->label;
			map_put(by_label, b->label, f);
		}
		widen(f, center_x(s, (int)i), top_y(s, (int)i));
	}
	for (size_t i = 0; i < n; i++)
		put_frame(s, &frames[i]);
}

/* ---- arrows ---- */

/* From the foot of one point to the head of another, a rank below; through a bend the line goes on to its foot. */
static void
put_link(const struct svg *s, const struct layout_edge *e)
{
	bool bend = e->to >= s->l->vertices;
	int x = center_x(s, e->from), y = top_y(s, e->from) + BOX_HEIGHT, to = center_x(s, e->to);
	int end = top_y(s, e->to) - (bend ? 0 : TIP_HEIGHT - 1), middle = (y + end) / 2;

	fprintf(s->f, "M%d %d", x, y);
	if (x == to)
		fprintf(s->f, "V%d", end);
	else
		fprintf(s->f, "C%d %d %d %d %d %d", x, middle, to, middle, to, end);
	if (bend)
		fprintf(s->f, "v%d", BOX_HEIGHT);
}

static void
put_arrows(const struct svg *s)
{
	fputs("<path class=\"edge\" d=\"", s->f);
	for (size_t i = 0; i < s->l->links.n; i++)
		put_link(s, &s->l->links.v[i]);
	fputs("\"/>\n<path class=\"tip\" d=\"", s->f);
	for (size_t i = 0; i < s->l->links.n; i++) {
		const struct layout_edge *e = &s->l->links.v[i];

		if (e->to < s->l->vertices)
			fprintf(s->f, "M%d %dl-%d-%dh%dz", center_x(s, e->to), top_y(s, e->to), TIP_WIDTH, TIP_HEIGHT, 2 * TIP_WIDTH);
	}
	fputs("\"/>\n", s->f);
}

/* ---- boxes ---- */

static void
put_line(const struct svg *s, const struct box *b, int line, const char *text, int chars)
{
	fprintf(s->f, "<text x=\"%d\" y=\"%d\"%s>", b->kind == BOX_PORT ? BOX_WIDTH / 2 : TEXT_X, TEXT_Y + line * LINE, line == 0 ? " class=\"name\"" : "");
	markup_short(s->f, text, chars);
	fputs("</text>", s->f);
}

static void
put_box(const struct svg *s, int i)
{
	const struct box *b = &s->d->boxes.v[i];

	fprintf(s->f, "<g class=\"box %s%s\" transform=\"translate(%d %d)\"><title>", box_info[b->kind].class, b->cut ? " cut" : "",
		center_x(s, i) - BOX_WIDTH / 2, top_y(s, i));
	markup_text(s->f, b->title);
	fprintf(s->f, "</title><rect width=\"%d\" height=\"%d\" rx=\"%d\"/>", BOX_WIDTH, BOX_HEIGHT, b->kind == BOX_PORT ? BOX_HEIGHT / 2 : 6);
	if (b->cut)
		fprintf(s->f, "<path class=\"mark\" d=\"M0 8v%d\"/>", BOX_HEIGHT - 16);
	put_line(s, b, 0, b->name, NAME_CHARS);
	put_line(s, b, 1, b->what, TEXT_CHARS);
	put_line(s, b, 2, b->shape, TEXT_CHARS);
	fputs("</g>\n", s->f);
}

static bool
put_svg(FILE *f, const struct report *r, const struct drawing *d, bool alone)
{
	struct svg s = { .f = f, .r = r, .d = d };
	int width, height;

	if (d->graph->node_count <= REPORT_DRAWN_MAX)
		s.l = layout_make(r->arena, (int)d->boxes.n, d->edges.v, d->edges.n);
	if (!s.l)
		return false;
	width = 2 * MARGIN + (int)lround((s.l->width > 1 ? s.l->width - 1 : 0) * (BOX_WIDTH + GAP_X)) + BOX_WIDTH;
	height = 2 * MARGIN + s.l->ranks * (BOX_HEIGHT + GAP_Y) - GAP_Y;
	fprintf(f, "<svg%s class=\"graph\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
		alone ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", width, height, width, height);
	markup_text(f, arena_printf(r->arena, "network %s as a graph of %d operations", d->graph->name, d->graph->node_count));
	fputs("\">\n", f);
	if (alone) {
		fputs("<style>\n", f);
		markup_embed(f, "graph.css");
		fprintf(f, "</style>\n<rect class=\"paper\" width=\"%d\" height=\"%d\"/>\n", width, height);
	}
	put_frames(&s);
	put_arrows(&s);
	for (size_t i = 0; i < d->boxes.n; i++)
		put_box(&s, (int)i);
	fputs("</svg>\n", f);
	return true;
}

bool
svg_element(FILE *f, const struct report *r, const struct drawing *d)
{
	return put_svg(f, r, d, false);
}

bool
report_svg(FILE *f, const struct report *r, const struct graph *g)
{
	return put_svg(f, r, drawing_make(r, g), true);
}
