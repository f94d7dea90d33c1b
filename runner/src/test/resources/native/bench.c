// SPDX-License-Identifier: Apache-2.0
// Round trips of an intercepted ioctl, and what calls cost that are not intercepted, or only by their path. Run it with and
// without the runner and compare.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART 4096
#define LARGE (64 << 10)

static int file, pipes[2], sockets[2];
static char bytes[LARGE];

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static void intercepted(int n)
{
    int container = open("/dev/vfio/vfio", O_RDWR);
    uint64_t *t = malloc(n * sizeof *t);
    if (container < 0)
        return;
    for (int i = 0; i < n; i++)
        ioctl(container, VFIO_GET_API_VERSION);
    uint64_t start = now();
    for (int i = 0; i < n; i++) {
        uint64_t s = now();
        ioctl(container, VFIO_GET_API_VERSION);
        t[i] = now() - s;
    }
    uint64_t total = now() - start;
    qsort(t, n, sizeof *t, compare);
    printf("intercepted ioctl: p50 %.2f us, p99 %.2f us, %.0f per second\n", t[n / 2] / 1e3, t[n - n / 100 - 1] / 1e3,
           n * 1e9 / total);
    close(container);
    free(t);
}

static int do_getppid(void)
{
    return syscall(SYS_getppid) < 0;
}

static int do_pipe(void)
{
    return write(pipes[1], bytes, 1) != 1 || read(pipes[0], bytes, 1) != 1;
}

static int do_pread(void)
{
    return pread(file, bytes, PART, 0) != PART;
}

static int do_pread_large(void)
{
    return pread(file, bytes, LARGE, 0) != LARGE;
}

static int do_pwrite(void)
{
    return pwrite(file, bytes, PART, 0) != PART;
}

static int do_socket(void)
{
    return send(sockets[0], bytes, 64, 0) != 64 || recv(sockets[1], bytes, 64, 0) != 64;
}

static int do_poll(void)
{
    struct pollfd fds[] = {{sockets[0], POLLOUT, 0}, {pipes[1], POLLOUT, 0}};
    return poll(fds, 2, 0) != 2;
}

static int do_map(void)
{
    char *p = mmap(NULL, PART, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return 1;
    *p = 1;
    return munmap(p, PART);
}

static int do_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return waitpid(child, NULL, 0) != child;
}

static int do_stat(void)
{
    struct stat s;
    return stat("/etc/passwd", &s);
}

static int do_open(void)
{
    int fd = open("/etc/passwd", O_RDONLY);
    return fd < 0 || close(fd);
}

static void measure(const char *name, int (*call)(void), int rounds)
{
    uint64_t best = ~0ull;
    for (int k = 0; k < 9; k++) {
        uint64_t s = now();
        for (int i = 0; i < rounds; i++)
            if (call()) {
                perror(name);
                exit(1);
            }
        uint64_t took = now() - s;
        best = took < best ? took : best;
    }
    printf("%-40s %9.0f ns\n", name, best * 1.0 / rounds);
}

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 20000;
    intercepted(n);
    file = memfd_create("bench", 0);
    if (file < 0 || write(file, bytes, LARGE) != LARGE || pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets)) {
        perror("bench");
        return 1;
    }
    measure("getppid", do_getppid, 300000);
    measure("write and read of 1 byte, pipe", do_pipe, 100000);
    measure("pread of 4 KiB, file", do_pread, 100000);
    measure("pread of 64 KiB, file", do_pread_large, 20000);
    measure("pwrite of 4 KiB, file", do_pwrite, 100000);
    measure("send and recv of 64 bytes, socket", do_socket, 50000);
    measure("poll of two descriptors", do_poll, 100000);
    measure("mmap, touch and munmap of 4 KiB", do_map, 50000);
    measure("fork, exit and wait", do_fork, 500);
    measure("stat of another file", do_stat, 3000);
    measure("open and close of another file", do_open, 3000);
    return 0;
}
