// SPDX-License-Identifier: Apache-2.0
// private.c BDF GROUP: private memory that goes away while a device has it. What the program has at its place afterwards is not the
// device's until it is mapped for DMA.
#include "edu.h"

#define PAGE 4096L
#define PAGES 16
#define SIZE (PAGES * PAGE)
#define IOVA 0x1000000

static struct opened o;
static struct edu edu;

static char *pinned(void)
{
    char *memory = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memset(memory, 0x42, SIZE);
    CHECK(map_dma(o.container, memory, IOVA, SIZE, 3) == 0);
    CHECK(edu_take(edu, IOVA, PAGE));
    return memory;
}

static char *again(char *memory, long size)
{
    char *at = mmap(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(at == memory);
    return at;
}

static void end(char *memory)
{
    unmap_dma(o.container, IOVA, SIZE);
    CHECK(munmap(memory, SIZE) == 0);
}

/* The device has seen that the memory is gone: it does not come back, whatever is there. */
static void unmapped(void)
{
    char *memory = pinned();
    CHECK(munmap(memory, SIZE) == 0);
    CHECK(!edu_give(edu, IOVA + 5 * PAGE, 64));
    again(memory, SIZE);
    memset(memory, 0x17, SIZE);
    for (int page = 0; page < PAGES; page++)
        CHECK(!edu_give(edu, IOVA + page * PAGE, 64) && memory[page * PAGE] == 0x17);
    /* Mapped for DMA anew it is the device's. */
    CHECK(map_dma(o.container, memory, 2 * IOVA, SIZE, 3) == 0);
    CHECK(edu_give(edu, 2 * IOVA + 5 * PAGE, 64) && memory[5 * PAGE] == 0x42);
    unmap_dma(o.container, 2 * IOVA, SIZE);
    end(memory);
}

/* Replaced at once; the device comes before the program has used what is there now. */
static void replaced(void)
{
    char *memory = pinned();
    again(memory + 4 * PAGE, 8 * PAGE);
    CHECK(!edu_give(edu, IOVA + 4 * PAGE, 64));
    memset(memory + 4 * PAGE, 0x18, 8 * PAGE);
    for (int page = 0; page < PAGES; page++) {
        int lost = page >= 4 && page < 12;
        CHECK(edu_give(edu, IOVA + page * PAGE, 64) == !lost);
        CHECK(memory[page * PAGE] == (lost ? 0x18 : 0x42));
    }
    end(memory);
}

/* Discarded: a kernel's device would go on with pages that the program does not see any more. */
static void discarded(void)
{
    char *memory = pinned();
    CHECK(madvise(memory, PAGE, MADV_DONTNEED) == 0);
    CHECK(!edu_give(edu, IOVA, 64) && memory[0] == 0);
    CHECK(edu_give(edu, IOVA + PAGE, 64));
    end(memory);
}

/* A file has come to the place, and has been used. */
static void replaced_by_a_file(void)
{
    char *memory = pinned();
    int fd = memfd_create("replacement", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, SIZE) == 0);
    CHECK(mmap(memory, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == memory);
    memset(memory, 0x19, SIZE);
    CHECK(!edu_give(edu, IOVA, 64) && memory[0] == 0x19);
    CHECK(close(fd) == 0);
    end(memory);
}

/* Memory the program has not used yet, large pages, and what was written to a copy of the program. */
static void untouched(void)
{
    char *memory = mmap(0, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    CHECK(map_dma(o.container, memory, IOVA, 8 << 20, 3) == 0);
    for (long at = 0; at < 8 << 20; at += 1 << 20)
        CHECK(edu_take(edu, IOVA + at, PAGE));
    memset(memory, 0x51, PAGE);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, IOVA + (7 << 20), PAGE));
    CHECK(memory[(7 << 20) + 9] == 0x51);
    pid_t child = fork();
    if (child == 0) {
        memset(memory, 0x52, 8 << 20);
        _exit(2);
    }
    expect_exit(child, 2);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, IOVA + (3 << 20), PAGE) && memory[3 << 20] == 0x51);
    unmap_dma(o.container, IOVA, 8 << 20);
    CHECK(munmap(memory, 8 << 20) == 0);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    edu = edu_enable(o.device);
    unmapped();
    replaced();
    discarded();
    replaced_by_a_file();
    untouched();
    close_all(o);
    return 0;
}
