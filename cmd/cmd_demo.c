/* A shop, a bus and restock in one process. The shop's clock starts in the past and runs faster
 * than life until it reaches today, so everything downstream works as in live mode. */
#include "cmd/command.h"
#include "cmd/serve.h"
#include "config/base/log.h"
#include "stream/mock_bus.h"
#include "stream/sender.h"
#include "stream/simulate_json.h"

#include <inttypes.h>
#include <pthread.h>
#include <time.h>

struct demo_args {
    const char *listen; /* NULL: http.listen */
    struct arg_list sets;
    int64_t seconds, products, orders, speed, seed, anomalies;
};

#define ROW(name, kind, value, help, field)                                                        \
    {                                                                                              \
        name, kind, value, help, offsetof(struct demo_args, field)                                 \
    }
static const struct arg ROWS[] = {
    ROW("seconds", ARG_INT, "N", "end after so many seconds (0: Ctrl-C ends it)", seconds),
    ROW("speed", ARG_INT, "N", "hours of the shop's time a second (24)", speed),
    ROW("products", ARG_INT, "N", "products of the shop (200)", products),
    ROW("orders-per-day", ARG_INT, "N", "its orders on an average day (250)", orders),
    ROW("anomalies", ARG_INT, "N", "incidents per 10,000 product-days (20)", anomalies),
    ROW("seed", ARG_INT, "N", "another shop (1)", seed),
    ROW("listen", ARG_TEXT, "ADDRESS:PORT", "where the live page is; port 0: any that is free",
        listen),
    ROW("set", ARG_TEXTS, "KEY=VALUE", "override one option; may be repeated", sets),
};
static const struct arg_spec SPEC = {
    "demo", "[options]",
    "everything at once: an embedded broker, a simulated shop, a live page.\n"
    "Nothing to set up and nothing is kept. The broker is librdkafka's mock: it holds 5 MiB per\n"
    "partition in memory and has no real transactions, so the demo shows what restock does, not\n"
    "that nothing is lost or doubled; `restock run` on a Kafka broker guarantees that.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

enum {
    PAST_DAYS = 730,
    WARM_DAYS = 70, /* a past for the forecasts, sent fast */
    WARM_SPEED = 12, /* days a second */
    NAP_MAX_MS = 50,
    SET_BYTES = 128,
    INTRO_BYTES = 1024,
    FLUSH_MS = 2000
};

static const char NOTE[] =
    "Demo: a simulated shop on an embedded broker, its clock runs faster than life. Nothing is "
    "kept, and delivery guarantees need a Kafka broker.";

struct shop {
    const struct settings *settings;
    struct simulate *sim;
    int64_t start_ms;
    double warm_speed, speed; /* milliseconds of the shop per millisecond */
    _Atomic bool stop, failed;
};

static void nap(int64_t ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000};
    nanosleep(&time, NULL);
}

/* The shop's time after `passed` milliseconds of ours; never beyond the wall clock. */
static int64_t shop_time(const struct shop *shop, int64_t passed)
{
    const double warm_ms = WARM_DAYS * 86400000.0, ours = warm_ms / shop->warm_speed;
    double time = (double)passed < ours ? (double)passed * shop->warm_speed
                                        : warm_ms + ((double)passed - ours) * shop->speed;
    int64_t wall = kafka_wall_ms(), at = shop->start_ms + (int64_t)time;
    return at < wall ? at : wall;
}

static struct status *send_event(struct shop *shop, struct sender *sender,
                                 const struct simulate_event *event, struct buf text[2])
{
    if (event->kind == SIMULATE_LABEL || event->kind == SIMULATE_DAY) {
        return NULL;
    }
    buf_reset(&text[0]);
    buf_reset(&text[1]);
    enum topic topic = simulate_json(event, &text[0], &text[1]);
    return sender_put(sender, shop->settings->stream.topics[topic], -1, buf_view(&text[0]),
                      buf_view(&text[1]));
}

static struct status *trade(struct shop *shop, struct sender *sender, struct buf text[2])
{
    struct simulate_event event;
    int64_t began = kafka_now_ms();
    while (!atomic_load(&shop->stop) && simulate_next(shop->sim, &event)) {
        while (!atomic_load(&shop->stop) &&
               event.time_ms > shop_time(shop, kafka_now_ms() - began)) {
            nap(NAP_MAX_MS / 5);
        }
        TRY(send_event(shop, sender, &event, text));
    }
    return NULL;
}

static void *shop_main(void *argument)
{
    struct shop *shop = argument;
    struct sender *sender = NULL;
    struct buf text[2] = {{0}};
    struct status *st = sender_open(shop->settings, &sender);
    st = st ? st : trade(shop, sender, text);
    if (!st) {
        st = sender_flush(sender, FLUSH_MS);
    }
    if (st) {
        LOG_ERROR("demo", "the shop cannot send", log_text("why", status_message(st)));
        status_free(st);
        atomic_store(&shop->failed, true);
    }
    sender_close(sender);
    buf_fini(&text[0]);
    buf_fini(&text[1]);
    return NULL;
}

static bool shop_running(void *context)
{
    struct shop *shop = context;
    return !atomic_load(&shop->failed);
}

/* What the embedded broker needs; --set of the user comes behind and wins. */
static struct status *load_settings(const struct demo_args *args, const struct mock_bus *bus,
                                    struct settings *out)
{
    static const char *const OURS[] = {"delivery=at_least_once",
                                       "application=restock-demo",
                                       "workers=1",
                                       "time.idle_timeout=1d",
                                       "alerts.budget_per_day=0.2",
                                       "log.level=warn",
                                       "kafka.log_level=3",
                                       "kafka.session.timeout.ms=6000",
                                       "kafka.fetch.wait.max.ms=10",
                                       "kafka.topic.metadata.refresh.interval.ms=300000"};
    enum { OUR_COUNT = sizeof OURS / sizeof OURS[0] };
    const char *sets[OUR_COUNT + 2 + ARG_LIST_MAX];
    char address[SET_BYTES], listen[SET_BYTES];
    size_t count = 0;
    (void)snprintf(address, sizeof address, "kafka.bootstrap.servers=%s", mock_bus_address(bus));
    for (; count < OUR_COUNT; count++) {
        sets[count] = OURS[count];
    }
    sets[count++] = address;
    if (args->listen) {
        if (snprintf(listen, sizeof listen, "http.listen=%s", args->listen) >= SET_BYTES) {
            return status_new(STATUS_USAGE,
                              "demo: --listen: expected ADDRESS:PORT, found '%.40s...'",
                              args->listen);
        }
        sets[count++] = listen;
    }
    for (size_t i = 0; i < args->sets.count; i++) {
        sets[count++] = args->sets.values[i];
    }
    return settings_load(NULL, sets, count, out);
}

static struct status *make_topics(struct mock_bus *bus, const struct settings *settings)
{
    static const int32_t PARTITIONS[TOPIC_COUNT] = {
        [TOPIC_ORDERS] = 2,      [TOPIC_STOCK] = 1,  [TOPIC_ITEMS] = 1,
        [TOPIC_FEEDBACK] = 1,    [TOPIC_LINES] = 4,  [TOPIC_STATE] = 4,
        [TOPIC_FORECASTS] = 4,   [TOPIC_ALERTS] = 1, [TOPIC_REPLENISHMENTS] = 1,
        [TOPIC_DEAD_LETTERS] = 1};
    for (int topic = 0; topic < TOPIC_COUNT; topic++) {
        TRY(mock_bus_topic(bus, settings->stream.topics[topic], PARTITIONS[topic]));
    }
    return NULL;
}

static struct status *open_shop(const struct demo_args *args, const struct settings *settings,
                                struct shop *shop)
{
    int64_t today = kafka_wall_ms() / 86400000 * 86400000;
    struct simulate_options options = {.products = args->products,
                                       .locations = 1,
                                       .start_ms = today - PAST_DAYS * 86400000LL,
                                       .seed = (uint64_t)args->seed,
                                       .orders_per_day = (double)args->orders,
                                       .anomalies = (double)args->anomalies};
    if (args->speed < 1 || args->speed > 24 * 30) {
        return status_new(STATUS_USAGE, "demo: --speed: expected 1 to 720 hours a second");
    }
    *shop = (struct shop){.settings = settings,
                          .start_ms = options.start_ms,
                          .warm_speed = WARM_SPEED * 86400.0,
                          .speed = (double)args->speed * 3600};
    return status_wrap(simulate_create(&options, &shop->sim), "demo");
}

static struct status *play(const struct demo_args *args, const struct settings *settings,
                           const struct mock_bus *bus, struct shop *shop)
{
    struct serve_options options = {.settings = settings,
                                    .runtime = {.roles = {true, true}},
                                    .note = NOTE,
                                    .seconds = args->seconds,
                                    .announce = true,
                                    .running = shop_running,
                                    .context = shop};
    char intro[INTRO_BYTES];
    (void)snprintf(intro, sizeof intro,
                   "watch a topic  kcat -b %s -C -t alerts -o beginning -u\n%s\n"
                   "The first %d days of the shop pass fast, then %" PRId64
                   " hours a second. Ctrl-C ends it.\n",
                   mock_bus_address(bus), NOTE, WARM_DAYS, args->speed);
    options.intro = intro;
    pthread_t thread;
    if (pthread_create(&thread, NULL, shop_main, shop) != 0) {
        return status_new(STATUS_IO, "demo: cannot start a thread");
    }
    struct status *st = serve(&options);
    atomic_store(&shop->stop, true);
    pthread_join(thread, NULL);
    return st;
}

static struct status *run(int argc, char **argv)
{
    struct demo_args args = {
        .products = 200, .orders = 250, .speed = 24, .seed = 1, .anomalies = 20};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    struct mock_bus *bus = NULL;
    struct settings settings = {0};
    struct shop shop = {0};
    TRY(mock_bus_open(&bus));
    struct status *st = load_settings(&args, bus, &settings);
    if (!st) {
        log_set((enum log_level)settings.stream.log_level,
                (enum log_format)settings.stream.log_format);
        st = make_topics(bus, &settings);
        st = st ? st : open_shop(&args, &settings, &shop);
        st = st ? st : play(&args, &settings, bus, &shop);
    }
    if (status_code(st) == STATUS_TIMEOUT) {
        return st; /* a thread may still look at all this */
    }
    simulate_destroy(shop.sim);
    if (settings.config) {
        settings_fini(&settings);
    }
    mock_bus_close(bus);
    return st;
}

const struct command command_demo = {&SPEC, run};
