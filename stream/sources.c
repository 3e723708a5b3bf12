#include "stream/sources.h"

#include "config/base/ensure.h"
#include "stream/cursor.h"

#include <stdlib.h>

enum { SOURCES_VERSION = 1, PARTITIONS_MAX = 100000 };

struct source {
    bool spoken;
    enum tick_state state;
    int64_t mark_ms, clock_ms, written_ms;
};

struct sources {
    int64_t lateness_ms, idle_timeout_ms, watermark_ms;
    int32_t roster[TIME_INPUTS];
    struct source *of[TIME_INPUTS]; /* [roster] */
};

struct sources *sources_create(int64_t lateness_ms, int64_t idle_timeout_ms)
{
    struct sources *sources = calloc(1, sizeof *sources);
    if (sources) {
        sources->lateness_ms = lateness_ms;
        sources->idle_timeout_ms = idle_timeout_ms;
        sources->watermark_ms = INT64_MIN;
    }
    return sources;
}

void sources_destroy(struct sources *sources)
{
    if (sources) {
        for (int i = 0; i < TIME_INPUTS; i++) {
            free(sources->of[i]);
        }
        free(sources);
    }
}

/* A roster only grows: a topic's partitions cannot be taken away. */
static void set_roster(struct sources *sources, int input, int32_t count)
{
    if (count <= sources->roster[input]) {
        return;
    }
    struct source *moved = realloc(sources->of[input], (size_t)count * sizeof *moved);
    ASSERT(moved && "out of memory for time sources");
    for (int32_t i = sources->roster[input]; i < count; i++) {
        moved[i] =
            (struct source){.mark_ms = INT64_MIN, .clock_ms = INT64_MIN, .written_ms = INT64_MIN};
    }
    sources->of[input] = moved;
    sources->roster[input] = count;
}

static int64_t effective_mark(const struct sources *sources, const struct source *source)
{
    if (source->state == TICK_IDLE && source->clock_ms != INT64_MIN &&
        source->clock_ms - sources->idle_timeout_ms > source->mark_ms) {
        return source->clock_ms - sources->idle_timeout_ms;
    }
    return source->mark_ms;
}

static void raise_watermark(struct sources *sources)
{
    int64_t least = INT64_MAX;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t i = 0; i < sources->roster[input]; i++) {
            const struct source *source = &sources->of[input][i];
            if (!source->spoken) {
                return;
            }
            if (source->state == TICK_ENDED) {
                continue;
            }
            int64_t mark = effective_mark(sources, source);
            least = mark < least ? mark : least;
        }
    }
    if (least == INT64_MAX || least == INT64_MIN) {
        return; /* all ended, or a live source without a record yet */
    }
    if (least - sources->lateness_ms > sources->watermark_ms) {
        sources->watermark_ms = least - sources->lateness_ms;
    }
}

void sources_tick(struct sources *sources, const struct tick_line *tick)
{
    for (int i = 0; i < TIME_INPUTS; i++) {
        set_roster(sources, i, tick->roster[i]);
    }
    if ((int)tick->input >= TIME_INPUTS || tick->partition < 0 ||
        tick->partition >= sources->roster[tick->input]) {
        return;
    }
    struct source *source = &sources->of[tick->input][tick->partition];
    source->spoken = true;
    source->state = tick->state;
    source->mark_ms = tick->mark_ms > source->mark_ms ? tick->mark_ms : source->mark_ms;
    source->clock_ms = tick->clock_ms > source->clock_ms ? tick->clock_ms : source->clock_ms;
    if (tick->state == TICK_ENDED) {
        source->written_ms = tick->written_ms;
    }
    raise_watermark(sources);
}

int64_t sources_watermark(const struct sources *sources)
{
    return sources->watermark_ms;
}

static bool has_ended(const struct source *source, int64_t written_since_ms)
{
    return source->spoken && source->state == TICK_ENDED && source->written_ms >= written_since_ms;
}

bool sources_ended(const struct sources *sources, int64_t written_since_ms)
{
    int32_t count = 0;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t i = 0; i < sources->roster[input]; i++, count++) {
            if (!has_ended(&sources->of[input][i], written_since_ms)) {
                return false;
            }
        }
    }
    return count > 0;
}

void sources_waiting_for(const struct sources *sources, int64_t written_since_ms, struct buf *out)
{
    static const char *const NAMES[TIME_INPUTS] = {"orders", "stock"};
    if (!sources->roster[INPUT_ORDERS] && !sources->roster[INPUT_STOCK]) {
        buf_text(out, "a first tick");
    }
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t i = 0; i < sources->roster[input]; i++) {
            if (!has_ended(&sources->of[input][i], written_since_ms)) {
                buf_print(out, "%s%s[%d]", out->bytes ? " " : "", NAMES[input], (int)i);
            }
        }
    }
}

int32_t sources_roster(const struct sources *sources, enum line_input input)
{
    ASSERT((int)input < TIME_INPUTS);
    return sources->roster[input];
}

void sources_save(const struct sources *sources, struct buf *out)
{
    buf_varint(out, SOURCES_VERSION);
    buf_varint(out, sources->watermark_ms);
    for (int input = 0; input < TIME_INPUTS; input++) {
        buf_varint(out, sources->roster[input]);
        for (int32_t i = 0; i < sources->roster[input]; i++) {
            const struct source *source = &sources->of[input][i];
            buf_varint(out, source->spoken);
            buf_varint(out, source->state);
            buf_varint(out, source->mark_ms);
            buf_varint(out, source->clock_ms);
            buf_varint(out, source->written_ms);
        }
    }
}

bool sources_load(struct sources *sources, struct slice bytes)
{
    struct cursor in = cursor_of(bytes);
    (void)cursor_between(&in, SOURCES_VERSION, SOURCES_VERSION);
    sources->watermark_ms = cursor_varint(&in);
    for (int input = 0; input < TIME_INPUTS; input++) {
        int32_t count = (int32_t)cursor_between(&in, 0, PARTITIONS_MAX);
        set_roster(sources, input, count);
        for (int32_t i = 0; i < count; i++) {
            struct source *source = &sources->of[input][i];
            source->spoken = cursor_between(&in, 0, 1) != 0;
            source->state = (enum tick_state)cursor_between(&in, TICK_LIVE, TICK_ENDED);
            source->mark_ms = cursor_varint(&in);
            source->clock_ms = cursor_varint(&in);
            source->written_ms = cursor_varint(&in);
        }
    }
    return cursor_done(&in);
}
