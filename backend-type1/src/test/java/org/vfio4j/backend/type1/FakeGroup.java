// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** A group whose hardware and regions a test chooses, and whose attach fails when told to. */
final class FakeGroup implements IommuGroup {
    static final ReservedRegion MSI = new ReservedRegion(0xfee00000L, 0xfeefffffL, ReservedRegion.Type.MSI);

    final FakeDomain.FakeHardware hardware;
    final List<FakeDomain> domains = new ArrayList<>();
    List<ReservedRegion> reserved = List.of(MSI);
    boolean isolatedMsi = true;
    boolean refusesForeignDomains;

    private final int id;
    private final List<String> events;
    private final Faults faults;
    private @Nullable FakeDomain current;
    private boolean refusesAll;

    FakeGroup(int id, List<String> events, Faults faults) {
        this.id = id;
        this.faults = faults;
        this.events = events;
        this.hardware = new FakeDomain.FakeHardware("g" + id);
    }

    void refuseAttach() {
        refusesAll = true;
    }

    /** The domain allocated last. */
    FakeDomain domain() {
        return domains.getLast();
    }

    boolean isAttached() {
        return current != null;
    }

    /** The domain attached now; fails when there is none. */
    FakeDomain attached() {
        FakeDomain now = current;
        if (now == null) {
            throw new AssertionError("group " + id + " is attached to nothing");
        }
        return now;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String name() {
        return "";
    }

    @Override
    public List<BusDevice> devices() {
        return List.of();
    }

    @Override
    public boolean hasIommu() {
        return true;
    }

    @Override
    public void claimDmaOwner(Object owner, boolean shared) {
        throw new UnsupportedOperationException("the core claims");
    }

    @Override
    public void releaseDmaOwner(Object owner) {
        throw new UnsupportedOperationException("the core releases");
    }

    @Override
    public boolean dmaUnowned() {
        return false;
    }

    @Override
    public Optional<String> dmaOwnerDescription() {
        return Optional.of("test");
    }

    @Override
    public IommuDomain allocateDomain(boolean dirtyTracking) {
        faults.step("allocate domain");
        FakeDomain domain = new FakeDomain(hardware, events, faults);
        domains.add(domain);
        return domain;
    }

    @Override
    public void attach(IommuDomain domain) {
        if (current != null) {
            throw new VfioException(Errno.EBUSY, "attached already");
        }
        faults.step("attach group");
        if (refusesAll || (refusesForeignDomains && !domains.contains(domain))) {
            throw new VfioException(Errno.EINVAL, "made to refuse the domain");
        }
        FakeDomain target = (FakeDomain) domain;
        if (target.isFreed()) {
            throw new IllegalStateException("attach to a freed domain");
        }
        target.attached++;
        current = target;
        events.add("attach g" + id);
    }

    @Override
    public void replace(IommuDomain domain) {
        throw new UnsupportedOperationException("type1 does not replace");
    }

    @Override
    public void detach() {
        if (current != null) {
            current.attached--;
            current = null;
            events.add("detach g" + id);
        }
    }

    @Override
    public Optional<IommuDomain> attachedDomain() {
        return Optional.ofNullable(current);
    }

    @Override
    public boolean isolatedMsi() {
        return isolatedMsi;
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return reserved;
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.empty();
    }
}
