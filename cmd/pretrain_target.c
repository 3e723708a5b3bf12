#include "cmd/pretrain_target.h"

#include "cmd/command.h"
#include "cmd/progress.h"
#include "optimize/target_file.h"
#include "optimize/target_learn.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TRIAL_SHOPS = 2000, TRIAL_REVIEWS = 40, WARM_STEPS = 50 };
static const uint64_t TRIAL_SEED = UINT64_C(1) << 40; /* far from those of training */
static const double PEAK = 3e-3;

/* Up over the first steps, then half a cosine down to 2 % of the peak. */
static float rate_at(int64_t step, int64_t steps)
{
    double warm = fmin(((double)step + 1) / WARM_STEPS, 1);
    double share = (double)step / (double)steps;
    return (float)(PEAK * warm * (0.02 + 0.98 * 0.5 * (1 + cos(M_PI * share))));
}

static struct status *write_net(const char *path, const struct level_net *net,
                                struct slice manifest)
{
    struct buf bytes = {0};
    target_file_save(net, manifest, &bytes);
    FILE *file = fopen(path, "wb");
    bool written = file && fwrite(bytes.data, 1, bytes.bytes, file) == bytes.bytes;
    buf_fini(&bytes);
    if (!file || fclose(file) != 0 || !written) {
        return status_new(STATUS_IO, "pretrain: write %s: %s", path, strerror(errno));
    }
    printf("%.*s\n", (int)manifest.bytes, manifest.data);
    return NULL;
}

static struct status *finish(const char *path, const struct level_net *net, int64_t seed,
                             int64_t steps)
{
    struct target_trial trial = target_trial_run(net, TRIAL_SEED, TRIAL_SHOPS, TRIAL_REVIEWS);
    struct buf manifest = {0};
    buf_print(&manifest,
              "{\"seed\":%" PRId64 ",\"steps\":%" PRId64 ",\"shops\":%d,\"exact\":%.4f,"
              "\"learned\":%.4f,\"better\":%.3f,\"exact_fill_rate\":%.4f,"
              "\"learned_fill_rate\":%.4f,\"version\":\"%s\"}",
              seed, steps, TRIAL_SHOPS, trial.exact, trial.learned, trial.better, trial.exact_fill,
              trial.learned_fill, RESTOCK_VERSION);
    struct status *st = write_net(path, net, buf_view(&manifest));
    buf_fini(&manifest);
    return st;
}

struct status *pretrain_target(const char *out, int64_t seed, int64_t steps)
{
    struct progress progress;
    struct target_school *school = target_school_create((uint64_t)seed);
    struct status *st = NULL;
    progress_begin(&progress, "pretrain");
    for (int64_t step = 0; step < steps && !st; step++) {
        (void)target_school_step(school, rate_at(step, steps));
        progress_show(&progress, (double)(step + 1) / (double)steps);
        if (atomic_load(&command_stop)) {
            st = status_new(STATUS_STOPPED, "pretrain: stopped");
        }
    }
    progress_end(&progress);
    st = st ? st : finish(out, target_school_net(school), seed, steps);
    target_school_destroy(school);
    return st;
}
