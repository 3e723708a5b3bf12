#include "optimize/transfer.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { PLACES = 3 };

/* Cost of a place: too little is dear, too much is not for nothing. */
struct shop {
    double target[PLACES], stock[PLACES], under[PLACES], over[PLACES];
};

static double value(void *context, size_t place, int64_t units)
{
    const struct shop *shop = context;
    double off = shop->stock[place] + (double)units - shop->target[place];
    return off < 0 ? -off * shop->under[place] : off * shop->over[place];
}

static struct transfer_terms terms_of(struct shop *shop, int64_t *stock, int64_t *room)
{
    for (int i = 0; i < PLACES; i++) {
        stock[i] = (int64_t)shop->stock[i];
        room[i] = 16;
    }
    return (struct transfer_terms){
        .value = value, .context = shop, .places = PLACES, .stock = stock, .room = room, .pack = 1};
}

static double total(const struct transfer_terms *terms, const struct transfer *move, size_t count)
{
    int64_t change[PLACES] = {0};
    double cost = 0;
    for (size_t m = 0; m < count; m++) {
        change[move[m].from] -= move[m].quantity;
        change[move[m].to] += move[m].quantity;
        cost += terms->lane_cost + terms->unit_cost * (double)move[m].quantity;
    }
    for (size_t i = 0; i < PLACES; i++) {
        cost += terms->value(terms->context, i, change[i]);
    }
    return cost;
}

Test(transfer, surplus_goes_where_it_lacks)
{
    struct shop shop = {{10, 10, 10}, {18, 4, 10}, {5, 5, 5}, {0.1, 0.1, 0.1}};
    int64_t stock[PLACES], room[PLACES];
    struct transfer_terms terms = terms_of(&shop, stock, room);
    terms.unit_cost = 0.5;
    struct transfer out[TRANSFER_MOST];
    cr_assert_eq(transfer_plan(&terms, out), 1);
    cr_expect_eq(out[0].from, 0);
    cr_expect_eq(out[0].to, 1);
    cr_expect(out[0].quantity >= 4 && out[0].quantity <= 8, "%d", (int)out[0].quantity);
    cr_expect_eq(out[0].left, 18 - out[0].quantity);
    cr_expect(out[0].gain > out[0].loss);
    terms.unit_cost = 6; /* more than a lost sale costs */
    cr_expect_eq(transfer_plan(&terms, out), 0);
    terms.unit_cost = 0.5;
    terms.lane_cost = 40;
    cr_expect_eq(transfer_plan(&terms, out), 0);
}

Test(transfer, nothing_moves_without_a_reason)
{
    struct shop shop = {{10, 10, 10}, {10, 10, 10}, {5, 5, 5}, {1, 1, 1}};
    int64_t stock[PLACES], room[PLACES];
    struct transfer_terms terms = terms_of(&shop, stock, room);
    struct transfer out[TRANSFER_MOST];
    cr_expect_eq(transfer_plan(&terms, out), 0);
    terms.places = 1;
    cr_expect_eq(transfer_plan(&terms, out), 0);
    terms.places = 0;
    cr_expect_eq(transfer_plan(&terms, out), 0);
}

/* Random shops: never worse, whole packs, nobody gives what is not there, and nearly as good as the
 * best of all plans. */
Test(transfer, near_the_best_of_all_plans)
{
    struct rng rng;
    rng_init(&rng, 8);
    double found_saving = 0, best_saving = 0;
    for (int round = 0; round < 200; round++) {
        struct shop shop;
        int64_t stock[PLACES], room[PLACES];
        for (int i = 0; i < PLACES; i++) {
            shop.target[i] = (double)rng_below(&rng, 9);
            shop.stock[i] = (double)rng_below(&rng, 9);
            shop.under[i] = 1 + 4 * rng_unit(&rng);
            shop.over[i] = rng_unit(&rng);
        }
        struct transfer_terms terms = terms_of(&shop, stock, room);
        terms.unit_cost = 0.3;
        terms.pack = 1 + (int64_t)rng_below(&rng, 2);
        struct transfer out[TRANSFER_MOST];
        size_t count = transfer_plan(&terms, out);
        double before = total(&terms, out, 0), after = total(&terms, out, count), best = before;
        cr_assert(after <= before);
        int64_t given[PLACES] = {0};
        for (size_t m = 0; m < count; m++) {
            cr_assert(out[m].quantity > 0 && out[m].quantity % terms.pack == 0);
            given[out[m].from] += out[m].quantity;
        }
        for (int i = 0; i < PLACES; i++) {
            cr_assert(given[i] <= stock[i]);
        }
        for (int64_t a = -16; a <= 16; a += terms.pack) { /* changes of places 0 and 1 */
            for (int64_t b = -16; b <= 16; b += terms.pack) {
                int64_t c = -a - b;
                if (-a > stock[0] || -b > stock[1] || -c > stock[2]) {
                    continue;
                }
                double moved = (double)(labs(a) + labs(b) + labs(c)) / 2;
                double cost = value(&shop, 0, a) + value(&shop, 1, b) + value(&shop, 2, c) +
                              terms.unit_cost * moved;
                best = fmin(best, cost);
            }
        }
        cr_assert(after >= best - 1e-9);
        found_saving += before - after;
        best_saving += before - best;
    }
    cr_expect(found_saving > 0.97 * best_saving, "%g of %g", found_saving, best_saving);
}
