// SPDX-License-Identifier: Apache-2.0
// What the test programs share: a failed check says where and ends the program with 1.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHECK(condition)                                                                                   \
    do {                                                                                                   \
        if (!(condition)) {                                                                                \
            fprintf(stderr, "%s:%d: %s (errno %d, %s)\n", __FILE__, __LINE__, #condition, errno, strerror(errno)); \
            exit(1);                                                                                       \
        }                                                                                                  \
    } while (0)
#define REFUSED(call, reason)                                                                                   \
    do {                                                                                                        \
        errno = 0;                                                                                              \
        long answer = (long)(call);                                                                             \
        if (answer != -1 || errno != (reason)) {                                                                \
            fprintf(stderr, "%s:%d: %s answered %ld, errno %d (%s), not %s\n", __FILE__, __LINE__, #call, answer, \
                    errno, strerror(errno), #reason);                                                           \
            exit(1);                                                                                            \
        }                                                                                                       \
    } while (0)

static const char *bdf;
static char group_path[64];

struct opened {
    int container, group, device;
};

static struct opened open_by_group(void)
{
    struct opened o;
    CHECK((o.container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC)) >= 0);
    CHECK((o.group = open(group_path, O_RDWR | O_CLOEXEC)) >= 0);
    CHECK(ioctl(o.group, VFIO_GROUP_SET_CONTAINER, &o.container) == 0);
    CHECK(ioctl(o.container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0);
    CHECK((o.device = ioctl(o.group, VFIO_GROUP_GET_DEVICE_FD, bdf)) >= 0);
    return o;
}

static void close_all(struct opened o)
{
    CHECK(close(o.device) == 0);
    CHECK(close(o.group) == 0);
    CHECK(close(o.container) == 0);
}

static void expect_exit(pid_t child, int code)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == code);
}

static void send_fd(int socket, int fd)
{
    char byte = 1, room[CMSG_SPACE(sizeof(int))] = {0};
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(sendmsg(socket, &message, 0) == 1);
}

static int receive_fd(int socket)
{
    int fd;
    char byte, room[CMSG_SPACE(sizeof(int))];
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
    CHECK(recvmsg(socket, &message, 0) == 1);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}
