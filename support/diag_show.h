/* How diag.c prints text that came from outside: never a control character or broken UTF-8. */
#ifndef SUPPORT_DIAG_SHOW_H
#define SUPPORT_DIAG_SHOW_H
#include "support/diag.h"

/* LEN bytes with '?' for each control character and each byte that is not UTF-8. */
void show_text(FILE *, const char *, size_t len);
/* The source line number LINE, which starts at offset BOL of S, and the marks under [start, end)
 * (offsets in S too, start on that line):
 *
 *	   12 |     h = conv2d(mfcc, out = 64, kernal = 10x4);
 *	      |                                ^~~~~~
 */
void show_line(const struct diag *, const struct source *s, int line, size_t bol, size_t start, size_t end);
#endif
