/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef RESTOCK_UTF8_H
#define RESTOCK_UTF8_H

#include <stddef.h>

/* Number of leading bytes that are complete, valid characters: `bytes` when all are. */
size_t utf8_valid(const char *data, size_t bytes);

#endif
