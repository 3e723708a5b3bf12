#include "stream/rules_config.h"

#include "config/base/ensure.h"
#include "config/base/zone.h"
#include "model/forecaster.h"
#include "optimize/glob.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;
static const double QUANTITY_MOST = 1e12, FACTOR_MOST = 100;

static const char *const KEYS[] = {"name",  "sku",      "category", "location", "supplier",
                                   "class", "from",     "until",    "forbid",   "cap",
                                   "floor", "multiply", "override", "freeze"};
enum { KEY_COUNT = sizeof KEYS / sizeof KEYS[0] };

static struct status *wrong(const struct config *config, const struct yaml_node *node,
                            const char *key, const char *what)
{
    return status_new(STATUS_CONFIG, "%srules: %s%s%s", config_place(config, node), key,
                      key[0] ? ": " : "", what);
}

static struct status *check_keys(const struct config *config, const struct yaml_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        const char *key = node->keys[i]->text;
        size_t k = 0;
        while (k < KEY_COUNT && strcmp(key, KEYS[k]) != 0) {
            k++;
        }
        if (k == KEY_COUNT) {
            const char *nearest = yaml_nearest(key, KEYS, KEY_COUNT);
            return status_new(STATUS_CONFIG, "%srules: there is no %s in a rule%s%s",
                              config_place(config, node->keys[i]), key,
                              nearest ? "; did you mean " : "", nearest ? nearest : "");
        }
    }
    return NULL;
}

static bool whole_number(const char *text, double most, double *out)
{
    char *end;
    double value = strtod(text, &end);
    *out = value;
    return *text && !*end && value >= 0 && value <= most;
}

static struct status *read_date(const struct config *config, const struct yaml_node *rule,
                                const char *key, int64_t *day)
{
    const struct yaml_node *node = yaml_get(rule, key);
    int64_t ms;
    bool has_offset;
    if (!node) {
        return NULL;
    }
    if (node->kind != YAML_SCALAR || strlen(node->text) != 10 ||
        !civil_parse(slice_of(node->text), &ms, &has_offset)) {
        return wrong(config, node, key, "must be a date such as 2026-05-01");
    }
    *day = ms / DAY_MS - (ms % DAY_MS < 0);
    return NULL;
}

static struct status *read_patterns(const struct config *config, const struct yaml_node *node,
                                    struct rule *rule)
{
    for (int f = 0; f < RULE_FIELDS; f++) {
        const char *key = rule_field_name((enum rule_field)f);
        const struct yaml_node *pattern = yaml_get(node, key);
        if (!pattern) {
            continue;
        }
        if (pattern->kind != YAML_SCALAR || !pattern->text[0] ||
            strlen(pattern->text) > GLOB_BYTES_MAX) {
            return wrong(config, pattern, key, "must be a pattern: text with * and ?");
        }
        rule->pattern[f] = pattern->text;
        bool known = f != RULE_CLASS;
        for (int c = 0; c < FORECAST_CLASSES && !known; c++) {
            known = glob_matches(slice_of(pattern->text),
                                 slice_of(forecaster_class_name((enum forecast_class)c)));
        }
        if (!known) {
            return wrong(config, pattern, key,
                         "matches none of smooth, erratic, intermittent, lumpy");
        }
    }
    return NULL;
}

static struct status *read_value(const struct config *config, const struct yaml_node *value,
                                 struct rule *rule)
{
    const char *key = rule_action_name(rule->action);
    double number = 0;
    bool flag = rule->action == RULE_FORBID || rule->action == RULE_FREEZE;
    if (value->kind != YAML_SCALAR) {
        return wrong(config, value, key, "must be one value");
    }
    if (flag) {
        return strcmp(value->text, "true") == 0
                   ? NULL
                   : wrong(config, value, key, "must be true; leave the rule out otherwise");
    }
    if (rule->action == RULE_MULTIPLY) {
        if (!whole_number(value->text, FACTOR_MOST, &rule->factor)) {
            return wrong(config, value, key, "must be a number from 0 to 100");
        }
        return NULL;
    }
    if (!whole_number(value->text, QUANTITY_MOST, &number) || number != floor(number)) {
        return wrong(config, value, key, "must be a whole number of units, at least 0");
    }
    rule->quantity = (int64_t)number;
    return NULL;
}

static struct status *read_action(const struct config *config, const struct yaml_node *node,
                                  struct rule *rule)
{
    const struct yaml_node *value = NULL;
    for (int a = 0; a < RULE_ACTIONS; a++) {
        const struct yaml_node *found = yaml_get(node, rule_action_name((enum rule_action)a));
        if (found && value) {
            return wrong(config, found, "", "one action a rule: write two rules");
        }
        if (found) {
            value = found;
            rule->action = (enum rule_action)a;
        }
    }
    if (!value) {
        return wrong(config, node, "",
                     "a rule needs one of forbid, cap, floor, multiply, override, freeze");
    }
    return read_value(config, value, rule);
}

static struct status *read_rule(const struct config *config, const struct yaml_node *node,
                                struct rule *rule)
{
    *rule = (struct rule){.from = INT64_MIN, .until = INT64_MAX};
    if (node->kind != YAML_MAPPING) {
        return wrong(config, node, "", "must be a list of rules {name: ..., ...}");
    }
    TRY(check_keys(config, node));
    const struct yaml_node *name = yaml_get(node, "name");
    if (!name || name->kind != YAML_SCALAR || !name->text[0]) {
        return wrong(config, node, "name", "every rule needs one: events and messages name it");
    }
    rule->name = name->text;
    TRY(read_patterns(config, node, rule));
    TRY(read_date(config, node, "from", &rule->from));
    TRY(read_date(config, node, "until", &rule->until));
    if (rule->until < rule->from) {
        return wrong(config, yaml_get(node, "until"), "until", "lies before from");
    }
    TRY(read_action(config, node, rule));
    if (rule->action == RULE_OVERRIDE && rule->until == INT64_MAX) {
        return wrong(config, node, "until",
                     "an override needs its last day, or it outlives its reason");
    }
    return NULL;
}

static struct status *check_names(const struct config *config, const struct yaml_node *section,
                                  const struct rules *rules)
{
    struct status *st = NULL;
    for (size_t i = 1; i < rules->count; i++) {
        for (size_t k = 0; k < i && rules->rule[i].name; k++) {
            if (rules->rule[k].name && strcmp(rules->rule[i].name, rules->rule[k].name) == 0) {
                st = status_join(st, wrong(config, section->items[i], "name", "stands twice"));
                break;
            }
        }
    }
    return st;
}

struct status *rules_config_load(const struct config *config, struct rules *out)
{
    const struct yaml_node *section = config_node(config, "rules");
    bool empty = yaml_is_null(section) || section->count == 0;
    if (empty && (yaml_is_null(section) || section->kind != YAML_SCALAR)) {
        *out = (struct rules){0};
        return NULL;
    }
    if (section->kind != YAML_SEQUENCE || section->count > RULES_MAX) {
        return wrong(config, section, "", "must be a list of at most 1000 rules");
    }
    struct rules rules = {calloc(section->count, sizeof *rules.rule), section->count};
    ASSERT(rules.rule && "out of memory for rules");
    struct status *st = NULL;
    for (size_t i = 0; i < section->count; i++) {
        st = status_join(st, read_rule(config, section->items[i], &rules.rule[i]));
    }
    st = status_join(st, check_names(config, section, &rules));
    if (st) {
        rules_config_fini(&rules);
        return st;
    }
    *out = rules;
    return NULL;
}

void rules_config_fini(struct rules *rules)
{
    free(rules->rule);
    *rules = (struct rules){0};
}
