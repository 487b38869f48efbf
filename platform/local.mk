# platform/: what joins a platform of the runtime and the TCP/IP for programs.
noinst_LIBRARIES += libplatform-unix.a
libplatform_unix_a_SOURCES = platform/direct.c platform/direct.h platform/unix.c
EXTRA_DIST += platform/README.md

# What morgana-controller and morgana-switch link behind their own objects.
UNIX_PROGRAM_LIBS = libplatform-unix.a libmorgana-netstack.a $(UNIX_DEVICE_LIBS) $(XXHASH_LIBS)
