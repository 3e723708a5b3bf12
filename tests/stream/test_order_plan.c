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

static struct level_net some_net(void)
{
    struct level_net net;
    struct rng rng;
    rng_init(&rng, 1);
    level_net_init(&net, TARGET_INPUTS, &rng);
    net.b3 = -8;
    return net;
}

static struct status *job_run_ruled(struct job *job, const struct rules *rules)
{
    struct order_plan_job plan = {.panel = job->panel,
                                  .stock = job->stock,
                                  .policy = job->policy,
                                  .orders = job->orders,
                                  .zone = job->zone,
                                  .forecast = &OPTIONS,
                                  .rules = rules};
    return order_plan_run(&plan, &job->report);
}

static struct status *job_run(struct job *job)
{
    return job_run_ruled(job, NULL);
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

static struct rule rule(const char *name, enum rule_action action, int64_t quantity)
{
    return (struct rule){.name = name,
                         .action = action,
                         .quantity = quantity,
                         .factor = (double)quantity,
                         .from = INT64_MIN,
                         .until = INT64_MAX};
}

/* Quantity of `fast`, whose row must end its numbers with the name of the rule. */
static int fast_under(struct job *job, struct rule *list, size_t count, const char *named)
{
    struct rules rules = {list, count};
    struct status *st = job_run_ruled(job, &rules);
    cr_assert_null(st, "%s", status_message(st));
    char *text = file_text(job->orders), *fast = strstr(text, "\nfast");
    char words[64];
    (void)snprintf(words, sizeof words, ",%s,\"order", named);
    char *row_end = strchr(fast + 1, '\n'), *found = strstr(fast, words);
    cr_assert(found && found < row_end, "%s not in %.*s", words, (int)(row_end - fast), fast);
    int quantity = atoi(strchr(fast, ',') + 1);
    free(text);
    return quantity;
}

Test(order_plan, business_rules_have_the_last_word_and_are_named)
{
    struct job job;
    job_init(&job, "series,kind,quantity,ordered,expected\nfast,on_hand,4,,\n\"odd, "
                   "\"\"name\"\"\",on_hand,500,,\nnew,on_hand,0,,\n");
    struct rule list[2] = {rule("small", RULE_CAP, 20)};
    int free_of_rules = fast_under(&job, list, 0, "");
    cr_assert(free_of_rules > 24);
    cr_assert_eq(fast_under(&job, list, 1, "small"), 18, "whole packs");
    list[0] = rule("twice", RULE_MULTIPLY, 2);
    cr_assert(fast_under(&job, list, 1, "twice") > 3 * free_of_rules / 2);
    list[1] = rule("agreed", RULE_OVERRIDE, 30);
    cr_assert_eq(fast_under(&job, list, 2, "twice agreed"), 30);
    list[0] = rule("none", RULE_FORBID, 0);
    cr_assert_eq(fast_under(&job, list, 2, "none"), 0);
    list[0] = rule("audit", RULE_FREEZE, 0);
    cr_assert_eq(fast_under(&job, list, 2, "audit"), 0, "nothing stands, so nothing is ordered");
    list[1] = rule("other", RULE_CAP, 6);
    list[1].pattern[RULE_SKU] = "fas";
    cr_assert_eq(fast_under(&job, list + 1, 1, ""), free_of_rules, "the whole name");
    list[1].pattern[RULE_SKU] = "f*";
    list[1].pattern[RULE_CLASS] = "smooth";
    list[1].until = 15065; /* 2011-04-01, the day after the panel's last is the 5th */
    cr_assert_eq(fast_under(&job, list + 1, 1, ""), free_of_rules, "over");
    list[1].until = 16000;
    cr_assert_eq(fast_under(&job, list + 1, 1, "other"), 0, "below the supplier's minimum");
    job_fini(&job);
}

/* The policy and the quantity of `fast`. */
static int fast_by(struct job *job, const struct level_net *net, bool asked, char policy[16])
{
    struct order_plan_job plan = {.panel = job->panel,
                                  .stock = job->stock,
                                  .policy = job->policy,
                                  .orders = job->orders,
                                  .zone = job->zone,
                                  .forecast = &OPTIONS,
                                  .net = net,
                                  .net_asked = asked};
    struct status *st = order_plan_run(&plan, &job->report);
    cr_assert_null(st, "%s", status_message(st));
    char *text = file_text(job->orders);
    int quantity = -1;
    cr_assert_eq(sscanf(strstr(text, "\nfast,"), "\nfast,%d,%15[^,]", &quantity, policy), 2);
    free(text);
    return quantity;
}

Test(order_plan, a_learned_target_decides_days_and_is_refused_for_weeks)
{
    struct job job;
    char policy[16];
    struct level_net net = some_net();
    static const char *const STOCK =
        "series,kind,quantity,ordered,expected\nfast,on_hand,4,,\n\"odd, "
        "\"\"name\"\"\",on_hand,500,,\nnew,on_hand,0,,\n";
    job_init(&job, STOCK);
    int exact = fast_by(&job, NULL, false, policy);
    cr_assert_str_eq(policy, "pil");
    int learned = fast_by(&job, &net, true, policy);
    cr_assert_str_eq(policy, "learned");
    cr_assert(learned < exact && learned > 0 && learned % 6 == 0, "%d %d", learned, exact);
    unlink(job.panel);
    char *panel = malloc(100000);
    size_t bytes = (size_t)sprintf(panel, "series,time,value,in_stock\n");
    for (int week = 0; week < 52; week++) {
        static const int DAYS[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int day = 3 + 7 * week, month = 0;
        for (; day > DAYS[month] && month < 11; month++) {
            day -= DAYS[month];
        }
        bytes += (size_t)sprintf(panel + bytes, "fast,2011-%02d-%02d,%d,1\n", month + 1, day,
                                 30 + week % 5);
    }
    file_fixture(job.panel, panel);
    free(panel);
    (void)fast_by(&job, &net, false, policy); /* nobody asked by name: exact */
    cr_assert_str_eq(policy, "pil");
    struct order_plan_job plan = {.panel = job.panel,
                                  .stock = job.stock,
                                  .policy = job.policy,
                                  .orders = job.orders,
                                  .zone = job.zone,
                                  .forecast = &OPTIONS,
                                  .net = &net,
                                  .net_asked = true};
    struct status *st = order_plan_run(&plan, &job.report);
    cr_assert(st && status_code(st) == STATUS_CONFIG &&
              strstr(status_message(st), "longer than a day"));
    status_free(st);
    job_fini(&job);
}
