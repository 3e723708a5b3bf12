#include "stream/csv_message.h"

#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

static char path[64];

static void write_file(const char *text)
{
    (void)snprintf(path, sizeof path, "/tmp/test_csv_message_%d.csv", (int)getpid());
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static const struct datum *next(struct csv_messages *messages, struct slice *original)
{
    const struct datum *message = NULL;
    struct status *st = csv_messages_next(messages, &message, original);
    cr_assert_null(st, "%s", status_message(st));
    return message;
}

Test(csv_message, rows_of_one_invoice_are_its_lines)
{
    static const char TEXT[] =
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "1,85123A,\"HEART, RED\",6,2010-12-01 08:26:00,2.55,17850.0,France\n"
        "1,POST,POSTAGE,1,2010-12-01 08:26:00,18,17850.0,France\n"
        "1,22086,BOX,2,2010-12-01 08:27:00,1,17850.0,France\n"
        "2,22086,BOX,3,2010-12-01 08:27:00,1,,France\n";
    struct trial trial;
    struct csv_messages *messages = NULL;
    struct slice original;
    trial_init_file(&trial, "config/maps/online-retail.yaml");
    write_file(TEXT);
    struct status *st = csv_messages_open(path, trial.map, &messages);
    cr_assert_null(st, "%s", status_message(st));
    const struct datum *message = next(messages, &original);
    cr_assert(mapper_apply(trial.mapper, trial.arena, message, &trial.mapped, &trial.why));
    cr_assert_eq(trial.mapped.count, 1);
    cr_assert_eq(trial.mapped.filtered[0], 1);
    cr_assert(slice_is(trial.mapped.lines[0].order.customer, "17850"));
    cr_assert(memcmp(original.data, "1,85123A,\"HEART, RED\"", 21) == 0);
    cr_assert_eq(csv_messages_line(messages), 2);
    message = next(messages, &original); /* another minute: another message */
    cr_assert(mapper_apply(trial.mapper, trial.arena, message, &trial.mapped, &trial.why));
    cr_assert_eq(trial.mapped.lines[0].order.quantity, 2);
    message = next(messages, &original);
    cr_assert(mapper_apply(trial.mapper, trial.arena, message, &trial.mapped, &trial.why));
    cr_assert_eq(trial.mapped.lines[0].order.customer.bytes, 0);
    cr_assert_null(next(messages, &original));
    cr_assert_null(next(messages, &original));
    csv_messages_close(messages);
    trial_fini(&trial);
    (void)unlink(path);
}

Test(csv_message, without_a_map_each_row_is_a_message)
{
    struct csv_messages *messages = NULL;
    struct slice original;
    write_file("a,b\n1,2\n1,2\n");
    struct status *st = csv_messages_open(path, NULL, &messages);
    cr_assert_null(st);
    for (int i = 0; i < 2; i++) {
        const struct datum *message = next(messages, &original);
        cr_assert(message && message->count == 2);
        cr_assert(slice_is(message->children[1].text, "2"));
    }
    cr_assert_null(next(messages, &original));
    csv_messages_close(messages);
    (void)unlink(path);
}

Test(csv_message, a_map_that_sorts_needs_its_column)
{
    struct trial trial;
    struct csv_messages *messages = NULL;
    trial_init_file(&trial, "config/maps/freshretail.yaml");
    write_file("a,b\n1,2\n");
    struct status *st = csv_messages_open(path, trial.map, &messages);
    cr_assert(strstr(status_message(st), "expected the column 'dt'") != NULL);
    status_free(st);
    trial_fini(&trial);
    (void)unlink(path);
}
