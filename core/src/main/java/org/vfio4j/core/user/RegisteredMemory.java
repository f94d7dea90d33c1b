// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.util.HashMap;
import java.util.Map;
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

    /** Guards the maps; held while the backend registers, so that a buffer is registered once. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<Long, Region> byAddress = new HashMap<>();
    private final Map<Long, Region> byIova = new HashMap<>();

    private static final class Region {
        private final long address;
        private final long size;

        /** False when the program registered it itself, and will unregister it. */
        private final boolean ours;

        private int mappings;

        private Region(long address, long size, boolean ours) {
            this.address = address;
            this.size = size;
            this.ours = ours;
        }
    }

    RegisteredMemory(Caller caller, long pageSize) {
        this.caller = caller;
        this.pageSize = pageSize;
    }

    /** Before a buffer is mapped at an address. */
    void register(IommuBackend backend, long iova, DmaBuffer buffer) {
        var tce = version2(backend);
        if (tce == null) {
            return;
        }
        lock.lock();
        try {
            var region = byAddress.get(buffer.address());
            if (region == null) {
                region = register(tce, buffer);
                byAddress.put(region.address, region);
            }
            if (byIova.putIfAbsent(iova, region) == null) {
                region.mappings++;
            }
        } finally {
            lock.unlock();
        }
    }

    private Region register(TceOperations tce, DmaBuffer buffer) {
        long size = (buffer.size() + pageSize - 1) & -pageSize;
        try {
            tce.registerMemory(caller, buffer.address(), size);
            return new Region(buffer.address(), size, true);
        } catch (VfioException e) {
            if (e.errno() != Errno.EBUSY) {
                throw e;
            }
            return new Region(buffer.address(), size, false);
        }
    }

    /** After a mapping is gone. */
    void unregister(IommuBackend backend, long iova) {
        var tce = version2(backend);
        if (tce == null) {
            return;
        }
        lock.lock();
        try {
            var region = byIova.remove(iova);
            if (region == null || --region.mappings != 0) {
                return;
            }
            byAddress.remove(region.address);
            if (region.ours) {
                tce.unregisterMemory(caller, region.address, region.size);
            }
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable TceOperations version2(IommuBackend backend) {
        return backend.tce().filter(TceOperations::version2).orElse(null);
    }
}
