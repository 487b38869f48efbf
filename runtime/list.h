/*
 * list.h - a doubly linked list whose links lie inside its members.
 *
 * A list is a ring through its head; a link that is on no list points at itself. Needs no libc.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#ifndef MORGANA_RUNTIME_LIST_H
#define MORGANA_RUNTIME_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* The struct that holds `member` at address `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Every member of `head`, in order; `it` may be removed in the body. */
#define list_each(it, after, head)                                                                 \
    for ((it) = (head)->next; (after) = (it)->next, (it) != (head); (it) = (after))

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Put `l`, which is on no list, at the end of `head`. */
static inline void list_append(struct list *head, struct list *l)
{
    l->next = head;
    l->prev = head->prev;
    head->prev->next = l;
    head->prev = l;
}

/* Take `l` off its list, if it is on one. */
static inline void list_remove(struct list *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    list_init(l);
}

/* Take the first member off `head`; NULL if there is none. */
static inline struct list *list_pop(struct list *head)
{
    struct list *l = head->next;
    if (l == head)
        return NULL;
    list_remove(l);
    return l;
}

/* Move all members of `from` to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#endif
