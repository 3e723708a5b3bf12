#include "cmd/command.h"

#include "anomaly/detector.h"
#include "config/base/slice.h"
#include "config/base/zone.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 4096 };

struct detect_args {
    const char *series, *out;
};

static const struct arg ROWS[] = {
    {"series", ARG_TEXT, "FILE.csv", "the series: timestamp,value, one row each, in order",
     offsetof(struct detect_args, series)},
    {"out", ARG_TEXT, "SCORES.csv", "written: timestamp,value,anomaly_score",
     offsetof(struct detect_args, out)},
};
static const struct arg_spec SPEC = {
    "detect", "--series FILE.csv --out SCORES.csv",
    "score any single series for anomalies.\n"
    "Row by row, in constant memory: a score from 0 to 1 is written before the next row is read.\n"
    "From 0.33 on it is an alarm; ordinary rows reach that about once in 2,000. A missing value\n"
    "(nothing behind the comma) scores 0.",
    ROWS, sizeof ROWS / sizeof ROWS[0]};

struct job {
    const char *series, *scores;
    FILE *in, *out;
    uint64_t line, rows, alarms;
};

static struct status *wrong(const struct job *job, const char *what)
{
    return status_new(STATUS_CORRUPT, "%s:%" PRIu64 ": expected %s", job->series, job->line, what);
}

/* "timestamp,value" with nothing behind it but further columns, which are not read. */
static bool split(char *line, struct slice *time, double *value)
{
    char *comma = strchr(line, ',');
    if (!comma) {
        return false;
    }
    *time = (struct slice){line, (size_t)(comma - line)};
    char *end;
    *value = strtod(comma + 1, &end);
    bool missing = end == comma + 1 && (*end == ',' || *end == '\0');
    if (missing) {
        *value = NAN;
    }
    if (end == comma + 1 && !missing) {
        return false;
    }
    *end = *end == ',' ? '\0' : *end;
    return *end == '\0';
}

static struct status *score_row(struct job *job, struct detector *detector, char *line)
{
    struct slice time;
    double value;
    int64_t ms;
    bool has_offset;
    if (!split(line, &time, &value)) {
        return wrong(job, "timestamp,value with a number");
    }
    if (!civil_parse(time, &ms, &has_offset)) {
        return wrong(job, "a timestamp like 2014-04-01 00:05:00");
    }
    double score = detector_score(detector, ms, value);
    job->rows++;
    job->alarms += score >= DETECTOR_ALARM;
    if (fprintf(job->out, "%s,%.6f\n", line, score) < 0) {
        return status_new(STATUS_IO, "cannot write %s: %s", job->scores, strerror(errno));
    }
    return NULL;
}

static struct status *score_all(struct job *job, struct detector *detector)
{
    char line[LINE_MOST];
    while (fgets(line, sizeof line, job->in)) {
        job->line++;
        size_t bytes = strlen(line);
        if (bytes == sizeof line - 1 && line[bytes - 1] != '\n') {
            return wrong(job, "a shorter line");
        }
        line[strcspn(line, "\r\n")] = '\0';
        if (job->line == 1) {
            if (strncmp(line, "timestamp,value", 15) != 0) {
                return wrong(job, "the header timestamp,value");
            }
            fputs("timestamp,value,anomaly_score\n", job->out);
        } else if (*line) {
            TRY(score_row(job, detector, line));
        }
    }
    if (ferror(job->in)) {
        return status_new(STATUS_IO, "cannot read %s: %s", job->series, strerror(errno));
    }
    return job->line ? NULL : wrong(job, "the header timestamp,value, the file is empty");
}

static struct status *score_file(struct job *job)
{
    struct detector *detector = detector_create();
    struct status *st = detector ? score_all(job, detector)
                                 : status_new(STATUS_NO_MEMORY, "no memory for a detector");
    detector_destroy(detector);
    if (fclose(job->out) && !st) {
        st = status_new(STATUS_IO, "cannot write %s: %s", job->scores, strerror(errno));
    }
    if (st) {
        (void)remove(job->scores); /* half a file looks like a whole one */
    }
    return st;
}

static struct status *run(int argc, char **argv)
{
    struct detect_args args = {0};
    TRY(args_parse(&SPEC, argc, argv, &args, NULL));
    if (!args.series || !args.out) {
        return status_new(STATUS_USAGE, "detect needs --series FILE.csv and --out SCORES.csv");
    }
    struct job job = {.series = args.series, .scores = args.out};
    job.in = fopen(args.series, "r");
    if (!job.in) {
        return status_new(STATUS_IO, "cannot read %s: %s", args.series, strerror(errno));
    }
    struct status *st = NULL;
    job.out = fopen(args.out, "w");
    if (job.out) {
        st = score_file(&job);
    } else {
        st = status_new(STATUS_IO, "cannot write %s: %s", args.out, strerror(errno));
    }
    (void)fclose(job.in);
    if (!st) {
        fprintf(stderr, "%s: %" PRIu64 " rows, %" PRIu64 " alarms\n", args.series, job.rows,
                job.alarms);
    }
    return st;
}

const struct command command_detect = {&SPEC, run};
