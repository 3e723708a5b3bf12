/* The section `rules` of a configuration: business rules (optimize/rules.h).
 *
 *     rules:
 *       - {name: no-lilies, sku: "LIL-*", category: garden?*, from: 2026-06-01, until: 2026-08-31,
 *          forbid: true}
 *       - {name: kiosk, location: kiosk-*, cap: 40}
 *       - {name: fair, supplier: acme, multiply: 1.5, until: 2026-05-01}
 *       - {name: agreed, sku: A-17, override: 24, until: 2026-05-01}      (until is required)
 *       - {name: audit, class: lumpy, freeze: true}
 *
 * One action each. Without a pattern a rule is for everything. Errors name file, line and column.
 * Thread: filled by one, then read by all. */
#ifndef RESTOCK_RULES_CONFIG_H
#define RESTOCK_RULES_CONFIG_H

#include "config/config.h"
#include "optimize/rules.h"

/* *out is empty where there is no section; untouched on error. Texts belong to the configuration.
 */
struct status *rules_config_load(const struct config *config, struct rules *out)
    __attribute__((warn_unused_result));
void rules_config_fini(struct rules *rules); /* zeroed is fine */

#endif
