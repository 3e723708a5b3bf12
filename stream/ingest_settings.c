#include "stream/ingest_settings.h"

struct ingest_options ingest_settings_topics(const struct settings *settings,
                                             int32_t lines_partitions)
{
    const struct stream_options *stream = &settings->stream;
    return (struct ingest_options){.buckets = &settings->buckets,
                                   .lines_partitions = lines_partitions,
                                   .replay = stream->time_mode == TIME_REPLAY,
                                   .lateness_ms = stream->lateness_ms,
                                   .max_lead_ms = settings_max_lead_ms(settings),
                                   .idle_timeout_ms = stream->idle_timeout_ms,
                                   .tick_interval_ms = stream->tick_interval_ms,
                                   .idle_tick_interval_ms = stream->idle_tick_interval_ms,
                                   .future_bound_ms = stream->future_bound_ms,
                                   .max_quantity = stream->max_quantity};
}

struct ingest_options ingest_settings_files(const struct settings *settings,
                                            int32_t lines_partitions, const struct map *map)
{
    static const char *const TOPICS[INPUT_COUNT] = {"orders", "stock", "items", "feedback"};
    struct ingest_options options = ingest_settings_topics(settings, lines_partitions);
    for (int input = 0; input < INPUT_COUNT; input++) {
        options.topics[input] = TOPICS[input];
    }
    options.maps[INPUT_ORDERS] = map;
    options.replay = options.end_is_final = options.until_end = true;
    return options;
}
