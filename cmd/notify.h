/* systemd's notification protocol without its library: a datagram to $NOTIFY_SOCKET; nothing where
 * that is not set. */
#ifndef RESTOCK_NOTIFY_H
#define RESTOCK_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* state: "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..."; false: nobody was told. */
bool notify(const char *state);
/* Half of systemd's watchdog interval in ms; 0: there is none for this process. */
int64_t notify_watchdog_ms(void);

#endif
