/*
 * lldp.c - writing and reading discovery's LLDP frames; see lldp.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/lldp.h"
#include "openflow/wire.h"

#include <string.h>
#include <xxhash.h>

const uint8_t lldp_address[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e};

/* IEEE 802.1AB section 8.4: seven bits of type, nine of length. */
struct tlv {
    be16 head;
};

#define TLV_HEAD(type, body) ((uint16_t)((type) << 9 | (sizeof(body))))

enum tlv_type { TLV_END, TLV_CHASSIS, TLV_PORT, TLV_TTL, TLV_ORGANISATION = 127 };

#define LOCALLY_ASSIGNED 7 /* subtype of a chassis and of a port: tables 8-2 and 8-3 */

struct chassis {
    uint8_t subtype;
    be64 dpid;
};
OFP_ASSERT_SIZE(struct chassis, 9);

struct port {
    uint8_t subtype;
    be16 port;
};
OFP_ASSERT_SIZE(struct port, 3);

/* The proof. The organisation is OpenFlow's. */
struct proof {
    uint8_t oui[3];
    uint8_t subtype;
    be64 tag;
};
OFP_ASSERT_SIZE(struct proof, 12);

static const uint8_t openflow_oui[3] = {0x00, 0x26, 0xe1};
#define PROOF_SUBTYPE 0x4d /* ours among those of the organisation */

/* All that a frame of ours holds: IEEE 802.1AB section 8.2 says in which order. */
struct frame {
    uint8_t dst[6], src[6];
    be16 type;
    struct tlv chassis_head;
    struct chassis chassis;
    struct tlv port_head;
    struct port port;
    struct tlv ttl_head;
    be16 ttl;
    struct tlv proof_head;
    struct proof proof;
    struct tlv end;
    uint8_t pad[10];
};
OFP_ASSERT_SIZE(struct frame, LLDP_FRAME);

/* What only who knows the secret can say of an origin. */
static uint64_t tag_of(struct lldp_origin origin, uint64_t secret)
{
    uint64_t said[2] = {origin.dpid, origin.port};
    return XXH3_64bits_withSeed(said, sizeof said, secret);
}

void lldp_write(uint8_t *to, struct lldp_origin origin, const uint8_t mac[6], uint16_t seconds,
                uint64_t secret)
{
    struct frame f = {
        .type = be16_of(LLDP_TYPE),
        .chassis_head = {be16_of(TLV_HEAD(TLV_CHASSIS, f.chassis))},
        .chassis = {LOCALLY_ASSIGNED, be64_of(origin.dpid)},
        .port_head = {be16_of(TLV_HEAD(TLV_PORT, f.port))},
        .port = {LOCALLY_ASSIGNED, be16_of(origin.port)},
        .ttl_head = {be16_of(TLV_HEAD(TLV_TTL, f.ttl))},
        .ttl = be16_of(seconds),
        .proof_head = {be16_of(TLV_HEAD(TLV_ORGANISATION, f.proof))},
        .proof = {.subtype = PROOF_SUBTYPE, .tag = be64_of(tag_of(origin, secret))},
    };
    memcpy(f.dst, lldp_address, sizeof f.dst);
    memcpy(f.src, mac, sizeof f.src);
    memcpy(f.proof.oui, openflow_oui, sizeof f.proof.oui);
    memcpy(to, &f, sizeof f);
}

/* Ours have all parts at their places: what differs in any is not ours. */
static bool looks_like_ours(const struct frame *f)
{
    return memcmp(f->dst, lldp_address, sizeof f->dst) == 0 && be16_get(f->type) == LLDP_TYPE &&
           be16_get(f->chassis_head.head) == TLV_HEAD(TLV_CHASSIS, f->chassis) &&
           f->chassis.subtype == LOCALLY_ASSIGNED &&
           be16_get(f->port_head.head) == TLV_HEAD(TLV_PORT, f->port) &&
           f->port.subtype == LOCALLY_ASSIGNED &&
           be16_get(f->ttl_head.head) == TLV_HEAD(TLV_TTL, f->ttl) &&
           be16_get(f->proof_head.head) == TLV_HEAD(TLV_ORGANISATION, f->proof) &&
           memcmp(f->proof.oui, openflow_oui, sizeof openflow_oui) == 0 &&
           f->proof.subtype == PROOF_SUBTYPE && be16_get(f->end.head) == TLV_END;
}

enum lldp_verdict lldp_read(struct span bytes, uint64_t secret, struct lldp_origin *origin)
{
    struct frame f;
    if (bytes.len < sizeof f)
        return LLDP_FOREIGN;
    memcpy(&f, bytes.data, sizeof f);
    if (!looks_like_ours(&f))
        return LLDP_FOREIGN;
    *origin = (struct lldp_origin){be64_get(f.chassis.dpid), be16_get(f.port.port)};
    return be64_get(f.proof.tag) == tag_of(*origin, secret) ? LLDP_OURS : LLDP_FORGED;
}
