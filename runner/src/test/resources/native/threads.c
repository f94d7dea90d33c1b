// SPDX-License-Identifier: Apache-2.0
// threads.c BDF GROUP: 64 threads on shared and own files at once; every answer is checked.
#include "check.h"

#define THREADS 64
#define ROUNDS 60
#define PAGE 4096

static struct opened o;
static char *memory;
static uint64_t config;
static uint32_t id;

static void map_and_unmap(long own, int round)
{
    /* Each thread has its own range: nobody else's calls may show in its answers. */
    uint64_t iova = 0x10000000 + own * 0x100000 + round % 8 * 0x10000;
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory + own * PAGE, .iova = iova, .size = PAGE};
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = iova, .size = PAGE};
    CHECK(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map) == 0);
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map), EEXIST);
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == PAGE);
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 0);
}

static void own_files(long own)
{
    int container = open("/dev/vfio/vfio", O_RDWR), copy;
    struct vfio_group_status status = {.argsz = sizeof status};
    CHECK(container >= 0 && ioctl(container, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    CHECK(ioctl(container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) == 1);
    REFUSED(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
    REFUSED(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &container), EINVAL);
    CHECK((copy = dup(o.group)) >= 0 && copy != container);
    CHECK(ioctl(copy, VFIO_GROUP_GET_STATUS, &status) == 0 && status.flags == 3);
    CHECK(close(copy) == 0 && close(container) == 0);
    char byte;
    uint64_t value = own + 1, back = 0;
    int event = eventfd(0, 0);
    CHECK(write(event, &value, 8) == 8 && read(event, &back, 8) == 8 && back == value);
    REFUSED(ioctl(event, VFIO_GET_API_VERSION), ENOTTY);
    CHECK(close(event) == 0);
    REFUSED(open("/dev/vfio/99999", O_RDWR), ENOENT);
    REFUSED(read(o.group, &byte, 1), EINVAL);
}

static void device_files(long own)
{
    struct vfio_device_info info = {.argsz = sizeof info};
    struct vfio_region_info region = {.argsz = sizeof region, .index = own % 8};
    uint32_t got = 0;
    int mine = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, bdf);
    CHECK(mine >= 0 && mine != o.device);
    CHECK(ioctl(mine, VFIO_DEVICE_GET_INFO, &info) == 0 && info.num_regions >= 9);
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &region) == 0 && region.index == own % 8);
    CHECK(region.offset == (uint64_t)(own % 8) << 40);
    CHECK(pread(mine, &got, 4, config) == 4 && got == id);
    CHECK(pread(o.device, &got, 4, config) == 4 && got == id);
    CHECK(close(mine) == 0);
}

static void *work(void *argument)
{
    long own = (long)argument;
    for (int round = 0; round < ROUNDS; round++) {
        map_and_unmap(own, round);
        if (round % 4 == own % 4)
            own_files(own);
        if (round % 4 == (own + 1) % 4)
            device_files(own);
    }
    return 0;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    struct vfio_region_info region = {.argsz = sizeof region, .index = 7};
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    memory = mmap(0, THREADS * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &region) == 0);
    config = region.offset;
    CHECK(pread(o.device, &id, 4, config) == 4 && (id & 0xffff) == 0x1234);
    for (long i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], 0, work, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], 0) == 0);
    struct vfio_iommu_type1_dma_unmap all = {.argsz = sizeof all, .flags = VFIO_DMA_UNMAP_FLAG_ALL};
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &all) == 0 && all.size == 0);
    close_all(o);
    close_all(open_by_group());
    return 0;
}
