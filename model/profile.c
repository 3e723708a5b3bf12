#include "model/profile.h"

#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

enum { VERSION = 1 };

void profile_init(struct profile *profile, uint32_t per_day)
{
    ASSERT(per_day >= 1 && per_day <= PROFILE_SLOTS_MAX);
    *profile =
        (struct profile){.per_day = per_day, .rows = PROFILE_NO_CATEGORY + 1, .day = INT64_MIN};
}

uint32_t profile_row(struct profile *profile, uint64_t key)
{
    if (!key) {
        return PROFILE_NO_CATEGORY;
    }
    for (uint32_t row = PROFILE_NO_CATEGORY + 1; row < profile->rows; row++) {
        if (profile->key[row] == key) {
            return row;
        }
    }
    if (profile->rows == PROFILE_ROWS) {
        return PROFILE_NO_CATEGORY;
    }
    profile->key[profile->rows] = key;
    return profile->rows++;
}

static void fold(struct profile *profile)
{
    for (uint32_t row = 0; row < profile->rows; row++) {
        float *seen = profile->seen[row][profile->weekday];
        for (uint32_t slot = 0; slot < profile->per_day; slot++) {
            seen[slot] = PROFILE_KEEP * seen[slot] + profile->today[row][slot];
        }
        float *sales = &profile->sales[row][profile->weekday];
        *sales = PROFILE_KEEP * *sales + profile->today_sales[row];
    }
    memset(profile->today, 0, sizeof profile->today);
    memset(profile->today_sales, 0, sizeof profile->today_sales);
}

bool profile_begin(struct profile *profile, int64_t day, int32_t weekday)
{
    ASSERT(weekday >= 0 && weekday < PROFILE_DAYS);
    bool over = profile->day != INT64_MIN && day > profile->day;
    if (over) {
        fold(profile);
    }
    if (over || profile->day == INT64_MIN) {
        profile->day = day;
        profile->weekday = weekday;
    }
    return over;
}

void profile_add(struct profile *profile, uint32_t row, uint32_t slot, float units, float sales)
{
    ASSERT(row < profile->rows && slot < profile->per_day);
    if (isfinite(units) && units > 0 && isfinite(sales) && sales > 0) {
        profile->today[row][slot] += units;
        profile->today_sales[row] += sales;
    }
}

struct counts { /* of one weekday, or of all */
    float units[PROFILE_SLOTS_MAX], sum, sales;
};

static void count_day(const struct profile *profile, uint32_t row, int32_t weekday,
                      struct counts *counts)
{
    counts->sales += profile->sales[row][weekday];
    for (uint32_t slot = 0; slot < profile->per_day; slot++) {
        float units = profile->seen[row][weekday][slot];
        counts->units[slot] += units;
        counts->sum += units;
    }
}

/* The shop as ticks tell it, or all of this shard's series. */
static void count_shop(const struct profile *profile, int32_t weekday, struct counts *counts)
{
    count_day(profile, PROFILE_SHOP, weekday, counts);
    for (uint32_t row = 1; row < profile->rows && !(counts->sum > 0); row++) {
        count_day(profile, row, weekday, counts);
    }
}

/* share <- credibility mean of the counts and the share so far. */
static void shrink(const struct counts *counts, uint32_t per_day, float *share)
{
    if (!(counts->sum > 0) || !(counts->sales > 0)) {
        return;
    }
    float trust = PROFILE_TRUST * counts->sum / counts->sales;
    for (uint32_t slot = 0; slot < per_day; slot++) {
        share[slot] = (counts->units[slot] + trust * share[slot]) / (counts->sum + trust);
    }
}

void profile_shares(const struct profile *profile, uint32_t row, int32_t weekday, float *share)
{
    ASSERT(row < profile->rows && weekday >= 0 && weekday < PROFILE_DAYS);
    for (uint32_t slot = 0; slot < profile->per_day; slot++) {
        share[slot] = 1.0f / (float)profile->per_day;
    }
    struct counts average = {0}, shop = {0}, own = {0};
    for (int32_t d = 0; d < PROFILE_DAYS; d++) {
        struct counts day = {0};
        count_shop(profile, d, &day);
        for (uint32_t slot = 0; slot < profile->per_day; slot++) {
            average.units[slot] += day.units[slot];
        }
        average.sum += day.sum;
        average.sales += day.sales;
    }
    shrink(&average, profile->per_day, share);
    count_shop(profile, weekday, &shop);
    shrink(&shop, profile->per_day, share);
    if (row != PROFILE_SHOP) {
        count_day(profile, row, weekday, &own);
        shrink(&own, profile->per_day, share);
    }
}

/* --- state
 * ------------------------------------------------------------------------------------------------------
 */

static void put_floats(struct buf *out, const float *values, size_t count)
{
    buf_put(out, values, count * sizeof *values);
}

static void put_head(const struct profile *profile, char part, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_byte(out, (unsigned char)part);
    buf_byte(out, (unsigned char)profile->per_day);
    buf_byte(out, (unsigned char)profile->rows);
    buf_put(out, profile->key, profile->rows * sizeof *profile->key);
}

void profile_save_weeks(const struct profile *profile, struct buf *out)
{
    put_head(profile, 'w', out);
    for (uint32_t row = 0; row < profile->rows; row++) {
        for (int d = 0; d < PROFILE_DAYS; d++) {
            put_floats(out, profile->seen[row][d], profile->per_day);
        }
        put_floats(out, profile->sales[row], PROFILE_DAYS);
    }
}

void profile_save_today(const struct profile *profile, struct buf *out)
{
    put_head(profile, 't', out);
    buf_put(out, &profile->day, sizeof profile->day);
    buf_byte(out, (unsigned char)profile->weekday);
    for (uint32_t row = 0; row < profile->rows; row++) {
        put_floats(out, profile->today[row], profile->per_day);
    }
    put_floats(out, profile->today_sales, profile->rows);
}

static struct status *refuse(void)
{
    return status_new(STATUS_CORRUPT, "the profile of the day is not what this program writes");
}

static bool take(struct slice *in, void *out, size_t bytes)
{
    if (in->bytes < bytes) {
        return false;
    }
    memcpy(out, in->data, bytes);
    in->data += bytes;
    in->bytes -= bytes;
    return true;
}

static bool take_floats(struct slice *in, float *out, size_t count)
{
    if (!take(in, out, count * sizeof *out)) {
        return false;
    }
    bool fine = true;
    for (size_t i = 0; i < count; i++) {
        fine &= out[i] >= 0 && isfinite(out[i]);
    }
    return fine;
}

/* The day under way may know rows that the weeks do not yet: rows never go. */
static bool take_head(struct profile *profile, char part, struct slice *in, uint32_t *rows)
{
    unsigned char head[4];
    if (!take(in, head, sizeof head) || head[0] != VERSION || head[1] != (unsigned char)part ||
        head[2] != profile->per_day || head[3] <= PROFILE_NO_CATEGORY || head[3] > PROFILE_ROWS) {
        return false;
    }
    *rows = head[3];
    profile->rows = *rows > profile->rows ? *rows : profile->rows;
    return take(in, profile->key, *rows * sizeof *profile->key);
}

struct status *profile_load_weeks(struct profile *profile, struct slice bytes)
{
    struct profile loaded = *profile;
    uint32_t rows = 0;
    bool fine = take_head(&loaded, 'w', &bytes, &rows);
    for (uint32_t row = 0; row < rows && fine; row++) {
        for (int d = 0; d < PROFILE_DAYS && fine; d++) {
            fine = take_floats(&bytes, loaded.seen[row][d], profile->per_day);
        }
        fine = fine && take_floats(&bytes, loaded.sales[row], PROFILE_DAYS);
    }
    if (!fine || bytes.bytes) {
        return refuse();
    }
    *profile = loaded;
    return NULL;
}

struct status *profile_load_today(struct profile *profile, struct slice bytes)
{
    struct profile loaded = *profile;
    uint32_t rows = 0;
    unsigned char weekday = PROFILE_DAYS;
    bool fine = take_head(&loaded, 't', &bytes, &rows) &&
                take(&bytes, &loaded.day, sizeof loaded.day) && take(&bytes, &weekday, 1) &&
                weekday < PROFILE_DAYS;
    for (uint32_t row = 0; row < rows && fine; row++) {
        fine = take_floats(&bytes, loaded.today[row], profile->per_day);
    }
    fine = fine && take_floats(&bytes, loaded.today_sales, rows);
    if (!fine || bytes.bytes) {
        return refuse();
    }
    loaded.weekday = weekday;
    *profile = loaded;
    return NULL;
}
