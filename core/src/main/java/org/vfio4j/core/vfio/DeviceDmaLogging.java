// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.vfio;

import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingRange;

/**
 * DMA logging of one device (kernel: features 6 to 8 of {@code vfio_device}). The core keeps no started or stopped state:
 * the driver refuses to start twice and to report what it does not record. For granted files; no lock is held or needed.
 * Thread-safe. Spec: core §13.
 */
public final class DeviceDmaLogging {
    /** Least bytes a bit of a report may stand for. */
    private static final long LEAST_PAGE = 4096;

    private final DmaLoggingOps ops;
    private final int pageSize;

    /**
     * Logging with a driver's ops.
     *
     * @param pageSize the base page size: a START names as many ranges as fit into a page
     */
    DeviceDmaLogging(DmaLoggingOps ops, int pageSize) {
        this.ops = ops;
        this.pageSize = pageSize;
    }

    /**
     * Begins to collect the ranges of a START.
     *
     * @param resolution bytes the log shall resolve
     * @param count how many ranges will be added
     * @throws VfioException EINVAL none, E2BIG more than fit into a page
     */
    public DmaRanges ranges(long resolution, long count) {
        if (count == 0) {
            throw new VfioException(Errno.EINVAL, "LG-1", "DMA_LOGGING_START refused: there are no ranges");
        }
        int most = pageSize / VfioDeviceFeatureDmaLoggingRange.SIZEOF;
        if (count > most) {
            throw new VfioException(
                    Errno.E2BIG, "LG-1", "DMA_LOGGING_START refused: " + count + " ranges are more than " + most);
        }
        return new DmaRanges(resolution);
    }

    /**
     * Starts to record the device's writes.
     *
     * @return bytes the log resolves, the driver's choice
     * @throws VfioException EINVAL when it records already
     */
    public long start(DmaRanges ranges) {
        return ops.start(ranges.sorted(), ranges.pageSize());
    }

    /** Stops recording; no effect when nothing is recorded. */
    public void stop() {
        ops.stop();
    }

    /**
     * Sets the bits of pages written since they were last reported, and forgets those writes.
     *
     * <p>A part of the bitmap that cannot be written is EFAULT, where the kernel answers success and loses the bits:
     * the driver's log is cleared by then, so the user has to take all pages of the range for dirty.
     *
     * @param iova first byte of the range
     * @param length its bytes
     * @param bytesPerBit a power of two, at least 4096
     * @throws VfioException EINVAL bytesPerBit, or nothing is recorded; EOVERFLOW the range ends at 2^64 or beyond; EFAULT
     */
    public void report(long iova, long length, long bytesPerBit, DirtyWords bitmap) {
        requireReportable(iova, length, bytesPerBit);
        var bits = new DirtyBitmap(iova, length, bytesPerBit, bitmap);
        try {
            ops.readAndClear(iova, length, bits);
        } catch (RuntimeException e) {
            // What was reported before the failure is cleared in the log and must reach the user all the same.
            try {
                bits.finish();
            } catch (VfioException lost) {
                e.addSuppressed(lost);
            }
            throw e;
        }
        bits.finish();
    }

    /**
     * Refuses what no report can be about.
     *
     * @throws VfioException EINVAL bytesPerBit, EOVERFLOW the range ends at 2^64 or beyond
     */
    public void requireReportable(long iova, long length, long bytesPerBit) {
        if (Long.compareUnsigned(bytesPerBit, LEAST_PAGE) < 0 || Long.bitCount(bytesPerBit) != 1) {
            throw new VfioException(
                    Errno.EINVAL,
                    "LG-4",
                    "DMA_LOGGING_REPORT refused: " + Long.toUnsignedString(bytesPerBit)
                            + " bytes per bit are no power of two from " + LEAST_PAGE + " on");
        }
        if (Long.compareUnsigned(iova + length, iova) < 0) {
            throw new VfioException(
                    Errno.EOVERFLOW,
                    "LG-4",
                    "DMA_LOGGING_REPORT refused: 0x" + Long.toHexString(length) + " bytes at iova 0x"
                            + Long.toHexString(iova) + " do not end below 2^64");
        }
    }

    /** Words of a bitmap for a range: one bit per started page, in whole 64-bit words. */
    public static long words(long length, long bytesPerBit) {
        if (length == 0) {
            return 0;
        }
        long lastBit = (length - 1) >>> Long.numberOfTrailingZeros(bytesPerBit);
        return lastBit / Long.SIZE + 1;
    }
}
