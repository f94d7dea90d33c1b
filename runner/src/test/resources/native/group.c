// SPDX-License-Identifier: Apache-2.0
// group.c BDF GROUP: the group path with type1 on an edu device: DMA both ways, an interrupt through an eventfd, misuse.
#include "check.h"

#define DMA_SOURCE 0x80
#define DMA_TARGET 0x88
#define DMA_COUNT 0x90
#define DMA_COMMAND 0x98
#define START 1
#define FROM_DEVICE 2
#define INTERRUPT 4
#define BUFFER 0x40000

static void set(int device, uint64_t at, uint64_t value)
{
    CHECK(pwrite(device, &value, 8, at) == 8);
}

static void transfer(int device, uint64_t bar, uint64_t from, uint64_t to, uint64_t command, int event)
{
    uint64_t count = 0;
    struct pollfd p = {event, POLLIN, 0};
    set(device, bar + DMA_SOURCE, from);
    set(device, bar + DMA_TARGET, to);
    set(device, bar + DMA_COUNT, 4096);
    set(device, bar + DMA_COMMAND, START | INTERRUPT | command);
    CHECK(poll(&p, 1, 10000) == 1);
    CHECK(read(event, &count, 8) == 8 && count >= 1);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    CHECK(argc == 3);
    int c = open("/dev/vfio/vfio", O_RDWR);
    CHECK(c >= 0 && ioctl(c, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    char bytes[8];
    REFUSED(ioctl(c, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
    REFUSED(read(c, bytes, 8), EINVAL);
    REFUSED(lseek(c, 0, SEEK_SET), ESPIPE);
    REFUSED((long)mmap(0, 4096, PROT_READ, MAP_SHARED, c, 0), ENODEV);
    REFUSED(ioctl(-1, VFIO_GET_API_VERSION), EBADF);
    REFUSED(ioctl(c + 100, VFIO_GET_API_VERSION), EBADF);
    REFUSED(ioctl(0, VFIO_GET_API_VERSION), ENOTTY);
    REFUSED(open("/dev/vfio/99999", O_RDWR), ENOENT);
    CHECK(close(c) == 0);

    struct opened o = open_by_group();
    REFUSED(open(group_path, O_RDWR), EBUSY);
    int event = eventfd(0, 0);
    REFUSED(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &event), EINVAL);
    REFUSED(ioctl(o.group, VFIO_GROUP_GET_STATUS, 16), EFAULT);
    REFUSED(ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, "0000:ff:1f.7"), ENODEV);
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, 0), EFAULT);

    struct vfio_region_info bar = {.argsz = sizeof bar, .index = 0}, config = {.argsz = sizeof config, .index = 7};
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0);
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    uint16_t command;
    CHECK(pread(o.device, &command, 2, config.offset + 4) == 2);
    command |= 6; /* memory, bus master */
    CHECK(pwrite(o.device, &command, 2, config.offset + 4) == 2);
    uint32_t id;
    CHECK(pread(o.device, &id, 4, bar.offset) == 4 && (id & 0xff) == 0xed);

    char *memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = 0x100000, .size = 1 << 20};
    struct vfio_iommu_type1_dma_map wrong = map;
    wrong.vaddr = 0x1000; /* nothing there */
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &wrong), EFAULT);
    char *readonly = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wrong.vaddr = (uint64_t)readonly;
    wrong.size = 4096;
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &wrong), EFAULT);
    REFUSED(ioctl(o.group, VFIO_GROUP_GET_STATUS, readonly), EINVAL); /* argsz 0 is found first */
    CHECK(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map) == 0);
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map), EEXIST);

    char set_bytes[sizeof(struct vfio_irq_set) + 4] __attribute__((aligned(8)));
    struct vfio_irq_set *irq = (void *)set_bytes;
    *irq = (struct vfio_irq_set){.argsz = sizeof set_bytes,
                                 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                 .index = VFIO_PCI_MSI_IRQ_INDEX,
                                 .count = 1};
    memcpy(irq->data, &event, 4);
    CHECK(ioctl(o.device, VFIO_DEVICE_SET_IRQS, irq) == 0);

    for (int i = 0; i < 4096; i++)
        memory[i] = i * 7;
    transfer(o.device, bar.offset, 0x100000, BUFFER, 0, event);
    transfer(o.device, bar.offset, BUFFER, 0x102000, FROM_DEVICE, event);
    CHECK(memcmp(memory, memory + 0x2000, 4096) == 0);

    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = 0x100000, .size = 1 << 20};
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 1 << 20);
    memory[0x2000]++;
    char before = memory[0x2000];
    transfer(o.device, bar.offset, BUFFER, 0x102000, FROM_DEVICE, event);
    CHECK(memory[0x2000] == before);
    close_all(o);
    close_all(open_by_group());
    return 0;
}
