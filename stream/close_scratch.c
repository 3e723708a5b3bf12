/* Scratch memory of the close of a tile: made with the shard, so that a close allocates nothing. */
#include "stream/shard_state.h"

#include <stdlib.h>

struct status *close_scratch_init(struct shard *shard)
{
    const uint32_t W = shard->plan->window;
    struct close_scratch *scratch = &shard->scratch;
    scratch->units = aligned_alloc(64, (size_t)PLAN_TILE_SERIES * W * sizeof(float));
    scratch->flags = aligned_alloc(64, (size_t)PLAN_TILE_SERIES * W);
    scratch->age = calloc(PLAN_TILE_SERIES, sizeof(uint32_t));
    scratch->want = calloc(PLAN_TILE_SERIES, 1);
    scratch->signals = calloc((size_t)TAILS_KINDS * PLAN_TILE_SERIES, sizeof(struct alert_signal));
    const struct plan *plan = shard->plan;
    /* Where nobody says what is planned, public holidays are known at least. */
    bool calendar = plan->slot_days <= 1 && plan->settings_ref->holidays.count > 0;
    bool known = calendar || (plan->sinks_ref && plan->sinks_ref->known);
    size_t slots = (size_t)PLAN_TILE_SERIES * (1 + WINDOW_AHEAD) * WINDOW_KNOWN;
    scratch->known = known ? calloc(slots, sizeof(float)) : NULL;
    if ((known && !scratch->known) || !scratch->units || !scratch->flags || !scratch->age ||
        !scratch->want || !scratch->signals) {
        return status_new(STATUS_NO_MEMORY, "out of memory for the windows of a tile");
    }
    return NULL;
}

void close_scratch_fini(struct shard *shard)
{
    struct close_scratch *scratch = &shard->scratch;
    free(scratch->units);
    free(scratch->flags);
    free(scratch->age);
    free(scratch->known);
    free(scratch->want);
    free(scratch->signals);
    buf_fini(&scratch->key);
    buf_fini(&scratch->value);
}
