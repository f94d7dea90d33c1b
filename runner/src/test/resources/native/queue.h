// SPDX-License-Identifier: Apache-2.0
// The queue device as its user sees it: registers, rings and a driver for one pair of rings.
#include "check.h"

#define BAR_LENGTH 0x4000
#define DOORBELL_PAGE 0x1000
#define QUEUE_REGISTERS(q) (0x100 + (q) * 0x40)
#define RING 64
#define SLOT 4096
#define IOVA 0x100000ull
#define AREA 0x100000 /* of each queue: rings, then 64 slots to read from and 64 to write to */
#define SOURCES 0x10000
#define TARGETS 0x50000

enum { COPY = 1, FILL, CHECKSUM };
enum { OK, BAD_OPCODE, BAD_LENGTH, DMA_FAULT };

struct submission {
    uint32_t opcode, id;
    uint64_t source, destination;
    uint32_t length, value;
};
struct completion {
    uint64_t result;
    uint32_t id;
    uint16_t head, status;
};
struct doorbells {
    uint32_t tail, head, completed, unused[13];
};

struct queue {
    int device, number, event;
    char *area;
    uint64_t iova;
    struct submission *submissions;
    volatile struct completion *completions;
    volatile struct doorbells *doorbells;
    uint32_t submitted, completed;
};

static void set(int device, uint64_t at, uint64_t value, int bytes)
{
    CHECK(pwrite(device, &value, bytes, at) == bytes);
}

static uint32_t get(int device, uint64_t at)
{
    uint32_t value;
    CHECK(pread(device, &value, 4, at) == 4);
    return value;
}

static void start_queue(struct queue *q)
{
    int d = q->device, at = QUEUE_REGISTERS(q->number);
    memset(q->area, 0, SOURCES);
    q->submissions = (void *)q->area;
    q->completions = (void *)(q->area + 0x8000);
    q->submitted = q->completed = 0;
    set(d, at, q->iova, 8);
    set(d, at + 8, q->iova + 0x8000, 8);
    set(d, at + 16, RING, 4);
    set(d, at + 20, q->number + 1, 4);
    set(d, at + 24, 1, 4);
    CHECK(get(d, at + 28) == 1);
}

static void submit(struct queue *q, struct submission s)
{
    q->submissions[q->submitted++ % RING] = s;
}

static void ring_tail(struct queue *q)
{
    __atomic_store_n(&q->doorbells->tail, q->submitted % RING, __ATOMIC_RELEASE);
}

/* Takes the next completion; 0 when there is none. */
static int take(struct queue *q, struct completion *c)
{
    volatile struct completion *at = &q->completions[q->completed % RING];
    uint16_t phase = (q->completed / RING) % 2 == 0;
    if ((__atomic_load_n(&at->status, __ATOMIC_ACQUIRE) & 1) != phase)
        return 0;
    *c = *(struct completion *)at;
    c->status >>= 1;
    q->completed++;
    return 1;
}

static void ring_head(struct queue *q)
{
    __atomic_store_n(&q->doorbells->head, q->completed % RING, __ATOMIC_RELEASE);
}

static void wait_for(struct queue *q)
{
    struct pollfd ready = {.fd = q->event, .events = POLLIN};
    uint64_t count;
    CHECK(poll(&ready, 1, 60000) == 1);
    CHECK(read(q->event, &count, 8) == 8);
}

static struct completion do_one(struct queue *q, struct submission s)
{
    struct completion c;
    submit(q, s);
    ring_tail(q);
    while (!take(q, &c))
        wait_for(q);
    ring_head(q);
    CHECK(c.id == s.id);
    return c;
}

static uint32_t crc32(const unsigned char *bytes, uint32_t length)
{
    uint32_t crc = ~0u;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static struct opened o;
static char *memory;
static volatile struct doorbells *doorbells;
static int events[5];

/* Opens the device, maps memory for DMA and the doorbells, enables interrupts. */
static void open_queues(char **argv)
{
    bdf = argv[1];
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    memory = mmap(0, 2 * AREA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    struct vfio_iommu_type1_dma_map map = {.argsz = sizeof map,
                                           .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
                                           .vaddr = (uint64_t)memory,
                                           .iova = IOVA,
                                           .size = 2 * AREA};
    CHECK(ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map) == 0);
    set(o.device, (7ull << 40) + 4, 6, 2);
    doorbells = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, o.device, DOORBELL_PAGE);
    CHECK(doorbells != MAP_FAILED);
    char space[sizeof(struct vfio_irq_set) + sizeof events];
    struct vfio_irq_set *irqs = (void *)space;
    *irqs = (struct vfio_irq_set){.argsz = sizeof space,
                                  .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                                  .index = VFIO_PCI_MSIX_IRQ_INDEX,
                                  .count = 5};
    for (int i = 0; i < 5; i++)
        CHECK((events[i] = eventfd(0, EFD_CLOEXEC)) >= 0);
    memcpy(irqs->data, events, sizeof events);
    CHECK(ioctl(o.device, VFIO_DEVICE_SET_IRQS, irqs) == 0);
}

static struct queue queue_of(int number)
{
    return (struct queue){.device = o.device,
                          .number = number,
                          .event = events[number + 1],
                          .area = memory + number * AREA,
                          .iova = IOVA + number * AREA,
                          .doorbells = &doorbells[number]};
}

static void close_queues(void)
{
    CHECK(munmap((void *)doorbells, 4096) == 0);
    CHECK(munmap(memory, 2 * AREA) == 0);
    close_all(o);
}
