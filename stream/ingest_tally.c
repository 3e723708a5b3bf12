#include "stream/ingest_parts.h"

/* Counts go with their transaction: open -> sealed -> committed. The lists of names only grow, and
 * have room for all reasons there are; should there ever be more, the rest is counted under the
 * last. */

static size_t place(struct ingest_reason *rows, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (rows[i].reason == name || strcmp(rows[i].reason, name) == 0) {
            return i;
        }
    }
    if (*count == INGEST_FILTERS_MAX) {
        return INGEST_FILTERS_MAX - 1;
    }
    rows[*count] = (struct ingest_reason){name, 0};
    return (*count)++;
}

void ingest_tally_filter(struct ingest *ingest, const char *name, uint64_t lines, bool order)
{
    if (order) {
        struct ingest_counts *counts = &ingest->committed;
        ingest->open.filtered += lines;
        ingest->open.by_filter[place(counts->filters, &counts->filter_count, name)] += lines;
    } else {
        ingest->open.other_filtered += lines;
    }
}

void ingest_tally_reason(struct ingest *ingest, const char *reason, bool order)
{
    struct ingest_counts *counts = &ingest->committed;
    ingest->open.by_reason[place(counts->reasons, &counts->reason_count, reason)]++;
    if (order) {
        ingest->open.dead_letter++;
    } else {
        ingest->open.other_dead_letter++;
    }
}

static void add(struct ingest_tally *to, const struct ingest_tally *from)
{
    for (int i = 0; i < INPUT_COUNT; i++) {
        to->messages[i] += from->messages[i];
    }
    to->lines += from->lines;
    to->filtered += from->filtered;
    to->dead_letter += from->dead_letter;
    to->other_filtered += from->other_filtered;
    to->other_dead_letter += from->other_dead_letter;
    for (int i = 0; i < INGEST_FILTERS_MAX; i++) {
        to->by_filter[i] += from->by_filter[i];
        to->by_reason[i] += from->by_reason[i];
    }
}

void ingest_tally_seal(struct ingest *ingest)
{
    add(&ingest->sealed, &ingest->open);
    ingest->open = (struct ingest_tally){0};
}

void ingest_tally_commit(struct ingest *ingest)
{
    const struct ingest_tally *sealed = &ingest->sealed;
    struct ingest_counts *counts = &ingest->committed;
    for (int i = 0; i < INPUT_COUNT; i++) {
        counts->messages[i] += sealed->messages[i];
    }
    counts->lines += sealed->lines;
    counts->filtered += sealed->filtered;
    counts->dead_letter += sealed->dead_letter;
    counts->other_filtered += sealed->other_filtered;
    counts->other_dead_letter += sealed->other_dead_letter;
    for (int i = 0; i < INGEST_FILTERS_MAX; i++) {
        counts->filters[i].count += sealed->by_filter[i];
        counts->reasons[i].count += sealed->by_reason[i];
    }
    ingest->sealed = (struct ingest_tally){0};
}

void ingest_tally_drop(struct ingest *ingest)
{
    ingest->open = ingest->sealed = (struct ingest_tally){0};
}

const struct ingest_counts *ingest_counts(const struct ingest *ingest)
{
    return &ingest->committed;
}

static void add_rows(struct ingest_reason *rows, size_t *count, const struct ingest_reason *more,
                     size_t more_count)
{
    for (size_t i = 0; i < more_count; i++) {
        rows[place(rows, count, more[i].reason)].count += more[i].count;
    }
}

void ingest_counts_add(struct ingest_counts *sum, const struct ingest_counts *more)
{
    for (int i = 0; i < INPUT_COUNT; i++) {
        sum->messages[i] += more->messages[i];
    }
    sum->lines += more->lines;
    sum->filtered += more->filtered;
    sum->dead_letter += more->dead_letter;
    sum->other_filtered += more->other_filtered;
    sum->other_dead_letter += more->other_dead_letter;
    add_rows(sum->filters, &sum->filter_count, more->filters, more->filter_count);
    add_rows(sum->reasons, &sum->reason_count, more->reasons, more->reason_count);
}
