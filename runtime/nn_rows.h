#ifndef NN_ROWS_H
#define NN_ROWS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A map that is computed some rows at a time: HEIGHT rows, of which those up to END are there.  ROOM of them have storage, in which row FIRST
 * is the first; with less room than height those that nothing reads any more give way.  STAGE computes it; -1: it is there from the beginning. */
struct nn_rows {
	size_t at, bytes;  /* where it lies in the arena, and the bytes of a row; of one with room for all neither is used */
	int32_t height, room, stage, first, end;
};

/* What computes BAND rows of map Y at once.  Row r of it and those after in the band read of each of the maps X the rows from r * stride -
 * pad on, SPAN of them; those outside of the map are padding.  x below 0: no such map. */
struct nn_stage {
	int32_t y, band;
	struct { int32_t x, stride, pad, span; } read[2];
};

/* Some rows: the first, counted from the beginning of the storage, how many, and how many of padding go before. */
struct nn_band {
	int32_t row, rows, pad;
};

static inline int32_t
nn_rows_min(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

/* A stage whose result stage S waits for, or -1: what it reads is there. */
static inline int32_t
nn_rows_awaited(const struct nn_stage *s, const struct nn_rows *rows)
{
	for (int32_t k = 0; k < 2 && s->read[k].x >= 0; k++) {
		const struct nn_rows *x = &rows[s->read[k].x];
		const int32_t first = rows[s->y].end * s->read[k].stride - s->read[k].pad;
		if (x->end < nn_rows_min(first + s->read[k].span, x->height))
			return x->stage;
	}
	return -1;
}

/* The stage that is to run next, of which the last of COUNT computes what all is for: that one, or what it waits for; -1: it is done. */
static inline int32_t
nn_rows_next(const struct nn_stage *stages, int32_t count, const struct nn_rows *rows)
{
	int32_t next = count - 1, awaited;
	if (rows[stages[next].y].end >= rows[stages[next].y].height)
		return -1;
	while ((awaited = nn_rows_awaited(&stages[next], rows)) >= 0)
		next = awaited;
	return next;
}

/* The first row of map M that a stage is still to read. */
static inline int32_t
nn_rows_needed(const struct nn_stage *stages, int32_t count, const struct nn_rows *rows, int32_t m)
{
	int32_t needed = rows[m].end;
	for (int32_t s = 0; s < count; s++)
		for (int32_t k = 0; k < 2; k++)
			if (stages[s].read[k].x == m && rows[stages[s].y].end < rows[stages[s].y].height)
				needed = nn_rows_min(needed, rows[stages[s].y].end * stages[s].read[k].stride - stages[s].read[k].pad);
	return needed > 0 ? needed : 0;
}

/* Where the next band of stage S's map goes, as rows from the beginning of its storage: at the end of those there, which are moved up over those
 * that are read no more when there is no room. */
static inline int32_t
nn_rows_make_room(const struct nn_stage *stages, int32_t count, struct nn_rows *rows, int32_t s, unsigned char *ram)
{
	struct nn_rows *y = &rows[stages[s].y];
	if (y->end + stages[s].band - y->first > y->room) {
		const int32_t needed = nn_rows_needed(stages, count, rows, stages[s].y);
		memmove(ram + y->at, ram + y->at + (size_t)(needed - y->first) * y->bytes, (size_t)(y->end - needed) * y->bytes);
		y->first = needed;
	}
	return y->end - y->first;
}

/* The rows of its K-th map that stage S reads now; none if it has no such map. */
static inline struct nn_band
nn_rows_read(const struct nn_stage *s, int32_t k, const struct nn_rows *rows)
{
	struct nn_band b = { 0, 0, 0 };
	if (s->read[k].x >= 0) {
		const struct nn_rows *x = &rows[s->read[k].x];
		const int32_t origin = rows[s->y].end * s->read[k].stride - s->read[k].pad;
		const int32_t first = nn_rows_min(origin > 0 ? origin : 0, x->height), end = nn_rows_min(origin + s->read[k].span, x->height);
		if (first < end) {
			b.row = first - x->first;
			b.rows = end - first;
			b.pad = first - origin;
		}
	}
	return b;
}

#endif
