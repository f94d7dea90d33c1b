// SPDX-License-Identifier: Apache-2.0
// Attributes of PCI devices in /sys.
static char path[256];

static const char *of_device(const char *device, const char *attribute)
{
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/%s", device, attribute);
    return path;
}

static long put(const char *file, const char *text)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long written = write(fd, text, strlen(text));
    int error = errno;
    close(fd);
    errno = error;
    return written;
}
