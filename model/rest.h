/* Rest of the day: what a day forecast becomes while its day is under way, where the bucket is
 * shorter than a day.
 *
 *     struct rest_day day = {.mean = 8, .spread = 2, .relative = rest_relative(&moments, class),
 *                            .elapsed = 0.5f, .observed = 0.5f, .sold = 7};
 *     struct rest rest = rest_of_day(&day);         // level 1.5 or so, mean of the rest 6
 *
 * The day's demand is level x mean, spread over the day by the profile; the level of a day is 1 on
 * average, with a variance `relative` from day to day that all its buckets share, and given the
 * level the buckets are independent, with a variance of `lump` per unit of mean. The level given
 * what has sold is the linear Bayes (credibility) estimate
 *
 *     level = (lump / relative + sold) / (lump / relative + observed x mean)
 *
 * (Buehlmann, Straub, "Glaubwuerdigkeit fuer Schadensaetze", 1970; exact for the gamma-Poisson
 * pair, lump 1). That a day's later demand is updated by its earlier one in this way: Shen, Huang,
 * "Interday forecasting and intraday updating of call center arrivals", M&SOM 10 (2008).
 *
 * `relative` is not assumed: rest_learn takes, of each series and day, what was off in the first
 * half and in the second; their covariance over all series of a class is relative x mean^2 x p x
 * (1 - p), so its moment estimate is a ratio of two sums. Where halves say nothing about each other
 * it goes to zero, and a forecast does not move with the day.
 *
 * Pure, plain data. Thread: one owner. */
#ifndef RESTOCK_REST_H
#define RESTOCK_REST_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "model/forecaster.h"

enum { REST_SHOP = FORECAST_CLASSES, REST_CLASSES }; /* the shop as a whole beside the classes */

struct rest_moments { /* discounted sums; zero = nothing known */
    double product[REST_CLASSES], square[REST_CLASSES];
};

struct rest_half { /* one series, one day */
    float mean, spread; /* of the day, as forecast; variance over mean */
    float share; /* of the day that the first half is */
    float first, second; /* sold */
};

struct rest_day { /* one series while its day is under way */
    float mean, spread; /* of the day, as forecast */
    float relative;
    float elapsed; /* share of the day that is over */
    float observed; /* share that is over and was in stock */
    float sold; /* in the observed part */
};

struct rest {
    float level; /* of the day, 1 = as forecast */
    float mean, variance; /* demand of the rest of the day */
    float lump; /* variance over mean of a bucket, given the level */
    float relative; /* variance of the level that is left */
};

/* Once per day: forget a little. */
void rest_fold(struct rest_moments *moments);
void rest_learn(struct rest_moments *moments, int demand_class, const struct rest_half *half);
/* Variance of the level of a day, 0.0025 .. 1. */
float rest_relative(const struct rest_moments *moments, int demand_class);
struct rest rest_of_day(const struct rest_day *day);
/* The sums of a series at lengths from now instead of from the start of its day: row i of `day`,
 * into rows of `out`, whose sum arrays are writable and of the same shape. ahead: days (a share)
 * added to each length; 0: sums end with their days. mean: the day forecast that `rest` began
 * from. */
struct rest_shift {
    const struct rest *rest;
    float mean, spread; /* of the day under way */
    float ahead;
};
void rest_sums(const struct forecast_block *day, uint32_t i, const struct rest_shift *shift,
               float *sum_mean, float *sum_q);

void rest_save(const struct rest_moments *moments, struct buf *out);
/* Refuses what save did not write (STATUS_CORRUPT), *moments as it was then. */
struct status *rest_load(struct rest_moments *moments, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
