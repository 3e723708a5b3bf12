#include "model/bulk.h"

#include <math.h>
#include <string.h>

static const double UNIT = 256, LARGEST = 1e9; /* of one bucket */
static const double KEEP = 0.99; /* per close */
static const double MOST = 5; /* caps that a bucket counts here */
static const double TRUST = 1000; /* units of demand that weigh as much as "nothing is cut off" */
static const double FACTOR_MOST = 1.25;

static int64_t fixed(double units)
{
    return (int64_t)rint(fmin(units, LARGEST) * UNIT);
}

void bulk_count(struct bulk_tally *tally, float y, float cap)
{
    double units = (double)y, most = (double)cap;
    if (units > 0 && most > 0 && isfinite(units + most)) {
        tally->sold += fixed(fmin(units, MOST * most));
        tally->counted += fixed(fmin(units, most));
    }
}

void bulk_fold(struct bulk *bulk, struct bulk_tally *tally)
{
    bulk->sold = KEEP * bulk->sold + (double)tally->sold / UNIT;
    bulk->counted = KEEP * bulk->counted + (double)tally->counted / UNIT;
    memset(tally, 0, sizeof *tally);
}

float bulk_factor(const struct bulk *bulk)
{
    return (float)fmin((bulk->sold + TRUST) / (bulk->counted + TRUST), FACTOR_MOST);
}
