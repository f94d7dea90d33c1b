// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.memory.RunSink;

/**
 * A device in VFIO's eyes (kernel: {@code struct vfio_device}), implemented by the core, held by its bus driver.
 * Thread-safe. Spec: core §1, §9.
 */
public interface VfioDevice {
    /** X of the name {@code vfioX}. */
    int index();

    /** The bus device beneath. */
    BusDevice busDevice();

    /** The driver's ops. */
    DeviceOps ops();

    /**
     * Puts the device into the set of a key, before registration; without it registration makes a set of its own.
     *
     * @param key compared by identity
     */
    void assignDeviceSet(Object key);

    /** The set; registration has to have happened or a key been assigned. */
    DeviceSet deviceSet();

    /**
     * Registers a physical device: it becomes reachable before this returns.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL as in core DR-5; nothing is left behind
     */
    void register();

    /** Registers a device that reaches memory only through pin and copy calls; it gets a private group. */
    void registerEmulated();

    /** Takes the device out of sight and waits until every file of it is closed (core §8). Hold no lock. */
    void unregister();

    /** Drops the driver's reference; with the last {@link DeviceOps#release} is called and the index is free again. */
    void put();

    /** Number of granted files. */
    int openCount();

    /**
     * The iommufd the device is bound to through its own file (kernel: {@code vfio_device_cdev_opened} and
     * {@code vfio_iommufd_device_ictx}); empty when it is open through its group or not at all.
     */
    Optional<IommufdContext> cdevContext();

    /**
     * What the device is to an iommufd (kernel: {@code vfio_iommufd_get_dev_id}); the set's lock is held. Spec: pci §14.3.
     *
     * @return its object id, greater than 0, when it is bound there; 0 when it is not but its group's DMA belongs to that
     *     iommufd; -1 otherwise
     */
    int deviceIdIn(IommufdContext context);

    /** The standard iommufd steps of a physical device. */
    IommufdOps physicalIommufdOps();

    /**
     * Like {@link #physicalIommufdOps}, with {@link IommufdOps#pasids} (kernel: drivers that name
     * {@code vfio_iommufd_physical_pasid_attach_ioas}).
     */
    IommufdOps physicalPasidIommufdOps();

    /** The standard iommufd steps of an emulated device. */
    IommufdOps emulatedIommufdOps();

    /** The virtual machine the device is used for, from its first open to its last close (core EXT-2). */
    Optional<VirtualMachine> machine();

    /** What a driver with {@link DeviceOps#migration} asks the core. */
    MigrationControl migrationControl();

    /**
     * Pins user pages (kernel: {@code vfio_pin_pages}). Spec: core §9.3.
     *
     * @param iova address in the device's I/O address space
     * @param pages how many
     * @param protection mask of {@link org.vfio4j.spi.memory.Protection}
     * @param sink gets the physical runs in order
     * @throws org.vfio4j.uapi.VfioException by the table in core §9.3; nothing stays pinned then
     */
    void pinPages(long iova, int pages, int protection, RunSink sink);

    /** Takes pins back. */
    void unpinPages(long iova, int pages);

    /**
     * Copies between a buffer and user memory at an I/O address (kernel: {@code vfio_dma_rw}).
     *
     * @param write true to write user memory
     */
    void dmaRw(long iova, MemorySegment buffer, boolean write);
}
