# switch/: flow table, datapath, switch agent.
noinst_LIBRARIES += libmorgana-switch.a
libmorgana_switch_a_SOURCES = \
	switch/agent.h \
	switch/buffer.c \
	switch/buffer.h \
	switch/cache.h \
	switch/dp.h \
	switch/flow.c \
	switch/flow.h \
	switch/flow_hash.c \
	switch/flow_hash.h \
	switch/flow_mod.c \
	switch/flow_mod.h \
	switch/group.c \
	switch/group.h \
	switch/normal.c \
	switch/normal.h \
	switch/packet.c \
	switch/packet.h \
	switch/port.c \
	switch/port.h \
	switch/queue.c \
	switch/queue.h \
	switch/table.c \
	switch/table.h
libmorgana_switch_a_CFLAGS = $(AM_CFLAGS) $(XXHASH_CFLAGS)
