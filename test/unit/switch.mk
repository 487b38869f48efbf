# Unit tests of switch/: check_PROGRAMS and TESTS, one program per module.
