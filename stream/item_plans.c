#include "stream/item_plans.h"

#include <math.h>

void item_plans_known(const struct item_line *item, const struct buckets *buckets, int64_t last,
                      float *known)
{
    for (int64_t b = last; item->plan_count > 0 && b <= last + WINDOW_AHEAD;
         b++, known += WINDOW_KNOWN) {
        int64_t middle_ms = (bucket_start(buckets, b) + bucket_start(buckets, b + 1)) / 2;
        int64_t price = item->price;
        bool promotion = false;
        for (int32_t p = 0; p < item->plan_count; p++) {
            const struct item_plan *plan = &item->plans[p];
            if (middle_ms >= plan->from_ms && middle_ms < plan->to_ms) {
                price = plan->price >= 0 ? plan->price : item->price;
                promotion = plan->promotion;
            }
        }
        known[WINDOW_PROMO] = promotion;
        known[WINDOW_PRICE] = price > 0 ? (float)price : NAN;
    }
}
