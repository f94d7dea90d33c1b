// SPDX-License-Identifier: Apache-2.0
// exits.c BDF GROUP HOW: ends while another thread maps a gigabyte for DMA; prints a line when that goes on.
#include "check.h"

#define SIZE (1UL << 30)

static struct opened o;
static volatile int begun;

static void *work(void *memory)
{
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = 1UL << 32, .size = SIZE};
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = 1UL << 32, .size = SIZE};
    for (;; begun++) {
        CHECK(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map) == 0);
        CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == SIZE);
    }
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    bdf = argv[1];
    CHECK(argc == 4);
    if (!strcmp(argv[3], "loaded"))
        return 5;
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    char *memory = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(pthread_create(&thread, 0, work, memory) == 0);
    while (begun < 3)
        sched_yield();
    printf("begun\n");
    fflush(stdout);
    switch (argv[3][0]) {
    case 'e': /* exit */
        exit(5);
    case '_':
        _exit(5);
    case 'a':
        abort();
    case 's': /* segmentation */
        *(volatile char *)8 = 1;
    case 'k':
        raise(SIGKILL);
    case 'x': /* exec */
        execl("/proc/self/exe", "exits", bdf, argv[2], "loaded", (char *)0);
    case 'w': /* waits to be killed */
        for (;;)
            pause();
    }
    return 99;
}
