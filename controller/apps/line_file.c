/*
 * line_file.c - reading an app's lines; see line_file.h.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "controller/apps/line_file.h"
#include "controller/ctl.h"
#include "openflow/parse.h"
#include "runtime/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

LOG_MODULE(lines);

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

bool line_is_empty(const char *text)
{
    text = skip_blanks(text);
    return *text == '\0' || *text == '#';
}

const char *line_read_dpid(const char **text, bool *all, uint64_t *dpid)
{
    const char *begin = skip_blanks(*text);
    char id[20];
    size_t n;
    *all = strncmp(begin, "dpid=", 5) != 0;
    if (*all)
        return NULL;
    begin += 5;
    n = strcspn(begin, ", \t\r\n");
    snprintf(id, sizeof id, "%.*s", (int)(n < sizeof id ? n : sizeof id - 1), begin);
    if (n >= sizeof id || !ctl_read_dpid(id, dpid))
        return "dpid= wants 1 to 16 hexadecimal digits, as in dpid=1a";
    begin += n;
    *text = begin + strspn(begin, ", \t\r\n");
    return NULL;
}

static bool read_line(const char *where, const char *text, unsigned line, line_fn *fn, void *user)
{
    char error[OFP_PARSE_ERROR];
    const char *wrong = fn(user, text, line, error);
    if (wrong != NULL)
        log_error("%s:%u: %s", where, line, wrong);
    return wrong == NULL;
}

static bool read_lines(const char *path, FILE *file, line_fn *fn, void *user)
{
    char text[LINE_FILE_MAX];
    bool good = true;
    for (unsigned line = 1; fgets(text, sizeof text, file) != NULL; line++) {
        if (strchr(text, '\n') == NULL && !feof(file)) {
            log_error("%s:%u: longer than %u characters", path, line, LINE_FILE_MAX - 2);
            return false;
        }
        good &= read_line(path, text, line, fn, user);
    }
    return good;
}

static bool read_file(const char *path, line_fn *fn, void *user)
{
    FILE *file = fopen(path, "r");
    bool good;
    if (file == NULL) {
        log_error("%s: %s", path, strerror(errno));
        return false;
    }
    good = read_lines(path, file, fn, user);
    if (ferror(file)) {
        log_error("%s: cannot be read to its end", path);
        good = false;
    }
    fclose(file);
    return good;
}

bool lines_read(const struct line_source *from, line_fn *fn, void *user)
{
    bool good = from->path == NULL || read_file(from->path, fn, user);
    for (size_t i = 0; i < from->lines->n; i++)
        good &= read_line(from->option, from->lines->value[i], 0, fn, user);
    return good;
}
