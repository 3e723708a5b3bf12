#include "model/lesson.h"

#include "config/base/ensure.h"
#include "config/base/window.h"
#include "model/negbin.h"
#include "model/retrace.h"

#include <math.h>
#include <string.h>

enum {
    AGE_LEAST = 3, /* buckets after which a series is forked, as in pre-training */
    RECENT = 3, /* closes */
    STEP_SHARE = 4, /* one step ahead in four is learned, every sum */
};

static const float LEVEL_LEAST = 0.005f, MEAN_LEAST = 1e-4f;
/* Buckets with an open point anomaly are learned from, as the statistics learn from them: each
 * gradient is clipped, so a wild one teaches no more than any other surprise. */
static const uint8_t UNTRUSTED = WINDOW_CENSORED;

/* The row without its newest `back` buckets. */
static struct window cut(const struct lesson *lesson, const struct tape_close *close, uint32_t back)
{
    const struct lesson_row *row = lesson->row;
    return (struct window){.series = 1,
                           .width = row->width - back,
                           .bucket = lesson->view->tape->bucket - (int64_t)back,
                           .phase = close->phase,
                           .season = lesson->view->tape->season,
                           .units = row->units,
                           .flags = row->flags};
}

static void recall(struct lesson *lesson, const struct tape_close *close)
{
    lesson->phases.season = lesson->view->tape->season;
    memcpy(lesson->phases.factor, close->factor,
           (size_t)lesson->phases.season * sizeof lesson->phases.factor[0]);
}

static struct prospect_source source_of(const struct lesson *lesson, const struct window *window,
                                        const struct tape_close *close, float level, float spread)
{
    static const struct known_effects NONE;
    return (struct prospect_source){.window = window,
                                    .phases = &lesson->phases,
                                    .effects = &NONE,
                                    .annual = close->annual,
                                    .level = level,
                                    .spread = spread};
}

/* Level and spread as of now: they only say what is wild. */
static float factor_at(struct lesson *lesson, uint32_t back, float level, float spread)
{
    const struct tape_close *close =
        tape_at(lesson->view->tape, lesson->view->tape->bucket - (int64_t)back);
    if (!close) {
        return 1;
    }
    float z[WINDOW_KNOWN];
    struct window window = cut(lesson, close, back);
    recall(lesson, close);
    struct prospect_source source = source_of(lesson, &window, close, level, spread);
    return prospect_now(&source, z);
}

void lesson_open(struct lesson *lesson, const struct lesson_view *view,
                 const struct lesson_row *row)
{
    ASSERT(row->width <= LESSON_WIDTH_MAX);
    lesson->view = view;
    lesson->row = row;
    lesson->back = UINT32_MAX;
    float level = row->level, slow = row->slow, variance = row->variance, now, spread;
    uint16_t observed = row->observed;
    struct ewma_rows rows = {
        .series = 1, .level = &level, .slow = &slow, .variance = &variance, .observed = &observed};
    ewma_read(view->ewma, &rows, &now, &spread);
    for (uint32_t k = 0; k < row->width; k++) {
        lesson->factor[k] = factor_at(lesson, row->width - 1 - k, now, spread);
    }
    struct retrace_series series = {.units = row->units,
                                    .flags = row->flags,
                                    .factor = lesson->factor,
                                    .width = row->width,
                                    .level = row->level,
                                    .slow = row->slow,
                                    .variance = row->variance,
                                    .observed = row->observed};
    struct retrace_rows out = {lesson->level, lesson->slow, lesson->spread};
    retrace(view->ewma, view->young, &series, &out);
}

/* The close `back` buckets before the newest one, where the series and the shop were known then and
 * enough history lies before it. */
static const struct tape_close *seen_at(const struct lesson *lesson, uint32_t back)
{
    const struct lesson_row *row = lesson->row;
    const struct tape *tape = lesson->view->tape;
    if (back >= row->age || back >= TRAIN_STEPS || row->width < LESSON_LOOK_BACK + back) {
        return NULL;
    }
    return tape_at(tape, tape->bucket - (int64_t)back);
}

uint32_t lesson_inputs(const struct lesson *lesson, float *x, uint8_t *live, uint32_t member)
{
    const struct lesson_row *row = lesson->row;
    uint32_t steps = 0;
    for (uint32_t step = 0; step < TRAIN_STEPS; step++) {
        uint32_t back = TRAIN_STEPS - 1 - step;
        size_t at = (size_t)step * TRAIN_BATCH + member;
        const struct tape_close *close = seen_at(lesson, back);
        live[at] = close != NULL;
        if (!close) {
            memset(x + at * NET_INPUTS, 0, NET_INPUTS * sizeof(float));
            continue;
        }
        uint32_t k = row->width - 1 - back, age = row->age - back;
        struct window window = cut(lesson, close, back);
        window.age = &age;
        struct feature_source source = {.window = &window,
                                        .i = 0,
                                        .level = lesson->level[k],
                                        .slow = lesson->slow[k],
                                        .spread = lesson->spread[k],
                                        .factor = lesson->factor[k],
                                        .shop = close->shop};
        features_make(&source, x + at * NET_INPUTS);
        steps++;
    }
    return steps;
}

/* What was expected of the buckets ahead of that close. */
static void look(struct lesson *lesson, const struct tape_close *close, uint32_t back)
{
    if (lesson->back == back) {
        return;
    }
    uint32_t k = lesson->row->width - 1 - back;
    struct window window = cut(lesson, close, back);
    recall(lesson, close);
    struct prospect_source source =
        source_of(lesson, &window, close, lesson->level[k], lesson->spread[k]);
    prospect_make(&source, back < TAPE_AHEAD ? back : TAPE_AHEAD - 1, &lesson->prospect);
    lesson->back = back;
}

bool lesson_fork(struct lesson *lesson, const struct lesson_target *target, uint32_t member,
                 struct train_fork *fork)
{
    const struct lesson_row *row = lesson->row;
    uint32_t back = target->back;
    const struct tape_close *close = seen_at(lesson, back);
    if (!close || target->ahead > back || target->ahead >= TAPE_AHEAD ||
        target->length > target->ahead || row->age - back <= AGE_LEAST) {
        return false;
    }
    uint32_t k = row->width - 1 - back;
    look(lesson, close, back);
    float ahead = 0;
    double units = 0;
    for (uint32_t h = target->ahead - target->length + 1; h <= target->ahead; h++) {
        if (row->flags[k + h] & UNTRUSTED) {
            return false;
        }
        ahead += lesson->prospect.factor[h];
        units += (double)row->units[k + h];
    }
    float level = lesson->level[k], spread = lesson->spread[k], mean = level * ahead;
    if (!(level > LEVEL_LEAST && mean > MEAN_LEAST && units < 1e9)) {
        return false;
    }
    bool sum = target->length > 1;
    spread = sum ? ewma_sum_spread(lesson->view->ewma->rate, spread, ahead) : spread;
    *fork = (struct train_fork){.step = (uint16_t)(TRAIN_STEPS - 1 - back),
                                .member = (uint16_t)member,
                                .nb = {mean, negbin_size(mean, spread)},
                                .y = (float)units,
                                .weight = 1};
    uint32_t head = sum ? net_length_row(target->length) : net_step_row(target->ahead);
    prospect_ask(&lesson->prospect, target->ahead - target->length + 1, target->ahead, head,
                 &fork->ask);
    return true;
}

struct gathering {
    struct lesson *lesson;
    struct rng *rng;
    uint32_t member;
    size_t count;
    struct train_fork *forks;
};

/* Rows of one fork whose targets ended within the last `recent` buckets. */
static void gather(struct gathering *to, uint32_t back, uint32_t recent)
{
    uint32_t least = back >= recent ? back - recent + 1 : 1;
    for (uint32_t h = least; h <= back && h <= NET_STEPS; h++) {
        struct lesson_target target = {back, h, 1};
        if (rng_below(to->rng, STEP_SHARE) == 0 && to->count < LESSON_FORKS_MAX) {
            to->count += lesson_fork(to->lesson, &target, to->member, &to->forks[to->count]);
        }
    }
    for (uint32_t j = 0; j < NET_LENGTHS; j++) {
        struct lesson_target target = {back, net_lengths[j], net_lengths[j]};
        if (target.length >= least && to->count < LESSON_FORKS_MAX) {
            to->count += lesson_fork(to->lesson, &target, to->member, &to->forks[to->count]);
        }
    }
}

size_t lesson_forks(struct lesson *lesson, enum lesson_kind kind, struct rng *rng, uint32_t member,
                    struct train_fork *forks)
{
    enum { BACK_MOST = TRAIN_STEPS - TRAIN_BURN_IN - 1 };
    struct gathering to = {lesson, rng, member, 0, forks};
    uint32_t shift = (uint32_t)rng_below(rng, kind == LESSON_ANY ? TRAIN_FORK_EVERY : RECENT);
    if (kind == LESSON_ANY) {
        for (uint32_t back = 1 + shift; back <= BACK_MOST; back += TRAIN_FORK_EVERY) {
            gather(&to, back, BACK_MOST);
        }
    } else {
        gather(&to, 1 + shift, RECENT);
        for (uint32_t j = 0; j < NET_LENGTHS; j++) {
            if (net_lengths[j] + shift <= BACK_MOST) {
                gather(&to, net_lengths[j] + shift, RECENT);
            }
        }
    }
    for (size_t n = 0; n < to.count; n++) {
        forks[n].weight = 1 / (float)to.count;
    }
    return to.count;
}
