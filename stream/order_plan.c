#include "stream/order_plan.h"

#include "config/base/ensure.h"
#include "optimize/why.h"
#include "stream/order_file.h"
#include "stream/transfer_plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Costs put the best chance of no stock-out at shortage / (shortage + holding x review) when demand
 * is what the forecast says. What the forecast does not know of itself makes less stock the cheaper
 * choice: chosen on development windows, as log odds. */
static const double DAYS_SHIFT = -0.1, WEEKS_SHIFT = -0.4;

static const char HEADER[] = "series,quantity,policy,limit,need,target,stock,on_order,baseline,"
                             "demand_p10,demand_p50,demand_p90,"
                             "stockout_without,stockout_with,lost_without,lost_with,rules,why\n";

struct work {
    const struct order_plan_job *job;
    struct panel *panel;
    struct buckets buckets;
    struct order_rows *rows;
    struct demand_curve *curves; /* [panel->count] */
    struct demand_curve *curve_of; /* [rows] */
    uint8_t *classes, *class_of; /* [panel->count], [rows] enum forecast_class */
};

static void work_fini(struct work *work)
{
    order_file_free(work->rows);
    panel_free(work->panel);
    free(work->curves);
    free(work->curve_of);
    free(work->classes);
    free(work->class_of);
}

static struct status *load(struct work *work)
{
    const struct order_plan_job *job = work->job;
    TRY(panel_load(job->panel, job->zone, INT64_MAX, &work->panel));
    if (job->net_asked && work->panel->bucket_ms > 86400000) {
        return status_new(STATUS_CONFIG,
                          "replenish.policy: learned has shown no gain in buckets longer than a "
                          "day, and those of %s are: take policy auto",
                          job->panel);
    }
    TRY(bucket_init(&work->buckets, work->panel->bucket_ms, job->zone));
    TRY(order_file_policy(job->policy, &work->rows));
    TRY(order_file_stock(job->stock, &work->buckets, work->rows));
    work->curves = calloc(work->panel->count + 1, sizeof *work->curves);
    work->curve_of = calloc(order_file_count(work->rows) + 1, sizeof *work->curve_of);
    work->classes = calloc(work->panel->count + 1, sizeof *work->classes);
    work->class_of = calloc(order_file_count(work->rows) + 1, sizeof *work->class_of);
    ASSERT(work->curves && work->curve_of && work->classes && work->class_of &&
           "out of memory for a plan");
    return panel_forecast(work->panel, job->zone, job->forecast, &job->watch, work->curves,
                          work->classes);
}

/* Curves in counting units of the panel become curves in units. */
static void to_units(struct demand_curve *curve, double unit)
{
    for (uint32_t row = 0; row < curve->rows; row++) {
        curve->mean[row] *= unit;
        for (size_t k = 0; k < DEMAND_LEVELS; k++) {
            curve->quantiles[row][k] *= unit;
        }
    }
}

static void match(struct work *work)
{
    for (size_t i = 0; i < work->panel->count; i++) {
        struct order_row *row = order_file_find(work->rows, work->panel->series[i].name);
        if (row) {
            struct demand_curve *curve = work->curve_of + (row - order_file_row(work->rows, 0));
            *curve = work->curves[i];
            work->class_of[row - order_file_row(work->rows, 0)] = work->classes[i];
            to_units(curve, work->panel->unit);
        }
    }
}

/* Rules as live: a name is sku@location, the class that of the forecast; a series without sales has
 * none. */
static void match_rules(struct work *work)
{
    const struct rules *rules = work->job->rules;
    int64_t day = bucket_day(&work->buckets, work->panel->last + 1);
    for (size_t i = 0; rules && rules->count && i < order_file_count(work->rows); i++) {
        struct order_row *row = order_file_row(work->rows, i);
        struct rule_subject subject = {.field = {[RULE_SKU] = order_file_sku(row->name),
                                                 [RULE_CATEGORY] = row->category,
                                                 [RULE_LOCATION] = order_file_place(row->name),
                                                 [RULE_SUPPLIER] = row->supplier}};
        if (work->curve_of[i].rows) {
            subject.field[RULE_CLASS] = slice_of(forecaster_class_name(work->class_of[i]));
        }
        rules_match(rules, &subject, day, &row->effect);
        row->terms.effect = &row->effect;
    }
}

static void put_name(FILE *out, struct slice name)
{
    bool quoted = memchr(name.data, ',', name.bytes) || memchr(name.data, '"', name.bytes) ||
                  memchr(name.data, '\n', name.bytes);
    if (!quoted) {
        (void)fwrite(name.data, 1, name.bytes, out);
        return;
    }
    (void)fputc('"', out);
    for (size_t i = 0; i < name.bytes; i++) {
        (void)fputs(name.data[i] == '"' ? "\"\"" : (char[]){name.data[i], '\0'}, out);
    }
    (void)fputc('"', out);
}

/* Names of the rules that changed the order, with spaces between. */
static void put_rules(FILE *out, const struct rules *rules, const struct rule_hits *hits)
{
    if (!hits->count) {
        return;
    }
    struct buf names = {0};
    for (int i = 0; i < hits->count; i++) {
        buf_print(&names, "%s%s", i ? " " : "", rules->rule[hits->rule[i]].name);
    }
    put_name(out, buf_view(&names));
    buf_fini(&names);
}

static void put_order(FILE *out, struct slice name, const struct decision *d,
                      const struct rules *rules, const struct buf *why)
{
    put_name(out, name);
    (void)fprintf(out,
                  ",%" PRId64 ",%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64,
                  d->quantity, policy_name(d->policy), policy_limit_name(d->limit), d->need,
                  d->target, d->stock, d->incoming, d->baseline);
    (void)fprintf(out, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%.4f,%.4f,%.2f,%.2f,", d->demand[0],
                  d->demand[1], d->demand[2], d->stockout_without, d->stockout_with,
                  d->lost_without, d->lost_with);
    put_rules(out, rules, &d->rules);
    (void)fprintf(out, ",\"%.*s\"\n", (int)why->bytes, why->data);
}

static void decide_all(struct work *work, FILE *out, struct order_plan_report *report)
{
    bool weekly = work->panel->bucket_ms > 86400000;
    int64_t today = work->panel->last + 1;
    struct why_calendar calendar = {today, bucket_day(&work->buckets, today), weekly ? 7 : 1};
    struct buf why = {0};
    for (size_t i = 0; i < order_file_count(work->rows); i++) {
        struct order_row *row = order_file_row(work->rows, i);
        struct decision decision;
        row->terms.net = weekly ? NULL : work->job->net;
        plan_core_decide(&row->terms, &row->position, work->curve_of + i, today,
                         weekly ? WEEKS_SHIFT : DAYS_SHIFT, &decision);
        buf_reset(&why);
        why_order(&why, &decision, &calendar);
        put_order(out, row->name, &decision, work->job->rules, &why);
        report->series++;
        report->ordered += decision.quantity > 0;
        report->units += decision.quantity;
        report->without_sales += work->curve_of[i].rows == 0;
    }
    buf_fini(&why);
}

static struct status *move_stock(struct work *work, struct order_plan_report *report)
{
    const struct order_plan_job *job = work->job;
    if (!job->transfers) {
        return NULL;
    }
    FILE *out = fopen(job->transfers, "w");
    if (!out) {
        return status_new(STATUS_IO, "write transfers to %s: %s", job->transfers, strerror(errno));
    }
    bool weekly = work->panel->bucket_ms > 86400000;
    struct transfer_plan_terms terms = {.lead_time = job->transfer_lead,
                                        .unit_cost = job->transfer_unit_cost,
                                        .lane_cost = job->transfer_lane_cost,
                                        .today = work->panel->last + 1,
                                        .service_shift = weekly ? WEEKS_SHIFT : DAYS_SHIFT};
    report->transfers = transfer_plan_run(work->rows, work->curve_of, &terms, out);
    bool good = !ferror(out);
    good = fclose(out) == 0 && good;
    if (!good) {
        (void)remove(job->transfers);
        return status_new(STATUS_IO, "write transfers to %s: %s", job->transfers, strerror(errno));
    }
    return NULL;
}

static struct status *write_orders(struct work *work, struct order_plan_report *report)
{
    const char *path = work->job->orders;
    FILE *out = fopen(path, "w");
    if (!out) {
        return status_new(STATUS_IO, "write orders to %s: %s", path, strerror(errno));
    }
    (void)fputs(HEADER, out);
    decide_all(work, out, report);
    bool good = !ferror(out);
    good = fclose(out) == 0 && good;
    if (!good) {
        (void)remove(path);
        return status_new(STATUS_IO, "write orders to %s: %s", path, strerror(errno));
    }
    return NULL;
}

struct status *order_plan_run(const struct order_plan_job *job, struct order_plan_report *report)
{
    *report = (struct order_plan_report){0};
    struct work work = {.job = job};
    struct status *st = load(&work);
    if (!st) {
        match(&work);
        match_rules(&work);
        st = move_stock(&work, report);
        st = st ? st : write_orders(&work, report);
    }
    work_fini(&work);
    return st;
}
