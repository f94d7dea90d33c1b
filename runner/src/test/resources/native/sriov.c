// SPDX-License-Identifier: Apache-2.0
// sriov.c PF VF0 VF1: a physical function opened, two virtual ones enabled, one opened by group with the token, its DMA in an
// address space of its own, and all of it taken away again while the virtual function is open.
#include "edu.h"

#define TOKEN "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"
#define OTHER "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"
#define PARAMETER "/sys/module/vfio_pci/parameters/enable_sriov"

static char path[256], numvfs[256];

static const char *of_device(const char *device, const char *attribute)
{
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", device, attribute);
    return path;
}

static long put(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written;
}

static const char *base(const char *link)
{
    static char target[512];
    long length = readlink(link, target, sizeof target - 1);
    if (length < 0)
        return "";
    target[length] = 0;
    return strrchr(target, '/') + 1;
}

/* Opens the group of a function with a container of its own; the device is not open yet. */
static struct opened open_group(const char *device)
{
    struct opened o = {.device = -1};
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", base(of_device(device, "iommu_group")));
    CHECK((o.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC)) >= 0);
    CHECK((o.group = open(group_path, O_RDWR | O_CLOEXEC)) >= 0);
    CHECK(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &o.container) == 0);
    CHECK(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0);
    return o;
}

static int device_fd(struct opened o, const char *device, const char *token)
{
    char name[128];
    snprintf(name, sizeof name, token ? "%s vf_token=%s" : "%s", device, token);
    return ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, name);
}

static void *disable(void *ignored)
{
    CHECK(put(numvfs, "0") == 1);
    return ignored;
}

int main(int argc, char **argv)
{
    const char *pf = argv[1], *vf = argv[2], *other = argv[3];
    CHECK(argc == 4);
    snprintf(numvfs, sizeof numvfs, "%s", of_device(pf, "sriov_numvfs"));

    REFUSED(put(numvfs, "2"), ENOENT); /* the parameter is off */
    CHECK(put(PARAMETER, "Y") == 1);
    REFUSED(put(numvfs, "99"), ERANGE);
    REFUSED(put(numvfs, "x"), EINVAL);

    struct opened p = open_group(pf);
    CHECK((p.device = device_fd(p, pf, TOKEN)) >= 0);
    CHECK(put(numvfs, "2") == 1);
    REFUSED(put(numvfs, "1"), EBUSY);
    CHECK(!strcmp(base(of_device(vf, "driver")), "vfio-pci"));
    CHECK(!strcmp(base(of_device(vf, "physfn")), pf));
    CHECK(!strcmp(base(of_device(pf, "virtfn1")), other));

    struct opened v = open_group(vf);
    REFUSED(device_fd(v, vf, NULL), EACCES);
    REFUSED(device_fd(v, vf, OTHER), EACCES);
    CHECK((v.device = device_fd(v, vf, TOKEN)) >= 0);
    REFUSED(device_fd(p, pf, NULL), EACCES); /* a virtual function is open */

    char *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map_dma(v.container, memory, 0x100000, 8192, 3) == 0);
    struct edu virtual = edu_enable(v.device), physical = edu_enable(p.device);
    for (int i = 0; i < 4096; i++)
        memory[i] = i * 11;
    CHECK(edu_take(virtual, 0x100000, 4096) && edu_give(virtual, 0x101000, 4096));
    CHECK(memcmp(memory, memory + 4096, 4096) == 0);
    CHECK(!edu_take(physical, 0x100000, 4096)); /* its address space is another */

    int event = eventfd(0, 0);
    char set_bytes[sizeof(struct vfio_irq_set) + 4] __attribute__((aligned(8)));
    struct vfio_irq_set *irq = (void *)set_bytes;
    *irq = (struct vfio_irq_set){.argsz = sizeof set_bytes,
                                 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                 .index = VFIO_PCI_REQ_IRQ_INDEX,
                                 .count = 1};
    memcpy(irq->data, &event, 4);
    CHECK(ioctl(v.device, VFIO_DEVICE_SET_IRQS, irq) == 0);
    pthread_t disabling;
    CHECK(pthread_create(&disabling, NULL, disable, NULL) == 0);
    uint64_t requests;
    CHECK(read(event, &requests, 8) == 8 && requests == 1);
    CHECK(edu_take(virtual, 0x100000, 4096)); /* it still works */
    REFUSED(device_fd(v, vf, TOKEN), ENODEV);
    close_all(v);
    CHECK(pthread_join(disabling, NULL) == 0);

    struct stat status;
    CHECK(lstat(of_device(vf, ""), &status) == -1 && errno == ENOENT);
    CHECK(lstat(of_device(pf, "virtfn0"), &status) == -1 && errno == ENOENT);
    close_all(p);
    CHECK(write(1, "fine\n", 5) == 5);
    return 0;
}
