/* show.c: what a program around the generated code of digits.net looks like.
 *
 *	show IMAGES.npy LABELS.npy INDEX     draw an image, classify it, show the scores
 *	show IMAGES.npy LABELS.npy all       classify every image, print the accuracy
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "digits.h"

enum { PIXELS = 64, CLASSES = 10, MAX_IMAGES = 2000 };

static int8_t images[MAX_IMAGES][PIXELS];
static int8_t labels[MAX_IMAGES];
static digits_arena arena; /* the network's working memory */

/* The elements of an .npy file of one-byte integers, at most SIZE bytes; how many there were. */
static size_t
load(const char *path, void *data, size_t size)
{
	unsigned char head[10];
	FILE *f = fopen(path, "rb");
	size_t n = 0;

	if (f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, "\x93NUMPY\x01", 7) == 0 &&
	    fseek(f, 10L + head[8] + 256L * head[9], SEEK_SET) == 0)
		n = fread(data, 1, size, f);
	if (f)
		fclose(f);
	if (n == 0) {
		fprintf(stderr, "show: cannot read '%s'\n", path);
		exit(EXIT_FAILURE);
	}
	return n;
}

/* The class with the best score; scores are i8 with scale 1/256 and zero point -128. */
static int
classify(const int8_t *image, int8_t scores[CLASSES])
{
	int best = 0;

	if (digits_run(image, scores, &arena) != 0)
		abort();
	for (int c = 1; c < CLASSES; c++)
		if (scores[c] > scores[best])
			best = c;
	return best;
}

static void
show_one(int i)
{
	static const char shade[] = " .:-=+*#%@";
	int8_t scores[CLASSES];
	int best = classify(images[i], scores);

	printf("\nImage %d, a handwritten %d:\n\n", i, labels[i]);
	for (int y = 0; y < 8; y++) {
		printf("    ");
		for (int x = 0; x < 8; x++) {
			char c = shade[images[i][y * 8 + x] * 9 / 16];
			printf("%c%c", c, c);
		}
		printf("\n");
	}
	printf("\nThe network says:\n\n");
	for (int c = 0; c < CLASSES; c++) {
		int q = scores[c] + 128;

		printf("  %c %d  %5.1f %%  ", c == best ? '>' : ' ', c, (double)q * 100 / 256);
		for (int k = 0; k < q / 8; k++)
			printf("#");
		printf("\n");
	}
}

static int
show_all(int count)
{
	int right = 0;
	int8_t scores[CLASSES];

	for (int i = 0; i < count; i++)
		right += classify(images[i], scores) == labels[i];
	printf("%d of %d held-back images right (%.1f %%)\n", right, count, 100.0 * right / count);
	return right;
}

int
main(int argc, char *argv[])
{
	int count, i;

	if (argc != 4) {
		fprintf(stderr, "usage: show IMAGES.npy LABELS.npy INDEX|all\n");
		return 2;
	}
	count = (int)(load(argv[1], images, sizeof images) / PIXELS);
	if ((size_t)count != load(argv[2], labels, sizeof labels)) {
		fprintf(stderr, "show: '%s' and '%s' differ in length\n", argv[1], argv[2]);
		return EXIT_FAILURE;
	}
	if (strcmp(argv[3], "all") == 0)
		return show_all(count) > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	i = atoi(argv[3]);
	if (i < 0 || i >= count) {
		fprintf(stderr, "show: there are images 0 to %d\n", count - 1);
		return EXIT_FAILURE;
	}
	show_one(i);
	return EXIT_SUCCESS;
}
