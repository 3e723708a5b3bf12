#include "anomaly/autoencoder.h"

#include "config/base/rng.h"
#include "model/gemm.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 200, ODD = 17 };

struct rig {
    struct autoencoder *encoder;
    struct autoencoder_cols cols;
    unsigned char *block;
    float channel[AUTOENCODER_CHANNELS][N], raw[N], level[N];
    uint8_t live[N], gate[N], cohort[N];
    struct rng rng;
    int64_t bucket;
};

static void init(struct rig *rig)
{
    cr_assert_null(gemm_init());
    memset(rig, 0, sizeof *rig);
    rig->encoder = autoencoder_create();
    size_t bytes = column_table_bytes(&autoencoder_column_table, AUTOENCODER_TILE);
    rig->block = aligned_alloc(64, bytes);
    memset(rig->block, 0, bytes);
    column_bind(&autoencoder_column_table, AUTOENCODER_TILE, rig->block, &rig->cols);
    rng_init(&rig->rng, 6);
    memset(rig->live, 1, N);
    memset(rig->gate, 1, N);
    for (int i = 0; i < N; i++) {
        rig->cohort[i] = (uint8_t)(i % 2);
    }
    rig->bucket = 100;
}

static void fini(struct rig *rig)
{
    autoencoder_destroy(rig->encoder);
    free(rig->block);
}

/* A week that all share, moods that last, noise. odd: what is added to all channels of ODD. */
static void day(struct rig *rig, float odd)
{
    float week = 1.5f * sinf((float)rig->bucket * 0.8976f);
    for (int i = 0; i < N; i++) {
        rig->level[i] = 0.9f * rig->level[i] + 0.4f * (float)rng_normal(&rig->rng);
        for (int c = 0; c < AUTOENCODER_CHANNELS; c++) {
            rig->channel[c][i] = week + rig->level[i] + 0.3f * (float)rng_normal(&rig->rng);
            rig->channel[c][i] += i == ODD ? odd * (c % 2 ? -1 : 1) : 0;
        }
    }
    struct autoencoder_tile tile = {
        .series = N,
        .channel = {rig->channel[0], rig->channel[1], rig->channel[2], rig->channel[3]},
        .live = rig->live,
        .gate = rig->gate,
        .cohort = rig->cohort,
        .raw = rig->raw};
    autoencoder_begin_close(rig->encoder, rig->bucket++, 0.1);
    autoencoder_close(rig->encoder, &rig->cols, &tile);
}

Test(autoencoder, columns_take_at_most_320_bytes)
{
    cr_assert_leq(column_table_bytes(&autoencoder_column_table, 256), 320 * 256);
}

Test(autoencoder, what_fits_no_pattern_scores_high_and_does_not_teach)
{
    struct rig rig;
    init(&rig);
    for (int k = 0; k < 120; k++) {
        day(&rig, 0);
    }
    double usual = 0;
    for (int i = 0; i < N; i++) {
        usual += (double)rig.raw[i] / N;
    }
    uint64_t learned = autoencoder_rates(rig.encoder)->learned;
    day(&rig, 8);
    cr_assert(isfinite(autoencoder_strong(rig.encoder)) && autoencoder_strong(rig.encoder) < 1e6f);
    cr_assert_gt(autoencoder_score(rig.encoder, rig.raw[ODD]), 2);
    cr_assert_gt(rig.raw[ODD], 3, "%f", (double)rig.raw[ODD]);
    cr_assert_lt(usual, 1, "%f", usual);
    cr_assert_lt(autoencoder_rates(rig.encoder)->learned - learned, N);
    fini(&rig);
}

Test(autoencoder, a_closed_gate_teaches_nothing)
{
    struct rig rig;
    init(&rig);
    memset(rig.gate, 0, N);
    for (int k = 0; k < 40; k++) {
        day(&rig, 0);
    }
    cr_assert_eq(autoencoder_rates(rig.encoder)->learned, 0);
    cr_assert_gt(autoencoder_rates(rig.encoder)->windows, 0);
    fini(&rig);
}

Test(autoencoder, young_and_absent_series_score_nothing)
{
    struct rig rig;
    init(&rig);
    rig.live[3] = 0;
    for (int k = 0; k < AUTOENCODER_LAGS + 4; k++) {
        day(&rig, 0);
        for (int i = 0; i < N; i++) {
            cr_assert_eq(rig.raw[i], 0);
        }
    }
    for (int k = 0; k < 60; k++) {
        day(&rig, 0);
    }
    cr_assert_eq(rig.raw[3], 0);
    fini(&rig);
}

static void save_all(const struct autoencoder *encoder, struct buf *parts)
{
    for (int part = -1; part < AUTOENCODER_COHORTS; part++) {
        parts[part + 1].bytes = 0;
        bool saved = autoencoder_save(encoder, part, &parts[part + 1]);
        cr_assert_eq(saved, part < 2);
        cr_assert(parts[part + 1].bytes < 100000);
    }
}

Test(autoencoder, state_comes_back_and_goes_on_to_the_same_bytes)
{
    struct rig rig;
    struct buf one[AUTOENCODER_COHORTS + 1] = {0}, two[AUTOENCODER_COHORTS + 1] = {0};
    init(&rig);
    for (int k = 0; k < 50; k++) {
        day(&rig, 0);
    }
    save_all(rig.encoder, one);
    struct autoencoder *other = autoencoder_create();
    for (int part = -1; part < 2; part++) {
        cr_assert_null(autoencoder_load(other, part, buf_view(&one[part + 1])));
    }
    struct rig copy = rig; /* same columns: the second run of the day starts from a copy of them */
    size_t bytes = column_table_bytes(&autoencoder_column_table, AUTOENCODER_TILE);
    copy.block = aligned_alloc(64, bytes);
    memcpy(copy.block, rig.block, bytes);
    column_bind(&autoencoder_column_table, AUTOENCODER_TILE, copy.block, &copy.cols);
    copy.encoder = other;
    day(&rig, 0);
    day(&copy, 0);
    cr_assert_arr_eq(rig.raw, copy.raw, sizeof rig.raw);
    cr_assert_arr_eq(rig.block, copy.block, bytes);
    save_all(rig.encoder, one);
    save_all(other, two);
    for (int part = 0; part <= 2; part++) {
        cr_assert(slice_equal(buf_view(&one[part]), buf_view(&two[part])));
        buf_fini(&one[part]);
        buf_fini(&two[part]);
    }
    fini(&copy);
    fini(&rig);
}

Test(autoencoder, refuses_what_save_did_not_write)
{
    struct rig rig;
    struct buf saved = {0};
    init(&rig);
    for (int k = 0; k < 30; k++) {
        day(&rig, 0);
    }
    for (int part = -1; part < 1; part++) {
        saved.bytes = 0;
        cr_assert(autoencoder_save(rig.encoder, part, &saved));
        for (size_t cut = 0; cut < saved.bytes; cut += saved.bytes / 20 + 1) {
            struct status *st =
                autoencoder_load(rig.encoder, part, (struct slice){saved.data, cut});
            cr_assert_eq(status_code(st), STATUS_CORRUPT);
            status_free(st);
        }
    }
    float nan = NAN;
    memcpy(saved.data + 1 + 40, &nan, sizeof nan);
    struct status *st = autoencoder_load(rig.encoder, 0, buf_view(&saved));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    st = autoencoder_load(rig.encoder, AUTOENCODER_COHORTS, buf_view(&saved));
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    status_free(st);
    buf_fini(&saved);
    fini(&rig);
}
