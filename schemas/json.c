/* JSON decoder without recursion.
 *
 *   items   finished values that wait for their container to close (a stack)
 *   frames  open containers: where their children begin in `items`
 *
 *   {"a":[1,2   ->   frames: { first 0, key a } [ first 0 ]     items: 1 2
 *
 * A container that closes copies its children from `items` into the arena, exactly sized, and
 * becomes one value of its parent. Cost: one pass over the bytes plus 48 B moved twice a value.
 */
#include "schemas/json.h"

#include "schemas/datum_twins.h"
#include "schemas/decode_path.h"
#include "schemas/utf8.h"

#include <stdlib.h>

enum {
    ITEMS_FIRST = 128, /* on the stack; beyond it in the arena */
    EXACT_DIGITS = 18, /* always fit int64 */
    NUMBER_BYTES_MAX = 1100,
};

struct frame {
    uint32_t first; /* of its children in items */
    bool is_object;
    bool has_key;
    struct slice key; /* of the child that is being read */
};

struct parse {
    const char *at, *end, *start;
    struct arena *arena;
    struct decode_error *error;
    struct datum *items;
    uint32_t count, capacity;
    uint32_t depth;
    struct frame frames[JSON_DEPTH_MAX];
    struct datum first_items[ITEMS_FIRST];
};

static bool __attribute__((cold, noinline))
refuse(struct parse *parse, const char *reason, const char *where)
{
    struct decode_error *error = parse->error;
    error->reason = reason;
    error->offset = (size_t)(where - parse->start);
    error->field[0] = 0;
    for (uint32_t i = 0; i < parse->depth; i++) {
        const struct frame *frame = &parse->frames[i];
        uint32_t behind = i + 1 < parse->depth ? parse->frames[i + 1].first : parse->count;
        if (!frame->is_object) {
            decode_path_index(error, behind - frame->first);
        } else if (frame->has_key) {
            decode_path_name(error, frame->key);
        }
    }
    return false;
}

static inline void skip_blanks(struct parse *parse)
{
    const char *at = parse->at;
    while (at < parse->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) {
        at++;
    }
    parse->at = at;
}

static bool hex4(const char *at, const char *end, uint32_t *out)
{
    if (end - at < 4) {
        return false;
    }
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 32) >= 'a' && (c | 32) <= 'f') {
            digit = (uint32_t)((c | 32) - 'a') + 10;
        } else {
            return false;
        }
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static size_t utf8_put(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 63));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 63));
        out[2] = (char)(0x80 | (code & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 63));
    out[2] = (char)(0x80 | (code >> 6 & 63));
    out[3] = (char)(0x80 | (code & 63));
    return 4;
}

/* The escape at *at (behind the backslash); moves *at behind it. Returns bytes written, 0 refused.
 */
static size_t unescape(const char **at, const char *end, char *out)
{
    static const char FROM[] = "\"\\/bfnrt", TO[] = "\"\\/\b\f\n\r\t";
    const char *here = *at;
    if (here == end) {
        return 0;
    }
    if (*here != 'u') {
        const char *found = *here ? strchr(FROM, *here) : NULL;
        if (!found) {
            return 0;
        }
        *out = TO[found - FROM];
        *at = here + 1;
        return 1;
    }
    uint32_t code, low;
    if (!hex4(here + 1, end, &code)) {
        return 0;
    }
    here += 5;
    if (code >= 0xd800 && code <= 0xdfff) {
        if (code > 0xdbff || end - here < 6 || here[0] != '\\' || here[1] != 'u' ||
            !hex4(here + 2, end, &low) || low < 0xdc00 || low > 0xdfff) {
            return 0;
        }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        here += 6;
    }
    *at = here;
    return utf8_put(out, code);
}

/* The end of a string literal (its quote), with what its bytes need. */
static const char *string_end(struct parse *parse, bool *has_escapes, bool *has_wide)
{
    unsigned char wide = 0;
    bool escapes = false;
    const char *at = parse->at;
    while (at < parse->end) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"') {
            *has_escapes = escapes;
            *has_wide = wide & 0x80;
            return at;
        }
        if (byte < 0x20) {
            refuse(parse, "control character in a string", at);
            return NULL;
        }
        wide |= byte;
        if (byte == '\\') {
            escapes = true;
            if (++at == parse->end) {
                break;
            }
            if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x80) {
                refuse(parse, "bad escape in a string", at);
                return NULL;
            }
        }
        at++;
    }
    refuse(parse, "string does not end", parse->at - 1);
    return NULL;
}

/* parse->at is behind the opening quote. */
static bool string(struct parse *parse, struct slice *out)
{
    bool has_escapes, has_wide;
    const char *from = parse->at;
    const char *end = string_end(parse, &has_escapes, &has_wide);
    if (!end) {
        return false;
    }
    size_t bytes = (size_t)(end - from);
    if (has_wide) {
        size_t valid = utf8_valid(from, bytes);
        if (valid != bytes) {
            return refuse(parse, "text is not valid UTF-8", from + valid);
        }
    }
    parse->at = end + 1;
    if (!has_escapes) {
        *out = (struct slice){from, bytes};
        return true;
    }
    char *copy = arena_alloc(parse->arena, bytes);
    if (!copy) {
        return refuse(parse, DATUM_TOO_LARGE, from);
    }
    size_t used = 0;
    for (const char *at = from; at < end;) {
        if (*at != '\\') {
            copy[used++] = *at++;
            continue;
        }
        const char *escape = at++;
        size_t added = unescape(&at, end, copy + used);
        if (!added) {
            return refuse(parse, "bad escape in a string", escape);
        }
        used += added;
    }
    *out = (struct slice){copy, used};
    return true;
}

/* A number that is no short decimal: whole numbers of 19 digits may fit, the rest is a double. */
static bool __attribute__((noinline))
long_number(struct parse *parse, const char *from, struct datum *out)
{
    out->text = (struct slice){from, (size_t)(parse->at - from)};
    if (out->text.bytes > NUMBER_BYTES_MAX) {
        return refuse(parse, "number is too long", from);
    }
    out->logical = DATUM_PLAIN;
    if (datum_scaled_text(out->text, 0, &out->i64) == DATUM_NUMBER_OK) {
        out->kind = DATUM_INT;
        return true;
    }
    char copy[NUMBER_BYTES_MAX + 1];
    memcpy(copy, from, out->text.bytes);
    copy[out->text.bytes] = 0;
    out->kind = DATUM_DOUBLE;
    out->f64 = strtod(copy, NULL);
    return true;
}

static bool number(struct parse *parse, struct datum *out)
{
    const char *from = parse->at, *at = from, *end = parse->end;
    bool negative = *at == '-';
    at += negative;
    const char *digits = at;
    uint64_t value = 0;
    while (at < end && *at >= '0' && *at <= '9') {
        value = value * 10 + (uint64_t)(*at++ - '0'); /* wraps only beyond EXACT_DIGITS */
    }
    if (at == digits || (*digits == '0' && at - digits > 1)) {
        return refuse(parse, at == digits ? "unexpected character" : "number begins with 0", from);
    }
    ptrdiff_t length = at - digits, scale = 0;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        while (at < end && *at >= '0' && *at <= '9') {
            value = value * 10 + (uint64_t)(*at++ - '0');
        }
        scale = at - fraction;
        length += scale;
        if (!scale) {
            return refuse(parse, "number has no digits behind its point", at);
        }
    }
    bool has_exponent = at < end && (*at | 32) == 'e';
    if (has_exponent) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        const char *power = at;
        while (at < end && *at >= '0' && *at <= '9') {
            at++;
        }
        if (at == power) {
            return refuse(parse, "number has no digits in its exponent", at);
        }
    }
    parse->at = at;
    if (has_exponent || length > EXACT_DIGITS) {
        return long_number(parse, from, out);
    }
    out->kind = scale ? DATUM_DECIMAL : DATUM_INT;
    out->logical = DATUM_PLAIN;
    out->scale = (int16_t)scale;
    out->text = (struct slice){from, (size_t)(at - from)};
    out->i64 = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

static bool word(struct parse *parse, const char *text, size_t bytes)
{
    if ((size_t)(parse->end - parse->at) < bytes || memcmp(parse->at, text, bytes) != 0) {
        return refuse(parse, "unexpected character", parse->at);
    }
    parse->at += bytes;
    return true;
}

/* One value that is no container. */
static bool scalar(struct parse *parse, struct datum *out)
{
    switch (*parse->at) {
    case '"':
        parse->at++;
        out->kind = DATUM_TEXT;
        return string(parse, &out->text);
    case 't':
        out->kind = DATUM_BOOL;
        out->boolean = true;
        return word(parse, "true", 4);
    case 'f':
        out->kind = DATUM_BOOL;
        out->boolean = false;
        return word(parse, "false", 5);
    case 'n':
        out->kind = DATUM_NULL;
        return word(parse, "null", 4);
    default:
        return number(parse, out);
    }
}

static bool items_grow(struct parse *parse)
{
    if (parse->capacity >= UINT32_MAX / 4) {
        return false;
    }
    uint32_t capacity = parse->capacity * 4;
    struct datum *items = arena_alloc(parse->arena, capacity * sizeof *items);
    if (!items) {
        return false;
    }
    memcpy(items, parse->items, parse->count * sizeof *items);
    parse->items = items;
    parse->capacity = capacity;
    return true;
}

/* The innermost container is complete: it becomes *out. */
static bool container_close(struct parse *parse, struct datum *out)
{
    struct frame *frame = &parse->frames[parse->depth - 1];
    frame->has_key = false;
    uint32_t count = parse->count - frame->first;
    *out = (struct datum){.kind = frame->is_object ? DATUM_RECORD : DATUM_ARRAY, .count = count};
    if (count) {
        out->children = arena_alloc(parse->arena, count * sizeof *out->children);
        if (!out->children) {
            return refuse(parse, DATUM_TOO_LARGE, parse->at);
        }
        memcpy(out->children, parse->items + frame->first, count * sizeof *out->children);
    }
    if (frame->is_object) {
        const char *reason = datum_twins(parse->arena, out->children, count);
        if (reason) {
            return refuse(parse, reason, parse->at);
        }
    }
    parse->count = frame->first;
    parse->depth--;
    return true;
}

/* `"name":` of the next member. */
static bool member_name(struct parse *parse)
{
    struct frame *frame = &parse->frames[parse->depth - 1];
    frame->has_key = false;
    skip_blanks(parse);
    if (parse->at == parse->end || *parse->at != '"') {
        return refuse(parse, "expected a name in quotes", parse->at);
    }
    parse->at++;
    if (!string(parse, &frame->key)) {
        return false;
    }
    frame->has_key = true;
    skip_blanks(parse);
    if (parse->at == parse->end || *parse->at != ':') {
        return refuse(parse, "expected ':' behind a name", parse->at);
    }
    parse->at++;
    return true;
}

/* Behind an opening bracket: true in *is_empty and *out when it closes at once. */
static bool container_open(struct parse *parse, bool *is_empty, struct datum *out)
{
    bool is_object = *parse->at == '{';
    if (parse->depth == JSON_DEPTH_MAX) {
        return refuse(parse, "nested too deeply", parse->at);
    }
    parse->frames[parse->depth++] = (struct frame){.first = parse->count, .is_object = is_object};
    parse->at++;
    skip_blanks(parse);
    *is_empty = parse->at < parse->end && *parse->at == (is_object ? '}' : ']');
    if (*is_empty) {
        parse->at++;
        return container_close(parse, out);
    }
    return !is_object || member_name(parse);
}

static bool item_push(struct parse *parse, const struct datum *value)
{
    if (parse->count == parse->capacity && !items_grow(parse)) {
        return refuse(parse, DATUM_TOO_LARGE, parse->at);
    }
    const struct frame *frame = &parse->frames[parse->depth - 1];
    struct datum *item = &parse->items[parse->count++];
    *item = *value;
    item->name = frame->key;
    return true;
}

/* A value is complete: hand it upwards until a container goes on. *done at the root. */
static bool value_end(struct parse *parse, struct datum *value, bool *done)
{
    while (parse->depth) {
        if (!item_push(parse, value)) {
            return false;
        }
        bool is_object = parse->frames[parse->depth - 1].is_object;
        skip_blanks(parse);
        if (parse->at == parse->end) {
            return refuse(parse, "message ends too early", parse->at);
        }
        char c = *parse->at;
        if (c == ',') {
            parse->at++;
            return !is_object || member_name(parse);
        }
        if (c != (is_object ? '}' : ']')) {
            return refuse(parse, is_object ? "expected ',' or '}'" : "expected ',' or ']'",
                          parse->at);
        }
        parse->at++;
        if (!container_close(parse, value)) {
            return false;
        }
    }
    *done = true;
    return true;
}

static bool root(struct parse *parse, struct datum *out)
{
    for (bool done = false; !done;) {
        skip_blanks(parse);
        if (parse->at == parse->end) {
            return refuse(parse, "message ends too early", parse->at);
        }
        struct datum value = {.kind = DATUM_NULL};
        if (*parse->at == '{' || *parse->at == '[') {
            bool is_empty = false;
            if (!container_open(parse, &is_empty, &value)) {
                return false;
            }
            if (!is_empty) {
                continue;
            }
        } else if (!scalar(parse, &value)) {
            return false;
        }
        if (!value_end(parse, &value, &done)) {
            return false;
        }
        *out = value;
    }
    skip_blanks(parse);
    return parse->at == parse->end || refuse(parse, "something follows the value", parse->at);
}

bool json_decode(struct arena *arena, struct slice message, struct datum **out,
                 struct decode_error *error)
{
    struct parse parse; /* not zeroed: 8 KiB, of which most is never touched */
    if (!message.bytes) {
        message.data = ""; /* may be NULL */
    }
    parse.start = parse.at = message.data;
    parse.end = message.data + message.bytes;
    parse.arena = arena;
    parse.error = error;
    parse.items = parse.first_items;
    parse.capacity = ITEMS_FIRST;
    parse.count = parse.depth = 0;
    if (!message.bytes) {
        return refuse(&parse, "message is empty", message.data);
    }
    struct datum *value = arena_alloc(arena, sizeof *value);
    if (!value) {
        return refuse(&parse, DATUM_TOO_LARGE, message.data);
    }
    struct datum found;
    if (!root(&parse, &found)) {
        return false;
    }
    *value = found;
    *out = value;
    return true;
}
