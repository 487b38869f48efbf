# Unit tests of openflow/: check_PROGRAMS and TESTS, one program per module.
