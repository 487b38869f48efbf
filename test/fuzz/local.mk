# test/fuzz/: libFuzzer targets, built with clang by --enable-fuzzers.
if FUZZERS
endif
