/* "did you mean": the optimal string alignment distance (insertions, deletions, substitutions
 * and swaps of neighbours), without regard to case. */
#include <config.h>
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include "support/diag.h"

enum { WORD_MAX = 64 }; /* longer words are no typing mistakes of a name */

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static int
lower(char c)
{
	return tolower((unsigned char)c);
}

/* row[i][j]: the distance between the first i bytes of A and the first j of B; three rows are
 * live. */
static int
distance(const char *a, int na, const char *b, int nb)
{
	int rows[3][WORD_MAX + 1], *above2 = rows[0], *above = rows[1], *row = rows[2], *spare;

	for (int j = 0; j <= nb; j++)
		row[j] = j;
	for (int i = 1; i <= na; i++) {
		spare = above2;
		above2 = above;
		above = row;
		row = spare;
		row[0] = i;
		for (int j = 1; j <= nb; j++) {
			int same = lower(a[i - 1]) == lower(b[j - 1]);

			row[j] = least(above[j - 1] + !same, least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = least(row[j], above2[j - 2] + 1);
		}
	}
	return row[nb];
}

const char *
diag_suggest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strnlen(word, WORD_MAX + 1);
	int most = len < 6 ? 1 : (int)len / 3, best = INT_MAX;
	const char *found = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = strnlen(candidates[i], WORD_MAX + 1);
		int d;

		if (other > WORD_MAX || other > len + (size_t)most || len > other + (size_t)most)
			continue;
		d = distance(word, (int)len, candidates[i], (int)other);
		/* as far apart as the longer is long: nothing in common */
		if (d > most || d >= (int)(len > other ? len : other))
			continue;
		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}
