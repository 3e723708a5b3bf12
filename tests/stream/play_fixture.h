/* A shard that is played with: lines are applied as they are told, and one looks at what it says.
 * Days count from FIXTURE_START_MS; the only product is "A" at "main". */
#ifndef RESTOCK_PLAY_FIXTURE_H
#define RESTOCK_PLAY_FIXTURE_H

#include "tests/stream/shard_fixture.h"

struct play {
    struct fixture fixture;
    struct fixture_log log;
    size_t applied;
    uint64_t next_fingerprint;
};

/* set: one --set argument. */
void play_init(struct play *play, const char *set);
void play_init_sets(struct play *play, const char *const *sets, size_t count);
/* Product A (lead time 3, review 7) with a stock of 1000, and 30 days of 8 sold. */
void play_stocked(struct play *play);
void play_fini(struct play *play);
int64_t play_ms(double day);
void play_order(struct play *play, double day, int64_t quantity, const char *customer);
void play_stock(struct play *play, enum stock_kind kind, double day, int64_t quantity,
                const char *reference);
void play_feedback(struct play *play, enum feedback_kind kind, const char *id, int64_t quantity);
/* Whole days of `units` sold at noon, each closed. */
void play_days(struct play *play, int from, int to, int64_t units);
/* Apply what was told since; nothing is committed. */
void play_apply(struct play *play);
/* Apply, close and commit. */
void play_run(struct play *play);
/* Units of day `day`, as the shard holds them; -1: not there. */
int64_t play_units(const struct play *play, int day);
/* Does the dump of the series, or any output so far, hold the text? */
bool play_says(const struct play *play, const char *text);
bool play_wrote(const struct play *play, const char *text);
/* The number of outputs of a topic, and the last of them in `line` (cut). */
size_t play_outputs(const struct play *play, enum topic topic, char *line, size_t bytes);

#endif
