/*
 * unit.h - the main() that every unit test program shares.
 *
 * A program has one suite; unit_main() runs it and ends with Check's line ("100%: Checks: 12,
 * Failures: 0, Errors: 0"), which ./check adds up.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_TEST_UNIT_UNIT_H
#define MORGANA_TEST_UNIT_UNIT_H

#include <check.h>
#include <stdlib.h>

/* Check writes a note into a file at each assertion that holds, to say after a crash how far a test
 * had come. Our tests assert in loops of a million; there the notes took all the time. */
#define _mark_point(file, line) ((void)0)

/* A suite of one test case with these tests, a NULL-terminated array. */
static inline Suite *unit_suite(const char *name, const TTest *const *tests)
{
    Suite *s = suite_create(name);
    TCase *c = tcase_create(name);
    tcase_set_timeout(c, 120);
    for (; *tests; tests++)
        tcase_add_test(c, *tests);
    suite_add_tcase(s, c);
    return s;
}

/* Run `s`. Returns main()'s status: failure also if nothing ran. */
static inline int unit_main(Suite *s)
{
    SRunner *r = srunner_create(s);
    int failed, run;
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    run = srunner_ntests_run(r);
    srunner_free(r);
    return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
