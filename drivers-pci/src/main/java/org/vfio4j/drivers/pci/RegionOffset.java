// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.pci;

/** How a device file's offset names a region and a place in it. Spec: pci §1. */
final class RegionOffset {
    private static final int SHIFT = 40;

    private RegionOffset() {}

    /** File offset of a region's first byte. */
    static long of(int index) {
        return (long) index << SHIFT;
    }

    /** Region index; offsets beyond 2^63 give indexes no device has. */
    static long index(long offset) {
        return offset >>> SHIFT;
    }

    static long within(long offset) {
        return offset & (1L << SHIFT) - 1;
    }
}
