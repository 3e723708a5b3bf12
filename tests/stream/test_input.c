#include "stream/input.h"

#include "schemas/json.h"

#include <criterion/criterion.h>

struct reading {
    struct arena *arena;
    struct zone *zone;
    struct map_refusal why;
    struct item_line item;
    struct feedback_line feedback;
};

static bool read_json(struct reading *in, bool item, const char *key, const char *json)
{
    struct datum *datum;
    struct decode_error error;
    if (!in->arena) {
        in->arena = arena_create(4096, 1 << 20);
        struct status *st = zone_open("UTC", &in->zone);
        cr_assert_null(st);
    }
    cr_assert(json_decode(in->arena, slice_of(json), &datum, &error));
    return item
               ? input_item(in->arena, in->zone, slice_of(key), datum, &in->item, &in->why)
               : input_feedback(in->arena, in->zone, slice_of(key), datum, &in->feedback, &in->why);
}

static void done(struct reading *in)
{
    arena_destroy(in->arena);
    zone_close(in->zone);
}

Test(input, an_item_as_the_contract_shows_it)
{
    struct reading in = {0};
    cr_assert(read_json(
        &in, true, "k",
        "{\"sku\":\"85123A\",\"lead_time_days\":10.0,\"lead_time_sd_days\":3.0,"
        "\"review_days\":7.0,\"supplier\":\"S1\",\"unit_cost\":120,\"price\":255,"
        "\"holding_cost_rate\":0.25,\"minimum_order\":24,\"pack\":12,\"currency\":\"GBP\","
        "\"category\":[\"Home\",\"Light\"],\"embedding\":[0.5],"
        "\"plans\":[{\"from\":1000,\"to\":2000,\"promotion\":true}]}"));
    cr_assert_float_eq(in.item.lead_time_sd_days, 3.0, 0);
    cr_assert_eq(in.item.unit_cost, 120);
    cr_assert_eq(in.item.minimum_order, 24);
    cr_assert_eq(in.item.maximum_order, -1);
    cr_assert(slice_is(in.item.category, "Home/Light"));
    cr_assert_eq(in.item.plan_count, 1);
    cr_assert(in.item.plans[0].promotion && in.item.plans[0].price == -1);
    cr_assert(read_json(&in, true, "from-key", "{\"pack\":null}"));
    cr_assert(slice_is(in.item.sku, "from-key"));
    done(&in);
}

static void refused(struct reading *in, bool item, const char *json, const char *reason,
                    const char *field)
{
    cr_assert_not(read_json(in, item, "", json), "%s", json);
    cr_assert_str_eq(in->why.reason, reason);
    cr_assert_str_eq(in->why.field, field);
}

Test(input, impossible_items_are_refused)
{
    struct reading in = {0};
    refused(&in, true, "[]", "message is no record", "");
    refused(&in, true, "{}", "field is missing", "sku");
    refused(&in, true, "{\"sku\":7}", "not a text", "sku");
    refused(&in, true, "{\"sku\":\"A\",\"pack\":0}", "number out of range", "pack");
    refused(&in, true, "{\"sku\":\"A\",\"pack\":1.5}", "not a whole number", "pack");
    refused(&in, true, "{\"sku\":\"A\",\"lead_time_days\":-1}", "number out of range",
            "lead_time_days");
    refused(&in, true, "{\"sku\":\"A\",\"lead_time_days\":\"ten\"}", "not a number",
            "lead_time_days");
    refused(&in, true, "{\"sku\":\"A\",\"plans\":[{\"from\":2000,\"to\":1000}]}",
            "ends before it begins", "plans[0].to");
    refused(&in, true, "{\"sku\":\"A\",\"minimum_order\":5,\"maximum_order\":4}",
            "less than minimum_order", "maximum_order");
    done(&in);
}

Test(input, feedback_needs_its_series_and_kind)
{
    struct reading in = {0};
    cr_assert(
        read_json(&in, false, "p-1",
                  "{\"kind\":\"ordered\",\"sku\":\"A\",\"location\":\"main\",\"quantity\":24}"));
    cr_assert_eq(in.feedback.kind, FEEDBACK_ORDERED);
    cr_assert_eq(in.feedback.quantity, 24);
    cr_assert_eq(in.feedback.event_ms, -1);
    cr_assert(slice_is(in.feedback.proposal_id, "p-1"));
    refused(&in, false, "{\"proposal_id\":\"p\",\"kind\":\"maybe\"}", "unknown kind", "kind");
    refused(&in, false, "{\"proposal_id\":\"p\",\"kind\":\"mute\",\"sku\":\"A\"}",
            "field is missing", "location");
    refused(&in, false, "{\"kind\":\"mute\",\"sku\":\"A\"}", "field is missing", "proposal_id");
    done(&in);
}

Test(input, a_roll_back_names_a_shard_or_all)
{
    struct reading in = {0};
    cr_assert(read_json(&in, false, "x",
                        "{\"kind\":\"ROLL_BACK\",\"sku\":\"model\",\"location\":\"all\"}"));
    cr_assert_eq(in.feedback.kind, FEEDBACK_ROLL_BACK);
    cr_assert(read_json(&in, false, "x",
                        "{\"kind\":\"roll_back\",\"sku\":\"model\",\"location\":\"12\"}"));
    refused(&in, false,
            "{\"proposal_id\":\"x\",\"kind\":\"roll_back\",\"sku\":\"A\",\"location\":\"1\"}",
            "roll_back speaks of sku \"model\" only", "sku");
    refused(&in, false,
            "{\"proposal_id\":\"x\",\"kind\":\"roll_back\",\"sku\":\"model\",\"location\":\"1a\"}",
            "roll_back needs a shard's number or \"all\"", "location");
    done(&in);
}

Test(input, a_tombstone_says_nothing_but_deleted)
{
    struct item_line item;
    input_item_deleted(slice_of("A"), &item);
    cr_assert(item.deleted && slice_is(item.sku, "A") && item.pack == -1);
}
