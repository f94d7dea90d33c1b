// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/** How a native program gets to see the machine's parts of {@code /sys} and {@code /dev}. */
public enum SysView {
    /** {@link #MOUNT} where that is allowed, else {@link #INTERCEPT}. */
    AUTO,

    /**
     * Mounted over the real ones in a mount namespace of the program's own: whatever a program does with files and directories works,
     * and each write is answered with its own errno.
     */
    MOUNT,

    /**
     * By answering the system calls that name a path: nothing is mounted, but the working directory cannot be there, and a write
     * through a descriptor that was moved is done a moment later.
     */
    INTERCEPT
}
