/* The learned judge of a shard: what it is shown of lines and closes, and how its word becomes one
 * alert. Without a detector these functions do nothing. */
#include "stream/verdict.h"

enum { SPIKE_BUCKETS = 3 };
#define RENEW_SCORE 1.0f /* ten times less probable than the old peak */

void verdict_line(struct shard *shard, const struct order_line *order, uint32_t series,
                  int64_t bucket)
{
    if (!shard->combine) {
        return;
    }
    struct tile *tile = shard_tile(shard, series);
    bool sold = order->kind == ORDER_SALE;
    struct trace_line line = {.quantity = sold ? order->quantity : 0,
                              .price_minor = order->unit_price,
                              .basket_median = order->basket_median,
                              .basket_units = order->basket_units};
    trace_line(&tile->trace, &tile->linecheck, shard_row(series), bucket, &line);
}

double verdict_budget(const struct shard *shard)
{
    const struct settings *settings = shard->plan->settings_ref;
    const struct alert_options *options = &settings->alert;
    double budget = alert_budget(options, settings->days.length_ms, shard->plan->partitions);
    if (options->budget_per_10k > 0) {
        double judged = shard->combine ? combine_tests(shard->combine) : tails_tests(shard->tails);
        budget = options->budget_per_10k / 10000 * judged;
    }
    return shard->encoder ? 0.9 * budget : budget; /* it takes a tenth */
}

void verdict_begin(struct shard *shard, int64_t bucket, double lines, double budget)
{
    if (shard->encoder) {
        autoencoder_begin_close(shard->encoder, bucket, budget / 9);
    }
    if (shard->combine) {
        combine_begin_close(shard->combine, bucket, lines, budget);
        budget *= COMBINE_SHARE_LINECHECK / ALERT_SHARE_LINECHECK;
    }
    linecheck_begin_close(shard->linecheck, bucket, budget);
}

static struct trace_input input_of(const struct shard *shard, const struct tile *tile,
                                   const struct tails_input *in)
{
    const struct alert_options *options = &shard->plan->settings_ref->alert;
    return (struct trace_input){.window = in->window,
                                .lines = in->lines,
                                .next_mean = in->next_mean,
                                .next_variance = in->next_variance,
                                .tails = &tile->tails,
                                .checks = &tile->linecheck,
                                .min_age = options->min_age,
                                .min_lines = options->min_lines};
}

static void show(const struct shard *shard, uint32_t tile_index, const struct window *window)
{
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    if (!sinks || !sinks->statistics) {
        return;
    }
    const uint8_t *judged;
    const float *x = combine_rows(shard->combine, &judged);
    for (uint32_t i = 0; i < window->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        if (judged[i]) {
            sinks->statistics(sinks->context, series_sku(shard->series, series),
                              series_location(shard->series, series), window->bucket,
                              x + (size_t)i * TRACE_INPUTS);
        }
    }
}

void verdict_tile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                  const struct tails_input *in, uint32_t *signal_count)
{
    if (!shard->combine) {
        return;
    }
    struct trace_input input = input_of(shard, tile, in);
    *signal_count = combine_close(shard->combine, &tile->trace, &input, shard->scratch.signals,
                                  TAILS_KINDS * PLAN_TILE_SERIES);
    show(shard, tile_index, in->window);
}

void verdict_signal(const struct shard *shard, struct tile *tile, const struct tails_input *in,
                    uint32_t row, enum alert_kind kind, struct alert_signal *out)
{
    struct trace_input input = input_of(shard, tile, in);
    combine_signal(shard->combine, &input, row, kind, out);
    if (out->strength > ALERT_NEUTRAL) {
        out->strength = ALERT_NEUTRAL; /* it spoke for another kind already */
    }
}

/* The alert of the series that is open, or ended so lately that it might come again. */
static const struct alert *standing(const struct shard *shard, uint32_t series, int64_t now_ms)
{
    const struct alert *best = NULL;
    int64_t cooldown_ms = shard->plan->settings_ref->alert.cooldown_ms;
    for (int kind = 0; kind < WEIGH_KINDS; kind++) {
        const struct alert *alert =
            alert_table_find(shard->alerts, (enum alert_kind)kind, series, 0);
        bool stands = alert && (alert->state == ALERT_OPEN ||
                                (alert->closed_ms && now_ms - alert->closed_ms < cooldown_ms));
        if (stands && (!best || alert->peak > best->peak)) {
            best = alert;
        }
    }
    return best;
}

/* A rise that still is one after as long as spikes last is a new level; of falls the latest word
 * holds. */
static bool turns_out(const struct shard *shard, const struct alert *alert,
                      const struct alert_signal *signal, int64_t now_ms)
{
    enum alert_kind kind = signal->kind;
    int64_t spike_ms = SPIKE_BUCKETS * shard->plan->settings_ref->days.length_ms;
    if (alert->state != ALERT_OPEN || !signal->named) {
        return false;
    }
    if (kind == ALERT_LEVEL_SHIFT_UP) {
        return alert->kind == ALERT_SPIKE && now_ms - alert->opened_ms > spike_ms;
    }
    bool fell = alert->kind == ALERT_DROP || alert->kind == ALERT_LEVEL_SHIFT_DOWN ||
                alert->kind == ALERT_ZERO_RUN;
    return fell && (kind == ALERT_DROP || kind == ALERT_LEVEL_SHIFT_DOWN || kind == ALERT_ZERO_RUN);
}

void verdict_kind(struct shard *shard, uint32_t series, struct alert_signal *signal, int64_t now_ms)
{
    if (!shard->combine || !alert_table_has(shard->alerts, series)) {
        signal->named = 0;
        return;
    }
    const struct alert *alert = standing(shard, series, now_ms);
    if (!alert || alert->kind == signal->kind) {
        bool back = alert && alert->named && turns_out(shard, alert, signal, now_ms);
        signal->named = back ? signal->named : 0;
        return;
    }
    if (signal->score < alert->peak + RENEW_SCORE) {
        signal->named = turns_out(shard, alert, signal, now_ms) ? signal->named : 0;
        signal->kind = (enum alert_kind)alert->kind;
        return;
    }
    signal->named = 0;
    shard->counts.alerts +=
        alert_table_end(shard->alerts, (enum alert_kind)alert->kind, series, 0, now_ms);
}
