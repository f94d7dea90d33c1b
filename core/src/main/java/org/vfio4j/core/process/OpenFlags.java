// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.process;

import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The flags of {@code open} that matter to a caller's own bookkeeping, as numbered on x86-64 and arm64. */
final class OpenFlags {
    static final int O_RDONLY = 0;
    static final int O_WRONLY = 1;
    static final int O_RDWR = 2;
    static final int O_CLOEXEC = 0x80000;

    private static final int O_ACCMODE = 3;

    private OpenFlags() {}

    /** The access mode in flags; 3, which asks for ioctl only, is not offered. */
    static int accessMode(int flags) {
        int mode = flags & O_ACCMODE;
        if (mode == O_ACCMODE) {
            throw new VfioException(
                    Errno.EINVAL, "open: flags 0x" + Integer.toHexString(flags) + " have no access mode");
        }
        return mode;
    }
}
