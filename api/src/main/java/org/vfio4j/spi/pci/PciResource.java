// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.pci;

/**
 * What a base address register decodes (kernel: a line of the {@code resource} attribute).
 *
 * @param start bus address; 0 when the register is not implemented
 * @param length bytes, a power of two; 0 when not implemented
 * @param kind what is decoded
 * @param prefetchable prefetchable memory
 * @param wide a 64-bit register; the next index is its upper half and has length 0
 */
public record PciResource(long start, long length, Kind kind, boolean prefetchable, boolean wide) {
    /** An unimplemented register. */
    public static final PciResource NONE = new PciResource(0, 0, Kind.MEMORY, false, false);

    /** Address space a register decodes. */
    public enum Kind {
        /** Memory space. */
        MEMORY,
        /** Port space. */
        IO
    }

    /** Whether the register is implemented. */
    public boolean present() {
        return length != 0;
    }
}
