#include "stream/shard.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "model/gemm.h"
#include "stream/learning.h"
#include "stream/lookahead.h"
#include "stream/shard_state.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LINE_ARENA_BLOCK = 64 * 1024 };

/* --- life
 * -------------------------------------------------------------------------------------------------------
 */

static struct status *create_models(struct shard *shard)
{
    const struct settings *settings = shard->plan->settings_ref;
    shard->feed = feed_create(&settings->alert);
    if (!shard->feed) {
        return status_new(STATUS_NO_MEMORY, "out of memory for feed checks");
    }
    if (!settings->stream.pipeline_forecast) {
        return NULL;
    }
    shard->forecaster =
        forecaster_create(&settings->forecast, PLAN_TILE_SERIES, shard->plan->window);
    shard->tails = tails_create(&settings->alert, PLAN_TILE_SERIES);
    shard->linecheck = linecheck_create(&settings->alert);
    if (!shard->forecaster || !shard->tails || !shard->linecheck) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the models of a shard");
    }
    TRY(learning_create(shard));
    if (settings->alert.autoencoder) {
        TRY(gemm_init());
        shard->encoder = autoencoder_create();
        if (!shard->encoder) {
            return status_new(STATUS_NO_MEMORY, "out of memory for the autoencoder of a shard");
        }
    }
    if (settings->alert.detector_ref) {
        shard->combine = combine_create(&settings->alert, settings->alert.detector_ref);
        if (!shard->combine) {
            return status_new(STATUS_NO_MEMORY, "out of memory for the detector of a shard");
        }
    }
    return close_scratch_init(shard);
}

static struct status *create_parts(struct shard *shard)
{
    const struct stream_options *stream = &shard->plan->settings_ref->stream;
    shard->arena = arena_create(LINE_ARENA_BLOCK, SHARD_LINE_ARENA_BYTES);
    shard->layouts = layouts_create(shard->plan);
    if (shard->plan->shorts.per_day) {
        shard->subday = subday_create(shard->plan);
        if (!shard->subday) {
            return status_new(STATUS_NO_MEMORY, "out of memory for short buckets");
        }
    }
    shard->series = series_table_create();
    shard->overflow = ring_overflow_create();
    shard->fingerprints = dedup_create('f');
    shard->stock_fingerprints = dedup_create('g');
    shard->cancel = cancel_create(shard->plan->settings_ref->days.length_ms);
    shard->sources = sources_create(stream->lateness_ms, stream->idle_timeout_ms);
    shard->items = items_create();
    shard->book = book_create();
    shard->watch = watch_create();
    shard->alerts =
        shard->series ? alert_table_create(shard->plan, shard->series, shard->outbox) : NULL;
    if (!shard->arena || !shard->layouts || !shard->series || !shard->overflow ||
        !shard->fingerprints || !shard->stock_fingerprints || !shard->cancel || !shard->sources ||
        !shard->items || !shard->book || !shard->watch || !shard->alerts) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a shard");
    }
    return create_models(shard);
}

struct status *shard_create(const struct plan *plan, int32_t partition, struct outbox *outbox,
                            struct shard **out)
{
    struct shard *shard = calloc(1, sizeof *shard);
    if (!shard) {
        return status_new(STATUS_NO_MEMORY, "out of memory for shard %" PRId32, partition);
    }
    shard->plan = plan;
    pages_init(&shard->tile_pages, tile_bytes(plan));
    shard->partition = partition;
    shard->outbox = outbox;
    shard->next_offset = -1;
    shard->feed_hour = INT64_MIN;
    struct status *st = create_parts(shard);
    if (st) {
        shard_destroy(shard);
        return st;
    }
    *out = shard;
    return NULL;
}

static void destroy_stock(struct shard *shard)
{
    for (uint32_t i = 0; i < shard->stock_count; i++) {
        free(shard->stock[i]);
    }
    free(shard->stock);
    free(shard->stock_free);
}

void shard_destroy(struct shard *shard)
{
    if (!shard) {
        return;
    }
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        tile_destroy(shard->tiles[t]);
    }
    free(shard->tiles);
    pages_fini(&shard->tile_pages);
    destroy_stock(shard);
    free(shard->dirty_mark);
    free(shard->dirty);
    close_scratch_fini(shard);
    alert_table_destroy(shard->alerts);
    items_destroy(shard->items);
    book_destroy(shard->book);
    watch_destroy(shard->watch);
    sources_destroy(shard->sources);
    cancel_destroy(shard->cancel);
    dedup_destroy(shard->fingerprints);
    dedup_destroy(shard->stock_fingerprints);
    ring_overflow_destroy(shard->overflow);
    series_table_destroy(shard->series);
    subday_destroy(shard->subday);
    layouts_destroy(shard->layouts);
    arena_destroy(shard->arena);
    feed_destroy(shard->feed);
    forecaster_destroy(shard->forecaster);
    learning_fini(shard);
    tails_destroy(shard->tails);
    linecheck_destroy(shard->linecheck);
    combine_destroy(shard->combine);
    autoencoder_destroy(shard->encoder);
    buf_fini(&shard->key);
    buf_fini(&shard->value);
    buf_fini(&shard->open_cells);
    free(shard);
}

struct status *shard_restore(struct shard *shard, struct slice key, struct slice value)
{
    return record_restore(shard, key, value);
}

struct status *shard_restored(struct shard *shard, int64_t committed_offset,
                              uint64_t committed_sequence, int64_t *next_offset)
{
    TRY(record_restored(shard));
    if (committed_offset >= 0 && (!shard->header_seen || committed_offset != shard->next_offset ||
                                  committed_sequence != shard->sequence)) {
        return status_new(
            STATUS_STATE,
            "partition %" PRId32 ": the group has committed offset %" PRId64 " (sequence %" PRIu64
            "), the state says %" PRId64 " (sequence %" PRIu64
            "): state and log are not of the same moment. Going on would count lines twice or lose "
            "some. Bring back the state topic that belongs to these offsets, or start anew with "
            "another `application`",
            shard->partition, committed_offset, committed_sequence,
            shard->header_seen ? shard->next_offset : -1, shard->header_seen ? shard->sequence : 0);
    }
    *next_offset = shard->next_offset;
    return NULL;
}

/* --- the log
 * ----------------------------------------------------------------------------------------------------
 */

void shard_apply(struct shard *shard, int64_t offset, struct slice key, struct slice value)
{
    struct shard_record record = {offset, key, value};
    (void)apply_batch(shard, &record, 1, SIZE_MAX);
}

size_t shard_apply_batch(struct shard *shard, const struct shard_record *records, size_t count,
                         size_t outbox_limit)
{
    return apply_batch(shard, records, count, outbox_limit);
}

bool shard_work(struct shard *shard)
{
    return close_step(shard);
}

void shard_learn(struct shard *shard)
{
    if (!close_pending(shard)) {
        learning_step(shard);
    }
}

bool shard_learning(const struct shard *shard, struct learner_facts *facts)
{
    if (shard->learner) {
        learner_facts(shard->learner, facts);
    }
    return shard->learner != NULL;
}

bool shard_clean(const struct shard *shard)
{
    return !shard->changed;
}

void shard_seal(struct shard *shard, int64_t *offset, uint64_t *sequence)
{
    shard->sequence++;
    record_seal(shard);
    memcpy(shard->counts.alert_kinds, alert_table_told(shard->alerts),
           sizeof shard->counts.alert_kinds);
    shard->changed = false;
    *offset = shard->next_offset;
    *sequence = shard->sequence;
}

void shard_committed(struct shard *shard)
{
    ASSERT(!shard->changed && outbox_count(shard->outbox) == 0);
}

int64_t shard_offset(const struct shard *shard)
{
    return shard->next_offset;
}

uint64_t shard_sequence(const struct shard *shard)
{
    return shard->sequence;
}

bool shard_ended(const struct shard *shard, int64_t written_since_ms)
{
    return sources_ended(shard->sources, written_since_ms) && !close_pending(shard);
}

void shard_waiting_for(const struct shard *shard, int64_t written_since_ms, struct buf *out)
{
    sources_waiting_for(shard->sources, written_since_ms, out);
}

/* --- views
 * ------------------------------------------------------------------------------------------------------
 */

static uint32_t stock_known(const struct shard *shard)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < shard->stock_count; i++) {
        known += shard->stock[i] && shard->stock[i]->position.known;
    }
    return known;
}

static uint32_t open_proposals(const struct shard *shard)
{
    uint32_t open = 0;
    for (uint32_t i = 0; i < shard->stock_count; i++) {
        open += shard->stock[i] && shard->stock[i]->proposal.state == PROPOSAL_PROPOSED;
    }
    return open;
}

void shard_bytes(const struct shard *shard, struct shard_bytes *out)
{
    *out = (struct shard_bytes){
        .columns = shard->tile_count * (tile_bytes(shard->plan) + sizeof(struct tile)),
        .names = series_table_bytes(shard->series),
        .other = items_bytes(shard->items) + book_bytes(shard->book) +
                 alert_table_bytes(shard->alerts) +
                 shard->stock_count * sizeof(struct stock_entry) +
                 (size_t)shard->tile_capacity * (PLAN_TILE_SERIES + sizeof(struct tile *)) +
                 shard->dirty_capacity * sizeof *shard->dirty,
        .fingerprints = dedup_bytes(shard->fingerprints) + dedup_bytes(shard->stock_fingerprints),
        .sales = cancel_bytes(shard->cancel),
        .fingerprint_count =
            dedup_count(shard->fingerprints) + dedup_count(shard->stock_fingerprints),
        .sale_count = cancel_count(shard->cancel)};
}

static void view_calibration(const struct shard *shard, struct shard_view *out)
{
    if (shard->combine) {
        const struct combine_rates *rates = combine_rates(shard->combine);
        out->judged = rates->tests;
        out->alarms = rates->strong;
        out->alarms_budgeted = rates->budgeted;
        return;
    }
    if (!shard->tails) {
        return; /* pipeline.forecast is off: nothing is judged */
    }
    const struct tails_rates *rates = tails_rates(shard->tails);
    out->judged = rates->tests / TAILS_KINDS;
    out->alarms = rates->strong;
    out->alarms_budgeted = rates->budgeted;
}

void shard_view(const struct shard *shard, struct shard_view *out)
{
    struct shard_bytes bytes;
    shard_bytes(shard, &bytes);
    *out = (struct shard_view){.partition = shard->partition,
                               .series = series_count(shard->series),
                               .stock_unknown = series_count(shard->series) - stock_known(shard),
                               .tiles = shard->tile_count,
                               .watermark_ms = sources_watermark(shard->sources),
                               .closed_bucket = !shard->started ? INT64_MIN
                                                : shard->subday ? shard->subday->closed
                                                                : shard->closed,
                               .next_offset = shard->next_offset,
                               .sequence = shard->sequence,
                               .memory_bytes = bytes.columns + bytes.names + bytes.other,
                               .fingerprint_bytes = bytes.fingerprints + bytes.sales,
                               .open_alerts = alert_table_open(shard->alerts),
                               .open_proposals = open_proposals(shard),
                               .suppliers = book_suppliers(shard->book),
                               .closing = close_pending(shard)};
    for (uint32_t c = 0; c < FORECAST_CLASSES; c++) {
        const struct answers *answers = book_answers(shard->book, c);
        double bound = shard->plan->settings_ref->proposal.learn_service;
        out->answered[c] = (struct answered){answers->accepted, answers->edited, answers->rejected,
                                             answers_shift(answers, bound)};
        const struct shadow_record *record = watch_record(shard->watch, c);
        double each = record->reviews > 0 ? 1 / record->reviews : 0;
        out->rivalry[c] = (struct rivalry){record->reviews, record->exact * each,
                                           record->learned * each, record->speaks};
    }
    view_calibration(shard, out);
}

const struct shard_counts *shard_counts(const struct shard *shard)
{
    return &shard->counts;
}

/* --- cells and rows
 * --------------------------------------------------------------------------------------------- */

struct cell {
    struct tile *tile;
    uint32_t slot;
    uint16_t *at;
};

static struct cell cell_of(const struct shard *shard, uint32_t series, int64_t bucket)
{
    struct tile *tile = shard_tile(shard, series);
    uint32_t slot = tile_slot(shard->plan, bucket);
    return (struct cell){tile, slot,
                         &tile->cells[(size_t)slot * PLAN_TILE_SERIES + shard_row(series)]};
}

int64_t shard_cell(const struct shard *shard, uint32_t series, int64_t bucket)
{
    struct cell cell = cell_of(shard, series, bucket);
    return ring_get(shard->overflow, cell.at, series, cell.slot);
}

/* Cells of closed buckets are saved by tile and slot, those of open ones with their series. */
static void note_cell(struct shard *shard, uint32_t series, int64_t bucket, const struct cell *cell)
{
    if (bucket <= cell->tile->closed) {
        cell->tile->dirty_slots[cell->slot / 64] |= UINT64_C(1) << (cell->slot % 64);
    } else {
        shard_touch(shard, series);
    }
}

static void set_cell(struct shard *shard, uint32_t series, int64_t bucket, struct cell *cell,
                     int64_t units)
{
    if (bucket <= cell->tile->closed) {
        learning_finish(shard); /* on values as of the close */
        ring_flag(cell->at, WINDOW_CORRECTED);
    }
    ring_set(shard->overflow, cell->at, series, cell->slot, units);
    note_cell(shard, series, bucket, cell);
}

void shard_cell_set(struct shard *shard, uint32_t series, int64_t bucket, int64_t units)
{
    struct cell cell = cell_of(shard, series, bucket);
    set_cell(shard, series, bucket, &cell, units);
}

void shard_cell_add(struct shard *shard, uint32_t series, int64_t bucket, int64_t units)
{
    struct cell cell = cell_of(shard, series, bucket);
    set_cell(shard, series, bucket, &cell,
             ring_get(shard->overflow, cell.at, series, cell.slot) + units);
}

void shard_cell_flag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags)
{
    struct cell cell = cell_of(shard, series, bucket);
    if ((ring_flags(*cell.at) & flags) != flags) {
        if (bucket <= cell.tile->closed) {
            learning_finish(shard);
        }
        ring_flag(cell.at, flags);
        note_cell(shard, series, bucket, &cell);
    }
}

void shard_cell_unflag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags)
{
    struct cell cell = cell_of(shard, series, bucket);
    if (ring_flags(*cell.at) & flags) {
        ring_unflag(cell.at, flags);
        note_cell(shard, series, bucket, &cell);
    }
}

void shard_touch(struct shard *shard, uint32_t series)
{
    if (shard->dirty_mark[series]) {
        return;
    }
    shard->dirty =
        grow(shard->dirty, &shard->dirty_capacity, shard->dirty_count + 1, sizeof *shard->dirty);
    shard->dirty_mark[series] = 1;
    shard->dirty[shard->dirty_count++] = series;
}

void shard_forget(struct shard *shard, uint32_t series)
{
    record_forget_series(shard, series);
    series_remove(shard->series, series);
}

static void grow_tiles(struct shard *shard)
{
    uint32_t capacity = shard->tile_capacity ? shard->tile_capacity * 2 : 4;
    size_t rows = (size_t)capacity * PLAN_TILE_SERIES;
    size_t had = (size_t)shard->tile_capacity * PLAN_TILE_SERIES;
    shard->tiles = realloc(shard->tiles, capacity * sizeof(struct tile *));
    shard->dirty_mark = realloc(shard->dirty_mark, rows);
    ASSERT(shard->tiles && shard->dirty_mark && "out of memory for tiles");
    memset(shard->dirty_mark + had, 0, rows - had);
    shard->tile_capacity = capacity;
}

void shard_make_tiles(struct shard *shard, uint32_t series)
{
    while (shard->tile_count <= series / PLAN_TILE_SERIES) {
        if (shard->tile_count == shard->tile_capacity) {
            grow_tiles(shard);
        }
        struct tile *tile = tile_create_in(shard->plan, shard->started ? shard->closed : INT64_MIN,
                                           &shard->tile_pages);
        ASSERT(tile && "out of memory for a tile");
        if (shard->subday) {
            tile->short_closed = shard->started ? shard->subday->closed : INT64_MIN;
        }
        shard->tiles[shard->tile_count++] = tile;
    }
}
