/* Options, columns and the shard-level state of the forecaster.
 *
 * Saved state, little-endian, one block of 4- and 8-byte numbers without padding:
 *     struct head; struct young, struct young_tally; struct known_effects, struct
 * known_tally; struct annual; struct bulk, struct bulk_tally; rows x struct saved_row, each with
 * the pools and open tallies of all classes at one length; 8 x season totals (f32); xxh3 of all
 * before. Rows are found again by length, so that the configured sums may change. */
#include "model/forecaster_parts.h"

#include "config/base/hash.h"
#include "model/probe.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct option_choice LEARNS[] = {{"off", FORECAST_LEARN_OFF},
                                              {"frozen", FORECAST_LEARN_FROZEN},
                                              {"online", FORECAST_LEARN_ONLINE},
                                              {NULL, 0}};

static const struct option OPTIONS[] = {
    {.path = "forecasts.horizon",
     .type = OPTION_INT,
     .offset = offsetof(struct forecaster_options, horizon),
     .default_text = "28",
     .min = 1,
     .max = FORECAST_HORIZON_MAX,
     .help = "buckets that are forecast one by one"},
    {.path = "forecasts.sums",
     .type = OPTION_INTS,
     .offset = offsetof(struct forecaster_options, sums),
     .default_text = "[7, 14, 28]",
     .min = 2,
     .max = PROBE_LENGTH_MAX,
     .help = "numbers of buckets whose total demand is forecast, ascending; lead times between "
             "them are interpolated"},
    {.path = "model.rate",
     .type = OPTION_DOUBLE,
     .offset = offsetof(struct forecaster_options, rate),
     .default_text = "0.04",
     .min = 0.001,
     .max = 0.5,
     .help = "weight of the newest bucket in the level and variance of a series"},
    {.path = "model.winsor",
     .type = OPTION_DOUBLE,
     .offset = offsetof(struct forecaster_options, winsor),
     .default_text = "10",
     .min = 2,
     .max = 1e9,
     .help = "a bucket counts at most this many times the scale of its series when statistics "
             "learn from it"},
    {.path = "model.conformal",
     .type = OPTION_BOOL,
     .offset = offsetof(struct forecaster_options, conformal),
     .default_text = "on",
     .help = "correct the quantiles of a class of demand by how often they held"},
    {.path = "model.base",
     .type = OPTION_TEXT,
     .offset = offsetof(struct forecaster_options, base),
     .default_text = "shipped",
     .help =
         "base model, the third expert: shipped (the one in the program; for buckets of a day), "
         "none (the statistical experts alone), the file of one made by restock pretrain, or blank "
         "(knows nothing; for model.learn online)"},
    {.path = "model.learn",
     .type = OPTION_ENUM,
     .offset = offsetof(struct forecaster_options, learn),
     .default_text = "frozen",
     .choices = LEARNS,
     .help =
         "online: the network's weights follow the shop, guarded; frozen: they stay those of the "
         "base model; off: nor does the mixture of experts learn"},
};

const struct option_table forecaster_option_table = {
    "forecasts", OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0], sizeof(struct forecaster_options)};

const char *forecaster_name(enum forecast_expert expert)
{
    static const char *const NAMES[FORECAST_EXPERTS] = {"nb", "empirical", "gru"};
    return expert < FORECAST_EXPERTS ? NAMES[expert] : "unknown";
}

const char *forecaster_class_name(enum forecast_class demand_class)
{
    static const char *const NAMES[FORECAST_CLASSES] = {"smooth", "erratic", "intermittent",
                                                        "lumpy"};
    return demand_class < FORECAST_CLASSES ? NAMES[demand_class] : "unknown";
}

#define PLANE(field_) offsetof(struct forecaster_cols, field_)
static const struct column COLUMNS[] = {
    {"forecast.next_mean", COLUMN_F32, COLUMN_COLD, 1, PLANE(next_mean)},
    {"forecast.next_variance", COLUMN_F32, COLUMN_COLD, 1, PLANE(next_variance)},
    {"forecast.usual_price", COLUMN_F32, COLUMN_COLD, 1, PLANE(usual_price)},
    {"forecast.level", COLUMN_F32, COLUMN_COLD, 1, PLANE(level)},
    {"forecast.slow", COLUMN_F32, COLUMN_COLD, 1, PLANE(slow)},
    {"forecast.variance", COLUMN_F32, COLUMN_COLD, 1, PLANE(variance)},
    {"forecast.observed", COLUMN_U16, COLUMN_COLD, 1, PLANE(observed)},
    {"forecast.class", COLUMN_U8, COLUMN_COLD, 1, PLANE(demand_class)},
    /* Once "forecast.loss", "forecast.probe_target" and "forecast.probe_q", with three experts in
     * each: from such records nothing is taken, and experts are scored anew. */
    {"forecast.losses", COLUMN_F32, COLUMN_COLD, 2 * FORECAST_STATISTICAL, PLANE(loss)},
    {"forecast.probe_kind", COLUMN_U8, COLUMN_COLD, FORECASTER_PROBES, PLANE(probe_target)},
    {"forecast.probe_left", COLUMN_U8, COLUMN_COLD, FORECASTER_PROBES, PLANE(probe_left)},
    {"forecast.probe_says", COLUMN_U16, COLUMN_COLD,
     FORECASTER_PROBES *FORECAST_STATISTICAL *FORECASTER_PROBE_LEVELS, PLANE(probe_q)},
};

static const struct column GRU_COLUMNS[] = {
    {"forecast.gru_state", COLUMN_U16, COLUMN_COLD, NET_HIDDEN, PLANE(gru_state)},
    {FORECASTER_NETWORK_COLUMN, COLUMN_F32, COLUMN_COLD, 2, PLANE(gru_loss)},
    {"forecast.gru_says", COLUMN_U16, COLUMN_COLD, FORECASTER_PROBES *FORECASTER_PROBE_LEVELS,
     PLANE(gru_probe_q)},
};
#undef PLANE

const struct column_table gru_column_table = {"gru", GRU_COLUMNS,
                                              sizeof GRU_COLUMNS / sizeof GRU_COLUMNS[0]};
const struct column_table forecaster_column_table = {"forecast", COLUMNS,
                                                     sizeof COLUMNS / sizeof COLUMNS[0]};

void forecaster_adopt_network(struct forecaster_cols *cols, uint32_t tile)
{
    for (size_t side = 0; side < 2; side++) {
        memcpy(cols->gru_loss + side * tile,
               cols->loss + (side * FORECAST_STATISTICAL + FORECAST_NB) * tile,
               tile * sizeof *cols->gru_loss);
    }
    size_t plane = (size_t)FORECASTER_PROBE_LEVELS * tile;
    for (size_t slot = 0; slot < FORECASTER_PROBES; slot++) {
        memcpy(cols->gru_probe_q + slot * plane,
               cols->probe_q + (slot * FORECAST_STATISTICAL + FORECAST_NB) * plane,
               plane * sizeof *cols->gru_probe_q);
    }
}

enum { STATE_VERSION = 3, STATE_ROWS_MAX = 64 };

struct head {
    char magic[4];
    uint32_t version, experts, classes, rows;
    uint32_t season, seen, place;
    int32_t phase;
    uint32_t begun;
    int64_t bucket;
    uint64_t faults;
};

struct saved_row {
    uint32_t length, reserved;
    struct pool pool[FORECAST_CLASSES];
    struct pool_tally tally[FORECAST_CLASSES];
};

enum {
    EFFECTS_AT = sizeof(struct head) + sizeof(struct young) + sizeof(struct young_tally),
    ANNUAL_AT = EFFECTS_AT + sizeof(struct known_effects) + sizeof(struct known_tally),
    BULK_AT = ANNUAL_AT + sizeof(struct annual),
    SHARED_BYTES = BULK_AT + sizeof(struct bulk) + sizeof(struct bulk_tally)
};

_Static_assert(sizeof(struct head) == 56 && sizeof(struct young) % 8 == 0 &&
                   sizeof(struct known_effects) % 8 == 0 && sizeof(struct annual) % 8 == 0 &&
                   sizeof(struct saved_row) ==
                       8 + FORECAST_CLASSES * (sizeof(struct pool) + sizeof(struct pool_tally)),
               "no padding is saved");

static const char MAGIC[4] = {'R', 'S', 'F', 'C'};

void forecaster_save(const struct forecaster *fc, struct buf *out)
{
    size_t begin = out->bytes;
    struct head head = {.version = STATE_VERSION,
                        .experts = FORECAST_EXPERTS,
                        .classes = FORECAST_CLASSES,
                        .rows = fc->rows,
                        .season = (uint32_t)fc->phases.season,
                        .seen = fc->phases.seen,
                        .place = fc->phases.place,
                        .phase = fc->phase,
                        .begun = fc->begun,
                        .bucket = fc->bucket,
                        .faults = fc->faults};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    buf_put(out, &head, sizeof head);
    buf_put(out, &fc->young, sizeof fc->young);
    buf_put(out, &fc->young_tally, sizeof fc->young_tally);
    buf_put(out, &fc->effects, sizeof fc->effects);
    buf_put(out, &fc->known_tally, sizeof fc->known_tally);
    buf_put(out, &fc->annual, sizeof fc->annual);
    buf_put(out, &fc->bulk, sizeof fc->bulk);
    buf_put(out, &fc->bulk_tally, sizeof fc->bulk_tally);
    for (uint32_t s = 0; s < fc->rows; s++) {
        struct saved_row row = {.length = fc->length[s]};
        for (int c = 0; c < FORECAST_CLASSES; c++) {
            row.pool[c] = fc->pool[c][s];
            row.tally[c] = fc->tally[c][s];
        }
        buf_put(out, &row, sizeof row);
    }
    buf_put(out, fc->phases.total, (size_t)fc->phases.season * PHASE_SEASONS * sizeof(float));
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, STATE_VERSION);
    buf_put(out, &hash, sizeof hash);
}

static bool head_sound(const struct head *head)
{
    uint32_t slots = head->season * PHASE_SEASONS;
    return head->rows >= 1 && head->rows <= STATE_ROWS_MAX && head->season <= FORECAST_SEASON_MAX &&
           head->seen <= slots && (head->place < slots || (!head->place && !slots)) &&
           head->begun == (head->season > 0) && head->phase >= 0 &&
           head->phase <= (int32_t)head->season - (head->season > 0);
}

static bool pool_sound(const struct pool *pool)
{
    float total = 0;
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        if (!(pool->weight[e] > 0 && pool->weight[e] <= 1)) {
            return false;
        }
        total += pool->weight[e];
    }
    bool stretched = true;
    for (int side = 0; side < POOL_SIDES; side++) {
        stretched = stretched && pool->stretch[side] > 0 && pool->stretch[side] < 10;
    }
    return fabsf(total - 1) < 0.01f && stretched && isfinite(pool->loss) &&
           isfinite(pool->scores) && pool->scores >= 0;
}

static bool young_sound(const struct young *young)
{
    for (int group = 0; group < YOUNG_GROUPS; group++) {
        if (!(young->expected[group] >= 0 && young->sold[group] >= 0 && young->error[group] >= 0 &&
              young->closes[group] >= 0 &&
              isfinite(young->expected[group] + young->sold[group] + young->error[group] +
                       young->closes[group]))) {
            return false;
        }
    }
    return true;
}

static bool effects_sound(const struct known_effects *effects)
{
    for (int k = 0; k < WINDOW_KNOWN; k++) {
        if (!isfinite(effects->effect[k])) {
            return false;
        }
    }
    for (int pair = 0; pair < KNOWN_PAIRS; pair++) {
        if (!isfinite(effects->information[pair])) {
            return false;
        }
    }
    return true;
}

static bool annual_sound(const struct annual *annual)
{
    float sum = annual->open;
    for (int w = 0; w < ANNUAL_WEEKS; w++) {
        sum += annual->week[w];
        if (!(annual->week[w] >= 0)) {
            return false;
        }
    }
    return isfinite(sum) && annual->open >= 0;
}

static bool bulk_sound(const struct bulk *bulk)
{
    return isfinite(bulk->sold) && bulk->counted >= 0 && bulk->sold >= bulk->counted;
}

/* Size, head, hash and every pool before anything is taken over. */
static struct status *examine(struct slice bytes, struct head *head)
{
    if (bytes.bytes < SHARED_BYTES + sizeof(uint64_t)) {
        return status_new(
            STATUS_CORRUPT,
            "forecaster state of %zu bytes is cut short: restore the shard from its state topic",
            bytes.bytes);
    }
    memcpy(head, bytes.data, sizeof *head);
    if (memcmp(head->magic, MAGIC, sizeof MAGIC) != 0) {
        return status_new(STATUS_CORRUPT, "these %zu bytes are no forecaster state", bytes.bytes);
    }
    if (head->version != STATE_VERSION || head->experts != FORECAST_EXPERTS ||
        head->classes != FORECAST_CLASSES) {
        return status_new(
            STATUS_CORRUPT,
            "forecaster state of version %u with %u experts: this program reads version %d with %d",
            head->version, head->experts, STATE_VERSION, FORECAST_EXPERTS);
    }
    size_t expected = SHARED_BYTES + head->rows * sizeof(struct saved_row) +
                      (size_t)head->season * PHASE_SEASONS * sizeof(float);
    if (!head_sound(head) || bytes.bytes != expected + sizeof(uint64_t)) {
        return status_new(STATUS_CORRUPT, "forecaster state of %zu bytes does not fit its own head",
                          bytes.bytes);
    }
    uint64_t hash;
    memcpy(&hash, bytes.data + expected, sizeof hash);
    if (hash != hash_64(bytes.data, expected, STATE_VERSION)) {
        return status_new(STATUS_CORRUPT, "forecaster state of %zu bytes has a wrong checksum",
                          bytes.bytes);
    }
    struct young young;
    memcpy(&young, bytes.data + sizeof *head, sizeof young);
    if (!young_sound(&young)) {
        return status_new(STATUS_CORRUPT,
                          "forecaster state: impossible statistics of young series");
    }
    struct known_effects effects;
    memcpy(&effects, bytes.data + EFFECTS_AT, sizeof effects);
    struct annual annual;
    memcpy(&annual, bytes.data + ANNUAL_AT, sizeof annual);
    struct bulk bulk;
    memcpy(&bulk, bytes.data + BULK_AT, sizeof bulk);
    if (!effects_sound(&effects) || !annual_sound(&annual) || !bulk_sound(&bulk)) {
        return status_new(
            STATUS_CORRUPT,
            "forecaster state: impossible effects of known inputs, weekly totals or bulk orders");
    }
    for (uint32_t s = 0; s < head->rows; s++) {
        struct saved_row row;
        memcpy(&row, bytes.data + SHARED_BYTES + s * sizeof row, sizeof row);
        for (int c = 0; c < FORECAST_CLASSES; c++) {
            if (!pool_sound(&row.pool[c])) {
                return status_new(STATUS_CORRUPT,
                                  "forecaster state: impossible weights for sums of %u buckets",
                                  row.length);
            }
        }
    }
    return NULL;
}

static void take_row(struct forecaster *fc, const struct saved_row *row)
{
    for (uint32_t s = 0; s < fc->rows; s++) {
        for (int c = 0; c < FORECAST_CLASSES && fc->length[s] == row->length; c++) {
            fc->pool[c][s] = row->pool[c];
            fc->tally[c][s] = row->tally[c];
        }
    }
}

struct status *forecaster_load(struct forecaster *fc, struct slice bytes)
{
    struct head head;
    TRY(examine(bytes, &head));
    const char *at = bytes.data + sizeof head;
    memcpy(&fc->young, at, sizeof fc->young);
    memcpy(&fc->young_tally, at + sizeof fc->young, sizeof fc->young_tally);
    memcpy(&fc->effects, bytes.data + EFFECTS_AT, sizeof fc->effects);
    memcpy(&fc->known_tally, bytes.data + EFFECTS_AT + sizeof fc->effects, sizeof fc->known_tally);
    memcpy(&fc->annual, bytes.data + ANNUAL_AT, sizeof fc->annual);
    memcpy(&fc->bulk, bytes.data + BULK_AT, sizeof fc->bulk);
    memcpy(&fc->bulk_tally, bytes.data + BULK_AT + sizeof fc->bulk, sizeof fc->bulk_tally);
    at = bytes.data + SHARED_BYTES;
    for (uint32_t s = 0; s < head.rows; s++, at += sizeof(struct saved_row)) {
        struct saved_row row;
        memcpy(&row, at, sizeof row);
        take_row(fc, &row);
    }
    memset(&fc->phases, 0, sizeof fc->phases);
    fc->phases.season = (int32_t)head.season;
    fc->phases.seen = head.seen;
    fc->phases.place = head.place;
    memcpy(fc->phases.total, at, (size_t)head.season * PHASE_SEASONS * sizeof(float));
    fc->phase = head.phase;
    fc->begun = head.begun;
    fc->bucket = head.bucket;
    fc->faults = head.faults;
    if (head.season) {
        phase_rebuild(&fc->phases, head.phase);
        forecaster_look_ahead(fc);
    }
    return NULL;
}

struct status *forecaster_check(const struct forecaster_options *options, uint32_t width)
{
    int64_t last = 1;
    for (size_t s = 0; s < options->sums.count; s++) {
        int64_t length = options->sums.values[s];
        if (length <= last) {
            return status_new(
                STATUS_CONFIG,
                "forecasts.sums: %lld after %lld: lengths must ascend and be at least 2",
                (long long)length, (long long)last);
        }
        if (length > (int64_t)width || length > PROBE_LENGTH_MAX) {
            return status_new(STATUS_CONFIG,
                              "forecasts.sums: %lld buckets do not fit the window of %u: a "
                              "forecast is scored from it",
                              (long long)length, width);
        }
        last = length;
    }
    return NULL;
}
