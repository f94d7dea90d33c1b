// SPDX-License-Identifier: Apache-2.0
// Attributes of /sys: reads, writes with their answers, and what is removed while it is open. Argument: a PCI device of vfio-pci.
#include "check.h"
#include "attribute.h"
#include <dirent.h>

#define DRIVER "/sys/bus/pci/drivers/vfio-pci/"
#define TYPE "/sys/class/mdev_bus/mtty/mdev_supported_types/mtty-1/"
#define UUID "83b8f4f2-509f-382f-3c1e-e6bfe0fa1099"

static void expect(const char *file, const char *text)
{
    char found[4096] = "";
    int fd = open(file, O_RDONLY);
    CHECK(fd >= 0);
    CHECK(read(fd, found, sizeof found - 1) == (long)strlen(text));
    CHECK(!strcmp(found, text));
    CHECK(read(fd, found, sizeof found) == 0);
    CHECK(close(fd) == 0);
}

static int entries(const char *directory)
{
    int count = 0;
    DIR *list = opendir(directory);
    if (!list)
        return -1;
    while (readdir(list))
        count++;
    closedir(list);
    return count - 2;
}

int main(int argc, char **argv)
{
    struct stat status;
    char text[64], driver[256], folder[256];
    bdf = argv[1];
    CHECK(argc > 1);

    expect(of_device(bdf, "vendor"), "0x1234\n");
    CHECK(stat(path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0444 && status.st_size == 4096);
    CHECK(lstat(of_device(bdf, "driver"), &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(realpath(of_device(bdf, "driver"), driver) && !strcmp(driver, "/sys/bus/pci/drivers/vfio-pci"));
    CHECK(stat(of_device(bdf, "config"), &status) == 0 && status.st_size == 256);
    int config = open(of_device(bdf, "config"), O_RDONLY);
    CHECK(config >= 0 && pread(config, text, 2, 0) == 2 && text[0] == 0x34 && text[1] == 0x12);
    CHECK(close(config) == 0);

    REFUSED(open(of_device(bdf, "nothing"), O_RDONLY), ENOENT);
    REFUSED(open(of_device(bdf, "nothing"), O_WRONLY | O_CREAT, 0644), EACCES);
    REFUSED(open(DRIVER "bind", O_RDONLY), EACCES);
    REFUSED(open(of_device(bdf, "vendor"), O_WRONLY), EACCES);
    REFUSED(put(DRIVER "bind", "no such device"), ENODEV);
    REFUSED(put(DRIVER "unbind", "no such device"), ENODEV);

    CHECK(put(of_device(bdf, "driver_override"), "vfio-pci\n") == 9);
    expect(path, "vfio-pci\n");
    CHECK(put(path, "\n") == 1);
    expect(path, "(null)\n");

    // Open for reading and writing, truncated as a shell does.
    int both = open(of_device(bdf, "driver_override"), O_RDWR | O_TRUNC);
    CHECK(both >= 0 && write(both, "vfio-pci", 8) == 8 && lseek(both, 0, SEEK_SET) == 0);
    CHECK(read(both, text, sizeof text) == 9 && close(both) == 0);

    CHECK(entries(of_device(bdf, "vfio-dev")) == 1);
    snprintf(folder, sizeof folder, "%s", path);
    CHECK(put(DRIVER "unbind", bdf) == (long)strlen(bdf));
    CHECK(lstat(of_device(bdf, "driver"), &status) == -1 && errno == ENOENT);
    CHECK(entries(folder) <= 0);
    CHECK(put(DRIVER "bind", bdf) == (long)strlen(bdf));
    CHECK(lstat(of_device(bdf, "driver"), &status) == 0);
    CHECK(entries(folder) == 1);

    CHECK(put(TYPE "create", UUID) == (long)strlen(UUID));
    REFUSED(put(TYPE "create", UUID), EEXIST);
    CHECK(lstat("/sys/bus/mdev/devices/" UUID, &status) == 0 && S_ISLNK(status.st_mode));
    int open_when_removed = open("/sys/bus/mdev/devices/" UUID "/remove", O_WRONLY);
    CHECK(open_when_removed >= 0);
    CHECK(put("/sys/bus/mdev/devices/" UUID "/remove", "1\n") == 2);
    CHECK(lstat("/sys/bus/mdev/devices/" UUID, &status) == -1 && errno == ENOENT);
    REFUSED(write(open_when_removed, "1\n", 2), ENODEV);
    CHECK(close(open_when_removed) == 0);
    CHECK(write(1, "fine\n", 5) == 5);
    return 0;
}
