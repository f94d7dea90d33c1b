// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vfio4j.host.embedded.iommu.EmbeddedGroup;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.spi.model.DmaPort;

/** A group of the software IOMMU with one device, whose TCE side is {@link TestTables}. */
final class TestGroup implements IommuGroup {
    /** The TCE side; null when a test wants a group without. */
    final @Nullable TestTables tables;

    /** The device's way to memory. */
    final DmaPort port;

    private final EmbeddedGroup real;

    TestGroup(EmbeddedGroup real, boolean withTables) {
        this.real = real;
        this.tables = withTables ? new TestTables(real.tceTableGroup().orElseThrow()) : null;
        var device = new TestDevice("device" + real.id(), this);
        real.join(device);
        this.port = real.port(device, () -> true);
        real.claimDmaOwner(this, false);
    }

    TestTables tables() {
        if (tables == null) {
            throw new AssertionError("group " + id() + " has no TCE side");
        }
        return tables;
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.ofNullable(tables);
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
        return real.allocateDomain(dirtyTracking);
    }

    @Override
    public void attach(IommuDomain domain) {
        real.attach(domain);
    }

    @Override
    public void replace(IommuDomain domain) {
        real.replace(domain);
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
}
