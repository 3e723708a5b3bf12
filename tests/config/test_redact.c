#include "config/base/redact.h"

#include "config/base/status.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void expect(const char *before, const char *after)
{
    char text[256];
    snprintf(text, sizeof text, "%s", before);
    text[redact_addresses(text, strlen(text))] = '\0';
    cr_expect_str_eq(text, after);
}

Test(redact, credentials_of_addresses_are_stars)
{
    expect("http://ali:open-sesame@registry:8081/x", "http://***@registry:8081/x");
    expect("ask https://a:b@h1,https://c:d@h2 again", "ask https://***@h1,https://***@h2 again");
    expect("{\"url\":\"http://ali:s@h\",\"n\":1}", "{\"url\":\"http://***@h\",\"n\":1}");
    expect("http://ali:p@ss/word@host/", "http://***@host/");
    expect("http://u@h", "http://*@h");
}

Test(redact, everything_else_is_left_alone)
{
    expect("", "");
    expect("://", "://");
    expect("http://host:8081/subjects", "http://host:8081/subjects");
    expect("ali@example.org: see http://host", "ali@example.org: see http://host");
    expect("SKU@LOCATION", "SKU@LOCATION");
    expect("a://@b", "a://@b");
}

Test(redact, a_status_never_holds_them)
{
    struct status *st = status_new(STATUS_REGISTRY, "cannot reach %s", "http://ali:secret@host");
    st = status_wrap(st, "open %s", "http://bob:hidden@other");
    cr_expect_str_eq(status_message(st), "open http://***@other: cannot reach http://***@host");
    status_free(st);
}
