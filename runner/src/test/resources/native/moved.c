// SPDX-License-Identifier: Apache-2.0
// moved.c BDF GROUP: a device's descriptor at an ordinary number, where plain reads and writes are not seen: what is seen works, what
// is not is refused, and nothing reads bytes that are not the device's.
#include "check.h"

static uint64_t config_offset;

static void use(int fd)
{
    char bytes[64] = {0};
    uint32_t id = 0;
    struct vfio_device_info info = {.argsz = sizeof info};
    struct iovec piece = {bytes, sizeof bytes};
    CHECK(ioctl(fd, VFIO_DEVICE_GET_INFO, &info) == 0);
    CHECK(pread(fd, &id, 4, config_offset) == 4 && (id & 0xffff) == 0x1234);
    CHECK(pread(fd, bytes, 64, config_offset) == 64 && !memcmp(bytes, &id, 4));
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    REFUSED(read(fd, bytes, 4), EBADF);
    REFUSED(write(fd, bytes, 4), EBADF);
    REFUSED(readv(fd, &piece, 1), EBADF);
    REFUSED(writev(fd, &piece, 1), EBADF);
    REFUSED(pread(fd, bytes, 64, 0), EBADF);
    REFUSED(pwrite(fd, bytes, 64, 0), EBADF);
    REFUSED(ftruncate(fd, 0), EINVAL);
}

int main(int argc, char **argv)
{
    int pair[2];
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o = open_by_group();
    struct vfio_region_info config = {.argsz = sizeof config, .index = 7};
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    config_offset = config.offset;
    CHECK((fcntl(o.device, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(dup2(o.device, 5) == 5);
    use(5);
    CHECK(fcntl(o.device, F_DUPFD, 1500) == 1500);
    use(1500);
    CHECK(close(1500) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t child = fork();
    if (!child) {
        close_all(o);
        CHECK(close(5) == 0);
        int fd = receive_fd(pair[1]);
        CHECK(fd < 512);
        use(fd);
        _exit(7);
    }
    send_fd(pair[0], o.device);
    expect_exit(child, 7);
    int container = open("/dev/vfio/vfio", O_RDWR | O_NONBLOCK), low = dup2(container, 6);
    char byte;
    CHECK(low == 6 && fcntl(low, F_GETFL) == (O_RDWR | O_NONBLOCK | 0100000));
    REFUSED(read(low, &byte, 1), EBADF);
    CHECK(fcntl(low, F_SETFL, 0) == 0 && fcntl(container, F_GETFL) == (O_RDWR | 0100000));
    CHECK(close(low) == 0 && close(container) == 0);
    CHECK(close(5) == 0);
    close_all(o);
    close_all(open_by_group());
    return 0;
}
