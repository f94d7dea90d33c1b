// SPDX-License-Identifier: Apache-2.0
// vfork.c BDF GROUP: children that share this program's memory until they load another program or end.
#include "edu.h"
#include "limit.h"
#include <sched.h>
#include <sys/syscall.h>

#define PAGE 4096L
#define IOVA 0x1000000

static struct opened o;
static struct edu edu;
static char *memory;

/* What the child locks is locked by the memory it shares: parent and child have one limit together. */
static void one_limit(void)
{
    volatile int mapped = -1;
    pid_t child = vfork();
    if (child == 0) {
        mapped = map_dma(o.container, memory, IOVA, 6 * PAGE, 3);
        _exit(4);
    }
    expect_exit(child, 4);
    CHECK(mapped == 0);
    REFUSED(map_dma(o.container, memory + 6 * PAGE, 2 * IOVA, 3 * PAGE, 3), ENOMEM);
    CHECK(map_dma(o.container, memory + 6 * PAGE, 2 * IOVA, 2 * PAGE, 3) == 0);
    memset(memory, 0x61, PAGE);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, 2 * IOVA, PAGE));
    CHECK(memcmp(memory, memory + 6 * PAGE, PAGE) == 0);
    unmap_dma(o.container, IOVA, 6 * PAGE);
    unmap_dma(o.container, 2 * IOVA, 2 * PAGE);
}

static int map_in_clone(void *unused)
{
    return map_dma(o.container, memory, IOVA, 6 * PAGE, 3) == 0 ? 5 : 1;
}

/* The same for a process made with CLONE_VM that runs beside this one. */
static void one_limit_of_a_clone(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    pid_t child = clone(map_in_clone, stack + sizeof stack, CLONE_VM | SIGCHLD, 0);
    CHECK(child > 0);
    expect_exit(child, 5);
    REFUSED(map_dma(o.container, memory + 6 * PAGE, 2 * IOVA, 3 * PAGE, 3), ENOMEM);
    unmap_dma(o.container, IOVA, 6 * PAGE);
    CHECK(map_dma(o.container, memory, 2 * IOVA, 8 * PAGE, 3) == 0);
    unmap_dma(o.container, 2 * IOVA, 8 * PAGE);
}

/* A forked child has memory of its own. */
static void another_limit(void)
{
    CHECK(map_dma(o.container, memory, IOVA, 6 * PAGE, 3) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(map_dma(o.container, memory, 2 * IOVA, 6 * PAGE, 3) == 0);
        unmap_dma(o.container, 2 * IOVA, 6 * PAGE);
        _exit(6);
    }
    expect_exit(child, 6);
    unmap_dma(o.container, IOVA, 6 * PAGE);
}

/* A child that has made calls in this memory and then loads another program: that one has its own memory. */
static void another_program(char *self, char *device_name, char *group)
{
    char container[16], device[16];
    snprintf(container, sizeof container, "%d", o.container);
    snprintf(device, sizeof device, "%d", o.device);
    volatile int mapped = -1;
    pid_t child = vfork();
    if (child == 0) {
        mapped = map_dma(o.container, memory, IOVA, PAGE, 3);
        execl(self, self, device_name, group, container, device, (char *)0);
        _exit(9);
    }
    expect_exit(child, 7);
    CHECK(mapped == 0);
    memset(memory, 0x62, PAGE);
    CHECK(edu_take(edu, IOVA, PAGE));
    unmap_dma(o.container, IOVA, PAGE);
    /* A program that cannot be loaded changes nothing. */
    child = vfork();
    if (child == 0) {
        execl("/no/such/program", "none", (char *)0);
        mapped = map_dma(o.container, memory, IOVA, 8 * PAGE, 3);
        _exit(8);
    }
    expect_exit(child, 8);
    CHECK(mapped == 0);
    REFUSED(map_dma(o.container, memory, 2 * IOVA, PAGE, 3), ENOMEM);
    unmap_dma(o.container, IOVA, 8 * PAGE);
}

static int loaded(int container, int device)
{
    edu = edu_enable(device);
    char *own = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(own, 0x63, PAGE);
    CHECK(map_dma(container, own, 3 * IOVA, 2 * PAGE, 3) == 0);
    CHECK(edu_take(edu, 3 * IOVA, PAGE) && edu_give(edu, 3 * IOVA + PAGE, PAGE));
    CHECK(memcmp(own, own + PAGE, PAGE) == 0);
    unmap_dma(container, 3 * IOVA, 2 * PAGE);
    return 7;
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    if (argc == 5)
        return loaded(atoi(argv[3]), atoi(argv[4]));
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    /* Opened by a child whose memory is this one, so that the child is known first. */
    volatile int first = -1;
    pid_t child = vfork();
    if (child == 0) {
        first = open("/dev/vfio/vfio", O_RDWR);
        _exit(first >= 0 ? 3 : 1);
    }
    expect_exit(child, 3);
    o = open_by_group();
    CHECK(fcntl(o.container, F_SETFD, 0) == 0 && fcntl(o.device, F_SETFD, 0) == 0);
    edu = edu_enable(o.device);
    memory = mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    limit_to(8);
    one_limit();
    one_limit_of_a_clone();
    another_limit();
    another_program(argv[0], argv[1], argv[2]);
    close_all(o);
    return 0;
}
