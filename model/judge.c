#include "model/judge.h"

#include "config/base/window.h"
#include "model/experts.h"
#include "model/levels.h"

#include <math.h>

static const double TEST_RATE = 0.02; /* of the mean and the variance that values are measured by */
static const double TEST_SLACK = 0.5, TEST_LIMIT = 12; /* deviations */
static const double TEST_LEAST = 14; /* values before the first verdict */
static const double TEST_WILD = 6; /* deviations that one value may count */

static uint8_t span_of(uint32_t length)
{
    return length <= 1 ? JUDGE_STEP : length <= 7 ? JUDGE_WEEK : JUDGE_LEAD;
}

/* Class of the series as of the fork: as of the target one would know the outcome. */
static uint8_t class_of(const struct lesson *lesson, uint32_t back)
{
    const struct lesson_row *row = lesson->row;
    struct window window = {
        .series = 1, .width = row->width - back, .units = row->units, .flags = row->flags};
    return (uint8_t)experts_class(&window, 0);
}

size_t judge_cases(struct lesson *lesson, const struct judge_seen *seen, uint32_t member,
                   struct judge_case *cases)
{
    size_t count = 0;
    for (uint32_t j = 0; j <= NET_LENGTHS; j++) {
        uint32_t length = j ? net_lengths[j - 1] : 1;
        struct lesson_target target = {length, length, length};
        struct judge_case *one = &cases[count];
        if (!lesson_fork(lesson, &target, member, &one->fork)) {
            continue;
        }
        int64_t origin = lesson->view->tape->bucket - (int64_t)length;
        one->serving = origin >= seen->serving;
        one->challenger = one->serving && origin >= seen->challenger;
        one->span = span_of(length);
        one->demand_class = class_of(lesson, length);
        count += one->serving || one->challenger;
    }
    return count;
}

double judge_add(struct judge_score *score, const struct judge_case *one,
                 const struct judge_saying *says)
{
    float q[FORECAST_LEVELS], y = one->fork.y;
    if (!isfinite(says->mean)) {
        return NAN;
    }
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] = levels_counted(says->q[k], k);
    }
    double loss = (double)levels_loss(y, q);
    double scaled = loss / sqrt(1 + (double)one->fork.nb.mean);
    if (!isfinite(scaled)) {
        return NAN;
    }
    score->loss += scaled;
    score->count++;
    score->pinball[one->span] += loss;
    score->units[one->span] += (double)y;
    score->covered[one->span] += y <= q[LEVEL_P90];
    score->targets[one->span]++;
    score->mean[one->span] += (double)says->mean;
    return scaled;
}

void judge_fade(struct judge_score *score, double keep)
{
    score->loss *= keep;
    score->count *= keep;
    for (int span = 0; span < JUDGE_SPANS; span++) {
        score->pinball[span] *= keep;
        score->units[span] *= keep;
        score->covered[span] *= keep;
        score->targets[span] *= keep;
        score->mean[span] *= keep;
    }
}

bool page_hinkley_add(struct page_hinkley *test, double value)
{
    double weight = fmax(TEST_RATE, 1 / (test->count + 1));
    double deviation = sqrt(fmax(test->square - test->mean * test->mean, 1e-12));
    double z = fmax(fmin((value - test->mean) / deviation, TEST_WILD), -TEST_WILD);
    test->mean += weight * (value - test->mean);
    test->square += weight * (value * value - test->square);
    test->count++;
    if (test->count <= TEST_LEAST) {
        return false;
    }
    test->sum += z - TEST_SLACK;
    test->least = fmin(test->least, test->sum);
    if (test->sum - test->least <= TEST_LIMIT) {
        return false;
    }
    test->sum = test->least = 0;
    return true;
}
