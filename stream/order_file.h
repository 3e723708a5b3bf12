/* The stock and policy files of `restock plan` (formats in CONTRACT.md): one row of terms and one
 * stock position per series. Errors name file and line. Owner: the caller. */
#ifndef RESTOCK_ORDER_FILE_H
#define RESTOCK_ORDER_FILE_H

#include "config/base/bucket.h"
#include "optimize/plan_core.h"

struct order_row {
    struct slice name, supplier, category; /* owned by the rows; the last two may be empty */
    struct plan_terms terms;
    struct position position;
    struct rule_effect effect; /* of business rules: the caller's, whose terms may point to it */
    bool counted; /* the stock file had its on_hand row */
};

struct order_rows;

/* Every series of the policy file once, in its order; columns supplier and category may be there,
 * for business rules. On error *out is untouched. */
struct status *order_file_policy(const char *path, struct order_rows **out)
    __attribute__((warn_unused_result));
/* Stock into the rows; series that the policy does not name are passed over. Dates become numbers
 * of buckets. A series without an on_hand row is an error. */
struct status *order_file_stock(const char *path, const struct buckets *buckets,
                                struct order_rows *rows) __attribute__((warn_unused_result));
void order_file_free(struct order_rows *rows); /* NULL is fine */

/* sku@location: what stands before the last @ (the whole name where there is none), and after it.
 */
struct slice order_file_sku(struct slice name);
struct slice order_file_place(struct slice name);

size_t order_file_count(const struct order_rows *rows);
struct order_row *order_file_row(struct order_rows *rows, size_t index);
struct order_row *order_file_find(struct order_rows *rows, struct slice name); /* NULL: none */

#endif
