/* Random lead times: a gamma distribution by mean and standard deviation, rounded to whole slots,
 * as a short list of chances. */
#ifndef RESTOCK_LEAD_H
#define RESTOCK_LEAD_H

#include <stdint.h>

enum { LEAD_POINTS = 8 };

struct lead {
    uint32_t count; /* 1 .. LEAD_POINTS */
    int64_t slots[LEAD_POINTS]; /* ascending, >= 0 */
    double weight[LEAD_POINTS]; /* sum 1 */
};

/* mean and sd in slots; nothing negative or non-finite gets through (they count as 0). A mean above
 * 0 arrives after 1 slot at least. */
void lead_init(struct lead *lead, double mean, double sd);
/* One more point at or after the last one (the first where count is 0); beside LEAD_POINTS others
 * only one equal to the last. */
void lead_add(struct lead *lead, int64_t slots, double weight);
/* What is left of a lead time of which `passed` slots have gone by without an arrival: >= 0 slots
 * from now. When every point has passed, a quarter of the mean (at least 1 slot) is expected still.
 */
void lead_remaining(const struct lead *lead, int64_t passed, struct lead *out);
double lead_mean(const struct lead *lead);
int64_t lead_quantile(const struct lead *lead, double level);

#endif
