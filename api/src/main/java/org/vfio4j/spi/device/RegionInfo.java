// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

import java.util.List;

/**
 * Answer of GET_REGION_INFO (kernel: {@code vfio_region_info}).
 *
 * @param index region index
 * @param flags {@code VFIO_REGION_INFO_FLAG_*} without CAPS
 * @param size bytes, 0 when not implemented
 * @param offset file offset of its first byte
 * @param capabilities capability chain, in order
 */
public record RegionInfo(int index, int flags, long size, long offset, List<InfoCapability> capabilities) {
    /** Copies the list. */
    public RegionInfo {
        capabilities = List.copyOf(capabilities);
    }

    /** A region without capabilities. */
    public RegionInfo(int index, int flags, long size, long offset) {
        this(index, flags, size, offset, List.of());
    }
}
