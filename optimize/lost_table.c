#include "optimize/lost_table.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "config/base/hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct table {
    const struct lost_sales *terms;
    const struct lost_policy *policy;
    struct lost_row *rows;
    size_t count, capacity;
    uint32_t *slots; /* [size] 1 + row; 0: free */
    size_t size; /* a power of two, at least twice the count */
};

static size_t bytes_of(const struct table *table)
{
    return table->terms->lead * sizeof(int64_t);
}

static size_t place_of(const struct table *table, const int64_t *state)
{
    size_t at = hash_64(state, bytes_of(table), 0) & (table->size - 1);
    while (table->slots[at] &&
           memcmp(table->rows[table->slots[at] - 1].state, state, bytes_of(table)) != 0) {
        at = (at + 1) & (table->size - 1);
    }
    return at;
}

static void widen(struct table *table)
{
    free(table->slots);
    table->size *= 2;
    table->slots = calloc(table->size, sizeof *table->slots);
    ASSERT(table->slots && "out of memory for a table of orders");
    for (size_t i = 0; i < table->count; i++) {
        table->slots[place_of(table, table->rows[i].state)] = (uint32_t)i + 1;
    }
}

static void meet(struct table *table, const int64_t *state)
{
    size_t at = place_of(table, state);
    if (table->slots[at]) {
        return;
    }
    table->rows = grow(table->rows, &table->capacity, table->count + 1, sizeof *table->rows);
    struct lost_row *row = &table->rows[table->count++];
    *row = (struct lost_row){0};
    memcpy(row->state, state, bytes_of(table));
    row->order = lost_sales_order(table->terms, table->policy, state);
    table->slots[at] = (uint32_t)table->count;
    if (table->count * 2 > table->size) {
        widen(table);
    }
}

/* All states one period later. */
static void follow(struct table *table, size_t index)
{
    const struct pmf *demand = table->terms->demand;
    unsigned lead = table->terms->lead;
    struct lost_row row = table->rows[index];
    int64_t next[LOST_LEAD_MOST + 1];
    memcpy(next, row.state + 1, (lead - 1) * sizeof *next);
    next[lead - 1] = row.order;
    int64_t receipt = next[0], last = demand->first + (int64_t)demand->count - 1;
    for (int64_t d = demand->first; d <= last; d++) {
        if (!(demand->p[d - demand->first] > 0)) {
            continue;
        }
        int64_t left = row.state[0] - d;
        next[0] = (left > 0 ? left : 0) + receipt;
        meet(table, next);
        if (left <= 0) {
            return; /* more demand leads to the same state */
        }
    }
}

struct lost_row *lost_table(const struct lost_sales *terms, const struct lost_policy *policy,
                            size_t most, size_t *count)
{
    ASSERT(!lost_sales_check(terms) && most < UINT32_MAX);
    struct table table = {.terms = terms, .policy = policy, .size = 1024};
    table.slots = calloc(table.size, sizeof *table.slots);
    ASSERT(table.slots && "out of memory for a table of orders");
    int64_t empty[LOST_LEAD_MOST] = {0};
    meet(&table, empty);
    for (size_t i = 0; i < table.count && table.count <= most; i++) {
        follow(&table, i);
    }
    free(table.slots);
    if (table.count > most) {
        free(table.rows);
        return NULL;
    }
    *count = table.count;
    return table.rows;
}
