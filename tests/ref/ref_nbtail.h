/* Naive twin of anomaly/nbtail.c: masses by lgamma, tails by sums. */
#ifndef RESTOCK_REF_NBTAIL_H
#define RESTOCK_REF_NBTAIL_H

double ref_nbtail_log_upper(int y, double mean, double spread);
double ref_nbtail_log_lower(int y, double mean, double spread);

#endif
