#include "stream/file_ingest.h"

#include "config/base/ensure.h"
#include "stream/csv_message.h"
#include "stream/ingest_settings.h"
#include "stream/map.h"

#include <stdlib.h>

enum { SEAL_BYTES = 1 << 20 };

struct file {
    struct csv_messages *messages;
    int64_t offset;
    bool done;
};

struct file_ingest {
    struct outbox *lines_ref;
    struct map *map;
    struct ingest *ingest;
    size_t count;
    struct file file[FILE_INGEST_MOST];
};

static struct status *open_all(struct file_ingest *files, const struct file_ingest_options *options)
{
    const struct settings *settings = options->settings;
    TRY(map_load(options->map, settings->zone, &files->map));
    struct ingest_options ingest =
        ingest_settings_files(settings, options->lines_partitions, files->map);
    TRY(ingest_create(&ingest, files->lines_ref, &files->ingest));
    ingest_clock(files->ingest, options->clock_ms);
    ingest_roster(files->ingest, (int32_t)files->count, 0);
    for (size_t f = 0; f < files->count; f++) {
        TRY(csv_messages_open(options->paths[f], files->map, &files->file[f].messages));
        ingest_foreign(files->ingest, INPUT_ORDERS, (int32_t)f, NULL, true);
        ingest_assign(files->ingest, INPUT_ORDERS, (int32_t)f, 0, NULL);
    }
    return NULL;
}

struct status *file_ingest_open(const struct file_ingest_options *options, struct outbox *lines,
                                struct file_ingest **out)
{
    if (options->count > FILE_INGEST_MOST) {
        return status_new(STATUS_USAGE, "more than %d files of orders", FILE_INGEST_MOST);
    }
    struct file_ingest *files = calloc(1, sizeof *files);
    if (!files) {
        return status_new(STATUS_NO_MEMORY, "out of memory for files of orders");
    }
    files->lines_ref = lines;
    files->count = options->count;
    struct status *st = open_all(files, options);
    if (st) {
        file_ingest_close(files);
        return st;
    }
    *out = files;
    return NULL;
}

void file_ingest_close(struct file_ingest *files)
{
    if (files) {
        ingest_destroy(files->ingest);
        for (size_t f = 0; f < files->count; f++) {
            csv_messages_close(files->file[f].messages);
        }
        map_destroy(files->map);
        free(files);
    }
}

static struct status *read_file(struct file_ingest *files, int32_t f)
{
    struct file *file = &files->file[f];
    const struct datum *message;
    struct slice original;
    while (!file->done && ingest_wants(files->ingest, INPUT_ORDERS, f)) {
        TRY(csv_messages_next(file->messages, &message, &original));
        if (!message) {
            file->done = true;
            ingest_at_end(files->ingest, INPUT_ORDERS, f);
            break;
        }
        ingest_read_datum(files->ingest, INPUT_ORDERS, f, file->offset++, message, original);
    }
    return NULL;
}

struct status *file_ingest_read(struct file_ingest *files, bool *more)
{
    struct ingest_offset offsets[FILE_INGEST_MOST * 2];
    do {
        *more = false;
        for (size_t f = 0; f < files->count; f++) {
            TRY(read_file(files, (int32_t)f));
            *more |= !files->file[f].done;
        }
        while (ingest_write(files->ingest)) {
            *more = true;
        }
    } while (*more && outbox_bytes(files->lines_ref) <= SEAL_BYTES);
    if (ingest_dirty(files->ingest)) { /* nobody goes back: what is sealed counts */
        (void)ingest_seal(files->ingest, offsets, FILE_INGEST_MOST * 2);
        ingest_committed(files->ingest);
    }
    ASSERT(*more || ingest_ended(files->ingest));
    return NULL;
}

void file_ingest_progress(const struct file_ingest *files, uint64_t *done, uint64_t *total)
{
    *done = *total = 0;
    for (size_t f = 0; f < files->count; f++) {
        uint64_t part, whole;
        csv_messages_progress(files->file[f].messages, &part, &whole);
        *done += part;
        *total += whole;
    }
}

const struct ingest_counts *file_ingest_counts(const struct file_ingest *files)
{
    return ingest_counts(files->ingest);
}

const struct zone *file_ingest_zone(const struct file_ingest *files)
{
    return map_zone(files->map);
}
