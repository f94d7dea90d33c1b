// SPDX-License-Identifier: Apache-2.0
// queue.c BDF GROUP: doorbells written through a mapping, rings in memory, interrupts: 10 000 commands on each of two queues,
// one thread each, all results checked; commands that fail; pages that cannot be mapped.
#include "queue.h"

#define COMMANDS 10000

static struct submission command(struct queue *q, uint32_t i)
{
    uint32_t slot = i % RING;
    unsigned char *source = (void *)(q->area + SOURCES + slot * SLOT), *target = (void *)(q->area + TARGETS + slot * SLOT);
    uint32_t length = 1 + i * 37 % SLOT;
    memset(source, i + q->number, 64);
    source[length - 1] = i >> 8;
    memset(target, 0xee, length);
    return (struct submission){.opcode = 1 + i % 3,
                               .id = i,
                               .source = q->iova + SOURCES + slot * SLOT,
                               .destination = q->iova + TARGETS + slot * SLOT,
                               .length = length,
                               .value = i * 7};
}

static void check(struct queue *q, struct completion c)
{
    uint32_t i = c.id, slot = i % RING, length = 1 + i * 37 % SLOT;
    unsigned char *source = (void *)(q->area + SOURCES + slot * SLOT), *target = (void *)(q->area + TARGETS + slot * SLOT);
    CHECK(c.status == OK);
    switch (1 + i % 3) {
    case COPY:
        CHECK(c.result == length && memcmp(source, target, length) == 0);
        break;
    case FILL:
        CHECK(c.result == length);
        for (uint32_t at = 0; at < length; at++)
            CHECK(target[at] == (unsigned char)(i * 7));
        break;
    case CHECKSUM:
        CHECK(c.result == crc32(source, length));
        break;
    }
}

static void *drive(void *argument)
{
    struct queue *q = argument;
    struct completion c;
    start_queue(q);
    while (q->completed < COMMANDS) {
        while (q->submitted < COMMANDS && q->submitted - q->completed < RING - 1)
            submit(q, command(q, q->submitted));
        ring_tail(q);
        wait_for(q);
        while (take(q, &c)) {
            CHECK(c.id == q->completed - 1);
            check(q, c);
        }
        ring_head(q);
    }
    return NULL;
}

static void check_description(void)
{
    struct {
        struct vfio_region_info info;
        struct vfio_region_info_cap_sparse_mmap sparse;
        struct vfio_region_sparse_mmap_area area;
    } bar = {.info = {.argsz = sizeof bar}};
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0);
    CHECK(bar.info.size == BAR_LENGTH && bar.info.offset == 0);
    CHECK(bar.info.flags == (VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE | VFIO_REGION_INFO_FLAG_MMAP |
                             VFIO_REGION_INFO_FLAG_CAPS));
    CHECK(bar.info.cap_offset == sizeof bar.info && bar.sparse.header.id == VFIO_REGION_INFO_CAP_SPARSE_MMAP);
    CHECK(bar.sparse.header.next == 0 && bar.sparse.nr_areas == 1);
    CHECK(bar.area.offset == DOORBELL_PAGE && bar.area.size == 4096);
    for (int page = 0; page < 4; page++)
        if (page != 1)
            REFUSED((long)mmap(0, 4096, PROT_READ, MAP_SHARED, o.device, page * 4096), EINVAL);
    REFUSED((long)mmap(0, 8192, PROT_READ, MAP_SHARED, o.device, DOORBELL_PAGE), EINVAL);
}

static void check_failures(struct queue *q)
{
    struct submission s = {.opcode = COPY, .id = 1, .source = IOVA - SLOT, .destination = q->iova + TARGETS, .length = 64};
    start_queue(q);
    CHECK(get(o.device, 8) == 0);
    CHECK(do_one(q, s).status == DMA_FAULT);
    CHECK(get(o.device, 8) == 1);
    s.source = q->iova + SOURCES;
    s.length = 0;
    CHECK(do_one(q, s).status == BAD_LENGTH);
    s.length = 64;
    s.opcode = 77;
    CHECK(do_one(q, s).status == BAD_OPCODE);
    s.opcode = COPY;
    CHECK(do_one(q, s).status == OK && q->doorbells->completed == 4);

    /* A doorbell written by a call rings as well, at once. */
    struct completion c;
    submit(q, s);
    set(o.device, DOORBELL_PAGE + q->number * 0x40, q->submitted % RING, 4);
    while (!take(q, &c))
        wait_for(q);
    CHECK(c.status == OK && q->doorbells->tail == q->submitted % RING);

    /* A tail that is none: the queue fails and tells so by vector 0. */
    struct pollfd failed = {.fd = events[0], .events = POLLIN};
    q->doorbells->tail = RING;
    CHECK(poll(&failed, 1, 60000) == 1);
    CHECK(get(o.device, 0xc) == 1u << q->number && get(o.device, 0xc) == 0);
    CHECK(get(o.device, QUEUE_REGISTERS(q->number) + 28) == 3);
}

int main(int argc, char **argv)
{
    CHECK(argc == 3);
    open_queues(argv);
    check_description();
    struct queue queues[2] = {queue_of(0), queue_of(1)};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, drive, &queues[i]) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(doorbells[0].completed == COMMANDS && doorbells[1].completed == COMMANDS);
    for (int i = 0; i < 2; i++)
        set(o.device, QUEUE_REGISTERS(i) + 24, 0, 4);
    check_failures(&queues[1]);
    close_queues();
    return 0;
}
