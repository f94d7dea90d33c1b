// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.iommufd;

import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.spi.memory.LockedMemory;
import org.vfio4j.spi.memory.RunSink;
import org.vfio4j.testing.fixture.ForwardingDomain;
import org.vfio4j.testing.fixture.ForwardingGroup;
import org.vfio4j.testing.fixture.ForwardingLocked;
import org.vfio4j.testing.fixture.ForwardingSpace;
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
        return new ForwardingLocked(counter) {
            @Override
            public boolean tryCharge(long pages, long limitPages) {
                return !hit() && super.tryCharge(pages, limitPages);
            }
        };
    }

    AddressSpace around(AddressSpace memory) {
        return new ForwardingSpace(memory) {
            @Override
            public void pin(long vaddr, long length, boolean write, RunSink sink) {
                step(Errno.EFAULT, "pin");
                super.pin(vaddr, length, write, sink);
            }
        };
    }

    IommuGroup around(IommuGroup group) {
        return new Group(group);
    }

    private final class Group extends ForwardingGroup {
        Group(IommuGroup real) {
            super(real);
        }

        @Override
        public void claimDmaOwner(Object owner, boolean shared) {
            step(Errno.EPERM, "claim");
            super.claimDmaOwner(owner, shared);
        }

        @Override
        public IommuDomain allocateDomain(boolean dirtyTracking) {
            step(Errno.ENOMEM, "allocateDomain");
            return new Domain(super.allocateDomain(dirtyTracking));
        }

        @Override
        public void attach(IommuDomain domain) {
            step(Errno.ENOMEM, "attach");
            super.attach(((Domain) domain).real());
        }

        @Override
        public void replace(IommuDomain domain) {
            step(Errno.ENOMEM, "replace");
            super.replace(((Domain) domain).real());
        }
    }

    private final class Domain extends ForwardingDomain {
        Domain(IommuDomain real) {
            super(real);
        }

        @Override
        public void map(long iova, long phys, long length, int protection) {
            step(Errno.ENOMEM, "map");
            super.map(iova, phys, length, protection);
        }
    }
}
