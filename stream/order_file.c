#include "stream/order_file.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "config/base/zone.h"
#include "stream/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct order_rows {
    struct order_row *rows;
    size_t count, capacity;
    uint32_t *places; /* [slots] row + 1 by hash of the name; 0: free */
    size_t slots; /* a power of two, at least twice the count */
};

enum { POLICY_FIELDS = 9 };
static const char *const POLICY_COLUMNS[POLICY_FIELDS] = {
    "lead_time",  "lead_time_sd", "review",        "holding_cost", "shortage_cost",
    "order_cost", "pack",         "minimum_order", "lost_sales"};

void order_file_free(struct order_rows *rows)
{
    if (!rows) {
        return;
    }
    for (size_t i = 0; i < rows->count; i++) {
        free((void *)(uintptr_t)rows->rows[i].name.data);
        free((void *)(uintptr_t)rows->rows[i].supplier.data);
        free((void *)(uintptr_t)rows->rows[i].category.data);
    }
    free(rows->rows);
    free(rows->places);
    free(rows);
}

struct slice order_file_sku(struct slice name)
{
    const char *at = memrchr(name.data, '@', name.bytes);
    return (struct slice){name.data, at ? (size_t)(at - name.data) : name.bytes};
}

struct slice order_file_place(struct slice name)
{
    size_t sku = order_file_sku(name).bytes;
    size_t from = sku < name.bytes ? sku + 1 : sku;
    return (struct slice){name.data + from, name.bytes - from};
}

size_t order_file_count(const struct order_rows *rows)
{
    return rows->count;
}

struct order_row *order_file_row(struct order_rows *rows, size_t index)
{
    ASSERT(index < rows->count);
    return rows->rows + index;
}

static size_t place_of(const struct order_rows *rows, struct slice name)
{
    size_t place = hash_64(name.data, name.bytes, 0) & (rows->slots - 1);
    while (rows->places[place] && !slice_equal(rows->rows[rows->places[place] - 1].name, name)) {
        place = (place + 1) & (rows->slots - 1);
    }
    return place;
}

struct order_row *order_file_find(struct order_rows *rows, struct slice name)
{
    if (!rows->slots) {
        return NULL;
    }
    uint32_t index = rows->places[place_of(rows, name)];
    return index ? rows->rows + index - 1 : NULL;
}

static void grow(struct order_rows *rows)
{
    rows->capacity = rows->capacity ? rows->capacity * 2 : 256;
    rows->rows = realloc(rows->rows, rows->capacity * sizeof *rows->rows);
    free(rows->places);
    rows->slots = rows->capacity * 2;
    rows->places = calloc(rows->slots, sizeof *rows->places);
    ASSERT(rows->rows && rows->places && "out of memory for a policy file");
    for (size_t i = 0; i < rows->count; i++) {
        rows->places[place_of(rows, rows->rows[i].name)] = (uint32_t)i + 1;
    }
}

static struct slice copy_of(struct slice text)
{
    char *copy = malloc(text.bytes + 1);
    ASSERT(copy && "out of memory for a policy file");
    memcpy(copy, text.data, text.bytes);
    return (struct slice){copy, text.bytes};
}

static struct order_row *add(struct order_rows *rows, struct slice name)
{
    if (rows->count == rows->capacity) {
        grow(rows);
    }
    struct order_row *row = rows->rows + rows->count++;
    *row = (struct order_row){.name = copy_of(name), .effect = RULE_NO_EFFECT};
    position_init(&row->position);
    rows->places[place_of(rows, row->name)] = (uint32_t)rows->count;
    return row;
}

static bool whole(struct slice text, int64_t *out)
{
    double value;
    if (!csv_number(text, &value) || value != floor(value) || fabs(value) > 1e15) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static struct status *columns_of(const struct csv *csv, const char *const *names, size_t count,
                                 int *places)
{
    for (size_t i = 0; i < count; i++) {
        places[i] = csv_column(csv, names[i]);
        if (places[i] < 0) {
            return csv_error(csv, "expected a column %s", names[i]);
        }
    }
    return NULL;
}

static struct status *read_terms(const struct csv *csv, const struct slice *fields,
                                 const int *places, struct plan_terms *terms)
{
    double value[POLICY_FIELDS];
    for (size_t i = 0; i < POLICY_FIELDS; i++) {
        if (!csv_number(fields[places[i]], value + i)) {
            return csv_error(csv, "%s: expected a number, found '%.*s'", POLICY_COLUMNS[i],
                             (int)fields[places[i]].bytes, fields[places[i]].data);
        }
    }
    bool whole_units = value[6] == floor(value[6]) && value[7] == floor(value[7]) &&
                       fabs(value[6]) < 1e15 && fabs(value[7]) < 1e15;
    if (!whole_units || (value[8] != 0 && value[8] != 1)) {
        return csv_error(csv,
                         "expected whole numbers as pack and minimum_order, and lost_sales 0 or 1");
    }
    *terms = (struct plan_terms){.lead_time = value[0],
                                 .lead_time_sd = value[1],
                                 .review = value[2],
                                 .holding_cost = value[3],
                                 .shortage_cost = value[4],
                                 .order_cost = value[5],
                                 .pack = (int64_t)value[6],
                                 .minimum_order = (int64_t)value[7],
                                 .lost_sales = value[8] == 1};
    const char *wrong = plan_core_check(terms);
    return wrong ? csv_error(csv, "%s", wrong) : NULL;
}

static struct status *read_policy(struct csv *csv, struct order_rows *rows)
{
    int series = csv_column(csv, "series"), places[POLICY_FIELDS];
    if (series < 0) {
        return csv_error(csv, "expected a column series");
    }
    TRY(columns_of(csv, POLICY_COLUMNS, POLICY_FIELDS, places));
    int supplier = csv_column(csv, "supplier"), category = csv_column(csv, "category");
    for (;;) {
        const struct slice *fields;
        TRY(csv_next(csv, &fields));
        if (!fields) {
            return NULL;
        }
        struct plan_terms terms;
        TRY(read_terms(csv, fields, places, &terms));
        if (order_file_find(rows, fields[series])) {
            return csv_error(csv, "series '%.*s' a second time", (int)fields[series].bytes,
                             fields[series].data);
        }
        struct order_row *row = add(rows, fields[series]);
        row->terms = terms;
        row->supplier = supplier < 0 ? (struct slice){0} : copy_of(fields[supplier]);
        row->category = category < 0 ? (struct slice){0} : copy_of(fields[category]);
    }
}

struct status *order_file_policy(const char *path, struct order_rows **out)
{
    struct csv *csv;
    TRY(csv_open(path, &csv));
    struct order_rows *rows = calloc(1, sizeof *rows);
    ASSERT(rows && "out of memory for a policy file");
    struct status *st = read_policy(csv, rows);
    csv_close(csv);
    if (st) {
        order_file_free(rows);
        return st;
    }
    *out = rows;
    return NULL;
}

/* ---- stock ---- */

enum { STOCK_SERIES, STOCK_KIND, STOCK_QUANTITY, STOCK_ORDERED, STOCK_EXPECTED, STOCK_FIELDS };
static const char *const STOCK_COLUMNS[STOCK_FIELDS] = {"series", "kind", "quantity", "ordered",
                                                        "expected"};

static bool bucket_at(const struct buckets *buckets, struct slice text, int64_t *out)
{
    int64_t ms;
    bool has_offset;
    if (!civil_parse(text, &ms, &has_offset)) {
        return false;
    }
    *out = bucket_of(buckets, has_offset ? ms : zone_to_utc(buckets->zone_ref, ms));
    return true;
}

static struct status *read_stock_row(const struct csv *csv, const struct slice *fields,
                                     const int *places, const struct buckets *buckets,
                                     struct order_rows *rows)
{
    struct slice name = fields[places[STOCK_SERIES]], kind = fields[places[STOCK_KIND]];
    bool on_hand = slice_is(kind, "on_hand");
    int64_t quantity, ordered, expected;
    if (!on_hand && !slice_is(kind, "on_order")) {
        return csv_error(csv, "kind: expected on_hand or on_order, found '%.*s'", (int)kind.bytes,
                         kind.data);
    }
    if (!whole(fields[places[STOCK_QUANTITY]], &quantity)) {
        return csv_error(csv, "quantity: expected a whole number");
    }
    struct order_row *row = order_file_find(rows, name);
    if (on_hand) {
        if (row && row->counted) {
            return csv_error(csv, "on_hand of '%.*s' a second time", (int)name.bytes, name.data);
        }
        if (row) {
            row->position.stock = quantity;
            row->position.known = row->counted = true;
        }
        return NULL;
    }
    if (!bucket_at(buckets, fields[places[STOCK_ORDERED]], &ordered) ||
        !bucket_at(buckets, fields[places[STOCK_EXPECTED]], &expected)) {
        return csv_error(csv, "expected dates as ordered and expected");
    }
    if (quantity < 0) {
        return csv_error(csv, "quantity: an order of %lld units", (long long)quantity);
    }
    if (row) {
        position_supply(&row->position, (struct supply){.quantity = quantity,
                                                        .ordered = ordered,
                                                        .expected = expected,
                                                        .kind = SUPPLY_ON_ORDER,
                                                        .uncertain = 1});
    }
    return NULL;
}

static struct status *read_stock(struct csv *csv, const struct buckets *buckets,
                                 struct order_rows *rows)
{
    int places[STOCK_FIELDS];
    TRY(columns_of(csv, STOCK_COLUMNS, STOCK_FIELDS, places));
    for (;;) {
        const struct slice *fields;
        TRY(csv_next(csv, &fields));
        if (!fields) {
            break;
        }
        TRY(read_stock_row(csv, fields, places, buckets, rows));
    }
    for (size_t i = 0; i < rows->count; i++) {
        const struct order_row *row = rows->rows + i;
        if (!row->counted) {
            return status_new(STATUS_CORRUPT,
                              "%s: no on_hand row of series '%.*s', which the policy names",
                              csv_path(csv), (int)row->name.bytes, row->name.data);
        }
    }
    return NULL;
}

struct status *order_file_stock(const char *path, const struct buckets *buckets,
                                struct order_rows *rows)
{
    struct csv *csv;
    TRY(csv_open(path, &csv));
    struct status *st = read_stock(csv, buckets, rows);
    csv_close(csv);
    return st;
}
