/* `restock pretrain --detector`: shops on record and simulated ones, anomalies injected into them,
 * the pipeline over them, a net from the rows. */
#ifndef RESTOCK_PRETRAIN_DETECTOR_H
#define RESTOCK_PRETRAIN_DETECTOR_H

#include "cmd/args.h"

struct pretrain_detector {
    const struct arg_list *orders, *until; /* until: once for all files, or once for each */
    const char *map, *out;
    int64_t seed, rounds, epochs, shops;
};

struct status *pretrain_detector(const struct pretrain_detector *args)
    __attribute__((warn_unused_result));

#endif
