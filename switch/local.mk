# switch/: flow table, datapath, switch agent.
noinst_LIBRARIES += libmorgana-switch.a
libmorgana_switch_a_SOURCES = \
	switch/agent.c \
	switch/agent.h \
	switch/agent_counters.c \
	switch/buffer.c \
	switch/buffer.h \
	switch/cache.h \
	switch/commands.c \
	switch/commands.h \
	switch/connection.c \
	switch/connection.h \
	switch/datapath.h \
	switch/dp.c \
	switch/dp.h \
	switch/execute.c \
	switch/flow.c \
	switch/flow_commands.c \
	switch/flow.h \
	switch/flow_hash.c \
	switch/flow_hash.h \
	switch/flow_mod.c \
	switch/flow_mod.h \
	switch/flow_pool.c \
	switch/flow_pool.h \
	switch/flow_stats.c \
	switch/forward.c \
	switch/fragments.c \
	switch/group.c \
	switch/group.h \
	switch/handle.c \
	switch/normal.c \
	switch/normal.h \
	switch/output.c \
	switch/packet.c \
	switch/packet.h \
	switch/packet_in.c \
	switch/port.c \
	switch/port.h \
	switch/queue.c \
	switch/queue.h \
	switch/setup.c \
	switch/setup.h \
	switch/stats_reply.c \
	switch/table.c \
	switch/table_change.c \
	switch/table_groups.c \
	switch/table_inside.h \
	switch/table_walk.c \
	switch/table.h
libmorgana_switch_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)

bin_PROGRAMS += morgana-switch
morgana_switch_SOURCES = switch/main.c
morgana_switch_LDADD = libmorgana-switch.a libmorgana-openflow.a libmorgana-appctl.a $(UNIX_PROGRAM_LIBS) $(JANSSON_LIBS)
