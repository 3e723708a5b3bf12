/* Inside of ingest; only ingest*.c include this. */
#ifndef RESTOCK_INGEST_PARTS_H
#define RESTOCK_INGEST_PARTS_H

#include "config/base/arena.h"
#include "config/base/buf.h"
#include "stream/ingest.h"
#include "stream/mapper.h"

/* One line of a head, encoded; offsets are into the head's bytes. */
struct ingest_line {
    int64_t event_ms, units, returned; /* units, returned: for the counts; orders only */
    size_t key_at, line_at, group_at;
    uint32_t key_bytes, line_bytes, group_bytes;
    bool order;
};

struct ingest_head {
    bool full;
    int64_t offset, event_ms; /* least event time of its lines */
    struct buf bytes;
    struct ingest_line *lines;
    size_t count, capacity;
    uint32_t filtered[MAP_FILTERS_MAX], stock_filtered;
};

enum { PENDING_MAX = 512 };

struct ingest_pending { /* counts since the last tick */
    struct buf groups; /* texts, one behind the other; kept small by flushing */
    struct {
        int64_t slot, lines, invoices, units, returned;
        size_t group_at, group_bytes;
    } rows[PENDING_MAX];
    size_t count, slots; /* rows, and those of a total */
    size_t last_total, last_group; /* rows used last */
};

/* What is known of one time source, own or not. */
struct ingest_source {
    enum line_input input;
    int32_t partition;
    bool own;
    /* As its ticks tell it. */
    bool spoken; /* there is a tick of it */
    bool doubtful; /* `ended` was said, but messages wait: PLAN leaves it out wrongly */
    enum tick_state state;
    int64_t told_ms, clock_ms; /* mark and clock of the last tick; INT64_MIN: none */
    /* Own ones only. */
    int64_t mark_ms; /* largest event time read, the head's first line included */
    int64_t next_offset; /* first message not written */
    int64_t cross_ms; /* the least mark that closes more than told_ms does */
    int64_t told_at_ms; /* our clock at the last tick of this session */
    bool at_end, ended_said; /* in this session */
    int64_t end_since_ms;
    struct ingest_head head;
    struct ingest_pending *pending;
};

struct ingest_tally { /* counts on their way to being committed */
    uint64_t messages[INPUT_COUNT], lines, filtered, dead_letter, other_filtered, other_dead_letter;
    uint64_t by_filter[INGEST_FILTERS_MAX], by_reason[INGEST_FILTERS_MAX];
};

struct ingest {
    struct ingest_options options;
    struct outbox *outbox;
    struct arena *arena;
    struct mapper *mappers[TIME_INPUTS];
    struct buf line, tick; /* scratch */
    int64_t clock_ms; /* INT64_MIN: never set */
    int32_t roster[TIME_INPUTS];
    struct ingest_source *sources[TIME_INPUTS]; /* [roster] */
    struct ingest_source *others; /* items and feedback, own */
    size_t other_count;
    bool dirty;
    struct ingest_tally open, sealed;
    struct ingest_counts committed; /* the names of filters and reasons are kept here */
};

/* ingest.c: an own source, or NULL. */
struct ingest_source *ingest_own(const struct ingest *ingest, enum line_input input,
                                 int32_t partition);
/* ingest_read.c: the message at offset is dealt with. */
void ingest_done_with(struct ingest *ingest, struct ingest_source *source, int64_t offset);
/* ingest_merge.c: the source's head is not too far ahead. */
bool ingest_may_write(const struct ingest *ingest, const struct ingest_source *source);
/* ingest_ticks.c */
void ingest_say(struct ingest *ingest, struct ingest_source *source, enum tick_state state,
                int64_t mark_ms);
/* A line at event_ms comes next: whatever tick must stand before it. */
void ingest_before_line(struct ingest *ingest, struct ingest_source *source, int64_t event_ms);
void ingest_count_line(struct ingest *ingest, struct ingest_source *source,
                       const struct ingest_line *line, bool first_order);
/* At the end without a head: say `ended` where that is what the end means. */
void ingest_settle(struct ingest *ingest, struct ingest_source *source);
/* Least mark of all sources that have not ended; INT64_MIN: somebody is unknown, INT64_MAX: all
 * have ended. */
int64_t ingest_least_mark(const struct ingest *ingest);
/* Metadata of a committed offset. */
void ingest_print_metadata(const struct ingest_source *source, char *out);
void ingest_parse_metadata(const struct ingest *ingest, struct ingest_source *source,
                           const char *metadata);

/* ingest_tally.c */
void ingest_tally_filter(struct ingest *ingest, const char *name, uint64_t lines, bool order);
void ingest_tally_reason(struct ingest *ingest, const char *reason, bool order);
void ingest_tally_seal(struct ingest *ingest);
void ingest_tally_commit(struct ingest *ingest);
void ingest_tally_drop(struct ingest *ingest);

#endif
