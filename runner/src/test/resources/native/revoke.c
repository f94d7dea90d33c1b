// SPDX-License-Identifier: Apache-2.0
// revoke.c BDF GROUP PART: what a program that has registers mapped sees when they are taken away.
#include "check.h"
#include <setjmp.h>

#define CONFIG (7ull << 40)
#define COMMAND (CONFIG + 4)
#define PMCSR (CONFIG + 0xc8 + 4)
#define LENGTH 8192

struct feature {
    uint32_t argsz, flags;
};
#define FEATURE _IO(';', 117)
#define FEATURE_SET (1 << 17)
#define LOW_POWER_ENTRY 3
#define LOW_POWER_EXIT 5

static __thread sigjmp_buf back;
static struct opened o;
static volatile uint32_t *mapped;

static void on_sigbus(int number, siginfo_t *info, void *context)
{
    char *at = info->si_addr, *start = (char *)mapped;
    if (info->si_code != BUS_ADRERR || at < start || at >= start + LENGTH)
        _exit(99);
    siglongjmp(back, 1);
}

/* Reads a word; 0 when that was a bus error. */
static int reads(volatile uint32_t *at, uint32_t *value)
{
    if (sigsetjmp(back, 1))
        return 0;
    *value = *at;
    return 1;
}

static int writes(volatile uint32_t *at, uint32_t value)
{
    if (sigsetjmp(back, 1))
        return 0;
    *at = value;
    return 1;
}

static int holds(int word, uint32_t value)
{
    uint32_t found;
    return reads(mapped + word, &found) && found == value;
}

static int gone(void)
{
    uint32_t found;
    return !reads(mapped, &found) && !writes(mapped + 1500, 1);
}

static void config(uint64_t at, uint16_t value)
{
    CHECK(pwrite(o.device, &value, 2, at) == 2);
}

static void decoding(void)
{
    uint32_t value = 0;
    CHECK(writes(mapped, 11) && writes(mapped + 2047, 12));
    config(COMMAND, 0);
    CHECK(gone());
    REFUSED(pread(o.device, &value, 4, 0), EIO);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(gone() ? 3 : 4);
    expect_exit(child, 3);
    volatile uint32_t *first = mapped, *second = mmap(0, LENGTH, PROT_READ, MAP_SHARED, o.device, 0);
    CHECK(second != MAP_FAILED);
    mapped = second;
    CHECK(!reads(mapped, &value));
    config(COMMAND, 2);
    CHECK(holds(0, 11) && holds(2047, 12));
    mapped = first;
    CHECK(holds(0, 11) && holds(2047, 12));
    CHECK(writes(mapped + 5, 13) && pread(o.device, &value, 4, 20) == 4 && value == 13);
    value = 14;
    CHECK(pwrite(o.device, &value, 4, 24) == 4 && holds(6, 14));
    CHECK(munmap((void *)second, LENGTH) == 0 && holds(6, 14));
}

static void reset(void)
{
    CHECK(writes(mapped, 21));
    CHECK(ioctl(o.device, VFIO_DEVICE_RESET) == 0);
    CHECK(holds(0, 0) && writes(mapped, 22));
    config(COMMAND, 0);
    CHECK(gone());
    CHECK(ioctl(o.device, VFIO_DEVICE_RESET) == 0);
    CHECK(gone());
    config(COMMAND, 2);
    CHECK(holds(0, 0));
}

static void power(void)
{
    CHECK(writes(mapped, 31));
    config(PMCSR, 3);
    CHECK(gone());
    config(PMCSR, 0);
    CHECK(holds(0, 0)); /* this function forgets what it knew on the way out of D3hot */
    CHECK(writes(mapped, 32));
    config(PMCSR, 3);
    CHECK(ioctl(o.device, VFIO_DEVICE_RESET) == 0);
    CHECK(holds(0, 0) && writes(mapped, 33));
    struct feature enter = {sizeof enter, FEATURE_SET | LOW_POWER_ENTRY}, leave = {sizeof leave, FEATURE_SET | LOW_POWER_EXIT};
    uint32_t value;
    CHECK(ioctl(o.device, FEATURE, &enter) == 0);
    CHECK(gone());
    CHECK(pread(o.device, &value, 4, 0) == 4 && value == 33);
    CHECK(gone());
    CHECK(ioctl(o.device, FEATURE, &leave) == 0);
    CHECK(holds(0, 33));
}

static volatile int finished;

static void *count(void *argument)
{
    volatile uint32_t *word = argument;
    for (uint32_t value = 1; !finished; value++)
        while (!writes(word, value) && !finished)
            sched_yield();
    return NULL;
}

/* A thread stores all the time while memory goes and comes; what calls wrote is never lost. */
static void stress(void)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, count, (void *)(mapped + 100 + 1000 * i)) == 0);
    for (uint32_t round = 1; round <= 300; round++) {
        uint32_t value = round, found;
        CHECK(pwrite(o.device, &value, 4, 4 * 50) == 4 && pwrite(o.device, &value, 4, 4 * 1900) == 4);
        config(COMMAND, 0);
        CHECK(gone());
        config(COMMAND, 2);
        CHECK(holds(50, round) && holds(1900, round));
        CHECK(pread(o.device, &found, 4, 4 * 1900) == 4 && found == round);
    }
    finished = 1;
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(writes(mapped + 100, 77) && holds(100, 77));
}

/* The device is unbound while it is mapped: its user keeps it, is asked to let go, and only then it goes. */
static void unbind(void)
{
    struct pollfd asked = {.fd = eventfd(0, 0), .events = POLLIN};
    char space[sizeof(struct vfio_irq_set) + 4];
    struct vfio_irq_set *irqs = (void *)space;
    *irqs = (struct vfio_irq_set){.argsz = sizeof space,
                                  .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                  .index = VFIO_PCI_REQ_IRQ_INDEX,
                                  .count = 1};
    memcpy(irqs->data, &asked.fd, 4);
    CHECK(ioctl(o.device, VFIO_DEVICE_SET_IRQS, irqs) == 0);
    CHECK(writes(mapped, 41));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(munmap((void *)mapped, LENGTH) == 0);
        close_all(o);
        int file = open("/sys/bus/pci/drivers/vfio-pci/unbind", O_WRONLY);
        _exit(file >= 0 && write(file, bdf, strlen(bdf)) == (ssize_t)strlen(bdf) ? 0 : 5);
    }
    CHECK(poll(&asked, 1, 60000) == 1);
    CHECK(holds(0, 41) && writes(mapped + 2047, 42) && holds(2047, 42));
    config(COMMAND, 0);
    CHECK(gone());
    config(COMMAND, 2);
    CHECK(holds(0, 41));
    close_all(o);
    CHECK(holds(0, 41) && waitpid(child, NULL, WNOHANG) == 0);
    CHECK(munmap((void *)mapped, LENGTH) == 0);
    expect_exit(child, 0);
    REFUSED(open(group_path, O_RDWR), ENOENT);
    exit(0);
}

/* Somebody else takes the whole machine away. */
static void wait_until_gone(void)
{
    uint32_t value;
    CHECK(writes(mapped, 51));
    CHECK(write(1, "mapped\n", 7) == 7);
    while (reads(mapped, &value))
        if (value != 51)
            _exit(8);
    _exit(7);
}

int main(int argc, char **argv)
{
    CHECK(argc == 4);
    bdf = argv[1];
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGBUS, &action, NULL) == 0);
    config(COMMAND, 2);
    mapped = mmap(0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, o.device, 0);
    CHECK(mapped != MAP_FAILED);
    void (*part)(void) = !strcmp(argv[3], "decoding") ? decoding
                         : !strcmp(argv[3], "reset")  ? reset
                         : !strcmp(argv[3], "power")  ? power
                         : !strcmp(argv[3], "stress") ? stress
                         : !strcmp(argv[3], "unbind") ? unbind
                                                      : wait_until_gone;
    part();
    CHECK(munmap((void *)mapped, LENGTH) == 0);
    close_all(o);
    return 0;
}
