// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The mappings a program made in a container with TCE tables. Those tables exchange entries without a word when something is
 * mapped over a live mapping, and clear any part of one; the typed API refuses both, so that DMA cannot silently go wrong.
 * Each remembers the buffer it shows, for who registered that with the container. Thread-safe. Spec: spapr §6.
 */
final class ExactMappings {
    /** Guards {@link #mappings}; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Addresses are below 2^63. */
    private final SortedRanges mappings = new SortedRanges();

    /**
     * Takes a range for a mapping that is about to be made.
     *
     * @param buffer address of what is mapped
     * @throws VfioException EEXIST when part of it is mapped
     */
    void claim(long iova, long length, long buffer) {
        lock.lock();
        try {
            long last = iova + length - 1;
            long below = mappings.floor(last);
            if (below != SortedRanges.NONE && mappings.last(below) >= iova) {
                throw new VfioException(
                        Errno.EEXIST,
                        "mapping refused: [0x" + Long.toHexString(iova) + ", 0x" + Long.toHexString(last)
                                + "] overlaps the mapping [0x" + Long.toHexString(below) + ", 0x"
                                + Long.toHexString(mappings.last(below))
                                + "], which a TCE table would silently replace");
            }
            mappings.add(iova, last, buffer);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Checks that a range is exactly one mapping.
     *
     * @throws VfioException ENOENT when no mapping starts there, EINVAL when it has another length
     */
    void requireExact(long iova, long length) {
        lock.lock();
        try {
            long last = mappings.last(iova);
            if (last == SortedRanges.NONE) {
                throw new VfioException(
                        Errno.ENOENT,
                        "unmap refused: no mapping of this program starts at 0x" + Long.toHexString(iova));
            }
            if (last - iova + 1 != length) {
                throw new VfioException(
                        Errno.EINVAL,
                        "unmap refused: the mapping at 0x" + Long.toHexString(iova) + " has 0x"
                                + Long.toHexString(last - iova + 1) + " bytes, not 0x" + Long.toHexString(length));
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The mapping is gone, or could not be made.
     *
     * @return address of the buffer that was mapped; {@link SortedRanges#NONE} when somebody else has dropped the mapping
     */
    long drop(long iova) {
        lock.lock();
        try {
            long buffer = mappings.tag(iova);
            mappings.remove(iova);
            return buffer;
        } finally {
            lock.unlock();
        }
    }
}
