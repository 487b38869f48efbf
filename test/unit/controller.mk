# Unit tests of controller/: check_PROGRAMS and TESTS, one program per module.
