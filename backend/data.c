/* Constants as C text.
 *
 * This is where the time goes when a network has 100 MB of weights, so values are formatted by hand
 * into a block that is written in one piece.  Floats are printed by way of double arithmetic: a
 * double carries 53 bits and nine decimal digits need 30, so scaling by a power of ten leaves an error
 * of about 2^-21 units of the ninth digit; every digit string is checked to lie clearly nearer to the
 * float than to its neighbours before it is taken. */
#include <config.h>
#include <math.h>
#include <string.h>
#include "backend/emit.h"

enum { BLOCK = 1 << 16, WIDTH = 100, TAB = 8 /* columns */ };

/* Exact up to 1e22, correctly rounded beyond. */
static const double power[] = {
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
	1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31, 1e32, 1e33,
	1e34, 1e35, 1e36, 1e37, 1e38, 1e39, 1e40, 1e41, 1e42, 1e43, 1e44, 1e45, 1e46, 1e47, 1e48, 1e49,
	1e50, 1e51, 1e52, 1e53, 1e54
};

static double
scale10(double x, int e)
{
	return e >= 0 ? x * power[e] : x / power[-e];
}

static char *
put_uint(char *p, uint32_t u)
{
	int n = 1;

	for (uint32_t v = u; v >= 10; v /= 10)
		n++;
	for (int i = n; i-- > 0; u /= 10)
		p[i] = (char)('0' + u % 10);
	return p + n;
}

static char *
put_int(char *p, int32_t v)
{
	if (v == INT32_MIN) { /* -2147483648 is the negation of a literal that no int32_t holds */
		memcpy(p, "INT32_MIN", 9);
		return p + 9;
	}
	if (v < 0)
		*p++ = '-';
	return put_uint(p, (uint32_t)(v < 0 ? -v : v));
}

/* 2^e, which is a normal double. */
static double
power2(int e)
{
	uint64_t bits = (uint64_t)(1023 + e) << 52;
	double d;

	memcpy(&d, &bits, sizeof d);
	return d;
}

/* floor(log10(x)) of a positive finite x; BITS are the float's. */
static int
exponent10(double x, uint32_t bits)
{
	int e2 = (int)(bits >> 23 & 0xff) - 127, e;

	if (e2 == -127)
		e = x < 1e-44 ? -45 : -44;
	else
		e = e2 * 1233 / 4096 - (e2 < 0); /* log10(2) = 0.30103 */
	/* x / 10^e is nowhere so near to 1 or 10, but equal, that its rounding could matter. */
	while (scale10(x, -e) >= 10)
		e++;
	while (scale10(x, -e) < 1)
		e--;
	return e;
}

/* D * 10^(e - n + 1): D of seven to nine digits, the fewest that are clearly nearer to X than to any
 * other float.  Returns D without trailing zeros; *n digits, *e the exponent of the first. */
static uint32_t
shortest(double x, uint32_t bits, int *n, int *e)
{
	uint32_t exponent = bits >> 23 & 0xff, d = 0;
	/* Half the distance to the nearer neighbour: below a power of two it is half as far. */
	double half = power2((int)(exponent ? exponent : 1) - 127 - 24 - ((bits & 0x7fffff) == 0 && exponent > 1));
	double safe = half * (1 - 0x1p-20);

	*e = exponent10(x, bits);
	for (*n = 7; *n <= 9; ++*n) {
		d = (uint32_t)(scale10(x, *n - 1 - *e) + 0.5);
		if (*n == 9 || fabs(scale10(d, *e - *n + 1) - x) < safe)
			break;
	}
	if (d == (uint32_t)power[*n]) { /* 9999999.6 became 10000000 */
		d /= 10;
		++*e;
	}
	while (d % 10 == 0) {
		d /= 10;
		--*n;
	}
	return d;
}

/* N digits of D, with a point after POINT of them and zeros where it lies outside. */
static char *
put_decimal(char *p, uint32_t d, int n, int point)
{
	char digits[10];

	put_uint(digits, d);
	if (point <= 0) {
		*p++ = '0';
		*p++ = '.';
		for (; point < 0; point++)
			*p++ = '0';
		memcpy(p, digits, (size_t)n);
		return p + n;
	}
	for (int i = 0; i < n || i < point; i++) {
		if (i == point)
			*p++ = '.';
		*p++ = i < n ? digits[i] : '0';
	}
	if (n <= point) {
		*p++ = '.';
		*p++ = '0';
	}
	return p;
}

static char *
put_float(char *p, float f)
{
	uint32_t bits, d;
	int n, e;

	memcpy(&bits, &f, sizeof bits);
	if (isnan(f)) {
		memcpy(p, "NAN", 3);
		return p + 3;
	}
	if (bits >> 31)
		*p++ = '-';
	bits &= 0x7fffffff;
	if (bits == 0x7f800000) {
		memcpy(p, "INFINITY", 8);
		return p + 8;
	}
	if (bits == 0) {
		memcpy(p, "0.0f", 4);
		return p + 4;
	}
	d = shortest(fabs((double)f), bits, &n, &e);
	if (e >= -4 && e <= 8) {
		p = put_decimal(p, d, n, e + 1);
	} else {
		p = put_decimal(p, d, n, 1);
		*p++ = 'e';
		p = put_int(p, e);
	}
	*p++ = 'f';
	return p;
}

int
data_float(char *buf, float f)
{
	char *end = put_float(buf, f);

	*end = '\0';
	return (int)(end - buf);
}

int
data_int(char *buf, int32_t v)
{
	char *end = put_int(buf, v);

	*end = '\0';
	return (int)(end - buf);
}

bool
data_needs_math(enum dtype t, int64_t count, const void *data)
{
	const float *f = data;

	if (t != DT_F32)
		return false;
	for (int64_t i = 0; i < count; i++)
		if (!isfinite(f[i]))
			return true;
	return false;
}

static char *
put_value(char *p, enum dtype t, const void *data, int64_t i)
{
	switch (t) {
	case DT_F32: return put_float(p, ((const float *)data)[i]);
	case DT_I8:  return put_int(p, ((const int8_t *)data)[i]);
	case DT_I16: return put_int(p, ((const int16_t *)data)[i]);
	case DT_I32: return put_int(p, ((const int32_t *)data)[i]);
	case DT_COUNT: break;
	}
	return p;
}

/* The texts of all i8 values, which are most of all constants. */
struct byte_text {
	char text[7];
	unsigned char n;
};

static void
make_byte_texts(struct byte_text table[256])
{
	for (int v = INT8_MIN; v <= INT8_MAX; v++) {
		struct byte_text *b = &table[(uint8_t)v];

		b->n = (unsigned char)(put_int(b->text, v) - b->text);
	}
}

void
data_values(FILE *out, enum dtype t, int64_t count, const void *data)
{
	struct byte_text bytes[256] = { 0 };
	char block[BLOCK], value[DATA_VALUE] = "", *p = block;
	bool table = t == DT_I8 && count >= 256; /* else it costs more than it saves */
	int column = WIDTH; /* where the next value would begin */

	if (table)
		make_byte_texts(bytes);
	for (int64_t i = 0; i < count; i++) {
		const struct byte_text *b = &bytes[table ? ((const uint8_t *)data)[i] : 0];
		const char *text = table ? b->text : value;
		int n = table ? b->n : (int)(put_value(value, t, data, i) - value);

		if (column + 1 + n + 1 > WIDTH) { /* blank, value, comma */
			if (i > 0)
				*p++ = '\n';
			*p++ = '\t';
			column = TAB;
		} else {
			*p++ = ' ';
			column++;
		}
		memcpy(p, text, (size_t)n);
		p += n;
		if (i + 1 < count)
			*p++ = ',';
		column += n + 1;
		if (p > block + BLOCK - 2 * DATA_VALUE) {
			fwrite(block, 1, (size_t)(p - block), out);
			p = block;
		}
	}
	if (count > 0)
		*p++ = '\n';
	fwrite(block, 1, (size_t)(p - block), out);
}
