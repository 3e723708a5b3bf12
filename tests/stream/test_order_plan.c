#include "stream/order_plan.h"

#include "config/base/zone.h"
#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char POLICY[] = "series,lead_time,lead_time_sd,review,holding_cost,shortage_cost,"
                             "order_cost,pack,minimum_order,lost_sales\n"
                             "fast,3,0,7,0.01,2,0,6,12,1\n\"odd, "
                             "\"\"name\"\"\",3,0,7,0.01,2,0,1,1,1\nnew,3,0,7,0.01,2,0,1,1,1\n";
static const struct forecaster_options OPTIONS = {.horizon = 7, .rate = 0.04, .winsor = 10};

struct job {
    char panel[FILE_PATH_BYTES], stock[FILE_PATH_BYTES], policy[FILE_PATH_BYTES],
        orders[FILE_PATH_BYTES];
    struct zone *zone;
    struct order_plan_report report;
};

static void job_init(struct job *job, const char *stock)
{
    char *panel = malloc(100000);
    size_t bytes = (size_t)sprintf(panel, "series,time,value,in_stock\n");
    for (int s = 0; s < 2; s++) {
        for (int day = 0; day < 90; day++) {
            bytes += (size_t)sprintf(panel + bytes, "%s,2011-%02d-%02d,%d,1\n",
                                     s ? "\"odd, \"\"name\"\"\"" : "fast", 1 + day / 28,
                                     1 + day % 28, s ? 1 : 5 + day % 3);
        }
    }
    file_fixture(job->panel, panel);
    free(panel);
    file_fixture(job->policy, POLICY);
    file_fixture(job->stock, stock);
    file_fixture(job->orders, "what was here before");
    cr_assert_null(zone_open("UTC", &job->zone));
}

static struct status *job_run(struct job *job)
{
    struct order_plan_job plan = {.panel = job->panel,
                                  .stock = job->stock,
                                  .policy = job->policy,
                                  .orders = job->orders,
                                  .zone = job->zone,
                                  .forecast = &OPTIONS};
    return order_plan_run(&plan, &job->report);
}

static void job_fini(struct job *job)
{
    unlink(job->panel);
    unlink(job->stock);
    unlink(job->policy);
    unlink(job->orders);
    zone_close(job->zone);
}

Test(order_plan, one_row_a_series_whole_packs_and_reasons)
{
    struct job job;
    job_init(&job, "series,kind,quantity,ordered,expected\nfast,on_hand,4,,\n\"odd, "
                   "\"\"name\"\"\",on_hand,500,,\nnew,on_hand,0,,\n"
                   "fast,on_order,6,2011-04-01,2011-04-05\n");
    struct status *st = job_run(&job);
    cr_assert_null(st, "%s", status_message(st));
    char *text = file_text(job.orders), *fast = strstr(text, "\nfast,");
    cr_assert_eq(strncmp(text, "series,quantity,", 16), 0);
    int quantity = atoi(fast + 6);
    cr_assert(quantity > 12 && quantity % 6 == 0, "%d", quantity);
    cr_assert_not_null(strstr(fast, "without this order: "));
    cr_assert_not_null(strstr(text, "\n\"odd, \"\"name\"\"\",0,"));
    cr_assert_not_null(strstr(text, "\nnew,0,"));
    cr_assert_eq(job.report.series, 3);
    cr_assert_eq(job.report.ordered, 1);
    cr_assert_eq(job.report.without_sales, 1);
    cr_assert_eq(job.report.units, quantity);
    free(text);
    job_fini(&job);
}

Test(order_plan, the_same_files_give_the_same_bytes)
{
    struct job job;
    job_init(&job, "series,kind,quantity,ordered,expected\nfast,on_hand,4,,\n\"odd, "
                   "\"\"name\"\"\",on_hand,2,,\nnew,on_hand,0,,\n");
    cr_assert_null(job_run(&job));
    char *first = file_text(job.orders);
    cr_assert_null(job_run(&job));
    char *second = file_text(job.orders);
    cr_assert_str_eq(first, second);
    free(first);
    free(second);
    job_fini(&job);
}

Test(order_plan, nothing_is_written_when_an_input_is_wrong)
{
    struct job job;
    job_init(&job, "series,kind,quantity,ordered,expected\nfast,on_hand,4,,\n");
    struct status *st = job_run(&job);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    char *text = file_text(job.orders);
    cr_assert_str_eq(text, "what was here before");
    free(text);
    job_fini(&job);
}
