// SPDX-License-Identifier: Apache-2.0
// A device's own node, found by what its sysfs folder says.
#include "uapi.h"
#include <dirent.h>

static char node[300];

static void find_node(const char *device)
{
    char path[300];
    snprintf(path, sizeof path, "/sys/bus/pci/devices/%s/vfio-dev", device);
    DIR *folder = opendir(path);
    CHECK(folder);
    node[0] = 0;
    for (struct dirent *e; (e = readdir(folder));)
        if (!strncmp(e->d_name, "vfio", 4))
            snprintf(node, sizeof node, "/dev/vfio/devices/%s", e->d_name);
    CHECK(closedir(folder) == 0 && node[0]);
}

static int open_node(const char *device)
{
    find_node(device);
    int file = open(node, O_RDWR | O_CLOEXEC);
    CHECK(file >= 0);
    return file;
}
