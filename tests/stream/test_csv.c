#include "stream/csv.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[64];

static void write_file(const char *text)
{
    (void)snprintf(path, sizeof path, "/tmp/test_csv_%d.csv", (int)getpid());
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    (void)fwrite(text, 1, strlen(text), file);
    (void)fclose(file);
}

static struct csv *opened(const char *text)
{
    struct csv *csv = NULL;
    write_file(text);
    struct status *st = csv_open(path, &csv);
    cr_assert_null(st, "%s", status_message(st));
    return csv;
}

static void expect_row(struct csv *csv, const char *first, const char *second)
{
    const struct slice *fields = NULL;
    struct status *st = csv_next(csv, &fields);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_eq(fields != NULL, first != NULL);
    if (first) {
        cr_assert(slice_is(fields[0], first), "%.*s", (int)fields[0].bytes, fields[0].data);
        cr_assert(slice_is(fields[1], second), "%.*s", (int)fields[1].bytes, fields[1].data);
    }
}

static void expect_error(const char *text, const char *part)
{
    struct csv *csv = NULL;
    const struct slice *fields = NULL;
    write_file(text);
    struct status *st = csv_open(path, &csv);
    while (!st) {
        st = csv_next(csv, &fields);
        cr_assert(st || fields, "expected an error with '%s'", part);
    }
    cr_assert(strstr(status_message(st), part) != NULL, "%s", status_message(st));
    status_free(st);
    csv_close(csv);
    (void)unlink(path);
}

Test(csv, quotes_line_ends_and_empty_lines)
{
    size_t count;
    struct csv *csv = opened("\xef\xbb\xbf"
                             "a,b\r\n1,\"x, \"\"y\"\"\"\n\n\"two\nlines\",\r\n,last");
    cr_assert(slice_is(csv_columns(csv, &count)[0], "a"));
    cr_assert_eq(count, 2);
    cr_assert_eq(csv_column(csv, "b"), 1);
    cr_assert_eq(csv_column(csv, "c"), -1);
    expect_row(csv, "1", "x, \"y\"");
    cr_assert_eq(csv_line(csv), 2);
    cr_assert(slice_is(csv_row_text(csv), "1,\"x, \"\"y\"\"\""));
    expect_row(csv, "two\nlines", "");
    cr_assert_eq(csv_line(csv), 4);
    expect_row(csv, "", "last");
    cr_assert_eq(csv_line(csv), 6);
    expect_row(csv, NULL, NULL);
    expect_row(csv, NULL, NULL);
    uint64_t done, total;
    csv_progress(csv, &done, &total);
    cr_assert(done == total && total > 0);
    csv_close(csv);
    (void)unlink(path);
}

Test(csv, sorting_is_stable_and_keeps_line_numbers)
{
    struct csv *csv = opened("day,n\nc,1\na,2\nb,3\na,\"4\"\n");
    struct status *st = csv_sort(csv, 0);
    cr_assert_null(st);
    expect_row(csv, "a", "2");
    expect_row(csv, "a", "4");
    cr_assert_eq(csv_line(csv), 5);
    expect_row(csv, "b", "3");
    expect_row(csv, "c", "1");
    expect_row(csv, NULL, NULL);
    csv_close(csv);
    (void)unlink(path);
}

Test(csv, mistakes_name_file_and_line)
{
    expect_error("", ":1: expected a header");
    expect_error("a,a\n", "the column 'a' is there twice");
    expect_error("a,b\n1,2\n3\n", ":3: expected 2 fields as in the header, found 1");
    expect_error("a,b\n1,\"2\n", ":2: a quote is not closed");
    expect_error("a,b\n1,\"2\"x\n", ":2: text behind a closing quote");
    expect_error("a,b\n1,\xff\n", ":2: byte 3 of the row is not UTF-8");
}

Test(csv, a_file_that_is_not_there)
{
    struct csv *csv = NULL;
    struct status *st = csv_open("/nowhere/x.csv", &csv);
    cr_assert_eq(status_code(st), STATUS_IO);
    status_free(st);
}

Test(csv, numbers_are_whole_fields)
{
    double value = 7;
    cr_assert(csv_number(slice_of("-1.5e3"), &value));
    cr_assert_float_eq(value, -1500, 0);
    static const char *const NONE[] = {"", "1 2", "12x", "nan", "inf", "1e999"};
    for (size_t i = 0; i < sizeof NONE / sizeof *NONE; i++) {
        cr_assert_not(csv_number(slice_of(NONE[i]), &value), "%s", NONE[i]);
    }
}
