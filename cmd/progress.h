/* Progress of long work on stderr: a bar on a terminal, a line every ten seconds otherwise. */
#ifndef RESTOCK_PROGRESS_H
#define RESTOCK_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;
    int64_t started_ms, shown_ms;
    bool terminal;
};

void progress_begin(struct progress *progress, const char *what);
void progress_show(struct progress *progress, double share);
void progress_end(struct progress *progress);

#endif
