/* What one core can multiply at most, measured: peak i8|f32 prints millions of multiply-accumulates a millisecond.  Of the vector instructions that this program is
 * compiled for (-march), the one that multiplies most at once of that type, on twelve sums in turn, so that none waits for another. */
#include <stdint.h>
#include <string.h>
#include <immintrin.h>
#include "timing.h"

enum { TURNS = 20000, TRIES = 200 };

#define EACH(op, reg) \
	op " %1, %2, %%" reg "0\n\t" op " %1, %2, %%" reg "1\n\t" op " %1, %2, %%" reg "2\n\t" op " %1, %2, %%" reg "3\n\t" \
	op " %1, %2, %%" reg "4\n\t" op " %1, %2, %%" reg "5\n\t" op " %1, %2, %%" reg "6\n\t" op " %1, %2, %%" reg "7\n\t" \
	op " %1, %2, %%" reg "8\n\t" op " %1, %2, %%" reg "9\n\t" op " %1, %2, %%" reg "10\n\t" op " %1, %2, %%" reg "11\n\t"
#define CLOBBERED "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11"
/* TURNS times twelve instructions of MACS multiply-accumulates each. */
#define LOOP(op, reg, vector, zero) do { \
	vector a = zero, b = zero; \
	long n = TURNS; \
	__asm volatile("1:\n\t" EACH(op, reg) "dec %0\n\tjnz 1b" : "+r"(n) : "x"(a), "x"(b) : CLOBBERED, "cc"); \
} while (0)

static int
turn(int real)
{
#if defined(__AVX512F__)
	if (real) {
		LOOP("vfmadd231ps", "zmm", __m512, _mm512_setzero_ps());
		return 16;
	}
#else
	if (real) {
		LOOP("vfmadd231ps", "ymm", __m256, _mm256_setzero_ps());
		return 8;
	}
#endif
#if defined(__AVX512VNNI__)
	LOOP("vpdpbusd", "zmm", __m512i, _mm512_setzero_si512());
	return 64;
#else
	LOOP("vpmaddwd", "ymm", __m256i, _mm256_setzero_si256()); /* of what is widened: u8 by s8 saturates */
	return 16;
#endif
}

int
main(int argc, char *argv[])
{
	double least = 0;
	int macs = 0;

	for (int i = 0; i < TRIES; i++) {
		const double start = timing_now();

		macs = turn(argc > 1 && strcmp(argv[1], "f32") == 0);
		const double took = timing_now() - start;
		least = i == 0 || took < least ? took : least;
	}
	(void)timing_print;
	printf("%.3f\n", (double)TURNS * 12 * macs / least / 1e6);
	return EXIT_SUCCESS;
}
