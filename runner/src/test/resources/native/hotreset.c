// SPDX-License-Identifier: Apache-2.0
// hotreset.c: resets of a slot and of buses, owned by group and by iommufd. Arguments: two functions of one group in a slot, two
// functions of two groups on a bus, two edu devices of one group on a bus, an edu device on the root bus.
#include "check.h"
#include "node.h"

#define FLAG_DEV_ID 1
#define FLAG_DEV_ID_OWNED 2

struct info {
    uint32_t argsz, flags, count;
    struct entry {
        uint32_t id;
        uint16_t segment;
        uint8_t bus, devfn;
    } devices[8];
};
struct reset {
    uint32_t argsz, flags, count;
    int32_t groups[4];
};

#define REGISTER 16 /* word of BAR 0 that the tests use */
#define EDU_RAISE 0x60
#define EDU_ACKNOWLEDGE 0x64

static uint64_t place(int device, int index)
{
    struct vfio_region_info region = {.argsz = sizeof region, .index = index};
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &region) == 0);
    return region.offset;
}

static uint32_t get(int device, int region, uint64_t at, int size)
{
    uint32_t value = 0;
    CHECK(pread(device, &value, size, place(device, region) + at) == size);
    return value;
}

static void set(int device, int region, uint64_t at, int size, uint64_t value)
{
    CHECK(pwrite(device, &value, size, place(device, region) + at) == size);
}

static void decode(int device)
{
    set(device, VFIO_PCI_CONFIG_REGION_INDEX, 4, 2, 6);
}

static void name(const struct entry *entry, const char *wanted)
{
    char text[32];
    snprintf(text, sizeof text, "%04x:%02x:%02x.%x", entry->segment, entry->bus, entry->devfn >> 3, entry->devfn & 7);
    CHECK(!strcmp(text, wanted));
}

static struct info info_of(int device)
{
    struct info info = {.argsz = sizeof info, .flags = -1};
    CHECK(ioctl(device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info) == 0);
    CHECK(info.argsz == sizeof info);
    return info;
}

static long reset(int device, int count, int first, int second)
{
    struct reset reset = {.argsz = 12 + 4 * count, .count = count, .groups = {first, second, first}};
    return ioctl(device, VFIO_DEVICE_PCI_HOT_RESET, &reset);
}

static int signalled(int device, int index)
{
    int event = eventfd(0, EFD_NONBLOCK);
    CHECK(event >= 0);
    char bytes[sizeof(struct vfio_irq_set) + 4] __attribute__((aligned(8)));
    struct vfio_irq_set *irq = (void *)bytes;
    *irq = (struct vfio_irq_set){.argsz = sizeof bytes,
                                 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                 .index = index,
                                 .count = 1};
    memcpy(irq->data, &event, 4);
    CHECK(ioctl(device, VFIO_DEVICE_SET_IRQS, irq) == 0);
    return event;
}

static void quick_irq(int device, int index, uint32_t action)
{
    struct vfio_irq_set irq = {
        .argsz = sizeof irq, .flags = VFIO_IRQ_SET_DATA_NONE | action, .index = index, .count = 1};
    CHECK(ioctl(device, VFIO_DEVICE_SET_IRQS, &irq) == 0);
}

static void expect_signals(int event, uint64_t wanted)
{
    struct pollfd p = {event, POLLIN, 0};
    uint64_t count = 0;
    CHECK(poll(&p, 1, wanted ? 10000 : 0) == (wanted ? 1 : 0));
    if (wanted)
        CHECK(read(event, &count, 8) == 8 && count == wanted);
}

static int group_of(const char *device, uint32_t *number)
{
    char link[128], target[256] = "", node[64];
    snprintf(link, sizeof link, "/sys/bus/pci/devices/%s/iommu_group", device);
    CHECK(readlink(link, target, sizeof target - 1) > 0);
    *number = atoi(strrchr(target, '/') + 1);
    snprintf(node, sizeof node, "/dev/vfio/%u", *number);
    int group = open(node, O_RDWR | O_CLOEXEC);
    CHECK(group >= 0);
    return group;
}

static struct opened by_group(const char *device, uint32_t *number)
{
    struct opened o = {.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC), .group = group_of(device, number)};
    CHECK(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &o.container) == 0);
    CHECK(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0);
    CHECK((o.device = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, device)) >= 0);
    return o;
}

/* The information, and every wrong way to ask for a reset. */
static void misuse(struct opened o, uint32_t number, char **names, int stranger)
{
    struct info info = {.argsz = 11};
    REFUSED(ioctl(o.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), EINVAL);
    REFUSED(ioctl(o.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, 16), EFAULT);
    info = (struct info){.argsz = 12 + 8, .flags = 7, .devices[0].id = 4711};
    REFUSED(ioctl(o.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), ENOSPC);
    CHECK(info.argsz == 20 && info.flags == 0 && info.count == 2 && info.devices[0].id == 4711);
    info = info_of(o.device);
    CHECK(info.flags == 0 && info.count == 2 && info.devices[0].id == number && info.devices[1].id == number);
    name(&info.devices[0], names[0]);
    name(&info.devices[1], names[1]);

    REFUSED(ioctl(o.device, VFIO_DEVICE_PCI_HOT_RESET, 16), EFAULT);
    struct reset wrong = {.argsz = 11, .count = 1, .groups = {o.group}};
    REFUSED(ioctl(o.device, VFIO_DEVICE_PCI_HOT_RESET, &wrong), EINVAL);
    wrong = (struct reset){.argsz = 16, .flags = 1, .count = 1, .groups = {o.group}};
    REFUSED(ioctl(o.device, VFIO_DEVICE_PCI_HOT_RESET, &wrong), EINVAL);
    REFUSED(reset(o.device, 0, 0, 0), EINVAL);
    REFUSED(reset(o.device, 3, o.group, o.group), EINVAL); /* for two functions */
    REFUSED(reset(o.device, 1, 900, 0), EBADF);
    REFUSED(reset(o.device, 1, 0, 0), EINVAL); /* a file that is not VFIO's */
    REFUSED(reset(o.device, 1, o.container, 0), EINVAL);
    REFUSED(reset(o.device, 1, o.device, 0), EINVAL);
    REFUSED(reset(o.device, 1, stranger, 0), EINVAL);
    char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(munmap(pages + 4096, 4096) == 0);
    struct reset *edge = (void *)(pages + 4096 - 12);
    edge->argsz = 16;
    edge->count = 1;
    REFUSED(ioctl(o.device, VFIO_DEVICE_PCI_HOT_RESET, edge), EFAULT);
    CHECK(munmap(pages, 4096) == 0);
}

/* A slot whose functions are one group: registers are lost, mappings and everything set up stay. */
static void slot_by_group(char **names, const char *stranger_name)
{
    uint32_t number, other_number;
    struct opened o = by_group(names[0], &number);
    int second = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, names[1]);
    int stranger = group_of(stranger_name, &other_number);
    CHECK(second >= 0);
    misuse(o, number, names, stranger);

    int devices[] = {o.device, second}, events[2];
    volatile uint32_t *registers[2];
    for (int i = 0; i < 2; i++) {
        decode(devices[i]);
        set(devices[i], VFIO_PCI_CONFIG_REGION_INDEX, 0x0c, 1, 0x20);
        registers[i] = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, devices[i], place(devices[i], 0));
        CHECK(registers[i] != MAP_FAILED);
        registers[i][REGISTER] = 0x600df00d + i;
        CHECK(get(devices[i], 0, 4 * REGISTER, 4) == 0x600df00d + i);
        events[i] = signalled(devices[i], VFIO_PCI_MSIX_IRQ_INDEX);
    }
    uint32_t bar = get(second, VFIO_PCI_CONFIG_REGION_INDEX, 0x10, 4);
    CHECK(reset(o.device, 1, o.group, 0) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(registers[i][REGISTER] == 0);
        CHECK(get(devices[i], 0, 4 * REGISTER, 4) == 0);
        CHECK(get(devices[i], VFIO_PCI_CONFIG_REGION_INDEX, 4, 2) == 6);
        CHECK(get(devices[i], VFIO_PCI_CONFIG_REGION_INDEX, 0x0c, 1) == 0x20);
        registers[i][REGISTER] = 77;
        CHECK(get(devices[i], 0, 4 * REGISTER, 4) == 77);
        set(devices[i], 0, 4 * REGISTER, 4, 78);
        CHECK(registers[i][REGISTER] == 78);
        quick_irq(devices[i], VFIO_PCI_MSIX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_TRIGGER);
        expect_signals(events[i], 1);
        CHECK(munmap((void *)registers[i], 4096) == 0);
        CHECK(close(events[i]) == 0);
    }
    CHECK(get(second, VFIO_PCI_CONFIG_REGION_INDEX, 0x10, 4) == bar);
    CHECK(reset(second, 2, stranger, o.group) == 0); /* one more than needed is no harm */
    CHECK(close(second) == 0 && close(stranger) == 0);
    close_all(o);
}

/* A bus whose functions are two groups: both have to be shown, and need no container. */
static void bus_by_groups(char **names)
{
    uint32_t number, other_number;
    struct opened o = by_group(names[0], &number);
    struct info info = info_of(o.device);
    CHECK(info.flags == 0 && info.count == 2 && info.devices[0].id == number && info.devices[1].id != number);
    REFUSED(reset(o.device, 1, o.group, 0), EINVAL);
    int other = group_of(names[1], &other_number);
    CHECK(info.devices[1].id == other_number);
    decode(o.device);
    set(o.device, 0, 4 * REGISTER, 4, 5);
    CHECK(reset(o.device, 2, other, o.group) == 0);
    CHECK(get(o.device, 0, 4 * REGISTER, 4) == 0);
    CHECK(close(other) == 0);
    REFUSED(reset(o.device, 2, o.group, other), EBADF);
    close_all(o);
}

/* Interrupts that devices raise by themselves, before and after. */
static void interrupts_survive(char **names)
{
    uint32_t number;
    struct opened o = by_group(names[0], &number);
    int second = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, names[1]);
    decode(o.device);
    decode(second);
    int message = signalled(o.device, VFIO_PCI_MSI_IRQ_INDEX), line = signalled(second, VFIO_PCI_INTX_IRQ_INDEX);
    for (int round = 0; round < 3; round++) {
        set(o.device, 0, EDU_RAISE, 4, 1);
        set(second, 0, EDU_RAISE, 4, 1);
        expect_signals(message, 1);
        expect_signals(line, 1);
        /* Without acknowledgement: the reset lowers the line, and unmasking it then signals nothing. */
        CHECK(reset(round % 2 ? o.device : second, 1, o.group, 0) == 0);
        quick_irq(second, VFIO_PCI_INTX_IRQ_INDEX, VFIO_IRQ_SET_ACTION_UNMASK);
        expect_signals(message, 0);
        expect_signals(line, 0);
    }
    CHECK(close(message) == 0 && close(line) == 0 && close(second) == 0);
    close_all(o);
}

static uint32_t bound(int file, int iommufd)
{
    struct bind_iommufd bind = {.argsz = 16, .iommufd = iommufd};
    CHECK(ioctl(file, BIND, &bind) == 0 && bind.out_devid > 0);
    return bind.out_devid;
}

static void transfer(int device, uint64_t from, uint64_t to, uint64_t command)
{
    set(device, 0, 0x80, 8, from);
    set(device, 0, 0x88, 8, to);
    set(device, 0, 0x90, 8, 64);
    set(device, 0, 0x98, 8, 1 | command);
    uint32_t now = 1;
    for (int i = 0; i < 100000 && (now & 1); i++)
        now = get(device, 0, 0x98, 4);
    CHECK(!(now & 1));
}

static void by_iommufd(char **slot, char **bus, char **edu)
{
    int iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC), other_iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
    CHECK(iommufd >= 0 && other_iommufd >= 0);

    /* The other function of the group is owned with it, though nobody has it open. */
    int first = open_node(slot[0]);
    REFUSED(reset(first, 0, 0, 0), EINVAL); /* not bound yet */
    uint32_t id = bound(first, iommufd), number;
    struct info info = info_of(first);
    CHECK(info.flags == (FLAG_DEV_ID | FLAG_DEV_ID_OWNED) && info.count == 2);
    CHECK(info.devices[0].id == id && info.devices[1].id == 0);
    name(&info.devices[1], slot[1]);
    int group = group_of(bus[0], &number);
    REFUSED(reset(first, 1, group, 0), EINVAL);
    CHECK(close(group) == 0);
    decode(first);
    volatile uint32_t *registers = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, first, place(first, 0));
    CHECK(registers != MAP_FAILED);
    registers[REGISTER] = 1;
    CHECK(reset(first, 0, 0, 0) == 0);
    CHECK(registers[REGISTER] == 0);
    registers[REGISTER] = 2;
    CHECK(get(first, 0, 4 * REGISTER, 4) == 2);
    CHECK(munmap((void *)registers, 4096) == 0 && close(first) == 0);

    /* Groups of their own: not owned before they are bound to the same iommufd. */
    first = open_node(bus[0]);
    int second = open_node(bus[1]);
    id = bound(first, iommufd);
    info = info_of(first);
    CHECK(info.flags == FLAG_DEV_ID && info.devices[0].id == id && info.devices[1].id == (uint32_t)-1);
    REFUSED(reset(first, 0, 0, 0), EINVAL);
    uint32_t foreign = bound(second, other_iommufd);
    info = info_of(second);
    CHECK(info.flags == FLAG_DEV_ID && info.devices[0].id == (uint32_t)-1 && info.devices[1].id == foreign);
    REFUSED(reset(second, 0, 0, 0), EINVAL);
    CHECK(close(second) == 0);
    second = open_node(bus[1]);
    uint32_t other = bound(second, iommufd);
    info = info_of(second);
    CHECK(info.flags == (FLAG_DEV_ID | FLAG_DEV_ID_OWNED) && info.devices[0].id == id && info.devices[1].id == other);
    CHECK(reset(second, 0, 0, 0) == 0);
    CHECK(close(first) == 0 && close(second) == 0);

    /* What is mapped for DMA stays mapped, and interrupts arrive. */
    first = open_node(edu[0]);
    bound(first, iommufd);
    struct ioas_alloc alloc = {.size = sizeof alloc};
    CHECK(ioctl(iommufd, IOAS_ALLOC, &alloc) == 0);
    struct attach_pt attach = {.argsz = 12, .pt_id = alloc.out_ioas_id};
    CHECK(ioctl(first, ATTACH, &attach) == 0);
    char *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct ioas_map map = {.size = sizeof map, .flags = 7, .ioas_id = alloc.out_ioas_id,
                                 .user_va = (uint64_t)memory, .length = 4096, .iova = 0x100000};
    CHECK(ioctl(iommufd, IOAS_MAP, &map) == 0);
    decode(first);
    int event = signalled(first, VFIO_PCI_MSI_IRQ_INDEX);
    strcpy(memory, "carried by the device");
    transfer(first, 0x100000, 0x40000, 0);
    CHECK(reset(first, 0, 0, 0) == 0);
    transfer(first, 0x40000, 0x100400, 2);
    CHECK(memory[0x400] == 0); /* the device's buffer is lost */
    transfer(first, 0x100000, 0x40000, 0);
    transfer(first, 0x40000, 0x100800, 2);
    CHECK(!strcmp(memory, memory + 0x800));
    expect_signals(event, 0);
    set(first, 0, EDU_RAISE, 4, 1);
    expect_signals(event, 1);
    CHECK(close(first) == 0 && close(event) == 0 && close(iommufd) == 0 && close(other_iommufd) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 8);
    slot_by_group(argv + 1, argv[7]);
    bus_by_groups(argv + 3);
    interrupts_survive(argv + 5);
    by_iommufd(argv + 1, argv + 3, argv + 5);

    uint32_t number;
    struct opened root = by_group(argv[7], &number);
    struct info info = {.argsz = sizeof info};
    REFUSED(ioctl(root.device, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &info), ENODEV);
    REFUSED(reset(root.device, 0, 0, 0), EINVAL);
    REFUSED(reset(root.device, 1, root.group, 0), ENODEV);
    close_all(root);
    return 0;
}
