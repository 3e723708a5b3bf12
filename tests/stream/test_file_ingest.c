#include "stream/file_ingest.h"

#include "config/base/arena.h"
#include "stream/line.h"
#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char MAP[] = RESTOCK_SOURCE_DIR "/config/maps/online-retail.yaml";
#define HEADER "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
static const char *const TEXTS[] = {HEADER "1,10001,A,2,2011-01-03 10:00:00,1.00,7,UK\n"
                                           "3,10001,A,1,2011-01-05 10:00:00,1.00,7,UK\n",
                                    HEADER "2,10001,A,4,2011-01-04 10:00:00,1.00,8,UK\n"
                                           "4,POST,A,1,2011-01-06 10:00:00,1.00,8,UK\n"};

static struct settings settings;
static struct outbox *lines;
static char path[2][FILE_PATH_BYTES];

static void init(void)
{
    cr_assert_null(settings_load(NULL, NULL, 0, &settings));
    lines = outbox_create();
    file_fixture(path[0], TEXTS[0]);
    file_fixture(path[1], TEXTS[1]);
}

static void fini(void)
{
    (void)remove(path[0]);
    (void)remove(path[1]);
    outbox_destroy(lines);
    settings_fini(&settings);
}

TestSuite(file_ingest, .init = init, .fini = fini);

static struct file_ingest_options options_of(const char *const *paths, size_t count)
{
    return (struct file_ingest_options){.settings = &settings,
                                        .map = MAP,
                                        .paths = paths,
                                        .count = count,
                                        .lines_partitions = 1,
                                        .clock_ms = INT64_C(1) << 52};
}

/* Quantities of the order lines in the outbox, as digits. */
static void sold(char *out)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    for (size_t i = 0; i < outbox_count(lines); i++) {
        struct outbox_record record;
        struct line line;
        const char *reason;
        outbox_get(lines, i, &record);
        if (record.topic == TOPIC_LINES && line_decode(record.value, arena, &line, &reason) &&
            line.kind == LINE_ORDER) {
            *out++ = (char)('0' + line.order.quantity);
        }
    }
    *out = '\0';
    arena_destroy(arena);
}

Test(file_ingest, files_are_merged_by_time_and_counted)
{
    const char *const paths[] = {path[0], path[1]};
    struct file_ingest_options options = options_of(paths, 2);
    struct file_ingest *files;
    char quantities[8];
    uint64_t done, total;
    bool more;
    cr_assert_null(file_ingest_open(&options, lines, &files));
    cr_assert_null(file_ingest_read(files, &more));
    cr_assert(!more);
    sold(quantities);
    cr_assert_str_eq(quantities, "241");
    cr_assert_eq(file_ingest_counts(files)->filtered, 1);
    file_ingest_progress(files, &done, &total);
    cr_assert(done == total && total > 0);
    cr_assert_not_null(file_ingest_zone(files));
    file_ingest_close(files);
}

Test(file_ingest, refuses_what_is_not_there_and_too_many)
{
    const char *paths[FILE_INGEST_MOST + 1] = {"/nowhere/orders.csv"};
    struct file_ingest_options options = options_of(paths, 1);
    struct file_ingest *files = NULL;
    struct status *st = file_ingest_open(&options, lines, &files);
    cr_assert(st && !files);
    cr_assert(strstr(status_message(st), "/nowhere/orders.csv"));
    status_free(st);
    options.count = FILE_INGEST_MOST + 1;
    st = file_ingest_open(&options, lines, &files);
    cr_assert_eq(status_code(st), STATUS_USAGE);
    status_free(st);
}
