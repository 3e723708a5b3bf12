/* The line that ends stdout of run, demo and backtest: one JSON object (CONTRACT: fields and their
 * sum are relied on). */
#ifndef RESTOCK_REPORT_H
#define RESTOCK_REPORT_H

#include "stream/backtest.h"

#include <stdio.h>

void report_print(const struct backtest_report *report, FILE *out);

#endif
