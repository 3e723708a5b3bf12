/* Structured log: `level component message key=value ...`, one line each, to stderr; text on a
 * terminal, JSON otherwise (or as set). Rate-limited per call site (10 a second, then a count of
 * what was left out). model/, anomaly/ and optimize/ never log.
 *
 *     LOG_INFO("restore", "restored shard", log_i64("shard", 3), log_i64("records", n),
 * log_text("topic", topic));
 *
 * Thread: any. */
#ifndef RESTOCK_LOG_H
#define RESTOCK_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log_field {
    const char *name;
    enum { LOG_FIELD_NONE, LOG_FIELD_TEXT, LOG_FIELD_I64, LOG_FIELD_F64 } type;
    const char *text;
    int64_t i64;
    double f64;
};

struct log_site { /* one per call site, static */
    int64_t window_s; /* atomics inside log.c */
    int32_t in_window, left_out;
};

static inline struct log_field log_text(const char *name, const char *text)
{
    return (struct log_field){.name = name, .type = LOG_FIELD_TEXT, .text = text ? text : ""};
}

static inline struct log_field log_i64(const char *name, int64_t value)
{
    return (struct log_field){.name = name, .type = LOG_FIELD_I64, .i64 = value};
}

static inline struct log_field log_f64(const char *name, double value)
{
    return (struct log_field){.name = name, .type = LOG_FIELD_F64, .f64 = value};
}

void log_set(enum log_level least, enum log_format format);
void log_write(struct log_site *site, enum log_level level, const char *component,
               const char *message, const struct log_field *fields, int count);

#define LOG_AT(level, component, message, ...)                                                     \
    do {                                                                                           \
        static struct log_site log_site_;                                                          \
        const struct log_field log_fields_[] = {{.name = 0}, ##__VA_ARGS__};                       \
        log_write(&log_site_, (level), (component), (message), log_fields_ + 1,                    \
                  (int)(sizeof log_fields_ / sizeof log_fields_[0]) - 1);                          \
    } while (0)
#define LOG_DEBUG(component, message, ...)                                                         \
    LOG_AT(LOG_LEVEL_DEBUG, component, message, ##__VA_ARGS__)
#define LOG_INFO(component, message, ...) LOG_AT(LOG_LEVEL_INFO, component, message, ##__VA_ARGS__)
#define LOG_WARN(component, message, ...) LOG_AT(LOG_LEVEL_WARN, component, message, ##__VA_ARGS__)
#define LOG_ERROR(component, message, ...)                                                         \
    LOG_AT(LOG_LEVEL_ERROR, component, message, ##__VA_ARGS__)

#endif
