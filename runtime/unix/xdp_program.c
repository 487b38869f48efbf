/*
 * xdp_program.c - see xdp_program.h.
 *
 * It is six instructions, given to the kernel as they are: nothing has to be compiled, found or
 * pinned at run time. libxdp's own program needs its dispatcher and a mounted bpffs, which a
 * namespace has not.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/unix/xdp_program.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <stddef.h>
#include <unistd.h>

int xdp_program_open(struct xdp_program *x)
{
    x->link = -1;
    x->map = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "morgana", sizeof(int), sizeof(int),
                            XDP_QUEUES_MAX, NULL);
    return x->map < 0 ? -errno : 0;
}

/* return bpf_redirect_map(map, ctx->rx_queue_index, XDP_PASS); Returns a descriptor or -1. */
static int load(int map)
{
    const struct bpf_insn program[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W,
         .dst_reg = BPF_REG_2,
         .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, rx_queue_index)},
        {.code = BPF_LD | BPF_IMM | BPF_DW,
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_FD,
         .imm = map},
        {.code = 0}, /* the upper half of the one before */
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
        {.code = BPF_JMP | BPF_EXIT},
    };
    return bpf_prog_load(BPF_PROG_TYPE_XDP, "morgana", "ISC", program,
                         sizeof program / sizeof program[0], NULL);
}

static int attach(int program, int interface, unsigned mode)
{
    const struct bpf_link_create_opts options = {.sz = sizeof options, .flags = mode};
    return bpf_link_create(program, interface, BPF_XDP, &options);
}

int xdp_program_attach(struct xdp_program *x, int interface)
{
    int program = load(x->map), error = 0;
    if (program < 0)
        return -errno;
    x->link = attach(program, interface, XDP_FLAGS_DRV_MODE);
    if (x->link < 0)
        x->link = attach(program, interface, XDP_FLAGS_SKB_MODE);
    if (x->link < 0)
        error = -errno;
    close(program); /* the link holds it */
    return error;
}

void xdp_program_close(struct xdp_program *x)
{
    if (x->link >= 0)
        close(x->link);
    if (x->map >= 0)
        close(x->map);
}
