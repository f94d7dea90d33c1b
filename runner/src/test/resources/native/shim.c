// SPDX-License-Identifier: Apache-2.0
// shim.c BDF GROUP: a program for type1 that was given /dev/iommu as its container: the same calls, and where they differ.
#include "check.h"
#include "edu_interrupt.h"
#include "uapi.h"

static struct opened open_shim(void)
{
    struct opened o;
    CHECK((o.container = open("/dev/iommu", O_RDWR | O_CLOEXEC)) >= 0);
    CHECK((o.group = open(group_path, O_RDWR | O_CLOEXEC)) >= 0);
    CHECK(ioctl(o.container, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    CHECK(ioctl(o.container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) == 1);
    CHECK(ioctl(o.container, VFIO_CHECK_EXTENSION, VFIO_TYPE1_IOMMU) == 1);
    REFUSED(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU), ENODEV); /* no group yet */
    CHECK(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &o.container) == 0);
    CHECK(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0);
    CHECK(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0); /* type1 says EINVAL */
    REFUSED(ioctl(o.container, VFIO_SET_IOMMU, 99), EINVAL);
    CHECK((o.device = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, bdf)) >= 0);
    return o;
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o = open_shim();
    struct vfio_group_status status = {.argsz = sizeof status};
    CHECK(ioctl(o.group, VFIO_GROUP_GET_STATUS, &status) == 0 && status.flags == 3);
    struct vfio_iommu_type1_info info = {.argsz = sizeof info};
    CHECK(ioctl(o.container, VFIO_IOMMU_GET_INFO, &info) == 0);
    CHECK((info.flags & VFIO_IOMMU_INFO_PGSIZES) && (info.iova_pgsizes & 4096));

    char *memory = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = 0x100000, .size = 1 << 20};
    CHECK(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map) == 0);
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map), EEXIST);
    map.argsz = 31;
    REFUSED(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map), EINVAL);
    REFUSED(ioctl(o.container, VFIO_IOMMU_DIRTY_PAGES, 0), ENOTTY);

    struct edu e = edu_start(o.device);
    for (int i = 0; i < 4096; i++)
        memory[i] = i * 13;
    edu_copy(e, 0x100000, EDU_BUFFER, 4096, 0);
    edu_copy(e, EDU_BUFFER, 0x104000, 4096, 1);
    CHECK(memcmp(memory, memory + 0x4000, 4096) == 0);

    /* The container's own calls see the same addresses. */
    struct vfio_ioas compat = {.size = sizeof compat};
    CHECK(ioctl(o.container, VFIO_IOAS, &compat) == 0 && compat.ioas_id > 0);
    struct ioas_map second = {40, 7, compat.ioas_id, 0, (uint64_t)memory, 4096, 0x100000};
    REFUSED(ioctl(o.container, IOAS_MAP, &second), EEXIST);
    second.iova = 0x900000;
    CHECK(ioctl(o.container, IOAS_MAP, &second) == 0);
    memory[0]++;
    edu_copy(e, 0x900000, EDU_BUFFER, 4096, 0);
    edu_copy(e, EDU_BUFFER, 0x104000, 4096, 1);
    CHECK(memcmp(memory, memory + 0x4000, 4096) == 0);

    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = 0x100000, .size = 4096};
    REFUSED(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap), ENOENT); /* cuts a mapping; type1 says EINVAL */
    unmap.size = 1 << 20;
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 1 << 20);
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 0);
    char before = ++memory[0x4000];
    edu_copy(e, EDU_BUFFER, 0x104000, 4096, 1);
    CHECK(memory[0x4000] == before);
    unmap = (struct vfio_iommu_type1_dma_unmap){.argsz = sizeof unmap, .flags = VFIO_DMA_UNMAP_FLAG_ALL};
    CHECK(ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) == 0 && unmap.size == 4096);

    CHECK(ioctl(o.group, VFIO_GROUP_UNSET_CONTAINER) == 0); /* with an open device; type1 says EBUSY */
    CHECK(close(e.event) == 0);
    close_all(o);
    close_all(open_shim());
    close_all(open_by_group());
    return 0;
}
