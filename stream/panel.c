/* Two passes over memory, one over the file: rows are read as (series, local time, value), the
 * bucket is the smallest gap, then rows become cells. */
#include "stream/panel.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double UNITS[] = {1, 0.1, 0.01, 0.001};
static const double UNIT_SHARE = 0.95;
static const int64_t HOUR_MS = 3600000, DAY_MS = 86400000, WEEK_MS = 7 * 86400000;

static const char *const KNOWN_NAMES[WINDOW_KNOWN] = {[WINDOW_PRICE] = "price",
                                                      [WINDOW_PROMO] = "promo",
                                                      [WINDOW_HOLIDAY] = "holiday",
                                                      [WINDOW_EVENT] = "event",
                                                      [WINDOW_SNAP] = "snap"};

struct panel_row {
    int64_t local_ms;
    double value;
    uint8_t censored;
    float known[WINDOW_KNOWN];
};

struct panel_run { /* rows of one series */
    struct slice name;
    size_t first, count;
    uint64_t line;
};

struct reading {
    struct csv *csv;
    int series, time, value, in_stock, known[WINDOW_KNOWN];
    struct panel_known wanted;
    struct panel_row *rows;
    size_t row_count, row_capacity;
    struct panel_run *runs;
    size_t run_count, run_capacity;
};

static void begin_series(struct reading *in, struct slice name)
{
    in->runs = grow(in->runs, &in->run_capacity, in->run_count + 1, sizeof *in->runs);
    char *copy = malloc(name.bytes + 1);
    ASSERT(copy && "out of memory for a panel");
    memcpy(copy, name.data, name.bytes);
    in->runs[in->run_count++] = (struct panel_run){
        .name = {copy, name.bytes}, .first = in->row_count, .line = csv_line(in->csv)};
}

static struct status *take_known(const struct reading *in, const struct slice *fields,
                                 struct panel_row *row)
{
    for (int k = 0; k < WINDOW_KNOWN; k++) {
        double value;
        row->known[k] = NAN;
        if (in->known[k] < 0 || !fields[in->known[k]].bytes) {
            continue;
        }
        if (!csv_number(fields[in->known[k]], &value) || (k == WINDOW_PRICE && value < 0)) {
            return csv_error(in->csv, "%s: expected a number, or nothing", KNOWN_NAMES[k]);
        }
        row->known[k] = (float)value;
    }
    return NULL;
}

static struct status *take_row(struct reading *in, const struct slice *fields)
{
    struct panel_row row = {0};
    bool has_offset;
    double in_stock;
    if (!civil_parse(fields[in->time], &row.local_ms, &has_offset) || has_offset) {
        return csv_error(in->csv, "time: expected YYYY-MM-DD or YYYY-MM-DDThh:mm");
    }
    if (!csv_number(fields[in->value], &row.value) || row.value < 0) {
        return csv_error(in->csv, "value: expected a number >= 0");
    }
    if (in->in_stock >= 0 && fields[in->in_stock].bytes) {
        if (!csv_number(fields[in->in_stock], &in_stock) || in_stock < 0 || in_stock > 1) {
            return csv_error(in->csv, "in_stock: expected a share from 0 to 1, or nothing");
        }
        row.censored = in_stock < 1;
    }
    TRY(take_known(in, fields, &row));
    struct panel_run *run = in->run_count ? &in->runs[in->run_count - 1] : NULL;
    if (!run || !slice_equal(run->name, fields[in->series])) {
        begin_series(in, fields[in->series]);
        run = &in->runs[in->run_count - 1];
    } else if (row.local_ms <= in->rows[in->row_count - 1].local_ms) {
        return csv_error(in->csv, "time: rows of a series must be in order of time");
    }
    in->rows = grow(in->rows, &in->row_capacity, in->row_count + 1, sizeof *in->rows);
    in->rows[in->row_count++] = row;
    run->count++;
    return NULL;
}

static struct status *read_rows(struct reading *in)
{
    in->series = csv_column(in->csv, "series");
    in->time = csv_column(in->csv, "time");
    in->value = csv_column(in->csv, "value");
    in->in_stock = csv_column(in->csv, "in_stock");
    if (in->series < 0 || in->time < 0 || in->value < 0) {
        return csv_error(in->csv, "expected a header with series, time and value");
    }
    for (int k = 0; k < WINDOW_KNOWN; k++) {
        bool wanted = in->wanted.slots >> k & 1;
        in->known[k] = wanted ? csv_column(in->csv, KNOWN_NAMES[k]) : -1;
        if (wanted && in->known[k] < 0) {
            return csv_error(in->csv, "there is no column %s, which --known names", KNOWN_NAMES[k]);
        }
    }
    for (;;) {
        const struct slice *fields;
        TRY(csv_next(in->csv, &fields));
        if (!fields) {
            break;
        }
        TRY(take_row(in, fields));
    }
    return in->row_count ? NULL : csv_error(in->csv, "expected at least one row");
}

static int64_t smallest_gap(const struct reading *in)
{
    int64_t gap = INT64_MAX;
    for (size_t r = 0; r < in->run_count; r++) {
        for (size_t i = in->runs[r].first + 1; i < in->runs[r].first + in->runs[r].count; i++) {
            int64_t between = in->rows[i].local_ms - in->rows[i - 1].local_ms;
            gap = between < gap ? between : gap;
        }
    }
    return gap == INT64_MAX ? DAY_MS : gap;
}

static double counting_unit(const struct reading *in, int64_t until_ms)
{
    for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
        size_t positive = 0, whole = 0;
        for (size_t i = 0; i < in->row_count; i++) {
            if (in->rows[i].value > 0 && in->rows[i].local_ms <= until_ms) {
                double count = in->rows[i].value / UNITS[u];
                positive++;
                whole += fabs(count - nearbyint(count)) < 1e-6;
            }
        }
        if ((double)whole >= UNIT_SHARE * (double)positive) {
            return UNITS[u];
        }
    }
    return UNITS[3];
}

/* Names of panels are days; a week's bucket is the one that holds its first day. */
static void fill_series(const struct reading *in, const struct panel_run *run, struct panel *panel,
                        const struct buckets *buckets, struct panel_series *out)
{
    const struct panel_row *rows = in->rows + run->first;
    int64_t first = bucket_of(buckets, zone_to_utc(buckets->zone_ref, rows[0].local_ms));
    int64_t last =
        bucket_of(buckets, zone_to_utc(buckets->zone_ref, rows[run->count - 1].local_ms));
    *out = (struct panel_series){
        .name = run->name, .first = first, .count = (size_t)(last - first + 1)};
    out->units = calloc(out->count, sizeof *out->units);
    out->censored = calloc(out->count, 1);
    out->known = in->wanted.slots ? malloc(out->count * WINDOW_KNOWN * sizeof(float)) : NULL;
    ASSERT(out->units && out->censored && (out->known || !in->wanted.slots) &&
           "out of memory for a panel");
    for (size_t i = 0; out->known && i < out->count * WINDOW_KNOWN; i++) {
        out->known[i] = NAN;
    }
    for (size_t i = 0; i < run->count; i++) {
        int64_t bucket = bucket_of(buckets, zone_to_utc(buckets->zone_ref, rows[i].local_ms));
        out->units[bucket - first] += (int64_t)llround(rows[i].value / panel->unit);
        out->censored[bucket - first] |= rows[i].censored;
        if (out->known) {
            memcpy(out->known + (size_t)(bucket - first) * WINDOW_KNOWN, rows[i].known,
                   sizeof rows[i].known);
        }
    }
    panel->first = first < panel->first ? first : panel->first;
    panel->last = last > panel->last ? last : panel->last;
}

static struct status *fill(const struct reading *in, const struct zone *zone, int64_t until_ms,
                           struct panel *panel)
{
    int64_t gap = smallest_gap(in);
    struct buckets buckets;
    if (gap != HOUR_MS && gap != DAY_MS && gap != WEEK_MS) {
        return csv_error(in->csv, "the smallest gap between rows is no hour, day or week");
    }
    TRY(bucket_init(&buckets, gap, zone));
    panel->bucket_ms = gap;
    panel->unit = counting_unit(in, until_ms);
    panel->first = INT64_MAX;
    panel->last = INT64_MIN;
    panel->series = calloc(in->run_count, sizeof *panel->series);
    ASSERT(panel->series && "out of memory for a panel");
    for (size_t r = 0; r < in->run_count; r++) {
        fill_series(in, &in->runs[r], panel, &buckets, &panel->series[r]);
        panel->count++;
    }
    return NULL;
}

struct status *panel_known_parse(const char *names, struct panel_known *out)
{
    out->slots = 0;
    for (const char *at = names; *at;) {
        size_t bytes = strcspn(at, ",");
        int slot = 0;
        while (slot < WINDOW_KNOWN &&
               (strlen(KNOWN_NAMES[slot]) != bytes || memcmp(KNOWN_NAMES[slot], at, bytes) != 0)) {
            slot++;
        }
        if (slot == WINDOW_KNOWN) {
            return status_new(STATUS_USAGE,
                              "--known %.*s: no such known input; there are price, promo, holiday, "
                              "event and snap",
                              (int)bytes, at);
        }
        out->slots |= (uint8_t)(1u << slot);
        at += bytes + (at[bytes] == ',');
    }
    return NULL;
}

void panel_known_of(const struct panel *panel, size_t series, int64_t bucket, uint32_t count,
                    float *out)
{
    const struct panel_series *from = &panel->series[series];
    for (uint32_t i = 0; i < count; i++, out += WINDOW_KNOWN) {
        int64_t at = bucket + i - from->first;
        if (from->known && at >= 0 && at < (int64_t)from->count) {
            memcpy(out, from->known + (size_t)at * WINDOW_KNOWN, WINDOW_KNOWN * sizeof *out);
            continue;
        }
        for (int k = 0; k < WINDOW_KNOWN; k++) {
            out[k] = NAN;
        }
    }
}

struct status *panel_load(const char *path, const struct zone *zone, int64_t unit_until_ms,
                          struct panel **out)
{
    return panel_load_known(path, zone, unit_until_ms, (struct panel_known){0}, out);
}

struct status *panel_load_known(const char *path, const struct zone *zone, int64_t unit_until_ms,
                                struct panel_known known, struct panel **out)
{
    struct reading in = {.wanted = known};
    TRY(csv_open(path, &in.csv));
    struct panel *panel = calloc(1, sizeof *panel);
    ASSERT(panel && "out of memory for a panel");
    struct status *st = read_rows(&in);
    st = st ? st : fill(&in, zone, unit_until_ms, panel);
    csv_close(in.csv);
    for (size_t r = panel->count; r < in.run_count; r++) {
        free((char *)(uintptr_t)in.runs[r].name.data);
    }
    free(in.rows);
    free(in.runs);
    if (st) {
        panel_free(panel);
        return st;
    }
    *out = panel;
    return NULL;
}

void panel_free(struct panel *panel)
{
    if (!panel) {
        return;
    }
    for (size_t i = 0; i < panel->count; i++) {
        free((char *)(uintptr_t)panel->series[i].name.data);
        free(panel->series[i].units);
        free(panel->series[i].censored);
        free(panel->series[i].known);
    }
    free(panel->series);
    free(panel);
}
