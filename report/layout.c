/* The layered layout of Sugiyama, Tagawa and Toda (1981) in its four steps: a rank for each vertex, its longest path from the top; bends
 * where an edge passes through ranks; orders by barycentres, sweeping down and up, of which the one with the fewest crossings stays; and
 * places that keep the order, each as near to where its neighbours would have it as the others allow. */
#include <config.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "report/layout.h"

enum { ORDER_SWEEPS = 16, PLACE_SWEEPS = 9 };

/* The neighbours of each point in one direction. */
struct adjacent {
	int *first;           /* by point: where its own begin in NEAR; one more at the end */
	int *near;
};

/* A point and what its row is sorted by. */
struct key { double by; int position, point; };

/* Neighbours in a row that lie as near to each other as they may, as one; its mean is where the first of them lies. */
struct pool { double sum, weight; int first; };

struct state {
	struct arena *arena;
	struct layout *l;
	int **row;            /* by rank: its points from left to right */
	int *count;           /* by rank */
	struct adjacent up, down;
	/* For one row at a time. */
	struct key *keys;
	struct pool *pools;
	double *values;
	int *tree;
};

static struct layout_point *
point(const struct state *s, int i)
{
	return &s->l->points.v[i];
}

static bool
is_bend(const struct state *s, int i)
{
	return i >= s->l->vertices;
}

/* ---- ranks and bends ---- */

static int
rank_of(const struct layout *l, int i)
{
	return l->points.v[i].rank;
}

/* What hangs from one edge, or from none, goes down to where it is needed: it makes that edge longer and the edges below it shorter. */
static void
lower_vertices(struct layout *l, const struct layout_edge *edges, size_t n, struct arena *a)
{
	int *low = ARENA_ARRAY(a, int, (size_t)l->vertices + 1); /* the topmost rank that needs it, or 0 */

	for (int i = l->vertices - 1; i >= 0; i--) {
		size_t end = n;

		while (n > 0 && edges[n - 1].to == i)
			n--;
		if (end - n <= 1 && low[i] > 0)
			l->points.v[i].rank = low[i] - 1;
		for (size_t k = n; k < end; k++)
			if (low[edges[k].from] == 0 || rank_of(l, i) < low[edges[k].from])
				low[edges[k].from] = rank_of(l, i);
	}
}

/* The longest paths from top to bottom stay where they are; the rest may move. */
static void
find_spines(struct layout *l, const struct layout_edge *edges, size_t n, struct arena *a)
{
	int *height = ARENA_ARRAY(a, int, (size_t)l->vertices + 1);

	for (size_t i = n; i-- > 0;)
		if (height[edges[i].from] <= height[edges[i].to])
			height[edges[i].from] = height[edges[i].to] + 1;
	for (int i = 0; i < l->vertices; i++)
		l->points.v[i].spine = rank_of(l, i) + height[i] == l->ranks - 1;
}

static void
find_ranks(struct layout *l, const struct layout_edge *edges, size_t n, struct arena *a)
{
	for (size_t i = 0; i < n; i++)
		if (rank_of(l, edges[i].to) <= rank_of(l, edges[i].from))
			l->points.v[edges[i].to].rank = rank_of(l, edges[i].from) + 1;
	for (int i = 0; i < l->vertices; i++)
		if (rank_of(l, i) >= l->ranks)
			l->ranks = rank_of(l, i) + 1;
	find_spines(l, edges, n, a);
	lower_vertices(l, edges, n, a);
}

/* The bends below each vertex, as far down as its longest edge needs them; by vertex the first.  NULL: too many. */
static const int *
add_bends(struct layout *l, const struct layout_edge *edges, size_t n, struct arena *a)
{
	int *reach = ARENA_ARRAY(a, int, (size_t)l->vertices + 1), *first = ARENA_ARRAY(a, int, (size_t)l->vertices + 1);

	for (size_t i = 0; i < n; i++)
		if (rank_of(l, edges[i].to) > reach[edges[i].from])
			reach[edges[i].from] = rank_of(l, edges[i].to);
	for (int i = 0; i < l->vertices; i++) {
		first[i] = (int)l->points.n;
		for (int rank = rank_of(l, i) + 1; rank < reach[i]; rank++) {
			struct layout_point p = { .rank = rank };

			if (l->points.n >= LAYOUT_POINTS_MAX)
				return NULL;
			ARRAY_PUSH(a, l->points, p);
			ARRAY_PUSH(a, l->links, ((struct layout_edge){ rank == rank_of(l, i) + 1 ? i : (int)l->points.n - 2,
				(int)l->points.n - 1 }));
		}
	}
	return first;
}

static bool
add_links(struct layout *l, const struct layout_edge *edges, size_t n, struct arena *a)
{
	const int *bends = add_bends(l, edges, n, a);

	for (size_t i = 0; bends && i < n; i++) {
		struct layout_edge link = edges[i];
		int between = rank_of(l, link.to) - rank_of(l, link.from) - 1;

		if (between > 0)
			link.from = bends[link.from] + between - 1;
		ARRAY_PUSH(a, l->links, link);
	}
	return bends;
}

/* ---- rows ---- */

static struct adjacent
find_adjacent(const struct state *s, bool down)
{
	size_t points = s->l->points.n, links = s->l->links.n;
	struct adjacent a = { ARENA_ARRAY(s->arena, int, points + 2), ARENA_ARRAY(s->arena, int, links + 1) };

	for (size_t i = 0; i < links; i++)
		a.first[(down ? s->l->links.v[i].from : s->l->links.v[i].to) + 2]++;
	for (size_t i = 2; i < points + 2; i++)
		a.first[i] += a.first[i - 1];
	for (size_t i = 0; i < links; i++) {
		struct layout_edge e = s->l->links.v[i];

		a.near[a.first[(down ? e.from : e.to) + 1]++] = down ? e.to : e.from;
	}
	return a;
}

static void
make_rows(struct state *s)
{
	struct layout *l = s->l;
	size_t ranks = (size_t)l->ranks, points = l->points.n;

	s->row = ARENA_ARRAY(s->arena, int *, ranks + 1);
	s->count = ARENA_ARRAY(s->arena, int, ranks + 1);
	for (size_t i = 0; i < points; i++)
		s->count[l->points.v[i].rank]++;
	for (size_t r = 0; r < ranks; r++) {
		s->row[r] = ARENA_ARRAY(s->arena, int, (size_t)s->count[r]);
		s->count[r] = 0;
	}
	for (size_t i = 0; i < points; i++) {
		struct layout_point *p = &l->points.v[i];

		p->position = s->count[p->rank]++;
		s->row[p->rank][p->position] = (int)i;
	}
	s->keys = ARENA_ARRAY(s->arena, struct key, points + 1);
	s->pools = ARENA_ARRAY(s->arena, struct pool, points + 1);
	s->values = ARENA_ARRAY(s->arena, double, l->links.n + 1);
	s->tree = ARENA_ARRAY(s->arena, int, points + 1);
}

/* ---- orders ---- */

static int
compare_keys(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	if (a->by != b->by)
		return a->by < b->by ? -1 : 1;
	return a->position - b->position;
}

/* Each point of row R below or above the mean position of its neighbours. */
static void
order_row(struct state *s, int r, const struct adjacent *a)
{
	for (int k = 0; k < s->count[r]; k++) {
		int i = s->row[r][k], n = a->first[i + 1] - a->first[i];
		double sum = 0;

		for (int j = a->first[i]; j < a->first[i + 1]; j++)
			sum += point(s, a->near[j])->position;
		s->keys[k] = (struct key){ n > 0 ? sum / n : k, k, i };
	}
	qsort(s->keys, (size_t)s->count[r], sizeof *s->keys, compare_keys);
	for (int k = 0; k < s->count[r]; k++) {
		s->row[r][k] = s->keys[k].point;
		point(s, s->keys[k].point)->position = k;
	}
}

/* How many positions up to AT are in the tree: Fenwick's sums. */
static int
tree_sum(const int *tree, int at)
{
	int sum = 0;

	for (at++; at > 0; at -= at & -at)
		sum += tree[at];
	return sum;
}

static int64_t
row_crossings(struct state *s, int r)
{
	int64_t crossings = 0;
	int below = s->count[r + 1], seen = 0;

	memset(s->tree, 0, ((size_t)below + 1) * sizeof *s->tree);
	for (int k = 0; k < s->count[r]; k++) {
		int i = s->row[r][k], from = s->down.first[i], to = s->down.first[i + 1];

		for (int j = from; j < to; j++)
			crossings += seen - tree_sum(s->tree, point(s, s->down.near[j])->position);
		for (int j = from; j < to; j++, seen++)
			for (int at = point(s, s->down.near[j])->position + 1; at <= below; at += at & -at)
				s->tree[at]++;
	}
	return crossings;
}

static int64_t
all_crossings(struct state *s)
{
	int64_t sum = 0;

	for (int r = 0; r + 1 < s->l->ranks; r++)
		sum += row_crossings(s, r);
	return sum;
}

static void
order_rows(struct state *s)
{
	size_t points = s->l->points.n;
	int *best = ARENA_ARRAY(s->arena, int, points + 1); /* by point: its position */
	int64_t least = INT64_MAX;

	for (int sweep = 0; sweep < ORDER_SWEEPS && least > 0; sweep++) {
		int64_t crossings;

		for (int r = 1; r < s->l->ranks; r++)
			order_row(s, sweep % 2 ? s->l->ranks - 1 - r : r, sweep % 2 ? &s->down : &s->up);
		crossings = all_crossings(s);
		if (crossings >= least)
			continue;
		least = crossings;
		for (size_t i = 0; i < points; i++)
			best[i] = s->l->points.v[i].position;
	}
	for (size_t i = 0; i < points && least < INT64_MAX; i++) {
		s->l->points.v[i].position = best[i];
		s->row[s->l->points.v[i].rank][best[i]] = (int)i;
	}
}

/* ---- places ---- */

static double
half_width(const struct state *s, int i)
{
	return is_bend(s, i) ? 0.08 : 0.5;
}

/* Bends make room for vertices, and those for the longest paths, so that the chain of layers stays straight beside what leaves it. */
static double
weight(const struct state *s, int i)
{
	return is_bend(s, i) ? 1 : point(s, i)->spine ? 1e6 : 1e3;
}

static int
compare_values(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* The median of those neighbours of point I that weigh the most; where it lies if it has none. */
static double
wanted_place(struct state *s, int i, const struct adjacent *a)
{
	double most = 0;
	int n = 0;

	for (int j = a->first[i]; j < a->first[i + 1]; j++)
		most = weight(s, a->near[j]) > most ? weight(s, a->near[j]) : most;
	for (int j = a->first[i]; j < a->first[i + 1]; j++)
		if (weight(s, a->near[j]) == most)
			s->values[n++] = point(s, a->near[j])->x;
	if (n == 0)
		return point(s, i)->x;
	qsort(s->values, (size_t)n, sizeof *s->values, compare_values);
	return (s->values[(n - 1) / 2] + s->values[n / 2]) / 2;
}

/* The least sum of squared distances from the wanted places: pools whose means are out of order are merged. */
static void
place_row(struct state *s, int r, const struct adjacent *a)
{
	double offset = 0;
	int n = 0;

	for (int k = 0; k < s->count[r]; k++) {
		int i = s->row[r][k];

		offset += k > 0 ? half_width(s, s->row[r][k - 1]) + half_width(s, i) : 0;
		point(s, i)->offset = offset;
		s->pools[n++] = (struct pool){ weight(s, i) * (wanted_place(s, i, a) - offset), weight(s, i), k };
		while (n > 1 && s->pools[n - 2].sum * s->pools[n - 1].weight >= s->pools[n - 1].sum * s->pools[n - 2].weight) {
			s->pools[n - 2].sum += s->pools[n - 1].sum;
			s->pools[n - 2].weight += s->pools[n - 1].weight;
			n--;
		}
	}
	for (int p = 0; p < n; p++)
		for (int k = s->pools[p].first; k < (p + 1 < n ? s->pools[p + 1].first : s->count[r]); k++)
			point(s, s->row[r][k])->x = s->pools[p].sum / s->pools[p].weight + point(s, s->row[r][k])->offset;
}

static void
place_rows(struct state *s)
{
	double left = 0, right = 0;

	for (int sweep = 0; sweep < PLACE_SWEEPS; sweep++)
		for (int r = 0; r < s->l->ranks; r++)
			place_row(s, sweep % 2 ? s->l->ranks - 1 - r : r, sweep % 2 ? &s->down : &s->up);
	for (size_t i = 0; i < s->l->points.n; i++) {
		double x = s->l->points.v[i].x;

		left = i == 0 || x < left ? x : left;
		right = i == 0 || x > right ? x : right;
	}
	for (size_t i = 0; i < s->l->points.n; i++)
		s->l->points.v[i].x += 0.5 - left;
	s->l->width = s->l->points.n ? right - left + 1 : 0;
}

const struct layout *
layout_make(struct arena *a, int vertices, const struct layout_edge *edges, size_t n)
{
	struct layout *l = ARENA_NEW(a, struct layout);
	struct state s = { .arena = a, .l = l };

	if (vertices > LAYOUT_POINTS_MAX)
		return NULL;
	l->vertices = vertices;
	for (int i = 0; i < vertices; i++)
		ARRAY_PUSH(a, l->points, ((struct layout_point){ 0 }));
	find_ranks(l, edges, n, a);
	if (!add_links(l, edges, n, a))
		return NULL;
	make_rows(&s);
	s.up = find_adjacent(&s, false);
	s.down = find_adjacent(&s, true);
	order_rows(&s);
	place_rows(&s);
	return l;
}
