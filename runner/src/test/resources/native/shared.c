// SPDX-License-Identifier: Apache-2.0
// shared.c BDF GROUP: memory that the program shares is the device's as long as it is mapped for DMA, whatever becomes of the
// program's own mapping, of its descriptor, of the file's name, and of the process that mapped it.
#include "edu.h"
#include <sys/shm.h>

#define SIZE 0x100000
#define IOVA 0x1000000

static struct opened o;
static struct edu edu;

static char *view(int fd, int protection, off_t offset)
{
    char *at = mmap(0, SIZE, protection, MAP_SHARED, fd, offset);
    CHECK(at != MAP_FAILED);
    return at;
}

/* The device reads through one view, and writes after that is gone; the other view has seen and sees it. */
static void goes_on_after_munmap(char *mapped, char *other)
{
    for (int i = 0; i < 4096; i++)
        other[0x5000 + i] = i * 7 + 1;
    CHECK(map_dma(o.container, mapped, IOVA, SIZE, 3) == 0);
    CHECK(edu_take(edu, IOVA + 0x5000, 4096));
    CHECK(munmap(mapped, SIZE) == 0);
    memset(other + 0x2000, 0, 4096);
    CHECK(edu_give(edu, IOVA + 0x2000, 4096));
    CHECK(memcmp(other + 0x2000, other + 0x5000, 4096) == 0);
    unmap_dma(o.container, IOVA, SIZE);
    memset(other + 0x2000, 0, 4096);
    CHECK(!edu_give(edu, IOVA + 0x2000, 4096));
    CHECK(other[0x2000] == 0 && "nothing is mapped for DMA any more");
    CHECK(munmap(other, SIZE) == 0);
}

static int memory_file(unsigned flags)
{
    int fd = memfd_create("shared", flags);
    if (fd >= 0)
        CHECK(ftruncate(fd, 3 * SIZE) == 0);
    return fd;
}

/* Files of which only a mapping is left are found by who may follow /proc/PID/map_files. */
static int found_by_area(void)
{
    char path[80];
    int fd = memory_file(MFD_CLOEXEC);
    char *at = view(fd, PROT_READ, 0);
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (long)at, (long)at + SIZE);
    int through = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(munmap(at, SIZE) == 0 && close(fd) == 0);
    if (through < 0)
        printf("not tried: files of which only a mapping is left take CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE\n");
    return through >= 0 && close(through) == 0;
}

static void memory_files(int by_area)
{
    int fd = memory_file(MFD_CLOEXEC);
    CHECK(fd >= 0);
    goes_on_after_munmap(view(fd, PROT_READ | PROT_WRITE, SIZE), view(fd, PROT_READ | PROT_WRITE, SIZE));
    char *mapped = view(fd, PROT_READ | PROT_WRITE, SIZE), *other = view(fd, PROT_READ | PROT_WRITE, SIZE);
    if (!by_area)
        goes_on_after_munmap(mapped, other);
    CHECK(close(fd) == 0);
    if (by_area)
        goes_on_after_munmap(mapped, other);
}

static void named_files(const char *folder, int deleted)
{
    char path[256];
    snprintf(path, sizeof path, "%s/vfio4j shared XXXXXX", folder);
    int fd = mkstemp(path);
    CHECK(fd >= 0 && ftruncate(fd, SIZE) == 0);
    char *mapped = view(fd, PROT_READ | PROT_WRITE, 0), *other = view(fd, PROT_READ | PROT_WRITE, 0);
    CHECK(close(fd) == 0);
    if (deleted)
        CHECK(unlink(path) == 0);
    goes_on_after_munmap(mapped, other);
    if (!deleted)
        CHECK(unlink(path) == 0);
}

static void without_a_name(void)
{
    char *mapped = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(mapped != MAP_FAILED);
    char *other = mremap(mapped, 0, SIZE, MREMAP_MAYMOVE); /* a second mapping of the same */
    CHECK(other != MAP_FAILED);
    goes_on_after_munmap(mapped, other);

    int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
    CHECK(id >= 0);
    mapped = shmat(id, 0, 0);
    other = shmat(id, 0, 0);
    CHECK(mapped != (void *)-1 && other != (void *)-1 && shmctl(id, IPC_RMID, 0) == 0);
    goes_on_after_munmap(mapped, other);
}

static void huge_pages(void)
{
    int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
    char *mapped = MAP_FAILED, *other = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, 2 << 20) == 0) {
        mapped = mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        other = mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    if (mapped == MAP_FAILED || other == MAP_FAILED) {
        printf("not tried: this system has no huge pages to spare\n");
        close(fd);
        return;
    }
    memset(mapped + 4096, 0x5a, 4096);
    CHECK(map_dma(o.container, mapped, IOVA, 2 << 20, 3) == 0);
    CHECK(edu_take(edu, IOVA + 4096, 4096));
    CHECK(munmap(mapped, 2 << 20) == 0);
    CHECK(edu_give(edu, IOVA + 0x10000, 4096));
    CHECK(memcmp(other + 4096, other + 0x10000, 4096) == 0);
    unmap_dma(o.container, IOVA, 2 << 20);
    CHECK(munmap(other, 2 << 20) == 0 && close(fd) == 0);
}

/* A child's mapping for DMA outlives the child. */
static void goes_on_after_exit(void)
{
    int fd = memory_file(MFD_CLOEXEC);
    char *other = view(fd, PROT_READ | PROT_WRITE, 0);
    pid_t child = fork();
    if (child == 0) {
        char *mapped = view(fd, PROT_READ | PROT_WRITE, 0);
        CHECK(map_dma(o.container, mapped, IOVA, SIZE, 3) == 0);
        _exit(3);
    }
    expect_exit(child, 3);
    memset(other, 0x77, 4096);
    CHECK(edu_take(edu, IOVA, 4096));
    CHECK(edu_give(edu, IOVA + SIZE - 4096, 4096));
    CHECK(memcmp(other, other + SIZE - 4096, 4096) == 0);
    unmap_dma(o.container, IOVA, SIZE);
    CHECK(munmap(other, SIZE) == 0 && close(fd) == 0);
}

/* Where the program may only read, so does the device. */
static void read_only(void)
{
    int fd = memory_file(MFD_CLOEXEC);
    char *writable = view(fd, PROT_READ | PROT_WRITE, 0), *readable = view(fd, PROT_READ, 0);
    memset(writable, 0x11, 4096);
    REFUSED(map_dma(o.container, readable, IOVA, SIZE, 3), EFAULT);
    CHECK(map_dma(o.container, readable, IOVA, SIZE, 1) == 0);
    CHECK(edu_take(edu, IOVA, 4096));
    CHECK(!edu_give(edu, IOVA + 4096, 4096));
    CHECK(writable[4096] == 0);
    /* The same file for writing meanwhile, at another place. */
    CHECK(map_dma(o.container, writable, 2 * IOVA, SIZE, 3) == 0);
    CHECK(edu_give(edu, 2 * IOVA + 4096, 4096));
    CHECK(memcmp(writable, writable + 4096, 4096) == 0);
    unmap_dma(o.container, IOVA, SIZE);
    CHECK(edu_give(edu, 2 * IOVA + 8192, 4096));
    CHECK(writable[8192] == 0x11);
    unmap_dma(o.container, 2 * IOVA, SIZE);
    CHECK(munmap(writable, SIZE) == 0 && munmap(readable, SIZE) == 0 && close(fd) == 0);
}

/* A file that grows, is mapped in parts, and is cut short under the device. */
static void changing_sizes(void)
{
    int fd = memfd_create("growing", MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, SIZE / 2) == 0);
    char *mapped = view(fd, PROT_READ | PROT_WRITE, 0);
    REFUSED(map_dma(o.container, mapped, IOVA, SIZE, 3), EFAULT);
    CHECK(map_dma(o.container, mapped, IOVA, SIZE / 2, 3) == 0);
    CHECK(ftruncate(fd, SIZE) == 0);
    CHECK(map_dma(o.container, mapped + SIZE / 2, IOVA + SIZE / 2, SIZE / 2, 3) == 0);
    memset(mapped, 0x21, 4096);
    CHECK(edu_take(edu, IOVA, 4096));
    CHECK(edu_give(edu, IOVA + SIZE - 4096, 4096));
    CHECK(memcmp(mapped, mapped + SIZE - 4096, 4096) == 0);
    CHECK(ftruncate(fd, 4096) == 0);
    for (int i = 0; i < 1000; i++)
        CHECK(!edu_give(edu, IOVA + SIZE - 4096, 4096));
    CHECK(edu_give(edu, IOVA, 16));
    CHECK(ftruncate(fd, SIZE) == 0);
    CHECK(mapped[SIZE - 4096] == 0);
    unmap_dma(o.container, IOVA, SIZE);
    CHECK(munmap(mapped, SIZE) == 0 && close(fd) == 0);
}

/* A private mapping of a file is the program's own memory: what the device writes is not in the file. */
static void private_mapping(void)
{
    int fd = memory_file(MFD_CLOEXEC);
    char *shared = view(fd, PROT_READ | PROT_WRITE, 0);
    char *mapped = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(mapped != MAP_FAILED);
    memset(shared, 0x31, 4096);
    CHECK(map_dma(o.container, mapped, IOVA, SIZE, 3) == 0);
    CHECK(edu_take(edu, IOVA, 4096));
    CHECK(edu_give(edu, IOVA + 4096, 4096));
    CHECK(mapped[4096] == 0x31 && shared[4096] == 0);
    unmap_dma(o.container, IOVA, SIZE);
    CHECK(munmap(shared, SIZE) == 0 && munmap(mapped, SIZE) == 0 && close(fd) == 0);
}

/* Several areas of several kinds as one mapping for DMA. */
static void mixed_areas(void)
{
    int fd = memory_file(MFD_CLOEXEC);
    char *all = mmap(0, 3 * SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mmap(all + SIZE, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, SIZE) == all + SIZE);
    CHECK(map_dma(o.container, all, IOVA, 3 * SIZE, 3) == 0);
    memset(all + SIZE - 2048, 0x41, 4096);
    CHECK(edu_take(edu, IOVA + SIZE - 2048, 4096));
    CHECK(edu_give(edu, IOVA + 2 * SIZE - 2048, 4096));
    CHECK(memcmp(all + SIZE - 2048, all + 2 * SIZE - 2048, 4096) == 0);
    unmap_dma(o.container, IOVA, 3 * SIZE);
    CHECK(munmap(all, 3 * SIZE) == 0 && close(fd) == 0);
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 4);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    edu = edu_enable(o.device);
    int by_area = found_by_area();
    memory_files(by_area);
    named_files("/dev/shm", 0);
    named_files(argv[3], 0);
    if (by_area) {
        named_files("/dev/shm", 1);
        named_files(argv[3], 1);
        without_a_name();
    }
    huge_pages();
    goes_on_after_exit();
    read_only();
    changing_sizes();
    private_mapping();
    mixed_areas();
    close_all(o);
    return 0;
}
