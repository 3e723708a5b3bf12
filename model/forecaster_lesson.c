/* What the learner asks of the forecaster. */
#include "model/forecaster_parts.h"
#include "model/lesson.h"

#include <math.h>
#include <string.h>

void forecaster_use_net(struct forecaster *fc, const struct net *net)
{
    if (fc->gru) {
        gru_expert_use(fc->gru, net);
    }
}

void forecaster_record(const struct forecaster *fc, struct tape *tape)
{
    struct tape_close close = {.phase = fc->phase, .shop = fc->shop};
    memcpy(close.annual, fc->year, sizeof close.annual);
    memcpy(close.factor, fc->phases.factor, (size_t)fc->phases.season * sizeof(float));
    tape_add(tape, fc->bucket, &close, fc->phases.season);
}

void forecaster_lesson_view(const struct forecaster *fc, const struct tape *tape,
                            struct lesson_view *view, const struct negbin_table **negbin)
{
    *view = (struct lesson_view){.ewma = &fc->ewma, .young = &fc->young, .tape = tape};
    *negbin = &fc->negbin;
}

float forecaster_gru_loss(const struct forecaster_cols *cols, uint32_t tile, uint32_t i)
{
    float sum = 0;
    for (size_t side = 0; side < 2 && cols->gru_loss; side++) { /* single buckets, sums */
        sum += cols->gru_loss[side * tile + i] -
               cols->loss[(side * FORECAST_STATISTICAL + FORECAST_NB) * tile + i];
    }
    return isfinite(sum) ? sum : 0;
}

struct proof *forecaster_proof(struct forecaster *fc)
{
    return fc->proof;
}
