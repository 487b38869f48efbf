# openflow/: OpenFlow 1.0 on the wire. Installed as libmorgana-openflow.a with its headers.
lib_LIBRARIES += libmorgana-openflow.a
libmorgana_openflow_a_SOURCES = \
	openflow/action.c \
	openflow/channel.c \
	openflow/decode.c \
	openflow/encode.c \
	openflow/frame_headers.h \
	openflow/key.c \
	openflow/match.c \
	openflow/names.c \
	openflow/names.h \
	openflow/parse_actions.c \
	openflow/parse_flow.c \
	openflow/parse_match.c \
	openflow/parse_match.h \
	openflow/print.c \
	openflow/print_actions.c \
	openflow/print_frame.c \
	openflow/print_match.c \
	openflow/print_msg.c \
	openflow/print_parts.h \
	openflow/print_port.c \
	openflow/print_stats.c \
	openflow/print_text.c \
	openflow/scan.c \
	openflow/scan.h \
	openflow/text.c \
	openflow/validate.c
libmorgana_openflow_a_CFLAGS = $(AM_CFLAGS) -ffreestanding

openflowincludedir = $(includedir)/morgana/openflow
openflowinclude_HEADERS = \
	openflow/action.h \
	openflow/channel.h \
	openflow/frame.h \
	openflow/key.h \
	openflow/match.h \
	openflow/msg.h \
	openflow/parse.h \
	openflow/print.h \
	openflow/text.h \
	openflow/validate.h \
	openflow/wire.h

openflowruntimeincludedir = $(includedir)/morgana/runtime
openflowruntimeinclude_HEADERS = runtime/buf.h runtime/bytes.h

pkgconfig_DATA += openflow/morgana-openflow.pc
EXTRA_DIST += openflow/README.md
