/* Options of the learner, and its state in three parts:
 *
 *     "RSLR" version:u32 part:u32 floats:u32 base:u64, then
 *       head     struct learner_head, tape
 *       trained  steps:u64, weights, two moments, average (f32[floats] each)
 *       kept     generations that serve or served, newest first, and the challenger (f32[floats])
 *     xxh3 of all before
 *
 * Which slots of `kept` mean something stands in the head; the parts of one moment are committed in
 * one transaction. */
#include "config/base/hash.h"
#include "model/learner_parts.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct option OPTIONS[] = {
    {.path = "model.learn_rate",
     .type = OPTION_DOUBLE,
     .offset = offsetof(struct learner_options, rate),
     .default_text = "0.0003",
     .min = 1e-6,
     .max = 0.01,
     .help = "rate of learning online (AdamW); a drift raises it threefold for 14 closes"},
    {.path = "model.anchor",
     .type = OPTION_DOUBLE,
     .offset = offsetof(struct learner_options, anchor),
     .default_text = "0.5",
     .min = 0,
     .max = 1000,
     .help =
         "pull of the weights that learn to those of the base model, per unit of rate and batch"},
    {.path = "model.batches",
     .type = OPTION_INT,
     .offset = offsetof(struct learner_options, batches),
     .default_text = "24",
     .min = 1,
     .max = LEARNER_BATCHES_MOST,
     .help = "batches of 128 windows that a shard learns from per close, at most; 0.9 x series / "
             "128 where that is less"},
    {.path = "model.learn_series",
     .type = OPTION_INT,
     .offset = offsetof(struct learner_options, series_least),
     .default_text = "100",
     .min = 1,
     .max = 1000000,
     .help = "a shard with fewer series does not learn: its weights stay those of the base model"},
};

const struct option_table learner_option_table = {
    "learning", OPTIONS, sizeof OPTIONS / sizeof OPTIONS[0], sizeof(struct learner_options)};

enum { STATE_VERSION = 1 };

struct state_head {
    char magic[4];
    uint32_t version, part, floats;
    uint64_t base;
};

_Static_assert(sizeof(struct state_head) == 24 && sizeof(struct learner_head) % 8 == 0,
               "no padding is saved");

static const char MAGIC[4] = {'R', 'S', 'L', 'R'};

bool learner_changed(const struct learner *learner, enum learner_part part)
{
    return learner->changed[part];
}

void learner_save(struct learner *learner, enum learner_part part, struct buf *out)
{
    size_t begin = out->bytes, floats = net_floats();
    struct state_head head = {.version = STATE_VERSION,
                              .part = part,
                              .floats = (uint32_t)floats,
                              .base = base_model_hash(learner->base_ref)};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    buf_put(out, &head, sizeof head);
    if (part == LEARNER_HEAD) {
        buf_put(out, &learner->head, sizeof learner->head);
        tape_save(&learner->tape, out);
    } else if (part == LEARNER_TRAINED) {
        uint64_t steps = (uint64_t)learner->adam.steps;
        buf_put(out, &steps, sizeof steps);
        buf_put(out, learner->trained, LEARNER_WEIGHTS * floats * sizeof(float));
    } else {
        buf_put(out, learner->slot, LEARNER_SLOTS * floats * sizeof(float));
    }
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, STATE_VERSION);
    buf_put(out, &hash, sizeof hash);
    learner->changed[part] = false;
}

static struct status *corrupt(size_t bytes, const char *what)
{
    return status_new(STATUS_CORRUPT,
                      "learner state of %zu bytes %s: restore the shard from its state topic",
                      bytes, what);
}

static bool head_sound(const struct learner_head *head)
{
    bool sound =
        head->begun <= 1 && head->kept <= LEARNER_GENERATIONS && head->challenged <= 1 &&
        head->budget <= LEARNER_BATCHES_MOST && head->done <= head->budget &&
        head->judged <= LEARNER_PIECES && head->told <= head->events &&
        head->bucket > INT64_MIN / 2 && head->bucket < INT64_MAX / 2 &&
        (head->series || (!head->budget && head->judged == LEARNER_PIECES) || !head->begun);
    for (int e = 0; e < LEARNER_EVENTS; e++) {
        sound = sound && head->event[e].kind < LEARNER_EVENT_KINDS &&
                head->event[e].demand_class < FORECAST_CLASSES;
    }
    return sound;
}

static struct status *load_head(struct learner *learner, struct slice body)
{
    struct learner_head head;
    if (body.bytes < sizeof head) {
        return corrupt(body.bytes, "is cut short");
    }
    memcpy(&head, body.data, sizeof head);
    struct slice rest = {body.data + sizeof head, body.bytes - sizeof head};
    struct tape *tape = &learner->tape;
    if (!head_sound(&head) || !tape_load(tape, &rest) || rest.bytes) {
        return corrupt(body.bytes, "says what cannot be");
    }
    learner->head = head;
    return NULL;
}

static struct status *load_weights(struct learner *learner, enum learner_part part,
                                   struct slice body)
{
    size_t floats = net_floats();
    bool trained = part == LEARNER_TRAINED;
    size_t count = (trained ? LEARNER_WEIGHTS : LEARNER_SLOTS) * floats;
    uint64_t steps = 0;
    size_t begin = trained ? sizeof steps : 0;
    if (body.bytes != begin + count * sizeof(float)) {
        return corrupt(body.bytes, "does not fit its own head");
    }
    for (size_t i = 0; i < count; i++) {
        float weight;
        memcpy(&weight, body.data + begin + i * sizeof weight, sizeof weight);
        if (!isfinite(weight)) {
            return corrupt(body.bytes, "holds what is no number");
        }
    }
    if (trained) {
        memcpy(&steps, body.data, sizeof steps);
        learner->adam.steps = (long)(steps & INT64_MAX);
    }
    memcpy(trained ? learner->trained : learner->slot, body.data + begin, count * sizeof(float));
    return NULL;
}

struct status *learner_load(struct learner *learner, enum learner_part part, struct slice bytes,
                            bool *taken)
{
    struct state_head head;
    uint64_t hash;
    *taken = false;
    if (bytes.bytes < sizeof head + sizeof hash) {
        return corrupt(bytes.bytes, "is cut short");
    }
    memcpy(&head, bytes.data, sizeof head);
    size_t end = bytes.bytes - sizeof hash;
    memcpy(&hash, bytes.data + end, sizeof hash);
    if (memcmp(head.magic, MAGIC, sizeof MAGIC) != 0 || head.part != part ||
        hash != hash_64(bytes.data, end, STATE_VERSION)) {
        return corrupt(bytes.bytes, "has a wrong checksum or place");
    }
    if (head.version != STATE_VERSION || head.floats != net_floats() ||
        head.base != base_model_hash(learner->base_ref)) {
        return NULL; /* another base model, or another network: it starts anew from this one */
    }
    struct slice body = {bytes.data + sizeof head, end - sizeof head};
    TRY(part == LEARNER_HEAD ? load_head(learner, body) : load_weights(learner, part, body));
    *taken = true;
    learner->changed[part] = false;
    return NULL;
}
