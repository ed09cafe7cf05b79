/* Values out of a path and a seed; weights.h has the formulas. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "weights/weights.h"

static const uint64_t STEP = 0x9e3779b97f4a7c15;

static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t
make_key(uint64_t seed, const char *path)
{
	return mix(seed + STEP) ^ hash_bytes(path, strlen(path));
}

static uint64_t
bits(uint64_t key, int64_t i)
{
	return mix(key + ((uint64_t)i + 1) * STEP);
}

/* [0, 1) in steps of 2^-24, so exact in f32 */
static double
fraction(uint64_t key, int64_t i)
{
	return (double)(bits(key, i) >> 40) / 16777216.0;
}

/* lo .. lo + k - 1 */
static int32_t
uniform(uint64_t key, int64_t i, int64_t lo, uint64_t k)
{
	return (int32_t)(lo + (int64_t)((bits(key, i) >> 32) * k >> 32));
}

static double
spread(int64_t fan_in)
{
	return sqrt(3.0 / (double)(fan_in > 0 ? fan_in : 1));
}

static void
fill_ints(enum dtype dtype, int64_t count, uint64_t key, int64_t lo, uint64_t k, void *data)
{
	for (int64_t i = 0; i < count; i++) {
		int32_t v = uniform(key, i, lo, k);

		if (dtype == DT_I8)
			((int8_t *)data)[i] = (int8_t)v;
		else if (dtype == DT_I16)
			((int16_t *)data)[i] = (int16_t)v;
		else
			((int32_t *)data)[i] = v;
	}
}

static void
fill_floats(int64_t count, uint64_t key, double most, float *data)
{
	for (int64_t i = 0; i < count; i++)
		data[i] = (float)((2.0 * fraction(key, i) - 1.0) * most);
}

void
random_weights(enum dtype dtype, int64_t count, int64_t fan_in, uint64_t seed, const char *path, void *data)
{
	uint64_t key = make_key(seed, path);

	if (dtype == DT_F32)
		fill_floats(count, key, spread(fan_in), data);
	else if (dtype == DT_I8)
		fill_ints(dtype, count, key, -127, 255, data);
	else if (dtype == DT_I16)
		fill_ints(dtype, count, key, -32767, 65535, data);
	else
		fill_ints(dtype, count, key, -1024, 2048, data);
}

void
random_scales(int64_t count, int64_t fan_in, uint64_t seed, const char *path, float *scales)
{
	uint64_t key = make_key(seed, path);

	for (int64_t i = 0; i < count; i++)
		scales[i] = (float)(spread(fan_in) / 127.0 * (0.5 + fraction(key, i)));
}

void
random_inputs(enum dtype dtype, int64_t count, uint64_t seed, const char *path, void *data)
{
	uint64_t key = make_key(seed, path);

	if (dtype == DT_F32) {
		fill_floats(count, key, 1.0, data);
	} else {
		int64_t lo = dtype_info[dtype].lo;

		fill_ints(dtype, count, key, lo, (uint64_t)(dtype_info[dtype].hi - lo) + 1, data);
	}
}
