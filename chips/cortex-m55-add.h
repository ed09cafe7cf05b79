/* Sums of tensors of chips/cortex-m55.chip; part of cortex-m55.h. */
#ifndef CORTEX_M55_ADD_H
#define CORTEX_M55_ADD_H

/* What becomes of an operand or of a sum: (v - zero) * 2^left * multiplier * 2^(right - 31), rounded twice where right is below 0. */
struct cortex_m55_factor {
	int32_t zero, left, multiplier, right;
};

/* What becomes of N sums. */
struct cortex_m55_add {
	struct cortex_m55_factor a, b, y;
	int32_t zero, lo, hi;
};

CORTEX_M55_INLINE struct cortex_m55_factor
cortex_m55_factor(int32_t zero, int32_t left, int32_t multiplier, int32_t shift)
{
	return (struct cortex_m55_factor){ zero, left + (shift > 0 ? shift : 0), multiplier, shift < 0 ? shift : 0 };
}

/* V by the factor F, in plain C. */
CORTEX_M55_INLINE int32_t
cortex_m55_scaled(int32_t v, const struct cortex_m55_factor *f)
{
	const int32_t left = (int32_t)(((uint32_t)v - (uint32_t)f->zero) << f->left);

	v = (int32_t)(((int64_t)left * f->multiplier + 0x40000000) >> 31);
	if (f->right == 0)
		return v;
	v -= v < 0; /* ties of negative values go down */
	return (v >> -f->right) + ((v >> (-f->right - 1)) & 1);
}

CORTEX_M55_INLINE int8_t
cortex_m55_sum_of(int8_t a, int8_t b, const struct cortex_m55_add *k)
{
	const uint32_t sum = (uint32_t)cortex_m55_scaled(a, &k->a) + (uint32_t)cortex_m55_scaled(b, &k->b);
	const int32_t v = cortex_m55_scaled((int32_t)sum, &k->y);

	return (int8_t)(v < k->lo - k->zero ? k->lo : v > k->hi - k->zero ? k->hi : v + k->zero);
}

#if CORTEX_M55_VECTORS
/* Four values V by the factor F.  VQRDMULH and VRSHL round ties up; TIES: those of negative values go down. */
CORTEX_M55_INLINE int32x4_t
cortex_m55_scaled_four(int32x4_t v, const struct cortex_m55_factor *f, int ties)
{
	if (f->zero != 0)
		v = vsubq_n_s32(v, f->zero);
	if (f->left > 0 && f->multiplier == 1 << 30 && f->right == 0)
		return vshlq_r_s32(v, f->left - 1);
	if (f->left > 0)
		v = vshlq_r_s32(v, f->left);
	v = vqrdmulhq_n_s32(v, f->multiplier);
	if (f->right == 0)
		return v;
	if (ties)
		v = vaddq_s32(v, vshrq_n_s32(v, 31));
	return vrshlq_n_s32(v, f->right);
}

/* Four sums, of which a last byte of each lane is the result. */
CORTEX_M55_INLINE int32x4_t
cortex_m55_sum_of_four(int32x4_t a, int32x4_t b, const struct cortex_m55_add *k)
{
	int32x4_t v = vaddq_s32(cortex_m55_scaled_four(a, &k->a, 1), cortex_m55_scaled_four(b, &k->b, 1));

	/* below the zero point they make no difference when that is the limit */
	v = cortex_m55_scaled_four(v, &k->y, k->lo < k->zero);
	v = vqaddq_n_s32(v, k->zero);
	if (k->lo != -128 || k->hi != 127)
		return vminq_s32(vmaxq_s32(v, vdupq_n_s32(k->lo)), vdupq_n_s32(k->hi));
	/* saturates to the lowest byte; from intrinsics compilers make copies */
	__asm("vqmovnb.s32 %q0, %q0\n\tvqmovnb.s16 %q0, %q0" : "+w"(v));
	return v;
}
#endif

/* y = a + b, N values, in their order; y may be a or b. */
CORTEX_M55_INLINE void
cortex_m55_add(int8_t *y, const int8_t *a, const int8_t *b, int32_t n, int32_t left_shift, int32_t a_zero, int32_t a_multiplier, int32_t a_shift,
	int32_t b_zero, int32_t b_multiplier, int32_t b_shift, int32_t y_zero, int32_t y_multiplier, int32_t y_shift, int32_t lo, int32_t hi)
{
	const struct cortex_m55_add k = { cortex_m55_factor(a_zero, left_shift, a_multiplier, a_shift),
		cortex_m55_factor(b_zero, left_shift, b_multiplier, b_shift), cortex_m55_factor(0, 0, y_multiplier, y_shift), y_zero, lo, hi };

#if CORTEX_M55_VECTORS
	for (; n >= 4; n -= 4, y += 4, a += 4, b += 4)
		vstrbq_s32(y, cortex_m55_sum_of_four(vldrbq_s32(a), vldrbq_s32(b), &k));
#endif
	for (; n > 0; n--)
		*y++ = cortex_m55_sum_of(*a++, *b++, &k);
}

#endif
