// SPDX-License-Identifier: Apache-2.0
// descriptors.c BDF GROUP: what keeps a file open: dup, fork, exec, SCM_RIGHTS; many opens, many threads.
#include "check.h"

static void busy(void)
{
    REFUSED(open(group_path, O_RDWR), EBUSY);
}

static void idle(void)
{
    int g = open(group_path, O_RDWR);
    CHECK(g >= 0 && close(g) == 0);
}

static void duplicates(void)
{
    int g = open(group_path, O_RDWR);
    int copy = dup(g), low = dup2(g, 40), other = fcntl(g, F_DUPFD_CLOEXEC, 3);
    struct vfio_group_status status = {.argsz = sizeof status};
    CHECK(copy >= 0 && low == 40 && other >= 0);
    CHECK(ioctl(low, VFIO_GROUP_GET_STATUS, &status) == 0 && ioctl(other, VFIO_GROUP_GET_STATUS, &status) == 0);
    CHECK(fcntl(other, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
    CHECK(close(g) == 0);
    busy();
    CHECK(close(copy) == 0 && close(other) == 0);
    busy();
    CHECK(close(low) == 0);
    idle();
}

static void children(const char *self)
{
    int g = open(group_path, O_RDWR), go[2];
    CHECK(pipe(go) == 0);
    pid_t child = fork();
    if (!child) {
        char byte;
        close(go[1]);
        struct vfio_group_status status = {.argsz = sizeof status};
        CHECK(ioctl(g, VFIO_GROUP_GET_STATUS, &status) == 0);
        CHECK(read(go[0], &byte, 1) == 0);
        _exit(3);
    }
    CHECK(close(g) == 0);
    busy();
    CHECK(close(go[0]) == 0 && close(go[1]) == 0);
    expect_exit(child, 3);
    idle();

    g = open(group_path, O_RDWR);
    CHECK(!(child = fork()) || child > 0);
    if (!child) {
        char number[16];
        snprintf(number, sizeof number, "%d", g);
        execl(self, self, bdf, "exec", number, (char *)0);
        _exit(9);
    }
    CHECK(close(g) == 0);
    expect_exit(child, 4);
    idle();

    g = open(group_path, O_RDWR | O_CLOEXEC);
    if (!(child = fork())) {
        char number[16];
        snprintf(number, sizeof number, "%d", g);
        execl(self, self, bdf, "gone", number, (char *)0);
        _exit(9);
    }
    expect_exit(child, 5);
    CHECK(close(g) == 0);
    idle();
}

static void passed(void)
{
    int pair[2], g = open(group_path, O_RDWR);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    send_fd(pair[0], g);
    CHECK(close(g) == 0);
    busy(); /* in flight */
    g = receive_fd(pair[1]);
    struct vfio_group_status status = {.argsz = sizeof status};
    CHECK(ioctl(g, VFIO_GROUP_GET_STATUS, &status) == 0);
    busy();
    CHECK(close(g) == 0);
    idle();
    CHECK(close(pair[0]) == 0 && close(pair[1]) == 0);
}

static int shared;

static void *work(void *unused)
{
    for (int i = 0; i < 100; i++) {
        struct vfio_group_status status = {.argsz = sizeof status};
        CHECK(ioctl(shared, VFIO_GROUP_GET_STATUS, &status) == 0);
        int c = open("/dev/vfio/vfio", O_RDWR);
        CHECK(c >= 0 && ioctl(c, VFIO_GET_API_VERSION) == 0 && close(c) == 0);
    }
    return unused;
}

static void threads(void)
{
    pthread_t many[64];
    shared = open(group_path, O_RDWR);
    for (int i = 0; i < 64; i++)
        CHECK(pthread_create(&many[i], 0, work, 0) == 0);
    for (int i = 0; i < 64; i++)
        CHECK(pthread_join(many[i], 0) == 0);
    CHECK(close(shared) == 0);
    idle();
}

int main(int argc, char **argv)
{
    struct vfio_group_status status = {.argsz = sizeof status};
    bdf = argv[1];
    if (argc == 4) {
        int answer = ioctl(atoi(argv[3]), VFIO_GROUP_GET_STATUS, &status);
        if (!strcmp(argv[2], "exec"))
            return answer == 0 ? 4 : 1;
        return answer == -1 && errno == EBADF ? 5 : 1;
    }
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    duplicates();
    children("/proc/self/exe");
    passed();
    for (int i = 0; i < 1000; i++)
        idle();
    for (int i = 0; i < 20; i++)
        close_all(open_by_group());
    threads();
    close_all(open_by_group());
    return 0;
}
