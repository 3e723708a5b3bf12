/* The work between two closes: windows are judged, batches are learned.
 *
 *     draws    half of a batch: forecasts that matured with the last buckets; three in ten: any
 *              forecasts of the ring; two in ten: of the series that the network does worst at
 *     batch    two passes of TRAIN_BATCH windows (model/train.h), mean gradient, AdamW, anchor
 *
 * Cost at 128 windows: about 30 ms a batch, 10 ms a piece of judging. */
#include "model/learner.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "model/gru_expert.h"
#include "model/learner_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 40, /* series looked at before a member of a batch stays empty */
    CONTEST = 6, /* series of which the one with the highest loss is drawn */
    WARM = 20, /* batches of a rising rate */
};

static const double SERIES_SHARE = 0.9; /* windows per close and series */
static const float BOOST = 3; /* of the rate after a drift */
static const double LOSS_KEEP = 0.99; /* per batch */
static const float CLIP = 1;

static void bind(struct learner *learner)
{
    size_t floats = net_floats();
    net_bind(&learner->trained_net, learner->trained);
    net_bind(&learner->gradient_net, learner->gradient);
    for (int s = 0; s < LEARNER_SLOTS; s++) {
        net_bind(&learner->slot_net[s], learner->slot + (size_t)s * floats);
    }
    learner->adam = (struct adam){.floats = floats,
                                  .weights = learner->trained,
                                  .gradient = learner->gradient,
                                  .first = learner->trained + floats,
                                  .second = learner->trained + 2 * floats,
                                  .average = learner->trained + 3 * floats};
}

struct learner *learner_create(const struct base_model *base, const struct learner_options *options,
                               uint64_t seed)
{
    size_t floats = net_floats();
    struct learner *learner = calloc(1, sizeof *learner);
    if (!learner) {
        return NULL;
    }
    learner->base_ref = base;
    learner->options = *options;
    learner->seed = seed;
    learner->head.judged = LEARNER_PIECES;
    learner->trained = calloc(LEARNER_WEIGHTS * floats, sizeof(float));
    learner->gradient = calloc(floats, sizeof(float));
    learner->slot = calloc(LEARNER_SLOTS * floats, sizeof(float));
    learner->train = train_create();
    learner->forks = malloc((size_t)TRAIN_BATCH * LESSON_FORKS_MAX * sizeof *learner->forks);
    learner->cases = malloc(LEARNER_CASES_MAX * sizeof *learner->cases);
    learner->outs = malloc(LEARNER_CASES_MAX * NET_OUTPUTS * sizeof(float));
    if (!learner->trained || !learner->gradient || !learner->slot || !learner->train ||
        !learner->forks || !learner->cases || !learner->outs) {
        learner_destroy(learner);
        return NULL;
    }
    bind(learner);
    learner_restart(learner);
    learner->changed[LEARNER_TRAINED] = false; /* nothing yet that the base model does not say */
    return learner;
}

void learner_destroy(struct learner *learner)
{
    if (learner) {
        free(learner->trained);
        free(learner->gradient);
        free(learner->slot);
        train_destroy(learner->train);
        free(learner->forks);
        free(learner->cases);
        free(learner->outs);
        free(learner);
    }
}

void learner_restart(struct learner *learner)
{
    size_t floats = net_floats();
    const float *from = learner->head.kept ? learner->slot : learner_base(learner);
    memset(learner->trained, 0, LEARNER_WEIGHTS * floats * sizeof(float));
    memcpy(learner->trained, from, floats * sizeof(float));
    memcpy(learner->adam.average, from, floats * sizeof(float));
    learner->adam.steps = 0;
    learner->changed[LEARNER_TRAINED] = true;
}

struct tape *learner_tape(struct learner *learner)
{
    return &learner->tape;
}

const struct net *learner_net(const struct learner *learner)
{
    return learner->head.kept ? &learner->slot_net[0] : base_model_net(learner->base_ref);
}

void learner_begin_close(struct learner *learner, int64_t bucket)
{
    struct learner_head *head = &learner->head;
    if (head->begun && head->bucket == bucket) {
        return;
    }
    ASSERT(!learner_pending(learner));
    if (head->begun) {
        learner_decide(learner);
    }
    head->begun = true;
    head->bucket = bucket;
    head->series = head->budget = head->done = 0;
    head->judged = LEARNER_PIECES;
    learner->changed[LEARNER_HEAD] = true;
}

void learner_end_close(struct learner *learner, uint32_t series)
{
    struct learner_head *head = &learner->head;
    double batches = ceil(SERIES_SHARE * series / LEARNER_WINDOWS);
    batches = fmax(fmin(batches, (double)learner->options.batches), 1);
    bool enough = series >= (uint64_t)learner->options.series_least &&
                  learner->tape.count > TRAIN_BURN_IN + LEARNER_TRIAL;
    head->series = series;
    head->done = 0;
    head->budget = enough ? (uint32_t)batches : 0;
    head->judged = enough ? 0 : LEARNER_PIECES;
    learner->changed[LEARNER_HEAD] = true;
}

bool learner_pending(const struct learner *learner)
{
    const struct learner_head *head = &learner->head;
    return head->judged < LEARNER_PIECES || head->done < head->budget;
}

/* One generator per piece of work, so that a restart between two pieces repeats nothing. */
static void seed_piece(const struct learner *learner, uint32_t piece, struct rng *rng)
{
    uint64_t mixed = hash_mix(learner->seed ^ hash_mix((uint64_t)learner->head.bucket));
    rng_init(rng, hash_mix(mixed + piece));
}

struct drawing {
    const struct lesson_view *view;
    const struct learner_source *source;
    struct rng rng;
};

static uint32_t any_series(const struct learner *learner, struct drawing *drawing)
{
    return (uint32_t)rng_below(&drawing->rng, learner->head.series);
}

static uint32_t worst_series(const struct learner *learner, struct drawing *drawing)
{
    const struct learner_source *source = drawing->source;
    uint32_t worst = any_series(learner, drawing);
    float most = source->loss(source->context, worst);
    for (int n = 1; n < CONTEST; n++) {
        uint32_t series = any_series(learner, drawing);
        float loss = source->loss(source->context, series);
        if (loss > most) {
            worst = series;
            most = loss;
        }
    }
    return worst;
}

/* Draw a series, open its window and fill the member's inputs; false: none was found. */
static bool draw(struct learner *learner, struct drawing *drawing, bool worst, uint32_t member,
                 struct lesson_row *row)
{
    float *x = train_inputs(learner->train);
    uint8_t *live = train_live(learner->train);
    for (int n = 0; n < TRIES; n++) {
        uint32_t series =
            worst && n < TRIES / 2 ? worst_series(learner, drawing) : any_series(learner, drawing);
        if (drawing->source->row(drawing->source->context, series, row)) {
            lesson_open(&learner->lesson, drawing->view, row);
            if (lesson_inputs(&learner->lesson, x, live, member) > 1) {
                return true;
            }
        }
    }
    for (uint32_t step = 0; step < TRAIN_STEPS; step++) {
        size_t at = (size_t)step * TRAIN_BATCH + member;
        live[at] = 0;
        memset(x + at * NET_INPUTS, 0, NET_INPUTS * sizeof(float));
    }
    return false;
}

/* --- judging
 * --------------------------------------------------------------------------------------------------
 */

/* Losses of all cases under one set of weights; net NULL: the statistical expert itself. */
static void ask(struct learner *learner, const struct net *net, size_t count)
{
    memset(learner->outs, 0, count * NET_OUTPUTS * sizeof(float));
    if (net) {
        for (size_t n = 0; n < count; n++) {
            learner->forks[n] = learner->cases[n].fork;
        }
        train_say(learner->train, net, learner->forks, count, learner->outs);
    }
}

struct verdict { /* sums of one piece, over cases fair to serving and to the challenger */
    double serving, challenger;
    bool sick;
};

/* The forecast that outputs make of a case; false: one is not finite. */
static bool say(const float *out, const struct negbin_table *negbin, const struct judge_case *one,
                struct judge_saying *says)
{
    struct direct_base base;
    for (int o = 0; o < NET_OUTPUTS; o++) {
        if (!isfinite(out[o])) {
            return false;
        }
    }
    direct_begin(negbin, &one->fork.nb, &base);
    says->mean = direct_read(&base, out, says->q);
    return true;
}

static struct verdict judge_net(struct learner *learner, const struct negbin_table *negbin,
                                size_t count, struct judge_score *score, bool by_class)
{
    struct verdict verdict = {0};
    struct judge_score unused = {0};
    for (size_t n = 0; n < count; n++) {
        const struct judge_case *one = &learner->cases[n];
        struct judge_saying says;
        if (!say(learner->outs + n * NET_OUTPUTS, negbin, one, &says)) {
            verdict.sick = true;
            continue;
        }
        double loss = judge_add(one->serving && score ? score : &unused, one, &says);
        if (!isfinite(loss)) {
            verdict.sick = true;
            continue;
        }
        verdict.serving += one->serving ? loss : 0;
        verdict.challenger += one->challenger ? loss : 0;
        if (by_class && one->span == JUDGE_STEP) {
            learner->head.class_loss[one->demand_class] += loss;
            learner->head.class_count[one->demand_class]++;
        }
    }
    return verdict;
}

static size_t collect(struct learner *learner, struct drawing *drawing)
{
    const struct learner_head *head = &learner->head;
    struct judge_seen seen = {learner_seen(learner),
                              head->challenged ? head->seen[LEARNER_CHALLENGER] : INT64_MAX};
    size_t count = 0;
    for (uint32_t member = 0; member < TRAIN_BATCH; member++) {
        struct lesson_row row;
        if (draw(learner, drawing, false, member, &row)) {
            count += judge_cases(&learner->lesson, &seen, member, learner->cases + count);
        }
    }
    return count;
}

static void judge_piece(struct learner *learner, struct drawing *drawing,
                        const struct negbin_table *negbin)
{
    struct learner_head *head = &learner->head;
    const struct net *base = base_model_net(learner->base_ref);
    const struct net *before = head->kept > 1 ? &learner->slot_net[1] : base;
    seed_piece(learner, LEARNER_BATCHES_MOST * 64 + head->judged, &drawing->rng);
    size_t count = collect(learner, drawing), fair = 0, both = 0;
    for (size_t n = 0; n < count; n++) {
        fair += learner->cases[n].serving;
        both += learner->cases[n].challenger;
    }
    ask(learner, NULL, count);
    (void)judge_net(learner, negbin, count, &head->score[JUDGE_NB], false);
    ask(learner, base, count);
    struct verdict twin = judge_net(learner, negbin, count, &head->score[JUDGE_BASE], !head->kept);
    struct verdict serving = twin, earlier = twin, challenger = {0};
    if (head->kept) {
        ask(learner, learner_net(learner), count);
        serving = judge_net(learner, negbin, count, &head->score[JUDGE_SERVING], true);
        ask(learner, before, count);
        earlier = judge_net(learner, negbin, count, &head->score[JUDGE_BEFORE], false);
    } else {
        head->score[JUDGE_SERVING] = head->score[JUDGE_BEFORE] = head->score[JUDGE_BASE];
    }
    if (head->challenged) {
        ask(learner, &learner->slot_net[LEARNER_CHALLENGER], count);
        challenger = judge_net(learner, negbin, count, NULL, false);
        head->trial.challenger += challenger.sick ? (double)INFINITY : challenger.challenger;
        head->trial.serving += serving.challenger;
        head->trial.count += (double)both;
    }
    head->guard.serving += serving.serving;
    head->guard.before += earlier.serving;
    head->guard.base += twin.serving;
    head->guard.count += (double)fair;
    head->fault = head->fault || serving.sick;
    head->judged++;
}

/* --- learning
 * -------------------------------------------------------------------------------------------------
 */

static void fill(struct learner *learner, struct drawing *drawing)
{
    learner->fork_count = 0;
    for (uint32_t member = 0; member < TRAIN_BATCH; member++) {
        uint64_t die = rng_below(&drawing->rng, 10);
        struct lesson_row row;
        if (draw(learner, drawing, die >= 8, member, &row)) {
            learner->fork_count +=
                lesson_forks(&learner->lesson, die < 5 ? LESSON_RECENT : LESSON_ANY, &drawing->rng,
                             member, learner->forks + learner->fork_count);
        }
    }
}

/* L2 to the initial weights (Kumar et al. 2023), decoupled as AdamW's decay is. */
static void pull(struct learner *learner, float share)
{
    const float *base = learner_base(learner);
    for (size_t i = 0; i < learner->adam.floats; i++) {
        learner->trained[i] += share * (base[i] - learner->trained[i]);
    }
}

static float rate_of(const struct learner *learner)
{
    float warm = fminf(1, (float)(learner->adam.steps + 1) / WARM);
    return (float)learner->options.rate * warm * (learner->head.boost_left ? BOOST : 1);
}

static void batch(struct learner *learner, struct drawing *drawing)
{
    enum { PASSES = LEARNER_WINDOWS / TRAIN_BATCH };
    struct learner_head *head = &learner->head;
    double loss = 0;
    size_t forks = 0;
    seed_piece(learner, head->done, &drawing->rng);
    for (int pass = 0; pass < PASSES; pass++) {
        fill(learner, drawing);
        loss += train_batch(learner->train, &learner->trained_net, learner->forks,
                            learner->fork_count, &learner->gradient_net) /
                PASSES;
        forks += learner->fork_count;
    }
    head->done++;
    if (!forks) {
        return;
    }
    for (size_t i = 0; i < learner->adam.floats; i++) {
        learner->gradient[i] /= PASSES;
    }
    struct adam_rate rate = {.rate = rate_of(learner), .decay = 0, .clip = CLIP};
    float norm = adam_step(&learner->adam, &rate);
    pull(learner, rate.rate * (float)learner->options.anchor);
    if (!isfinite(norm) || !learner_has_weights(learner->trained, learner->adam.floats)) {
        learner_restart(learner);
        learner_tell(learner, LEARNER_NOT_FINITE, 0, 0);
    } else {
        head->loss = LOSS_KEEP * head->loss + loss;
        head->loss_weight = LOSS_KEEP * head->loss_weight + 1;
    }
    head->batches++;
    learner->changed[LEARNER_TRAINED] = true;
}

void learner_work(struct learner *learner, const struct lesson_view *view,
                  const struct negbin_table *negbin, const struct learner_source *source)
{
    struct drawing drawing = {.view = view, .source = source};
    ASSERT(learner_pending(learner) && view->tape->bucket == learner->head.bucket);
    if (learner->head.judged < LEARNER_PIECES) {
        judge_piece(learner, &drawing, negbin);
    } else {
        batch(learner, &drawing);
    }
    learner->changed[LEARNER_HEAD] = true;
}
