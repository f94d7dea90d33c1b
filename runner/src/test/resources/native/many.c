// SPDX-License-Identifier: Apache-2.0
// many.c PROCESSES COUNT close|exit|kill: processes that open so many files each, then lose them all at once.
#include "check.h"
#include <sys/resource.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static void child(int count, int ready, int go, const char *how)
{
    char byte = 1;
    int lowest = 1 << 30;
    for (int i = 0; i < count; i++) {
        int fd = open("/dev/vfio/vfio", O_RDWR);
        CHECK(fd >= 0);
        if (fd < lowest)
            lowest = fd;
    }
    CHECK(lowest > go && lowest > ready);
    CHECK(write(ready, &byte, 1) == 1);
    CHECK(read(go, &byte, 1) == 0);
    if (!strcmp(how, "close")) {
        CHECK(syscall(SYS_close_range, lowest, ~0U, 0) == 0);
        int fd = open("/dev/vfio/vfio", O_RDWR);
        CHECK(fd == 512 && ioctl(fd, VFIO_GET_API_VERSION) == 0 && close(fd) == 0);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    int processes = atoi(argv[1]), count = atoi(argv[2]), ready[2], go[2];
    struct rlimit limit;
    CHECK(argc == 4 && getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_max < count + 100)
        return 77;
    limit.rlim_cur = count + 100;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    pid_t children[processes];
    for (int i = 0; i < processes; i++) {
        children[i] = fork();
        if (!children[i]) {
            CHECK(dup2(go[0], ready[0]) == ready[0] && close(go[0]) == 0 && close(go[1]) == 0);
            child(count, ready[1], ready[0], argv[3]);
        }
        CHECK(children[i] > 0);
    }
    close(ready[1]);
    for (int i = 0; i < processes; i++) {
        char byte;
        CHECK(read(ready[0], &byte, 1) == 1);
    }
    if (!strcmp(argv[3], "kill"))
        for (int i = 0; i < processes; i++)
            CHECK(kill(children[i], SIGKILL) == 0);
    else
        CHECK(close(go[1]) == 0);
    for (int i = 0; i < processes; i++) {
        int status;
        CHECK(waitpid(children[i], &status, 0) == children[i]);
        CHECK(!strcmp(argv[3], "kill") ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return 0;
}
