#include "cmd/report.h"

#include <inttypes.h>

void report_print(const struct backtest_report *report, FILE *out)
{
    fprintf(out,
            "{\"lines\":{\"read\":%" PRIu64 ",\"applied\":%" PRIu64 ",\"duplicate\":%" PRIu64
            ",\"late\":%" PRIu64 ",\"filtered\":%" PRIu64 ",\"dead_letter\":%" PRIu64
            "},\"forecasts\":%" PRIu64 ",\"alerts\":%" PRIu64 ",\"replenishments\":%" PRIu64
            ",\"active_seconds\":%.3f%s}\n",
            report->read, report->applied, report->duplicate, report->late, report->filtered,
            report->dead_letter, report->forecasts, report->alerts, report->replenishments,
            report->active_seconds, report->leaky ? ",\"leaky\":true" : "");
    fflush(out);
}
