// SPDX-License-Identifier: Apache-2.0
// The node of a management complex: makes a network object in dprc.2 by commands, uses it by VFIO, destroys it.
#include "check.h"

#define NODE "/dev/dprc.1"
#define RESCAN "/sys/bus/fsl-mc/rescan"

struct mc_command {
    uint64_t header, params[7];
};
#define SEND_MC_COMMAND _IOWR('R', 0xE0, struct mc_command)

static struct mc_command command;

static int send_command(int fd, unsigned id, unsigned token, uint64_t param)
{
    command = (struct mc_command){.header = (uint64_t)id << 48 | (uint64_t)token << 32 | 1 << 16, .params = {param}};
    return ioctl(fd, SEND_MC_COMMAND, &command);
}

static void rescan(void)
{
    int fd = open(RESCAN, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(write(fd, "1", 1) == 1);
    CHECK(close(fd) == 0);
}

int main(void)
{
    struct stat status;
    char path[128], link[128] = "";
    int first, second;
    unsigned token, id;

    CHECK(SEND_MC_COMMAND == 0xC04052E0);
    CHECK(stat(NODE, &status) == 0);
    CHECK(S_ISCHR(status.st_mode) && (status.st_mode & 0777) == 0600);
    CHECK((first = open(NODE, O_RDWR | O_CLOEXEC)) >= 0);
    CHECK((second = open(NODE, O_RDWR | O_CLOEXEC)) >= 0);
    REFUSED(open(NODE, O_RDWR), ENXIO);
    CHECK(close(second) == 0);
    CHECK((second = open(NODE, O_RDWR | O_CLOEXEC)) >= 0);

    CHECK(send_command(first, 0x8301, 0, 0) == 0);
    CHECK(command.params[0] == 1 && (command.header >> 16 & 0xff) == 0);
    REFUSED(send_command(first, 0x0051, 1, 2), EACCES);
    REFUSED(send_command(first, 0x8051, 0, 99), ENXIO);
    REFUSED(ioctl(first, SEND_MC_COMMAND, 8), EFAULT);
    REFUSED(ioctl(first, VFIO_GET_API_VERSION), EINVAL);
    // Other files get their own answers.
    REFUSED(ioctl(0, SEND_MC_COMMAND, &command), ENOTTY);

    CHECK(send_command(first, 0x8051, 0, 2) == 0);
    token = command.header >> 32 & 0xffff;
    CHECK(send_command(first, 0x9011, token, 0) == 0);
    id = command.params[0];
    snprintf(path, sizeof path, "/sys/bus/fsl-mc/devices/dpni.%u", id);
    REFUSED(stat(path, &status), ENOENT);
    rescan();
    CHECK(stat(path, &status) == 0);

    snprintf(path, sizeof path, "/sys/bus/fsl-mc/devices/dpni.%u/iommu_group", id);
    CHECK(readlink(path, link, sizeof link - 1) > 0);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", strrchr(link, '/') + 1);
    snprintf(path, sizeof path, "dpni.%u", id);
    bdf = path;
    struct opened device = open_by_group();
    struct vfio_device_info info = {.argsz = sizeof info};
    CHECK(ioctl(device.device, VFIO_DEVICE_GET_INFO, &info) == 0);
    CHECK(info.flags == 1 << 6 && info.num_irqs == 1);
    close_all(device);

    CHECK(send_command(first, 0x9811, token, id) == 0);
    rescan();
    snprintf(path, sizeof path, "/sys/bus/fsl-mc/devices/dpni.%u", id);
    REFUSED(stat(path, &status), ENOENT);
    CHECK(close(first) == 0);
    CHECK(close(second) == 0);
    puts("fine");
    return 0;
}
