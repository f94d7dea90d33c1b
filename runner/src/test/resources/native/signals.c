// SPDX-License-Identifier: Apache-2.0
// signals.c BDF GROUP: a storm of SIGALRM, with and without SA_RESTART, while the program works: no call is lost, none done twice.
// With SA_RESTART no call on VFIO's files answers EINTR. Without it a signal can come before the call is looked at: EINTR then
// means that it did not take place, and the same call again must find everything as it was.
#include "check.h"
#include "edu_interrupt.h"
#include <sys/time.h>

#define PAGE 4096

static volatile long alarms;

static void count(int number)
{
    alarms++;
}

static long given_up;
static int restarts;

static int not_restarted(void)
{
    given_up++;
    return !restarts;
}

static void storm(int flags, int microseconds)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = flags};
    struct itimerval every = {{0, microseconds}, {0, microseconds}};
    CHECK(sigaction(SIGALRM, &action, 0) == 0 && setitimer(ITIMER_REAL, &every, 0) == 0);
}

static void work(struct opened o, struct edu e, char *memory, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        uint64_t iova = 0x1000000 + i % 64 * PAGE;
        struct vfio_iommu_type1_dma_map map = {
            .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = iova, .size = PAGE};
        struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = iova, .size = PAGE};
        CHECK(AGAIN(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map)) == 0); /* done twice it would be EEXIST */
        REFUSED(AGAIN(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map)), EEXIST); /* lost it would be 0 */
        CHECK(AGAIN(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap)) == 0);
        CHECK(unmap.size == PAGE); /* done twice it would be 0 */
        int fd = AGAIN(open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC)), copy;
        CHECK(fd == o.device + 1); /* done twice there would be a descriptor too many */
        CHECK((copy = AGAIN(dup(fd))) == fd + 1);
        CHECK(close(copy) == 0 && close(fd) == 0);
        uint32_t value = i, back = 0;
        CHECK(AGAIN(pwrite(o.device, &value, 4, e.bar + 4)) == 4);
        CHECK(AGAIN(pread(o.device, &back, 4, e.bar + 4)) == 4 && back == ~value); /* the card negates */
        if (i % 16 == 0) {
            for (int j = 0; j < 64; j++)
                memory[j] = i + j;
            map.iova = unmap.iova = 0x100000;
            CHECK(AGAIN(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map)) == 0);
            edu_copy(e, 0x100000, EDU_BUFFER, 64, 0);
            edu_copy(e, EDU_BUFFER, 0x100040, 64, 1);
            CHECK(memcmp(memory, memory + 64, 64) == 0);
            CHECK(AGAIN(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap)) == 0 && unmap.size == PAGE);
        }
    }
}

/* A call that does sleep is interrupted without SA_RESTART, and only then. */
static void blocking(int flags)
{
    int event = eventfd(0, 0);
    struct pollfd p = {event, POLLIN, 0};
    uint64_t value;
    REFUSED(poll(&p, 1, 10000), EINTR); /* poll is never restarted */
    if (!(flags & SA_RESTART))
        REFUSED(read(event, &value, 8), EINTR);
    CHECK(close(event) == 0);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o = open_by_group();
    struct edu e = edu_start(o.device);
    interrupted = not_restarted;
    char *memory = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int kinds[] = {0, SA_RESTART};
    for (int i = 0; i < 2; i++) {
        alarms = given_up = 0;
        restarts = kinds[i] & SA_RESTART;
        storm(kinds[i], 1000);
        work(o, e, memory, 1500);
        blocking(kinds[i]);
        storm(kinds[i], 0);
        CHECK(alarms > 10);
        CHECK(given_up == 0 || !restarts);
        printf("%s: %ld signals, %ld calls answered EINTR\n", restarts ? "SA_RESTART" : "no SA_RESTART", alarms, given_up);
    }
    storm(0, 0);
    CHECK(close(e.event) == 0);
    close_all(o);
    close_all(open_by_group());
    return 0;
}
