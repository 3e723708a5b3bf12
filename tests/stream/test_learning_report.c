#include "stream/learning_report.h"

#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <jansson.h>

static const char *const ONLINE[] = {"forecasts.emit=always",  "time.zone=Europe/London",
                                     "model.base=blank",       "model.learn=online",
                                     "model.learn_series=20",  "model.batches=1",
                                     "model.learn_rate=0.003", "model.anchor=0.1"};
static struct fixture fixture;

static void run(size_t sets)
{
    struct fixture_log log = {0};
    fixture_shop(&log, 40, 45, 3);
    fixture_init(&fixture, ONLINE, sets);
    fixture_run(&fixture, &log, 400);
    fixture_log_fini(&log);
}

static void fini(void)
{
    fixture_fini(&fixture);
}

TestSuite(learning_report, .fini = fini);

static json_t *report(void)
{
    json_error_t error;
    for (size_t i = 0; i < fixture.state_count; i++) {
        if (slice_equal(buf_view(&fixture.state[i].key), slice_of("mj"))) {
            const struct buf *value = &fixture.state[i].value;
            json_t *json = json_loadb(value->data, value->bytes, 0, &error);
            cr_assert_not_null(json, "%s at %d", error.text, error.position);
            return json;
        }
    }
    cr_assert_fail("no report in the state topic");
    return NULL;
}

Test(learning_report, a_shard_tells_its_losses_and_what_it_learned)
{
    run(8);
    json_t *json = report();
    cr_assert_str_eq(json_string_value(json_object_get(json, "learn")), "online");
    cr_assert_gt(json_integer_value(json_object_get(json, "batches")), 10);
    cr_assert_gt(json_array_size(json_object_get(json, "forecasts")), 3);
    json_t *events = json_object_get(json, "events");
    cr_assert_gt(json_array_size(events), 0);
    const char *kind = json_string_value(json_object_get(json_array_get(events, 0), "kind"));
    cr_assert(strcmp(kind, "promoted") == 0 || strcmp(kind, "refused") == 0 ||
              strcmp(kind, "drift") == 0);
    size_t at;
    json_t *cell;
    json_array_foreach(json_object_get(json, "forecasts"), at, cell)
    {
        json_t *wql = json_object_get(cell, "wql"), *covered = json_object_get(cell, "coverage");
        cr_assert(json_number_value(json_object_get(wql, "mixture")) >= 0);
        cr_assert(json_number_value(json_object_get(covered, "0.1")) <=
                  json_number_value(json_object_get(covered, "0.9")));
    }
    json_decref(json);
}

Test(learning_report, a_shard_that_does_not_learn_tells_its_losses)
{
    run(2);
    json_t *json = report();
    cr_assert_str_eq(json_string_value(json_object_get(json, "learn")), "frozen");
    cr_assert_null(json_object_get(json, "generation"));
    cr_assert_gt(json_array_size(json_object_get(json, "forecasts")), 3);
    json_decref(json);
}

Test(learning_report, metrics_add_shards_up)
{
    run(8);
    struct learning_view one = {0}, two = {0};
    learning_add(fixture.shard, &one);
    learning_add(fixture.shard, &two);
    learning_join(&two, &one);
    cr_assert(one.shards == 1 && two.shards == 2 && two.learning == 2);
    cr_assert_eq(two.batches, 2 * one.batches);
    const struct proof_cell *cell = &one.proof[FORECAST_LUMPY][PROOF_STEP];
    cr_assert_eq(two.proof[FORECAST_LUMPY][PROOF_STEP].units, 2 * cell->units);
    cr_assert_eq(proof_wql(&two.proof[FORECAST_LUMPY][PROOF_STEP], FORECAST_NB),
                 proof_wql(cell, FORECAST_NB));
    struct buf text = {0};
    learning_metrics(&one, &text);
    buf_byte(&text, '\0');
    cr_assert_not_null(strstr(text.data, "restock_forecast_wql{class=\""));
    cr_assert_not_null(strstr(text.data, "\",span=\"step\",expert=\"mixture\"}"));
    cr_assert_not_null(strstr(text.data, "restock_network_wql{weights=\"frozen\""));
    cr_assert_not_null(strstr(text.data, "restock_model_events_total{kind=\"promoted\"}"));
    cr_assert_null(strstr(text.data, "nan"));
    buf_fini(&text);
}
