// SPDX-License-Identifier: Apache-2.0
// cdev.c BDF: a device's own node with iommufd: bind, attach, DMA both ways, misuse.
#include "check.h"
#include "node.h"

static void set(int device, uint64_t at, uint64_t value)
{
    CHECK(pwrite(device, &value, 8, at) == 8);
}

static void transfer(int device, uint64_t bar, uint64_t from, uint64_t to, uint64_t command)
{
    uint64_t now = 1;
    set(device, bar + 0x80, from);
    set(device, bar + 0x88, to);
    set(device, bar + 0x90, 4096);
    set(device, bar + 0x98, 1 | command);
    for (int i = 0; i < 100000 && (now & 1); i++)
        CHECK(pread(device, &now, 8, bar + 0x98) == 8);
    CHECK(!(now & 1));
}

int main(int argc, char **argv)
{
    find_node(argv[1]);
    struct stat status;
    CHECK(stat(node, &status) == 0 && S_ISCHR(status.st_mode));
    int d = open(node, O_RDWR), other = open(node, O_RDWR), iommu = open("/dev/iommu", O_RDWR);
    CHECK(d >= 0 && other >= 0 && iommu >= 0);
    CHECK(fstat(d, &status) == 0 && S_ISCHR(status.st_mode));
    struct vfio_device_info info = {.argsz = sizeof info};
    REFUSED(ioctl(d, VFIO_DEVICE_GET_INFO, &info), EINVAL);
    struct bind_iommufd bind = {16, 0, 0, 0};
    REFUSED(ioctl(d, BIND, &bind), EBADFD);
    bind.iommufd = iommu;
    CHECK(ioctl(d, BIND, &bind) == 0 && bind.out_devid > 0);
    REFUSED(ioctl(d, BIND, &bind), EINVAL);
    REFUSED(ioctl(other, BIND, &bind), EINVAL);
    CHECK(ioctl(d, VFIO_DEVICE_GET_INFO, &info) == 0);

    struct ioas_alloc ioas = {.size = sizeof ioas};
    CHECK(ioctl(iommu, IOAS_ALLOC, &ioas) == 0);
    char *memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct ioas_map map = {.size = sizeof map,
                                 .flags = MAP_FIXED_IOVA | MAP_READABLE | MAP_WRITEABLE,
                                 .ioas_id = ioas.out_ioas_id,
                                 .user_va = (uint64_t)memory,
                                 .length = 1 << 20,
                                 .iova = 0x100000};
    CHECK(ioctl(iommu, IOAS_MAP, &map) == 0);
    struct attach_pt attach = {12, 0, 4711};
    REFUSED(ioctl(d, ATTACH, &attach), ENOENT);
    attach.pt_id = ioas.out_ioas_id;
    CHECK(ioctl(d, ATTACH, &attach) == 0);

    struct vfio_region_info bar = {.argsz = sizeof bar, .index = 0}, config = {.argsz = sizeof config, .index = 7};
    CHECK(ioctl(d, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0 && ioctl(d, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    uint16_t command;
    CHECK(pread(d, &command, 2, config.offset + 4) == 2);
    command |= 6;
    CHECK(pwrite(d, &command, 2, config.offset + 4) == 2);
    for (int i = 0; i < 4096; i++)
        memory[i] = i * 11;
    transfer(d, bar.offset, 0x100000, 0x40000, 0);
    transfer(d, bar.offset, 0x40000, 0x103000, 2);
    CHECK(memcmp(memory, memory + 0x3000, 4096) == 0);
    CHECK(ioctl(d, DETACH, &(uint32_t[2]){8, 0}) == 0);
    CHECK(close(d) == 0);
    CHECK(ioctl(other, BIND, &bind) == 0);
    return 0;
}
