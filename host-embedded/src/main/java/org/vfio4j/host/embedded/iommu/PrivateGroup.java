// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.host.embedded.iommu;

import java.util.List;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.host.IommuDomain;
import org.vfio4j.spi.host.IommuGroup;
import org.vfio4j.spi.host.ReservedRegion;
import org.vfio4j.spi.host.TceTableGroup;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The group of one device without IOMMU hardware (kernel: {@code iommu_group_alloc} for emulated and no-IOMMU devices).
 * Nobody owns its DMA, there is none; everything that needs an IOMMU is refused. Immutable. Spec: core §7.
 */
public final class PrivateGroup implements IommuGroup {
    private final int id;
    private final String name;
    private final BusDevice device;

    /**
     * A group.
     *
     * @param id number, unique on the machine
     * @param name its name attribute, {@code vfio-noiommu}, or empty
     * @param device its only member
     */
    public PrivateGroup(int id, String name, BusDevice device) {
        this.id = id;
        this.name = name;
        this.device = device;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public List<BusDevice> devices() {
        return List.of(device);
    }

    @Override
    public boolean hasIommu() {
        return false;
    }

    @Override
    public void claimDmaOwner(Object owner, boolean shared) {
        throw noIommu("DMA ownership");
    }

    @Override
    public void releaseDmaOwner(Object owner) {
        throw new IllegalStateException("DMA of private group " + id + " was released, but it cannot be claimed");
    }

    @Override
    public boolean dmaUnowned() {
        return true;
    }

    @Override
    public Optional<String> dmaOwnerDescription() {
        return Optional.empty();
    }

    @Override
    public IommuDomain allocateDomain(boolean dirtyTracking) {
        throw new VfioException(Errno.ENODEV, "private group " + id + " of " + device.name() + " has no IOMMU");
    }

    @Override
    public void attach(IommuDomain domain) {
        throw noIommu("attach to a domain");
    }

    @Override
    public void replace(IommuDomain domain) {
        throw noIommu("replacement of a domain");
    }

    @Override
    public void detach() {}

    @Override
    public Optional<IommuDomain> attachedDomain() {
        return Optional.empty();
    }

    @Override
    public boolean isolatedMsi() {
        return false;
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return List.of();
    }

    @Override
    public Optional<TceTableGroup> tceTableGroup() {
        return Optional.empty();
    }

    private VfioException noIommu(String what) {
        return new VfioException(
                Errno.EINVAL, what + " refused: private group " + id + " of " + device.name() + " has no IOMMU");
    }
}
