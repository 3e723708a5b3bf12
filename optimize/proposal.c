#include "optimize/proposal.h"

#include "config/base/ensure.h"
#include "optimize/packed.h"

#include <math.h>

enum { VERSION = 1 };

#define FIELD(name) offsetof(struct proposal_options, name)

static const struct option_choice POLICIES[] = {{"auto", POLICY_AUTO},
                                                {"base_stock", POLICY_BASE_STOCK},
                                                {"s_s", POLICY_S_S},
                                                {"pil", POLICY_PIL},
                                                {"newsvendor", POLICY_NEWSVENDOR},
                                                {"learned", POLICY_LEARNED},
                                                {NULL, 0}};

static const struct option ROWS[] = {
    {.path = "replenish.enabled",
     .type = OPTION_BOOL,
     .offset = FIELD(enabled),
     .default_text = "true",
     .help = "propose orders"},
    {.path = "replenish.policy",
     .type = OPTION_ENUM,
     .offset = FIELD(policy.policy),
     .default_text = "auto",
     .choices = POLICIES,
     .help =
         "auto: newsvendor where goods spoil before the next order, s_s where an order costs "
         "money, else pil (lost sales) or base_stock; learned: as auto, but a network moves the "
         "target of pil where costs say what to aim at, in classes of demand in which it has "
         "cost less on paper (run), or wherever it can (plan). plan, which otherwise has no use "
         "for "
         "this, takes auto for learned where buckets are days, and pil for the exact policy"},
    {.path = "replenish.learned_target",
     .type = OPTION_TEXT,
     .offset = FIELD(target),
     .default_text = "shipped",
     .help = "the network of replenish.policy=learned: shipped, or a file of restock pretrain "
             "--target"},
    {.path = "replenish.service_target",
     .type = OPTION_DOUBLE,
     .offset = FIELD(policy.service_target),
     .default_text = "0",
     .min = 0,
     .max = 0.999,
     .help = "chance of no stock-out in a cycle; 0: from the costs of the item, 0.95 where it has "
             "none"},
    {.path = "replenish.stockout_threshold",
     .type = OPTION_DOUBLE,
     .offset = FIELD(policy.stockout_threshold),
     .default_text = "0.5",
     .min = 0.001,
     .max = 1,
     .help = "chance of a stock-out that raises an alert, revises a proposal and orders before the "
             "next review"},
    {.path = "replenish.max_cover_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(policy.max_cover_days),
     .default_text = "365",
     .min = 0,
     .max = 36500,
     .help = "no order is for more days of mean demand; 0: no limit"},
    {.path = "replenish.overstock_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(overstock_days),
     .default_text = "180",
     .min = 0,
     .max = 3650,
     .help = "stock and open orders that demand will hardly use up in so many days (or their shelf "
             "life) raise an alert overstock; 0: never"},
    {.path = "replenish.dampener",
     .type = OPTION_DOUBLE,
     .offset = FIELD(dampener),
     .default_text = "0.2",
     .min = 0,
     .max = 10,
     .help = "relative change of a quantity below which a proposal is not revised"},
    {.path = "replenish.snooze_days",
     .type = OPTION_INT,
     .offset = FIELD(snooze_days),
     .default_text = "7",
     .min = 0,
     .max = 3650,
     .help =
         "days for which a rejected proposal is not made again, unless the need grows materially"},
    {.path = "replenish.material",
     .type = OPTION_DOUBLE,
     .offset = FIELD(material),
     .default_text = "0.5",
     .min = 0,
     .max = 100,
     .help = "relative growth of the need that ends a snooze"},
    {.path = "replenish.expire_days",
     .type = OPTION_INT,
     .offset = FIELD(expire_days),
     .default_text = "14",
     .min = 1,
     .max = 3650,
     .help =
         "days without an answer after which a proposal expires and is made anew if still needed"},
    {.path = "replenish.dead_days",
     .type = OPTION_INT,
     .offset = FIELD(dead_days),
     .default_text = "90",
     .min = 0,
     .max = 3650,
     .help = "stock of which nothing was sold for so many days raises an alert dead_stock (with "
             "alerts.more_kinds); 0: never"},
    {.path = "replenish.learn_service",
     .type = OPTION_DOUBLE,
     .offset = FIELD(learn_service),
     .default_text = "0",
     .min = 0,
     .max = 2,
     .help =
         "how far answers that edit quantities may move the service target of a class of demand, "
         "in log odds (0.5: from 0.95 to between 0.92 and 0.97); 0: not at all"},
    {.path = "supply.trust",
     .type = OPTION_INT,
     .offset = FIELD(supplier_trust),
     .default_text = "10",
     .min = 0,
     .max = 1000,
     .help =
         "receipts of a supplier that weigh as much as its stated lead times; 0: lead times are "
         "as stated, whatever arrives when"},
    {.path = "supply.give_up",
     .type = OPTION_DURATION,
     .offset = FIELD(give_up_ms),
     .default_text = "14d",
     .help = "so long overdue, an accepted or ordered proposal is no supply any more"},
    {.path = "replenish.tenant",
     .type = OPTION_TEXT,
     .offset = FIELD(tenant),
     .default_text = "",
     .help = "part of every proposal_id and alert_id, so that several shops may share the topics"},
};

const struct option_table proposal_option_table = {
    "Replenishment", ROWS, sizeof ROWS / sizeof ROWS[0], sizeof(struct proposal_options)};

static const char *const STATE_NAMES[PROPOSAL_STATES] = {
    "NONE",    "PROPOSED",   "CONFIRMED", "EDITED",   "REJECTED",
    "EXPIRED", "SUPERSEDED", "ORDERED",   "RECEIVED", "CANCELLED"};

void proposal_init(struct proposal *proposal)
{
    memset(proposal, 0, sizeof *proposal);
}

const char *proposal_state_name(enum proposal_state state)
{
    ASSERT(state < PROPOSAL_STATES);
    return STATE_NAMES[state];
}

#define TO(state) (1u << PROPOSAL_##state)

bool proposal_may_become(enum proposal_state from, enum proposal_state to)
{
    /* A buyer may say yes late, or change a no: what is really ordered must count as supply, so the
     * last three answers stay open. */
    static const unsigned NEXT[PROPOSAL_STATES] = {
        [PROPOSAL_NONE] = TO(PROPOSED),
        [PROPOSAL_PROPOSED] = TO(CONFIRMED) | TO(EDITED) | TO(REJECTED) | TO(EXPIRED) |
                              TO(SUPERSEDED) | TO(ORDERED) | TO(RECEIVED),
        [PROPOSAL_CONFIRMED] = TO(EDITED) | TO(ORDERED) | TO(RECEIVED) | TO(CANCELLED),
        [PROPOSAL_EDITED] = TO(CONFIRMED) | TO(ORDERED) | TO(RECEIVED) | TO(CANCELLED),
        [PROPOSAL_ORDERED] = TO(RECEIVED) | TO(CANCELLED),
        [PROPOSAL_REJECTED] = TO(CONFIRMED) | TO(EDITED) | TO(ORDERED),
        [PROPOSAL_EXPIRED] = TO(CONFIRMED) | TO(EDITED) | TO(ORDERED),
        [PROPOSAL_SUPERSEDED] = TO(CONFIRMED) | TO(EDITED) | TO(ORDERED),
    };
    ASSERT(from < PROPOSAL_STATES && to < PROPOSAL_STATES);
    return NEXT[from] & (1u << to);
}

/* ---- identity ---- */

static void put_text(struct buf *buf, struct slice text)
{
    buf_varint(buf, (int64_t)text.bytes); /* lengths keep ("a", "bc") and ("ab", "c") apart */
    buf_slice(buf, text);
}

static struct hash128 make_id(const struct proposal_context *context, int64_t review,
                              uint16_t ordinal)
{
    struct buf key = {0};
    put_text(&key, slice_of(context->options->tenant));
    put_text(&key, slice_of("replenishment"));
    put_text(&key, context->sku);
    put_text(&key, context->location);
    put_text(&key, context->supplier);
    buf_varint(&key, review);
    if (ordinal) {
        buf_varint(&key, ordinal);
    }
    struct hash128 id = hash_128(key.data, key.bytes);
    buf_fini(&key);
    return id;
}

void proposal_id_text(struct hash128 id, char out[PROPOSAL_ID_CHARS + 1])
{
    static const char HEX[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[i] = HEX[id.high >> (60 - 4 * i) & 15];
        out[16 + i] = HEX[id.low >> (60 - 4 * i) & 15];
    }
    out[PROPOSAL_ID_CHARS] = 0;
}

bool proposal_id_parse(struct slice text, struct hash128 *out)
{
    if (text.bytes != PROPOSAL_ID_CHARS) {
        return false;
    }
    uint64_t half[2] = {0, 0};
    for (size_t i = 0; i < PROPOSAL_ID_CHARS; i++) {
        char c = text.data[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) {
            return false;
        }
        half[i / 16] = half[i / 16] << 4 | (uint64_t)digit;
    }
    *out = (struct hash128){.low = half[1], .high = half[0]};
    return true;
}

static bool same_id(struct hash128 a, struct hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

static uint64_t reference_of(struct hash128 id)
{
    char text[PROPOSAL_ID_CHARS + 1];
    proposal_id_text(id, text);
    return position_reference((struct slice){text, PROPOSAL_ID_CHARS});
}

/* ---- decisions ---- */

static int64_t slots_of(double days, double slot_days)
{
    return (int64_t)ceil(days / slot_days);
}

static int64_t review_of(const struct proposal_context *context)
{
    int64_t length = (int64_t)floor(context->review_days / context->slot_days + 0.5);
    length = length < 1 ? 1 : length;
    int64_t period = context->today / length;
    return context->today % length < 0 ? period - 1 : period;
}

static void become(struct proposal *proposal, enum proposal_state state)
{
    ASSERT(proposal_may_become((enum proposal_state)proposal->state, state));
    proposal->state = (uint8_t)state;
}

static void take_numbers(struct proposal *proposal, const struct decision *decision, int64_t today)
{
    proposal->quantity = decision->quantity;
    proposal->offered = decision->quantity ? decision->quantity : proposal->offered;
    proposal->updated = today;
    proposal->order_by = decision->order_by;
    proposal->arrival = decision->arrival[1];
    proposal->stockout = (float)decision->stockout_without;
}

static void create(struct proposal *proposal, const struct decision *decision,
                   const struct proposal_context *context)
{
    int64_t review = review_of(context);
    bool again = proposal->state != PROPOSAL_NONE && proposal->review == review;
    uint16_t ordinal = again ? (uint16_t)(proposal->ordinal + 1) : 0;
    proposal_init(proposal);
    proposal->review = review;
    proposal->ordinal = ordinal;
    proposal->id = make_id(context, review, ordinal);
    proposal->revision = 1;
    proposal->created = context->today;
    proposal->state = PROPOSAL_PROPOSED;
    take_numbers(proposal, decision, context->today);
}

/* Over the threshold and back are not the same value, so that jitter about it is no news. */
static bool crossed(double before, double now, double threshold)
{
    return before < threshold ? now >= fmin(1.2 * threshold, 1) : now < 0.8 * threshold;
}

static bool material_change(const struct proposal *proposal, const struct decision *decision,
                            const struct proposal_context *context)
{
    double change = fabs((double)(decision->quantity - proposal->quantity));
    double least =
        fmax((double)context->pack, context->options->dampener * (double)proposal->quantity);
    return change > least || (context->broken && change > 0) ||
           crossed((double)proposal->stockout, decision->stockout_without,
                   context->options->policy.stockout_threshold);
}

static enum proposal_change review_open(struct proposal *proposal, const struct decision *decision,
                                        const struct proposal_context *context)
{
    int64_t today = context->today;
    if (today - proposal->created >=
        slots_of((double)context->options->expire_days, context->slot_days)) {
        become(proposal, PROPOSAL_EXPIRED);
        proposal->revision++;
        proposal->updated = today;
        return PROPOSAL_TIMED_OUT;
    }
    if (decision->quantity == 0) {
        /* Not needed by a hair is not worth a withdrawal, or a need that hovers about zero would
         * flap. */
        double surplus = -(double)decision->need;
        double least = fmax(0.5 * (double)context->pack,
                            context->options->dampener * (double)proposal->offered);
        double threshold = context->options->policy.stockout_threshold;
        bool clear = surplus >= least || context->broken || decision->limit == LIMIT_RULE ||
                     crossed((double)proposal->stockout, decision->stockout_without, threshold);
        if (!clear) {
            return PROPOSAL_UNCHANGED;
        }
        become(proposal, PROPOSAL_SUPERSEDED);
        proposal->revision++;
        take_numbers(proposal, decision, today);
        return PROPOSAL_WITHDRAWN;
    }
    if (!material_change(proposal, decision, context)) {
        return PROPOSAL_UNCHANGED;
    }
    proposal->revision++;
    take_numbers(proposal, decision, today);
    return PROPOSAL_REVISED;
}

static bool snoozed(const struct proposal *proposal, const struct decision *decision,
                    const struct proposal_context *context)
{
    if (proposal->state != PROPOSAL_REJECTED || context->today >= proposal->snooze_until) {
        return false;
    }
    double growth = (double)(decision->need - proposal->rejected_need);
    double least =
        fmax((double)context->pack, context->options->material * (double)proposal->rejected_need);
    return growth <= least;
}

/* One proposal a review period: what was decided in this one stands, unless the stock would run
 * dry. Withdrawn, expired and rejected ones bought nothing. */
static bool may_create(const struct proposal *proposal, const struct decision *decision,
                       const struct proposal_context *context)
{
    if (snoozed(proposal, decision, context)) {
        return false;
    }
    bool bought = proposal->state == PROPOSAL_CONFIRMED || proposal->state == PROPOSAL_EDITED ||
                  proposal->state == PROPOSAL_ORDERED || proposal->state == PROPOSAL_RECEIVED;
    if (!bought || review_of(context) > proposal->review) {
        return true;
    }
    return decision->stockout_without >= context->options->policy.stockout_threshold;
}

void proposal_decide(struct proposal *proposal, const struct decision *decision,
                     const struct proposal_context *context, enum proposal_change *change)
{
    *change = PROPOSAL_UNCHANGED;
    if (proposal->state == PROPOSAL_PROPOSED) {
        *change = review_open(proposal, decision, context);
        return;
    }
    if (context->options->enabled && decision->quantity > 0 &&
        may_create(proposal, decision, context)) {
        create(proposal, decision, context);
        *change = PROPOSAL_CREATED;
    }
}

/* ---- answers ---- */

static enum proposal_state state_of_supply(const struct supply *supply)
{
    return supply->kind == SUPPLY_ORDERED ? PROPOSAL_ORDERED : PROPOSAL_CONFIRMED;
}

static bool wanted_state(enum proposal_answer answer, enum proposal_state now,
                         enum proposal_state *out)
{
    switch (answer) {
    case ANSWER_ACCEPTED:
        *out = PROPOSAL_CONFIRMED;
        return true;
    case ANSWER_EDITED:
        *out = PROPOSAL_EDITED;
        return true;
    case ANSWER_REJECTED:
        *out = now == PROPOSAL_PROPOSED ? PROPOSAL_REJECTED
                                        : PROPOSAL_CANCELLED; /* a no after the yes takes it back */
        return true;
    case ANSWER_ORDERED:
        *out = PROPOSAL_ORDERED;
        return true;
    case ANSWER_RECEIVED:
        *out = PROPOSAL_RECEIVED;
        return true;
    }
    return false;
}

static void put_supply(struct position *pos, uint64_t reference, int64_t quantity,
                       enum supply_kind kind, const struct proposal_context *context, int64_t wait)
{
    position_supply(pos, (struct supply){.quantity = quantity,
                                         .ordered = context->today,
                                         .expected = context->today + (wait > 0 ? wait : 0),
                                         .reference = reference,
                                         .kind = (uint8_t)kind,
                                         .uncertain = 1});
}

/* What the answer does to the supply of the proposal; returns the open quantity afterwards. */
static int64_t move_supply(struct position *pos, uint64_t reference, enum proposal_state to,
                           int64_t quantity, const struct proposal_context *context, int64_t wait)
{
    const struct supply *supply = position_find(pos, reference);
    if (to == PROPOSAL_REJECTED || to == PROPOSAL_CANCELLED || to == PROPOSAL_RECEIVED) {
        position_drop(pos, reference);
        return 0;
    }
    enum supply_kind kind = to == PROPOSAL_ORDERED ? SUPPLY_ORDERED : SUPPLY_ACCEPTED;
    if (supply && kind == SUPPLY_ACCEPTED) {
        wait = supply->expected - context->today;
    }
    put_supply(pos, reference, quantity, kind, context, wait);
    return quantity;
}

bool proposal_feedback(struct proposal *proposal, struct position *pos, struct hash128 id,
                       enum proposal_answer answer, int64_t quantity,
                       const struct proposal_context *context, enum proposal_state *state,
                       int64_t *open)
{
    uint64_t reference = reference_of(id);
    const struct supply *supply = position_find(pos, reference);
    bool current = proposal->state != PROPOSAL_NONE && same_id(proposal->id, id);
    if (!current && !supply) {
        return false;
    }
    enum proposal_state now =
        current ? (enum proposal_state)proposal->state : state_of_supply(supply);
    enum proposal_state to;
    if (!wanted_state(answer, now, &to)) {
        return false;
    }
    bool same_edit = now == to && to == PROPOSAL_EDITED && quantity >= 0 && supply &&
                     supply->quantity != quantity;
    if (!proposal_may_become(now, to) && !same_edit) {
        return false; /* a repetition, or an answer that comes too late */
    }
    int64_t standing = supply ? supply->quantity : current ? proposal->offered : 0;
    quantity = quantity >= 0 ? quantity : standing;
    int64_t wait = current && proposal->arrival > proposal->updated
                       ? proposal->arrival - proposal->updated
                   : supply ? supply->expected - supply->ordered
                            : 0;
    *open = move_supply(pos, reference, to, quantity, context, wait);
    *state = to;
    if (current) {
        proposal->state = (uint8_t)to;
        proposal->updated = context->today;
        proposal->arrival = context->today + wait;
        proposal->revision++;
        proposal->offered = quantity;
        proposal->quantity =
            to == PROPOSAL_RECEIVED || to == PROPOSAL_REJECTED || to == PROPOSAL_CANCELLED
                ? 0
                : quantity;
        if (to == PROPOSAL_REJECTED) {
            proposal->snooze_until =
                context->today +
                slots_of((double)context->options->snooze_days, context->slot_days);
            proposal->rejected_need = standing;
        }
    }
    return true;
}

/* ---- saved form ---- */

void proposal_save(const struct proposal *proposal, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_put(out, &proposal->id.low, sizeof proposal->id.low);
    buf_put(out, &proposal->id.high, sizeof proposal->id.high);
    const int64_t numbers[] = {proposal->revision, proposal->ordinal,      proposal->state,
                               proposal->review,   proposal->quantity,     proposal->offered,
                               proposal->created,  proposal->updated,      proposal->order_by,
                               proposal->arrival,  proposal->snooze_until, proposal->rejected_need};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        buf_varint(out, numbers[i]);
    }
    buf_put(out, &proposal->stockout, sizeof proposal->stockout);
}

static bool read_numbers(struct packed_reader *reader, struct proposal *got)
{
    got->revision = (uint32_t)packed_read(reader, 0, UINT32_MAX);
    got->ordinal = (uint16_t)packed_read(reader, 0, UINT16_MAX);
    got->state = (uint8_t)packed_read(reader, PROPOSAL_NONE, PROPOSAL_STATES - 1);
    int64_t *const rest[] = {&got->review,  &got->quantity,     &got->offered,
                             &got->created, &got->updated,      &got->order_by,
                             &got->arrival, &got->snooze_until, &got->rejected_need};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        *rest[i] = packed_read(reader, -(INT64_C(1) << 53), INT64_C(1) << 53);
    }
    if (reader->failed || reader->end - reader->at < (ptrdiff_t)sizeof got->stockout) {
        return false;
    }
    memcpy(&got->stockout, reader->at, sizeof got->stockout);
    reader->at += sizeof got->stockout;
    return got->stockout >= 0 && got->stockout <= 1 && got->quantity >= 0 && got->offered >= 0;
}

struct status *proposal_load(struct slice *bytes, struct proposal *proposal)
{
    struct packed_reader reader = packed_open(*bytes);
    struct proposal got;
    proposal_init(&got);
    bool good = reader.at != reader.end && *reader.at == VERSION;
    if (good) {
        reader.at++;
        got.id.low = packed_read_u64(&reader);
        got.id.high = packed_read_u64(&reader);
        good = read_numbers(&reader, &got);
    }
    if (!good) {
        return status_new(STATUS_CORRUPT,
                          "read a proposal of %zu bytes: not one that this version wrote",
                          bytes->bytes);
    }
    bytes->data = (const char *)reader.at;
    bytes->bytes = (size_t)(reader.end - reader.at);
    *proposal = got;
    return NULL;
}
