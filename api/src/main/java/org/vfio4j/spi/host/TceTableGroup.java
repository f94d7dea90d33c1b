// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/**
 * The TCE side of a partitionable endpoint (kernel: {@code iommu_table_group}). Spec: spapr §10, §12.
 */
public interface TceTableGroup {
    /** Number of window slots. */
    int SLOTS = 2;

    /** Start of the default 32-bit window on the bus. */
    long tce32Start();

    /** Size of the default 32-bit window in bytes; 0 when there is none. */
    long tce32Size();

    /** IOMMU page sizes offered for windows, one bit each. */
    long pageSizes();

    /** How many dynamic windows exist; 0 when windows cannot be changed. */
    int maxDynamicWindows();

    /** Most table levels. */
    int maxLevels();

    /** Identity of the platform: groups of different platforms cannot share a container. */
    Object platformIdentity();

    /**
     * Memory a table takes, in bytes, charged to the user.
     *
     * @return 0 when such a table cannot be made
     */
    long tableSize(int pageShift, long windowSize, int levels);

    /**
     * Makes a table for a slot; it translates nothing until set.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL, ENOMEM, ENODEV, EPERM as the platform says
     */
    TceTable createTable(int slot, int pageShift, long windowSize, int levels);

    /**
     * Makes a table translate DMA of the group.
     *
     * @throws org.vfio4j.uapi.VfioException EPERM when the platform refuses the table for this group
     */
    void setWindow(int slot, TceTable table);

    /** Ends translation through a slot and waits until no DMA uses it. No effect when the slot is empty. */
    void unsetWindow(int slot);
}
