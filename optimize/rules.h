/* Business rules: what the shop says about its orders, whatever the policies think.
 *
 *     struct rule_subject subject = {.sku = sku, .location = location, ...};
 *     struct rule_effect effect;
 *     rules_match(&rules, &subject, today_day, &effect);
 *     int64_t quantity = rules_quantity(&effect, quantity, &facts, &hit);
 *
 * A rule matches by patterns (optimize/glob.h) on sku, category, location, supplier and class, all
 * that it names, on the days from .. until. What the rules that match say together, from the
 * strongest:
 *     freeze    proposals of this series stay as they are: none made, revised or withdrawn
 *     forbid    nothing is ordered
 *     override  an order is of this size
 *     cap       an order is at most so large
 *     floor     an order is at least so large
 *     multiply  the need counts so many times
 * The strictest of a kind counts: least cap, largest floor, product of factors, the last override
 * of the file. Only orders that would be placed are changed: no rule orders what is not needed, so
 * none orders twice. The supplier's pack, minimum and maximum hold all the same; where they leave
 * nothing that a rule allows, nothing is ordered. Pure; read-only once filled. */
#ifndef RESTOCK_RULES_H
#define RESTOCK_RULES_H

#include "config/base/buf.h"
#include "optimize/item.h"

#include <stdint.h>

enum { RULES_MAX = 1000, RULE_HITS_MAX = 6 };

enum rule_field { RULE_SKU, RULE_CATEGORY, RULE_LOCATION, RULE_SUPPLIER, RULE_CLASS, RULE_FIELDS };

enum rule_action {
    RULE_FORBID,
    RULE_CAP,
    RULE_FLOOR,
    RULE_MULTIPLY,
    RULE_OVERRIDE,
    RULE_FREEZE,
    RULE_ACTIONS
};

struct rule {
    const char *name; /* owned by the configuration, as the patterns */
    const char *pattern[RULE_FIELDS]; /* NULL: any */
    enum rule_action action;
    int64_t quantity; /* cap, floor, override: base units */
    double factor; /* multiply, >= 0 */
    int64_t from, until; /* local day numbers, both inclusive; INT64_MIN, INT64_MAX: always */
};

struct rules {
    struct rule *rule; /* [count], order of the file */
    size_t count;
};

struct rule_subject {
    struct slice field[RULE_FIELDS]; /* empty where not known: matched by `*` alone */
};

struct rule_effect { /* zeroed but for factor, cap, override: see RULE_NO_EFFECT */
    bool freeze, forbid;
    double factor;
    int64_t floor, cap, override; /* cap INT64_MAX, override -1: none */
    uint16_t by[RULE_ACTIONS]; /* 1 + index of the rule that gave each; 0: none */
};

#define RULE_NO_EFFECT ((struct rule_effect){.factor = 1, .cap = INT64_MAX, .override = -1})

struct rule_hits { /* rules that changed an order */
    uint8_t count;
    uint16_t rule[RULE_HITS_MAX]; /* indices */
};

void rules_match(const struct rules *rules, const struct rule_subject *subject, int64_t day,
                 struct rule_effect *out);
/* What the rules make of a need > 0, before constraints. */
int64_t rules_need(const struct rule_effect *effect, int64_t need, struct rule_hits *hits);
/* What the rules make of an order of `quantity` > 0 that obeys the constraints; the result obeys
 * them too, or is 0. Adds to *hits. */
int64_t rules_quantity(const struct rule_effect *effect, int64_t quantity,
                       const struct item_facts *facts, struct rule_hits *hits);
/* Pairs of rules that can meet and contradict each other, a line each, and how it ends. Returns how
 * many. */
size_t rules_contradictions(const struct rules *rules, struct buf *out);
const char *rule_action_name(enum rule_action action);
const char *rule_field_name(enum rule_field field);

#endif
