/* Weigh: a small net that weighs the statistics of a series and bucket (anomaly/trace.h): how sure
 * is it that something is wrong, and what. Trained offline (anomaly/weigh_train.h), frozen online.
 *
 *     a = leaky(x W1 + b1)   b = leaky(a W2 + b2)   z = b W3 + b3        one row, softmax over z
 *     odds = logsumexp(z[1..]) - z[0]     kind = argmax z[1..]
 *
 * Class 0 is "nothing wrong", class 1 + k is enum alert_kind k (spike .. bulk_order). Rows are
 * independent: no batch, cut or order changes a bit.
 *
 * A file: "RSAD" version:u32 inputs:u32 hidden:u32 second:u32 classes:u32 floats:u32
 * manifest_bytes:u32, manifest (JSON text), weights (f32, order of struct weigh_net), xxh3 of all
 * before. Loading refuses whatever save did not write. Thread: read-only after load. */
#ifndef RESTOCK_WEIGH_H
#define RESTOCK_WEIGH_H

#include "anomaly/alert.h"
#include "anomaly/trace.h"
#include "config/base/buf.h"
#include "config/base/rng.h"
#include "config/base/status.h"

#include <stddef.h>

enum {
    WEIGH_HIDDEN = 64,
    WEIGH_SECOND = 24,
    WEIGH_KINDS = ALERT_BULK_ORDER + 1,
    WEIGH_CLASSES = WEIGH_KINDS + 1,
    WEIGH_OUTPUTS = 16, /* classes, padded to a whole vector; the rest stays zero */
    WEIGH_FILE_MAX = 64 * 1024,
};
#define WEIGH_LEAK 0.1f

struct weigh_net { /* pointers into one block of weigh_floats() floats */
    float *w1; /* [TRACE_INPUTS,HIDDEN] */
    float *b1; /* [HIDDEN] */
    float *w2; /* [HIDDEN,SECOND] */
    float *b2; /* [SECOND] */
    float *w3; /* [SECOND,OUTPUTS] */
    float *b3; /* [OUTPUTS] */
    float *scale; /* [2] odds that 1 in 100 and 1 in 10,000 ordinary rows of the training reached */
};

struct weigh_pass { /* what one row leaves behind, for the gradient */
    float a[WEIGH_HIDDEN], b[WEIGH_SECOND], z[WEIGH_OUTPUTS];
};

size_t weigh_floats(void);
void weigh_bind(struct weigh_net *net, float *block);
void weigh_init(struct weigh_net *net, struct rng *rng);
void weigh_forward(const struct weigh_net *net, const float *x, struct weigh_pass *pass);
/* ln of P(anomaly) / P(none); *kind: the likeliest one. */
float weigh_odds(const struct weigh_pass *pass, enum alert_kind *kind);

/* Odds on the scale of the calibration pools: -log10 of the share of ordinary rows that reach them,
 * as far as the training can tell. */
float weigh_raw(const struct weigh_net *net, float odds);

struct weigh;

/* Copies what it needs. STATUS_CORRUPT names what is wrong; then *out is untouched. */
struct status *weigh_load(struct slice bytes, struct weigh **out)
    __attribute__((warn_unused_result));
void weigh_free(struct weigh *weigh); /* NULL is fine */
/* weights: [weigh_floats()], all finite. */
void weigh_save(const float *weights, struct slice manifest, struct buf *out);
const struct weigh_net *weigh_net(const struct weigh *weigh);
struct slice weigh_manifest(const struct weigh *weigh);
uint64_t weigh_hash(const struct weigh *weigh); /* names these weights */
/* The file that this program was built with; empty: none. */
struct slice weigh_shipped(void);

#endif
