/* Dimensions of the numeric code, the only single capitals of the program. Matrices are row-major;
 * a comment beside each pointer gives its shape, e.g. float *q; [N,H,Q].
 *
 *     N  series (rows) of a tile in use          W  buckets of history in a window
 *     H  steps of the horizon                    S  sums (lengths of total demand)
 *     Q  quantile levels (FORECAST_LEVELS)       E  experts of the mixture (FORECAST_EXPERTS)
 *     P  pending probes of a series              K  levels that a probe keeps (PROBE_LEVELS)
 *     C  demand classes
 */
#ifndef RESTOCK_MAT_H
#define RESTOCK_MAT_H

enum {
    FORECAST_LEVELS = 12,
    FORECAST_HORIZON_MAX = 128,
    FORECAST_SUMS_MAX = 16,
    FORECAST_WIDTH_MAX = 512,
    FORECAST_SEASON_MAX = 168,
};

#endif
