#include "stream/learning_report.h"

#include "stream/shard_state.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const VOICES[PROOF_VOICES] = {[FORECAST_NB] = "nb",
                                                 [FORECAST_EMPIRICAL] = "empirical",
                                                 [FORECAST_GRU] = "gru",
                                                 [PROOF_MIXTURE] = "mixture"};
static const char *const LEVELS[PROOF_LEVELS] = {"0.1", "0.5", "0.9"};
/* The generation before is for decisions alone. */
static const char *const NETS[JUDGE_NETS] = {
    [JUDGE_NB] = "nb", [JUDGE_BASE] = "frozen", [JUDGE_SERVING] = "online", [JUDGE_BEFORE] = NULL};

static void add_cell(struct proof_cell *sum, const struct proof_cell *cell)
{
    sum->units += cell->units;
    sum->targets += cell->targets;
    for (int voice = 0; voice < PROOF_VOICES; voice++) {
        sum->loss[voice] += cell->loss[voice];
    }
    for (int level = 0; level < PROOF_LEVELS; level++) {
        sum->below[level] += cell->below[level];
    }
}

static void add_score(struct judge_score *sum, const struct judge_score *score)
{
    sum->loss += score->loss;
    sum->count += score->count;
    for (int span = 0; span < JUDGE_SPANS; span++) {
        sum->pinball[span] += score->pinball[span];
        sum->units[span] += score->units[span];
        sum->covered[span] += score->covered[span];
        sum->targets[span] += score->targets[span];
        sum->mean[span] += score->mean[span];
    }
}

void learning_join(struct learning_view *sum, const struct learning_view *view)
{
    sum->shards += view->shards;
    sum->learning += view->learning;
    sum->generation = view->generation > sum->generation ? view->generation : sum->generation;
    sum->batches += view->batches;
    sum->faults += view->faults;
    sum->loss += view->loss;
    sum->loss_weight += view->loss_weight;
    for (int kind = 0; kind < LEARNER_EVENT_KINDS; kind++) {
        sum->events[kind] += view->events[kind];
    }
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (int span = 0; span < PROOF_SPANS; span++) {
            add_cell(&sum->proof[c][span], &view->proof[c][span]);
        }
    }
    for (int net = 0; net < JUDGE_NETS; net++) {
        add_score(&sum->judged[net], &view->judged[net]);
    }
}

void learning_add(const struct shard *shard, struct learning_view *view)
{
    if (!shard->forecaster) {
        return;
    }
    struct learning_view one = {.shards = 1, .faults = forecaster_faults(shard->forecaster)};
    memcpy(one.proof, forecaster_proof(shard->forecaster)->cell, sizeof one.proof);
    if (shard->learner) {
        struct learner_facts facts;
        learner_facts(shard->learner, &facts);
        one.learning = 1;
        one.generation = facts.generation;
        one.batches = facts.batches;
        one.loss = facts.loss;
        one.loss_weight = facts.batches > 0;
        memcpy(one.events, facts.told, sizeof one.events);
        memcpy(one.judged, facts.score, sizeof one.judged);
    }
    learning_join(view, &one);
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_print(out, "# HELP restock_%s %s\n# TYPE restock_%s %s\n", name, help, name, type);
}

static void put_proof(const struct learning_view *view, struct buf *out)
{
    head(out, "forecast_wql", "gauge",
         "rolling weighted quantile loss of matured forecasts, by class, span and expert");
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (int span = 0; span < PROOF_SPANS; span++) {
            for (int voice = 0; voice < PROOF_VOICES && view->proof[c][span].units > 0; voice++) {
                buf_print(out,
                          "restock_forecast_wql{class=\"%s\",span=\"%s\",expert=\"%s\"} %.6g\n",
                          forecaster_class_name((enum forecast_class)c),
                          proof_span_name((enum proof_span)span), VOICES[voice],
                          proof_wql(&view->proof[c][span], voice));
            }
        }
    }
    head(out, "forecast_coverage", "gauge",
         "rolling share of matured targets at or below a quantile of the mixture");
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (int span = 0; span < PROOF_SPANS; span++) {
            const struct proof_cell *cell = &view->proof[c][span];
            for (int level = 0; level < PROOF_LEVELS && cell->targets > 0; level++) {
                buf_print(out,
                          "restock_forecast_coverage{class=\"%s\",span=\"%s\",level=\"%s\"} %.6g\n",
                          forecaster_class_name((enum forecast_class)c),
                          proof_span_name((enum proof_span)span), LEVELS[level],
                          cell->below[level] / cell->targets);
            }
        }
    }
}

static double ratio(double over, double under)
{
    return under > 0 ? over / under : 0;
}

static void put_twins(const struct learning_view *view, struct buf *out)
{
    head(out, "network_wql", "gauge",
         "rolling weighted quantile loss on the same matured targets: weights that serve (online), "
         "of the base model (frozen), statistical expert (nb)");
    for (int net = 0; net < JUDGE_NETS; net++) {
        for (int span = 0; NETS[net] && span < JUDGE_SPANS; span++) {
            const struct judge_score *score = &view->judged[net];
            if (score->units[span] > 0) {
                buf_print(out, "restock_network_wql{weights=\"%s\",span=\"%s\"} %.6g\n", NETS[net],
                          proof_span_name((enum proof_span)span),
                          ratio(score->pinball[span], score->units[span]));
            }
        }
    }
    head(out, "network_bias", "gauge", "rolling mean forecast over demand, minus 1");
    for (int net = 0; net < JUDGE_NETS; net++) {
        for (int span = 0; NETS[net] && span < JUDGE_SPANS; span++) {
            const struct judge_score *score = &view->judged[net];
            if (score->units[span] > 0) {
                buf_print(out, "restock_network_bias{weights=\"%s\",span=\"%s\"} %.6g\n", NETS[net],
                          proof_span_name((enum proof_span)span),
                          ratio(score->mean[span], score->units[span]) - 1);
            }
        }
    }
}

void learning_metrics(const struct learning_view *view, struct buf *out)
{
    put_proof(view, out);
    head(out, "forecast_faults_total", "counter",
         "series reset because of a number that was not finite");
    buf_print(out, "restock_forecast_faults_total %" PRIu64 "\n", view->faults);
    head(out, "learning_shards", "gauge", "shards whose weights learn online");
    buf_print(out, "restock_learning_shards %" PRIu32 "\n", view->learning);
    if (!view->learning) {
        return;
    }
    put_twins(view, out);
    head(out, "learning_batches_total", "counter", "batches of 128 windows learned from");
    buf_print(out, "restock_learning_batches_total %" PRIu64 "\n", view->batches);
    head(out, "learning_loss", "gauge", "rolling loss of the batches, mean over shards");
    buf_print(out, "restock_learning_loss %.6g\n", ratio(view->loss, view->loss_weight));
    head(out, "model_generation", "gauge",
         "highest generation of weights that serves; 0: the base");
    buf_print(out, "restock_model_generation %" PRIu32 "\n", view->generation);
    head(out, "model_events_total", "counter", "promotions, refusals, roll-backs, drifts");
    for (int kind = 0; kind < LEARNER_EVENT_KINDS; kind++) {
        buf_print(out, "restock_model_events_total{kind=\"%s\"} %" PRIu64 "\n",
                  learner_event_name((enum learner_event_kind)kind), view->events[kind]);
    }
}

/* --- JSON of one shard */

static void json_cells(const struct proof *proof, struct buf *json)
{
    const char *comma = "";
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (int span = 0; span < PROOF_SPANS; span++) {
            const struct proof_cell *cell = &proof->cell[c][span];
            if (!(cell->targets > 0)) {
                continue;
            }
            buf_print(json, "%s{\"class\":\"%s\",\"span\":\"%s\",\"targets\":%.1f,\"wql\":{", comma,
                      forecaster_class_name((enum forecast_class)c),
                      proof_span_name((enum proof_span)span), cell->targets);
            for (int voice = 0; voice < PROOF_VOICES; voice++) {
                buf_print(json, "%s\"%s\":%.6g", voice ? "," : "", VOICES[voice],
                          proof_wql(cell, voice));
            }
            buf_text(json, "},\"coverage\":{");
            for (int level = 0; level < PROOF_LEVELS; level++) {
                buf_print(json, "%s\"%s\":%.6g", level ? "," : "", LEVELS[level],
                          cell->below[level] / cell->targets);
            }
            buf_text(json, "}}");
            comma = ",";
        }
    }
}

static void json_twins(const struct learner_facts *facts, struct buf *json)
{
    const char *comma = "";
    for (int net = 0; net < JUDGE_NETS; net++) {
        for (int span = 0; NETS[net] && span < JUDGE_SPANS; span++) {
            const struct judge_score *score = &facts->score[net];
            if (!(score->units[span] > 0)) {
                continue;
            }
            buf_print(json,
                      "%s{\"weights\":\"%s\",\"span\":\"%s\",\"targets\":%.1f,\"wql\":%.6g,"
                      "\"coverage\":{\"0.9\":%.6g},\"bias\":%.6g}",
                      comma, NETS[net], proof_span_name((enum proof_span)span),
                      score->targets[span], score->pinball[span] / score->units[span],
                      score->covered[span] / score->targets[span],
                      score->mean[span] / score->units[span] - 1);
            comma = ",";
        }
    }
}

static void json_events(const struct shard *shard, const struct learner_facts *facts,
                        struct buf *json)
{
    for (size_t e = 0; e < facts->event_count; e++) {
        const struct learner_event *event = &facts->event[e];
        bool drift = event->kind == LEARNER_DRIFT;
        buf_print(json, "%s{\"bucket\":%" PRId64 ",\"kind\":\"%s\",\"generation\":%u", e ? "," : "",
                  bucket_start(&shard->plan->settings_ref->days, event->bucket),
                  learner_event_name((enum learner_event_kind)event->kind), event->generation);
        if (isfinite(event->ratio)) {
            buf_print(json, ",\"ratio\":%.6g", (double)event->ratio);
        }
        if (drift) {
            buf_print(json, ",\"class\":\"%s\"",
                      forecaster_class_name((enum forecast_class)event->demand_class));
        }
        buf_byte(json, '}');
    }
}

void learning_json(const struct shard *shard, struct buf *json)
{
    static const char *const LEARN[] = {"off", "frozen", "online"};
    int learn = shard->plan->settings_ref->forecast.learn;
    buf_print(json, "{\"partition\":%" PRId32 ",\"learn\":\"%s\"", shard->partition,
              shard->forecaster ? LEARN[learn] : "off");
    if (shard->started) {
        buf_print(json, ",\"closed\":%" PRId64,
                  bucket_start(&shard->plan->settings_ref->days, shard->closed));
    }
    if (shard->forecaster) {
        buf_text(json, ",\"forecasts\":[");
        json_cells(forecaster_proof(shard->forecaster), json);
        buf_byte(json, ']');
    }
    if (shard->learner) {
        struct learner_facts facts;
        learner_facts(shard->learner, &facts);
        buf_print(json,
                  ",\"generation\":%u,\"kept\":%u,\"batches\":%" PRIu64 ",\"budget\":%u,\"done\":%u"
                  ",\"loss\":%.6g,\"networks\":[",
                  facts.generation, facts.kept, facts.batches, facts.budget, facts.done,
                  facts.loss);
        json_twins(&facts, json);
        buf_text(json, "],\"events\":[");
        json_events(shard, &facts, json);
        buf_byte(json, ']');
    }
    buf_byte(json, '}');
}
