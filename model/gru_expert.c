#include "model/gru_expert.h"

#include "config/base/ensure.h"
#include "model/bfloat.h"

#include <stdlib.h>
#include <string.h>

struct gru_expert {
    const struct net *net_ref; /* owner: the base model or the learner */
    float x[GRU_BATCH * NET_INPUTS], h[GRU_BATCH * NET_HIDDEN], next[GRU_BATCH * NET_HIDDEN];
    float gx[GRU_BATCH * 3 * NET_HIDDEN], gh[GRU_BATCH * 3 * NET_HIDDEN],
        decoded[GRU_BATCH * NET_DECODER];
    uint8_t live[GRU_BATCH];
    float turned[NET_TURNED]; /* of net_ref */
    uint32_t tile;
    float u[]; /* [N,D] */
};

struct gru_expert *gru_expert_create(const struct base_model *base, uint32_t tile)
{
    struct gru_expert *expert =
        calloc(1, sizeof *expert + (size_t)tile * NET_DECODER * sizeof(float));
    if (expert) {
        gru_expert_use(expert, base_model_net(base));
        expert->tile = tile;
    }
    return expert;
}

void gru_expert_destroy(struct gru_expert *expert)
{
    free(expert);
}

void gru_expert_use(struct gru_expert *expert, const struct net *net)
{
    expert->net_ref = net;
    net_turn(net, expert->turned);
}

/* Inputs and states of the batch that begins at row `begin`; rows that are not wanted or not there
 * are zero and not live. */
static uint32_t gather(struct gru_expert *expert, const struct gru_view *view,
                       const uint16_t *state, const uint8_t *want, uint32_t begin)
{
    const struct window *window = view->window;
    uint32_t live = 0;
    memset(expert->x, 0, sizeof expert->x);
    for (uint32_t b = 0; b < GRU_BATCH; b++) {
        uint32_t i = begin + b;
        expert->live[b] = i < window->series && window->age[i] && (!want || want[i]);
        live += expert->live[b];
        if (expert->live[b]) {
            struct feature_source source = {.window = window,
                                            .i = i,
                                            .level = view->level[i],
                                            .spread = view->spread[i],
                                            .slow = view->slow[i],
                                            .usual = view->usual[i],
                                            .factor = view->factor[i],
                                            .shop = view->shop};
            features_make(&source, expert->x + (size_t)b * NET_INPUTS);
        }
        for (uint32_t j = 0; j < NET_HIDDEN; j++) {
            expert->h[b * NET_HIDDEN + j] =
                expert->live[b] ? bfloat_unpack(state[(size_t)j * view->tile + i]) : 0;
        }
    }
    return live;
}

static void decode(struct gru_expert *expert, const struct gru_view *view, uint32_t begin)
{
    net_decode(expert->net_ref, GRU_BATCH, expert->h, expert->x, expert->decoded);
    uint32_t rows =
        view->window->series - begin < GRU_BATCH ? view->window->series - begin : GRU_BATCH;
    memcpy(expert->u + (size_t)begin * NET_DECODER, expert->decoded,
           (size_t)rows * NET_DECODER * sizeof(float));
}

void gru_expert_step(struct gru_expert *expert, const struct gru_view *view, uint16_t *state)
{
    struct gru_weights weights = net_gru(expert->net_ref);
    struct gru_step step = {.rows = GRU_BATCH,
                            .x = expert->x,
                            .h = expert->h,
                            .live = expert->live,
                            .gx = expert->gx,
                            .gh = expert->gh,
                            .next = expert->next};
    ASSERT(view->tile == expert->tile && view->window->series <= view->tile);
    for (uint32_t begin = 0; begin < view->window->series; begin += GRU_BATCH) {
        if (!gather(expert, view, state, NULL, begin)) {
            continue;
        }
        gru_forward(&weights, &step);
        for (uint32_t b = 0; b < GRU_BATCH && begin + b < view->window->series; b++) {
            for (uint32_t j = 0; j < NET_HIDDEN; j++) {
                state[(size_t)j * view->tile + begin + b] =
                    bfloat_pack(expert->next[b * NET_HIDDEN + j]);
            }
        }
    }
}

void gru_expert_look(struct gru_expert *expert, const struct gru_view *view, const uint16_t *state,
                     const uint8_t *want)
{
    ASSERT(view->tile == expert->tile && view->window->series <= view->tile);
    for (uint32_t begin = 0; begin < view->window->series; begin += GRU_BATCH) {
        if (!gather(expert, view, state, want, begin)) {
            continue;
        }
        decode(expert, view, begin);
    }
}

void gru_expert_suppose(const struct gru_expert *expert, const float *x, const float *h, float *u)
{
    net_decode(expert->net_ref, GRU_BATCH, h, x, u);
}

void gru_expert_place(struct gru_expert *expert, uint32_t i, const float *u)
{
    ASSERT(i < expert->tile);
    memcpy(expert->u + (size_t)i * NET_DECODER, u, NET_DECODER * sizeof *u);
}

void gru_expert_say(const struct gru_expert *expert, uint32_t i, const struct net_ask *ask,
                    float *out)
{
    net_output_turned(expert->net_ref, expert->turned, expert->u + (size_t)i * NET_DECODER, ask,
                      out);
}
