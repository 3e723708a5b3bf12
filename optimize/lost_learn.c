#include "optimize/lost_learn.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = LEVEL_NET_LANES, PERIODS = 48, PERIODS_MOST = 256, COST_POINTS = 1 << 12 };

/* Expected cost of a period by the stock at its start, for whole units; linear between. */
struct price {
    float at[COST_POINTS], step[COST_POINTS];
};

struct tape { /* one period */
    float x[LEVEL_NET_INPUTS][B]; /* inputs: stock and pipeline over the scale */
    struct level_acts acts;
    float stock[B], raw[B]; /* raw: the order before it is kept from going below zero */
};

static void price_init(struct price *price, const struct lost_sales *terms)
{
    double mean = pmf_mean(terms->demand);
    double last = 0;
    for (int x = COST_POINTS - 1; x >= 0; x--) {
        double lost = pmf_shortfall(terms->demand, x);
        double cost = terms->holding * (x - mean + lost) + terms->penalty * lost;
        price->at[x] = (float)cost;
        price->step[x] = x == COST_POINTS - 1 ? (float)terms->holding : (float)(last - cost);
        last = cost;
    }
}

static double price_of(const struct price *price, const float *stock, float *slope)
{
    double total = 0;
    for (int k = 0; k < B; k++) {
        float x = stock[k] < COST_POINTS - 1 ? stock[k] : COST_POINTS - 1;
        int whole = (int)x;
        total += (double)(price->at[whole] + price->step[whole] * (x - (float)whole));
        slope[k] = price->step[whole];
    }
    return total;
}

/* The order of each lane: up to the level, from what is there and on its way. */
static void decide(const struct lost_net *net, const float *state, struct tape *tape, float *order)
{
    float inverse = 1 / (float)net->scale, position[B] = {0};
    for (unsigned i = 0; i < net->lead; i++) {
        for (int k = 0; k < B; k++) {
            tape->x[i][k] = state[i * B + (unsigned)k] * inverse - 1;
            position[k] += state[i * B + (unsigned)k];
        }
    }
    level_net_forward(&net->net, tape->x[0], &tape->acts);
    for (int k = 0; k < B; k++) {
        tape->raw[k] = (float)net->base + (float)net->scale * tape->acts.y[k] - position[k];
        order[k] = tape->raw[k] > 0 ? tape->raw[k] : 0;
    }
}

/* Demand, then what arrives; state [lead + 1][B], the order of today last. */
static void pass(unsigned lead, float *state, const uint16_t *demand)
{
    for (int k = 0; k < B; k++) {
        float left = state[k] - (float)demand[k];
        state[k] = (left > 0 ? left : 0) + state[B + k];
    }
    memmove(state + B, state + 2 * B, (lead - 1) * B * sizeof *state);
}

/* Back through one period: d [lead + 1][B] holds the derivatives by the state after it (the last
 * row free) and gets those by the state before it. */
static void back(const struct lost_net *net, const struct tape *tape, const uint16_t *demand,
                 const float *price_slope, float *d, struct level_net *gradient)
{
    unsigned lead = net->lead;
    float dx[LEVEL_NET_INPUTS][B] = {{0}}, dy[B], first[B], inverse = 1 / (float)net->scale;
    memcpy(first, d, sizeof first);
    memmove(d + 2 * B, d + B, (lead - 1) * B * sizeof *d);
    memcpy(d + B, first, sizeof first); /* today's receipt of the next period */
    float *order = d + lead * B;
    for (int k = 0; k < B; k++) {
        d[k] = price_slope[k] + (tape->stock[k] > (float)demand[k] ? first[k] : 0);
        /* At zero an order may grow again, but not shrink. */
        order[k] = tape->raw[k] > 0 || order[k] < 0 ? order[k] : 0;
        dy[k] = order[k] * (float)net->scale;
    }
    level_net_backward(&net->net, tape->x[0], &tape->acts, dy, gradient, dx[0]);
    for (unsigned i = 0; i < lead; i++) {
        for (int k = 0; k < B; k++) {
            d[i * B + (unsigned)k] += dx[i][k] * inverse - order[k];
        }
    }
}

static double rollout(const struct lost_net *net, const struct price *price, float *state,
                      const uint16_t *demands, unsigned periods, struct tape *tape,
                      struct level_net *gradient)
{
    unsigned lead = net->lead;
    float now[(LOST_LEAD_MOST + 1) * B], d[(LOST_LEAD_MOST + 2) * B] = {0};
    float *slopes = malloc((size_t)periods * B * sizeof *slopes);
    ASSERT(slopes && "out of memory for a simulation");
    double total = 0;
    memcpy(now, state, lead * B * sizeof *now);
    for (unsigned t = 0; t < periods; t++) {
        memcpy(tape[t].stock, now, sizeof tape[t].stock);
        total += price_of(price, now, slopes + (size_t)t * B);
        decide(net, now, &tape[t], now + lead * B);
        pass(lead, now, demands + (size_t)t * B);
    }
    float each = 1 / ((float)periods * B);
    for (size_t i = 0; i < (size_t)periods * B; i++) {
        slopes[i] *= each;
    }
    for (unsigned t = periods; t-- > 0;) {
        back(net, &tape[t], demands + (size_t)t * B, slopes + (size_t)t * B, d, gradient);
    }
    memcpy(state, now, lead * B * sizeof *now);
    free(slopes);
    return total / ((double)periods * B);
}

double lost_learn_rollout(const struct lost_sales *terms, const struct lost_net *net, float *state,
                          const uint16_t *demands, unsigned periods, struct level_net *gradient)
{
    ASSERT(periods >= 1 && periods <= PERIODS_MOST);
    struct price *price = malloc(sizeof *price);
    struct tape *tape = calloc(periods, sizeof *tape);
    ASSERT(price && tape && "out of memory for a simulation");
    price_init(price, terms);
    double cost = rollout(net, price, state, demands, periods, tape, gradient);
    free(price);
    free(tape);
    return cost;
}

/* ---- training ---- */

/* Demands of a period, one for each lane: every B-th part of the distribution once, shuffled. */
static void draw(const struct pmf *demand, struct rng *rng, uint16_t *out)
{
    double reached = 0;
    size_t point = 0;
    for (int k = 0; k < B; k++) {
        double u = ((double)k + rng_unit(rng)) / B;
        while (point + 1 < demand->count && reached + demand->p[point] <= u) {
            reached += demand->p[point++];
        }
        out[k] = (uint16_t)(demand->first + (int64_t)point);
    }
    for (uint64_t i = B; i > 1; i--) {
        uint64_t other = rng_below(rng, i);
        uint16_t swap = out[i - 1];
        out[i - 1] = out[other];
        out[other] = swap;
    }
}

static struct lost_net *start(const struct lost_sales *terms, struct rng *rng)
{
    struct lost_net *net = calloc(1, sizeof *net);
    ASSERT(net && "out of memory for a policy");
    level_net_init(&net->net, terms->lead, rng);
    net->base = lost_sales_best(terms, LOST_BASE_STOCK).level;
    net->scale = fmax(pmf_mean(terms->demand), 1e-3);
    net->lead = terms->lead;
    return net;
}

struct school {
    struct price price;
    struct tape tape[PERIODS];
    struct level_net gradient, average;
    struct level_moments moments;
    uint16_t demands[PERIODS * B];
    float state[LOST_LEAD_MOST * B];
};

/* Up over the first 5 %, then half a cosine down to 1 % of the peak. */
static float rate_at(uint32_t step, uint32_t steps)
{
    static const double PEAK = 3e-3;
    double warm = fmin(((double)step + 1) / (0.05 * steps), 1);
    return (float)(PEAK * warm * (0.01 + 0.99 * 0.5 * (1 + cos(M_PI * step / steps))));
}

struct lost_net *lost_learn(const struct lost_sales *terms,
                            const struct lost_learn_options *options)
{
    ASSERT(!lost_sales_check(terms));
    struct rng rng;
    rng_init(&rng, options->seed);
    struct lost_net *net = start(terms, &rng);
    struct school *school = calloc(1, sizeof *school);
    ASSERT(school && "out of memory for training");
    price_init(&school->price, terms);
    for (int k = 0; k < B; k++) {
        school->state[k] = (float)net->base * (float)rng_unit(&rng);
    }
    for (uint32_t step = 0; step < options->steps; step++) {
        for (int t = 0; t < PERIODS; t++) {
            draw(terms->demand, &rng, school->demands + (size_t)t * B);
        }
        (void)rollout(net, &school->price, school->state, school->demands, PERIODS, school->tape,
                      &school->gradient);
        level_net_step(&net->net, &school->gradient, &school->moments,
                       rate_at(step, options->steps));
        /* An average of the last weights is better than the last. */
        float share = step < options->steps / 2 ? 1 : 0.01f;
        school->average.inputs = net->net.inputs;
        level_net_blend(&school->average, &net->net, share);
    }
    net->net = options->steps ? school->average : net->net;
    free(school);
    return net;
}

void lost_net_free(struct lost_net *net)
{
    free(net);
}

double lost_net_level(const struct lost_net *net, const int64_t *state)
{
    float x[LEVEL_NET_INPUTS];
    for (unsigned i = 0; i < net->lead; i++) {
        x[i] = (float)state[i] / (float)net->scale - 1;
    }
    return net->base + net->scale * (double)level_net_one(&net->net, x);
}
