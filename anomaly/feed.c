#include "anomaly/feed.h"

#include "anomaly/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One stream per key: how many invoices each hour of the week usually brings, and what has been
 * missed in the present empty stretch. Counts of hours that the watermark has not passed wait in a
 * ring of FEED_AHEAD hours.
 *
 * A repeated block is a random walk over orders: up by ln(0.5 / q) for one that is known and old,
 * down by ln(0.5 / (1 - q)) for another, where q is the usual share of such orders. */

#define LN10 2.302585092994045684
#define LEAST_NATS 13.8 /* 1e-6 */
#define EARLY_WORST 40.0
#define WORST_MARGIN 1.1
#define WORST_KEEP                                                                                 \
    0.9997 /* an hour: half in 96 days; what a shop was two seasons ago says little */
#define PROFILE_RATE 0.15f
#define SHARE_LEAST 0.002f
#define SHARE_MOST 0.2f
#define SHARE_RATE 0.0005f
#define WALK_MOST 20.0f
#define WALK_STRONG 13.8f

enum { LAYOUT = 1, KNOWN_HOURS = 4 * FEED_WEEK, MOST_HOUR = 1000000000, CALM_HOURS = 72 };

struct feed_stream {
    uint64_t key; /* 0 with hours 0 and no count: free */
    uint32_t hours; /* evaluated, saturating */
    float rate; /* invoices an hour, for choosing whom to forget */
    float profile[FEED_WEEK];
    uint8_t weeks[FEED_WEEK]; /* of learning, saturating */
    uint16_t ahead[FEED_AHEAD];
    double missed,
        worst; /* expected invoices of the present empty stretch; of the worst normal one */
    int64_t since; /* hour in which it began */
    uint8_t used, silent;
    /* repeated blocks */
    int64_t mark_ms;
    uint64_t last_order;
    float walk, share;
    uint32_t repeated; /* orders */
    uint8_t seen_line, repeating;
    uint8_t calm; /* hours since a block was repeated, at most CALM_HOURS; CALM_HOURS: long ago */
};

struct feed {
    struct alert_options options;
    int64_t hour; /* last one evaluated */
    uint8_t started;
    struct feed_stream streams[FEED_STREAMS];
};

struct feed *feed_create(const struct alert_options *options)
{
    struct feed *feed = calloc(1, sizeof *feed);
    if (feed) {
        feed->options = *options;
    }
    return feed;
}

void feed_destroy(struct feed *feed)
{
    free(feed);
}

static const struct feed_stream *find(const struct feed *feed, uint64_t key)
{
    for (int i = 0; i < FEED_STREAMS; i++) {
        if (feed->streams[i].used && feed->streams[i].key == key) {
            return &feed->streams[i];
        }
    }
    return NULL;
}

static struct feed_stream *find_or_add(struct feed *feed, uint64_t key)
{
    struct feed_stream *least = &feed->streams[0];
    for (int i = 0; i < FEED_STREAMS; i++) {
        struct feed_stream *stream = &feed->streams[i];
        if (stream->used && stream->key == key) {
            return stream;
        }
        bool busier = least->used && (!stream->used || stream->rate < least->rate);
        least = busier ? stream : least;
    }
    memset(least, 0, sizeof *least);
    least->used = 1;
    least->key = key;
    least->share = SHARE_LEAST;
    least->calm = CALM_HOURS;
    return least;
}

static size_t place(int64_t hour)
{
    return (size_t)((hour % FEED_AHEAD + FEED_AHEAD) % FEED_AHEAD);
}

void feed_count(struct feed *feed, uint64_t key, int64_t hour, int64_t invoices)
{
    if (hour < -MOST_HOUR || hour > MOST_HOUR) {
        return;
    }
    if (!feed->started) {
        feed->started = 1;
        feed->hour = hour - 1;
    }
    if (hour <= feed->hour || invoices <= 0) {
        return;
    }
    if (hour - feed->hour > FEED_AHEAD) {
        hour = feed->hour + FEED_AHEAD;
    }
    uint16_t *count = &find_or_add(feed, key)->ahead[place(hour)];
    *count = (uint16_t)(invoices < UINT16_MAX - *count ? *count + invoices : UINT16_MAX);
}

static void learn(struct feed_stream *stream, int32_t phase, uint16_t invoices)
{
    stream->weeks[phase] =
        stream->weeks[phase] < UINT8_MAX ? (uint8_t)(stream->weeks[phase] + 1) : UINT8_MAX;
    float rate = fmaxf(1 / (float)stream->weeks[phase], PROFILE_RATE);
    stream->profile[phase] += rate * ((float)invoices - stream->profile[phase]);
    stream->rate += ((float)invoices - stream->rate) / (float)FEED_WEEK;
}

static double limit_of(const struct feed *feed, const struct feed_stream *stream)
{
    double alpha = feed->options.budget_per_day * ALERT_SHARE_FEED / (24.0 * FEED_STREAMS);
    double nats = alpha > 0 ? fmax(-log(fmin(alpha, 1)), LEAST_NATS) : (double)INFINITY;
    return fmax(nats, stream->worst * WORST_MARGIN);
}

static void evaluate(struct feed *feed, struct feed_stream *stream, int64_t hour, int32_t phase,
                     bool holiday, struct alert_signal *out)
{
    uint16_t invoices = stream->ahead[place(hour)];
    stream->ahead[place(hour)] = 0;
    *out = (struct alert_signal){
        .kind = ALERT_MISSING_FEED, .series = ALERT_NO_SERIES, .scope = stream->key};
    stream->worst *= WORST_KEEP;
    if (invoices) {
        /* A gap from before anything was known must not blind the check for ever. */
        double gap =
            stream->hours < KNOWN_HOURS ? fmin(stream->missed, EARLY_WORST) : stream->missed;
        stream->worst = stream->silent ? stream->worst : fmax(stream->worst, gap);
        stream->missed = 0;
        stream->silent = 0;
        out->strength = ALERT_QUIET;
    } else if (!holiday) {
        stream->since = stream->missed > 0 ? stream->since : hour;
        stream->missed += (double)stream->profile[phase];
        out->strength = ALERT_NEUTRAL;
    }
    if (stream->missed > limit_of(feed, stream)) {
        stream->silent = stream->hours >= KNOWN_HOURS;
    }
    if (stream->silent) {
        out->strength = ALERT_STRONG;
    } else if (invoices || !holiday) {
        learn(stream, phase, invoices);
    }
    stream->hours += stream->hours < UINT32_MAX;
    out->onset_bucket = stream->missed > 0 ? stream->since : hour;
    out->expected = (float)stream->missed;
    out->score = (float)fmin(stream->missed / LN10, 30);
    out->probability = powf(10, -out->score);
    alert_evidence(out, EVIDENCE_RUN_BUCKETS,
                   stream->missed > 0 ? (double)(hour - stream->since + 1) : 0);
    alert_evidence(out, EVIDENCE_WORST, stream->worst);
    alert_evidence(out, EVIDENCE_USUAL, (double)stream->rate);
}

/* Hours that nobody evaluated (a first call, a jump): their counts are dropped. */
static void skip_to(struct feed *feed, int64_t hour)
{
    for (int64_t h = feed->hour + 1; h < hour && h <= feed->hour + FEED_AHEAD; h++) {
        for (int i = 0; i < FEED_STREAMS; i++) {
            feed->streams[i].ahead[place(h)] = 0;
        }
    }
}

uint32_t feed_hour(struct feed *feed, int64_t hour, int32_t phase, bool holiday,
                   struct alert_signal *out, uint32_t capacity)
{
    if (!feed->started || hour <= feed->hour || hour > MOST_HOUR || phase < 0 ||
        phase >= FEED_WEEK) {
        return 0;
    }
    skip_to(feed, hour);
    feed->hour = hour;
    uint32_t count = 0;
    for (int i = 0; i < FEED_STREAMS; i++) {
        struct feed_stream *stream = &feed->streams[i];
        if (!stream->used) {
            continue;
        }
        struct alert_signal signal;
        evaluate(feed, stream, hour, phase, holiday, &signal);
        if (stream->hours > KNOWN_HOURS && count < capacity) {
            out[count++] = signal;
        }
        if (stream->calm < CALM_HOURS && count < capacity) {
            stream->calm = stream->repeating ? 0 : (uint8_t)(stream->calm + 1);
            out[count++] =
                (struct alert_signal){.kind = ALERT_DUPLICATE_FEED,
                                      .strength = stream->repeating ? ALERT_NEUTRAL : ALERT_QUIET,
                                      .series = ALERT_NO_SERIES,
                                      .scope = stream->key,
                                      .onset_bucket = hour,
                                      .probability = 1};
        }
    }
    return count;
}

bool feed_silent(const struct feed *feed, uint64_t key)
{
    const struct feed_stream *stream = find(feed, key);
    return stream && stream->silent;
}

bool feed_any_silent(const struct feed *feed)
{
    for (int i = 0; i < FEED_STREAMS; i++) {
        if (feed->streams[i].used && feed->streams[i].silent) {
            return true;
        }
    }
    return false;
}

void feed_forgive(struct feed *feed, uint64_t key)
{
    struct feed_stream *stream = find(feed, key) ? find_or_add(feed, key) : NULL;
    if (stream && stream->silent) {
        stream->worst = fmax(stream->worst, stream->missed);
        stream->silent = 0;
    }
}

void feed_explain(struct feed *feed, uint64_t key)
{
    struct feed_stream *stream = find(feed, key) ? find_or_add(feed, key) : NULL;
    if (stream && stream->silent) {
        stream->missed = 0;
        stream->silent = 0;
    }
}

static void walk(struct feed_stream *stream, bool old)
{
    float q = stream->share;
    stream->walk += old ? logf(0.5f / q) : logf(0.5f / (1 - q));
    stream->walk = fminf(fmaxf(stream->walk, 0), WALK_MOST);
    if (!stream->repeating) {
        stream->share += SHARE_RATE * ((old ? 1.0f : 0.0f) - q);
        stream->share = fminf(fmaxf(stream->share, SHARE_LEAST), SHARE_MOST);
    }
    stream->repeated = old                ? stream->repeated + (stream->repeated < UINT32_MAX)
                       : stream->walk > 0 ? stream->repeated
                                          : 0;
}

bool feed_line(struct feed *feed, const struct feed_line *line, struct alert_signal *out)
{
    struct feed_stream *stream = find_or_add(feed, line->key);
    bool old = line->duplicate && stream->seen_line && line->event_ms < stream->mark_ms;
    bool same = stream->seen_line && line->order == stream->last_order;
    stream->mark_ms =
        !stream->seen_line || line->event_ms > stream->mark_ms ? line->event_ms : stream->mark_ms;
    stream->last_order = line->order;
    stream->seen_line = 1;
    if (same || (line->duplicate && !old)) {
        return false; /* one step an order; a repetition within an order is the shop's habit */
    }
    walk(stream, old);
    if (stream->walk >= WALK_STRONG) {
        stream->repeating = 1;
        stream->calm = 0;
    } else if (stream->walk <= 0) {
        stream->repeating = 0;
    }
    if (!old || !stream->repeating) {
        return false;
    }
    *out = (struct alert_signal){
        .kind = ALERT_DUPLICATE_FEED, .series = ALERT_NO_SERIES, .scope = line->key};
    out->strength = ALERT_STRONG;
    out->onset_bucket = line->event_ms / 3600000;
    out->score = (float)fmin((double)stream->repeated * log(1 / (double)stream->share) / LN10, 30);
    out->probability = powf(10, -out->score);
    out->observed = (float)stream->repeated;
    alert_evidence(out, EVIDENCE_USUAL, (double)stream->share);
    return true;
}

/* Layout 1: u8 layout, i64 hour, u8 started, u8 streams, then FIELDS of each. */

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct feed_stream, name), sizeof(((struct feed_stream *)0)->name)                \
    }
static const struct field FIELDS[] = {
    FIELD(key),       FIELD(hours),      FIELD(rate),  FIELD(profile), FIELD(weeks),
    FIELD(ahead),     FIELD(missed),     FIELD(worst), FIELD(since),   FIELD(silent),
    FIELD(mark_ms),   FIELD(last_order), FIELD(walk),  FIELD(share),   FIELD(repeated),
    FIELD(seen_line), FIELD(repeating),  FIELD(calm),
};
#undef FIELD

void feed_save(const struct feed *feed, struct buf *out)
{
    uint8_t used = 0;
    for (int i = 0; i < FEED_STREAMS; i++) {
        used = (uint8_t)(used + feed->streams[i].used);
    }
    buf_byte(out, LAYOUT);
    buf_put(out, &feed->hour, sizeof feed->hour);
    buf_byte(out, feed->started);
    buf_byte(out, used);
    for (int i = 0; i < FEED_STREAMS; i++) {
        for (size_t f = 0; feed->streams[i].used && f < sizeof FIELDS / sizeof *FIELDS; f++) {
            buf_put(out, (const char *)&feed->streams[i] + FIELDS[f].offset, FIELDS[f].bytes);
        }
    }
}

static bool sane(const struct feed_stream *stream)
{
    bool good = isfinite(stream->rate) && isfinite(stream->missed) && isfinite(stream->worst) &&
                stream->missed >= 0 && stream->silent <= 1 && stream->seen_line <= 1 &&
                stream->repeating <= 1 && stream->calm <= CALM_HOURS && stream->walk >= 0 &&
                stream->walk <= WALK_MOST && stream->share >= SHARE_LEAST &&
                stream->share <= SHARE_MOST;
    for (int i = 0; i < FEED_WEEK; i++) {
        good = good && isfinite(stream->profile[i]) && stream->profile[i] >= 0;
    }
    return good;
}

static bool take_all(struct slice *bytes, struct feed *read)
{
    uint8_t layout = 0, used = 0;
    if (!field_take(bytes, &layout, 1) || layout != LAYOUT ||
        !field_take(bytes, &read->hour, sizeof read->hour) ||
        !field_take(bytes, &read->started, 1) || !field_take(bytes, &used, 1) ||
        read->started > 1 || used > FEED_STREAMS || read->hour < -MOST_HOUR - 1 ||
        read->hour > MOST_HOUR) {
        return false;
    }
    for (int i = 0; i < used; i++) {
        for (size_t f = 0; f < sizeof FIELDS / sizeof *FIELDS; f++) {
            if (!field_take(bytes, (char *)&read->streams[i] + FIELDS[f].offset, FIELDS[f].bytes)) {
                return false;
            }
        }
        read->streams[i].used = 1;
        if (!sane(&read->streams[i])) {
            return false;
        }
    }
    return bytes->bytes == 0;
}

struct status *feed_load(struct feed *feed, struct slice bytes)
{
    struct feed *read = feed_create(&feed->options);
    if (!read) {
        return status_new(STATUS_NO_MEMORY, "read the state of the feed checks: no memory");
    }
    bool good = take_all(&bytes, read);
    if (good) {
        *feed = *read;
    }
    feed_destroy(read);
    return good ? NULL
                : status_new(STATUS_CORRUPT, "read the state of the feed checks: cut short, out of "
                                             "range, or of another version");
}
