# appctl/: the control channel. The commands are the same everywhere, the way in is not.
APPCTL_COMMANDS = appctl/appctl.c appctl/appctl.h appctl/builtin.c appctl/internal.h appctl/reply.c
noinst_LIBRARIES += libmorgana-appctl.a
libmorgana_appctl_a_SOURCES = \
	$(APPCTL_COMMANDS) appctl/rpc/frame.c appctl/rpc/message.c appctl/rpc/peer.c appctl/rpc/rpc.c \
	appctl/rpc/rpc.h
libmorgana_appctl_a_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)

EXTRA_DIST += appctl/README.md
