#include "stream/state_shard.h"

#include "stream/kafka.h"
#include "stream/plan.h"
#include "stream/topic_reader.h"

#include <stdlib.h>
#include <string.h>

void state_shard_name(const char *name, struct slice *sku, struct slice *location)
{
    const char *at = strrchr(name, '@');
    *sku = (struct slice){name, at ? (size_t)(at - name) : strlen(name)};
    *location = slice_of(at ? at + 1 : "main");
}

static struct status *lines_partitions(const struct settings *settings, int32_t *out)
{
    struct kafka *probe;
    TRY(kafka_open(settings, KAFKA_PROBE, NULL, &probe));
    struct status *st = kafka_partitions(probe, settings->stream.topics[TOPIC_LINES], 10000, out);
    kafka_close(probe);
    return st || *out ? st
                      : status_new(STATUS_CONFIG, "topic %s is not there",
                                   settings->stream.topics[TOPIC_LINES]);
}

static struct status *restore_record_of(void *context, const struct topic_record *record)
{
    struct state_shard *state = context;
    return shard_restore(state->shard, record->key, record->value);
}

static struct status *read_state(struct state_shard *state)
{
    int64_t next;
    TRY(shard_create(state->plan, state->partition, state->outbox, &state->shard));
    TRY(topic_read(state->settings, state->settings->stream.topics[TOPIC_STATE], state->partition,
                   restore_record_of, state));
    return shard_restored(state->shard, -1, 0, &next);
}

struct status *state_shard_open(const struct settings *settings, struct slice sku,
                                struct state_shard *out)
{
    int32_t partitions;
    TRY(lines_partitions(settings, &partitions));
    struct state_shard state = {.settings = malloc(sizeof *settings), .outbox = outbox_create()};
    state.partition = hash_partition(sku.data, sku.bytes, partitions);
    struct status *st = NULL;
    if (!state.settings || !state.outbox) {
        st = status_new(STATUS_NO_MEMORY, "out of memory for a shard");
    } else {
        *state.settings = *settings;
        state.settings->stream.output_format = WIRE_JSON; /* looking needs no registry */
        st = plan_create(state.settings, partitions, NULL, &state.plan);
    }
    st = st ? st : read_state(&state);
    if (st) {
        state_shard_close(&state);
        return st;
    }
    *out = state;
    return NULL;
}

void state_shard_close(struct state_shard *state)
{
    shard_destroy(state->shard);
    outbox_destroy(state->outbox);
    plan_destroy(state->plan);
    free(state->settings);
    *state = (struct state_shard){0};
}
