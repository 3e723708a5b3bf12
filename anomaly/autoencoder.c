#include "anomaly/autoencoder.h"

#include "anomaly/field.h"
#include "anomaly/stack.h"
#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP 0.0625f /* of a channel's code */
#define RATE_FINE 0.02f
#define RATE_PLAIN 0.02f
#define CLIP 2.0f
#define ERROR_RATE 0.03f
#define LEAST_ERROR 1e-3f
#define LEAST_SPREAD 0.05f /* variance of a log error */
#define ORDINARY 3.0f /* scores up to this teach: p >= 1e-3 */
#define WORSE 1.05f
#define VOTE_RATE 0.02f
#define NEVER 1e9f
#define KEEP 0.992 /* counts of the pool halve in 86 closes */

enum {
    LAYOUT = 1,
    RESERVOIR = 64,
    SILENT = 60 /* closes that teach only */,
    KNOWN = 2 * AUTOENCODER_LAGS
};

static const struct stack_shape FINE = {4, {64, 32, 8, 32, 64}, {1, 0, 1, 0}};
static const struct stack_shape PLAIN = {2, {64, 8, 64}, {0, 0}};
enum { FINE_FLOATS = 65 * 32 + 33 * 8 + 9 * 32 + 33 * 64, PLAIN_FLOATS = 65 * 8 + 9 * 64 };

#define ROW(name, type, width)                                                                     \
    {                                                                                              \
        "autoencoder." #name, type, COLUMN_COLD, width, offsetof(struct autoencoder_cols, name)    \
    }
static const struct column ROWS[] = {
    ROW(ring, COLUMN_U8, AUTOENCODER_INPUTS), ROW(fine_mean, COLUMN_F32, 1),
    ROW(fine_spread, COLUMN_F32, 1),          ROW(plain_mean, COLUMN_F32, 1),
    ROW(plain_spread, COLUMN_F32, 1),         ROW(seen, COLUMN_U8, 1),
};
#undef ROW
const struct column_table autoencoder_column_table = {"autoencoder", ROWS,
                                                      sizeof ROWS / sizeof *ROWS};

struct cohort {
    float fine[FINE_FLOATS], fine_shadow[FINE_FLOATS];
    float plain[PLAIN_FLOATS], plain_shadow[PLAIN_FLOATS];
    uint8_t reservoir[RESERVOIR][AUTOENCODER_INPUTS];
    uint64_t offered; /* windows that might have entered the reservoir */
    float fine_loss, plain_loss; /* discounted errors of ordinary windows, before learning */
};

struct autoencoder {
    int64_t bucket;
    uint8_t started;
    uint32_t closes;
    struct autoencoder_rates rates;
    double budget;
    uint64_t last_tests;
    struct calibrate_pool pool;
    float strong; /* derived */
    struct cohort *cohorts[AUTOENCODER_COHORTS]; /* NULL: not in use */
    struct stack_pass pass, twin; /* scratch; of the autoencoder, and of its twin */
    float gradient[FINE_FLOATS];
};

struct autoencoder *autoencoder_create(void)
{
    ASSERT(stack_floats(&FINE) == FINE_FLOATS && stack_floats(&PLAIN) == PLAIN_FLOATS);
    struct autoencoder *encoder = calloc(1, sizeof *encoder);
    if (encoder) {
        calibrate_init(&encoder->pool);
        encoder->strong = NEVER;
    }
    return encoder;
}

void autoencoder_destroy(struct autoencoder *encoder)
{
    if (encoder) {
        for (int c = 0; c < AUTOENCODER_COHORTS; c++) {
            free(encoder->cohorts[c]);
        }
        free(encoder);
    }
}

static struct cohort *cohort_of(struct autoencoder *encoder, int number)
{
    struct cohort *cohort = encoder->cohorts[number];
    if (!cohort) {
        struct rng rng;
        cohort = encoder->cohorts[number] = calloc(1, sizeof *cohort);
        ASSERT(cohort && "out of memory for a cohort of autoencoders");
        rng_init(&rng, hash_mix((uint64_t)number + 1));
        stack_init(&FINE, &rng, cohort->fine);
        stack_init(&PLAIN, &rng, cohort->plain);
        memcpy(cohort->fine_shadow, cohort->fine, sizeof cohort->fine);
        memcpy(cohort->plain_shadow, cohort->plain, sizeof cohort->plain);
    }
    return cohort;
}

/* codes: [BATCH, INPUTS]; the same numbers into both passes. */
CLONES static void decode(const uint8_t *restrict codes, float *restrict x, float *restrict twin)
{
    for (int k = 0; k < STACK_BATCH * AUTOENCODER_INPUTS; k++) {
        float v = ((float)codes[k] - 128) * STEP;
        x[k] = codes[k] ? v : 0;
        twin[k] = x[k];
    }
}
_Static_assert((int)STACK_WIDTH == (int)AUTOENCODER_INPUTS, "rows follow each other");

static void decode_reservoir(struct autoencoder *encoder, const struct cohort *cohort)
{
    decode(cohort->reservoir[0], encoder->pass.a[0], encoder->twin.a[0]);
}

static float sum_error(struct stack_pass *pass, const struct stack_shape *shape,
                       const float *weights)
{
    float sum = 0;
    stack_forward(shape, weights, pass);
    for (int row = 0; row < STACK_BATCH; row++) {
        sum += pass->error[row];
    }
    return sum;
}
_Static_assert((int)RESERVOIR == (int)STACK_BATCH, "a reservoir is a batch");

/* Weights against their shadow, on the reservoir that was decoded into the pass. */
static bool try_weights(struct stack_pass *pass, const struct stack_shape *shape, float *weights,
                        float *shadow)
{
    size_t bytes = stack_floats(shape) * sizeof *weights;
    float now = sum_error(pass, shape, weights);
    if (now <= WORSE * sum_error(pass, shape, shadow)) {
        memcpy(shadow, weights, bytes);
        return false;
    }
    memcpy(weights, shadow, bytes);
    return true;
}

static void set_limit(struct autoencoder *encoder)
{
    double tests = (double)(encoder->last_tests ? encoder->last_tests : 1);
    double alpha = fmin(encoder->budget / tests, 0.01);
    encoder->strong = alpha > 0 && encoder->closes > SILENT
                          ? calibrate_raw(&encoder->pool, (float)-log10(alpha))
                          : NEVER;
}

float autoencoder_strong(const struct autoencoder *encoder)
{
    return encoder->strong;
}

float autoencoder_score(const struct autoencoder *encoder, float raw)
{
    return calibrate_score(&encoder->pool, raw);
}

static void try_all(struct autoencoder *encoder)
{
    for (int c = 0; c < AUTOENCODER_COHORTS; c++) {
        struct cohort *cohort = encoder->cohorts[c];
        if (cohort && cohort->offered >= RESERVOIR) {
            decode_reservoir(encoder, cohort);
            encoder->rates.rolled_back +=
                try_weights(&encoder->pass, &FINE, cohort->fine, cohort->fine_shadow);
            encoder->rates.rolled_back +=
                try_weights(&encoder->twin, &PLAIN, cohort->plain, cohort->plain_shadow);
        }
    }
}

void autoencoder_begin_close(struct autoencoder *encoder, int64_t bucket, double budget)
{
    if (encoder->started && bucket <= encoder->bucket) {
        return;
    }
    encoder->started = 1;
    encoder->bucket = bucket;
    if (encoder->pool.fresh_tests) {
        encoder->last_tests = encoder->pool.fresh_tests;
    }
    calibrate_fold(&encoder->pool, KEEP);
    encoder->budget = budget;
    if (++encoder->closes % AUTOENCODER_TRIAL == 0) {
        try_all(encoder);
    }
    set_limit(encoder);
}

/* Oldest lag first, whatever place of the ring it stands in. */
static void unroll(const struct autoencoder_cols *cols, uint32_t i, int64_t bucket, uint8_t *out)
{
    for (int lag = 0; lag < AUTOENCODER_LAGS; lag++) {
        int64_t of = bucket - AUTOENCODER_LAGS + 1 + lag;
        size_t place = (size_t)((of % AUTOENCODER_LAGS + AUTOENCODER_LAGS) % AUTOENCODER_LAGS);
        for (int c = 0; c < AUTOENCODER_CHANNELS; c++) {
            size_t plane = place * AUTOENCODER_CHANNELS + (size_t)c;
            out[lag * AUTOENCODER_CHANNELS + c] = cols->ring[plane * AUTOENCODER_TILE + i];
        }
    }
}

static void enter(struct autoencoder_cols *cols, const struct autoencoder_tile *tile, uint32_t i,
                  int64_t bucket)
{
    size_t place = (size_t)((bucket % AUTOENCODER_LAGS + AUTOENCODER_LAGS) % AUTOENCODER_LAGS);
    for (int c = 0; c < AUTOENCODER_CHANNELS; c++) {
        float code = tile->live[i] ? tile->channel[c][i] / STEP + 128 : 0;
        size_t plane = place * AUTOENCODER_CHANNELS + (size_t)c;
        cols->ring[plane * AUTOENCODER_TILE + i] =
            tile->live[i] && isfinite(code) ? (uint8_t)lrintf(fminf(fmaxf(code, 1), 255)) : 0;
    }
    cols->seen[i] = cols->seen[i] < UINT8_MAX ? (uint8_t)(cols->seen[i] + 1) : UINT8_MAX;
}

/* -log10 of the upper normal tail, by Mills' ratio. */
static float tail_score(float z)
{
    return z > 0 ? (0.5f * z * z + logf(2.5066283f * (z + 1 / (z + 1)))) / 2.302585093f : 0;
}

/* Score of a log error against the past ones of the series; then learned, winsorised. */
static float judge(float error, float *mean, float *spread, uint8_t seen)
{
    float x = logf(error + LEAST_ERROR);
    if (seen < KNOWN) {
        float rate = seen > AUTOENCODER_LAGS ? 1 / (float)(seen - AUTOENCODER_LAGS) : 1;
        float off = x - *mean;
        *mean += rate * off;
        *spread += rate * ((1 - rate) * off * off - *spread);
        return 0;
    }
    float sd = sqrtf(*spread + LEAST_SPREAD), z = (x - *mean) / sd;
    float off = fminf(fmaxf(z, -3), 3) * sd;
    *mean += ERROR_RATE * off;
    *spread += ERROR_RATE * (off * off - *spread);
    return tail_score(z);
}

struct batch {
    uint32_t count;
    uint32_t row[STACK_BATCH];
    uint8_t codes[STACK_BATCH][AUTOENCODER_INPUTS];
};

/* A window of the batch enters the reservoir with the probability that keeps all alike. */
static void offer(struct cohort *cohort, int64_t bucket, const uint8_t *codes)
{
    uint64_t dice = hash_mix(cohort->offered ^ hash_mix((uint64_t)bucket));
    uint64_t place = cohort->offered < RESERVOIR ? cohort->offered : dice % (cohort->offered + 1);
    cohort->offered++;
    if (place < RESERVOIR) {
        memcpy(cohort->reservoir[place], codes, AUTOENCODER_INPUTS);
    }
}

static void load_batch(struct autoencoder *encoder, struct batch *batch)
{
    memset(batch->codes[batch->count], 0, (STACK_BATCH - batch->count) * AUTOENCODER_INPUTS);
    decode(batch->codes[0], encoder->pass.a[0], encoder->twin.a[0]);
}

/* After both have gone forward. */
static void descend(struct autoencoder *encoder, struct cohort *cohort, const float *gate)
{
    stack_backward(&FINE, cohort->fine, &encoder->pass, gate, encoder->gradient);
    stack_step(&FINE, cohort->fine, encoder->gradient, RATE_FINE, CLIP);
    stack_backward(&PLAIN, cohort->plain, &encoder->twin, gate, encoder->gradient);
    stack_step(&PLAIN, cohort->plain, encoder->gradient, RATE_PLAIN, CLIP);
}

/* The same again from what is remembered: what is rare must not be forgotten. */
static void replay(struct autoencoder *encoder, struct cohort *cohort)
{
    float all[STACK_BATCH];
    for (int row = 0; row < STACK_BATCH; row++) {
        all[row] = 1;
    }
    decode_reservoir(encoder, cohort);
    stack_forward(&FINE, cohort->fine, &encoder->pass);
    stack_forward(&PLAIN, cohort->plain, &encoder->twin);
    descend(encoder, cohort, all);
}

static void vote(struct autoencoder *encoder, struct cohort *cohort, const float *fine_error,
                 const float *plain_error, const float *gate, uint32_t count)
{
    float fine = 0, plain = 0, rows = 0;
    for (uint32_t b = 0; b < count; b++) {
        fine += gate[b] * logf(fine_error[b] + LEAST_ERROR);
        plain += gate[b] * logf(plain_error[b] + LEAST_ERROR);
        rows += gate[b];
    }
    if (rows > 0) {
        cohort->fine_loss += VOTE_RATE * (fine / rows - cohort->fine_loss);
        cohort->plain_loss += VOTE_RATE * (plain / rows - cohort->plain_loss);
        encoder->rates.learned += (uint64_t)rows;
    }
}

static void run_batch(struct autoencoder *encoder, struct autoencoder_cols *cols,
                      const struct autoencoder_tile *tile, int number, struct batch *batch)
{
    struct cohort *cohort = cohort_of(encoder, number);
    float gate[STACK_BATCH] = {0}, twin[STACK_BATCH];
    const float *fine_error = encoder->pass.error, *plain_error = encoder->twin.error;
    load_batch(encoder, batch);
    stack_forward(&PLAIN, cohort->plain, &encoder->twin);
    stack_forward(&FINE, cohort->fine, &encoder->pass);
    bool by_twin = cohort->plain_loss < cohort->fine_loss;
    for (uint32_t b = 0; b < batch->count; b++) {
        uint32_t i = batch->row[b];
        twin[b] =
            judge(plain_error[b], &cols->plain_mean[i], &cols->plain_spread[i], cols->seen[i]);
        float fine =
            judge(fine_error[b], &cols->fine_mean[i], &cols->fine_spread[i], cols->seen[i]);
        tile->raw[i] = by_twin ? twin[b] : fine;
        encoder->pool.fresh_tests += cols->seen[i] >= KNOWN;
        calibrate_count(&encoder->pool, fminf(tile->raw[i], encoder->strong));
        gate[b] = tile->gate[i] && fine <= ORDINARY && twin[b] <= ORDINARY ? 1 : 0;
    }
    encoder->rates.windows += batch->count;
    encoder->rates.twin_votes += by_twin ? batch->count : 0;
    vote(encoder, cohort, fine_error, plain_error, gate, batch->count);
    descend(encoder, cohort, gate);
    if (cohort->offered >= RESERVOIR) {
        replay(encoder, cohort);
    }
    for (uint32_t b = 0; b < batch->count; b++) {
        if (gate[b] > 0) {
            offer(cohort, encoder->bucket, batch->codes[b]);
        }
    }
    batch->count = 0;
}

void autoencoder_close(struct autoencoder *encoder, struct autoencoder_cols *cols,
                       const struct autoencoder_tile *tile)
{
    ASSERT(tile->series <= AUTOENCODER_TILE);
    struct batch batch = {0};
    for (uint32_t i = 0; i < tile->series; i++) {
        enter(cols, tile, i, encoder->bucket);
        tile->raw[i] = 0;
    }
    for (int number = 0; number < AUTOENCODER_COHORTS; number++) {
        for (uint32_t i = 0; i < tile->series; i++) {
            if (!tile->live[i] || tile->cohort[i] != number || cols->seen[i] <= AUTOENCODER_LAGS) {
                continue;
            }
            unroll(cols, i, encoder->bucket, batch.codes[batch.count]);
            batch.row[batch.count++] = i;
            if (batch.count == STACK_BATCH) {
                run_batch(encoder, cols, tile, number, &batch);
            }
        }
        if (batch.count) {
            run_batch(encoder, cols, tile, number, &batch);
        }
    }
}

const struct autoencoder_rates *autoencoder_rates(const struct autoencoder *encoder)
{
    return &encoder->rates;
}

/* Layout 1: u8 layout, then FIELDS, or the bytes of a cohort. */
#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct autoencoder, name), sizeof(((struct autoencoder *)0)->name)                \
    }
static const struct field FIELDS[] = {FIELD(bucket), FIELD(started), FIELD(closes),
                                      FIELD(rates),  FIELD(budget),  FIELD(last_tests)};
#undef FIELD

bool autoencoder_save(const struct autoencoder *encoder, int part, struct buf *out)
{
    ASSERT(part < AUTOENCODER_COHORTS);
    if (part >= 0 && !encoder->cohorts[part]) {
        return false;
    }
    buf_byte(out, LAYOUT);
    if (part >= 0) {
        buf_put(out, encoder->cohorts[part], sizeof(struct cohort));
        return true;
    }
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)encoder + FIELDS[i].offset, FIELDS[i].bytes);
    }
    calibrate_save(&encoder->pool, out);
    return true;
}

static struct status *corrupt(void)
{
    return status_new(STATUS_CORRUPT,
                      "read an autoencoder: the record is cut short or out of range");
}

static bool sane(const struct cohort *cohort)
{
    bool good = isfinite(cohort->fine_loss) && isfinite(cohort->plain_loss);
    for (size_t k = 0; k < FINE_FLOATS; k++) {
        good = good && isfinite(cohort->fine[k]) && isfinite(cohort->fine_shadow[k]);
    }
    for (size_t k = 0; k < PLAIN_FLOATS; k++) {
        good = good && isfinite(cohort->plain[k]) && isfinite(cohort->plain_shadow[k]);
    }
    return good;
}

struct status *autoencoder_load(struct autoencoder *encoder, int part, struct slice bytes)
{
    uint8_t layout = 0;
    if (part >= AUTOENCODER_COHORTS || !field_take(&bytes, &layout, 1) || layout != LAYOUT) {
        return corrupt();
    }
    if (part >= 0) {
        struct cohort *cohort = malloc(sizeof *cohort);
        if (!cohort || !field_take(&bytes, cohort, sizeof *cohort) || bytes.bytes ||
            !sane(cohort)) {
            free(cohort);
            return corrupt();
        }
        free(encoder->cohorts[part]);
        encoder->cohorts[part] = cohort;
        return NULL;
    }
    struct autoencoder read = {0};
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        if (!field_take(&bytes, (char *)&read + FIELDS[i].offset, FIELDS[i].bytes)) {
            return corrupt();
        }
    }
    TRY(calibrate_load(&bytes, &read.pool));
    if (bytes.bytes || read.started > 1 || !isfinite(read.budget) || read.budget < 0) {
        return corrupt();
    }
    encoder->pool = read.pool;
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        memcpy((char *)encoder + FIELDS[i].offset, (char *)&read + FIELDS[i].offset,
               FIELDS[i].bytes);
    }
    set_limit(encoder);
    return NULL;
}
