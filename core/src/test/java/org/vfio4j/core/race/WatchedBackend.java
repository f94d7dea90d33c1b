// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.ContainerDriver;
import org.vfio4j.spi.iommu.DmaLimits;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.spi.iommu.GroupKind;
import org.vfio4j.spi.iommu.IommuBackend;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;

/** A container backend of type 3 whose map and unmap take the address itself as argument. */
final class WatchedBackend implements IommuBackendProvider, ContainerDriver {
    static final int TYPE = 3;

    private final Books books;

    WatchedBackend(Books books) {
        this.books = books;
    }

    @Override
    public String name() {
        return "watched";
    }

    @Override
    public String description() {
        return "watches the core";
    }

    @Override
    public int priority() {
        return 10;
    }

    @Override
    public Optional<ContainerDriver> containerDriver(BackendEnvironment environment) {
        return Optional.of(this);
    }

    @Override
    public List<Type> types() {
        return List.of(new Type(TYPE, "watched"));
    }

    @Override
    public int checkExtension(int extension) {
        return extension == TYPE ? 1 : 0;
    }

    @Override
    public IommuBackend open(int type) {
        books.instances.incrementAndGet();
        return new Instance();
    }

    private final class Instance implements IommuBackend {
        private final PinnedSpace space = new PinnedSpace(books);
        private final AtomicBoolean released = new AtomicBoolean();

        /** Guards {@link #groups}. */
        private final ReentrantLock groupsLock = new ReentrantLock();

        private final Set<IommuGroup> groups = new HashSet<>();

        private void requireLive(String call) {
            books.require(!released.get(), call + " of a released instance");
        }

        @Override
        public int checkExtension(int extension) {
            requireLive("CHECK_EXTENSION");
            return WatchedBackend.this.checkExtension(extension);
        }

        @Override
        public void attachGroup(IommuGroup group, GroupKind kind) {
            requireLive("attach");
            groupsLock.lock();
            try {
                books.require(groups.add(group), "a group is attached twice");
            } finally {
                groupsLock.unlock();
            }
            books.require(
                    kind != GroupKind.IOMMU
                            || group.dmaOwnerDescription()
                                    .filter("VFIO"::equals)
                                    .isPresent(),
                    "a group is attached whose DMA VFIO does not own");
        }

        @Override
        public void detachGroup(IommuGroup group) {
            requireLive("detach");
            groupsLock.lock();
            try {
                books.require(groups.remove(group), "a group is detached that is not attached");
            } finally {
                groupsLock.unlock();
            }
        }

        @Override
        public void release() {
            books.require(released.compareAndSet(false, true), "an instance is released twice");
            books.require(groups.isEmpty(), "an instance is released with groups");
            space.close();
            books.instances.decrementAndGet();
        }

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            requireLive("ioctl");
            switch (command) {
                case VfioIoctl.VFIO_IOMMU_MAP_DMA -> space.map(argument);
                case VfioIoctl.VFIO_IOMMU_UNMAP_DMA -> space.unmap(argument);
                default -> throw new VfioException(Errno.ENOTTY, "no such ioctl");
            }
            requireLive("end of an ioctl");
            return 0;
        }

        @Override
        public void mapDma(Caller caller, int flags, long vaddr, long iova, long size) {
            throw new UnsupportedOperationException("raw calls only");
        }

        @Override
        public long unmapDma(Caller caller, int flags, long iova, long size) {
            throw new UnsupportedOperationException("raw calls only");
        }

        @Override
        public DmaLimits limits() {
            throw new UnsupportedOperationException("raw calls only");
        }

        @Override
        public void pinPages(IommuGroup group, long iova, int pages, int protection, RunSink sink) {
            requireLive("pin_pages");
            space.pin(iova);
            sink.run(iova, PinnedSpace.PAGE);
        }

        @Override
        public void unpinPages(long iova, int pages) {
            requireLive("unpin_pages");
            space.unpin(iova);
        }

        @Override
        public void registerDevice(DmaUnmapListener device) {
            requireLive("register_device");
            space.join(device);
            books.listeners.incrementAndGet();
        }

        @Override
        public void unregisterDevice(DmaUnmapListener device) {
            requireLive("unregister_device");
            space.leave(device);
            books.listeners.decrementAndGet();
        }
    }
}
