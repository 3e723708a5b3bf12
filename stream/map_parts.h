/* Inside of a compiled map; only map_*.c include this. Everything lives in the map's arena and is
 * read-only after compilation. */
#ifndef RESTOCK_MAP_PARTS_H
#define RESTOCK_MAP_PARTS_H

#include "stream/map.h"
#include "stream/map_number.h"
#include "stream/map_pattern.h"
#include "stream/map_time.h"
#include "stream/mapper.h"

enum map_field {
    MAP_SKU,
    MAP_LOCATION,
    MAP_ORDER_ID,
    MAP_CUSTOMER,
    MAP_GROUP,
    MAP_CURRENCY,
    MAP_CHANNEL,
    MAP_REFERENCE,
    MAP_KIND,
    MAP_QUANTITY,
    MAP_UNIT_PRICE,
    MAP_PROMOTION,
    MAP_EVENT_TIME,
    MAP_EXPECTED,
    MAP_FIELD_COUNT
};

enum map_type { MAP_TEXT, MAP_INTEGER, MAP_MONEY, MAP_BOOLEAN, MAP_TIME };

struct map_field_row {
    const char *name;
    enum map_type type;
    bool in[2]; /* MAP_ORDERS, MAP_STOCK: may be mapped */
    bool needed[2];
};
extern const struct map_field_row MAP_FIELDS[MAP_FIELD_COUNT];

/* Where a path starts. ITEM, PREVIOUS and INDEX exist where a section has `split`. */
enum map_root { MAP_MESSAGE, MAP_LINE, MAP_ITEM, MAP_PREVIOUS, MAP_INDEX };

struct map_step {
    struct slice name; /* data NULL: element `index` of an array */
    uint32_t index;
    uint32_t hint; /* place in the mapper's hints */
};

struct map_alternative {
    enum map_root root;
    uint32_t step_count;
    const struct map_step *steps;
    const char *text; /* behind the root, for messages */
};

struct map_path {
    uint32_t count;
    const struct map_alternative *alternatives;
};

struct map_choice {
    struct slice from, to;
};

enum map_case { MAP_CASE_KEEP, MAP_CASE_UPPER, MAP_CASE_LOWER };

struct map_rule {
    enum map_type type;
    bool per_line, optional, trim, round, negate, absolute,
        exact /* fingerprint: number in normal form */;
    enum map_case letters;
    int decimals; /* money */
    int64_t scale; /* integers: value x scale is the quantity in base units */
    int64_t step_ms; /* times: index x step_ms is added */
    struct map_path path; /* count 0: constant only */
    const struct datum *constant, *fallback; /* TEXT or NULL */
    struct slice strip_prefix, strip_suffix;
    uint32_t choice_count;
    const struct map_choice *choices; /* `values` */
    struct map_time time;
    const struct zone *zone_ref; /* owner: map or caller of map_load */
};

enum map_operator {
    MAP_STARTS,
    MAP_ENDS,
    MAP_MATCHES,
    MAP_IS,
    MAP_IS_NOT,
    MAP_LESS,
    MAP_AT_MOST,
    MAP_MORE,
    MAP_AT_LEAST,
    MAP_EXISTS,
    MAP_MISSING,
    MAP_DIFFERS, /* from another path */
};

struct map_clause {
    bool is_field; /* $name, else a path */
    enum map_field field;
    struct map_path path, other; /* other: MAP_DIFFERS */
    enum map_operator op;
    struct slice text;
    struct map_number number;
    const struct map_pattern *pattern;
};

enum { MAP_CLAUSES_MAX = 8, MAP_KINDS_MAX = 16, MAP_FINGERPRINT_MAX = 32 };

struct map_condition {
    uint32_t count; /* all must hold; 0: always */
    struct map_clause clauses[MAP_CLAUSES_MAX];
};

struct map_kind_rule {
    int kind; /* enum order_kind or stock_kind */
    struct map_condition when;
};

struct map_print_part { /* of the fingerprint */
    bool is_field, per_line;
    enum map_field field;
    struct map_rule rule;
};

enum map_section_name { MAP_ORDERS, MAP_STOCK, MAP_SECTIONS };

struct map_section {
    bool present;
    struct map_path each; /* array of lines; count 0: the message is one line */
    struct map_path split; /* text whose parts are the lines */
    char split_by; /* '\0': every character */
    bool has[MAP_FIELD_COUNT];
    struct map_rule fields[MAP_FIELD_COUNT];
    uint32_t kind_count;
    struct map_kind_rule
        kinds[MAP_KINDS_MAX]; /* the first that holds; else the first kind of the enum */
    uint32_t keep_count;
    const char *keep_names[MAP_FILTERS_MAX];
    struct map_condition keeps[MAP_FILTERS_MAX];
    uint32_t print_count; /* 0: all fields of message and line */
    struct map_print_part prints[MAP_FINGERPRINT_MAX];
};

struct map {
    struct arena *arena;
    struct yaml *yaml; /* texts point into it */
    struct zone *zone; /* own, or NULL */
    const struct zone *zone_ref;
    const char *name;
    uint32_t hint_count;
    struct map_section sections[MAP_SECTIONS];
    uint32_t column_count; /* of a table that belong to the message */
    struct slice columns[MAP_COLUMNS_MAX];
    struct slice table_lines, table_sort;
};

struct map_value {
    bool has;
    struct slice text; /* MAP_TEXT */
    int64_t number; /* all others; MAP_BOOLEAN 0 or 1 */
};

/* What a rule sees: the message, the line, and with `split` the part. */
struct map_context {
    const struct datum *roots[MAP_INDEX + 1]; /* by enum map_root; NULL: not there */
    int64_t index;
    int64_t line_number;
    uint32_t *hints;
    struct arena *arena;
    struct map_value values[MAP_FIELD_COUNT];
    const char *reason; /* set by a refusal */
    char *field; /* [MAP_FIELD_BYTES] */
};

/* map_path.c. The first alternative that is there and not null. */
const struct datum *map_path_find(const struct map_path *path, const struct map_context *context);
/* Refuse: reason, and the path as field name. Returns false. */
bool map_path_refuse(const struct map_path *path, struct map_context *context, const char *reason);

/* map_value.c */
bool map_rule_value(const struct map_rule *rule, struct map_context *context,
                    struct map_value *out);
bool map_rule_text(const struct map_rule *rule, struct map_context *context, const struct datum *d,
                   struct slice *out);
/* map_condition.c */
bool map_condition_holds(const struct map_condition *condition, const struct map_section *section,
                         const struct map_context *context);
/* map_print.c: bytes that equal source lines have in common, appended to out: first what the whole
 * message says (without the list of lines), then what the line says. False: refused. */
struct buf;
bool map_print_message(const struct map_section *section, struct map_context *context,
                       const struct datum *without, struct buf *out);
bool map_print_line(const struct map_section *section, struct map_context *context,
                    struct buf *out);

#endif
