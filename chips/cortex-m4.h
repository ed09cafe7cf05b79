/* Register blocks for Arm processors with the DSP extension: chips/cortex-m4.chip says what each takes.  On others the instructions are
 * spelled out in C, with the same results, so that generated code can be tried on a PC. */
#ifndef CORTEX_M4_H
#define CORTEX_M4_H
#include <stdint.h>
#include <string.h>
#include "block-plain.h"

#if defined(__GNUC__)
#define CORTEX_M4_INLINE static inline __attribute__((always_inline, unused))
#else
#define CORTEX_M4_INLINE static inline
#endif

/* ---- instructions ---- */

/* Bytes 0 and 2 of V, widened to halfwords. */
CORTEX_M4_INLINE uint32_t
cortex_m4_sxtb16(uint32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("sxtb16 %0, %1" : "=r"(r) : "r"(v));
	return r;
#else
	return ((uint32_t)(int32_t)(int8_t)v & 0xffffu) | (uint32_t)(int32_t)(int8_t)(v >> 16) << 16;
#endif
}

/* Bytes 1 and 3 of V, widened to halfwords. */
CORTEX_M4_INLINE uint32_t
cortex_m4_sxtb16_odd(uint32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(v));
	return r;
#else
	return cortex_m4_sxtb16(v >> 8);
#endif
}

/* The lower halfwords of A and B, that of B in the upper half. */
CORTEX_M4_INLINE uint32_t
cortex_m4_lower(uint32_t a, uint32_t b)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
	return r;
#else
	return (a & 0xffffu) | b << 16;
#endif
}

/* The upper halfwords of A and B, likewise. */
CORTEX_M4_INLINE uint32_t
cortex_m4_upper(uint32_t a, uint32_t b)
{
#if defined(__ARM_FEATURE_DSP)
	uint32_t r;

	__asm("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(b), "r"(a));
	return r;
#else
	return a >> 16 | (b & 0xffff0000u);
#endif
}

/* SUM + the products of the halfwords of A and B. */
CORTEX_M4_INLINE int32_t
cortex_m4_smlad(uint32_t a, uint32_t b, int32_t sum)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(sum));
	return r;
#else
	return (int32_t)((uint32_t)sum + (uint32_t)((int16_t)a * (int16_t)b) + (uint32_t)((int16_t)(a >> 16) * (int16_t)(b >> 16)));
#endif
}

/* C + the upper half of A * B, rounded. */
CORTEX_M4_INLINE int32_t
cortex_m4_smmlar(int32_t a, int32_t b, int32_t c)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(c));
	return r;
#else
	return (int32_t)((uint32_t)c + (uint32_t)(((int64_t)a * b + 0x80000000LL) >> 32));
#endif
}

CORTEX_M4_INLINE uint32_t
cortex_m4_load(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

/* ---- results ---- */

/* How the int8 values of a channel are made of its sums: sum * multiplier * 2^(shift - 31), rounded twice.  The second rounding's half is added
 * by the first multiplication; below zero ties go down, what TIE (-1, or 0 without a second rounding) is for. */
struct cortex_m4_scale {
	int32_t multiplier, left, right, half, tie;
};

/* Of a SHIFT below 0. */
CORTEX_M4_INLINE struct cortex_m4_scale
cortex_m4_scale_down(int32_t multiplier, int32_t shift)
{
	return (struct cortex_m4_scale){ multiplier, 1, -shift, (int32_t)1 << (-shift - 1), -1 };
}

CORTEX_M4_INLINE struct cortex_m4_scale
cortex_m4_scale_of(int32_t multiplier, int32_t shift)
{
	struct cortex_m4_scale s = { multiplier, shift > 0 ? shift + 1 : 1, shift < 0 ? -shift : 0, 0, -(shift < 0) };

	s.half = s.right ? (int32_t)1 << (s.right - 1) : 0;
	return s;
}

/* V limited to the range of int8. */
CORTEX_M4_INLINE int32_t
cortex_m4_ssat8(int32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("ssat %0, #8, %1" : "=r"(r) : "r"(v));
	return r;
#else
	return v < -128 ? -128 : v > 127 ? 127 : v;
#endif
}

/* Half of V, limited to the range of int8. */
CORTEX_M4_INLINE int32_t
cortex_m4_ssat8_half(int32_t v)
{
#if defined(__ARM_FEATURE_DSP)
	int32_t r;

	__asm("ssat %0, #8, %1, asr #1" : "=r"(r) : "r"(v));
	return r;
#else
	return cortex_m4_ssat8(v >> 1);
#endif
}

/* Whether all values are allowed and the least of them is the zero point.  What ties below zero become makes no difference then. */
CORTEX_M4_INLINE int
cortex_m4_is_relu(int32_t zero, int32_t lo, int32_t hi)
{
	return zero == -128 && lo == -128 && hi == 127;
}

/* The value of a sum within 2^30, limited to [lo, hi].  RELU: cortex_m4_is_relu of the limits. */
CORTEX_M4_INLINE int8_t
cortex_m4_result(int32_t sum, const struct cortex_m4_scale *s, int relu, int32_t zero, int32_t lo, int32_t hi)
{
	int32_t v = (int32_t)((uint32_t)sum << (s->left));

	if (relu)
		return (int8_t)cortex_m4_ssat8((cortex_m4_smmlar(v, s->multiplier, s->half) >> s->right) - 128);
	v = cortex_m4_smmlar(v, s->multiplier, 0);
	v = ((v + s->half + ((v >> 31) & s->tie)) >> s->right) + zero;
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* ---- runs of channels ---- */

/* Windows lie widened in working memory, four values of the first window, four of the second (if there is one), and so on; of each four the order
 * is 0 2 1 3, which is what SXTB16 makes of a word.  Halfwords of weights are w0 + 256 * w1, those of two channels, in the same order.
 *
 * SMLAD over the halfwords gathers S0 + 256 * S1, over their lower bytes S0.  Both may wrap: their difference is 256 * S1, and that fits. */

/* The place of value K of window R of ROWS. */
CORTEX_M4_INLINE int32_t
cortex_m4_place(int32_t k, int32_t r, int32_t rows)
{
	return (k / 4 * rows + r) * 4 + k % 2 * 2 + k / 2 % 2;
}

/* What the assembly below works with: it knows the order. */
struct cortex_m4_pairs {
	int8_t *y, *y_second;       /* of the first window and the second */
	const int32_t *bias;
	int32_t pairs;              /* of channels, not 0 */
	const int32_t *multiplier;
	const int8_t *shift;        /* -23 .. -1 */
	const int16_t *x;
	int32_t trips;              /* of the loop, which is unrolled; the first leaves out SKIP steps */
	const int16_t *w;
	int32_t skip;
	int32_t finish;             /* 0: a relu at the zero point -128; 1: no limits; 2: LO and HI */
	int32_t twice_zero;         /* and 1 */
	int32_t lo, hi;
	int32_t rest;               /* of one window: 4 values are left over, the first ones */
};

#if defined(__GNUC__) && defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#define CORTEX_M4_ASSEMBLY
#define CORTEX_M4_APART static __attribute__((noinline, unused)) /* once, and not in layers that have no use for it */
enum { CORTEX_M4_STEPS_OF_TWO = 16, CORTEX_M4_STEPS_OF_ONE = 8 }; /* in the loops */

/* Puts what is needed in the loops on the stack: r0 is a struct cortex_m4_pairs.  From sp on: y, y_second, bias, pairs, multiplier, shift, x, trips, the
 * place in the loop where a pair of channels begins, the code that finishes a pair, twice_zero, lo, hi.  STEP: bytes of code of a step. */
#define CORTEX_M4_PROLOGUE(step) \
	".p2align 2\n\t" /* what ADR counts from */ \
	"mov r0, %0\n\t" \
	"push {r4-r11}\n\t" \
	"ldrd r9, r1, [r0, #32]\n\t" \
	"adr.w r2, 1f\n\t" \
	"mov r3, #" #step "\n\t" \
	"mla r2, r1, r3, r2\n\t" \
	"adr.w r4, 10f\n\t" \
	"adr.w r5, 11f\n\t" \
	"adr.w r6, 12f\n\t" \
	"ldr r3, [r0, #40]\n\t" \
	"cmp r3, #1\n\t" \
	"it eq\n\t" \
	"moveq r4, r5\n\t" \
	"it gt\n\t" \
	"movgt r4, r6\n\t" \
	"orr r2, r2, #1\n\t" /* Thumb code */ \
	"orr r4, r4, #1\n\t" \
	"ldr r5, [r0, #44]\n\t" \
	"ldrd r6, r7, [r0, #48]\n\t"

/* The multipliers of two channels to r2 and r3, what their results are shifted by, less 1, to r4 and r5, and what rounds them to r7 and r6. */
#define CORTEX_M4_SCALE \
	"ldrd r0, r1, [sp, #16]\n\t" \
	"ldrd r2, r3, [r0], #8\n\t" \
	"ldrh r4, [r1], #2\n\t" \
	"strd r0, r1, [sp, #16]\n\t" \
	"mvn r4, r4\n\t" \
	"ldr r6, [sp, #40]\n\t" \
	"lsr r5, r4, #8\n\t" /* a shift by a register looks at its lowest byte */ \
	"lsl r7, r6, r4\n\t" \
	"lsl r6, r6, r5\n\t"

/* Twice the sums: A is that of both channels, B that of the first. */
#define CORTEX_M4_SUMS(a, b) \
	"sub " a ", " a ", " b "\n\t" \
	"asr " a ", " a ", #7\n\t" \
	"lsl " b ", " b ", #1\n\t"

/* Of a relu, ties below zero may go either way. */
#define CORTEX_M4_RELU(v, multiplier, right, round) \
	"smmlar " v ", " v ", " multiplier ", " round "\n\t" \
	"asr " v ", " v ", " right "\n\t" \
	"ssat " v ", #8, " v ", asr #1\n\t"

#define CORTEX_M4_VALUE(v, multiplier, right, round) \
	"smmulr " v ", " v ", " multiplier "\n\t" \
	"add " v ", " v ", " v ", asr #31\n\t" /* ties below zero go down */ \
	"add " v ", " v ", " round "\n\t" \
	"asr " v ", " v ", " right "\n\t" \
	"ssat " v ", #8, " v ", asr #1\n\t"

#define CORTEX_M4_CLAMP(v) \
	"cmp " v ", r0\n\t" \
	"it lt\n\t" \
	"movlt " v ", r0\n\t" \
	"cmp " v ", r1\n\t" \
	"it gt\n\t" \
	"movgt " v ", r1\n\t"

/* Four values of two windows by two channels: 48 bytes of code, weights at r9, windows at r8. */
#define CORTEX_M4_STEP_OF_TWO \
	"ldrd r4, r5, [r9], #8\n\t" \
	"ldmia r8!, {r0-r3}\n\t" \
	"sxtb16 r6, r4\n\t" \
	"smlad r10, r0, r4, r10\n\t" \
	"smlad r11, r0, r6, r11\n\t" \
	"smlad r12, r2, r4, r12\n\t" \
	"smlad lr, r2, r6, lr\n\t" \
	"sxtb16 r6, r5\n\t" \
	"smlad r10, r1, r5, r10\n\t" \
	"smlad r11, r1, r6, r11\n\t" \
	"smlad r12, r3, r5, r12\n\t" \
	"smlad lr, r3, r6, lr\n\t"

/* All pairs of channels of two windows. */
CORTEX_M4_APART void
cortex_m4_pairs_of_two(const struct cortex_m4_pairs *k)
{
	__asm volatile(
		CORTEX_M4_PROLOGUE(48)
		"push {r2, r4-r7}\n\t"
		"ldmia r0, {r1-r8}\n\t"
		"push {r1-r8}\n\t"
		"ldr r2, [sp, #8]\n\t"
		"ldrd r11, r4, [r2], #8\n\t"
		"str r2, [sp, #8]\n\t"
		"b 3f\n"
		"1:\n\t"
		".rept 16\n\t" CORTEX_M4_STEP_OF_TWO ".endr\n\t"
		"subs r7, r7, #1\n\t"
		"bne.w 1b\n\t"
		"ldr pc, [sp, #36]\n"
		"10:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r10", "r11") CORTEX_M4_SUMS("r12", "lr")
		CORTEX_M4_RELU("r11", "r2", "r4", "r7") CORTEX_M4_RELU("lr", "r2", "r4", "r7")
		CORTEX_M4_RELU("r10", "r3", "r5", "r6") CORTEX_M4_RELU("r12", "r3", "r5", "r6")
		"2:\n\t"
		"ldmia sp, {r0-r3}\n\t"
		"strb r11, [r0], #1\n\t"
		"strb r10, [r0], #1\n\t"
		"strb lr, [r1], #1\n\t"
		"strb r12, [r1], #1\n\t"
		"subs r3, r3, #1\n\t"
		"beq 4f\n\t"
		"ldrd r11, r4, [r2], #8\n\t"
		"stmia sp, {r0-r3}\n"
		"3:\n\t" /* sums begin with the biases */
		"add r10, r11, r4, lsl #8\n\t"
		"mov r12, r10\n\t"
		"mov lr, r11\n\t"
		"ldrd r8, r7, [sp, #24]\n\t"
		"ldr pc, [sp, #32]\n"
		"11:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r10", "r11") CORTEX_M4_SUMS("r12", "lr")
		CORTEX_M4_VALUE("r11", "r2", "r4", "r7") CORTEX_M4_VALUE("lr", "r2", "r4", "r7")
		CORTEX_M4_VALUE("r10", "r3", "r5", "r6") CORTEX_M4_VALUE("r12", "r3", "r5", "r6")
		"b 2b\n"
		"12:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r10", "r11") CORTEX_M4_SUMS("r12", "lr")
		CORTEX_M4_VALUE("r11", "r2", "r4", "r7") CORTEX_M4_VALUE("lr", "r2", "r4", "r7")
		CORTEX_M4_VALUE("r10", "r3", "r5", "r6") CORTEX_M4_VALUE("r12", "r3", "r5", "r6")
		"ldrd r0, r1, [sp, #44]\n\t"
		CORTEX_M4_CLAMP("r11") CORTEX_M4_CLAMP("lr") CORTEX_M4_CLAMP("r10") CORTEX_M4_CLAMP("r12")
		"b 2b\n"
		"4:\n\t"
		"add sp, sp, #52\n\t"
		"pop {r4-r11}"
		: : "r"(k) : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

/* Eight values of one window by two channels: 56 bytes of code. */
#define CORTEX_M4_STEP_OF_ONE \
	"ldmia r9!, {r4-r7}\n\t" \
	"ldmia r8!, {r0-r3}\n\t" \
	"sxtb16 r10, r4\n\t" \
	"smlad r11, r0, r4, r11\n\t" \
	"smlad r12, r0, r10, r12\n\t" \
	"sxtb16 r10, r5\n\t" \
	"smlad r11, r1, r5, r11\n\t" \
	"smlad r12, r1, r10, r12\n\t" \
	"sxtb16 r10, r6\n\t" \
	"smlad r11, r2, r6, r11\n\t" \
	"smlad r12, r2, r10, r12\n\t" \
	"sxtb16 r10, r7\n\t" \
	"smlad r11, r3, r7, r11\n\t" \
	"smlad r12, r3, r10, r12\n\t"

/* All pairs of channels of one window. */
CORTEX_M4_APART void
cortex_m4_pairs_of_one(const struct cortex_m4_pairs *k)
{
	__asm volatile(
		CORTEX_M4_PROLOGUE(56)
		"ldr r8, [r0, #28]\n\t" /* behind lo and hi: where to go on after the values that are left over */
		"cmp r8, #0\n\t"
		"ite eq\n\t"
		"moveq r8, r4\n\t"
		"movne r8, r2\n\t"
		"ldr r1, [r0, #56]\n\t"
		"adr.w r3, 5f\n\t"
		"orr r3, r3, #1\n\t"
		"cmp r1, #0\n\t"
		"it ne\n\t"
		"movne r2, r3\n\t"
		"push {r2, r4-r8}\n\t"
		"ldmia r0, {r1-r8}\n\t"
		"push {r1-r8}\n\t"
		"ldr r2, [sp, #8]\n\t"
		"ldrd r12, r4, [r2], #8\n\t"
		"str r2, [sp, #8]\n\t"
		"b 3f\n"
		"5:\n\t"
		"ldrd r4, r5, [r9], #8\n\t"
		"ldrd r0, r1, [r8], #8\n\t"
		"sxtb16 r10, r4\n\t"
		"smlad r11, r0, r4, r11\n\t"
		"smlad r12, r0, r10, r12\n\t"
		"sxtb16 r10, r5\n\t"
		"smlad r11, r1, r5, r11\n\t"
		"smlad r12, r1, r10, r12\n\t"
		"ldr pc, [sp, #52]\n"
		"1:\n\t"
		".rept 8\n\t" CORTEX_M4_STEP_OF_ONE ".endr\n\t"
		"subs lr, lr, #1\n\t"
		"bne.w 1b\n\t"
		"ldr pc, [sp, #36]\n"
		"10:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r11", "r12")
		CORTEX_M4_RELU("r12", "r2", "r4", "r7") CORTEX_M4_RELU("r11", "r3", "r5", "r6")
		"2:\n\t"
		"ldmia sp, {r0-r3}\n\t"
		"strb r12, [r0], #1\n\t"
		"strb r11, [r0], #1\n\t"
		"subs r3, r3, #1\n\t"
		"beq 4f\n\t"
		"ldrd r12, r4, [r2], #8\n\t"
		"stmia sp, {r0-r3}\n"
		"3:\n\t"
		"add r11, r12, r4, lsl #8\n\t"
		"ldrd r8, lr, [sp, #24]\n\t"
		"ldr pc, [sp, #32]\n"
		"11:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r11", "r12")
		CORTEX_M4_VALUE("r12", "r2", "r4", "r7") CORTEX_M4_VALUE("r11", "r3", "r5", "r6")
		"b 2b\n"
		"12:\n\t"
		CORTEX_M4_SCALE CORTEX_M4_SUMS("r11", "r12")
		CORTEX_M4_VALUE("r12", "r2", "r4", "r7") CORTEX_M4_VALUE("r11", "r3", "r5", "r6")
		"ldrd r0, r1, [sp, #44]\n\t"
		CORTEX_M4_CLAMP("r12") CORTEX_M4_CLAMP("r11")
		"b 2b\n"
		"4:\n\t"
		"add sp, sp, #56\n\t"
		"pop {r4-r11}"
		: : "r"(k) : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

/* Four values of A and four of B, widened. */
#define CORTEX_M4_WIDEN(step) \
	"ldr r4, [r1], #" step "\n\t" \
	"ldr r6, [r2], #" step "\n\t" \
	"sxtb16 r5, r4, ror #8\n\t" \
	"sxtb16 r4, r4\n\t" \
	"sxtb16 r7, r6, ror #8\n\t" \
	"sxtb16 r6, r6\n\t" \
	"stmia r0!, {r4-r7}\n\t"
#define CORTEX_M4_WIDEN_ALL(step) \
	"mov r12, %0\n\t" \
	"push {r4-r9}\n\t" \
	"ldmia r12, {r0-r3, r8, r9}\n" \
	"3:\n\t" \
	"lsrs r12, r3, #1\n\t" \
	"bcc 1f\n\t" \
	CORTEX_M4_WIDEN(step) \
	"cmp r12, #0\n\t" \
	"beq 2f\n" \
	"1:\n\t" \
	CORTEX_M4_WIDEN(step) CORTEX_M4_WIDEN(step) \
	"subs r12, r12, #1\n\t" \
	"bne 1b\n" \
	"2:\n\t" \
	"add r1, r1, r8\n\t" \
	"add r2, r2, r8\n\t" \
	"subs r9, r9, #1\n\t" \
	"bne 3b\n\t" \
	"pop {r4-r9}"

struct cortex_m4_widen {
	int16_t *to;
	const int8_t *a, *b;
	int32_t n;                  /* times four values of each, not 0 */
	int32_t next;               /* values from the end of a run to the next one */
	int32_t runs;
};

/* Two windows of RUNS runs of N values, RUN from one to the next. */
CORTEX_M4_APART void
cortex_m4_widen_two(int16_t *to, const int8_t *a, const int8_t *b, int32_t n, int32_t runs, int32_t run)
{
	const struct cortex_m4_widen k = { to, a, b, n / 4, run - n, runs };

	__asm volatile(CORTEX_M4_WIDEN_ALL("4") : : "r"(&k) : "r0", "r1", "r2", "r3", "r12", "cc", "memory");
}

/* N values of one window. */
CORTEX_M4_APART void
cortex_m4_widen_one(int16_t *to, const int8_t *from, int32_t n)
{
	const struct cortex_m4_widen k = { to, from, from + 4, n / 8, 0, 1 };

	if (k.n > 0)
		__asm volatile(CORTEX_M4_WIDEN_ALL("8") : : "r"(&k) : "r0", "r1", "r2", "r3", "r12", "cc", "memory");
	for (int32_t i = n / 8 * 8; i < n; i++)
		to[cortex_m4_place(i, 0, 1)] = from[i];
}
#endif

/* The windows, widened, into COLUMN; N is a multiple of 4. */
static inline void
cortex_m4_widen(int16_t *column, const int8_t *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t n, int32_t rows)
{
#if defined(CORTEX_M4_ASSEMBLY)
	if (rows == 2)
		cortex_m4_widen_two(column, x, x + x_pitch, n, runs, x_run);
	else
		for (int32_t i = 0; i < runs; i++)
			cortex_m4_widen_one(column + i * n, x + i * x_run, n);
#else
	for (int32_t i = 0; i < runs; i++, column += n * rows, x += x_run)
		for (int32_t r = 0; r < rows; r++)
			for (int32_t j = 0; j < n; j++)
				column[cortex_m4_place(j, r, rows)] = x[r * x_pitch + j];
#endif
}

/* One channel of a pair, in C: for compilers without the instructions, and for a last channel that has no other. */
static inline void
cortex_m4_channel(int8_t *y, int32_t y_pitch, const int16_t *column, const int16_t *w, int32_t second, const struct block_scaling *s,
	int32_t channel, int32_t n, int32_t rows)
{
	for (int32_t r = 0; r < rows; r++) {
		uint32_t sum = (uint32_t)s->bias[channel];

		for (int32_t i = 0; i < n; i++) {
			const int32_t both = w[i], first = (int8_t)(both & 0xff);

			sum += (uint32_t)(column[(i / 4 * rows + r) * 4 + i % 4] * (second ? (both - first) / 256 : first));
		}
		y[r * y_pitch + channel] = block_result((int32_t)sum, s, channel);
	}
}

/* One or two windows by OUT channels.  N, the values of a run, is a multiple of 4; SCRATCH has room for twice the bytes of all windows. */
static inline void
cortex_m4_all(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, int32_t runs, int32_t x_run, int32_t n, const void *weight, const int32_t *b,
	const int32_t *multiplier, const int8_t *shift, void *scratch, int32_t rows, int32_t out, int32_t zero, int32_t lo, int32_t hi)
{
	const struct block_scaling s = { b, multiplier, shift, zero, lo, hi };
	const int32_t all = runs * n;
	const int16_t *w = (const int16_t *)weight;
	int16_t *column = (int16_t *)scratch;
	int32_t c = 0;

	cortex_m4_widen(column, (const int8_t *)x, x_pitch, runs, x_run, n, rows);
#if defined(CORTEX_M4_ASSEMBLY)
	const int32_t steps = rows == 2 ? all / 4 : all / 8, unrolled = rows == 2 ? CORTEX_M4_STEPS_OF_TWO : CORTEX_M4_STEPS_OF_ONE;
	const int32_t trips = (steps + unrolled - 1) / unrolled;
	const struct cortex_m4_pairs pairs = { y, y + y_pitch, b, out / 2, multiplier, shift, column, trips, w, trips * unrolled - steps,
		lo == -128 && hi == 127 ? !cortex_m4_is_relu(zero, lo, hi) : 2, 2 * zero + 1, lo, hi, all % 8 };

	c = out / 2 * 2;
	if (c > 0 && rows == 2)
		cortex_m4_pairs_of_two(&pairs);
	else if (c > 0)
		cortex_m4_pairs_of_one(&pairs);
#endif
	for (; c < out; c++)
		cortex_m4_channel(y, y_pitch, column, w + c / 2 * all, c % 2, &s, c, all, rows);
}

/* ---- a block of one channel, for what a run does not take ---- */

CORTEX_M4_INLINE void
cortex_m4_1x1(int8_t *y, int32_t y_pitch, const void *x, int32_t x_pitch, const void *w, const int32_t *b, int32_t n,
	const int32_t *multiplier, const int8_t *shift, int32_t zero, int32_t lo, int32_t hi)
{
	const int16_t *v = (const int16_t *)x;
	const int8_t *weight = (const int8_t *)w;
	const struct cortex_m4_scale s = cortex_m4_scale_of(multiplier[0], shift[0]);
	uint32_t sum = (uint32_t)b[0];

	(void)y_pitch;
	(void)x_pitch;
	for (int32_t i = 0; i < n; i++)
		sum += (uint32_t)(v[i] * weight[i]);
	y[0] = cortex_m4_result((int32_t)sum, &s, 0, zero, lo, hi);
}

/* ---- depthwise convolution of 3x3 ---- */

/* A tile: the cells under some rows of results, of four channels, each a plane of its own; padding included and widened, so that two neighbours of a
 * row are one operand of SMLAD. */
enum { CORTEX_M4_PLANE = 256 };
struct cortex_m4_tile {
	int16_t x[4][CORTEX_M4_PLANE];
	int32_t width;              /* cells of a row, even */
};

/* A depthwise layer.  Its rows may be the columns of the image. */
struct cortex_m4_dw {
	const int8_t *x, *w;
	const int32_t *b, *multiplier;
	const int8_t *shift;
	int32_t x_step, x_row;      /* from a pixel to the next of its row, and to the next row */
	int32_t y_step, y_row;
	int32_t w_step, w_row;      /* likewise of the 3x3 weights of a channel */
	int32_t h, w_in, w_out, stride_h, stride_w, pad_t, pad_l;
	int32_t x_zero, y_zero, lo, hi;
};

CORTEX_M4_INLINE void
cortex_m4_store(int16_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

/* N cells of four planes from P on. */
CORTEX_M4_INLINE void
cortex_m4_clear(int16_t *p, int32_t n, int16_t v)
{
	for (; n > 1; n -= 2, p += 2)
		for (int32_t i = 0; i < 4; i++)
			cortex_m4_store(p + i * CORTEX_M4_PLANE, ((uint32_t)v & 0xffffu) | (uint32_t)v << 16);
	if (n > 0)
		p[0] = p[CORTEX_M4_PLANE] = p[2 * CORTEX_M4_PLANE] = p[3 * CORTEX_M4_PLANE] = v;
}

/* N cells of four channels, STEP apart, into four planes. */
CORTEX_M4_INLINE void
cortex_m4_planes(int16_t *p, const int8_t *from, int32_t step, int32_t n)
{
	for (const int16_t *end = p + (n & ~1); p < end; p += 2, from += 2 * step) {
		const uint32_t left = cortex_m4_load(from), right = cortex_m4_load(from + step);
		const uint32_t left02 = cortex_m4_sxtb16(left), right02 = cortex_m4_sxtb16(right);
		const uint32_t left13 = cortex_m4_sxtb16_odd(left), right13 = cortex_m4_sxtb16_odd(right);

		cortex_m4_store(p, cortex_m4_lower(left02, right02));
		cortex_m4_store(p + CORTEX_M4_PLANE, cortex_m4_lower(left13, right13));
		cortex_m4_store(p + 2 * CORTEX_M4_PLANE, cortex_m4_upper(left02, right02));
		cortex_m4_store(p + 3 * CORTEX_M4_PLANE, cortex_m4_upper(left13, right13));
	}
	for (int32_t i = 0; (n & 1) && i < 4; i++)
		p[i * CORTEX_M4_PLANE] = from[i];
}

/* How many cells of the image are in a row of the tile. */
CORTEX_M4_INLINE int32_t
cortex_m4_tile_cells(const struct cortex_m4_tile *t, const struct cortex_m4_dw *k)
{
	return k->w_in < t->width - k->pad_l ? k->w_in : t->width - k->pad_l;
}

/* The padding in ROWS rows of the tile, the first of which is the image's row IY.  All channels share it. */
static inline void
cortex_m4_tile_padding(struct cortex_m4_tile *t, const struct cortex_m4_dw *k, int32_t rows, int32_t iy)
{
	const int32_t behind = k->pad_l + cortex_m4_tile_cells(t, k);
	int16_t *p = t->x[0];

	for (int32_t end = iy + rows; iy < end; iy++, p += t->width) {
		const int inside = iy >= 0 && iy < k->h;

		cortex_m4_clear(p, inside ? k->pad_l : t->width, (int16_t)k->x_zero);
		if (inside)
			cortex_m4_clear(p + behind, t->width - behind, (int16_t)k->x_zero);
	}
}

/* The cells of the image in these rows, of four channels from C on. */
static inline void
cortex_m4_tile_image(struct cortex_m4_tile *t, const struct cortex_m4_dw *k, int32_t rows, int32_t iy, int32_t c)
{
	const int32_t first = iy < 0 ? 0 : iy, end = iy + rows < k->h ? iy + rows : k->h, n = cortex_m4_tile_cells(t, k);
	int16_t *p = t->x[0] + (first - iy) * t->width + k->pad_l;
	const int8_t *from = k->x + first * k->x_row + c;

	for (int32_t r = first; r < end; r++, p += t->width, from += k->x_row)
		cortex_m4_planes(p, from, k->x_step, n);
}

#if defined(CORTEX_M4_ASSEMBLY)
/* Rows of results of one channel with a relu at the zero point -128: what the assembly below works with, in this order on the stack.  All steps
 * are in bytes. */
struct cortex_m4_dw_pairs {
	int8_t *y;
	const int16_t *x;
	int32_t width, x_next;      /* of a row of cells; from the cells of a row of results to those of the next */
	int32_t weights[6];         /* of each row twice w0, w1 and twice w1, w2 */
	int32_t bias[2];            /* twice, the same */
	int32_t multiplier, round;
	int32_t right;              /* shift, less 1 */
	int32_t rows, odd;          /* results that have no neighbour at the end of a row: 0 or 1 */
	int32_t y_step;
	int8_t *y_end;              /* of the pairs of a row */
	int32_t y_next;             /* from the end of a row's results to the next row */
	int32_t pairs_bytes;        /* from the first pair of a row to Y_END */
	int32_t padding;
};

#define CORTEX_M4_DW_ONE(p, first, last) \
	"ldrd r11, r12, [" p "]\n\t" \
	"smlad r9, r11, " first ", r9\n\t" \
	"smlabt r9, r12, " last ", r9\n\t"
#define CORTEX_M4_DW_TWO(p, first, last) \
	"ldrd r11, r12, [" p "], #4\n\t" \
	"smlad r9, r11, " first ", r9\n\t" \
	"smlabt r9, r12, " last ", r9\n\t" \
	"smlatb r10, r11, " first ", r10\n\t" \
	"smlad r10, r12, " last ", r10\n\t"
#define CORTEX_M4_DW_TWO_APART(p, first, last) /* at a stride of 2 */ \
	"ldrd r11, r12, [" p "], #8\n\t" \
	"smlad r9, r11, " first ", r9\n\t" \
	"smlabt r9, r12, " last ", r9\n\t" \
	"ldr r11, [" p "]\n\t" \
	"smlad r10, r12, " first ", r10\n\t" \
	"smlabt r10, r11, " last ", r10\n\t"

/* r0, r1, r2: cells of three rows; r3 to r8: weights; r9, r10: sums; lr: y. */
#define CORTEX_M4_DW_ALL(two) \
	"mov r0, %0\n\t" \
	"push {r4-r11}\n\t" \
	"add r0, r0, #44\n\t" \
	"ldmia r0, {r1-r11}\n\t" \
	"push {r1-r11}\n\t" \
	"sub r0, r0, #44\n\t" \
	"ldmia r0, {r1-r11}\n\t" \
	"push {r1-r11}\n\t" \
	"add r12, sp, #16\n\t" \
	"ldmia r12, {r3-r8}\n\t" \
	"ldr lr, [sp]\n" \
	"1:\n\t" /* a row of results */ \
	"ldr r11, [sp, #8]\n\t" \
	"ldr r0, [sp, #4]\n\t" \
	"ldr r12, [sp, #12]\n\t" \
	"add r1, r0, r11\n\t" \
	"add r2, r1, r11\n\t" \
	"add r12, r12, r0\n\t" \
	"str r12, [sp, #4]\n\t" \
	"ldr r12, [sp, #80]\n\t" \
	"cmp r12, #0\n\t" \
	"beq 3f\n\t" \
	"add r12, r12, lr\n\t" \
	"str r12, [sp, #72]\n" \
	"2:\n\t" /* two results */ \
	"ldrd r9, r10, [sp, #40]\n\t" \
	two("r0", "r3", "r4") two("r1", "r5", "r6") two("r2", "r7", "r8") \
	"ldrd r11, r12, [sp, #48]\n\t" \
	"smmlar r9, r9, r11, r12\n\t" \
	"smmlar r10, r10, r11, r12\n\t" \
	"ldr r11, [sp, #56]\n\t" \
	"asr r9, r9, r11\n\t" \
	"asr r10, r10, r11\n\t" \
	"ldrd r11, r12, [sp, #68]\n\t" \
	"ssat r9, #8, r9, asr #1\n\t" \
	"ssat r10, #8, r10, asr #1\n\t" \
	"strb r9, [lr]\n\t" \
	"strb r10, [lr, r11]\n\t" \
	"add lr, lr, r11, lsl #1\n\t" \
	"cmp lr, r12\n\t" \
	"bne 2b\n" \
	"3:\n\t" \
	"ldr r12, [sp, #64]\n\t" \
	"cmp r12, #0\n\t" \
	"beq 4f\n\t" \
	"ldr r9, [sp, #40]\n\t" \
	CORTEX_M4_DW_ONE("r0", "r3", "r4") CORTEX_M4_DW_ONE("r1", "r5", "r6") CORTEX_M4_DW_ONE("r2", "r7", "r8") \
	"ldrd r11, r12, [sp, #48]\n\t" \
	"smmlar r9, r9, r11, r12\n\t" \
	"ldr r11, [sp, #56]\n\t" \
	"asr r9, r9, r11\n\t" \
	"ssat r9, #8, r9, asr #1\n\t" \
	"ldr r11, [sp, #68]\n\t" \
	"strb r9, [lr]\n\t" \
	"add lr, lr, r11\n" \
	"4:\n\t" \
	"ldr r11, [sp, #76]\n\t" \
	"ldr r12, [sp, #60]\n\t" \
	"add lr, lr, r11\n\t" \
	"subs r12, r12, #1\n\t" \
	"str r12, [sp, #60]\n\t" \
	"bne 1b\n\t" \
	"add sp, sp, #88\n\t" \
	"pop {r4-r11}"

CORTEX_M4_APART void
cortex_m4_dw_pairs_1(const struct cortex_m4_dw_pairs *k)
{
	__asm volatile(CORTEX_M4_DW_ALL(CORTEX_M4_DW_TWO) : : "r"(k) : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}

CORTEX_M4_APART void
cortex_m4_dw_pairs_2(const struct cortex_m4_dw_pairs *k)
{
	__asm volatile(CORTEX_M4_DW_ALL(CORTEX_M4_DW_TWO_APART) : : "r"(k) : "r0", "r1", "r2", "r3", "r12", "lr", "cc", "memory");
}
#endif

/* ROWS rows of results of channel C, from the plane X on. */
static inline void
cortex_m4_dw_rows(const struct cortex_m4_dw *k, int8_t *y, const int16_t *x, int32_t width, int32_t c, int32_t rows)
{
	const struct cortex_m4_scale scale = cortex_m4_scale_of(k->multiplier[c], k->shift[c]);

	for (; rows > 0; rows--, x += k->stride_h * width, y += k->y_row)
		for (int32_t i = 0; i < k->w_out; i++) {
			const int16_t *p = x + i * k->stride_w;
			const int8_t *w = k->w + c;
			uint32_t sum = (uint32_t)k->b[c];

			for (int32_t r = 0; r < 3; r++, p += width, w += k->w_row)
				sum += (uint32_t)((p[0] - k->x_zero) * w[0] + (p[1] - k->x_zero) * w[k->w_step] + (p[2] - k->x_zero) * w[2 * k->w_step]);
			y[i * k->y_step] = cortex_m4_result((int32_t)sum, &scale, 0, k->y_zero, k->lo, k->hi);
		}
}

#if defined(CORTEX_M4_ASSEMBLY)
/* Twice the three weights at W, in two words, and their sum. */
CORTEX_M4_INLINE int32_t
cortex_m4_dw_weights(int32_t words[2], const int8_t *w, int32_t step)
{
	const int32_t first = w[0], second = w[step], third = w[2 * step];

	words[0] = (int32_t)cortex_m4_lower((uint32_t)first * 2, (uint32_t)second * 2);
	words[1] = (int32_t)cortex_m4_lower((uint32_t)second * 2, (uint32_t)third * 2);
	return first + second + third;
}

/* The rows of results of channel C that P says, from the plane X on. */
CORTEX_M4_APART void
cortex_m4_dw_channel(const struct cortex_m4_dw *k, struct cortex_m4_dw_pairs *p, int8_t *y, const int16_t *x, int32_t c)
{
	const int8_t *w = k->w + c;
	const int32_t less = -k->shift[c] - 1;
	int32_t sum;

	p->y = y;
	p->x = x;
	sum = cortex_m4_dw_weights(p->weights, w, k->w_step);
	sum += cortex_m4_dw_weights(p->weights + 2, w + k->w_row, k->w_step);
	sum += cortex_m4_dw_weights(p->weights + 4, w + 2 * k->w_row, k->w_step);
	p->bias[0] = p->bias[1] = (int32_t)(2 * ((uint32_t)k->b[c] - (uint32_t)(k->x_zero * sum)));
	p->multiplier = k->multiplier[c];
	p->round = (int32_t)(-255u << less);
	p->right = less;
	if (k->stride_w == 1)
		cortex_m4_dw_pairs_1(p);
	else
		cortex_m4_dw_pairs_2(p);
}
#endif

/* The layer's Y_H rows, ROWS of them in a tile: of four channels at a time, all that the tile has of them being read before results are written.  Takes
 * 2 KB of stack. */
CORTEX_M4_INLINE void
cortex_m4_dw_tiles(const struct cortex_m4_dw *k, int8_t *y, int32_t c, int32_t y_h, int32_t rows, int32_t width)
{
	struct cortex_m4_tile t;
#if defined(CORTEX_M4_ASSEMBLY)
	const int relu = cortex_m4_is_relu(k->y_zero, k->lo, k->hi); /* most layers */
	struct cortex_m4_dw_pairs pairs = { NULL, NULL, 2 * width, 2 * width * k->stride_h, { 0, 0, 0, 0, 0, 0 }, { 0, 0 }, 0, 0, 0, 0, k->w_out % 2,
		k->y_step, NULL, k->y_row - k->w_out * k->y_step, k->w_out / 2 * 2 * k->y_step, 0 };
#endif

	t.width = width;
	for (int32_t oy = 0; oy < y_h; oy += rows) {
		const int32_t n = y_h - oy < rows ? y_h - oy : rows, high = (n - 1) * k->stride_h + 3, iy = oy * k->stride_h - k->pad_t;

#if defined(CORTEX_M4_ASSEMBLY)
		pairs.rows = n;
#endif
		cortex_m4_tile_padding(&t, k, high, iy);
		for (int32_t at = 0; at < c; at++) {
			if (at % 4 == 0)
				cortex_m4_tile_image(&t, k, high, iy, at);
#if defined(CORTEX_M4_ASSEMBLY)
			if (relu && k->shift[at] < 0 && k->shift[at] >= -22) {
				cortex_m4_dw_channel(k, &pairs, y + oy * k->y_row + at, t.x[at % 4], at);
				continue;
			}
#endif
			cortex_m4_dw_rows(k, y + oy * k->y_row + at, t.x[at % 4], width, at, n);
		}
	}
}

/* A depthwise convolution of 3x3 with a horizontal stride of 1 or 2, C a multiple of 4: two rows of results at a time if they fit in a tile. */
static inline void
cortex_m4_dw3x3(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t y_h, int32_t w_out, int32_t stride_h, int32_t stride_w, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero,
	const int32_t *multiplier, const int8_t *shift, int32_t lo, int32_t hi)
{
	const struct cortex_m4_dw k = { x, w, b, multiplier, shift, x_pitch, w_in * x_pitch, y_pitch, w_out * y_pitch, c, 3 * c, h, w_in, w_out,
		stride_h, stride_w, pad_t, pad_l, x_zero, y_zero, lo, hi };
	const int32_t width = (w_out + 1) / 2 * 2 * stride_w + 2;

	cortex_m4_dw_tiles(&k, y, c, y_h, width * (stride_h + 3) <= CORTEX_M4_PLANE ? 2 : 1, width);
}

/* The same with one stride, where the whole of a channel fits in a plane; the longer side of the image lies along the rows of the tile. */
static inline void
cortex_m4_dw3x3_planes(int8_t *y, int32_t y_pitch, const int8_t *x, int32_t x_pitch, const int8_t *w, const int32_t *b, int32_t h, int32_t w_in, int32_t c,
	int32_t h_out, int32_t w_out, int32_t stride, int32_t pad_t, int32_t pad_l, int32_t x_zero, int32_t y_zero, const int32_t *multiplier,
	const int8_t *shift, int32_t lo, int32_t hi)
{
	const int32_t x_row = w_in * x_pitch, y_row = w_out * y_pitch;
	const struct cortex_m4_dw by_rows = { x, w, b, multiplier, shift, x_pitch, x_row, y_pitch, y_row, c, 3 * c, h, w_in, w_out, stride, stride,
		pad_t, pad_l, x_zero, y_zero, lo, hi };
	const struct cortex_m4_dw by_columns = { x, w, b, multiplier, shift, x_row, x_pitch, y_row, y_pitch, 3 * c, c, w_in, h, h_out, stride, stride,
		pad_l, pad_t, x_zero, y_zero, lo, hi };

	if (w_out >= h_out)
		cortex_m4_dw_tiles(&by_rows, y, c, h_out, h_out, (w_out + 1) / 2 * 2 * stride + 2);
	else
		cortex_m4_dw_tiles(&by_columns, y, c, w_out, w_out, (h_out + 1) / 2 * 2 * stride + 2);
}

/* ---- sums of two tensors ---- */

/* V * multiplier * 2^(shift - 31), rounded twice, of any shift. */
static inline int32_t
cortex_m4_requant(int32_t v, int32_t multiplier, int32_t shift)
{
	const int64_t half = (int64_t)1 << 30;

	if (shift >= 0)
		return (int32_t)(((int64_t)(int32_t)((uint32_t)v << shift) * multiplier + half) >> 31);
	v = (int32_t)(((int64_t)v * multiplier + half) >> 31);
	v -= v < 0; /* ties below zero go down */
	return (v >> -shift) + ((v >> (-shift - 1)) & 1);
}

/* TIMES what becomes of each int8 value V of an operand: TABLE[V + 128]. */
static inline void
cortex_m4_operand(int32_t table[256], int32_t left_shift, int32_t zero, int32_t multiplier, int32_t shift, int32_t times)
{
	for (int32_t v = -128; v < 128; v++)
		table[v + 128] = times * cortex_m4_requant((v - zero) * ((int32_t)1 << left_shift), multiplier, shift);
}

/* The sum of what A and B are in their tables, which hold twice the values, within 2^30; RELU is literal.  LESS: the shift, less 1; ROUND: the zero
 * point and a half, before that shift. */
CORTEX_M4_INLINE int8_t
cortex_m4_sum(int32_t a, int32_t b, int32_t multiplier, int32_t round, int32_t less, int relu, int32_t lo, int32_t hi)
{
	int32_t v;

	if (relu)
		return (int8_t)cortex_m4_ssat8_half(cortex_m4_smmlar(a + b, multiplier, round) >> less);
	v = cortex_m4_smmlar(a + b, multiplier, 0);
	v = (v + (v >> 31) + round) >> less >> 1; /* ties below zero go down */
	return (int8_t)(v < lo ? lo : v > hi ? hi : v);
}

/* N sums. */
CORTEX_M4_INLINE void
cortex_m4_add_small(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, const int32_t *of_a, const int32_t *of_b, int32_t multiplier, int32_t shift,
	int relu, int32_t zero, int32_t lo, int32_t hi)
{
	const int32_t less = -shift - 1, round = (2 * zero + 1) * ((int32_t)1 << less);

	for (const int8_t *end = a + (n & ~1); a < end; a += 2, b += 2, y += 2) {
		y[0] = cortex_m4_sum(of_a[a[0]], of_b[b[0]], multiplier, round, less, relu, lo, hi);
		y[1] = cortex_m4_sum(of_a[a[1]], of_b[b[1]], multiplier, round, less, relu, lo, hi);
	}
	if (n & 1)
		y[0] = cortex_m4_sum(of_a[a[0]], of_b[b[0]], multiplier, round, less, relu, lo, hi);
}

/* y = a + b, N values; y may be a or b.  The two tables take 2 KB of stack. */
static inline void
cortex_m4_add(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t left_shift, int32_t a_zero, int32_t a_multiplier, int32_t a_shift,
	int32_t b_zero, int32_t b_multiplier, int32_t b_shift, int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t hi)
{
	int32_t tables[2][256];
	const int32_t *of_a = tables[0] + 128, *of_b = tables[1] + 128;

	/* operands no larger than 255 << 20, and the zero point before the shift no larger than 2^30 */
	const int small = left_shift <= 20 && a_shift <= 0 && b_shift <= 0 && y_shift < 0 && y_shift >= -22;

	cortex_m4_operand(tables[0], left_shift, a_zero, a_multiplier, a_shift, small ? 2 : 1);
	cortex_m4_operand(tables[1], left_shift, b_zero, b_multiplier, b_shift, small ? 2 : 1);
	if (small && cortex_m4_is_relu(y_zero, lo, hi)) {
		cortex_m4_add_small(y, a, b, n, of_a, of_b, y_multiplier, y_shift, 1, y_zero, lo, hi);
		return;
	}
	if (small) {
		cortex_m4_add_small(y, a, b, n, of_a, of_b, y_multiplier, y_shift, 0, y_zero, lo, hi);
		return;
	}
	for (int32_t i = 0; i < n; i++) {
		const int32_t sum = (int32_t)((uint32_t)of_a[a[i]] + (uint32_t)of_b[b[i]]);
		const int32_t v = cortex_m4_requant(sum, y_multiplier, y_shift);

		y[i] = (int8_t)(v < lo - y_zero ? lo : v > hi - y_zero ? hi : v + y_zero);
	}
}

#endif
