#include "event_fixture.h"

static struct slice maybe(bool full, const char *text)
{
    return full ? slice_of(text) : (struct slice){0};
}

static void distribution(struct emit *w, const char *first, int32_t size)
{
    static const float quantiles[] = {0, 1.25f, 3};
    emit_record_begin(w, NULL);
    emit_i32(w, first, size);
    emit_f32(w, "mean", 1.5f * (float)size);
    emit_f32s(w, "quantiles", quantiles, 3);
    emit_record_end(w);
}

void event_fixture_forecast(struct emit *w)
{
    static const float levels[] = {0.05f, 0.5f, 0.95f};
    emit_record_begin(w, NULL);
    emit_text(w, "sku", slice_of("85123A"));
    emit_text(w, "location", slice_of("main"));
    emit_i64(w, "origin", 1293840000000);
    emit_i64(w, "bucket_ms", 86400000);
    emit_f32s(w, "levels", levels, 3);
    emit_array_begin(w, "steps", 2);
    distribution(w, "step", 1);
    distribution(w, "step", 2);
    emit_array_end(w);
    emit_array_begin(w, "sums", 1);
    distribution(w, "steps", 7);
    emit_array_end(w);
    emit_map_begin(w, "weights", 2);
    emit_key(w, slice_of("negbin"));
    emit_f32(w, NULL, 0.75f);
    emit_key(w, slice_of("a \"key\""));
    emit_f32(w, NULL, 0.25f);
    emit_map_end(w);
    emit_text(w, "model_version", slice_of("experts-1"));
    emit_array_begin(w, "flags", 0);
    emit_array_end(w);
    emit_bool(w, "corrected", true);
    emit_branch(w, 1);
    emit_record_begin(w, "explanation");
    emit_array_begin(w, "groups", 1);
    emit_text(w, NULL, slice_of("season"));
    emit_array_end(w);
    emit_array_begin(w, "sums", 0);
    emit_array_end(w);
    emit_record_end(w);
    emit_record_end(w);
    emit_end(w);
}

void event_fixture_alert(struct emit *w, bool full)
{
    emit_record_begin(w, NULL);
    emit_text(w, "alert_id", slice_of("a1"));
    emit_enum(w, "kind", 10, "stockout");
    emit_enum(w, "severity", 2, "critical");
    emit_enum(w, "state", 1, "UPDATE");
    emit_optional_text(w, "sku", maybe(full, "X\n\xc3\xa9"));
    emit_optional_text(w, "location", maybe(full, "main"));
    emit_i64(w, "opened", 1293840000000);
    emit_i64(w, "updated", 1293840000001);
    emit_optional_i64(w, "closed", full, 1293840000002);
    emit_f64(w, "score", 6.5);
    emit_optional_f64(w, "probability", full, 0.875);
    emit_optional_f64(w, "money_at_risk", full, 12345);
    emit_optional_text(w, "currency", maybe(full, "GBP"));
    emit_text(w, "text", slice_of(""));
    emit_map_begin(w, "evidence", full ? 2 : 0);
    if (full) {
        emit_key(w, slice_of("on_hand"));
        emit_branch(w, 0);
        emit_f64(w, NULL, 3);
        emit_key(w, slice_of("supplier"));
        emit_branch(w, 1);
        emit_text(w, NULL, slice_of("S1"));
    }
    emit_map_end(w);
    emit_record_end(w);
    emit_end(w);
}

static void why(struct emit *w, bool full)
{
    static const char *const COUNTS[] = {"on_hand", "on_order", "reserved", "backorder"};
    static const char *const DEMAND[] = {"demand_p10",         "demand_p50",
                                         "demand_p90",         "lead_time_p50_days",
                                         "lead_time_p90_days", "lead_time_stated_days"};
    static const char *const LEVELS[] = {"target_level", "reorder_level", "safety_stock"};
    static const char *const CHANCES[] = {"service_target",  "service_shift", "p_stockout_without",
                                          "p_stockout_with", "lost_without",  "lost_with",
                                          "cost_without",    "cost_with"};
    emit_record_begin(w, "why");
    for (int i = 0; i < 4; i++) {
        emit_optional_i64(w, COUNTS[i], full, i);
    }
    for (int i = 0; i < 6; i++) {
        emit_optional_f64(w, DEMAND[i], full, i + 0.5);
    }
    for (int i = 0; i < 3; i++) {
        emit_optional_i64(w, LEVELS[i], full, 100 + i);
    }
    for (int i = 0; i < 8; i++) {
        emit_optional_f64(w, CHANCES[i], full, i / 8.0);
    }
    emit_optional_i64(w, "need_before_constraints", full, 17);
    emit_optional_i64(w, "baseline_quantity", full, 20);
    emit_array_begin(w, "constraints", 1);
    emit_text(w, NULL, slice_of("pack"));
    emit_array_end(w);
    emit_array_begin(w, "rules", 0);
    emit_array_end(w);
    emit_optional_i64(w, "input_watermark", full, 1293840000000);
    emit_optional_i64(w, "unit_cost", full, 120);
    emit_optional_text(w, "currency", maybe(full, "GBP"));
    emit_text(w, "text", slice_of("order 24"));
    emit_record_end(w);
}

void event_fixture_replenishment(struct emit *w, bool full)
{
    emit_record_begin(w, NULL);
    emit_text(w, "proposal_id", slice_of("00ff"));
    emit_i32(w, "revision", 3);
    emit_enum(w, "state", 0, "PROPOSED");
    emit_text(w, "sku", slice_of("85123A"));
    emit_text(w, "location", slice_of("main"));
    emit_i64(w, "quantity", 24);
    emit_i64(w, "order_by", 1293840000000);
    emit_i64(w, "expected_arrival", 1294840000000);
    emit_optional_text(w, "supplier", maybe(full, "S1"));
    emit_text(w, "policy", slice_of("base_stock"));
    why(w, full);
    emit_record_end(w);
    emit_end(w);
}
