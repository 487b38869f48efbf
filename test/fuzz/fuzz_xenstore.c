/*
 * fuzz_xenstore.c - any bytes from xenstored, while calls and watches wait for answers: no answer
 * comes twice, and what comes is what its header says.
 *
 * The first byte of the input says in how large pieces the bytes come.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "test/unit/fake_xen.h"
#include "xen/xenstore.h"

#include <stdlib.h>

#define PORT  2
#define CALLS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xenstore_domain_interface ring;
static unsigned answers[CALLS];

static void on_answer(void *user, int error, const char *data, size_t n)
{
    unsigned *count = user;
    if (++*count > 1 || error > 0 || (error != 0 && n != 0) || n > XENSTORE_PAYLOAD_MAX ||
        data[n] != '\0')
        abort();
}

static void on_change(void *user, const char *changed)
{
    (void)user;
    if (strlen(changed) > XENSTORE_PAYLOAD_MAX)
        abort();
}

static void make_calls(struct xenstore_watch watches[2])
{
    memset(answers, 0, sizeof answers);
    xenstore_read(0, "a", on_answer, &answers[0]);
    xenstore_list(0, "b", on_answer, &answers[1]);
    xenstore_write(0, "c", "d", on_answer, &answers[2]);
    xenstore_begin(on_answer, &answers[3]);
    xenstore_end(1, true, on_answer, &answers[4]);
    xenstore_watch(&watches[0], "e", on_change, NULL);
    xenstore_watch(&watches[1], "f", on_change, NULL);
    xenstore_remove(0, "g", on_answer, &answers[5]);
}

static void feed(const uint8_t *data, size_t size, size_t piece)
{
    while (size > 0) {
        size_t n = size < piece ? size : piece;
        for (size_t i = 0; i < n; i++)
            ring.rsp[MASK_XENSTORE_IDX(ring.rsp_prod++)] = (char)data[i];
        fake_raise(PORT);
        evtchn_deliver();
        if (ring.rsp_cons != ring.rsp_prod) /* it has given up */
            return;
        data += n;
        size -= n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xenstore_watch watches[2];
    if (size == 0)
        return 0;
    fake_xen_begin();
    evtchn_begin(&fake.shared);
    memset(&ring, 0, sizeof ring);
    if (xenstore_open(&ring, PORT) != 0)
        abort();
    make_calls(watches);
    feed(data + 1, size - 1, 1 + (size_t)data[0] * 4 % XENSTORE_RING_SIZE);
    xenstore_close();
    evtchn_begin(&fake.shared);
    return 0;
}
