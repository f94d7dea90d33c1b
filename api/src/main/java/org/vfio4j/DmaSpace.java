// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

import org.vfio4j.spi.iommu.DmaLimits;

/**
 * An I/O address space in which memory is mapped for devices: a container's or an IOAS. Thread-safe.
 */
public interface DmaSpace {
    /** Name of the backend behind it. */
    String backend();

    /** What mappings must keep to. */
    DmaLimits limits();

    /**
     * Maps a whole buffer for reading and writing at an address that is free and allowed.
     *
     * @return the mapping; closing it unmaps
     */
    DmaMapping map(DmaBuffer buffer);

    /**
     * Maps part of a buffer at a chosen address.
     *
     * @param iova address for the device
     * @param buffer memory
     * @param offset first byte in the buffer
     * @param length bytes
     * @param protection mask of {@link org.vfio4j.spi.memory.Protection}
     * @return the mapping; closing it unmaps
     */
    DmaMapping map(long iova, DmaBuffer buffer, long offset, long length, int protection);

    /**
     * Unmaps exactly a range; once it returned no device reaches the memory through it.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL or ENOENT when the range cuts a mapping or holds none
     */
    void unmap(long iova, long length);
}
