#include "model/pretrain.h"

#include "config/base/ensure.h"
#include "config/base/window.h"
#include "model/adam.h"
#include "model/ewma.h"
#include "model/features.h"
#include "model/history.h"
#include "model/likelihood.h"
#include "model/negbin.h"
#include "model/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    AGE_LEAST = 3, /* buckets after which a series is forked */
    TRIES = 200, /* places looked at before a batch row stays empty */
    FORKS_MAX = TRAIN_BATCH * (TRAIN_STEPS / TRAIN_FORK_EVERY + 1) * NET_ROWS,
    WATCH_EVERY = 100,
    TWIN_EVERY = 4, /* one batch in four comes from a twin */
    STEP_SHARE = 4, /* one step ahead in four is trained on, every sum */
};

static const double SHOP_HIDDEN =
    0.5; /* share of windows that do not see the whole shop: a panel's mood is one sample only */
static const float DROPOUT = 0.1f;
static const double KNOWN_HIDDEN = 0.3; /* share of windows without plans and calendars */
static const float LEVEL_LEAST = 0.005f, MEAN_LEAST = 1e-4f;
static const float RATE = 0.04f; /* as the statistics were made with: shared variance of sums */
static const uint8_t UNTRUSTED = WINDOW_CENSORED;

struct pretrain_place { /* of a fork within the batch */
    uint16_t step, member;
    bool hidden; /* known inputs are */
};

struct pretrain {
    struct rng rng;
    struct history *histories;
    size_t count;
    struct train *train;
    struct train_fork *forks;
    size_t fork_count;
    float *block; /* gradient, two moments, average */
    struct adam adam;
    struct net net, gradient;
    struct negbin_table negbin;
};

static void destroy(struct pretrain *pre)
{
    for (size_t p = 0; p < pre->count; p++) {
        history_fini(&pre->histories[p]);
    }
    free(pre->histories);
    train_destroy(pre->train);
    free(pre->forks);
    free(pre->block);
}

static struct status *create(struct pretrain *pre, const struct pretrain_panel *panels,
                             size_t count, float *weights)
{
    size_t floats = net_floats();
    pre->histories = calloc(2 * count, sizeof *pre->histories);
    pre->train = train_create();
    pre->forks = malloc(FORKS_MAX * sizeof *pre->forks);
    pre->block = calloc(4 * floats, sizeof(float));
    if (!pre->histories || !pre->train || !pre->forks || !pre->block) {
        return status_new(STATUS_NO_MEMORY, "out of memory for pre-training");
    }
    for (size_t p = 0; p < 2 * count; p++) {
        TRY(history_init(&pre->histories[p], &panels[p / 2], p % 2 ? &pre->rng : NULL));
        pre->count++;
    }
    pre->adam = (struct adam){.floats = floats,
                              .weights = weights,
                              .gradient = pre->block,
                              .first = pre->block + floats,
                              .second = pre->block + 2 * floats,
                              .average = pre->block + 3 * floats};
    net_bind(&pre->net, weights);
    net_bind(&pre->gradient, pre->block);
    net_init(&pre->net, &pre->rng);
    negbin_init(&pre->negbin);
    return NULL;
}

static void put_fork(struct pretrain *pre, const struct train_fork *place, float level_mean,
                     float spread, float y)
{
    if (level_mean > MEAN_LEAST && pre->fork_count < FORKS_MAX) {
        struct train_fork *fork = &pre->forks[pre->fork_count++];
        *fork = *place;
        fork->nb.mean = level_mean;
        fork->nb.size = negbin_size(level_mean, spread);
        fork->y = y;
        fork->weight = 1;
    }
}

/* All rows of the head whose targets lie within the panel and were observed. */
static void fork_at(struct pretrain *pre, const struct history *history, uint32_t i, uint32_t t,
                    const struct pretrain_place *at)
{
    size_t cell = (size_t)t * history->series + i;
    const float *units = history_units(history, i);
    const uint8_t *flags = history_flags(history, i);
    float level = history->level[cell], spread = history->spread[cell], factors = 0;
    struct train_fork place = {.step = at->step, .member = at->member};
    struct prospect prospect;
    double sum = 0;
    bool whole = true;
    uint32_t row = 0;
    if (!(level > LEVEL_LEAST)) {
        return;
    }
    history_look(history, i, t, at->hidden, &prospect);
    for (uint32_t h = 1; t + h < history->buckets && row < NET_LENGTHS; h++) {
        bool seen = !(flags[t + h] & UNTRUSTED);
        whole = whole && seen;
        sum += (double)units[t + h];
        factors += prospect.factor[h];
        if (h <= NET_STEPS && seen && rng_below(&pre->rng, STEP_SHARE) == 0) {
            prospect_ask(&prospect, h, h, h - 1, &place.ask);
            put_fork(pre, &place, level * prospect.factor[h], spread, units[t + h]);
        }
        if (net_lengths[row] == h) {
            if (whole) {
                prospect_ask(&prospect, 1, h, NET_STEPS + row, &place.ask);
                put_fork(pre, &place, level * factors, ewma_sum_spread(RATE, spread, factors),
                         (float)sum);
            }
            row++;
        }
    }
}

/* A series and the last bucket of its window, at random among those that have a past and a future.
 */
static bool choose(struct pretrain *pre, const struct history *history, uint32_t *i, uint32_t *end)
{
    for (int n = 0; n < TRIES; n++) {
        *i = (uint32_t)rng_below(&pre->rng, history->series);
        uint32_t from = history->first[*i] + 2 * AGE_LEAST;
        if (from + 2 < history->buckets) {
            *end = from + (uint32_t)rng_below(&pre->rng, history->buckets - 1 - from);
            return true;
        }
    }
    return false;
}

static void fill_member(struct pretrain *pre, const struct history *history, uint32_t member)
{
    float *x = train_inputs(pre->train);
    uint8_t *live = train_live(pre->train);
    uint32_t i = 0, end = 0;
    bool chosen = choose(pre, history, &i, &end), hidden = rng_unit(&pre->rng) < SHOP_HIDDEN,
         blind = rng_unit(&pre->rng) < KNOWN_HIDDEN;
    for (uint32_t step = 0; step < TRAIN_STEPS; step++) {
        size_t at = (size_t)step * TRAIN_BATCH + member;
        uint32_t back = TRAIN_STEPS - 1 - step;
        live[at] = chosen && end >= back && end - back >= history->first[i];
        if (!live[at]) {
            memset(x + at * NET_INPUTS, 0, NET_INPUTS * sizeof(float));
            continue;
        }
        uint32_t t = end - back;
        memcpy(x + at * NET_INPUTS, history->x + ((size_t)t * history->series + i) * NET_INPUTS,
               NET_INPUTS * sizeof(float));
        if (hidden) {
            features_hide_shop(x + at * NET_INPUTS);
        }
        if (blind) {
            features_hide_known(x + at * NET_INPUTS);
        }
        if (step >= TRAIN_BURN_IN && back % TRAIN_FORK_EVERY == 0 &&
            t - history->first[i] >= AGE_LEAST) {
            struct pretrain_place place = {(uint16_t)step, (uint16_t)member, blind};
            fork_at(pre, history, i, t, &place);
        }
    }
}

static double loss_without(const struct pretrain *pre)
{
    static const float NOTHING[NET_OUTPUTS];
    double loss = 0, weight = 0;
    for (size_t k = 0; k < pre->fork_count; k++) {
        struct direct_base base;
        double share = (double)direct_weight(&pre->forks[k].nb);
        direct_begin(&pre->negbin, &pre->forks[k].nb, &base);
        loss += share * direct_loss(&base, pre->forks[k].y, NOTHING, NULL);
        weight += share;
    }
    return weight > 0 ? loss / weight : 0;
}

static struct status *descend(struct pretrain *pre, const struct pretrain_options *options,
                              const struct pretrain_watch *watch)
{
    double loss = 0, without = 0;
    size_t learned = 0;
    for (int64_t step = 0; step < options->steps; step++) {
        uint64_t panel = rng_below(&pre->rng, pre->count / 2),
                 twin = rng_below(&pre->rng, TWIN_EVERY) == 0;
        const struct history *history = &pre->histories[2 * panel + twin];
        pre->fork_count = 0;
        for (uint32_t member = 0; member < TRAIN_BATCH; member++) {
            fill_member(pre, history, member);
        }
        struct adam_rate rate = {.rate = adam_schedule((float)options->rate, step, options->steps),
                                 .decay = 0.01f,
                                 .clip = 1};
        train_drop(pre->train, &pre->rng, DROPOUT);
        loss += train_batch(pre->train, &pre->net, pre->forks, pre->fork_count, &pre->gradient);
        without += loss_without(pre);
        learned += pre->fork_count;
        adam_step(&pre->adam, &rate);
        if ((step + 1) % WATCH_EVERY == 0 || step + 1 == options->steps) {
            int64_t steps = step % WATCH_EVERY + 1;
            if (watch && !watch->progress(watch->context, step + 1, loss / (double)steps,
                                          without / (double)steps)) {
                return status_new(STATUS_STOPPED, "pre-training was stopped at step %lld",
                                  (long long)step + 1);
            }
            loss = without = 0;
        }
    }
    if (!learned) {
        return status_new(
            STATUS_USAGE,
            "the panels hold no series with a past and a future to learn from: give more history");
    }
    return NULL;
}

struct status *pretrain_run(const struct pretrain_panel *panels, size_t count,
                            const struct pretrain_options *options,
                            const struct pretrain_watch *watch, float *weights)
{
    ASSERT(options->steps >= 1 && options->steps <= PRETRAIN_STEPS_MAX && count >= 1);
    struct pretrain pre = {0};
    rng_init(&pre.rng, options->seed);
    struct status *st = create(&pre, panels, count, weights);
    if (!st) {
        st = descend(&pre, options, watch);
    }
    if (!st) {
        memcpy(weights, pre.adam.average, net_floats() * sizeof *weights);
    }
    destroy(&pre);
    return st;
}
