#include "anomaly/tails_state.h"

#include "anomaly/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYOUT = 1 };

/* Layout 1: u8 layout, then FIELDS, the totals of the phases in use, the pools. */

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct tails, name), sizeof(((struct tails *)0)->name)                            \
    }
static const struct field FIELDS[] = {
    FIELD(bucket),        FIELD(started),     FIELD(phase),         FIELD(factor),
    FIELD(share),         FIELD(usual_lines), FIELD(usual_sellers), FIELD(by_lines),
    FIELD(turned),        FIELD(budget),      FIELD(tests),         FIELD(last_tests),
    FIELD(rates),         FIELD(spread),      FIELD(spread_sum),    FIELD(spread_count),
    FIELD(phases.season), FIELD(phases.seen), FIELD(phases.place),
};
#undef FIELD

void tails_save(const struct tails *tails, struct buf *out)
{
    buf_byte(out, LAYOUT);
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        buf_put(out, (const char *)tails + FIELDS[i].offset, FIELDS[i].bytes);
    }
    size_t totals = (size_t)tails->phases.season * PHASE_SEASONS;
    buf_put(out, tails->phases.total, totals * sizeof tails->phases.total[0]);
    for (int c = 0; c < TAILS_COHORTS; c++) {
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            calibrate_save(&tails->pools[c][kind], out);
        }
    }
}

static bool take_all(struct slice *bytes, struct tails *read)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        if (!field_take(bytes, (char *)read + FIELDS[i].offset, FIELDS[i].bytes)) {
            return false;
        }
    }
    const struct phase_factors *phases = &read->phases;
    uint32_t slots = (uint32_t)phases->season * PHASE_SEASONS;
    if (read->started > 1 || phases->season < 0 || phases->season > FORECAST_SEASON_MAX ||
        phases->seen > slots ||
        (phases->season &&
         (phases->place >= slots || read->phase < 0 || read->phase >= phases->season)) ||
        !isfinite(read->budget) || read->budget < 0 || !isfinite(read->factor) ||
        !(read->factor >= 0) || !isfinite(read->rates.budgeted) || !isfinite(read->usual_lines) ||
        read->usual_lines < 0 || !isfinite(read->usual_sellers) || read->usual_sellers < 0 ||
        !isfinite(read->share) || read->share < 0 || read->by_lines > 1 || read->turned > 1) {
        return false;
    }
    for (int c = 0; c < TAILS_COHORTS; c++) {
        if (!(read->spread[c] > 0) || !isfinite(read->spread[c])) {
            return false;
        }
    }
    if (!field_take(bytes, read->phases.total, slots * sizeof phases->total[0])) {
        return false;
    }
    for (uint32_t i = 0; i < slots; i++) {
        if (!isfinite(phases->total[i]) || phases->total[i] < 0) {
            return false;
        }
    }
    return true;
}

static struct status *load_into(struct tails *read, struct slice bytes)
{
    uint8_t layout = 0;
    if (!field_take(&bytes, &layout, 1) || layout != LAYOUT) {
        return status_new(STATUS_CORRUPT,
                          "read the state of the tails: layout %d is not known to this version, "
                          "use the one that wrote it",
                          layout);
    }
    memset(&read->phases, 0, sizeof read->phases);
    if (!take_all(&bytes, read)) {
        return status_new(STATUS_CORRUPT,
                          "read the state of the tails: the record is cut short or out of range");
    }
    for (int c = 0; c < TAILS_COHORTS; c++) {
        for (int kind = 0; kind < TAILS_KINDS; kind++) {
            TRY(calibrate_load(&bytes, &read->pools[c][kind]));
        }
    }
    if (bytes.bytes) {
        return status_new(STATUS_CORRUPT, "read the state of the tails: %zu bytes are left over",
                          bytes.bytes);
    }
    return NULL;
}

struct status *tails_load(struct tails *tails, struct slice bytes)
{
    struct tails *read = malloc(sizeof *read);
    if (!read) {
        return status_new(STATUS_NO_MEMORY, "read the state of the tails: no memory");
    }
    *read = *tails;
    struct status *st = load_into(read, bytes);
    if (!st) {
        if (read->phases.season) {
            phase_rebuild(&read->phases, read->phase);
        }
        tails_set_limits(read);
        *tails = *read;
    }
    free(read);
    return st;
}
