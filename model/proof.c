#include "model/proof.h"

#include "config/base/hash.h"
#include "model/levels.h"

#include <math.h>
#include <string.h>

static const double KEEP = 0.98; /* per close */
static const double UNIT = 1 << 10;
static const double LARGEST = 1e12; /* no one target outweighs all others for ever */

enum { K = FORECASTER_PROBE_LEVELS, MIDDLE = K / 2 };

enum proof_span proof_span_of(uint32_t length)
{
    return length <= 1 ? PROOF_STEP : length <= 7 ? PROOF_WEEK : PROOF_LEAD;
}

const char *proof_span_name(enum proof_span span)
{
    static const char *const NAMES[PROOF_SPANS] = {"step", "week", "lead"};
    return span < PROOF_SPANS ? NAMES[span] : "unknown";
}

static int64_t fixed(double x)
{
    return (int64_t)rint(fmin(fmax(x * UNIT, 0), LARGEST));
}

static double loss_of(float y, const float *q)
{
    double loss = 0;
    for (int k = 0; k < K; k++) {
        loss += 2 * (double)levels_pinball(y, levels_counted(fmaxf(q[k], 0), pool_levels[k]),
                                           forecast_levels[pool_levels[k]]);
    }
    return loss / K;
}

static void mix(const struct pool *pool, const struct pool_score *score, float *mixed)
{
    for (int k = 0; k < K; k++) {
        mixed[k] = 0;
        for (int e = 0; e < FORECAST_EXPERTS; e++) {
            mixed[k] += score->weight[e] * score->q[e * K + k];
        }
    }
    float median = mixed[MIDDLE];
    for (int k = 0; k < K; k++) {
        float stretch = pool->stretch[k > MIDDLE ? POOL_ABOVE : POOL_BELOW];
        mixed[k] = median + stretch * (mixed[k] - median);
    }
}

void proof_count(struct proof *proof, const struct pool *pool, const struct pool_score *score,
                 uint32_t demand_class, uint32_t length)
{
    struct proof_tally *tally =
        &proof->tally[demand_class % FORECAST_CLASSES][proof_span_of(length)];
    float mixed[K];
    mix(pool, score, mixed);
    tally->targets++;
    tally->units += fixed((double)score->y);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        tally->loss[e] += fixed(loss_of(score->y, score->q + (size_t)e * K));
    }
    tally->loss[PROOF_MIXTURE] += fixed(loss_of(score->y, mixed));
    static const int PLACE[PROOF_LEVELS] = {0, MIDDLE, K - 1};
    for (int level = 0; level < PROOF_LEVELS; level++) {
        int k = PLACE[level];
        tally->below[level] += score->y <= levels_counted(fmaxf(mixed[k], 0), pool_levels[k]);
    }
}

static void fold(struct proof_cell *cell, const struct proof_tally *tally)
{
    cell->units = KEEP * cell->units + (double)tally->units / UNIT;
    cell->targets = KEEP * cell->targets + (double)tally->targets;
    for (int voice = 0; voice < PROOF_VOICES; voice++) {
        cell->loss[voice] = KEEP * cell->loss[voice] + (double)tally->loss[voice] / UNIT;
    }
    for (int level = 0; level < PROOF_LEVELS; level++) {
        cell->below[level] = KEEP * cell->below[level] + (double)tally->below[level];
    }
}

void proof_fold(struct proof *proof)
{
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        for (int span = 0; span < PROOF_SPANS; span++) {
            fold(&proof->cell[c][span], &proof->tally[c][span]);
        }
    }
    memset(proof->tally, 0, sizeof proof->tally);
}

double proof_wql(const struct proof_cell *cell, int voice)
{
    return cell->units > 0 ? cell->loss[voice] / cell->units : 0;
}

enum { STATE_VERSION = 1 };

/* version:u64, struct proof, xxh3 of both. */
void proof_save(const struct proof *proof, struct buf *out)
{
    size_t begin = out->bytes;
    uint64_t version = STATE_VERSION;
    buf_put(out, &version, sizeof version);
    buf_put(out, proof, sizeof *proof);
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, STATE_VERSION);
    buf_put(out, &hash, sizeof hash);
}

bool proof_load(struct proof *proof, struct slice bytes)
{
    uint64_t version, hash;
    struct proof read;
    if (bytes.bytes != sizeof version + sizeof read + sizeof hash) {
        return false;
    }
    memcpy(&version, bytes.data, sizeof version);
    memcpy(&read, bytes.data + sizeof version, sizeof read);
    memcpy(&hash, bytes.data + sizeof version + sizeof read, sizeof hash);
    if (version != STATE_VERSION ||
        hash != hash_64(bytes.data, sizeof version + sizeof read, STATE_VERSION)) {
        return false;
    }
    const double *number = (const double *)(const void *)read.cell;
    for (size_t n = 0; n < sizeof read.cell / sizeof *number; n++) {
        if (!(isfinite(number[n]) && number[n] >= 0)) {
            return false;
        }
    }
    *proof = read;
    return true;
}
