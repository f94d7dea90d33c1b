// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.runner.process;

import org.vfio4j.ffm.LinuxStat;

/**
 * Which file (kernel: {@code struct inode}): two descriptors, paths or mappings with the same are the same file while one of them
 * lives.
 *
 * @param major number of its device
 * @param minor number of its device
 * @param inode number on its device; 0 for none
 */
record FileId(int major, int minor, long inode) {
    /** No file: plain memory. */
    static final FileId NONE = new FileId(0, 0, 0);

    static FileId of(LinuxStat.Status status) {
        return new FileId(status.major(), status.minor(), status.inode());
    }

    boolean isFile() {
        return inode != 0;
    }
}
