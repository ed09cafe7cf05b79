/* Results of a chip's register block at every threshold of the requantisation: sums at, just below and just above each tie, for many
 * multipliers and all shifts, with and without a lower limit at the zero point, against runtime/nn_requant.h.  Compiled by tests/blocks.sh with
 *   -DHEADER="x86-64-v3.h" -DBLOCK=x86_64_v3_block -DCHANNELS=16 -DFORM_block
 * or FORM_runs; or, of all channels, which takes sums of 24 bits and shifts to the right only,
 *   -DHEADER="cortex-m4.h" -DBLOCK=cortex_m4_all -DCHANNELS=7 -DFORM_all
 * The values of the windows are 0, so that a sum is its bias. */
#include <math.h>
#include <stdio.h>
#include "nn_requant.h"
#include HEADER

enum { IN = 16, ROWS = 2 };
#ifdef FORM_all
enum { SHIFT_LEAST = -23, SHIFT_MOST = -1, SUM_MOST = (1 << 23) - 1 };
#else
enum { SHIFT_LEAST = -31, SHIFT_MOST = 4, SUM_MOST = 1000000000 };
#endif
struct limits { int32_t zero, lo, hi; };

static const struct limits limits[] = { { 0, -128, 127 }, { -128, -128, 127 }, { 5, 5, 90 }, { 17, -100, 127 } };
static long wrong, tried;

#if defined(FORM_runs) && defined(__FMA__) /* else the block is plain C, which has no use for floats */
/* The same by floats of which nothing is proven: what is written down of them (chips/float_scaling.h) is what the block computes. */
static void
try_floats(const int32_t *sum, const int32_t *multipliers, const int8_t *shifts, const struct limits *l)
{
	static const int8_t x[IN], w[(CHANNELS + 1) * IN];
	float floats[3 * CHANNELS];
	int8_t y[CHANNELS];

	for (int i = 0; i < CHANNELS; i++) {
		floats[i] = (float)ldexp(multipliers[i] >> 7, shifts[i] - 24);
		floats[CHANNELS + i] = (float)ldexp(multipliers[i] & 127, shifts[i] - 31);
		floats[2 * CHANNELS + i] = 0.5f + (float)i / 256;
	}
	BLOCK(y, CHANNELS, x, IN, 0, w, 0, sum, 1, IN, multipliers, shifts, 1, floats, CHANNELS, l->zero, l->lo, l->hi, 1, CHANNELS);
	for (int i = 0; i < CHANNELS; i++, tried++) {
		const float s = (float)sum[i], small = fmaf(s, floats[CHANNELS + i], copysignf(floats[2 * CHANNELS + i], s));
		const int32_t whole = (int32_t)((double)s * (double)floats[i] + (double)small) + l->zero;

		if (y[i] != (whole < l->lo ? l->lo : whole > l->hi ? l->hi : whole) && wrong++ < 10)
			printf("# sum %ld of the floats %g %g, zero %ld: %d\n", (long)sum[i], (double)floats[i], (double)small, (long)l->zero, y[i]);
	}
}
#endif

static void
try(const int32_t *sum, int32_t multiplier, int32_t shift, const struct limits *l)
{
	static const int16_t x[ROWS * IN];
	static const int16_t w[(CHANNELS + 1) * IN];
	int32_t multipliers[CHANNELS];
	int8_t shifts[CHANNELS], y[ROWS * CHANNELS];
	int rows = 1;

	for (int i = 0; i < CHANNELS; i++) {
		multipliers[i] = multiplier;
		shifts[i] = (int8_t)shift;
	}
#ifdef FORM_all
	int16_t scratch[ROWS * IN];
	static int turn;

	rows = 1 + turn++ % ROWS;
	BLOCK(y, CHANNELS, x, IN, 1, IN, IN, w, sum, multipliers, shifts, scratch, rows, CHANNELS, l->zero, l->lo, l->hi);
#elif defined(FORM_runs)
	BLOCK(y, CHANNELS, (const int8_t *)x, IN, 0, (const int8_t *)w, 0, sum, 1, IN, multipliers, shifts, 0, NULL, 0, l->zero, l->lo, l->hi, 1, CHANNELS);
#else
	BLOCK(y, CHANNELS, x, IN, w, sum, IN, multipliers, shifts, l->zero, l->lo, l->hi, 1, CHANNELS);
#endif
#if defined(FORM_runs) && defined(__FMA__) /* else the block is plain C, which has no use for floats */
	try_floats(sum, multipliers, shifts, l);
#endif
	for (int i = 0; i < rows * CHANNELS; i++, tried++) {
		const int32_t s = sum[i % CHANNELS];

		if (y[i] != nn_requant_i8(s, multiplier, shift, l->zero, l->lo, l->hi) && wrong++ < 10)
			printf("# sum %ld multiplier %ld shift %ld zero %ld: %d\n", (long)s, (long)multiplier, (long)shift, (long)l->zero, y[i]);
	}
}

/* The sums around the place where sum * multiplier * 2^(shift - 31) is V + 1/2. */
static void
around(int32_t v, int32_t multiplier, int32_t shift, const struct limits *l)
{
	const double at = (v + 0.5) * 2147483648.0 / multiplier * (double)((int64_t)1 << -(shift < 0 ? shift : 0)) / (double)((int64_t)1 << (shift > 0 ? shift : 0));
	int32_t sum[CHANNELS];

	if (at < CHANNELS - SUM_MOST || at > SUM_MOST - CHANNELS)
		return;
	for (int i = 0; i < CHANNELS; i++)
		sum[i] = (int32_t)at + i - CHANNELS / 2;
	try(sum, multiplier, shift, l);
}

int
main(void)
{
	static const int32_t multipliers[] = { 1 << 30, (1 << 30) + 1, 3 << 29, 0x55555555, 0x66666666, 0x60000000, 0x70000000, 0x7fffffff, 1518500250, 1999999999 };

	for (size_t m = 0; m < sizeof multipliers / sizeof *multipliers; m++)
		for (int32_t shift = SHIFT_LEAST; shift <= SHIFT_MOST; shift++)
			for (size_t l = 0; l < sizeof limits / sizeof *limits; l++)
				for (int32_t v = -258; v <= 258; v++)
					around(v, multipliers[m], shift, &limits[l]);
	printf("# %ld results, %ld wrong\n", tried, wrong);
	return wrong != 0 || tried == 0;
}
