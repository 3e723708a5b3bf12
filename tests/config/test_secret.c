#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(secret);

static void write_file(const char *path, const char *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(data, 1, bytes, file), bytes);
    fclose(file);
}

static const char *secret_of(const struct setup *setup, const char *text)
{
    const char *out = NULL;
    struct status *st = config_secret(setup->config, text, &out);
    cr_assert_null(st, "%s", status_message(st));
    return out;
}

static void refused(const struct setup *setup, const char *text, const char *expected)
{
    const char *out = "untouched";
    struct status *st = config_secret(setup->config, text, &out);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert(strstr(status_message(st), expected), "%s", status_message(st));
    cr_assert_str_eq(out, "untouched");
    status_free(st);
}

Test(secret, from_the_environment)
{
    struct setup setup;
    setup_ok(&setup, NULL, NULL);
    setenv("TEST_PASSWORD", "hunter2 #x", 1);
    const char *secret = secret_of(&setup, "env:TEST_PASSWORD");
    setenv("TEST_PASSWORD", "changed", 1);
    cr_assert_str_eq(secret, "hunter2 #x", "lives as long as the configuration");
    refused(&setup, "env:NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE, which holds a secret, is not set");
    cr_assert_str_eq(secret_of(&setup, "plain"), "plain");
    cr_assert_str_eq(secret_of(&setup, ""), "");
    setup_fini(&setup);
}

Test(secret, from_a_file)
{
    char folder[] = "/tmp/restock_secret_XXXXXX", path[128], text[160];
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/password", folder);
    snprintf(text, sizeof text, "file:%s", path);
    struct setup setup;
    setup_ok(&setup, NULL, NULL);
    write_file(path, "hunter2\r\n", 9);
    cr_assert_str_eq(secret_of(&setup, text), "hunter2", "without the end of line");
    write_file(path, " a b \nc\n", 8);
    cr_assert_str_eq(secret_of(&setup, text), " a b \nc");
    write_file(path, "", 0);
    cr_assert_str_eq(secret_of(&setup, text), "");
    write_file(path, "a\0b", 3);
    refused(&setup, text, "holds a NUL");
    static char large[100000];
    memset(large, 'x', sizeof large);
    write_file(path, large, sizeof large);
    refused(&setup, text, "exceeds 65536 bytes");
    write_file(path, large, 65536);
    cr_assert_eq(strlen(secret_of(&setup, text)), 65536);
    unlink(path);
    refused(&setup, text, "No such file");
    snprintf(text, sizeof text, "file:%s", folder);
    refused(&setup, text, "cannot be read");
    rmdir(folder);
    setup_fini(&setup);
}

Test(secret, relative_names_start_at_the_folder_of_the_file)
{
    struct setup setup;
    setup_ok(&setup, "all: {}\n", NULL);
    cr_assert_str_eq(config_relative(setup.config, "x/y"), "/tmp/x/y");
    cr_assert_str_eq(config_relative(setup.config, "/x"), "/x");
    cr_assert_str_eq(config_relative(setup.config, ""), "");
    char text[96], path[96];
    snprintf(path, sizeof path, "%s.secret", setup.path);
    snprintf(text, sizeof text, "file:%s", strrchr(path, '/') + 1);
    write_file(path, "near", 4);
    cr_assert_str_eq(secret_of(&setup, text), "near");
    unlink(path);
    setup_fini(&setup);
    setup_ok(&setup, NULL, NULL);
    cr_assert_str_eq(config_relative(setup.config, "x/y"), "x/y", "without a file: as it is");
    setup_fini(&setup);
}

static void *ask(void *argument)
{
    const struct setup *setup = argument;
    for (int i = 0; i < 2000; i++) {
        const char *out = NULL;
        struct status *st = config_secret(setup->config, "plain text", &out);
        cr_assert(!st && strcmp(out, "plain text") == 0);
        cr_assert_str_eq(config_relative(setup->config, "a"), "/tmp/a");
    }
    return NULL;
}

Test(secret, any_thread_may_ask)
{
    struct setup setup;
    pthread_t threads[4];
    setup_ok(&setup, "all: {}\n", NULL);
    for (int i = 0; i < 4; i++) {
        pthread_create(&threads[i], NULL, ask, &setup);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    setup_fini(&setup);
}
