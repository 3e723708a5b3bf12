#include "schemas/utf8.h"

#include <stdint.h>
#include <string.h>

/* Length of the multi-byte character at data, or 0. */
static size_t character(const unsigned char *data, size_t bytes)
{
    unsigned char first = data[0];
    /* The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF. */
    unsigned char low = 0x80, high = 0xbf;
    size_t length;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (bytes < length || data[1] < low || data[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((data[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

size_t utf8_valid(const char *data, size_t bytes)
{
    const unsigned char *text = (const unsigned char *)data;
    size_t at = 0;
    while (at < bytes) {
        uint64_t word;
        while (bytes - at >= sizeof word) {
            memcpy(&word, text + at, sizeof word);
            if (word & 0x8080808080808080ULL) {
                break;
            }
            at += sizeof word;
        }
        if (at == bytes) {
            break;
        }
        if (text[at] < 0x80) {
            at++;
            continue;
        }
        size_t length = character(text + at, bytes - at);
        if (!length) {
            break;
        }
        at += length;
    }
    return at;
}
