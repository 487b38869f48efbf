/*
 * channel.c - agreeing on a version and keeping a channel alive; see channel.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/channel.h"
#include "openflow/msg.h"

/* An element of a hello, of OpenFlow 1.3.1 and later; padded to a multiple of 8. */
struct hello_element {
    be16 type;
    be16 length; /* of this header and the body, without the pad */
};
OFP_ASSERT_SIZE(struct hello_element, 4);
#define HELLO_VERSION_BITMAP 1 /* body: be32s, bit n of the first is wire version n */

/* Does a peer that says this hello speak 1.0? Elements that make no sense say nothing, nor does any
 * body of a hello of 1.0 itself (section 5.5.1). */
static bool hello_offers_1_0(struct span hello)
{
    const struct ofp_header *header = span_take(&hello, sizeof *header);
    const struct hello_element *element;

    if (header->version <= OFP_VERSION)
        return header->version == OFP_VERSION;
    while ((element = span_take(&hello, sizeof *element)) != NULL) {
        size_t length = be16_get(element->length);
        const be32 *bitmap = (const be32 *)hello.data;
        if (length < sizeof *element || length - sizeof *element > hello.len)
            break;
        if (be16_get(element->type) == HELLO_VERSION_BITMAP &&
            length >= sizeof *element + sizeof *bitmap)
            return be32_get(*bitmap) >> OFP_VERSION & 1;
        if (span_take(&hello, (length + 7) / 8 * 8 - sizeof *element) == NULL)
            break;
    }
    return true;
}

static bool is_hello_failed(struct span bytes)
{
    const struct ofp_error_msg *error = (const struct ofp_error_msg *)bytes.data;
    return error->header.type == OFPT_ERROR && bytes.len >= sizeof *error &&
           be16_get(error->type) == OFPET_HELLO_FAILED;
}

/* Hello and error, types 0 and 1, are common to all versions; any other message of another version
 * says that the peer has chosen that one. */
enum ofp_greeting ofp_greet(struct span bytes, bool greeted)
{
    const struct ofp_header *header = (const struct ofp_header *)bytes.data;
    if (is_hello_failed(bytes))
        return OFP_GREETING_REFUSED;
    if (header->type == OFPT_HELLO && !greeted)
        return hello_offers_1_0(bytes) ? OFP_GREETING_AGREED : OFP_GREETING_FOREIGN;
    if (header->version != OFP_VERSION && header->type > OFPT_ERROR)
        return OFP_GREETING_FOREIGN;
    return OFP_GREETING_NONE;
}

bool ofp_encode_hello_failed(struct buf *out, struct span bytes)
{
    static const char text[] = "only OpenFlow 1.0 is spoken here (wire version 0x01)";
    struct ofp_msg msg = {
        .type = OFPT_ERROR,
        .xid = be32_get(((const struct ofp_header *)bytes.data)->xid),
        .error = {.type = OFPET_HELLO_FAILED,
                  .code = OFPHFC_INCOMPATIBLE,
                  .data = span_of(text, sizeof text - 1)},
    };
    _Static_assert(sizeof(struct ofp_error_msg) + sizeof text <= OFP_HELLO_FAILED_MAX, "bound");
    return ofp_encode(out, &msg);
}

enum ofp_pulse ofp_pulse(uint64_t now, uint64_t heard, uint64_t interval, uint64_t limit,
                         uint64_t *next)
{
    uint64_t silence = now - heard;
    uint64_t ask = silence < interval ? heard + interval : now + interval;
    if (silence >= limit)
        return OFP_PULSE_NONE;
    *next = ask < heard + limit ? ask : heard + limit;
    return silence < interval ? OFP_PULSE_BEATS : OFP_PULSE_FAINT;
}
