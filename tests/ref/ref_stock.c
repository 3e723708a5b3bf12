#include "tests/ref/ref_stock.h"

#include "config/base/rng.h"

static bool holds(const struct ref_stock_event *events, size_t count, size_t i)
{
    for (size_t k = 0; k < count; k++) {
        bool newer = events[k].event_ms > events[i].event_ms ||
                     (events[k].event_ms == events[i].event_ms && k > i);
        if (events[k].kind == REF_COUNT && newer) {
            return false;
        }
    }
    return true;
}

int64_t ref_stock_now(const struct ref_stock_event *events, size_t count, bool count_on_hand)
{
    int64_t stock = 0, counted_ms = INT64_MIN, held_before = 0;
    for (size_t i = 0; i < count; i++) {
        if (events[i].kind == REF_COUNT && holds(events, count, i)) {
            stock = events[i].quantity;
            counted_ms = events[i].event_ms;
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool after = events[i].event_ms > counted_ms;
        if (events[i].kind == REF_MOVE && after) {
            stock += events[i].quantity;
        } else if (events[i].kind == REF_RESERVE) {
            held_before += after ? 0 : events[i].quantity;
            stock -= after && !count_on_hand ? events[i].quantity : 0;
        }
    }
    return count_on_hand ? stock - held_before : stock;
}

static void one_day(int64_t *stock, uint64_t demand, bool lost_sales, int64_t *lost)
{
    for (uint64_t unit = 0; unit < demand; unit++) {
        if (*stock > 0) {
            --*stock;
            continue;
        }
        ++*lost;
        *stock -= lost_sales ? 0 : 1;
    }
}

struct ref_stock_result ref_stock_play(const struct ref_stock_game *game, size_t runs,
                                       uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, seed);
    struct ref_stock_result sum = {0};
    for (size_t run = 0; run < runs; run++) {
        int64_t lead = game->lead[rng_below(&rng, game->leads)];
        int64_t stock = game->stock, lost = 0, lost_after = 0;
        for (int64_t day = 0; day < lead + game->review; day++) {
            stock += game->supply && day == game->supply_in ? game->supply : 0;
            stock += day == lead ? game->quantity : 0;
            one_day(&stock, rng_poisson(&rng, game->rate), game->lost_sales,
                    day < lead ? &lost : &lost_after);
        }
        sum.stockout += lost + lost_after > 0;
        sum.after += lost_after > 0;
        sum.lost += (double)(lost + lost_after);
        sum.left += stock > 0 ? (double)stock : 0;
    }
    double n = (double)runs;
    return (struct ref_stock_result){sum.stockout / n, sum.lost / n, sum.left / n, sum.after / n};
}
