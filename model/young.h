/* What a shop knows of its new series before they know themselves. A history begins with a sale, so
 * its first buckets promise too much; and a few buckets say little about spread. By groups of age,
 * this keeps the ratio of what young series sold to what their level said, and their spread; both
 * correct the statistics of every young series, less and less as it ages. Sums of one close are
 * integers: no order.
 *
 * Thread: one owner. */
#ifndef RESTOCK_YOUNG_H
#define RESTOCK_YOUNG_H

#include <stdint.h>

enum { YOUNG_GROUPS = 6, YOUNG_BUCKETS = 32 }; /* after 1, 2, 3-4, 5-8, 9-16, 17-32 buckets */

struct young {
    float expected[YOUNG_GROUPS], sold[YOUNG_GROUPS],
        error[YOUNG_GROUPS]; /* discounted sums; error: squared */
    float closes[YOUNG_GROUPS]; /* discounted number of those that told something */
};

struct young_tally { /* of one close, in 2^-8 units */
    int64_t expected[YOUNG_GROUPS], sold[YOUNG_GROUPS], error[YOUNG_GROUPS];
};

/* A series of `observed` buckets that should have sold `mean` sold `units`. Nothing happens above
 * YOUNG_BUCKETS or at 0. */
void young_count(struct young_tally *tally, uint32_t observed, float mean, float units);
/* Take the close's tally, which is cleared. */
void young_fold(struct young *young, struct young_tally *tally);
/* Correct level (as counted with) and spread of a series. */
void young_correct(const struct young *young, uint32_t observed, float *level, float *spread);

#endif
