// SPDX-License-Identifier: Apache-2.0
// forks.c BDF GROUP: forks at any time, with shared files; children exit, crash, load programs, are killed; files travel.
#include "check.h"

static struct opened o;
static const char *self;

static void busy(void)
{
    REFUSED(open(group_path, O_RDWR), EBUSY);
}

static void idle(void)
{
    int g = open(group_path, O_RDWR);
    CHECK(g >= 0 && close(g) == 0);
}

static void use(struct opened f)
{
    struct vfio_group_status status = {.argsz = sizeof status};
    struct vfio_device_info info = {.argsz = sizeof info};
    CHECK(ioctl(f.container, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
    CHECK(ioctl(f.group, VFIO_GROUP_GET_STATUS, &status) == 0 && status.flags == 3);
    CHECK(ioctl(f.device, VFIO_DEVICE_GET_INFO, &info) == 0);
}

static int map(uint64_t iova, void *memory)
{
    struct vfio_iommu_type1_dma_map map = {
        .argsz = sizeof map, .flags = 3, .vaddr = (uint64_t)memory, .iova = iova, .size = 4096};
    return ioctl(o.container, VFIO_IOMMU_MAP_DMA, &map);
}

static int unmap(uint64_t iova)
{
    struct vfio_iommu_type1_dma_unmap unmap = {.argsz = sizeof unmap, .iova = iova, .size = 4096};
    return ioctl(o.container, VFIO_IOMMU_UNMAP_DMA, &unmap) ? -1 : unmap.size == 4096 ? 0 : 1;
}

static void expect_signal(pid_t child, int number)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == number);
}

/* The ways for a child to end while its parent goes on with the same files. */
static void child_ends(int how)
{
    volatile char *nothing = (char *)8;
    char *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    use(o);
    CHECK(map(0x1000000 + how * 4096, memory) == 0); /* stays mapped: the container is shared */
    switch (how) {
    case 0:
        exit(5);
    case 1:
        _exit(5);
    case 2:
        signal(SIGSEGV, SIG_DFL);
        *nothing = 1;
    case 3:
        raise(SIGKILL);
    case 4:
        execl("/bin/sh", "sh", "-c", "exit 5", (char *)0);
    case 5:
        execl(self, self, bdf, "closed", (char *)0);
    }
    _exit(99);
}

static volatile int stop;

static void *other(void *unused)
{
    char *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    while (!stop) {
        CHECK(map(0x2000000, memory) == 0);
        CHECK(unmap(0x2000000) == 0);
        int container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
        CHECK(container >= 0 && ioctl(container, VFIO_GET_API_VERSION) == 0 && close(container) == 0);
    }
    return unused;
}

static void ends(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, 0, other, 0) == 0); /* so that forks come at any time */
    for (int round = 0; round < 5; round++)
        for (int how = 0; how < 6; how++) {
            pid_t child = fork();
            CHECK(child >= 0);
            if (!child)
                child_ends(how);
            use(o);
            if (how == 2)
                expect_signal(child, SIGSEGV);
            else if (how == 3)
                expect_signal(child, SIGKILL);
            else
                expect_exit(child, 5);
            CHECK(unmap(0x1000000 + how * 4096) == 0);
        }
    stop = 1;
    CHECK(pthread_join(thread, 0) == 0);
}

/* Files of a process that lives on after the one that opened them. */
static void outlived(void)
{
    int go[2], done[2];
    char byte;
    CHECK(pipe(go) == 0 && pipe(done) == 0);
    pid_t child = fork();
    if (!child) {
        struct opened own = open_by_group();
        if (!fork()) { /* its parent will not be there any more */
            CHECK(read(go[0], &byte, 1) == 1);
            use(own);
            CHECK(write(done[1], &byte, 1) == 1);
            CHECK(read(go[0], &byte, 1) == 1);
            _exit(0);
        }
        _exit(5);
    }
    expect_exit(child, 5);
    busy();
    CHECK(write(go[1], "x", 1) == 1 && read(done[0], &byte, 1) == 1);
    busy();
    CHECK(close(done[1]) == 0 && write(go[1], "x", 1) == 1);
    CHECK(read(done[0], &byte, 1) == 0); /* it has ended */
    idle();
    CHECK(close(done[0]) == 0 && close(go[0]) == 0 && close(go[1]) == 0);
}

/* A program that never opened anything gets the files in a message. */
static void travelled(void)
{
    int pair[2];
    char number[16];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    snprintf(number, sizeof number, "%d", pair[1]);
    pid_t child = fork();
    if (!child) {
        close(pair[0]);
        execl(self, self, bdf, "receive", number, (char *)0);
        _exit(99);
    }
    CHECK(close(pair[1]) == 0);
    struct opened own = open_by_group();
    send_fd(pair[0], own.container);
    send_fd(pair[0], own.group);
    send_fd(pair[0], own.device);
    close_all(own);
    busy();
    char byte;
    CHECK(read(pair[0], &byte, 1) == 1); /* used */
    busy();
    CHECK(write(pair[0], "x", 1) == 1);
    expect_exit(child, 6);
    idle();
    CHECK(close(pair[0]) == 0);
}

/* The last thing that keeps a file is a mapping, in a child. */
static void mapped(const char *other_bdf, const char *other_group)
{
    const char *before = bdf;
    char path[64];
    int go[2];
    strcpy(path, group_path);
    bdf = other_bdf;
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", other_group);
    CHECK(pipe(go) == 0);
    struct opened own = open_by_group();
    struct vfio_region_info bar = {.argsz = sizeof bar};
    CHECK(ioctl(own.device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0 && (bar.flags & VFIO_REGION_INFO_FLAG_MMAP));
    volatile uint32_t *registers = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, own.device, bar.offset);
    CHECK(registers != MAP_FAILED);
    pid_t child = fork();
    if (!child) {
        char byte;
        close(go[1]);
        close_all(own);
        CHECK(read(go[0], &byte, 1) == 0);
        registers[3] = 7;
        _exit(3);
    }
    close_all(own);
    CHECK(munmap((void *)registers, 4096) == 0);
    busy();
    CHECK(close(go[0]) == 0 && close(go[1]) == 0);
    expect_exit(child, 3);
    idle();
    bdf = before;
    strcpy(group_path, path);
}

static int receive(int socket)
{
    struct opened got = {receive_fd(socket), receive_fd(socket), receive_fd(socket)};
    char byte;
    use(got);
    CHECK(got.device < 512);
    CHECK(write(socket, "x", 1) == 1);
    CHECK(read(socket, &byte, 1) == 1);
    use(got);
    return 6;
}

/* O_CLOEXEC: nothing of the machine's is left in a program that was loaded. */
static int closed(void)
{
    for (int fd = 512; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) != -1)
            return 98;
    return 5;
}

int main(int argc, char **argv)
{
    self = "/proc/self/exe";
    bdf = argv[1];
    if (!strcmp(argv[2], "receive"))
        return receive(atoi(argv[3]));
    if (!strcmp(argv[2], "closed"))
        return closed();
    CHECK(argc == 5);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    o = open_by_group();
    ends();
    close_all(o);
    idle();
    outlived();
    travelled();
    mapped(argv[3], argv[4]);
    close_all(open_by_group());
    return 0;
}
