/* Credentials in addresses: of "http:" "//user:secret@host" the part before the @ becomes stars.
 * Logs, statuses and the dump of a configuration go through here, whatever they were made from.
 * Thread: any. */
#ifndef RESTOCK_REDACT_H
#define RESTOCK_REDACT_H

#include <stddef.h>

/* In place; the text never grows. Returns its length afterwards. */
size_t redact_addresses(char *text, size_t bytes);

#endif
