#include "config/base/redact.h"

#include <string.h>

static const char STARS[] = "***";

static int ends_address(char c)
{
    return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == ',' || c == '`' || c == '>' ||
           c == ')';
}

size_t redact_addresses(char *text, size_t bytes)
{
    if (bytes < 5) {
        return bytes;
    }
    for (size_t i = 0; i + 3 < bytes; i++) {
        if (memcmp(text + i, "://", 3) != 0) {
            continue;
        }
        /* The last @: people put one, and slashes, into passwords. */
        size_t from = i + 3, at = 0;
        for (size_t k = from; k < bytes && !ends_address(text[k]); k++) {
            at = text[k] == '@' ? k : at;
        }
        if (at > from) {
            size_t stars = at - from < sizeof STARS - 1 ? at - from : sizeof STARS - 1;
            memcpy(text + from, STARS, stars);
            memmove(text + from + stars, text + at, bytes - at);
            bytes -= at - from - stars;
            i = from + stars;
        }
    }
    return bytes;
}
