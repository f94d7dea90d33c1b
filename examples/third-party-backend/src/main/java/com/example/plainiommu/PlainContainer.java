// SPDX-License-Identifier: Apache-2.0
package com.example.plainiommu;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** The instance behind one container. */
final class PlainContainer implements IommuBackend {
    private static final int MOST_MAPPINGS = 65_535;
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;

    private final PhysicalMemory physical;

    /**
     * Guards {@link #mappings}, the mappings in it and {@link #translation}; copies for devices share it. No listener is
     * called with it held. Taken after the core's locks and before those of the hardware and of memory.
     */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    /** By first address, unsigned. */
    private final NavigableMap<Long, Mapping> mappings = new TreeMap<>(Long::compareUnsigned);

    /** Null without an isolation group. */
    private @Nullable Translation translation;

    private final PinningDevices devices = new PinningDevices();

    PlainContainer(PhysicalMemory physical) {
        this.physical = physical;
    }

    @Override
    public int checkExtension(int extension) {
        return extension == PlainDriver.TYPE ? 1 : 0;
    }

    @Override
    public void attachGroup(IommuGroup group, GroupKind kind) {
        switch (kind) {
            case EMULATED -> {} // no DMA of its own: it reaches memory through pinPages and dmaRw
            case NOIOMMU ->
                throw new VfioException(Errno.EINVAL, "attach of group " + group.id() + " refused: it has no IOMMU");
            case IOMMU -> {
                lock.writeLock().lock();
                try {
                    if (translation != null) {
                        throw new VfioException(
                                Errno.EBUSY,
                                "attach of group " + group.id() + " refused: a plain container takes one group and has "
                                        + translation.group().id());
                    }
                    translation = Translation.of(group, mappings.values());
                } finally {
                    lock.writeLock().unlock();
                }
            }
        }
    }

    @Override
    public void detachGroup(IommuGroup group) {
        lock.writeLock().lock();
        try {
            if (translation != null && translation.group().equals(group)) {
                translation.end();
                translation = null;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public void release() {
        lock.writeLock().lock();
        try {
            mappings.values().forEach(mapping -> mapping.release(physical));
            mappings.clear();
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public long ioctl(Caller caller, int command, long argument) {
        return PlainCodec.ioctl(this, caller, command, argument);
    }

    @Override
    public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {
        requireMappable(flags, vaddr, iova, size);
        lock.writeLock().lock();
        try {
            requireFree(iova, iova + (size - 1));
            var pages = UserPages.pin(caller, physical, vaddr, size, flags);
            var mapping = new Mapping(iova, size, flags, caller.memory(), vaddr, pages);
            try {
                if (translation != null) {
                    mapping.enter(translation.domain());
                }
                mappings.put(iova, mapping);
            } catch (RuntimeException e) {
                mapping.release(physical);
                throw e;
            }
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void requireMappable(int flags, long vaddr, long iova, long size) {
        if (flags == 0 || (flags & ~READ_WRITE) != 0) {
            throw refused(Errno.EINVAL, "MAP_DMA", "flags " + hex(flags) + " are not READ, WRITE or both");
        }
        if (size == 0 || ((vaddr | iova | size) & (physical.pageSize() - 1)) != 0) {
            throw refused(
                    Errno.EINVAL,
                    "MAP_DMA",
                    "vaddr " + hex(vaddr) + ", iova " + hex(iova) + " and size " + hex(size) + " are no whole pages of "
                            + physical.pageSize() + " bytes");
        }
        if (Long.compareUnsigned(iova + (size - 1), iova) < 0 || Long.compareUnsigned(vaddr + (size - 1), vaddr) < 0) {
            throw refused(
                    Errno.EOVERFLOW,
                    "MAP_DMA",
                    hex(size) + " bytes at vaddr " + hex(vaddr) + " or iova " + hex(iova) + " pass the last address");
        }
    }

    private void requireFree(long iova, long last) {
        var before = mappings.floorEntry(last);
        if (before != null && Long.compareUnsigned(before.getValue().last(), iova) >= 0) {
            throw refused(Errno.EEXIST, "MAP_DMA", "there is a mapping at " + hex(before.getKey()));
        }
        if (translation != null && !UsableRanges.contain(translation.usable(), iova, last)) {
            throw refused(
                    Errno.EINVAL, "MAP_DMA", hex(iova) + " to " + hex(last) + " is not in " + translation.usable());
        }
        if (mappings.size() == MOST_MAPPINGS) {
            throw refused(Errno.ENOSPC, "MAP_DMA", "there are " + MOST_MAPPINGS + " mappings, the most possible");
        }
    }

    @Override
    public long unmapDma(Caller caller, int flags, long iova, long size) {
        if (flags != 0) {
            throw refused(Errno.EINVAL, "UNMAP_DMA", "flags " + hex(flags) + " are not known");
        }
        var mapping = beginUnmap(iova, size);
        try {
            devices.unmapped(iova, size); // they give their pins back, and need our lock for it
        } finally {
            endUnmap(mapping);
        }
        return size;
    }

    /** From here on devices cannot pin or copy any more; map and unmap still see the mapping. */
    private Mapping beginUnmap(long iova, long size) {
        lock.writeLock().lock();
        try {
            var mapping = mappings.get(iova);
            if (mapping == null || mapping.closing) {
                throw refused(Errno.ENOENT, "UNMAP_DMA", "no mapping begins at " + hex(iova));
            }
            if (mapping.size != size) {
                throw refused(
                        Errno.EINVAL,
                        "UNMAP_DMA",
                        "the mapping at " + hex(iova) + " has " + hex(mapping.size) + " bytes, not " + hex(size));
            }
            mapping.closing = true;
            return mapping;
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void endUnmap(Mapping mapping) {
        lock.writeLock().lock();
        try {
            mappings.remove(mapping.iova);
            if (translation != null) {
                mapping.remove(translation.domain());
            }
            mapping.release(physical);
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Override
    public DmaLimits limits() {
        lock.readLock().lock();
        try {
            var available = MOST_MAPPINGS - mappings.size();
            return translation == null
                    ? new DmaLimits(-physical.pageSize(), List.of(), available)
                    : new DmaLimits(translation.domain().pageSizes(), translation.usable(), available);
        } finally {
            lock.readLock().unlock();
        }
    }

    @Override
    public void pinPages(IommuGroup group, long iova, int pages, int protection, RunSink sink) {
        if (pages <= 0 || devices.isEmpty()) {
            throw refused(
                    Errno.EINVAL, "pin_pages", pages <= 0 ? pages + " pages" : "no open device listens to unmaps");
        }
        var pageSize = physical.pageSize();
        var start = iova & -pageSize;
        var found = new long[pages];
        lock.writeLock().lock();
        try {
            var done = 0;
            try {
                for (; done < pages; done++) {
                    found[done] = pin(start + (long) done * pageSize, protection);
                }
            } catch (RuntimeException e) {
                letGo(start, done);
                throw e;
            }
        } finally {
            lock.writeLock().unlock();
        }
        for (var phys : found) {
            sink.run(phys, pageSize);
        }
    }

    private long pin(long page, int protection) {
        var mapping = mappingFor("pin_pages", page, protection);
        if (!mapping.hold(page, physical)) {
            throw refused(Errno.EFAULT, "pin_pages", "the memory at " + hex(page) + " is gone");
        }
        return mapping.physOf(page);
    }

    @Override
    public void unpinPages(long iova, int pages) {
        lock.writeLock().lock();
        try {
            letGo(iova & -physical.pageSize(), pages);
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void letGo(long start, int pages) {
        for (var i = 0; i < pages; i++) {
            var page = start + (long) i * physical.pageSize();
            var mapping = covering(page);
            if (mapping != null) {
                mapping.letGo(page, physical);
            }
        }
    }

    @Override
    public void dmaRw(long iova, MemorySegment buffer, boolean write) {
        var length = buffer.byteSize();
        lock.readLock().lock();
        try {
            for (var done = 0L; done < length; ) {
                var at = iova + done;
                var mapping = mappingFor("dma_rw", at, write ? Protection.WRITE : Protection.READ);
                var piece = Math.min(length - done, mapping.size - (at - mapping.iova));
                mapping.copy(at, buffer, done, piece, write);
                done += piece;
            }
        } finally {
            lock.readLock().unlock();
        }
    }

    private Mapping mappingFor(String operation, long iova, int protection) {
        var mapping = covering(iova);
        if (mapping == null || mapping.closing) {
            throw refused(Errno.EINVAL, operation, hex(iova) + " is not mapped");
        }
        if ((mapping.protection & protection) != protection) {
            throw refused(Errno.EPERM, operation, hex(iova) + " is not mapped for access " + protection);
        }
        return mapping;
    }

    private @Nullable Mapping covering(long iova) {
        var before = mappings.floorEntry(iova);
        return before != null && Long.compareUnsigned(iova, before.getValue().last()) <= 0 ? before.getValue() : null;
    }

    @Override
    public void registerDevice(DmaUnmapListener device) {
        devices.add(device);
    }

    @Override
    public void unregisterDevice(DmaUnmapListener device) {
        devices.remove(device);
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }

    private static VfioException refused(Errno errno, String operation, String reason) {
        return new VfioException(errno, operation + " refused: " + reason);
    }
}
