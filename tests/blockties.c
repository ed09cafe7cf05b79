/* Results of a chip's register block at every threshold of the requantisation: sums at, just below and just above each tie, for many
 * multipliers and all shifts, with and without a lower limit at the zero point, against runtime/nn_requant.h.  Compiled by tests/blocks.sh with
 *   -DHEADER="x86-64-v3.h" -DBLOCK=x86_64_v3_block -DCHANNELS=16 [-DRUNS=1]
 * The values of the windows are 0, so that a sum is its bias. */
#include <stdio.h>
#include "nn_requant.h"
#include HEADER

enum { IN = 16 };
struct limits { int32_t zero, lo, hi; };

static const struct limits limits[] = { { 0, -128, 127 }, { -128, -128, 127 }, { 5, 5, 90 }, { 17, -100, 127 } };
static long wrong, tried;

static void
try(const int32_t *sum, int32_t multiplier, int32_t shift, const struct limits *l)
{
	static const int16_t x[IN];
	static const int8_t w[CHANNELS * IN];
	int32_t multipliers[CHANNELS];
	int8_t shifts[CHANNELS], y[CHANNELS];

	for (int i = 0; i < CHANNELS; i++) {
		multipliers[i] = multiplier;
		shifts[i] = (int8_t)shift;
	}
#if RUNS + 0
	BLOCK(y, CHANNELS, (const int8_t *)x, IN, 0, w, 0, sum, 1, IN, multipliers, shifts, l->zero, l->lo, l->hi, 1, CHANNELS);
#else
	BLOCK(y, CHANNELS, x, IN, w, sum, IN, multipliers, shifts, l->zero, l->lo, l->hi, 1, CHANNELS);
#endif
	for (int i = 0; i < CHANNELS; i++, tried++)
		if (y[i] != nn_requant_i8(sum[i], multiplier, shift, l->zero, l->lo, l->hi) && wrong++ < 10)
			printf("# sum %ld multiplier %ld shift %ld zero %ld: %d\n", (long)sum[i], (long)multiplier, (long)shift, (long)l->zero, y[i]);
}

/* The sums around the place where sum * multiplier * 2^(shift - 31) is V + 1/2. */
static void
around(int32_t v, int32_t multiplier, int32_t shift, const struct limits *l)
{
	const double at = (v + 0.5) * 2147483648.0 / multiplier * (double)((int64_t)1 << -(shift < 0 ? shift : 0)) / (double)((int64_t)1 << (shift > 0 ? shift : 0));
	int32_t sum[CHANNELS];

	if (at < -1e9 || at > 1e9)
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
		for (int32_t shift = -31; shift <= 4; shift++)
			for (size_t l = 0; l < sizeof limits / sizeof *limits; l++)
				for (int32_t v = -258; v <= 258; v++)
					around(v, multipliers[m], shift, &limits[l]);
	printf("# %ld results, %ld wrong\n", tried, wrong);
	return wrong != 0 || tried == 0;
}
