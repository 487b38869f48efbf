/*
 * text.c - writing text into a bounded array, without libc. See text.h.
 *
 * Everything ends in text_put_char(), which alone knows where the array ends.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "openflow/text.h"

struct text text_of(char *data, size_t cap)
{
    if (cap > 0)
        data[0] = '\0';
    return (struct text){.data = data, .cap = cap, .need = 0};
}

void text_put_char(struct text *t, char c)
{
    size_t at = t->need++;
    if (!text_fits(t))
        return;
    t->data[at] = c;
    t->data[at + 1] = '\0';
}

void text_put(struct text *t, const char *s)
{
    for (; *s != '\0'; s++)
        text_put_char(t, *s);
}

void text_put_field(struct text *t, const char *s, size_t n)
{
    for (size_t i = 0; i < n && s[i] != '\0'; i++)
        text_put_char(t, s[i] >= ' ' && s[i] <= '~' ? s[i] : '.');
}

/* `n` in base 10 or 16, with zeros in front up to `width` digits. */
static void put_number(struct text *t, uint64_t n, unsigned base, unsigned width)
{
    char digit[20]; /* 2^64 - 1 has 20 digits; the lowest comes first */
    unsigned used = 0;
    do {
        digit[used++] = "0123456789abcdef"[n % base];
        n /= base;
    } while (n > 0);
    for (; width > used; width--)
        text_put_char(t, '0');
    while (used > 0)
        text_put_char(t, digit[--used]);
}

void text_put_u64(struct text *t, uint64_t n)
{
    put_number(t, n, 10, 1);
}

void text_put_i64(struct text *t, int64_t n)
{
    if (n < 0)
        text_put_char(t, '-');
    put_number(t, n < 0 ? -(uint64_t)n : (uint64_t)n, 10, 1);
}

void text_put_digits(struct text *t, uint64_t n, unsigned width)
{
    put_number(t, n, 10, width);
}

void text_put_hex(struct text *t, uint64_t n, unsigned width)
{
    put_number(t, n, 16, width);
}

void text_put_0x(struct text *t, uint64_t n)
{
    text_put(t, "0x");
    put_number(t, n, 16, 1);
}

void text_put_mac(struct text *t, const uint8_t mac[OFP_ETH_ALEN])
{
    for (int i = 0; i < OFP_ETH_ALEN; i++) {
        if (i > 0)
            text_put_char(t, ':');
        text_put_hex(t, mac[i], 2);
    }
}

void text_put_ipv4(struct text *t, uint32_t addr)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        text_put_u64(t, addr >> shift & 0xff);
        if (shift > 0)
            text_put_char(t, '.');
    }
}

/* Where the longest run of zero words begins, if there is one of two or more; else 8. */
static unsigned longest_zeros(const be16 word[8], unsigned *len)
{
    unsigned best = 8;
    *len = 1;
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = 0;
        while (i + n < 8 && be16_get(word[i + n]) == 0)
            n++;
        if (n > *len) {
            *len = n;
            best = i;
        }
    }
    return best;
}

/* `n` words with colons between, the run of `len` zeros from `zeros` on as two colons. */
static void put_words(struct text *t, const be16 *word, unsigned n, unsigned zeros, unsigned len)
{
    for (unsigned i = 0; i < n; i++) {
        if (i == zeros) {
            text_put(t, "::");
            i += len - 1;
            continue;
        }
        if (i > 0 && i != zeros + len)
            text_put_char(t, ':');
        text_put_hex(t, be16_get(word[i]), 1);
    }
}

/* An address that holds an IPv4 address (RFC 4291 section 2.5.5) ends in a dotted quad. */
void text_put_ipv6(struct text *t, const uint8_t addr[16])
{
    const be16 *word = (const be16 *)addr;
    unsigned len, zeros = longest_zeros(word, &len);
    bool mapped = zeros == 0 && len == 5 && be16_get(word[5]) == 0xffff;
    bool quad = mapped || (zeros == 0 && len == 6);
    put_words(t, word, quad ? 6 : 8, zeros, len);
    if (mapped)
        text_put_char(t, ':');
    if (quad)
        text_put_ipv4(t, be32_get(*(const be32 *)(addr + 12)));
}
