// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.host;

/**
 * A DMA access that the IOMMU refused.
 *
 * @param device name of the device that made it
 * @param iova address it used
 * @param write whether it was a write
 * @param reason why it was refused
 */
public record DmaFault(String device, long iova, boolean write, Reason reason) {
    /** Why an access was refused. */
    public enum Reason {
        /** No translation for the address. */
        NOT_MAPPED,
        /** A translation exists but does not allow this access. */
        PERMISSION,
        /** The device's group is blocked: claimed, but attached to nothing. */
        BLOCKED,
        /** The memory behind the translation has gone away. */
        MEMORY_GONE,
        /** The device's partitionable endpoint is frozen after an earlier fault. */
        FROZEN,
        /** The device may not master the bus. */
        BUS_MASTER_OFF
    }
}
