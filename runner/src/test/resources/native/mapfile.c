// SPDX-License-Identifier: Apache-2.0
// mapfile.c BDF: pages of memory files through an iommufd: sealed, opened for reading only, in /dev/shm, of huge pages, handed
// to another process.
#include "edu.h"
#include "limit.h"
#include "node.h"
#include <sys/syscall.h>

#define PAGE 4096L
#define IOVA 0x1000000

struct map_file {
    uint32_t size, flags, ioas_id;
    int32_t fd;
    uint64_t start, length, iova;
};
struct change_process {
    uint32_t size, reserved;
};
#define MAP_FILE_NUMBER _IO(';', 0x8f)
#define CHANGE_PROCESS_NUMBER _IO(';', 0x92)
#define RLIMIT_MODE 0
#define SET 0

static int iommufd;
static uint32_t ioas;
static int per_process;
static struct edu edu;

static int map_file(int fd, uint64_t start, uint64_t length, uint64_t iova, uint32_t flags)
{
    struct map_file map = {sizeof map, flags | MAP_FIXED_IOVA, ioas, fd, start, length, iova};
    return ioctl(iommufd, MAP_FILE_NUMBER, &map);
}

static void unmap(uint64_t iova, uint64_t length)
{
    struct ioas_unmap all = {.size = sizeof all, .ioas_id = ioas, .iova = iova, .length = length};
    CHECK(ioctl(iommufd, IOAS_UNMAP, &all) == 0 && all.length == length);
}

static char *view(int fd, long length)
{
    char *at = mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

static void moves_pages(int fd, long length)
{
    char *seen = view(fd, length);
    memset(seen, 0x19, PAGE);
    CHECK(map_file(fd, 0, length, IOVA, MAP_READABLE | MAP_WRITEABLE) == 0);
    CHECK(close(fd) == 0);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, IOVA + length - PAGE, PAGE));
    CHECK(memcmp(seen, seen + length - PAGE, PAGE) == 0);
    unmap(IOVA, length);
    CHECK(!edu_take(edu, IOVA, PAGE));
    CHECK(munmap(seen, length) == 0);
}

static int memory_file(long length, unsigned flags)
{
    int fd = memfd_create("mapped", MFD_CLOEXEC | flags);
    CHECK(fd >= 0 && ftruncate(fd, length) == 0);
    return fd;
}

static void kinds(void)
{
    moves_pages(memory_file(16 * PAGE, 0), 16 * PAGE);

    char path[] = "/dev/shm/vfio4j-mapfile-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0 && unlink(path) == 0);
    moves_pages(fd, 4 * PAGE);

    fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
    char *huge = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, 2 << 20) == 0)
        huge = mmap(0, 2 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (huge == MAP_FAILED) {
        printf("not tried: this system has no huge pages to spare\n");
        close(fd);
    } else {
        CHECK(munmap(huge, 2 << 20) == 0);
        moves_pages(fd, 2 << 20);
    }

    int pipe_ends[2];
    CHECK(pipe(pipe_ends) == 0);
    REFUSED(map_file(pipe_ends[0], 0, PAGE, IOVA, MAP_READABLE), EINVAL);
    REFUSED(map_file(iommufd, 0, PAGE, IOVA, MAP_READABLE), EINVAL);
    fd = open("/proc/self/exe", O_RDONLY);
    CHECK(fd >= 0);
    REFUSED(map_file(fd, 0, PAGE, IOVA, MAP_READABLE), EINVAL);
    CHECK(close(fd) == 0);
    fd = open("/dev/shm", O_RDONLY);
    CHECK(fd >= 0);
    REFUSED(map_file(fd, 0, PAGE, IOVA, MAP_READABLE), EINVAL);
    CHECK(close(fd) == 0 && close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
}

static void access_modes(void)
{
    char path[32];
    int fd = memory_file(2 * PAGE, 0);
    char *seen = view(fd, 2 * PAGE);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int readable = open(path, O_RDONLY);
    CHECK(readable >= 0);
    memset(seen, 0x29, PAGE);
    CHECK(map_file(readable, 0, 2 * PAGE, IOVA, MAP_READABLE | MAP_WRITEABLE) == 0);
    CHECK(close(readable) == 0 && close(fd) == 0);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, IOVA + PAGE, PAGE));
    CHECK(memcmp(seen, seen + PAGE, PAGE) == 0);
    unmap(IOVA, 2 * PAGE);
    CHECK(munmap(seen, 2 * PAGE) == 0);

    /* What a seal forbids to map for writing cannot be written here. */
    fd = memory_file(2 * PAGE, MFD_ALLOW_SEALING);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
    REFUSED(map_file(fd, 0, 2 * PAGE, IOVA, MAP_READABLE | MAP_WRITEABLE), EPERM);
    CHECK(map_file(fd, 0, 2 * PAGE, IOVA, MAP_READABLE) == 0);
    CHECK(close(fd) == 0 && edu_take(edu, IOVA, PAGE) && !edu_give(edu, IOVA, PAGE));
    unmap(IOVA, 2 * PAGE);
}

/* Pages of a file change hands: what was charged to this process is charged to its child. */
static void change_process(void)
{
    struct change_process change = {sizeof change, 0};
    int fd = memory_file(12 * PAGE, 0);
    char *seen = view(fd, 12 * PAGE);
    limit_to(8);
    CHECK(map_file(fd, 0, 6 * PAGE, IOVA, MAP_READABLE | MAP_WRITEABLE) == 0);
    REFUSED(map_file(fd, 0, 3 * PAGE, 2 * IOVA, MAP_READABLE), ENOMEM);
    pid_t child = fork();
    if (child == 0) {
        struct rlimit small = {5 * PAGE, 8 * PAGE};
        /* Where users are charged, another one has to be. */
        if (!per_process && setresuid(65534, 65534, 65534) != 0) {
            printf("not tried: this user can be no other\n");
            _exit(5);
        }
        CHECK(setrlimit(RLIMIT_MEMLOCK, &small) == 0);
        REFUSED(ioctl(iommufd, CHANGE_PROCESS_NUMBER, &change), ENOMEM);
        small.rlim_cur = 6 * PAGE;
        CHECK(setrlimit(RLIMIT_MEMLOCK, &small) == 0);
        CHECK(ioctl(iommufd, CHANGE_PROCESS_NUMBER, &change) == 0);
        REFUSED(map_file(fd, 0, PAGE, 2 * IOVA, MAP_READABLE), ENOMEM);
        _exit(5);
    }
    expect_exit(child, 5);
    CHECK(map_file(fd, 0, 8 * PAGE, 2 * IOVA, MAP_READABLE) == 0);
    memset(seen, 0x39, PAGE);
    CHECK(edu_take(edu, IOVA, PAGE) && edu_give(edu, IOVA + PAGE, PAGE));
    CHECK(memcmp(seen, seen + PAGE, PAGE) == 0);
    char *own = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unmap(2 * IOVA, 8 * PAGE);
    struct ioas_map map = {.size = sizeof map,
                                 .flags = MAP_FIXED_IOVA | MAP_READABLE,
                                 .ioas_id = ioas,
                                 .user_va = (uint64_t)own,
                                 .length = PAGE,
                                 .iova = 3 * IOVA};
    CHECK(ioctl(iommufd, IOAS_MAP, &map) == 0);
    REFUSED(ioctl(iommufd, CHANGE_PROCESS_NUMBER, &change), EINVAL);
    unmap(3 * IOVA, PAGE);
    unmap(IOVA, 6 * PAGE);
    CHECK(munmap(seen, 12 * PAGE) == 0 && close(fd) == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    CHECK((iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC)) >= 0);
    struct iommu_option option = {.size = sizeof option, .option_id = RLIMIT_MODE, .op = SET, .val64 = 1};
    per_process = ioctl(iommufd, OPTION, &option) == 0; /* with CAP_SYS_RESOURCE only */
    int device = open_node(argv[1]);
    uint32_t bind[4] = {16, 0, iommufd, 0}, attach[3] = {12, 0, 0};
    CHECK(ioctl(device, BIND, bind) == 0);
    struct ioas_alloc alloc = {.size = sizeof alloc};
    CHECK(ioctl(iommufd, IOAS_ALLOC, &alloc) == 0);
    attach[2] = ioas = alloc.out_ioas_id;
    CHECK(ioctl(device, ATTACH, attach) == 0);
    edu = edu_enable(device);
    kinds();
    access_modes();
    change_process();
    CHECK(close(device) == 0 && close(iommufd) == 0);
    return 0;
}
