// SPDX-License-Identifier: Apache-2.0
// map.c BDF GROUP: a register that behaves like memory, mapped: the same bytes as pread and pwrite; it keeps the device open.
#include "check.h"

int main(int argc, char **argv)
{
    bdf = argv[1];
    CHECK(argc == 3);
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    struct opened o = open_by_group();
    struct vfio_region_info bar = {.argsz = sizeof bar}, config = {.argsz = sizeof config, .index = 7};
    CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &config) == 0);
    uint16_t command = 2;
    CHECK(pwrite(o.device, &command, 2, config.offset + 4) == 2);
    REFUSED((long)mmap(0, 4096, PROT_READ, MAP_SHARED, o.device, config.offset), EINVAL);
    REFUSED((long)mmap(0, 4096, PROT_READ, MAP_PRIVATE, o.device, 0), EINVAL);
    int mapped = 0;
    for (bar.index = 0; bar.index < 2; bar.index++, mapped++) {
        CHECK(ioctl(o.device, VFIO_DEVICE_GET_REGION_INFO, &bar) == 0 && (bar.flags & VFIO_REGION_INFO_FLAG_MMAP));
        volatile uint32_t *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, o.device, bar.offset);
        CHECK(memory != MAP_FAILED);
        uint32_t value = 0x600df00d + bar.index, back = 0;
        memory[3] = value;
        CHECK(pread(o.device, &back, 4, bar.offset + 12) == 4 && back == value);
        value++;
        CHECK(pwrite(o.device, &value, 4, bar.offset + 4100) == 4 && memory[1025] == value);
        CHECK(fcntl(o.device, F_GETFD) == FD_CLOEXEC);
        if (bar.index == 1) {
            close_all(o);
            memory[4] = 1;
            REFUSED(open(group_path, O_RDWR), EBUSY);
            CHECK(munmap((void *)memory, 8192) == 0);
            int g = open(group_path, O_RDWR);
            CHECK(g >= 0 && close(g) == 0);
        } else {
            CHECK(munmap((void *)memory, 8192) == 0);
        }
    }
    return 0;
}
