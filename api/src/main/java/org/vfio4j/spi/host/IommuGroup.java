// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

import java.util.List;
import java.util.Optional;

/**
 * The unit of isolation: devices that cannot be told apart or kept apart by the IOMMU (kernel: {@code iommu_group}).
 * Questions about the group are answered by asking each of its devices. Thread-safe; attach, replace, detach and
 * ownership changes are atomic with respect to each other. Spec: core §7, type1 §16, iommufd §15.
 */
public interface IommuGroup {
    /** Number, unique on the host. */
    int id();

    /** The name attribute; empty when it has none. */
    String name();

    /**
     * The type attribute (sysfs {@code type}): what kind of domain the members are in while nobody claimed them,
     * for example {@code DMA}, {@code DMA-FQ} or {@code identity}; {@code unknown} without a default domain.
     */
    default String type() {
        return hasIommu() && tceTableGroup().isEmpty() ? "DMA" : "unknown";
    }

    /** Members in topology order. */
    List<BusDevice> devices();

    /** Whether DMA of the members goes through IOMMU hardware; false for private groups. */
    boolean hasIommu();

    /**
     * Takes exclusive ownership of the group's DMA (kernel: {@code iommu_group_claim_dma_owner}). All members move to
     * blocked DMA. The same owner may claim several times if {@code shared}.
     *
     * @param owner identity of the owner: a VFIO group (not shared) or an iommufd context (shared)
     * @param shared whether another claim by the same owner is counted instead of refused
     * @throws org.vfio4j.uapi.VfioException EPERM when anybody else owns it, EBUSY when a foreign domain is attached
     */
    void claimDmaOwner(Object owner, boolean shared);

    /** Gives one claim back; with the last the members return to their default domain. */
    void releaseDmaOwner(Object owner);

    /** Whether nobody, neither native drivers nor VFIO, owns the group's DMA: the group is viable. */
    boolean dmaUnowned();

    /** Who owns the group's DMA, for people: native drivers by device, or VFIO; empty when nobody does. */
    Optional<String> dmaOwnerDescription();

    /**
     * Makes a paging domain that the group's devices can use.
     *
     * @param dirtyTracking whether it must be able to record writes
     * @throws org.vfio4j.uapi.VfioException ENODEV without IOMMU, EOPNOTSUPP when the hardware has no paging domains or no
     *     dirty tracking, ENOMEM
     */
    IommuDomain allocateDomain(boolean dirtyTracking);

    /**
     * Attaches all members to a domain, all or none.
     *
     * @throws org.vfio4j.uapi.VfioException EBUSY unless the group is blocked or in its default domain, EINVAL when the
     *     domain belongs to incompatible hardware
     */
    void attach(IommuDomain domain);

    /**
     * Moves all members from one domain to another without a gap; on failure the old attachment stays.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL when nothing is attached or the domain does not fit
     */
    void replace(IommuDomain domain);

    /** Back to blocked DMA. Cannot fail; no effect when nothing is attached. Returns when no DMA uses the old domain. */
    void detach();

    /** The domain attached by {@link #attach} or {@link #replace}. */
    Optional<IommuDomain> attachedDomain();

    /** Whether interrupts of every member are isolated by hardware. */
    boolean isolatedMsi();

    /** Union over the members, sorted, touching regions of one type merged. */
    List<ReservedRegion> reservedRegions();

    /** The group's TCE side, when its IOMMU translates with TCE tables. */
    Optional<TceTableGroup> tceTableGroup();
}
