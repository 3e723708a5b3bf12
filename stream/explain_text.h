/* Explanations of forecasts in words and numbers: for a person, as JSON, as rows of a CSV file.
 *
 *     explain_text(&buf, &subject, &why);
 *
 * Pure. Appends to the buffer. */
#ifndef RESTOCK_EXPLAIN_TEXT_H
#define RESTOCK_EXPLAIN_TEXT_H

#include "config/base/buf.h"
#include "model/explain.h"

struct explain_subject {
    struct slice sku, location;
    int64_t origin_ms; /* start of the last closed bucket */
    struct slice origin; /* the same as a date */
    double unit; /* what one base unit is worth; 1 but for panels of decimals */
};

/* A table, a column per length: baseline, parts from the largest down, mean; then the experts. */
void explain_text(struct buf *out, const struct explain_subject *subject,
                  const struct explanation *why);
/* One object, with a line end. */
void explain_json(struct buf *out, const struct explain_subject *subject,
                  const struct explanation *why);
/* Columns after `series,origin`: a row per length. Expert without a share: an empty field. */
void explain_csv_header(struct buf *out);
void explain_csv_row(struct buf *out, const struct explanation *why, uint32_t row, double unit);

#endif
