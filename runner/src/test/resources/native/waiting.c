// SPDX-License-Identifier: Apache-2.0
// A removal that waits for a device's user does not keep others from writing to the same attribute; the waiting writer cannot be
// killed, and ends with the last user. Arguments: a device of vfio-pci, its group, another device of vfio-pci.
#include "check.h"

#define UNBIND "/sys/bus/pci/drivers/vfio-pci/unbind"

static void put(const char *text)
{
    int fd = open(UNBIND, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (long)strlen(text));
    CHECK(close(fd) == 0);
}

static char state(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
    close(fd);
    return strrchr(text, ')')[2];
}

int main(int argc, char **argv)
{
    int ready[2], status;
    char go;
    bdf = argv[1];
    CHECK(argc == 4 && pipe(ready) == 0);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o = open_by_group();
    pid_t remover = fork();
    if (remover == 0) {
        close(o.device);
        close(o.group);
        close(o.container);
        int fd = open(UNBIND, O_WRONLY);
        CHECK(fd >= 0 && write(ready[1], "x", 1) == 1);
        write(fd, bdf, strlen(bdf));
        return 0;
    }
    CHECK(read(ready[0], &go, 1) == 1);
    while (state(remover) == 'R')
        usleep(1000);
    put(argv[3]);
    CHECK(kill(remover, SIGKILL) == 0);
    for (int i = 0; i < 20; i++) {
        CHECK(waitpid(remover, &status, WNOHANG) == 0);
        usleep(1000);
    }
    close_all(o);
    CHECK(waitpid(remover, &status, 0) == remover && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return 0;
}
