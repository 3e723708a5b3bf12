#include "optimize/joint.h"

#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

enum { EVERY_MOST = 1 << 16, STEPS_MOST = 2000000 };

struct joint joint_for(const struct joint_terms *terms, const uint32_t *every)
{
    double fixed = terms->order_cost, slope = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const struct joint_item *item = &terms->item[i];
        fixed += item->cost / every[i];
        slope += item->holding * item->rate * every[i] / 2;
    }
    double cycle = sqrt(fixed / slope);
    return (struct joint){.cycle = cycle, .cost = fixed / cycle + slope * cycle};
}

static uint32_t next_of(const struct joint_terms *terms, uint32_t every)
{
    return terms->powers_of_two ? every * 2 : every + 1;
}

/* Cycle length below which the next multiplier is cheaper than this one. */
static double turning(const struct joint_terms *terms, size_t i, uint32_t every)
{
    const struct joint_item *item = &terms->item[i];
    double both = (double)every * next_of(terms, every);
    return every >= EVERY_MOST ? 0 : sqrt(2 * item->cost / (item->holding * item->rate * both));
}

/* Shorter cycles than this cannot pay: the shared cost alone exceeds what was found. */
static double shortest(const struct joint_terms *terms, double found)
{
    return terms->order_cost / found;
}

struct joint joint_best(const struct joint_terms *terms, uint32_t *every)
{
    ASSERT(terms->count > 0 && terms->count <= JOINT_ITEMS_MOST && terms->order_cost > 0);
    uint32_t now[JOINT_ITEMS_MOST];
    for (size_t i = 0; i < terms->count; i++) {
        now[i] = every[i] = 1;
    }
    struct joint best = joint_for(terms, now);
    for (size_t step = 0; step < STEPS_MOST; step++) {
        size_t which = 0;
        double longest = 0;
        for (size_t i = 0; i < terms->count; i++) {
            double point = turning(terms, i, now[i]);
            which = point > longest ? i : which;
            longest = fmax(point, longest);
        }
        if (longest <= shortest(terms, best.cost)) {
            break;
        }
        now[which] = next_of(terms, now[which]);
        struct joint found = joint_for(terms, now);
        if (found.cost < best.cost) {
            best = found;
            memcpy(every, now, terms->count * sizeof *every);
        }
    }
    return best;
}
