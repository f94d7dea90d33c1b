// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

import java.util.List;

/**
 * The side of a physical function that makes virtual ones (kernel: {@code struct pci_sriov}). {@link #enable} and
 * {@link #disable} come one at a time: the core holds the physical function's device lock meanwhile, and takes those of the
 * virtual functions below it. Everything else comes from any thread. Spec: pci §18.1.
 */
public interface SriovControl {
    /** Most virtual functions there can be ({@code sriov_totalvfs}). */
    int totalVfs();

    /** Virtual functions that are enabled; 0 while they are being made (kernel: {@code pci_num_vf}). */
    int numVfs();

    /**
     * Makes virtual functions: each comes onto the bus, and the bus' listeners hear of it, before this returns (kernel:
     * {@code pci_enable_sriov}). All or none of them.
     *
     * @param count from 1 to {@link #totalVfs()}
     * @throws org.vfio4j.uapi.VfioException EINVAL when some are enabled already or the number is out of range, ENOMEM when
     *     the machine has no addresses for their registers, or what kept one of them from coming onto the bus
     */
    void enable(int count);

    /**
     * Takes the virtual functions off the bus; the bus' listeners let go of each, which may wait for its users (kernel:
     * {@code pci_disable_sriov}). No effect when there are none.
     */
    void disable();

    /** The virtual functions on the bus now, by number. */
    List<PciFunction> virtualFunctions();

    /** Whether drivers may take virtual functions by themselves ({@code sriov_drivers_autoprobe}). */
    boolean driversAutoprobe();

    /**
     * Whether one of the host's own drivers lets administrators choose the number of virtual functions (kernel: it has
     * {@code sriov_configure}).
     *
     * @param nativeDriver one of the bus' native drivers
     */
    boolean configuredBy(String nativeDriver);
}
