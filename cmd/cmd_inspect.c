#include "cmd/command.h"
#include "stream/csv_message.h"
#include "stream/map_explain.h"
#include "stream/plan.h"
#include "stream/state_shard.h"
#include "stream/topic_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct inspect_args {
    const char *config, *map;
    struct arg_list sets;
    int64_t limit, show;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct inspect_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct inspect_args, sets)},
    {"map", ARG_TEXT, "MAP", "show what this mapping makes of a file or topic",
     offsetof(struct inspect_args, map)},
    {"limit", ARG_INT, "N", "--map: messages that are read (1000)",
     offsetof(struct inspect_args, limit)},
    {"show", ARG_INT, "N", "--map: messages that are printed (5)",
     offsetof(struct inspect_args, show)},
};
static const struct arg_spec SPEC = {
    "inspect",
    "series SKU@LOCATION | model | state | layout | --map MAP FILE|TOPIC  [--config FILE]",
    "look inside.\n"
    "series prints one product at one location as JSON, read from the state topic; model says "
    "how good the\n"
    "forecasts of each shard were of late, what it has learned, and which weights serve; state "
    "counts the records of\n"
    "each shard; layout prints what a series costs in memory; --map shows what a mapping makes of "
    "messages, and why it\n"
    "refuses some.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

/* --- series
 * -------------------------------------------------------------------------------------------------------
 */

static struct status *inspect_series(const struct settings *settings, const char *name)
{
    struct slice sku, location;
    struct state_shard state;
    state_shard_name(name, &sku, &location);
    TRY(state_shard_open(settings, sku, &state));
    struct buf json = {0};
    struct status *st = NULL;
    if (!shard_dump_series(state.shard, sku, location, &json)) {
        st = status_new(STATUS_USAGE, "inspect: shard %" PRId32 " has no series %.*s@%.*s",
                        state.partition, (int)sku.bytes, sku.data, (int)location.bytes,
                        location.data);
    }
    printf("%.*s%s", (int)json.bytes, json.data ? json.data : "", json.bytes ? "\n" : "");
    buf_fini(&json);
    state_shard_close(&state);
    return st;
}

/* --- state
 * --------------------------------------------------------------------------------------------------------
 */

struct kind_count {
    uint64_t records, bytes, tombstones;
};

struct state_work {
    int32_t partition; /* -1: none yet */
    struct kind_count kinds[128];
};

static void print_state(struct state_work *work)
{
    static const char *const NAMES[128] = {['h'] = "header",
                                           ['l'] = "layout",
                                           ['s'] = "series",
                                           ['b'] = "closed short buckets",
                                           ['c'] = "closed buckets",
                                           ['t'] = "tiles",
                                           ['u'] = "the day under way",
                                           ['m'] = "models",
                                           ['f'] = "fingerprints of orders",
                                           ['g'] = "fingerprints of stock",
                                           ['o'] = "open sales",
                                           ['w'] = "waiting cancellations",
                                           ['i'] = "items",
                                           ['a'] = "alerts"};
    for (int kind = 0; kind < 128 && work->partition >= 0; kind++) {
        const struct kind_count *count = &work->kinds[kind];
        if (count->records) {
            printf("%9" PRId32 "  %-24s %10" PRIu64 " %12" PRIu64 " %11" PRIu64 "\n",
                   work->partition, NAMES[kind] ? NAMES[kind] : "unknown", count->records,
                   count->bytes, count->tombstones);
        }
    }
    memset(work->kinds, 0, sizeof work->kinds);
}

static struct status *count_record(void *context, const struct topic_record *record)
{
    struct state_work *work = context;
    if (record->partition != work->partition) {
        print_state(work);
        work->partition = record->partition;
    }
    unsigned char kind = record->key.bytes ? (unsigned char)record->key.data[0] & 127 : 0;
    work->kinds[kind].records++;
    work->kinds[kind].bytes += record->key.bytes + record->value.bytes;
    work->kinds[kind].tombstones += !record->value.data;
    return NULL;
}

static struct status *inspect_state(const struct settings *settings)
{
    struct state_work work = {.partition = -1};
    printf("partition  %-24s %10s %12s %11s\n", "kind", "records", "bytes", "tombstones");
    TRY(topic_read(settings, settings->stream.topics[TOPIC_STATE], -1, count_record, &work));
    print_state(&work);
    return NULL;
}

/* --- model
 * --------------------------------------------------------------------------------------------------------
 */

struct model_work {
    int32_t partition; /* whose newest report is kept; -1: none yet */
    struct buf json;
};

static void print_model(struct model_work *work)
{
    if (work->json.bytes) {
        printf("%.*s\n", (int)work->json.bytes, work->json.data);
    }
    buf_reset(&work->json);
}

static struct status *keep_report(void *context, const struct topic_record *record)
{
    struct model_work *work = context;
    if (record->partition != work->partition) {
        print_model(work);
        work->partition = record->partition;
    }
    if (slice_equal(record->key, slice_of("mj")) && record->value.data) {
        buf_reset(&work->json);
        buf_slice(&work->json, record->value);
    }
    return NULL;
}

static struct status *inspect_model(const struct settings *settings)
{
    struct model_work work = {.partition = -1};
    struct status *st =
        topic_read(settings, settings->stream.topics[TOPIC_STATE], -1, keep_report, &work);
    if (!st) {
        print_model(&work);
    }
    buf_fini(&work.json);
    return st;
}

static struct status *inspect_layout(const struct settings *settings)
{
    struct settings json = *settings;
    json.stream.output_format = WIRE_JSON;
    struct plan *plan;
    TRY(plan_create(&json, 1, NULL, &plan));
    plan_print_layout(plan, stdout);
    plan_destroy(plan);
    return NULL;
}

/* --- map
 * ----------------------------------------------------------------------------------------------------------
 */

struct map_work {
    struct csv_messages *file;
    uint64_t number;
    /* messages of a topic, read beforehand */
    struct buf bytes;
    size_t *ends;
    size_t count, capacity, limit;
    struct arena *arena;
    struct wire_decoder *decoder;
    char topic[128];
};

static struct status *next_row(void *context, struct map_explain_message *out, bool *more)
{
    struct map_work *work = context;
    TRY(csv_messages_next(work->file, &out->datum, &out->original));
    *more = out->datum != NULL;
    (void)snprintf(out->place, sizeof out->place, "line %" PRIu64, csv_messages_line(work->file));
    return NULL;
}

static struct status *next_message(void *context, struct map_explain_message *out, bool *more)
{
    struct map_work *work = context;
    *more = work->number < work->count;
    if (!*more) {
        return NULL;
    }
    size_t from = work->number ? work->ends[work->number - 1] : 0;
    out->original = (struct slice){work->bytes.data + from, work->ends[work->number] - from};
    (void)snprintf(out->place, sizeof out->place, "%.60s message %" PRIu64, work->topic,
                   work->number++);
    arena_reset(work->arena);
    struct wire_message message;
    TRY(wire_decode(work->decoder, work->arena, out->original, &message));
    out->datum = message.datum;
    out->error = message.error;
    return NULL;
}

static struct status *keep_message(void *context, const struct topic_record *record)
{
    struct map_work *work = context;
    if (work->count == work->limit) {
        return status_new(STATUS_STOPPED, "enough");
    }
    buf_slice(&work->bytes, record->value);
    work->ends[work->count++] = work->bytes.bytes;
    return NULL;
}

static struct status *explain_topic(const struct settings *settings, const char *topic,
                                    const struct map_explain_options *options,
                                    struct map_work *work)
{
    const struct input_options *input = &settings->stream.inputs[INPUT_ORDERS];
    struct wire_input wire = {.format = (enum wire_format)input->format};
    wire.schema_path = input->schema[0] ? config_relative(settings->config, input->schema) : NULL;
    if (input->format == WIRE_CONFLUENT) {
        TRY(settings_registry(settings, &wire.registry));
    }
    (void)snprintf(work->topic, sizeof work->topic, "%s", topic);
    work->ends = calloc(work->limit + 1, sizeof *work->ends);
    work->arena = arena_create(1 << 16, 64 << 20);
    struct status *st = work->ends && work->arena ? wire_decoder_open(&wire, &work->decoder)
                                                  : status_new(STATUS_NO_MEMORY, "out of memory");
    st = st ? st : topic_read(settings, topic, -1, keep_message, work);
    st = st ? st : map_explain(stdout, options, next_message, work);
    wire_decoder_close(work->decoder);
    registry_destroy(wire.registry);
    arena_destroy(work->arena);
    buf_fini(&work->bytes);
    free(work->ends);
    return st;
}

static struct status *inspect_map(const struct settings *settings, const struct inspect_args *args,
                                  const char *source)
{
    struct map *map;
    TRY(map_load(args->map, settings->zone, &map));
    struct map_explain_options options = {.map = map,
                                          .input = INPUT_ORDERS,
                                          .shown = (uint64_t)args->show,
                                          .limit = (uint64_t)args->limit};
    struct map_work work = {.limit = (size_t)args->limit};
    struct status *st;
    if (access(source, R_OK) == 0) {
        st = csv_messages_open(source, map, &work.file);
        st = st ? st : map_explain(stdout, &options, next_row, &work);
        csv_messages_close(work.file);
    } else {
        st = explain_topic(settings, source, &options, &work);
    }
    map_destroy(map);
    return st;
}

/* ------------------------------------------------------------------------------------------------------------------
 */

static struct status *dispatch(const struct settings *settings, const struct inspect_args *args,
                               const struct arg_list *words)
{
    const char *what = words->count ? words->values[0] : "";
    if (args->map && words->count == 1) {
        return inspect_map(settings, args, what);
    }
    if (strcmp(what, "series") == 0 && words->count == 2) {
        return inspect_series(settings, words->values[1]);
    }
    if (strcmp(what, "state") == 0 && words->count == 1) {
        return inspect_state(settings);
    }
    if (strcmp(what, "model") == 0 && words->count == 1) {
        return inspect_model(settings);
    }
    if (strcmp(what, "layout") == 0 && words->count == 1) {
        return inspect_layout(settings);
    }
    return status_new(STATUS_USAGE, "inspect: expected series SKU@LOCATION, model, state, layout, "
                                    "or --map MAP with a file or topic");
}

static struct status *run(int argc, char **argv)
{
    struct inspect_args args = {.limit = 1000, .show = 5};
    struct arg_list words = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, &words));
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    struct status *st = dispatch(&settings, &args, &words);
    settings_fini(&settings);
    return st;
}

const struct command command_inspect = {&SPEC, run};
