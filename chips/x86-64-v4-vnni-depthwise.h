/* Depthwise 3x3 convolutions for x86-64 processors with AVX-512 VNNI; chips/x86-64-v4-vnni.chip says what they take. */
#ifndef X86_64_V4_VNNI_DEPTHWISE_H
#define X86_64_V4_VNNI_DEPTHWISE_H
#include <stddef.h>
#include <string.h>
#include "x86-64-v4-vnni.h"

/* A layer: WI columns and HI rows of C channels to WO and HO. */
struct x86_64_v4_vnni_depthwise {
	int8_t *y;
	int32_t y_pitch;
	const int8_t *x;
	int32_t x_pitch;
	const int8_t *w; /* of 64 channels: four vectors of sixteen, each three rows of the filter in quads, the fourth of each 0 */
	int32_t hi, wi, c, ho, wo, sh, sw, pt, pl, zero;
};

/* ---- plain C ---- */

/* The channels [FROM, TO). */
static inline void
x86_64_v4_vnni_depthwise_plain(const struct x86_64_v4_vnni_depthwise *d, const struct block_scaling *s, int32_t from, int32_t to)
{
	for (int32_t oy = 0; oy < d->ho; oy++)
		for (int32_t ox = 0; ox < d->wo; ox++)
			for (int32_t c = from; c < to; c++) {
				int32_t sum = s->bias ? s->bias[c] : 0;

				for (int32_t ky = 0; ky < 3; ky++)
					for (int32_t kx = 0; kx < 3; kx++) {
						const int32_t iy = oy * d->sh - d->pt + ky, ix = ox * d->sw - d->pl + kx;

						if (iy >= 0 && iy < d->hi && ix >= 0 && ix < d->wi)
							sum += (d->x[(iy * d->wi + ix) * d->x_pitch + c] - d->zero)
								* d->w[((c / 64 * 4 + c / 4 % 4) * 3 + ky) * 64 + c / 16 % 4 * 16 + c % 4 * 4 + kx];
					}
				d->y[(oy * d->wo + ox) * d->y_pitch + c] = block_result(sum, s, c);
			}
}

#if X86_64_V4_VNNI_VECTORS
/* ---- vectors ---- */

/* What 64 channels are computed with: vector V has, in its quarter Q, the channels 16 Q + 4 V on. */
struct x86_64_v4_vnni_lot {
	__m512i weight[3][4], bias[4]; /* the bias has taken in the zero point */
	struct x86_64_v4_vnni_scale scale[4];
	struct x86_64_v4_vnni_floats floats[4]; /* if given: instead of the scales */
	__m512i outside;               /* the zero point, as the value of all channels */
	__mmask64 lanes;
};

/* The sixteen 32-bit numbers of vector V from FROM; zero where there is no channel. */
X86_64_V4_VNNI_INLINE __m512i
x86_64_v4_vnni_spread(const void *numbers, int32_t v, int32_t channels)
{
	const char *from = (const char *)numbers;
	int32_t some[16];

	for (int32_t q = 0; q < 4; q++)
		for (int32_t i = 0; i < 4; i++) {
			const int32_t c = 16 * q + 4 * v + i;

			some[4 * q + i] = 0;
			if (c < channels)
				memcpy(&some[4 * q + i], from + 4 * c, 4);
		}
	return _mm512_loadu_si512(some);
}

static inline void
x86_64_v4_vnni_lot_of(struct x86_64_v4_vnni_lot *l, const struct x86_64_v4_vnni_depthwise *d, const struct block_scaling *s, const float *floats,
	int32_t float_pitch, int32_t from, int32_t channels)
{
	int32_t multiplier[64];
	int8_t shift[64];

	l->lanes = channels >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << channels) - 1;
	l->outside = _mm512_set1_epi8((char)(d->zero + 128));
	for (int32_t v = 0; v < 4; v++) {
		l->bias[v] = s->bias ? x86_64_v4_vnni_spread(s->bias + from, v, channels) : _mm512_setzero_si512();
		__m512i folded = _mm512_setzero_si512();

		for (int32_t ky = 0; ky < 3; ky++) {
			l->weight[ky][v] = _mm512_loadu_si512(d->w + ((from / 16 + v) * 3 + ky) * 64);
			folded = _mm512_dpbusd_epi32(folded, l->outside, l->weight[ky][v]);
		}
		l->bias[v] = _mm512_sub_epi32(l->bias[v], folded);
		if (floats) {
			l->floats[v].high = _mm512_castsi512_ps(x86_64_v4_vnni_spread(floats + from, v, channels));
			l->floats[v].low = _mm512_castsi512_ps(x86_64_v4_vnni_spread(floats + float_pitch + from, v, channels));
			l->floats[v].half = x86_64_v4_vnni_spread(floats + 2 * float_pitch + from, v, channels);
			continue;
		}
		_mm512_storeu_si512(multiplier + 16 * v, x86_64_v4_vnni_spread(s->multiplier + from, v, channels));
		for (int32_t i = 0; i < 16; i++) {
			const int32_t c = i / 4 * 16 + 4 * v + i % 4;

			shift[16 * v + i] = c < channels ? s->shift[from + c] : -1;
		}
		l->scale[v] = x86_64_v4_vnni_scale_of(multiplier + 16 * v, shift + 16 * v, 0xffff);
	}
}

/* Four pixels of 64 channels as quads: QUAD[v] has those of vector V. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_quads(__m512i *quad, __m512i p0, __m512i p1, __m512i p2, __m512i p3)
{
	const __m512i low01 = _mm512_unpacklo_epi8(p0, p1), high01 = _mm512_unpackhi_epi8(p0, p1);
	const __m512i low23 = _mm512_unpacklo_epi8(p2, p3), high23 = _mm512_unpackhi_epi8(p2, p3);

	quad[0] = _mm512_unpacklo_epi16(low01, low23);
	quad[1] = _mm512_unpackhi_epi16(low01, low23);
	quad[2] = _mm512_unpacklo_epi16(high01, high23);
	quad[3] = _mm512_unpackhi_epi16(high01, high23);
}

/* 64 results of one pixel. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_depthwise_store(int8_t *y, const __m512i *sum, const struct x86_64_v4_vnni_lot *l, const struct block_scaling *s,
	int32_t float_scaled)
{
	const int nonnegative = s->lo >= s->zero;
	const __m512i zero = _mm512_set1_epi16((short)s->zero);
	__m512i r[4], v;

	X86_64_V4_VNNI_UNROLL
	for (int32_t i = 0; i < 4; i++)
		r[i] = float_scaled ? x86_64_v4_vnni_rescale_floats(sum[i], &l->floats[i]) : x86_64_v4_vnni_rescale(sum[i], &l->scale[i], nonnegative);
	v = _mm512_packs_epi16(_mm512_adds_epi16(_mm512_packs_epi32(r[0], r[1]), zero), _mm512_adds_epi16(_mm512_packs_epi32(r[2], r[3]), zero));
	v = _mm512_min_epi8(_mm512_max_epi8(v, _mm512_set1_epi8((char)s->lo)), _mm512_set1_epi8((char)s->hi));
	_mm512_mask_storeu_epi8(y, l->lanes, v);
}

/* The results at (OY, OX) and, if STEPS is 1, the one beside it: one quad serves both.  INSIDE: no column of the windows is outside. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_depthwise_pixels(const struct x86_64_v4_vnni_depthwise *d, const struct x86_64_v4_vnni_lot *l, const struct block_scaling *s,
	int32_t from, int32_t float_scaled, int32_t oy, int32_t ox, int32_t two, int32_t inside)
{
	const __m512i top = _mm512_set1_epi8((char)0x80);
	const int32_t ix = ox * d->sw - d->pl;
	int8_t *y = d->y + (oy * d->wo + ox) * d->y_pitch + from;
	__m512i a[4], b[4];

	X86_64_V4_VNNI_UNROLL
	for (int32_t v = 0; v < 4; v++)
		a[v] = b[v] = l->bias[v];
	X86_64_V4_VNNI_UNROLL
	for (int32_t ky = 0; ky < 3; ky++) {
		const int32_t iy = oy * d->sh - d->pt + ky;
		__m512i p[4], quad[4];

		if (iy < 0 || iy >= d->hi) {
			X86_64_V4_VNNI_UNROLL
			for (int32_t i = 0; i < 4; i++)
				quad[i] = l->outside;
		} else {
			const int8_t *x = d->x + (iy * d->wi + ix) * d->x_pitch + from;

			X86_64_V4_VNNI_UNROLL
			for (int32_t i = 0; i < 4; i++)
				p[i] = inside || (ix + i >= 0 && ix + i < d->wi)
					? _mm512_xor_si512(top, _mm512_maskz_loadu_epi8(l->lanes, x + i * d->x_pitch)) : l->outside;
			x86_64_v4_vnni_quads(quad, p[0], p[1], p[2], p[3]);
		}
		X86_64_V4_VNNI_UNROLL
		for (int32_t v = 0; v < 4; v++) {
			x86_64_v4_vnni_add(&a[v], quad[v], l->weight[ky][v]);
			if (two)
				x86_64_v4_vnni_add(&b[v], quad[v], _mm512_slli_epi32(l->weight[ky][v], 8));
		}
	}
	x86_64_v4_vnni_depthwise_store(y, a, l, s, float_scaled);
	if (two)
		x86_64_v4_vnni_depthwise_store(y + d->y_pitch, b, l, s, float_scaled);
}

/* Up to 64 channels from FROM on. */
X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_depthwise_lot(const struct x86_64_v4_vnni_depthwise *d, const struct x86_64_v4_vnni_lot *l, const struct block_scaling *s, int32_t from,
	int32_t float_scaled)
{
	const int32_t together = d->sw == 1;

	for (int32_t oy = 0; oy < d->ho; oy++)
		for (int32_t ox = 0; ox < d->wo;) {
			const int32_t ix = ox * d->sw - d->pl, inside = ix >= 0 && ix + 4 <= d->wi, two = together && ox + 1 < d->wo;

			if (inside && together && two)
				x86_64_v4_vnni_depthwise_pixels(d, l, s, from, float_scaled, oy, ox, 1, 1);
			else if (inside)
				x86_64_v4_vnni_depthwise_pixels(d, l, s, from, float_scaled, oy, ox, 0, 1);
			else if (together && two)
				x86_64_v4_vnni_depthwise_pixels(d, l, s, from, float_scaled, oy, ox, 1, 0);
			else
				x86_64_v4_vnni_depthwise_pixels(d, l, s, from, float_scaled, oy, ox, 0, 0);
			ox += 1 + two;
		}
}
#endif

/* ---- the layer ---- */

X86_64_V4_VNNI_INLINE void
x86_64_v4_vnni_dw3x3(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t hi, int32_t wi, int32_t c,
	int32_t ho, int32_t wo, int32_t sh, int32_t sw, int32_t pt, int32_t pl, int32_t x_zero, int32_t y_zero, const int32_t *multiplier,
	const int8_t *shift, int32_t float_scaled, const float *floats, int32_t float_pitch, int32_t lo, int32_t high)
{
	const struct x86_64_v4_vnni_depthwise d = { y, y_pitch, x, x_pitch, w, hi, wi, c, ho, wo, sh, sw, pt, pl, x_zero };
	const struct block_scaling s = { b, multiplier, shift, y_zero, lo, high };

	for (int32_t from = 0; from < c; from += 64) {
		const int32_t channels = c - from < 64 ? c - from : 64;
#if X86_64_V4_VNNI_VECTORS
		int32_t right = 1;

		for (int32_t i = 0; i < channels; i++)
			right &= shift[from + i] < 0;
		if (float_scaled || right) {
			struct x86_64_v4_vnni_lot l;

			x86_64_v4_vnni_lot_of(&l, &d, &s, float_scaled ? floats : NULL, float_pitch, from, channels);
			x86_64_v4_vnni_depthwise_lot(&d, &l, &s, from, float_scaled);
			continue;
		}
#else
		(void)float_scaled;
		(void)floats;
		(void)float_pitch;
#endif
		x86_64_v4_vnni_depthwise_plain(&d, &s, from, from + channels);
	}
}

#endif
