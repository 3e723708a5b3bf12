/* Judging weights: what several sets of them say of forecasts whose targets have matured, with the
 * same windows, on targets that none of those compared has seen.
 *
 * Pure but for its sums; one owner. */
#ifndef RESTOCK_JUDGE_H
#define RESTOCK_JUDGE_H

#include "model/lesson.h"
#include "model/train.h"

#include <stdbool.h>
#include <stdint.h>

enum judge_net { /* nb: the statistical expert that the networks correct */
                 JUDGE_NB,
                 JUDGE_BASE, /* the frozen twin */
                 JUDGE_SERVING,
                 JUDGE_BEFORE, /* the generation that served before */
                 JUDGE_NETS
};

enum judge_span {
    JUDGE_STEP,
    JUDGE_WEEK,
    JUDGE_LEAD,
    JUDGE_SPANS
}; /* next bucket; sums of up to
      7; longer sums */

struct judge_score { /* discounted sums over matured targets */
    double loss; /* pinball loss of all levels, over sqrt(1 + mean of nb): for decisions */
    double count;
    double pinball[JUDGE_SPANS], units[JUDGE_SPANS]; /* their ratio is the rolling WQL */
    double covered[JUDGE_SPANS], targets[JUDGE_SPANS]; /* y <= 0.9 quantile */
    double mean[JUDGE_SPANS]; /* of the forecasts: mean / units - 1 is the bias */
};

struct judge_case { /* one fork, and by whom it may be judged */
    struct train_fork fork;
    bool serving, challenger; /* neither the serving weights (the challenger) nor what came before
                                 them have seen the target */
    uint8_t span, demand_class;
};

struct judge_seen { /* newest bucket that weights were trained on; INT64_MIN: none */
    int64_t serving, challenger;
};

/* Forks of one window that end with its newest bucket: the next bucket's, and one for each length
 * of the head. Returns their number, at most 1 + NET_LENGTHS. */
size_t judge_cases(struct lesson *lesson, const struct judge_seen *seen, uint32_t member,
                   struct judge_case *cases);
struct judge_saying { /* a forecast */
    float mean, q[FORECAST_LEVELS];
};

/* Add what was said of a case. Returns the loss of the case; NaN: not finite. */
double judge_add(struct judge_score *score, const struct judge_case *one,
                 const struct judge_saying *says);
void judge_fade(struct judge_score *score, double keep);

/* Page-Hinkley test for a rise of a mean, on values standardised by their own past. Zero = nothing
 * seen. */
struct page_hinkley {
    double mean, square, count; /* exponentially weighted */
    double sum, least;
};
/* One value; true: a rise. The test then begins anew from what it knows. */
bool page_hinkley_add(struct page_hinkley *test, double value);

#endif
