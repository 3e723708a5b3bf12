#include "optimize/answers.h"

#include <math.h>

enum { VERSION = 1 };

static const double MEMORY = 200; /* answers that count at most */
static const double CHANGE_MOST = 1.4; /* an edit beyond four times is about something else */
/* An edit by a tenth is about 0.3 standard deviations of a cycle's demand with a coefficient of
 * variation of a third, and that about half a unit of log odds near a service of 0.9. */
static const double GAIN = 5;

void answers_add(struct answers *answers, enum proposal_state state, int64_t offered,
                 int64_t agreed)
{
    if (state == PROPOSAL_REJECTED) {
        answers->rejected++;
        return;
    }
    bool agrees =
        state == PROPOSAL_CONFIRMED || state == PROPOSAL_EDITED || state == PROPOSAL_ORDERED;
    if (!agrees || offered <= 0 || agreed <= 0) {
        return;
    }
    double change = fmin(fmax(log((double)agreed / (double)offered), -CHANGE_MOST), CHANGE_MOST);
    answers->accepted += agreed == offered;
    answers->edited += agreed != offered;
    double fade = answers->weight + 1 > MEMORY ? (MEMORY - 1) / answers->weight : 1;
    answers->weight = fade * answers->weight + 1;
    answers->drift = fade * answers->drift + change;
}

double answers_shift(const struct answers *answers, double bound)
{
    double mean = answers->drift / (answers->weight + ANSWERS_TRUST);
    return bound > 0 ? fmin(fmax(GAIN * mean, -bound), bound) : 0;
}

void answers_save(const struct answers *answers, struct buf *out)
{
    buf_byte(out, VERSION);
    const uint64_t counts[] = {answers->accepted, answers->edited, answers->rejected};
    buf_put(out, counts, sizeof counts);
    const double numbers[] = {answers->weight, answers->drift};
    buf_put(out, numbers, sizeof numbers);
}

bool answers_load(struct slice bytes, struct answers *answers)
{
    uint64_t counts[3];
    double numbers[2];
    if (bytes.bytes != 1 + sizeof counts + sizeof numbers || bytes.data[0] != VERSION) {
        return false;
    }
    memcpy(counts, bytes.data + 1, sizeof counts);
    memcpy(numbers, bytes.data + 1 + sizeof counts, sizeof numbers);
    if (!(numbers[0] >= 0 && numbers[0] <= 1e6) || !(fabs(numbers[1]) <= 1e6)) {
        return false;
    }
    *answers = (struct answers){counts[0], counts[1], counts[2], numbers[0], numbers[1]};
    return true;
}
