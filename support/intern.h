/* Interned identifiers: equal text is one pointer, so names are compared with ==. */
#ifndef SUPPORT_INTERN_H
#define SUPPORT_INTERN_H
#include <stddef.h>
#include <stdint.h>
#include "support/arena.h"

typedef const char *name;

struct intern;
struct intern *intern_new(struct arena *);
/* The one copy of the LEN bytes at S, NUL-terminated, owned by the arena. */
name intern_n(struct intern *, const char *s, size_t len);
name intern(struct intern *, const char *s);
name intern_printf(struct intern *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* 64-bit FNV-1a of LEN bytes. */
uint64_t hash_bytes(const void *, size_t len);

/* A map from names to pointers (one per key); lookups cost O(1). */
struct map;
struct map *map_new(struct arena *);
void *map_get(const struct map *, name key); /* NULL: absent */
void map_put(struct map *, name key, void *value);
#endif
