// SPDX-License-Identifier: Apache-2.0
// paths.c BDF GROUP: what programs ask about files without opening them, and how they write attributes.
#include "check.h"
#include <sys/sysmacros.h>

static char path[256];

static const char *in_device(const char *name)
{
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s%s", bdf, name);
    return path;
}

static void links(void)
{
    struct stat status;
    char text[256];
    CHECK(lstat(in_device(""), &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(lstat(in_device("/"), &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(lstat(in_device("/."), &status) == 0 && S_ISDIR(status.st_mode));
    REFUSED(readlink(in_device("/"), text, sizeof text), EINVAL);
    CHECK(readlink(in_device("/driver"), text, sizeof text) > 0);
    CHECK(lstat(in_device("/vendor"), &status) == 0 && S_ISREG(status.st_mode));
    REFUSED(stat(in_device("/vendor/"), &status), ENOTDIR);
    REFUSED(stat(in_device("/vendor/."), &status), ENOTDIR);
    REFUSED(stat(in_device("/vendor/more"), &status), ENOTDIR);
    REFUSED(open(in_device("/vendor/"), O_RDONLY), ENOTDIR);
    REFUSED(stat(in_device("/nothing"), &status), ENOENT);
}

static void made_files(void)
{
    struct opened o = open_by_group();
    struct stat status;
    // Of no type: whoever took it for an ordinary file would believe that it has no bytes.
    CHECK(fstat(o.device, &status) == 0);
    CHECK((status.st_mode & S_IFMT) == 0 && (status.st_mode & 0777) == 0600 && status.st_nlink == 1);
    CHECK(status.st_size == 0);
    struct statx more;
    CHECK(statx(o.device, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &more) == 0 && more.stx_mode == 0600);
    REFUSED(lseek(o.device, 0, SEEK_SET), ESPIPE);
    CHECK(fstat(o.group, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(fstat(o.container, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(major(status.st_rdev) == 10 && minor(status.st_rdev) == 196);
    close_all(o);
}

static void attributes(void)
{
    char text[64] = {0};
    int a = open(in_device("/vendor"), O_RDONLY);
    CHECK(a >= 0 && lseek(a, 0, SEEK_END) == 4096 && read(a, text, sizeof text) == 0);
    CHECK(lseek(a, 2, SEEK_SET) == 2 && lseek(a, 1, SEEK_CUR) == 3);
    REFUSED(lseek(a, -5000, SEEK_END), EINVAL);
    CHECK(lseek(a, 0, SEEK_SET) == 0 && read(a, text, sizeof text) > 0 && !strncmp(text, "0x", 2));
    CHECK(close(a) == 0);

    // As opened for appending by a program that goes to the end first.
    snprintf(path, sizeof path, "/sys/bus/pci/drivers/vfio-pci/unbind");
    a = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    CHECK(a >= 0 && lseek(a, 0, SEEK_END) == 4096);
    CHECK(write(a, bdf, strlen(bdf)) == (ssize_t)strlen(bdf));
    REFUSED(write(a, bdf, strlen(bdf)), ENODEV);
    CHECK(close(a) == 0);
    REFUSED(access(in_device("/driver"), F_OK), ENOENT);
    a = open(in_device("/driver_override"), O_RDWR);
    CHECK(a >= 0 && write(a, "vfio-pci\n", 9) == 9 && close(a) == 0);
    snprintf(path, sizeof path, "/sys/bus/pci/drivers/vfio-pci/bind");
    a = open(path, O_WRONLY | O_TRUNC);
    CHECK(a >= 0 && write(a, bdf, strlen(bdf)) == (ssize_t)strlen(bdf) && close(a) == 0);
    CHECK(access(in_device("/driver"), F_OK) == 0);
}

static void modules(void)
{
    static const char *const names[] = {"vfio", "vfio_iommu_type1", "vfio_pci", "iommufd"};
    struct stat status;
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "/sys/module/%s", names[i]);
        CHECK(stat(path, &status) == 0 && S_ISDIR(status.st_mode));
    }
}

int main(int argc, char **argv)
{
    bdf = argv[1];
    snprintf(group_path, sizeof group_path, "/dev/vfio/%s", argv[2]);
    links();
    made_files();
    attributes();
    modules();
    return 0;
}
