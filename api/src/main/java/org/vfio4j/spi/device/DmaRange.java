// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.device;

/**
 * A range of I/O addresses (kernel: {@code struct interval_tree_node} of the DMA-logging helpers).
 *
 * @param iova first byte, unsigned
 * @param length bytes; the range does not wrap
 */
public record DmaRange(long iova, long length) {
    /** The last byte, inclusive. */
    public long last() {
        return iova + length - 1;
    }
}
