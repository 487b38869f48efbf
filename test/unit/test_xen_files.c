/*
 * test_xen_files.c - a domain's files, out of archives that the system's tar makes, and out of
 * those whole, cut off and changed.
 *
 * Copyright (c) 2026 the Morgana authors. ISC licence, see LICENSE.
 */
#include "runtime/log.h"
#include "test/unit/unit.h"
#include "xen/files.h"
#include "xen/tar.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 512

static struct {
    uint8_t *bytes; /* as many as there are, so that who reads more is seen */
    size_t n;
} archive;
static char logged[200];

static void keep_log(void *user, enum log_level level, const char *line)
{
    (void)user;
    (void)level;
    snprintf(logged, sizeof logged, "%s", line);
}

static void cut_to(size_t n)
{
    uint8_t *bytes = malloc(n + (n == 0));
    memcpy(bytes, archive.bytes, n);
    free(archive.bytes);
    archive.bytes = bytes;
    archive.n = n;
}

/* Have the archive be what a shell command prints, in a folder with files of its own. */
static void make(const char *command)
{
    static const char frame[] =
        "d=$(mktemp -d) && cd $d && printf 'one\\ntwo\\n' > rules && : > empty && "
        "mkdir net && seq 1000 > net/numbers && { %s; }; s=$?; rm -r $d; exit $s";
    char line[2000];
    FILE *shell;
    snprintf(line, sizeof line, frame, command);
    shell = popen(line, "r");
    ck_assert_ptr_nonnull(shell);
    free(archive.bytes);
    archive.bytes = malloc(100000);
    cut_to(fread(archive.bytes, 1, 100000, shell));
    ck_assert_int_eq(pclose(shell), 0);
}

/* Let the domain have the archive; what the log says of it, without the time. */
static const char *begin(void)
{
    const char *said;
    logged[0] = '\0';
    log_set_sink(keep_log, NULL);
    files_begin(archive.bytes, archive.n);
    said = strstr(logged, "files: ");
    return said ? said + strlen("files: ") : "";
}

static const char *contents(const char *name)
{
    static char text[5000];
    FILE *file = files_open(name, "r");
    size_t n;
    if (file == NULL) {
        ck_assert_int_eq(errno, ENOENT);
        return NULL;
    }
    n = fread(text, 1, sizeof text - 1, file);
    ck_assert_int_eq(ferror(file), 0);
    fclose(file);
    text[n] = '\0';
    return text;
}

static void expect_rules(const char *name)
{
    ck_assert_pstr_eq(contents(name), "one\ntwo\n");
}

/* --- Archives as they should be --------------------------------------------------------------- */

static const char *const commands[] = {
    "tar cf - rules empty net",
    "tar cf - --format=ustar ./rules ./empty ./net",
    "tar cPf - $d/rules $d/empty $d/net --transform=s,$d,,",
    "tar cf - --format=posix .",
    "tar cf - --format=oldgnu -b 1 .",
};

START_TEST(files_are_found_whoever_made_the_archive)
{
    make(commands[_i]);
    ck_assert_str_eq(begin(), "3 from ramdisk=");
    expect_rules("rules");
    expect_rules("./rules");
    expect_rules("/rules");
    ck_assert_str_eq(contents("empty"), "");
    ck_assert_uint_eq(strlen(contents("net/numbers")), 3893);
    ck_assert_ptr_null(contents("numbers"));
    ck_assert_ptr_null(contents("net"));
    ck_assert_ptr_null(contents("rule"));
    ck_assert_ptr_null(contents(""));
}
END_TEST

#define TEN    "0123456789"
#define EIGHTY TEN TEN TEN TEN TEN TEN TEN TEN
#define LONG   EIGHTY "/" EIGHTY TEN /* in ustar; GNU's header has room for 100 characters */

START_TEST(a_long_name_is_found_where_the_header_has_room)
{
    make("mkdir " EIGHTY " && cp rules " LONG " && tar cf - --format=ustar .");
    begin();
    expect_rules(LONG);
    make("mkdir " EIGHTY " && cp rules " LONG " && tar cf - .");
    begin();
    ck_assert_ptr_null(contents(LONG));
    expect_rules("rules"); /* the others are */
    make("cp rules " EIGHTY TEN TEN " && tar cf - --format=ustar " EIGHTY TEN TEN " rules");
    begin();
    expect_rules(EIGHTY TEN TEN); /* no NUL behind it */
}
END_TEST

START_TEST(what_is_no_file_is_passed_over)
{
    make("ln -s rules soft && ln rules hard && mkfifo pipe && tar cf - net soft pipe rules hard");
    ck_assert_str_eq(begin(), "2 from ramdisk=");
    expect_rules("rules");
    ck_assert_ptr_null(contents("soft"));
    ck_assert_ptr_null(contents("hard"));
    ck_assert_ptr_null(contents("pipe"));
}
END_TEST

START_TEST(of_several_the_last_counts)
{
    make("tar cf a rules && echo three > rules && tar rf a rules && cat a");
    begin();
    ck_assert_pstr_eq(contents("rules"), "three\n");
}
END_TEST

START_TEST(files_are_only_read)
{
    static const char *const modes[] = {"w", "a", "r+", "rb+", "w+", "wx"};
    make("tar cf - rules");
    begin();
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        errno = 0;
        ck_assert_ptr_null(files_open("rules", modes[i]));
        ck_assert_int_eq(errno, EROFS);
    }
    FILE *file = files_open("rules", "rb");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}
END_TEST

START_TEST(without_an_archive_there_are_no_files)
{
    make("tar cf - rules");
    begin();
    cut_to(0);
    ck_assert_str_eq(begin(), "");
    ck_assert_ptr_null(contents("rules"));
    make("tar cf - -T /dev/null");
    ck_assert_str_eq(begin(), "0 from ramdisk=");
    ck_assert_ptr_null(contents("rules"));
}
END_TEST

/* --- Archives that are wrong ------------------------------------------------------------------ */

/* Write into the header at `at`, and have its checksum agree. */
static void change(size_t at, size_t offset, const char *text)
{
    uint8_t *h = archive.bytes + at;
    unsigned sum = 0;
    memcpy(h + offset, text, strlen(text));
    memset(h + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
}

static void expect_wrong(const char *complaint)
{
    ck_assert_str_eq(begin(), complaint);
    ck_assert_ptr_null(contents("rules"));
}

START_TEST(what_is_wrong_is_said)
{
    make("tar czf - net rules");
    expect_wrong("ramdisk=: at byte 0: this is no header of an uncompressed tar archive");
    make("tar cf - --format=v7 rules");
    expect_wrong("ramdisk=: at byte 0: this is no header of an uncompressed tar archive");
    make("tar cf - empty rules");
    archive.bytes[BLOCK + 100]++;
    expect_wrong("ramdisk=: at byte 512: the header's checksum is wrong");
    make("tar cf - empty rules");
    change(BLOCK, 124, "9");
    expect_wrong("ramdisk=: at byte 512: the header's size is no octal number");
    make("tar cf - empty rules");
    change(BLOCK, 124, "\x80"); /* GNU's, of files that are larger than 8 GiB */
    expect_wrong("ramdisk=: at byte 512: the header's size is no octal number");
    make("tar cf - rules empty");
    change(2 * BLOCK, 124, "777777777777");
    expect_wrong("ramdisk=: at byte 1024: the file is longer than the archive, which is cut off");
    make("tar cf - rules");
    cut_to(2 * BLOCK + 100);
    expect_wrong("ramdisk=: at byte 1024: the end is missing: the archive is cut off");
    make("echo rules");
    expect_wrong("ramdisk=: at byte 0: the end is missing: the archive is cut off");
}
END_TEST

/* A folder's size is none of data (typeflag 5). */
START_TEST(what_has_no_data_has_no_size)
{
    make("tar cf - net rules");
    change(0, 124, "00000001000");
    ck_assert_str_eq(begin(), "2 from ramdisk=");
    expect_rules("rules");
}
END_TEST

START_TEST(an_archive_that_is_cut_off_is_no_archive)
{
    size_t end;
    make("tar cf - -b 1 rules empty");
    end = 3 * BLOCK; /* two headers, a file */
    for (size_t n = archive.n; n > 0; n--) {
        cut_to(n);
        begin();
        if (n >= end + BLOCK)
            expect_rules("rules");
        else
            ck_assert_ptr_null(contents("rules"));
    }
}
END_TEST

/* Each bit of a header; but for what ends the checksum (a NUL and a blank) there are two. */
START_TEST(a_header_with_a_changed_bit_is_refused)
{
    make("tar cf - rules empty");
    for (size_t i = 0; i < BLOCK; i++) {
        for (int bit = 0; bit < 8 && i != 154 && i != 155; bit++) {
            archive.bytes[i] ^= (uint8_t)(1 << bit);
            begin();
            ck_assert_ptr_null(contents("rules"));
            ck_assert_ptr_null(contents("empty"));
            archive.bytes[i] ^= (uint8_t)(1 << bit);
        }
    }
    begin();
    expect_rules("rules");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_long_name_is_found_where_the_header_has_room,
        what_is_no_file_is_passed_over,
        of_several_the_last_counts,
        files_are_only_read,
        without_an_archive_there_are_no_files,
        what_is_wrong_is_said,
        what_has_no_data_has_no_size,
        an_archive_that_is_cut_off_is_no_archive,
        a_header_with_a_changed_bit_is_refused,
        NULL,
    };
    Suite *s = unit_suite("xen_files", tests);
    TCase *c = tcase_create("each archive");
    tcase_add_loop_test(c, files_are_found_whoever_made_the_archive, 0,
                        sizeof commands / sizeof *commands);
    suite_add_tcase(s, c);
    return unit_main(s);
}
