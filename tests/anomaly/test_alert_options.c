#include "anomaly/alert.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

Test(alert_options, default_options_parse_as_their_types_say)
{
    cr_assert_eq(alert_option_table.struct_bytes, sizeof(struct alert_options));
    for (size_t i = 0; i < alert_option_table.count; i++) {
        const struct option *row = &alert_option_table.rows[i];
        bool named =
            strncmp(row->path, "alerts.", 7) == 0 || strncmp(row->path, "anomaly.", 8) == 0;
        cr_assert(named && row->help && row->help[0]);
        cr_assert(row->offset < sizeof(struct alert_options));
        cr_assert(row->type == OPTION_TEXT || row->type == OPTION_BOOL ||
                  strtod(row->default_text, NULL) >= row->min);
    }
}
