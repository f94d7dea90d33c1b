// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.codec;

import static org.vfio4j.uapi.VfioFeature.VFIO_DEVICE_FEATURE_GET;
import static org.vfio4j.uapi.VfioFeature.VFIO_DEVICE_FEATURE_SET;

import java.lang.foreign.MemorySegment;
import org.vfio4j.core.vfio.DeviceDmaLogging;
import org.vfio4j.core.vfio.DmaRanges;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingControl;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingRange;
import org.vfio4j.uapi.struct.VfioDeviceFeatureDmaLoggingReport;

/** Features DMA_LOGGING_START, STOP and REPORT. Spec: core §13. */
final class DmaLoggingFeatures {
    private DmaLoggingFeatures() {}

    static long execute(FeatureRequest request, DeviceDmaLogging logging) {
        switch (request.number()) {
            case VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_START -> start(request, logging);
            case VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP -> stop(request, logging);
            case VfioFeature.VFIO_DEVICE_FEATURE_DMA_LOGGING_REPORT -> report(request, logging);
            default -> throw new IllegalArgumentException("feature " + request.number() + " is none of DMA logging");
        }
        return 0;
    }

    private static void start(FeatureRequest request, DeviceDmaLogging logging) {
        if (!request.executes(VFIO_DEVICE_FEATURE_SET, VfioDeviceFeatureDmaLoggingControl.SIZEOF)) {
            return;
        }
        var control = request.read(VfioDeviceFeatureDmaLoggingControl.SIZEOF);
        var ranges = ranges(request, control, logging);
        VfioDeviceFeatureDmaLoggingControl.pageSize(control, logging.start(ranges));
        try {
            request.write(control);
        } catch (VfioException unreachable) {
            // A log whose resolution nobody knows is of no use.
            stopAfter(unreachable, logging);
            throw unreachable;
        }
    }

    private static DmaRanges ranges(FeatureRequest request, MemorySegment control, DeviceDmaLogging logging) {
        long count = Integer.toUnsignedLong(VfioDeviceFeatureDmaLoggingControl.numRanges(control));
        var ranges = logging.ranges(VfioDeviceFeatureDmaLoggingControl.pageSize(control), count);
        long at = VfioDeviceFeatureDmaLoggingControl.ranges(control);
        var range = request.allocate(VfioDeviceFeatureDmaLoggingRange.SIZEOF);
        for (long i = 0; i < count; i++) {
            request.caller().memory().read(at + i * range.byteSize(), range, 0, range.byteSize());
            ranges.add(VfioDeviceFeatureDmaLoggingRange.iova(range), VfioDeviceFeatureDmaLoggingRange.length(range));
        }
        return ranges;
    }

    private static void stopAfter(VfioException failure, DeviceDmaLogging logging) {
        try {
            logging.stop();
        } catch (VfioException e) {
            failure.addSuppressed(e);
        }
    }

    private static void stop(FeatureRequest request, DeviceDmaLogging logging) {
        if (request.executes(VFIO_DEVICE_FEATURE_SET, 0)) {
            logging.stop();
        }
    }

    /**
     * Writes bits into the caller's bitmap. A bitmap that no caller can have at its address is EFAULT before the driver is
     * asked; one with holes is EFAULT afterwards, since it is touched only where there are bits to set.
     */
    private static void report(FeatureRequest request, DeviceDmaLogging logging) {
        if (!request.executes(VFIO_DEVICE_FEATURE_GET, VfioDeviceFeatureDmaLoggingReport.SIZEOF)) {
            return;
        }
        var report = request.read(VfioDeviceFeatureDmaLoggingReport.SIZEOF);
        long length = VfioDeviceFeatureDmaLoggingReport.length(report);
        long pageSize = VfioDeviceFeatureDmaLoggingReport.pageSize(report);
        logging.requireReportable(VfioDeviceFeatureDmaLoggingReport.iova(report), length, pageSize);
        long address = VfioDeviceFeatureDmaLoggingReport.bitmap(report);
        long bytes = DeviceDmaLogging.words(length, pageSize) * Long.BYTES;
        var memory = request.caller().memory();
        if (!memory.isUserRange(address, bytes)) {
            throw new VfioException(
                    Errno.EFAULT,
                    "Q-6",
                    "DMA_LOGGING_REPORT refused: the bitmap of " + bytes + " bytes at 0x" + Long.toHexString(address)
                            + " is no user memory");
        }
        var bitmap = new UserDirtyWords(memory, address, request.allocate(UserDirtyWords.BUFFER));
        logging.report(VfioDeviceFeatureDmaLoggingReport.iova(report), length, pageSize, bitmap);
    }
}
