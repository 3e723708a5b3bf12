/* Odd by nature: days of a shop on record that a look back calls strange for their product, before
 * anything is injected: its units or its largest line against its other days, a week's lines
 * against its other weeks, a price far from its median, several returns, a gap that chance does not
 * make. Nobody knows whether somebody should have been told; so training takes them for ordinary
 * with a small weight only.
 *
 * Robust: median and median absolute deviation of logarithms. Pure. */
#ifndef RESTOCK_ODD_H
#define RESTOCK_ODD_H

#include "stream/till.h"

/* [products, buckets of the shop] 0 or 1, as cells of stream/inject.h; the caller frees. NULL: no
 * memory. */
uint8_t *odd_mark(const struct till *shop);

#endif
