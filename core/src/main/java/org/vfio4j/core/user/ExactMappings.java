// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The mappings a program made in a container with TCE tables. Those tables exchange entries without a word when something is
 * mapped over a live mapping, and clear any part of one; the typed API refuses both, so that DMA cannot silently go wrong.
 * Thread-safe. Spec: spapr §6.
 */
final class ExactMappings {
    /** Guards {@link #lengths}; a leaf. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Length of each mapping by its first address; addresses are below 2^63. */
    private final TreeMap<Long, Long> lengths = new TreeMap<>();

    /**
     * Takes a range for a mapping that is about to be made.
     *
     * @throws VfioException EEXIST when part of it is mapped
     */
    void claim(long iova, long length) {
        lock.lock();
        try {
            var below = lengths.lowerEntry(iova + length);
            if (below != null && below.getKey() + below.getValue() > iova) {
                throw new VfioException(
                        Errno.EEXIST,
                        "mapping refused: [0x" + Long.toHexString(iova) + ", 0x" + Long.toHexString(iova + length - 1)
                                + "] overlaps the mapping of 0x" + Long.toHexString(below.getValue()) + " bytes at 0x"
                                + Long.toHexString(below.getKey()) + ", which a TCE table would silently replace");
            }
            lengths.put(iova, length);
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
            var mapped = lengths.get(iova);
            if (mapped == null) {
                throw new VfioException(
                        Errno.ENOENT,
                        "unmap refused: no mapping of this program starts at 0x" + Long.toHexString(iova));
            }
            if (mapped != length) {
                throw new VfioException(
                        Errno.EINVAL,
                        "unmap refused: the mapping at 0x" + Long.toHexString(iova) + " has 0x"
                                + Long.toHexString(mapped) + " bytes, not 0x" + Long.toHexString(length));
            }
        } finally {
            lock.unlock();
        }
    }

    /** The mapping is gone, or could not be made. */
    void drop(long iova) {
        lock.lock();
        try {
            lengths.remove(iova);
        } finally {
            lock.unlock();
        }
    }
}
