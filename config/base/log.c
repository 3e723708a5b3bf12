#include "config/base/log.h"

#include "config/base/buf.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LOG_PER_SECOND = 10 };

static _Atomic int least_level = LOG_LEVEL_INFO;
static _Atomic int chosen_format = LOG_FORMAT_AUTO;

void log_set(enum log_level least, enum log_format format)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&chosen_format, (int)format);
}

/* A second's share of one call site; errors are never left out. */
static bool allowed(struct log_site *site, int64_t now_s, int32_t *left_out)
{
    *left_out = 0;
    int64_t window = __atomic_load_n(&site->window_s, __ATOMIC_RELAXED);
    if (window != now_s && __atomic_compare_exchange_n(&site->window_s, &window, now_s, false,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        __atomic_store_n(&site->in_window, 0, __ATOMIC_RELAXED);
        *left_out = __atomic_exchange_n(&site->left_out, 0, __ATOMIC_RELAXED);
    }
    if (__atomic_add_fetch(&site->in_window, 1, __ATOMIC_RELAXED) > LOG_PER_SECOND) {
        __atomic_add_fetch(&site->left_out, 1, __ATOMIC_RELAXED);
        return false;
    }
    return true;
}

static void put_json_text(struct buf *line, const char *text)
{
    buf_byte(line, '"');
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at == '"' || *at == '\\') {
            buf_byte(line, '\\');
            buf_byte(line, *at);
        } else if (*at < 0x20) {
            buf_print(line, "\\u%04x", *at);
        } else {
            buf_byte(line, *at);
        }
    }
    buf_byte(line, '"');
}

static void put_json_field(struct buf *line, const struct log_field *field)
{
    buf_byte(line, ',');
    put_json_text(line, field->name);
    buf_byte(line, ':');
    if (field->type == LOG_FIELD_TEXT) {
        put_json_text(line, field->text);
    } else if (field->type == LOG_FIELD_I64) {
        buf_print(line, "%" PRId64, field->i64);
    } else {
        buf_print(line, "%.9g", field->f64);
    }
}

static void put_text_field(struct buf *line, const struct log_field *field)
{
    buf_print(line, " %s=", field->name);
    if (field->type == LOG_FIELD_TEXT) {
        for (const char *at = field->text; *at; at++) { /* one line, whatever the text holds */
            buf_byte(line, (unsigned char)*at < 0x20 ? ' ' : (unsigned char)*at);
        }
    } else if (field->type == LOG_FIELD_I64) {
        buf_print(line, "%" PRId64, field->i64);
    } else {
        buf_print(line, "%.6g", field->f64);
    }
}

static void put_time(struct buf *line, const struct timespec *now)
{
    struct tm utc;
    char text[32];
    gmtime_r(&now->tv_sec, &utc);
    if (strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc)) {
        buf_print(line, "%s.%03ldZ", text, now->tv_nsec / 1000000);
    }
}

static void format_line(struct buf *line, const struct timespec *now, enum log_level level,
                        const char *component, const char *message, const struct log_field *fields,
                        int count)
{
    static const char *const NAMES[] = {"debug", "info", "warn", "error"};
    int format = atomic_load(&chosen_format);
    bool text = format == LOG_FORMAT_TEXT || (format == LOG_FORMAT_AUTO && isatty(STDERR_FILENO));
    if (text) {
        put_time(line, now);
        buf_print(line, " %-5s %s %s", NAMES[level], component, message);
    } else {
        buf_text(line, "{\"time\":\"");
        put_time(line, now);
        buf_print(line, "\",\"level\":\"%s\",\"component\":", NAMES[level]);
        put_json_text(line, component);
        buf_text(line, ",\"message\":");
        put_json_text(line, message);
    }
    for (int i = 0; i < count; i++) {
        if (text) {
            put_text_field(line, &fields[i]);
        } else {
            put_json_field(line, &fields[i]);
        }
    }
    buf_text(line, text ? "\n" : "}\n");
}

void log_write(struct log_site *site, enum log_level level, const char *component,
               const char *message, const struct log_field *fields, int count)
{
    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed)) {
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int32_t left_out;
    if (!allowed(site, now.tv_sec, &left_out) && level != LOG_LEVEL_ERROR) {
        return;
    }
    struct buf line = {0};
    format_line(&line, &now, level, component, message, fields, count);
    if (left_out) {
        struct log_field field = log_i64("left_out", left_out);
        format_line(&line, &now, level, component, "lines like the one before were left out",
                    &field, 1);
    }
    ssize_t written = write(STDERR_FILENO, line.data, line.bytes);
    (void)written; /* a log that cannot be written has nowhere to say so */
    buf_fini(&line);
}
