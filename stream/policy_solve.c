#include "stream/policy_solve.h"

#include "config/base/ensure.h"
#include "optimize/joint.h"
#include "optimize/lost_learn.h"
#include "optimize/lost_sales.h"
#include "optimize/lost_table.h"
#include "optimize/lot_size.h"
#include "optimize/newsvendor.h"
#include "optimize/order_up.h"
#include "optimize/placement.h"
#include "optimize/reorder.h"
#include "optimize/serial.h"
#include "optimize/wagner_whitin.h"
#include "optimize/warehouse.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { LEARN_STEPS = 2000, LEARN_PERIODS = 400000, LEARN_STATES = 1 << 19 };

static void put(struct buf *out, const char *name, double value)
{
    bool first = out->bytes == 0 || out->data[out->bytes - 1] == '{';
    buf_print(out, "%s\"%s\":%.15g", first ? "" : ",", name, value);
}

static void put_list(struct buf *out, const char *name, const double *values, size_t count)
{
    buf_print(out, "%s\"%s\":[", out->bytes && out->data[out->bytes - 1] != '{' ? "," : "", name);
    for (size_t i = 0; i < count; i++) {
        buf_print(out, "%s%.15g", i ? "," : "", values[i]);
    }
    buf_byte(out, ']');
}

struct costs {
    double holding, shortage;
};

static struct costs costs_of(struct policy_ask *ask)
{
    return (struct costs){policy_ask_number(ask, "holding_cost", ASK_ABOVE_0),
                          policy_ask_number(ask, "shortage_cost", ASK_ABOVE_0)};
}

/* ---- one level ---- */

static void newsvendor(struct policy_ask *ask, struct buf *out)
{
    struct costs costs = costs_of(ask);
    struct demand_law law = policy_ask_demand(ask);
    double periods = 1 + policy_ask_number_or(ask, "lead_time", ASK_FROM_0, 0);
    double price = policy_ask_number_or(ask, "margin", ASK_ABOVE_0, 0);
    struct newsvendor best = {0};
    struct pmf pmf = {0};
    if (policy_ask_fault(ask)) {
        return;
    }
    if (law.kind == DEMAND_NORMAL) {
        best = newsvendor_normal(law.mean * periods, law.sd * sqrt(periods), costs.holding,
                                 costs.shortage);
    } else if (law.kind == DEMAND_LOGNORMAL && periods == 1) {
        best = newsvendor_lognormal(law.mean, law.sd, costs.holding, costs.shortage);
    } else if (policy_ask_pmf(ask, &law, periods, &pmf)) {
        best = newsvendor_discrete(&pmf, costs.holding, costs.shortage);
    }
    put(out, "S", best.level);
    put(out, "cost", best.cost);
    if (price > 0) {
        double mean = law.kind == DEMAND_NORMAL ? law.mean * periods
                      : pmf.count               ? pmf_mean(&pmf)
                                                : exp(law.mean + law.sd * law.sd / 2);
        put(out, "profit", price * mean - best.cost);
    }
    pmf_fini(&pmf);
}

static void newsvendor_down(struct policy_ask *ask, struct buf *out)
{
    struct costs costs = costs_of(ask);
    double demand = policy_ask_number(ask, "demand", ASK_ABOVE_0);
    double breaks = policy_ask_number(ask, "disruption_chance", ASK_CHANCE);
    double mends = policy_ask_number(ask, "recovery_chance", ASK_CHANCE);
    struct newsvendor best =
        newsvendor_disrupted(demand, breaks, mends, costs.holding, costs.shortage);
    put(out, "S", best.level);
    put(out, "cost", best.cost);
}

/* ---- (s, S) and (r, Q) ---- */

static bool order_up_read(struct policy_ask *ask, struct order_up_terms *terms, struct pmf *lead,
                          struct pmf *period)
{
    struct costs costs = costs_of(ask);
    *terms = (struct order_up_terms){.demand = lead,
                                     .period = period,
                                     .order_cost = policy_ask_number(ask, "order_cost", ASK_FROM_0),
                                     .holding = costs.holding,
                                     .shortage = costs.shortage};
    struct demand_law law = policy_ask_demand(ask);
    double periods = 1 + policy_ask_number_or(ask, "lead_time", ASK_FROM_0, 0);
    return !policy_ask_fault(ask) && policy_ask_pmf(ask, &law, 1, period) &&
           policy_ask_pmf(ask, &law, periods, lead);
}

static void order_up(struct policy_ask *ask, struct buf *out)
{
    struct order_up_terms terms;
    struct pmf lead = {0}, period = {0};
    struct order_up best = {0};
    if (order_up_read(ask, &terms, &lead, &period)) {
        const struct datum *given = policy_ask_field(ask, "s");
        if (given) {
            int64_t s = policy_ask_whole(ask, "s", -ORDER_UP_MOST, ORDER_UP_MOST);
            int64_t S = policy_ask_whole(ask, "S", s + 1, ORDER_UP_MOST);
            best = (struct order_up){.s = (double)s, .S = (double)S};
            if (!policy_ask_fault(ask) && !order_up_cost(&terms, s, S, &best.cost)) {
                policy_ask_refuse(ask, "S", "too far from s: use a larger unit");
            }
        } else if (!order_up_best(&terms, &best)) {
            policy_ask_refuse(ask, "order_cost", "gives too large a policy: use a larger unit");
        }
    }
    put(out, "s", best.s);
    put(out, "S", best.S);
    put(out, "cost", best.cost);
    pmf_fini(&lead);
    pmf_fini(&period);
}

static void order_up_power(struct policy_ask *ask, struct buf *out)
{
    struct costs costs = costs_of(ask);
    struct order_up_terms terms = {.order_cost = policy_ask_number(ask, "order_cost", ASK_ABOVE_0),
                                   .holding = costs.holding,
                                   .shortage = costs.shortage};
    struct demand_law law = policy_ask_demand(ask);
    double periods = 1 + policy_ask_number_or(ask, "lead_time", ASK_FROM_0, 0);
    if (law.kind == DEMAND_GIVEN || law.kind == DEMAND_LOGNORMAL || !(law.mean > 0)) {
        policy_ask_refuse(ask, "demand", "expected a demand with mean and spread");
    }
    if (!policy_ask_fault(ask)) {
        struct order_up found =
            order_up_approximate(law.mean, law.mean * periods, law.sd * sqrt(periods), &terms);
        put(out, "s", found.s);
        put(out, "S", found.S);
    }
}

static void put_reorder(struct buf *out, const struct reorder *found)
{
    put(out, "r", found->r);
    put(out, "Q", found->Q);
    put(out, "cost", found->cost);
}

static void reorder(struct policy_ask *ask, struct buf *out)
{
    struct costs costs = costs_of(ask);
    struct demand_law law = policy_ask_demand(ask);
    double lead = policy_ask_number(ask, "lead_time", ASK_ABOVE_0);
    struct reorder_terms terms = {.rate = law.mean,
                                  .order_cost = policy_ask_number(ask, "order_cost", ASK_ABOVE_0),
                                  .holding = costs.holding,
                                  .shortage = costs.shortage};
    double lead_mean = law.mean * lead, lead_sd = law.sd * sqrt(lead);
    struct reorder found = {0};
    struct pmf pmf = {0};
    if (law.kind == DEMAND_NORMAL && policy_ask_field(ask, "r")) {
        found.r = policy_ask_number(ask, "r", ASK_ANY);
        found.Q = policy_ask_number(ask, "Q", ASK_ABOVE_0);
        found.cost = reorder_cost_normal(&terms, lead_mean, lead_sd, found.r, found.Q);
    } else if (law.kind == DEMAND_NORMAL) {
        found = reorder_normal(&terms, lead_mean, lead_sd);
    } else if (law.kind == DEMAND_GIVEN) {
        policy_ask_refuse(ask, "demand", "expected normal, poisson, geometric or negbin");
    } else if (policy_ask_pmf(ask, &law, lead, &pmf) && !reorder_best(&terms, &pmf, &found)) {
        policy_ask_refuse(ask, "order_cost", "gives too large a policy: use a larger unit");
    }
    put_reorder(out, &found);
    pmf_fini(&pmf);
}

/* ---- lots ---- */

static struct lot_terms lot_terms_of(struct policy_ask *ask, bool by_price)
{
    return (struct lot_terms){
        .rate = policy_ask_number(ask, "demand_rate", ASK_ABOVE_0),
        .order_cost = policy_ask_number(ask, "order_cost", ASK_ABOVE_0),
        .holding = by_price ? 1 : policy_ask_number(ask, "holding_cost", ASK_ABOVE_0)};
}

static void lot(struct policy_ask *ask, struct buf *out)
{
    struct lot_terms terms = lot_terms_of(ask, false);
    double shortage = policy_ask_number_or(ask, "shortage_cost", ASK_ABOVE_0, 0);
    struct lot found = lot_size(&terms);
    if (policy_ask_field(ask, "disruption_rate")) {
        double breaks = policy_ask_number(ask, "disruption_rate", ASK_ABOVE_0);
        found = lot_disrupted(&terms, shortage, breaks,
                              policy_ask_number(ask, "recovery_rate", ASK_ABOVE_0));
    } else if (shortage > 0) {
        found = lot_back_orders(&terms, shortage);
        put(out, "x", found.back_share);
    }
    put(out, "Q", found.quantity);
    put(out, "cost", found.cost);
}

static void lot_discounts(struct policy_ask *ask, struct buf *out)
{
    enum { STEPS_MOST = 64 };
    double from[STEPS_MOST], price[STEPS_MOST];
    struct lot_terms terms = lot_terms_of(ask, true);
    struct price_steps steps = {.from = from, .price = price};
    steps.holding_rate = policy_ask_number(ask, "holding_cost_rate", ASK_ABOVE_0);
    bool incremental = policy_ask_flag(ask, "incremental");
    steps.count = policy_ask_numbers(ask, "breakpoints", ASK_FROM_0, STEPS_MOST, from);
    size_t prices = policy_ask_numbers(ask, "unit_costs", ASK_ABOVE_0, STEPS_MOST, price);
    if (steps.count != prices || (steps.count && from[0] != 0)) {
        policy_ask_refuse(ask, "breakpoints", "expected one for each of unit_costs, 0 first");
    }
    for (size_t i = 1; i < steps.count; i++) {
        if (from[i] <= from[i - 1]) {
            policy_ask_refuse(ask, "breakpoints", "expected rising numbers");
        }
    }
    if (!policy_ask_fault(ask)) {
        struct lot found =
            incremental ? lot_incremental(&terms, &steps) : lot_all_units(&terms, &steps);
        put(out, "Q", found.quantity);
        put(out, "region", (double)found.region);
        put(out, "cost", found.cost);
    }
}

static void lots_over_time(struct policy_ask *ask, struct buf *out)
{
    static _Thread_local double demand[WAGNER_WHITIN_MOST], price[WAGNER_WHITIN_MOST],
        quantity[WAGNER_WHITIN_MOST];
    struct wagner_whitin_terms terms = {
        .demand = demand,
        .order_cost = policy_ask_number(ask, "order_cost", ASK_FROM_0),
        .holding = policy_ask_number(ask, "holding_cost", ASK_FROM_0),
        .periods = policy_ask_numbers(ask, "demand", ASK_FROM_0, WAGNER_WHITIN_MOST, demand)};
    if (policy_ask_field(ask, "purchase_cost")) {
        size_t prices =
            policy_ask_numbers(ask, "purchase_cost", ASK_FROM_0, WAGNER_WHITIN_MOST, price);
        if (prices != terms.periods) {
            policy_ask_refuse(ask, "purchase_cost", "expected one for each period of demand");
        }
        terms.price = price;
    }
    if (!policy_ask_fault(ask)) {
        double cost = wagner_whitin(&terms, quantity);
        put_list(out, "Q", quantity, terms.periods);
        put(out, "cost", cost);
    }
}

static void joint(struct policy_ask *ask, struct buf *out)
{
    enum { ITEMS_MOST = 512 };
    double cost[ITEMS_MOST], rate[ITEMS_MOST], holding[ITEMS_MOST], times[ITEMS_MOST];
    struct joint_item item[ITEMS_MOST];
    uint32_t every[ITEMS_MOST];
    struct joint_terms terms = {.item = item,
                                .order_cost = policy_ask_number(ask, "order_cost", ASK_ABOVE_0),
                                .powers_of_two = policy_ask_flag(ask, "powers_of_two")};
    terms.count = policy_ask_numbers(ask, "item_costs", ASK_FROM_0, ITEMS_MOST, cost);
    if (policy_ask_numbers(ask, "demand_rates", ASK_ABOVE_0, ITEMS_MOST, rate) != terms.count ||
        policy_ask_numbers(ask, "holding_costs", ASK_ABOVE_0, ITEMS_MOST, holding) != terms.count) {
        policy_ask_refuse(ask, "item_costs",
                          "expected lists of one length: item_costs, demand_rates, holding_costs");
    }
    if (policy_ask_fault(ask)) {
        return;
    }
    for (size_t i = 0; i < terms.count; i++) {
        item[i] = (struct joint_item){cost[i], rate[i], holding[i]};
    }
    struct joint best = joint_best(&terms, every);
    for (size_t i = 0; i < terms.count; i++) {
        times[i] = every[i];
    }
    put(out, "cycle", best.cycle);
    put_list(out, "every", times, terms.count);
    put(out, "cost", best.cost);
}

/* ---- networks ---- */

static void serial(struct policy_ask *ask, struct buf *out)
{
    double holding[SERIAL_STAGES_MOST], lead[SERIAL_STAGES_MOST], level[SERIAL_STAGES_MOST];
    double low[SERIAL_STAGES_MOST], high[SERIAL_STAGES_MOST], cost = 0;
    struct serial_stage stage[SERIAL_STAGES_MOST];
    struct demand_law law = policy_ask_demand(ask);
    struct serial_terms terms = {.stage = stage,
                                 .mean = law.mean,
                                 .sd = law.sd,
                                 .whole = law.kind == DEMAND_POISSON,
                                 .shortage = policy_ask_number(ask, "shortage_cost", ASK_ABOVE_0)};
    terms.count =
        policy_ask_numbers(ask, "echelon_holding_costs", ASK_ABOVE_0, SERIAL_STAGES_MOST, holding);
    if (policy_ask_numbers(ask, "lead_times", ASK_FROM_0, SERIAL_STAGES_MOST, lead) !=
        terms.count) {
        policy_ask_refuse(ask, "lead_times", "expected one for each of echelon_holding_costs");
    }
    if (law.kind != DEMAND_POISSON && law.kind != DEMAND_NORMAL) {
        policy_ask_refuse(ask, "demand", "expected normal or poisson");
    }
    for (size_t j = 0; j < terms.count; j++) {
        stage[j] = (struct serial_stage){holding[j], lead[j]};
    }
    if (policy_ask_fault(ask)) {
        return;
    }
    if (!serial_levels(&terms, level, &cost)) {
        policy_ask_refuse(ask, "demand", "too large against its spread: use a larger unit");
        return;
    }
    serial_bounds(&terms, low, high);
    put_list(out, "S", level, terms.count);
    put_list(out, "low", low, terms.count);
    put_list(out, "high", high, terms.count);
    put(out, "cost", cost);
}

/* One number of each stage, or `otherwise` for all. */
static void each(struct policy_ask *ask, const char *field, size_t count, double otherwise,
                 double *values)
{
    for (size_t i = 0; i < PLACEMENT_STAGES_MOST; i++) {
        values[i] = otherwise;
    }
    if (policy_ask_field(ask, field) &&
        policy_ask_numbers(ask, field, ASK_ANY, PLACEMENT_STAGES_MOST, values) != count) {
        policy_ask_refuse(ask, field, "expected one for each of holding_costs");
    }
}

static void placement(struct policy_ask *ask, struct buf *out)
{
    enum { STAGES = PLACEMENT_STAGES_MOST };
    double holding[STAGES], sd[STAGES], bound[STAGES], time[STAGES], in[STAGES], to[STAGES];
    double ends[2 * STAGES] = {0};
    struct placement_stage stage[STAGES];
    uint32_t edge[STAGES][2];
    struct placement_terms terms = {.stage = stage, .edge = (const uint32_t(*)[2])edge};
    terms.count = policy_ask_numbers(ask, "holding_costs", ASK_FROM_0, STAGES, holding);
    each(ask, "demand_sds", terms.count, 0, sd);
    each(ask, "demand_bounds", terms.count, 1.645, bound);
    each(ask, "times", terms.count, 0, time);
    each(ask, "inbound", terms.count, 0, in);
    each(ask, "outbound", terms.count, -1, to);
    terms.edges = terms.count == 1
                      ? 0
                      : policy_ask_numbers(ask, "edges", ASK_FROM_0, (size_t)2 * STAGES, ends) / 2;
    for (size_t i = 0; i < terms.count; i++) {
        bool whole = time[i] == floor(time[i]) && in[i] == floor(in[i]) && to[i] == floor(to[i]);
        if (!whole || fabs(time[i]) + fabs(in[i]) + fabs(to[i]) > PLACEMENT_TIME_MOST) {
            policy_ask_refuse(ask, "times", "expected whole periods, also inbound and outbound");
            return;
        }
        stage[i] = (struct placement_stage){holding[i],       sd[i],          bound[i],
                                            (int32_t)time[i], (int32_t)in[i], (int32_t)to[i]};
    }
    for (size_t e = 0; e < terms.edges && e < STAGES; e++) {
        edge[e][0] = (uint32_t)fmin(ends[2 * e], STAGES);
        edge[e][1] = (uint32_t)fmin(ends[2 * e + 1], STAGES);
    }
    const char *wrong = policy_ask_fault(ask) ? "" : placement_check(&terms);
    if (wrong) {
        policy_ask_refuse(ask, "", wrong);
        return;
    }
    int32_t promise[STAGES];
    double cost = placement_best(&terms, promise);
    for (size_t i = 0; i < terms.count; i++) {
        time[i] = promise[i];
    }
    put_list(out, "cst", time, terms.count);
    put(out, "cost", cost);
}

static void warehouse(struct policy_ask *ask, struct buf *out)
{
    enum { STORES = 256 };
    double rate[STORES], lead[STORES], values[STORES];
    struct warehouse_store store[STORES];
    int64_t level[STORES];
    struct costs costs = costs_of(ask);
    struct warehouse_terms terms = {
        .store = store,
        .lead_time = policy_ask_number(ask, "lead_time", ASK_FROM_0),
        .holding = policy_ask_number(ask, "warehouse_holding_cost", ASK_ABOVE_0),
        .spread = policy_ask_number_or(ask, "variance_to_mean", ASK_ABOVE_0, 1)};
    terms.count = policy_ask_numbers(ask, "store_demands", ASK_FROM_0, STORES, rate);
    if (policy_ask_numbers(ask, "store_lead_times", ASK_FROM_0, STORES, lead) != terms.count) {
        policy_ask_refuse(ask, "store_lead_times", "expected one for each of store_demands");
    }
    double total = 0;
    for (size_t i = 0; i < terms.count; i++) {
        store[i] = (struct warehouse_store){rate[i], lead[i], costs.holding, costs.shortage};
        total += rate[i] * (terms.lead_time + lead[i]);
    }
    if (total > 1e6 || terms.spread < 1 || terms.spread > 1000) {
        policy_ask_refuse(ask, "store_demands",
                          "expected a lead-time demand of at most 1e6 units and a "
                          "variance_to_mean of 1 to 1000");
    }
    if (policy_ask_fault(ask)) {
        return;
    }
    struct warehouse best = warehouse_best(&terms, level);
    for (size_t i = 0; i < terms.count; i++) {
        values[i] = (double)level[i];
    }
    put(out, "warehouse", (double)best.level);
    put_list(out, "stores", values, terms.count);
    put(out, "cost", best.cost);
}

static void put_table(struct buf *out, const struct lost_row *rows, size_t count, unsigned lead)
{
    buf_text(out, ",\"orders\":[");
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i ? ",[" : "[");
        for (unsigned k = 0; k < lead; k++) {
            buf_print(out, "%" PRId64 ",", rows[i].state[k]);
        }
        buf_print(out, "%" PRId64 "]", rows[i].order);
    }
    buf_byte(out, ']');
}

/* A learned policy is the answer only where it costs less than the best projected level on a path
 * that it was not trained on. */
static void learn(struct policy_ask *ask, const struct lost_sales *terms, struct buf *out)
{
    struct lost_learn_options options = {
        .seed = (uint64_t)policy_ask_whole_or(ask, "seed", 0, INT64_MAX, 1),
        .steps = (uint32_t)policy_ask_whole_or(ask, "steps", 0, 100000, LEARN_STEPS)};
    if (terms->lead > LEVEL_NET_INPUTS || policy_ask_fault(ask)) {
        return;
    }
    struct lost_net *net = lost_learn(terms, &options);
    struct lost_policy learned = {.kind = LOST_LEARNED, .net = net};
    struct lost_policy exact = lost_sales_best(terms, LOST_PROJECTED);
    learned.cost = lost_sales_cost(terms, &learned, LEARN_PERIODS);
    exact.cost = lost_sales_cost(terms, &exact, LEARN_PERIODS);
    size_t count;
    struct lost_row *rows = lost_table(terms, &learned, LEARN_STATES, &count);
    bool promoted = rows && learned.cost < exact.cost;
    buf_print(out, "\"policy\":\"%s\"", promoted ? "learned" : "projected_level");
    if (!promoted) {
        put(out, "level", exact.level);
    }
    put(out, "cost", promoted ? learned.cost : exact.cost);
    put(out, "cost_learned", learned.cost);
    put(out, "cost_projected", exact.cost);
    if (promoted) {
        put_table(out, rows, count, terms->lead);
    }
    free(rows);
    lost_net_free(net);
}

static void lost(struct policy_ask *ask, struct buf *out)
{
    static const char *const NAMES[] = {"base_stock", "capped_base_stock", "projected_level",
                                        "learned"};
    struct costs costs = costs_of(ask);
    struct demand_law law = policy_ask_demand(ask);
    unsigned lead = (unsigned)policy_ask_whole(ask, "lead_time", 1, LOST_LEAD_MOST);
    const struct datum *named = policy_ask_field(ask, "policy");
    struct slice name = named && named->kind == DATUM_TEXT ? named->text : slice_of(NAMES[2]);
    int kind = 0;
    while (kind < 4 && !slice_is(name, NAMES[kind])) {
        kind++;
    }
    if (kind == 4) {
        policy_ask_refuse(ask, "policy",
                          "expected base_stock, capped_base_stock, projected_level or learned");
    }
    struct pmf pmf = {0};
    if (!policy_ask_fault(ask) && policy_ask_pmf(ask, &law, 1, &pmf)) {
        struct lost_sales terms = {&pmf, lead, costs.holding, costs.shortage};
        const char *wrong = lost_sales_check(&terms);
        if (wrong) {
            policy_ask_refuse(ask, "", wrong);
        } else if (kind == LOST_LEARNED) {
            learn(ask, &terms, out);
        } else {
            struct lost_policy best = lost_sales_best(&terms, (enum lost_kind)kind);
            buf_print(out, "\"policy\":\"%s\"", NAMES[kind]);
            put(out, "level", best.level);
            if (kind == LOST_CAPPED) {
                put(out, "cap", (double)best.cap);
            }
            put(out, "cost", best.cost);
        }
    }
    pmf_fini(&pmf);
}

static const struct {
    const char *name;
    void (*solve)(struct policy_ask *ask, struct buf *out);
} SOLVERS[] = {
    {"newsvendor", newsvendor},
    {"newsvendor_disrupted", newsvendor_down},
    {"s_s", order_up},
    {"s_s_power", order_up_power},
    {"r_q", reorder},
    {"lot", lot},
    {"lot_discounts", lot_discounts},
    {"wagner_whitin", lots_over_time},
    {"joint", joint},
    {"serial", serial},
    {"placement", placement},
    {"warehouse", warehouse},
    {"lost_sales", lost},
};

void policy_solve(struct policy_ask *ask, struct buf *out)
{
    const struct datum *name = policy_ask_field(ask, "solve");
    for (size_t i = 0; i < sizeof SOLVERS / sizeof SOLVERS[0]; i++) {
        if (name && name->kind == DATUM_TEXT && slice_is(name->text, SOLVERS[i].name)) {
            SOLVERS[i].solve(ask, out);
            policy_ask_end(ask);
            return;
        }
    }
    policy_ask_refuse(ask, "solve",
                      "expected newsvendor, newsvendor_disrupted, s_s, s_s_power, r_q, lot, "
                      "lot_discounts, wagner_whitin, joint, serial, placement, warehouse or "
                      "lost_sales");
}
