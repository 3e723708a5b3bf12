/* Learner: the weights of one shard, descending from the base model by what its series teach, never
 * trusted blindly.
 *
 *     struct learner *learner = learner_create(base, &options, seed);
 *     // at the close of a bucket, before its tiles:  learner_begin_close(learner, bucket);
 *     // after its last tile:                         learner_end_close(learner, series);
 *     while (learner_pending(learner)) learner_work(learner, &view, &source);  // in pieces, any
 * time
 *     // before the next close
 *
 *     work after close T:  judge, judge, ... | batch, batch, ... (budget) |      decide at T + 1
 *
 * Three sets of weights live: the *trained* ones, moved by every batch; the *challenger*, a frozen
 * average of them; the *serving* ones. For LEARNER_TRIAL closes the challenger is judged against
 * the serving weights, on targets that neither has seen, in windows drawn anew at each close; if it
 * is not worse it serves from the next close on, and a new challenger is taken. Two refusals in a
 * row send the trained weights back to the serving ones. Three generations that served are kept;
 * the serving one is judged on against its predecessor and against the base model (the frozen
 * twin), and goes back where it is worse by a margin or says what is not finite. Page-Hinkley tests
 * (Page 1954, Hinkley 1971) on the serving loss of each demand class raise the learning rate for a
 * while.
 *
 * The budget is in batches, never in time; draws are seeded by shard, bucket and batch, windows end
 * with the bucket that closed, and what is decided takes effect at the next close. So nothing
 * depends on how the work is cut, as long as the series do not change before it is done.
 *
 * Thread: one owner. No allocation after create. Memory: about 7.5 MiB. */
#ifndef RESTOCK_LEARNER_H
#define RESTOCK_LEARNER_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "model/base_model.h"
#include "model/forecaster.h"
#include "model/judge.h"
#include "model/lesson.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    LEARNER_WINDOWS = 128, /* of a batch */
    LEARNER_BATCHES_MOST = 24, /* per close: 0.9 x series / 128, at least 1 */
    LEARNER_TRIAL = 7, /* closes */
    LEARNER_GENERATIONS = 3,
    LEARNER_EVENTS = 16,
};

struct learner_options {
    double rate; /* of AdamW; 0.0003 is good */
    double anchor; /* pull to the base weights, per unit of rate and batch */
    int64_t batches; /* per close, at most */
    int64_t series_least; /* fewer series teach nothing */
};

struct learner_source { /* the series of the shard as of the last close */
    void *context;
    /* Row of series 0 .. N - 1, valid until the next call; false: never sold, or gone. */
    bool (*row)(void *context, uint32_t series, struct lesson_row *row);
    /* How badly the network did at it lately; any scale. */
    float (*loss)(void *context, uint32_t series);
};

enum learner_event_kind { /* stored in state: append only */
                          LEARNER_PROMOTED,
                          LEARNER_REFUSED,
                          LEARNER_ROLLED_BACK, /* worse than its predecessor or the base by a margin
                                                */
                          LEARNER_NOT_FINITE, /* a weight or a gradient; trained weights start anew
                                               */
                          LEARNER_BY_HAND, /* rolled back by a control record */
                          LEARNER_DRIFT, /* a class of demand is forecast worse than it was */
                          LEARNER_EVENT_KINDS
};

struct learner_event {
    int64_t bucket; /* the close at which it was decided */
    uint32_t kind, generation; /* generation that serves afterwards */
    uint32_t demand_class; /* of a drift */
    float ratio; /* loss of what was judged over that of what it was judged against */
};

struct learner_facts { /* for metrics and inspect */
    uint32_t generation; /* 0: the base model */
    uint32_t kept; /* generations one can go back to */
    uint64_t batches, events; /* since the beginning */
    double loss; /* discounted loss of the batches */
    float rate; /* in force */
    uint32_t budget, done; /* of the last close */
    struct judge_score score[JUDGE_NETS]; /* discounted, see judge.h */
    uint64_t told[LEARNER_EVENT_KINDS]; /* events by kind, since the beginning */
    size_t event_count;
    struct learner_event event[LEARNER_EVENTS]; /* newest last */
};

struct learner;

extern const struct option_table learner_option_table;

/* base outlives the learner. NULL: no memory. */
struct learner *learner_create(const struct base_model *base, const struct learner_options *options,
                               uint64_t seed);
void learner_destroy(struct learner *learner); /* NULL is fine */

/* Decide what the work since the last close has shown; the weights may change. Work left over is
 * our mistake. */
void learner_begin_close(struct learner *learner, int64_t bucket);
/* Tape of the closes, to be added to by the forecaster at the beginning of each. */
struct tape *learner_tape(struct learner *learner);
void learner_end_close(struct learner *learner, uint32_t series);
/* Weights that serve; valid until learner_begin_close. */
const struct net *learner_net(const struct learner *learner);

bool learner_pending(const struct learner *learner);
/* One piece: some windows judged, or one batch. */
void learner_work(struct learner *learner, const struct lesson_view *view,
                  const struct negbin_table *negbin, const struct learner_source *source);
/* Go back one generation at the next close, and mistrust what is trained now. False: there is
 * none. */
bool learner_roll_back(struct learner *learner);
/* Events decided since the last call, oldest first; true: one more. */
bool learner_next_event(struct learner *learner, struct learner_event *event);
void learner_facts(const struct learner *learner, struct learner_facts *facts);
const char *learner_event_name(enum learner_event_kind kind); /* "promoted" ... */

/* State in three parts, saved when they changed. */
enum learner_part { LEARNER_HEAD, LEARNER_TRAINED, LEARNER_KEPT, LEARNER_PARTS };
bool learner_changed(const struct learner *learner, enum learner_part part);
void learner_save(struct learner *learner, enum learner_part part, struct buf *out);
/* STATUS_CORRUPT: not what save wrote; the learner is untouched. What was learned from another base
 * model is left alone: *taken says whether the part counts. */
struct status *learner_load(struct learner *learner, enum learner_part part, struct slice bytes,
                            bool *taken) __attribute__((warn_unused_result));

#endif
