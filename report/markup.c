#include <config.h>
#include <inttypes.h>
#include <string.h>
#include "report/markup.h"
#include "runtime/embedded.h"
#include "support/diag_show.h"

static void
put_bytes(FILE *f, const char *s, size_t len)
{
	while (len > 0) {
		size_t plain = 0;

		while (plain < len && !strchr("&<>\"'", s[plain]))
			plain++;
		show_text(f, s, plain);
		if (plain < len)
			fprintf(f, "&#%d;", s[plain++]);
		s += plain;
		len -= plain;
	}
}

void
markup_text(FILE *f, const char *s)
{
	put_bytes(f, s, strlen(s));
}

/* How many bytes the first N characters of S take. */
static size_t
characters(const char *s, int n)
{
	size_t i = 0;

	for (; s[i]; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 && n-- == 0)
			break;
	return i;
}

void
markup_short(FILE *f, const char *s, int width)
{
	size_t len = strlen(s);
	int count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	if (count <= width) {
		markup_text(f, s);
		return;
	}
	put_bytes(f, s, characters(s, width / 2));
	fputs("\xe2\x80\xa6", f);
	markup_text(f, s + characters(s, count - (width - 1 - width / 2)));
}

void
markup_count(FILE *f, int64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%" PRId64, n);

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			putc(',', f);
		putc(digits[i], f);
	}
}

void
markup_embed(FILE *f, const char *file)
{
	const struct embedded *e = embedded_find_in(page_files, file);

	for (const char *const *line = e->lines; *line; line++)
		fputs(*line, f);
}
