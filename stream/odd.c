#include "stream/odd.h"

#include "stream/inject.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_Z 3.5f
#define LEAST_SPREAD 0.25f
#define MAD_TO_SD 1.4826f
#define GAP_NATS 13.8
#define PRICE_RATIO 0.65f /* of logarithms */

enum { WEEK = 7, RETURNS = 4 };

struct days { /* of one product, by bucket of the shop */
    size_t count;
    float *units, *largest, *lines, *returns, *far_price, *week; /* [count] each, one block */
    float *sorted; /* [count] scratch */
    size_t selling;
};

static int by_size(const void *a, const void *b)
{
    float one = *(const float *)a, two = *(const float *)b;
    return (one > two) - (one < two);
}

static float median_of(float *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

/* Middle and spread of the logarithms of what is above zero. False: too few. */
static bool measure(struct days *days, const float *values, size_t count, float *middle,
                    float *spread)
{
    size_t known = 0;
    for (size_t k = 0; k < count; k++) {
        if (values[k] > 0) {
            days->sorted[known++] = logf(values[k]);
        }
    }
    if (known < 5) {
        return false;
    }
    *middle = median_of(days->sorted, known);
    for (size_t k = 0; k < known; k++) {
        days->sorted[k] = fabsf(days->sorted[k] - *middle);
    }
    *spread = fmaxf(MAD_TO_SD * median_of(days->sorted, known), LEAST_SPREAD);
    return true;
}

static void mark_large(struct days *days, const float *values, uint8_t *marks)
{
    float middle, spread;
    if (!measure(days, values, days->count, &middle, &spread)) {
        return;
    }
    for (size_t k = 0; k < days->count; k++) {
        marks[k] |= values[k] > 0 && logf(values[k]) - middle > MOST_Z * spread;
    }
}

static void mark_weeks(struct days *days, uint8_t *marks)
{
    float middle, spread;
    size_t weeks = (days->count + WEEK - 1) / WEEK;
    for (size_t w = 0; w < weeks; w++) {
        days->week[w] = 0;
        for (size_t k = w * WEEK; k < (w + 1) * WEEK && k < days->count; k++) {
            days->week[w] += days->lines[k];
        }
    }
    if (!measure(days, days->week, weeks, &middle, &spread)) {
        return;
    }
    for (size_t k = 0; k < days->count; k++) {
        float week = days->week[k / WEEK];
        marks[k] |= week > 0 && fabsf(logf(week) - middle) > MOST_Z * spread;
    }
}

/* Stretches without a line in which the product's usual rate would have brought many. */
static void mark_gaps(const struct days *days, size_t first, uint8_t *marks)
{
    double lines = 0;
    for (size_t k = first; k < days->count; k++) {
        lines += (double)days->lines[k];
    }
    double rate = lines / (double)(days->count - first);
    size_t begin = first;
    for (size_t k = first; k <= days->count; k++) {
        if (k < days->count && !(days->lines[k] > 0)) {
            continue;
        }
        if ((double)(k - begin) * rate > GAP_NATS) {
            memset(marks + begin, 1, k - begin);
        }
        begin = k + 1;
    }
}

static void gather(const struct till *shop, uint32_t product, struct days *days)
{
    memset(days->units, 0, 6 * days->count * sizeof *days->units);
    size_t prices = 0;
    const struct till_product *p = &shop->products[product];
    for (uint32_t k = p->begin; k < p->end; k++) {
        const struct till_line *line = &shop->lines[shop->by_product[k]];
        size_t at = (size_t)(line->bucket - shop->first);
        if (line->order.kind != ORDER_SALE) {
            days->returns[at] += 1;
            continue;
        }
        float quantity = (float)line->order.quantity;
        days->units[at] += quantity;
        days->lines[at] += 1;
        days->largest[at] = fmaxf(days->largest[at], quantity);
        if (line->order.unit_price > 0 && prices < days->count) {
            days->sorted[prices++] = logf((float)line->order.unit_price);
        }
    }
    float usual = prices ? median_of(days->sorted, prices) : 0;
    for (uint32_t k = p->begin; k < p->end && prices; k++) {
        const struct till_line *line = &shop->lines[shop->by_product[k]];
        if (line->order.kind == ORDER_SALE && line->order.unit_price > 0 &&
            fabsf(logf((float)line->order.unit_price) - usual) > PRICE_RATIO) {
            days->far_price[line->bucket - shop->first] = 1;
        }
    }
}

uint8_t *odd_mark(const struct till *shop)
{
    struct days days = {.count = (size_t)(shop->last - shop->first + 1)};
    uint8_t *marks = calloc((size_t)shop->product_count * days.count, 1);
    float *block = malloc(7 * days.count * sizeof *block);
    if (!marks || !block) {
        free(marks);
        free(block);
        return NULL;
    }
    float **const parts[] = {&days.units,     &days.largest, &days.lines, &days.returns,
                             &days.far_price, &days.week,    &days.sorted};
    for (size_t i = 0; i < 7; i++) {
        *parts[i] = block + i * days.count;
    }
    for (uint32_t p = 0; p < shop->product_count; p++) {
        uint8_t *own = marks + inject_cell(shop, p, shop->first);
        if (shop->products[p].first == INT64_MAX) {
            continue;
        }
        gather(shop, p, &days);
        for (size_t k = 0; k < days.count; k++) {
            own[k] |= days.returns[k] >= RETURNS || days.far_price[k] > 0;
        }
        mark_large(&days, days.units, own);
        mark_large(&days, days.largest, own);
        mark_weeks(&days, own);
        mark_gaps(&days, (size_t)(shop->products[p].first - shop->first), own);
    }
    free(block);
    return marks;
}
