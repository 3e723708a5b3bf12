#include "optimize/glob.h"

#include "config/base/ensure.h"

#include <stdint.h>
#include <string.h>

/* Greedy, with one place to go back to: the last star (Krauss 2008). O(pattern x text) at worst. */
bool glob_matches(struct slice pattern, struct slice text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, from = 0;
    while (t < text.bytes) {
        if (p < pattern.bytes && pattern.data[p] == '*') {
            star = p++;
            from = t;
        } else if (p < pattern.bytes &&
                   (pattern.data[p] == '?' || pattern.data[p] == text.data[t])) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.bytes && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.bytes;
}

/* reach[j]: some text leads to place i of a and j of b. A star stays where it is or goes on. */
bool glob_meet(struct slice a, struct slice b)
{
    ASSERT(a.bytes <= GLOB_BYTES_MAX && b.bytes <= GLOB_BYTES_MAX);
    bool reach[GLOB_BYTES_MAX + 1] = {true}, next[GLOB_BYTES_MAX + 1];
    for (size_t i = 0; i <= a.bytes; i++) {
        memset(next, 0, sizeof next);
        bool star_a = i < a.bytes && a.data[i] == '*';
        for (size_t j = 0; j <= b.bytes; j++) {
            if (!reach[j]) {
                continue;
            }
            bool star_b = j < b.bytes && b.data[j] == '*';
            if (star_b || (star_a && j < b.bytes)) { /* an empty star of b; or one of a eats b[j] */
                reach[j + 1] = true;
            }
            if (star_a || (star_b && i < a.bytes)) {
                next[j] = true;
            }
            if (i < a.bytes && j < b.bytes && !star_a && !star_b &&
                (a.data[i] == '?' || b.data[j] == '?' || a.data[i] == b.data[j])) {
                next[j + 1] = true;
            }
        }
        if (i == a.bytes) {
            return reach[b.bytes];
        }
        memcpy(reach, next, sizeof reach);
    }
    return false;
}
