// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.type1;

import org.vfio4j.spi.memory.AddressSpace;
import org.vfio4j.uapi.Errno;

/**
 * Where a caller wants dirty bits (kernel: {@code struct vfio_bitmap}). Spec: type1 §11 T4.
 *
 * @param memory the caller's memory
 * @param pageSize bytes per bit
 * @param size bytes of bitmap
 * @param data its address
 */
record BitmapTarget(AddressSpace memory, long pageSize, long size, long data) {
    /** Largest bitmap in bytes, for 2^31 pages. */
    static final long LARGEST = 1L << 28;

    /**
     * Checks that the bitmap can be in the caller's memory, and that it has whole words enough for {@code bytes} of I/O
     * address space and not too many.
     *
     * @throws org.vfio4j.uapi.VfioException EINVAL
     */
    void check(String operation, long bytes) {
        if (!memory.isUserRange(data, size)) {
            throw Refusal.of(Errno.EINVAL, operation, "no user has " + size + " bytes at " + Refusal.hex(data));
        }
        if (!fits(bytes)) {
            throw Refusal.of(
                    Errno.EINVAL,
                    operation,
                    "a bitmap of " + size + " bytes does not fit " + Refusal.hex(bytes) + " bytes in pages of "
                            + Refusal.hex(pageSize));
        }
    }

    private boolean fits(long bytes) {
        if (pageSize == 0) {
            return false;
        }
        long pages = bytes >>> Long.numberOfTrailingZeros(pageSize);
        if (pages == 0 || size == 0 || Long.compareUnsigned(size, LARGEST) > 0) {
            return false;
        }
        long words = (pages >>> 6) + ((pages & 63) == 0 ? 0 : 1);
        return Long.compareUnsigned(size, words << 3) >= 0;
    }
}
