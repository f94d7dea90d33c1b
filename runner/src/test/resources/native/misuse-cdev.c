// SPDX-License-Identifier: Apache-2.0
// misuse-cdev.c BDF GROUP: a device's own node and iommufd, used wrongly.
#include "misuse.h"
#include "node.h"

static void parked(int d, int iommu)
{
    struct vfio_device_info info = {.argsz = sizeof info};
    struct bind_iommufd bind = {16, 0, iommu, 0, 0};
    char longer[64] = {0};
    int event = eventfd(0, 0), container = open("/dev/vfio/vfio", O_RDWR), group;
    plain_access(d, EINVAL);
    WRONG(ioctl(d, VFIO_DEVICE_GET_INFO, &info), EINVAL);
    WRONG(ioctl(d, VFIO_DEVICE_RESET), EINVAL);
    WRONG(ioctl(d, ATTACH, 0), EINVAL);
    WRONG(ioctl(d, _IO(';', 255), 0), EINVAL);
    WRONG(ioctl(d, BIND, 0), EFAULT);
    for (int bytes = 0; bytes < 16; bytes += 3)
        WRONG(ioctl(d, BIND, cut(&bind, bytes)), EFAULT);
    bind.argsz = 15;
    WRONG(ioctl(d, BIND, &bind), EINVAL);
    bind.argsz = 64;
    memcpy(longer, &bind, sizeof bind);
    WRONG(ioctl(d, BIND, cut(longer, 40)), EFAULT);
    longer[40] = 1;
    WRONG(ioctl(d, BIND, longer), E2BIG);
    bind.argsz = 16;
    bind.iommufd = -1;
    WRONG(ioctl(d, BIND, &bind), EINVAL);
    bind.iommufd = iommu, bind.flags = 2;
    WRONG(ioctl(d, BIND, &bind), EINVAL);
    bind.flags = 0, bind.iommufd = closed_fd();
    WRONG(ioctl(d, BIND, &bind), EBADF);
    bind.iommufd = event;
    WRONG(ioctl(d, BIND, &bind), EBADFD);
    bind.iommufd = container;
    WRONG(ioctl(d, BIND, &bind), EBADFD);
    bind.iommufd = d;
    WRONG(ioctl(d, BIND, &bind), EBADFD);
    bind.iommufd = iommu;
    WRONG(ioctl(d, BIND, locked(&bind, 16)), EFAULT);
    bind.argsz = 24, bind.flags = BIND_TOKEN, bind.token_uuid_ptr = 0x1000;
    WRONG(ioctl(d, BIND, &bind), EFAULT);
    CHECK((group = open(group_path, O_RDWR)) >= 0);
    bind.argsz = 16, bind.flags = 0;
    WRONG(ioctl(d, BIND, &bind), EBUSY);
    CHECK(close(group) == 0 && close(event) == 0 && close(container) == 0);
}

static void granted(int d, int other, int iommu, uint32_t devid, uint32_t ioas)
{
    struct bind_iommufd bind = {16, 0, iommu, 0, 0};
    struct attach_pt attach = {11, 0, ioas, 0};
    struct detach_pt detach = {7, 0, 0};
    WRONG(ioctl(d, BIND, &bind), EINVAL);
    WRONG(ioctl(other, BIND, &bind), EINVAL);
    WRONG(ioctl(other, VFIO_DEVICE_RESET), EINVAL);
    WRONG(open(group_path, O_RDWR), EBUSY);
    WRONG(ioctl(d, ATTACH, 0), EFAULT);
    WRONG(ioctl(d, ATTACH, cut(&attach, 11)), EFAULT);
    WRONG(ioctl(d, ATTACH, &attach), EINVAL);
    attach.argsz = 12, attach.flags = 2;
    WRONG(ioctl(d, ATTACH, &attach), EINVAL);
    attach.flags = 0, attach.pt_id = 4711;
    WRONG(ioctl(d, ATTACH, &attach), ENOENT);
    attach.pt_id = devid;
    WRONG(ioctl(d, ATTACH, &attach), EINVAL);
    attach.pt_id = ioas;
    WRONG(ioctl(d, ATTACH, locked(&attach, 12)), EFAULT);
    WRONG(ioctl(d, DETACH, 0), EFAULT);
    WRONG(ioctl(d, DETACH, cut(&detach, 7)), EFAULT);
    WRONG(ioctl(d, DETACH, &detach), EINVAL);
    detach.argsz = 8, detach.flags = 4;
    WRONG(ioctl(d, DETACH, &detach), EINVAL);
    CHECK(ioctl(d, ATTACH, &attach) == 0);
    WRONG(ioctl(iommu, DESTROY, (&(struct destroy){8, ioas})), EBUSY);
    WRONG(ioctl(iommu, DESTROY, (&(struct destroy){8, devid})), EBUSY);
}

static void map_with(int iommu, struct ioas_map map, int line, int expected)
{
    errno = 0;
    long answer = ioctl(iommu, IOAS_MAP, &map);
    judge(__FILE__, line, "IOAS_MAP", answer, errno, expected, strerror(expected));
}

#define MAP(expected, ...)                                                                                         \
    map_with(iommu,                                                                                                \
             (struct ioas_map){                                                                                    \
                 .size = 40, .flags = 7, .ioas_id = ioas, .user_va = memory, .iova = 0x200000, .length = PAGE, __VA_ARGS__}, \
             __LINE__, expected)

static void iommufd(int iommu, uint32_t ioas)
{
    uint64_t memory = (uint64_t)mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct ioas_alloc alloc = {.size = 11};
    char longer[64] = {0};
    plain_access(iommu, ENXIO);
    WRONG(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, iommu, 0), EINVAL);
    WRONG(mmap(0, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, iommu, 0), EPERM);
    WRONG(ioctl(iommu, IOAS_ALLOC, 0), EFAULT);
    for (int bytes = 0; bytes < 12; bytes += 3)
        WRONG(ioctl(iommu, IOAS_ALLOC, cut(&(struct ioas_alloc){12}, bytes)), EFAULT);
    WRONG(ioctl(iommu, IOAS_ALLOC, locked(&(struct ioas_alloc){12}, 12)), EFAULT);
    WRONG(ioctl(iommu, IOAS_ALLOC, &alloc), EINVAL);
    alloc.size = 12, alloc.flags = 1;
    WRONG(ioctl(iommu, IOAS_ALLOC, &alloc), EOPNOTSUPP);
    alloc.size = 64, alloc.flags = 0;
    memcpy(longer, &alloc, sizeof alloc);
    longer[63] = 1;
    WRONG(ioctl(iommu, IOAS_ALLOC, longer), E2BIG);
    WRONG(ioctl(iommu, IOAS_ALLOC, cut(longer, 63)), EFAULT);
    WRONG(ioctl(iommu, _IOWR(';', 0x81, int), &alloc), ENOTTY);
    WRONG(ioctl(iommu, IOMMU(0x7f), 0), ENOTTY);
    WRONG(ioctl(iommu, IOMMU(0xff), 0), ENOTTY);
    WRONG(ioctl(iommu, DESTROY, 0), EFAULT);
    WRONG(ioctl(iommu, DESTROY, (&(struct destroy){8, 0})), ENOENT);
    WRONG(ioctl(iommu, DESTROY, (&(struct destroy){7, ioas})), EINVAL);
    MAP(EOPNOTSUPP, .flags = 8 | 7);
    MAP(EOPNOTSUPP, .reserved = 1);
    MAP(EINVAL, .flags = 1);
    MAP(ENOENT, .ioas_id = 4711);
    MAP(EINVAL, .length = 0);
    MAP(EOVERFLOW, .iova = -1);
    MAP(EOVERFLOW, .length = -1);
    MAP(EOVERFLOW, .user_va = -PAGE, .length = 2 * PAGE);
    MAP(EOVERFLOW, .iova = -PAGE, .length = 2 * PAGE);
    MAP(EINVAL, .size = 39);
    struct ioas_map map = {40, 7, ioas, 0, memory, PAGE, 0x200000};
    CHECK(ioctl(iommu, IOAS_MAP, cut(&map, 40)) == 0);
    MAP(EEXIST, );
    MAP(EEXIST, .iova = 0x1ff000, .length = 2 * PAGE);
    WRONG(ioctl(iommu, IOAS_UNMAP, (&(struct ioas_unmap){24, ioas, 0x900000, PAGE})), ENOENT);
    WRONG(ioctl(iommu, IOAS_UNMAP, (&(struct ioas_unmap){24, ioas, 0x200000, 0})), EINVAL);
    WRONG(ioctl(iommu, IOAS_UNMAP, (&(struct ioas_unmap){24, 4711, 0x200000, PAGE})), ENOENT);
    WRONG(ioctl(iommu, IOAS_UNMAP, (&(struct ioas_unmap){24, ioas, -PAGE, 2 * PAGE})), EOVERFLOW);
    WRONG(ioctl(iommu, IOAS_COPY, (&(struct ioas_copy){40, 7, ioas, ioas, PAGE, 0x200000, 0x200000})), EEXIST);
    WRONG(ioctl(iommu, IOAS_COPY, (&(struct ioas_copy){40, 7, ioas, ioas, PAGE, 0x400000, 0x900000})), ENOENT);
    WRONG(ioctl(iommu, IOAS_COPY, (&(struct ioas_copy){40, 8, ioas, ioas, PAGE, 0x400000, 0x200000})), EOPNOTSUPP);
    struct iova_range backwards = {0x3000, 0x2000};
    WRONG(ioctl(iommu, IOAS_IOVA_RANGES, (&(struct ioas_iova_ranges){32, 4711})), ENOENT);
    WRONG(ioctl(iommu, IOAS_IOVA_RANGES, (&(struct ioas_iova_ranges){32, ioas})), EMSGSIZE);
    WRONG(ioctl(iommu, IOAS_ALLOW_IOVAS, (&(struct ioas_allow_iovas){24, ioas, 1, 0, (uint64_t)&backwards})), EINVAL);
    WRONG(ioctl(iommu, IOAS_ALLOW_IOVAS, (&(struct ioas_allow_iovas){24, ioas, 1, 0, 0x1000})), EFAULT);
    WRONG(ioctl(iommu, OPTION, (&(struct iommu_option){24, 9, 1})), EOPNOTSUPP);
    WRONG(ioctl(iommu, OPTION, (&(struct iommu_option){24, 1, 1, 0, 0})), ENOENT);
    WRONG(ioctl(iommu, OPTION, (&(struct iommu_option){24, 1, 0, 0, ioas, 2})), EINVAL);
    WRONG(ioctl(iommu, VFIO_IOAS, (&(struct vfio_ioas){12, 0, 0})), ENODEV);
    WRONG(ioctl(iommu, VFIO_IOAS, (&(struct vfio_ioas){12, 4711, 1})), ENOENT);
    WRONG(ioctl(iommu, VFIO_IOAS, (&(struct vfio_ioas){12, 0, 3})), EOPNOTSUPP);
    WRONG(ioctl(iommu, HWPT_ALLOC, (&(struct hwpt_alloc){48, 0, 4711, ioas})), ENOENT);
    WRONG(ioctl(iommu, GET_HW_INFO, (&(struct hw_info){40, 2, 4711})), EOPNOTSUPP);
    WRONG(ioctl(iommu, GET_HW_INFO, (&(struct hw_info){40, 0, 4711})), ENOENT);
    WRONG(ioctl(iommu, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), ENODEV);
    WRONG(ioctl(iommu, VFIO_CHECK_EXTENSION, VFIO_DMA_CC_IOMMU), ENODEV);
    WRONG(ioctl(iommu, VFIO_IOMMU_DIRTY_PAGES, 0), ENOTTY);
    WRONG(ioctl(iommu, VFIO_GROUP_GET_STATUS, 0), ENOTTY);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    find_node(bdf);
    int d = open(node, O_RDWR), other = open(node, O_RDWR), iommu = open("/dev/iommu", O_RDWR);
    CHECK(d >= 0 && other >= 0 && iommu >= 0);
    struct ioas_alloc ioas = {.size = sizeof ioas};
    CHECK(ioctl(iommu, IOAS_ALLOC, &ioas) == 0);
    iommufd(iommu, ioas.out_ioas_id);
    parked(d, iommu);
    struct bind_iommufd bind = {16, 0, iommu, 0, 0};
    CHECK(ioctl(d, BIND, &bind) == 0);
    granted(d, other, iommu, bind.out_devid, ioas.out_ioas_id);
    CHECK(close(d) == 0 && close(other) == 0);
    CHECK(ioctl(iommu, DESTROY, (&(struct destroy){8, ioas.out_ioas_id})) == 0 && close(iommu) == 0);
    return verdict(90);
}
