#include "optimize/track.h"

#include <math.h>
#include <string.h>

enum { VERSION = 1, SLIP_RECEIPTS = 4 };

/* Receipts that count at most; a supplier may change. One odd delivery is not to move all. */
static const double MEMORY = 20, SHARE_LEAST = 0.1, SHARE_MOST = 5;
static const double RATIO_LEAST = 0.5, RATIO_MOST = 3;
/* A slip is 15 % longer than stated, and at odds of a hundred to one no chance. */
static const double SLIP_RATIO = 1.15, KEEP_RATIO = 1.08, SLIP_SCORE = 2;

void track_add(struct track *track, double slots, double stated, double spread)
{
    if (!(stated > 0) || !(slots >= 0) || !isfinite(slots / stated)) {
        return;
    }
    double share = fmin(fmax(slots / stated, SHARE_LEAST), SHARE_MOST);
    spread = isfinite(spread) && spread > 0 ? fmin(spread, SHARE_MOST) : 0;
    double fade = track->weight + 1 > MEMORY ? (MEMORY - 1) / track->weight : 1;
    track->receipts += track->receipts < UINT32_MAX;
    track->weight = fade * track->weight + 1;
    track->sum = fade * track->sum + share;
    track->square = fade * track->square + share * share;
    track->stated = fade * track->stated + spread * spread;
}

/* Mean share, and the variance of one about it, given the stated squared coefficient of variation.
 */
static void posterior(const struct track *track, double trust, double stated, double *mean,
                      double *variance)
{
    double n = track->weight;
    *mean = (trust + track->sum) / (trust + n);
    double around = track->square - 2 * *mean * track->sum + n * *mean * *mean;
    *variance = (trust * stated + fmax(around, 0)) / (trust + n);
}

bool track_lead(const struct track *track, double trust, double *lead, double *sd)
{
    if (!(trust > 0) || !(track->weight > 0) || !(*lead > 0)) {
        return false;
    }
    double mean, variance, spread = *sd / *lead;
    posterior(track, trust, spread * spread, &mean, &variance);
    mean = fmin(fmax(mean, RATIO_LEAST), RATIO_MOST);
    *sd = *lead * sqrt(variance);
    *lead *= mean;
    return true;
}

void track_slip(const struct track *track, double trust, struct track_slip *out)
{
    *out = (struct track_slip){.ratio = 1, .keeps = true};
    if (!(trust > 0) || !(track->weight > 0)) {
        return;
    }
    double variance, stated = track->stated / track->weight;
    posterior(track, trust, stated, &out->ratio, &variance);
    /* Whole slots: even a supplier that is said to be exact is some tenths off. */
    double sd = sqrt(fmax(variance, 0.01) / track->weight);
    double z = (track->sum / track->weight - 1) / sd;
    out->score = z > 0 ? -log10(fmax(0.5 * erfc(z / M_SQRT2), 1e-30)) : 0;
    out->slips =
        track->receipts >= SLIP_RECEIPTS && out->ratio >= SLIP_RATIO && out->score >= SLIP_SCORE;
    out->keeps = out->ratio < KEEP_RATIO;
}

void track_save(const struct track *track, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_put(out, &track->receipts, sizeof track->receipts);
    const double numbers[] = {track->weight, track->sum, track->square, track->stated};
    buf_put(out, numbers, sizeof numbers);
}

bool track_load(struct slice bytes, struct track *track)
{
    double numbers[4];
    struct track got;
    if (bytes.bytes != 1 + sizeof got.receipts + sizeof numbers || bytes.data[0] != VERSION) {
        return false;
    }
    memcpy(&got.receipts, bytes.data + 1, sizeof got.receipts);
    memcpy(numbers, bytes.data + 1 + sizeof got.receipts, sizeof numbers);
    for (int i = 0; i < 4; i++) {
        if (!(numbers[i] >= 0 && numbers[i] <= 1e6)) {
            return false;
        }
    }
    got.weight = numbers[0];
    got.sum = numbers[1];
    got.square = numbers[2];
    got.stated = numbers[3];
    *track = got;
    return true;
}
