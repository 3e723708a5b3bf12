#include "stream/transfer_plan.h"

#include "tests/stream/file_fixture.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char POLICY[] = "series,lead_time,lead_time_sd,review,holding_cost,shortage_cost,"
                             "order_cost,pack,minimum_order,lost_sales\n"
                             "lamp@north,9,0,7,0.01,4,0,1,1,1\nlamp@south,9,0,7,0.01,4,0,1,1,1\n"
                             "vase@north,9,0,7,0.01,4,0,1,1,1\nchair,9,0,7,0.01,4,0,1,1,1\n";

static struct demand_curve steady(float rate)
{
    static const float LEVELS[DEMAND_LEVELS] = {0.05F, 0.1F, 0.2F, 0.3F, 0.4F,  0.5F,
                                                0.6F,  0.7F, 0.8F, 0.9F, 0.95F, 0.99F};
    static const float LENGTHS[3] = {1, 7, 28};
    float means[3], quantiles[3 * DEMAND_LEVELS];
    for (int r = 0; r < 3; r++) {
        means[r] = rate * LENGTHS[r];
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            quantiles[r * DEMAND_LEVELS + k] = means[r] * (0.5F + LEVELS[k]);
        }
    }
    struct demand_curve curve;
    demand_curve_init(&curve, LEVELS, 3, LENGTHS, means, quantiles);
    return curve;
}

static uint64_t run(int64_t north, int64_t south, double unit_cost, char **text,
                    struct order_rows **rows)
{
    char path[FILE_PATH_BYTES], out[FILE_PATH_BYTES];
    file_fixture(path, POLICY);
    file_fixture(out, "");
    cr_assert(!order_file_policy(path, rows));
    struct demand_curve curves[4];
    for (size_t i = 0; i < 4; i++) {
        curves[i] = steady(2);
        position_init(&order_file_row(*rows, i)->position);
        order_file_row(*rows, i)->position.known = 1;
    }
    order_file_row(*rows, 0)->position.stock = north;
    order_file_row(*rows, 1)->position.stock = south;
    struct transfer_plan_terms terms = {.lead_time = 1, .unit_cost = unit_cost, .today = 100};
    FILE *file = fopen(out, "w");
    cr_assert(file);
    uint64_t moves = transfer_plan_run(*rows, curves, &terms, file);
    fclose(file);
    *text = file_text(out);
    unlink(path);
    unlink(out);
    return moves;
}

Test(transfer_plan, what_one_shop_has_too_much_of_goes_to_the_other)
{
    struct order_rows *rows;
    char *text;
    cr_assert_eq(run(120, 0, 0.2, &text, &rows), 1, "%s", text);
    cr_expect(strstr(text, "\nlamp,north,south,"), "%s", text);
    const struct position *north = &order_file_row(rows, 0)->position;
    const struct position *south = &order_file_row(rows, 1)->position;
    int64_t moved = 120 - north->stock;
    cr_expect(moved >= 12 && moved <= 80, "%d", (int)moved);
    cr_expect_eq(position_incoming(south), moved,
                 "it counts as supply, so nothing is bought twice");
    cr_expect_eq(south->supply[0].expected, 101);
    cr_expect_eq(position_incoming(&order_file_row(rows, 2)->position), 0, "another item");
    order_file_free(rows);
    free(text);
}

Test(transfer_plan, nothing_moves_where_it_costs_more_than_it_saves)
{
    struct order_rows *rows;
    char *text;
    cr_expect_eq(run(120, 0, 9, &text, &rows), 0, "%s", text);
    cr_expect_str_eq(text, "sku,from,to,quantity,arrives_in,loss,gain,left\n");
    cr_expect_eq(order_file_row(rows, 0)->position.stock, 120);
    order_file_free(rows);
    free(text);
    cr_expect_eq(run(40, 40, 0.2, &text, &rows), 0, "%s", text);
    order_file_free(rows);
    free(text);
}
