/* A base model: weights of the global network with the manifest of what they were made from, as one
 * file.
 *
 *     "RSBM" version:u32 inputs:u32 hidden:u32 decoder:u32 rows:u32 floats:u32 manifest_bytes:u32
 * bucket_s:u32 manifest (JSON text), weights (f32, order of struct net), xxh3 of all before
 *
 * Loading refuses whatever save did not write. Thread: read-only after load; may be shared by all
 * shards of the process. */
#ifndef RESTOCK_BASE_MODEL_H
#define RESTOCK_BASE_MODEL_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "model/net.h"

#include <stdint.h>

enum { BASE_MANIFEST_MAX = 64 * 1024 };

struct base_model;

/* Copies what it needs. STATUS_CORRUPT names what is wrong; then *out is untouched. */
struct status *base_model_load(struct slice bytes, struct base_model **out)
    __attribute__((warn_unused_result));
/* A network that says what the statistical expert says, for learning from nothing. NULL: no memory.
 */
struct base_model *base_model_blank(uint32_t bucket_s);
void base_model_free(struct base_model *base); /* NULL is fine */
/* weights: [net_floats()], all finite; bucket_s: 86400 for days; manifest: at most
 * BASE_MANIFEST_MAX bytes. */
void base_model_save(const float *weights, uint32_t bucket_s, struct slice manifest,
                     struct buf *out);

uint32_t
base_model_bucket_s(const struct base_model *base); /* length of the buckets that it was made for */
const struct net *base_model_net(const struct base_model *base);
struct slice base_model_manifest(const struct base_model *base);
uint64_t base_model_hash(const struct base_model *base); /* names these weights */

#endif
