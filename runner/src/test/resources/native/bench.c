// SPDX-License-Identifier: Apache-2.0
// Round trips of one intercepted ioctl, and the cost of calls that are not intercepted.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
    int n = argc > 1 ? atoi(argv[1]) : 20000;
    int container = open("/dev/vfio/vfio", O_RDWR);
    uint64_t *t = malloc(n * sizeof *t);
    if (container >= 0) {
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
        printf("ioctl p50 %.2f us p99 %.2f us, %.0f/s\n", t[n / 2] / 1e3, t[n - n / 100 - 1] / 1e3, n * 1e9 / total);
    }
    int pipes[2];
    char byte = 0;
    if (pipe(pipes))
        return 1;
    int rounds = 300000;
    uint64_t best = ~0ull, best2 = ~0ull;
    for (int k = 0; k < 7; k++) {
        uint64_t s = now();
        for (int i = 0; i < rounds; i++)
            syscall(SYS_getppid);
        uint64_t took = now() - s;
        best = took < best ? took : best;
        s = now();
        for (int i = 0; i < rounds; i++)
            if (write(pipes[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) != 1)
                return 1;
        took = now() - s;
        best2 = took < best2 ? took : best2;
    }
    printf("getppid %.1f ns, write and read of a pipe %.1f ns\n", best * 1.0 / rounds, best2 * 1.0 / rounds);
    return 0;
}
