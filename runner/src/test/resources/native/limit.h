// SPDX-License-Identifier: Apache-2.0
// A process that may lock only so many pages.
#include <linux/capability.h>
#include <sys/resource.h>

static void limit_to(long pages)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct caps[2];
    struct rlimit limit = {pages * 4096, pages * 4096};
    CHECK(syscall(SYS_capget, &header, caps) == 0);
    caps[0].effective &= ~(1u << CAP_IPC_LOCK);
    CHECK(syscall(SYS_capset, &header, caps) == 0);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
}
