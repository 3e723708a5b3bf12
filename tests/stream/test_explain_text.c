#include "stream/explain_text.h"

#include "schemas/json.h"

#include <criterion/criterion.h>
#include <math.h>

static struct buf out;
static struct explanation why;
static struct explain_subject subject;

static void set_up(void)
{
    why = (struct explanation){.rows = 2,
                               .length = {1, 7},
                               .mean = {3, 24},
                               .baseline = {2, 20},
                               .part = {{1, 0, 0}, {5, 0, -1}},
                               .spoke = 1u << EXPLAIN_RECENT | 1u << EXPLAIN_SEASON,
                               .weight = {{1, 0, 0}, {0.25f, 0, 0.75f}},
                               .expert = {{3, NAN, NAN}, {20, NAN, 25.333333f}}};
    subject = (struct explain_subject){.sku = slice_of("A \"1\""),
                                       .location = slice_of("main"),
                                       .origin_ms = 86400000,
                                       .origin = slice_of("1970-01-02"),
                                       .unit = 1};
}

static void tear_down(void)
{
    buf_fini(&out);
}

TestSuite(explain_text, .init = set_up, .fini = tear_down);

static const char *text(void)
{
    buf_byte(&out, '\0');
    out.bytes--;
    return out.data;
}

Test(explain_text, a_table_begins_with_the_largest_part)
{
    why.part[1][EXPLAIN_SEASON] = -10;
    explain_text(&out, &subject, &why);
    const char *season = strstr(text(), "season"), *recent = strstr(text(), "recent_sales");
    cr_assert(season && recent && season < recent, "%s", text());
    cr_expect(!strstr(text(), "promotion"), "it says nothing: %s", text());
    cr_expect(strstr(text(), "baseline                     2          20\n"), "%s", text());
    cr_expect(strstr(text(), "forecast (mean)              3          24\n"), "%s", text());
    cr_expect(strstr(text(), "gru                          -   75% 25.33\n"), "%s", text());
}

Test(explain_text, json_is_json_and_adds_up)
{
    subject.unit = 0.1;
    explain_json(&out, &subject, &why);
    struct arena *arena = arena_create(4096, 1 << 20);
    struct datum *datum;
    struct decode_error error;
    cr_assert(json_decode(arena, buf_view(&out), &datum, &error), "%s", text());
    const struct datum *sum = datum_child(datum, slice_of("sums"), NULL)->children + 1;
    double mean, total, part;
    cr_assert(!datum_f64(datum_child(sum, slice_of("mean"), NULL), &mean));
    cr_assert(!datum_f64(datum_child(sum, slice_of("baseline"), NULL), &total));
    const struct datum *parts = datum_child(sum, slice_of("parts"), NULL);
    cr_expect(parts->count == 2);
    for (uint32_t k = 0; k < parts->count; k++) {
        cr_assert(!datum_f64(parts->children + k, &part));
        total += part;
    }
    cr_expect_float_eq(mean, 2.4, 1e-6);
    cr_expect_float_eq(total, mean, 1e-6);
    cr_expect(strstr(text(), "\"empirical\":{\"weight\":0,\"mean\":null}"), "%s", text());
    arena_destroy(arena);
}

Test(explain_text, a_csv_row_has_a_field_per_column)
{
    explain_csv_header(&out);
    cr_expect(strncmp(text(), "series,origin,steps,mean,baseline,recent_sales,memory,season", 60) ==
                  0,
              "%s", text());
    size_t columns = 1, fields = 2; /* series and origin stand before */
    for (size_t i = 0; i < out.bytes; i++) {
        columns += out.data[i] == ',';
    }
    buf_reset(&out);
    explain_csv_row(&out, &why, 1, 2);
    for (size_t i = 0; i < out.bytes; i++) {
        fields += out.data[i] == ',';
    }
    cr_expect_eq(fields, columns, "%s", text());
    cr_expect(strncmp(text(), ",7,48,40,10,0,-2,0,", 19) == 0, "%s", text());
    cr_expect(strstr(text(), ",0.25,40,0,,0.75,50.66666"), "%s", text());
}
