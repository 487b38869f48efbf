# appctl/: the control channel.
noinst_LIBRARIES += libmorgana-appctl.a
libmorgana_appctl_a_SOURCES = \
	appctl/appctl.c appctl/appctl.h \
	appctl/builtin.c \
	appctl/frame.c \
	appctl/internal.h \
	appctl/message.c \
	appctl/peer.c \
	appctl/reply.c
libmorgana_appctl_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)


EXTRA_DIST += appctl/README.md
