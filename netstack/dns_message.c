/*
 * dns_message.c - DNS messages: see dns_message.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "netstack/dns_message.h"
#include "netstack/address.h"
#include <ctype.h>
#include <string.h>

struct dns_header {
    be16 id;
    be16 flags;
    be16 questions, answers, authorities, additional;
};

_Static_assert(sizeof(struct dns_header) == 12, "RFC 1035 section 4.1.1");

enum { FLAG_QR = 0x8000, FLAG_OPCODE = 0x7800, FLAG_TC = 0x0200, FLAG_RD = 0x0100 };
enum { TYPE_A = 1, TYPE_CNAME = 5, CLASS_IN = 1 };

#define LABEL_MAX   63
#define RECORDS_MAX 64
#define TTL_MAX     0x7fffffffu /* RFC 2181 section 8 */

/* --- Writing --------------------------------------------------------------------------------- */

/* Write a name's labels. Their length, or 0: it is no name. */
static size_t write_name(uint8_t *to, const char *name)
{
    size_t at = 0;
    if (strlen(name) >= DNS_NAME_MAX)
        return 0;
    while (*name) {
        size_t n = strcspn(name, ".");
        if (n == 0 || n > LABEL_MAX)
            return 0;
        to[at] = (uint8_t)n;
        memcpy(to + at + 1, name, n);
        at += 1 + n;
        name += n + (name[n] == '.'); /* the last dot may be there */
    }
    to[at] = 0;
    return at > 0 ? at + 1 : 0;
}

size_t dns_write_query(uint8_t to[DNS_QUERY_MAX], uint16_t id, const char *name)
{
    struct dns_header h = {.id = be16_of(id), .flags = be16_of(FLAG_RD), .questions = be16_of(1)};
    be16 tail[2] = {be16_of(TYPE_A), be16_of(CLASS_IN)};
    size_t n = write_name(to + sizeof h, name);
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h + n, tail, sizeof tail);
    return n > 0 ? sizeof h + n + sizeof tail : 0;
}

/* --- Names ----------------------------------------------------------------------------------- */

struct reader {
    struct span message;
    size_t at;
};

static const uint8_t *take(struct reader *r, size_t n)
{
    const uint8_t *p = r->message.data + r->at;
    if (r->message.len - r->at < n)
        return NULL;
    r->at += n;
    return p;
}

/* Append a label to a name of `len` characters. The new length; 0: too long, or no text. */
static size_t add_label(char *name, size_t len, const uint8_t *label, size_t n)
{
    if (len + (len > 0) + n >= DNS_NAME_MAX || memchr(label, '\0', n) || memchr(label, '.', n))
        return 0;
    if (len > 0)
        name[len++] = '.';
    memcpy(name + len, label, n);
    return len + n;
}

/* Read a name; pointers lead to an earlier place each (section 4.1.4). False: it is broken. */
static bool read_name(struct reader *r, char name[DNS_NAME_MAX])
{
    struct reader from = *r;
    size_t len = 0, limit = r->at;
    bool jumped = false;
    for (;;) {
        const uint8_t *n = take(&from, 1), *rest;
        if (n == NULL || (rest = take(&from, *n >= 0xc0 ? 1 : *n)) == NULL)
            return false;
        if (!jumped)
            r->at = from.at;
        if (*n >= 0xc0) {
            from.at = (size_t)(*n & 0x3f) << 8 | *rest;
            if (from.at >= limit)
                return false;
            limit = from.at;
            jumped = true;
        } else if (*n == 0) {
            name[len] = '\0';
            return true;
        } else if (*n > LABEL_MAX || (len = add_label(name, len, rest, *n)) == 0) {
            return false;
        }
    }
}

/* RFC 4343: without regard to case; the last dot means nothing. */
static bool same_name(const char *a, const char *b)
{
    while (*a && tolower((unsigned char)*a) == tolower((unsigned char)*b)) {
        a++;
        b++;
    }
    return (*a == '\0' && *b == '\0') || (*a == '\0' && strcmp(b, ".") == 0) ||
           (*b == '\0' && strcmp(a, ".") == 0);
}

/* --- Records --------------------------------------------------------------------------------- */

struct record {
    char owner[DNS_NAME_MAX];
    uint16_t type;
    uint32_t ttl;
    struct reader data; /* where its data begin */
    size_t len;
};

/* Read a resource record (section 4.1.3). */
static bool read_record(struct reader *r, struct record *record)
{
    const struct {
        be16 type, class;
        be32 ttl;
        be16 len;
    } * fixed;
    if (!read_name(r, record->owner) || (fixed = (const void *)take(r, sizeof *fixed)) == NULL)
        return false;
    record->type = be16_get(fixed->class) == CLASS_IN ? be16_get(fixed->type) : 0;
    record->ttl = be32_get(fixed->ttl) <= TTL_MAX ? be32_get(fixed->ttl) : 0;
    record->len = be16_get(fixed->len);
    record->data = *r;
    return take(r, record->len) != NULL;
}

/* Call each() for the answer's records. False: one is broken; those before it were shown. */
static bool each_record(struct reader r, unsigned n,
                        void (*each)(struct dns_answer *a, struct record *record),
                        struct dns_answer *a)
{
    struct record record;
    for (unsigned i = 0; i < n && i < RECORDS_MAX; i++) {
        if (!read_record(&r, &record))
            return false;
        if (same_name(record.owner, a->name))
            each(a, &record);
    }
    return true;
}

static void lower_ttl(struct dns_answer *a, uint32_t ttl)
{
    if (ttl < a->ttl)
        a->ttl = ttl;
}

/* The name is another one's alias. */
static void follow_alias(struct dns_answer *a, struct record *record)
{
    char target[DNS_NAME_MAX];
    if (record->type != TYPE_CNAME || a->aliases == DNS_CHAIN_MAX ||
        !read_name(&record->data, target) || target[0] == '\0')
        return;
    memcpy(a->name, target, sizeof target);
    a->aliases++;
    lower_ttl(a, record->ttl);
}

static void take_address(struct dns_answer *a, struct record *record)
{
    const be32 *v = (const be32 *)take(&record->data, sizeof *v);
    if (record->type != TYPE_A || record->len != sizeof *v || a->n == DNS_ADDRESSES_MAX)
        return;
    if (!address_is_unicast(be32_get(*v)) && !address_is_loopback(be32_get(*v)))
        return;
    a->addresses[a->n++] = be32_get(*v);
    lower_ttl(a, record->ttl);
}

/* Records come in any order: follow aliases until there is no further one, then collect. One that
 * is broken ends a truncated message; in another it is an error. */
static bool read_records(struct reader r, unsigned n, struct dns_answer *a)
{
    unsigned before;
    bool whole;
    do {
        before = a->aliases;
        whole = each_record(r, n, follow_alias, a);
    } while (a->aliases > before && a->aliases < DNS_CHAIN_MAX);
    each_record(r, n, take_address, a);
    return whole || a->truncated;
}

/* --- Reading --------------------------------------------------------------------------------- */

static bool question_is(struct reader *r, const char *name)
{
    char asked[DNS_NAME_MAX];
    const be16 *tail;
    if (!read_name(r, asked) || (tail = (const be16 *)take(r, 2 * sizeof *tail)) == NULL)
        return false;
    return same_name(asked, name) && be16_get(tail[0]) == TYPE_A && be16_get(tail[1]) == CLASS_IN;
}

bool dns_read_answer(struct span message, uint16_t id, const char *name, struct dns_answer *a)
{
    struct reader r = {.message = message};
    const struct dns_header *h = (const struct dns_header *)take(&r, sizeof *h);
    *a = (struct dns_answer){.ttl = TTL_MAX};
    if (h == NULL || be16_get(h->id) != id || be16_get(h->questions) != 1 ||
        (be16_get(h->flags) & (FLAG_QR | FLAG_OPCODE)) != FLAG_QR || !question_is(&r, name))
        return false;
    memcpy(a->name, name, strlen(name) + 1);
    a->rcode = be16_get(h->flags) & 0xf;
    a->truncated = be16_get(h->flags) & FLAG_TC;
    return read_records(r, be16_get(h->answers), a);
}
