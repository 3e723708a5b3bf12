/* Silences: what nobody wants to hear of, by rule. Rules are one text, separated by ';'; a rule is
 * words KEY=VALUE, all of which must hold:
 *
 *     kind=spike,bulk_order sku=GIFT* ; location=outlet until=2026-12-31 ; kind=missing_feed
 *
 *     kind      names of kinds, separated by commas; without it: all
 *     sku, location   patterns, * stands for any text; without them: all, feeds and groups too
 *     until     last day of it (UTC); without it: for ever
 *
 * A silenced kind opens no alert; one that is open already goes on to its end. Pure; any thread. */
#ifndef RESTOCK_SILENCE_H
#define RESTOCK_SILENCE_H

#include "anomaly/alert.h"

/* Is it one? STATUS_CONFIG names the rule and the word that is wrong. */
struct status *silence_check(const char *rules) __attribute__((warn_unused_result));
/* rules: checked. An empty sku or location (a feed, a group) fits no pattern but "*". */
bool silence_holds(const char *rules, enum alert_kind kind, struct slice sku, struct slice location,
                   int64_t now_ms);

#endif
