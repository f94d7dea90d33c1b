// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.DmaBuffer;
import org.vfio4j.DmaMapping;
import org.vfio4j.DmaSpace;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A DMA space that finds addresses for those who do not choose them, whatever backend maps. Thread-safe. */
abstract class AllocatingSpace implements DmaSpace {
    /** Alignments worth having, so that the IOMMU can use its large pages. */
    private static final long[] LARGE_PAGES = {1L << 30, 1L << 21};

    /** How often an address that somebody else has mapped is skipped. */
    private static final int MOST_FOREIGN = 64;

    private final long pageSize;

    /** Guards {@link #addresses}; a leaf, not held while the backend maps. */
    private final ReentrantLock addressLock = new ReentrantLock();

    private final IovaAllocator addresses = new IovaAllocator();

    AllocatingSpace(long pageSize) {
        this.pageSize = pageSize;
    }

    /** Maps in the backend. */
    abstract void mapIn(long iova, long vaddr, long length, int protection, DmaBuffer buffer);

    /**
     * Unmaps in the backend.
     *
     * @return bytes removed
     */
    abstract long unmapIn(long iova, long length);

    /** Whether the backend's side still exists; without it nothing is mapped any more. */
    abstract boolean alive();

    @Override
    public DmaMapping map(DmaBuffer buffer) {
        var limits = limits();
        long smallest = Math.max(Long.lowestOneBit(limits.pageSizes()), pageSize);
        long length = (buffer.size() + smallest - 1) & -smallest;
        for (int foreign = 0; ; foreign++) {
            long iova;
            addressLock.lock();
            try {
                addresses.limitTo(limits.ranges());
                iova = allocate(buffer, length, smallest);
            } finally {
                addressLock.unlock();
            }
            try {
                mapIn(iova, buffer.address(), length, Protection.READ | Protection.WRITE, buffer);
                return new SpaceMapping(this, iova, length);
            } catch (VfioException e) {
                boolean taken = e.errno() == Errno.EEXIST || e.errno() == Errno.EADDRINUSE;
                if (!taken || foreign == MOST_FOREIGN) {
                    freeAddress(iova);
                    throw e;
                }
                // Somebody mapped there without us: the address stays taken and the next one is tried.
            }
        }
    }

    private long allocate(DmaBuffer buffer, long length, long smallest) {
        for (long large : LARGE_PAGES) {
            if (length >= large) {
                var aligned = addresses.find(length, large, buffer.address() & (large - 1) & -smallest);
                if (aligned.isPresent()) {
                    addresses.take(aligned.getAsLong(), length);
                    return aligned.getAsLong();
                }
            }
        }
        return addresses.allocate(length, smallest, 0);
    }

    @Override
    public DmaMapping map(long iova, DmaBuffer buffer, long offset, long length, int protection) {
        long end = (buffer.size() + pageSize - 1) & -pageSize;
        if (offset < 0 || length <= 0 || length > end - offset) {
            throw new VfioException(
                    Errno.EINVAL,
                    "mapping refused: " + length + " bytes at offset " + offset + " are outside a buffer of "
                            + buffer.size() + " bytes");
        }
        mapIn(iova, buffer.address() + offset, length, protection, buffer);
        addressLock.lock();
        try {
            addresses.take(iova, length);
        } finally {
            addressLock.unlock();
        }
        return new SpaceMapping(this, iova, length);
    }

    @Override
    public void unmap(long iova, long length) {
        long removed = unmapIn(iova, length);
        if (removed != 0) {
            freeAddress(iova);
        }
        if (removed != length) {
            throw new VfioException(
                    removed == 0 ? Errno.ENOENT : Errno.EINVAL,
                    "unmap of 0x" + Long.toHexString(length) + " bytes at iova 0x" + Long.toHexString(iova)
                            + " removed 0x" + Long.toHexString(removed));
        }
    }

    private void freeAddress(long iova) {
        addressLock.lock();
        try {
            addresses.free(iova);
        } finally {
            addressLock.unlock();
        }
    }
}
