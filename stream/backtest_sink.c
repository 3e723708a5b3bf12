#include "stream/backtest_sink.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "schemas/digits.h"
#include "schemas/json.h"
#include "stream/explain_text.h"
#include "stream/series.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct cells { /* of one series, by bucket */
    int64_t first;
    size_t count, capacity;
    int64_t *units;
};

struct alert_row { /* as last told */
    uint8_t kind;
    int64_t opened_ms, closed_ms;
    float score; /* the largest */
    struct buf sku;
};

struct backtest_sink {
    const struct backtest_options *options;
    double unit;
    const struct zone *zone_ref; /* NULL: that of the settings */
    struct plan_sinks sinks;
    FILE *forecasts, *explain, *alerts, *proposals, *panel;
    struct series_table *names;
    struct cells *cells;
    size_t cells_capacity;
    struct series_table *alert_ids; /* id -> place in alert_rows */
    struct alert_row *alert_rows;
    uint32_t alert_count;
    size_t alert_capacity;
    struct arena *arena;
    struct buf row;
};

static struct status *open_file(const char *path, const char *header, FILE **out)
{
    if (!path) {
        return NULL;
    }
    *out = fopen(path, "w");
    if (!*out) {
        return status_new(STATUS_IO, "cannot write %s: %s", path, strerror(errno));
    }
    fputs(header, *out);
    return NULL;
}

static struct status *open_files(struct backtest_sink *sink)
{
    const struct backtest_options *options = sink->options;
    TRY(open_file(options->forecasts,
                  "series,origin,kind,step,mean,q0.05,q0.1,q0.2,q0.3,q0.4,q0.5,q0.6,q0.7,q0.8,q0.9,"
                  "q0.95,q0.99\n",
                  &sink->forecasts));
    TRY(open_file(options->explain, "", &sink->explain));
    if (sink->explain) {
        explain_csv_header(&sink->row);
        fwrite(sink->row.data, 1, sink->row.bytes, sink->explain);
    }
    TRY(open_file(options->alerts, "alert_id,kind,sku,opened,closed,score\n", &sink->alerts));
    TRY(open_file(
        options->proposals,
        "proposal_id,revision,state,sku,location,quantity,order_by,expected_arrival,policy,text\n",
        &sink->proposals));
    return open_file(options->panel_out, "series,time,value\n", &sink->panel);
}

struct status *backtest_sink_open(const struct backtest_options *options,
                                  struct backtest_sink **out)
{
    struct backtest_sink *sink = calloc(1, sizeof *sink);
    if (!sink) {
        return status_new(STATUS_NO_MEMORY, "out of memory");
    }
    sink->options = options;
    sink->unit = 1;
    sink->names = series_table_create();
    sink->alert_ids = series_table_create();
    sink->arena = arena_create(64 * 1024, 16 << 20);
    struct status *st = sink->names && sink->alert_ids && sink->arena
                            ? open_files(sink)
                            : status_new(STATUS_NO_MEMORY, "out of memory");
    if (st) {
        status_free(backtest_sink_close(sink));
        return st;
    }
    *out = sink;
    return NULL;
}

void backtest_sink_zone(struct backtest_sink *sink, const struct zone *zone_ref)
{
    sink->zone_ref = zone_ref;
}

void backtest_sink_unit(struct backtest_sink *sink, double unit)
{
    sink->unit = unit;
}

/* A name as a CSV field: quoted where it must be. */
static void put_field(struct buf *row, struct slice text)
{
    bool quote = false;
    for (size_t i = 0; i < text.bytes; i++) {
        quote |= text.data[i] == ',' || text.data[i] == '"' || text.data[i] == '\n' ||
                 text.data[i] == '\r';
    }
    if (!quote) {
        buf_slice(row, text);
        return;
    }
    buf_byte(row, '"');
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] == '"') {
            buf_byte(row, '"');
        }
        buf_byte(row, (unsigned char)text.data[i]);
    }
    buf_byte(row, '"');
}

static void put_double(struct buf *row, double value)
{
    buf_room(row, DIGITS_BYTES + 1);
    row->data[row->bytes++] = ',';
    row->bytes += digits_f32(row->data + row->bytes, (float)value);
}

/* Start of a bucket as the panels write it: a date, or date and hour below a day. */
static void put_bucket(const struct backtest_sink *sink, struct buf *row, int64_t bucket)
{
    const struct buckets *buckets = &sink->options->settings->buckets;
    int64_t local = zone_to_local(buckets->zone_ref, bucket_start(buckets, bucket));
    struct civil civil = civil_of(local);
    buf_print(row, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
    if (buckets->length_ms < 86400000) {
        buf_print(row, "T%02d:%02d", civil.hour, civil.minute);
    }
}

/* --- forecasts
 * -------------------------------------------------------------------------------------------------
 */

struct forecast_row {
    struct slice sku;
    int64_t origin;
    const char *kind;
    uint32_t step;
    float mean;
    const float *q;
};

static void put_forecast(struct backtest_sink *sink, const struct forecast_row *forecast)
{
    struct buf *row = &sink->row;
    buf_reset(row);
    put_field(row, forecast->sku);
    buf_byte(row, ',');
    put_bucket(sink, row, forecast->origin);
    buf_print(row, ",%s,%u", forecast->kind, (unsigned)forecast->step);
    put_double(row, (double)forecast->mean * sink->unit);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        put_double(row, (double)forecast->q[k] * sink->unit);
    }
    buf_byte(row, '\n');
    fwrite(row->data, 1, row->bytes, sink->forecasts);
}

static void on_forecast(void *context, struct slice sku, struct slice location, int64_t origin,
                        const struct forecast_block *block, uint32_t i)
{
    struct backtest_sink *sink = context;
    (void)location;
    struct forecast_row row = {.sku = sku, .origin = origin, .kind = "step"};
    for (uint32_t h = 0; h < block->steps; h++) {
        size_t at = (size_t)i * block->steps + h;
        row.step = h + 1;
        row.mean = block->step_mean[at];
        row.q = block->step_q + at * FORECAST_LEVELS;
        put_forecast(sink, &row);
    }
    row.kind = "sum";
    for (uint32_t s = 1; s < block->sums; s++) {
        size_t at = (size_t)i * block->sums + s;
        row.step = block->sum_length[s];
        row.mean = block->sum_mean[at];
        row.q = block->sum_q + at * FORECAST_LEVELS;
        put_forecast(sink, &row);
    }
}

static void on_explain(void *context, struct slice sku, int64_t origin,
                       const struct explanation *why)
{
    struct backtest_sink *sink = context;
    for (uint32_t s = 0; s < why->rows; s++) {
        struct buf *row = &sink->row;
        buf_reset(row);
        put_field(row, sku);
        buf_byte(row, ',');
        put_bucket(sink, row, origin);
        explain_csv_row(row, why, s, sink->unit);
        fwrite(row->data, 1, row->bytes, sink->explain);
    }
}

/* --- alerts
 * -----------------------------------------------------------------------------------------------------
 */

static void put_time(const struct backtest_sink *sink, struct buf *row, int64_t ms)
{
    const struct zone *zone = sink->zone_ref ? sink->zone_ref : sink->options->settings->zone;
    struct civil civil = civil_of(zone_to_local(zone, ms));
    buf_print(row, "%04d-%02d-%02dT%02d:%02d:%02d", civil.year, civil.month, civil.day, civil.hour,
              civil.minute, civil.second);
}

static struct alert_row *alert_row(struct backtest_sink *sink, struct slice id)
{
    uint32_t index = series_find(sink->alert_ids, id, slice_of(""));
    if (index != SERIES_NONE) {
        return &sink->alert_rows[index];
    }
    index = series_add(sink->alert_ids, id, slice_of(""));
    ASSERT(index == sink->alert_count);
    sink->alert_rows =
        grow(sink->alert_rows, &sink->alert_capacity, (size_t)index + 1, sizeof *sink->alert_rows);
    sink->alert_rows[sink->alert_count++] = (struct alert_row){0};
    return &sink->alert_rows[index];
}

/* One row an alert, whatever updates and flaps it had: written at the end. */
static void on_alert(void *context, const struct alert *alert, enum alert_change change,
                     const struct alert_subject *subject)
{
    struct backtest_sink *sink = context;
    if (change == ALERT_DROPPED) {
        return; /* a tombstone: the incident itself is over already */
    }
    buf_reset(&sink->row);
    alert_id(&sink->row, alert, subject);
    struct alert_row *row = alert_row(sink, buf_view(&sink->row));
    row->kind = (uint8_t)alert_called(alert);
    row->opened_ms = alert->opened_ms;
    row->closed_ms = alert->closed_ms;
    row->score = alert->peak > row->score ? alert->peak : row->score;
    if (!row->sku.bytes) {
        put_field(&row->sku, subject->sku.bytes ? subject->sku : slice_of("*"));
    }
}

static void write_alerts(struct backtest_sink *sink)
{
    struct buf *out = &sink->row;
    for (uint32_t i = 0; i < sink->alert_count; i++) {
        const struct alert_row *row = &sink->alert_rows[i];
        buf_reset(out);
        buf_slice(out, series_sku(sink->alert_ids, i));
        buf_print(out, ",%s,", alert_kind_name((enum alert_kind)row->kind));
        buf_slice(out, buf_view(&row->sku));
        buf_byte(out, ',');
        put_time(sink, out, row->opened_ms);
        buf_byte(out, ',');
        if (row->closed_ms) {
            put_time(sink, out, row->closed_ms);
        }
        buf_print(out, ",%.4f\n", (double)row->score);
        fwrite(out->data, 1, out->bytes, sink->alerts);
    }
}

/* --- proposals
 * --------------------------------------------------------------------------------------------------
 */

static void put_datum(struct buf *row, const struct datum *datum)
{
    if (datum && datum->kind == DATUM_TEXT) {
        put_field(row, datum->text);
    } else if (datum && datum->kind != DATUM_NULL) {
        datum_print(row, datum);
    }
}

static void on_replenishment(void *context, struct slice json)
{
    static const char *const FIELDS[] = {"proposal_id", "revision",         "state",
                                         "sku",         "location",         "quantity",
                                         "order_by",    "expected_arrival", "policy"};
    struct backtest_sink *sink = context;
    struct datum *event;
    struct decode_error error;
    arena_reset(sink->arena);
    bool decoded = json_decode(sink->arena, json, &event, &error);
    ASSERT(decoded && "our own event");
    struct buf *row = &sink->row;
    buf_reset(row);
    for (size_t i = 0; i < sizeof FIELDS / sizeof FIELDS[0]; i++) {
        put_datum(row, datum_child(event, slice_of(FIELDS[i]), NULL));
        buf_byte(row, ',');
    }
    put_datum(row, datum_child(datum_child(event, slice_of("why"), NULL), slice_of("text"), NULL));
    buf_byte(row, '\n');
    fwrite(row->data, 1, row->bytes, sink->proposals);
}

/* --- closed buckets
 * --------------------------------------------------------------------------------------------- */

static struct cells *cells_of(struct backtest_sink *sink, struct slice sku, struct slice location)
{
    uint32_t index = series_find(sink->names, sku, location);
    if (index == SERIES_NONE) {
        index = series_add(sink->names, sku, location);
    }
    sink->cells =
        grow_zeroed(sink->cells, &sink->cells_capacity, (size_t)index + 1, sizeof *sink->cells);
    return &sink->cells[index];
}

static void on_bucket(void *context, struct slice sku, struct slice location, int64_t bucket,
                      int64_t units)
{
    struct cells *cells = cells_of(context, sku, location);
    if (!cells->count) {
        cells->first = bucket;
    }
    ASSERT(bucket >= cells->first);
    size_t at = (size_t)(bucket - cells->first);
    cells->units = grow(cells->units, &cells->capacity, at + 1, sizeof *cells->units);
    while (cells->count <= at) {
        cells->units[cells->count++] = 0;
    }
    cells->units[at] = units;
}

struct named {
    struct slice sku, location;
    uint32_t index;
};

static int by_name(const void *a, const void *b)
{
    const struct named *one = a, *two = b;
    size_t least = one->sku.bytes < two->sku.bytes ? one->sku.bytes : two->sku.bytes;
    int order = memcmp(one->sku.data, two->sku.data, least);
    if (order || one->sku.bytes != two->sku.bytes) {
        return order ? order : (one->sku.bytes < two->sku.bytes ? -1 : 1);
    }
    least = one->location.bytes < two->location.bytes ? one->location.bytes : two->location.bytes;
    order = memcmp(one->location.data, two->location.data, least);
    return order ? order
                 : (one->location.bytes > two->location.bytes) -
                       (one->location.bytes < two->location.bytes);
}

static bool one_location(const struct backtest_sink *sink)
{
    for (uint32_t i = 1; i < series_end(sink->names); i++) {
        if (!slice_equal(series_location(sink->names, i), series_location(sink->names, 0))) {
            return false;
        }
    }
    return true;
}

static void put_series(struct backtest_sink *sink, const struct named *named, bool with_location)
{
    const struct cells *cells = &sink->cells[named->index];
    struct buf name = {0};
    buf_slice(&name, named->sku);
    if (with_location) {
        buf_byte(&name, '@');
        buf_slice(&name, named->location);
    }
    size_t first = 0; /* a series begins with its first sale that stands */
    while (first < cells->count && !cells->units[first]) {
        first++;
    }
    for (size_t k = first; k < cells->count; k++) {
        buf_reset(&sink->row);
        put_field(&sink->row, buf_view(&name));
        buf_byte(&sink->row, ',');
        put_bucket(sink, &sink->row, cells->first + (int64_t)k);
        put_double(&sink->row, (double)cells->units[k] * sink->unit);
        buf_byte(&sink->row, '\n');
        fwrite(sink->row.data, 1, sink->row.bytes, sink->panel);
    }
    buf_fini(&name);
}

static void write_panel(struct backtest_sink *sink)
{
    uint32_t count = series_end(sink->names);
    struct named *sorted = calloc(count ? count : 1, sizeof *sorted);
    ASSERT(sorted && "out of memory for a panel");
    for (uint32_t i = 0; i < count; i++) {
        sorted[i] = (struct named){series_sku(sink->names, i), series_location(sink->names, i), i};
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    bool with_location = !one_location(sink);
    for (uint32_t i = 0; i < count; i++) {
        put_series(sink, &sorted[i], with_location);
    }
    free(sorted);
}

/* --- life
 * ---------------------------------------------------------------------------------------------------------
 */

const struct plan_sinks *backtest_sink_plan(struct backtest_sink *sink, const int64_t *origins,
                                            size_t origin_count)
{
    sink->sinks = (struct plan_sinks){.context = sink,
                                      .origins = origins,
                                      .origin_count = origin_count,
                                      .forecast = sink->forecasts ? on_forecast : NULL,
                                      .explain = sink->explain ? on_explain : NULL,
                                      .alert = sink->alerts ? on_alert : NULL,
                                      .replenishment = sink->proposals ? on_replenishment : NULL,
                                      .bucket = sink->panel ? on_bucket : NULL};
    return &sink->sinks;
}

static struct status *close_file(FILE *file, const char *path)
{
    if (!file) {
        return NULL;
    }
    bool failed = ferror(file) != 0;
    failed |= fclose(file) != 0;
    return failed ? status_new(STATUS_IO, "cannot write all of %s: %s", path, strerror(errno))
                  : NULL;
}

struct status *backtest_sink_close(struct backtest_sink *sink)
{
    if (sink->panel) {
        write_panel(sink);
    }
    if (sink->alerts) {
        write_alerts(sink);
    }
    struct status *st = close_file(sink->forecasts, sink->options->forecasts);
    st = status_join(st, close_file(sink->explain, sink->options->explain));
    st = status_join(st, close_file(sink->alerts, sink->options->alerts));
    st = status_join(st, close_file(sink->proposals, sink->options->proposals));
    st = status_join(st, close_file(sink->panel, sink->options->panel_out));
    for (size_t i = 0; i < sink->cells_capacity; i++) {
        free(sink->cells[i].units);
    }
    free(sink->cells);
    for (uint32_t i = 0; i < sink->alert_count; i++) {
        buf_fini(&sink->alert_rows[i].sku);
    }
    free(sink->alert_rows);
    series_table_destroy(sink->alert_ids);
    series_table_destroy(sink->names);
    arena_destroy(sink->arena);
    buf_fini(&sink->row);
    free(sink);
    return st;
}
