// SPDX-License-Identifier: Apache-2.0
// The edu device: DMA between memory and its buffer, an interrupt when it is done.
#define EDU_BUFFER 0x40000
#define EDU_FROM_DEVICE 2

struct edu {
    int device, event;
    uint64_t bar;
};

static struct edu edu_start(int device)
{
    struct edu e = {device, eventfd(0, 0)};
    struct vfio_region_info bar = {.argsz = sizeof bar}, config = {.argsz = sizeof config, .index = 7};
    char bytes[sizeof(struct vfio_irq_set) + 4] __attribute__((aligned(8)));
    struct vfio_irq_set *irq = (void *)bytes;
    uint16_t command;
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0);
    CHECK(ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    e.bar = bar.offset;
    CHECK(pread(device, &command, 2, config.offset + 4) == 2);
    command |= 6; /* memory, bus master */
    CHECK(pwrite(device, &command, 2, config.offset + 4) == 2);
    *irq = (struct vfio_irq_set){.argsz = sizeof bytes,
                                 .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                 .index = VFIO_PCI_MSI_IRQ_INDEX,
                                 .count = 1};
    memcpy(irq->data, &e.event, 4);
    CHECK(ioctl(device, VFIO_DEVICE_SET_IRQS, irq) == 0);
    return e;
}

/* A call that a signal may have come before: EINTR means that it did not take place. */
#define AGAIN(call)                                             \
    ({                                                          \
        long again_;                                            \
        do                                                      \
            again_ = (long)(call);                              \
        while (again_ == -1 && errno == EINTR && may_interrupt()); \
        again_;                                                 \
    })

static int (*interrupted)(void);

static int may_interrupt(void)
{
    return interrupted && interrupted();
}

static void edu_set(struct edu e, uint64_t at, uint64_t value)
{
    CHECK(AGAIN(pwrite(e.device, &value, 8, e.bar + at)) == 8);
}

/* Copies and waits for the interrupt, however often a signal interrupts the wait. */
static void edu_copy(struct edu e, uint64_t from, uint64_t to, uint64_t count, int from_device)
{
    uint64_t events = 0;
    ssize_t got;
    edu_set(e, 0x80, from);
    edu_set(e, 0x88, to);
    edu_set(e, 0x90, count);
    edu_set(e, 0x98, 1 | 4 | (from_device ? EDU_FROM_DEVICE : 0));
    while ((got = read(e.event, &events, 8)) == -1 && errno == EINTR)
        ;
    CHECK(got == 8 && events == 1);
}
