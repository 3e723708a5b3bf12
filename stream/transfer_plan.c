#include "stream/transfer_plan.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "optimize/transfer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double COST_UNITS = 1e6; /* plan_core: costs come in shares of the shortage cost */

struct places {
    const struct transfer_plan_terms *terms;
    struct order_row *row[TRANSFER_PLACES_MOST];
    const struct demand_curve *curve[TRANSFER_PLACES_MOST];
    size_t count;
};

static void receive(struct position *position, int64_t units,
                    const struct transfer_plan_terms *terms)
{
    static const char REFERENCE[] = "transfer";
    position_supply(position, (struct supply){.quantity = units,
                                              .ordered = terms->today,
                                              .expected = terms->today + terms->lead_time,
                                              .reference = position_reference(slice_of(REFERENCE)),
                                              .kind = SUPPLY_ON_ORDER});
}

static void decide(const struct places *places, size_t place, int64_t units, struct decision *out)
{
    const struct order_row *row = places->row[place];
    struct position position = row->position;
    if (units < 0) {
        position.stock += units;
    } else if (units > 0) {
        receive(&position, units, places->terms);
    }
    plan_core_decide(&row->terms, &position, places->curve[place], places->terms->today,
                     places->terms->service_shift, out);
}

static double value(void *context, size_t place, int64_t units)
{
    const struct places *places = context;
    struct decision decision;
    decide(places, place, units, &decision);
    return decision.cost_with * places->row[place]->terms.shortage_cost / COST_UNITS;
}

static void apply(struct places *places, const struct transfer *move, size_t count, FILE *out)
{
    int64_t in[TRANSFER_PLACES_MOST] = {0};
    for (size_t m = 0; m < count; m++) {
        struct order_row *from = places->row[move[m].from], *to = places->row[move[m].to];
        struct slice sku = order_file_sku(from->name), source = order_file_place(from->name),
                     target = order_file_place(to->name);
        from->position.stock -= move[m].quantity;
        in[move[m].to] += move[m].quantity;
        (void)fprintf(out, "%.*s,%.*s,%.*s,%" PRId64 ",%" PRId64 ",%.4f,%.4f,%" PRId64 "\n",
                      (int)sku.bytes, sku.data, (int)source.bytes, source.data, (int)target.bytes,
                      target.data, move[m].quantity, places->terms->lead_time, move[m].loss,
                      move[m].gain, move[m].left);
    }
    for (size_t i = 0; i < places->count; i++) {
        if (in[i] > 0) {
            receive(&places->row[i]->position, in[i], places->terms);
        }
    }
}

/* A place may give what it has, and use what it would order or lacks. */
static uint64_t plan_item(struct places *places, FILE *out)
{
    int64_t stock[TRANSFER_PLACES_MOST], room[TRANSFER_PLACES_MOST], pack = 1;
    for (size_t i = 0; i < places->count; i++) {
        struct decision decision;
        decide(places, i, 0, &decision);
        stock[i] = places->row[i]->position.stock > 0 ? places->row[i]->position.stock : 0;
        room[i] = decision.need > 0 ? decision.need : 0;
        room[i] = decision.demand[2] - decision.stock > room[i]
                      ? decision.demand[2] - decision.stock
                      : room[i];
    }
    struct transfer_terms terms = {.value = value,
                                   .context = places,
                                   .places = places->count,
                                   .stock = stock,
                                   .room = room,
                                   .unit_cost = places->terms->unit_cost,
                                   .lane_cost = places->terms->lane_cost,
                                   .pack = pack};
    struct transfer move[TRANSFER_MOST];
    size_t count = transfer_plan(&terms, move);
    apply(places, move, count, out);
    return count;
}

struct named {
    struct slice sku;
    size_t row;
};

static int by_sku(const void *a, const void *b)
{
    const struct named *one = a, *two = b;
    size_t least = one->sku.bytes < two->sku.bytes ? one->sku.bytes : two->sku.bytes;
    int order = memcmp(one->sku.data, two->sku.data, least);
    order = order ? order : (one->sku.bytes > two->sku.bytes) - (one->sku.bytes < two->sku.bytes);
    return order ? order : (one->row > two->row) - (one->row < two->row);
}

uint64_t transfer_plan_run(struct order_rows *rows, const struct demand_curve *curves,
                           const struct transfer_plan_terms *terms, FILE *out)
{
    size_t count = order_file_count(rows);
    struct named *names = calloc(count + 1, sizeof *names);
    ASSERT(names && "out of memory for transfers");
    for (size_t i = 0; i < count; i++) {
        names[i] = (struct named){order_file_sku(order_file_row(rows, i)->name), i};
    }
    qsort(names, count, sizeof *names, by_sku);
    (void)fputs("sku,from,to,quantity,arrives_in,loss,gain,left\n", out);
    uint64_t moves = 0;
    for (size_t first = 0, next; first < count; first = next) {
        struct places places = {.terms = terms};
        for (next = first; next < count && slice_equal(names[first].sku, names[next].sku); next++) {
            if (places.count < TRANSFER_PLACES_MOST) {
                places.row[places.count] = order_file_row(rows, names[next].row);
                places.curve[places.count++] = curves + names[next].row;
            }
        }
        moves += places.count > 1 ? plan_item(&places, out) : 0;
    }
    free(names);
    return moves;
}
