/* Functions live on a grid from -room to +room. Below it every unit is owed and the functions are
 * straight lines, so they go on as such. Cost: count x grid x points of the lead-time demand. */
#include "optimize/serial.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"
#include "optimize/pmf.h"

#include <math.h>
#include <stdlib.h>

enum { GRID_MOST = 1 << 18 };
static const double CELLS_PER_SD = 40;

struct grid {
    double step;
    int64_t low; /* value of cell i: (low + i) x step */
    size_t cells;
};

static double spread(const struct serial_terms *terms, double time)
{
    return sqrt(time) * (terms->whole ? sqrt(terms->mean) : terms->sd);
}

static bool lay_grid(const struct serial_terms *terms, struct grid *grid)
{
    double total = 0, least = INFINITY;
    for (size_t j = 0; j < terms->count; j++) {
        total += terms->stage[j].lead_time;
        if (terms->stage[j].lead_time > 0) {
            least = fmin(least, spread(terms, terms->stage[j].lead_time));
        }
    }
    double step = terms->whole || !isfinite(least) ? 1 : least / CELLS_PER_SD;
    double room = terms->mean * total + 9 * spread(terms, total) + 10 * step;
    if (!(step > 0) || 2 * room / step > GRID_MOST) {
        return false;
    }
    int64_t half = (int64_t)ceil(room / step);
    *grid = (struct grid){step, -half, (size_t)(2 * half) + 1};
    return true;
}

static double at(const double *values, const struct grid *grid, int64_t i)
{
    if (i < 0) {
        return values[0] + (values[0] - values[1]) * (double)-i;
    }
    size_t last = grid->cells - 1;
    return (size_t)i > last ? values[last] : values[i];
}

/* cost[i] = E[inner(y - D)] */
static void expect(const double *inner, const struct grid *grid, const struct pmf *demand,
                   double *cost)
{
    for (size_t i = 0; i < grid->cells; i++) {
        double sum = 0;
        for (size_t d = 0; d < demand->count; d++) {
            sum += demand->p[d] * at(inner, grid, (int64_t)i - demand->first - (int64_t)d);
        }
        cost[i] = sum;
    }
}

/* Index of the minimum, and the minimum between the cells where values are not whole. */
static size_t lowest(const double *cost, const struct grid *grid, double *level, double *least)
{
    size_t best = 0;
    for (size_t i = 1; i < grid->cells; i++) {
        best = cost[i] < cost[best] ? i : best;
    }
    *level = (double)(grid->low + (int64_t)best) * grid->step;
    *least = cost[best];
    return best;
}

static void lead_demand(const struct serial_terms *terms, size_t j, const struct grid *grid,
                        struct pmf *out)
{
    double time = terms->stage[j].lead_time;
    if (terms->whole) {
        pmf_poisson(out, terms->mean * time);
    } else {
        pmf_normal(out, terms->mean * time, spread(terms, time), grid->step);
    }
}

/* inner(x) of the next stage up: its holding plus what the stages below it make of min(S, x). */
static void next_inner(const struct grid *grid, double holding, const double *cost, size_t best,
                       double *inner)
{
    for (size_t i = 0; i < grid->cells; i++) {
        double x = (double)(grid->low + (int64_t)i) * grid->step;
        inner[i] = holding * x + cost[i < best ? i : best];
    }
}

bool serial_levels(const struct serial_terms *terms, double *level, double *cost)
{
    ASSERT(terms->count > 0 && terms->count <= SERIAL_STAGES_MOST);
    struct grid grid;
    if (!lay_grid(terms, &grid)) {
        return false;
    }
    double *inner = calloc(2 * grid.cells, sizeof *inner), *outer = inner + grid.cells;
    ASSERT(inner && "out of memory for a serial chain");
    double all = terms->shortage;
    for (size_t j = 0; j < terms->count; j++) {
        all += terms->stage[j].holding;
    }
    for (size_t i = 0; i < grid.cells; i++) {
        double x = (double)(grid.low + (int64_t)i) * grid.step;
        inner[i] = terms->stage[0].holding * x + all * fmax(0, -x);
    }
    struct pmf demand = {0};
    for (size_t j = 0; j < terms->count; j++) {
        lead_demand(terms, j, &grid, &demand);
        expect(inner, &grid, &demand, outer);
        size_t best = lowest(outer, &grid, &level[j], cost);
        if (j + 1 < terms->count) {
            next_inner(&grid, terms->stage[j + 1].holding, outer, best, inner);
        }
    }
    pmf_fini(&demand);
    free(inner);
    return true;
}

static double quantile(const struct serial_terms *terms, double time, double ratio)
{
    if (!terms->whole) {
        return terms->mean * time + gauss_quantile(ratio) * spread(terms, time);
    }
    struct pmf demand = {0};
    pmf_poisson(&demand, terms->mean * time);
    double level = (double)pmf_quantile(&demand, ratio);
    pmf_fini(&demand);
    return level;
}

void serial_bounds(const struct serial_terms *terms, double *low, double *high)
{
    double all = terms->shortage, below = 0, time = 0;
    for (size_t j = 0; j < terms->count; j++) {
        all += terms->stage[j].holding;
    }
    double above = all - terms->shortage;
    for (size_t j = 0; j < terms->count; j++) {
        time += terms->stage[j].lead_time;
        below += terms->stage[j].holding; /* of this stage and all nearer to the customers */
        above -= terms->stage[j].holding; /* of the stages further up */
        double penalty = terms->shortage + above;
        low[j] = quantile(terms, time, penalty / (penalty + below));
        high[j] = quantile(terms, time, penalty / (penalty + terms->stage[j].holding));
    }
}
