#include "stream/input.h"

#include "schemas/utf8.h"
#include "stream/map_number.h"
#include "stream/map_time.h"

#include <stdio.h>
#include <strings.h>

enum { CODE_BYTES = 255, TEXT_BYTES = 1024, CATEGORY_PARTS_MAX = 16 };

struct reading {
    struct arena *arena;
    const struct zone *zone;
    const struct datum *record;
    const char *prefix; /* of field names in refusals: "plans[2]." */
    struct map_refusal *why;
};

static bool refuse(struct reading *in, const char *name, const char *reason)
{
    in->why->reason = reason;
    (void)snprintf(in->why->field, sizeof in->why->field, "%s%s", in->prefix, name);
    return false;
}

static const struct datum *find(const struct reading *in, const char *name)
{
    const struct datum *d = datum_child(in->record, slice_of(name), NULL);
    return d && d->kind != DATUM_NULL ? d : NULL;
}

static bool read_text(struct reading *in, const char *name, size_t most, struct slice *out)
{
    const struct datum *d = find(in, name);
    if (!d) {
        return true;
    }
    if (d->kind != DATUM_TEXT) {
        return refuse(in, name, "not a text");
    }
    if (d->text.bytes > most) {
        return refuse(in, name, "text is too long");
    }
    *out = d->text;
    return true;
}

/* A number from 0 on; missing: *out stays. */
static bool read_f64(struct reading *in, const char *name, double most, double *out)
{
    const struct datum *d = find(in, name);
    double value;
    if (!d) {
        return true;
    }
    if (datum_f64(d, &value) != DATUM_NUMBER_OK) {
        return refuse(in, name, "not a number");
    }
    if (value < 0 || value > most) {
        return refuse(in, name, "number out of range");
    }
    *out = value;
    return true;
}

static bool read_integer(struct reading *in, const char *name, int64_t least, int64_t *out)
{
    const struct datum *d = find(in, name);
    int64_t value;
    if (!d) {
        return true;
    }
    enum datum_number found = datum_scaled(d, 0, &value);
    if (found != DATUM_NUMBER_OK) {
        return refuse(in, name,
                      found == DATUM_NUMBER_NONE       ? "not a number"
                      : found == DATUM_NUMBER_FRACTION ? "not a whole number"
                                                       : "number out of range");
    }
    if (value < least || value > INT64_C(1000000000000000)) {
        return refuse(in, name, "number out of range");
    }
    *out = value;
    return true;
}

static bool read_time(struct reading *in, const char *name, bool needed, int64_t *out)
{
    static const struct map_time AUTO = {.kind = MAP_TIME_AUTO};
    const struct datum *d = find(in, name);
    const char *problem;
    if (!d) {
        return !needed || refuse(in, name, "field is missing");
    }
    return map_time_read(&AUTO, d, in->zone, 0, out, &problem) || refuse(in, name, problem);
}

static bool read_bool(struct reading *in, const char *name, bool *out)
{
    const struct datum *d = find(in, name);
    if (d && d->kind != DATUM_BOOL) {
        return refuse(in, name, "neither true nor false");
    }
    *out = d && d->boolean;
    return true;
}

/* Codes are keys and names: no control characters; those of a record's key are unchecked bytes. */
static bool check_code(struct reading *in, const char *name, struct slice code)
{
    if (!code.bytes) {
        return refuse(in, name, "field is missing");
    }
    if (code.bytes > CODE_BYTES || utf8_valid(code.data, code.bytes) != code.bytes) {
        return refuse(in, name, code.bytes > CODE_BYTES ? "code is too long" : "not UTF-8");
    }
    for (size_t i = 0; i < code.bytes; i++) {
        if ((unsigned char)code.data[i] < ' ') {
            return refuse(in, name, "control character in a code");
        }
    }
    return true;
}

/* "Home/Lights", or a list of the parts. */
static bool read_category(struct reading *in, struct slice *out)
{
    const struct datum *d = find(in, "category");
    if (!d || d->kind != DATUM_ARRAY) {
        return read_text(in, "category", TEXT_BYTES, out);
    }
    size_t bytes = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->children[i].kind != DATUM_TEXT || i == CATEGORY_PARTS_MAX ||
            (bytes += d->children[i].text.bytes + 1) > TEXT_BYTES) {
            return refuse(in, "category", "not a path of at most 16 texts");
        }
    }
    char *path = arena_alloc(in->arena, bytes + 1), *at = path;
    if (!path) {
        return refuse(in, "category", "message is too large");
    }
    for (uint32_t i = 0; i < d->count; i++) {
        if (i) {
            *at++ = '/';
        }
        struct slice part = d->children[i].text;
        if (part.bytes) {
            memcpy(at, part.data, part.bytes);
        }
        at += part.bytes;
    }
    *out = (struct slice){path, (size_t)(at - path)};
    return true;
}

static bool read_plans(struct reading *in, struct item_line *item)
{
    const struct datum *list = find(in, "plans");
    if (!list) {
        return true;
    }
    if (list->kind != DATUM_ARRAY || list->count > ITEM_PLANS_MAX) {
        return refuse(in, "plans", "not a list of at most 16 plans");
    }
    for (uint32_t i = 0; i < list->count; i++) {
        char prefix[32];
        (void)snprintf(prefix, sizeof prefix, "plans[%u].", i);
        struct reading one = {in->arena, in->zone, &list->children[i], prefix, in->why};
        struct item_plan *plan = &item->plans[i];
        *plan = (struct item_plan){.price = -1};
        if (!read_time(&one, "from", true, &plan->from_ms) ||
            !read_time(&one, "to", true, &plan->to_ms) ||
            !read_integer(&one, "price", 0, &plan->price) ||
            !read_bool(&one, "promotion", &plan->promotion)) {
            return false;
        }
        if (plan->to_ms < plan->from_ms) {
            return refuse(&one, "to", "ends before it begins");
        }
    }
    item->plan_count = (int32_t)list->count;
    return true;
}

static void item_unknown(struct item_line *item)
{
    *item = (struct item_line){
        .lead_time_days = -1,
        .lead_time_sd_days = -1,
        .review_days = -1,
        .holding_cost_rate = -1,
        .shelf_life_days = -1,
        .weight = -1,
        .volume = -1,
        .unit_cost = -1,
        .price = -1,
        .shortage_cost = -1,
        .order_cost = -1,
        .minimum_order = -1,
        .pack = -1,
        .maximum_order = -1,
    };
}

static bool read_item_numbers(struct reading *in, struct item_line *item)
{
    static const double DAYS_MAX = 3660, MEASURE_MAX = 1e12;
    return read_f64(in, "lead_time_days", DAYS_MAX, &item->lead_time_days) &&
           read_f64(in, "lead_time_sd_days", DAYS_MAX, &item->lead_time_sd_days) &&
           read_f64(in, "review_days", DAYS_MAX, &item->review_days) &&
           read_f64(in, "holding_cost_rate", 1000, &item->holding_cost_rate) &&
           read_f64(in, "shelf_life_days", 36600, &item->shelf_life_days) &&
           read_f64(in, "weight", MEASURE_MAX, &item->weight) &&
           read_f64(in, "volume", MEASURE_MAX, &item->volume) &&
           read_integer(in, "unit_cost", 0, &item->unit_cost) &&
           read_integer(in, "price", 0, &item->price) &&
           read_integer(in, "shortage_cost", 0, &item->shortage_cost) &&
           read_integer(in, "order_cost", 0, &item->order_cost) &&
           read_integer(in, "minimum_order", 0, &item->minimum_order) &&
           read_integer(in, "pack", 1, &item->pack) &&
           read_integer(in, "maximum_order", 0, &item->maximum_order);
}

static bool begin(struct reading *in)
{
    in->why->field[0] = '\0';
    if (in->record->kind != DATUM_RECORD && in->record->kind != DATUM_MAP) {
        in->why->reason = "message is no record";
        return false;
    }
    return true;
}

bool input_item(struct arena *arena, const struct zone *zone, struct slice key,
                const struct datum *record, struct item_line *out, struct map_refusal *why)
{
    struct reading in = {arena, zone, record, "", why};
    item_unknown(out);
    if (!begin(&in) || !read_text(&in, "sku", CODE_BYTES, &out->sku)) {
        return false;
    }
    out->sku = out->sku.bytes ? out->sku : key;
    if (!check_code(&in, "sku", out->sku) ||
        !read_text(&in, "supplier", TEXT_BYTES, &out->supplier) ||
        !read_text(&in, "currency", 3, &out->currency) ||
        !read_text(&in, "brand", TEXT_BYTES, &out->brand) || !read_category(&in, &out->category) ||
        !read_item_numbers(&in, out)) {
        return false;
    }
    if (out->maximum_order > 0 && out->maximum_order < out->minimum_order) {
        return refuse(&in, "maximum_order", "less than minimum_order");
    }
    return read_plans(&in, out);
}

void input_item_deleted(struct slice key, struct item_line *out)
{
    item_unknown(out);
    out->sku = key;
    out->deleted = true;
}

static bool read_kind(struct reading *in, enum feedback_kind *out)
{
    static const char *const NAMES[] = {"accepted", "edited",      "rejected",
                                        "ordered",  "received",    "acknowledge",
                                        "mute",     "not_anomaly", "roll_back"};
    struct slice kind = {NULL, 0};
    if (!read_text(in, "kind", TEXT_BYTES, &kind)) {
        return false;
    }
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        if (kind.bytes == strlen(NAMES[i]) && strncasecmp(kind.data, NAMES[i], kind.bytes) == 0) {
            *out = (enum feedback_kind)i;
            return true;
        }
    }
    return refuse(in, "kind", kind.bytes ? "unknown kind" : "field is missing");
}

/* A control record speaks to shards, not to a product. */
static bool check_address(struct reading *in, const struct feedback_line *feedback)
{
    if (feedback->kind != FEEDBACK_ROLL_BACK) {
        return true;
    }
    struct slice location = feedback->location;
    bool digits = location.bytes > 0 && location.bytes < 10;
    for (size_t i = 0; i < location.bytes; i++) {
        digits = digits && location.data[i] >= '0' && location.data[i] <= '9';
    }
    if (!slice_equal(feedback->sku, slice_of(FEEDBACK_MODEL))) {
        return refuse(in, "sku", "roll_back speaks of sku \"model\" only");
    }
    return digits || slice_equal(location, slice_of(FEEDBACK_ALL)) ||
           refuse(in, "location", "roll_back needs a shard's number or \"all\"");
}

bool input_feedback(struct arena *arena, const struct zone *zone, struct slice key,
                    const struct datum *record, struct feedback_line *out, struct map_refusal *why)
{
    struct reading in = {arena, zone, record, "", why};
    *out = (struct feedback_line){.quantity = -1, .event_ms = -1};
    if (!begin(&in) || !read_text(&in, "proposal_id", CODE_BYTES, &out->proposal_id) ||
        (!out->proposal_id.bytes && !read_text(&in, "alert_id", CODE_BYTES, &out->proposal_id))) {
        return false;
    }
    out->proposal_id = out->proposal_id.bytes ? out->proposal_id : key;
    return check_code(&in, "proposal_id", out->proposal_id) && read_kind(&in, &out->kind) &&
           read_text(&in, "sku", CODE_BYTES, &out->sku) && check_code(&in, "sku", out->sku) &&
           read_text(&in, "location", CODE_BYTES, &out->location) &&
           check_code(&in, "location", out->location) &&
           read_text(&in, "reason", TEXT_BYTES, &out->reason) &&
           read_integer(&in, "quantity", 0, &out->quantity) &&
           read_time(&in, "event_time", false, &out->event_ms) && check_address(&in, out);
}
