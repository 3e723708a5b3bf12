#include "model/young.h"

#include <math.h>
#include <string.h>

static const float DISCOUNT = 0.98f; /* per close */
static const float TRUST = 20; /* units of demand that weigh as much as "no correction" */
static const float CLOSES_TRUST = 5; /* and closes */
static const float SPREAD_TRUST =
    8; /* buckets of its own after which a series' spread counts half */
static const float WILD = 8; /* a bucket counts at most this many means, plus as many units */
static const float UNIT = 256;

static int group_of(uint32_t observed)
{
    int group = 0;
    while (observed > 1u << group) {
        group++;
    }
    return group;
}

void young_count(struct young_tally *tally, uint32_t observed, float mean, float units)
{
    if (!observed || observed > YOUNG_BUCKETS || !(mean >= 0 && mean < 1e6f)) {
        return;
    }
    int group = group_of(observed);
    float y = fminf(units, WILD * (mean + 1)), error = y - mean;
    tally->expected[group] += llrintf(mean * UNIT);
    tally->sold[group] += llrintf(y * UNIT);
    tally->error[group] += llrintf(fminf(error * error, 1e9f) * UNIT);
}

void young_fold(struct young *young, struct young_tally *tally)
{
    for (int group = 0; group < YOUNG_GROUPS; group++) {
        young->expected[group] =
            DISCOUNT * young->expected[group] + (float)tally->expected[group] / UNIT;
        young->sold[group] = DISCOUNT * young->sold[group] + (float)tally->sold[group] / UNIT;
        young->closes[group] = DISCOUNT * young->closes[group] + (tally->expected[group] > 0);
        young->error[group] = DISCOUNT * young->error[group] + (float)tally->error[group] / UNIT;
    }
    memset(tally, 0, sizeof *tally);
}

void young_correct(const struct young *young, uint32_t observed, float *level, float *spread)
{
    if (!observed || observed > YOUNG_BUCKETS) {
        return;
    }
    int group = group_of(observed);
    float sold = young->sold[group], closes = young->closes[group];
    float ratio = (sold + TRUST) / (young->expected[group] + TRUST);
    /* All series of a close share its mood: how many closes there were counts, too. */
    *level *= 1 + (ratio - 1) * closes / (closes + CLOSES_TRUST);
    if (sold > TRUST) {
        float own = (float)(observed - 1) / ((float)(observed - 1) + SPREAD_TRUST);
        *spread = own * *spread + (1 - own) * fmaxf(young->error[group] / sold, 1);
    }
}
