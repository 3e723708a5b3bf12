#include "model/base_model.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BASE_VERSION = 1 };

struct base_model {
    struct net net;
    uint64_t hash;
    uint32_t bucket_s;
    size_t manifest_bytes;
    float *weights;
    char *manifest;
};

struct head {
    char magic[4];
    uint32_t version, inputs, hidden, decoder, rows, floats, manifest_bytes, bucket_s;
};

_Static_assert(sizeof(struct head) == 36, "no padding is saved");

static const char MAGIC[4] = {'R', 'S', 'B', 'M'};

void base_model_free(struct base_model *base)
{
    if (base) {
        free(base->weights);
        free(base->manifest);
        free(base);
    }
}

void base_model_save(const float *weights, uint32_t bucket_s, struct slice manifest,
                     struct buf *out)
{
    ASSERT(manifest.bytes <= BASE_MANIFEST_MAX);
    size_t begin = out->bytes;
    struct head head = {.version = BASE_VERSION,
                        .inputs = NET_INPUTS,
                        .hidden = NET_HIDDEN,
                        .decoder = NET_DECODER,
                        .rows = NET_ROWS,
                        .floats = (uint32_t)net_floats(),
                        .manifest_bytes = (uint32_t)manifest.bytes,
                        .bucket_s = bucket_s};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    buf_put(out, &head, sizeof head);
    buf_slice(out, manifest);
    buf_put(out, weights, net_floats() * sizeof *weights);
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, BASE_VERSION);
    buf_put(out, &hash, sizeof hash);
}

/* Size, head and hash, before anything is copied. */
static struct status *examine(struct slice bytes, struct head *head, uint64_t *hash)
{
    if (bytes.bytes < sizeof *head + sizeof *hash || memcmp(bytes.data, MAGIC, sizeof MAGIC) != 0) {
        return status_new(STATUS_CORRUPT,
                          "these %zu bytes are no base model: make one with restock pretrain",
                          bytes.bytes);
    }
    memcpy(head, bytes.data, sizeof *head);
    if (head->version != BASE_VERSION || head->inputs != NET_INPUTS || head->hidden != NET_HIDDEN ||
        head->decoder != NET_DECODER || head->rows != NET_ROWS || head->floats != net_floats()) {
        return status_new(STATUS_CORRUPT,
                          "base model of version %u with %u inputs, %u units and %u weights: this "
                          "program reads version %d with %d, %d and "
                          "%zu; make it anew with restock pretrain",
                          head->version, head->inputs, head->hidden, head->floats, BASE_VERSION,
                          NET_INPUTS, NET_HIDDEN, net_floats());
    }
    size_t expected = sizeof *head + (size_t)head->manifest_bytes + head->floats * sizeof(float);
    if (head->manifest_bytes > BASE_MANIFEST_MAX || bytes.bytes != expected + sizeof *hash) {
        return status_new(STATUS_CORRUPT, "base model of %zu bytes does not fit its own head",
                          bytes.bytes);
    }
    memcpy(hash, bytes.data + expected, sizeof *hash);
    if (*hash != hash_64(bytes.data, expected, BASE_VERSION)) {
        return status_new(STATUS_CORRUPT,
                          "base model of %zu bytes has a wrong checksum: copy it again",
                          bytes.bytes);
    }
    return NULL;
}

struct status *base_model_load(struct slice bytes, struct base_model **out)
{
    struct head head;
    uint64_t hash;
    TRY(examine(bytes, &head, &hash));
    struct base_model *base = calloc(1, sizeof *base);
    if (!base) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a base model");
    }
    base->hash = hash;
    base->bucket_s = head.bucket_s;
    base->manifest_bytes = head.manifest_bytes;
    base->weights = malloc(head.floats * sizeof(float));
    base->manifest = malloc(base->manifest_bytes + 1);
    if (!base->weights || !base->manifest) {
        base_model_free(base);
        return status_new(STATUS_NO_MEMORY, "out of memory for a base model");
    }
    memcpy(base->manifest, bytes.data + sizeof head, base->manifest_bytes);
    base->manifest[base->manifest_bytes] = 0;
    memcpy(base->weights, bytes.data + sizeof head + base->manifest_bytes,
           head.floats * sizeof(float));
    for (uint32_t i = 0; i < head.floats; i++) {
        if (!isfinite(base->weights[i])) {
            base_model_free(base);
            return status_new(STATUS_CORRUPT, "base model: weight %u is not a finite number", i);
        }
    }
    net_bind(&base->net, base->weights);
    *out = base;
    return NULL;
}

struct base_model *base_model_blank(uint32_t bucket_s)
{
    struct rng rng;
    struct net net;
    struct buf bytes = {0};
    struct base_model *base = NULL;
    float *weights = calloc(net_floats(), sizeof *weights);
    if (weights) {
        rng_init(&rng, 1);
        net_bind(&net, weights);
        net_init(&net, &rng);
        base_model_save(weights, bucket_s, slice_of("{\"blank\":true}"), &bytes);
        status_free(base_model_load(buf_view(&bytes), &base));
    }
    buf_fini(&bytes);
    free(weights);
    return base;
}

const struct net *base_model_net(const struct base_model *base)
{
    return &base->net;
}

struct slice base_model_manifest(const struct base_model *base)
{
    return (struct slice){base->manifest, base->manifest_bytes};
}

uint32_t base_model_bucket_s(const struct base_model *base)
{
    return base->bucket_s;
}

uint64_t base_model_hash(const struct base_model *base)
{
    return base->hash;
}
