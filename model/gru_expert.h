/* The network as an expert of one shard: its states live in the tile's columns and take one step
 * per close; its word on a forecast are quantiles and a mean about the statistical one's
 * (model/direct.h).
 *
 * Products always have one shape (GRU_BATCH rows, padded), so that no result depends on who else is
 * in a tile. Thread: one owner. No allocation after create. */
#ifndef RESTOCK_GRU_EXPERT_H
#define RESTOCK_GRU_EXPERT_H

#include "config/base/window.h"
#include "model/base_model.h"
#include "model/features.h"

#include <stdint.h>

enum { GRU_BATCH = 64 };

struct gru_expert;

struct gru_view { /* one tile at one close */
    const struct window *window;
    const float *level, *slow, *spread; /* [N] of the negative binomial expert after the close */
    const float *factor; /* [N] of the bucket that closed */
    const float *usual; /* [N] price */
    struct feature_shop shop;
    uint32_t tile; /* N of the planes */
};

struct gru_expert *gru_expert_create(const struct base_model *base,
                                     uint32_t tile); /* NULL: no memory. base outlives it */
void gru_expert_destroy(struct gru_expert *expert); /* NULL is fine */
/* From now on other weights; they outlive the expert's next calls, and stay as they are until
 * others are used. */
void gru_expert_use(struct gru_expert *expert, const struct net *net);
/* One step of all states: state [H, N] in bfloat16. Look before anything is asked. */
void gru_expert_step(struct gru_expert *expert, const struct gru_view *view, uint16_t *state);
/* Ready for gru_expert_say at a later time, from states that have taken their step; want: [N] 0
 * where nothing will be asked, or NULL. */
void gru_expert_look(struct gru_expert *expert, const struct gru_view *view, const uint16_t *state,
                     const uint8_t *want);
/* What would be said of inputs x [GRU_BATCH, F] and states h [GRU_BATCH, H] into u [GRU_BATCH, D];
 * and one row of it in place of what gru_expert_look found for row i. For explanations. */
void gru_expert_suppose(const struct gru_expert *expert, const float *x, const float *h, float *u);
void gru_expert_place(struct gru_expert *expert, uint32_t i, const float *u);
/* Outputs [NET_WIDE] of row i for what is asked, as direct_read and direct_lanes take them. */
void gru_expert_say(const struct gru_expert *expert, uint32_t i, const struct net_ask *ask,
                    float *out);

#endif
