/*
 * unix.c - what is no kernel: it needs an operating system, and the linker says so.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include <stdio.h>

int main(void)
{
    return puts("hello") < 0;
}
