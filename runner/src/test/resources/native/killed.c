// SPDX-License-Identifier: Apache-2.0
// killed.c BDF GROUP MODE: maps memory again and again; prints a line when it has begun. Ends never (loop), by itself in the middle
// of a map of another thread (exit), or of a child (child).
#include "check.h"

static struct opened o;

static void *work(void *unused)
{
    char *memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (uint64_t i = 0;; i++) {
        struct vfio_iommu_type1_dma_map map = {
            .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = i % 64 << 20, .size = 1 << 20};
        struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = (i + 32) % 64 << 20, .size = 1 << 20};
        ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map);
        ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap);
        if (i == 100) {
            printf("begun\n");
            fflush(stdout);
        }
    }
    return unused;
}

int main(int argc, char **argv)
{
    pthread_t other;
    bdf = argv[1];
    CHECK(argc == 4);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    if (!strcmp(argv[3], "loop"))
        work(0);
    CHECK(pthread_create(&other, 0, work, 0) == 0);
    usleep(300000);
    return 6;
}
