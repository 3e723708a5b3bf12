#include "config/base/log.h"

#include "config/base/buf.h"
#include "config/base/redact.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOG_PER_SECOND = 10, TEXT_BYTES_MAX = 4096 };

static _Atomic int least_level = LOG_LEVEL_INFO;
static _Atomic int chosen_format = LOG_FORMAT_AUTO;

void log_set(enum log_level least, enum log_format format)
{
    atomic_store(&least_level, (int)least);
    atomic_store(&chosen_format, (int)format);
}

/* A second's share of one call site. */
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

/* Bytes of the UTF-8 character at `at` (RFC 3629: shortest form, no surrogates), 0: it is none. */
static size_t utf8_length(const unsigned char *at)
{
    size_t length = at[0] < 0x80                     ? 1
                    : at[0] >= 0xc2 && at[0] < 0xe0  ? 2
                    : (at[0] & 0xf0) == 0xe0         ? 3
                    : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                     : 0;
    for (size_t i = 1; i < length; i++) { /* a NUL is no continuation: never beyond the end */
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f)) {
        return 0;
    }
    return length;
}

/* Texts come from anywhere (topics, errors of others); whatever they hold, the line is valid JSON.
 */
static void put_json_text(struct buf *line, const char *text)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + TEXT_BYTES_MAX;
    buf_byte(line, '"');
    while (*at && at < end) {
        size_t length = utf8_length(at);
        if (*at == '"' || *at == '\\') {
            buf_byte(line, '\\');
            buf_byte(line, *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            buf_print(line, "\\u%04x", *at);
        } else if (length) {
            buf_put(line, at, length);
        } else {
            buf_text(line, "\\ufffd");
        }
        at += length ? length : 1;
    }
    buf_text(line, *at ? "...\"" : "\"");
}

/* One line, whatever the text holds. */
static void put_plain(struct buf *line, const char *text)
{
    const char *at = text;
    for (; *at && at < text + TEXT_BYTES_MAX; at++) {
        unsigned char c = (unsigned char)*at;
        buf_byte(line, c < 0x20 || c == 0x7f ? ' ' : c);
    }
    buf_text(line, *at ? "..." : "");
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
    } else if (isfinite(field->f64)) {
        buf_print(line, "%.9g", field->f64);
    } else {
        buf_print(line, "\"%g\"", field->f64); /* JSON has no such number */
    }
}

static void put_text_field(struct buf *line, const struct log_field *field)
{
    buf_print(line, " %s=", field->name);
    if (field->type == LOG_FIELD_TEXT) {
        bool quote = !field->text[0] || strpbrk(field->text, " \t\n\"=");
        buf_text(line, quote ? "\"" : "");
        put_plain(line, field->text);
        buf_text(line, quote ? "\"" : "");
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
        buf_print(line, " %-5s %s ", NAMES[level], component);
        put_plain(line, message);
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
    if (!allowed(site, now.tv_sec, &left_out)) {
        return;
    }
    struct buf line = {0};
    format_line(&line, &now, level, component, message, fields, count);
    if (left_out) {
        struct log_field field = log_i64("left_out", left_out);
        format_line(&line, &now, level, component, "lines like the one before were left out",
                    &field, 1);
    }
    line.bytes = redact_addresses(line.data, line.bytes);
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line.data, line.bytes);
    } while (written < 0 && errno == EINTR); /* else: a log that fails has nowhere to say so */
    buf_fini(&line);
}
