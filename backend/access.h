/* How many bytes of its operands a call reads and writes, for the choice of memories. */
#ifndef BACKEND_ACCESS_H
#define BACKEND_ACCESS_H
#include "backend/program.h"

struct access { double reads, writes; /* bytes in an inference */ };

/* By buffer id, of all calls of the program, those of chains for all their bands. */
struct access *access_count(const struct program *, struct arena *);
#endif
