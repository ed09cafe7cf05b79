/* Names of layers, from names that converters made of TensorFlow's:
 *
 *	model/activation/Relu;model/batch_normalization/FusedBatchNormV3;model/conv2d/BiasAdd;model/conv2d/Conv2D1
 *
 * Operations that were fused are joined by ';', the one that means the layer is found by how TensorFlow calls its operation.
 * Of its path, what all layers have in front and the operation behind are dropped: "conv2d". */
#include <config.h>
#include <ctype.h>
#include <string.h>
#include "import/tflite.h"

struct piece { const char *at; size_t n; };

/* Names that converters give where there is none. */
static const char *const nothing[] = { "Identity", "StatefulPartitionedCall", "PartitionedCall", "serving_default" };

const char *
tfl_printable(struct arena *a, const char *text, size_t len)
{
	enum { SHOWN = 1000 };
	char *s = arena_strndup(a, text, len < SHOWN ? len : SHOWN);

	for (size_t i = 0; i < len && i < SHOWN; i++)
		if (!isprint((unsigned char)s[i]))
			s[i] = '?';
	return s;
}

static bool
begins(struct piece p, const char *word, size_t len)
{
	return p.n >= len && memcmp(p.at, word, len) == 0;
}

/* The part of S behind its last '/'. */
static struct piece
last_part(struct piece s)
{
	size_t n = 0;

	while (n < s.n && s.at[s.n - n - 1] != '/')
		n++;
	return (struct piece){ s.at + s.n - n, n };
}

/* S without its last part. */
static struct piece
parent(struct piece s)
{
	size_t n = last_part(s).n;

	return (struct piece){ s.at, n == s.n ? 0 : s.n - n - 1 };
}

/* Whether P begins with one of the words of HINT, which '|' separates. */
static bool
hinted(struct piece p, const char *hint)
{
	for (size_t n; *hint; hint += n + (hint[n] == '|')) {
		n = strcspn(hint, "|");
		if (begins(p, hint, n))
			return true;
	}
	return false;
}

/* Of the operations that ';' separates in RAW the last one whose last part begins with WORD (of LEN bytes): layers before it are those
 * with which it shares a constant.  n 0: none. */
static struct piece
operation(const char *raw, const char *word, size_t len)
{
	struct piece found = { raw, 0 };

	for (const char *s = raw; *s; s += *s == ';') {
		struct piece p = { s, strcspn(s, ";") };

		if (begins(last_part(p), word, len))
			found = p;
		s += p.n;
	}
	return found;
}

/* The operation in RAW that HINT's first possible word finds, else the first one. */
static struct piece
main_operation(const char *raw, const char *hint)
{
	for (size_t n; *hint; hint += n + (hint[n] == '|')) {
		n = strcspn(hint, "|");
		struct piece p = operation(raw, hint, n);
		if (p.n)
			return p;
	}
	return (struct piece){ raw, strcspn(raw, ";") };
}

/* P without what converters append: ":0" of a tensor's number, "_int8". */
static struct piece
without_ending(struct piece p)
{
	size_t n = p.n;

	while (n > 0 && isdigit((unsigned char)p.at[n - 1]))
		n--;
	if (n > 0 && n < p.n && p.at[n - 1] == ':')
		p.n = n - 1;
	if (p.n > 5 && memcmp(p.at + p.n - 5, "_int8", 5) == 0)
		p.n -= 5;
	return p;
}

static bool
says_nothing(struct piece p)
{
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		if (begins(p, nothing[i], strlen(nothing[i])) && !memchr(p.at, '/', p.n))
			return true;
	return p.n == 0;
}

static int
count_parts(struct piece p)
{
	int n = 1;

	for (size_t i = 0; i < p.n; i++)
		n += p.at[i] == '/';
	return n;
}

/* The bytes of P's first N parts, '/' behind them included. */
static size_t
first_parts(struct piece p, int n)
{
	size_t i = 0;

	for (; n > 0 && i < p.n; i++)
		n -= p.at[i] == '/';
	return i;
}

void
tfl_name_prefix(struct tfl *t, const char *const *results, size_t n)
{
	struct piece common = { 0 };
	int parts = 0;

	for (size_t i = 0; i < n; i++) {
		struct piece p = { results[i], strcspn(results[i], ";") };
		int most = count_parts(p) - 2; /* the layer and its operation stay */

		if (most < 0)
			continue;
		if (!common.at) {
			common = p;
			parts = most;
		}
		parts = parts < most ? parts : most;
		while (parts > 0 && !begins(p, common.at, first_parts(common, parts)))
			parts--;
	}
	t->prefix = parts;
}

const char *
tfl_layer_name(struct tfl *t, const char *raw, const char *hint, const char *fallback)
{
	struct piece p = without_ending(main_operation(raw, hint));

	if (says_nothing(p))
		return fallback;
	if (count_parts(p) > t->prefix) {
		size_t skip = first_parts(p, t->prefix);
		p = (struct piece){ p.at + skip, p.n - skip };
	}
	while (count_parts(p) > 1 && (isupper((unsigned char)*last_part(p).at) || hinted(last_part(p), hint)))
		p = parent(p);
	return arena_strndup(t->m->arena, p.at, p.n);
}

const char *
tfl_io_name(struct tfl *t, const char *raw)
{
	static const char serving[] = "serving_default_";
	struct piece p = without_ending((struct piece){ raw, strcspn(raw, ";") });

	if (begins(p, serving, sizeof serving - 1))
		p = (struct piece){ p.at + sizeof serving - 1, p.n - sizeof serving + 1 };
	return says_nothing(p) ? "" : arena_strndup(t->m->arena, p.at, p.n);
}
