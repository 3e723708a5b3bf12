#include "stream/ingest.h"

#include "config/base/ensure.h"
#include "stream/ingest_parts.h"

#include <stdlib.h>

/* Messages in, heads kept, heads merged, lines out. Ticks: ingest_ticks.c; counts for the report:
 * ingest_tally.c.
 *
 * A message touches the outbox in one call only (ingest_read for what is no line of a time source,
 * ingest_write for the others), and its offset moves in the same call: between calls every
 * transaction may be sealed. */

enum {
    ARENA_BLOCK_BYTES = 256 << 10,
    ARENA_LIMIT_BYTES = 256 << 20, /* of one message, decoded and mapped */
    DEFAULT_WINSOR_UNITS = 1000,
};

struct status *ingest_create(const struct ingest_options *options, struct outbox *outbox,
                             struct ingest **out)
{
    ASSERT(options->buckets && options->lines_partitions > 0);
    if (options->maps[INPUT_ITEMS] || options->maps[INPUT_FEEDBACK]) {
        return status_new(STATUS_CONFIG,
                          "inputs: a map is possible for orders and stock; items and "
                          "feedback come as canonical records");
    }
    struct ingest *ingest = calloc(1, sizeof *ingest);
    struct arena *arena = arena_create(ARENA_BLOCK_BYTES, ARENA_LIMIT_BYTES);
    if (!ingest || !arena) {
        free(ingest);
        arena_destroy(arena);
        return status_new(STATUS_NO_MEMORY, "out of memory for an ingest worker");
    }
    ingest->options = *options;
    ingest->options.winsor_units =
        options->winsor_units ? options->winsor_units : DEFAULT_WINSOR_UNITS;
    ingest->outbox = outbox;
    ingest->arena = arena;
    ingest->clock_ms = INT64_MIN;
    for (int input = 0; input < TIME_INPUTS; input++) {
        ingest->mappers[input] =
            mapper_create(options->maps[input], (enum line_input)input, options->location);
    }
    *out = ingest;
    return NULL;
}

static void source_fini(struct ingest_source *source)
{
    buf_fini(&source->head.bytes);
    free(source->head.lines);
    if (source->pending) {
        buf_fini(&source->pending->groups);
        free(source->pending);
    }
    source->head = (struct ingest_head){0};
    source->pending = NULL;
}

void ingest_destroy(struct ingest *ingest)
{
    if (!ingest) {
        return;
    }
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            source_fini(&ingest->sources[input][p]);
        }
        free(ingest->sources[input]);
        mapper_destroy(ingest->mappers[input]);
    }
    free(ingest->others);
    buf_fini(&ingest->line);
    buf_fini(&ingest->tick);
    arena_destroy(ingest->arena);
    free(ingest);
}

void ingest_clock(struct ingest *ingest, int64_t clock_ms)
{
    ingest->clock_ms = clock_ms > ingest->clock_ms ? clock_ms : ingest->clock_ms;
}

static void source_forget(struct ingest_source *source, enum line_input input, int32_t partition)
{
    source_fini(source);
    *source = (struct ingest_source){.input = input,
                                     .partition = partition,
                                     .told_ms = INT64_MIN,
                                     .cross_ms = INT64_MIN + 1,
                                     .clock_ms = INT64_MIN,
                                     .mark_ms = INT64_MIN,
                                     .told_at_ms = INT64_MIN};
}

static void grow_roster(struct ingest *ingest, int input, int32_t count)
{
    if (count <= ingest->roster[input]) {
        return;
    }
    struct ingest_source *moved = realloc(ingest->sources[input], (size_t)count * sizeof *moved);
    ASSERT(moved && "out of memory for time sources");
    for (int32_t p = ingest->roster[input]; p < count; p++) {
        moved[p] = (struct ingest_source){0};
        source_forget(&moved[p], (enum line_input)input, p);
    }
    ingest->sources[input] = moved;
    ingest->roster[input] = count;
}

void ingest_roster(struct ingest *ingest, int32_t orders, int32_t stock)
{
    grow_roster(ingest, INPUT_ORDERS, orders);
    grow_roster(ingest, INPUT_STOCK, stock);
}

static struct ingest_source *time_source(const struct ingest *ingest, enum line_input input,
                                         int32_t partition)
{
    ASSERT((int)input < TIME_INPUTS && partition >= 0 && partition < ingest->roster[input]);
    return &ingest->sources[input][partition];
}

struct ingest_source *ingest_own(const struct ingest *ingest, enum line_input input,
                                 int32_t partition)
{
    if ((int)input < TIME_INPUTS) {
        struct ingest_source *source = time_source(ingest, input, partition);
        return source->own ? source : NULL;
    }
    for (size_t i = 0; i < ingest->other_count; i++) {
        if (ingest->others[i].input == input && ingest->others[i].partition == partition) {
            return &ingest->others[i];
        }
    }
    return NULL;
}

void ingest_foreign(struct ingest *ingest, enum line_input input, int32_t partition,
                    const char *metadata, bool backlog)
{
    struct ingest_source *source = time_source(ingest, input, partition);
    if (source->own) {
        return;
    }
    source_forget(source, input, partition);
    ingest_parse_metadata(ingest, source, metadata);
    source->doubtful = backlog && source->state == TICK_ENDED;
}

void ingest_foreign_tick(struct ingest *ingest, struct slice value)
{
    struct line line;
    const char *reason;
    arena_reset(ingest->arena);
    if (!line_decode(value, ingest->arena, &line, &reason) || line.kind != LINE_TICK ||
        line.tick.partition >= ingest->roster[line.tick.input]) {
        return;
    }
    struct ingest_source *source = time_source(ingest, line.tick.input, line.tick.partition);
    if (source->own) {
        return;
    }
    source->spoken = true;
    source->doubtful = false;
    source->state = line.tick.state;
    source->told_ms = line.tick.mark_ms > source->told_ms ? line.tick.mark_ms : source->told_ms;
    source->clock_ms =
        line.tick.clock_ms > source->clock_ms ? line.tick.clock_ms : source->clock_ms;
}

void ingest_assign(struct ingest *ingest, enum line_input input, int32_t partition,
                   int64_t next_offset, const char *metadata)
{
    struct ingest_source *source;
    if ((int)input < TIME_INPUTS) {
        source = time_source(ingest, input, partition);
    } else {
        ASSERT(!ingest_own(ingest, input, partition));
        struct ingest_source *moved =
            realloc(ingest->others, (ingest->other_count + 1) * sizeof *moved);
        ASSERT(moved && "out of memory for sources");
        ingest->others = moved;
        source = &moved[ingest->other_count++];
        *source = (struct ingest_source){0};
    }
    source_forget(source, input, partition);
    source->own = true;
    source->next_offset = next_offset;
    if ((int)input < TIME_INPUTS) {
        source->pending = calloc(1, sizeof *source->pending);
        ASSERT(source->pending && "out of memory for a source");
        ingest_parse_metadata(ingest, source, metadata);
        source->doubtful = source->spoken && source->state == TICK_ENDED;
    }
}

void ingest_revoke(struct ingest *ingest)
{
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            source_forget(&ingest->sources[input][p], (enum line_input)input, p);
        }
    }
    ingest->other_count = 0;
    ingest->dirty = false;
    ingest_tally_drop(ingest);
}

bool ingest_wants(const struct ingest *ingest, enum line_input input, int32_t partition)
{
    const struct ingest_source *source = ingest_own(ingest, input, partition);
    return source && !source->head.full;
}

bool ingest_dirty(const struct ingest *ingest)
{
    return ingest->dirty;
}

size_t ingest_source_count(const struct ingest *ingest)
{
    size_t count = ingest->other_count;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            count += ingest->sources[input][p].own;
        }
    }
    return count;
}

size_t ingest_seal(struct ingest *ingest, struct ingest_offset *offsets, size_t capacity)
{
    size_t count = 0;
    ASSERT(capacity >= ingest_source_count(ingest));
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            struct ingest_source *source = &ingest->sources[input][p];
            if (!source->own) {
                continue;
            }
            if (source->pending->count) {
                ingest_say(ingest, source, source->state, source->told_ms);
            }
            struct ingest_offset *offset = &offsets[count++];
            *offset = (struct ingest_offset){source->input, p, source->next_offset, ""};
            ingest_print_metadata(source, offset->metadata);
        }
    }
    for (size_t i = 0; i < ingest->other_count; i++) {
        const struct ingest_source *source = &ingest->others[i];
        offsets[count++] =
            (struct ingest_offset){source->input, source->partition, source->next_offset, "1"};
    }
    ingest->dirty = false;
    ingest_tally_seal(ingest);
    return count;
}

void ingest_committed(struct ingest *ingest)
{
    ingest_tally_commit(ingest);
}

bool ingest_ended(const struct ingest *ingest)
{
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            const struct ingest_source *source = &ingest->sources[input][p];
            if (source->own && (!source->ended_said || source->head.full)) {
                return false;
            }
        }
    }
    return !ingest->dirty;
}

void ingest_repeat_ended(struct ingest *ingest)
{
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            struct ingest_source *source = &ingest->sources[input][p];
            if (source->own && source->ended_said) {
                ingest_say(ingest, source, TICK_ENDED, source->told_ms);
            }
        }
    }
}

size_t ingest_view(const struct ingest *ingest, struct ingest_source_view *views, size_t capacity)
{
    size_t count = 0;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++, count++) {
            const struct ingest_source *source = &ingest->sources[input][p];
            if (count < capacity) {
                views[count] = (struct ingest_source_view){
                    .input = source->input,
                    .partition = p,
                    .own = source->own,
                    .lag = -1,
                    .held = source->head.full && !ingest_may_write(ingest, source),
                    .state = source->state,
                    .mark_ms = source->own ? source->mark_ms : source->told_ms,
                    .next_offset = source->own ? source->next_offset : INT64_MIN,
                };
            }
        }
    }
    return count;
}
