/* The autoencoder in a shard: what it is shown of a tile at a close, and how its word joins the
 * signals of the others. Off the path where anomaly.autoencoder is off. */
#include "stream/verdict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHANNEL_RESIDUAL, CHANNEL_ORDERS, CHANNEL_SIZE, CHANNEL_PRICE };

struct view {
    float channel[AUTOENCODER_CHANNELS][PLAN_TILE_SERIES], raw[PLAN_TILE_SERIES];
    uint8_t live[PLAN_TILE_SERIES], gate[PLAN_TILE_SERIES], cohort[PLAN_TILE_SERIES];
};

static void look(const struct shard *shard, const struct tile *tile, uint32_t tile_index,
                 const struct tails_input *in, struct view *view)
{
    const struct window *window = in->window;
    for (uint32_t i = 0; i < window->series; i++) {
        size_t last = (size_t)i * window->width + window->width - 1;
        float units = window->units[last], mean = in->next_mean[i];
        float variance = fmaxf(in->next_variance[i], mean), lines = in->lines[i];
        bool censored = (window->flags[last] & WINDOW_CENSORED) != 0;
        int speed = mean < 0.3f ? 0 : mean < 2 ? 1 : mean < 10 ? 2 : 3;
        view->live[i] = window->age[i] > 0 && mean > 0 && !censored;
        view->gate[i] = view->live[i] &&
                        !alert_table_anomalous(shard->alerts, tile_index * PLAN_TILE_SERIES + i);
        view->cohort[i] = (uint8_t)((in->demand_class[i] & 3) * 4 + speed);
        view->channel[CHANNEL_RESIDUAL][i] = (units - mean) / sqrtf(variance + 0.25f);
        view->channel[CHANNEL_ORDERS][i] =
            logf((lines + 0.5f) / (tile->tails.lines_level[i] + 0.5f));
        view->channel[CHANNEL_SIZE][i] =
            lines > 0 && units > 0 ? logf(units / lines) - tile->linecheck.row[i].quantity_mean : 0;
        int64_t price = lines > 0 ? column_d32(tile->cols.row[i].price) - 1 : 0;
        view->channel[CHANNEL_PRICE][i] =
            price > 0 && tile->linecheck.row[i].prices
                ? logf((float)price) - tile->linecheck.row[i].price_median
                : 0;
    }
}

static enum alert_kind kind_of(const struct view *view, uint32_t i)
{
    if (fabsf(view->channel[CHANNEL_PRICE][i]) > fabsf(view->channel[CHANNEL_RESIDUAL][i])) {
        return ALERT_PRICE_ERROR;
    }
    return view->channel[CHANNEL_RESIDUAL][i] > 0 ? ALERT_SPIKE : ALERT_DROP;
}

static int by_series(const void *a, const void *b)
{
    const struct alert_signal *one = a, *two = b;
    if (one->series != two->series) {
        return one->series < two->series ? -1 : 1;
    }
    return (one->kind > two->kind) - (one->kind < two->kind);
}

void encode_tile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                 const struct tails_input *in, uint32_t *signal_count)
{
    if (!shard->encoder) {
        return;
    }
    struct view view;
    look(shard, tile, tile_index, in, &view);
    struct autoencoder_tile encoded = {
        .series = in->window->series,
        .channel = {view.channel[0], view.channel[1], view.channel[2], view.channel[3]},
        .live = view.live,
        .gate = view.gate,
        .cohort = view.cohort,
        .raw = view.raw};
    autoencoder_close(shard->encoder, &tile->encoder, &encoded);
    uint8_t spoken[PLAN_TILE_SERIES] = {0};
    uint32_t count = *signal_count;
    for (uint32_t k = 0; k < count; k++) {
        spoken[shard->scratch.signals[k].series] = 1;
    }
    float strong = autoencoder_strong(shard->encoder);
    for (uint32_t i = 0; i < in->window->series; i++) {
        if (spoken[i] || !(view.raw[i] >= strong) || count == TAILS_KINDS * PLAN_TILE_SERIES) {
            continue;
        }
        struct alert_signal *signal = &shard->scratch.signals[count++];
        *signal = (struct alert_signal){.kind = kind_of(&view, i),
                                        .strength = ALERT_STRONG,
                                        .series = i,
                                        .onset_bucket = in->window->bucket,
                                        .expected = in->next_mean[i]};
        signal->observed = in->window->units[(size_t)i * in->window->width + in->window->width - 1];
        signal->score = autoencoder_score(shard->encoder, view.raw[i]);
        signal->probability = powf(10, -signal->score);
        alert_evidence(signal, EVIDENCE_RAW_SCORE, (double)view.raw[i]);
    }
    if (count > *signal_count) {
        qsort(shard->scratch.signals, count, sizeof *shard->scratch.signals, by_series);
    }
    *signal_count = count;
}
