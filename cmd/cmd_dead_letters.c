#include "cmd/command.h"
#include "stream/sender.h"
#include "stream/topic_reader.h"

#include <inttypes.h>
#include <string.h>

struct dead_args {
    const char *config, *reason, *topic;
    struct arg_list sets;
    int64_t limit;
    bool all;
};

static const struct arg ROWS[] = {
    {"config", ARG_TEXT, "FILE", "configuration file", offsetof(struct dead_args, config)},
    {"set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated",
     offsetof(struct dead_args, sets)},
    {"reason", ARG_TEXT, "TEXT", "only letters whose reason holds this text",
     offsetof(struct dead_args, reason)},
    {"topic", ARG_TEXT, "NAME", "only letters from this topic", offsetof(struct dead_args, topic)},
    {"limit", ARG_INT, "N", "at most so many (show: 100)", offsetof(struct dead_args, limit)},
    {"all", ARG_FLAG, NULL, "replay: all letters, when no filter is given",
     offsetof(struct dead_args, all)},
};
static const struct arg_spec SPEC = {
    "dead-letters", "show|replay --config FILE [options]",
    "look at refused messages, and send them again once what was wrong is mended.\n"
    "show prints one line a letter. replay sends the original bytes to the topic they came from; "
    "canonical lines\n"
    "that came too late cannot be replayed and are counted.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

enum { SHOWN_BYTES = 120, SHOW_LIMIT = 100 };

struct letters {
    const struct dead_args *args;
    struct sender *sender; /* NULL: show */
    int64_t matched, replayed, late;
};

static struct slice header(const struct topic_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0) {
            return record->headers[i].value;
        }
    }
    return (struct slice){0};
}

static bool holds(struct slice text, const char *part)
{
    return !part || (text.data && memmem(text.data, text.bytes, part, strlen(part)));
}

static void print_bytes(struct slice bytes)
{
    for (size_t i = 0; i < bytes.bytes && i < SHOWN_BYTES; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if (c >= 0x20 && c < 0x7f) {
            putchar(c);
        } else {
            printf("\\x%02x", c);
        }
    }
    printf("%s", bytes.bytes > SHOWN_BYTES ? "..." : "");
}

static void show(const struct topic_record *record)
{
    struct slice topic = header(record, "topic"), partition = header(record, "partition"),
                 offset = header(record, "offset"), reason = header(record, "reason"),
                 field = header(record, "field");
    printf("%" PRId32 "/%" PRId64 " from %.*s[%.*s]@%.*s: %.*s", record->partition, record->offset,
           (int)topic.bytes, topic.data, (int)partition.bytes, partition.data, (int)offset.bytes,
           offset.data, (int)reason.bytes, reason.data);
    if (field.bytes) {
        printf(" (%.*s)", (int)field.bytes, field.data);
    }
    printf(" key ");
    print_bytes(record->key);
    printf(" value %zu bytes ", record->value.bytes);
    print_bytes(record->value);
    putchar('\n');
}

static struct status *replay(struct letters *letters, const struct topic_record *record)
{
    struct slice topic = header(record, "topic");
    char name[256];
    if (!topic.bytes || topic.bytes >= sizeof name) {
        return NULL;
    }
    if (header(record, "line").data) {
        letters->late++; /* a canonical line of PLAN, not a message of the shop */
        return NULL;
    }
    memcpy(name, topic.data, topic.bytes);
    name[topic.bytes] = '\0';
    letters->replayed++;
    return sender_put(letters->sender, name, -1, record->key, record->value);
}

static struct status *on_record(void *context, const struct topic_record *record)
{
    struct letters *letters = context;
    if (!holds(header(record, "reason"), letters->args->reason) ||
        (letters->args->topic && !slice_is(header(record, "topic"), letters->args->topic))) {
        return NULL;
    }
    if (letters->args->limit && letters->matched == letters->args->limit) {
        return status_new(STATUS_STOPPED, "enough");
    }
    letters->matched++;
    if (letters->sender) {
        return replay(letters, record);
    }
    show(record);
    return NULL;
}

static struct status *work(const struct settings *settings, struct letters *letters)
{
    TRY(topic_read(settings, settings->stream.topics[TOPIC_DEAD_LETTERS], -1, on_record, letters));
    if (!letters->sender) {
        fprintf(stderr, "%" PRId64 " letters\n", letters->matched);
        return NULL;
    }
    TRY(sender_flush(letters->sender, 60000));
    printf("%" PRId64 " sent again, %" PRId64 " too late to be sent\n", letters->replayed,
           letters->late);
    return NULL;
}

static struct status *run(int argc, char **argv)
{
    struct dead_args args = {0};
    struct arg_list words = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, &words));
    bool replaying = words.count == 1 && strcmp(words.values[0], "replay") == 0;
    if (words.count != 1 || (!replaying && strcmp(words.values[0], "show") != 0)) {
        return status_new(STATUS_USAGE, "dead-letters: expected one of show, replay");
    }
    if (replaying && !args.reason && !args.topic && !args.all) {
        return status_new(STATUS_USAGE,
                          "dead-letters replay: say which by --reason or --topic, or --all");
    }
    args.limit = !replaying && !args.limit ? SHOW_LIMIT : args.limit;
    struct settings settings;
    TRY(settings_load(args.config, args.sets.values, args.sets.count, &settings));
    struct letters letters = {.args = &args};
    struct status *st = replaying ? sender_open(&settings, &letters.sender) : NULL;
    st = st ? st : work(&settings, &letters);
    sender_close(letters.sender);
    settings_fini(&settings);
    return st;
}

const struct command command_dead_letters = {&SPEC, run};
