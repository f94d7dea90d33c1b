// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.spi.mdev;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.call.UapiMapping;
import org.vfio4j.spi.device.DeviceInfo;
import org.vfio4j.spi.device.DmaLoggingOps;
import org.vfio4j.spi.device.IrqInfo;
import org.vfio4j.spi.device.IrqSet;
import org.vfio4j.spi.device.MigrationControl;
import org.vfio4j.spi.device.MigrationOps;
import org.vfio4j.spi.device.RegionInfo;
import org.vfio4j.spi.iommu.DmaUnmapListener;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * Behaviour of one mediated device: the vendor driver's part. Calls follow the rules of
 * {@link org.vfio4j.spi.device.DeviceOps}.
 */
public interface MdevModel extends DmaUnmapListener {
    /**
     * Key of the device set it belongs to: devices that give the same object are opened and closed one at a time. Asked
     * once, before registration; null for a set of its own. Spec: mdev §6.2.
     */
    default @Nullable Object deviceSetKey() {
        return null;
    }

    /** First open. */
    void open(UserMemory memory);

    /** Last close: all pins are returned before it ends. */
    void close();

    /** GET_INFO. */
    DeviceInfo info();

    /** GET_REGION_INFO. */
    RegionInfo regionInfo(int index);

    /** GET_IRQ_INFO. */
    IrqInfo irqInfo(int index);

    /** What SET_IRQS is validated against; see {@link org.vfio4j.spi.device.DeviceOps#irqLimit}. */
    default int irqLimit(int index) {
        return irqInfo(index).count();
    }

    /** SET_IRQS. */
    long setIrqs(IrqSet request);

    /** RESET. */
    void reset();

    /** Reads; position and count as in {@link org.vfio4j.spi.device.DeviceOps#read}. */
    long read(long position, MemorySegment target);

    /** Writes. */
    long write(long position, MemorySegment source);

    /** Any other device-control call; see {@link org.vfio4j.spi.device.DeviceOps#ioctl}. */
    default long ioctl(Caller caller, int command, long argument) {
        throw new VfioException(Errno.ENOTTY, "this mediated device has no ioctl 0x" + Integer.toHexString(command));
    }

    /** Maps part of a region; see {@link org.vfio4j.spi.device.DeviceOps#mmap}. */
    default UapiMapping mmap(long offset, long length, int protection, boolean shared) {
        throw new VfioException(Errno.EINVAL, "this mediated device has nothing to map");
    }

    /** Migration ops, asked once before registration; see {@link org.vfio4j.spi.device.DeviceOps#migration}. */
    default @Nullable MigrationOps migration(MigrationControl control) {
        return null;
    }

    /** DMA-logging ops; see {@link org.vfio4j.spi.device.DeviceOps#dmaLogging}. */
    default @Nullable DmaLoggingOps dmaLogging() {
        return null;
    }
}
