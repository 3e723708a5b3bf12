/* Injected anomalies: what a detector learns from. Into the lines of a shop on record, never into
 * totals; kinds as enum alert_kind (spike .. bulk_order), sizes and lengths drawn from wide
 * continuous ranges. Days that were odd by themselves stay what they are.
 *
 *     spike, level_shift_up    more of the product's own earlier buckets
 *     drop, level_shift_down   lines kept by chance; zero_run: all vanish
 *     returns_burst            lines of the last 60 buckets come back
 *     price_error              prices multiplied or divided
 *     bulk_order               one line far larger than the product's usual ones, in a real basket
 *
 * A change of rate that could not be told from chance before it ends (10 nats) is not made.
 * Deterministic for shop and seed. */
#ifndef RESTOCK_INJECT_H
#define RESTOCK_INJECT_H

#include "stream/till.h"

enum {
    INJECT_NONE = 0,
    INJECT_SPARED = 255
}; /* spared: after an incident, nothing to learn from */

struct injected {
    struct till_line *lines; /* [count] in order of time; texts belong to the shop */
    uint32_t count;
    /* [products, buckets of the shop] INJECT_NONE, INJECT_SPARED, or 1 + enum alert_kind while it
     * lasts */
    uint8_t *labels;
    uint8_t *length; /* [products, buckets] of the incident, in buckets, saturating */
    uint32_t incidents[ALERT_KINDS];
};

/* rate: incidents per product and bucket of the shop, where room is found for them. */
struct status *inject_run(const struct till *shop, uint64_t seed, double rate, struct injected *out)
    __attribute__((warn_unused_result));
void inject_free(struct injected *injected);

static inline size_t inject_cell(const struct till *shop, uint32_t product, int64_t bucket)
{
    return (size_t)product * (size_t)(shop->last - shop->first + 1) +
           (size_t)(bucket - shop->first);
}

#endif
