/* All unit tests: the suites of suites.def in one program.  CK_RUN_SUITE=NAME runs one of them. */
#include <config.h>
#include <check.h>
#include <stdlib.h>

#define SUITE(module) Suite *module##_suite(void);
#include "suites.def"
#undef SUITE

int
main(void)
{
	SRunner *sr = srunner_create(NULL);
	int failed;

#define SUITE(module) srunner_add_suite(sr, module##_suite());
#include "suites.def"
#undef SUITE
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
