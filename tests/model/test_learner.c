#include "model/learner.h"

#include "model/learner_parts.h"
#include "tests/model/lessons.h"

#include <criterion/criterion.h>
#include <math.h>

enum {
    SERIES = 200,
    READY = 100
}; /* the tile again and again; closes before anything is learned */

static struct base_model *base;
static struct lessons all;
static struct learner *learner;
static const struct learner_options OPTIONS = {
    .rate = 0.002, .anchor = 0.1, .batches = 2, .series_least = 100};

static struct learner *new_learner(void)
{
    struct learner *made = learner_create(base, &OPTIONS, 7);
    cr_assert_not_null(made);
    return made;
}

/* A network of random words: it has much to learn. */
static void init(void)
{
    base = base_make(0.3);
    lessons_init(&all, base, 2);
    learner = new_learner();
}

static void fini(void)
{
    learner_destroy(learner);
    lessons_fini(&all);
    base_model_free(base);
}

TestSuite(learner, .init = init, .fini = fini);

static void begin(int t, uint32_t series)
{
    learner_begin_close(learner, t);
    lessons_close(&all, t, learner_tape(learner));
    learner_end_close(learner, series);
}

static void piece(void)
{
    struct learner_source source = {&all, lessons_source_row, lessons_source_loss};
    struct lesson_view view = lessons_view(&all);
    learner_work(learner, &view, &all.fc->negbin, &source);
}

/* Closes up to t, all work done; the first READY of them teach nothing. */
static void run(int from, int t)
{
    for (; from <= t; from++) {
        begin(from, from < READY ? 10 : SERIES);
        while (learner_pending(learner)) {
            piece();
        }
    }
}

static struct learner_event last_event(void)
{
    struct learner_facts facts;
    learner_facts(learner, &facts);
    cr_assert_gt(facts.event_count, 0u);
    return facts.event[facts.event_count - 1];
}

static void save(struct buf *out)
{
    for (int part = 0; part < LEARNER_PARTS; part++) {
        learner_save(learner, (enum learner_part)part, out);
    }
}

/* Everything lost but what was saved. */
static void restart(void)
{
    struct buf saved[LEARNER_PARTS] = {0};
    for (int part = 0; part < LEARNER_PARTS; part++) {
        learner_save(learner, (enum learner_part)part, &saved[part]);
    }
    learner_destroy(learner);
    learner = new_learner();
    for (int part = 0; part < LEARNER_PARTS; part++) {
        bool taken = false;
        cr_assert_null(
            learner_load(learner, (enum learner_part)part, buf_view(&saved[part]), &taken));
        cr_assert(taken);
        buf_fini(&saved[part]);
    }
    all.tape_ref = learner_tape(learner);
}

Test(learner, budget_follows_the_series)
{
    static const struct {
        uint32_t series, batches;
    } CASES[] = {{10, 0}, {100, 1}, {142, 1}, {143, 2}, {1000000, 2}};
    run(0, READY - 1);
    for (size_t n = 0; n < sizeof CASES / sizeof CASES[0]; n++) {
        learner_end_close(learner, CASES[n].series);
        struct learner_facts facts;
        learner_facts(learner, &facts);
        cr_assert_eq(facts.budget, CASES[n].batches, "%u series", CASES[n].series);
    }
}

Test(learner, promotes_what_has_learned)
{
    run(0, READY + 25);
    struct learner_facts facts;
    learner_facts(learner, &facts);
    cr_assert_gt(facts.generation, 0u);
    cr_assert_eq(facts.event[0].kind, (uint32_t)LEARNER_PROMOTED);
    cr_assert_lt(facts.event[0].ratio, 1);
    cr_assert_neq(learner_net(learner), base_model_net(base));
    const struct judge_score *score = facts.score;
    cr_assert_gt(score[JUDGE_SERVING].count, 100);
    cr_assert_lt(score[JUDGE_SERVING].loss, score[JUDGE_BASE].loss);
    cr_assert_eq(score[JUDGE_SERVING].count, score[JUDGE_NB].count);
}

Test(learner, same_bytes_whatever_restarts)
{
    run(0, READY + 18);
    struct buf whole = {0}, pieces = {0};
    save(&whole);
    fini();
    init();
    for (int t = 0; t <= READY + 18; t++) {
        begin(t, t < READY ? 10 : SERIES);
        while (learner_pending(learner)) {
            if (t > READY + 3) {
                restart();
            }
            piece();
        }
    }
    save(&pieces);
    cr_assert_eq(whole.bytes, pieces.bytes);
    cr_assert_eq(memcmp(whole.data, pieces.data, whole.bytes), 0);
    buf_fini(&whole);
    buf_fini(&pieces);
}

Test(learner, what_comes_after_the_close_changes_nothing)
{
    struct buf one = {0}, two = {0};
    run(0, READY + 3);
    save(&one);
    fini();
    init();
    for (int i = 0; i < TILE_SERIES; i++) { /* the future is another one */
        for (int t = READY + 4; t < SHOP_BUCKETS; t++) {
            all.shop.units[i][t] = 1000;
        }
    }
    run(0, READY + 3);
    save(&two);
    cr_assert_eq(memcmp(one.data, two.data, one.bytes), 0);
    buf_fini(&one);
    buf_fini(&two);
}

static void spoil(float *weights, float size)
{
    struct rng rng;
    struct net net;
    rng_init(&rng, 5);
    net_bind(&net, weights);
    for (int d = 0; d < NET_OUTPUTS * NET_DECODER; d++) {
        net.wo[d] = size * (float)rng_normal(&rng);
    }
}

Test(learner, refuses_a_worse_challenger_twice_then_starts_anew)
{
    run(0, READY + 1);
    for (int t = READY + 2; t < READY + 2 + 2 * LEARNER_TRIAL; t++) {
        cr_assert(learner->head.challenged);
        spoil(learner->slot + LEARNER_CHALLENGER * net_floats(), 3);
        run(t, t);
    }
    run(READY + 2 + 2 * LEARNER_TRIAL, READY + 2 + 2 * LEARNER_TRIAL);
    struct learner_facts facts;
    learner_facts(learner, &facts);
    cr_assert_eq(facts.event_count, 2u);
    cr_assert_eq(facts.event[1].kind, (uint32_t)LEARNER_REFUSED);
    cr_assert_gt(facts.event[1].ratio, 1);
    cr_assert_eq(facts.generation, 0u);
    cr_assert_eq(learner_net(learner), base_model_net(base));
    cr_assert_leq(learner->adam.steps, 2 * OPTIONS.batches);
}

/* Closes until a generation serves; the next one to run. */
static int until_promoted(void)
{
    int t = READY + 1;
    run(0, READY);
    while (!learner->head.kept && t < READY + 60) {
        run(t, t);
        t++;
    }
    cr_assert(learner->head.kept);
    return t;
}

Test(learner, goes_back_from_what_turns_out_worse)
{
    int t = until_promoted();
    spoil(learner->slot, 3);
    learner->head.guard = (struct learner_guard){0};
    for (int end = t + 12; learner->head.kept && t < end; t++) {
        run(t, t);
    }
    cr_assert_eq(learner->head.kept, 0u);
    cr_assert_eq(last_event().kind, (uint32_t)LEARNER_ROLLED_BACK);
    cr_assert_gt(last_event().ratio, 1.03f);
    cr_assert_eq(learner_net(learner), base_model_net(base));
    cr_assert_leq(learner->adam.steps, OPTIONS.batches); /* those after the decision */
}

Test(learner, goes_back_at_once_from_what_is_not_finite)
{
    int t = until_promoted();
    learner->slot_net[0].wo[3] = NAN;
    run(t, t + 1);
    cr_assert_eq(last_event().kind, (uint32_t)LEARNER_ROLLED_BACK);
    cr_assert_eq(learner_net(learner), base_model_net(base));
}

Test(learner, trained_weights_that_are_not_finite_start_anew)
{
    run(0, READY + 3);
    learner->trained_net.wp[0] = INFINITY;
    run(READY + 4, READY + 4);
    cr_assert_eq(last_event().kind, (uint32_t)LEARNER_NOT_FINITE);
    cr_assert(learner_has_weights(learner->trained, net_floats()));
}

Test(learner, goes_back_by_hand)
{
    cr_assert(!learner_roll_back(learner));
    int t = until_promoted();
    cr_assert(learner_roll_back(learner));
    cr_assert_neq(learner_net(learner), base_model_net(base)); /* at the next close */
    run(t, t);
    cr_assert_eq(last_event().kind, (uint32_t)LEARNER_BY_HAND);
    cr_assert_eq(learner_net(learner), base_model_net(base));
}

Test(learner, tells_each_event_once)
{
    (void)until_promoted();
    struct learner_event event;
    cr_assert(learner_next_event(learner, &event));
    cr_assert_str_eq(learner_event_name((enum learner_event_kind)event.kind), "promoted");
    cr_assert(!learner_next_event(learner, &event));
    restart();
    cr_assert(!learner_next_event(learner, &event));
}

Test(learner, refuses_damaged_state_and_leaves_that_of_another_base)
{
    run(0, READY + 2);
    for (int part = 0; part < LEARNER_PARTS; part++) {
        struct buf bytes = {0};
        bool taken = true;
        learner_save(learner, (enum learner_part)part, &bytes);
        for (size_t cut = 0; cut < bytes.bytes; cut += 1 + bytes.bytes / 50) {
            struct status *st = learner_load(learner, (enum learner_part)part,
                                             (struct slice){bytes.data, cut}, &taken);
            cr_assert_eq(status_code(st), STATUS_CORRUPT);
            status_free(st);
            bytes.data[cut] ^= 4;
            st = learner_load(learner, (enum learner_part)part, buf_view(&bytes), &taken);
            cr_assert_eq(status_code(st), STATUS_CORRUPT);
            status_free(st);
            bytes.data[cut] ^= 4;
        }
        struct base_model *other = base_make(0.4);
        struct learner *stranger = learner_create(other, &OPTIONS, 7);
        cr_assert_null(learner_load(stranger, (enum learner_part)part, buf_view(&bytes), &taken));
        cr_assert(!taken);
        learner_destroy(stranger);
        base_model_free(other);
        buf_fini(&bytes);
    }
}
