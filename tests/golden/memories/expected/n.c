/* n.c: the network 'n'.
 * Made from n.net by netc 0.1.0:
 *	netc build n.net --io=arena --random-weights=0 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "n.h"

/* What the code relies on: a compiler stops at an array of negative size. */
typedef char n_check_int8[sizeof(int8_t) == 1 ? 1 : -1];
typedef char n_check_int[sizeof(int) >= 4 && sizeof(int32_t) == 4 ? 1 : -1];
typedef char n_check_float[sizeof(float) == 4 ? 1 : -1];
typedef char n_check_size_0[(size_t)N_ARENA_FAST_BYTES == N_ARENA_FAST_BYTES ? 1 : -1];
typedef char n_check_align_0[N_ARENA_FAST_ALIGN % sizeof(int32_t) == 0 ? 1 : -1];
typedef char n_check_size_1[(size_t)N_ARENA_SLOW_BYTES == N_ARENA_SLOW_BYTES ? 1 : -1];
typedef char n_check_align_1[N_ARENA_SLOW_ALIGN % sizeof(int32_t) == 0 ? 1 : -1];

/* Which memory of board.chip constants lie in: yours to define, as your compiler and linker
 * script want it; with N_SECTIONS defined the sections of the .chip where the compiler has GNU
 * attributes; else nothing. */
#ifndef N_SECTION_FLASH
#if defined N_SECTIONS && (defined __GNUC__ || defined __ICCARM__)
#define N_SECTION_FLASH __attribute__((section(".rodata.flash")))
#else
#define N_SECTION_FLASH
#endif
#endif
#ifndef N_SECTION_QSPI
#if defined N_SECTIONS && (defined __GNUC__ || defined __ICCARM__)
#define N_SECTION_QSPI __attribute__((section(".rodata.qspi")))
#else
#define N_SECTION_QSPI
#endif
#endif

/* Constants lie at multiples of what their memory or a unit that reads them asks for. */
#if defined __GNUC__
#define N_ALIGN_TO(bytes) __attribute__((aligned(bytes)))
#elif defined __cplusplus && __cplusplus >= 201103L
#define N_ALIGN_TO(bytes) alignas(bytes)
#elif defined __STDC_VERSION__ && __STDC_VERSION__ >= 201112L
#define N_ALIGN_TO(bytes) _Alignas(bytes)
#else
#define N_ALIGN_TO(bytes) /* the linker's care */
#endif

/* a.weight: i8[8, 3, 3, 3], a scale for each output channel */
N_ALIGN_TO(16) N_SECTION_QSPI static const int8_t n_a_weight[8 * 3 * 3 * 3] = {
	-55, 109, 40, -51, 118, 32, 96, -121, 99, -57, -28, -99, -38, 110, 125, -71, -12, -107, 21,
	-84, -18, 102, 75, -62, -23, -6, 51, -122, 82, -75, -109, 7, 99, 6, 69, 1, 47, 80, -69, 22,
	47, -44, -60, 116, -14, 30, -123, -85, -127, 69, 62, -40, -76, -86, 61, 63, 38, 28, 44, -54,
	-7, 125, -65, 88, 85, 31, -116, 31, 38, -44, 17, -108, -11, 70, -98, -25, 18, -82, 36, 95,
	-2, -68, -10, 81, -112, -53, 74, 0, 47, 42, 26, -85, -113, 70, -115, 70, 105, -112, -29, 97,
	-78, -19, -64, -29, 29, -75, 59, 79, -15, -108, -29, -42, -50, 67, -67, 4, -48, -37, 121,
	109, -104, -25, 116, -87, 109, -49, 1, -35, 8, 36, 31, 77, 80, 105, -72, 72, 52, 59, 38, 90,
	108, 106, 43, 98, 95, -31, 58, 60, -8, -17, -48, 29, 124, -1, 2, -60, -119, -62, 5, -33,
	108, 8, -56, -106, 69, 92, 94, 124, -33, -87, -41, -115, -100, -61, -107, 49, 102, -77, 40,
	-70, -25, 98, 96, -121, -7, 72, -43, -97, -28, -116, 107, -80, 65, -111, 13, -12, -73, -119,
	-6, 36, -28, -36, 17, -19, 54, 43, 108, 2, -8, 52, 94, 108, -105, 78, -7, -117
};

/* a.bias: i32[8] */
N_SECTION_FLASH static const int32_t n_a_bias[8] = {
	685, -790, -515, 90, 458, -576, -199, 243
};

/* a.multiplier: i32[8] */
N_SECTION_FLASH static const int32_t n_a_multiplier[8] = {
	1839864832, 1816089728, 1240332416, 1391308544, 1323245440, 1653757952, 2031923456,
	1459203712
};

/* a.shift: i8[8] */
N_SECTION_FLASH static const int8_t n_a_shift[8] = {
	-8, -8, -8, -8, -8, -9, -8, -8
};

/* b.weight: i8[3, 3, 8], a scale for each output channel */
N_ALIGN_TO(16) N_SECTION_QSPI static const int8_t n_b_weight[3 * 3 * 8] = {
	-89, -118, 3, -94, 99, 28, -42, 35, -66, -49, 3, -68, 111, 72, 27, 1, -41, -22, -49, -31,
	33, 100, 52, -91, 61, 81, 17, 72, 126, 120, -106, 43, 86, 68, -21, 125, -93, -100, 124,
	-123, 81, -97, 25, -65, -122, -57, -60, 28, -47, 50, 105, -98, 1, 76, 81, 65, 17, 36, 25,
	-101, 14, -8, 59, 125, 96, -24, -9, 98, -58, -31, -32, -126
};

/* b.bias: i32[8] */
N_SECTION_FLASH static const int32_t n_b_bias[8] = {
	-147, 883, -647, -19, 350, 110, 756, -208
};

/* b.multiplier: i32[8] */
N_SECTION_FLASH static const int32_t n_b_multiplier[8] = {
	1518849664, 1558854016, 1414623360, 1929909248, 1516969472, 1540002048, 1290499328,
	1770739840
};

/* b.shift: i8[8] */
N_SECTION_FLASH static const int8_t n_b_shift[8] = {
	-7, -7, -8, -8, -7, -7, -8, -7
};

/* y.weight: i8[4, 128], a scale for each output channel */
N_ALIGN_TO(16) N_SECTION_QSPI static const int8_t n_y_weight[4 * 128] = {
	102, -27, 114, 43, -53, -100, 119, -14, 127, -66, 72, 34, -84, 74, 44, 98, 33, 17, 66, 116,
	-100, -79, -66, -38, 0, -92, 69, -24, -45, 62, -20, -26, 71, -24, -13, -82, -65, 55, 63, -4,
	47, -50, -63, 65, -111, 34, -16, -90, -25, 96, 92, -17, 119, 84, -82, -87, -82, 69, -111,
	-41, 81, 96, -96, 117, 124, 86, 33, -87, 107, -58, 66, -120, -97, -19, 42, 0, 8, -17, 126,
	-83, -78, 14, 38, -89, -36, -19, 10, -123, -121, -27, -6, 122, -1, -16, 61, -49, 96, -78, 3,
	-20, 34, -29, -25, -110, 100, 85, -115, -31, -17, 106, -56, 14, -117, -41, -22, 41, -66,
	117, 45, 62, 112, 61, -84, 40, 125, 23, -120, -7, -12, 46, 3, -119, -12, 81, -5, -57, 104,
	58, -45, 112, -24, -61, 28, 43, 18, -24, 112, 18, -8, 17, -96, 96, 3, -79, -85, 17, -19, 13,
	-7, -7, -121, -55, 48, 125, -127, 99, -7, 108, -6, 73, 73, 23, -109, 55, -37, -118, -97, 3,
	-79, 16, 103, 64, 35, 58, 89, 102, -7, -19, -14, -90, -48, -83, -109, -29, 109, 80, 102,
	-54, -85, -41, 105, -74, -77, -117, -52, 78, 77, 58, -5, -13, 34, 90, 37, 83, -110, -20,
	-108, -69, -5, 41, -26, 57, -104, 59, -99, 15, -83, -91, -43, 52, -48, 50, -64, -93, 44,
	-24, 97, 61, 114, 99, 91, 17, 64, 80, 57, -32, 4, 105, -76, -49, 121, 124, 4, 88, -49, -116,
	-29, 38, 122, -114, -65, -87, -87, -110, 66, -42, -9, -29, 53, -33, 5, 30, 62, -109, -107,
	-100, 1, -118, -25, -40, -101, 30, -30, 44, 32, -50, -73, -124, 95, -92, -11, -43, 58, 14,
	70, 36, 56, -81, -100, -19, -75, 29, 101, 43, 42, 99, -95, -47, 115, -31, 65, 31, 83, 15,
	-3, 93, 24, -32, -88, -87, -51, -104, 102, -91, -64, -117, 28, 24, 30, -113, -85, 102, 6,
	-36, 82, 121, -11, 1, -31, 101, 31, -42, 59, 101, -37, 25, 37, 58, 2, 31, -30, -66, 93, -97,
	-54, 53, -95, -3, -7, 45, 28, -28, 65, 67, 112, -47, -100, -112, 104, 69, -75, 6, 39, 0,
	-53, -77, 113, 63, -2, 125, -78, -103, 114, 96, -50, 112, 49, 65, 11, 36, -92, -72, 20, -76,
	-87, -55, 114, -23, -125, 31, 50, -77, 120, -37, 25, 27, 40, 64, -20, -28, 111, -107, -104,
	-53, -34, 105, -102, -79, -89, 46, -23, -82, 74, 69, -120, 5, -64, -88, 9, -18, 104, -47,
	-1, -16, 94, -88, 5, -34, 0, -62, 113, -96, -76, 122, -53, -11, 20, 0, 14, 29, -112, -107,
	50, -124, -108, -36, 69, 27, 46, 0, -44, -57, -25, 21, 48, 39, -93, 110, -4, 116, 14, -48,
	-98, 13, -122, 47, 75, 3, 0, 32, -110, -93, 92, 30, 68, 14, -81, -54, 104, -35, 56, 106,
	-24, 89, -14, -119, -41, 46, -93, -47, -23, 88, -31, -69, 54, -86, 113, 107, -66, -83, -93,
	-115
};

/* y.bias: i32[4] */
N_SECTION_FLASH static const int32_t n_y_bias[4] = {
	-173, -281, -999, 653
};

/* y.multiplier: i32[4] */
N_SECTION_FLASH static const int32_t n_y_multiplier[4] = {
	1461388672, 1675338880, 1405613952, 1568043648
};

/* y.shift: i8[4] */
N_SECTION_FLASH static const int8_t n_y_shift[4] = {
	-9, -8, -8, -9
};

#if (-1 >> 1) != -1
#error "the kernels need right shifts that keep the sign"
#endif

/* V held to [lo, hi]. */
static inline int32_t
nn_limit_i32(int32_t v, int32_t lo, int32_t hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* x * multiplier * 2^(shift - 31), rounded twice as the reference kernels of TensorFlow Lite do: to the nearest
 * after the multiplication (ties up), and after a shift to the right to the nearest again (ties away from zero).
 * multiplier >= 0, shift in [-31, 31]. */
static inline int32_t
nn_requant(int32_t x, int32_t multiplier, int32_t shift)
{
	const int64_t half = (int64_t)1 << 30;
	if (shift >= 0)
		return (int32_t)(((int64_t)(int32_t)((uint32_t)x << shift) * multiplier + half) >> 31);
	int32_t v = (int32_t)(((int64_t)x * multiplier + half) >> 31);
	v -= v < 0; /* ties of negative values go down now, and what is no tie stays on its side */
	return (v >> -shift) + ((v >> (-shift - 1)) & 1);
}

/* The int8 value of an accumulator: rescaled, moved to the zero point, held to [lo, hi] (within [-128, 127]). */
static inline int8_t
nn_requant_i8(int32_t acc, int32_t multiplier, int32_t shift, int32_t zero, int32_t lo, int32_t hi)
{
	return (int8_t)(zero + nn_limit_i32(nn_requant(acc, multiplier, shift), lo - zero, hi - zero));
}

/* How sums become int8: arrays have one value per output channel, bias may be NULL. */
struct nn_output_i8 {
	const int32_t *bias, *multiplier;
	const int8_t *shift;
	int32_t zero, lo, hi;
};

/* Channel C of the output from its sum.  Sums wrap around in uint32_t, as the reference's do in practice. */
static inline int8_t
nn_output_i8_of(const struct nn_output_i8 *out, int32_t c, uint32_t sum)
{
	if (out->bias)
		sum += (uint32_t)out->bias[c];
	return nn_requant_i8((int32_t)sum, out->multiplier[c], out->shift[c], out->zero, out->lo, out->hi);
}

/* The cells under one window and the weights that meet them, both as rows x cols vectors of n consecutive elements;
 * the steps are in elements, from one row or column to the next. */
struct nn_window {
	int32_t rows, cols, n;
	int32_t x_row, x_col;
	int32_t w_row, w_col;
};

/* Columns that lie side by side become one long vector. */
static inline struct nn_window
nn_window_of(int32_t rows, int32_t cols, int32_t n, int32_t x_row, int32_t x_col, int32_t w_row, int32_t w_col)
{
	struct nn_window w = { rows, cols, n, x_row, x_col, w_row, w_col };
	if (x_col == n && w_col == n) {
		w.n = cols * n;
		w.cols = 1;
	}
	return w;
}

/* sum[k] += (x[i] - zero) * w[k * filter + i] over i < n: four output channels share each x. */
static inline void
nn_dot4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, int32_t zero, int32_t filter, int32_t n)
{
	const int8_t *w1 = w + filter, *w2 = w1 + filter, *w3 = w2 + filter;
	uint32_t s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
	for (int32_t i = 0; i < n; i++) {
		int32_t v = x[i] - zero;
		s0 += (uint32_t)(v * w[i]);
		s1 += (uint32_t)(v * w1[i]);
		s2 += (uint32_t)(v * w2[i]);
		s3 += (uint32_t)(v * w3[i]);
	}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

static inline uint32_t
nn_dot_i8(const int8_t *x, const int8_t *w, int32_t zero, int32_t n)
{
	uint32_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)((x[i] - zero) * w[i]);
	return sum;
}

/* sum[k] += the sum over the window WIN of (x - zero) times the filter at w + k * filter: four output channels. */
static inline void
nn_sum4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero, int32_t filter)
{
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			nn_dot4_i8(sum, x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, filter, win->n);
}

static inline uint32_t
nn_sum1_i8(const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t sum = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += nn_dot_i8(x + row * win->x_row + col * win->x_col,
				w + row * win->w_row + col * win->w_col, zero, win->n);
	return sum;
}

/* One pixel, or one group of its channels: y[c] for c in [0, n), each the sum over the window WIN of x and of the
 * filter at w + c * filter.  CHANNEL is the first one's place in the arrays of OUT. */
static inline void
nn_pixel_i8(int8_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_output_i8 *out,
	int32_t x_zero, int32_t filter, int32_t channel, int32_t n)
{
	int32_t c = 0;
	for (; c < n / 4 * 4; c += 4) {
		uint32_t sum[4] = { 0, 0, 0, 0 };
		nn_sum4_i8(sum, x, w + c * filter, win, x_zero, filter);
		for (int32_t k = 0; k < 4; k++)
			y[c + k] = nn_output_i8_of(out, channel + c + k, sum[k]);
	}
	for (; c < n; c++)
		y[c] = nn_output_i8_of(out, channel + c, nn_sum1_i8(x, w + c * filter, win, x_zero));
}

/* The part of a window that lies inside the input, in one direction: N taps from TAP on, the first of which meets
 * the input's cell CELL. */
struct nn_span {
	int32_t tap, cell, n;
};

/* Window I of COUNT, STRIDE cells apart, the first PAD cells before the input of SIZE cells; each has KERNEL taps,
 * DILATION cells apart. */
static inline struct nn_span
nn_span_of(int32_t i, int32_t count, int32_t stride, int32_t pad, int32_t kernel, int32_t dilation, int32_t size)
{
	const int32_t origin = i * stride - pad;
	struct nn_span s = { 0, origin, kernel };

	/* No window leaves the input: with literal arguments a compiler knows it, and all that depends on n. */
	if (pad == 0 && (count - 1) * stride + (kernel - 1) * dilation < size)
		return s;
	int32_t first = origin < 0 ? (-origin - 1) / dilation + 1 : 0;
	int32_t end = origin < size ? (size - 1 - origin) / dilation + 1 : 0;
	if (end > kernel)
		end = kernel;
	s.tap = first < end ? first : 0;
	s.cell = first < end ? origin + first * dilation : 0;
	s.n = first < end ? end - first : 0;
	return s;
}

/* Convolution of an image x[x_h][x_w][x_c] with weight[y_c][k_h][k_w][x_c / groups], bias[y_c] or NULL:
 * y[y_h][y_w][y_c] = limit(y_zero + requant(bias + sum of (x - x_zero) * weight)).  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, counts as x_zero: its taps are left out. */
static inline void
nn_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l, int32_t groups)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const int32_t in = x_c / groups, n = y_c / groups, filter = k_h * k_w * in;

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = nn_window_of(rows.n, cols.n, in,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * in, in);
			int8_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * in;
			for (int32_t g = 0; g < groups; g++)
				nn_pixel_i8(pixel + g * n, cell + g * in, tap + g * n * filter, &win, &out,
					x_zero, filter, g * n, n);
		}
	}
}

/* The sum over a window of one channel: x and w at this channel of the first tap. */
static inline uint32_t
nn_depth1_i8(const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t sum = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++)
			sum += (uint32_t)((x[row * win->x_row + col * win->x_col] - zero)
				* w[row * win->w_row + col * win->w_col]);
	return sum;
}

/* The same for four channels side by side. */
static inline void
nn_depth4_i8(uint32_t sum[4], const int8_t *x, const int8_t *w, const struct nn_window *win, int32_t zero)
{
	uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	for (int32_t row = 0; row < win->rows; row++)
		for (int32_t col = 0; col < win->cols; col++) {
			const int8_t *v = x + row * win->x_row + col * win->x_col;
			const int8_t *k = w + row * win->w_row + col * win->w_col;
			s0 += (uint32_t)((v[0] - zero) * k[0]);
			s1 += (uint32_t)((v[1] - zero) * k[1]);
			s2 += (uint32_t)((v[2] - zero) * k[2]);
			s3 += (uint32_t)((v[3] - zero) * k[3]);
		}
	sum[0] = s0;
	sum[1] = s1;
	sum[2] = s2;
	sum[3] = s3;
}

/* One pixel of a depthwise convolution: y[c] for c in [0, n) from channel c / multiplier of x. */
static inline void
nn_depth_i8(int8_t *y, const int8_t *x, const int8_t *w, const struct nn_window *win, const struct nn_output_i8 *out,
	int32_t x_zero, int32_t n, int32_t multiplier)
{
	int32_t c = 0;
	if (multiplier == 1)
		for (; c < n / 4 * 4; c += 4) {
			uint32_t sum[4];
			nn_depth4_i8(sum, x + c, w + c, win, x_zero);
			for (int32_t k = 0; k < 4; k++)
				y[c + k] = nn_output_i8_of(out, c + k, sum[k]);
		}
	for (; c < n; c++)
		y[c] = nn_output_i8_of(out, c, nn_depth1_i8(x + c / multiplier, w + c, win, x_zero));
}

/* Depthwise convolution of x[x_h][x_w][x_c] with weight[k_h][k_w][y_c], bias[y_c] or NULL, y_c a multiple of x_c:
 * output channel c reads input channel c / (y_c / x_c) only.  y[y_h][y_w][y_c] = limit(y_zero + requant(bias + sum of
 * (x - x_zero) * weight)).  Pixels lie x_pitch and y_pitch elements apart.  Padding counts as x_zero. */
static inline void
nn_dwconv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_c, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_c, int32_t y_pitch,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t dilation_h, int32_t dilation_w,
	int32_t pad_t, int32_t pad_l)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };

	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, dilation_h, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, dilation_w, x_w);
			const struct nn_window win = { rows.n, cols.n, 1,
				dilation_h * x_w * x_pitch, dilation_w * x_pitch, k_w * y_c, y_c };
			int8_t *pixel = y + (oy * y_w + ox) * y_pitch;
			const int8_t *cell = x + (rows.cell * x_w + cols.cell) * x_pitch;
			const int8_t *tap = weight + (rows.tap * k_w + cols.tap) * y_c;
			nn_depth_i8(pixel, cell, tap, &win, &out, x_zero, y_c, y_c / x_c);
		}
	}
}

/* y[rows][n] = limit(y_zero + requant(requant(a - a_zero) + requant(b - b_zero))).  The inputs are taken 2^left_shift
 * times, then brought to one scale by their multipliers; y's multiplier undoes both.  y may be a or b itself.
 * Row r starts at r * y_pitch, r * a_pitch and r * b_pitch; element i of a row of a lies at i * a_step: a pitch of 0
 * repeats one row, a step of 0 one element. */
static inline void
nn_add_i8(int8_t *y, const int8_t *a, const int8_t *b, int32_t left_shift,
	int32_t a_zero, int32_t a_multiplier, int32_t a_shift, int32_t b_zero, int32_t b_multiplier, int32_t b_shift,
	int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t hi, int32_t rows, int32_t n,
	int32_t y_pitch, int32_t a_pitch, int32_t a_step, int32_t b_pitch, int32_t b_step)
{
	const int32_t one = (int32_t)1 << left_shift;
	for (int32_t row = 0; row < rows; row++)
		for (int32_t i = 0; i < n; i++) {
			int32_t a_real = nn_requant((a[row * a_pitch + i * a_step] - a_zero) * one, a_multiplier, a_shift);
			int32_t b_real = nn_requant((b[row * b_pitch + i * b_step] - b_zero) * one, b_multiplier, b_shift);
			int32_t sum = (int32_t)((uint32_t)a_real + (uint32_t)b_real);
			y[row * y_pitch + i] = nn_requant_i8(sum, y_multiplier, y_shift, y_zero, lo, hi);
		}
}

/* y[n] = x; the two may overlap. */
static inline void
nn_move_i8(int8_t *y, const int8_t *x, int32_t n)
{
	memmove(y, x, (size_t)n);
}

/* y[y_h][y_w][c]: the largest of each window of x[x_h][x_w][c], held to [lo, hi].  Pixels lie x_pitch and y_pitch
 * elements apart.  Padding, pad_t rows above and pad_l columns to the left, doesn't count. */
static inline void
nn_maxpool_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi,
	int32_t x_h, int32_t x_w, int32_t x_pitch, int32_t y_h, int32_t y_w, int32_t y_pitch, int32_t c_n,
	int32_t k_h, int32_t k_w, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l)
{
	for (int32_t oy = 0; oy < y_h; oy++) {
		struct nn_span rows = nn_span_of(oy, y_h, stride_h, pad_t, k_h, 1, x_h);
		for (int32_t ox = 0; ox < y_w; ox++) {
			struct nn_span cols = nn_span_of(ox, y_w, stride_w, pad_l, k_w, 1, x_w);
			int8_t *out = y + (oy * y_w + ox) * y_pitch;
			for (int32_t c = 0; c < c_n; c++)
				out[c] = (int8_t)lo;
			for (int32_t row = 0; row < rows.n; row++)
				for (int32_t col = 0; col < cols.n; col++) {
					const int8_t *cell = x + ((rows.cell + row) * x_w + cols.cell + col) * x_pitch;
					for (int32_t c = 0; c < c_n; c++)
						out[c] = cell[c] > out[c] ? cell[c] : out[c];
				}
			for (int32_t c = 0; c < c_n; c++)
				out[c] = (int8_t)(out[c] > hi ? hi : out[c]);
		}
	}
}

/* Fully connected layer over each of rows vectors x[x_n], with weight[y_n][x_n], bias[y_n] or NULL:
 * y[y_n] = limit(y_zero + requant(bias + sum of (x - x_zero) * weight)).  Vectors lie x_pitch and y_pitch elements
 * apart. */
static inline void
nn_dense_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo, int32_t hi,
	int32_t rows, int32_t x_n, int32_t x_pitch, int32_t y_n, int32_t y_pitch)
{
	const struct nn_output_i8 out = { bias, multiplier, shift, y_zero, lo, hi };
	const struct nn_window vector = { 1, 1, x_n, 0, 0, 0, 0 };

	for (int32_t row = 0; row < rows; row++)
		nn_pixel_i8(y + row * y_pitch, x + row * x_pitch, weight, &vector, &out, x_zero, x_n, 0, y_n);
}

/* conv2d i8[8, 8, 3] -> i8[8, 8, 8], kernel 3x3, pad [1,1,1,1].
 * Used by a. */
static void
n_conv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo,
	int32_t hi)
{
	nn_conv2d_i8(y, x, weight, bias, multiplier, shift, x_zero, y_zero, lo, hi, /* x_h */ 8,
		/* x_w */ 8, /* x_c */ 3, /* x_pitch */ 3, /* y_h */ 8, /* y_w */ 8, /* y_c */ 8,
		/* y_pitch */ 8, /* k_h */ 3, /* k_w */ 3, /* stride_h */ 1, /* stride_w */ 1,
		/* dilation_h */ 1, /* dilation_w */ 1, /* pad_t */ 1, /* pad_l */ 1,
		/* groups */ 1);
}

/* dwconv2d i8[8, 8, 8] -> i8[8, 8, 8], kernel 3x3, pad [1,1,1,1].
 * Used by b. */
static void
n_dwconv2d_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo,
	int32_t hi)
{
	nn_dwconv2d_i8(y, x, weight, bias, multiplier, shift, x_zero, y_zero, lo, hi, /* x_h */ 8,
		/* x_w */ 8, /* x_c */ 8, /* x_pitch */ 8, /* y_h */ 8, /* y_w */ 8, /* y_c */ 8,
		/* y_pitch */ 8, /* k_h */ 3, /* k_w */ 3, /* stride_h */ 1, /* stride_w */ 1,
		/* dilation_h */ 1, /* dilation_w */ 1, /* pad_t */ 1, /* pad_l */ 1);
}

/* add i8[8, 8, 8], i8[8, 8, 8] -> i8[8, 8, 8].
 * Used by c. */
static void
n_add_i8(int8_t *y, const int8_t *a, const int8_t *b, int32_t left_shift, int32_t a_zero,
	int32_t a_multiplier, int32_t a_shift, int32_t b_zero, int32_t b_multiplier,
	int32_t b_shift, int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo,
	int32_t hi)
{
	nn_add_i8(y, a, b, left_shift, a_zero, a_multiplier, a_shift, b_zero, b_multiplier, b_shift,
		y_zero, y_multiplier, y_shift, lo, hi, /* rows */ 1, /* n */ 512, /* y_pitch */ 0,
		/* a_pitch */ 0, /* a_step */ 1, /* b_pitch */ 0, /* b_step */ 1);
}

/* moves bytes within the arena.
 * Used by p. */
static void
n_move_i8(int8_t *y, const int8_t *x, int32_t n)
{
	nn_move_i8(y, x, n);
}

/* maxpool i8[8, 8, 8] -> i8[4, 4, 8], kernel 2x2, stride 2x2.
 * Used by p. */
static void
n_maxpool_i8(int8_t *y, const int8_t *x, int32_t lo, int32_t hi)
{
	nn_maxpool_i8(y, x, lo, hi, /* x_h */ 8, /* x_w */ 8, /* x_pitch */ 8, /* y_h */ 4,
		/* y_w */ 4, /* y_pitch */ 8, /* c_n */ 8, /* k_h */ 2, /* k_w */ 2,
		/* stride_h */ 2, /* stride_w */ 2, /* pad_t */ 0, /* pad_l */ 0);
}

/* dense i8[128] -> i8[4].
 * Used by y. */
static void
n_dense_i8(int8_t *y, const int8_t *x, const int8_t *weight, const int32_t *bias,
	const int32_t *multiplier, const int8_t *shift, int32_t x_zero, int32_t y_zero, int32_t lo,
	int32_t hi)
{
	nn_dense_i8(y, x, weight, bias, multiplier, shift, x_zero, y_zero, lo, hi, /* rows */ 1,
		/* x_n */ 128, /* x_pitch */ 128, /* y_n */ 4, /* y_pitch */ 4);
}

/* A layer, and what is compiled in around it: see n.h. */
#if defined N_PROFILE
#define N_LAYER(index, call) \
	do { n_profile(index, 0); call; n_profile(index, 1); } while (0)
#else
#define N_LAYER(index, call) call
#endif

#ifdef N_PROFILE
const char *const n_layer_names[N_LAYERS] = {
	"a",
	"b",
	"c",
	"p",
	"p",
	"y"
};
#endif

int
n_run(void *arena_fast, void *arena_slow)
{
	unsigned char *const ram_fast = (unsigned char *)arena_fast;
	unsigned char *const ram_slow = (unsigned char *)arena_slow;

	if (arena_fast == NULL || (uintptr_t)arena_fast % N_ARENA_FAST_ALIGN != 0)
		return N_E_ALIGN;
	if (arena_slow == NULL || (uintptr_t)arena_slow % N_ARENA_SLOW_ALIGN != 0)
		return N_E_ALIGN;

	/* n.net:4: a: conv2d i8[8, 8, 3] -> i8[8, 8, 8], kernel 3x3, pad [1,1,1,1]; 13,824 MACs;
	 * result in fast [0, 512) */
	N_LAYER(0, n_conv2d_i8((int8_t *)(ram_fast + 0), (const int8_t *)(ram_fast + 352),
		n_a_weight, n_a_bias, n_a_multiplier, n_a_shift, /* x_zero */ 3, /* y_zero */ -128,
		/* lo */ -128, /* hi */ 127));

	/* n.net:5: b: dwconv2d i8[8, 8, 8] -> i8[8, 8, 8], kernel 3x3, pad [1,1,1,1]; 4,608
	 * MACs; result in slow [0, 512) */
	N_LAYER(1, n_dwconv2d_i8((int8_t *)(ram_slow + 0), (const int8_t *)(ram_fast + 0),
		n_b_weight, n_b_bias, n_b_multiplier, n_b_shift, /* x_zero */ -128, /* y_zero */ 0,
		/* lo */ -128, /* hi */ 127));

	/* n.net:6: c: add i8[8, 8, 8], i8[8, 8, 8] -> i8[8, 8, 8]; result in fast [0, 512) */
	N_LAYER(2, n_add_i8((int8_t *)(ram_fast + 0), (const int8_t *)(ram_fast + 0),
		(const int8_t *)(ram_slow + 0), /* left_shift */ 20, /* a_zero */ -128,
		/* a_multiplier */ 1073741824, /* a_shift */ 0, /* b_zero */ 0,
		/* b_multiplier */ 1073741824, /* b_shift */ 0, /* y_zero */ 0,
		/* y_multiplier */ 1073741824, /* y_shift */ -19, /* lo */ -128, /* hi */ 127));

	/* n.net:7: p: maxpool i8[8, 8, 8] -> i8[4, 4, 8], kernel 2x2, stride 2x2; a is moved to
	 * make room; 512 bytes; scratch in fast [16, 528) */
	N_LAYER(3, n_move_i8((int8_t *)(ram_fast + 16), (const int8_t *)(ram_fast + 0),
		/* n */ 512));

	/* n.net:7: p: maxpool i8[8, 8, 8] -> i8[4, 4, 8], kernel 2x2, stride 2x2; result in fast
	 * [0, 128) */
	N_LAYER(4, n_maxpool_i8((int8_t *)(ram_fast + 0), (const int8_t *)(ram_fast + 16),
		/* lo */ -128, /* hi */ 127));

	/* n.net:8: y: dense i8[128] -> i8[4]; 512 MACs; result in fast [128, 132) */
	N_LAYER(5, n_dense_i8((int8_t *)(ram_fast + 128), (const int8_t *)(ram_fast + 0),
		n_y_weight, n_y_bias, n_y_multiplier, n_y_shift, /* x_zero */ 0, /* y_zero */ 0,
		/* lo */ -128, /* hi */ 127));

	return N_OK;
}
