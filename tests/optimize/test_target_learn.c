#include "optimize/target_learn.h"

#include "optimize/target_file.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = LEVEL_NET_LANES, ROLLOUTS = 4 };

struct class_room {
    struct target_shop shops[B], copy[B];
    struct level_net net, gradient, unused;
};

static struct class_room *room_new(struct rng *rng)
{
    struct class_room *room = calloc(1, sizeof *room);
    cr_assert(room);
    level_net_init(&room->net, TARGET_INPUTS, rng);
    return room;
}

static double cost_at(struct class_room *room, float lift)
{
    memcpy(room->copy, room->shops, sizeof room->copy);
    room->net.b3 = lift;
    return target_rollout(&room->net, room->copy, &room->unused);
}

/* Orders are whole packs, so that the cost is a staircase: a wide step over many shops shows its
 * slope, within the noise of those that stand at an edge. The gradient leaves out the last orders
 * of a rollout. What is asked is the direction and the size. */
Test(target_learn, the_gradient_is_the_slope_of_the_cost)
{
    struct rng rng;
    rng_init(&rng, 21);
    struct class_room *room = room_new(&rng);
    for (int side = -1; side <= 1; side += 2) {
        double claimed = 0, found = 0;
        float at = 1.2F * (float)side;
        for (int i = 0; i < ROLLOUTS; i++) {
            for (int k = 0; k < B; k++) {
                target_shop_draw(&room->shops[k], &rng);
            }
            memcpy(room->copy, room->shops, sizeof room->copy);
            memset(&room->gradient, 0, sizeof room->gradient);
            room->net.b3 = at;
            (void)target_rollout(&room->net, room->copy, &room->gradient);
            claimed += (double)room->gradient.b3 / ROLLOUTS;
            found += (cost_at(room, at + 0.3F) - cost_at(room, at - 0.3F)) / 0.6 / ROLLOUTS;
        }
        cr_expect(found * side > 0 && claimed * side > 0, "at %g: %g, found %g", (double)at,
                  claimed, found);
        cr_expect_float_eq(claimed, found, 0.5 * fabs(found), "at %g: %g, found %g", (double)at,
                           claimed, found);
    }
    free(room);
}

Test(target_learn, a_blank_network_is_the_exact_policy)
{
    struct rng rng;
    struct level_net net;
    rng_init(&rng, 22);
    level_net_init(&net, TARGET_INPUTS, &rng);
    struct target_trial trial = target_trial_run(&net, 5, 30, 10);
    cr_assert(trial.exact == trial.learned && trial.better == 0 && trial.exact > 0);
    cr_assert(trial.exact_fill == trial.learned_fill && trial.exact_fill > 0.5);
}

Test(target_learn, learns_and_the_same_seed_learns_the_same)
{
    struct target_school *one = target_school_create(3), *two = target_school_create(3);
    for (int step = 0; step < 15; step++) {
        double a = target_school_step(one, 3e-3F), b = target_school_step(two, 3e-3F);
        cr_assert(a == b && isfinite(a) && a > 0);
    }
    const struct level_net *net = target_school_net(one);
    cr_assert(memcmp(net, target_school_net(two), sizeof *net) == 0);
    double moved = 0;
    for (int o = 0; o < LEVEL_NET_HIDDEN; o++) {
        moved += fabs((double)net->w3[o]);
    }
    cr_assert(moved > 1e-3);
    target_school_destroy(one);
    target_school_destroy(two);
    target_school_destroy(NULL);
}

/* Enough shops that luck does not decide; the margin is a third of what was measured. */
Test(target_learn, the_shipped_network_costs_less_in_shops_that_it_never_saw)
{
    struct level_net net;
    cr_assert_null(target_file_load(target_file_shipped(), &net, NULL));
    struct target_trial trial = target_trial_run(&net, 777, 600, 40);
    cr_assert(trial.learned < 0.995 * trial.exact, "%g for %g", trial.learned, trial.exact);
    cr_assert(trial.learned_fill > trial.exact_fill - 0.08);
}
