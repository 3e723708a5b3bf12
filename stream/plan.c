#include "stream/plan.h"

#include "config/base/ensure.h"
#include "stream/cancel.h"
#include "stream/dedup.h"
#include "stream/series.h"
#include "stream/tile.h"

#include <stdlib.h>

static const int64_t DAY_MS = 86400000;

static struct status *open_encoder(const struct plan *plan, struct registry *registry,
                                   const char *record, enum topic topic, struct wire_encoder **out)
{
    const struct stream_options *stream = &plan->settings_ref->stream;
    struct buf subject = {0};
    buf_print(&subject, "%s-value%c", stream->topics[topic], '\0');
    struct wire_output output = {.format = (enum wire_format)stream->output_format,
                                 .record = record,
                                 .subject = subject.data,
                                 .registry = registry};
    struct status *st = wire_encoder_open(&output, out);
    buf_fini(&subject);
    return status_wrap(st, "open the encoder of %s", stream->topics[topic]);
}

static struct status *open_encoders(struct plan *plan, struct registry *registry)
{
    TRY(open_encoder(plan, registry, "forecast", TOPIC_FORECASTS, &plan->forecasts));
    TRY(open_encoder(plan, registry, "alert", TOPIC_ALERTS, &plan->alerts));
    return open_encoder(plan, registry, "replenishment", TOPIC_REPLENISHMENTS,
                        &plan->replenishments);
}

static int64_t in_buckets(int64_t ms, int64_t bucket_ms)
{
    int64_t buckets = (ms + bucket_ms - 1) / bucket_ms;
    return buckets > 1 ? buckets : 1;
}

void plan_keep_short_days(struct plan *plan, uint32_t days)
{
    struct short_plan *shorts = &plan->shorts;
    if (shorts->per_day) {
        shorts->window = days * shorts->per_day;
        shorts->open = 2 * (uint32_t)settings_open_buckets(plan->settings_ref);
        shorts->slots = shorts->window + shorts->open;
    }
}

struct status *plan_create(const struct settings *settings, int32_t partitions,
                           struct registry *registry, struct plan **out)
{
    ASSERT(partitions > 0);
    const struct stream_options *stream = &settings->stream;
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the plan");
    }
    plan->settings_ref = settings;
    plan->partitions = partitions;
    plan->window = (uint32_t)stream->window;
    /* Before the first close nobody knows how far back the first lines reach: twice the usual room.
     */
    plan->open = 2 * (uint32_t)settings_open_days(settings);
    plan->slots = plan->window + plan->open;
    int64_t day_ms = settings->days.length_ms;
    plan->dedup_buckets = in_buckets(stream->dedup_horizon_ms, day_ms);
    plan->cancel_buckets = in_buckets(stream->cancel_horizon_ms, day_ms);
    plan->retire_buckets = in_buckets(stream->retire_after_ms, day_ms);
    plan->slot_days = (double)day_ms / (double)DAY_MS;
    plan->shorts.per_day = stream->bucket_ms < DAY_MS ? (uint32_t)settings->buckets.per_day : 0;
    plan_keep_short_days(plan, PLAN_SHORT_DAYS);
    struct status *st = NULL;
    if (plan->slots > TILE_SLOTS_MAX || plan->shorts.slots > TILE_SHORTS_MAX) {
        st = status_new(STATUS_CONFIG,
                        "plan.window: %u buckets and %u open ones exceed %d: make the window, "
                        "time.allowed_lateness or time.max_lead smaller",
                        plan->window, plan->shorts.per_day ? plan->shorts.open : plan->open,
                        plan->shorts.per_day ? TILE_SHORTS_MAX : TILE_SLOTS_MAX);
    }
    st = st ? st : open_encoders(plan, registry);
    if (st) {
        plan_destroy(plan);
        return st;
    }
    *out = plan;
    return NULL;
}

void plan_destroy(struct plan *plan)
{
    if (plan) {
        wire_encoder_close(plan->forecasts);
        wire_encoder_close(plan->alerts);
        wire_encoder_close(plan->replenishments);
        free(plan);
    }
}

static const char *life_name(enum column_life life)
{
    switch (life) {
    case COLUMN_HOT:
        return "per event";
    case COLUMN_COLD:
        return "per close";
    case COLUMN_RING:
        return "ring";
    case COLUMN_DERIVED:
        return "not saved";
    }
    return "";
}

void plan_print_layout(const struct plan *plan, FILE *out)
{
    struct tile tile = tile_prototype(plan);
    struct tile_table tables[TILE_TABLES];
    tile_tables(&tile, tables);
    fprintf(out, "%-28s %10s %8s\n%-28s %10s %8u\n", "column", "saved", "bytes", "ring", "ring",
            2 * plan->slots);
    if (plan->shorts.per_day) {
        fprintf(out, "%-28s %10s %8u\n", "ring of short buckets", "ring", 3 * plan->shorts.slots);
    }
    for (int t = 0; t < TILE_TABLES; t++) {
        for (size_t r = 0; r < tables[t].table->count; r++) {
            const struct column *column = &tables[t].table->rows[r];
            if (column->type == COLUMN_RECORD) {
                continue;
            }
            fprintf(out, "%-28s %10s %8zu\n", column->name, life_name(column->life),
                    column_type_bytes(column->type) * column->width);
        }
    }
    fprintf(out, "%-28s %10s %8.1f\n", "in all, per series", "",
            (double)tile_bytes(plan) / PLAN_TILE_SERIES);
    /* Tables beside the tiles; measured (bench/run plan), for names of 8 bytes. */
    fprintf(out, "%-28s %10s %8.1f\n", "name and its place, about", "", SERIES_NAME_BYTES);
    fprintf(out, "%-28s %10s %8.1f\n%-28s %10s %8.1f\n", "fingerprint of a line, about", "",
            DEDUP_LINE_BYTES, "open sale of a line, about", "", CANCEL_LINE_BYTES);
}
