#include "stream/calendars.h"

#include "config/base/zone.h"
#include "config/calendar_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const int64_t DAY_MS = 86400000;
enum { RANGE_DAYS_MAX = 400, COUNTRY_BYTES = 8 };

static const char *const WEEKDAYS[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const KEYS[] = {"weekdays", "delivers", "closed", "calendar"};

struct supplier {
    const char *name_ref; /* owner: the configuration */
    struct holidays closed;
    struct supplier_calendar calendar;
};

struct suppliers {
    size_t count;
    struct supplier of[];
};

static struct status *wrong(const struct config *config, const struct yaml_node *node,
                            const char *what)
{
    return status_new(STATUS_CONFIG, "%s%s", config_place(config, node), what);
}

/* "calendars/de.csv" and "de" name the calendar of de. */
static struct slice shipped(const char *file)
{
    char country[COUNTRY_BYTES];
    int end = 0;
    if (sscanf(file, "calendars/%7[a-z].csv%n", country, &end) == 1 && end && !file[end]) {
        return calendar_file_shipped(country);
    }
    return calendar_file_shipped(file);
}

static struct status *load_one(const struct config *config, const struct yaml_node *node,
                               struct holidays *out)
{
    if (node->kind != YAML_SCALAR || yaml_is_null(node)) {
        return wrong(config, node, "a calendar is a file, a country or `none`");
    }
    if (strcmp(node->text, "none") == 0) {
        return NULL;
    }
    const char *path = config_relative(config, node->text);
    struct slice text = shipped(node->text);
    if (text.data && access(path, F_OK) != 0) {
        return calendar_file_parse(node->text, text, out);
    }
    struct status *st = calendar_file_load(path, out);
    if (st && access(path, F_OK) != 0) {
        st = status_wrap(st, "neither a file nor a country of the calendars that come along (%s)",
                         calendar_file_countries());
    }
    return status_wrap(st, "%scalendar", config_place(config, node));
}

struct status *calendars_load(const struct config *config, const char *zone, struct holidays *out)
{
    const struct yaml_node *node = config_node(config, "calendar");
    if (yaml_is_null(node) || (node->kind == YAML_MAPPING && node->count == 0)) {
        const char *country = calendar_file_country(zone);
        return country ? calendar_file_parse(country, calendar_file_shipped(country), out) : NULL;
    }
    if (node->kind != YAML_MAPPING) {
        return wrong(config, node, "calendar: must be {name: file, ...}");
    }
    struct status *st = NULL;
    for (size_t i = 0; i < node->count; i++) {
        st = status_join(st, load_one(config, node->items[i], out));
    }
    return st;
}

void calendars_known(const struct holidays *holidays, const struct buckets *buckets, int64_t last,
                     uint32_t rows, float *known)
{
    enum { ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };
    for (int64_t k = 0; k < ROW; k++) {
        known[k] = NAN;
    }
    for (int64_t k = 0; k <= WINDOW_AHEAD; k++) {
        bool holiday = holiday_is(holidays, bucket_day(buckets, last + k));
        known[k * WINDOW_KNOWN + WINDOW_HOLIDAY] = holiday ? 1 : 0;
    }
    for (uint32_t i = 1; i < rows; i++) {
        memcpy(known + (size_t)i * ROW, known, ROW * sizeof(float));
    }
}

/* --- suppliers */

static struct status *read_weekdays(const struct config *config, const struct yaml_node *node,
                                    uint8_t *out)
{
    static const char HELP[] =
        "must be a list of mon, tue, wed, thu, fri, sat, sun; leave it out for every day";
    if (node->kind != YAML_SEQUENCE || node->count == 0) {
        return wrong(config, node, HELP);
    }
    *out = 0;
    for (size_t i = 0; i < node->count; i++) {
        size_t day = 0;
        while (day < 7 && (node->items[i]->kind != YAML_SCALAR ||
                           strcmp(node->items[i]->text, WEEKDAYS[day]) != 0)) {
            day++;
        }
        if (day == 7) {
            return wrong(config, node->items[i], HELP);
        }
        *out = (uint8_t)(*out | 1u << day);
    }
    return NULL;
}

static bool read_date(const char *text, size_t bytes, int64_t *day)
{
    int64_t ms;
    bool has_offset;
    if (bytes != 10 || !civil_parse((struct slice){text, bytes}, &ms, &has_offset)) {
        return false;
    }
    *day = ms / DAY_MS - (ms % DAY_MS < 0);
    return true;
}

static struct status *read_closed(const struct config *config, const struct yaml_node *node,
                                  struct holidays *out)
{
    static const char HELP[] = "must be a list of dates 2025-12-24, or of spans "
                               "2025-12-24..2026-01-02 of at most 400 days";
    if (node->kind != YAML_SEQUENCE) {
        return wrong(config, node, HELP);
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        int64_t from, to;
        const char *text = item->kind == YAML_SCALAR ? item->text : "";
        const char *dots = strstr(text, "..");
        bool good = dots ? read_date(text, (size_t)(dots - text), &from) &&
                               read_date(dots + 2, strlen(dots + 2), &to)
                         : read_date(text, strlen(text), &from);
        to = dots && good ? to : good ? from : 0;
        if (!good || to < from || to - from >= RANGE_DAYS_MAX) {
            return wrong(config, item, HELP);
        }
        for (int64_t day = from; day <= to; day++) {
            holiday_add(out, day);
        }
    }
    return NULL;
}

static struct status *read_entry(const struct config *config, const struct yaml_node *key,
                                 const struct yaml_node *value, struct supplier *out)
{
    if (strcmp(key->text, "weekdays") == 0) {
        return read_weekdays(config, value, &out->calendar.orders);
    }
    if (strcmp(key->text, "delivers") == 0) {
        return read_weekdays(config, value, &out->calendar.delivers);
    }
    if (strcmp(key->text, "closed") == 0) {
        return read_closed(config, value, &out->closed);
    }
    if (strcmp(key->text, "calendar") == 0) {
        return load_one(config, value, &out->closed);
    }
    const char *nearest = yaml_nearest(key->text, KEYS, sizeof KEYS / sizeof KEYS[0]);
    return status_new(STATUS_CONFIG, "%sa supplier has no `%s`%s%s%s", config_place(config, key),
                      key->text, nearest ? ", did you mean `" : "", nearest ? nearest : "",
                      nearest ? "`?" : "; it has weekdays, delivers, closed, calendar");
}

static struct status *read_supplier(const struct config *config, const struct yaml_node *name,
                                    const struct yaml_node *node, struct supplier *out)
{
    out->name_ref = name->text;
    if (node->kind != YAML_MAPPING) {
        return wrong(config, node,
                     "a supplier is {weekdays: [...], delivers: [...], closed: [...], "
                     "calendar: ...}");
    }
    struct status *st = NULL;
    for (size_t i = 0; i < node->count; i++) {
        st = status_join(st, status_wrap(read_entry(config, node->keys[i], node->items[i], out),
                                         "suppliers.%s.%s", name->text, node->keys[i]->text));
    }
    out->calendar.closed_ref = &out->closed;
    return st;
}

struct status *suppliers_load(const struct config *config, struct suppliers **out)
{
    const struct yaml_node *node = config_node(config, "suppliers");
    if (yaml_is_null(node) || (node->kind == YAML_MAPPING && node->count == 0)) {
        *out = NULL;
        return NULL;
    }
    if (node->kind != YAML_MAPPING) {
        return wrong(config, node, "suppliers: must be {supplier: {...}, ...}");
    }
    struct suppliers *suppliers =
        calloc(1, sizeof *suppliers + node->count * sizeof suppliers->of[0]);
    if (!suppliers) {
        return status_new(STATUS_NO_MEMORY, "out of memory for %zu suppliers", node->count);
    }
    struct status *st = NULL;
    for (size_t i = 0; i < node->count; i++) {
        suppliers->count++;
        st = status_join(st,
                         read_supplier(config, node->keys[i], node->items[i], &suppliers->of[i]));
    }
    if (st) {
        suppliers_destroy(suppliers);
        return st;
    }
    *out = suppliers;
    return NULL;
}

void suppliers_destroy(struct suppliers *suppliers)
{
    for (size_t i = 0; suppliers && i < suppliers->count; i++) {
        holiday_fini(&suppliers->of[i].closed);
    }
    free(suppliers);
}

const struct supplier_calendar *suppliers_find(const struct suppliers *suppliers, struct slice name)
{
    for (size_t i = 0; suppliers && i < suppliers->count; i++) {
        if (slice_is(name, suppliers->of[i].name_ref)) {
            return &suppliers->of[i].calendar;
        }
    }
    return NULL;
}
