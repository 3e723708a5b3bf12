/* Order messages for the benchmarks: a shop of the shape of Online Retail (about 19 lines an
 * invoice, Zipf over products, a few cancellations, repeated lines and codes that are no products),
 * the same for a seed; or a real file, as messages.
 *
 *   bench_orders made MESSAGES DAYS PRODUCTS SEED FROM   FROM: YYYY-MM-DD, days end at 17:59
 *   bench_orders each PRODUCTS DAYS FROM                 each product in one line, 20 lines a
 * message bench_orders history SAMPLES DAYS FROM               samples: a few units of each every
 * day bench_orders stock products|samples COUNT QUANTITY AT_MS bench_orders items products|samples
 * COUNT bench_orders file FILE.csv[.xz] MAP                  the table's messages
 *
 * A record a line: key, tab, JSON. Codes of products are 10000A ..., those of samples 20000 ...
 */
#include "bench/bench_figure.h"
#include "config/base/buf.h"
#include "config/base/rng.h"
#include "config/base/zone.h"
#include "stream/csv_message.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FIRST_CODE = 10000, CODES = 90000, FIRST_SAMPLE = 20000, EACH_LINES = 20, CODE_BYTES = 8 };

static void need(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench_orders: %s\n", what);
        exit(1);
    }
}

static time_t day_of(const char *text)
{
    struct tm date = {0};
    need(strptime(text, "%Y-%m-%d", &date) != NULL, "expected a date as YYYY-MM-DD");
    return timegm(&date);
}

static void print_head(const char *prefix, unsigned number, time_t when, unsigned customer)
{
    char stamp[24];
    struct tm date;
    gmtime_r(&when, &date);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:00", &date);
    printf("%s%u\t{\"InvoiceNo\":\"%s%u\",\"InvoiceDate\":\"%s\",\"CustomerID\":\"%u\","
           "\"Country\":\"%s\",\"lines\":[",
           prefix, number, prefix, number, stamp, 12000 + customer,
           customer % 12   ? "United Kingdom"
           : customer % 24 ? "France"
                           : "Germany");
}

static const char *code_of(bool sample, unsigned product, char *code)
{
    if (sample) {
        snprintf(code, CODE_BYTES, "%u", (FIRST_SAMPLE + product) % 100000);
    } else {
        snprintf(code, CODE_BYTES, "%u%c", FIRST_CODE + product % CODES,
                 (int)('A' + product / CODES % 26));
    }
    return code;
}

static void print_line(bool first, bool sample, unsigned product, int quantity)
{
    char code[CODE_BYTES];
    static const char *const WORDS[] = {"HEART", "HOLDER",    "VINTAGE", "METAL", "SIGN", "RETRO",
                                        "SPOT",  "LUNCH BAG", "LANTERN", "SET",   "CAKE", "STAND"};
    printf("%s{\"StockCode\":\"%s\",\"Description\":\"%s %s %s %u\",\"Quantity\":%d,"
           "\"UnitPrice\":%u.%u5}",
           first ? "" : ",", code_of(sample, product, code), WORDS[product % 12],
           WORDS[product / 12 % 12], WORDS[product / 144 % 12], product % 7, quantity, product % 9,
           product % 10);
}

/* Zipf of exponent 0.5 by its inverse distribution function: as in Online Retail, the best product
 * has about one line in a hundred. */
static unsigned product_of(struct rng *rng, unsigned products)
{
    double share = rng_unit(rng);
    unsigned rank = (unsigned)(share * share * products);
    /* Ranks are scattered, so that neighbours in number are not neighbours in sales. */
    return (unsigned)((uint64_t)rank * 7919 % products);
}

static int made(unsigned messages, unsigned days, unsigned products, uint64_t seed, time_t from)
{
    struct rng rng;
    rng_init(&rng, seed);
    for (unsigned i = 0; i < messages; i++) {
        double at = (double)i / messages * days;
        time_t when = from + (time_t)at * 86400 + 8 * 3600 + (time_t)((at - floor(at)) * 599) * 60;
        bool cancel = rng_below(&rng, 100) < 2;
        print_head(cancel ? "C" : "", 500000 + i, when, (unsigned)rng_below(&rng, 4000));
        unsigned lines = cancel ? 2 : 1 + (unsigned)(rng_exponential(&rng) * 19);
        unsigned last = 0;
        int quantity = 1;
        for (unsigned n = 0; n < lines; n++) {
            bool again = n && rng_below(&rng, 70) == 0;
            last = again ? last : product_of(&rng, products);
            quantity = again ? quantity : 1 + (int)(rng_exponential(&rng) * 8);
            print_line(n == 0, false, last, cancel ? -quantity : quantity);
        }
        printf("%s]}\n", rng_below(&rng, 8) == 0
                             ? ",{\"StockCode\":\"POST\",\"Description\":\"POSTAGE\","
                               "\"Quantity\":1,\"UnitPrice\":18.0}"
                             : "");
    }
    return 0;
}

static int each(unsigned products, unsigned days, time_t from)
{
    unsigned messages = (products + EACH_LINES - 1) / EACH_LINES;
    for (unsigned day = 0, number = 0; day < days; day++) {
        for (unsigned i = 0; i < messages; i++, number++) {
            time_t when =
                from + (time_t)day * 86400 + 8 * 3600 + (time_t)((uint64_t)i * 36000 / messages);
            print_head("", 500000 + number, when, i % 4000);
            for (unsigned n = 0; n < EACH_LINES && i * EACH_LINES + n < products; n++) {
                print_line(n == 0, false, i * EACH_LINES + n, 1 + (int)(n + day) % 5);
            }
            printf("]}\n");
        }
    }
    return 0;
}

static int history(unsigned samples, unsigned days, time_t from)
{
    struct rng rng;
    rng_init(&rng, 7);
    for (unsigned day = 0, number = 0; day < days; day++) {
        for (unsigned at = 0; at < samples; at += EACH_LINES, number++) {
            print_head("", 100000 + number, from + (time_t)day * 86400 + 9 * 3600 + at, 1);
            for (unsigned n = at; n < samples && n < at + EACH_LINES; n++) {
                print_line(n == at, true, n, 2 + (int)rng_below(&rng, 7));
            }
            printf("]}\n");
        }
    }
    return 0;
}

static int stock(bool samples, unsigned count, const char *quantity, const char *at_ms)
{
    for (unsigned i = 0; i < count; i++) {
        char code[CODE_BYTES];
        code_of(samples, i, code);
        printf("%s\t{\"sku\":\"%s\",\"location\":\"main\",\"kind\":\"COUNT\",\"quantity\":%s,"
               "\"reference\":\"c%u\",\"event_time\":%s}\n",
               code, code, quantity, i, at_ms);
    }
    return 0;
}

static int items(bool samples, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char code[CODE_BYTES];
        code_of(samples, i, code);
        printf("%s\t{\"sku\":\"%s\",\"lead_time_days\":%u.0,\"lead_time_sd_days\":2.0,"
               "\"review_days\":7.0,\"supplier\":\"S%u\",\"unit_cost\":120,\"price\":255,"
               "\"holding_cost_rate\":0.25,\"minimum_order\":24,\"pack\":12,"
               "\"currency\":\"GBP\"}\n",
               code, code, 3 + i % 10, i % 20);
    }
    return 0;
}

static int file(const char *path, const char *map_path)
{
    struct zone *zone = NULL;
    struct map *map = NULL;
    struct csv_messages *messages = NULL;
    bench_must(zone_open("Europe/London", &zone));
    bench_must(map_load(map_path, zone, &map));
    bench_must(csv_messages_open(path, map, &messages));
    struct buf text = {0};
    for (;;) {
        const struct datum *message = NULL;
        struct slice original;
        bench_must(csv_messages_next(messages, &message, &original));
        if (!message) {
            break;
        }
        uint32_t hint = 0;
        const struct datum *invoice = datum_child(message, slice_of("InvoiceNo"), &hint);
        buf_reset(&text);
        datum_print(&text, message);
        printf("%.*s\t%.*s\n", invoice ? (int)invoice->text.bytes : 0,
               invoice ? invoice->text.data : "", (int)text.bytes, text.data);
    }
    csv_messages_close(messages);
    map_destroy(map);
    zone_close(zone);
    buf_fini(&text);
    return 0;
}

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "made") == 0 && argc == 7) {
        return made(number(argv[2]), number(argv[3]), number(argv[4]), strtoull(argv[5], NULL, 10),
                    day_of(argv[6]));
    }
    if (strcmp(what, "each") == 0 && argc == 5) {
        return each(number(argv[2]), number(argv[3]), day_of(argv[4]));
    }
    if (strcmp(what, "history") == 0 && argc == 5) {
        return history(number(argv[2]), number(argv[3]), day_of(argv[4]));
    }
    if (strcmp(what, "stock") == 0 && argc == 6) {
        return stock(strcmp(argv[2], "samples") == 0, number(argv[3]), argv[4], argv[5]);
    }
    if (strcmp(what, "items") == 0 && argc == 4) {
        return items(strcmp(argv[2], "samples") == 0, number(argv[3]));
    }
    if (strcmp(what, "file") == 0 && argc == 4) {
        return file(argv[2], argv[3]);
    }
    fprintf(stderr, "bench_orders: unknown words; see the head of bench/bench_orders.c\n");
    return 2;
}
