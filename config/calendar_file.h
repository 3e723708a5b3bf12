/* Calendars: files of holidays, and those that the program brings along.
 *
 * A calendar is a CSV file with a header. The column `date` (YYYY-MM-DD) is needed, `name` is for
 * people, others are ignored; empty lines and lines that begin with # are skipped:
 *
 *     date,name
 *     2025-12-25,Christmas Day
 *
 * Shipped ones (config/calendars/, made by make.py there) are in the binary under the code of their
 * country: cn, de, es, fr, gb (also uk), it, nl, us; public holidays of the whole country, 2009 to
 * 2030. Thread: any. */
#ifndef RESTOCK_CALENDAR_FILE_H
#define RESTOCK_CALENDAR_FILE_H

#include "config/base/holiday.h"
#include "config/base/slice.h"
#include "config/base/status.h"

/* Adds the days of a calendar text to *out. All mistakes come as one status, a line each
 * ("name:line:column: ..."), and then *out is untouched. */
struct status *calendar_file_parse(const char *name, struct slice text, struct holidays *out)
    __attribute__((warn_unused_result));
struct status *calendar_file_load(const char *path, struct holidays *out)
    __attribute__((warn_unused_result));

/* The text of a shipped calendar, constant; data NULL: there is none for this country. */
struct slice calendar_file_shipped(const char *country);
/* "cn, de, ...": for messages. */
const char *calendar_file_countries(void);
/* Country (with a shipped calendar) in which a time zone lies, or NULL. */
const char *calendar_file_country(const char *zone);

#endif
