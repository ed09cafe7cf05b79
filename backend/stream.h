/* The parts of row streaming; private to stream.c (which calls can be stages, and the chains) and stream_choose.c (which calls become chains). */
#ifndef BACKEND_STREAM_H
#define BACKEND_STREAM_H
#include "backend/plan.h"

/* Whether C computes rows of its result from rows of what it reads. */
bool stream_takes(const struct call *c);
/* The COUNT calls from FIRST on as a chain, each computing at most BAND rows at once; NULL: they are none.  What the chain keeps has no
 * buffers yet, and the calls stay as they are. */
struct stream *stream_make(struct arena *, struct call *const *first, int count, int32_t band);
/* The bytes of the windows of rows. */
int64_t stream_window_bytes(const struct stream *);
/* Puts the chain into the program, in the place of its calls, the first of which comes behind BEFORE (NULL: is the first of all). */
void stream_insert(struct program *, struct stream *, struct call *before);

/* stream_strips.c: the strip of columns that C is part of, from 1 on; 0: of none.  Moves the calls that put strips in place behind the
 * strips. */
int stream_strip_of(const struct call *c);
void stream_paste(struct program *);

/* stream_alias.c: gives results that lie in what they are computed from buffers of their own, and back to those whose calls are in no chain. */
struct pair { const struct call *call; struct buffer *input, *result; };
struct parted { ARRAY(struct pair) of; };
void stream_part(struct program *, struct parted *);
void stream_rejoin(struct program *, const struct parted *);
#endif
