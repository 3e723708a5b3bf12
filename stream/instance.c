#include "stream/instance.h"

#include "config/base/log.h"
#include "stream/kafka.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 1024, HOST_BYTES = 64 };

/* Only what may stand in file names and client ids. */
static void clean(char *text)
{
    for (; *text; text++) {
        bool fine = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
                    (*text >= '0' && *text <= '9') || strchr("._-", *text);
        *text = fine ? *text : '_';
    }
}

static void state_folder(const struct settings *settings, char *out)
{
    const char *systemd = getenv("STATE_DIRECTORY"), *state = getenv("XDG_STATE_HOME");
    if (settings->stream.state_folder && *settings->stream.state_folder) {
        snprintf(out, PATH_BYTES, "%s", settings->stream.state_folder);
    } else if (systemd && *systemd) {
        snprintf(out, PATH_BYTES, "%.*s", (int)strcspn(systemd, ":"), systemd);
    } else if (state && *state) {
        snprintf(out, PATH_BYTES, "%s/restock", state);
    } else {
        snprintf(out, PATH_BYTES, "/tmp/restock-%u", (unsigned)getuid());
    }
}

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

static void random_name(const char *host, struct instance *out)
{
    uint64_t noise = (uint64_t)kafka_wall_ms() ^ (uint64_t)getpid() << 40;
    ssize_t n = getrandom(&noise, sizeof noise, 0);
    (void)n; /* time and process id are enough otherwise */
    snprintf(out->name, sizeof out->name, "%s-%016llx", host, (unsigned long long)noise);
}

struct status *instance_open(const struct settings *settings, struct instance *out)
{
    *out = (struct instance){.lock = -1, .lasting = true};
    const char *wanted = settings->stream.instance;
    if (wanted && *wanted && strcmp(wanted, "auto") != 0) {
        if (strlen(wanted) >= sizeof out->name) {
            return status_new(STATUS_CONFIG, "instance `%s` is too long: at most %zu characters",
                              wanted, sizeof out->name - 1);
        }
        snprintf(out->name, sizeof out->name, "%s", wanted);
        clean(out->name);
        return NULL;
    }
    char host[HOST_BYTES] = "host", folder[PATH_BYTES], application[HOST_BYTES];
    gethostname(host, sizeof host - 1);
    clean(host);
    snprintf(application, sizeof application, "%s", settings->stream.application);
    clean(application);
    state_folder(settings, folder);
    bool there = make_folders(folder);
    for (int slot = 0; there && slot < INSTANCE_SLOTS_MAX; slot++) {
        char path[PATH_BYTES + 160];
        snprintf(path, sizeof path, "%s/%s-%d.lock", folder, application, slot);
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0) {
            break;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            out->lock = fd;
            snprintf(out->name, sizeof out->name, "%s-%d", host, slot);
            return NULL;
        }
        close(fd);
    }
    random_name(host, out);
    out->lasting = false;
    LOG_WARN("instance", "no lock in the state folder: a random name, and no quick restart",
             log_text("state_folder", folder));
    return NULL;
}

void instance_close(struct instance *instance)
{
    if (instance->lock >= 0) {
        close(instance->lock);
        instance->lock = -1;
    }
}
