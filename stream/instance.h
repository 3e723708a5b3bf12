/* The name of this process among those of one application: it makes transactional ids and static
 * memberships, so it has to be unique while the process lives and the same after a restart.
 *
 *     TRY(instance_open(&settings, &instance));      // "shop-3", or host name and the lowest free
 * slot, locked
 *     ... instance->name ...
 *     instance_close(instance);
 *
 * `instance: auto` locks a file in the state folder (flock: gone with the process, however it
 * ends). Without a folder that can be written the name is random and `lasting` false: then there is
 * no static membership. A name of the configuration is taken as it is. */
#ifndef RESTOCK_INSTANCE_H
#define RESTOCK_INSTANCE_H

#include "stream/settings.h"

enum { INSTANCE_NAME_BYTES = 96, INSTANCE_SLOTS_MAX = 256 };

struct instance {
    char name[INSTANCE_NAME_BYTES];
    bool lasting;
    int lock; /* file descriptor, -1: none */
};

struct status *instance_open(const struct settings *settings, struct instance *out)
    __attribute__((warn_unused_result));
void instance_close(struct instance *instance);

#endif
