#include "cmd/metrics.h"

#include "config/base/ensure.h"
#include "schemas/datum.h"

#include <inttypes.h>
#include <stdlib.h>

enum { READY_PROGRESS_MS = 60000 };

/* All that workers tell, added up; one allocation, because views are large. */
struct sums {
    struct runtime_view view;
    uint64_t rebalances, rebuilt, commits, aborts, records, bytes, commit_us, closes, stock_lines;
    uint64_t commit_counts[16];
    int64_t rtt_us, skus, unknown, open_alerts, open_proposals, suppliers;
    uint64_t judged, alarms;
    double alarms_budgeted;
    uint64_t state_bytes, late_dropped, alert_kinds[ALERT_KINDS], messages[INPUT_COUNT];
    struct latency_figures process[2], output[2]; /* by enum worker_role */
};

struct each {
    struct runtime *runtime;
    struct worker_view *view;
    size_t index;
    enum worker_role role;
    int number;
};

static bool next(struct each *each)
{
    if (!each->view) {
        each->view = malloc(sizeof *each->view);
        ASSERT(each->view && "out of memory for a view");
    } else {
        each->index++;
    }
    if (each->index >= runtime_worker_count(each->runtime)) {
        free(each->view);
        each->view = NULL;
        return false;
    }
    runtime_worker(each->runtime, each->index, &each->role, &each->number, each->view);
    return true;
}

static void add_shards(struct sums *sums, const struct worker_view *view)
{
    for (size_t s = 0; s < view->shard_count; s++) {
        const struct shard_view *shard = &view->shards[s];
        sums->skus += shard->series;
        sums->unknown += shard->stock_unknown;
        sums->open_alerts += shard->open_alerts;
        sums->open_proposals += shard->open_proposals;
        sums->suppliers += shard->suppliers;
        sums->state_bytes += shard->memory_bytes;
        sums->judged += shard->judged;
        sums->alarms += shard->alarms;
        sums->alarms_budgeted += shard->alarms_budgeted;
    }
}

static void add_up(struct runtime *runtime, struct sums *sums)
{
    *sums = (struct sums){0};
    runtime_view(runtime, &sums->view);
    for (struct each each = {.runtime = runtime}; next(&each);) {
        const struct worker_view *view = each.view;
        sums->rebalances += view->rebalances;
        sums->rebuilt += view->rebuilt;
        sums->commits += view->transactions.commits;
        sums->aborts += view->transactions.aborts;
        sums->records += view->transactions.records;
        sums->bytes += view->transactions.bytes;
        sums->commit_us += view->transactions.latency_us_sum;
        for (int i = 0; i < 16; i++) {
            sums->commit_counts[i] += view->transactions.latency_count[i];
        }
        sums->rtt_us = view->rtt_us > sums->rtt_us ? view->rtt_us : sums->rtt_us;
        sums->closes += view->counts.closes;
        sums->stock_lines += view->counts.stock_lines;
        sums->late_dropped += view->counts.late_dropped;
        for (int kind = 0; kind < ALERT_KINDS; kind++) {
            sums->alert_kinds[kind] += view->counts.alert_kinds[kind];
        }
        for (int input = 0; input < INPUT_COUNT; input++) {
            sums->messages[input] += view->ingest.messages[input];
        }
        latency_add(&sums->process[each.role], &view->process);
        latency_add(&sums->output[each.role], &view->output);
        add_shards(sums, view);
    }
}

/* --- Prometheus */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_print(out, "# HELP restock_%s %s\n# TYPE restock_%s %s\n", name, help, name, type);
}

static void number(struct buf *out, const char *name, const char *type, const char *help,
                   double value)
{
    head(out, name, type, help);
    buf_print(out, "restock_%s %.17g\n", name, value);
}

static void put_lines(struct buf *out, const struct sums *sums)
{
    const struct runtime_view *view = &sums->view;
    head(out, "lines_total", "counter", "order lines by what became of them, committed");
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {{"read", view->read},           {"applied", view->applied},
                {"duplicate", view->duplicate}, {"late", view->late},
                {"filtered", view->filtered},   {"dead_letter", view->dead_letter}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        buf_print(out, "restock_lines_total{outcome=\"%s\"} %" PRIu64 "\n", rows[i].name,
                  rows[i].value);
    }
    number(out, "late_records_total", "counter", "lines whose bucket was closed",
           (double)view->late);
    number(out, "late_dropped_total", "counter", "late lines too old to correct anything",
           (double)sums->late_dropped);
    number(out, "stock_records_total", "counter", "stock movements applied",
           (double)sums->stock_lines);
    number(out, "forecasts_total", "counter", "forecast events committed", (double)view->forecasts);
    head(out, "alerts_total", "counter", "alert events committed, by kind");
    for (int kind = 0; kind < ALERT_KINDS; kind++) {
        buf_print(out, "restock_alerts_total{type=\"%s\"} %" PRIu64 "\n",
                  alert_kind_name((enum alert_kind)kind), sums->alert_kinds[kind]);
    }
    number(out, "replenishments_total", "counter", "replenishment events committed",
           (double)view->replenishments);
    number(out, "closes_total", "counter", "buckets closed, summed over shards",
           (double)sums->closes);
}

static void put_transactions(struct buf *out, const struct sums *sums)
{
    head(out, "txn_commit_seconds", "histogram", "time that a commit took");
    uint64_t total = 0;
    for (int i = 0; i < 15; i++) {
        total += sums->commit_counts[i];
        buf_print(out, "restock_txn_commit_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
                  (double)(1 << i) / 1000, total);
    }
    total += sums->commit_counts[15];
    buf_print(out, "restock_txn_commit_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", total);
    buf_print(out,
              "restock_txn_commit_seconds_sum %.6f\nrestock_txn_commit_seconds_count %" PRIu64 "\n",
              (double)sums->commit_us / 1e6, total);
    number(out, "txn_commits_total", "counter", "transactions committed", (double)sums->commits);
    number(out, "txn_aborts_total", "counter", "transactions aborted and sent again",
           (double)sums->aborts);
    number(out, "output_records_total", "counter", "records written in committed transactions",
           (double)sums->records);
    number(out, "output_bytes_total", "counter", "bytes of keys and values of these records",
           (double)sums->bytes);
}

static void put_latency(struct buf *out, const char *name, const char *help,
                        const struct latency_figures of[2])
{
    static const char *const ROLES[] = {[WORKER_INGEST] = "ingest", [WORKER_PLAN] = "plan"};
    head(out, name, "histogram", help);
    for (int role = 0; role < 2; role++) {
        uint64_t total = 0;
        for (int i = 0; i < LATENCY_SLOTS - 1; i++) {
            total += of[role].count[i];
            buf_print(out, "restock_%s_bucket{role=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
                      ROLES[role], (double)(1 << i) / 1000, total);
        }
        total += of[role].count[LATENCY_SLOTS - 1];
        buf_print(out, "restock_%s_bucket{role=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
                  ROLES[role], total);
        buf_print(out, "restock_%s_sum{role=\"%s\"} %.3f\n", name, ROLES[role],
                  (double)of[role].sum_ms / 1000);
        buf_print(out, "restock_%s_count{role=\"%s\"} %" PRIu64 "\n", name, ROLES[role], total);
    }
}

static void put_latencies(struct buf *out, const struct sums *sums)
{
    put_latency(out, "process_latency_seconds",
                "from reading a record to the commit of what follows from it", sums->process);
    put_latency(out, "event_to_output_seconds",
                "from the time stamp in Kafka of a record to the commit of what follows from it "
                "(plan: of output events, from the first record of their transaction)",
                sums->output);
}

static void put_reasons(struct buf *out, const char *name, int worker, const char *label,
                        const struct ingest_reason *reasons, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_print(out, "restock_%s{worker=\"%d\",%s=", name, worker, label);
        datum_print_text(out, slice_of(reasons[i].reason));
        buf_print(out, "} %" PRIu64 "\n", reasons[i].count);
    }
}

static void put_refused(struct buf *out, struct runtime *runtime)
{
    head(out, "dlq_records_total", "counter", "messages refused, by reason");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        put_reasons(out, "dlq_records_total", each.number, "reason", each.view->ingest.reasons,
                    each.view->ingest.reason_count);
    }
    head(out, "filtered_total", "counter", "order lines left out on purpose, by filter");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        put_reasons(out, "filtered_total", each.number, "filter", each.view->ingest.filters,
                    each.view->ingest.filter_count);
    }
}

static void put_inputs(struct buf *out, const struct runtime *runtime, const struct sums *sums)
{
    head(out, "input_records_total", "counter", "messages of the inputs that are dealt with");
    for (int input = 0; input < INPUT_COUNT; input++) {
        buf_print(out, "restock_input_records_total{topic=");
        datum_print_text(out, slice_of(runtime_topic(runtime, (enum topic)input)));
        buf_print(out, "} %" PRIu64 "\n", sums->messages[input]);
    }
}

static void put_sources(struct buf *out, struct runtime *runtime)
{
    head(out, "source_mark_seconds", "gauge", "largest event time read of a source, unix seconds");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t i = 0; i < each.view->source_count; i++) {
            const struct ingest_source_view *source = &each.view->sources[i];
            if (source->own && source->mark_ms != INT64_MIN) {
                buf_text(out, "restock_source_mark_seconds{topic=");
                datum_print_text(out, slice_of(runtime_topic(runtime, (enum topic)source->input)));
                buf_print(out, ",partition=\"%" PRId32 "\"} %.3f\n", source->partition,
                          (double)source->mark_ms / 1000);
            }
        }
    }
}

static void put_learning(struct buf *out, struct runtime *runtime)
{
    struct learning_view sum = {0};
    for (struct each each = {.runtime = runtime}; next(&each);) {
        learning_join(&sum, &each.view->learning);
    }
    learning_metrics(&sum, out);
}

static void put_shards(struct buf *out, struct runtime *runtime)
{
    head(out, "watermark_lag_seconds", "gauge", "wall clock minus watermark");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->shard_count; s++) {
            const struct shard_view *shard = &each.view->shards[s];
            if (shard->watermark_ms != INT64_MIN) {
                buf_print(out, "restock_watermark_lag_seconds{shard=\"%" PRId32 "\"} %.3f\n",
                          shard->partition, (double)(kafka_wall_ms() - shard->watermark_ms) / 1000);
            }
        }
    }
    head(out, "restore_remaining_records", "gauge", "state records still to be restored");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->restoring_count; s++) {
            buf_print(out, "restock_restore_remaining_records{shard=\"%" PRId32 "\"} %" PRId64 "\n",
                      each.view->restoring[s].partition, each.view->restoring[s].remaining);
        }
        for (size_t s = 0; s < each.view->shard_count; s++) {
            buf_print(out, "restock_restore_remaining_records{shard=\"%" PRId32 "\"} 0\n",
                      each.view->shards[s].partition);
        }
    }
}

/* What buyers make of proposals, and where that has moved the service target. */
static void put_answers(struct buf *out, struct runtime *runtime)
{
    uint64_t counts[FORECAST_CLASSES][3] = {0};
    struct buf shifts = {0};
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->shard_count; s++) {
            const struct shard_view *shard = &each.view->shards[s];
            for (int c = 0; c < FORECAST_CLASSES; c++) {
                const struct answered *answered = &shard->answered[c];
                counts[c][0] += answered->accepted;
                counts[c][1] += answered->edited;
                counts[c][2] += answered->rejected;
                buf_print(&shifts,
                          "restock_service_shift{shard=\"%" PRId32 "\",class=\"%s\"} %.4f\n",
                          shard->partition, forecaster_class_name((enum forecast_class)c),
                          answered->service_shift);
            }
        }
    }
    static const char *const ANSWERS[3] = {"accepted", "edited", "rejected"};
    head(out, "answers_total", "counter", "proposals by what buyers made of them");
    for (int i = 0; i < 3 * FORECAST_CLASSES; i++) {
        buf_print(out, "restock_answers_total{class=\"%s\",answer=\"%s\"} %" PRIu64 "\n",
                  forecaster_class_name((enum forecast_class)(i / 3)), ANSWERS[i % 3],
                  counts[i / 3][i % 3]);
    }
    head(out, "service_shift", "gauge", "log odds by which answers have moved the service target");
    buf_slice(out, buf_view(&shifts));
    buf_fini(&shifts);
}

/* The learned policy against the exact one, on paper. */
static void put_rivalry(struct buf *out, struct runtime *runtime)
{
    struct buf speaks = {0};
    head(out, "paper_cost", "gauge", "mean cost of a review in paper shops over what is typical");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->shard_count; s++) {
            const struct shard_view *shard = &each.view->shards[s];
            for (int c = 0; c < FORECAST_CLASSES; c++) {
                const struct rivalry *rivalry = &shard->rivalry[c];
                const char *name = forecaster_class_name((enum forecast_class)c);
                if (!(rivalry->reviews > 0)) {
                    continue;
                }
                const double costs[] = {rivalry->exact, rivalry->learned};
                for (int side = 0; side < 2; side++) {
                    buf_print(out,
                              "restock_paper_cost{shard=\"%" PRId32
                              "\",class=\"%s\",policy=\"%s\"} %.5f\n",
                              shard->partition, name, side ? "learned" : "exact", costs[side]);
                }
                buf_print(&speaks,
                          "restock_learned_speaks{shard=\"%" PRId32 "\",class=\"%s\"} %d\n",
                          shard->partition, name, rivalry->speaks);
            }
        }
    }
    head(out, "learned_speaks", "gauge", "1: the learned policy decides in this class of demand");
    buf_slice(out, buf_view(&speaks));
    buf_fini(&speaks);
}

static void put_lag(struct buf *out, const char *topic, int32_t partition, int64_t lag)
{
    buf_text(out, "restock_consumer_lag{topic=");
    datum_print_text(out, slice_of(topic));
    buf_print(out, ",partition=\"%" PRId32 "\"} %" PRId64 "\n", partition, lag);
}

static void put_lags(struct buf *out, struct runtime *runtime)
{
    head(out, "consumer_lag", "gauge", "records of the inputs and of `lines` not read yet");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->shard_count; s++) {
            put_lag(out, runtime_topic(runtime, TOPIC_LINES), each.view->shards[s].partition,
                    each.view->shard_lag[s]);
        }
        for (size_t s = 0; s < each.view->source_count; s++) {
            const struct ingest_source_view *source = &each.view->sources[s];
            if (source->own && source->lag >= 0) {
                put_lag(out, runtime_topic(runtime, (enum topic)source->input), source->partition,
                        source->lag);
            }
        }
    }
}

/* What alarms cost against what they were allowed to: true ones are in the count, so the ratio of a
 * shop in which nothing goes wrong should be near 1, and that of others is above it. */
static void put_calibration(struct buf *out, const struct sums *sums)
{
    number(out, "anomaly_judged_total", "counter", "series and closed buckets judged",
           (double)sums->judged);
    number(out, "anomaly_alarms_total", "counter",
           "judgements that reached the threshold of the budget, true ones too",
           (double)sums->alarms);
    number(out, "anomaly_alarms_budgeted_total", "counter",
           "false alarms that alerts.budget_per_day allowed for these judgements",
           sums->alarms_budgeted);
    number(out, "anomaly_realised_over_budgeted", "gauge",
           "alarms over budgeted false alarms since the state began; 0: nothing budgeted yet",
           sums->alarms_budgeted > 0 ? (double)sums->alarms / sums->alarms_budgeted : 0);
}

void metrics_prometheus(struct runtime *runtime, struct buf *out)
{
    struct sums *sums = malloc(sizeof *sums);
    ASSERT(sums && "out of memory for metrics");
    add_up(runtime, sums);
    head(out, "build_info", "gauge", "version of the program");
    buf_print(out, "restock_build_info{version=\"%s\",instance=\"%s\"} 1\n", RESTOCK_VERSION,
              runtime_instance(runtime));
    number(out, "ready", "gauge", "1: joined, restored and progressing", sums->view.ready);
    put_lines(out, sums);
    head(out, "series", "gauge", "series by what is known of their stock");
    buf_print(out,
              "restock_series{stock=\"known\"} %" PRId64
              "\nrestock_series{stock=\"unknown\"} %" PRId64 "\n",
              sums->skus - sums->unknown, sums->unknown);
    number(out, "state_skus", "gauge", "series held here", (double)sums->skus);
    number(out, "state_bytes", "gauge", "memory of the shards", (double)sums->state_bytes);
    number(out, "alerts_open", "gauge", "alerts that are open now", (double)sums->open_alerts);
    number(out, "proposals_open", "gauge", "proposals that wait", (double)sums->open_proposals);
    number(out, "suppliers_seen", "gauge", "suppliers with receipts, by shard of their items",
           (double)sums->suppliers);
    number(out, "rebalances_total", "counter", "changes of the group", (double)sums->rebalances);
    number(out, "workers_rebuilt_total", "counter", "workers begun anew after an error",
           (double)sums->rebuilt);
    number(out, "kafka_rtt_seconds", "gauge", "mean round trip to the slowest broker",
           (double)sums->rtt_us / 1e6);
    put_calibration(out, sums);
    put_learning(out, runtime);
    put_transactions(out, sums);
    put_latencies(out, sums);
    put_refused(out, runtime);
    put_inputs(out, runtime, sums);
    put_sources(out, runtime);
    put_shards(out, runtime);
    put_answers(out, runtime);
    put_rivalry(out, runtime);
    put_lags(out, runtime);
    free(sums);
}

/* --- JSON */

static void put_time(struct buf *json, const char *name, int64_t ms)
{
    if (ms == INT64_MIN) {
        buf_print(json, ",\"%s\":null", name);
    } else {
        buf_print(json, ",\"%s\":%" PRId64, name, ms);
    }
}

void metrics_shards(struct runtime *runtime, struct buf *json)
{
    const struct plan *plan = runtime_plan(runtime);
    bool first = true;
    buf_byte(json, '[');
    for (struct each each = {.runtime = runtime}; next(&each);) {
        for (size_t s = 0; s < each.view->shard_count; s++) {
            const struct shard_view *shard = &each.view->shards[s];
            int64_t closed = shard->closed_bucket;
            buf_print(json,
                      "%s{\"shard\":%" PRId32 ",\"worker\":%d,\"series\":%u,\"lag\":%" PRId64
                      ",\"state_bytes\":%zu,\"next_offset\":%" PRId64 ",\"sequence\":%" PRIu64,
                      first ? "" : ",", shard->partition, each.number, shard->series,
                      each.view->shard_lag[s], shard->memory_bytes, shard->next_offset,
                      shard->sequence);
            put_time(json, "watermark", shard->watermark_ms);
            put_time(json, "closed",
                     plan && closed != INT64_MIN
                         ? bucket_start(&plan->settings_ref->buckets, closed)
                         : INT64_MIN);
            buf_print(json, ",\"open_alerts\":%u,\"open_proposals\":%u,\"closing\":%s}",
                      shard->open_alerts, shard->open_proposals, shard->closing ? "true" : "false");
            first = false;
        }
    }
    buf_byte(json, ']');
}

static void status_workers(struct runtime *runtime, struct buf *json)
{
    buf_text(json, ",\"workers\":[");
    for (struct each each = {.runtime = runtime}; next(&each);) {
        const struct worker_view *view = each.view;
        buf_print(json,
                  "%s{\"role\":\"%s\",\"number\":%d,\"joined\":%s,\"restored\":%s,\"lag\":%" PRId64
                  ",\"commits\":%" PRIu64 ",\"aborts\":%" PRIu64 ",\"rebalances\":%" PRIu64
                  ",\"rebuilt\":%" PRIu64 ",\"restore_remaining\":%" PRId64 ",\"last_error\":",
                  each.index ? "," : "", each.role == WORKER_PLAN ? "plan" : "ingest", each.number,
                  view->joined ? "true" : "false", view->restored ? "true" : "false", view->lag,
                  view->transactions.commits, view->transactions.aborts, view->rebalances,
                  view->rebuilt, view->restore.remaining);
        datum_print_text(json, slice_of(view->last_error));
        buf_byte(json, '}');
    }
    buf_byte(json, ']');
}

void metrics_status(struct runtime *runtime, struct buf *json)
{
    struct sums *sums = malloc(sizeof *sums);
    ASSERT(sums && "out of memory for the status");
    add_up(runtime, sums);
    const struct runtime_view *view = &sums->view;
    buf_print(json, "{\"version\":\"%s\",\"instance\":", RESTOCK_VERSION);
    datum_print_text(json, slice_of(runtime_instance(runtime)));
    buf_print(json,
              ",\"ready\":%s,\"lines\":{\"read\":%" PRIu64 ",\"applied\":%" PRIu64
              ",\"duplicate\":%" PRIu64 ",\"late\":%" PRIu64 ",\"filtered\":%" PRIu64
              ",\"dead_letter\":%" PRIu64 "}",
              view->ready ? "true" : "false", view->read, view->applied, view->duplicate,
              view->late, view->filtered, view->dead_letter);
    buf_print(json,
              ",\"stock_lines\":%" PRIu64 ",\"forecasts\":%" PRIu64 ",\"alerts\":%" PRIu64
              ",\"replenishments\":%" PRIu64 ",\"series\":%" PRId64 ",\"stock_unknown\":%" PRId64
              ",\"open_alerts\":%" PRId64 ",\"open_proposals\":%" PRId64 ",\"state_bytes\":%" PRIu64
              ",\"lag\":%" PRId64,
              sums->stock_lines, view->forecasts, view->alerts, view->replenishments, sums->skus,
              sums->unknown, sums->open_alerts, sums->open_proposals, sums->state_bytes, view->lag);
    status_workers(runtime, json);
    buf_text(json, ",\"shards\":");
    metrics_shards(runtime, json);
    buf_byte(json, '}');
    free(sums);
}

bool metrics_ready(struct runtime *runtime, struct buf *reasons)
{
    if (!runtime_worker_count(runtime)) {
        buf_text(reasons, "starting: the broker has not told all topics yet\n");
        return false;
    }
    for (struct each each = {.runtime = runtime}; next(&each);) {
        const struct worker_view *view = each.view;
        const char *role = each.role == WORKER_PLAN ? "plan" : "ingest";
        if (!view->joined) {
            buf_print(reasons, "%s %d has not joined its group\n", role, each.number);
        } else if (!view->restored) {
            buf_print(reasons, "%s %d restores its state: %" PRId64 " records to go\n", role,
                      each.number, view->restore.remaining);
        } else if (view->lag && kafka_now_ms() - view->progress_ms > READY_PROGRESS_MS) {
            buf_print(reasons, "%s %d makes no progress, %" PRId64 " records wait\n", role,
                      each.number, view->lag);
        }
    }
    return reasons->bytes == 0;
}
