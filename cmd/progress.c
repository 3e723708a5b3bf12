#include "cmd/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { BAR_CELLS = 40, BAR_EVERY_MS = 100, LINE_EVERY_MS = 10000 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void progress_begin(struct progress *progress, const char *what)
{
    *progress = (struct progress){
        .what = what, .started_ms = now_ms(), .terminal = isatty(STDERR_FILENO) == 1};
    progress->shown_ms = progress->started_ms;
}

static void show_bar(const struct progress *progress, double share, double seconds)
{
    int full = (int)(share * BAR_CELLS);
    fprintf(stderr, "\r%s [", progress->what);
    for (int i = 0; i < BAR_CELLS; i++) {
        fputc(i < full ? '#' : '.', stderr);
    }
    fprintf(stderr, "] %3.0f %%  %.0f s", share * 100, seconds);
    if (share > 0.02) {
        fprintf(stderr, ", about %.0f s left ", seconds / share * (1 - share));
    }
    fflush(stderr);
}

void progress_show(struct progress *progress, double share)
{
    int64_t now = now_ms();
    if (now - progress->shown_ms < (progress->terminal ? BAR_EVERY_MS : LINE_EVERY_MS)) {
        return;
    }
    progress->shown_ms = now;
    double seconds = (double)(now - progress->started_ms) / 1000;
    if (progress->terminal) {
        show_bar(progress, share, seconds);
    } else {
        fprintf(stderr, "%s: %.0f %% after %.0f s\n", progress->what, share * 100, seconds);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->terminal) {
        fprintf(stderr, "\r\033[K");
    }
}
