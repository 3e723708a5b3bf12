/* Life cycle of replenishment proposals, one undecided per series; a pure function of decisions and
 * feedback.
 *
 *     PROPOSED -> CONFIRMED | EDITED | REJECTED | EXPIRED | SUPERSEDED
 *     CONFIRMED | EDITED -> ORDERED -> RECEIVED | CANCELLED
 *
 * struct proposal is the series' slot: the proposal that waits, or what became of the last one.
 * Confirmed and ordered ones live on as supplies of the position (reference =
 * position_reference(id)) until received, cancelled or overdue, so a new proposal may follow.
 *
 *     enum proposal_change change;
 *     proposal_decide(&proposal, &decision, &context, &change);      // at a close
 *     if (change != PROPOSAL_UNCHANGED) emit(proposal.id, proposal.revision, proposal.state,
 * proposal.quantity, decision);
 *
 * Pure; plain data. Thread: as the series.
 */
#ifndef RESTOCK_PROPOSAL_H
#define RESTOCK_PROPOSAL_H

#include "config/base/hash.h"
#include "optimize/level_net.h"
#include "optimize/policy.h"

enum proposal_state {
    PROPOSAL_NONE, /* none was ever made */
    PROPOSAL_PROPOSED,
    PROPOSAL_CONFIRMED,
    PROPOSAL_EDITED,
    PROPOSAL_REJECTED,
    PROPOSAL_EXPIRED,
    PROPOSAL_SUPERSEDED,
    PROPOSAL_ORDERED,
    PROPOSAL_RECEIVED,
    PROPOSAL_CANCELLED,
    PROPOSAL_STATES
};

enum proposal_change {
    PROPOSAL_UNCHANGED,
    PROPOSAL_CREATED,
    PROPOSAL_REVISED,
    PROPOSAL_WITHDRAWN,
    PROPOSAL_TIMED_OUT,
    PROPOSAL_DECIDED
};

enum proposal_answer {
    ANSWER_ACCEPTED,
    ANSWER_EDITED,
    ANSWER_REJECTED,
    ANSWER_ORDERED,
    ANSWER_RECEIVED
}; /* as enum feedback_kind */

enum { PROPOSAL_ID_CHARS = 32 };

struct proposal_options { /* replenish.*, supply.* */
    struct policy_options policy;
    bool enabled;
    double overstock_days; /* what is left after so long is told; 0: never */
    double dampener; /* relative change of quantity below which nothing is revised */
    int64_t snooze_days; /* a rejected one is not proposed again for so long, unless the need
                            changes materially */
    double material; /* relative growth of need that ends a snooze */
    int64_t expire_days; /* undecided so long: EXPIRED, and proposed anew if still needed */
    int64_t supplier_trust; /* receipts that weigh as much as a stated lead time; 0: never learn */
    double learn_service; /* largest shift of a service target by answers, log odds; 0: none */
    int64_t dead_days; /* in stock and not sold for so long: dead; 0: never */
    int64_t give_up_ms; /* supply.give_up: so long overdue, one that was bought is no supply */
    const char *tenant;
    const char *target; /* replenish.learned_target: shipped, or a path */
    const struct level_net
        *net_ref; /* of it, where policy is learned, else NULL. Owner: settings */
};

struct proposal {
    struct hash128 id; /* zero: none */
    uint32_t revision; /* from 1 */
    uint16_t ordinal; /* of proposals within the same review period */
    uint8_t state; /* enum proposal_state */
    int64_t review; /* number of the review period in which it was made */
    int64_t quantity; /* 0 once withdrawn */
    int64_t offered; /* last quantity that was offered or agreed */
    int64_t created, updated; /* slots */
    int64_t order_by, arrival; /* slots, of the last revision (arrival: median) */
    int64_t snooze_until; /* slot; after a rejection */
    int64_t rejected_need; /* need at the time of the rejection */
    float stockout; /* P(stock-out without it), of the last revision */
};

/* What names a proposal and when it is looked at. */
struct proposal_context {
    struct slice sku, location, supplier;
    const struct proposal_options *options;
    int64_t today; /* slot */
    double slot_days, review_days;
    int64_t pack; /* of the item */
    bool broken; /* the open quantity breaks a business rule: no dampener holds it */
};

extern const struct option_table proposal_option_table;

void proposal_init(struct proposal *proposal);
void proposal_id_text(struct hash128 id,
                      char out[PROPOSAL_ID_CHARS + 1]); /* lower-case hex, high half first */
bool proposal_id_parse(struct slice text, struct hash128 *out);
const char *proposal_state_name(enum proposal_state state); /* "PROPOSED" ... */
bool proposal_may_become(enum proposal_state from, enum proposal_state to);

/* At a close. *change says what to emit; the decision is the reason that goes with it. */
void proposal_decide(struct proposal *proposal, const struct decision *decision,
                     const struct proposal_context *context, enum proposal_change *change);

/* An answer from outside about proposal `id` (the one that waits, or an earlier one that is now a
 * supply). quantity < 0: as proposed. Moves pos's supplies, never its stock. *state is the state of
 * that proposal afterwards and *open its open quantity, for the event. Returns false (nothing
 * changed) when the id is not known or the answer does not fit its state. Repeated answers are
 * harmless. */
bool proposal_feedback(struct proposal *proposal, struct position *pos, struct hash128 id,
                       enum proposal_answer answer, int64_t quantity,
                       const struct proposal_context *context, enum proposal_state *state,
                       int64_t *open);

/* Versioned; as position_save and position_load. */
void proposal_save(const struct proposal *proposal, struct buf *out);
struct status *proposal_load(struct slice *bytes, struct proposal *proposal)
    __attribute__((warn_unused_result));

#endif
