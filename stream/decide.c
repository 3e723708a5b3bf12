/* Stock, stock-out alerts and proposals of the series whose stock was reported. Policies and life
 * cycles are optimize/; here they meet items, the calendar of buckets, forecasts and the outbox. */
#include "config/base/ensure.h"
#include "optimize/target.h"
#include "stream/decide_parts.h"
#include "stream/learning.h"
#include "stream/shard_state.h"

#include <math.h>
#include <stdlib.h>

struct stock_entry *decide_stock(const struct shard *shard, uint32_t series)
{
    uint32_t index = shard_stream_row(shard, series)->stock;
    return index ? shard->stock[index - 1] : NULL;
}

struct stock_entry *decide_stock_new(struct shard *shard, uint32_t series)
{
    ASSERT(!shard_stream_row(shard, series)->stock);
    uint32_t index;
    if (shard->stock_free_count) {
        index = shard->stock_free[--shard->stock_free_count];
    } else {
        if (shard->stock_count == shard->stock_capacity) {
            uint32_t capacity = shard->stock_capacity ? shard->stock_capacity * 2 : 64;
            shard->stock = realloc(shard->stock, capacity * sizeof(struct stock_entry *));
            shard->stock_free = realloc(shard->stock_free, capacity * sizeof(uint32_t));
            ASSERT(shard->stock && shard->stock_free && "out of memory for stock positions");
            shard->stock_capacity = capacity;
        }
        index = shard->stock_count++;
    }
    struct stock_entry *stock = calloc(1, sizeof *stock);
    ASSERT(stock && "out of memory for a stock position");
    stock->series = series;
    position_init(&stock->position);
    proposal_init(&stock->proposal);
    shard->stock[index] = stock;
    shard_stream_row(shard, series)->stock = index + 1;
    return stock;
}

void decide_stock_drop(struct shard *shard, uint32_t series)
{
    uint32_t index = shard_stream_row(shard, series)->stock;
    if (index) {
        free(shard->stock[index - 1]);
        shard->stock[index - 1] = NULL;
        shard->stock_free[shard->stock_free_count++] = index - 1;
        shard_stream_row(shard, series)->stock = 0;
    }
}

struct position_rules decide_rules(const struct shard *shard)
{
    const struct settings *settings = shard->plan->settings_ref;
    return (struct position_rules){.count_on_hand = !settings->stream.stock_count_available,
                                   .horizon_ms = settings->stream.lateness_ms +
                                                 settings_max_lead_ms(settings)};
}

int64_t decide_price(const struct shard *shard, uint32_t series)
{
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    if (item && item->price > 0) {
        return item->price;
    }
    int64_t seen = column_d32(shard_stream_row(shard, series)->price);
    return seen > 0 ? seen - 1 : 0;
}

/* --- what optimize/ asks for
 * ---------------------------------------------------------------------------------- */

/* As of its last scored forecast. */
static enum forecast_class class_of(const struct shard *shard, uint32_t series)
{
    const struct tile *tile = shard_tile(shard, series);
    return shard->forecaster ? tile->forecast.demand_class[shard_row(series)] % FORECAST_CLASSES
                             : FORECAST_SMOOTH;
}

/* What suppliers and buyers have taught, over what the item says. */
static void learned(const struct shard *shard, uint32_t series, struct slice supplier,
                    struct item_facts *facts)
{
    const struct proposal_options *options = &shard->plan->settings_ref->proposal;
    if (options->supplier_trust > 0) {
        const struct track *track = book_track(shard->book, supplier);
        double stated = facts->lead_time_days;
        if (track && track_lead(track, (double)options->supplier_trust, &facts->lead_time_days,
                                &facts->lead_time_sd_days)) {
            facts->stated_lead_days = stated;
        }
    }
    if (options->learn_service > 0) {
        facts->service_shift = answers_shift(book_answers(shard->book, class_of(shard, series)),
                                             options->learn_service);
    }
}

struct slice decide_supplier(const struct shard *shard, const struct item_line *item)
{
    return item && item->supplier.bytes ? item->supplier
                                        : slice_of(shard->plan->settings_ref->item.supplier);
}

static struct slice currency_of(const struct shard *shard, const struct item_line *item)
{
    return item && item->currency.bytes ? item->currency
                                        : slice_of(shard->plan->settings_ref->item.currency);
}

struct item_facts decide_facts(const struct shard *shard, uint32_t series,
                               const struct item_line *item)
{
    const struct item_options *defaults = &shard->plan->settings_ref->item;
    struct item_facts facts = item_facts_from(defaults);
    if (item) {
        facts.lead_time_days = item->lead_time_days;
        facts.lead_time_sd_days = item->lead_time_sd_days;
        facts.review_days = item->review_days;
        facts.holding_cost_rate = item->holding_cost_rate;
        facts.shelf_life_days = item->shelf_life_days;
        facts.unit_cost = item->unit_cost;
        facts.price = item->price;
        facts.shortage_cost = item->shortage_cost;
        facts.order_cost = item->order_cost;
        facts.minimum_order = item->minimum_order;
        facts.pack = item->pack;
        facts.maximum_order = item->maximum_order;
    }
    if (facts.price <= 0) {
        int64_t price = decide_price(shard, series);
        facts.price = price > 0 ? price : facts.price;
    }
    item_facts_fill(&facts, defaults);
    learned(shard, series, decide_supplier(shard, item), &facts);
    return facts;
}

/* What business rules say about a series today; class as of its last scored forecast. */
static const struct rule_effect *rules_of(const struct shard *shard, uint32_t series, int64_t day,
                                          struct decide_input *out)
{
    const struct rules *rules = &shard->plan->settings_ref->rules;
    if (!rules->count) {
        return NULL;
    }
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    struct rule_subject subject = {
        .field = {[RULE_SKU] = series_sku(shard->series, series),
                  [RULE_CATEGORY] = item ? item->category : (struct slice){0},
                  [RULE_LOCATION] = series_location(shard->series, series),
                  [RULE_SUPPLIER] = out->supplier,
                  [RULE_CLASS] = slice_of(forecaster_class_name(class_of(shard, series)))}};
    rules_match(rules, &subject, day, &out->effect);
    return &out->effect;
}

static void input_of(const struct shard *shard, uint32_t series, const struct stock_entry *stock,
                     const struct forecast_block *block, uint32_t row, struct decide_input *out)
{
    const struct settings *settings = shard->plan->settings_ref;
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    out->facts = decide_facts(shard, series, item);
    out->supplier = decide_supplier(shard, item);
    out->currency = currency_of(shard, item);
    float lengths[DEMAND_ROWS_MAX];
    uint32_t rows = block->sums < DEMAND_ROWS_MAX ? block->sums : DEMAND_ROWS_MAX;
    for (uint32_t s = 0; s < rows; s++) {
        lengths[s] = block->sum_length[s];
    }
    demand_curve_init(&out->curve, forecast_levels, rows, lengths,
                      block->sum_mean + (size_t)row * block->sums,
                      block->sum_q + (size_t)row * block->sums * FORECAST_LEVELS);
    int64_t today = shard_tile(shard, series)->closed + 1;
    int64_t day = bucket_day(&settings->days, today);
    out->policy =
        (struct policy_input){.position = &stock->position,
                              .curve = &out->curve,
                              .facts = &out->facts,
                              .options = &settings->proposal.policy,
                              .effect = rules_of(shard, series, day, out),
                              .calendar = suppliers_find(settings->suppliers, out->supplier),
                              .today = today,
                              .today_day = day,
                              .slot_days = shard->plan->slot_days};
    out->calendar = (struct why_calendar){today, day, shard->plan->slot_days};
}

/* --- stock-out, late supply
 * ----------------------------------------------------------------------------------- */

static void stockout_evidence(const struct stock_entry *stock, const struct stockout_risk *risk,
                              int64_t today, double slot_days, struct alert_signal *alert)
{
    alert_evidence(alert, EVIDENCE_ON_HAND, (double)stock->position.stock);
    alert_evidence(alert, EVIDENCE_ON_ORDER, (double)position_incoming(&stock->position));
    alert_evidence(alert, EVIDENCE_LOST_UNITS, risk->lost_units);
    if (risk->stockout[1] != INT64_MAX) {
        alert_evidence(alert, EVIDENCE_DAYS_LEFT, (double)(risk->stockout[1] - today) * slot_days);
    }
    if (risk->stockout[0] != INT64_MAX) {
        alert_evidence(alert, EVIDENCE_DAYS_LEFT_EARLY,
                       (double)(risk->stockout[0] - today) * slot_days);
    }
    alert_evidence(alert, EVIDENCE_LEAD_TIME_DAYS, (double)(risk->receipt[1] - today) * slot_days);
}

static void step_stockout(struct shard *shard, const struct stock_entry *stock,
                          const struct decide_input *in, int64_t now_ms)
{
    int64_t level = tile_trigger(shard_tile(shard, stock->series), shard_row(stock->series)) - 2;
    struct stockout_risk risk;
    trigger_assess(&in->policy, &risk);
    bool low = stock->position.stock <= level;
    struct alert_signal alert = {.kind = ALERT_STOCKOUT,
                                 .strength = low ? ALERT_STRONG : ALERT_QUIET,
                                 .series = stock->series,
                                 .score = (float)(-log10(fmax(1 - risk.probability, 1e-12))),
                                 .probability = (float)risk.probability,
                                 .expected = (float)level,
                                 .observed = (float)stock->position.stock,
                                 .onset_bucket = in->policy.today,
                                 .money = (int64_t)risk.money};
    stockout_evidence(stock, &risk, in->policy.today, in->policy.slot_days, &alert);
    shard->counts.alerts += alert_table_step(shard->alerts, &alert, (struct slice){0}, now_ms);
}

/* The level of a series whose stock became known after its last close is computed at once; its next
 * close may be a day away. 0: nothing of it has closed yet. */
static int64_t trigger_of(struct shard *shard, uint32_t series, const struct stock_entry *stock)
{
    struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    int64_t first = tile->cols.row[row].first;
    int64_t known = tile_trigger(tile, row);
    if (known || !shard->started || !first || first - 1 > tile->closed) {
        return known;
    }
    struct forecast_block block;
    close_forecast_one(shard, series, &block);
    struct decide_input in;
    input_of(shard, series, stock, &block, row, &in);
    tile->cols.row[row].trigger = column_d32_of(trigger_level(&in.policy) + 2);
    tile->cold_dirty = true;
    return column_d32(tile->cols.row[row].trigger);
}

void decide_trigger(struct shard *shard, uint32_t series, int64_t now_ms)
{
    const struct stock_entry *stock = decide_stock(shard, series);
    if (!stock || !stock->position.known || !shard->forecaster) {
        return;
    }
    int64_t trigger = trigger_of(shard, series, stock);
    if (!trigger) {
        return;
    }
    const struct alert *open = alert_table_find(shard->alerts, ALERT_STOCKOUT, series, 0);
    bool low = stock->position.stock <= trigger - 2;
    /* Between closes only a change of side matters: an alert that fires, or one that may end. */
    if (low == (open && open->state == ALERT_OPEN)) {
        return;
    }
    if (!low && !open) {
        return;
    }
    struct forecast_block block;
    close_forecast_one(shard, series, &block);
    struct decide_input in;
    input_of(shard, series, stock, &block, shard_row(series), &in);
    step_stockout(shard, stock, &in, now_ms);
}

/* --- proposals
 * ------------------------------------------------------------------------------------------------
 */

static void write_proposal(struct shard *shard, const struct replenishment_event *event)
{
    struct buf *key = &shard->scratch.key, *value = &shard->scratch.value;
    buf_reset(key);
    buf_reset(value);
    buf_slice(key, event->sku);
    buf_byte(key, '|');
    buf_slice(key, event->location);
    event_replenishment(shard->plan, event, value);
    shard->counts.replenishments++;
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    if (sinks) {
        if (sinks->replenishment) {
            sinks->replenishment(sinks->context, buf_view(value));
        }
        return;
    }
    outbox_add(shard->outbox, TOPIC_REPLENISHMENTS, -1, buf_view(key), buf_view(value));
}

static struct proposal_context context_of(const struct shard *shard, uint32_t series,
                                          const struct item_facts *facts, struct slice supplier)
{
    return (struct proposal_context){.sku = series_sku(shard->series, series),
                                     .location = series_location(shard->series, series),
                                     .supplier = supplier,
                                     .options = &shard->plan->settings_ref->proposal,
                                     .today = shard_tile(shard, series)->closed + 1,
                                     .slot_days = shard->plan->slot_days,
                                     .review_days = facts->review_days,
                                     .pack = facts->pack};
}

static bool breaks_rule(const struct decide_input *in, int64_t open)
{
    struct rule_hits hits = {0};
    return in->policy.effect && open > 0 &&
           rules_quantity(in->policy.effect, open, &in->facts, &hits) != open;
}

static void propose(struct shard *shard, struct stock_entry *stock, struct decide_input *in)
{
    const struct proposal_options *options = &shard->plan->settings_ref->proposal;
    if (!options->enabled) {
        return;
    }
    if (options->net_ref && watch_speaks(shard->watch, class_of(shard, stock->series))) {
        in->policy.lift = target_lift_of(options->net_ref, &in->policy);
    }
    if (stock->proposal.state != PROPOSAL_PROPOSED && policy_needs_nothing(&in->policy)) {
        return; /* nothing stands and nothing would be created: most of the cost of a close */
    }
    if (in->policy.effect && in->policy.effect->freeze) {
        return;
    }
    struct decision decision;
    policy_decide(&in->policy, &decision);
    struct proposal_context context = context_of(shard, stock->series, &in->facts, in->supplier);
    context.broken = breaks_rule(in, stock->proposal.quantity);
    enum proposal_change change;
    proposal_decide(&stock->proposal, &decision, &context, &change);
    if (change == PROPOSAL_UNCHANGED) {
        return;
    }
    struct replenishment_event event = {.sku = context.sku,
                                        .location = context.location,
                                        .supplier = in->supplier,
                                        .currency = in->currency,
                                        .proposal_id = stock->proposal.id,
                                        .revision = stock->proposal.revision,
                                        .state = (enum proposal_state)stock->proposal.state,
                                        .quantity = stock->proposal.quantity,
                                        .watermark_bucket = context.today - 1,
                                        .order_by = stock->proposal.order_by,
                                        .arrival = stock->proposal.arrival,
                                        .decision = &decision,
                                        .facts = &in->facts,
                                        .calendar = &in->calendar};
    write_proposal(shard, &event);
}

void decide_close(struct shard *shard, uint32_t series, const struct forecast_block *block,
                  uint32_t row)
{
    struct stock_entry *stock = decide_stock(shard, series);
    ASSERT(stock);
    struct tile *tile = shard_tile(shard, series);
    struct decide_input in;
    input_of(shard, series, stock, block, row, &in);
    const struct settings *settings = shard->plan->settings_ref;
    int64_t give_up =
        (settings->proposal.give_up_ms + settings->days.length_ms - 1) / settings->days.length_ms;
    (void)position_give_up(&stock->position, in.policy.today, give_up);
    tile->cols.row[row].trigger = column_d32_of(trigger_level(&in.policy) + 2);
    if (tile->shorts) {
        tile->short_cols.trigger[row] = 0;
    }
    int64_t now_ms = bucket_start(&shard->plan->settings_ref->days, in.policy.today);
    bool low = stock->position.stock <= column_d32(tile->cols.row[row].trigger) - 2;
    if (low || alert_table_find(shard->alerts, ALERT_STOCKOUT, series, 0)) {
        step_stockout(shard, stock, &in, now_ms);
    }
    risk_close(shard, stock, &in, now_ms);
    if (settings->proposal.net_ref) {
        rival_close(shard, series, &in, class_of(shard, series));
    }
    propose(shard, stock, &in);
    shard_touch(shard, series);
}

void decide_short(struct shard *shard, uint32_t series, const struct forecast_block *block)
{
    struct stock_entry *stock = decide_stock(shard, series);
    ASSERT(stock && shard->subday);
    struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    struct decide_input in;
    input_of(shard, series, stock, block, row, &in);
    int64_t trigger = trigger_level(&in.policy) + 2;
    if (trigger != tile_trigger(tile, row)) {
        tile->short_cols.trigger[row] = trigger;
        shard_touch(shard, series);
    }
    bool low = stock->position.stock <= trigger - 2;
    if (low || alert_table_find(shard->alerts, ALERT_STOCKOUT, series, 0)) {
        int64_t now_ms = bucket_start(&shard->plan->settings_ref->buckets, tile->short_closed + 1);
        step_stockout(shard, stock, &in, now_ms);
    }
}

/* --- feedback
 * -------------------------------------------------------------------------------------------------
 */

static void judge_alert(struct shard *shard, const struct feedback_line *feedback, int64_t now_ms)
{
    enum alert_verdict verdict = feedback->kind == FEEDBACK_MUTE          ? ALERT_MUTE
                                 : feedback->kind == FEEDBACK_NOT_ANOMALY ? ALERT_NOT_ANOMALY
                                                                          : ALERT_ACKNOWLEDGE;
    uint32_t events;
    (void)alert_table_judge(shard->alerts, feedback->proposal_id, verdict, now_ms, &events);
    shard->counts.alerts += events;
}

static void answer_proposal(struct shard *shard, const struct feedback_line *feedback,
                            uint32_t series, struct stock_entry *stock)
{
    struct hash128 id;
    if (!proposal_id_parse(feedback->proposal_id, &id)) {
        return;
    }
    const struct item_line *item = items_find(shard->items, feedback->sku);
    struct item_facts facts = decide_facts(shard, series, item);
    struct slice supplier = decide_supplier(shard, item);
    struct slice currency = currency_of(shard, item);
    struct proposal_context context = context_of(shard, series, &facts, supplier);
    enum proposal_state state;
    struct proposal before = stock->proposal;
    int64_t open;
    if (!proposal_feedback(&stock->proposal, &stock->position, id,
                           (enum proposal_answer)feedback->kind, feedback->quantity, &context,
                           &state, &open)) {
        return;
    }
    if (before.state == PROPOSAL_PROPOSED && stock->proposal.state != PROPOSAL_PROPOSED) {
        book_answer(shard->book, class_of(shard, series), state, before.quantity, open);
    }
    struct replenishment_event event = {.sku = context.sku,
                                        .location = context.location,
                                        .supplier = supplier,
                                        .currency = currency,
                                        .proposal_id = id,
                                        .revision = stock->proposal.revision,
                                        .state = state,
                                        .quantity = open,
                                        .watermark_bucket = context.today - 1,
                                        .order_by = stock->proposal.order_by,
                                        .arrival = stock->proposal.arrival,
                                        .facts = &facts};
    write_proposal(shard, &event);
    decide_trigger(shard, series, bucket_start(&shard->plan->settings_ref->days, context.today));
    shard_touch(shard, series);
}

void decide_feedback(struct shard *shard, const struct feedback_line *feedback)
{
    int64_t now_ms = feedback->event_ms;
    if (now_ms < 0) {
        now_ms =
            shard->started ? bucket_start(&shard->plan->settings_ref->days, shard->closed + 1) : 0;
    }
    if (feedback->kind == FEEDBACK_ROLL_BACK) {
        learning_roll_back(shard);
        return;
    }
    if (feedback->kind >= FEEDBACK_ACKNOWLEDGE) {
        judge_alert(shard, feedback, now_ms);
        return;
    }
    uint32_t series = series_find(shard->series, feedback->sku, feedback->location);
    struct stock_entry *stock = series == SERIES_NONE ? NULL : decide_stock(shard, series);
    if (stock) {
        answer_proposal(shard, feedback, series, stock);
    }
}
