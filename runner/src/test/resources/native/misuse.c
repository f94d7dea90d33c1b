// SPDX-License-Identifier: Apache-2.0
// misuse.c BDF GROUP: container, group, type1 and device, used wrongly.
#include "misuse.h"
#include "uapi.h"

static void paths(void)
{
    char longer[100];
    WRONG(open("/dev/vfio/99999", O_RDWR), ENOENT);
    WRONG(open("/dev/vfio/vfio", O_RDWR | O_DIRECTORY), ENOTDIR);
    WRONG(open("/dev/vfio/vfio", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
    WRONG(open("/dev/vfio/vfio/x", O_RDWR), ENOTDIR);
    WRONG(open("/dev/vfio", O_RDWR), EISDIR);
    WRONG(open("/dev/vfio/new", O_RDWR | O_CREAT, 0600), EACCES);
    WRONG(readlink("/dev/vfio/vfio", longer, sizeof longer), EINVAL);
    WRONG(access("/dev/vfio/99999", R_OK), ENOENT);
    WRONG(access("/dev/vfio/vfio", X_OK), EACCES);
    snprintf(longer, sizeof longer, "/sys/bus/pci/devices/%s/vendor", bdf);
    WRONG(open(longer, O_WRONLY), EACCES);
    WRONG(open("/sys/bus/pci/drivers/vfio-pci/bind", O_RDONLY), EACCES);
    WRONG(open(cut("/dev/vfio/vfio", 14), O_RDWR), EFAULT);
    WRONG(stat("/dev/vfio/vfio", NOWHERE), EFAULT);
}

static void descriptors(int container)
{
    int event = eventfd(0, 0), ends[2], nothing = open("/dev/null", O_RDWR);
    CHECK(pipe(ends) == 0 && nothing >= 0 && event >= 0);
    WRONG(ioctl(-1, VFIO_GET_API_VERSION), EBADF);
    WRONG(ioctl(closed_fd(), VFIO_GET_API_VERSION), EBADF);
    WRONG(ioctl(1 << 30, VFIO_GET_API_VERSION), EBADF);
    WRONG(ioctl(event, VFIO_GET_API_VERSION), ENOTTY);
    WRONG(ioctl(ends[0], VFIO_SET_IOMMU, 3), ENOTTY);
    WRONG(ioctl(nothing, VFIO_GROUP_GET_STATUS, 0), ENOTTY);
    WRONG(read(closed_fd(), &event, 1), EBADF);
    int only_read = open("/dev/vfio/vfio", O_RDONLY), only_write = open("/dev/vfio/vfio", O_WRONLY);
    CHECK(only_read >= 0 && only_write >= 0 && ioctl(only_read, VFIO_GET_API_VERSION) == 0);
    WRONG(write(only_read, &event, 1), EBADF);
    WRONG(read(only_write, &event, 1), EBADF);
    CHECK(close(only_read) == 0 && close(only_write) == 0 && close(event) == 0);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && close(nothing) == 0);
    plain_access(container, ENODEV);
    WRONG(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
    WRONG(ioctl(container, VFIO_IOMMU_GET_INFO, 0), EINVAL);
    WRONG(ioctl(container, VFIO_IOMMU_MAP_DMA, 0), EINVAL);
    WRONG(ioctl(container, VFIO_GROUP_GET_STATUS, 0), EINVAL);
    WRONG(ioctl(container, _IO(';', 255), 0), EINVAL);
}

static void group_alone(int group)
{
    struct vfio_group_status status = {.argsz = sizeof status};
    int fd = closed_fd(), event = eventfd(0, 0), ends[2];
    char name[2 * PAGE], junk[64];
    CHECK(pipe(ends) == 0);
    plain_access(group, ENODEV);
    WRONG(open(group_path, O_RDWR), EBUSY);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, 0), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, NOWHERE), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, KERNEL), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, -1L), EFAULT);
    for (int bytes = 1; bytes < 8; bytes++)
        WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, cut(&status, bytes)), EFAULT);
    CHECK(ioctl(group, VFIO_GROUP_GET_STATUS, cut(&status, 8)) == 0);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, locked(&status, 8)), EFAULT);
    status.argsz = 7;
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, &status), EINVAL);
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, locked(&status, 8)), EINVAL);
    status.argsz = 0;
    WRONG(ioctl(group, VFIO_GROUP_GET_STATUS, &status), EINVAL);
    WRONG(ioctl(group, VFIO_GROUP_UNSET_CONTAINER), EINVAL);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, 0), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, cut(&fd, 3)), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &fd), EBADF);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &(int){-1}), EBADF);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &event), EBADFD);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &group), EBADFD);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &ends[0]), EBADFD);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, 0), EFAULT);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, cut(bdf, 12)), EFAULT);
    memset(name, 'x', sizeof name);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name), EINVAL);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, ""), ENODEV);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, "0000:ff:1f.7"), ENODEV);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf), EINVAL);
    snprintf(junk, sizeof junk, "%sx", bdf);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, junk), ENODEV);
    snprintf(junk, sizeof junk, "%s junk=1", bdf);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, junk), EINVAL);
    snprintf(junk, sizeof junk, "%s vf_token=short", bdf);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, junk), EINVAL);
    WRONG(ioctl(group, VFIO_IOMMU_GET_INFO, 0), ENOTTY);
    WRONG(ioctl(group, VFIO_GET_API_VERSION), ENOTTY);
    WRONG(ioctl(group, _IO(';', 255), 0), ENOTTY);
    CHECK(close(event) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void backend(int container, int group)
{
    int fd = closed_fd();
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &container), EINVAL);
    WRONG(ioctl(group, VFIO_GROUP_SET_CONTAINER, &fd), EBADF);
    WRONG(ioctl(group, VFIO_GROUP_GET_DEVICE_FD, bdf), EINVAL);
    WRONG(ioctl(container, VFIO_SET_IOMMU, 99), ENODEV);
    WRONG(ioctl(container, VFIO_SET_IOMMU, VFIO_DMA_CC_IOMMU), ENODEV);
    WRONG(ioctl(container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU), ENODEV);
    WRONG(ioctl(container, VFIO_SET_IOMMU, 6), ENODEV);
    WRONG(ioctl(container, VFIO_SET_IOMMU, 9), EINVAL);
    WRONG(ioctl(container, VFIO_IOMMU_UNMAP_DMA, 0), EINVAL);
    CHECK(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0);
    WRONG(ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), EINVAL);
    WRONG(ioctl(container, VFIO_SET_IOMMU, 99), EINVAL);
    WRONG(ioctl(container, VFIO_GROUP_GET_STATUS, 0), ENOTTY);
    WRONG(ioctl(container, VFIO_IOMMU_ENABLE, 0), ENOTTY);
    WRONG(ioctl(container, _IO(';', 255), 0), ENOTTY);
}

static void map_with(int container, struct vfio_iommu_type1_dma_map map, int line, int expected)
{
    errno = 0;
    long answer = ioctl(container, VFIO_IOMMU_MAP_DMA, &map);
    judge(__FILE__, line, "MAP_DMA", answer, errno, expected, strerror(expected));
}

#define MAP(expected, ...)                                                                                       \
    map_with(container,                                                                                          \
             (struct vfio_iommu_type1_dma_map){                                                                  \
                 .argsz = 32, .flags = 3, .vaddr = memory, .iova = 0x200000, .size = PAGE, __VA_ARGS__},         \
             __LINE__, expected)

static void unmap_with(int container, struct vfio_iommu_type1_dma_unmap unmap, int line, int expected)
{
    errno = 0;
    long answer = ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap);
    judge(__FILE__, line, "UNMAP_DMA", answer, errno, expected, strerror(expected));
}

#define UNMAP(expected, ...)                                                                                      \
    unmap_with(container,                                                                                         \
               (struct vfio_iommu_type1_dma_unmap){.argsz = 24, .iova = 0x200000, .size = 2 * PAGE, __VA_ARGS__}, \
               __LINE__, expected)

static void type1(int container)
{
    uint64_t memory = (uint64_t)mmap(0, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t readonly = (uint64_t)locked("", 1), half = (uint64_t)cut("", 0) - PAGE;
    uint64_t none = (uint64_t)mmap(0, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct vfio_iommu_type1_info info = {.argsz = 15};
    struct vfio_iommu_type1_dma_map map = {.argsz = 32, .flags = 3, .vaddr = memory, .iova = 0x200000, .size = PAGE};
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = 24, .iova = 0x200000, .size = PAGE};
    WRONG(ioctl(container, VFIO_IOMMU_GET_INFO, 0), EFAULT);
    WRONG(ioctl(container, VFIO_IOMMU_GET_INFO, &info), EINVAL);
    info.argsz = 16;
    WRONG(ioctl(container, VFIO_IOMMU_GET_INFO, cut(&info, 15)), EFAULT);
    CHECK(ioctl(container, VFIO_IOMMU_GET_INFO, cut(&info, 16)) == 0);
    WRONG(ioctl(container, VFIO_IOMMU_GET_INFO, locked(&info, 16)), EFAULT);
    WRONG(ioctl(container, VFIO_IOMMU_MAP_DMA, 0), EFAULT);
    WRONG(ioctl(container, VFIO_IOMMU_MAP_DMA, KERNEL), EFAULT);
    for (int bytes = 0; bytes < 32; bytes += 5)
        WRONG(ioctl(container, VFIO_IOMMU_MAP_DMA, cut(&map, bytes)), EFAULT);
    MAP(EINVAL, .argsz = 31);
    MAP(EINVAL, .argsz = 0);
    MAP(EINVAL, .flags = 8);
    MAP(EINVAL, .flags = 0x80000003);
    MAP(EINVAL, .flags = 0);
    MAP(EINVAL, .size = 0);
    MAP(EOVERFLOW, .iova = -PAGE, .size = 2 * PAGE);
    MAP(EOVERFLOW, .vaddr = -PAGE, .size = 2 * PAGE);
    MAP(EINVAL, .iova = 0x200001);
    MAP(EINVAL, .vaddr = memory + 8);
    MAP(EINVAL, .size = PAGE - 1);
    MAP(EINVAL, .flags = 4 | 1);
    MAP(ENOENT, .flags = 4);
    MAP(EFAULT, .vaddr = 0x1000);
    MAP(EFAULT, .vaddr = 0xffff888000000000);
    MAP(EFAULT, .vaddr = readonly);
    MAP(EFAULT, .vaddr = none, .flags = 1);
    MAP(EFAULT, .vaddr = half, .size = 2 * PAGE);
    MAP(EINVAL, .iova = 1ULL << 56);
    MAP(EINVAL, .iova = 0xfee00000);
    CHECK(ioctl(container, VFIO_IOMMU_MAP_DMA, locked(&map, 32)) == 0); /* never written back */
    CHECK(ioctl(container, VFIO_IOMMU_UNMAP_DMA, cut(&unmap, 24)) == 0);
    map.size = 2 * PAGE;
    CHECK(ioctl(container, VFIO_IOMMU_MAP_DMA, cut(&map, 32)) == 0);
    MAP(EEXIST, );
    MAP(EEXIST, .iova = 0x201000, .size = 4 * PAGE);
    MAP(EEXIST, .iova = 0x1ff000, .size = 2 * PAGE);
    MAP(EINVAL, .flags = 4, .size = 2 * PAGE);
    WRONG(ioctl(container, VFIO_IOMMU_UNMAP_DMA, 0), EFAULT);
    for (int bytes = 0; bytes < 24; bytes += 5)
        WRONG(ioctl(container, VFIO_IOMMU_UNMAP_DMA, cut(&unmap, bytes)), EFAULT);
    UNMAP(EINVAL, .argsz = 23);
    UNMAP(EINVAL, .flags = 8);
    UNMAP(EINVAL, .iova = 0x200001);
    UNMAP(EINVAL, .size = 0);
    UNMAP(EINVAL, .size = PAGE + 1);
    UNMAP(EOVERFLOW, .iova = -PAGE);
    UNMAP(EINVAL, .flags = 2);
    UNMAP(EINVAL, .flags = 2, .iova = 0);
    UNMAP(EINVAL, .size = PAGE);
    UNMAP(EINVAL, .iova = 0x201000, .size = PAGE);
    UNMAP(EINVAL, .flags = 1);
    UNMAP(EINVAL, .flags = 1 | 2);
    UNMAP(EINVAL, .flags = 1 | 4);
    struct vfio_iommu_type1_dirty_bitmap dirty = {.argsz = 8};
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, 0), EFAULT);
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, cut(&dirty, 7)), EFAULT);
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &dirty), EINVAL);
    dirty.flags = 3;
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &dirty), EINVAL);
    dirty.flags = 4;
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &dirty), EINVAL);
    dirty.flags = 8;
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &dirty), EINVAL);
    dirty.argsz = 7, dirty.flags = 1;
    WRONG(ioctl(container, VFIO_IOMMU_DIRTY_PAGES, &dirty), EINVAL);
    unmap.size = 2 * PAGE;
    CHECK(ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 2 * PAGE);
}

static void irqs(int device)
{
    char bytes[sizeof(struct vfio_irq_set) + 8] __attribute__((aligned(8)));
    struct vfio_irq_set *set = (void *)bytes, good;
    int event = eventfd(0, 0), fd = closed_fd();
    good = (struct vfio_irq_set){.argsz = sizeof *set + 4,
                                 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                 .index = VFIO_PCI_MSI_IRQ_INDEX,
                                 .count = 1};
#define SET(expected, fd_, ...)                                   \
    do {                                                          \
        *set = good;                                              \
        __VA_ARGS__;                                              \
        *(int *)set->data = fd_;                                  \
        WRONG(ioctl(device, VFIO_DEVICE_SET_IRQS, set), expected); \
    } while (0)
    WRONG(ioctl(device, VFIO_DEVICE_SET_IRQS, 0), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_SET_IRQS, cut(&good, 19)), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_SET_IRQS, cut(&good, 20)), EFAULT); /* the eventfd's number is not there */
    SET(EINVAL, event, set->argsz = 19);
    SET(EINVAL, event, set->argsz = 23);
    SET(EINVAL, event, set->index = 99);
    SET(EINVAL, event, set->flags |= 0x40);
    SET(EINVAL, event, set->flags |= VFIO_IRQ_SET_DATA_BOOL);
    SET(EINVAL, event, set->flags = VFIO_IRQ_SET_ACTION_TRIGGER);
    SET(EINVAL, event, set->start = 1000);
    SET(EINVAL, event, set->count = 1000, set->argsz = sizeof *set + 4000);
    SET(EINVAL, event, set->count = -1);
    SET(EBADF, fd, (void)0);
    SET(EINVAL, 0, (void)0); /* no eventfd */
    CHECK(close(event) == 0);
}

static void device(int device, int container, int group)
{
    struct vfio_device_info info = {.argsz = 15};
    struct vfio_region_info region = {.argsz = 31}, config = {.argsz = sizeof config, .index = 7};
    struct vfio_irq_info irq = {.argsz = 15};
    struct bind_iommufd bind = {16, 0, -1, 0};
    uint32_t feature[8] = {7};
    char byte = 0;
    struct iovec piece = {&byte, 1};
    WRONG(lseek(device, 0, SEEK_SET), ESPIPE);
    WRONG(ioctl(group, VFIO_GROUP_UNSET_CONTAINER), EBUSY);
    WRONG(ioctl(device, VFIO_DEVICE_GET_INFO, 0), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_GET_INFO, &info), EINVAL);
    info.argsz = 16;
    WRONG(ioctl(device, VFIO_DEVICE_GET_INFO, cut(&info, 15)), EFAULT);
    CHECK(ioctl(device, VFIO_DEVICE_GET_INFO, cut(&info, 16)) == 0);
    WRONG(ioctl(device, VFIO_DEVICE_GET_INFO, locked(&info, 16)), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, 0), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region), EINVAL);
    region.argsz = 32;
    WRONG(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, cut(&region, 31)), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, locked(&region, 32)), EFAULT);
    region.index = 99;
    WRONG(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region), EINVAL);
    WRONG(ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, 0), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &irq), EINVAL);
    irq.argsz = 16, irq.index = 99;
    WRONG(ioctl(device, VFIO_DEVICE_GET_IRQ_INFO, &irq), EINVAL);
    irqs(device);
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, 0), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, cut(feature, 7)), EFAULT);
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, feature), EINVAL);
    feature[0] = 8, feature[1] = 1 << 19;
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, feature), EINVAL);
    feature[1] = 3 << 16;
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, feature), EINVAL);
    feature[0] = 32, feature[1] = 1 << 16 | 200;
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, feature), ENOTTY);
    feature[1] = 1 << 16 | 1; /* migration */
    WRONG(ioctl(device, VFIO_DEVICE_FEATURE, feature), ENOTTY);
    WRONG(ioctl(device, BIND, 0), EFAULT);
    WRONG(ioctl(device, BIND, &bind), EINVAL);
    bind.argsz = 15;
    WRONG(ioctl(device, BIND, &bind), EINVAL);
    WRONG(ioctl(device, ATTACH, 0), ENOTTY);
    WRONG(ioctl(device, DETACH, 0), ENOTTY);
    WRONG(ioctl(device, VFIO_GROUP_GET_STATUS, 0), ENOTTY);
    WRONG(ioctl(device, _IO(';', 255), 0), ENOTTY);
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    WRONG(pread(device, 0, 4, config.offset), EFAULT);
    WRONG(pread(device, KERNEL, 4, config.offset), EFAULT);
    WRONG(pwrite(device, NOWHERE, 2, config.offset + 4), EFAULT);
    WRONG(pread(device, &byte, 1, 99ULL << 40), EINVAL);
    WRONG(pwrite(device, &byte, 1, 99ULL << 40), EINVAL);
    WRONG(pread(device, &byte, 1, -1), EINVAL);
    WRONG(preadv(device, 0, 1, config.offset), EFAULT);
    WRONG(preadv(device, &piece, -1, config.offset), EINVAL);
    WRONG(preadv(device, &piece, 1025, config.offset), EINVAL);
    WRONG(mmap(0, PAGE, PROT_READ, MAP_SHARED, device, config.offset), EINVAL);
    WRONG(mmap(0, PAGE, PROT_READ, MAP_SHARED, device, 99ULL << 40), EINVAL);
    WRONG(mmap(0, PAGE, PROT_READ, MAP_SHARED, device, 12), EINVAL);
    WRONG(mmap(0, 0, PROT_READ, MAP_SHARED, device, 0), EINVAL);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o;
    paths();
    CHECK((o.container = open("/dev/vfio/vfio", O_RDWR)) >= 0 && (o.group = open(group_path, O_RDWR)) >= 0);
    descriptors(o.container);
    group_alone(o.group);
    CHECK(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &o.container) == 0);
    backend(o.container, o.group);
    type1(o.container);
    CHECK((o.device = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, bdf)) >= 0);
    device(o.device, o.container, o.group);
    close_all(o);
    close_all(open_by_group()); /* nothing of all that has left a trace */
    return verdict(150);
}
