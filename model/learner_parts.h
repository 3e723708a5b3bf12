/* What learner.c (work), learner_decide.c (promotion, roll-back) and learner_state.c (options,
 * saving) share; nobody else includes it. */
#ifndef RESTOCK_LEARNER_PARTS_H
#define RESTOCK_LEARNER_PARTS_H

#include "model/adam.h"
#include "model/learner.h"

enum {
    LEARNER_JUDGED = 256, /* windows judged after a close, in pieces of TRAIN_BATCH */
    LEARNER_PIECES = LEARNER_JUDGED / TRAIN_BATCH,
    LEARNER_CASES_MAX = TRAIN_BATCH * (1 + NET_LENGTHS),
    LEARNER_WEIGHTS = 4, /* trained: weights, two moments, average */
    LEARNER_SLOTS = LEARNER_GENERATIONS + 1, /* generations, newest first, and the challenger */
    LEARNER_CHALLENGER = LEARNER_GENERATIONS,
};

struct learner_trial { /* the challenger against the serving weights, same cases */
    double challenger, serving, count;
};

struct learner_guard { /* the serving weights against those before and the base, same cases */
    double serving, before, base, count;
};

/* Everything but weights and the tape; saved as it is: 4- and 8-byte members without padding. */
struct learner_head {
    int64_t bucket; /* of the last close */
    int64_t seen[LEARNER_SLOTS]; /* newest bucket that the weights of each slot were trained on */
    uint64_t batches, events; /* since the beginning */
    uint32_t begun, series, budget, done, judged; /* of the work after the last close */
    uint32_t number[LEARNER_SLOTS]; /* of the generation in each slot, from 1 on */
    uint32_t kept; /* generations in slots, the serving one included; 0: the base serves */
    uint32_t challenged; /* there is a challenger */
    uint32_t trial_closes, refusals, guard_closes;
    uint32_t boost_left, fault, by_hand; /* closes of a raised rate; to be decided at the close */
    uint32_t told; /* events that learner_next_event has given */
    uint32_t numbers; /* generations ever made */
    struct learner_trial trial;
    struct learner_guard guard;
    double loss, loss_weight; /* discounted, of the batches */
    struct judge_score score[JUDGE_NETS];
    struct page_hinkley test[FORECAST_CLASSES];
    double class_loss[FORECAST_CLASSES], class_count[FORECAST_CLASSES]; /* of this close */
    uint64_t told_kinds[LEARNER_EVENT_KINDS];
    struct learner_event event[LEARNER_EVENTS]; /* number e at e mod LEARNER_EVENTS */
};

struct learner {
    const struct base_model *base_ref;
    struct learner_options options;
    uint64_t seed;
    struct learner_head head;
    struct tape tape;
    bool changed[LEARNER_PARTS];
    struct adam adam; /* over trained[] */
    float *trained; /* [LEARNER_WEIGHTS, floats] */
    float *gradient; /* [floats] */
    float *slot; /* [LEARNER_SLOTS, floats]; generation g back at g */
    struct net trained_net, gradient_net, slot_net[LEARNER_SLOTS];
    /* scratch */
    struct train *train;
    struct lesson lesson;
    struct train_fork *forks;
    size_t fork_count;
    struct judge_case *cases;
    float *outs; /* [LEARNER_CASES_MAX, NET_OUTPUTS] */
};

/* Trained weights as those that serve, without moments. */
void learner_restart(struct learner *learner);
/* learner_decide.c */
void learner_decide(struct learner *learner);
static inline uint32_t learner_generation(const struct learner *learner)
{
    return learner->head.kept ? learner->head.number[0] : 0;
}
static inline int64_t learner_seen(const struct learner *learner)
{
    return learner->head.kept ? learner->head.seen[0] : INT64_MIN;
}
void learner_tell(struct learner *learner, enum learner_event_kind kind, float ratio,
                  uint32_t demand_class);
static inline const float *learner_base(const struct learner *learner)
{
    return base_model_net(learner->base_ref)->wx; /* the first of the block */
}
static inline bool learner_has_weights(const float *weights, size_t floats)
{
    float sum = 0; /* 0 * x is NaN where x is not finite */
    for (size_t i = 0; i < floats; i++) {
        sum += 0 * weights[i];
    }
    return sum == 0;
}

#endif
