// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.vfio4j.DmaLogging;
import org.vfio4j.core.vfio.DeviceDmaLogging;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.struct.UapiLayouts;

/** The DMA log of a device the program has open. */
final class DmaLoggingHandle implements DmaLogging {
    private final OpenDeviceFile file;
    private final DeviceDmaLogging logging;

    DmaLoggingHandle(OpenDeviceFile file, DeviceDmaLogging logging) {
        this.file = file;
        this.logging = logging;
    }

    @Override
    public long start(long pageSize, List<DmaRange> ranges) {
        var checked = logging.ranges(pageSize, ranges.size());
        ranges.forEach(range -> checked.add(range.iova(), range.length()));
        file.enter();
        try {
            return logging.start(checked);
        } finally {
            file.exit();
        }
    }

    @Override
    public void stop() {
        file.enter();
        try {
            logging.stop();
        } finally {
            file.exit();
        }
    }

    @Override
    public void report(DmaRange range, long pageSize, MemorySegment bitmap) {
        logging.requireReportable(range.iova(), range.length(), pageSize);
        long needed = DeviceDmaLogging.words(range.length(), pageSize) * Long.BYTES;
        if (bitmap.byteSize() < needed || bitmap.isReadOnly()) {
            throw new VfioException(
                    Errno.EFAULT,
                    "DMA_LOGGING_REPORT refused: " + needed + " writable bytes are needed for the bitmap, "
                            + bitmap.byteSize() + " given");
        }
        file.enter();
        try {
            logging.report(
                    range.iova(),
                    range.length(),
                    pageSize,
                    (first, words, from, to) -> merge(bitmap, first, words, from, to));
        } finally {
            file.exit();
        }
    }

    private static void merge(MemorySegment bitmap, long first, long[] words, int from, int to) {
        for (int word = from; word < to; word++) {
            long offset = (first + word - from) * Long.BYTES;
            bitmap.set(UapiLayouts.U64, offset, bitmap.get(UapiLayouts.U64, offset) | words[word]);
        }
    }
}
