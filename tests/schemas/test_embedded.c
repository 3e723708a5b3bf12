#include "schemas/embedded.h"

#include "schemas/avro_schema.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(embedded, all_texts_are_those_of_the_files_and_parse)
{
    size_t count;
    const struct embedded_file *files = embedded_schemas(&count);
    cr_assert_geq(count, 7);
    for (size_t i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, RESTOCK_SOURCE_DIR "/schemas/%s.avsc", files[i].name);
        struct avro_schema *mine = NULL, *file = NULL;
        struct status *st = avro_schema_parse(files[i].text, &mine);
        cr_assert_null(st, "%s", status_message(st));
        cr_assert_null(avro_schema_load(path, &file));
        cr_assert(slice_equal(files[i].text, avro_schema_text(file)));
        cr_assert(i == 0 || strcmp(files[i - 1].name, files[i].name) < 0);
        avro_schema_destroy(mine);
        avro_schema_destroy(file);
    }
}

Test(embedded, by_name)
{
    static const char *const NAMES[] = {"order",    "stock", "item",         "feedback",
                                        "forecast", "alert", "replenishment"};
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        cr_assert_not_null(embedded_schema(NAMES[i]).data, "%s", NAMES[i]);
    }
    cr_assert_null(embedded_schema("nothing").data);
    cr_assert_null(embedded_schema("").data);
}
