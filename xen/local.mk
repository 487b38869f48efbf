# xen/: the programs as domU kernels, and the platform below them. `make xen` builds them; nothing of
# it is part of `make`, as it needs a C library of its own (musl's).
XEN_PLATFORM = \
	xen/boot.c xen/clock.c xen/clock.h xen/console.c xen/console.h xen/control.c xen/control.h xen/counters.c xen/counters.h \
	xen/entropy.c xen/entry.S xen/evtchn.c xen/evtchn.h xen/files.c xen/files.h xen/grant.c xen/grant.h xen/guest.h \
	xen/heap.c xen/heap.h xen/hypercall.h xen/interface.h xen/libc.c xen/line.c xen/line.h xen/loop.c xen/memory.c \
	xen/netfront.c xen/netfront.h xen/netfront_rings.h xen/netfront_rx.c xen/netfront_tx.c xen/offload.c xen/offload.h \
	xen/page.c xen/page.h xen/pv.c xen/pvh.c xen/rx_pages.c xen/rx_pages.h xen/say.c xen/stack.c \
	xen/suspend.c xen/suspend.h xen/tar.c xen/tar.h xen/trap.c \
	xen/trap.h xen/vif.c xen/vif.h xen/xen_loop.h xen/xenbus.c xen/xenbus.h xen/xenstore.c xen/xenstore.h
EXTRA_DIST += xen/kernel.lds

# The C library's headers come first, then the compiler's own; of the system's only those of which
# the library has none: Xen's and xxHash's.
XEN_CPPFLAGS = $(AM_CPPFLAGS) -nostdinc -isystem $(MUSL_INCLUDE) -isystem $(COMPILER_INCLUDE) \
	-idirafter /usr/include -DXXH_INLINE_ALL=
# No red zone: Xen puts the frames of a PV guest's exceptions there. Frame pointers: for the calls
# that a crash shows. Page 0 is nobody's, but the table of pages begins with it.
XEN_CFLAGS = $(MORGANA_WARNINGS) -O2 -fno-pic -fno-pie -mno-red-zone -mcmodel=small \
	-fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fno-delete-null-pointer-checks -ffunction-sections -fdata-sections
XEN_LINK = $(CC) -nostdlib -static -Wl,-T,$(srcdir)/xen/kernel.lds -Wl,--gc-sections \
	-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--build-id=none \
	-Wl,-y,__syscall_ret -o $@

# Everything that kernels are linked from: the same sources as on UNIX.
EXTRA_LIBRARIES += libmorgana-xen.a
libmorgana_xen_a_SOURCES = $(XEN_PLATFORM) platform/direct.c platform/direct.h platform/xen.c runtime/loop_run.c $(libruntime_a_SOURCES) \
	$(APPCTL_COMMANDS) appctl/console.c \
	$(libmorgana_openflow_a_SOURCES) $(libmorgana_controller_a_SOURCES) \
	$(libmorgana_netstack_a_SOURCES) $(libmorgana_switch_a_SOURCES)
libmorgana_xen_a_CPPFLAGS = $(XEN_CPPFLAGS)
libmorgana_xen_a_CFLAGS = $(XEN_CFLAGS)
libmorgana_xen_a_CCASFLAGS = -DMORGANA_VERSION='"$(PACKAGE_VERSION)"'
XEN_LIBS = libmorgana-xen.a $(MUSL_LIBC)

EXTRA_PROGRAMS += morgana-controller.elf morgana-switch.elf
morgana_controller_elf_SOURCES = controller/main.c
morgana_controller_elf_CPPFLAGS = $(XEN_CPPFLAGS)
morgana_controller_elf_CFLAGS = $(XEN_CFLAGS)
morgana_controller_elf_LDADD = $(XEN_LIBS)
morgana_controller_elf_LINK = $(XEN_LINK)
morgana_switch_elf_SOURCES = switch/main.c
morgana_switch_elf_CPPFLAGS = $(XEN_CPPFLAGS)
morgana_switch_elf_CFLAGS = $(XEN_CFLAGS)
morgana_switch_elf_LDADD = $(XEN_LIBS)
morgana_switch_elf_LINK = $(XEN_LINK)

# Whatever else has a main() in one file is a kernel as well: make DIR/NAME.xen, of DIR/NAME.c, once
# `make xen` has made the library. Those that the tree knows of name what they are linked from.
.c.elf:
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(XEN_LINK) $(XEN_CPPFLAGS) $(XEN_CFLAGS) $(CFLAGS) $^ $(XEN_LIBS)

# KERNEL.elf has the names that a crash's addresses stand for (addr2line); KERNEL.xen is what boots.
XEN_KERNELS = morgana-controller.xen morgana-switch.xen
.elf.xen:
	$(AM_V_GEN)strip -o $@ $<
xen: $(XEN_KERNELS)
	@wc -c $(XEN_KERNELS)
.PHONY: xen
SUFFIXES += .elf .xen
CLEANFILES += $(XEN_KERNELS) morgana-controller.elf morgana-switch.elf libmorgana-xen.a
