/* What the work since the last close has shown: promotion, refusal, roll-back, drift. */
#include "model/learner_parts.h"

#include <math.h>
#include <string.h>

static const double SCORE_KEEP = 0.98; /* per close */
static const double WORSE = 1.03; /* than its predecessor or the base: back */
static const double ENOUGH = 400; /* cases of a verdict */
static const double CLASS_LEAST = 8; /* cases of a class in one close, for its drift test */

enum {
    GUARD_CLOSES = 5, /* after a promotion, before it may be taken back */
    REFUSALS = 2, /* in a row: trained weights start anew */
    BOOST_CLOSES = 14,
};

void learner_tell(struct learner *learner, enum learner_event_kind kind, float ratio,
                  uint32_t demand_class)
{
    struct learner_head *head = &learner->head;
    head->told_kinds[kind]++;
    head->event[head->events++ % LEARNER_EVENTS] =
        (struct learner_event){.bucket = head->bucket,
                               .kind = kind,
                               .generation = learner_generation(learner),
                               .demand_class = demand_class,
                               .ratio = ratio};
}

static float *slot(struct learner *learner, uint32_t s)
{
    return learner->slot + (size_t)s * net_floats();
}

static void move_slot(struct learner *learner, uint32_t from, uint32_t to)
{
    memcpy(slot(learner, to), slot(learner, from), net_floats() * sizeof(float));
    learner->head.seen[to] = learner->head.seen[from];
    learner->head.number[to] = learner->head.number[from];
}

static void clear_verdicts(struct learner_head *head)
{
    head->trial = (struct learner_trial){0};
    head->guard = (struct learner_guard){0};
    head->trial_closes = head->guard_closes = 0;
}

static void take_challenger(struct learner *learner)
{
    struct learner_head *head = &learner->head;
    if (!learner->adam.steps) {
        head->challenged = false;
        return;
    }
    memcpy(slot(learner, LEARNER_CHALLENGER), learner->adam.average, net_floats() * sizeof(float));
    head->challenged = true;
    head->seen[LEARNER_CHALLENGER] = head->bucket;
    head->trial = (struct learner_trial){0};
    head->trial_closes = 0;
    learner->changed[LEARNER_KEPT] = true;
}

static void promote(struct learner *learner, float ratio)
{
    struct learner_head *head = &learner->head;
    for (uint32_t s = LEARNER_GENERATIONS; --s;) {
        move_slot(learner, s - 1, s);
    }
    move_slot(learner, LEARNER_CHALLENGER, 0);
    head->number[0] = ++head->numbers;
    head->kept += head->kept < LEARNER_GENERATIONS;
    head->refusals = 0;
    clear_verdicts(head);
    learner->changed[LEARNER_KEPT] = true;
    learner_tell(learner, LEARNER_PROMOTED, ratio, 0);
}

/* One generation back, or to the base; what was trained from the bad one is thrown away. */
static void go_back(struct learner *learner, enum learner_event_kind kind, float ratio,
                    bool to_base)
{
    struct learner_head *head = &learner->head;
    head->kept = to_base ? 0 : head->kept - 1;
    for (uint32_t s = 0; s < head->kept; s++) {
        move_slot(learner, s + 1, s);
    }
    head->challenged = false;
    head->refusals = 0;
    clear_verdicts(head);
    learner_restart(learner);
    learner->changed[LEARNER_KEPT] = true;
    learner_tell(learner, kind, ratio, 0);
}

static bool guarded(struct learner *learner)
{
    struct learner_head *head = &learner->head;
    struct learner_guard *guard = &head->guard;
    if (head->by_hand || head->fault) {
        bool fault = head->fault;
        head->by_hand = head->fault = 0;
        if (head->kept) {
            go_back(learner, fault ? LEARNER_ROLLED_BACK : LEARNER_BY_HAND, fault ? INFINITY : 0,
                    false);
        }
        return true;
    }
    if (!head->kept || ++head->guard_closes < GUARD_CLOSES || guard->count < ENOUGH) {
        return false;
    }
    bool base = guard->serving > WORSE * guard->base;
    if (base || guard->serving > WORSE * guard->before) {
        double than = base ? guard->base : guard->before;
        go_back(learner, LEARNER_ROLLED_BACK, (float)(guard->serving / than), base);
        return true;
    }
    return false;
}

static void try_challenger(struct learner *learner)
{
    struct learner_head *head = &learner->head;
    if (!head->challenged) {
        take_challenger(learner);
        return;
    }
    if (++head->trial_closes < LEARNER_TRIAL || !(head->trial.count > 0)) {
        return;
    }
    float ratio = (float)(head->trial.challenger / head->trial.serving);
    if (head->trial.challenger <= head->trial.serving) {
        promote(learner, ratio);
    } else {
        learner_tell(learner, LEARNER_REFUSED, ratio, 0);
        if (++head->refusals >= REFUSALS) {
            head->refusals = 0;
            learner_restart(learner);
        }
    }
    take_challenger(learner);
}

static void watch_drift(struct learner *learner)
{
    struct learner_head *head = &learner->head;
    head->boost_left -= head->boost_left > 0;
    for (uint32_t c = 0; c < FORECAST_CLASSES; c++) {
        if (head->class_count[c] >= CLASS_LEAST) {
            double loss = head->class_loss[c] / head->class_count[c], usual = head->test[c].mean;
            if (page_hinkley_add(&head->test[c], loss)) {
                head->boost_left = BOOST_CLOSES;
                learner_tell(learner, LEARNER_DRIFT, (float)(loss / usual), c);
            }
        }
        head->class_loss[c] = head->class_count[c] = 0;
    }
}

void learner_decide(struct learner *learner)
{
    watch_drift(learner);
    if (!guarded(learner)) {
        try_challenger(learner);
    }
    for (int net = 0; net < JUDGE_NETS; net++) {
        judge_fade(&learner->head.score[net], SCORE_KEEP);
    }
}

bool learner_roll_back(struct learner *learner)
{
    if (!learner->head.kept) {
        return false;
    }
    learner->head.by_hand = true;
    learner->changed[LEARNER_HEAD] = true;
    return true;
}

bool learner_next_event(struct learner *learner, struct learner_event *event)
{
    struct learner_head *head = &learner->head;
    uint64_t oldest = head->events > LEARNER_EVENTS ? head->events - LEARNER_EVENTS : 0;
    uint64_t told = head->told > oldest ? head->told : oldest;
    if (told >= head->events) {
        return false;
    }
    *event = head->event[told % LEARNER_EVENTS];
    head->told = (uint32_t)told + 1;
    learner->changed[LEARNER_HEAD] = true;
    return true;
}

const char *learner_event_name(enum learner_event_kind kind)
{
    static const char *const NAMES[LEARNER_EVENT_KINDS] = {
        "promoted", "refused", "rolled_back", "not_finite", "rolled_back_by_hand", "drift"};
    return kind < LEARNER_EVENT_KINDS ? NAMES[kind] : "unknown";
}

void learner_facts(const struct learner *learner, struct learner_facts *facts)
{
    const struct learner_head *head = &learner->head;
    *facts =
        (struct learner_facts){.generation = learner_generation(learner),
                               .kept = head->kept,
                               .batches = head->batches,
                               .events = head->events,
                               .loss = head->loss_weight > 0 ? head->loss / head->loss_weight : 0,
                               .rate = (float)learner->options.rate,
                               .budget = head->budget,
                               .done = head->done};
    memcpy(facts->score, head->score, sizeof facts->score);
    memcpy(facts->told, head->told_kinds, sizeof facts->told);
    uint64_t oldest = head->events > LEARNER_EVENTS ? head->events - LEARNER_EVENTS : 0;
    for (uint64_t e = oldest; e < head->events; e++) {
        facts->event[facts->event_count++] = head->event[e % LEARNER_EVENTS];
    }
}
