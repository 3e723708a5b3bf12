#include "tests/stream/play_fixture.h"

#include <stdio.h>
#include <stdlib.h>

void play_init(struct play *play, const char *set)
{
    play_init_sets(play, &set, 1);
}

void play_init_sets(struct play *play, const char *const *sets, size_t count)
{
    *play = (struct play){.next_fingerprint = 1};
    fixture_init(&play->fixture, sets, count);
}

void play_stocked(struct play *play)
{
    fixture_item(&play->log, "A", 3, 7, 1, 1);
    play_stock(play, STOCK_COUNT, 0, 1000, "count");
    play_days(play, 0, 30, 8);
}

void play_fini(struct play *play)
{
    fixture_fini(&play->fixture);
    fixture_log_fini(&play->log);
}

int64_t play_ms(double day)
{
    return FIXTURE_START_MS + (int64_t)(day * FIXTURE_DAY_MS);
}

void play_order(struct play *play, double day, int64_t quantity, const char *customer)
{
    fixture_order(&play->log, "A", play_ms(day), quantity, customer, play->next_fingerprint++);
}

void play_stock(struct play *play, enum stock_kind kind, double day, int64_t quantity,
                const char *reference)
{
    fixture_stock(&play->log, "A", kind, play_ms(day), quantity, reference);
}

void play_feedback(struct play *play, enum feedback_kind kind, const char *id, int64_t quantity)
{
    struct line line = {.kind = LINE_FEEDBACK,
                        .source = {.input = INPUT_FEEDBACK},
                        .feedback = {.kind = kind,
                                     .proposal_id = slice_of(id),
                                     .sku = slice_of("A"),
                                     .location = slice_of("main"),
                                     .reason = slice_of(""),
                                     .quantity = quantity,
                                     .event_ms = -1}};
    fixture_add(&play->log, &line);
}

void play_days(struct play *play, int from, int to, int64_t units)
{
    for (int day = from; day < to; day++) {
        if (units) {
            play_order(play, day + 0.5, units, "usual");
        }
        fixture_tick(&play->log, 0, play_ms(day + 1.25), TICK_LIVE, units);
    }
    play_run(play);
}

void play_apply(struct play *play)
{
    while (play->applied < play->log.count) {
        fixture_apply(&play->fixture, &play->log, play->applied++);
    }
}

void play_run(struct play *play)
{
    play_apply(play);
    while (shard_work(play->fixture.shard)) {
    }
    fixture_commit(&play->fixture);
}

static struct buf dump_of(const struct play *play)
{
    struct buf dump = {0};
    (void)shard_dump_series(play->fixture.shard, slice_of("A"), slice_of("main"), &dump);
    buf_byte(&dump, '\0');
    return dump;
}

int64_t play_units(const struct play *play, int day)
{
    char start[64];
    int bytes =
        snprintf(start, sizeof start, "{\"start\":%lld,\"units\":", (long long)play_ms(day));
    struct buf dump = dump_of(play);
    const char *at = strstr(dump.data, start);
    int64_t units = at ? strtoll(at + bytes, NULL, 10) : -1;
    buf_fini(&dump);
    return units;
}

bool play_says(const struct play *play, const char *text)
{
    struct buf dump = dump_of(play);
    bool found = strstr(dump.data, text) != NULL;
    buf_fini(&dump);
    return found;
}

bool play_wrote(const struct play *play, const char *text)
{
    const struct buf *outputs = &play->fixture.outputs;
    return outputs->bytes && memmem(outputs->data, outputs->bytes, text, strlen(text)) != NULL;
}

size_t play_outputs(const struct play *play, enum topic topic, char *line, size_t bytes)
{
    const struct buf *outputs = &play->fixture.outputs;
    size_t count = 0;
    line[0] = '\0';
    for (size_t at = 0; at < outputs->bytes;) {
        const char *text = outputs->data + at;
        size_t size = (size_t)((const char *)memchr(text, '\n', outputs->bytes - at) - text);
        if (strtol(text, NULL, 10) == (long)topic) {
            size_t taken = size < bytes ? size : bytes - 1;
            memcpy(line, text, taken);
            line[taken] = '\0';
            count++;
        }
        at += size + 1;
    }
    return count;
}
