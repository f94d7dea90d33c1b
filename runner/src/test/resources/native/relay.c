// SPDX-License-Identifier: Apache-2.0
// relay.c: says which signal it gets, and ends with 100 and its number.
#include "check.h"

static volatile int got;

static void note(int number)
{
    got = number;
}

int main(void)
{
    struct sigaction action = {.sa_handler = note};
    int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH};
    int count = sizeof numbers / sizeof *numbers;
    sigset_t set, before;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) {
        CHECK(sigaction(numbers[i], &action, 0) == 0);
        sigaddset(&set, numbers[i]);
    }
    CHECK(sigprocmask(SIG_BLOCK, &set, &before) == 0);
    int container = open("/dev/vfio/vfio", O_RDWR);
    CHECK(container >= 0 && ioctl(container, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    printf("ready\n");
    fflush(stdout);
    for (int i = 0; i < count; i++)
        sigdelset(&before, numbers[i]);
    while (!got)
        sigsuspend(&before);
    CHECK(ioctl(container, VFIO_GET_API_VERSION) == VFIO_API_VERSION); /* the machine is still there */
    printf("got %d\n", got);
    return 100 + got;
}
