#include "config/calendar_file.h"

#include "config/base/zone.h"
#include "config/calendar_texts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t DAY_MS = 86400000;
enum { FILE_BYTES_MAX = 256 << 10, PROBLEMS_MAX = 20, DATE_BYTES = 10 };

struct reading {
    const char *name;
    struct slice rest; /* text not read yet */
    size_t line;
    size_t date_column; /* place of `date` among the columns */
    struct holidays days;
    struct status *problems;
    size_t problem_count;
};

struct cell {
    struct slice text; /* quotes taken off; doubled ones inside stay */
    size_t column; /* of its first byte in the line, from 1 */
    bool open; /* a quote was not closed */
};

static void problem(struct reading *reading, size_t column, const char *what, struct slice text)
{
    if (reading->problem_count++ < PROBLEMS_MAX) {
        int shown = text.bytes < 40 ? (int)text.bytes : 40;
        reading->problems = status_join(
            reading->problems, status_new(STATUS_CONFIG, "%s:%zu:%zu: %s%s%.*s%s", reading->name,
                                          reading->line, column, what, text.data ? ": `" : "",
                                          shown, text.data ? text.data : "", text.data ? "`" : ""));
    }
}

static struct slice next_line(struct reading *reading)
{
    const char *end = memchr(reading->rest.data, '\n', reading->rest.bytes);
    size_t bytes = end ? (size_t)(end - reading->rest.data) : reading->rest.bytes;
    struct slice line = {reading->rest.data, bytes};
    size_t taken = bytes + (end != NULL);
    reading->rest = (struct slice){reading->rest.data + taken, reading->rest.bytes - taken};
    reading->line++;
    if (line.bytes && line.data[line.bytes - 1] == '\r') {
        line.bytes--;
    }
    return line;
}

static bool is_blank(struct slice line)
{
    for (size_t i = 0; i < line.bytes; i++) {
        if (line.data[i] != ' ' && line.data[i] != '\t') {
            return line.data[i] == '#';
        }
    }
    return true;
}

static struct slice trimmed(struct slice text)
{
    while (text.bytes && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text = (struct slice){text.data + 1, text.bytes - 1};
    }
    while (text.bytes && (text.data[text.bytes - 1] == ' ' || text.data[text.bytes - 1] == '\t')) {
        text.bytes--;
    }
    return text;
}

/* Takes the next cell off the line; false: no more. */
static bool next_cell(struct slice line, size_t *at, struct cell *out)
{
    if (*at > line.bytes) {
        return false;
    }
    size_t start = *at, end = start;
    bool quoted = false;
    while (end < line.bytes && (quoted || line.data[end] != ',')) {
        quoted ^= line.data[end] == '"';
        end++;
    }
    struct slice text = trimmed((struct slice){line.data + start, end - start});
    if (text.bytes >= 2 && text.data[0] == '"' && text.data[text.bytes - 1] == '"') {
        text = (struct slice){text.data + 1, text.bytes - 2};
    }
    *out = (struct cell){text, (size_t)(text.data - line.data) + 1, quoted};
    *at = end + 1;
    return true;
}

static bool cell_at(struct slice line, size_t index, struct cell *out)
{
    size_t at = 0;
    for (size_t i = 0; next_cell(line, &at, out); i++) {
        if (i == index) {
            return true;
        }
    }
    return false;
}

static void read_header(struct reading *reading, struct slice line)
{
    struct cell cell;
    size_t at = 0, found = 0;
    for (size_t i = 0; next_cell(line, &at, &cell); i++) {
        if (slice_is(cell.text, "date") && !found++) {
            reading->date_column = i;
        }
    }
    if (found != 1) {
        problem(reading, 1,
                found ? "the column `date` stands twice in the header"
                      : "the header must name a column `date`",
                line);
    }
}

static void read_row(struct reading *reading, struct slice line)
{
    struct cell cell;
    if (!cell_at(line, reading->date_column, &cell)) {
        problem(reading, line.bytes + 1, "no cell in the column `date`", (struct slice){0});
        return;
    }
    int64_t ms;
    bool has_offset;
    if (cell.open) {
        problem(reading, cell.column, "a quotation mark is not closed", cell.text);
    } else if (cell.text.bytes != DATE_BYTES || !civil_parse(cell.text, &ms, &has_offset)) {
        problem(reading, cell.column, "not a date as YYYY-MM-DD", cell.text);
    } else {
        holiday_add(&reading->days, ms / DAY_MS - (ms % DAY_MS < 0));
    }
}

struct status *calendar_file_parse(const char *name, struct slice text, struct holidays *out)
{
    struct reading reading = {.name = name, .rest = text};
    if (text.bytes >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0) {
        reading.rest = (struct slice){text.data + 3, text.bytes - 3};
    }
    bool header = false;
    while (reading.rest.bytes && (!header || reading.problem_count < PROBLEMS_MAX)) {
        struct slice line = next_line(&reading);
        if (memchr(line.data, '\0', line.bytes)) {
            problem(&reading, 1, "a NUL byte: this is no text", (struct slice){0});
            break;
        }
        if (is_blank(line)) {
            continue;
        }
        if (header) {
            read_row(&reading, line);
        } else {
            read_header(&reading, line);
            header = true;
            if (reading.problems) {
                break;
            }
        }
    }
    if (!header && !reading.problems) {
        reading.line = 1;
        problem(&reading, 1, "empty: a calendar begins with a header `date,name`",
                (struct slice){0});
    }
    if (!reading.problems) {
        holiday_add_all(out, &reading.days);
    }
    holiday_fini(&reading.days);
    return reading.problems;
}

struct status *calendar_file_load(const char *path, struct holidays *out)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        return status_new(STATUS_CONFIG, "cannot read the calendar %s: %s", path, strerror(errno));
    }
    char *text = malloc(FILE_BYTES_MAX + 1);
    size_t bytes = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    struct status *st;
    if (!text || failed || bytes > FILE_BYTES_MAX) {
        st = status_new(STATUS_CONFIG, "the calendar %s cannot be read or exceeds %d bytes", path,
                        FILE_BYTES_MAX);
    } else {
        st = calendar_file_parse(path, (struct slice){text, bytes}, out);
    }
    free(text);
    return st;
}

struct slice calendar_file_shipped(const char *country)
{
    const char *wanted = strcmp(country, "uk") == 0 ? "gb" : country;
    for (const struct calendar_text *text = calendar_texts; text->country; text++) {
        if (strcmp(text->country, wanted) == 0) {
            return text->text;
        }
    }
    return (struct slice){0};
}

const char *calendar_file_countries(void)
{
    return "cn, de, es, fr, gb, it, nl, us";
}

const char *calendar_file_country(const char *zone)
{
    static const char *const ZONES[][2] = {
        {"Europe/London", "gb"},
        {"GB", "gb"},
        {"Europe/Berlin", "de"},
        {"Europe/Busingen", "de"},
        {"Europe/Paris", "fr"},
        {"Europe/Amsterdam", "nl"},
        {"Europe/Madrid", "es"},
        {"Atlantic/Canary", "es"},
        {"Africa/Ceuta", "es"},
        {"Europe/Rome", "it"},
        {"Asia/Shanghai", "cn"},
        {"Asia/Urumqi", "cn"},
        {"PRC", "cn"},
        {"America/New_York", "us"},
        {"America/Chicago", "us"},
        {"America/Denver", "us"},
        {"America/Phoenix", "us"},
        {"America/Los_Angeles", "us"},
        {"America/Anchorage", "us"},
        {"America/Detroit", "us"},
        {"America/Boise", "us"},
        {"America/Juneau", "us"},
        {"America/Nome", "us"},
        {"America/Adak", "us"},
        {"America/Menominee", "us"},
        {"Pacific/Honolulu", "us"},
    };
    static const char *const GROUPS[][2] = {{"US/", "us"},
                                            {"America/Indiana/", "us"},
                                            {"America/Kentucky/", "us"},
                                            {"America/North_Dakota/", "us"}};
    for (size_t i = 0; i < sizeof ZONES / sizeof ZONES[0]; i++) {
        if (strcmp(zone, ZONES[i][0]) == 0) {
            return ZONES[i][1];
        }
    }
    for (size_t i = 0; i < sizeof GROUPS / sizeof GROUPS[0]; i++) {
        if (strncmp(zone, GROUPS[i][0], strlen(GROUPS[i][0])) == 0) {
            return GROUPS[i][1];
        }
    }
    return NULL;
}
