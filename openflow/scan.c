/*
 * scan.c - items, numbers, addresses and ports in ovs-ofctl's text. See scan.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/scan.h"

#include "openflow/names.h"
#include "openflow/parse.h"
#include "openflow/text.h"

#define SHOWN 60 /* of a bad word, in a message */

struct word ofp_word_of(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0')
        n++;
    return (struct word){text, n};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool ofp_word_is(struct word w, const char *name)
{
    size_t i = 0;
    while (i < w.n && name[i] != '\0' && lower(w.s[i]) == lower(name[i]))
        i++;
    return i == w.n && name[i] == '\0';
}

static bool is_one_of(char c, const char *set)
{
    while (*set != '\0' && *set != c)
        set++;
    return *set != '\0';
}

static bool is_separator(char c)
{
    return is_one_of(c, ", \t\r\n");
}

static struct word word_from(struct word w, size_t at)
{
    return (struct word){w.s + at, w.n - at};
}

bool ofp_word_split(struct word w, const char *mark, struct word *before, struct word *behind)
{
    size_t len = ofp_word_of(mark).n;
    for (size_t i = 0; i + len <= w.n; i++) {
        if (bytes_equal(w.s + i, mark, len)) {
            *before = (struct word){w.s, i};
            *behind = word_from(w, i + len);
            return true;
        }
    }
    return false;
}

/* How far a value in parentheses goes, `w` beginning behind the opening one. */
static size_t parenthesised(struct word w)
{
    size_t n = 0;
    for (int depth = 1; n < w.n; n++) {
        depth += (w.s[n] == '(') - (w.s[n] == ')');
        if (depth == 0)
            break;
    }
    return n;
}

static size_t up_to(struct word w, bool (*end)(char c))
{
    size_t n = 0;
    while (n < w.n && !end(w.s[n]))
        n++;
    return n;
}

static bool ends_name(char c)
{
    return is_separator(c) || is_one_of(c, ":=(");
}

bool ofp_scan_item(struct word *rest, struct scan_item *item)
{
    size_t used;
    while (rest->n > 0 && is_separator(*rest->s))
        *rest = word_from(*rest, 1);
    if (rest->n == 0)
        return false;
    used = up_to(*rest, ends_name);
    item->name = (struct word){rest->s, used};
    item->value = (struct word){rest->s + used, 0};
    if (used < rest->n && !is_separator(rest->s[used])) {
        bool opens = rest->s[used++] == '(';
        item->value = word_from(*rest, used);
        item->value.n = opens ? parenthesised(item->value) : up_to(item->value, is_separator);
        used += item->value.n + (opens && used + item->value.n < rest->n);
    }
    item->all = (struct word){rest->s, used};
    *rest = word_from(*rest, used);
    return true;
}

/* The value of a digit; 16 and more if it is none of any base. */
static unsigned digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = lower(c);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static bool scan_digits(struct word w, unsigned base, uint64_t max, uint64_t *n)
{
    *n = 0;
    for (size_t i = 0; i < w.n; i++) {
        unsigned d = digit(w.s[i]);
        if (d >= base || *n > (max - d) / base || d > max)
            return false;
        *n = *n * base + d;
    }
    return w.n > 0;
}

/* Would some read it as octal? */
static bool is_ambiguous(struct word w, unsigned base)
{
    return base == 10 && w.n > 1 && w.s[0] == '0';
}

bool ofp_scan_number(struct word w, uint64_t max, uint64_t *n)
{
    if (w.n > 2 && w.s[0] == '0' && lower(w.s[1]) == 'x')
        return scan_digits(word_from(w, 2), 16, max, n);
    return !is_ambiguous(w, 10) && scan_digits(w, 10, max, n);
}

/* `parts` numbers of the base, each at most 255, with a `mark` between them. */
static bool scan_bytes(struct word w, const char *mark, int parts, unsigned base, size_t digits,
                       uint64_t *value)
{
    struct word part, behind = w;
    *value = 0;
    for (; parts > 0; parts--) {
        uint64_t byte;
        part = behind;
        if (parts > 1 && !ofp_word_split(behind, mark, &part, &behind))
            return false;
        if (part.n > digits || is_ambiguous(part, base) || !scan_digits(part, base, 255, &byte))
            return false;
        *value = *value << 8 | byte;
    }
    return true;
}

static bool is_port_name(struct word w, uint16_t port_no)
{
    return ofp_word_is(w, ofp_port_name(port_no)) ||
           (port_no == OFPP_NONE && ofp_word_is(w, "none"));
}

/* OpenFlow 1.1 and later number the reserved ports in 32 bits. */
#define PORT_11_MAX 0xffffff00u

bool ofp_scan_port(struct word w, uint16_t *port_no)
{
    uint64_t n;
    for (uint32_t named = OFP_FIRST_NAMED_PORT; named <= UINT16_MAX; named++) {
        if (is_port_name(w, (uint16_t)named)) {
            *port_no = (uint16_t)named;
            return true;
        }
    }
    if (!ofp_scan_number(w, UINT32_MAX, &n) || (n > UINT16_MAX && n < PORT_11_MAX))
        return false;
    *port_no = (uint16_t)n;
    return true;
}

bool ofp_scan_value(struct word w, enum scan_kind kind, uint64_t max, uint64_t *value)
{
    uint16_t port_no = 0;
    bool good;
    switch (kind) {
    case SCAN_NUMBER:
        return ofp_scan_number(w, max, value);
    case SCAN_PORT:
        good = ofp_scan_port(w, &port_no);
        *value = port_no;
        return good;
    case SCAN_MAC:
        return scan_bytes(w, ":", 6, 16, 2, value);
    case SCAN_IPV4:
        return scan_bytes(w, ".", 4, 10, 3, value);
    }
    return false;
}

static struct text begin_error(char *error, struct word bad)
{
    struct text t = text_of(error, OFP_PARSE_ERROR);
    text_put_char(&t, '"');
    text_put_field(&t, bad.s, bad.n < SHOWN ? bad.n : SHOWN);
    text_put(&t, bad.n > SHOWN ? "...\": " : "\": ");
    return t;
}

const char *ofp_scan_error(char *error, struct word bad, const char *why)
{
    struct text t = begin_error(error, bad);
    text_put(&t, why);
    return error;
}

const char *ofp_scan_value_error(char *error, struct word bad, enum scan_kind kind, uint64_t max)
{
    static const char *const wanted[] = {
        [SCAN_NUMBER] = "a number from 0 to ",
        [SCAN_PORT] =
            "a port number or LOCAL, IN_PORT, NORMAL, FLOOD, ALL, CONTROLLER, TABLE, NONE",
        [SCAN_MAC] = "an Ethernet address like 00:1b:21:0a:ff:02",
        [SCAN_IPV4] = "an IPv4 address like 10.0.0.1",
    };
    struct text t = begin_error(error, bad);
    text_put(&t, "expected ");
    text_put(&t, wanted[kind]);
    if (kind == SCAN_NUMBER)
        text_put_u64(&t, max);
    return error;
}

const char *ofp_parse_port(const char *text, uint16_t *port_no, char *error)
{
    struct word w = ofp_word_of(text);
    return ofp_scan_port(w, port_no) ? NULL : ofp_scan_value_error(error, w, SCAN_PORT, 0);
}
