/* Risks of stock beside the stock-out: each an alert with its life cycle, valued in money. */
#include "stream/decide_parts.h"

#include "config/base/hash.h"
#include "optimize/surplus.h"

#include <math.h>

static void step(struct shard *shard, const struct alert_signal *alert, int64_t now_ms)
{
    shard->counts.alerts += alert_table_step(shard->alerts, alert, (struct slice){0}, now_ms);
}

/* The supply that is overdue longest, if any. A promised day gets the spread of the lead time as
 * grace, at least a slot, an estimated one twice that: a day late is how suppliers are. */
static void step_supply(struct shard *shard, const struct stock_entry *stock,
                        const struct decide_input *in, int64_t now_ms)
{
    int64_t late = 0, quantity = 0;
    int64_t grace = (int64_t)ceil(fmax(in->facts.lead_time_sd_days / in->policy.slot_days, 1));
    for (int i = 0; i < stock->position.supplies; i++) {
        const struct supply *supply = &stock->position.supply[i];
        int64_t overdue = in->policy.today - supply->expected;
        if (overdue <= (supply->uncertain ? 2 * grace : grace)) {
            continue;
        }
        late = overdue > late ? overdue : late;
        quantity += supply->quantity;
    }
    if (!late && !alert_table_find(shard->alerts, ALERT_SUPPLY_LATE, stock->series, 0)) {
        return;
    }
    struct alert_signal alert = {.kind = ALERT_SUPPLY_LATE,
                                 .strength = late ? ALERT_STRONG : ALERT_QUIET,
                                 .series = stock->series,
                                 .score = late ? 3.0f : 0.0f,
                                 .probability = 1.0f,
                                 .expected = 0.0f,
                                 .observed = (float)quantity,
                                 .onset_bucket = in->policy.today - late,
                                 .money = quantity * in->facts.unit_cost};
    alert_evidence(&alert, EVIDENCE_DELAY_DAYS, (double)late * in->policy.slot_days);
    alert_evidence(&alert, EVIDENCE_ON_ORDER, (double)quantity);
    alert_evidence(&alert, EVIDENCE_ON_HAND, (double)stock->position.stock);
    step(shard, &alert, now_ms);
}

static const double SURELY_LEFT = 0.9;

/* Stock and open orders that will hardly be sold in time. Dead stock has an alert of its own. A
 * series too young to be judged is left alone. */
static void step_overstock(struct shard *shard, const struct stock_entry *stock,
                           const struct decide_input *in, bool dead, int64_t now_ms)
{
    const struct settings *settings = shard->plan->settings_ref;
    int64_t first = shard_stream_row(shard, stock->series)->first;
    bool judged = first && in->policy.today - (first - 1) >= settings->alert.min_age;
    if (!(settings->proposal.overstock_days > 0) || !judged) {
        return;
    }
    struct surplus surplus;
    surplus_assess(&in->policy, settings->proposal.overstock_days, &surplus);
    bool much =
        !dead && surplus.probability >= SURELY_LEFT && surplus.units >= (double)in->facts.pack;
    if (!much && !alert_table_find(shard->alerts, ALERT_OVERSTOCK, stock->series, 0)) {
        return;
    }
    int64_t there = stock->position.stock + position_incoming(&stock->position);
    struct alert_signal alert = {.kind = ALERT_OVERSTOCK,
                                 .strength = much ? ALERT_STRONG : ALERT_QUIET,
                                 .series = stock->series,
                                 .score = (float)-log10(fmax(1 - surplus.probability, 1e-12)),
                                 .probability = (float)surplus.probability,
                                 .expected = (float)((double)there - surplus.units),
                                 .observed = (float)there,
                                 .onset_bucket = in->policy.today,
                                 .money = (int64_t)fmin(surplus.money, 1e15)};
    alert_evidence(&alert, EVIDENCE_COVER_DAYS, surplus.cover_days);
    alert_evidence(&alert, EVIDENCE_ON_HAND, (double)stock->position.stock);
    alert_evidence(&alert, EVIDENCE_ON_ORDER, (double)position_incoming(&stock->position));
    step(shard, &alert, now_ms);
}

/* ---- dead stock ---- */

/* Slots since the last sale; 0: sold in the last one, or never. */
static int64_t unsold_slots(const struct shard *shard, uint32_t series, int64_t today)
{
    int64_t last = shard_stream_row(shard, series)->last;
    return last ? today - last : 0;
}

/* It could have been sold all the time, as far as the ring remembers. */
static bool was_there(const struct shard *shard, uint32_t series, int64_t today, int64_t slots)
{
    const struct tile *tile = shard_tile(shard, series);
    int64_t most = (int64_t)shard->plan->window;
    for (int64_t back = 1; back <= slots && back <= most; back++) {
        uint32_t slot = tile_slot(shard->plan, today - back);
        uint16_t cell = tile->cells[(size_t)slot * PLAN_TILE_SERIES + shard_row(series)];
        if (ring_flags(cell) & WINDOW_OUT_OF_STOCK) {
            return false;
        }
    }
    return true;
}

static bool step_dead(struct shard *shard, const struct stock_entry *stock,
                      const struct decide_input *in, int64_t now_ms)
{
    const struct settings *settings = shard->plan->settings_ref;
    int64_t limit = settings->alert.more_kinds ? settings->proposal.dead_days : 0;
    int64_t today = in->policy.today, unsold = unsold_slots(shard, stock->series, today);
    double days = (double)unsold * in->policy.slot_days;
    bool dead = limit > 0 && stock->position.stock > 0 && days >= (double)limit &&
                was_there(shard, stock->series, today, unsold);
    if (!dead && !alert_table_find(shard->alerts, ALERT_DEAD_STOCK, stock->series, 0)) {
        return false;
    }
    double money = (double)stock->position.stock * (double)in->facts.unit_cost;
    struct alert_signal alert = {.kind = ALERT_DEAD_STOCK,
                                 .strength = dead ? ALERT_STRONG : ALERT_QUIET,
                                 .series = stock->series,
                                 .score = dead ? 3.0f : 0.0f,
                                 .probability = 1.0f,
                                 .observed = (float)stock->position.stock,
                                 .onset_bucket = today - unsold,
                                 .money = (int64_t)fmin(money, 1e15)};
    alert_evidence(&alert, EVIDENCE_UNSOLD_DAYS, days);
    alert_evidence(&alert, EVIDENCE_ON_HAND, (double)stock->position.stock);
    alert_evidence(&alert, EVIDENCE_ON_ORDER, (double)position_incoming(&stock->position));
    step(shard, &alert, now_ms);
    return dead;
}

/* ---- demand against open orders ---- */

static const struct alert *open_shift(const struct shard *shard, uint32_t series)
{
    static const enum alert_kind KINDS[] = {ALERT_LEVEL_SHIFT_DOWN, ALERT_LEVEL_SHIFT_UP};
    for (int k = 0; k < 2; k++) {
        const struct alert *alert = alert_table_find(shard->alerts, KINDS[k], series, 0);
        if (alert && alert->state == ALERT_OPEN) {
            return alert;
        }
    }
    return NULL;
}

/* Units on the way that were ordered before the shift was told of, and the slot of the last. */
static int64_t ordered_before(const struct position *position, int64_t told, int64_t *last)
{
    int64_t units = 0;
    for (int i = 0; i < position->supplies; i++) {
        const struct supply *supply = &position->supply[i];
        if (supply->ordered < told) {
            units += supply->quantity;
            *last = supply->expected > *last ? supply->expected : *last;
        }
    }
    return units;
}

/* Of what is on the way the part that will not be needed until the last of it must have been sold
 * (its arrival and a review period), or, below zero, what it falls short of; and what that costs.
 */
static double misfit(const struct decide_input *in, bool down, int64_t coming, int64_t last,
                     double *money)
{
    const struct item_facts *facts = &in->facts;
    double there = fmax((double)in->policy.position->stock, 0) +
                   (double)position_incoming(in->policy.position);
    struct demand demand;
    demand_at(&in->curve,
              (double)(last - in->policy.today) + facts->review_days / in->policy.slot_days,
              &demand);
    double room = there - demand_quantile(&demand, policy_service(facts, in->policy.options));
    if (down) {
        double excess = fmin(fmax(room, 0), (double)coming);
        *money = excess * (double)facts->unit_cost;
        return excess;
    }
    double margin = fmax((double)facts->price - (double)facts->unit_cost, 0);
    *money = demand_shortfall(&demand, there) *
             (facts->shortage_cost >= 0 ? (double)facts->shortage_cost : margin);
    return fmin(room, 0);
}

static void step_shift(struct shard *shard, const struct stock_entry *stock,
                       const struct decide_input *in, int64_t now_ms)
{
    bool told_of = shard->plan->settings_ref->alert.more_kinds;
    const struct alert *shift = told_of ? open_shift(shard, stock->series) : NULL;
    int64_t last = in->policy.today;
    int64_t told = shift ? bucket_of(&shard->plan->settings_ref->days, shift->opened_ms) : 0;
    int64_t coming = shift ? ordered_before(&stock->position, told, &last) : 0;
    bool down = shift && shift->kind == ALERT_LEVEL_SHIFT_DOWN;
    double money = 0, excess = coming > 0 ? misfit(in, down, coming, last, &money) : 0;
    bool matters = fabs(excess) >= (double)in->facts.pack;
    if (!matters && !alert_table_find(shard->alerts, ALERT_DEMAND_SHIFT, stock->series, 0)) {
        return;
    }
    struct alert_signal alert = {.kind = ALERT_DEMAND_SHIFT,
                                 .strength = matters ? ALERT_STRONG : ALERT_QUIET,
                                 .series = stock->series,
                                 .onset_bucket = in->policy.today,
                                 .money = (int64_t)fmin(money, 1e15)};
    if (shift) {
        alert.score = shift->score;
        alert.probability = shift->probability;
        alert.expected = shift->expected;
        alert.observed = shift->observed;
        alert.onset_bucket = shift->onset_bucket;
        if (shift->expected > 0) {
            alert_evidence(&alert, EVIDENCE_RATIO, (double)(shift->observed / shift->expected));
        }
    }
    alert_evidence(&alert, EVIDENCE_EXCESS, excess);
    alert_evidence(&alert, EVIDENCE_ON_ORDER, (double)coming);
    alert_evidence(&alert, EVIDENCE_ON_HAND, (double)stock->position.stock);
    step(shard, &alert, now_ms);
}

void risk_close(struct shard *shard, const struct stock_entry *stock, const struct decide_input *in,
                int64_t now_ms)
{
    step_supply(shard, stock, in, now_ms);
    bool dead = step_dead(shard, stock, in, now_ms);
    step_overstock(shard, stock, in, dead, now_ms);
    step_shift(shard, stock, in, now_ms);
}

/* ---- suppliers ---- */

void risk_receive(struct shard *shard, struct stock_entry *stock,
                  const struct position_rules *rules, const struct stock_line *line)
{
    struct position before = stock->position;
    position_receive(&stock->position, rules, line->event_ms, line->quantity,
                     position_reference(line->reference));
    struct supply done[POSITION_SUPPLIES];
    size_t count = position_completed(&before, &stock->position, done);
    if (!count) {
        return;
    }
    const struct item_line *item =
        items_find(shard->items, series_sku(shard->series, stock->series));
    struct item_facts facts = decide_facts(shard, stock->series, item);
    double spread = facts.lead_time_days > 0 ? facts.lead_time_sd_days / facts.lead_time_days : 0;
    double stated = facts.stated_lead_days > 0 ? facts.stated_lead_days : facts.lead_time_days;
    int64_t slot = bucket_of(&shard->plan->settings_ref->days, line->event_ms);
    for (size_t i = 0; i < count; i++) {
        book_receive(shard->book, decide_supplier(shard, item), (double)(slot - done[i].ordered),
                     stated / shard->plan->slot_days, spread);
    }
}

/* Value of what is on the way from a supplier, as far as this shard knows. */
static double money_from(const struct shard *shard, struct slice supplier)
{
    double money = 0;
    for (uint32_t i = 0; i < shard->stock_count; i++) {
        const struct stock_entry *stock = shard->stock[i];
        if (!stock || !stock->position.supplies) {
            continue;
        }
        const struct item_line *item =
            items_find(shard->items, series_sku(shard->series, stock->series));
        if (slice_equal(decide_supplier(shard, item), supplier)) {
            struct item_facts facts = decide_facts(shard, stock->series, item);
            money += (double)position_incoming(&stock->position) * (double)facts.unit_cost;
        }
    }
    return money;
}

static void step_slip(struct shard *shard, struct slice supplier, const struct track *track,
                      int64_t now_ms)
{
    uint64_t scope = hash_64(supplier.data, supplier.bytes, 0);
    struct track_slip slip;
    track_slip(track, (double)shard->plan->settings_ref->proposal.supplier_trust, &slip);
    slip.slips = slip.slips && shard->plan->settings_ref->alert.more_kinds;
    bool known =
        alert_table_find(shard->alerts, ALERT_SUPPLIER_SLIP, ALERT_NO_SERIES, scope) != NULL;
    if (scope % (uint64_t)shard->plan->partitions != (uint64_t)shard->partition ||
        (!slip.slips && !known)) {
        return;
    }
    struct alert_signal alert = {.kind = ALERT_SUPPLIER_SLIP,
                                 .strength = slip.slips   ? ALERT_STRONG
                                             : slip.keeps ? ALERT_QUIET
                                                          : ALERT_NEUTRAL,
                                 .series = ALERT_NO_SERIES,
                                 .scope = scope,
                                 .score = (float)slip.score,
                                 .probability = (float)pow(10, -slip.score),
                                 .expected = 1.0f,
                                 .observed = (float)slip.ratio,
                                 .onset_bucket = shard->closed,
                                 .money = (int64_t)fmin(money_from(shard, supplier), 1e15)};
    alert_evidence(&alert, EVIDENCE_RATIO, slip.ratio);
    alert_evidence(&alert, EVIDENCE_RECEIPTS, track->receipts);
    shard->counts.alerts += alert_table_step(shard->alerts, &alert, supplier, now_ms);
}

void risk_suppliers(struct shard *shard, int64_t now_ms)
{
    for (uint32_t i = 0; i < book_suppliers(shard->book); i++) {
        const struct track *track;
        struct slice supplier = book_supplier(shard->book, i, &track);
        step_slip(shard, supplier, track, now_ms);
    }
}
