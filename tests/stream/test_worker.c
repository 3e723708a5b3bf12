/* What a worker tells; its threads are run by test_runtime.c and tests/e2e. */
#include "stream/worker.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct settings settings;
static struct worker_shared shared;
static struct worker worker;
static struct worker_view *view;

static void set_up(void)
{
    cr_assert(!settings_load(NULL, NULL, 0, &settings));
    shared = (struct worker_shared){.settings = &settings, .instance = "host-0"};
    worker_init(&worker, &shared, WORKER_INGEST, 3);
    view = calloc(1, sizeof *view);
    cr_assert(view);
}

static void tear_down(void)
{
    free(view);
    worker_fini(&worker);
    settings_fini(&settings);
}

TestSuite(worker, .init = set_up, .fini = tear_down);

Test(worker, names_and_the_first_view)
{
    cr_expect_str_eq(worker.id, "restock-ingest-host-0-3");
    cr_expect_str_eq(worker.group, "restock-ingest");
    worker_view(&worker, view);
    cr_expect(view->loop_ms > 0 && !view->joined, "new, not hung");
    cr_expect(!worker_stopping(&worker));
    atomic_store(&shared.stop, true);
    cr_expect(worker_stopping(&worker));
    worker_pause(&worker, 60000); /* does not wait when stopping */
}

Test(worker, a_view_is_copied_when_it_is_time_or_at_once)
{
    worker.work->lag = 7;
    worker_publish(&worker, true);
    worker_view(&worker, view);
    cr_expect(view->lag == 7);
    worker.work->lag = 8;
    worker_publish(&worker, false); /* less than WORKER_VIEW_MS later */
    worker_view(&worker, view);
    cr_expect(view->lag == 7);
}

/* "restock_lines_total fell back to 0 when the broker was restarted." */
Test(worker, counts_go_on_where_the_last_life_ended)
{
    static const char FILTER[] = "not a product", NULLS[] = "null", REASON[] = "decode";
    struct transaction_figures figures = {.commits = 4, .bytes = 100, .latency_us_sum = 9};
    figures.latency_count[2] = 4;
    struct ingest_counts counts = {
        .messages = {[INPUT_ORDERS] = 10, [INPUT_STOCK] = 1}, .lines = 20, .filtered = 3};
    counts.filters[counts.filter_count++] = (struct ingest_reason){FILTER, 3};
    worker_tell(&worker, &figures, &counts, 2);
    worker_tell(&worker, &figures, &counts, 2); /* telling twice is not counting twice */
    cr_expect(worker.work->transactions.commits == 4 && worker.work->rebalances == 2);
    worker_keep(&worker);

    worker_tell(&worker, NULL, NULL, 0); /* a life that could not even open its producer */
    worker_keep(&worker);
    cr_expect(worker.work->transactions.commits == 4 && worker.work->ingest.lines == 20);

    figures.commits = 1;
    counts = (struct ingest_counts){.messages = {[INPUT_ORDERS] = 5}, .lines = 1, .dead_letter = 1};
    counts.filters[counts.filter_count++] = (struct ingest_reason){NULLS, 1};
    counts.filters[counts.filter_count++] = (struct ingest_reason){FILTER, 2};
    counts.reasons[counts.reason_count++] = (struct ingest_reason){REASON, 1};
    worker_tell(&worker, &figures, &counts, 1);
    const struct worker_view *work = worker.work;
    cr_expect(work->transactions.commits == 5 && work->transactions.bytes == 200);
    cr_expect(work->transactions.latency_count[2] == 8 && work->transactions.latency_us_sum == 18);
    cr_expect(work->rebalances == 3);
    cr_expect(work->ingest.messages[INPUT_ORDERS] == 15 && work->ingest.messages[INPUT_STOCK] == 1);
    cr_expect(work->ingest.lines == 21 && work->ingest.filtered == 3);
    cr_assert(work->ingest.filter_count == 2 && work->ingest.reason_count == 1);
    cr_expect(work->ingest.filters[0].reason == FILTER && work->ingest.filters[0].count == 5);
    cr_expect(work->ingest.filters[1].count == 1 && work->ingest.reasons[0].count == 1);
}

Test(worker, what_waits_at_the_end_of_a_life_is_read_again)
{
    latency_begin(&worker.process, 10, 5);
    latency_begin(&worker.output, 10, 5);
    worker_keep(&worker);
    latency_begin(&worker.process, 20, 5);
    latency_commit(&worker.process, 21);
    latency_commit(&worker.output, 21);
    worker_publish(&worker, true);
    worker_view(&worker, view);
    cr_expect(view->process.count[1] == 5 && view->process.sum_ms == 5);
    cr_expect(view->output.sum_ms == 0);
}
