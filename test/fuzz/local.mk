# test/fuzz/: libFuzzer targets, built with clang by --enable-fuzzers.
if FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_msg test/fuzz/seed
test_fuzz_fuzz_msg_SOURCES = test/fuzz/fuzz_msg.c test/unit/walk.h
test_fuzz_fuzz_msg_LDFLAGS = -fsanitize=fuzzer
test_fuzz_fuzz_msg_LDADD = libmorgana-openflow.a
test_fuzz_seed_SOURCES = test/fuzz/seed.c test/unit/corpus.c test/unit/corpus.h
test_fuzz_seed_LDADD = libmorgana-openflow.a
endif
EXTRA_DIST += test/fuzz/corpus/msg
