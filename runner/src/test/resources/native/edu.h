// SPDX-License-Identifier: Apache-2.0
// An edu device: its DMA engine, asked until it is done.
#include "check.h"

#define EDU_STATUS 0x20
#define EDU_FAULT 0x100
#define EDU_DMA_SOURCE 0x80
#define EDU_DMA_TARGET 0x88
#define EDU_DMA_COUNT 0x90
#define EDU_DMA_COMMAND 0x98
#define EDU_START 1
#define EDU_FROM_DEVICE 2
#define EDU_BUFFER 0x40000

struct edu {
    int device;
    uint64_t bar;
};

static struct edu edu_enable(int device)
{
    struct vfio_region_info bar = {.argsz = sizeof bar, .index = 0}, config = {.argsz = sizeof config, .index = 7};
    uint16_t command;
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0);
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    CHECK(pread(device, &command, 2, config.offset + 4) == 2);
    command |= 6; /* memory, bus master */
    CHECK(pwrite(device, &command, 2, config.offset + 4) == 2);
    return (struct edu){device, bar.offset};
}

static void edu_set(struct edu e, uint64_t at, uint64_t value)
{
    CHECK(pwrite(e.device, &value, 8, e.bar + at) == 8);
}

/* Answers whether the IOMMU let it through. */
static int edu_copy(struct edu e, uint64_t from, uint64_t to, uint64_t count, uint64_t direction)
{
    uint64_t busy = EDU_START;
    edu_set(e, EDU_DMA_SOURCE, from);
    edu_set(e, EDU_DMA_TARGET, to);
    edu_set(e, EDU_DMA_COUNT, count);
    edu_set(e, EDU_DMA_COMMAND, EDU_START | direction);
    while (busy & EDU_START)
        CHECK(pread(e.device, &busy, 8, e.bar + EDU_DMA_COMMAND) == 8);
    uint32_t status;
    CHECK(pread(e.device, &status, 4, e.bar + EDU_STATUS) == 4);
    return (status & EDU_FAULT) == 0;
}

/* The device reads memory into its buffer. */
static int edu_take(struct edu e, uint64_t iova, uint64_t count)
{
    return edu_copy(e, iova, EDU_BUFFER, count, 0);
}

/* The device writes its buffer to memory. */
static int edu_give(struct edu e, uint64_t iova, uint64_t count)
{
    return edu_copy(e, EDU_BUFFER, iova, count, EDU_FROM_DEVICE);
}

static int map_dma(int container, void *memory, uint64_t iova, uint64_t size, int flags)
{
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = flags, .vaddr = (uint64_t)memory, .iova = iova, .size = size};
    return ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
}

static void unmap_dma(int container, uint64_t iova, uint64_t size)
{
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = iova, .size = size};
    CHECK(ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == size);
}
