#include "config/yaml.h"

#include "config/base/buf.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

TestSuite(yaml);

static struct yaml *parse(const char *text)
{
    struct yaml *yaml = NULL;
    struct status *st = yaml_parse("f", text, strlen(text), &yaml);
    cr_assert_null(st, "%s", status_message(st));
    return yaml;
}

static void refuses(struct slice text, const char *const *expected, size_t count)
{
    struct yaml *yaml = (struct yaml *)&expected;
    struct status *st = yaml_parse("f", text.data, text.bytes, &yaml);
    cr_assert_not_null(st);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    cr_assert_eq(yaml, (struct yaml *)&expected, "out is untouched");
    for (size_t i = 0; i < count; i++) {
        cr_assert(strstr(status_message(st), expected[i]), "'%s' not in: %.400s", expected[i],
                  status_message(st));
    }
    status_free(st);
}

static void refuses_text(const char *text, const char *expected)
{
    refuses(slice_of(text), &expected, 1);
}

Test(yaml, a_tree_with_positions)
{
    struct yaml *yaml = parse("a: 1\nb:\n  - x\n  - \"y\"\nc: {d: ~, e: ''}\n");
    const struct yaml_node *root = yaml_root(yaml);
    cr_assert_eq(root->kind, YAML_MAPPING);
    cr_assert_eq(root->count, 3);
    cr_assert_str_eq(root->keys[1]->text, "b");
    const struct yaml_node *list = yaml_get(root, "b");
    cr_assert_eq(list->kind, YAML_SEQUENCE);
    cr_assert_eq(list->count, 2);
    cr_assert_eq(list->items[1]->line, 4);
    cr_assert_eq(list->items[1]->column, 5);
    cr_assert(list->items[1]->quoted && !list->items[0]->quoted);
    const struct yaml_node *c = yaml_get(root, "c");
    cr_assert(yaml_is_null(yaml_get(c, "d")));
    cr_assert_not(yaml_is_null(yaml_get(c, "e")), "an empty text in quotes is a text");
    cr_assert_null(yaml_get(c, "x"));
    cr_assert_null(yaml_get(list, "x"));
    cr_assert_null(yaml_get(NULL, "x"));
    yaml_destroy(yaml);
}

Test(yaml, null_is_written_in_many_ways)
{
    struct yaml *yaml = parse("a: null\nb: 'null'\nc:\nd: ~\ne: []\nf: nothing\n");
    const struct yaml_node *root = yaml_root(yaml);
    cr_assert(yaml_is_null(yaml_get(root, "a")));
    cr_assert_not(yaml_is_null(yaml_get(root, "b")));
    cr_assert(yaml_is_null(yaml_get(root, "c")));
    cr_assert(yaml_is_null(yaml_get(root, "d")));
    cr_assert_not(yaml_is_null(yaml_get(root, "e")));
    cr_assert_not(yaml_is_null(yaml_get(root, "f")));
    cr_assert(yaml_is_null(NULL));
    yaml_destroy(yaml);
}

Test(yaml, json_is_yaml)
{
    struct yaml *yaml =
        parse("{\"kafka\": {\"bootstrap.servers\": \"a:1\"}, \"n\": [1, 2.5, true, null]}");
    const struct yaml_node *kafka = yaml_get(yaml_root(yaml), "kafka");
    cr_assert_str_eq(yaml_get(kafka, "bootstrap.servers")->text, "a:1");
    cr_assert_eq(yaml_get(yaml_root(yaml), "n")->count, 4);
    cr_assert(yaml_is_null(yaml_get(yaml_root(yaml), "n")->items[3]));
    yaml_destroy(yaml);
}

Test(yaml, nothing_is_an_empty_document)
{
    struct yaml *yaml = parse("");
    cr_assert_null(yaml_root(yaml));
    yaml_destroy(yaml);
    yaml = parse("# only a comment\n\n");
    cr_assert_null(yaml_root(yaml));
    yaml_destroy(yaml);
    yaml_destroy(NULL);
}

Test(yaml, duplicate_keys_name_both_places_and_all_come_at_once)
{
    const char *const expected[] = {"f:3:1: 'a' stands here again; the first one is at 1:1",
                                    "f:2:11: 'x' stands here again; the first one is at 2:5"};
    refuses(slice_of("a: 1\nb: {x: 1, x: 2}\na: 2\n"), expected, 2);
}

Test(yaml, a_syntax_error_has_its_place)
{
    refuses_text("a: 1\nb: [1, 2\nc: 3\n", "f:3:");
    refuses_text("a: b: c\n", "f:1:5: ");
    refuses_text("a: \"open", "f:1:");
    refuses_text("\tb: 1\n", "f:1:1");
}

Test(yaml, bytes_that_are_no_text_are_refused_at_their_place)
{
    const char *expected = "f:2:4: ";
    refuses((struct slice){"a: 1\nb: \xff\n", 10}, &expected, 1);
    refuses_text("a: \"x\\0y\"\n", "f:1:4: a NUL character is not allowed");
}

Test(yaml, what_stands_behind_the_document_is_not_ignored)
{
    refuses_text("a: 1\n---\nb: 2\n", "f:2:1: a second document begins here");
    refuses_text("{\"a\": 1}}\n", "f:1:9");
    refuses_text("a: 1\n---\n[\n", "f:2:1");
}

Test(yaml, only_texts_are_keys)
{
    refuses_text("? [a, b]\n: 1\n", "f:1:3: a key must be plain text");
    refuses_text("{{a: b}: 1}\n", "a key must be plain text");
}

Test(yaml, aliases_are_resolved)
{
    struct yaml *yaml = parse("a: &x {k: v}\nb: *x\n");
    cr_assert_str_eq(yaml_get(yaml_get(yaml_root(yaml), "b"), "k")->text, "v");
    yaml_destroy(yaml);
    refuses_text("a: *nobody\n", "f:1:4");
    refuses_text("a: &x [*x]\n", "an alias inside of what it names");
}

Test(yaml, a_billion_laughs_are_refused)
{
    struct buf text = {0};
    buf_text(&text, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++) {
        buf_print(&text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 10; k++) {
            buf_print(&text, "%s*a%d", k ? ", " : "", i - 1);
        }
        buf_text(&text, "]\n");
    }
    const char *expected = "aliases multiply";
    refuses(buf_view(&text), &expected, 1);
    buf_fini(&text);
}

/* A megabyte named two hundred times would not fit the arena if each alias were a copy. */
Test(yaml, a_long_text_with_many_aliases_is_held_once)
{
    struct buf text = {0};
    buf_text(&text, "a: &x \"");
    for (int i = 0; i < 1 << 20; i++) {
        buf_byte(&text, 'y');
    }
    buf_text(&text, "\"\nb: [*x");
    for (int i = 0; i < 200; i++) {
        buf_text(&text, ", *x");
    }
    buf_text(&text, "]\n");
    struct yaml *yaml;
    struct status *st = yaml_parse("f", text.data, text.bytes, &yaml);
    cr_assert_null(st, "%s", status_message(st));
    const struct yaml_node *list = yaml_get(yaml_root(yaml), "b");
    cr_assert_eq(list->count, 201);
    cr_assert_eq(list->items[0]->text, list->items[200]->text);
    yaml_destroy(yaml);
    buf_fini(&text);
}

static void repeat(struct buf *text, const char *part, int times)
{
    for (int i = 0; i < times; i++) {
        buf_text(text, part);
    }
}

/* One case each: the bound that must stop it, and not memory or patience. */
Test(yaml, bounds)
{
    struct {
        const char *begin, *part;
        int times;
        const char *expected;
    } cases[] = {{"", "[", 1000000, "nested too deeply"},
                 {"", "- ", 1000000, "nested too deeply"},
                 {"", "? ", 1000000, "nested too deeply"},
                 {"", "{a: ", 65, "nested too deeply"},
                 {"", "- 1\n", 250000, "the document is too large"},
                 {"", "- &a 1\n", 150000, "too many anchors"},
                 {"", "a: 1\n", 90000, "and 89949 more problems"},
                 {"# ", "x", 5000000, "larger than 4194304 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf text = {0};
        struct timespec start, end;
        buf_text(&text, cases[i].begin);
        repeat(&text, cases[i].part, cases[i].times);
        clock_gettime(CLOCK_MONOTONIC, &start);
        refuses(buf_view(&text), &cases[i].expected, 1);
        clock_gettime(CLOCK_MONOTONIC, &end);
        cr_assert_leq(end.tv_sec - start.tv_sec, 20, "case %zu took too long", i);
        buf_fini(&text);
    }
}

Test(yaml, depth_at_the_bound_is_fine)
{
    struct buf text = {0};
    repeat(&text, "[", 64);
    repeat(&text, "]", 64);
    buf_byte(&text, '\0');
    yaml_destroy(parse(text.data));
    buf_fini(&text);
}

Test(yaml, load_reads_a_file_and_names_it)
{
    char path[] = "/tmp/restock_yaml_XXXXXX";
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, "a: [1\n", 6), 6);
    struct yaml *yaml;
    struct status *st = yaml_load(path, &yaml);
    cr_assert(strstr(status_message(st), path));
    status_free(st);
    cr_assert_eq(pwrite(fd, "a: 2 \n", 6, 0), 6);
    st = yaml_load(path, &yaml);
    cr_assert_null(st, "%s", status_message(st));
    cr_assert_str_eq(yaml_get(yaml_root(yaml), "a")->text, "2");
    st = yaml_error(yaml_get(yaml_root(yaml), "a"), "bad %d", 7);
    char expected[100];
    snprintf(expected, sizeof expected, "%s:1:4: bad 7", path);
    cr_assert_str_eq(status_message(st), expected);
    status_free(st);
    yaml_destroy(yaml);
    close(fd);
    unlink(path);
}

Test(yaml, load_refuses_what_is_no_file)
{
    struct yaml *yaml;
    struct status *st = yaml_load("/nonexistent/x.yaml", &yaml);
    cr_assert_str_eq(status_message(st),
                     "cannot read /nonexistent/x.yaml: No such file or directory");
    status_free(st);
    st = yaml_load("/tmp", &yaml);
    cr_assert_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
}

Test(yaml, nearest_name)
{
    static const char *const names[] = {"bucket", "zone", "max_lead", "sku"};
    cr_assert_str_eq(yaml_nearest("buckte", names, 4), "bucket");
    cr_assert_str_eq(yaml_nearest("max-lead", names, 4), "max_lead");
    cr_assert_str_eq(yaml_nearest("sku", names, 4), "sku");
    cr_assert_str_eq(yaml_nearest("zoen", names, 4), "zone", "neighbours that changed places");
    cr_assert_str_eq(yaml_nearest("sk", (const char *const[]){"sk"}, 1), "sk");
    cr_assert_null(yaml_nearest("warehouse", names, 4));
    cr_assert_null(yaml_nearest("", names, 4));
    cr_assert_null(yaml_nearest("x", names, 0));
    char longest[300];
    memset(longest, 'x', sizeof longest);
    longest[299] = '\0';
    cr_assert_null(yaml_nearest(longest, names, 4));
}

static bool same(const char *one, const char *other)
{
    struct yaml *a, *b;
    cr_assert(!yaml_parse("a", one, strlen(one), &a) && !yaml_parse("b", other, strlen(other), &b));
    bool result = yaml_same(yaml_root(a), yaml_root(b));
    yaml_destroy(a);
    yaml_destroy(b);
    return result;
}

Test(yaml, same_or_not)
{
    cr_expect(same("{a: [1, {b: c}]}", "a:\n  - 1\n  - {b: 'c'}\n"));
    cr_expect(!same("{a: 1}", "{a: 2}") && !same("{a: 1}", "{b: 1}"));
    cr_expect(!same("[1]", "[1, 2]") && !same("[1]", "{a: 1}") && !same("a", "[a]"));
    cr_expect(yaml_same(NULL, NULL));
}
