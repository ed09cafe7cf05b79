/* profile.c: the function that digits.c calls around each layer when it is compiled with -DDIGITS_PROFILE.
 *
 * SysTick counts down at the processor's clock, in 24 bits: a layer may take 16 million cycles.  Subtract what the two
 * calls themselves take if your layers are tiny. */
#include <stdio.h>
#include <stdint.h>
#include "digits.h"
#include "profile.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010u) /* control: 4 the processor's clock, 1 on */
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u) /* what it starts from again after 0 */
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u) /* where it is */
#define SYST_MASK 0xFFFFFFu

static uint64_t cycles[DIGITS_LAYERS];
static uint32_t before;

void
profile_start(void)
{
	SYST_RVR = SYST_MASK;
	SYST_CVR = 0;
	SYST_CSR = 5;
}

void
digits_profile(int layer, int end)
{
	uint32_t now = SYST_CVR;

	if (end)
		cycles[layer] += (before - now) & SYST_MASK;
	before = SYST_CVR;
}

void
profile_print(int runs)
{
	printf("netc-profile 1\nnetwork digits\nunit cycles\nruns %d\n", runs);
	for (int i = 0; i < DIGITS_LAYERS; i++)
		printf("layer %d %lu %s\n", i, (unsigned long)(cycles[i] / (uint64_t)runs), digits_layer_names[i]);
	printf("end\n");
}
