#include <stdint.h>
#include <string.h>
#include "nn_runs.h"

/* The rows of the image under the row OY of results, C channels of them, with their padding: k_h rows, PITCH values apart. */
static inline void
nn_runs_band_rows(int8_t *band, const int8_t *x, int32_t x_zero, int32_t oy, int32_t pitch, int32_t c, int32_t x_h, int32_t x_w, int32_t x_pitch,
	int32_t cells, int32_t k_h, int32_t stride_h, int32_t dilation_h, int32_t pad_t, int32_t pad_l)
{
	const int32_t left = pad_l < cells ? pad_l : cells, inside = cells - left < x_w ? cells - left : x_w;

	for (int32_t ky = 0; ky < k_h; ky++, band += pitch) {
		const int32_t iy = oy * stride_h - pad_t + ky * dilation_h;
		const int8_t *from;

		if (iy < 0 || iy >= x_h) {
			memset(band, x_zero, (size_t)pitch);
			continue;
		}
		from = x + iy * x_w * x_pitch;
		memset(band, x_zero, (size_t)(left * c));
		if (x_pitch == c)
			memcpy(band + left * c, from, (size_t)(inside * c));
		else
			for (int32_t i = 0; i < inside; i++)
				memcpy(band + (left + i) * c, from + i * x_pitch, (size_t)c);
		memset(band + (left + inside) * c, x_zero, (size_t)(pitch - (left + inside) * c));
	}
}

/* A convolution as loops around blocks of runs (nn_runs.h), which read BAND, where the rows of the image under a row of results are copied with their
 * padding.  IN are the values of a run, with what is behind it up to what blocks take; STEP and REST_STEP the bytes of weights of a run. */
NN_RUNS_INLINE void
nn_runs_band_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int8_t *rest_weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, const float *float_scaling, int8_t *band, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t pad_t, int32_t pad_l,
	int32_t groups, int32_t rows, int32_t channels, int32_t in, int32_t pitch, int32_t step, int32_t rest_step,
	nn_runs_fn *full, nn_runs_fn *rest)
{
	const int32_t c = x_c / groups, n = y_c / groups, panels = n / channels, all = panels + (n % channels != 0);

	for (int32_t oy = 0; oy < y_h; oy++)
		for (int32_t g = 0; g < groups; g++) {
			nn_runs_band_rows(band, x + g * c, x_zero, oy, pitch, c, x_h, x_w, x_pitch, (y_w - 1) * stride_w + k_w, k_h, stride_h, dilation_h, pad_t,
				pad_l);
			for (int32_t at = 0, some_rows = 0; at < y_w; at += some_rows) {
				some_rows = nn_runs_rows(y_w - at, rows);
				for (int32_t p = 0; p < all; p++) {
					const int32_t first = g * n + p * channels;
					const float *scaling = float_scaling ? float_scaling + first : NULL;
					int8_t *to = y + (oy * y_w + at) * y_pitch + first;

					if (full && p < panels)
						full(to, y_pitch, band + at * stride_w * c, stride_w * c, pitch, weight + (g * panels + p) * k_h * step, step, bias + first,
							multiplier + first, shift + first, scaling, y_c, k_h, in, y_zero, lo, hi, some_rows);
					else if (rest)
						rest(to, y_pitch, band + at * stride_w * c, stride_w * c, pitch, rest_weight + g * k_h * rest_step, rest_step, bias + first,
							multiplier + first, shift + first, scaling, y_c, k_h, in, y_zero, lo, hi, some_rows);
				}
			}
		}
}
