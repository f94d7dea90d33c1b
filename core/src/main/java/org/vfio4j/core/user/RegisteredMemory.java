// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.DmaBuffer;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.iommu.TceOperations;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Buffers registered with a SPAPR v2 container, which maps registered memory only: registered with their first mapping,
 * unregistered after their last. With every other backend there is nothing to do. Thread-safe. Spec: spapr §5.
 */
final class RegisteredMemory {
    private final Caller caller;
    private final long pageSize;

    /** Guards the tables; held while the backend registers, so that a buffer is registered once. */
    private final ReentrantLock lock = new ReentrantLock();

    /** Live mappings of a registered buffer, by its address. */
    private final LongTable mappings = new LongTable();

    /** Bytes that were registered here, by the buffer's address; none when the program did it itself, and will undo it. */
    private final LongTable sizes = new LongTable();

    RegisteredMemory(Caller caller, long pageSize) {
        this.caller = caller;
        this.pageSize = pageSize;
    }

    /** Before a buffer is mapped. */
    void register(IommuBackend backend, DmaBuffer buffer) {
        var tce = version2(backend);
        if (tce == null) {
            return;
        }
        lock.lock();
        try {
            long live = mappings.get(buffer.address(), 0);
            if (live == 0) {
                register(tce, buffer);
            }
            mappings.put(buffer.address(), live + 1);
        } finally {
            lock.unlock();
        }
    }

    private void register(TceOperations tce, DmaBuffer buffer) {
        long size = (buffer.size() + pageSize - 1) & -pageSize;
        try {
            tce.registerMemory(caller, buffer.address(), size);
        } catch (VfioException e) {
            if (e.errno() != Errno.EBUSY) {
                throw e;
            }
            return;
        }
        sizes.put(buffer.address(), size);
    }

    /** After a mapping of the buffer at an address is gone, or could not be made. */
    void unregister(IommuBackend backend, long address) {
        var tce = version2(backend);
        if (tce == null) {
            return;
        }
        lock.lock();
        try {
            long left = mappings.get(address, 0) - 1;
            if (left > 0) {
                mappings.put(address, left);
                return;
            }
            mappings.remove(address);
            long size = sizes.get(address, 0);
            if (size != 0) {
                sizes.remove(address);
                tce.unregisterMemory(caller, address, size);
            }
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable TceOperations version2(IommuBackend backend) {
        return backend.tce().filter(TceOperations::version2).orElse(null);
    }
}
