#include "tests/config/setup.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(print);

static const struct option_table *const TABLES[] = {&all_table, &more_table};

static char *reference(void)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    config_reference(out, TABLES, 2, setup_sections, 3);
    fclose(out);
    return text;
}

static char *template(void)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    config_template(out, TABLES, 2, setup_sections, 3);
    fclose(out);
    return text;
}

static char *dump(struct setup *setup)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    config_dump(out, setup->config, setup->bindings, 2, setup_sections, 3);
    fclose(out);
    return text;
}

Test(print, reference_has_a_row_an_option)
{
    char *text = reference();
    static const char *const rows[] = {
        "\n## all of them\n",
        "\n| `all.count` | `7` | whole number, 1 to 100 | how many \\| or few *(state)* |\n",
        "\n| `all.wait` | `90s` | duration such as 200ms, 30s, 15min, 1h, 1d, 1w | how long "
        "*(reload)* |\n",
        "\n| `all.password` | `(empty)` | text | hush *(secret)* |\n",
        "\n| `all.deep.color` | `red` | one of red, green | which |\n",
        "\n## time\n",
        "\n## Free sections\n",
        "\n| `kafka` | for the client |\n"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect(strstr(text, rows[i]), "'%s' is not in:\n%s", rows[i], text);
    }
    int count = 0;
    for (const char *at = text; (at = strstr(at, "\n| `")); at++) {
        count++;
    }
    cr_expect_eq(count, (int)(all_table.count + more_table.count) + 3);
    free(text);
}

Test(print, template_loads_and_says_the_defaults)
{
    struct setup defaults, loaded;
    char *text = template();
    setup_ok(&defaults, NULL, NULL);
    setup_ok(&loaded, text, NULL);
    char *a = dump(&defaults), *b = dump(&loaded);
    cr_expect_str_eq(a, b);
    for (size_t t = 0; t < 2; t++) {
        for (size_t r = 0; r < TABLES[t]->count; r++) {
            char comment[200];
            snprintf(comment, sizeof comment, "# %s\n", TABLES[t]->rows[r].help);
            cr_expect(strstr(text, comment), "%s", comment);
        }
    }
    cr_expect(strstr(text, "\nall:\n  # how many | or few\n  count: 7\n"), "%s", text);
    cr_expect(
        strstr(text, "\n  deep:\n    # which\n    color: red\n    # a share\n    rate: 0.1\n"),
        "%s", text);
    free(a);
    free(b);
    free(text);
    setup_fini(&defaults);
    setup_fini(&loaded);
}

Test(print, dump_shows_what_is_in_force)
{
    struct setup setup;
    setup_ok(&setup,
             "all: {count: 9, text: \"a\\nb\", sums: [4]}\nsuppliers: {acme: {closed: [x, "
             "'y: z']}}\n",
             "kafka.bootstrap.servers=\"h:1,i:2\"");
    char *text = dump(&setup);
    static const char *const lines[] = {"\nall.count: 9\n",
                                        "\nall.text: \"a\\x0ab\"\n",
                                        "\nall.sums: [4]\n",
                                        "\ntime.bucket: 1d\n",
                                        "\nkafka.bootstrap.servers: \"h:1,i:2\"\n",
                                        "\nsuppliers.acme: {closed: [x, \"y: z\"]}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        cr_expect(strstr(text, lines[i]), "'%s' is not in:\n%s", lines[i], text);
    }
    free(text);
    setup_fini(&setup);
}

Test(print, dump_shows_no_secret)
{
    struct setup setup;
    setenv("RESTOCK__KAFKA__SASL_PASSWORD", "hunter2", 1);
    setenv("RESTOCK__ALL__PASSWORD", "hunter2", 1);
    setup_ok(&setup,
             "kafka:\n  ssl.key.pem: hunter2\n  SSL.KEYSTORE.PASSWORD: hunter2\n  oauth: "
             "{client: {secret: hunter2}}\n  ssl.certificate.pem: hunter2\n"
             "suppliers:\n  acme: {api_token: [hunter2, {x: hunter2}], "
             "secrets: {a: hunter2, b: [hunter2]}}\n",
             "kafka.access.token=hunter2");
    char *text = dump(&setup);
    cr_expect_not(strstr(text, "hunter2"), "%s", text);
    cr_expect(strstr(text, "\nall.password: ***\n"), "%s", text);
    cr_expect(strstr(text, "\nkafka.sasl.password: ***\n"), "%s", text);
    cr_expect(strstr(text, "api_token: [***, {x: ***}]"), "%s", text);
    free(text);
    setup_fini(&setup);
}

Test(print, dump_shows_no_credentials_of_an_address)
{
    struct setup setup;
    setup_ok(&setup,
             "kafka: {some.url: 'https://ali:hunter2@proxy:80/a', sasl.jaas: \"x hunter2\", "
             "sasl.oauthbearer.config: 'principal=hunter2'}\n"
             "suppliers: {acme: {closed: ['ftp://ali:hunter2@host']}}\n",
             "all.text='http://ali:hunter2@host:8081,http://bob:hunter2@other'");
    char *text = dump(&setup);
    cr_expect_not(strstr(text, "hunter2"), "%s", text);
    cr_expect(strstr(text, "https://***@proxy:80/a"), "%s", text);
    cr_expect(strstr(text, "http://***@host:8081,http://***@other"), "%s", text);
    free(text);
    setup_fini(&setup);
}
