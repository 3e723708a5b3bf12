#include "model/proof.h"

#include "model/levels.h"

#include <criterion/criterion.h>
#include <math.h>

enum { K = FORECASTER_PROBE_LEVELS };

static struct proof proof;
static struct pool pool;

/* nb says 1 .. 5, the others twice as much. */
static void count(float y, uint32_t demand_class, uint32_t length)
{
    float q[FORECAST_EXPERTS * K];
    static const float weight[FORECAST_EXPERTS] = {1, 0, 0};
    for (int n = 0; n < FORECAST_EXPERTS * K; n++) {
        q[n] = (float)(n % K + 1) * (n < K ? 1 : 2);
    }
    struct pool_score score = {.y = y, .q = q, .weight = weight};
    proof_count(&proof, &pool, &score, demand_class, length);
}

static void init(void)
{
    proof = (struct proof){0};
    pool_init(&pool);
}

TestSuite(proof, .init = init);

Test(proof, spans_by_length)
{
    cr_assert_eq(proof_span_of(1), PROOF_STEP);
    cr_assert_eq(proof_span_of(2), PROOF_WEEK);
    cr_assert_eq(proof_span_of(7), PROOF_WEEK);
    cr_assert_eq(proof_span_of(8), PROOF_LEAD);
    cr_assert_str_eq(proof_span_name(PROOF_LEAD), "lead");
}

Test(proof, losses_by_hand)
{
    count(4, FORECAST_LUMPY, 14);
    proof_fold(&proof);
    const struct proof_cell *cell = &proof.cell[FORECAST_LUMPY][PROOF_LEAD];
    cr_assert(cell->targets == 1 && cell->units == 4);
    double expected = 0;
    for (int k = 0; k < K; k++) {
        expected +=
            2 * (double)levels_pinball(4, (float)(k + 1), forecast_levels[pool_levels[k]]) / K;
    }
    cr_assert_float_eq(cell->loss[FORECAST_NB], expected, 1e-2);
    cr_assert_float_eq(cell->loss[PROOF_MIXTURE], expected, 1e-2); /* all the weight is nb's */
    cr_assert_gt(cell->loss[FORECAST_GRU], cell->loss[FORECAST_NB]);
    cr_assert_float_eq(proof_wql(cell, FORECAST_NB), expected / 4, 1e-2);
    cr_assert(cell->below[PROOF_P10] == 0 && cell->below[PROOF_P50] == 0 &&
              cell->below[PROOF_P90] == 1);
}

Test(proof, nothing_sold_is_no_ratio)
{
    count(0, FORECAST_SMOOTH, 1);
    proof_fold(&proof);
    cr_assert_eq(proof_wql(&proof.cell[FORECAST_SMOOTH][PROOF_STEP], FORECAST_NB), 0.0);
    cr_assert_eq(proof.cell[FORECAST_SMOOTH][PROOF_STEP].below[PROOF_P10], 1.0);
}

Test(proof, old_targets_fade_and_order_does_not_matter)
{
    count(4, 0, 1);
    count(9, 0, 1);
    proof_fold(&proof);
    double loss = proof.cell[0][PROOF_STEP].loss[FORECAST_NB];
    init();
    count(9, 0, 1);
    count(4, 0, 1);
    proof_fold(&proof);
    cr_assert_eq(proof.cell[0][PROOF_STEP].loss[FORECAST_NB], loss);
    proof_fold(&proof);
    cr_assert_float_eq(proof.cell[0][PROOF_STEP].loss[FORECAST_NB], 0.98 * loss, 1e-12);
}

Test(proof, comes_back_as_saved_and_refuses_damage)
{
    count(4, 1, 7);
    proof_fold(&proof);
    count(5, 2, 1);
    struct buf bytes = {0};
    struct proof again = {0};
    proof_save(&proof, &bytes);
    cr_assert(proof_load(&again, buf_view(&bytes)));
    cr_assert_eq(memcmp(&again, &proof, sizeof proof), 0);
    for (size_t cut = 0; cut < bytes.bytes; cut += 13) {
        cr_assert(!proof_load(&again, (struct slice){bytes.data, cut}));
        bytes.data[cut] ^= 1;
        cr_assert(!proof_load(&again, buf_view(&bytes)));
        bytes.data[cut] ^= 1;
    }
    buf_fini(&bytes);
}
