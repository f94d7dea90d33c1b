// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * The ranges of a DMA-logging START, checked one by one as they are added: a caller's error shows at the range that has
 * it. One thread. Spec: core LG-1.
 */
public final class DmaRanges {
    private final long pageSize;
    private final List<DmaRange> ranges = new ArrayList<>();

    /**
     * No ranges yet.
     *
     * @param pageSize what addresses and lengths have to be multiples of, as far as {@code value & (pageSize - 1)} can
     *     tell: that it is a power of two is the driver's to check
     */
    DmaRanges(long pageSize) {
        this.pageSize = pageSize;
    }

    /**
     * Adds a range; one of length 0 is left to the driver.
     *
     * @throws VfioException EINVAL misaligned or overlapping an earlier one, EOVERFLOW ending at 2^64 or beyond
     */
    public void add(long iova, long length) {
        if (((iova | length) & (pageSize - 1)) != 0) {
            throw refused(Errno.EINVAL, iova, length, "is not aligned to 0x" + Long.toHexString(pageSize));
        }
        if (Long.compareUnsigned(iova + length, iova) < 0) {
            throw refused(Errno.EOVERFLOW, iova, length, "does not end below 2^64");
        }
        var added = new DmaRange(iova, length);
        for (var earlier : ranges) {
            if (Long.compareUnsigned(earlier.iova(), added.last()) <= 0
                    && Long.compareUnsigned(added.iova(), earlier.last()) <= 0) {
                throw refused(
                        Errno.EINVAL,
                        iova,
                        length,
                        "overlaps 0x" + Long.toHexString(earlier.length()) + " bytes at iova 0x"
                                + Long.toHexString(earlier.iova()));
            }
        }
        ranges.add(added);
    }

    private static VfioException refused(Errno errno, long iova, long length, String reason) {
        return new VfioException(
                errno,
                "LG-1",
                "DMA_LOGGING_START refused: 0x" + Long.toHexString(length) + " bytes at iova 0x"
                        + Long.toHexString(iova) + " " + reason);
    }

    long pageSize() {
        return pageSize;
    }

    /** All of them by ascending address. */
    List<DmaRange> sorted() {
        return ranges.stream()
                .sorted(Comparator.comparing(DmaRange::iova, Long::compareUnsigned))
                .toList();
    }
}
