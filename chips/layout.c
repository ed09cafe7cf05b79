/* Layouts: how an operand's elements lie in memory, and the one routine that packs by them.
 *
 * An axis is a piece of a dimension, index / div % mod.  The pieces of a dimension are its digits in a mixed radix: the
 * smallest has div 1, each next one div = the div * mod before, and the last mod 0 (all that is left); so every element has one
 * place and none is lost.  layout_missing checks that when a .chip is read. */
#include <config.h>
#include <string.h>
#include "chips/reader.h"

/* Index and length of AXIS in the packed operand. */
static int64_t
axis_length(const struct chip_axis *a, int32_t size)
{
	return a->mod ? a->mod : ((int64_t)size + a->div - 1) / a->div;
}

static bool
is_channel(enum chip_dim d)
{
	return d == DIM_IN || d == DIM_OUT || d == DIM_N;
}

/* The channels last; before them whole dimensions in the order of the enumeration, which is that of the graph's shapes. */
bool
chip_layout_is_plain(const struct chip_layout *l)
{
	for (int i = 0; i < l->n; i++) {
		const struct chip_axis *a = &l->axis[i];

		if (a->div != 1 || a->mod != 0 || is_channel(a->dim) != (i == l->n - 1))
			return false;
		if (i > 0 && i < l->n - 1 && l->axis[i - 1].dim > a->dim)
			return false;
	}
	return true;
}

int64_t
chip_layout_count(const struct chip_layout *l, const int32_t size[DIM_COUNT])
{
	int64_t count = 1;

	for (int i = 0; i < l->n; i++)
		if (__builtin_mul_overflow(count, axis_length(&l->axis[i], size[l->axis[i].dim]), &count))
			return INT64_MAX;
	return count;
}

/* The element of FROM that belongs at POS of the packed operand, or -1: filling. */
static int64_t
source_of(const struct chip_layout *l, const int64_t *pos, const int32_t size[DIM_COUNT], const int64_t step[DIM_COUNT])
{
	int64_t index[DIM_COUNT] = { 0 }, at = 0;

	for (int i = 0; i < l->n; i++)
		index[l->axis[i].dim] += pos[i] * l->axis[i].div;
	for (int d = 0; d < DIM_COUNT; d++) {
		if (index[d] > 0 && index[d] >= size[d])
			return -1;
		at += index[d] * step[d];
	}
	return at;
}

/* The next position, odometer-wise. */
static void
advance(const struct chip_layout *l, const int32_t size[DIM_COUNT], int64_t *pos)
{
	for (int i = l->n; i-- > 0;) {
		if (++pos[i] < axis_length(&l->axis[i], size[l->axis[i].dim]))
			return;
		pos[i] = 0;
	}
}

void
chip_layout_pack(const struct chip_layout *l, const int32_t size[DIM_COUNT], const int64_t step[DIM_COUNT],
	const void *from, void *to, int bytes)
{
	int64_t pos[sizeof l->axis / sizeof *l->axis] = { 0 }, count = chip_layout_count(l, size);
	const char *source = from;
	char *place = to;

	for (int64_t i = 0; i < count; i++, place += bytes) {
		int64_t at = source_of(l, pos, size, step);

		if (at < 0)
			memset(place, 0, (size_t)bytes);
		else
			memcpy(place, source + at * bytes, (size_t)bytes);
		advance(l, size, pos);
	}
}

int
chip_layout_fused(const struct chip_layout *l)
{
	return l->fused == DT_COUNT ? 1 : l->axis[l->n - 1].mod;
}

void
chip_layout_fuse(const struct chip_layout *l, int64_t count, const int8_t *from, void *to)
{
	int n = chip_layout_fused(l);

	for (int64_t i = 0; i < count; i++) {
		int64_t v = 0;

		for (int k = n - 1; k >= 0; k--)
			v = v * l->factor + from[i * n + k];
		if (l->fused == DT_I16)
			((int16_t *)to)[i] = (int16_t)v;
		else
			((int32_t *)to)[i] = (int32_t)v;
	}
}

/* ---- whether every element has one place ---- */

/* The piece of dimension D whose div is DIV; NULL: there is none. */
static const struct chip_axis *
piece_at(const struct chip_layout *l, enum chip_dim d, int64_t div)
{
	for (int i = 0; i < l->n; i++)
		if (l->axis[i].dim == d && l->axis[i].div == div)
			return &l->axis[i];
	return NULL;
}

enum layout_fault
layout_missing(const struct chip_layout *l, enum chip_dim d, int64_t *div, int *last)
{
	int pieces = 0, used = 0;

	for (int i = 0; i < l->n; i++) {
		pieces += l->axis[i].dim == d;
		*last = l->axis[i].dim == d ? i : *last;
	}
	*div = 1;
	if (pieces == 0)
		return LAYOUT_NO_DIM;
	for (const struct chip_axis *a; (a = piece_at(l, d, *div)); used++) {
		*last = (int)(a - l->axis);
		if (a->mod == 0)
			return used + 1 == pieces ? LAYOUT_WHOLE : LAYOUT_TWICE;
		if (a->mod == 1)
			return LAYOUT_TWICE;
		*div *= a->mod;
	}
	return used == pieces ? LAYOUT_NO_REST : LAYOUT_GAP;
}
