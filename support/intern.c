/* Names and maps from names, both open-addressed tables with linear probing whose size is a
 * power of two and which are at most two thirds full.  Old tables stay in the arena. */
#include <config.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "support/intern.h"

enum { FIRST_SIZE = 16 };

struct intern {
	struct arena *arena;
	struct intern_slot {
		uint64_t hash;
		size_t len;
		name name; /* NULL: free */
	} *slots;
	size_t size, used;
};

struct map {
	struct arena *arena;
	struct map_slot {
		name key; /* NULL: free */
		void *value;
	} *slots;
	size_t size, used;
};

uint64_t
hash_bytes(const void *bytes, size_t len)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h;
}

/* The low bits of a product depend on the low bits of its factors only: mix the high ones in. */
static size_t
first_slot(uint64_t hash, size_t size)
{
	hash *= 0x9e3779b97f4a7c15;
	return (size_t)(hash >> 32 ^ hash >> 7) & (size - 1);
}

struct intern *
intern_new(struct arena *a)
{
	struct intern *t = ARENA_NEW(a, struct intern);

	t->arena = a;
	t->size = FIRST_SIZE;
	t->slots = ARENA_ARRAY(a, struct intern_slot, t->size);
	return t;
}

/* The slot that holds S, or the free one where it belongs. */
static struct intern_slot *
intern_slot(const struct intern *t, uint64_t hash, const char *s, size_t len)
{
	size_t i = first_slot(hash, t->size);

	for (;; i = (i + 1) & (t->size - 1)) {
		struct intern_slot *slot = &t->slots[i];

		if (!slot->name)
			return slot;
		if (slot->hash == hash && slot->len == len && memcmp(slot->name, s, len) == 0)
			return slot;
	}
}

static void
intern_grow(struct intern *t)
{
	struct intern old = *t;

	t->size *= 2;
	t->slots = ARENA_ARRAY(t->arena, struct intern_slot, t->size);
	for (size_t i = 0; i < old.size; i++) {
		const struct intern_slot *slot = &old.slots[i];

		if (slot->name)
			*intern_slot(t, slot->hash, slot->name, slot->len) = *slot;
	}
}

name
intern_n(struct intern *t, const char *s, size_t len)
{
	uint64_t hash = hash_bytes(s, len);
	struct intern_slot *slot = intern_slot(t, hash, s, len);

	if (slot->name)
		return slot->name;
	if (t->used + 1 > t->size / 3 * 2) {
		intern_grow(t);
		slot = intern_slot(t, hash, s, len);
	}
	t->used++;
	*slot = (struct intern_slot){ hash, len, arena_strndup(t->arena, s, len) };
	return slot->name;
}

name
intern(struct intern *t, const char *s)
{
	return intern_n(t, s, strlen(s));
}

name
intern_printf(struct intern *t, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	name result;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof small)
		return intern_n(t, small, (size_t)n);
	va_start(ap, fmt);
	result = intern(t, arena_vprintf(t->arena, fmt, ap));
	va_end(ap);
	return result;
}

struct map *
map_new(struct arena *a)
{
	struct map *m = ARENA_NEW(a, struct map);

	m->arena = a;
	m->size = FIRST_SIZE;
	m->slots = ARENA_ARRAY(a, struct map_slot, m->size);
	return m;
}

static struct map_slot *
map_slot(const struct map *m, name key)
{
	size_t i = first_slot((uintptr_t)key, m->size);

	while (m->slots[i].key && m->slots[i].key != key)
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

void *
map_get(const struct map *m, name key)
{
	return map_slot(m, key)->value;
}

static void
map_grow(struct map *m)
{
	struct map old = *m;

	m->size *= 2;
	m->slots = ARENA_ARRAY(m->arena, struct map_slot, m->size);
	for (size_t i = 0; i < old.size; i++) {
		if (old.slots[i].key)
			*map_slot(m, old.slots[i].key) = old.slots[i];
	}
}

void
map_put(struct map *m, name key, void *value)
{
	struct map_slot *slot = map_slot(m, key);

	if (!slot->key) {
		if (m->used + 1 > m->size / 3 * 2) {
			map_grow(m);
			slot = map_slot(m, key);
		}
		m->used++;
		slot->key = key;
	}
	slot->value = value;
}
