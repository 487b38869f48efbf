# runtime/: the interfaces everything stands on. One library for the portable parts, one a platform.
noinst_LIBRARIES += libruntime.a libruntime-unix.a libruntime-sim.a
libruntime_a_SOURCES = \
	runtime/checksum.c runtime/config.c runtime/counter.c runtime/device.c runtime/endpoint.c \
	runtime/gso.c runtime/hash_table.c runtime/log.c runtime/loop.c runtime/mac_table.c runtime/net.c \
	runtime/netdev.c runtime/pkt.c runtime/program.c runtime/reassembly.c runtime/say.c runtime/serve.c \
	runtime/stream.c runtime/stream_input.c runtime/stream_pair.c runtime/stream_pool.c \
	runtime/task.c runtime/task_stream.c runtime/task_switch.c runtime/timer.c \
	runtime/buf.h runtime/bytes.h runtime/checksum.h runtime/config.h runtime/counter.h \
	runtime/device.h runtime/endpoint.h runtime/entropy.h runtime/gso.h runtime/hash_table.h runtime/headers.h runtime/list.h \
	runtime/log.h runtime/loop.h runtime/mac_table.h runtime/memory.h runtime/net.h \
	runtime/netdev.h runtime/pkt.h runtime/platform.h runtime/program.h runtime/reassembly.h runtime/say.h runtime/serve.h \
	runtime/stack.h runtime/stream.h runtime/task.h runtime/task_stream.h \
	runtime/task_switch.h runtime/timer.h runtime/typed.h
libruntime_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
libruntime_unix_a_SOURCES = runtime/loop_run.c \
	runtime/unix/address.c runtime/unix/connect.c runtime/unix/device.h runtime/unix/devices.c \
	runtime/unix/internal.h runtime/unix/listen.c runtime/unix/loop.c runtime/unix/memory.c \
	runtime/unix/net.c \
	runtime/unix/netlink.c runtime/unix/packet_socket.c runtime/unix/pcap.c \
	runtime/unix/platform.c runtime/unix/reader.c runtime/unix/stack.c runtime/unix/socket.c runtime/unix/socket.h \
	runtime/unix/tap.c runtime/unix/unix.h runtime/unix/vnet.c runtime/unix/xdp.c \
	runtime/unix/xdp_program.c runtime/unix/xdp_program.h
libruntime_unix_a_CFLAGS = $(AM_CFLAGS) $(LIBEVENT_CFLAGS) $(PCAP_CFLAGS) $(XDP_CFLAGS)
# Virtual time runs on UNIX, too, when it comes to memory for stacks.
libruntime_sim_a_SOURCES = \
	runtime/sim/end.c runtime/sim/end.h runtime/sim/entropy.c runtime/sim/event.c \
	runtime/sim/internal.h runtime/sim/link.c runtime/sim/loop.c runtime/sim/memory.c runtime/sim/net.c \
	runtime/sim/record.c runtime/sim/sim.h runtime/unix/stack.c
libruntime_sim_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
EXTRA_DIST += runtime/README.md

# What a program for UNIX, and a simulated test, link behind their own objects. A platform and the
# portable parts call each other, so the linker is shown the platform twice.
UNIX_LIBS = libruntime-unix.a libruntime.a libruntime-unix.a $(LIBEVENT_LIBS)
UNIX_DEVICE_LIBS = $(UNIX_LIBS) $(PCAP_LIBS) $(XDP_LIBS)
SIM_LIBS = libruntime-sim.a libruntime.a libruntime-sim.a $(XXHASH_LIBS)
