#include "optimize/rules.h"

#include "config/base/ensure.h"
#include "optimize/glob.h"
#include "optimize/policy.h"

#include <math.h>

static const char *const ACTIONS[RULE_ACTIONS] = {"forbid",   "cap",      "floor",
                                                  "multiply", "override", "freeze"};
static const char *const FIELDS[RULE_FIELDS] = {"sku", "category", "location", "supplier", "class"};
static const double NEED_MOST = 1e15;

const char *rule_action_name(enum rule_action action)
{
    ASSERT(action < RULE_ACTIONS);
    return ACTIONS[action];
}

const char *rule_field_name(enum rule_field field)
{
    ASSERT(field < RULE_FIELDS);
    return FIELDS[field];
}

static bool applies(const struct rule *rule, const struct rule_subject *subject, int64_t day)
{
    if (day < rule->from || day > rule->until) {
        return false;
    }
    for (int f = 0; f < RULE_FIELDS; f++) {
        if (rule->pattern[f] && !glob_matches(slice_of(rule->pattern[f]), subject->field[f])) {
            return false;
        }
    }
    return true;
}

static void add(const struct rule *rule, uint16_t mark, struct rule_effect *out)
{
    bool counts = true;
    switch (rule->action) {
    case RULE_FORBID:
        counts = !out->forbid;
        out->forbid = true;
        break;
    case RULE_FREEZE:
        counts = !out->freeze;
        out->freeze = true;
        break;
    case RULE_CAP:
        counts = rule->quantity < out->cap;
        out->cap = counts ? rule->quantity : out->cap;
        break;
    case RULE_FLOOR:
        counts = rule->quantity > out->floor;
        out->floor = counts ? rule->quantity : out->floor;
        break;
    case RULE_MULTIPLY:
        out->factor *= rule->factor;
        break;
    case RULE_OVERRIDE:
        out->override = rule->quantity;
        break;
    case RULE_ACTIONS:
        break;
    }
    out->by[rule->action] = counts ? mark : out->by[rule->action];
}

void rules_match(const struct rules *rules, const struct rule_subject *subject, int64_t day,
                 struct rule_effect *out)
{
    *out = RULE_NO_EFFECT;
    for (size_t i = 0; i < rules->count; i++) {
        if (applies(&rules->rule[i], subject, day)) {
            add(&rules->rule[i], (uint16_t)(i + 1), out);
        }
    }
}

static void hit(const struct rule_effect *effect, enum rule_action action, struct rule_hits *hits)
{
    ASSERT(effect->by[action] > 0 && hits->count < RULE_HITS_MAX);
    hits->rule[hits->count++] = (uint16_t)(effect->by[action] - 1);
}

int64_t rules_need(const struct rule_effect *effect, int64_t need, struct rule_hits *hits)
{
    if (need <= 0 || !effect->by[RULE_MULTIPLY]) {
        return need;
    }
    hit(effect, RULE_MULTIPLY, hits);
    return (int64_t)ceil(fmin((double)need * effect->factor, NEED_MOST) - 1e-9);
}

static int64_t least_of(const struct item_facts *facts)
{
    enum policy_limit limit;
    return policy_round(1, facts, -1, &limit);
}

/* Largest orderable quantity <= most; 0 when there is none. */
static int64_t down(int64_t most, const struct item_facts *facts)
{
    int64_t pack = facts->pack > 1 ? facts->pack : 1;
    int64_t packs = most / pack * pack, least = least_of(facts);
    return packs > 0 && packs >= least && least > 0 ? packs : 0;
}

static int64_t up(int64_t least, const struct item_facts *facts)
{
    enum policy_limit limit;
    return policy_round(least, facts, -1, &limit);
}

int64_t rules_quantity(const struct rule_effect *effect, int64_t quantity,
                       const struct item_facts *facts, struct rule_hits *hits)
{
    ASSERT(quantity > 0);
    if (effect->forbid) {
        hit(effect, RULE_FORBID, hits);
        return 0;
    }
    if (effect->override >= 0) {
        hit(effect, RULE_OVERRIDE, hits);
        return up(effect->override, facts);
    }
    if (quantity < effect->floor) {
        hit(effect, RULE_FLOOR, hits);
        quantity = up(effect->floor, facts);
    }
    if (quantity > effect->cap) {
        hit(effect, RULE_CAP, hits);
        quantity = down(effect->cap, facts);
    }
    return quantity;
}

/* ---- contradictions ---- */

static bool can_meet(const struct rule *a, const struct rule *b)
{
    if (a->from > b->until || b->from > a->until) {
        return false;
    }
    for (int f = 0; f < RULE_FIELDS; f++) {
        if (a->pattern[f] && b->pattern[f] &&
            !glob_meet(slice_of(a->pattern[f]), slice_of(b->pattern[f]))) {
            return false;
        }
    }
    return true;
}

/* Of two rules that meet the one that wins against what the other says; NULL: they agree. Strength
 * is freeze, forbid, override, cap, floor. */
static const struct rule *winner(const struct rule *a, const struct rule *b)
{
    static const int STRENGTH[RULE_ACTIONS] = {
        [RULE_FREEZE] = 5, [RULE_FORBID] = 4, [RULE_OVERRIDE] = 3,
        [RULE_CAP] = 2,    [RULE_FLOOR] = 1,  [RULE_MULTIPLY] = 0};
    const struct rule *strong = STRENGTH[b->action] >= STRENGTH[a->action] ? b : a;
    const struct rule *weak = strong == a ? b : a;
    bool clash = false;
    switch (strong->action) {
    case RULE_FREEZE:
        clash = weak->action != RULE_FREEZE;
        break;
    case RULE_FORBID:
        clash = weak->action == RULE_OVERRIDE || weak->action == RULE_FLOOR;
        break;
    case RULE_OVERRIDE:
        clash = (weak->action == RULE_OVERRIDE && weak->quantity != strong->quantity) ||
                (weak->action == RULE_CAP && weak->quantity < strong->quantity) ||
                (weak->action == RULE_FLOOR && weak->quantity > strong->quantity);
        break;
    case RULE_CAP:
        clash = weak->action == RULE_FLOOR && weak->quantity > strong->quantity;
        break;
    case RULE_FLOOR:
    case RULE_MULTIPLY:
    case RULE_ACTIONS:
        break;
    }
    return clash ? strong : NULL;
}

size_t rules_contradictions(const struct rules *rules, struct buf *out)
{
    size_t found = 0;
    for (size_t i = 0; i < rules->count; i++) {
        for (size_t k = i + 1; k < rules->count; k++) {
            const struct rule *a = &rules->rule[i], *b = &rules->rule[k], *wins = winner(a, b);
            if (wins && can_meet(a, b)) {
                buf_print(out, "rules: %s (%s) and %s (%s) can meet: %s wins\n", a->name,
                          rule_action_name(a->action), b->name, rule_action_name(b->action),
                          wins->name);
                found++;
            }
        }
    }
    return found;
}
