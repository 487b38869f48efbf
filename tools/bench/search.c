/*
 * search.c - see search.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "tools/bench/search.h"

bool search_is_good(uint64_t sent, uint64_t lost, uint64_t per_million)
{
    return sent > 0 &&
           lost <= sent / 1000000 * per_million + sent % 1000000 * per_million / 1000000;
}

/* Trials may contradict each other; the later one is believed. */
static void learn(struct search *s, uint64_t offered, bool good)
{
    s->trials++;
    if (good) {
        s->good = offered > s->good ? offered : s->good;
        s->bad = s->bad > s->good ? s->bad : 0;
    } else {
        s->bad = offered;
        s->good = s->good < s->bad ? s->good : 0;
    }
}

uint64_t search_next(struct search *s, uint64_t offered, uint64_t carried, bool good)
{
    learn(s, offered, good);
    if (s->trials == SEARCH_TRIALS || s->bad <= 1 || s->bad - s->good <= s->bad / SEARCH_CLOSE)
        return 0;
    if (s->trials == 1 && carried > 0 && carried < offered)
        return carried;
    return s->good + (s->bad - s->good) / 2;
}
