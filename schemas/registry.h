/* Client of a schema registry with Confluent's REST paths (Confluent, Karapace, Apicurio,
 * Redpanda).
 *
 *     struct registry_options options = {.url = "http://127.0.0.1:8081", .timeout_ms = 5000};
 *     struct registry *registry;
 *     TRY(registry_create(&options, &registry));
 *     struct slice text;
 *     TRY(registry_schema(registry, 7, &text));
 *     if (!text.data) { no such schema: the message is bad }
 *
 * Ids never change their meaning: a schema found is kept for ever; "not found" and failures are
 * kept for a few seconds, so that a poisoned topic cannot hammer the registry. A registry that
 * cannot be reached is STATUS_REGISTRY with STATUS_RETRY: wait and ask again, the message is not to
 * blame. A refusal of ours (wrong password, bad URL) is STATUS_REGISTRY without it.
 * Thread: one client per worker. Calls block for at most timeout_ms.
 */
#ifndef RESTOCK_REGISTRY_H
#define RESTOCK_REGISTRY_H

#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdint.h>

enum {
    REGISTRY_TIMEOUT_MS = 5000,
    REGISTRY_ANSWER_BYTES_MAX = 4 << 20,
    REGISTRY_NOT_FOUND_KEEP_MS = 10000,
    REGISTRY_FAILURE_KEEP_MS = 500,
};

struct registry_options {
    const char *url; /* http(s)://host:port[/prefix]; several with commas are tried in turn */
    const char *user, *password; /* basic authentication; NULL or "": none */
    const char *ca_file; /* PEM; NULL or "": the system's */
    int64_t timeout_ms; /* per call; 0: REGISTRY_TIMEOUT_MS */
};

struct registry;

/* Options are copied. No connection is made yet. */
struct status *registry_create(const struct registry_options *options, struct registry **out)
    __attribute__((warn_unused_result));
void registry_destroy(struct registry *registry); /* NULL is fine */

/* Text of schema `id`, owned by the client until its end; out->data NULL: there is none. A schema
 * that is no Avro or has references is STATUS_CORRUPT (the message is to blame). */
struct status *registry_schema(struct registry *registry, int32_t id, struct slice *out)
    __attribute__((warn_unused_result));

/* Register `text` under `subject` (or find it there) and return its id. Incompatible with what is
 * there: STATUS_CONFIG with the registry's reason. */
struct status *registry_register(struct registry *registry, const char *subject, struct slice text,
                                 int32_t *id) __attribute__((warn_unused_result));

/* Newest version of a subject; text->data NULL when the subject is unknown. Not cached: *text lives
 * until the next call of registry_latest. */
struct status *registry_latest(struct registry *registry, const char *subject, int32_t *id,
                               struct slice *text) __attribute__((warn_unused_result));

/* Would `text` be accepted as the next version? True also where the subject is unknown. */
struct status *registry_compatible(struct registry *registry, const char *subject,
                                   struct slice text, bool *compatible)
    __attribute__((warn_unused_result));

/* Reach it and log in (GET /subjects): for `check-config --connect` and start-up. */
struct status *registry_check(struct registry *registry) __attribute__((warn_unused_result));

#endif
