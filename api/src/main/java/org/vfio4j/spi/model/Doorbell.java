// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.model;

/**
 * A register whose writing starts something, among registers that otherwise behave like memory: the tail of a queue.
 *
 * @param offset bytes from the first register, a multiple of the width
 * @param width bytes, 4 or 8
 */
public record Doorbell(long offset, int width) {
    /** Checks width and alignment. */
    public Doorbell {
        if ((width != 4 && width != 8) || offset < 0 || offset % width != 0) {
            throw new IllegalArgumentException("a doorbell of " + width + " bytes cannot be at 0x"
                    + Long.toHexString(offset) + ": it has 4 or 8 bytes and is naturally aligned");
        }
    }
}
