// SPDX-License-Identifier: Apache-2.0
// Cases of misuse: each must be refused with the errno that VFIO's rules demand. All failures are told, not only the first.
#include "check.h"

static int cases, wrong;

static void judge(const char *file, int line, const char *what, long answer, int error, int expected, const char *name)
{
    cases++;
    if (answer == -1 && error == expected)
        return;
    wrong++;
    fprintf(stderr, "%s:%d: %s answered %ld, errno %d (%s), not %s\n", file, line, what, answer, answer == -1 ? error : 0,
            answer == -1 ? strerror(error) : "none", name);
}

#define WRONG(call, reason)                                                         \
    do {                                                                            \
        errno = 0;                                                                  \
        long answer_ = (long)(call);                                                \
        judge(__FILE__, __LINE__, #call, answer_, errno, reason, #reason);          \
    } while (0)

static int verdict(int least)
{
    printf("%d cases\n", cases);
    if (cases < least)
        fprintf(stderr, "only %d cases\n", cases);
    return wrong || cases < least;
}

#define PAGE 4096
#define NOWHERE ((void *)0x1000)
#define KERNEL ((void *)0xffff888000000000)

/* A copy of the first bytes of a struct at the end of a page, with nothing behind it. */
static void *cut(const void *from, size_t bytes)
{
    char *pages = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && munmap(pages + PAGE, PAGE) == 0);
    return memcpy(pages + PAGE - bytes, from, bytes);
}

/* A copy that cannot be written. */
static void *locked(const void *from, size_t bytes)
{
    char *page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memcpy(page, from, bytes);
    CHECK(mprotect(page, PAGE, PROT_READ) == 0);
    return page;
}

static int closed_fd(void)
{
    int fd = fcntl(0, F_DUPFD, 700);
    CHECK(fd >= 700 && close(fd) == 0);
    return fd;
}

/* What every file of VFIO answers to plain access. */
static void plain_access(int fd, int mmap_answer)
{
    char byte = 0;
    struct iovec piece = {&byte, 1};
    WRONG(read(fd, &byte, 1), EINVAL);
    WRONG(write(fd, &byte, 1), EINVAL);
    WRONG(pread(fd, &byte, 1, 0), EINVAL);
    WRONG(pwrite(fd, &byte, 1, 0), EINVAL);
    WRONG(readv(fd, &piece, 1), EINVAL);
    WRONG(writev(fd, &piece, 1), EINVAL);
    WRONG(lseek(fd, 0, SEEK_SET), ESPIPE);
    WRONG(lseek(fd, 0, SEEK_END), ESPIPE);
    WRONG(mmap(0, PAGE, PROT_READ, MAP_SHARED, fd, 0), mmap_answer);
}
