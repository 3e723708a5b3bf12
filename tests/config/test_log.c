#include "config/base/log.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

TestSuite(log);

static FILE *sink;
static int saved;

static void capture(void)
{
    fflush(stderr);
    sink = tmpfile();
    saved = dup(STDERR_FILENO);
    dup2(fileno(sink), STDERR_FILENO);
}

static size_t release(char *out, size_t bytes)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(sink);
    size_t count = fread(out, 1, bytes - 1, sink);
    out[count] = '\0';
    fclose(sink);
    return count;
}

static int lines(const char *text)
{
    int count = 0;
    for (; *text; text++) {
        count += *text == '\n';
    }
    return count;
}

/* Into the middle of a second, so that a burst falls into one. */
static void settle(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_nsec > 300000000) {
        struct timespec rest = {0, 1000000000 - now.tv_nsec};
        nanosleep(&rest, NULL);
    }
}

Test(log, json_line)
{
    char out[4096];
    log_set(LOG_LEVEL_INFO, LOG_FORMAT_AUTO); /* a file is no terminal */
    capture();
    LOG_INFO("restore", "restored shard", log_i64("shard", -3), log_text("topic", "a"),
             log_f64("share", 0.25));
    release(out, sizeof out);
    cr_assert_eq(strncmp(out, "{\"time\":\"20", 11), 0, "%s", out);
    const char *rest = strstr(out, "Z\",");
    cr_assert_not_null(rest);
    cr_assert_str_eq(rest + 3,
                     "\"level\":\"info\",\"component\":\"restore\",\"message\":\"restored "
                     "shard\",\"shard\":-3,\"topic\":\"a\",\"share\":0.25}\n");
}

Test(log, json_of_any_text)
{
    char out[4096];
    log_set(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
    capture();
    LOG_DEBUG("c", "m", log_text("a", "q\" b\\ n\n t\t \x01 \x7f"),
              log_text("utf", "\xc3\xa9\xe2\x82\xac"),
              log_text("bad", "\xff|\xc3|\xed\xa0\x80|\xc0\xaf"), log_text("none", NULL),
              log_f64("nan", (double)NAN), log_f64("inf", (double)-INFINITY));
    release(out, sizeof out);
    cr_assert(strstr(out, "\"a\":\"q\\\" b\\\\ n\\u000a t\\u0009 \\u0001 \\u007f\""), "%s", out);
    cr_assert(strstr(out, "\"utf\":\"\xc3\xa9\xe2\x82\xac\""), "%s", out);
    cr_assert(strstr(out, "\"bad\":\"\\ufffd|\\ufffd|\\ufffd\\ufffd\\ufffd|\\ufffd\\ufffd\""), "%s",
              out);
    cr_assert(strstr(out, "\"none\":\"\""), "%s", out);
    cr_assert(strstr(out, "\"nan\":\"nan\",\"inf\":\"-inf\"}"), "%s", out);
    cr_assert_eq(lines(out), 1);
}

Test(log, text_line_is_one_line)
{
    char out[4096];
    log_set(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    capture();
    LOG_WARN("kafka", "two\nlines", log_text("a", "x"), log_text("b", "y z\n\x1b[31m"),
             log_text("c", ""), log_i64("n", 7));
    release(out, sizeof out);
    cr_assert(strstr(out, "Z warn  kafka two lines a=x b=\"y z  [31m\" c=\"\" n=7\n"), "%s", out);
    cr_assert_eq(lines(out), 1);
}

Test(log, long_texts_are_cut)
{
    static char text[100001], out[20000];
    memset(text, 'x', sizeof text - 1);
    log_set(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    capture();
    LOG_INFO("c", "m", log_text("long", text));
    size_t bytes = release(out, sizeof out);
    cr_assert_lt(bytes, 5000);
    cr_assert(strstr(out, "xxx...\"}\n"));
}

Test(log, levels)
{
    char out[4096];
    log_set(LOG_LEVEL_WARN, LOG_FORMAT_JSON);
    capture();
    LOG_DEBUG("c", "no");
    LOG_INFO("c", "no");
    LOG_WARN("c", "warning");
    LOG_ERROR("c", "failure");
    release(out, sizeof out);
    cr_assert_eq(lines(out), 2, "%s", out);
    cr_assert(strstr(out, "\"warn\"") && strstr(out, "\"error\""));
}

Test(log, a_site_has_ten_lines_a_second_and_tells_what_was_left_out)
{
    char out[16384];
    log_set(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    settle();
    capture();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < (round ? 1 : 25); i++) {
            LOG_ERROR("c", "same site", log_i64("i", i));
        }
        LOG_INFO("c", "other site");
        if (!round) {
            struct timespec second = {1, 0};
            nanosleep(&second, NULL);
        }
    }
    release(out, sizeof out);
    cr_assert_eq(lines(out), 10 + 1 + 2 + 1, "%s", out);
    cr_assert(strstr(out, "\"i\":9}") && !strstr(out, "\"i\":10}"), "%s", out);
    cr_assert(strstr(out, "\"left_out\":15}"), "%s", out);
}

enum { THREADS = 4, LINES = 200 };

static void *write_many(void *argument)
{
    (void)argument;
    for (int i = 0; i < LINES; i++) {
        struct log_site site = {0}; /* not limited */
        struct log_field field = log_text("text", "0123456789012345678901234567890123456789");
        log_write(&site, LOG_LEVEL_INFO, "thread", "line", &field, 1);
    }
    return NULL;
}

Test(log, threads_do_not_mix_their_lines)
{
    static char out[1 << 18];
    pthread_t threads[THREADS];
    log_set(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    capture();
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, write_many, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    release(out, sizeof out);
    cr_assert_eq(lines(out), THREADS * LINES);
    for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
        cr_assert_eq(strncmp(line, "{\"time\":", 8), 0, "%s", line);
        cr_assert(strstr(line, "\"text\":\"0123456789012345678901234567890123456789\"}"), "%s",
                  line);
    }
}

Test(log, no_line_holds_the_credentials_of_an_address)
{
    char out[4096];
    for (int format = 0; format < 2; format++) {
        log_set(LOG_LEVEL_INFO, format ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT);
        capture();
        LOG_WARN("test", "cannot reach http://ali:hunter2@registry:8081/subjects",
                 log_text("address", "https://ali:hunter2@host"), log_i64("n", 7));
        release(out, sizeof out);
        cr_expect_not(strstr(out, "hunter2"), "%s", out);
        cr_expect(strstr(out, "http://***@registry:8081/subjects"), "%s", out);
        cr_expect(strstr(out, "https://***@host") && strchr(out, '7') && lines(out) == 1, "%s",
                  out);
    }
}
