#include "stream/explain_text.h"

#include "schemas/datum.h"
#include "schemas/digits.h"

#include <inttypes.h>
#include <math.h>

static void put_number(struct buf *out, double value)
{
    buf_room(out, DIGITS_BYTES);
    out->bytes += digits_f32(out->data + out->bytes, (float)value);
}

/* --- for a person */

static void put_cells(struct buf *out, const char *name, const float *values, uint32_t rows,
                      double unit)
{
    buf_print(out, "%-18s", name);
    for (uint32_t s = 0; s < rows; s++) {
        buf_print(out, " %11.4g", (double)values[s] * unit);
    }
    buf_byte(out, '\n');
}

/* Groups that say something, by their largest part in any column, largest first. */
static uint32_t by_size(const struct explanation *why, int *order)
{
    float size[EXPLAIN_GROUPS];
    uint32_t count = 0;
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        if (!(why->spoke >> g & 1)) {
            continue;
        }
        float most = 0;
        for (uint32_t s = 0; s < why->rows; s++) {
            most = fmaxf(most, fabsf(why->part[s][g]) / fmaxf(why->mean[s], 1e-6f));
        }
        uint32_t at = count++;
        for (; at > 0 && size[at - 1] < most; at--) {
            size[at] = size[at - 1];
            order[at] = order[at - 1];
        }
        size[at] = most;
        order[at] = g;
    }
    return count;
}

static void text_parts(struct buf *out, const struct explanation *why, double unit)
{
    int order[EXPLAIN_GROUPS];
    uint32_t count = by_size(why, order);
    put_cells(out, "baseline", why->baseline, why->rows, unit);
    for (uint32_t k = 0; k < count; k++) {
        float part[EXPLAIN_ROWS];
        for (uint32_t s = 0; s < why->rows; s++) {
            part[s] = why->part[s][order[k]];
        }
        buf_print(out, "%-18s", explain_group_name((enum explain_group)order[k]));
        for (uint32_t s = 0; s < why->rows; s++) {
            buf_print(out, " %+11.4g", (double)part[s] * unit);
        }
        buf_byte(out, '\n');
    }
    put_cells(out, "forecast (mean)", why->mean, why->rows, unit);
}

static void text_experts(struct buf *out, const struct explanation *why, double unit)
{
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        buf_print(out, "%-18s", forecaster_name((enum forecast_expert)e));
        for (uint32_t s = 0; s < why->rows; s++) {
            if (why->weight[s][e] > 0) {
                buf_print(out, " %4.0f%% %5.4g", 100 * (double)why->weight[s][e],
                          (double)why->expert[s][e] * unit);
            } else {
                buf_print(out, " %11s", "-");
            }
        }
        buf_byte(out, '\n');
    }
}

void explain_text(struct buf *out, const struct explain_subject *subject,
                  const struct explanation *why)
{
    buf_slice(out, subject->sku);
    buf_byte(out, '@');
    buf_slice(out, subject->location);
    buf_text(out, " after the close of ");
    buf_slice(out, subject->origin);
    buf_text(out, ": mean demand of the next buckets\n");
    buf_print(out, "%-18s", "buckets");
    for (uint32_t s = 0; s < why->rows; s++) {
        buf_print(out, " %11u", (unsigned)why->length[s]);
    }
    buf_byte(out, '\n');
    text_parts(out, why, subject->unit);
    buf_text(out, "share and mean of each expert\n");
    text_experts(out, why, subject->unit);
}

/* --- JSON */

static void json_parts(struct buf *out, const struct explanation *why, uint32_t s, double unit)
{
    bool first = true;
    buf_text(out, ",\"parts\":{");
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        if (why->spoke >> g & 1) {
            buf_print(out, "%s\"%s\":", first ? "" : ",",
                      explain_group_name((enum explain_group)g));
            put_number(out, (double)why->part[s][g] * unit);
            first = false;
        }
    }
    buf_byte(out, '}');
}

static void json_experts(struct buf *out, const struct explanation *why, uint32_t s, double unit)
{
    buf_text(out, ",\"experts\":{");
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        buf_print(out, "%s\"%s\":{\"weight\":", e ? "," : "",
                  forecaster_name((enum forecast_expert)e));
        put_number(out, (double)why->weight[s][e]);
        buf_text(out, ",\"mean\":");
        if (why->weight[s][e] > 0) {
            put_number(out, (double)why->expert[s][e] * unit);
        } else {
            buf_text(out, "null");
        }
        buf_byte(out, '}');
    }
    buf_byte(out, '}');
}

void explain_json(struct buf *out, const struct explain_subject *subject,
                  const struct explanation *why)
{
    buf_text(out, "{\"sku\":");
    datum_print_text(out, subject->sku);
    buf_text(out, ",\"location\":");
    datum_print_text(out, subject->location);
    buf_print(out, ",\"origin\":%" PRId64 ",\"sums\":[", subject->origin_ms);
    for (uint32_t s = 0; s < why->rows; s++) {
        buf_print(out, "%s{\"steps\":%u,\"mean\":", s ? "," : "", (unsigned)why->length[s]);
        put_number(out, (double)why->mean[s] * subject->unit);
        buf_text(out, ",\"baseline\":");
        put_number(out, (double)why->baseline[s] * subject->unit);
        json_parts(out, why, s, subject->unit);
        json_experts(out, why, s, subject->unit);
        buf_byte(out, '}');
    }
    buf_text(out, "]}\n");
}

/* --- CSV */

void explain_csv_header(struct buf *out)
{
    buf_text(out, "series,origin,steps,mean,baseline");
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        buf_print(out, ",%s", explain_group_name((enum explain_group)g));
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        const char *name = forecaster_name((enum forecast_expert)e);
        buf_print(out, ",%s_weight,%s_mean", name, name);
    }
    buf_byte(out, '\n');
}

void explain_csv_row(struct buf *out, const struct explanation *why, uint32_t row, double unit)
{
    buf_print(out, ",%u,", (unsigned)why->length[row]);
    put_number(out, (double)why->mean[row] * unit);
    buf_byte(out, ',');
    put_number(out, (double)why->baseline[row] * unit);
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        buf_byte(out, ',');
        put_number(out, (double)why->part[row][g] * unit);
    }
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        buf_byte(out, ',');
        put_number(out, (double)why->weight[row][e]);
        buf_byte(out, ',');
        if (why->weight[row][e] > 0) {
            put_number(out, (double)why->expert[row][e] * unit);
        }
    }
    buf_byte(out, '\n');
}
