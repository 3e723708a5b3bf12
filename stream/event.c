#include "stream/event.h"

#include "config/base/ensure.h"
#include "schemas/emit.h"

#include <math.h>
#include <string.h>

int64_t event_slot_ms(const struct plan *plan, int64_t slot)
{
    return bucket_start(&plan->settings_ref->days, slot);
}

enum { STEPS_KEPT = 64 }; /* the longest season whose text is used again */

static bool same_step(const struct forecast_block *block, uint32_t row, uint32_t a, uint32_t b)
{
    const size_t first = (size_t)row * block->steps;
    const float *q = block->step_q + first * FORECAST_LEVELS;
    return block->step_mean[first + a] == block->step_mean[first + b] &&
           memcmp(q + (size_t)a * FORECAST_LEVELS, q + (size_t)b * FORECAST_LEVELS,
                  FORECAST_LEVELS * sizeof *q) == 0;
}

/* A mean to four or more digits: the others are noise, and cost a reader bytes that no compression
 * takes away. */
static float told(float mean)
{
    static const double POWER[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    int decimals = 0;
    for (float least = 1000; decimals < 5 && mean < least; least /= 10) {
        decimals++;
    }
    return mean < 1e6f ? (float)(nearbyint((double)mean * POWER[decimals]) / POWER[decimals])
                       : mean;
}

/* Where steps only know the season, those of the first are the others again: most digits of an
 * event need to be found once only. */
static void forecast_steps(struct emit *w, const struct forecast_block *block, uint32_t row)
{
    const size_t first = (size_t)row * block->steps;
    size_t from[STEPS_KEPT], to[STEPS_KEPT];
    uint32_t season = 0;
    emit_array_begin(w, "steps", block->steps);
    for (uint32_t h = 0; h < block->steps; h++) {
        if (!season && h && h < STEPS_KEPT && emit_repeats(w) && same_step(block, row, 0, h)) {
            season = h;
        }
        emit_record_begin(w, NULL);
        emit_i32(w, "step", (int32_t)h + 1);
        size_t place = emit_place(w);
        if (season && same_step(block, row, h - season, h)) {
            emit_again(w, from[(h - season) % STEPS_KEPT], to[(h - season) % STEPS_KEPT]);
        } else {
            emit_f32(w, "mean", told(block->step_mean[first + h]));
            emit_f32s(w, "quantiles", block->step_q + (first + h) * FORECAST_LEVELS,
                      FORECAST_LEVELS);
        }
        from[h % STEPS_KEPT] = place;
        to[h % STEPS_KEPT] = emit_place(w);
        emit_record_end(w);
    }
    emit_array_end(w);
}

static void forecast_rows(struct emit *w, const struct forecast_block *block, uint32_t row)
{
    forecast_steps(w, block, row);
    /* Row 0 is the sum of one bucket: the first step again. */
    const uint32_t S = block->sums;
    emit_array_begin(w, "sums", S - 1);
    for (uint32_t s = 1; s < S; s++) {
        emit_record_begin(w, NULL);
        emit_i32(w, "steps", block->sum_length[s]);
        emit_f32(w, "mean", told(block->sum_mean[(size_t)row * S + s]));
        emit_f32s(w, "quantiles", block->sum_q + ((size_t)row * S + s) * FORECAST_LEVELS,
                  FORECAST_LEVELS);
        emit_record_end(w);
    }
    emit_array_end(w);
}

static void forecast_flags(struct emit *w, const struct forecast_event *event)
{
    emit_array_begin(w, "flags", (size_t)event->censored + event->cold);
    if (event->censored) {
        emit_text(w, NULL, slice_of("censored"));
    }
    if (event->cold) {
        emit_text(w, NULL, slice_of("cold_start"));
    }
    emit_array_end(w);
}

static void explained_sum(struct emit *w, const struct explanation *why, uint32_t s)
{
    emit_record_begin(w, NULL);
    emit_i32(w, "steps", why->length[s]);
    emit_f32(w, "baseline", why->baseline[s]);
    emit_array_begin(w, "parts", (size_t)__builtin_popcount(why->spoke));
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        if (why->spoke >> g & 1) {
            emit_f32(w, NULL, why->part[s][g]);
        }
    }
    emit_array_end(w);
    emit_record_end(w);
}

static void forecast_why(struct emit *w, const struct explanation *why)
{
    if (!why) {
        emit_absent(w, "explanation");
        return;
    }
    emit_branch(w, 1);
    emit_record_begin(w, "explanation");
    emit_array_begin(w, "groups", (size_t)__builtin_popcount(why->spoke));
    for (int g = 0; g < EXPLAIN_GROUPS; g++) {
        if (why->spoke >> g & 1) {
            emit_text(w, NULL, slice_of(explain_group_name((enum explain_group)g)));
        }
    }
    emit_array_end(w);
    emit_array_begin(w, "sums", why->rows - 1); /* the first is the next bucket */
    for (uint32_t s = 1; s < why->rows; s++) {
        explained_sum(w, why, s);
    }
    emit_array_end(w);
    emit_record_end(w);
}

void event_forecast(const struct plan *plan, const struct forecast_event *event, struct buf *out)
{
    const struct buckets *buckets = &plan->settings_ref->buckets;
    struct emit w;
    wire_begin(plan->forecasts, out, &w);
    emit_record_begin(&w, NULL);
    emit_text(&w, "sku", event->sku);
    emit_text(&w, "location", event->location);
    emit_i64(&w, "origin", bucket_start(buckets, event->origin_bucket));
    emit_i64(&w, "bucket_ms", buckets->length_ms);
    emit_f32s(&w, "levels", forecast_levels, FORECAST_LEVELS);
    forecast_rows(&w, event->block, event->row);
    emit_map_begin(&w, "weights", FORECAST_EXPERTS);
    for (int e = 0; e < FORECAST_EXPERTS; e++) {
        emit_key(&w, slice_of(forecaster_name((enum forecast_expert)e)));
        emit_f32(&w, NULL,
                 event->block->weights[(size_t)event->row * FORECAST_EXPERTS + (size_t)e]);
    }
    emit_map_end(&w);
    emit_text(&w, "model_version", slice_of("experts-1"));
    forecast_flags(&w, event);
    emit_bool(&w, "corrected", event->corrected);
    forecast_why(&w, event->why);
    emit_record_end(&w);
    emit_end(&w);
}

static void alert_evidence_map(struct emit *w, const struct alert *alert)
{
    emit_map_begin(w, "evidence", (size_t)alert->evidence_count + 2);
    emit_key(w, slice_of("expected"));
    emit_branch(w, 0);
    emit_f64(w, NULL, (double)alert->expected);
    emit_key(w, slice_of("observed"));
    emit_branch(w, 0);
    emit_f64(w, NULL, (double)alert->observed);
    for (uint32_t i = 0; i < alert->evidence_count; i++) {
        emit_key(w, slice_of(alert_evidence_name((enum evidence_name)alert->evidence_name[i])));
        emit_branch(w, 0);
        emit_f64(w, NULL, (double)alert->evidence[i]);
    }
    emit_map_end(w);
}

static struct slice or_null(struct slice text)
{
    return text.bytes ? text : (struct slice){0};
}

void event_alert(const struct plan *plan, const struct alert_event *event, struct buf *out)
{
    const struct alert *alert = event->alert;
    struct buf text = {0}, id = {0};
    alert_text(&text, alert, &event->subject);
    alert_id(&id, alert, &event->subject);
    struct emit w;
    wire_begin(plan->alerts, out, &w);
    emit_record_begin(&w, NULL);
    emit_text(&w, "alert_id", buf_view(&id));
    emit_enum(&w, "kind", alert_called(alert), alert_kind_name(alert_called(alert)));
    emit_enum(&w, "severity", alert->severity,
              alert_severity_name((enum alert_severity)alert->severity));
    const char *state = alert_event_name(alert, event->change);
    static const char *const STATES[] = {"OPEN", "UPDATE", "RESOLVED", "EXPIRED"};
    uint32_t index = 0;
    while (index < 3 && strcmp(STATES[index], state) != 0) {
        index++;
    }
    emit_enum(&w, "state", index, state);
    emit_optional_text(&w, "sku", or_null(event->subject.sku));
    emit_optional_text(&w, "location", or_null(event->subject.location));
    emit_i64(&w, "opened", alert->opened_ms);
    emit_i64(&w, "updated", alert->updated_ms);
    emit_optional_i64(&w, "closed", alert->closed_ms != 0, alert->closed_ms);
    emit_f64(&w, "score", (double)alert->score);
    emit_optional_f64(&w, "probability", true, (double)alert->probability);
    emit_optional_f64(&w, "money_at_risk", alert->money > 0, (double)alert->money);
    emit_optional_text(&w, "currency", or_null(event->currency));
    emit_text(&w, "text", buf_view(&text));
    alert_evidence_map(&w, alert);
    emit_record_end(&w);
    emit_end(&w);
    buf_fini(&text);
    buf_fini(&id);
}

/* What the decision saw; without one (feedback) the numbers are null. */
static void why_numbers(struct emit *w, const struct plan *plan,
                        const struct replenishment_event *event)
{
    const struct decision *d = event->decision;
    const bool has = d != NULL;
    static const struct decision NONE;
    d = has ? d : &NONE;
    int64_t today = event->watermark_bucket + 1;
    emit_optional_i64(w, "on_hand", has, d->stock > 0 ? d->stock : 0);
    emit_optional_i64(w, "on_order", has, d->incoming);
    emit_optional_i64(w, "reserved", has, d->reserved);
    emit_optional_i64(w, "backorder", has, d->stock < 0 ? -d->stock : 0);
    emit_optional_f64(w, "demand_p10", has, (double)d->demand[0]);
    emit_optional_f64(w, "demand_p50", has, (double)d->demand[1]);
    emit_optional_f64(w, "demand_p90", has, (double)d->demand[2]);
    emit_optional_f64(w, "lead_time_p50_days", has,
                      (double)(d->arrival[1] - today) * plan->slot_days);
    emit_optional_f64(w, "lead_time_p90_days", has,
                      (double)(d->arrival[2] - today) * plan->slot_days);
    double stated = event->facts ? event->facts->stated_lead_days : 0;
    double shift = event->facts ? event->facts->service_shift : 0;
    emit_optional_f64(w, "lead_time_stated_days", has && stated > 0, stated);
    emit_optional_i64(w, "target_level", has, d->target);
    emit_optional_i64(w, "reorder_level", has, d->reorder_level);
    emit_optional_i64(w, "safety_stock", has, d->safety_stock);
    emit_optional_f64(w, "service_target", has, d->service_target);
    emit_optional_f64(w, "service_shift", has && shift != 0, shift);
    emit_optional_f64(w, "p_stockout_without", has, d->stockout_without);
    emit_optional_f64(w, "p_stockout_with", has, d->stockout_with);
    emit_optional_f64(w, "lost_without", has, d->lost_without);
    emit_optional_f64(w, "lost_with", has, d->lost_with);
    emit_optional_f64(w, "cost_without", has, d->cost_without);
    emit_optional_f64(w, "cost_with", has, d->cost_with);
    emit_optional_i64(w, "need_before_constraints", has, d->need);
    emit_optional_i64(w, "baseline_quantity", has, d->baseline);
    bool bound = has && d->limit != LIMIT_NONE;
    emit_array_begin(w, "constraints", bound);
    if (bound) {
        emit_text(w, NULL, slice_of(policy_limit_name(d->limit)));
    }
    emit_array_end(w);
    emit_array_begin(w, "rules", d->rules.count);
    for (int i = 0; i < d->rules.count; i++) {
        emit_text(w, NULL, slice_of(plan->settings_ref->rules.rule[d->rules.rule[i]].name));
    }
    emit_array_end(w);
}

static void why_record(struct emit *w, const struct plan *plan,
                       const struct replenishment_event *event)
{
    struct buf text = {0};
    if (event->decision && event->calendar) {
        why_order(&text, event->decision, event->calendar);
    } else {
        buf_print(&text, "%s: open quantity %lld", proposal_state_name(event->state),
                  (long long)event->quantity);
    }
    emit_record_begin(w, "why");
    why_numbers(w, plan, event);
    emit_optional_i64(w, "input_watermark", true, event_slot_ms(plan, event->watermark_bucket + 1));
    emit_optional_i64(w, "unit_cost", event->facts && event->facts->unit_cost > 0,
                      event->facts ? event->facts->unit_cost : 0);
    emit_optional_text(w, "currency", or_null(event->currency));
    emit_text(w, "text", buf_view(&text));
    emit_record_end(w);
    buf_fini(&text);
}

void event_replenishment(const struct plan *plan, const struct replenishment_event *event,
                         struct buf *out)
{
    ASSERT(event->state > PROPOSAL_NONE && event->state < PROPOSAL_STATES);
    char id[PROPOSAL_ID_CHARS + 1];
    proposal_id_text(event->proposal_id, id);
    struct emit w;
    wire_begin(plan->replenishments, out, &w);
    emit_record_begin(&w, NULL);
    emit_text(&w, "proposal_id", slice_of(id));
    emit_i32(&w, "revision", (int32_t)event->revision);
    emit_enum(&w, "state", (uint32_t)event->state - 1, proposal_state_name(event->state));
    emit_text(&w, "sku", event->sku);
    emit_text(&w, "location", event->location);
    emit_i64(&w, "quantity", event->quantity);
    emit_i64(&w, "order_by", event_slot_ms(plan, event->order_by));
    emit_i64(&w, "expected_arrival", event_slot_ms(plan, event->arrival));
    emit_optional_text(&w, "supplier", or_null(event->supplier));
    emit_text(&w, "policy",
              slice_of(event->decision ? policy_name(event->decision->policy) : "feedback"));
    why_record(&w, plan, event);
    emit_record_end(&w);
    emit_end(&w);
}
