#include "stream/ingest_parts.h"

/* Heads of orders and stock, merged by event time and held where they are too far ahead; see the
 * head of ingest.h. */

/* Heads that were read while somebody's state was in doubt could not raise their marks yet. */
static void raise_marks(struct ingest *ingest)
{
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            struct ingest_source *source = &ingest->sources[input][p];
            if (source->head.full) {
                ingest_before_line(ingest, source, source->head.event_ms);
            }
        }
    }
}

/* The head that comes first. In replay also *complete = false while some own source may still bring
 * an earlier one. */
static struct ingest_source *first_head(const struct ingest *ingest, bool *complete)
{
    struct ingest_source *best = NULL;
    *complete = true;
    for (int input = 0; input < TIME_INPUTS; input++) {
        for (int32_t p = 0; p < ingest->roster[input]; p++) {
            struct ingest_source *source = &ingest->sources[input][p];
            if (!source->own) {
                continue;
            }
            if (!source->head.full) {
                *complete = *complete && source->at_end;
            } else if (!best || source->head.event_ms < best->head.event_ms) {
                best = source;
            }
        }
    }
    return best;
}

bool ingest_may_write(const struct ingest *ingest, const struct ingest_source *source)
{
    int64_t least_ms = ingest_least_mark(ingest), limit_ms;
    if (least_ms == INT64_MIN) {
        return false;
    }
    return __builtin_add_overflow(least_ms, ingest->options.max_lead_ms, &limit_ms) ||
           source->head.event_ms <= limit_ms;
}

static void write_head(struct ingest *ingest, struct ingest_source *source)
{
    struct ingest_head *head = &source->head;
    bool order_seen = false;
    for (size_t i = 0; i < head->count; i++) {
        const struct ingest_line *line = &head->lines[i];
        ingest_before_line(ingest, source, line->event_ms);
        struct slice key = {head->bytes.data + line->key_at, line->key_bytes};
        struct slice value = {head->bytes.data + line->line_at, line->line_bytes};
        outbox_add(ingest->outbox, TOPIC_LINES, -1, key, value);
        ingest_count_line(ingest, source, line, line->order && !order_seen);
        order_seen = order_seen || line->order;
    }
    ingest->open.lines += head->count;
    for (size_t i = 0; i < MAP_FILTERS_MAX; i++) {
        if (head->filtered[i]) {
            ingest_tally_filter(ingest, map_filter_name(ingest->options.maps[source->input], i),
                                head->filtered[i], true);
        }
    }
    if (head->stock_filtered) {
        ingest_tally_filter(ingest, "stock", head->stock_filtered, false);
    }
    head->full = false;
    ingest_done_with(ingest, source, head->offset);
    ingest_settle(ingest, source);
}

bool ingest_write(struct ingest *ingest)
{
    bool complete;
    raise_marks(ingest);
    struct ingest_source *source = first_head(ingest, &complete);
    if (!source || (ingest->options.replay && !complete) || !ingest_may_write(ingest, source)) {
        return false;
    }
    write_head(ingest, source);
    return true;
}
