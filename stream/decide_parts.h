/* Inside of decisions: shared by decide.c (stock-outs, proposals, answers) and risk.c (the other
 * risks, receipts, suppliers). */
#ifndef RESTOCK_DECIDE_PARTS_H
#define RESTOCK_DECIDE_PARTS_H

#include "optimize/why.h"
#include "stream/shard_state.h"

/* What optimize/ asks for, of one series. */
struct decide_input {
    struct policy_input policy;
    struct item_facts facts;
    struct demand_curve curve;
    struct why_calendar calendar;
    struct rule_effect effect;
    struct slice supplier, currency;
};

/* What is said of an item, with what was learned over it; item NULL: the defaults. */
struct item_facts decide_facts(const struct shard *shard, uint32_t series,
                               const struct item_line *item);
struct slice decide_supplier(const struct shard *shard, const struct item_line *item);

/* At a close: the paper shops of a series, in which the learned policy is tried. */
void rival_close(struct shard *shard, uint32_t series, const struct decide_input *in,
                 enum forecast_class demand_class);
/* At a close: late supplies, too much, dead stock, demand that left its open orders behind. */
void risk_close(struct shard *shard, const struct stock_entry *stock, const struct decide_input *in,
                int64_t now_ms);
/* Goods in: the stock moves, and what is complete teaches how long its supplier takes. */
void risk_receive(struct shard *shard, struct stock_entry *stock,
                  const struct position_rules *rules, const struct stock_line *line);
/* At the end of a close: suppliers that slip. The shard hash(name) mod partitions speaks for each,
 * by the receipts of its own series. */
void risk_suppliers(struct shard *shard, int64_t now_ms);

#endif
