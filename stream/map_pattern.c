#include "stream/map_pattern.h"

/* Matching keeps the set of text positions that the atoms so far can end at (Thompson's
 * construction, with the positions as the set): each atom maps one set to the next. With one
 * position in the set, the usual case for codes, an atom is one run over the text. */

enum { POSITIONS = MAP_PATTERN_TEXT_MAX + 1, WORDS = POSITIONS / 64 };

static void take(struct map_atom *atom, unsigned char byte)
{
    atom->bytes[byte / 64] |= 1ULL << (byte % 64);
}

static bool takes(const struct map_atom *atom, unsigned char byte)
{
    return (atom->bytes[byte / 64] >> (byte % 64)) & 1;
}

/* Behind the '['; returns the place behind the ']' or NULL. */
static const char *parse_class(const char *at, const char *end, struct map_atom *atom,
                               const char **problem)
{
    bool negated = at < end && *at == '^';
    at += negated;
    for (bool first = true; at < end && (*at != ']' || first); first = false) {
        at += *at == '\\' && at + 1 < end;
        unsigned char low = (unsigned char)*at++, high = low;
        if (end - at >= 2 && at[0] == '-' && at[1] != ']') {
            high = (unsigned char)at[1];
            at += 2;
        }
        if (high < low) {
            *problem = "the range of a class runs backwards";
            return NULL;
        }
        for (unsigned byte = low; byte <= high; byte++) {
            take(atom, (unsigned char)byte);
        }
    }
    if (at == end) {
        *problem = "'[' without ']'";
        return NULL;
    }
    for (int i = 0; i < 4 && negated; i++) {
        atom->bytes[i] = ~atom->bytes[i];
    }
    return at + 1;
}

static const char *parse_count(const char *at, const char *end, uint16_t *out)
{
    unsigned value = 0;
    const char *start = at;
    for (; at < end && *at >= '0' && *at <= '9' && at - start < 3; at++) {
        value = value * 10 + (unsigned)(*at - '0');
    }
    *out = (uint16_t)value;
    return at == start || value > MAP_PATTERN_TEXT_MAX ? NULL : at;
}

/* Behind the '{'. */
static const char *parse_counts(const char *at, const char *end, struct map_atom *atom,
                                const char **problem)
{
    *problem = "a repetition is {n}, {n,} or {n,m}, at most 255";
    at = parse_count(at, end, &atom->least);
    if (!at || at == end) {
        return NULL;
    }
    atom->most = atom->least;
    if (*at == ',') {
        at++;
        atom->most = MAP_PATTERN_MANY;
        if (at < end && *at != '}') {
            at = parse_count(at, end, &atom->most);
        }
    }
    if (!at || at == end || *at != '}' || atom->most < atom->least) {
        return NULL;
    }
    return at + 1;
}

static const char *parse_atom(const char *at, const char *end, struct map_atom *atom,
                              const char **problem)
{
    *atom = (struct map_atom){.least = 1, .most = 1};
    char byte = *at++;
    if (byte == '[') {
        return parse_class(at, end, atom, problem);
    }
    if (byte == '.') {
        memset(atom->bytes, 0xff, sizeof atom->bytes);
        return at;
    }
    if (memchr("*+?{}])(|^$", byte, 11)) {
        *problem = "a special character needs \\ before it (groups, | and anchors do not exist)";
        return NULL;
    }
    if (byte == '\\') {
        if (at == end) {
            *problem = "'\\' at the end";
            return NULL;
        }
        byte = *at++;
    }
    take(atom, (unsigned char)byte);
    return at;
}

bool map_pattern_parse(struct slice text, struct map_pattern *out, const char **problem)
{
    const char *at = text.data, *end = text.data + text.bytes;
    out->atom_count = 0;
    while (at < end) {
        if (out->atom_count == MAP_PATTERN_ATOMS_MAX) {
            *problem = "more than 32 parts";
            return false;
        }
        struct map_atom *atom = &out->atoms[out->atom_count++];
        at = parse_atom(at, end, atom, problem);
        if (at && at < end) {
            if (*at == '*' || *at == '+') {
                atom->least = *at++ == '+';
                atom->most = MAP_PATTERN_MANY;
            } else if (*at == '?') {
                atom->least = 0;
                at++;
            } else if (*at == '{') {
                at = parse_counts(at + 1, end, atom, problem);
            }
        }
        if (!at) {
            return false;
        }
    }
    return true;
}

static void mark(uint64_t *set, size_t position)
{
    set[position / 64] |= 1ULL << (position % 64);
}

/* All positions that the atom can reach from `start`. */
static bool reach(const struct map_atom *atom, struct slice text, size_t start, uint64_t *set)
{
    bool any = false;
    for (size_t count = 0;; count++) {
        if (count >= atom->least) {
            mark(set, start + count);
            any = true;
        }
        if (count == atom->most || start + count == text.bytes ||
            !takes(atom, (unsigned char)text.data[start + count])) {
            return any;
        }
    }
}

bool map_pattern_match(const struct map_pattern *pattern, struct slice text)
{
    if (text.bytes > MAP_PATTERN_TEXT_MAX) {
        return false;
    }
    uint64_t set[WORDS] = {1};
    for (uint32_t i = 0; i < pattern->atom_count; i++) {
        uint64_t next[WORDS] = {0};
        bool any = false;
        for (size_t word = 0; word <= text.bytes / 64; word++) {
            for (uint64_t left = set[word]; left; left &= left - 1) {
                size_t start = word * 64 + (size_t)__builtin_ctzll(left);
                any = reach(&pattern->atoms[i], text, start, next) || any;
            }
        }
        if (!any) {
            return false;
        }
        memcpy(set, next, sizeof set);
    }
    return (set[text.bytes / 64] >> (text.bytes % 64)) & 1;
}
