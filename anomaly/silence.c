#include "anomaly/silence.h"

#include <string.h>

static const int64_t DAY_MS = 86400000;

/* The next part up to one of `ends`; *text moves behind it. Spaces around it are not part of it. */
static struct slice part(const char **text, const char *ends)
{
    const char *at = *text + strspn(*text, " ");
    size_t bytes = strcspn(at, ends);
    *text = at + bytes + (at[bytes] != '\0');
    while (bytes && at[bytes - 1] == ' ') {
        bytes--;
    }
    return (struct slice){at, bytes};
}

static bool fits(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.bytes) {
        if (p < pattern.bytes && pattern.data[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.bytes && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.bytes;
}

/* KEY=VALUE; false: it is none. */
static bool split(struct slice word, struct slice *key, struct slice *value)
{
    const char *equals = memchr(word.data, '=', word.bytes);
    if (!equals || equals == word.data || equals + 1 == word.data + word.bytes) {
        return false;
    }
    *key = (struct slice){word.data, (size_t)(equals - word.data)};
    *value = (struct slice){equals + 1, word.bytes - key->bytes - 1};
    return true;
}

/* Set of 1 << kind; 0: a name is not known. */
static uint32_t kinds_of(struct slice names)
{
    uint32_t kinds = 0;
    for (size_t at = 0; at <= names.bytes;) {
        size_t end = at;
        while (end < names.bytes && names.data[end] != ',') {
            end++;
        }
        struct slice name = {names.data + at, end - at};
        uint32_t found = 0;
        for (int kind = 0; kind < ALERT_KINDS; kind++) {
            found |= slice_is(name, alert_kind_name((enum alert_kind)kind)) ? 1u << kind : 0;
        }
        if (!found) {
            return 0;
        }
        kinds |= found;
        at = end + 1;
    }
    return kinds;
}

static const char *wrong_with(struct slice word)
{
    struct slice key, value;
    int64_t ms;
    bool offset;
    if (!split(word, &key, &value)) {
        return "expected KEY=VALUE";
    }
    if (slice_is(key, "kind")) {
        return kinds_of(value) ? NULL : "there is no such kind";
    }
    if (slice_is(key, "until")) {
        return civil_parse(value, &ms, &offset) ? NULL : "expected a date YYYY-MM-DD";
    }
    return slice_is(key, "sku") || slice_is(key, "location")
               ? NULL
               : "expected kind, sku, location or until";
}

struct status *silence_check(const char *rules)
{
    for (int number = 1; *rules; number++) {
        struct slice rule = part(&rules, ";");
        const char *at = rule.data, *end = rule.data + rule.bytes;
        if (at == end) {
            return status_new(STATUS_CONFIG, "alerts.silence: rule %d is empty", number);
        }
        while (at < end) {
            struct slice word = part(&at, " ;");
            const char *wrong = wrong_with(word);
            if (wrong) {
                return status_new(STATUS_CONFIG, "alerts.silence: rule %d, '%.*s': %s", number,
                                  (int)word.bytes, word.data, wrong);
            }
        }
    }
    return NULL;
}

static bool holds(struct slice word, enum alert_kind kind, struct slice sku, struct slice location,
                  int64_t now_ms)
{
    struct slice key, value;
    int64_t until_ms;
    bool offset;
    if (!split(word, &key, &value)) {
        return false;
    }
    if (slice_is(key, "kind")) {
        return kinds_of(value) & 1u << kind;
    }
    if (slice_is(key, "until")) {
        return civil_parse(value, &until_ms, &offset) && now_ms < until_ms + DAY_MS;
    }
    return fits(value, slice_is(key, "sku") ? sku : location);
}

bool silence_holds(const char *rules, enum alert_kind kind, struct slice sku, struct slice location,
                   int64_t now_ms)
{
    while (*rules) {
        struct slice rule = part(&rules, ";");
        const char *at = rule.data, *end = rule.data + rule.bytes;
        bool all = at < end;
        while (at < end && all) {
            all = holds(part(&at, " ;"), kind, sku, location, now_ms);
        }
        if (all) {
            return true;
        }
    }
    return false;
}
