#include "optimize/item.h"

#include <math.h>
#include <stddef.h>

#define FIELD(name) offsetof(struct item_options, name)

static const struct option ROWS[] = {
    {.path = "defaults.lead_time_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(lead_time_days),
     .default_text = "7",
     .min = 0,
     .max = 3650,
     .help = "days from an order to goods that can be sold, where the item does not say"},
    {.path = "defaults.lead_time_sd_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(lead_time_sd_days),
     .default_text = "2",
     .min = 0,
     .max = 3650,
     .help = "standard deviation of the lead time"},
    {.path = "defaults.review_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(review_days),
     .default_text = "7",
     .min = 0.01,
     .max = 365,
     .help = "days from one chance to order to the next"},
    {.path = "defaults.holding_cost_rate",
     .type = OPTION_DOUBLE,
     .offset = FIELD(holding_cost_rate),
     .default_text = "0.25",
     .min = 0,
     .max = 100,
     .help = "cost of holding stock, a share of its unit cost a year"},
    {.path = "defaults.shelf_life_days",
     .type = OPTION_DOUBLE,
     .offset = FIELD(shelf_life_days),
     .default_text = "0",
     .min = 0,
     .max = 36500,
     .help = "days until goods spoil; 0: never"},
    {.path = "defaults.unit_cost",
     .type = OPTION_INT,
     .offset = FIELD(unit_cost),
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "purchase price of a unit, minor units of money; 0: unknown, decisions go by the "
             "service target"},
    {.path = "defaults.price",
     .type = OPTION_INT,
     .offset = FIELD(price),
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "sales price of a unit, minor units; 0: unknown"},
    {.path = "defaults.shortage_cost",
     .type = OPTION_INT,
     .offset = FIELD(shortage_cost),
     .default_text = "-1",
     .min = -1,
     .max = 1e12,
     .help = "cost of a unit asked for and not there, minor units; -1: price less unit cost"},
    {.path = "defaults.order_cost",
     .type = OPTION_INT,
     .offset = FIELD(order_cost),
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "cost of placing one order, minor units"},
    {.path = "defaults.minimum_order",
     .type = OPTION_INT,
     .offset = FIELD(minimum_order),
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "least quantity of an order; 0: none"},
    {.path = "defaults.pack",
     .type = OPTION_INT,
     .offset = FIELD(pack),
     .default_text = "1",
     .min = 1,
     .max = 1e12,
     .help = "orders are multiples of this"},
    {.path = "defaults.maximum_order",
     .type = OPTION_INT,
     .offset = FIELD(maximum_order),
     .default_text = "0",
     .min = 0,
     .max = 1e12,
     .help = "largest quantity of an order; 0: none"},
    {.path = "defaults.supplier",
     .type = OPTION_TEXT,
     .offset = FIELD(supplier),
     .default_text = "",
     .help = "supplier of items that name none"},
    {.path = "defaults.currency",
     .type = OPTION_TEXT,
     .offset = FIELD(currency),
     .default_text = "EUR",
     .help = "currency of money without one (ISO 4217)"},
    {.path = "defaults.lost_sales",
     .type = OPTION_BOOL,
     .offset = FIELD(lost_sales),
     .default_text = "true",
     .help = "what is not in stock is lost (true) or waits for the next receipt (false)"},
};

const struct option_table item_option_table = {
    "Defaults of items", ROWS, sizeof ROWS / sizeof ROWS[0], sizeof(struct item_options)};

struct item_facts item_facts_from(const struct item_options *options)
{
    return (struct item_facts){
        .lead_time_days = options->lead_time_days,
        .lead_time_sd_days = options->lead_time_sd_days,
        .review_days = options->review_days,
        .holding_cost_rate = options->holding_cost_rate,
        .shelf_life_days = options->shelf_life_days,
        .unit_cost = options->unit_cost,
        .price = options->price,
        .shortage_cost = options->shortage_cost,
        .order_cost = options->order_cost,
        .minimum_order = options->minimum_order,
        .pack = options->pack,
        .maximum_order = options->maximum_order,
        .lost_sales = options->lost_sales,
    };
}

static void fill_real(double *value, double standard, double most)
{
    *value = isfinite(*value) && *value >= 0 ? *value : standard;
    *value = fmin(fmax(*value, 0), most);
}

static void fill_whole(int64_t *value, int64_t standard)
{
    const int64_t most = INT64_C(1) << 50; /* products with quantities are formed in double only */
    *value = *value < 0 ? standard : *value;
    *value = *value > most ? most : *value;
}

void item_facts_fill(struct item_facts *facts, const struct item_options *options)
{
    bool lead_said = isfinite(facts->lead_time_days) && facts->lead_time_days >= 0;
    bool spread_said = isfinite(facts->lead_time_sd_days) && facts->lead_time_sd_days >= 0;
    fill_real(&facts->lead_time_days, options->lead_time_days, 3650);
    fill_real(&facts->lead_time_sd_days, options->lead_time_sd_days, 3650);
    if (lead_said && !spread_said && options->lead_time_days > 0) {
        /* The default spread belongs to the default lead time: keep its proportion. */
        facts->lead_time_sd_days =
            options->lead_time_sd_days * facts->lead_time_days / options->lead_time_days;
    }
    fill_real(&facts->review_days, options->review_days, 365);
    facts->review_days = fmax(facts->review_days, 0.01);
    fill_real(&facts->holding_cost_rate, options->holding_cost_rate, 100);
    fill_real(&facts->shelf_life_days, options->shelf_life_days, 36500);
    fill_real(&facts->service_target, 0, 0.9999);
    fill_whole(&facts->unit_cost, options->unit_cost);
    fill_whole(&facts->price, options->price);
    fill_whole(&facts->shortage_cost, options->shortage_cost);
    fill_whole(&facts->order_cost, options->order_cost);
    fill_whole(&facts->minimum_order, options->minimum_order);
    fill_whole(&facts->pack, options->pack);
    fill_whole(&facts->maximum_order, options->maximum_order);
    facts->pack = facts->pack < 1 ? 1 : facts->pack;
}
