# switch/: flow table, datapath, switch agent.
noinst_LIBRARIES += libmorgana-switch.a
libmorgana_switch_a_SOURCES = switch/table.h switch/packet.h switch/dp.h switch/agent.h
libmorgana_switch_a_SOURCES += \
	switch/buffer.c \
	switch/buffer.h \
	switch/normal.c \
	switch/normal.h \
	switch/packet.c \
	switch/port.c \
	switch/port.h \
	switch/queue.c \
	switch/queue.h
