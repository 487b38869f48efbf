# Unit tests of runtime/: check_PROGRAMS and TESTS, one program per module.
