// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Makes the n-th step that can fail do so: at the host's calls, at pinning and at charging. Spec: iommufd §13. */
final class FaultInjection {
    private int left;
    private boolean fired;

    /** The n-th step from now on fails; 0 for none. */
    void arm(int n) {
        left = n;
        fired = false;
    }

    boolean fired() {
        return fired;
    }

    private boolean hit() {
        if (left > 0 && --left == 0) {
            fired = true;
            return true;
        }
        return false;
    }

    private void step(Errno errno, String what) {
        if (hit()) {
            throw new VfioException(errno, "injected: " + what);
        }
    }

    LockedMemory around(LockedMemory counter) {
        return new LockedMemory() {
            @Override
            public boolean tryCharge(long pages, long limitPages) {
                return !hit() && counter.tryCharge(pages, limitPages);
            }

            @Override
            public void uncharge(long pages) {
                counter.uncharge(pages);
            }

            @Override
            public long pages() {
                return counter.pages();
            }
        };
    }

    AddressSpace around(AddressSpace memory) {
        return new AddressSpace() {
            @Override
            public boolean alive() {
                return memory.alive();
            }

            @Override
            public void pin(long vaddr, long length, boolean write, RunSink sink) {
                step(Errno.EFAULT, "pin");
                memory.pin(vaddr, length, write, sink);
            }

            @Override
            public void read(long vaddr, MemorySegment target, long targetOffset, long length) {
                memory.read(vaddr, target, targetOffset, length);
            }

            @Override
            public void write(long vaddr, MemorySegment source, long sourceOffset, long length) {
                memory.write(vaddr, source, sourceOffset, length);
            }

            @Override
            public boolean isUserRange(long vaddr, long length) {
                return memory.isUserRange(vaddr, length);
            }

            @Override
            public long backingPageSize(long vaddr) {
                return memory.backingPageSize(vaddr);
            }

            @Override
            public LockedMemory lockedMemory() {
                return memory.lockedMemory();
            }
        };
    }

    IommuGroup around(IommuGroup group) {
        return new Group(group);
    }

    private final class Group implements IommuGroup {
        private final IommuGroup real;

        Group(IommuGroup real) {
            this.real = real;
        }

        @Override
        public int id() {
            return real.id();
        }

        @Override
        public String name() {
            return real.name();
        }

        @Override
        public List<BusDevice> devices() {
            return real.devices();
        }

        @Override
        public boolean hasIommu() {
            return real.hasIommu();
        }

        @Override
        public void claimDmaOwner(Object owner, boolean shared) {
            step(Errno.EPERM, "claim");
            real.claimDmaOwner(owner, shared);
        }

        @Override
        public void releaseDmaOwner(Object owner) {
            real.releaseDmaOwner(owner);
        }

        @Override
        public boolean dmaUnowned() {
            return real.dmaUnowned();
        }

        @Override
        public Optional<String> dmaOwnerDescription() {
            return real.dmaOwnerDescription();
        }

        @Override
        public IommuDomain allocateDomain(boolean dirtyTracking) {
            step(Errno.ENOMEM, "allocateDomain");
            return new Domain(real.allocateDomain(dirtyTracking));
        }

        @Override
        public void attach(IommuDomain domain) {
            step(Errno.ENOMEM, "attach");
            real.attach(((Domain) domain).real);
        }

        @Override
        public void replace(IommuDomain domain) {
            step(Errno.ENOMEM, "replace");
            real.replace(((Domain) domain).real);
        }

        @Override
        public void detach() {
            real.detach();
        }

        @Override
        public Optional<IommuDomain> attachedDomain() {
            return real.attachedDomain();
        }

        @Override
        public boolean isolatedMsi() {
            return real.isolatedMsi();
        }

        @Override
        public List<ReservedRegion> reservedRegions() {
            return real.reservedRegions();
        }

        @Override
        public Optional<TceTableGroup> tceTableGroup() {
            return Optional.empty();
        }
    }

    private final class Domain implements IommuDomain {
        private final IommuDomain real;

        Domain(IommuDomain real) {
            this.real = real;
        }

        @Override
        public long pageSizes() {
            return real.pageSizes();
        }

        @Override
        public long apertureStart() {
            return real.apertureStart();
        }

        @Override
        public long apertureEnd() {
            return real.apertureEnd();
        }

        @Override
        public Object driverIdentity() {
            return real.driverIdentity();
        }

        @Override
        public boolean enforceCacheCoherency() {
            return real.enforceCacheCoherency();
        }

        @Override
        public void map(long iova, long phys, long length, int protection) {
            step(Errno.ENOMEM, "map");
            real.map(iova, phys, length, protection);
        }

        @Override
        public long unmap(long iova, long length) {
            return real.unmap(iova, length);
        }

        @Override
        public long iovaToPhys(long iova) {
            return real.iovaToPhys(iova);
        }

        @Override
        public void forEachRun(long iova, long length, MappedRunSink sink) {
            real.forEachRun(iova, length, sink);
        }

        @Override
        public void setDirtyTracking(boolean enabled) {
            real.setDirtyTracking(enabled);
        }

        @Override
        public void readDirty(long iova, long length, boolean clear, DirtySink sink) {
            real.readDirty(iova, length, clear, sink);
        }

        @Override
        public void free() {
            real.free();
        }
    }
}
