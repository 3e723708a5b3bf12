/* The learner's work between two closes of a shard: what it sees of the series, when it works, its
 * events as alerts, its state records.
 *
 * Windows and values are those of the close: nothing changes a closed bucket before the work is
 * done (learning_finish). So it does not matter at which ticks pieces are done, nor what is
 * restarted in between: the rings that are restored are those of the close.
 *
 * Records: key "ml" part(1) chunk(2, big endian), value: chunks in all, then at most 512 KiB. */
#include "stream/learning.h"

#include "config/base/ensure.h"
#include "stream/cursor.h"
#include "stream/shard_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const float SCORE = 6; /* of an incident: a decision, not a probability */

enum { CHUNK_BYTES = 512 * 1024 - 64, CHUNKS_MAX = 64 };

struct learning_parts { /* while restoring */
    struct {
        uint32_t chunks;
        struct buf chunk[CHUNKS_MAX];
    } part[LEARNER_PARTS];
};

static void parts_free(struct shard *shard)
{
    for (int part = 0; part < LEARNER_PARTS && shard->learner_parts; part++) {
        for (int chunk = 0; chunk < CHUNKS_MAX; chunk++) {
            buf_fini(&shard->learner_parts->part[part].chunk[chunk]);
        }
    }
    free(shard->learner_parts);
    shard->learner_parts = NULL;
}

struct status *learning_create(struct shard *shard)
{
    const struct settings *settings = shard->plan->settings_ref;
    if (settings->forecast.learn != FORECAST_LEARN_ONLINE || !settings->forecast.base_ref) {
        return NULL;
    }
    shard->learner = learner_create(settings->forecast.base_ref, &settings->learner,
                                    hash_mix((uint64_t)shard->partition + 1));
    return shard->learner ? NULL : status_new(STATUS_NO_MEMORY, "out of memory for a learner");
}

void learning_fini(struct shard *shard)
{
    parts_free(shard);
    learner_destroy(shard->learner);
}

/* --- what the learner sees
 * -------------------------------------------------------------------------------------- */

struct seen { /* one row at a time */
    const struct shard *shard;
    float units[LESSON_WIDTH_MAX];
    uint8_t flags[LESSON_WIDTH_MAX];
};

static bool see_row(void *context, uint32_t series, struct lesson_row *row)
{
    struct seen *seen = context;
    const struct shard *shard = seen->shard;
    const struct tile *tile = shard_tile(shard, series);
    const uint32_t W = shard->plan->window, at = shard_row(series);
    int64_t last = shard->closed, first = tile->cols.row[at].first - 1;
    if (!tile->cols.row[at].first || first > last || !series_live(shard->series, series)) {
        return false;
    }
    uint32_t age = (uint32_t)(last - first + 1);
    for (uint32_t k = 0; k < W; k++) {
        int64_t bucket = last - (int64_t)(W - 1) + (int64_t)k;
        size_t cell = (size_t)tile_slot(shard->plan, bucket) * PLAN_TILE_SERIES + at;
        seen->units[k] = (float)shard_cell(shard, series, bucket);
        seen->flags[k] =
            (uint8_t)(ring_flags(tile->cells[cell]) | (age < W - k ? WINDOW_ABSENT : 0));
    }
    *row = (struct lesson_row){.units = seen->units,
                               .flags = seen->flags,
                               .width = W,
                               .age = age,
                               .level = tile->forecast.level[at],
                               .slow = tile->forecast.slow[at],
                               .variance = tile->forecast.variance[at],
                               .observed = tile->forecast.observed[at]};
    return true;
}

static float see_loss(void *context, uint32_t series)
{
    const struct seen *seen = context;
    const struct tile *tile = shard_tile(seen->shard, series);
    return forecaster_gru_loss(&tile->forecast, PLAN_TILE_SERIES, shard_row(series));
}

static void work(struct shard *shard)
{
    struct seen seen = {.shard = shard};
    struct learner_source source = {.context = &seen, .row = see_row, .loss = see_loss};
    struct lesson_view view;
    const struct negbin_table *negbin;
    forecaster_lesson_view(shard->forecaster, learner_tape(shard->learner), &view, &negbin);
    learner_work(shard->learner, &view, negbin, &source);
    shard->changed = true;
}

void learning_step(struct shard *shard)
{
    if (shard->learner && learner_pending(shard->learner)) {
        work(shard);
    }
}

void learning_finish(struct shard *shard)
{
    while (shard->learner && learner_pending(shard->learner)) {
        work(shard);
    }
}

/* --- closes
 * -----------------------------------------------------------------------------------------------------
 */

/* A roll-back and a drift are incidents of the shard, or of one of its classes of demand;
 * promotions are told by metrics and inspect. */
enum { INCIDENTS = 1 + FORECAST_CLASSES };

static void name_incident(const struct shard *shard, int incident, char *room, size_t bytes)
{
    const char *about =
        incident ? forecaster_class_name((enum forecast_class)(incident - 1)) : "weights";
    (void)snprintf(room, bytes, "model[%" PRId32 "] %s", shard->partition, about);
}

/* event NULL: all quiet, which ends an incident in the end. */
static void tell(struct shard *shard, int incident, const struct learner_event *event)
{
    char room[48];
    name_incident(shard, incident, room, sizeof room);
    struct alert_signal alert = {.kind = incident ? ALERT_DRIFT : ALERT_MODEL_ROLLBACK,
                                 .strength = event ? ALERT_STRONG : ALERT_QUIET,
                                 .series = ALERT_NO_SERIES,
                                 .scope = hash_64(room, strlen(room), 2),
                                 .score = event ? SCORE : 0,
                                 .probability = event ? 1e-6f : 1,
                                 .expected = 1,
                                 .observed = event ? event->ratio : 1,
                                 .onset_bucket = shard->closed};
    if (!event && !alert_table_find(shard->alerts, alert.kind, ALERT_NO_SERIES, alert.scope)) {
        return;
    }
    if (event) {
        alert_evidence(&alert, EVIDENCE_RATIO, (double)event->ratio);
        alert_evidence(&alert, EVIDENCE_MODEL_VERSION, event->generation);
    }
    int64_t now_ms = bucket_start(&shard->plan->settings_ref->days, shard->closed + 1);
    shard->counts.alerts += alert_table_step(shard->alerts, &alert, slice_of(room), now_ms);
}

static void tell_all(struct shard *shard)
{
    bool told[INCIDENTS] = {false};
    struct learner_event event;
    while (learner_next_event(shard->learner, &event)) {
        if (event.kind != LEARNER_PROMOTED && event.kind != LEARNER_REFUSED) {
            int incident = event.kind == LEARNER_DRIFT ? 1 + (int)event.demand_class : 0;
            tell(shard, incident, &event);
            told[incident] = true;
        }
    }
    for (int incident = 0; incident < INCIDENTS; incident++) {
        if (!told[incident]) {
            tell(shard, incident, NULL);
        }
    }
}

void learning_begin(struct shard *shard, int64_t bucket)
{
    if (!shard->learner) {
        return;
    }
    learner_begin_close(shard->learner, bucket);
    forecaster_record(shard->forecaster, learner_tape(shard->learner));
    forecaster_use_net(shard->forecaster, learner_net(shard->learner));
    tell_all(shard);
}

void learning_roll_back(struct shard *shard)
{
    if (shard->learner && learner_roll_back(shard->learner)) {
        shard->changed = true;
    }
}

void learning_end(struct shard *shard)
{
    shard->report_due = shard->forecaster != NULL;
    if (shard->learner) {
        learner_end_close(shard->learner, series_end(shard->series));
    }
}

/* --- records
 * ----------------------------------------------------------------------------------------------------
 */

static void put_part(struct shard *shard, enum learner_part part)
{
    struct buf bytes = {0};
    learner_save(shard->learner, part, &bytes);
    size_t chunks = (bytes.bytes + CHUNK_BYTES - 1) / CHUNK_BYTES;
    ASSERT(chunks <= CHUNKS_MAX);
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        size_t at = chunk * CHUNK_BYTES, left = bytes.bytes - at;
        buf_reset(&shard->key);
        buf_text(&shard->key, "ml");
        buf_byte(&shard->key, (unsigned char)('0' + part));
        buf_byte(&shard->key, (unsigned char)(chunk >> 8));
        buf_byte(&shard->key, (unsigned char)chunk);
        buf_reset(&shard->value);
        buf_varint(&shard->value, (int64_t)chunks);
        buf_put(&shard->value, bytes.data + at, left < CHUNK_BYTES ? left : CHUNK_BYTES);
        outbox_add(shard->outbox, TOPIC_STATE, shard->partition, buf_view(&shard->key),
                   buf_view(&shard->value));
    }
    buf_fini(&bytes);
}

void learning_seal(struct shard *shard)
{
    for (int part = 0; part < LEARNER_PARTS && shard->learner; part++) {
        if (learner_changed(shard->learner, (enum learner_part)part)) {
            put_part(shard, (enum learner_part)part);
        }
    }
}

static struct status *corrupt(const struct shard *shard)
{
    return status_new(STATUS_CORRUPT,
                      "a record of learned weights in partition %" PRId32
                      " is not what this program writes: restore the state topic, or set "
                      "model.learn to frozen",
                      shard->partition);
}

struct status *learning_restore(struct shard *shard, struct slice key, struct slice value)
{
    if (!shard->learner) {
        return NULL; /* model.learn is not online now: forgotten */
    }
    int part = key.bytes == 5 ? key.data[2] - '0' : -1;
    uint32_t chunk =
        part < 0 ? 0
                 : (uint32_t)(unsigned char)key.data[3] << 8 | (uint32_t)(unsigned char)key.data[4];
    struct cursor in = cursor_of(value);
    uint32_t chunks = (uint32_t)cursor_between(&in, 1, CHUNKS_MAX);
    if (part < 0 || part >= LEARNER_PARTS || !in.ok || chunk >= chunks) {
        return corrupt(shard);
    }
    if (!shard->learner_parts) {
        shard->learner_parts = calloc(1, sizeof *shard->learner_parts);
        if (!shard->learner_parts) {
            return status_new(STATUS_NO_MEMORY, "out of memory for learned weights");
        }
    }
    struct buf *to = &shard->learner_parts->part[part].chunk[chunk];
    shard->learner_parts->part[part].chunks = chunks;
    buf_reset(to);
    buf_put(to, in.at, (size_t)(in.end - in.at));
    return NULL;
}

static struct status *take_part(struct shard *shard, enum learner_part part, bool *taken)
{
    struct buf bytes = {0};
    for (uint32_t chunk = 0; chunk < shard->learner_parts->part[part].chunks; chunk++) {
        buf_slice(&bytes, buf_view(&shard->learner_parts->part[part].chunk[chunk]));
    }
    struct status *st = NULL;
    *taken = false;
    if (bytes.bytes) {
        st = learner_load(shard->learner, part, buf_view(&bytes), taken);
    }
    buf_fini(&bytes);
    return st;
}

struct status *learning_restored(struct shard *shard)
{
    if (!shard->learner) {
        return NULL;
    }
    bool taken = false;
    for (int part = LEARNER_PARTS; shard->learner_parts && part--;) {
        struct status *st = take_part(shard, (enum learner_part)part, &taken);
        if (st) {
            parts_free(shard);
            return status_wrap(st, "partition %" PRId32, shard->partition);
        }
    }
    parts_free(shard);
    if (shard->forecaster) {
        forecaster_use_net(shard->forecaster, learner_net(shard->learner));
    }
    return NULL;
}
