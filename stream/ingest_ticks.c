#include "stream/ingest_parts.h"

#include "config/base/ensure.h"

#include <inttypes.h>
#include <stdio.h>

/* Ticks are the only knowledge of time that PLAN has; see DESIGN section 4 and the head of
 * ingest.h.
 *
 * Invariants: the mark told never falls; in replay it changes only before a line (or at the end of
 * a file), so that it is a function of the source's log alone; whatever is counted is in a tick of
 * the same transaction as the lines it counts. */

static const int64_t HOUR_MS = 3600000;

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* In live mode a mark is at most the clock: one source ahead must not close everything. */
static int64_t bounded(const struct ingest *ingest, int64_t mark_ms)
{
    return !ingest->options.replay && ingest->clock_ms != INT64_MIN && mark_ms > ingest->clock_ms
               ? ingest->clock_ms
               : mark_ms;
}

static void fill_counts(struct ingest_source *source, struct tick_count *counts)
{
    struct ingest_pending *pending = source->pending;
    for (size_t i = 0; i < pending->count; i++) {
        counts[i] = (struct tick_count){
            .slot = pending->rows[i].slot,
            .group = {pending->groups.data + pending->rows[i].group_at,
                      pending->rows[i].group_bytes},
            .lines = pending->rows[i].lines,
            .invoices = pending->rows[i].invoices,
            .units = pending->rows[i].units,
            .returned = pending->rows[i].returned,
        };
    }
}

/* The least mark with which PLAN would close something that it does not close with told_ms. */
static int64_t crossing(const struct ingest *ingest, int64_t told_ms)
{
    const struct buckets *buckets = ingest->options.buckets;
    if (told_ms == INT64_MIN) {
        return INT64_MIN + 1;
    }
    int64_t bucket = bucket_of(buckets, told_ms - ingest->options.lateness_ms);
    return bucket_start(buckets, bucket + 1) + ingest->options.lateness_ms;
}

void ingest_say(struct ingest *ingest, struct ingest_source *source, enum tick_state state,
                int64_t mark_ms)
{
    struct tick_count counts[PENDING_MAX];
    struct ingest_pending *pending = source->pending;
    source->spoken = true;
    source->doubtful = false;
    source->state = state;
    source->told_ms = later(source->told_ms, mark_ms);
    source->cross_ms = crossing(ingest, source->told_ms);
    source->clock_ms = ingest->options.replay ? source->told_ms : ingest->clock_ms;
    source->told_at_ms = ingest->clock_ms;
    source->ended_said = state == TICK_ENDED;
    fill_counts(source, counts);
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = source->input,
                                 .partition = source->partition,
                                 .state = state,
                                 .mark_ms = source->told_ms,
                                 .clock_ms = source->clock_ms,
                                 .written_ms = ingest->clock_ms,
                                 .roster = {ingest->roster[0], ingest->roster[1]},
                                 .count_count = (int32_t)pending->count,
                                 .counts = counts}};
    buf_reset(&ingest->tick);
    line_encode(&line, &ingest->tick);
    for (int32_t p = 0; p < ingest->options.lines_partitions; p++) {
        outbox_add(ingest->outbox, TOPIC_LINES, p, (struct slice){NULL, 0},
                   buf_view(&ingest->tick));
    }
    pending->count = pending->slots = 0;
    buf_reset(&pending->groups);
    ingest->dirty = true;
}

/* Somebody else is counted out by PLAN although messages of it wait: no mark may rise before it has
 * said that it lives. */
static bool in_doubt(const struct ingest *ingest, const struct ingest_source *but)
{
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            const struct ingest_source *source = &ingest->sources[input][p];
            if (source->doubtful && source != but) {
                return true;
            }
        }
    }
    return false;
}

void ingest_before_line(struct ingest *ingest, struct ingest_source *source, int64_t event_ms)
{
    source->mark_ms = later(source->mark_ms, event_ms);
    int64_t mark_ms = bounded(ingest, source->mark_ms);
    if (mark_ms >= source->cross_ms && !in_doubt(ingest, source)) {
        ingest_say(ingest, source, TICK_LIVE, mark_ms);
    } else if (!source->spoken || source->state != TICK_LIVE) {
        ingest_say(ingest, source, TICK_LIVE, source->told_ms);
    }
}

static size_t pending_row(struct ingest_pending *pending, size_t hint, int64_t slot,
                          struct slice group)
{
    for (size_t i = 0; i <= pending->count; i++) {
        size_t row = i == 0 ? hint : i - 1;
        if (row < pending->count && pending->rows[row].slot == slot &&
            slice_equal((struct slice){pending->groups.data + pending->rows[row].group_at,
                                       pending->rows[row].group_bytes},
                        group)) {
            return row;
        }
    }
    size_t row = pending->count++;
    ASSERT(row < PENDING_MAX);
    pending->slots += group.bytes == 0;
    memset(&pending->rows[row], 0, sizeof pending->rows[row]);
    pending->rows[row].slot = slot;
    pending->rows[row].group_at = pending->groups.bytes;
    pending->rows[row].group_bytes = group.bytes;
    buf_slice(&pending->groups, group);
    return row;
}

static void add_count(struct ingest_pending *pending, size_t row, const struct ingest_line *line,
                      bool first_order)
{
    pending->rows[row].lines++;
    pending->rows[row].invoices += first_order;
    pending->rows[row].units += line->units;
    pending->rows[row].returned += line->returned;
}

void ingest_count_line(struct ingest *ingest, struct ingest_source *source,
                       const struct ingest_line *line, bool first_order)
{
    struct ingest_pending *pending = source->pending;
    if (pending->count + 2 > PENDING_MAX || pending->slots == TICK_SLOTS_MAX) {
        ingest_say(ingest, source, source->state, source->told_ms);
    }
    int64_t slot = line->event_ms / HOUR_MS - (line->event_ms % HOUR_MS < 0);
    pending->last_total = pending_row(pending, pending->last_total, slot, (struct slice){"", 0});
    add_count(pending, pending->last_total, line, first_order);
    if (line->group_bytes) {
        struct slice group = {source->head.bytes.data + line->group_at, line->group_bytes};
        pending->last_group = pending_row(pending, pending->last_group, slot, group);
        add_count(pending, pending->last_group, line, first_order);
    }
}

void ingest_settle(struct ingest *ingest, struct ingest_source *source)
{
    const struct ingest_options *options = &ingest->options;
    if (!source->at_end || source->head.full) {
        return;
    }
    if (!options->replay && !options->until_end) {
        source->doubtful = false; /* nothing waits: it may stay ended until it turns idle */
        return;
    }
    if (!source->ended_said) {
        bool true_mark = !options->replay || options->end_is_final;
        int64_t mark_ms =
            source->mark_ms == INT64_MIN ? INT64_MIN : bounded(ingest, source->mark_ms);
        ingest_say(ingest, source, TICK_ENDED, true_mark ? mark_ms : source->told_ms);
    }
}

/* As PLAN reckons it (stream/sources.c). */
static int64_t effective_mark(const struct ingest *ingest, const struct ingest_source *source)
{
    if (source->state == TICK_IDLE && source->clock_ms != INT64_MIN) {
        return later(source->told_ms, source->clock_ms - ingest->options.idle_timeout_ms);
    }
    return source->told_ms;
}

int64_t ingest_least_mark(const struct ingest *ingest)
{
    int64_t least = INT64_MAX;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            const struct ingest_source *source = &ingest->sources[input][p];
            if (!source->spoken || source->doubtful) {
                return INT64_MIN;
            }
            if (source->state != TICK_ENDED) {
                int64_t mark_ms = effective_mark(ingest, source);
                least = mark_ms < least ? mark_ms : least;
            }
        }
    }
    return least;
}

/* When the clock next brings a tick of this source: LIVE where the mark moved, IDLE at a quiet end.
 * INT64_MAX: not by itself. */
static int64_t due_ms(const struct ingest *ingest, const struct ingest_source *source,
                      enum tick_state *state)
{
    const struct ingest_options *options = &ingest->options;
    int64_t due = INT64_MAX;
    *state = TICK_LIVE;
    if (source->spoken && source->state == TICK_LIVE && source->mark_ms > source->told_ms) {
        due = source->told_at_ms == INT64_MIN ? ingest->clock_ms
                                              : source->told_at_ms + options->tick_interval_ms;
    }
    if (!source->at_end || source->head.full || source->ended_said) {
        return due;
    }
    int64_t idle = source->end_since_ms + options->idle_timeout_ms;
    if (!source->spoken && source->mark_ms == INT64_MIN) {
        idle = ingest->clock_ms; /* it never had a record: nobody needs to wait for the time-out */
    } else if (source->spoken && source->state == TICK_IDLE) {
        idle = later(source->clock_ms, source->told_at_ms) + options->idle_tick_interval_ms;
    }
    if (idle <= due) {
        *state = TICK_IDLE;
        due = idle;
    }
    return due;
}

bool ingest_tick(struct ingest *ingest)
{
    bool any = false;
    if (ingest->options.replay || in_doubt(ingest, NULL)) {
        return false;
    }
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            struct ingest_source *source = &ingest->sources[input][p];
            enum tick_state state;
            if (!source->own) {
                continue;
            }
            if (ingest->clock_ms != INT64_MIN &&
                due_ms(ingest, source, &state) <= ingest->clock_ms) {
                int64_t mark_ms =
                    source->mark_ms == INT64_MIN ? INT64_MIN : bounded(ingest, source->mark_ms);
                ingest_say(ingest, source, state, mark_ms);
                any = true;
            }
        }
    }
    return any;
}

int64_t ingest_next_tick_ms(const struct ingest *ingest)
{
    int64_t least = INT64_MAX;
    if (ingest->options.replay || in_doubt(ingest, NULL)) {
        return least; /* doubt ends by a message or a foreign tick, not by the clock */
    }
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            const struct ingest_source *source = &ingest->sources[input][p];
            enum tick_state state;
            int64_t due = source->own ? due_ms(ingest, source, &state) : INT64_MAX;
            least = due < least ? due : least;
        }
    }
    return least;
}

/* "1 STATE MARK TOLD CLOCK", numbers in ms, "-" for none; "1 -" where no tick was ever said. */
void ingest_print_metadata(const struct ingest_source *source, char *out)
{
    const int64_t numbers[] = {source->mark_ms, source->told_ms, source->clock_ms};
    int at = snprintf(out, INGEST_METADATA_BYTES, "1 %d", source->spoken ? (int)source->state : -1);
    for (size_t i = 0; i < 3; i++) {
        size_t room = (size_t)(INGEST_METADATA_BYTES - at);
        at += numbers[i] == INT64_MIN ? snprintf(out + at, room, " -")
                                      : snprintf(out + at, room, " %" PRId64, numbers[i]);
    }
}

static const char *parse_number(const char *at, int64_t *out)
{
    int taken = 0;
    if (at[0] == ' ' && at[1] == '-' && (at[2] == ' ' || at[2] == '\0')) {
        *out = INT64_MIN;
        return at + 2;
    }
    return sscanf(at, " %" SCNd64 "%n", out, &taken) == 1 ? at + taken : NULL;
}

void ingest_parse_metadata(const struct ingest *ingest, struct ingest_source *source,
                           const char *metadata)
{
    int64_t numbers[3];
    int state, taken = 0;
    if (!metadata || sscanf(metadata, "1 %d%n", &state, &taken) != 1 || state < -1 ||
        state > TICK_ENDED) {
        return;
    }
    const char *at = metadata + taken;
    for (size_t i = 0; i < 3 && at; i++) {
        at = parse_number(at, &numbers[i]);
    }
    if (!at || *at) {
        return;
    }
    source->spoken = state >= 0;
    source->state = state >= 0 ? (enum tick_state)state : TICK_LIVE;
    source->mark_ms = numbers[0];
    source->told_ms = numbers[1];
    source->clock_ms = numbers[2];
    source->cross_ms = crossing(ingest, source->told_ms);
}
